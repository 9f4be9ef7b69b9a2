"""The vector form of each distance against the library's own forward pass, and the sentences."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from gmv_core.errors import ModelError, SettingsError
from gmv_core.models import weights
from gmv_core.models.distances import dreamsim_form, lpips_form
from gmv_core.models.distances.lpips_form import lpips_trunk
from gmv_core.models.distances.table import load_distance
from gmv_core.models.weights import package_file
from gmv_core.types import Distance, Float32, UInt8


def images(n: int, side_px: int = 64) -> UInt8:
    """Smooth random images: noise of 8 px, enlarged."""
    small = np.random.default_rng(0).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)
    return np.repeat(np.repeat(small, side_px // 8, 1), side_px // 8, 2)


def distance(vectors: Float32, other: Float32) -> Float32:
    return ((vectors - other) ** 2).sum(1)


def tensor(pixels: UInt8):  # noqa: ANN201  (torch is imported late)
    import torch

    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


@pytest.fixture(scope="module")
def stlpips() -> Distance:
    return load_distance("stlpips")


@pytest.fixture
def alexnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint of torchvision's AlexNet, random, where torch hub would keep the real one."""
    import torch
    import torchvision

    torch.manual_seed(0)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # the converted network goes there
    path = tmp_path / "hub" / "checkpoints" / "alexnet-owt-7be5be79.pth"
    path.parent.mkdir(parents=True)
    # torch.hub saves the whole network; its classifier is the bulk and no part of LPIPS.
    state = torchvision.models.alexnet(weights=None).state_dict()
    torch.save({k: v for k, v in state.items() if k.startswith("features")}, path)
    return path


def test_l2_is_the_root_mean_squared_difference() -> None:
    l2 = load_distance("l2")
    black, white = np.zeros((1, 64, 64, 3), np.uint8), np.full((1, 64, 64, 3), 255, np.uint8)
    grey = np.full((1, 64, 64, 3), 51, np.uint8)  # 51/255 = 0.2
    assert not l2.squared
    assert np.sqrt(distance(l2(black), l2(white))) == pytest.approx(1, abs=1e-6)
    assert np.sqrt(distance(l2(black), l2(grey))) == pytest.approx(0.2, abs=1e-6)
    assert l2(grey).dtype == np.float32


@pytest.mark.models
def test_stlpips_equals_pyiqas_own_forward(stlpips: Distance) -> None:
    import torch
    from pyiqa.archs.stlpips_arch import STLPIPS

    path = package_file("stlpips_pytorch", "weights/vST0.0/alex_shift_tolerant.pth")
    own = STLPIPS(net="alex", pretrained_model_path=str(path))
    x, y = images(6)[:3], images(6)[3:]
    with torch.no_grad():
        expected = own(tensor(x), tensor(y), normalize=False).flatten().numpy()
    np.testing.assert_allclose(distance(stlpips(x), stlpips(y)), expected, rtol=1e-5)
    assert expected.min() > 0.01


@pytest.mark.models
def test_stlpips_is_a_distance_and_the_batch_changes_nothing(stlpips: Distance) -> None:
    x = images(5)
    vectors = stlpips(x)
    one_by_one = np.concatenate([stlpips(x[i : i + 1]) for i in range(5)])
    np.testing.assert_allclose(vectors, one_by_one, atol=1e-6)
    assert (distance(vectors, stlpips(x.copy())) == 0).all()
    there, back = (
        distance(stlpips(x[:2]), stlpips(x[2:4])),
        distance(stlpips(x[2:4]), stlpips(x[:2])),
    )
    np.testing.assert_array_equal(there, back)
    assert stlpips.squared and stlpips.side_px == 64


@pytest.mark.models
def test_stlpips_prefers_a_shifted_copy_to_another_image(stlpips: Distance) -> None:
    x = images(8)
    shifted = np.roll(x, 1, axis=2)
    copies, others = distance(stlpips(x), stlpips(shifted)), distance(stlpips(x), stlpips(x[::-1]))
    assert (copies < others).all()


@pytest.mark.models
def test_stlpips_needs_none_of_its_packages_modules(stlpips: Distance) -> None:
    assert "stlpips_pytorch" not in sys.modules  # they import what the package does not declare


@pytest.mark.models
def test_lpips_equals_the_packages_own_forward(alexnet: Path) -> None:
    import lpips
    import torch

    own = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    trunk = torch.load(alexnet, weights_only=True)
    for name, value in own.net.state_dict().items():
        value.copy_(trunk["features" + name[len("slice1") :]])
    x, y = images(4)[:2], images(4)[2:]
    with torch.no_grad():
        expected = own(tensor(x), tensor(y)).flatten().numpy()
    ours = load_distance("lpips")
    np.testing.assert_allclose(distance(ours(x), ours(y)), expected, rtol=1e-5)
    assert ours(x).shape == (2, 31_872)


def test_absent_weights_say_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert lpips_trunk("vgg") is None
    with pytest.raises(ModelError, match=r"not on this disk .*models download lpips-vgg"):
        load_distance("lpips-vgg")


def test_an_absent_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    if dreamsim_form.find_spec("dreamsim") is None:
        with pytest.raises(ModelError, match="pip install dreamsim"):
            load_distance("dreamsim")
    monkeypatch.setattr(dreamsim_form, "find_spec", lambda _: None)
    monkeypatch.setattr(lpips_form, "find_spec", lambda _: None)
    monkeypatch.setattr(weights, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"packages pyiqa .* and stlpips-pytorch"):
        load_distance("stlpips")
    with pytest.raises(ModelError, match="pip install lpips"):
        load_distance("lpips")


@pytest.mark.models
def test_a_broken_checkpoint_is_a_sentence(alexnet: Path) -> None:
    import torch

    alexnet.write_bytes(alexnet.read_bytes()[:5000])
    with pytest.raises(ModelError, match="cannot be read"):
        load_distance("lpips")
    torch.save({"features.0.weight": torch.zeros(1)}, alexnet)
    with pytest.raises(ModelError, match="holds no alex network"):
        load_distance("lpips")


@pytest.mark.models
def test_a_negative_head_has_no_vector_form() -> None:
    import lpips
    import torch

    model = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    with torch.no_grad():
        model.lins[0].model[-1].weight[0, 0] = -1
    with pytest.raises(ModelError, match="negative"):
        lpips_form.lpips_vectors(model)


def test_an_unknown_key_lists_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"'ssim'.*l2, stlpips, lpips, lpips-vgg, dreamsim"):
        load_distance("ssim")
