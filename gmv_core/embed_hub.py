"""Embedders from a model hub: open_clip and timm, by tag or by a checkpoint file.

Nothing here reaches the network: a file is looked for, and a library builds its model under
`weights.on_disk_only`. A network with random weights is worse than raw pixels,
so every tensor must come from the file, or `ModelError` is raised.

A checkpoint may be written `path#digest` (the first 12 digits of its SHA-256): that is what the
embedder's key holds, so that a file changed since is noticed instead of mixed with older vectors.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmv_core.embed import NetworkEmbedder
from gmv_core.errors import ModelError
from gmv_core.network import compile_network
from gmv_core.types import Embedder
from gmv_core.weights import digest, hub_file, on_disk_only, reach_hub, torch_hub_folder

if TYPE_CHECKING:
    import torch

CLIP = ("ViT-B-32", "laion2b_s34b_b79k")  # what the key "clip" stands for
CLIP_REPO = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
CLIP_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


@dataclass(frozen=True)
class _Spec:
    """A key such as open_clip:MODEL:TAG taken apart; `file` is None where the tag names it."""

    key: str
    model: str
    tag: str
    file: Path | None


def _checkpoint(written: str) -> Path:
    """Return the file of `path` or `path#digest`, checked."""
    text, _, expected = written.partition("#")
    path = Path(text).expanduser().absolute()
    if not path.is_file():
        raise ModelError(
            f"There is no checkpoint file at {path}; give the path of an existing one."
        )
    if expected and digest(path) != expected:
        raise ModelError(
            f"The checkpoint {path} has changed: its SHA-256 begins with {digest(path)}, not "
            f"{expected}. Put the old file back, or build again with the new one."
        )
    return path


def _is_path(text: str) -> bool:
    return "/" in text or os.sep in text or Path(text.partition("#")[0]).suffix in {
        ".pt", ".pth", ".bin", ".safetensors", ".ckpt",
    }  # fmt: skip


def parse(spec: str, library: str) -> _Spec:
    """Take "open_clip:MODEL:TAG" or "timm:NAME[:FILE]" apart.

    Raises ModelError where a part is missing or a checkpoint file is not there.
    """
    _, _, rest = spec.partition(":")
    model, _, last = rest.partition(":")
    if not model or (library == "open_clip" and not last):
        form = {"open_clip": "open_clip:MODEL:TAG or open_clip:MODEL:FILE", "timm": "timm:NAME"}
        raise ModelError(f"The embedder {spec!r} is not complete; write it as {form[library]}.")
    if not last:
        return _Spec(spec, model, "", None)
    if library == "open_clip" and not _is_path(last):
        return _Spec(spec, model, last, None)
    file = _checkpoint(last)
    return _Spec(f"{library}:{model}:{file}#{digest(file)}", model, "", file)


def clip_weights() -> Path | None:
    """Return the weights of the key "clip" in the hub's cache, or None; nothing heavy is loaded."""
    return hub_file(CLIP_REPO, CLIP_FILES)


def load_open_clip(spec: str, precision: str = "auto") -> Embedder:
    """Return the image tower of an open_clip model.

    spec: "clip", "open_clip:MODEL:TAG" or "open_clip:MODEL:FILE".
    Raises ModelError: unknown model or tag, weights not on this disk, a file that does not fit.
    """
    asked = _Spec("clip", *CLIP, None) if spec == "clip" else parse(spec, "open_clip")
    config, tag = _open_clip_config(asked)
    file = asked.file or _tag_file(tag)
    if file is None:
        raise _absent(asked.key)
    side_px = config["vision_cfg"].get("image_size", 224)
    if not isinstance(side_px, int):
        raise ModelError(
            f"The model {asked.model} takes images of {side_px} px, not square ones; use another."
        )
    name = f"open_clip {version('open_clip_torch')} {asked.model} {asked.tag} {digest(file)}"
    build = partial(_open_clip_module, asked.model, file, tag)
    crop = tag.get("resize_mode", "shortest") == "shortest"
    return _embedder(asked.key, build, side_px, name, precision, crop=crop)


def _open_clip_config(asked: _Spec) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return open_clip's entries for a model and its tag ({} where a file is given)."""
    import open_clip

    config = open_clip.get_model_config(asked.model)
    if config is None:
        raise _unknown("open_clip model", asked.model, open_clip.list_models())
    tag = open_clip.get_pretrained_cfg(asked.model, asked.tag) if asked.tag else {}
    if asked.tag and not tag:
        tags = open_clip.list_pretrained_tags_by_model(asked.model)
        raise _unknown(f"weights of {asked.model}", asked.tag, tags)
    return config, tag


def _tag_file(tag: dict[str, Any]) -> Path | None:
    """Return the file of an open_clip tag where open_clip itself would have put it, or None."""
    if tag.get("hf_hub"):
        repo, _, name = tag["hf_hub"].rpartition("/")
        return hub_file(repo, [f"{name[:-4]}.safetensors", name] if name else CLIP_FILES)
    path = Path("~/.cache/clip").expanduser() / Path(tag.get("url", "")).name
    return path if path.is_file() else None


