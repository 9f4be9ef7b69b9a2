"""The gradient methods of a setting, each a matrix (m, n): TracIn, TRAK and, of a flow, D-TRAK.

The products of each model's gradients are kept in the work folder, so what ends the work ends it
for one model at most.
"""

from __future__ import annotations

from functools import cache, partial
from itertools import takewhile
from pathlib import Path

from benchmarks.truth.generators import flow, vae
from benchmarks.truth.gradients.of_flow import OUTPUTS
from benchmarks.truth.gradients.of_vae import elbo_means
from benchmarks.truth.gradients.products import Means, State, against, kernel, tracin, trak
from benchmarks.truth.retraining.retraining import mixed
from benchmarks.truth.retraining.setting import Setting, Sizes, kept, kept_path, read_kept
from gmv_core.types import Float64

# Of TRAK and D-TRAK: of 0.001 to 100 the best for them on the first half of the retrainings, as a
# mean over TRAK on three generators and D-TRAK on one.
RIDGE = 0.1


def gradient_matrices(setting: Setting, size: Sizes, *, seed: int) -> dict[str, Float64]:
    """Return each method's matrix, (m, n), by name."""
    trained, recipe = setting.trained, setting.recipe
    outputs = {"TRAK": elbo_means(recipe.beta)} if isinstance(recipe, vae.Recipe) else OUTPUTS
    counts = {"TRAK": (1, size.ensemble), "D-TRAK": (size.ensemble,)}

    @cache
    def weights(number: int) -> State:
        if number == 0:
            return trained.model.state_dict()
        return _another(setting, seed=mixed(seed, number - 1, 7))

    pair = (setting.training, setting.generated)

    def on_the_way(at: int) -> Float64:
        state = trained.checkpoints[at]
        return against(trained.model, state, *pair, outputs["TRAK"], seed=seed + at)

    def of_model(number: int, means: Means) -> Float64:
        return kernel(trained.model, weights(number), *pair, means, seed=seed + number)

    steps = " ".join(map(str, size.checkpoints))
    found = [kept(setting, f"checkpoint {at} of {steps}, {seed}", partial(on_the_way, at))
             for at in range(len(trained.checkpoints))]  # fmt: skip
    made = {"TracIn": tracin(found, trained.rates)}
    for name, means in outputs.items():
        kernels = [
            kept(setting, kernel_name(name, at, seed), partial(of_model, at, means))
            for at in range(size.ensemble)
        ]
        for count in counts[name]:
            told = f"{name}, {count} model{'s' * (count > 1)}"
            made[told] = trak(kernels[:count], ridge=RIDGE)
    return made


def _another(setting: Setting, *, seed: int) -> State:
    """Return the weights of a generator trained on all images from another seed."""
    train = flow.train if setting.generator == "flow" else vae.train
    return train(setting.training, seed=seed, recipe=setting.recipe).model.state_dict()


def kernel_name(method: str, number: int, seed: int) -> str:
    """Return under which name the products of a model are kept."""
    return f"{method} of model {number}, {seed}"


def kept_kernels(setting: Setting, method: str, most: int, *, seed: int = 0) -> list[Float64]:
    """Return the products of a method's models that are there already, at most so many."""
    paths = [kept_path(setting, kernel_name(method, at, seed)) for at in range(most)]
    return [read_kept(path) for path in takewhile(Path.exists, paths)]
