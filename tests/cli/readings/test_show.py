"""The command show."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("small_commits")


def test_show(ready: Command) -> None:
    shown = ready("show", "run", "--json").json
    assert shown["value"]["k"] == 3
    found = ready("show", "run", "--image", "0004.png", "--json").json
    assert found["generated"] == "0004.png"
    assert [c["rank"] for c in found["contributors"]] == [1, 2, 3]
    assert list(found["contributors"][0]) == [
        "training", "row", "rank", "recall_rank", "distance", "weight", "value", "label", "owner",
        "exact", "convincing", "shared_by",
    ]  # fmt: skip
    assert sum(c["weight"] for c in found["contributors"]) == pytest.approx(1)
    more = ready("show", "run", "--image", "0004.png", "--k", 5, "--temperature", 0.1, "--json")
    assert len(more.json["contributors"]) == 5
    assert more.json["contributors"][0]["weight"] > found["contributors"][0]["weight"]
    assert ready("show", "run", "--image", "0009.png", "--json").json["contributors"] == []
    told = ready("show", "run", "--image", "0004.png").out
    assert "Closest training images" in told
    assert "Ada [1]" in told


def test_show_tells_the_totals_of_the_settings_shown(ready: Command) -> None:
    shown = ready("show", "run", "--k", 1, "--json").json
    assert shown["value"]["k"] == 1
    assert shown["totals"]["effective_contributors"] == 1
    assert (
        "Effective contributors of a generated image: 1 of 1" in ready("show", "run", "--k", 1).out
    )
