"""Images added to a set: what is new, what is known, and what must be given again."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from gmv_core import WorkspaceError, open_source
from gmv_core.errors import ModelError
from gmv_core.models.embedders.embedder import from_callable
from gmv_core.sets.adding import KEY_BYTES
from gmv_core.sets.build import add
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder
from tests.fakes import FAKE, draw, embed_one, fake_vectors, png, rows_of, write_images
from tests.sets.conftest import make

pytestmark = pytest.mark.usefixtures("small_commits")


def test_add_takes_new_images_and_keeps_other_pictures_of_a_known_name(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    make(workspace, images, embedder)
    train = workspace.image_set("train")
    before = rows_of(train.images)
    more = write_images(tmp_path / "more", 32)  # the first 20 by name are there
    (more / "class0" / "0000.png").write_bytes(png(draw(500)))
    (more / "class1" / "0001.png").write_bytes(png(draw(1)) + b"other bytes, same pixels")
    manifest = add(workspace, "train", open_source(more), embedder=embedder)
    rows = rows_of(train.images)
    assert rows.slice(0, 20).equals(before)  # an image of a known name is not replaced
    assert rows["id"].to_pylist() == list(range(33))
    renamed, *added = rows["name"].to_pylist()[20:]
    assert renamed == "more/class0/0000.png" and rows["label"].to_pylist()[20] == "class0"
    assert added == sorted(f"class{i % 3}/{i:04d}.png" for i in range(20, 32))
    stored = np.stack(rows_of(train.embeddings(FAKE))["vector"].to_pylist()).astype(np.float32)
    drawn = [embed_one(draw(500)), *(embed_one(draw(int(n[7:11]))) for n in added)]
    assert np.array_equal(stored[20:], np.stack(drawn))
    assert manifest.counts.images == manifest.index.vectors == 33
    assert [s.first_row for s in manifest.sources] == [0, 20]
    last = manifest.sources[-1]
    assert (last.renamed, last.skipped) == (1, {"image that the set already has": 19})
    again = add(workspace, "train", open_source(more), embedder=embedder)
    assert again.counts.images == 33


def test_add_knows_every_name(workspace: Workspace, embedder: Embedder, tmp_path: Path) -> None:
    """Also one whose digest ends in a zero byte, which NumPy cuts off."""
    names = (f"{i}.png" for i in range(10_000))
    name = next(n for n in names if blake2b(n.encode(), digest_size=KEY_BYTES).digest()[-1] == 0)
    for folder, others in (("a", (1, 2)), ("b", (2, 3))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(png(draw(0)))
        for i in others:
            (tmp_path / folder / f"other-{i}.png").write_bytes(png(draw(i)))
    make(workspace, tmp_path / "a", embedder)
    manifest = add(workspace, "train", open_source(tmp_path / "b"), embedder=embedder)
    assert manifest.counts.images == 4
    assert manifest.sources[-1].skipped == {"image that the set already has": 2}


def test_building_again_after_add_is_reuse(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    make(workspace, images, embedder)
    more = write_images(tmp_path / "more", 32)
    add(workspace, "train", open_source(more), embedder=embedder)
    again = make(workspace, images, embedder)
    assert again.reused is True
    assert again.counts.images == 32


def test_add_to_nothing_is_a_sentence(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    with pytest.raises(WorkspaceError, match="There is no set named 'train'"):
        add(workspace, "train", open_source(images), embedder=embedder)


def test_an_embedder_from_python_must_be_given_again(
    workspace: Workspace, images: Path, embedder: Embedder, tmp_path: Path
) -> None:
    make(workspace, images, embedder)
    more = open_source(write_images(tmp_path / "more", 25))
    with pytest.raises(ModelError, match="built with the embedder 'fake' given from Python; give"):
        add(workspace, "train", more)
    other = from_callable(lambda p: fake_vectors(p)[0], key="other", side_px=8, dim=24)
    with pytest.raises(ModelError, match="with the embedder 'fake' and 'other' was given"):
        add(workspace, "train", more, embedder=other)
    # Neither left anything behind.
    assert make(workspace, images, embedder).reused is True
