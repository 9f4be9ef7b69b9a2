"""The truth benchmarks: gradients against hand computation, scores against known truths."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("captum")

from benchmarks.kit.data import Images
from benchmarks.truth.generators import flow, vae
from benchmarks.truth.generators.stack import Stack, Training
from benchmarks.truth.generators.vae import VAE, Recipe, negative_elbo, train
from benchmarks.truth.gradients.of_vae import Checkpoints, _with_noise, self_influence, tracin
from benchmarks.truth.retraining import removal
from benchmarks.truth.retraining.baselines import planted
from benchmarks.truth.retraining.lds import Judge
from benchmarks.truth.retraining.linear import Linear
from benchmarks.truth.retraining.methods import (
    nearest_matrix,
    pixel_distances,
    product_matrix,
    qualities,
    same_class,
    write_source,
)
from benchmarks.truth.retraining.rank_scores import ceiling, resamples, score
from benchmarks.truth.retraining.retraining import halves, mixed, outputs
from benchmarks.truth.retraining.setting import Setting
from gmv_core import MatchSettings, RunSettings, ValueSettings, build, open_run, open_source, value
from gmv_core.method.value import contributor_weights
from gmv_core.settings import InfluenceSettings
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder

RECIPE = Recipe(epochs=3, hidden=8, batch=16, rate=4e-3, decay=True)
N, M = 40, 6


def images(count: int, seed: int) -> Images:
    """Draw grey images of 4 × 4 pixels in two classes that differ in brightness."""
    rng = np.random.default_rng(seed)
    classes = np.arange(count) % 2
    pixels = rng.integers(0, 100, (count, 4, 4, 1)) + 140 * classes[:, None, None, None]
    return Images(pixels.astype(np.uint8), classes, ("0", "1"))


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    trained = train(images(N, 0), seed=1, recipe=RECIPE, checkpoint_epochs=(1, 3))
    return Setting(images(N, 0), images(M, 1), trained, RECIPE, tmp_path)


def gradient(model: VAE, state: dict[str, torch.Tensor], inputs: list[torch.Tensor]) -> np.ndarray:
    model.load_state_dict(state)
    model.zero_grad()
    x, classes, noise = (part[None] for part in inputs)
    negative_elbo(model(x, classes, noise), x).sum().backward()
    return torch.cat([p.grad.flatten() for p in model.parameters()]).double().numpy()


def test_tracin_is_the_sum_over_checkpoints_of_rate_times_gradient_products(
    setting: Setting,
) -> None:
    trained = setting.trained
    checkpoints = Checkpoints.of(trained, RECIPE)
    found = tracin(checkpoints, setting.training, setting.generated, seed=4)
    training, generated = (
        _with_noise(setting.training, seed=4),
        _with_noise(setting.generated, seed=5),
    )
    expected, own = np.zeros((M, N)), np.zeros(N)
    for state, rate in zip(trained.checkpoints, trained.rates, strict=True):
        g = np.stack([gradient(trained.model, state, [p[i] for p in training]) for i in range(N)])
        h = np.stack([gradient(trained.model, state, [p[j] for p in generated]) for j in range(M)])
        expected += rate * h @ g.T
        own += rate * (g * g).sum(1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        self_influence(checkpoints, setting.training, seed=4), own, rtol=1e-4
    )


def test_the_rate_of_a_checkpoint_falls_in_a_straight_line() -> None:
    trained = train(images(N, 0), seed=1, recipe=RECIPE, checkpoint_epochs=(1, 2, 3))
    assert trained.rates == pytest.approx([4e-3 * 5 / 6, 4e-3 * 3 / 6, 4e-3 * 1 / 6])


def test_the_score_of_an_additive_truth_is_near_one_and_of_noise_near_zero() -> None:
    rng = np.random.default_rng(0)
    chosen, truth = halves(60, 64, seed=0), rng.normal(size=(M, 60))
    measured = (chosen @ truth.T)[None] + 0.01 * rng.normal(size=(2, 64, M))
    judge = Judge(chosen, measured[:, :, None], seed=0)
    exact, noise = judge.images(truth), judge.images(rng.normal(size=(M, 60)))
    assert exact.value > 0.99 and exact.low > 0.98
    assert abs(noise.value) < 0.2 and noise.low < 0 < noise.high
    assert judge.images(-truth).value == pytest.approx(-exact.value, abs=1e-6)
    assert judge.whole(truth).value > 0.99
    shifted = judge.images(truth + 5)  # halves have equal sizes: a constant cannot matter
    assert shifted.value == pytest.approx(exact.value, abs=1e-6)


def test_scores_equal_scipy_and_a_constant_prediction_scores_zero() -> None:
    from scipy.stats import spearmanr

    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 5, (32, M)).astype(float), rng.normal(size=(32, M))
    draws = resamples(32, M, draws=10, seed=0)
    expected = np.mean([spearmanr(a[:, j], b[:, j])[0] for j in range(M)])
    assert score(a, b, draws).value == pytest.approx(expected)
    assert score(np.ones((32, M)), b, draws).value == 0


def test_what_another_prediction_says_already_is_taken_out() -> None:
    rng = np.random.default_rng(3)
    known, own = rng.normal(size=(2, 400, M))
    outputs, draws = known + own, resamples(400, M, draws=10, seed=0)
    through = known + 0.5 * rng.normal(size=known.shape)  # says of the outputs what `known` does
    assert score(through, outputs, draws).value > 0.5
    assert abs(score(through, outputs, draws, beyond=known).value) < 0.1
    assert score(own, outputs, draws, beyond=known).value > 0.9
    assert score(known, outputs, draws, beyond=known).value == 0


def test_the_ceiling_is_one_for_equal_seeds_and_near_zero_for_unrelated_ones() -> None:
    rng = np.random.default_rng(2)
    same = np.repeat(rng.normal(size=(1, 64, M)), 4, axis=0)
    assert ceiling(same)["highest LDS to expect"] == 1
    assert abs(float(ceiling(rng.normal(size=(4, 64, M)))["one seed"])) < 0.15


def test_rows_of_our_matrix_add_up_to_quality_and_hold_the_runs_values(
    workspace: Workspace, embedder: Embedder, tmp_path: Path
) -> None:
    for name, count in (("training", N), ("generated", M)):
        path = write_source(tmp_path / f"{name}.npz", images(count, len(name)))
        build(workspace, open_source(path), name=name, embedder=embedder)
    settings = RunSettings(MatchSettings(20, "features", "realism"), ValueSettings(k=5))
    value(workspace, "generated", against="training", name="run", settings=settings,
          embedder=embedder)  # fmt: skip
    result = open_run(workspace, "run")
    made = product_matrix(result)
    np.testing.assert_allclose(made.sum(1), qualities(result))
    assert ((made > 0).sum(1) <= 5).all()
    np.testing.assert_allclose(made.sum(0), result.values_table()["value"].to_numpy())
    unweighted = product_matrix(result, ValueSettings(k=3, quality_weighting=False))
    np.testing.assert_allclose(unweighted.sum(1), 1)


def test_the_nearest_share_a_row_by_softmax() -> None:
    distances = np.array([[3.0, 1.0, 2.0, 9.0]])
    made = nearest_matrix(distances, ValueSettings(k=2), np.array([0.5]))
    weights = contributor_weights(np.array([[1.0, 2.0]], np.float32), 1.0)[0]
    np.testing.assert_allclose(made, [[0, 0.5 * weights[0], 0.5 * weights[1], 0]])


def test_pixel_distances_and_the_label_alone() -> None:
    training, generated = images(N, 0), images(M, 1)
    x, g = training.pixels[7] / 255.0, generated.pixels[2] / 255.0
    assert pixel_distances(training, generated)[2, 7] == pytest.approx(np.linalg.norm(x - g))
    assert same_class(training, generated)[2, 8] == 1
    assert same_class(training, generated)[2, 7] == 0


def test_removal_takes_from_the_right_end() -> None:
    phi, far = np.array([0.0, 3.0, 0.0, 1.0, 2.0, 0.5]), np.array([1.0, 1, 2, 1, 1, 1])
    assert set(removal.top(phi, far)(2, 0)) == {1, 4}
    assert removal.bottom(phi, far)(2, 0).tolist() == [2, 0]  # the tie: the farther goes first
    order = np.array([2, 0, 5, 3, 4, 1])
    classes = np.array([0, 1, 0, 1, 0, 1])
    assert set(removal.per_class(order, classes)(2, 0)) == {4, 1}
    assert set(removal.per_class(order, classes)(3, 0)) == {4, 0, 1}
    random = removal.drawn(100)
    assert len(set(random(10, 1))) == 10 and set(random(10, 1)) != set(random(10, 2))


def test_differences_are_paired() -> None:
    mean, half = removal.difference(np.array([1.0, 2.0, 3.0]))
    assert mean == pytest.approx(2) and half == pytest.approx(4.303 / 3**0.5, rel=1e-3)


def test_a_retraining_is_done_once_and_depends_on_its_rows_and_seeds(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.arange(20)
    first = outputs(setting, [Training(rows, 1, 1), Training(rows + 20, 1, 1)])
    assert first.shape == (2, M) and not np.allclose(first[0], first[1])
    monkeypatch.setattr(
        "benchmarks.truth.generators.vae.train", None
    )  # nothing may be trained again
    again = outputs(setting, [Training(rows, 1, 1), Training(rows + 20, 1, 1)])
    np.testing.assert_array_equal(first, again)
    with pytest.raises(TypeError):
        outputs(setting, [Training(rows, 1, 2), Training(rows + 20, 1, 1)])


def test_halves_are_halves_and_seeds_do_not_collide() -> None:
    chosen = halves(40, 10, seed=0)
    assert (chosen.sum(1) == 20).all()
    assert len({mixed(0, s, h) for s in range(20) for h in range(50)}) == 1000


def test_planted_noise_touches_five_percent() -> None:
    clean = images(N, 0)
    spoilt, noisy = planted(clean, 0.5, seed=0)
    changed = (spoilt.pixels != clean.pixels).any(axis=(1, 2, 3))
    assert noisy.sum() == 2 and (changed == noisy).all()


def test_predicted_influence_is_near_the_change_of_refitting_on_halves() -> None:
    training, generated = images(400, 0), images(M, 1)
    linear = Linear(training, generated, InfluenceSettings(4, 3.0))
    chosen = halves(400, 32, seed=0)
    measured = -linear.without(chosen)
    judge = Judge(chosen, measured[None, :, None], seed=0)
    assert judge.images(linear.matrix()).value > 0.9
    assert Linear(training, generated, linear.settings, one_mean=True).matrix().shape == (M, 400)


def test_models_side_by_side_are_those_trained_alone() -> None:
    training, generated = images(60, 0), images(M, 1)
    trainings = [Training(np.arange(k, k + 30), seed=k, start_seed=5) for k in range(3)]
    recipes: list[tuple[ModuleType, Any]] = [
        (vae, Recipe(epochs=2, hidden=8, batch=16)),
        (flow, flow.Recipe(steps=3, batch=8, fine=8, coarse=8)),
    ]
    for module, recipe in recipes:
        stack = module.train_many(training, trainings, recipe=recipe, device="cpu")
        alone = module.train_many(training, trainings[1:2], recipe=recipe, device="cpu")
        told = {"beta": 1.0} if module is vae else {}
        both = [module.losses(each, generated, **told) for each in (stack, alone)]
        np.testing.assert_allclose(both[0][1], both[1][0], rtol=2e-3)
        assert (both[0][0] != both[0][1]).all()


def test_a_model_of_a_stack_is_the_module_with_its_weights() -> None:
    torch.manual_seed(0)
    models = [flow.Flow((8, 8, 1), 10, 8, 8) for _ in range(2)]
    for model in models:
        model.channels_last = False
        for weights in model.parameters():
            torch.nn.init.normal_(weights, std=0.1)
    inputs = (torch.randn(4, 1, 8, 8), torch.rand(4), torch.arange(4))
    stack = Stack(models, "cpu")
    found = stack(*stack.shared(inputs))
    for model, one in zip(models, found, strict=True):
        torch.testing.assert_close(one, model(*inputs))
