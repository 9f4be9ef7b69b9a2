"""Embedders from open_clip, by tag or by a checkpoint file.

Nothing here reaches the network but `fetch`: a file is looked for, and a library builds its model
under `weights.on_disk_only`. A network with random weights is worse than raw pixels, so every
tensor must come from the file, or `ModelError` is raised.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmv_core.errors import ModelError
from gmv_core.models.embedders.checkpoints import (
    Spec,
    absent,
    fits,
    network_embedder,
    normalised,
    parse,
    unknown,
)
from gmv_core.models.weights import digest, hub_file, on_disk_only, reach_hub
from gmv_core.types import Embedder

if TYPE_CHECKING:
    import torch

CLIP = ("ViT-B-32", "laion2b_s34b_b79k")  # what the key "clip" stands for
CLIP_REPO = "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"
CLIP_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


def clip_weights() -> Path | None:
    """Return the weights of the key "clip" in the hub's cache, or None; nothing heavy is loaded."""
    return hub_file(CLIP_REPO, CLIP_FILES)


def load_open_clip(spec: str, precision: str = "auto") -> Embedder:
    """Return the image tower of an open_clip model.

    spec: "clip", "open_clip:MODEL:TAG" or "open_clip:MODEL:FILE".
    Raises ModelError: unknown model or tag, weights not on this disk, a file that does not fit.
    """
    asked = Spec("clip", *CLIP, None) if spec == "clip" else parse(spec, "open_clip")
    config, tag = _open_clip_config(asked)
    file = asked.file or _tag_file(tag)
    if file is None:
        raise absent(asked.key)
    side_px = config["vision_cfg"].get("image_size", 224)
    if not isinstance(side_px, int):
        raise ModelError(
            f"The model {asked.model} takes images of {side_px} px, not square ones; use another."
        )
    name = f"open_clip {version('open_clip_torch')} {asked.model} {asked.tag} {digest(file)}"
    build = partial(_open_clip_module, asked.model, file, tag)
    crop = tag.get("resize_mode", "shortest") == "shortest"
    return network_embedder(asked.key, build, side_px, name, precision, crop=crop)


def _open_clip_config(asked: Spec) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return open_clip's entries for a model and its tag ({} where a file is given)."""
    import open_clip

    config = open_clip.get_model_config(asked.model)
    if config is None:
        raise unknown("open_clip model", asked.model, open_clip.list_models())
    tag = open_clip.get_pretrained_cfg(asked.model, asked.tag) if asked.tag else {}
    if asked.tag and not tag:
        tags = open_clip.list_pretrained_tags_by_model(asked.model)
        raise unknown(f"weights of {asked.model}", asked.tag, tags)
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

    with on_disk_only(), fits(file):
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

    return normalised(ImageTower(), preprocess["mean"], preprocess["std"])


def fetch(spec: str) -> None:
    """Download what a key of `load_open_clip` names; called by models/download.py alone."""
    import open_clip

    asked = Spec("clip", *CLIP, None) if spec == "clip" else parse(spec, "open_clip")
    _, tag = _open_clip_config(asked)
    if tag.get("hf_hub"):
        reach_hub()
    open_clip.download_pretrained(tag)
