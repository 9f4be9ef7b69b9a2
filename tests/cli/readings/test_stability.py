"""The command stability."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Command

READY = "gmv_core.criteria.trials.stability.ready_distances"


def test_whose_first_contributor_holds(ready: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(READY, lambda _: ["features", "l2"])
    told = ready("stability", "run", "--json").json
    assert told["readings"] == ["features", "l2", "none"] and len(told["images"]) == 10
    broken = [row for row in told["images"] if row["stability"] is None]
    assert len(broken) == 1 and broken[0]["share_low"] is broken[0]["share_high"] is None
    for row in told["images"]:
        if row not in broken:
            assert 1 <= row["same_first"] <= 3
            assert 0 < row["share_low"] < row["share_high"] <= 1
    said = ready("stability", "run").out
    assert "read by features, l2, none; mean stability" in said
    least = min(told["images"], key=lambda row: (row["stability"] is None, row["stability"]))
    assert f"under {least['same_first']:.0f} of 3 ways" in said
