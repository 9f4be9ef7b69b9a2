"""Which model a key stands for, and its loader.

A key is a row of `MODELS`, "auto", or of an open form: an embedder may be open_clip:MODEL:TAG,
timm:NAME or either with a checkpoint file, a quality metric any no-reference metric of pyiqa.
"""

from __future__ import annotations

from gmv_core.errors import ModelError, unknown_choice
from gmv_core.models.catalogue import MODELS
from gmv_core.models.embedders import from_open_clip, from_timm
from gmv_core.models.embedders.checkpoints import parse
from gmv_core.models.embedders.lite0 import EMBEDDED, load_lite0
from gmv_core.models.network import choose_device
from gmv_core.models.quality import pyiqa_metrics
from gmv_core.types import Embedder

OPEN = ("open_clip:", "timm:")
OPEN_EMBEDDERS = ("open_clip:MODEL:TAG", "open_clip:MODEL:FILE", "timm:NAME", "timm:NAME:FILE")
MANIQA_SIDE_PX = 224


def resolve_embedder(key: str) -> tuple[str, str]:
    """Return the embedder that "auto" stands for, or the one asked for, and why.

    A checkpoint file is named with its digest, as the vectors of its embedder are. Raises
    ModelError where the file is not there or not the one of the digest.
    """
    if key == "auto":
        if MODELS["clip"].where() is not None:
            return "clip", "CLIP's weights are on this disk."
        return EMBEDDED, "CLIP's weights are not on this disk; these come with the packages."
    if key.startswith(OPEN):
        return parse(key, key.partition(":")[0]).key, "It was asked for."
    return _asked("embed", key, [*OPEN_EMBEDDERS])


def resolve_distance(key: str, *, has_features: bool) -> tuple[str, str]:
    """Return the distance that "auto" stands for, or the one asked for, and why.

    has_features: whether the embedder gives perceptual vectors.
    Raises ModelError where "features" is asked of an embedder that has none.
    """
    if key == "auto":
        if has_features:
            return "features", "The embedder gives perceptual vectors in the same pass."
        if MODELS["lpips"].where() is not None:
            return "lpips", "The embedder has no feature maps; LPIPS's weights are on this disk."
        if MODELS["stlpips"].where() is not None:
            return "stlpips", "The embedder has no feature maps; these weights come with a package."
        return "l2", "The embedder has no feature maps, and no perceptual network is installed."
    if key == "features" and not has_features:
        raise ModelError(
            "The distance features needs an embedder with feature maps, and this one gives none; "
            f"embed with {EMBEDDED}, or use stlpips, lpips, l2 or none."
        )
    return _asked("distance", key, [])


def resolve_quality(key: str, side_px: int) -> tuple[str, str]:
    """Return the quality metric that "auto" stands for, or the one asked for, and why.

    side_px: the usual shorter side of the previews, which is what a metric sees.
    """
    if key == "auto":
        if side_px < MANIQA_SIDE_PX:
            return "realism", f"MANIQA needs images of {MANIQA_SIDE_PX} px; these have {side_px}."
        if MODELS["maniqa"].where() is None:
            return "realism", "MANIQA's weights are not on this disk."
        if choose_device() != "cuda":  # measured: minutes an image on two CPU cores
            return "realism", "MANIQA takes minutes an image without a GPU; ask for it by name."
        return "maniqa", "MANIQA's weights are on this disk, and the images are large enough."
    if key == "none" or key in pyiqa_metrics.names():
        return key, "It was asked for."
    return _asked("quality", key, ["none", "any no-reference metric of pyiqa"])


def _asked(step: str, key: str, more: list[str]) -> tuple[str, str]:
    known = [name for name, model in MODELS.items() if model.step == step]
    if key not in known:
        what = {"embed": "embedder", "distance": "distance", "quality": "quality metric"}[step]
        raise unknown_choice(what, key, ["auto", *known, *more])
    return key, "It was asked for."


def load_embedder(key: str, precision: str = "auto") -> Embedder:
    """Return an embedder by its key, "auto" included.

    Raises SettingsError for an unknown key, ModelError where its weights are not on this disk.
    """
    key, _ = resolve_embedder(key)
    if key == EMBEDDED:
        return load_lite0(precision)
    if key.startswith("timm:"):
        return from_timm.load_timm(key, precision)
    return from_open_clip.load_open_clip(key, precision)


def reload_embedder(key: str, precision: str, given: Embedder | None) -> Embedder:
    """Return the embedder that a set was built with.

    key, precision: of the set's manifest. given: the same one from Python, where it came from
    there; raises ModelError where it is another one or was forgotten.
    """
    if given is not None and given.key != key:
        raise ModelError(
            f"The set was built with the embedder {key!r} and {given.key!r} was given; "
            "give the same one."
        )
    if given is None and precision == "own":
        raise ModelError(
            f"The set was built with the embedder {key!r} given from Python; give it again."
        )
    return given or load_embedder(key, precision)
