"""Verification: what holds, and what someone who can write digests cannot make hold."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from gmv_core import Result, ValueSettings, open_source
from gmv_core.audit.archive import ArchiveWriter, canonical, open_archive
from gmv_core.audit.evidence import parquet, write_evidence
from gmv_core.audit.keys import make_keys, private_key
from gmv_core.audit.verify import Against, Check, verify
from gmv_core.errors import SettingsError, SourceError, WorkspaceError
from gmv_core.trust.duplicates import find_clusters
from tests.audit.conftest import CREATED
from tests.fakes import fake_embedder

Opened = Callable[..., Result]


def answers(checks: list[Check]) -> dict[str, bool | None]:
    return {check.what: check.held for check in checks}


def told(checks: list[Check]) -> str:
    return " ".join(check.said for check in checks if check.held is False)


def rebuilt(path: Path, member: str, change: Callable[[bytes], bytes]) -> None:
    """Change one member and make the archive whole again, with digests and stamp that fit it."""
    archive = open_archive(path)
    members = {name: archive.read(name) for name in archive.members}
    members[member] = change(members[member])
    with path.open("wb") as file:
        writer = ArchiveWriter(file)
        for name in sorted(members):
            writer.add(name, members[name])
        writer.stamp({**archive.stamp, "root": writer.digests()})


def of_table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[bytes], bytes]:
    def changed(data: bytes) -> bytes:
        table = pq.read_table(io.BytesIO(data))
        return parquet(pa.Table.from_pandas(change(table.to_pandas()), preserve_index=False))

    return changed


def test_evidence_of_a_run_holds(archive: Path, evidence_of_run: Path) -> None:
    sources = {
        name: [open_source(evidence_of_run / "run" / folder)]
        for name, folder in (("training", "train"), ("generated", "made"))
    }
    checks = verify(archive, Against(**sources, pairs=20, embedder=fake_embedder()))
    assert answers(checks) == {
        "bytes": True, "signature": None, "tables": True, "credit and values": True,
        "shares": True, "training files": True, "generated files": True, "distances": True,
    }  # fmt: skip
    assert "24 images have the digests of their files." in checks[5].said


def test_distances_are_measured_on_previews_where_no_source_is_given(archive: Path) -> None:
    checks = verify(archive, Against(pairs=20, embedder=fake_embedder()))
    assert answers(checks)["distances"] is True
    assert answers(checks)["training files"] is None


@pytest.mark.parametrize(
    "settings",
    [
        ValueSettings(k=3, temperature="auto"),
        ValueSettings(k=2, quality_weighting=False),
        ValueSettings(k=2, credit="convincing"),
        ValueSettings(k=2, duplicates="cluster"),
    ],
)
def test_each_way_of_reading_can_be_recounted(
    result: Opened, tmp_path: Path, settings: ValueSettings
) -> None:
    opened = result(settings)
    if settings.duplicates == "cluster":
        from gmv_core import Workspace

        find_clusters(Workspace(tmp_path / "home"), "run-set", fake_embedder())
    write_evidence(opened, tmp_path / "e.zip")
    checks = verify(tmp_path / "e.zip")
    assert False not in answers(checks).values(), told(checks)


def test_the_same_run_gives_the_same_bytes_but_for_the_stamp(
    result: Opened, tmp_path: Path
) -> None:
    roots = [
        write_evidence(result(), tmp_path / f"{name}.zip", created=created)
        for name, created in (("a", CREATED), ("b", CREATED), ("c", "later"))
    ]
    a, b, c = ((tmp_path / f"{name}.zip").read_bytes() for name in "abc")
    assert len(set(roots)) == 1
    assert a == b != c


def up(column: str, by: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        row = int(np.argmax(frame[column].to_numpy(float) > 0))
        return frame.assign(**{column: frame[column].where(frame.index != row, frame[column] + by)})

    return change


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("values", up("value", 1e-6), "value of its values"),
        ("values", up("times_contributor", 1), "times_contributor of its values"),
        ("values", lambda f: f.iloc[1:], "leave out have value"),
        ("matches", up("value", 1e-6), "value of its matches"),
        ("matches", up("rank", 1), "rank of its matches"),
        ("matches", lambda f: f.iloc[:-1], "of its matches"),
        ("matches", lambda f: f.assign(training=f["training"].iloc[::-1].to_numpy()),
         "training of its matches"),
        ("generated", up("quality", -1e-3), "not what follows"),
        ("generated", lambda f: f.iloc[:-1], "4 rows, and the run 5"),
        ("shares", up("value", 1e-6), "not the sum of its images' values"),
        ("shares", up("share_of_value", 1e-6), "share of value by"),
        ("shares", lambda f: f.iloc[1:], "of other"),
        ("training", lambda f: f.assign(owner="Mallory"), "by owner are of other owners"),
        ("null", lambda f: f.assign(distance=[2 * d for d in f["distance"]]), "reach of convinc"),
        ("candidates", lambda f: f.assign(candidates=[c + 100 for c in f["candidates"]]),
         "names a training image that is not there"),
        ("candidates", lambda f: f.assign(distance=[d[::-1] for d in f["distance"]]), "not rise"),
        ("candidates", lambda f: f.iloc[::-1], "not those of its generated images, in order"),
        ("candidates", lambda f: f.iloc[:-1], "of its 5 images"),
        ("candidates", lambda f: f.drop(columns="distance"), "what cannot be"),
    ],
)  # fmt: skip
def test_what_does_not_follow_is_found_though_the_digests_fit(
    archive: Path, table: str, change: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    rebuilt(archive, f"tables/{table}/00000.parquet", of_table(change))
    checks = verify(archive)
    assert answers(checks)["bytes"] is True
    assert said in told(checks)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: {**d, "format": 9}, "of format 9"),
        (lambda d: {**d, "run": {}}, "holds what cannot be"),
        (lambda d: {**d, "run": {**d["run"], "value": {**d["run"]["value"], "k": 0}}}, "cannot be"),
        (lambda d: {**d, "run": {**d["run"], "value": {**d["run"]["value"], "k": 2}}},
         "not what follows"),
        (lambda d: {**d, "reach": 1e9}, "reach of convincing"),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_are_found(
    archive: Path, change: Callable[[dict[str, object]], dict[str, object]], said: str
) -> None:
    rebuilt(archive, "evidence.json", lambda data: canonical(change(json.loads(data))))
    assert said in told(verify(archive))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"x" * 1000])
def test_a_table_that_is_no_parquet_is_a_sentence(archive: Path, data: bytes) -> None:
    rebuilt(archive, "tables/values/00000.parquet", lambda _: data)
    assert "is no Parquet" in told(verify(archive))


def test_files_that_changed_are_named(archive: Path, evidence_of_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "train"
    folder.mkdir()
    files = sorted((evidence_of_run / "run" / "train").rglob("*.png"))
    for place, file in enumerate(files[1:]):
        target = folder / file.relative_to(evidence_of_run / "run" / "train")
        target.parent.mkdir(exist_ok=True, parents=True)
        target.write_bytes(file.read_bytes() + (b" " if place == 0 else b""))
    (folder / "other.png").write_bytes(b"no image of the set")
    checks = verify(archive, Against(training=[open_source(folder)]))
    said = next(check for check in checks if check.what == "training files")
    assert said.held is False
    assert "1 are in no file" in said.said and "1 have other bytes" in said.said


def test_signatures(result: Opened, tmp_path: Path) -> None:
    for name in ("ours", "other"):
        make_keys(tmp_path / name)
    path = tmp_path / "e.zip"
    root = write_evidence(result(), path, key=private_key(tmp_path / "ours"))
    public = tmp_path / "ours.pub"
    assert answers(verify(path))["signature"] is None
    assert answers(verify(path, Against(public=public)))["signature"] is True
    assert answers(verify(path, Against(public=public, root=root)))["signature"] is True
    other = verify(path, Against(public=tmp_path / "other.pub"))
    assert "signed with another key" in told(other) and len(other) == 2
    assert "root is not" in told(verify(path, Against(root="00" * 32)))
    rebuilt(path, "tables/values/00000.parquet", of_table(up("value", 1e-6)))
    assert "not that of this evidence" in told(verify(path, Against(public=public)))


def test_an_unsigned_archive_can_be_held_against_a_root_or_a_key(
    archive: Path, tmp_path: Path
) -> None:
    root = open_archive(archive).root
    assert answers(verify(archive, Against(root=root)))["signature"] is True
    make_keys(tmp_path / "key")
    assert told(verify(archive, Against(public=tmp_path / "key.pub"))) == "It is not signed."


def test_keys(tmp_path: Path) -> None:
    private, public = make_keys(tmp_path / "key")
    assert private.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SettingsError, match="there already"):
        make_keys(tmp_path / "key")
    for path in (public, tmp_path / "none"):
        with pytest.raises(SourceError):
            private_key(path)


def test_damaged_runs_give_no_evidence(result: Opened, tmp_path: Path) -> None:
    opened = result()
    data = next((opened.run.folder / "quality.lance" / "data").iterdir())
    data.write_bytes(data.read_bytes()[:-20])
    with pytest.raises(WorkspaceError, match="No evidence of 'run' can be given"):
        write_evidence(opened, tmp_path / "e.zip")
    assert not (tmp_path / "e.zip").exists()


def test_evidence_that_cannot_be_written_is_a_sentence(result: Opened, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be written"):
        write_evidence(result(), tmp_path)