def _open_clip_module(model: str, file: Path, tag: dict[str, Any]) -> torch.nn.Module:
    import open_clip
    import torch

    with on_disk_only(), _fits(file):
        clip = open_clip.create_model(
            model,
            pretrained=str(file),
            require_pretrained=True,
            # By a tag's name open_clip only warns where its activation is another.
            force_quick_gelu=tag.get("quick_gelu", False),
            weights_only=True,
        )
    visual = clip.visual
    preprocess = {**visual.preprocess_cfg, **{k: tag[k] for k in ("mean", "std") if k in tag}}

    class ImageTower(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.visual = visual

        def forward(self, x: torch.Tensor) -> Any:  # noqa: ANN401
            # torch's fused attention cannot be traced, so the plain one is: same output.
            fused = torch.backends.mha.get_fastpath_enabled()
            torch.backends.mha.set_fastpath_enabled(False)
            try:
                found = self.visual(x)
            finally:
                torch.backends.mha.set_fastpath_enabled(fused)
            return found[0] if isinstance(found, tuple) else found  # (n, d)

    return _normalised(ImageTower(), preprocess["mean"], preprocess["std"])


def load_timm(spec: str, precision: str = "auto") -> Embedder:
    """Return the pooled features of a timm network.

    spec: "timm:NAME" or "timm:NAME:FILE". Raises ModelError as `load_open_clip` does.
    """
    asked = parse(spec, "timm")
    config = _timm_config(asked)
    file = asked.file or _timm_file(config)
    if file is None:
        raise _absent(asked.key)
    name = f"timm {asked.model} {digest(file)}"
    build = partial(_timm_module, asked, file, config)
    return _embedder(asked.key, build, config["input_size"][1], name, precision, crop=True)


def _timm_config(asked: _Spec) -> dict[str, Any]:
    """Return timm's entry for a network."""
    import timm

    if not timm.is_model(asked.model):
        raise _unknown("timm network", asked.model, timm.list_models())
    config: dict[str, Any] = timm.get_pretrained_cfg(asked.model).to_dict()
    return config


def _timm_file(config: dict[str, Any]) -> Path | None:
    """Return a timm network's own weights in the hub's or torch hub's cache, or None."""
    if config.get("hf_hub_id"):
        names = [config.get("hf_hub_filename"), "model.safetensors", "pytorch_model.bin"]
        return hub_file(config["hf_hub_id"], [name for name in names if name])
    path = torch_hub_folder() / "checkpoints" / Path(config.get("url") or "").name
    return path if path.is_file() else None


def _timm_module(asked: _Spec, file: Path, config: dict[str, Any]) -> torch.nn.Module:
    import timm

    with on_disk_only(), _fits(file):
        if asked.file is None:
            # With the classes of its own weights timm loads strictly; the classifier goes after.
            network = timm.create_model(asked.model, pretrained=True)
            network.reset_classifier(0)
        else:
            # A classifier of the user's own classes may be in the file: all but that is taken.
            network = timm.create_model(asked.model, pretrained=False, num_classes=0)
            weights = timm.models.load_state_dict(str(file), weights_only=True)
            network.load_state_dict({key: weights[key] for key in network.state_dict()})
    return _normalised(network, config["mean"], config["std"])


def fetch(spec: str) -> None:
    """Download what a key of `load_open_clip` or `load_timm` names; see model_download."""
    if spec.startswith("timm:"):
        from huggingface_hub import hf_hub_download

        config = _timm_config(parse(spec, "timm"))
        if not config.get("hf_hub_id"):
            raise ModelError(f"timm has no weights for {spec}; give it a checkpoint file.")
        reach_hub()
        hf_hub_download(config["hf_hub_id"], config.get("hf_hub_filename") or "model.safetensors")
        return
    import open_clip

    asked = _Spec("clip", *CLIP, None) if spec == "clip" else parse(spec, "open_clip")
    _, tag = _open_clip_config(asked)
    if tag.get("hf_hub"):
        reach_hub()
    open_clip.download_pretrained(tag)


@contextlib.contextmanager
def _fits(file: Path) -> Iterator[None]:
    """Turn whatever a library says about an unreadable or unfitting file into a sentence."""
    try:
        yield
    except Exception as error:  # each kind of broken file raises a kind of its own
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"The checkpoint {file} does not fit this model or is broken ({reason[:200]}); give "
            "the file of this very model, or download it again."
        ) from error


def _normalised(
    network: torch.nn.Module, mean: Sequence[float], std: Sequence[float]
) -> torch.nn.Module:
    """Return the module (n, s, s, 3) uint8 → (network's output (n, d),)."""
    import torch

    class Normalised(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network
            self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1) * 255)
            self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1) * 255)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
            x = (x.permute(0, 3, 1, 2).float() - self.mean) / self.std  # (n, 3, s, s)
            return (self.network(x),)

    return Normalised()


def _embedder(
    key: str,
    build: Callable[[], torch.nn.Module],
    side_px: int,
    name: str,
    precision: str,
    *,
    crop: bool,
) -> Embedder:
    network = compile_network(build, side_px=side_px, name=name, precision=precision)
    dim = network(np.zeros((1, side_px, side_px, 3), np.uint8))[0].shape[1]
    return NetworkEmbedder(key, side_px, dim, False, network, crop)


def _unknown(what: str, seen: str, known: list[str]) -> ModelError:
    near = get_close_matches(seen, known, 5, 0.4) or known[:5]
    return ModelError(f"Unknown {what} {seen!r}; choose for instance {', '.join(near)}.")


def _absent(key: str) -> ModelError:
    return ModelError(
        f"The weights of {key} are not on this disk; run `python -m gmv_core models download {key}`"
        ", or use the embedder efficientnet-lite0, which comes with its weights."
    )
