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
from gmv_core.audit.checking.verify import Against, Check, as_json, verify
from gmv_core.audit.evidence import write_evidence
from gmv_core.audit.form import parquet
from gmv_core.audit.keys import make_keys, private_key
from gmv_core.errors import SettingsError, SourceError, WorkspaceError
from gmv_core.trust.duplicates import find_clusters
from tests.audit.conftest import CREATED
from tests.fakes import fake_embedder

Opened = Callable[..., Result]


def answers(checks: list[Check]) -> dict[str, bool | None]:
    return {check.what: check.held for check in checks}


def told(checks: list[Check]) -> str:
    return " ".join(check.said for check in checks if check.held is False)


def rebuilt(path: Path, member: str, change: Callable[[bytes], bytes | None]) -> None:
    """Change one member and make the archive whole again, with digests and stamp that fit it.

    change: of its bytes, b"" where there is no such member; None takes it out.
    """
    archive = open_archive(path)
    members = {name: archive.read(name) for name in archive.members}
    changed = change(members.pop(member, b""))
    if changed is not None:
        members[member] = changed
    with path.open("wb") as file:
        writer = ArchiveWriter(file)
        for name in sorted(members):
            writer.add(name, members[name])
        writer.stamp({**archive.stamp, "root": writer.digests()})


def of_table(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[bytes], bytes]:
    """Return a change of a file's bytes from one of its frame; columns keep their types."""

    def changed(data: bytes) -> bytes:
        table = pq.read_table(io.BytesIO(data))
        frame = change(table.to_pandas())
        kinds = {f.name: f.type for f in table.schema}
        columns = {name: _column(frame[name], kinds.get(name, pa.int64())) for name in frame}
        return parquet(pa.table(columns))

    return changed


def _column(values: pd.Series, kind: pa.DataType) -> pa.Array:
    made = pa.array(values, from_pandas=not pa.types.is_floating(kind))
    is_text = pa.types.is_string(made.type) or pa.types.is_large_string(made.type)
    return made.cast(pa.string()) if is_text else made.cast(kind)


def test_evidence_of_a_run_holds(archive: Path, evidence_of_run: Path) -> None:
    sources = {
        name: [open_source(evidence_of_run / "run" / folder)]
        for name, folder in (("training", "train"), ("generated", "made"))
    }
    checks = verify(archive, Against(**sources, pairs=20, embedder=fake_embedder()))
    assert answers(checks) == {
        "bytes": True, "signature": None, "tables": True, "credit and values": True,
        "standings": True, "shares": True, "previews": True,
        "training files": True, "generated files": True, "distances": True,
    }  # fmt: skip
    said = next(check for check in checks if check.what == "training files").said
    assert said == "24 images have the digests of their files."


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
        ("values", up("times_candidate", 1), "times_candidate of its values"),
        ("values", up("value_high", -1e-3), "value_high of its values"),
        ("values", lambda f: f.iloc[1:], "each once, in order"),
        ("values", lambda f: f.iloc[[0, *range(len(f))]], "each once, in order"),
        ("matches", up("value", 1e-6), "value of its matches"),
        ("matches", up("rank", 1), "rank of its matches"),
        ("matches", lambda f: f.iloc[:-1], "number of its matches"),
        ("matches", lambda f: f.iloc[[*range(len(f)), 0]], "number of its matches"),
        ("matches", lambda f: f.assign(convincing=~f["convincing"]), "convincing of its matches"),
        ("matches", lambda f: f.assign(training=f["training"].iloc[::-1].to_numpy()),
         "training of its matches"),
        ("generated", up("quality", -1e-3), "not what follows"),
        ("generated", lambda f: f.assign(quality=1.5), "outside 0 … 1"),
        ("generated", lambda f: f.assign(quality=np.nan), "have a quality"),
        ("generated", lambda f: f.assign(standing="near copy"), "standing of its generated"),
        ("generated", up("p_copy", -1e-3), "p_copy of its generated"),
        ("generated", up("p_far", -1e-3), "p_far of its generated"),
        ("generated", up("nearest_distance", np.float32(0.1)), "nearest_distance of its generated"),
        ("generated", up("effective_contributors", 0.1), "effective_contributors of its"),
        ("generated", lambda f: f.assign(unattributed=0.1), "The unattributed of its"),
        ("generated", lambda f: f.iloc[:-1], "4 rows, and the run 5"),
        ("shares", up("value", 1e-6), "value by label"),
        ("shares", up("share_of_value", 1e-6), "share_of_value by"),
        ("shares", up("share_of_images", 1e-6), "share_of_images by"),
        ("shares", up("low", 1e-6), "low by"),
        ("shares", up("high", 1e-6), "high by"),
        ("shares", up("images_needed", 2), "images_needed by"),
        ("shares", lambda f: f.iloc[1:], "of other"),
        ("shares", lambda f: f.assign(by=f["by"].replace("owner", "licence")), "by more columns"),
        ("training", lambda f: f.assign(owner="Mallory"), "other images than its set counts"),
        ("training", lambda f: f.assign(owner=f["owner"].iloc[::-1].to_numpy()), "by owner"),
        ("training", lambda f: f.assign(name="one"), "have one name"),
        ("training", lambda f: f.assign(sha256="00" * 32), "other images than its set counts"),
        ("training", lambda f: f.assign(preview_sha256="00" * 32), "not the one of its digest"),
        ("training", lambda f: f.assign(status="broken"), "other images than its set counts"),
        ("training", lambda f: f.assign(cluster=f["id"].iloc[::-1].to_numpy()), "its first image"),
        ("previews-training", lambda f: f.assign(preview=f["preview"].iloc[0]), "of its digest"),
        ("previews-training", lambda f: f.iloc[1:], "of its digest"),
        ("previews-training", lambda f: f.iloc[:-1], "23 previews of its 24"),
        ("null", lambda f: f.assign(distance=[2 * d for d in f["distance"]]), "reach of convinc"),
        ("null", lambda f: f.iloc[1:], "Its null has 23 images"),
        ("candidates", lambda f: f.assign(candidates=[c + 100 for c in f["candidates"]]),
         "names a training image that is not there"),
        ("candidates", lambda f: f.assign(candidates=[0 * c for c in f["candidates"]]), "twice"),
        ("candidates", lambda f: f.assign(candidates=[0 * c - 1 for c in f["candidates"]]),
         "or a distance no candidate"),
        ("candidates", lambda f: f.assign(distance=[-d for d in f["distance"]]), "has no distance"),
        ("candidates", lambda f: f.assign(distance=[d[::-1] for d in f["distance"]]), "not rise"),
        ("candidates", lambda f: f.assign(distance=[d[:-1] for d in f["distance"]]), "not as long"),
        ("candidates", lambda f: f.assign(exact=-1), "how many distances are exact"),
        ("candidates", lambda f: f.assign(exact=2), "p_copy of its generated"),
        ("candidates", lambda f: f.iloc[::-1], "not those of its generated images, in order"),
        ("candidates", lambda f: f.iloc[:-1], "of its 5 images"),
        ("candidates", lambda f: f.drop(columns="distance"), "not the columns that it should"),
        ("values", lambda f: f.assign(bonus=1), "not the columns that it should"),
        ("values", lambda f: f.assign(value=f["value"].astype(str)), "not the columns that it"),
        ("values", lambda f: f.assign(value=None), "lacks values"),
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
        (lambda d: {**d, "says": 1}, "other fields"),
        (lambda d: {k: v for k, v in d.items() if k != "training"}, "other fields"),
        (lambda d: {**d, "run": {**d["run"], "says": 1}}, "fields that no version writes"),
        (lambda d: {**d, "run": {**d["run"], "totals": {**d["run"]["totals"], "value": 9.0}}},
         "totals of its run"),
        (lambda d: {**d, "training": {**d["training"], "name": "other"}}, "not the one of its run"),
        (lambda d: {**d, "training": {**d["training"], "ingest": {"max_pixels": "x"}}},
         "holds what cannot be"),
        (lambda d: {**d, "weights": {}}, "weights are of other models"),
        (lambda d: {**d, "run": {k: v for k, v in d["run"].items() if k != "null"}},
         "not the tables of its run, or others: null"),
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


