"""Embedders from timm, by name or by a checkpoint file."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gmv_core.errors import ModelError
from gmv_core.models.weights import digest, hub_file, on_disk_only, reach_hub, torch_hub_folder
from gmv_core.types import Embedder

if TYPE_CHECKING:
    import torch
from gmv_core.models.embedders.checkpoints import (
    Spec,
    absent,
    fits,
    network_embedder,
    normalised,
    parse,
    unknown,
)


def load_timm(spec: str, precision: str = "auto") -> Embedder:
    """Return the pooled features of a timm network.

    spec: "timm:NAME" or "timm:NAME:FILE". Raises ModelError as `load_open_clip` does.
    """
    asked = parse(spec, "timm")
    config = _timm_config(asked)
    file = asked.file or _timm_file(config)
    if file is None:
        raise absent(asked.key)
    name = f"timm {asked.model} {digest(file)}"
    build = partial(_timm_module, asked, file, config)
    return network_embedder(asked.key, build, config["input_size"][1], name, precision, crop=True)


def _timm_config(asked: Spec) -> dict[str, Any]:
    """Return timm's entry for a network."""
    import timm

    if not timm.is_model(asked.model):
        raise unknown("timm network", asked.model, timm.list_models())
    config: dict[str, Any] = timm.get_pretrained_cfg(asked.model).to_dict()
    return config


def _timm_file(config: dict[str, Any]) -> Path | None:
    """Return a timm network's own weights in the hub's or torch hub's cache, or None."""
    if config.get("hf_hub_id"):
        names = [config.get("hf_hub_filename"), "model.safetensors", "pytorch_model.bin"]
        return hub_file(config["hf_hub_id"], [name for name in names if name])
    path = torch_hub_folder() / "checkpoints" / Path(config.get("url") or "").name
    return path if path.is_file() else None


def _timm_module(asked: Spec, file: Path, config: dict[str, Any]) -> torch.nn.Module:
    import timm

    with on_disk_only(), fits(file):
        if asked.file is None:
            # With the classes of its own weights timm loads strictly; the classifier goes after.
            network = timm.create_model(asked.model, pretrained=True)
            network.reset_classifier(0)
        else:
            # A classifier of the user's own classes may be in the file: all but that is taken.
            network = timm.create_model(asked.model, pretrained=False, num_classes=0)
            weights = timm.models.load_state_dict(str(file), weights_only=True)
            network.load_state_dict({key: weights[key] for key in network.state_dict()})
    return normalised(network, config["mean"], config["std"])


def fetch(spec: str) -> None:
    """Download what a key of `load_timm` names; called by models/download.py alone."""
    from huggingface_hub import hf_hub_download

    config = _timm_config(parse(spec, "timm"))
    if not config.get("hf_hub_id"):
        raise ModelError(f"timm has no weights for {spec}; give it a checkpoint file.")
    reach_hub()
    hf_hub_download(config["hf_hub_id"], config.get("hf_hub_filename") or "model.safetensors")
