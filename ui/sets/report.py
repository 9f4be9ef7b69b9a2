"""The report of a finished image set: facts, a sample, what was rejected, what is there twice."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from gmv_core.sets import contents
from gmv_core.sources.label_fit import labels_sentence
from gmv_core.store import columns
from gmv_core.store.manifests import EmbedderEntry, IndexEntry, SetManifest
from gmv_core.store.workspace import ImageSet
from ui.doors import sets as doors
from ui.frame import links, shell
from ui.frame.markdown import plain, safe
from ui.sets.copies import copies_section
from ui.widgets.figures import metric_row
from ui.widgets.pictures.thumbs import Thumb, thumbs

PAGE = 12
SAMPLE = 12


def report(images: ImageSet, manifest: SetManifest) -> None:
    """Draw the report."""
    counts, index = manifest.counts, manifest.index
    if counts is None or index is None:  # a finished set has both
        return
    told = {
        "Images": counts.ok,
        "Labels": counts.labels,
        "Owners": counts.owners,
        "Exact duplicates": counts.duplicates,
        "Rejected": counts.rejected,
    }
    metric_row([(name, f"{count:,}", "") for name, count in told.items()])
    if not counts.ok:
        st.warning("No image of this set could be read; delete it and upload others.")
    else:
        tiny = shell.tiny(images)
        thumbs([Thumb(image, alt=name) for name, image in doors.sample(images, SAMPLE)],
               side_px=104, tiny=tiny, kind="row")  # fmt: skip
        _how(manifest.embedder, index)
        links.compare(images.name, "Next: drop generated images on Contributors")
    for sentence in _passed_over(manifest):
        st.caption(safe(sentence))
    if counts.rejected:
        _rejected(images)
    if counts.duplicates:
        _duplicates(images)
    if counts.ok:
        copies_section(images)


def _how(embedder: EmbedderEntry, index: IndexEntry) -> None:
    st.markdown(
        f"**Search.** {contents.recall_words(index)}  \n"
        f"**Embedder.** {plain(embedder.key)}, {plain(embedder.precision)}: "
        f"{safe(embedder.reason)}",
        help="The embedder turns each image into a vector; the closest vectors are the candidates.",
    )


def _passed_over(manifest: SetManifest) -> list[str]:
    """Return sentences on labels, skipped files, notes, and how the label tables fit."""
    said = []
    for source in manifest.sources:
        if source.images is not None and source.labelled is not None:
            said.append(labels_sentence(source.labels_from, source.labelled, source.images))
        skipped = {reason: n for reason, n in source.skipped.items() if n}
        if skipped:
            told = ", ".join(f"{reason} ({count:,})" for reason, count in skipped.items())
            said.append(f"Skipped files: {told}.")
        if source.renamed:
            said.append(contents.renamed_words(source))
    said += contents.note_words(manifest.notes)
    return [*said, *filter(None, [contents.label_words(manifest.labels)])]


def _rejected(images: ImageSet) -> None:
    table = doors.rejected(images)
    st.header("Rejected images")
    st.caption("They keep their row in the set, but are neither matched nor valued.")
    shown = _page(table, f"rejected-{images.name}")
    pictures = columns.previews(images, shown["id"].to_numpy(np.int64))
    rows = zip(pictures, shown["name"], shown["reason"], strict=True)
    thumbs([Thumb(image, title=name, line=reason) for image, name, reason in rows], side_px=130)


def _duplicates(images: ImageSet) -> None:
    table = doors.duplicates(images)
    st.header("Exact duplicates")
    st.caption("Files with the same bytes as an earlier one. They stay in the set.")
    shown = _page(table, f"duplicates-{images.name}")
    pictures = columns.previews(images, shown["id"].to_numpy(np.int64))
    rows = zip(pictures, shown["name"], shown["first"], strict=True)
    thumbs([Thumb(image, title=name, line=f"same as {first}") for image, name, first in rows],
           side_px=130, tiny=shell.tiny(images))  # fmt: skip


def _page(table: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return one page of a table, with the choice of the page where there are several."""
    pages = -(-len(table) // PAGE)
    page = st.pagination(pages, key=key) if pages > 1 else 1
    return table.iloc[(page - 1) * PAGE : page * PAGE]
