"""Embedding: preparing pixels and promises (fast), and the embedded network itself (models)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gmv_core import MatchSettings, RunSettings, SettingsError, Workspace, open_source, value
from gmv_core.models.embedders.embedder import from_callable, resize, stack, unit_rows
from gmv_core.models.embedders.lite0 import (
    lite0_module,
    lite0_trunk,
    lite0_weights,
    load_lite0,
    perceptual,
)
from gmv_core.results.opening import open_run
from gmv_core.sets.build import build
from gmv_core.types import Embedder, UInt8
from tests.fakes import png


def test_unit_rows_keep_directions_and_zero() -> None:
    rows = unit_rows(np.array([[3, 4], [0, 0], [-2, 0]], np.float32))
    assert rows.dtype == np.float32
    assert rows == pytest.approx(np.array([[0.6, 0.8], [0, 0], [-1, 0]]))


def test_the_whole_image_is_squeezed_and_crop_takes_the_centre() -> None:
    # Left, middle and right thirds of a 90 × 30 image are black, white and black.
    wide = np.zeros((30, 90, 3), np.uint8)
    wide[:, 30:60] = 255
    squeezed, cropped = (stack([wide], 30, crop=crop)[0] for crop in (False, True))
    assert squeezed[:, :8].max() == 0
    assert squeezed[:, 12:18].min() == 255
    assert cropped.min() == 255
    tall = np.swapaxes(wide, 0, 1)
    assert stack([tall], 30, crop=True).min() == 255


def test_resizing_is_bilinear_with_antialiasing_and_leaves_the_right_size_alone() -> None:
    fine = np.zeros((64, 64, 3), np.uint8)
    fine[::2] = 255  # stripes finer than the result shows
    small = stack([fine], 16)
    assert small.min() > 100
    assert small.max() < 155
    image = Image.fromarray(fine)
    assert resize(image, 64) is image


def test_images_of_any_size_are_stacked() -> None:
    batch = stack([np.full((h, w, 3), 7, np.uint8) for h, w in ((5, 9), (40, 40), (300, 2))], 12)
    assert batch.shape == (3, 12, 12, 3)
    assert batch.dtype == np.uint8
    assert (batch == 7).all()


def mean_colour(pixels: UInt8) -> np.ndarray:
    return pixels.reshape(len(pixels), -1, 3).mean(1)


def test_a_function_becomes_an_embedder() -> None:
    mine = from_callable(mean_colour, key="mean", side_px=4, dim=3)
    assert (mine.key, mine.side_px, mine.dim, mine.has_features) == ("mean", 4, 3, False)
    vectors, features = mine(np.full((2, 4, 4, 3), 9, np.uint8))
    assert features is None
    assert vectors == pytest.approx(np.full((2, 3), 3**-0.5))


def test_a_function_that_returns_another_shape_is_a_sentence() -> None:
    for dim, shape in ((5, r"\(2, 3\); it promised \(2, 5\)"), (2, r"\(2, 3\); it promised")):
        mine = from_callable(mean_colour, key="mean", side_px=4, dim=dim)
        with pytest.raises(
            SettingsError, match=f"Embedder 'mean' returned an array of shape {shape}"
        ):
            mine(np.zeros((2, 4, 4, 3), np.uint8))


def scenes(count: int, *, side_px: int = 128) -> UInt8:
    """Random blobs and stripes in colour: enough structure to tell images apart."""
    y, x = np.mgrid[:side_px, :side_px] / side_px
    images = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        layers = []
        for _ in range(3):
            a, b, c = rng.uniform(2, 30, 3)
            wave = np.sin(a * x + b * y) + np.cos(c * (x - 0.5) * (y - rng.random()))
            layers.append(127 + 55 * wave)
        images.append(np.stack(layers, 2))
    return np.clip(np.stack(images), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def lite0() -> Embedder:
    return load_lite0("fp32")


@pytest.mark.models
def test_every_tensor_of_the_weights_finds_its_place() -> None:
    import torch

    path, digest = lite0_weights()
    assert len(digest) == 64
    weights = torch.load(path, weights_only=True, map_location="cpu")
    theirs = [v for k, v in weights.items() if "num_batches" not in k]
    trunk = lite0_trunk(path)
    ours = [v for k, v in trunk.state_dict().items() if "num_batches" not in k]
    assert len(ours) == len(theirs) == 247
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert not trunk.training


@pytest.mark.models
def test_vectors_and_features_are_of_unit_length(lite0: Embedder) -> None:
    vectors, features = lite0(scenes(5))
    assert features is not None
    assert vectors.shape == (5, lite0.dim) == (5, 624)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert (features**2).sum(1) == pytest.approx([lite0.features_norm_squared] * 5, rel=1e-3)


@pytest.mark.models
def test_the_batch_size_does_not_change_the_result(lite0: Embedder) -> None:
    images = scenes(7)
    vectors, features = lite0(images)
    assert features is not None
    for i, image in enumerate(images):
        vector, feature = lite0(image[None])
        assert feature is not None
        assert vector[0] == pytest.approx(vectors[i], abs=1e-5)
        assert np.abs(feature[0] - features[i]).max() < 1e-4


@pytest.mark.models
def test_the_compiled_network_is_eager_torch(lite0: Embedder) -> None:
    import torch

    images = scenes(4)
    with torch.inference_mode():
        expected = lite0_module(lite0_weights()[0])(torch.from_numpy(images))
    vectors, features = lite0(images)
    assert features is not None
    assert np.abs(vectors - expected[0].numpy()).max() < 1e-4
    assert np.abs(features - expected[1].numpy()).max() < 1e-4


@pytest.mark.models
def test_perceptual_vectors_have_the_form_of_lpips() -> None:
    import torch

    a, b = (torch.from_numpy(np.random.default_rng(s).normal(size=(1, 6, 4, 5))) for s in (0, 1))
    unit = [m / m.pow(2).sum(1, keepdim=True).sqrt() for m in (a, b)]
    expected = ((unit[0] - unit[1]) ** 2).sum(1).mean()  # over channels, mean over positions
    found = ((perceptual(a) - perceptual(b)) ** 2).sum()
    assert float(found) == pytest.approx(float(expected), rel=1e-6)


@pytest.mark.models
def test_a_changed_image_is_nearer_than_another_one(lite0: Embedder) -> None:
    images = scenes(12)
    darker = (images * 0.8).astype(np.uint8)
    a, b = lite0(images)[0], lite0(darker)[0]
    assert (a @ b.T).argmax(1).tolist() == list(range(12))


@pytest.mark.models
def test_copies_are_found_from_files_to_values(workspace: Workspace, tmp_path: Path) -> None:
    images = scenes(50, side_px=48)
    for folder, chosen in (("train", range(40)), ("made", [*range(10), *range(40, 50)])):
        (tmp_path / folder).mkdir()
        for i in chosen:
            (tmp_path / folder / f"{i:02d}.png").write_bytes(png(images[i]))
    manifest = build(workspace, open_source(tmp_path / "train"), name="train")
    assert manifest.embedder.has_features is True
    said: list[str] = []
    run = value(
        workspace,
        open_source(tmp_path / "made"),
        against="train",
        name="run",
        settings=RunSettings(MatchSettings(distance="features", quality="realism")),
        say=said.append,
    )
    assert said == []
    assert run.totals.value == pytest.approx(run.totals.quality)
    result = open_run(workspace, "run")
    for i in range(10):
        first, second = result.contributors(f"{i:02d}.png")[:2]
        assert (first.training, first.rank, first.recall_rank) == (f"{i:02d}.png", 1, 1)
        assert first.distance == pytest.approx(0, abs=1e-4)
        assert second.distance > 0.1
        assert first.weight > second.weight
    generated = result.generated_table()
    assert generated["nearest_distance"][:10].to_numpy() == pytest.approx(0, abs=1e-3)
    assert generated["nearest_distance"][10:].min() > 0.05

    (tmp_path / "faded").mkdir()
    for i in range(10):
        (tmp_path / "faded" / f"{i:02d}.png").write_bytes(png(images[i] // 3 + 100))
    value(workspace, open_source(tmp_path / "faded"), against="train", name="faded",
          settings=RunSettings(MatchSettings(distance="none")), say=said.append)  # fmt: skip
    assert any(s.startswith("The darkest grey level is typically") for s in said)
    assert any(s.startswith("The brightest grey level is typically") for s in said)


@pytest.mark.models
def test_a_converted_network_that_was_cut_off_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), dtype=np.uint8)
    expected = load_lite0()(pixels)[0]
    folder = tmp_path / "gmv-explorer" / "networks"
    (folder / "making-999999999-x").mkdir()  # of a killed process
    (folder / "0123-999999999.bin").write_bytes(b"half")
    for suffix in ("bin", "xml"):
        (path,) = folder.glob(f"*[0-9a-f].{suffix}") if suffix == "xml" else [
            p for p in folder.glob("*.bin") if "-" not in p.name]  # fmt: skip
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert np.array_equal(load_lite0()(pixels)[0], expected)
    assert sorted(path.suffix for path in folder.iterdir()) == [".bin", ".sha256", ".xml"]
