"""Files of evidence: each is there once, in the one form, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from gmv_core.audit.archive import open_archive
from gmv_core.audit.checking.verify import verify
from tests.audit.checking.conftest import rebuilt, told


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
