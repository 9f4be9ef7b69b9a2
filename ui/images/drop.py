"""Images dropped in or pasted: answered at once where they are few, kept as a run where asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from gmv_core import Result, ValueSettings
from gmv_core.images.thumbnails import thumbnail
from gmv_core.jobs import requests, uploads
from gmv_core.matching.dropped import MOST, Dropped, weigh
from gmv_core.results.standings import standing_of_dropped
from gmv_core.settings import EACH, PAPER
from gmv_core.sources.source import Source
from gmv_core.store.access import Right, may
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.credit import basis_of
from ui.doors import engine, filters, matchers
from ui.doors import influence as predictions
from ui.frame import shell, state
from ui.frame.markdown import plain
from ui.images import influence
from ui.images.bring import Brought, bring, examples
from ui.images.influence import Influenced
from ui.images.one_generated import Shown, one_image
from ui.images.pair import strip
from ui.images.regions import regions_of_dropped
from ui.widgets.held_out import held_out
from ui.widgets.influence import too
from ui.widgets.on_map import offer_map
from ui.widgets.pictures.compare import Places, opened
from ui.widgets.pictures.gallery import Card
from ui.widgets.started_run import started_run
from ui.widgets.writing import may_bring


def drop(result: Result | None, settings: ValueSettings, *, predicted: bool = False) -> None:
    """Draw where images can be dropped, and the answers.

    result: the run in view; its training set is the first choice, and it says how to match.
    predicted: answer by predicted influence, which the run has.
    """
    if not may_bring():
        return
    left, right = st.columns([1, 2], gap="medium")
    with left:
        training = against(result)
        options = st.container(horizontal=True, vertical_alignment="center")
    with right:
        brought = bring(options)
    with shell.telling():
        asked = started_run()
        source = brought.source()
        if source is None:
            st.info(
                "Drop a generated image, or paste one: its closest training images appear here. "
                "Nothing is kept unless you ask for it.",
                icon=":material/image_search:",
            )
            examples()
            matchers.warm(training, _run_of(result, training))  # while the reader looks for a file
            return
        readable = True
        if source.total is not None and source.total <= MOST:
            readable = _answers(brought, source, training, result, settings, predicted=predicted)
        elif not asked:
            many = "Many" if source.total is None else f"{source.total:,}"
            st.info(
                f"{many} images take longer than a moment: keep them as a result; they are "
                f"valued in the background. Up to {MOST} are answered at once.",
                icon=":material/schedule:",
            )
        if readable and not asked:
            _keep(brought, training)


def against(result: Result | None) -> ImageSet:
    """Draw the choice of the training set that images are compared with, and return it."""
    sets = list(engine.finished_sets())
    own = result.training.name if result else sets[0]
    name = st.selectbox(
        "Compare with the training set",
        sets,
        index=sets.index(own) if own in sets else 0,
        **state.in_url(state.AGAINST),
    )
    return engine.workspace().image_set(name)


def _answers(
    brought: Brought, source: Source, training: ImageSet, result: Result | None,
    settings: ValueSettings, *, predicted: bool,
) -> bool:  # fmt: skip
    """Answer a few images at once; return whether any could be read."""
    run = _run_of(result, training)
    with st.spinner("Comparing with the training images …"):
        found = matchers.dropped(training, run, source)
    _problems(source, found)
    if not found.names:
        return False
    place = 0
    if len(found.names) > 1:
        place = found.names.index(_choice(found, tiny=shell.tiny(training)))
    label = found.labels[place]
    one, places = opened("content")
    with one:
        if brought.table is None:
            label = _typed(found.names[place], label, training)
    if predicted:
        _influences(found, place, label, training, result, settings.k, places)
    else:
        _alike(found, place, label, training, result, settings, places)
    offer_map(found, training)
    return True


def _typed(name: str, label: str, training: ImageSet) -> str:
    """Draw the label of an image, which can be given, and return it."""
    known = filters.labels(training)
    if not known:
        return label
    labels = st.session_state.setdefault(state.TYPED, {})
    own = labels.get(name, label) or None
    options = known if own is None or own in known else [own, *known]
    typed = st.selectbox(
        "Label",
        options,
        index=options.index(own) if own else None,
        placeholder="Label (optional)",
        accept_new_options=True,
        label_visibility="collapsed",
        width=240,
        key=f"label-{name}",
        help="What the image shows. Influence is then predicted with the mean of that label.",
    )
    labels[name] = typed or ""
    return typed or ""


def _alike(
    found: Dropped, place: int, label: str, training: ImageSet, result: Result | None,
    settings: ValueSettings, places: Places,
) -> None:  # fmt: skip
    run = _run_of(result, training)
    null = run.null if run else None
    if run is None and (settings.credit, settings.duplicates) != (PAPER, EACH):
        settings = replace(settings, credit=PAPER, duplicates=EACH)
        st.caption(
            f"{plain(training.name)} is not the training set of the result in view: here each of "
            "the closest images earns, as the paper says."
        )
    answer = weigh(found, training, settings, basis_of(training, null, settings))[place]
    shown = Shown(
        found.names[place],
        found.previews[place],
        label,
        answer.quality,
        answer.nearest_distance,
        answer.effective_contributors,
        answer.contributors,
        standing=standing_of_dropped(found, training, null).iloc[place].to_dict(),
        null=null,
        result=result if run else None,
        kept=False,
    )
    tiny = shell.tiny(training)
    regions = _regions(shown.result, shown.preview, shown.name, tiny=tiny)
    one_image(
        shown, training, settings, places,
        reranked=matchers.reranked(training, run), tiny=tiny, regions=regions,
    )  # fmt: skip


def _influences(
    found: Dropped, place: int, label: str, training: ImageSet, result: Result | None, most: int,
    places: Places,
) -> None:  # fmt: skip
    if result is None or result.training.name != training.name:
        st.info(
            "Influence is predicted for the result in view, so with its own training set; choose "
            "that set here, or another result.",
            icon=":material/info:",
        )
        return
    name, preview, tiny = found.names[place], found.previews[place], shell.tiny(training)
    influences = predictions.on_preview(result, preview, label)
    influence.one_image(
        Influenced(name, preview, label, influences, kept=False), training, most, places,
        tiny=tiny, regions=_regions(result, preview, name, tiny=tiny),
    )  # fmt: skip


def _regions(
    result: Result | None, preview: bytes, name: str, *, tiny: bool
) -> Callable[[str], None] | None:
    if result is None:
        return None
    return lambda against: regions_of_dropped(result, preview, name, against, tiny=tiny)


def _run_of(result: Result | None, training: ImageSet) -> RunManifest | None:
    """Return the run in view, where it is one against this training set."""
    return result.manifest if result and result.training.name == training.name else None


def _problems(source: Source, found: Dropped) -> None:
    said = [f"{plain(name)}: {plain(why)}" for name, why in found.problems.items()]
    said += [
        f"files passed over: {count:,} ({plain(why)})" for why, count in source.skipped.items()
    ]
    if said:
        listed = "".join(f"\n- {line}" for line in said)
        st.warning(f"Not read:\n{listed}", icon=":material/broken_image:")


def _choice(found: Dropped, *, tiny: bool) -> str:
    """Draw the dropped images to choose one from."""
    if st.session_state.get(state.DROPPED) not in found.names:
        st.session_state[state.DROPPED] = found.names[-1]

    def forget() -> None:
        st.session_state[state.TRAINING] = None

    name = st.selectbox("Dropped image", found.names, key=state.DROPPED, on_change=forget)
    strip(
        [
            Card(one, thumbnail(preview), one, (), f"Dropped image {one}")
            for one, preview in zip(found.names, found.previews, strict=True)
        ],
        key="dropped-gallery",
        chooses=state.DROPPED,
        tiny=tiny,
        label="Dropped images",
        then=forget,
    )
    return name


def _keep(brought: Brought, training: ImageSet) -> None:
    """Offer to value what was brought as a run, by a job."""
    if not may(Right.EDIT):
        return
    with st.form("keep", border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input(
                "Keep as a result named",
                f"{training.name}-dropped"[:64],
                width="stretch",
                help="A result is kept with its images, has values of its own, and can be shared.",
            )
            asked = st.form_submit_button("Keep as a result", icon=":material/save:")
        unseen = held_out(training, key="unseen-kept")
        wanted = too()
    if not asked:
        return
    typed = {k: v for k, v in st.session_state.get(state.TYPED, {}).items() if v}
    names = {file.name for file in brought.files}
    folder = brought.spooled({name: label for name, label in typed.items() if name in names})
    job = requests.value_uploads(
        engine.workspace(), uploads.open_spooled(folder), against=training.name, name=name,
        influence=wanted, held_out=unseen,
    )  # fmt: skip
    del st.session_state[state.SPOOLED]  # they are the job's now
    st.session_state[state.STARTED] = job.target
    st.rerun()
