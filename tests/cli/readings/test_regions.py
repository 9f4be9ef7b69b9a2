"""The command regions: sentences and tables, one JSON document, a picture of the maps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gmv_core import Workspace
from gmv_core.matching.regions import has_regions
from tests.built import write_mosaics
from tests.cli.conftest import Command
from tests.mosaics import demo_pixels, mosaic_of

pytestmark = pytest.mark.models


@pytest.fixture
def mosaics(command: Command, copied: Callable[..., None], tmp_path: Path) -> Command:
    copied(write_mosaics)
    command("build", tmp_path / "sources", "--name", "train", "--labels", tmp_path / "owners.csv")
    command("value", tmp_path / "made", "--against", "train", "--name", "run")
    return command


def test_regions_of_one_image(mosaics: Command, tmp_path: Path) -> None:
    rows = mosaic_of(demo_pixels(), seed=0)[1]
    told = mosaics("regions", "run", "--image", "0.png", "--json").json
    assert {one["training"] for one in told["explained"][:4]} == {f"{row:02d}.png" for row in rows}
    assert np.array(told["sources"]).shape == (16, 16) and told["influence"] is None
    shares = {"Ada": 0.0, "Ben": 0.0}
    for one in told["explained"]:
        shares[one["owner"]] += one["share"]
    assert told["owners"] == pytest.approx({k: v for k, v in shares.items() if v})
    assert "By owner: " in told["sentences"][2]
    assert len(told["sentences"]) == 3 and told["against"] == told["explained"][0]["training"]
    sheet = tmp_path / "maps" / "sheet.png"
    shown = mosaics("regions", "run", "--image", "0.png", "--against", "07.png", "--out", sheet)
    assert shown.status == 0 and "0.png and 07.png are" in shown.out
    assert "`gmv influence run` computes it" in shown.out
    assert "Images that explain most regions of 0.png" in shown.out
    assert Image.open(sheet).size == (4 * 256 + 3 * 8, 256)
    mosaics("influence", "run")
    told = mosaics("regions", "run", "--image", "0.png", "--json", "--out", sheet).json
    by_pixel = np.array(told["influence"]["by_pixel"])
    assert by_pixel.shape == (16, 16) and (by_pixel != 0).any()
    assert Image.open(sheet).size == (5 * 256 + 4 * 8, 256)


def test_regions_of_all_images(mosaics: Command) -> None:
    told = mosaics("regions", "run", "--json").json["explained"]
    assert sum(one["share"] for one in told) == pytest.approx(1)
    assert told[0]["share"] >= told[-1]["share"] and {one["owner"] for one in told} == {
        "Ada",
        "Ben",
    }
    shown = mosaics("regions", "run")
    assert "Images that explain most regions" in shown.out


def test_regions_of_a_file(mosaics: Command, tmp_path: Path) -> None:
    of = tmp_path / "made" / "1.png"
    stored = mosaics("regions", "run", "--image", "1.png", "--json").json
    dropped = mosaics("regions", "run", "--file", of, "--json", "--out", tmp_path / "o.png").json
    assert dropped == stored
    refused = mosaics("regions", "run", "--file", tmp_path / "made" / "broken.png")
    assert refused.status == 1 and "give another image" in refused.err
    refused = mosaics("regions", "run", "--file", of, "--image", "1.png")
    assert refused.status == 1 and "not both" in refused.err


def test_a_picture_is_of_one_image(mosaics: Command, tmp_path: Path) -> None:
    refused = mosaics("regions", "run", "--out", tmp_path / "sheet.png")
    assert refused.status == 1 and "give --image or --file" in refused.err


def test_what_regions_need_is_stored_alone(mosaics: Command, workspace: Workspace) -> None:
    training = workspace.image_set("train")
    assert not has_regions(training)
    prepared = mosaics("regions", "run", "--prepare")
    assert prepared.status == 0 and "explain most" not in prepared.out
    assert has_regions(training)
    refused = mosaics("regions", "run", "--prepare", "--image", "0.png")
    assert refused.status == 1 and "give it alone" in refused.err
