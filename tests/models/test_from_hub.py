"""open_clip and timm from checkpoint files and a hub's cache: real libraries, tiny networks."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gmv_core import Workspace, build, open_run, open_source, value
from gmv_core.errors import ModelError
from gmv_core.models.embedders import checkpoints
from gmv_core.models.embedders.from_open_clip import load_open_clip
from gmv_core.models.embedders.from_timm import load_timm
from gmv_core.models.weights import DownloadRefused, digest, on_disk_only, wanted_download
from gmv_core.settings import BuildSettings, EmbedSettings
from gmv_core.types import Embedder, Float32, UInt8

TINY = {
    "embed_dim": 32,
    "vision_cfg": {
        "image_size": 64,
        "layers": 2,
        "width": 64,
        "head_width": 32,
        "patch_size": 16,
    },
    "text_cfg": {"context_length": 8, "vocab_size": 100, "width": 32, "heads": 2, "layers": 1},
}
TIMM = "test_efficientnet"  # timm's own smallest networks, made for tests


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of our own, and checkpoints of both libraries in it."""
    import open_clip
    import timm
    import torch

    folder = tmp_path_factory.mktemp("hub")
    (folder / "tiny-clip.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(folder / "tiny-clip.json")
    torch.manual_seed(0)
    torch.save(open_clip.create_model("tiny-clip").state_dict(), folder / "clip.pt")
    torch.save(timm.create_model(TIMM, num_classes=7).state_dict(), folder / "timm.pth")
    return folder


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or fills the caches of whoever runs it."""
    import huggingface_hub.constants as hub

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def images(n: int, side_px: int) -> UInt8:
    return np.random.default_rng(0).integers(0, 256, (n, side_px, side_px, 3), dtype=np.uint8)


def assert_same(embedder: Embedder, expected: Float32, pixels: UInt8) -> None:
    vectors, features = embedder(pixels)
    expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    assert features is None and not embedder.has_features
    assert (vectors * expected).sum(1).min() >= 0.9999
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    one_by_one = np.concatenate([embedder(pixels[i : i + 1])[0] for i in range(len(pixels))])
    np.testing.assert_allclose(vectors, one_by_one, atol=1e-5)
    assert embedder.dim == expected.shape[1]


def scaled(pixels: UInt8, mean: tuple[float, ...], std: tuple[float, ...]):  # noqa: ANN201
    import torch

    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    return (x - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)


@pytest.mark.models
def test_open_clip_equals_its_own_image_tower(folder: Path) -> None:
    import open_clip
    import torch

    embedder = load_open_clip(f"open_clip:tiny-clip:{folder / 'clip.pt'}")
    own = open_clip.create_model("tiny-clip", pretrained=str(folder / "clip.pt")).eval()
    pixels = images(3, 64)
    with torch.no_grad():
        x = scaled(pixels, open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)
        expected = own.encode_image(x).numpy()
    assert_same(embedder, expected, pixels)
    assert (embedder.side_px, embedder.dim) == (64, 32)


@pytest.mark.models
def test_timm_equals_its_own_pooled_features(folder: Path) -> None:
    import timm
    import torch

    embedder = load_timm(f"timm:{TIMM}:{folder / 'timm.pth'}")
    own = timm.create_model(TIMM, num_classes=7)
    own.load_state_dict(torch.load(folder / "timm.pth", weights_only=True))
    own.reset_classifier(0)
    pixels = images(3, embedder.side_px)
    with torch.no_grad():
        config = own.pretrained_cfg
        expected = own.eval()(scaled(pixels, config["mean"], config["std"])).numpy()
    assert_same(embedder, expected, pixels)


@pytest.mark.models
def test_timm_weights_in_the_hubs_cache_are_found_and_used(cache: Path) -> None:
    import timm
    import torch
    from safetensors.torch import save_file

    spec = "timm:test_vit.r160_in1k"
    with pytest.raises(ModelError, match=f"not on this disk; run .*models download {spec}`"):
        load_timm(spec)
    torch.manual_seed(0)
    own = timm.create_model("test_vit")
    repo = cache / "hub" / "models--timm--test_vit.r160_in1k"
    (repo / "snapshots" / "abc").mkdir(parents=True)
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text("abc")
    save_file(own.state_dict(), repo / "snapshots" / "abc" / "model.safetensors")
    embedder = load_timm(spec)
    pixels = images(2, 160)
    own.reset_classifier(0)
    with torch.no_grad():
        config = own.pretrained_cfg
        expected = own.eval()(scaled(pixels, config["mean"], config["std"])).numpy()
    assert_same(embedder, expected, pixels)
    assert embedder.key == spec


@pytest.mark.models
@pytest.mark.parametrize("model", ["open_clip:tiny-clip:{}/clip.pt", f"timm:{TIMM}:{{}}/timm.pth"])
def test_a_set_is_built_and_valued_with_a_checkpoint(
    folder: Path, tmp_path: Path, model: str
) -> None:
    for name, array in zip("abcd", images(4, 64), strict=True):
        (tmp_path / "train").mkdir(exist_ok=True)
        Image.fromarray(array).save(tmp_path / "train" / f"{name}.png")
    workspace = Workspace(tmp_path / "ws")
    embed = EmbedSettings(model.format(folder))
    source = open_source(tmp_path / "train")
    manifest = build(workspace, source, name="photos", settings=BuildSettings(embed=embed))
    assert len(workspace.image_set("photos").embeddings(manifest.embedder.key)) == 4
    value(workspace, source, against="photos", name="run")
    result = open_run(workspace, "run")
    for name in "abcd":
        assert result.contributors(f"{name}.png")[0].training == f"{name}.png"
    again = build(workspace, source, name="photos", settings=BuildSettings(embed=embed))
    assert again.reused


@pytest.mark.models
def test_the_key_of_a_checkpoint_opens_it_again_and_notices_a_change(
    folder: Path, tmp_path: Path
) -> None:
    import torch

    path = tmp_path / "mine.pt"
    shutil.copy(folder / "clip.pt", path)
    first = load_open_clip(f"open_clip:tiny-clip:{path}")
    assert first.key == f"open_clip:tiny-clip:{path}#{digest(path)}"
    again = load_open_clip(first.key)
    assert again.key == first.key
    pixels = images(2, 64)
    np.testing.assert_array_equal(first(pixels)[0], again(pixels)[0])
    weights = torch.load(path, weights_only=True)
    weights["visual.proj"] += 1
    torch.save(weights, path)
    with pytest.raises(ModelError, match="has changed"):
        load_open_clip(first.key)
    assert checkpoints.parse(f"open_clip:tiny-clip:{path}", "open_clip").key != first.key


@pytest.mark.models
def test_missing_broken_and_unfitting_checkpoints(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no checkpoint file at"):
        load_open_clip(f"open_clip:tiny-clip:{tmp_path / 'gone.pt'}")
    with pytest.raises(ModelError, match="no checkpoint file at"):
        load_timm(f"timm:{TIMM}:{tmp_path / 'gone.pth'}")
    broken = tmp_path / "broken.pt"
    broken.write_bytes((folder / "clip.pt").read_bytes()[:3000])
    with pytest.raises(ModelError, match="does not fit this model or is broken"):
        load_open_clip(f"open_clip:tiny-clip:{broken}")
    with pytest.raises(ModelError, match="does not fit this model or is broken"):
        load_timm(f"timm:{TIMM}:{folder / 'clip.pt'}")


@pytest.mark.models
def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    import torch

    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (open, (str(tmp_path / "ran"), "w"))  # type: ignore[return-value]

    torch.save({"visual.proj": Trap()}, tmp_path / "trap.pt")
    for spec, load in (("open_clip:tiny-clip", load_open_clip), (f"timm:{TIMM}", load_timm)):
        with pytest.raises(ModelError, match="broken"):
            load(f"{spec}:{tmp_path / 'trap.pt'}")
    assert not (tmp_path / "ran").exists()


@pytest.mark.models
def test_weights_that_are_not_here_say_what_to_run() -> None:
    with pytest.raises(ModelError, match=r"not on this disk; run .*models download clip`"):
        load_open_clip("clip")
    with pytest.raises(ModelError, match="models download open_clip:RN50:openai"):
        load_open_clip("open_clip:RN50:openai")


@pytest.mark.models
def test_unknown_names_list_near_ones() -> None:
    with pytest.raises(ModelError, match=r"'ViT-B-33'.*ViT-B-32"):
        load_open_clip("open_clip:ViT-B-33:openai")
    with pytest.raises(ModelError, match=r"'laion2b'.*laion2b_s34b_b79k"):
        load_open_clip("open_clip:ViT-B-32:laion2b")
    with pytest.raises(ModelError, match=r"'resnet5O'.*resnet50"):
        load_timm("timm:resnet5O")
    with pytest.raises(ModelError, match="open_clip:MODEL:TAG"):
        load_open_clip("open_clip:ViT-B-32")


def test_the_guard_refuses_this_thread_only_and_goes_away() -> None:
    from concurrent.futures import ThreadPoolExecutor

    import huggingface_hub.constants as hub

    before, was_offline = socket.getaddrinfo, hub.HF_HUB_OFFLINE
    with ThreadPoolExecutor(1) as other, on_disk_only() as refused:
        with pytest.raises(DownloadRefused):
            socket.create_connection(("localhost", 9))
        assert refused == ["localhost"]
        assert other.submit(socket.getaddrinfo, "127.0.0.1", 9).result()
        with pytest.raises(ZeroDivisionError), on_disk_only():
            raise ZeroDivisionError
        assert hub.HF_HUB_OFFLINE
    assert socket.getaddrinfo is before
    assert hub.HF_HUB_OFFLINE == was_offline


def test_a_refusal_is_found_through_what_wraps_it() -> None:
    from urllib.request import urlopen

    with pytest.raises(OSError) as caught, on_disk_only():
        urlopen("http://localhost:9/weights.pth")
    assert wanted_download(caught.value)
    assert not wanted_download(ValueError("broken"))