@pytest.mark.parametrize("data", [b"[" * 200_000, b'{"a":' * 50_000, b'{"a":1e400}', b"{ }",
                                  b'{"a":"\\ud800"}', b"\xff", b"[]"])  # fmt: skip
def test_a_document_in_no_form_of_ours_is_a_sentence(archive: Path, data: bytes) -> None:
    rebuilt(archive, "evidence.json", lambda _: data)
    assert "evidence.json is no" in told(verify(archive))


@pytest.mark.parametrize(
    "member", ["a.html", "tables/more/00000.parquet", "tables/values/00002.parquet",
               "tables/values/00001.txt", "tables/values/a/00001.parquet", "tables/values"]
)  # fmt: skip
def test_a_file_that_evidence_has_not_is_found(archive: Path, member: str) -> None:
    rebuilt(archive, member, lambda _: b"")
    assert f"Its file {member} is not one that evidence has" in told(verify(archive))


def test_a_table_cut_into_other_files_is_found(archive: Path) -> None:
    of_values = open_archive(archive).read("tables/values/00000.parquet")
    rebuilt(archive, "tables/values/00001.parquet", lambda _: of_values)
    assert "are not of 65,536 rows each" in told(verify(archive))


@pytest.mark.parametrize("missing", ["evidence.json", "tables/values/00000.parquet"])
def test_a_missing_file_is_found(archive: Path, missing: str) -> None:
    rebuilt(archive, missing, lambda _: None)
    assert any(
        words in told(verify(archive)) for words in ("has no evidence.json", "or others: values")
    )


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
    assert {kind: len(names) for kind, names in said.files.items()} == {
        "missing": 1, "changed": 1, "extra": 1,
    }  # fmt: skip
    listed = as_json(checks)["checks"][checks.index(said)]
    assert listed["missing"] == [
        Path(files[0]).relative_to(evidence_of_run / "run/train").as_posix()
    ]


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


@pytest.mark.parametrize(
    "change",
    [str.upper, lambda text: f" {text}", lambda text: text[:-2], lambda _: "", lambda _: 3],
)
@pytest.mark.parametrize("which", ["ed25519", "public_key"])
def test_a_signature_has_one_form(
    result: Opened, tmp_path: Path, which: str, change: Callable[[str], object]
) -> None:
    path = tmp_path / "e.zip"
    write_evidence(result(), path, key=private_key(make_keys(tmp_path / "key")[0]))
    archive = open_archive(path)
    signed, members = archive.stamp["signed"], {n: archive.read(n) for n in archive.members}
    with path.open("wb") as file:
        writer = ArchiveWriter(file)
        for name, data in members.items():
            writer.add(name, data)
        writer.digests()
        writer.stamp({**archive.stamp, "signed": {**signed, which: change(signed[which])}})
    assert "signature is not in the form" in told(verify(path))


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
