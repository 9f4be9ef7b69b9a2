"""The map and a selection: where images lie, what a part is worth, its tables and zips."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from gmv_core import Result, SettingsError, Workspace, WorkspaceError, open_run
from gmv_core.results.explore.files import Zipped, selection_table, write_table, write_zip
from gmv_core.results.explore.placing import generated_positions, map_table
from gmv_core.results.explore.share import share_of
from gmv_core.results.export import values_of
from gmv_core.results.shares import credits_of, group_shares
from gmv_core.sets.layout import make_layout, read_layout
from gmv_core.store.columns import previews
from tests.built import run_by_hand, write_copied_run, write_judged_run, write_run
from tests.fakes import change_json


@pytest.fixture
def place(copied: Callable[..., None], tmp_path: Path) -> Workspace:
    copied(write_run, "run", 5)
    place = Workspace(tmp_path / "home")
    images = place.image_set("run-set")
    (source,) = images.manifest().sources
    # Of the copy: what a test does to the images, no other test is to see.
    source = msgspec.structs.replace(source, location=str(tmp_path / "run" / "train"))
    change_json(images, sources=[msgspec.to_builtins(source)])
    return place


def test_copies_lie_on_their_training_images(copied: Callable[..., None], tmp_path: Path) -> None:
    copied(write_copied_run)
    place = Workspace(tmp_path / "home")
    make_layout(place, "train")
    before = read_layout(place.image_set("train"))
    result = open_run(place, "run")
    table = result.generated_table(("generated", "same_pixels"))
    found = generated_positions(result)
    assert np.array_equal(read_layout(place.image_set("train")), before)  # nothing has moved
    names = result.training.images.read(["name"])["name"].to_pylist()
    of = [(i, names.index(same)) for i, same in enumerate(table["same_pixels"]) if same]
    assert len(of) == 6
    for generated, training in of:
        assert np.allclose(found[generated], before[training], atol=0.05)
    assert np.isfinite(found).all()


def test_the_map_can_be_coloured_by_what_is_known(place: Workspace) -> None:
    make_layout(place, "run-set")
    result = open_run(place, "run")
    table = map_table(result.training, result)
    assert set(table) == {"id", "x", "y", "label", "owner", "value", "standing"}
    ranking = result.noisy().set_index("id")
    assert np.array_equal(table["value"], ranking.loc[table["id"], "value"])
    assert table["owner"].astype(str).value_counts().to_dict() == {"Ada": 16, "Ben": 8}
    assert set(map_table(result.training)) == {"id", "x", "y", "label", "owner"}


def test_attributes_are_columns_and_what_all_share_is_none(
    copied: Callable[..., None], tmp_path: Path
) -> None:
    copied(write_judged_run)
    place = Workspace(tmp_path / "home")
    make_layout(place, "train")
    table = map_table(place.image_set("train"))
    assert table["attribute hat"].astype(str).value_counts().to_dict() == {"no": 18, "yes": 6}
    assert "owner" not in table  # nobody has one


def test_the_share_of_an_owners_images_is_the_owners_share(place: Workspace) -> None:
    result = open_run(place, "run")
    owners = result.values_table(("id", "owner"))
    rows = owners.loc[owners["owner"] == "Ada", "id"].to_numpy()
    found, (told,) = (
        share_of(result, rows),
        group_shares(result, "owner").query("owner == 'Ada'").to_dict("records"),
    )
    assert found.images == told["images"] == 16
    for name in ("value", "share_of_images", "share_of_value", "low", "high", "images_needed"):
        assert getattr(found, name) == pytest.approx(told[name]), name


def test_the_interval_of_a_share_is_that_of_brute_force(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole generated images drawn anew, 4,000 times, in a loop."""
    monkeypatch.setattr("gmv_core.trust.intervals.FEW", 0)  # they have another one
    result = open_run(place, "run")
    rows = np.arange(0, 24, 3)
    found = share_of(result, rows)
    credits = credits_of(result).__dict__
    table = pd.DataFrame(credits).assign(ours=np.isin(credits["training"], rows))
    gets = [
        (float(part["value"][part["ours"]].sum()), float(part["value"].sum()))
        for _, part in table.groupby("generated")
    ]
    rng, shares = np.random.default_rng(9), []
    for _ in range(4000):
        drawn = [gets[i] for i in rng.integers(0, len(gets), len(gets))]
        shares.append(sum(ours for ours, _ in drawn) / sum(whole for _, whole in drawn))
    low, high = np.quantile(shares, (0.025, 0.975))
    assert (found.low, found.high) == (pytest.approx(low, abs=0.02), pytest.approx(high, abs=0.02))
    assert found.low <= found.share_of_value <= found.high
    assert found.share_of_value == pytest.approx(sum(g[0] for g in gets) / sum(g[1] for g in gets))


