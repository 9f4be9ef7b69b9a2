"""What surrounds the pages: an error of the program is a sentence with an id, and no place told."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from gmv_core import Workspace, WorkspaceError
from gmv_core.jobs import overview
from tests.pages.conftest import APP, open_page


def test_a_bug_is_a_sentence_with_an_id_that_the_log_has(
    app: AppTest, home: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    open_page(app, "models")

    def fail(*_: object) -> None:
        raise ZeroDivisionError(f"in {home.root}")

    monkeypatch.setattr(overview, "list_jobs", fail)
    app.switch_page("pages/start.py").run()
    assert not app.exception
    (said,) = [error.value for error in app.error]
    assert "error of the program (ZeroDivisionError)" in said and str(home.root) not in said
    (id,) = re.findall(r"under ([0-9a-f]{8})\.", said)
    (record,) = [r for r in caplog.records if r.name == "gmv"]
    assert id in record.getMessage() and record.exc_info is not None


def test_a_sentence_does_not_tell_where_the_workspace_lies(
    app: AppTest, home: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise WorkspaceError(f"The manifest {home.root}/sets/x/manifest.json is not readable.")

    monkeypatch.setattr(overview, "list_jobs", fail)
    app.run()
    (said,) = [error.value for error in app.error]
    assert said == "The manifest sets/x/manifest.json is not readable."


def test_no_table_is_shown_past_the_door_for_text_from_data() -> None:
    """`st.table` reads its cells and headings as Markdown; `cells` is what makes them plain."""
    root = APP.parent
    files = [*(root / "ui").rglob("*.py"), *(root / "pages").glob("*.py")]
    calls = [re.findall(r"st\.table\((\w+)", file.read_text(encoding="utf-8")) for file in files]
    found = [name for names in calls for name in names]
    assert len(found) >= 3 and set(found) == {"cells"}
