"""Sources of arrays: npz and IDX, with labels inside or beside."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core.errors import SourceError
from gmv_core.sources.opening import open_source
from tests.sources.conftest import idx, pixels, read_all

FASHION = Path("/usr/share/datasets/fashion-mnist")

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(3, 5, 4), (3, 5, 4, 1), (3, 5, 4, 3), (3, 5, 4, 4)])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path: Path, shape: tuple[int, ...], save: Callable[..., None]) -> None:
    array = RANDOM.integers(0, 256, shape, np.uint8)
    if shape[-1] == 4 and len(shape) == 4:
        array[..., 3] = 255
    save(tmp_path / "x.npz", images=array, labels=np.array([[4], [0], [9]]))
    images = read_all(open_source(tmp_path / "x.npz"))
    assert [image.label for image in images] == ["4", "0", "9"]
    assert images[2].name == "images/000002"
    for image, row in zip(images, array, strict=True):
        colours = row[..., :3] if row.ndim == 3 else row[..., None]
        assert np.array_equal(pixels(image), np.broadcast_to(colours, (5, 4, 3)))


@pytest.mark.parametrize(
    ("images_key", "labels_key"),
    [("x", "y"), ("x_train", "y_train"), ("train_images", "train_labels"), ("arr_0", "arr_1")],
)
def test_npz_keys(tmp_path: Path, images_key: str, labels_key: str) -> None:
    arrays = {
        "test_images": np.zeros((9, 4, 4), np.uint8),
        images_key: np.ones((2, 4, 4), np.uint8),
        labels_key: np.array(["cat", "dog"]),
    }
    np.savez(tmp_path / "x.npz", **arrays)
    assert [image.label for image in read_all(open_source(tmp_path / "x.npz"))] == ["cat", "dog"]


def test_npz_with_another_key_with_channels_first_and_with_alpha(tmp_path: Path) -> None:
    planar = RANDOM.integers(0, 256, (2, 3, 8, 8), np.uint8)
    np.savez(tmp_path / "x.npz", faces=planar, mean=np.zeros(3))
    first, _ = read_all(open_source(tmp_path / "x.npz"))
    assert first.name == "faces/000000" and first.label == ""
    assert np.array_equal(pixels(first), planar[0].transpose(1, 2, 0))
    np.savez(tmp_path / "a.npz", images=np.array([[[[0, 0, 255, 128]] * 2] * 2] * 2, np.uint8))
    assert pixels(read_all(open_source(tmp_path / "a.npz"))[0])[0, 0].tolist() == [127, 127, 255]


@pytest.mark.parametrize("packed", [False, True])
def test_idx_with_labels_beside(tmp_path: Path, packed: bool) -> None:
    array = RANDOM.integers(0, 256, (4, 7, 5), np.uint8)
    pack, suffix = (gzip.compress, ".gz") if packed else (bytes, "")
    path = tmp_path / f"train-images-idx3-ubyte{suffix}"
    path.write_bytes(pack(idx(array)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.array([3, 1, 4, 1], np.uint8)))
    for source in (open_source(path), open_source(tmp_path)):
        images = read_all(source)
        assert source.kind == "idx"
        assert [image.label for image in images] == ["3", "1", "4", "1"]
        assert images[3].name == "train-images-idx3-ubyte/000003"
        assert np.array_equal(pixels(images[3])[..., 1], array[3])


def test_an_idx_folder_reads_the_training_pair(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((3, 4, 4), np.uint8)))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((2, 4, 4), np.uint8)))
    source = open_source(tmp_path)
    assert source.total == 3 and source.skipped == {"file of another split": 1}
    assert [image.label for image in read_all(source)] == ["", "", ""]


def test_a_gzip_idx_is_checked_to_its_end_however_far_it_goes_on(tmp_path: Path) -> None:
    array = RANDOM.integers(0, 4, (3, 5, 4), np.uint8)
    packed, path = gzip.compress(idx(array) + bytes(300_000)), tmp_path / "x-images-idx3-ubyte.gz"
    path.write_bytes(packed[:-4] + len(idx(array)).to_bytes(4, "little"))  # it tells a wrong size
    *before, last = read_all(open_source(path))
    assert [image.error for image in before] == ["", ""]
    assert "the file is damaged here or before" in last.error


@pytest.mark.parametrize("seed", range(6))  # damage that unpacks to fewer bytes, and to more
def test_a_damaged_gzip_idx_is_said(tmp_path: Path, seed: int) -> None:
    array = np.random.default_rng(seed).integers(0, 4, (400, 20, 20), np.uint8)
    packed, path = gzip.compress(idx(array)), tmp_path / "x-images-idx3-ubyte.gz"
    half = len(packed) // 2
    path.write_bytes(packed[:half] + packed[-8:])
    images = list(open_source(path).read())
    assert len(images) == 400
    assert not images[0].error and images[-1].error
    flipped = bytearray(packed)
    flipped[half] ^= 255
    path.write_bytes(flipped)
    assert "CRC" in list(open_source(path).read())[-1].error


@pytest.mark.skipif(not FASHION.is_dir(), reason="Fashion-MNIST is not installed")
def test_fashion_mnist() -> None:
    source = open_source(FASHION)
    assert source.total == 60_000
    image = next(source.read(59_999))
    assert image.label == "5" and pixels(image).shape == (28, 28, 3)
    first = next(source.read())
    assert first.label == "9" and int(pixels(first).sum()) == 3 * 76_247


def test_one_hot_labels_of_an_npz_are_classes(tmp_path: Path) -> None:
    images, classes = np.zeros((6, 4, 4, 3), np.uint8), np.array([2, 0, 1, 1, 2, 0])
    for dtype in (float, np.uint8, bool):
        np.savez(tmp_path / "x.npz", images=images, labels=np.eye(3)[classes].astype(dtype))
        told = [image.label for image in open_source(tmp_path / "x.npz").read()]
        assert told == [str(c) for c in classes]
    for wrong in (np.ones((6, 3)), np.full((6, 3), 1 / 3), np.eye(6)[:, :3]):
        np.savez(tmp_path / "x.npz", images=images, labels=wrong)
        with pytest.raises(SourceError, match="one number or text for each image"):
            open_source(tmp_path / "x.npz")


@pytest.mark.parametrize("images", [(5, 4, 4, 3), (5, 4, 4)])
def test_masks_before_the_images_of_an_npz_are_not_taken(
    tmp_path: Path, images: tuple[int, ...]
) -> None:
    arrays = {"seg_masks": np.zeros((5, 4, 4), np.uint8), "photos": np.full(images, 7, np.uint8)}
    np.savez(tmp_path / "x.npz", **arrays)
    names = [image.name for image in open_source(tmp_path / "x.npz").read()]
    assert names[0] == "photos/000000"


def test_labels_of_an_npz_that_are_nan_are_none(tmp_path: Path) -> None:
    images = np.zeros((3, 4, 4), np.uint8)
    np.savez(tmp_path / "x.npz", images=images, labels=np.array([np.nan, 1, 2.5]))
    assert [i.label for i in open_source(tmp_path / "x.npz").read()] == ["", "1.0", "2.5"]
    np.savez(tmp_path / "x.npz", images=images, labels=np.array([b"\xff", b"a", b"b"]))
    assert [i.label for i in open_source(tmp_path / "x.npz").read()] == ["\ufffd", "a", "b"]
