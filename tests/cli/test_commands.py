"""The command line: every command, one JSON document on stdout, exit status, one sentence."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gmv_core.demo import make
from gmv_core.store.workspace import Workspace
from gmv_core.types import Progress, Report
from tests.built import write_csv, write_run
from tests.cli.conftest import Command
from tests.fakes import draw, png, write_images

pytestmark = pytest.mark.usefixtures("small_commits")


def test_build_and_build_again(command: Command, sources: Path) -> None:
    first = command("build", sources / "train", "--name", "train", "--json")
    assert first.status == 0
    assert first.json["counts"]["ok"] == 20
    assert first.json["counts"]["owners"] == 1
    assert first.json["reused"] is False
    assert command("build", sources / "train", "--name", "train", "--json").json["reused"] is True
    told = command("build", sources / "train", "--name", "train")
    assert told.out.startswith("train is already built: 20 images.")
    assert "It is a test [bold]." in told.out  # words from outside are no markup
    assert "finds all nearest neighbours" in told.out


def test_build_tells_of_rejected_and_duplicate_images(command: Command, sources: Path) -> None:
    images = sources / "made" / "class0"
    (images / "copy.png").write_bytes((images / "0000.png").read_bytes())
    told = command("build", sources / "made", "--name", "made").out
    assert "made is ready: 10 images." in told
    assert "Rejected: 1 image." in told
    assert "Exact duplicates of others: 1 image." in told


def test_rejected_images_are_named(command: Command, sources: Path) -> None:
    images = sources / "made" / "class0"
    for i in range(7):
        (images / f"x{i}.png").write_bytes(b"no picture" * i)
    told = command("build", sources / "made", "--name", "made").out
    assert "class0/x0.png (0 bytes), class0/x1.png (not an image)" in " ".join(told.split())
    assert "and 3 more: gmv show made --rejected" in " ".join(told.split())
    every = command("show", "made", "--rejected", "--json").json["rejected"]
    assert len(every) == 8 and {row["reason"] for row in every} >= {"0 bytes", "not an image"}
    assert "class0/x6.png" in command("show", "made", "--rejected").out


def test_a_set_of_nothing_but_rejected_images_is_not_ready(command: Command, sources: Path) -> None:
    broken = sources / "broken"
    broken.mkdir()
    for i in range(7):
        (broken / f"{i}.jpg").write_bytes(b"\xff\xd8\xff")
    for _ in range(2):
        told = command("build", broken, "--name", "broken")
        assert told.status == 1 and "ready" not in told.out
        assert "No image of 'broken' could be read: 0.jpg (cut off after 3 bytes)" in told.err
    assert len(command("show", "broken", "--rejected", "--json").json["rejected"]) == 7
    command("build", sources / "made", "--name", "made")
    told = command("value", "made", "--against", "broken", "--name", "run")
    assert told.status == 1 and "No image of 'broken' could be read; give a training" in told.err


def test_where_labels_came_from_is_said(command: Command, sources: Path) -> None:
    told = command("build", sources / "made", "--name", "made").out
    assert "Labels come from the names of the folders: 10 of 10 images got one." in told
    (sources / "t.csv").write_text("name,label\nclass0/0000.png,cat\nnowhere.png,dog\n")
    found = command("build", sources / "made", "--name", "few", "--labels", sources / "t.csv")
    assert "Labels come from t.csv and the names of the folders: 10 of 10" in found.out
    assert "Only 1 of 10 images have a row in the label table" in found.err


def test_splits_and_readings_are_said_and_chosen(command: Command, sources: Path) -> None:
    for split, count in (("train", 6), ("test", 2)):
        write_images(sources / "parts" / split, count)
    told = command("build", sources / "parts", "--name", "parts")
    assert "parts is ready: 6 images." in told.out
    assert "Only the split train is read; set aside: test (2 images)." in told.err
    assert "Passed over: 2 files, image of another split." in told.out
    every = command("build", sources / "parts", "--name", "every", "--split", "all", "--json")
    assert every.json["counts"]["ok"] == 8 and every.json["sources"][0]["split"] == "all"
    assert command("build", sources / "parts", "--name", "x", "--as", "tar").status == 1


def test_add(command: Command, sources: Path) -> None:
    command("build", sources / "train", "--name", "train")
    added = command("add", "train", sources / "more", "--json")
    assert (added.status, added.json["counts"]["images"]) == (0, 26)
    assert "train is already built: 26 images" in command("add", "train", sources / "more").out


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


def test_noisy(ready: Command) -> None:
    found = ready("noisy", "run", "--limit", 7, "--json").json
    assert found["auroc"] is None
    assert [row["rank"] for row in found["ranking"]] == list(range(20, 13, -1))
    auroc = ready("noisy", "run", "--column", "noise", "--json").json["auroc"]
    assert 0 <= auroc <= 1
    told = ready("noisy", "run", "--column", "noise").out
    assert f"AUROC against the known noise: {auroc:.3f}" in told


def test_an_auroc_that_is_undefined_is_null(ready: Command, sources: Path) -> None:
    csv = sources / "flat.csv"
    csv.write_text("name,noise\n" + "\n".join(f"{i:04d}.png,no" for i in range(20)))
    ready("build", sources / "train", "--name", "flat", "--labels", csv)
    ready("value", sources / "made", "--against", "flat", "--name", "flat-run")
    assert ready("noisy", "flat-run", "--column", "noise", "--json").json["auroc"] is None
    told = ready("noisy", "flat-run", "--column", "noise")
    assert "marks 0 of 20 images as noise" in told.err and "AUROC" not in told.out


def test_grades_of_noise_ask_for_a_rule(ready: Command, sources: Path) -> None:
    csv = sources / "graded.csv"
    csv.write_text("name,noise\n" + "\n".join(f"{i:04d}.png,{i % 3}" for i in range(20)))
    ready("build", sources / "train", "--name", "graded", "--labels", csv)
    ready("value", sources / "made", "--against", "graded", "--name", "graded-run")
    asked = ready("noisy", "graded-run", "--column", "noise")
    assert asked.status == 1 and "--noisy-if '>0'" in asked.err
    words = ("noisy", "graded-run", "--column", "noise", "--json", "--noisy-if")
    some, most = ready(*words, ">1").json["auroc"], ready(*words, ">0").json["auroc"]
    assert 0 <= some <= 1 and 0 <= most <= 1 and some != most
    judged = ready("criteria", "graded-run", "--column", "noise", "--noisy-if", ">1", "--json")
    assert judged.json["noise"]["auroc"] == some
    assert ready("noisy", "graded-run", "--noisy-if", ">1").status == 1


def test_export(ready: Command, sources: Path) -> None:
    folder = sources / "out"
    found = ready("export", "run", folder, "--json")
    assert sorted(found.json["files"]) == sorted(map(str, folder.iterdir()))
    header = {
        "matches": "generated,training,rank,recall_rank,distance,weight,value,convincing",
        "generated": "generated,quality,nearest_distance,effective_contributors,standing,p_copy,"
        "p_far,nearer_than,unattributed,stability",
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


def test_list_and_delete(ready: Command) -> None:
    listed = ready("list", "--json").json
    assert [s["name"] for s in listed["sets"]] == ["run-generated", "train"]
    assert [r["name"] for r in listed["runs"]] == ["run"]
    told = ready("list").out
    assert "Image sets" in told
    assert "Runs" in told
    kept = ready("delete", "train", "--json")
    assert (kept.status, kept.json["error"][:36]) == (1, "The set 'train' is used by the run '")
    assert ready("delete", "run", "--json").json == {"deleted": "run", "kind": "run"}
    assert ready("delete", "train").out == "The set train is deleted.\n"
    assert ready("list", "--json").json == {"sets": [], "runs": []}, "its images went with the run"


def test_an_empty_workspace_says_how_to_begin(command: Command) -> None:
    assert "Nothing here yet. Start with `python -m gmv_core demo`" in command("list").out
    assert command("list", "--json").json == {"sets": [], "runs": []}


def test_the_demo(command: Command, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Path] = []

    def draw_training_set(folder: Path, *, report: Report) -> None:
        report(Progress("draw", 0, 20))
        write_images(folder, 20)
        drawn.append(folder)

    monkeypatch.setattr(make, "draw_training_set", draw_training_set)
    monkeypatch.setattr(make, "generated_folder", lambda: sources / "made")
    first = command("demo", "--json")
    assert (first.status, first.json["name"]) == (0, "demo-run")
    assert command("demo", "--json").json["reused"] is True
    assert len(drawn) == 1


def test_models(command: Command) -> None:
    rows = {row["key"]: row for row in command("models", "--json").json}
    assert rows["features"]["ready"] is True
    assert {row["step"] for row in rows.values()} == {"embed", "distance", "quality"}
    assert "what it is" in command("models").out
    # Weights that are there are not fetched again.
    (fetched,) = command("models", "download", "l2", "--json").json
    assert fetched["ready"] is True


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["build", "nowhere", "--name", "x"], "There is nothing at"),
        (["build", "train", "--name", "a/b"], "'a/b' cannot be a name"),
        (["build", "train", "--name", "x", "--index", "flat"], "Unknown index 'flat'; choose one"),
        (["build", "train", "--name", "x", "--precision", "int8"], "Unknown precision 'int8'"),
        (["build", "train", "--name", "x", "--index", "pq"], "needs at least 256 images"),
        (["build", "train", "--name", "x", "--on", "mars"], "Unknown place to work on 'mars'"),
        (["build", "train", "--name", "x", "--ray-address", "head:1"], "give --on ray with it"),
        (["add", "missing", "train"], "There is no set named 'missing'"),
        (["value", "made", "--against", "missing", "--name", "x"], "no set named 'missing'"),
        (["value", "made", "--against", "train", "--name", "x", "--k", "0"], "k is 0; give"),
        (["value", "made", "--against", "train", "--name", "x", "--temperature", "hot"], "'hot'"),
        (["show", "missing"], "There is no run named 'missing'"),
        (["noisy", "run", "--limit", "0"], "limit is 0; give a number of at least 1"),
        (["noisy", "missing"], "There is no run named 'missing'"),
        (["export", "missing", "out"], "There is no run named 'missing'"),
        (["delete", "missing"], "There is no set or run named 'missing'"),
        (["models", "download", "missing"], "missing"),
    ],
)
def test_a_mistake_is_one_sentence(
    command: Command,
    sources: Path,
    words: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(sources)
    told = command(*words)
    assert told.status == 1
    assert told.out == ""
    assert "Traceback" not in told.err
    (line,) = [line for line in told.err.splitlines() if line.startswith("Error:")]
    assert sentence in line
    as_json = command(*words, "--json")
    assert as_json.status == 1
    assert list(as_json.json) == ["error"]
    assert f"Error: {as_json.json['error']}" in as_json.err


@pytest.mark.parametrize(
    "words",
    [["build", "x"], ["value", "x", "--k", "many"], ["nonsense"], ["list", "--nonsense"], ["show"]],
)
def test_wrong_usage_has_status_2(command: Command, words: list[str]) -> None:
    for more in ([], ["--json"]):
        told = command(*words, *more)
        assert told.status == 2
        assert told.out == ""
        assert "Usage:" in told.err


def test_a_record_that_cannot_be_read_is_told_beside_the_others(
    ready: Command, workspace: Workspace
) -> None:
    broken = workspace.root / "runs" / "old"
    broken.mkdir()
    (broken / "manifest.json").write_text('{"format": 1}')
    told = ready("list", "--json")
    assert [r["name"] for r in told.json["runs"]] == ["run"]
    assert "'old' was written in format 1" in told.err


def test_a_bug_stays_visible(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Workspace, "sets", broken)
    with pytest.raises(ZeroDivisionError):
        command("list")


def test_another_workspace(ready: Command, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    assert ready("list", "--workspace", elsewhere, "--json").json == {"sets": [], "runs": []}
    assert not elsewhere.exists()  # looking makes nothing


def test_the_module_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gmv_core", "--help"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in ("build", "add", "value", "show", "noisy", "export", "list", "delete", "demo"):
        assert f" {name} " in done.stdout


def test_criteria(ready: Command) -> None:
    report = ready("criteria", "run", "--json").json
    assert report["classes"]["images"] == 9  # one is broken
    assert report["classes"]["rejected"] == 1
    assert report["column"] == "noise" and report["noise"]["known"] == 4
    # All were made as class0: without them nothing would be left to judge class0 by.
    assert [row["label"] for row in report["foreign"]] == ["class1", "class2"]
    assert report["attributes"] == {} and report["injections"] == []
    printed = ready("criteria", "run")
    assert printed.status == 0
    for part in ("C1: ", "column noise", "C3: whole classes", "C4: cost", "9 generated images"):
        assert part in printed.out
    assert "is not influence" in printed.out


def test_criteria_tear_no_number_at_80_columns(
    ready: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    report, printed = ready("criteria", "run", "--json").json, ready("criteria", "run").out
    for row in report["foreign"]:
        assert f"({row['low']:.3g}–{row['high']:.3g})" in printed
    for row in report["classes"]["table"]:
        if row["value"] == "":
            assert f"({100 * row['low']:.3g}–{100 * row['high']:.3g})" in printed
    for heading in ("distance", "precision", "by chance"):
        assert heading in printed


def test_criteria_with_an_injection_and_its_copies(ready: Command) -> None:
    report = ready("criteria", "run", "--inject", "blur", "--share", 0.2, "--json").json
    (found,) = report["injections"]
    assert (found["kind"], found["strength"], found["known"]) == ("blur", 0.03, 4)
    assert "blur, 3 % of the side" in ready("criteria", "run").out
    names = [r["name"] for r in ready("list", "--json").json["runs"]]
    assert names == ["run", "run-blur-0.03-20pct"]
    assert ready("criteria", "run", "--forget", "--json").json["injections"] == []
    assert [r["name"] for r in ready("list", "--json").json["runs"]] == ["run"]


def test_criteria_by_pixels_and_mistakes(ready: Command) -> None:
    table = ready("criteria", "run", "--pixels", "--json").json["classes"]["table"]
    assert "pixel L2" in {row["order"] for row in table}
    for words, part in (
        (("--inject", "rain"), "noise"),
        (("--inject", "noise", "--share", "2"), "share is 2.0"),
        (("--column", "nothing"), "no attribute 'nothing'"),
    ):
        refused = ready("criteria", "run", *words)
        assert refused.status == 1 and part in refused.err


def test_influence(ready: Command) -> None:
    told = ready("influence", "run", "--side-px", 6, "--json").json
    assert told["ready"] and told["settings"]["side_px"] == 6
    influences = [row["influence"] for row in (*told["most_helpful"], *told["most_harmful"][::-1])]
    assert influences == sorted(influences, reverse=True)
    one = ready("influence", "run", "--side-px", 6, "--image", "0003.png", "--json").json
    assert all(row["influence"] > 0 for row in one["helpful"])
    assert all(row["influence"] < 0 for row in one["harmful"])
    assert "Most harmful training images for 0003.png" in ready(
        "influence", "run", "--side-px", 6, "--image", "0003.png"
    ).out  # fmt: skip
    assert "Most helpful training images, summed" in ready("influence", "run", "--side-px", 6).out


def test_influence_on_a_file_is_that_of_a_generated_image(ready: Command, sources: Path) -> None:
    ready("influence", "run", "--side-px", 6)
    file = sources / "[bold]x.png"
    (sources / "made" / "class0" / "0003.png").rename(file)
    words = ("influence", "run", "--side-px", 6, "--file")
    one = ready(*words, file, "--json").json
    assert one["generated"] == "[bold]x.png" and one["helpful"] and one["harmful"]
    assert "Most helpful training images for [bold]x.png, predicted" in ready(*words, file).out
    missing = ready(*words, sources / "no.png")
    assert missing.status == 1 and "cannot be read (No such file" in missing.err
    text = ready(*words, sources / "train" / "labels.csv")
    assert text.status == 1 and "give another image" in text.err
    both = ready(*words, file, "--image", "0003.png")
    assert "Give one of --image, --file and --without-owner" in both.err


def test_valuing_with_influence_and_exporting_all_pairs(ready: Command, tmp_path: Path) -> None:
    told = ready("value", "run-generated", "--against", "train", "--name", "second",
                 "--influence", "--json")  # fmt: skip
    assert told.status == 0 and told.json["seconds"]["influence"] > 0
    written = ready("export", "second", tmp_path / "out", "--all-pairs", "--json").json["files"]
    assert str(tmp_path / "out" / "influence.parquet") in written
    assert len(pd.read_parquet(tmp_path / "out" / "influence.parquet")) == 9 * 20


def test_influence_without_an_owner(ready: Command, sources: Path) -> None:
    table = (sources / "train" / "labels.csv").read_text().splitlines()
    mine = [line if i % 3 else line.replace("Ada [1]", "Bo") for i, line in enumerate(table)]
    (sources / "some.csv").write_text("\n".join(mine))
    ready("build", sources / "train", "--name", "owned", "--labels", sources / "some.csv")
    ready("value", sources / "made", "--against", "owned", "--name", "owners", "--k", 3)
    told = ready("influence", "owners", "--without-owner", "Bo", "--json").json
    assert told["images"] == 6 and len(told["by_image"]) == 9
    assert told["low"] <= told["percent"] <= told["high"]
    said = ready("influence", "owners", "--without-owner", "Bo").out
    assert said.startswith("Without the 6 images of Bo the linear model is predicted to be")
    wrong = ready("influence", "owners", "--without-owner", "Eve")
    assert wrong.status == 1 and "choose one of: Ada [1], Bo." in wrong.err


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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["build", "", "--name", "x"], "'' is no path"),
        (["build", "~nobody-of-that-name", "--name", "x"], "cannot be read"),
        (
            ["value", "MADE", "--against", "train", "--name", "x", "--seed", "-1"],
            "seed is -1; give",
        ),
        (["criteria", "run", "--inject", "noise", "--seed", "-1"], "seed is -1; give"),
        (["export", "run", "FILE"], "cannot be written (File exists); give another folder"),
        (["export", "run", "FILE/below"], "cannot be written (Not a directory); give another"),
    ],
)
def test_more_mistakes_are_sentences(
    words: list[str], said: str, ready: Command, sources: Path
) -> None:
    (sources / "file").write_text("")
    given = [w.replace("MADE", str(sources / "made")).replace("FILE", str(sources / "file"))
             for w in words]  # fmt: skip
    answer = ready(*given)
    assert answer.status == 1 and said in " ".join(answer.err.split()), answer


def test_labels_can_be_given_later(
    command: Command, workspace: Workspace, tmp_path: Path, copied: Callable[..., None]
) -> None:
    copied(write_run, "run", 5)
    (name, *_) = workspace.image_set("run-generated").images.read(["name"])["name"].to_pylist()
    write_csv(tmp_path / "later.csv", [["name", "label"], [name, "bear"]])
    told = command("label", "run", tmp_path / "later.csv")
    assert told.status == 0 and "Only 1 of 5 images have a row in the label table" in told.out
    assert command("label", "run", tmp_path / "later.csv", "--json").json["images"] == 5
