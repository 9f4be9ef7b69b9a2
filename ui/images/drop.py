"""Images dropped in or pasted: answered at once where they are few, kept as a run where asked."""

from __future__ import annotations

import io
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from gmv_core import Result, ValueSettings, open_uploads
from gmv_core.images.thumbnails import thumbnail
from gmv_core.jobs import control, requests, uploads
from gmv_core.matching.dropped import MOST, Dropped, weigh
from gmv_core.results.standings import standing_of_dropped
from gmv_core.sources.source import Source
from gmv_core.store.manifests import RunManifest
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.credit import basis_of
from ui.doors import engine, influence, matchers
from ui.frame import shell, state
from ui.frame.markdown import plain
from ui.images import influence_on
from ui.images.influence_on import Influenced
from ui.images.one_generated import Shown, one_image
from ui.images.regions import regions_of_dropped
from ui.widgets.gallery import Card, gallery
from ui.widgets.influence import too
from ui.widgets.paste import paste
from ui.widgets.started_run import started_run


class Pasted(io.BytesIO):
    """A pasted image, with a name and an id as an uploaded file has them."""

    def __init__(self, image: bytes, number: int) -> None:
        super().__init__(image)
        self.name = f"pasted-{number}"
        self.file_id = sha256(image).hexdigest()


File = UploadedFile | Pasted


def drop(result: Result | None, settings: ValueSettings, *, predicted: bool = False) -> None:
    """Draw where images can be dropped, and the answers.

    result: the run in view; its training set is the first choice, and it says how to match.
    predicted: answer by predicted influence, which the run has.
    """
    left, right = st.columns([1, 3], gap="medium")
    with left:
        training = _against(result)
        files = _files()
    with right, shell.telling():
        asked = started_run()
        source = _source(files)
        if source is None:
            st.info(
                "Drop a generated image, or paste one: its closest training images appear here. "
                "Nothing is kept unless you ask for it.",
                icon=":material/image_search:",
            )
            matchers.warm(training, _run_of(result, training))  # while the reader looks for a file
            return
        if source.total is not None and source.total <= MOST:
            _answers(source, training, result, settings, predicted=predicted)
        elif not asked:
            many = "Many" if source.total is None else f"{source.total:,}"
            st.info(
                f"{many} images take longer than a moment: keep them as a run, which goes on "
                f"beside the app. Up to {MOST} are answered at once.",
                icon=":material/schedule:",
            )
        if not asked:
            _keep(files, training)


def _against(result: Result | None) -> ImageSet:
    sets = list(engine.finished_sets())
    own = result.training.name if result else sets[0]
    name = st.selectbox(
        "Compare with the training set",
        sets,
        index=sets.index(own) if own in sets else 0,
        **state.in_url(state.AGAINST),
    )
    return engine.workspace().image_set(name)


def _files() -> list[File]:
    """Draw the three ways to bring images, and return what was brought."""

    def take(image: bytes) -> None:
        st.session_state[state.PASTED] = [*st.session_state.get(state.PASTED, []), image][-MOST:]

    folder = st.toggle("A whole folder", help="Or drop single files, or one zip.")
    files = st.file_uploader(
        "Images, or one archive of images",
        accept_multiple_files="directory" if folder else True,
        label_visibility="collapsed",
        key=f"drop-{folder}",
    )
    paste(key="paste", on_image=take)
    pasted: list[bytes] = st.session_state.get(state.PASTED, [])
    if pasted and st.button(f"Forget what was pasted ({len(pasted)})", icon=":material/close:"):
        del st.session_state[state.PASTED]
        st.rerun()
    return [*files, *(Pasted(image, i + 1) for i, image in enumerate(pasted))]


def _source(files: list[File]) -> Source | None:
    """Return what was brought as a source: in memory where it is a few images, else spooled."""
    if not files:
        return None
    if len(files) > MOST or any(uploads.is_packed(file.name) for file in files):
        return uploads.open_spooled(_spooled(files))
    return open_uploads([(file.name, file.getvalue()) for file in files])


