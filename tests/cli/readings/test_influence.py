"""The command influence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command

pytestmark = pytest.mark.usefixtures("small_commits")


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
