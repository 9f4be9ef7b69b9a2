"""Runs of other generated images, and against other training sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import Workspace, open_run
from gmv_core.results.compared.images import exchange
from gmv_core.results.compared.pair import Pair, pair_of
from gmv_core.results.compared.report import (
    compare_results,
    correlation_sentence,
    exchanged_sentence,
    quality_sentence,
    shares_sentence,
)
from gmv_core.results.compared.shares import shares_beside
from gmv_core.results.shares import group_shares
from tests.built import write_runs_to_compare


@pytest.fixture
def beside(copied: Callable[..., None], tmp_path: Path) -> Callable[[str], Pair]:
    copied(write_runs_to_compare)
    workspace = Workspace(tmp_path / "home")
    return lambda name: pair_of(open_run(workspace, "run"), open_run(workspace, name))


def test_images_are_the_same_by_their_bytes(beside: Callable[[str], Pair]) -> None:
    """The names differ; the three images that either has alone may have the same name."""
    pair = beside("other")
    assert (pair.training.same_set, pair.training.all) == (True, True)
    assert (len(pair.generated), pair.generated.of_first, pair.generated.of_second) == (3, 6, 6)
    digests = [
        r.generated.images.take(rows, ["sha256"])["sha256"].to_pylist()
        for r, rows in ((pair.first, pair.generated.first), (pair.second, pair.generated.second))
    ]
    assert digests[0] == digests[1]
    found = compare_results(pair.first, pair.second)
    assert found.exchanged is not None and found.exchanged.moved == pytest.approx(
        (0, 0, 0), abs=1e-6
    )
    assert "keep their contributors" in exchanged_sentence(found.exchanged)
    assert np.isfinite(found.quality.difference).all()


def test_shares_are_those_of_either_result(beside: Callable[[str], Pair]) -> None:
    pair = beside("other")
    table = shares_beside(pair, "owner").set_index("owner")
    for which, result in (("first", pair.first), ("second", pair.second)):
        own = group_shares(result, "owner").set_index("owner")
        assert table[which].to_dict() == pytest.approx(own["share_of_value"].to_dict())
        assert table[f"low_{which}"].to_dict() == pytest.approx(own["low"].to_dict())
    assert (table["low"] <= table["difference"]).all()
    assert (table["difference"] <= table["high"]).all()


def test_after_cleaning(beside: Callable[[str], Pair]) -> None:
    """Rows are numbered anew in the other set: an image is found by its bytes."""
    pair = beside("cleaned")
    assert (len(pair.training), pair.training.of_second, pair.training.same_set) == (16, 16, False)
    assert pair.generated.all
    found = compare_results(pair.first, pair.second)
    assert "The two sides share 16 training images" in found.limits[0]
    values = pair.second.values_table(("training", "value")).set_index("training")["value"]
    for row in found.movers.to_dict("records"):
        share = values[row["training_second"]] / values.sum()
        assert row["second"] == pytest.approx(share)
    for name in found.images["generated"]:
        one = exchange(pair, name)
        row = found.images.set_index("generated").loc[name]
        assert (len(one.kept), len(one.lost), len(one.gained)) == tuple(
            row[["kept", "lost", "gained"]]
        )


def test_nothing_in_common_is_said_and_not_compared(beside: Callable[[str], Pair]) -> None:
    pair = beside("foreign")
    found = compare_results(pair.first, pair.second)
    assert "have no image in common" in found.limits[0]
    assert found.shares == {} and found.movers.empty and found.images.empty
    assert found.exchanged is None and np.isnan(found.correlation).all()
    assert "Too few" in correlation_sentence(found.correlation)
    assert "Mean quality" in quality_sentence(found.quality)


def test_who_moved_is_said() -> None:
    import pandas as pd

    table = pd.DataFrame(
        {"owner": ["Ada", ""], "first": [0.3, 0.7], "second": [0.5, 0.5], "difference": [0.2, -0.2],
         "low": [0.1, -0.3], "high": [0.3, -0.1]}
    )  # fmt: skip
    assert shares_sentence(table, "owner") == (
        "Clearly different: Ada up from 30 % to 50 %, no owner down from 70 % to 50 %."
    )
    unclear = table.assign(low=-0.1, high=0.3)
    assert "holds 0" in shares_sentence(unclear, "owner")
    assert shares_sentence(table.assign(difference=0.0), "owner") == "No owner's share differs."
