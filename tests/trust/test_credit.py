"""Credit for convincing matches alone: what is left is unattributed, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace as changed

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gmv_core import ValueSettings, Workspace, WorkspaceError, open_run
from gmv_core.method.value import Basis, hand_out
from gmv_core.results.repeated import unattributed_interval
from gmv_core.store.manifests import RunManifest
from gmv_core.trust.credit import QUANTILE, reach_of
from gmv_core.trust.null import read_null
from tests.built import write_copied_run

CONVINCING = ValueSettings(k=3, credit="convincing")


def test_by_hand() -> None:
    candidates, d = (
        np.array([[0, 1, 2]] * 3),
        np.array([[1, 2, 3], [1, 1, 9], [5, 6, 7]], np.float32),
    )
    handed = hand_out(candidates, d, np.array([1, 0.6, 0.5]), CONVINCING, Basis(reach=2.0))
    weights = np.exp(-d[0] + 1) / np.exp(-d[0] + 1).sum()
    assert handed.credit[0].tolist() == pytest.approx([weights[0], weights[1], 0])
    assert handed.unattributed[0] == pytest.approx(weights[2])
    assert handed.effective[1] == pytest.approx(2)
    assert handed.credit[2].tolist() == [0, 0, 0]
    assert handed.unattributed[2] == pytest.approx(0.5)
    assert handed.effective[2] == 0


@given(st.floats(0, 12), st.integers(0, 2**16), st.booleans())
def test_value_and_unattributed_are_the_quality(reach: float, seed: int, weighting: bool) -> None:
    rng = np.random.default_rng(seed)
    d = np.sort(rng.uniform(0, 10, (5, 4)).astype(np.float32), axis=1)
    d[0, 2:] = d[1] = np.inf
    q = np.array([*rng.uniform(size=4), np.nan])
    settings = ValueSettings(k=3, quality_weighting=weighting, credit="convincing")
    handed = hand_out(np.tile(np.arange(4), (5, 1)), d, q, settings, Basis(reach=reach))
    total = np.nan_to_num(q).sum() if weighting else 5
    assert handed.credit.sum() + handed.unattributed.sum() == pytest.approx(total)
    paper = hand_out(np.tile(np.arange(4), (5, 1)), d, q, ValueSettings(k=3), Basis(reach=reach))
    assert (paper.unattributed[[0, 2, 3]] == 0).all()


@pytest.fixture
def run(workspace: Workspace, copied: Callable[..., None]) -> Workspace:
    copied(write_copied_run)
    return workspace


def test_a_run_read_so(run: Workspace) -> None:
    result = open_run(run, "run", settings=ValueSettings(credit="convincing"))
    null = read_null(result.training, result.manifest.null)
    assert reach_of(null) == pytest.approx(np.quantile(null.nearest.distance[:, 0], QUANTILE))
    told, plain = result.totals(), open_run(run, "run").totals()
    assert told.value + told.unattributed == pytest.approx(told.quality)
    assert 0 < told.unattributed < told.quality and plain.unattributed == 0
    table = result.generated_table(("unattributed",))
    assert table["unattributed"].sum() == pytest.approx(told.unattributed)
    low, high = unattributed_interval(result)
    assert 0 <= low <= told.unattributed / told.quality <= high <= 1
    even = changed(result, settings=changed(result.settings, quality_weighting=False))
    assert even.totals().value + even.totals().unattributed == pytest.approx(12)
    low, high = unattributed_interval(even)
    assert 0 <= low <= even.totals().unattributed / 12 <= high <= 1
    parts = [one for batch in result.matches_batches() for one in batch.itertuples()]
    assert all((one.value == 0) != one.convincing for one in parts)


def test_without_unseen_images_it_cannot_be(run: Workspace) -> None:
    record = run.run("run")
    manifest: RunManifest = record.manifest()
    record.write_manifest(replace(manifest, null=None))
    with pytest.raises(WorkspaceError, match="needs unseen real images"):
        open_run(run, "run", settings=CONVINCING).totals()
