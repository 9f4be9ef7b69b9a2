"""A run that is shared among workers has the rows of one that is not."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from gmv_core import (
    ClusterError,
    MatchSettings,
    RunSettings,
    ValueSettings,
    Workspace,
    build,
    open_source,
    value,
)
from gmv_core.runs import valuation
from gmv_core.settings import CLUSTER
from gmv_core.trust import null
from tests.fakes import OneByOne, change_json, draw, fake_embedder, png, rows_of, write_images

SETTINGS = [
    RunSettings(),
    RunSettings(MatchSettings(12, "none", "none"), ValueSettings(k=3, duplicates=CLUSTER)),
]


@pytest.fixture
def trained(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with 40 training images, and folders of 11 generated ones and 30 held out."""
    monkeypatch.setattr(valuation, "BLOCK", 4)
    build(workspace, open_source(write_images(tmp_path / "train", 40)), name="train",
          embedder=fake_embedder())  # fmt: skip
    made = write_images(tmp_path / "made", 11, first_seed=100)
    (made / "class1" / "0001.png").write_bytes(png(draw(1))[:70])
    write_images(tmp_path / "held", 30, first_seed=500)
    return workspace


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("given", [True, False])
def test_the_run_is_that_of_one_process(
    trained: Workspace,
    tmp_path: Path,
    settings: RunSettings,
    given: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(null, "BLOCK", 16)
    shared, nulls = OneByOne(), []
    for name, workers in (("here", None), ("there", shared)):
        value(
            trained, open_source(tmp_path / "made"), against="train", name=name,
            held_out=open_source(tmp_path / "held") if given else None, settings=settings,
            embedder=fake_embedder(), workers=workers,
        )  # fmt: skip
        entry = trained.run(name).manifest().null
        assert entry is not None
        table = null.null_table(trained.image_set("train"), entry.key)
        nulls.append(rows_of(table).to_pandas())
        table.drop()
    pd.testing.assert_frame_equal(*nulls, check_exact=True)
    for table in ("matches", "quality", "identical", "generated", "values"):
        one, other = (rows_of(trained.run(name).table(table)) for name in ("here", "there"))
        pd.testing.assert_frame_equal(one.to_pandas(), other.to_pandas(), check_exact=True)
    here, there = (trained.run(name).manifest() for name in ("here", "there"))
    assert here.matching.distance == there.matching.distance
    assert here.judging.quality == there.judging.quality
    # Each set in one batch, matches and quality in blocks of 4, the null in blocks of 16.
    assert shared.batches == (2 + 3 + 3 + 2 if given else 1 + 3 + 3 + 3)


def test_a_machine_that_sees_another_set_matches_nothing(
    trained: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere(OneByOne):
        """Workers that see sets of the same names, created at another time."""

        def in_order(self, load, work, items):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            change_json(trained.image_set("made"), created="2020-01-01T00:00:00.000+00:00")
            yield from super().in_order(load, work, items)

    build(trained, open_source(tmp_path / "made"), name="made", embedder=fake_embedder())
    with pytest.raises(ClusterError, match="does not see"):
        value(trained, "made", against="train", name="run", embedder=fake_embedder(),
              workers=Elsewhere())  # fmt: skip
