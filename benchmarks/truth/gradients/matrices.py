"""The gradient methods of a setting, each a matrix (m, n) that is kept: TracIn, TRAK, D-TRAK."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from torch import Tensor

from benchmarks.truth.generators import flow, vae
from benchmarks.truth.gradients import of_flow
from benchmarks.truth.gradients.of_vae import Checkpoints, Projection, tracin, trak
from benchmarks.truth.retraining.retraining import ensemble
from benchmarks.truth.retraining.setting import Setting, Sizes, kept
from gmv_core.types import Float64

NOISE_DRAWS = 4  # of VAE-TracIn
TRAK_DIM = 512  # of a VAE's projected gradients
RIDGE = 1.0  # of the flow's TRAK and D-TRAK
States = Callable[[int], list[dict[str, Tensor]]]  # weights of so many models of all images


def gradient_matrices(setting: Setting, size: Sizes, *, seed: int) -> dict[str, Float64]:
    """Return each method's matrix, (m, n), by name."""

    @cache
    def others() -> list[dict[str, Tensor]]:
        return ensemble(setting, size.ensemble - 1, seed=seed)

    def states(count: int) -> list[dict[str, Tensor]]:
        first = setting.trained.model.state_dict()
        return [first, *(others()[: count - 1] if count > 1 else [])]

    if isinstance(setting.trained, vae.Trained):
        return _of_vae(setting, setting.trained, size, states, seed=seed)
    return _of_flow(setting, setting.trained, size, states, seed=seed)


def _of_vae(
    setting: Setting, trained: vae.Trained, size: Sizes, states: States, *, seed: int
) -> dict[str, Float64]:
    beta = setting.recipe.beta
    pair = (setting.training, setting.generated)
    projection = Projection(dim=min(TRAK_DIM, size.n // 2))

    def by_tracin() -> Float64:
        checkpoints = Checkpoints.of(trained, setting.recipe)
        return tracin(checkpoints, *pair, draws=NOISE_DRAWS, seed=seed)

    def by_trak(count: int) -> Float64:
        return trak(
            trained.model, states(count), *pair, beta=beta, projection=projection, seed=seed
        )

    return {
        "VAE-TracIn": kept(setting, f"tracin {NOISE_DRAWS} {seed}", by_tracin),
        **{_named("TRAK", count): kept(setting, f"trak {count} {projection} {seed}",
                                       lambda count=count: by_trak(count))
           for count in (1, size.ensemble)},
    }  # fmt: skip


def _of_flow(
    setting: Setting, trained: flow.Trained, size: Sizes, states: States, *, seed: int
) -> dict[str, Float64]:
    pair = (setting.training, setting.generated)

    def kernel(name: str, at: int) -> Float64:
        def compute() -> Float64:
            output = of_flow.OUTPUTS[name]
            state = states(at + 1)[at]
            return of_flow.kernel(trained.model, state, *pair, output, seed=seed + at)

        return kept(setting, f"{name} kernel {at} {seed}", compute)

    def by_tracin() -> Float64:
        return of_flow.tracin(trained, *pair, seed=seed)

    steps = " ".join(map(str, size.checkpoints))
    made = {"TracIn": kept(setting, f"tracin at {steps} {seed}", by_tracin)}
    for name, counts in (("TRAK", (1, size.ensemble)), ("D-TRAK", (size.ensemble,))):
        kernels = [kernel(name, at) for at in range(size.ensemble)]
        for count in counts:
            made[_named(name, count)] = of_flow.trak(kernels[:count], ridge=RIDGE)
    return made


def _named(method: str, count: int) -> str:
    return f"{method}, {count} model{'s' * (count > 1)}"
