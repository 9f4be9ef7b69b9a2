"""What is ready, what "auto" means, and the only door to a download."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gmv_core.errors import ModelError, SettingsError
from gmv_core.models import catalogue
from gmv_core.models.catalogue import MODELS, list_models
from gmv_core.models.choice import (
    load_embedder,
    resolve_distance,
    resolve_embedder,
    resolve_quality,
)
from gmv_core.models.distances import dreamsim_form, lpips_form
from gmv_core.models.download import download
from gmv_core.models.network import choose_device


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing was ever downloaded."""
    import huggingface_hub.constants as hub

    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"weights")


def put_clip(cache: Path) -> None:
    repo = cache / "hub" / "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K"
    put(repo / "snapshots" / "abc" / "open_clip_model.safetensors")
    (repo / "refs").mkdir()
    (repo / "refs" / "main").write_text("abc")


def test_the_list_loads_no_library() -> None:
    code = (
        "import sys; from gmv_core.models.catalogue import list_models; list_models(); "
        "print({'torch', 'pyiqa', 'open_clip', 'timm', 'lpips', 'faiss'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_the_embedded_models_are_ready_and_the_others_say_what_they_take(empty_cache: Path) -> None:
    rows = {row.key: row for row in list_models()}
    ready = {key for key, row in rows.items() if row.ready}
    assert ready == {
        "efficientnet-lite0", "features", "none", "l2", "stlpips", "realism", "piqe",
    }  # fmt: skip
    assert rows["clip"].note == "run `python -m gmv_core models download clip`"
    assert rows["clip"].where == ""
    assert Path(rows["stlpips"].where).is_file()
    assert (
        Path(rows["efficientnet-lite0"].where).stat().st_size
        == rows["efficientnet-lite0"].size_bytes
    )
    assert "no commercial use" in rows["piqe"].code_licence
    assert {row.step for row in rows.values()} == {"embed", "distance", "quality"}
    # dreamsim lacks its package as well
    assert {key for key, row in rows.items() if row.fetchable} == {
        "clip", "lpips", "lpips-vgg", "maniqa",
    }  # fmt: skip
    assert {key for key, row in rows.items() if row.non_commercial} == {"stlpips", "piqe", "maniqa"}


def test_auto_takes_what_the_hub_left_on_this_disk(empty_cache: Path) -> None:
    assert resolve_embedder("auto")[0] == "efficientnet-lite0"
    assert resolve_distance("auto", has_features=False)[0] == "stlpips"
    assert resolve_quality("auto", 256)[0] == "realism"
    put_clip(empty_cache)
    put(empty_cache / "torch" / "hub" / "checkpoints" / "alexnet-owt-7be5be79.pth")
    put(empty_cache / "torch" / "hub" / "pyiqa" / "ckpt_koniq10k.pt")
    assert resolve_embedder("auto") == ("clip", "CLIP's weights are on this disk.")
    assert resolve_distance("auto", has_features=False)[0] == "lpips"
    assert resolve_distance("auto", has_features=True)[0] == "features"
    assert resolve_quality("auto", 224)[0] == ("maniqa" if choose_device() == "cuda" else "realism")
    assert resolve_quality("maniqa", 224) == ("maniqa", "It was asked for.")
    assert resolve_quality("auto", 223) == (
        "realism",
        "MANIQA needs images of 224 px; these have 223.",
    )


def test_without_the_optional_packages_auto_still_finds_something(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "find_spec", lambda _: None)
    monkeypatch.setattr(dreamsim_form, "find_spec", lambda _: None)
    monkeypatch.setattr(lpips_form, "find_spec", lambda _: None)
    put_clip(empty_cache)
    assert resolve_embedder("auto")[0] == "efficientnet-lite0"
    assert resolve_distance("auto", has_features=False)[0] == "l2"
    rows = {row.key: row for row in list_models()}
    assert rows["maniqa"].note == (
        "run `pip install pyiqa`, then `python -m gmv_core models download maniqa`"
    )
    with pytest.raises(ModelError, match=r"piqe needs a package .*pip install pyiqa"):
        download("piqe")


def test_what_was_asked_for_is_kept() -> None:
    assert resolve_embedder("timm:resnet50")[0] == "timm:resnet50"
    assert resolve_embedder("open_clip:ViT-B-16:openai")[0] == "open_clip:ViT-B-16:openai"
    assert resolve_distance("none", has_features=False)[0] == "none"
    assert resolve_quality("none", 8)[0] == "none"
    assert resolve_quality("musiq", 256)[0] == "musiq"


def test_features_need_feature_maps() -> None:
    with pytest.raises(ModelError, match="needs an embedder with feature maps"):
        resolve_distance("features", has_features=False)


def test_unknown_keys_list_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"'vgg'.*efficientnet-lite0, clip.*timm:NAME"):
        resolve_embedder("vgg")
    with pytest.raises(SettingsError, match=r"'ssim'.*stlpips.*lpips-vgg"):
        resolve_distance("ssim", has_features=True)
    with pytest.raises(
        SettingsError, match=r"'fid'.*realism, piqe, maniqa, none, any no-reference"
    ):
        resolve_quality("fid", 256)
    with pytest.raises(SettingsError, match="'stlpips'"):  # a distance is no quality metric
        resolve_quality("stlpips", 256)


def test_a_download_of_what_is_here_changes_nothing() -> None:
    for key in ("efficientnet-lite0", "stlpips", "none", "piqe"):
        assert download(key).ready


@pytest.fixture
def no_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is resolved, as on a machine without a network."""
    import socket

    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", fail)


@pytest.mark.models
@pytest.mark.parametrize(
    "key", ["clip", "lpips", "maniqa", "musiq", "timm:resnet18.a1_in1k", "open_clip:RN50:openai"]
)
def test_an_unreachable_hub_is_one_sentence(
    key: str, empty_cache: Path, no_way_out: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pyiqa.utils.download_util as downloads

    monkeypatch.setattr(downloads, "DEFAULT_CACHE_DIR", str(empty_cache / "pyiqa"))
    with pytest.raises(ModelError, match=f"^{key} could not be downloaded: .*Check the connection"):
        download(key)
    assert key not in MODELS or not MODELS[key].where()


@pytest.mark.models  # pyiqa, timm and open_clip are asked whether they know it
def test_a_download_of_an_unknown_name_says_so() -> None:
    with pytest.raises(SettingsError, match="'nothing'"):
        download("nothing")
    with pytest.raises(ModelError, match="'resnet5O'"):
        download("timm:resnet5O")
    with pytest.raises(ModelError, match="'nosuchtag'"):
        download("open_clip:RN50:nosuchtag")


@pytest.mark.models
def test_load_embedder_dispatches(empty_cache: Path) -> None:
    assert load_embedder("auto").key == "efficientnet-lite0"
    with pytest.raises(ModelError, match="models download clip"):
        load_embedder("clip")
    with pytest.raises(ModelError, match="models download timm:resnet18"):
        load_embedder("timm:resnet18")
    with pytest.raises(SettingsError, match="'vgg'"):
        load_embedder("vgg")


@pytest.mark.models
def test_the_embedded_defaults_never_import_pyiqa() -> None:
    code = (
        "import sys, numpy as np; "
        "from gmv_core.method import realism; from gmv_core.models import choice as c; "
        "e = c.load_embedder('efficientnet-lite0'); e(np.zeros((1, 128, 128, 3), np.uint8)); "
        "c.resolve_quality('auto', 64); c.resolve_distance('auto', has_features=True); "
        "print([m for m in sys.modules if m.startswith('pyiqa')])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
