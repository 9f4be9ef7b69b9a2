"""The verifier in docs/evidence.md runs as it stands there, and finds what was changed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from gmv_core import Workspace, open_run
from gmv_core.audit.evidence import write_evidence
from tests.audit.checking.conftest import of_table, rebuilt, up
from tests.built import write_run

PAGE = Path(__file__).parents[2] / "docs" / "evidence.md"
MOST_LINES = 60


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= MOST_LINES and "gmv" not in code
    path = tmp_path_factory.mktemp("verifier") / "verify.py"
    path.write_text(code, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    write_run(folder, "run", 5)
    write_evidence(open_run(Workspace(folder / "home"), "run"), folder / "e.zip")
    return folder / "e.zip"


def run(verifier: Path, archive: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(verifier), str(archive)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_it_holds(verifier: Path, evidence: Path) -> None:
    done = run(verifier, evidence)
    assert (done.returncode, done.stderr) == (0, "")
    assert "holds values follow from the lists" in done.stdout
    assert "holds value of Ada" in done.stdout


def test_a_flipped_byte_and_a_wrong_value_are_found(
    verifier: Path, evidence: Path, tmp_path: Path
) -> None:
    data = bytearray(evidence.read_bytes())
    data[data.index(b"PAR1") + 40] ^= 1
    (tmp_path / "flipped.zip").write_bytes(data)
    assert run(verifier, tmp_path / "flipped.zip").returncode != 0
    changed = tmp_path / "changed.zip"
    changed.write_bytes(evidence.read_bytes())
    rebuilt(changed, "tables/values/00000.parquet", of_table(up("value", 1e-6)))
    done = run(verifier, changed)
    assert (done.returncode, "DOES NOT HOLD values follow" in done.stdout) == (1, True)