def _spooled(files: list[File]) -> Path:
    """Return the folder that holds these files, written once; the one before is removed."""
    workspace = engine.workspace()
    given = tuple(file.file_id for file in files)
    mark, folder = st.session_state.get(state.SPOOLED, ((), None))
    if mark != given or not folder.exists():
        if folder is not None:
            control.drop_uploads(workspace, folder)
        folder = uploads.spool(workspace, files)
        st.session_state[state.SPOOLED] = (given, folder)
    return folder


def _answers(
    source: Source,
    training: ImageSet,
    result: Result | None,
    settings: ValueSettings,
    *,
    predicted: bool,
) -> None:
    """Answer a few images at once."""
    run = _run_of(result, training)
    with st.spinner("Comparing with the training images …"):
        found = matchers.dropped(training, run, source)
    _problems(source, found)
    if not found.names:
        return
    place = 0
    if len(found.names) > 1:
        name = _choice(found, tiny=shell.tiny(training))
        place = found.names.index(name)
    if predicted:
        _influences(found, place, training, result, settings.k)
        return
    null = run.null if run else None
    basis = basis_of(training, null, settings)
    answer = weigh(found, training, settings, basis)[place]
    standing = standing_of_dropped(found, training, null).iloc[place].to_dict()
    shown = Shown(
        found.names[place],
        found.previews[place],
        "",
        answer.quality,
        answer.nearest_distance,
        answer.effective_contributors,
        answer.contributors,
        standing=standing,
        null=null,
        result=result if run else None,
        kept=False,
    )
    reranked, tiny = matchers.reranked(training, run), shell.tiny(training)
    one_image(shown, training, settings, st.container(), reranked=reranked, tiny=tiny,
              regions=_regions(shown.result, shown.preview, shown.name, tiny=tiny))  # fmt: skip


def _regions(
    result: Result | None, preview: bytes, name: str, *, tiny: bool
) -> Callable[[str], None] | None:
    if result is None:
        return None
    return lambda against: regions_of_dropped(result, preview, name, against, tiny=tiny)


def _influences(
    found: Dropped, place: int, training: ImageSet, result: Result | None, most: int
) -> None:
    if result is None or result.training.name != training.name:
        st.info(
            "Influence is predicted of the run in view, so against its own training set; choose "
            "that one here, or another run.",
            icon=":material/info:",
        )
        return
    name, preview, tiny = found.names[place], found.previews[place], shell.tiny(training)
    shown = Influenced(name, preview, "", influence.on_preview(result, preview), kept=False)
    influence_on.one_image(shown, training, most, st.container(), tiny=tiny,
                           regions=_regions(result, preview, name, tiny=tiny))  # fmt: skip


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

    def pick(name: str) -> None:
        st.session_state[state.DROPPED] = name
        st.session_state[state.TRAINING] = None

    name = st.selectbox("Dropped image", found.names, key=state.DROPPED)
    gallery(
        [
            Card(one, thumbnail(preview), one, (), f"Dropped image {one}")
            for one, preview in zip(found.names, found.previews, strict=True)
        ],
        key="dropped-gallery",
        selected=name,
        tiny=tiny,
        side_px=96,
        on_select=pick,
        label="Dropped images",
    )
    return name


def _keep(files: list[File], training: ImageSet) -> None:
    """Offer to value what was brought as a run, by a job."""
    with st.form("keep", border=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input(
                "Keep as a run named",
                f"{training.name}-dropped"[:64],
                width="stretch",
                help="A run is kept with its images, counts for the values, and can be shared.",
            )
            asked = st.form_submit_button("Keep as a run", icon=":material/save:")
        influence = too()
    if not asked:
        return
    source = uploads.open_spooled(_spooled(files))
    job = requests.value_uploads(
        engine.workspace(), source, against=training.name, name=name, influence=influence
    )
    del st.session_state[state.SPOOLED]  # they are the job's now
    st.session_state[state.STARTED] = job.target
    st.rerun()
