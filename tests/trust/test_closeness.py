"""C_T of Meehan et al.: below 0 where the generated images are closer, else near 0."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from gmv_core.trust.closeness import LEAST, cells_of, closeness


def test_one_cell_is_the_test_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random(40), rng.random(50) + 0.1
    cell = [np.zeros(n, np.int64) for n in (7, 40, 50)]
    found = closeness(a, b, (cell[0], cell[1], cell[2]))
    wanted = mannwhitneyu(a, b, alternative="less", method="asymptotic", use_continuity=False)
    assert found is not None and found.score < 0
    assert found.p == pytest.approx(wanted.pvalue)


def test_it_looks_within_cells() -> None:
    """Generated images fall into the sparse cell more often, and are close for that cell."""
    rng = np.random.default_rng(1)
    in_a, in_b = rng.random(300), 10 + rng.random(300)
    generated = np.concatenate([0.8 * in_a[:50], in_b[:200] - 0.4])
    held = np.concatenate([in_a[50:250], in_b[200:250]])
    counts = ([50, 50], [50, 200], [200, 50])
    cells = tuple(np.repeat([0, 1], count) for count in counts)
    found = closeness(generated, held, (cells[0], cells[1], cells[2]))
    assert found is not None and found.score < -3 and found.p < 0.001
    whole = tuple(np.zeros(len(c), np.int64) for c in cells)
    pooled = closeness(generated, held, (whole[0], whole[1], whole[2]))
    assert pooled is not None and pooled.score > 0, "without cells it would be the other way"


def test_its_p_is_uniform_where_both_are_alike() -> None:
    ps = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        cells = tuple(rng.integers(0, 3, n) for n in (60, 60, 60))
        found = closeness(rng.random(60), rng.random(60), (cells[0], cells[1], cells[2]))
        assert found is not None
        ps.append(found.p)
    assert abs((np.array(ps) <= 0.1).mean() - 0.1) < 0.08
    few = np.zeros(LEAST - 1, np.int64)
    assert closeness(few * 1.0, few * 1.0, (few, few, few)) is None


def test_cells_are_of_all_three() -> None:
    rng = np.random.default_rng(0)
    centres = np.eye(8, dtype=np.float32)[:2] * 5
    x = [centres[rng.integers(0, 2, n)] + rng.normal(size=(n, 8)).astype(np.float32) * 0.1
         for n in (200, 30, 40)]  # fmt: skip
    cells = cells_of(x[0], x[1], x[2])
    for vectors, cell in zip(x, cells, strict=True):
        first = vectors[:, 0] > 2.5
        assert set(cell[first]).isdisjoint(cell[~first])


def test_few_images_are_one_cell_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    rows = np.random.default_rng(0).random((14, 4)).astype(np.float32)
    assert {tuple(np.unique(cell)) for cell in cells_of(rows, rows[:3])} == {(0,)}
    said = capfd.readouterr()
    assert said.out + said.err == ""
