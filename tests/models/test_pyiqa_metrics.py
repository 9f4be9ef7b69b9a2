"""pyiqa's metrics: one direction, one range, seeds that leave no trace, and the sentences."""

from __future__ import annotations

import random
import socket
from pathlib import Path

import numpy as np
import pytest

from gmv_core.errors import ModelError, SettingsError
from gmv_core.models.quality import pyiqa_metrics
from gmv_core.models.quality.pyiqa_metrics import (
    PyiqaMetric,
    load_metric,
    parse_range,
    seeded,
    to_quality,
    unsuited,
)
from gmv_core.types import UInt8


def photo(height: int = 160, width: int = 192) -> UInt8:
    """A smooth scene with texture and edges, the same every time."""
    y, x = np.mgrid[:height, :width].astype(float)
    grey = 120 + 50 * np.sin(x / 9) * np.cos(y / 13) + 20 * np.sin((x + 2 * y) / 3)
    grey[(x - 90) ** 2 + (y - 70) ** 2 < 900] += 45
    return np.clip(np.stack([grey, grey * 0.9, grey * 0.8], 2), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("score", "low", "high", "lower_better", "q"),
    [
        (30, 0, 100, True, 0.7),  # piqe
        (0.6, 0, 1, False, 0.6),  # maniqa
        (5.5, 1, 10, False, 0.5),  # nima, topiq_iaa
        (-3, 0, 100, True, 1.0),  # outside pyiqa's rough range
        (130, 0, 100, True, 0.0),
    ],
)
def test_every_metric_is_mapped_by_one_rule(
    score: float, low: float, high: float, lower_better: bool, q: float
) -> None:
    assert to_quality(score, low=low, high=high, lower_better=lower_better) == pytest.approx(q)


def test_ranges_are_read_as_pyiqa_writes_them() -> None:
    assert parse_range("~0, ~100") == (0, 100)
    assert parse_range("~-1, ~0.1") == (-1, 0.1)
    assert parse_range("0, ~") is None
    assert parse_range("") is None


@pytest.mark.models
def test_piqe_equals_pyiqas_own_score() -> None:
    import pyiqa
    import torch

    image = photo()
    x = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    expected = 1 - float(pyiqa.create_metric("piqe", device=torch.device("cpu"))(x)) / 100
    assert load_metric("piqe")(image, seed=0) == pytest.approx(expected, abs=1e-6)


@pytest.mark.models
def test_piqe_gives_a_damaged_photograph_a_lower_q(capsys: pytest.CaptureFixture[str]) -> None:
    piqe, image = load_metric("piqe"), photo()
    noise = np.random.default_rng(0).normal(0, 60, image.shape)
    noisy = np.clip(image + noise, 0, 255).astype(np.uint8)
    assert 0 <= piqe(noisy, seed=0) < piqe(image, seed=0) <= 1
    assert capsys.readouterr().out == ""  # the command line prints JSON there


@pytest.mark.models
def test_entropy_of_a_known_image() -> None:
    # Two grey levels, half and half: 1 bit of 8.
    image = np.zeros((32, 32, 3), np.uint8)
    image[16:] = 255
    assert load_metric("entropy")(image, seed=0) == pytest.approx(1 / 8, abs=1e-3)


@pytest.mark.models
def test_too_small_and_flat_images_are_sentences() -> None:
    piqe = load_metric("piqe")
    with pytest.raises(ModelError, match=r"2 × 1 px.*at least 96 px a side.*realism, or none"):
        piqe(np.ones((1, 2, 3), np.uint8), seed=0)
    with pytest.raises(ModelError, match="flat image"):
        piqe(np.zeros((128, 128, 3), np.uint8), seed=0)


@pytest.mark.models
def test_a_seed_fixes_random_crops_and_leaves_no_trace() -> None:
    import torch

    def crops(x: torch.Tensor) -> torch.Tensor:
        i, j = np.random.randint(0, 100), int(torch.randint(0, 100, ()))
        return x[0, 0, i, j] + random.random() / 100

    metric = PyiqaMetric("crops", crops, 0, 2, lower_better=False)
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    expected = (float(torch.rand(())), np.random.rand(), random.random())
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    image = photo()
    found = [metric(image, seed=s) for s in (7, 7, 8)]
    assert found[0] == found[1] != found[2]
    assert (float(torch.rand(())), np.random.rand(), random.random()) == expected


@pytest.mark.models
def test_the_seed_is_undone_after_an_error() -> None:
    np.random.seed(3)
    expected = np.random.rand()
    np.random.seed(3)
    with pytest.raises(ZeroDivisionError), seeded(5):
        raise ZeroDivisionError
    assert np.random.rand() == expected


@pytest.mark.models
@pytest.mark.parametrize("key", ["maniqa", "niqe", "nima"])  # pyiqa's own downloader, the hub's
def test_absent_weights_say_what_to_run_and_nothing_is_fetched(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants as hub
    import pyiqa.utils.download_util as downloads

    monkeypatch.setattr(downloads, "DEFAULT_CACHE_DIR", str(tmp_path / "pyiqa"))
    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(tmp_path / "hub"))
    looked_up: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: looked_up.append(host))
    before = socket.getaddrinfo
    pyiqa_metrics._network.cache_clear()
    with pytest.raises(ModelError, match=f"not on this disk; run .*models download {key}`"):
        load_metric(key)
    assert looked_up == []
    assert socket.getaddrinfo is before


@pytest.mark.models
def test_a_broken_file_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyiqa.utils.download_util as downloads

    monkeypatch.setattr(downloads, "DEFAULT_CACHE_DIR", str(tmp_path))
    (tmp_path / "niqe_modelparameters.mat").write_bytes(b"not a matrix")
    pyiqa_metrics._network.cache_clear()
    with pytest.raises(ModelError, match="cannot load its metric niqe"):
        load_metric("niqe")


def test_unknown_and_unfit_metrics() -> None:
    with pytest.raises(SettingsError, match=r"'sharpness'.*maniqa.*piqe"):
        load_metric("sharpness")
    with pytest.raises(SettingsError, match="'lpips'"):  # full-reference: not of this kind
        load_metric("lpips")
    for key in ("fid", "inception_score", "pi", "clipscore"):
        with pytest.raises(ModelError, match="no single image a score"):
            load_metric(key)


def test_without_pyiqa_a_metric_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyiqa_metrics, "_table", dict)
    with pytest.raises(ModelError, match="pip install pyiqa"):
        load_metric("piqe")


def test_warnings_for_small_images() -> None:
    assert unsuited("piqe", 96) == ""
    assert "noise above clean" in unsuited("piqe", 32)
    assert "224 px" in unsuited("maniqa-pipal", 128)
    assert unsuited("realism", 8) == unsuited("none", 8) == ""
    assert "no measure of quality" in unsuited("entropy", 512)
