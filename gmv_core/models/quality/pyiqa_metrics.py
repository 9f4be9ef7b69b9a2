"""No-reference quality metrics of pyiqa, brought to q in [0, 1] where higher is better.

pyiqa states for each metric a score range and whether lower is better
(pyiqa.default_model_configs.DEFAULT_CONFIGS). One rule maps them all, `to_quality`:

    q = (s − low) / (high − low), clipped to [0, 1];  1 − q where lower is better

so PIQE gives 1 − s/100, MANIQA its own score clipped, NIMA (1…10) (s − 1)/9. A range is sometimes a
rough estimate of pyiqa's ("~0, ~100"); q then orders images rightly and may be squeezed at an end.

pyiqa's licence is non-commercial: nothing here is imported unless one of its metrics is asked for.
"""

from __future__ import annotations

import contextlib
import math
import random
import runpy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from gmv_core.errors import ModelError, unknown_choice
from gmv_core.models.network import choose_device
from gmv_core.models.weights import on_disk_only, quiet, torch_hub_folder, wanted_download
from gmv_core.types import QualityMetric, UInt8

# Shorter sides than these make a metric meaningless. PIQE and BRISQUE rank noisy images of 28-32 px
# above clean ones (measured on Fashion-MNIST); NIQE and IL-NIQE fit patches of 96 and 84 px;
# MANIQA and what stands on ImageNet networks enlarge smaller images to the 224 px of their crops.
MIN_SIDE_PX = {"piqe": 96, "brisque": 96, "niqe": 96, "ilniqe": 96, "maniqa": 224}
MIN_SIDE_ELSE_PX = 96

# They judge a set of images, or an image against a caption: not an image by itself.
NOT_ONE_IMAGE = ("fid", "sfid", "fid_dinov2", "inception_score", "clipscore")


@dataclass(frozen=True)
class PyiqaMetric:
    """A `QualityMetric` around a metric of pyiqa."""

    key: str
    network: Any
    low: float
    high: float
    lower_better: bool

    def __call__(self, image: UInt8, *, seed: int) -> float:
        """Return q of one image (h, w, 3) uint8.

        Raises ModelError where the metric cannot judge an image of this size.
        """
        import torch

        x = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float() / 255
        try:
            with quiet(), seeded(seed), torch.inference_mode():
                found = self.network(x)  # (1, 3, h, w) → one number
        except (RuntimeError, ValueError, AssertionError, IndexError) as error:
            raise self._too_small(image, str(error)) from error
        score = float(found[0] if isinstance(found, tuple) else found)
        if not math.isfinite(score):
            raise ModelError(
                f"The quality metric {self.key} gives this image the score {score} (a flat image "
                "of one colour does that); use realism or none for a set that holds such images."
            )
        return to_quality(score, low=self.low, high=self.high, lower_better=self.lower_better)

    def _too_small(self, image: UInt8, reason: str) -> ModelError:
        height, width = image.shape[:2]
        reason = reason.strip().partition("\n")[0]
        return ModelError(
            f"The quality metric {self.key} cannot judge an image of {width} × {height} px "
            f"({reason}); it needs at least {_min_side_px(self.key)} px a side. For smaller images "
            "use the quality metric realism, or none."
        )


def to_quality(score: float, *, low: float, high: float, lower_better: bool) -> float:
    """Return q in [0, 1], higher is better, of a metric's own score. The one place of direction."""
    q = min(max((score - low) / (high - low), 0.0), 1.0)
    return 1.0 - q if lower_better else q


def parse_range(text: str) -> tuple[float, float] | None:
    """Return the ends of pyiqa's score range ("~0, ~100" → (0, 100)), None where one is open."""
    ends = [part.strip().lstrip("~") for part in text.split(",")]
    if len(ends) != 2 or not all(ends):
        return None
    return float(ends[0]), float(ends[1])


def load_metric(key: str) -> QualityMetric:
    """Return a no-reference metric of pyiqa by its name: piqe, maniqa or any other.

    Raises SettingsError for a name that pyiqa does not know, ModelError where pyiqa or the metric's
    weights are not on this disk, or its scores have no [0, 1] form.
    """
    config = _config(key)
    ends = parse_range(config.get("score_range") or "")
    if ends is None or key in NOT_ONE_IMAGE:
        raise ModelError(
            f"The metric {key} of pyiqa gives no single image a score between two ends (its range "
            f"is {config.get('score_range')!r}); use piqe, maniqa, realism or none."
        )
    network = _network(key)
    return PyiqaMetric(key, network, *ends, lower_better=bool(config.get("lower_better", False)))


