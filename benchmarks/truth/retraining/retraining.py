"""Retraining: the generator trained again on a part of its training images, hundreds of times.

What is measured of a retrained model is −loss on the generated images that were valued, with the
same noise for all models. A training is named by all that goes into it, and what it gave is kept
under that name, so whatever ends the work, the next start goes on behind it. Several processes may
be started on the same work folder: they visit the trainings in orders of their own. On a GPU many
are trained side by side.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.truth.generators import flow, vae
from benchmarks.truth.generators.stack import Stack, Training
from benchmarks.truth.retraining.setting import Setting, write_arrays
from gmv_core.types import Float64

CHUNK = 8  # trainings that are kept together
SIDE_BY_SIDE = 128  # trainings at once on a GPU


def outputs(setting: Setting, trainings: Sequence[Training]) -> Float64:
    """Return −loss of each generated image under each retrained model, (trainings, m)."""
    return level_outputs(setting, trainings).mean(1)


def train_missing(setting: Setting, groups: Sequence[Sequence[Training]]) -> None:
    """Train what several calls of `outputs` will ask for; on a GPU all of it side by side."""
    if setting.device != "cpu":
        chunks = [group[i : i + CHUNK] for group in groups for i in range(0, len(group), CHUNK)]
        paths = [setting.folder / f"{_name(setting, chunk)}.npz" for chunk in chunks]
        missing = [c for c, path in zip(chunks, paths, strict=True) if not path.exists()]
        _train_side_by_side(setting, missing)


def level_outputs(setting: Setting, trainings: Sequence[Training]) -> Float64:
    """Return the same by level of noise, (trainings, levels, m); a VAE has one."""
    chunks = [trainings[i : i + CHUNK] for i in range(0, len(trainings), CHUNK)]
    paths = [setting.folder / f"{_name(setting, chunk)}.npz" for chunk in chunks]
    order = np.random.default_rng(os.getpid()).permutation(len(chunks))
    train_missing(setting, [trainings])
    for i in order:
        if not paths[i].exists():
            found = [_output(setting, each) for each in chunks[i]]
            write_arrays(paths[i], outputs=np.stack(found).astype(np.float32))
    parts = []
    for path in paths:
        with np.load(path) as kept:
            parts.append(kept["outputs"])
    return np.concatenate(parts).astype(np.float64)


def _output(setting: Setting, training: Training) -> Float64:
    images = setting.training.take(training.rows)
    seeds = {"seed": training.seed, "start_seed": training.start_seed}
    if isinstance(setting.recipe, flow.Recipe):
        trained = flow.train(images, recipe=setting.recipe, **seeds)
        return -flow.losses(trained.model, setting.generated)
    model = vae.train(images, recipe=setting.recipe, **seeds).model
    return -vae.losses(model, setting.generated, beta=setting.recipe.beta)[None]


def _train_side_by_side(setting: Setting, chunks: Sequence[Sequence[Training]]) -> None:
    """Train what is missing in large groups and keep it chunk by chunk.

    A group holds trainings of the same number of steps.
    """
    groups: dict[int, list[Sequence[Training]]] = {}
    for chunk in chunks:
        groups.setdefault(_steps(setting, chunk), []).append(chunk)
    for group in groups.values():
        for first in range(0, len(group), SIDE_BY_SIDE // CHUNK):
            some = group[first : first + SIDE_BY_SIDE // CHUNK]
            found = _outputs_of_many(setting, [each for chunk in some for each in chunk])
            for chunk in some:
                part, found = found[: len(chunk)], found[len(chunk) :]
                path = setting.folder / f"{_name(setting, chunk)}.npz"
                write_arrays(path, outputs=part.astype(np.float32))


def _steps(setting: Setting, chunk: Sequence[Training]) -> int:
    batch = setting.recipe.batch
    return 0 if isinstance(setting.recipe, flow.Recipe) else -(-len(chunk[0].rows) // batch)


def _outputs_of_many(setting: Setting, trainings: Sequence[Training]) -> Float64:
    """Return −loss, (trainings, levels, m), of models trained side by side."""
    torch.set_float32_matmul_precision("high")
    told = {"recipe": setting.recipe, "device": setting.device}
    if isinstance(setting.recipe, flow.Recipe):
        return -flow.losses(flow.train_many(setting.training, trainings, **told), setting.generated)
    stack: Stack = vae.train_many(setting.training, trainings, **told)
    return -vae.losses(stack, setting.generated, beta=setting.recipe.beta)[:, None]


def _name(setting: Setting, trainings: Sequence[Training]) -> str:
    told = hashlib.sha256(f"{setting.generator} {setting.device} {setting.digest}".encode())
    for each in trainings:
        told.update(each.rows.astype(np.int64))
        told.update(f"{each.seed} {each.start_seed}".encode())
    return told.hexdigest()[:32]


def halves(n: int, count: int, *, seed: int) -> np.ndarray:
    """Return random halves of n training images, (count, n) bool."""
    rng = np.random.default_rng(seed)
    chosen = np.zeros((count, n), bool)
    for row in chosen:
        row[rng.permutation(n)[: n // 2]] = True
    return chosen


def half_outputs(setting: Setting, chosen: np.ndarray, seeds: int, *, seed: int) -> Float64:
    """Return the outputs on each half for each seed, (seeds, halves, levels, m).

    All halves start from the same weights under a seed (common random numbers): what the first
    weights do to an image is then the same for all of them and leaves their order alone.
    """
    trainings = [
        Training(np.flatnonzero(rows), seed=mixed(seed, s, h), start_seed=mixed(seed, s))
        for s in range(seeds)
        for h, rows in enumerate(chosen)
    ]
    found = level_outputs(setting, trainings)
    return found.reshape(seeds, len(chosen), *found.shape[1:])


def mixed(*parts: int) -> int:
    """Return one seed for a combination of seeds."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])
