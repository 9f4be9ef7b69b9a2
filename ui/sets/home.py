"""Of the start page: a picture, the next step, the sets and results of the workspace."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from gmv_core import open_run
from gmv_core.demo.make import DEMO_RUN
from gmv_core.jobs import requests
from gmv_core.jobs.job import Job
from gmv_core.jobs.overview import BEGIN, COMPARE, FINISH, LOOK, WAIT, Overview
from gmv_core.store.manifests import EMPTY, READY, SetManifest
from gmv_core.trust.sentences import BLUR, line_of
from gmv_core.trust.standing import FAR
from gmv_core.words import counted
from ui.doors import engine
from ui.frame import links, shell
from ui.frame.markdown import plain, safe
from ui.widgets.job_bar import standing_of
from ui.widgets.pictures.thumbs import Thumb, thumbs
from ui.widgets.writing import write_button

CLOSEST = 5
SHOWN = 8


def picture(runs: list[str]) -> None:
    """Show a generated image beside its closest training images: of a run, else of the demo."""
    if not runs:
        look = engine.first_look()
        closest = [Thumb(image, f"{n}. {one.owner}", one.kind, f"A training image, {one.kind}")
                   for n, (one, image) in enumerate(look.closest, 1)]  # fmt: skip
        mine = Thumb(look.generated, "generated", alt="A generated image")
        _row(mine, closest, "A generated image of the demo", tiny=False)
        return
    run = DEMO_RUN if DEMO_RUN in runs else runs[0]
    result = open_run(engine.workspace(), run)
    shown = engine.closest(result, CLOSEST)
    closest = [
        Thumb(image, f"{c.rank}. {c.owner or c.label or c.training}", c.label if c.owner else "",
              f"The training image {c.training}")
        for c, image in shown.contributors
    ]  # fmt: skip
    mine = Thumb(shown.image, "generated", alt=f"The generated image {shown.generated}")
    _row(mine, closest, f"A generated image of {plain(run)}", tiny=shell.tiny(result.training))


def _row(generated: Thumb, closest: list[Thumb], what: str, *, tiny: bool) -> None:
    thumbs([generated, *closest], side_px=96, tiny=tiny, kind="apart")
    named = ", each with its owner" if any(one.line for one in closest) else ""
    st.caption(f"{what}, framed, and the training images closest to it{named}.")


def standing_line(run: str) -> None:
    """Say how many of a result's images are near copies, and how many have no convincing source."""
    standing = engine.generated_gallery(open_run(engine.workspace(), run))["standing"]
    if standing.any():
        told = line_of({str(k): int(n) for k, n in standing.value_counts().items()})
        blur = f" {BLUR}" if (standing == FAR).any() else ""
        st.caption(f"Of the {len(standing):,} generated images of {plain(run)}: {told}.{blur}")


def next_step(found: Overview) -> None:
    """Say what to do next, as a link where it is on another page."""
    name = plain(found.on)
    if found.step == FINISH:
        links.image_set(found.on, f"Next: finish the set {name}")
    elif found.step == COMPARE:
        links.compare(found.on, f"Next: drop generated images to compare with {name}")
    elif found.step == LOOK:
        links.run(found.on, f"Next: look at {name}, image by image")
    elif found.step == WAIT:
        st.caption("You may leave this page, or close it: the work goes on.")
    elif found.step == BEGIN:
        st.caption("This workspace is empty. Begin with the demo, or with images of your own.")


def unreadable(found: Overview) -> None:
    """Name what cannot be read, and offer to remove it: it would stand in the way for ever."""
    for record, why in found.unreadable.items():
        told = f"Deletes the {record.kind} {plain(record.name)} for good."
        key = f"remove-{record.kind}-{record.name}"
        with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(safe(shell.without_places(why)), width="stretch")
            if write_button("Remove", key=key, help=told):
                with shell.telling():
                    requests.delete(engine.workspace(), record.name, kind=record.kind)
                    st.rerun()


def outgrown(found: Overview) -> None:
    """Name the runs whose sets have grown, and offer to value them again."""
    for name in found.outgrown:
        with st.container(border=True, horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown(f"The images of **{plain(name)}** have changed since.", width="stretch")
            if write_button(
                "Value again", key=f"again-{name}", help="With the settings that it had."
            ):
                with shell.telling():
                    requests.value_again(engine.workspace(), name)
                    st.rerun()


def sets(found: Overview, active: Mapping[str, Job]) -> None:
    """List the training sets as links. active: jobs under way by the set that they make."""
    st.header("Training sets")
    if not found.sets:
        st.caption("None yet.")
    for manifest in found.sets[:SHOWN]:
        links.image_set(
            manifest.name,
            _set_line(manifest, active.get(manifest.name)),
            icon=":material/photo_library:",
        )
    _more(len(found.sets))


def runs(found: Overview) -> None:
    """List the finished runs, which are results on the screen, as links."""
    st.header(
        "Results", help="A result is a set of generated images, valued against a training set."
    )
    if not found.runs:
        st.caption("None yet.")
    for manifest in found.runs[:SHOWN]:
        made, training = manifest.generated.images, plain(manifest.training.name)
        told = f"**{plain(manifest.name)}** · {counted(made, 'generated image')} against {training}"
        links.run(manifest.name, told, icon=":material/link:")
    _more(len(found.runs))
    if found.runs:
        with shell.telling():
            standing_line(found.runs[0].name)


def _set_line(manifest: SetManifest, job: Job | None) -> str:
    counts = manifest.counts
    if job is not None:
        return f"**{plain(manifest.name)}** · {standing_of(job)}"
    if manifest.state == EMPTY:
        return f"**{manifest.name}** · no image could be read"
    if manifest.state != READY or counts is None:
        return f"**{plain(manifest.name)}** · unfinished"
    told = [f"**{plain(manifest.name)}**", counted(counts.ok, "image")]
    kinds = {"label": counts.labels, "owner": counts.owners}
    told += [counted(count, what) for what, count in kinds.items() if count]
    return " · ".join(told)


def _more(count: int) -> None:
    if count > SHOWN:
        st.caption(f"… and {count - SHOWN:,} more, to be chosen on their pages.")