def unsuited(key: str, side_px: int) -> str:
    """Return why a metric means little on images whose shorter side is `side_px`, or ""."""
    if key == "entropy":
        return "entropy rises with noise and with blur: it is no measure of quality."
    if key in ("realism", "none"):
        return ""
    needed = _min_side_px(key)
    if side_px >= needed:
        return ""
    trap = " there it ranks noise above clean images;" if key in ("piqe", "brisque") else ""
    return (
        f"{key} is not meant for images below {needed} px a side, and these have {side_px};{trap} "
        "use realism or none."
    )


def _min_side_px(key: str) -> int:
    family = key.partition("-")[0].partition("_")[0]
    return MIN_SIDE_PX.get(key, MIN_SIDE_PX.get(family, MIN_SIDE_ELSE_PX))


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, Any]]:
    """Return pyiqa's table of metrics; its one file is run, as importing pyiqa takes seconds."""
    spec = find_spec("pyiqa")
    folder = next(iter(spec.submodule_search_locations or ()), None) if spec else None
    if folder is None:
        return {}
    table = runpy.run_path(f"{folder}/default_model_configs.py")["DEFAULT_CONFIGS"]
    return {key: row for key, row in table.items() if row["metric_mode"] == "NR"}


def names() -> list[str]:
    """Return pyiqa's no-reference metrics that judge one image; [] where it is not installed."""
    return sorted(key for key in _table() if key not in NOT_ONE_IMAGE)


def _config(key: str) -> dict[str, Any]:
    """Return pyiqa's entry for a no-reference metric."""
    if not _table():
        raise ModelError(
            f"The quality metric {key} needs the package pyiqa, which is not installed; run "
            "`pip install pyiqa` (its licence is non-commercial), or use realism or none."
        )
    if key not in _table():
        raise unknown_choice("quality metric", key, ["realism", "none", *names()])
    return _table()[key]


@lru_cache(maxsize=2)
def _network(key: str) -> Any:  # noqa: ANN401  (pyiqa ships no types)
    try:
        with on_disk_only() as refused:
            network = build(key)
    except Exception as error:  # pyiqa's metrics fail to load in as many ways as there are hubs
        if wanted_download(error):
            raise _absent(key) from error
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"pyiqa cannot load its metric {key} ({reason[:200]}); if a file of it is broken, "
            f"delete it from {torch_hub_folder() / 'pyiqa'} and download it again, or use realism, "
            "piqe or none."
        ) from error
    if refused:
        raise _absent(key)
    return network


def _absent(key: str) -> ModelError:
    return ModelError(
        f"The weights of the quality metric {key} are not on this disk; run "
        f"`python -m gmv_core models download {key}`, or use realism, piqe or none."
    )


def build(key: str) -> Any:  # noqa: ANN401  (pyiqa ships no types)
    """Return pyiqa's metric, from the network if its files are not here: see models/download.py."""
    import pyiqa
    import torch

    device = torch.device("cuda" if choose_device() == "cuda" else "cpu")
    with quiet(), _whole_checkpoint(key):
        return pyiqa.create_metric(key, device=device)


@contextlib.contextmanager
def _whole_checkpoint(key: str) -> Iterator[None]:
    """Spare MANIQA the download of a backbone that its own checkpoint overwrites.

    Its checkpoint is loaded strictly and holds every tensor, so none is left random.
    """
    if not key.startswith("maniqa"):
        yield
        return
    import timm

    create = timm.create_model
    timm.create_model = lambda name, **options: create(name, **{**options, "pretrained": False})
    try:
        yield
    finally:
        timm.create_model = create


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Fix every random draw inside (torch, numpy, random) and leave no trace of it outside."""
    import torch

    devices = [torch.cuda.current_device()] if choose_device() == "cuda" else []
    python, numpy = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=devices):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed every device
        if devices:
            torch.cuda.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)
