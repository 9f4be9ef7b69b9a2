"""The near copies of a training set: how many, a gallery of clusters, those across owners first."""

from __future__ import annotations

import streamlit as st

from gmv_core.jobs import control
from gmv_core.store.columns import previews
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.sentences import clusters_sentence
from gmv_core.words import counted
from ui.doors import engine
from ui.doors import sets as doors
from ui.frame import shell
from ui.widgets.figures import download_csv
from ui.widgets.pictures.thumbs import Thumb, thumbs
from ui.widgets.writing import write_button

PAGE = 6  # clusters
MEMBERS = 8  # shown of each
COPY = {"bytes": "same bytes", "pixels": "same pixels", "near": "near copy", "": "first"}


def copies_section(images: ImageSet) -> None:
    """Draw what is known of a set's near copies, or the button to look for them."""
    st.header(
        "Near copies",
        help="Images that are the same but for encoding, size or light. Each earns for itself, "
        "unless near copies are counted as one.",
    )
    record = doors.clusters(images)
    if record is None:
        st.caption("Not looked for yet. It takes about a minute for 50,000 images.")
        if write_button("Look for near copies", icon=":material/content_copy:"):
            control.start(
                engine.workspace(),
                ["duplicates", images.name],
                title=f"Looking for near copies in {images.name}",
                target=images.name,
            )
            st.rerun()
        return
    st.markdown(clusters_sentence(record))
    if record.clusters:
        _gallery(images)


def _gallery(images: ImageSet) -> None:
    table = doors.members(images)
    across = table.loc[table["owners"] > 1, "cluster"].nunique()
    if across:
        st.markdown(f"**{counted(across, 'cluster')} across owners**, shown first.")
    clusters = table["cluster"].unique()
    pages = -(-len(clusters) // PAGE)
    page = st.pagination(pages, key=f"copies-{images.name}") if pages > 1 else 1
    for cluster in clusters[(page - 1) * PAGE : page * PAGE]:
        rows = table[table["cluster"] == cluster]
        shown = rows.head(MEMBERS)
        pictures = previews(images, shown["id"].to_numpy())
        with st.container(border=True):
            cards = [
                Thumb(image, row.training, " · ".join(filter(None, (COPY[row.copy], row.owner))))
                for image, row in zip(pictures, shown.itertuples(), strict=True)
            ]
            thumbs(cards, side_px=110, tiny=shell.tiny(images))
            if len(rows) > MEMBERS:
                st.caption(f"… and {len(rows) - MEMBERS:,} more in this cluster.")
    download_csv("Download all clusters as CSV", f"{images.name}-copies", table)
