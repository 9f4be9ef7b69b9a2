"""Bring images: drop files, a folder or an archive, or name a path on the server; see what it is.

What is uploaded is spooled to the workspace at once. Whoever starts a job on it calls `taken`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import streamlit as st

from gmv_core import GMVError
from gmv_core.jobs import uploads
from gmv_core.jobs.control import drop_uploads
from gmv_core.sources import on_server
from gmv_core.sources.labels import labels_for
from gmv_core.sources.source import Source
from gmv_core.sources.survey import Survey, survey
from gmv_core.types import OK
from gmv_core.words import counted
from ui.doors import engine
from ui.frame import shell, state
from ui.frame.markdown import plain, safe
from ui.sets.choices import ask_choices
from ui.widgets.pictures.thumbs import Thumb, thumbs

WAYS = {"files": "Files or an archive", "folder": "A folder", "path": "A path on the server"}
LABELS_SHOWN = 8
TABLES = ["csv", "tsv", "txt", "json", "jsonl"]
TEMPLATE = "name,label,owner,hat\nbear/0001.png,bear,Ada,yes\ncat/0002.png,cat,Ben,no\n"


@dataclass(frozen=True)
class Brought:
    """What was given last. given: identifies it. round: counts what was taken, to empty widgets.

    readings: as what it can be read, the one taken unasked first. chosen: another, and splits.
    """

    round: int = 0
    given: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    chosen: tuple[str, str] = ("", "")
    folder: Path | None = None
    source: Source | None = None
    survey: Survey | None = None
    problem: GMVError | None = None


def bring(purpose: str, key: str, *, table: bool = False) -> Source | None:
    """Offer the ways to bring images, show what was found, and return it, None before that.

    purpose: what they are, as "training images". table: whether a label CSV is asked for.
    """
    held = _held(key)
    ways = [way for way in WAYS if way != "path" or on_server.roots()]
    way = st.segmented_control(
        f"Upload {purpose} as",
        ways,
        default="files",
        format_func=WAYS.__getitem__,
        required=True,
        key=f"{key}-way",
        help="JPEG, PNG, WebP, BMP, TIFF or GIF, as files or in a zip, tar, Parquet, npz or IDX "
        f"file. Folders on the server can be read in place where the app is started with "
        f"{on_server.ROOTS}.",
    )
    files, path = _ask(way or "files", purpose, f"{key}-{held.round}")
    csv = _ask_table(f"{key}-{held.round}") if table else None
    given = (path, *(file.file_id for file in files), csv.file_id if csv else "")
    if given != held.given:
        drop_uploads(engine.workspace(), held.folder)
        held = Brought(held.round, given)
        if files or path:
            with st.spinner("Looking at the images …"):
                held = _first_look(held, files, path, csv)
        st.session_state[_key(key)] = held
    with shell.telling():
        if held.problem is not None:
            raise held.problem
    if held.survey is not None:
        show_survey(held.survey)
        _choose(held, path, key)
    return held.source


def _choose(held: Brought, path: str, key: str) -> None:
    """Ask how it is to be read, where there is a choice, and look again once that is changed."""
    splits = held.survey.choices.splits if held.survey else {}
    chosen = ask_choices(held.readings, splits, f"{key}-{'-'.join(held.given)}")
    if chosen != held.chosen:
        with st.spinner("Looking at the images …"):
            st.session_state[_key(key)] = _looked_at(replace(held, chosen=chosen), path)
        st.rerun()


def taken(key: str) -> None:
    """Empty the widgets; what was brought belongs to a job now."""
    st.session_state[_key(key)] = Brought(_held(key).round + 1)


def _key(key: str) -> str:
    return f"{state.BROUGHT}-{key}"


def _held(key: str) -> Brought:
    held: Brought = st.session_state.get(_key(key), Brought())
    return held


def _ask(way: str, purpose: str, key: str) -> tuple[list[Any], str]:
    """Return the files given and the path given, of which one is empty."""
    if way == "path":
        roots = ", ".join(on_server.roots())
        path = st.text_input("Folder or file on the server", key=f"{key}-path", placeholder=roots)
        return [], path.strip()
    if way == "folder":
        return st.file_uploader(
            f"Choose a folder of {purpose}; folders in it become labels",
            accept_multiple_files="directory",
            key=f"{key}-folder",
            help="A browser sends file by file: for more than a few hundred, a zip is much faster.",
        ), ""
    return st.file_uploader(
        f"Drop {purpose} here: files, or one zip or tar",
        accept_multiple_files=True,
        key=f"{key}-files",
    ), ""


def _ask_table(key: str) -> Any:  # noqa: ANN401  (an uploaded file)
    with st.expander("Labels, owners and attributes from a table (optional)"):
        st.caption(
            "A CSV with a row for each image: `name`, and any of `label`, `owner` and further "
            "columns. A `labels.csv` among the images is found automatically."
        )
        st.download_button("Download a template", TEMPLATE, "labels.csv", "text/csv")
        return st.file_uploader("Table (CSV)", type=TABLES, key=f"{key}-table")


def _first_look(held: Brought, files: list[Any], path: str, csv: Any) -> Brought:  # noqa: ANN401
    try:
        if files or csv:
            held = replace(held, folder=uploads.spool(engine.workspace(), files, table=csv))
    except GMVError as problem:
        return replace(held, problem=problem)
    held = _looked_at(held, path)
    return replace(held, readings=tuple(held.survey.choices.readings) if held.survey else ())


def _looked_at(held: Brought, path: str) -> Brought:
    """Return what was brought with what was found in it, or what is wrong with it."""
    reading, split = held.chosen
    try:
        if path:
            source = on_server.open_on_server(path, reading=reading, split=split)
            source = uploads.with_table(source, held.folder) if held.folder else source
        else:
            source = uploads.open_spooled(_there(held.folder), reading=reading, split=split)
        found = survey(source, labels_for(source))
    except GMVError as problem:
        return replace(held, source=None, survey=None, problem=problem)
    return replace(held, source=source, survey=found, problem=None)


def _there(folder: Path | None) -> Path:
    assert folder is not None  # noqa: S101  (files were given, so it was made)
    return folder


def show_survey(found: Survey) -> None:
    """Show what a source holds: a line of facts, warnings, labels, a sample."""
    st.markdown(f"**{facts(found)}**")
    if found.labels:
        shown = list(found.labels.items())[:LABELS_SHOWN]
        told = ", ".join(f"{plain(label)} ({count:,})" for label, count in shown)
        more = len(found.labels) - len(shown)
        where = f", in the first {counted(found.labelled, 'image')}" if _partly(found) else ""
        st.caption(f"Labels{where}: {told}" + (f", and {more:,} more" if more else ""))
    st.caption(safe(found.label_words()))
    if found.skipped:
        told = ", ".join(f"{plain(why)} ({count:,})" for why, count in found.skipped.items())
        st.caption(f"Will be skipped: {told}.")
    for sentence in found.notes:
        st.info(safe(sentence), icon=":material/info:")
    for sentence in found.warnings():
        st.warning(safe(sentence), icon=":material/info:")
    sides = [max(i.width, i.height) for i in found.sample if i.status == OK]
    thumbs(
        [Thumb(i.preview, line="" if i.status == OK else i.status, alt=i.name)
         for i in found.sample],
        side_px=72,
        tiny=bool(sides) and max(sides) <= shell.TINY_PX,
    )  # fmt: skip


def facts(found: Survey) -> str:
    """Return a survey in one line: "1,200 images · PNG · 128 × 128 px · 5 labels · 4 owners"."""
    fine = [image for image in found.sample if image.status == OK]
    told = ["Images in an archive, counted when it is read"]
    if found.total is not None:
        told = [counted(found.total, "image")]
    told += [", ".join(sorted({image.kind for image in fine}))] if fine else []
    sizes = sorted({(i.width, i.height) for i in fine})
    if sizes:
        first, last = (f"{width:,} × {height:,}" for width, height in (sizes[0], sizes[-1]))
        told.append(f"{first} px" if first == last else f"{first} to {last} px")
    if found.labels and not _partly(found):
        told.append(counted(len(found.labels), "label"))
    if found.owners:
        told.append(counted(found.owners, "owner"))
    if found.attributes:
        told.append(f"with {', '.join(map(plain, found.attributes))}")
    return " · ".join(told)


def _partly(found: Survey) -> bool:
    return found.total is None or found.labelled < found.total
