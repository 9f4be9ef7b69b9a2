"""Checkpoint files of hub embedders: a key taken apart, its file checked, the network wrapped.

A checkpoint may be written `path#digest` (the first 12 digits of its SHA-256): that is what the
embedder's key holds, so that a file changed since is noticed instead of mixed with older vectors.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gmv_core.errors import ModelError
from gmv_core.models.embedders.embedder import NetworkEmbedder
from gmv_core.models.network import compile_network
from gmv_core.models.weights import digest
from gmv_core.types import Embedder

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Spec:
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


def parse(spec: str, library: str) -> Spec:
    """Take "open_clip:MODEL:TAG" or "timm:NAME[:FILE]" apart.

    Raises ModelError where a part is missing or a checkpoint file is not there.
    """
    _, _, rest = spec.partition(":")
    model, _, last = rest.partition(":")
    if not model or (library == "open_clip" and not last):
        form = {"open_clip": "open_clip:MODEL:TAG or open_clip:MODEL:FILE", "timm": "timm:NAME"}
        raise ModelError(f"The embedder {spec!r} is not complete; write it as {form[library]}.")
    if not last:
        return Spec(spec, model, "", None)
    if library == "open_clip" and not _is_path(last):
        return Spec(spec, model, last, None)
    file = _checkpoint(last)
    return Spec(f"{library}:{model}:{file}#{digest(file)}", model, "", file)


@contextlib.contextmanager
def fits(file: Path) -> Iterator[None]:
    """Turn whatever a library says about an unreadable or unfitting file into a sentence."""
    try:
        yield
    except Exception as error:  # each kind of broken file raises a kind of its own
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise ModelError(
            f"The checkpoint {file} does not fit this model or is broken ({reason[:200]}); give "
            "the file of this very model, or download it again."
        ) from error


def normalised(
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


def network_embedder(
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
    return NetworkEmbedder(key, side_px, dim, None, network, crop)


def unknown(what: str, seen: str, known: list[str]) -> ModelError:
    near = get_close_matches(seen, known, 5, 0.4) or known[:5]
    return ModelError(f"Unknown {what} {seen!r}; choose for instance {', '.join(near)}.")


def absent(key: str) -> ModelError:
    return ModelError(
        f"The weights of {key} are not on this disk; run `python -m gmv_core models download {key}`"
        ", or use the embedder efficientnet-lite0, which comes with its weights."
    )
