"""One run read with k = 2 and with k = 1: every number can be worked out, see `run_by_hand`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from gmv_core import Result, Workspace
from gmv_core.errors import WorkspaceError
from gmv_core.results.compared.images import exchange, exchanged, exchanges
from gmv_core.results.compared.inputs import Difference, differences, inputs_sentence, limits
from gmv_core.results.compared.pair import Pair, pair_of
from gmv_core.results.compared.report import compare_results
from gmv_core.results.compared.shares import quality_beside, shares_beside, standings_beside
from gmv_core.results.compared.values import correlation_of_values, movers
from tests.built import run_by_hand

BEFORE = np.array([1 / 3, 1 / 6 + 0.45, 0, 0, 0.65])  # φ of a, b, c, d, e at k = 2
AFTER = np.array([0.5, 0.9, 0, 0, 0.2])


@pytest.fixture
def pair(workspace: Workspace) -> Pair:
    first = run_by_hand(workspace)
    return pair_of(first, replace(first, settings=replace(first.settings, k=1)))


def test_what_differs_is_k_alone(pair: Pair) -> None:
    assert differences(pair) == [Difference("Contributors of each image (k)", "2", "1")]
    assert inputs_sentence(pair) == (
        "The same 5 training images, the same 3 generated images; what differs: contributors of "
        "each image (k)."
    )
    assert limits(pair) == []


def test_shares_beside_each_other(pair: Pair) -> None:
    table = shares_beside(pair, "label").set_index("label")
    assert list(table.index) == ["cat", "dog"]
    assert table["first"].tolist() == pytest.approx([0.95 / 1.6, 0.65 / 1.6])
    assert table["second"].tolist() == pytest.approx([1.4 / 1.6, 0.2 / 1.6])
    assert table["difference"].tolist() == pytest.approx([0.45 / 1.6, -0.45 / 1.6])
    # One of three images changes anything: whether the cat gained is not clear.
    assert -1 <= table.at["cat", "low"] < 0
    assert table.at["cat", "difference"] < table.at["cat", "high"] <= 1
    assert table.at["dog", "low"] == pytest.approx(-table.at["cat", "high"])


def test_movers(pair: Pair) -> None:
    table = movers(pair)
    assert table["training"].tolist() == ["dog/e.png", "cat/b.png", "cat/a.png"]
    assert table["first"].tolist() == pytest.approx((BEFORE[[4, 1, 0]] / 1.6).tolist())
    assert table["second"].tolist() == pytest.approx((AFTER[[4, 1, 0]] / 1.6).tolist())
    assert table["rank_first"].tolist() == [1, 2, 3]
    assert table["rank_second"].tolist() == [3, 1, 2]
    rises = table["second"] - table["first"]
    assert table["difference"].tolist() == pytest.approx(rises.tolist())
    # dog/e.png loses 0.45 of one image alone, of a whole of 1.6: by one image nothing is clear.
    low, high = table.loc[0, ["low", "high"]]
    assert low < -0.45 / 1.6 < high and high > 0


def test_the_correlation_is_of_all_training_images(pair: Pair) -> None:
    seen, low, _ = correlation_of_values(pair)
    assert seen == pytest.approx(spearmanr(BEFORE, AFTER).statistic)
    assert np.isnan(low), "of three generated images there is no interval"


def test_contributors_gained_and_lost(pair: Pair) -> None:
    table = exchanges(pair).set_index("generated")
    assert list(table.index) == ["x/two.png", "x/one.png", "y/two.png"]
    assert table["kept"].tolist() == [1, 1, 1]
    assert table["lost"].tolist() == [1, 1, 0]
    assert table["gained"].tolist() == [0, 0, 0]
    assert table["moved"].tolist() == pytest.approx([1 / 2, 1 / 3, 0])
    assert table["same_first"].all()
    found = exchanged(exchanges(pair))
    assert found is not None and found.images == 3
    assert found.kept[0] == pytest.approx(2 / 3)
    assert found.moved[0] == pytest.approx(5 / 18)
    one = exchange(pair, "x/one.png")
    assert [c.training for c in one.kept] == ["cat/a.png"]
    assert [c.training for c in one.lost] == ["cat/b.png"] and one.gained == ()


def test_gained_is_lost_the_other_way_round(pair: Pair) -> None:
    back = exchange(pair_of(pair.second, pair.first), "x/one.png")
    assert [c.training for c in back.gained] == ["cat/b.png"] and back.lost == ()


def test_quality_and_standings(pair: Pair) -> None:
    found = quality_beside(pair)
    assert found.first[0] == found.second[0] == pytest.approx(1.6 / 3)
    assert found.difference == (0, 0, 0)
    assert standings_beside(pair).empty, "it was held against no unseen images"


def test_a_reading_without_some_images(opened: Result) -> None:
    pair = pair_of(opened, opened.leaving_out(["cat/b.png"]))
    assert len(pair.training) == 4 and not pair.training.all
    assert "Training images" in [d.what for d in differences(pair)]
    assert "4 training images" in limits(pair)[0]
    one = exchange(pair, "x/one.png")
    assert ([c.training for c in one.lost], [c.training for c in one.gained]) == (
        ["cat/b.png"],
        ["dog/c.png"],
    )
    assert "cat/b.png" not in movers(pair)["training"].tolist()


def test_a_result_beside_itself(opened: Result) -> None:
    found = compare_results(opened, opened)
    assert found.differences == () and found.limits == () and found.movers.empty
    assert found.correlation[0] == pytest.approx(1)
    shares = shares_beside(pair_of(opened, opened), "label")
    assert (shares[["difference", "low", "high"]] == 0).all(axis=None)
    assert found.summary.endswith("made and read alike.")


def test_an_image_that_only_one_has(pair: Pair) -> None:
    alone = replace(pair, generated=replace(pair.generated, first=pair.generated.first[1:],
                                            second=pair.generated.second[1:]))  # fmt: skip
    with pytest.raises(WorkspaceError, match="has not valued the image"):
        exchange(alone, "x/one.png")
