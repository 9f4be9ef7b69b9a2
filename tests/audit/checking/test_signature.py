"""Signatures of evidence, and keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gmv_core.audit.archive import ArchiveWriter, open_archive
from gmv_core.audit.checking.verify import Against, verify
from gmv_core.audit.evidence import write_evidence
from gmv_core.audit.keys import make_keys, private_key
from gmv_core.errors import SettingsError, SourceError
from tests.audit.checking.conftest import answers, of_table, rebuilt, told, up
from tests.audit.conftest import Opened


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
    with (tmp_path / "endless").open("wb") as file:
        file.truncate(1 << 40)
    for path in (public, tmp_path / "none", tmp_path / "endless"):
        with pytest.raises(SourceError):
            private_key(path)