def test_nothing_and_everything_have_their_shares(workspace: Workspace) -> None:
    result = run_by_hand(workspace)
    none, whole = share_of(result, np.empty(0, np.int64)), share_of(result, np.arange(6))
    assert (none.images, none.value, none.share_of_value, none.high) == (0, 0, 0, 0)
    assert (whole.images, whole.share_of_images) == (5, 1)  # one image was rejected
    assert (whole.share_of_value, whole.low, whole.high) == (1, 1, 1)


def test_a_table_has_what_is_stored_and_the_values(place: Workspace, tmp_path: Path) -> None:
    result = open_run(place, "run")
    rows = np.array([3, 17])
    plain = selection_table(result.training, rows)
    assert list(plain) == [
        "name", "label", "owner", "attributes", "width", "height", "sha256"
    ]  # fmt: skip
    table = selection_table(result.training, rows, result)
    wanted = values_of(result).set_index("training").loc[table["name"]]
    for name in ("value", "value_low", "value_high", "times_contributor", "nearest_distance"):
        assert np.allclose(table[name], wanted[name]), name
    for path in (tmp_path / "t.csv", tmp_path / "t.parquet"):
        write_table(table, path)
        read = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
        assert read["name"].tolist() == table["name"].tolist()
    with pytest.raises(SettingsError, match=r"Unknown kind of table '.xlsx'; choose one of: .csv"):
        write_table(table, tmp_path / "t.xlsx")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write_table(table, tmp_path / "nowhere" / "t.csv")


def zipped(result: Result, rows: list[int], **how: bool) -> tuple[Zipped, dict[str, bytes]]:
    file = io.BytesIO()
    told = write_zip(result.training, np.array(rows), file, **how)
    with zipfile.ZipFile(file) as made:
        return told, {name: made.read(name) for name in made.namelist()}


def test_a_zip_holds_images_as_they_were_brought(place: Workspace, tmp_path: Path) -> None:
    result = open_run(place, "run")
    told, files = zipped(result, [20, 3])
    names = result.training.images.take(np.array([20, 3]), ["name"])["name"].to_pylist()
    assert told == Zipped(originals=2, previews=0)
    source = Path(result.training.manifest().sources[0].location)
    assert files == {name: (source / name).read_bytes() for name in names}


def test_images_that_changed_or_are_gone_are_previews(place: Workspace) -> None:
    result = open_run(place, "run")
    source = Path(result.training.manifest().sources[0].location)
    names = result.training.images.take(np.arange(3), ["name"])["name"].to_pylist()
    there = (source / names[0]).read_bytes()
    seen = previews(result.training, np.arange(3))
    (source / names[1]).write_bytes(there)  # another image under its name
    (source / names[2]).unlink()
    told, files = zipped(result, [0, 1, 2])
    assert told == Zipped(originals=1, previews=2)
    kept = {f"previews/{names[i]}.png": seen[i] for i in (1, 2)}
    assert files == {names[0]: there, **kept}
    shutil.rmtree(source)
    assert zipped(result, [0])[0] == Zipped(originals=0, previews=1)


def test_a_zip_of_previews_alone_asks_no_source(place: Workspace) -> None:
    told, files = zipped(open_run(place, "run"), [0, 1], originals=False)
    assert told == Zipped(originals=0, previews=2)
    assert all(name.startswith("previews/") for name in files)
