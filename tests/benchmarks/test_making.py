"""What the scripts of benchmarks/making write into the docs."""

from __future__ import annotations

from typing import Any

from benchmarks.making.influence_tables import TABLES, markdown, written


def figures(score: float) -> dict[str, Any]:
    """The part of a generator's figures that the tables of sums and of gradients read."""
    row = {"method": "predicted influence", "LDS": score, "95 %": "-0.100 … 0.200",
           "set level": -score, "set level 95 %": "-0.300 … 0.100"}  # fmt: skip
    trak = {"method": "TRAK, 1 model", "LDS": score, "95 %": "0.000 … 0.200",
            "less predicted influence": "-0.100 (-0.200 … +0.100)"}  # fmt: skip
    more = trak | {"method": "TRAK, 10 models", "LDS": 0.5}
    return {"methods": [row], "influence": [trak, more],
            "ceiling": [{}, {"highest LDS to expect": 0.9}]}  # fmt: skip


def test_a_table_stands_below_its_mark_and_replaces_the_one_before() -> None:
    told = [figures(0.1 * k) for k in range(1, 5)]
    page = "# A\n\n<!-- table summed -->\n\n| old |\n|---|\n| 1 |\n\nText | with a bar.\n"
    made = written(page, told)
    assert "| old |" not in made and made.startswith("# A\n\n<!-- table summed -->\n\n| summed")
    assert made.endswith("\n\nText | with a bar.\n")
    assert "| **predicted influence** | −0.100, −0.300 to 0.100 | −0.200" in made
    assert written(made, told) == made
    assert written("no mark\n\n| a |\n", told) == "no mark\n\n| a |\n"


def test_what_was_not_measured_has_a_dash_and_differences_their_sign() -> None:
    lines = TABLES["gradients"]([figures(0.1)] * 4)
    assert lines[2] == "| TracIn | – | – | – | – |"
    cell = "0.100, 0.000 to 0.200; −0.100 (−0.200 to +0.100)"
    assert lines[4].startswith("| TRAK (of so many models) | 0.500 (10), 0.000 to 0.200; ")
    assert lines[3] == f"| TRAK, 1 model | {' | '.join([cell] * 4)} |"


def test_an_empty_cell_is_one_space_wide() -> None:
    assert markdown(["", "b"], [["a", ""]]) == ["| | b |", "|---|---|", "| a | |"]
