"""The command find: a picture, where it is in a run's training set, and what it earned."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gmv_core import Workspace, open_run
from tests.cli.conftest import Command
from tests.fakes import draw, png


def test_a_picture_is_found_with_its_value(
    ready: Command, workspace: Workspace, tmp_path: Path
) -> None:
    picture = tmp_path / "holiday.png"
    picture.write_bytes(png(draw(5)))
    told = ready("find", picture, "--run", "run", "--json").json
    (found,) = told["found"]
    values = open_run(workspace, "run").values_table().set_index("training")
    assert (found["training"], found["how"]) == ("class2/0005.png", "bytes")
    assert found["value"] == pytest.approx(values.loc["class2/0005.png", "value"])
    shown = ready("find", picture, "--run", "run")
    assert shown.status == 0
    assert "It is in the training set: class2/0005.png is the same file." in shown.out
    assert "of the value of all training images in run" in shown.out


def test_a_stranger_is_not_found(ready: Command, tmp_path: Path) -> None:
    picture = tmp_path / "stranger.png"
    picture.write_bytes(png(draw(900)))
    told = ready("find", picture, "--run", "run", "--json").json
    assert told["found"] == [] and told["sentence"].startswith("Neither this picture")
    assert "Found, with its value" not in ready("find", picture, "--run", "run").out


def test_no_picture_is_one_sentence(ready: Command, tmp_path: Path) -> None:
    refused = ready("find", tmp_path / "nowhere.png", "--run", "run")
    assert refused.status == 1 and "give an image file" in refused.err
    (tmp_path / "large.png").write_bytes(b"")
    os.truncate(tmp_path / "large.png", 1 << 40)
    for file, why in ((os.devnull, "it is no file"), (tmp_path / "large.png", "more than the li")):
        refused = ready("find", file, "--run", "run")
        assert refused.status == 1 and why in refused.err and "give an image file" in refused.err
    (tmp_path / "broken.png").write_bytes(b"no image")
    refused = ready("find", tmp_path / "broken.png", "--run", "run")
    assert refused.status == 1 and "give another one" in refused.err
