"""The commands value and export: what they print, one JSON document, and the files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import Command
from tests.fakes import draw, png, write_images

pytestmark = pytest.mark.usefixtures("small_commits")


def test_value(command: Command, sources: Path) -> None:
    command("build", sources / "train", "--name", "train")
    words = ("value", sources / "made", "--against", "train", "--name", "run", "--distance", "l2")
    first = command(*words, "--json")
    assert first.status == 0
    assert first.json["totals"]["value"] == pytest.approx(first.json["totals"]["quality"])
    assert first.json["inputs"]["matches"]["distance"] == "l2"
    assert len(first.json["top"]) == len(first.json["bottom"]) == 10
    values = [row["value"] for row in first.json["top"]]
    assert values == sorted(values, reverse=True)
    assert [row["rank"] for row in first.json["top"]] == list(range(1, 11))
    assert [row["rank"] for row in first.json["bottom"]] == list(range(20, 10, -1))
    for row in first.json["top"] + first.json["bottom"]:
        assert row["value_low"] <= row["value"] <= row["value_high"] and row["cluster"] == ""
    again = command(*words, "--temperature", "auto", "--no-weighting", "--json")
    assert again.json["reused"] is True
    assert again.json["value"] == {
        "k": 10, "temperature": "auto", "quality_weighting": False, "credit": "paper",
        "duplicates": "each",
    }  # fmt: skip
    assert again.json["totals"]["value"] == pytest.approx(9)
    told = command(*words)
    assert "run: 10 generated images against 20 training images of train." in told.out
    assert "Most valuable training images" in told.out
    recomputed = command(*words[:-1], "none")
    assert "! The matches are computed anew, because distance changed." in recomputed.err


def test_value_takes_the_name_of_a_set(command: Command, sources: Path) -> None:
    command("build", sources / "train", "--name", "train")
    command("build", sources / "made", "--name", "made")
    run = command("value", "made", "--against", "train", "--name", "run", "--json")
    assert run.json["generated"] == {"name": "made", "images": 10, "own": False}


def test_export(ready: Command, sources: Path) -> None:
    folder = sources / "out"
    found = ready("export", "run", folder, "--json")
    assert sorted(found.json["files"]) == sorted(map(str, folder.iterdir()))
    header = {
        "matches": "generated,training,rank,recall_rank,distance,weight,value,convincing",
        "generated": "generated,quality,nearest_distance,effective_contributors,standing,p_copy,"
        "p_far,nearer_than,copy_of,unattributed,stability",
        "values": "training,rank,value,value_low,value_high,times_contributor,times_candidate,"
        "standing,nearest_distance,label,owner,cluster",
    }
    for name, columns in header.items():
        assert (folder / f"{name}.csv").read_text().partition("\n")[0] == columns
        assert list(pd.read_parquet(folder / f"{name}.parquet").columns) == columns.split(",")
    matches = pd.read_csv(folder / "matches.csv")
    assert len(matches) == 9 * 3  # the broken image has none
    values, quality = (
        pd.read_csv(folder / f"{n}.csv")[c]
        for n, c in (("values", "value"), ("generated", "quality"))
    )
    assert values.sum() == pytest.approx(quality.sum())
    assert np.isnan(quality[9])
    assert str(folder / "values.csv") in ready("export", "run", folder).out


def test_valuing_with_influence_and_exporting_all_pairs(ready: Command, tmp_path: Path) -> None:
    told = ready("value", "run-generated", "--against", "train", "--name", "second",
                 "--influence", "--json")  # fmt: skip
    assert told.status == 0 and told.json["seconds"]["influence"] > 0
    written = ready("export", "second", tmp_path / "out", "--all-pairs", "--json").json["files"]
    assert str(tmp_path / "out" / "influence.parquet") in written
    assert len(pd.read_parquet(tmp_path / "out" / "influence.parquet")) == 9 * 20


def test_what_a_terminal_or_a_spreadsheet_would_obey_is_written_out(
    command: Command, tmp_path: Path
) -> None:
    folder = tmp_path / "obey"
    folder.mkdir()
    for i in range(12):
        (folder / f"{i}.png").write_bytes(png(draw(i)))
    labels = ["=HYPERLINK(1)", "+1", "-1", "@x", "\x1b[31mred\x07", "\u202egnp.exe", "plain"]
    rows = [f'{i}.png,"{labels[i % 7]}"' for i in range(12)]
    (folder / "labels.csv").write_text("\n".join(["name,label", *rows]), encoding="utf-8")
    command("build", folder, "--name", "obey")
    command("value", folder, "--against", "obey", "--name", "run", "--k", 3)
    told = command("noisy", "run").out
    assert r"\x1b[31mred\x07" in told and r"\u202egnp.exe" in told
    assert not set(told) & {"\x1b", "\x07", "\u202e"}
    command("export", "run", tmp_path / "out")
    safe = (tmp_path / "out" / "values.csv").read_text(encoding="utf-8")
    assert all(f",'{label}," in safe for label in labels[:4]) and ",plain," in safe
    command("export", "run", tmp_path / "raw", "--raw")
    raw = (tmp_path / "raw" / "values.csv").read_text(encoding="utf-8")
    assert all(f",{label}," in raw for label in labels[:4])


def test_value_says_what_became_of_its_source(ready: Command, sources: Path) -> None:
    """As build does: tables not read, images rejected, labels that do not fit."""
    (sources / "made" / "train.csv").write_text("name,label\nclass0/0000.png,x\n")
    said = ready("value", sources / "made", "--against", "train", "--name", "again", "--k", "3")
    assert said.status == 0 and "Images of again-generated" in said.out
    assert "Rejected: 1 image." in said.out and "class0/0009.png (cut off" in said.out
    assert "train.csv looks like a table of labels" in said.err
    table = sources / "made" / "train.csv"
    said = ready("value", sources / "made", "--against", "train", "--name", "again", "--k", "3",
                 "--labels", table)  # fmt: skip
    assert "looks like a table" not in said.err
    assert "Only 1 of 10 images have a row in the label table" in said.err


def test_value_says_which_split_it_reads(ready: Command, sources: Path) -> None:
    (sources / "made" / "class0").rename(sources / "made" / "train")
    write_images(sources / "made" / "test", 2, first_seed=500)
    said = ready("value", sources / "made", "--against", "train", "--name", "again", "--k", "3")
    assert "Only the split train is read; set aside: test (2 images)." in said.err
    assert "--split all" in said.err
