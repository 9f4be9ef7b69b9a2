"""What a finished set tells: rejected images, exact duplicates, a sample, sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from gmv_core import build, open_source
from gmv_core.sets.contents import duplicates, label_words, recall_words, rejected
from gmv_core.store.columns import previews, sample_rows
from gmv_core.store.manifests import IndexEntry, LabelFit
from gmv_core.store.workspace import ImageSet, Workspace
from gmv_core.types import Embedder
from tests.fakes import write_images


@pytest.fixture
def images(workspace: Workspace, tmp_path: Path, embedder: Embedder) -> ImageSet:
    """Nine images; the fourth is broken, two repeat the first and one the second."""
    folder = write_images(tmp_path / "x", 6, labels=1) / "class0"
    (folder / "0003.png").write_bytes(b"no picture")
    for copy, of in (("0006", "0000"), ("0007", "0000"), ("0008", "0001")):
        (folder / f"{copy}.png").write_bytes((folder / f"{of}.png").read_bytes())
    build(workspace, open_source(tmp_path / "x"), name="x", embedder=embedder)
    return workspace.image_set("x")


def test_rejected_images_have_their_reason(images: ImageSet) -> None:
    assert rejected(images).to_dict("records") == [
        {"id": 3, "name": "class0/0003.png", "reason": "not an image", "size_bytes": 10}
    ]


def test_duplicates_name_the_first(images: ImageSet) -> None:
    assert duplicates(images).to_numpy().tolist() == [
        [6, "class0/0006.png", 0, "class0/0000.png"],
        [7, "class0/0007.png", 0, "class0/0000.png"],
        [8, "class0/0008.png", 1, "class0/0001.png"],
    ]


def test_a_sample_is_spread_and_leaves_rejected_images_out(images: ImageSet) -> None:
    assert sample_rows(images, 3).tolist() == [0, 5, 8]
    assert sample_rows(images, 50).tolist() == [0, 1, 2, 4, 5, 6, 7, 8]
    assert sample_rows(images, 1).tolist() == [0]
    first, broken = previews(images, np.array([0, 3]))
    assert first.startswith(b"\x89PNG") and broken == b""


def test_a_set_without_any_readable_image_has_no_sample(
    workspace: Workspace, tmp_path: Path, embedder: Embedder
) -> None:
    (tmp_path / "y").mkdir()
    (tmp_path / "y" / "a.png").write_bytes(b"no picture")
    build(workspace, open_source(tmp_path / "y"), name="x", embedder=embedder)
    images = workspace.image_set("x")
    assert len(sample_rows(images, 5)) == 0
    assert len(duplicates(images)) == 0 and len(rejected(images)) == 1


def test_recall_is_told_in_words() -> None:
    exact = IndexEntry("exact", 9, 9, 8.0, 1.0, 9, 0, 1, 0, 0, "auto")
    assert "misses none" in recall_words(exact)
    index = replace(exact, kind="sq8", recall=0.99412, recall_at=100, queries=200)
    assert recall_words(index).startswith("It finds 99.4 of the true nearest 100, measured against")


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (None, ""),
        (LabelFit(0, 0), "Every image has its row in the label table, and every row its image."),
        (LabelFit(2, 1, ("a.png",)), "2 images have no row in the label table; "
         "1 of its rows fits no image (such as a.png)."),
        (LabelFit(1, 2), "1 image has no row in the label table; 2 of its rows fit no image."),
        (LabelFit(2, 0), "2 images have no row in the label table."),
        (LabelFit(0, 0, shared_rows=4), "4 images share their row with one of the same name in "
         "another folder: a column with their folders would tell them apart."),
        (LabelFit(0, 2), "2 of the label table's rows fit no image."),
    ],
)  # fmt: skip
def test_label_match_is_told_in_words(told: LabelFit | None, sentence: str) -> None:
    assert label_words(told) == sentence
