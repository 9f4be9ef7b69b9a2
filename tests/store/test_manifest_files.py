"""Manifest files: read as they were written, replaced in one step, and a sentence if wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gmv_core.errors import WorkspaceError
from gmv_core.store.files import write_json
from gmv_core.store.manifest_files import as_json
from gmv_core.store.manifests import EmbedderEntry
from gmv_core.store.workspace import Workspace
from tests.fakes import change_json, set_manifest


def test_a_manifest_is_read_as_it_was_written(workspace: Workspace) -> None:
    record = workspace.image_set("faces")
    assert not record.exists()
    record.write_manifest(set_manifest("faces", embedder=EmbedderEntry("fake", "own", "Käthe φ")))
    assert record.exists()
    read = record.manifest()
    assert read == set_manifest("faces", embedder=EmbedderEntry("fake", "own", "Käthe φ"))
    assert "updated" not in as_json(read), "what is not known yet is not written"
    assert [s.name for s in workspace.sets()] == ["faces"]
    assert workspace.runs() == []
    assert list(record.folder.iterdir()) == [record.folder / "manifest.json"]  # nothing aside


def test_a_manifest_is_replaced_in_one_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "manifest.json"
    write_json(path, {"version": 1})

    def killed(self: Path, target: Path) -> None:
        assert json.loads(self.read_text()) == {"version": 2}  # complete before it is seen
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_json(path, {"version": 2})
    assert json.loads(path.read_text()) == {"version": 1}


def test_missing_broken_and_foreign_manifests_are_sentences(workspace: Workspace) -> None:
    record = workspace.image_set("faces")
    with pytest.raises(WorkspaceError, match="There is no set named 'faces' in this workspace"):
        record.manifest()
    with pytest.raises(WorkspaceError, match="There is no run named 'faces'"):
        workspace.run("faces").manifest()
    record.write_manifest(set_manifest("faces"))
    path = record.folder / "manifest.json"
    path.write_text('{"format": 1}')
    with pytest.raises(WorkspaceError, match="written in format 1, this version reads format 2"):
        record.manifest()
    path.write_text("[]")
    with pytest.raises(WorkspaceError, match="is not readable"):
        record.manifest()
    path.write_text("{}")
    with pytest.raises(WorkspaceError, match="written in format None, this version reads format 2"):
        record.manifest()
    for broken in ('{"format"', '{"format": 2}', '{"format": 2, "name": 3}', "\xff", ""):
        path.write_text(broken, encoding="latin-1")
        with pytest.raises(WorkspaceError, match="is not readable"):
            record.manifest()


def test_settings_that_no_version_writes_are_a_sentence(workspace: Workspace) -> None:
    record = workspace.image_set("faces")
    record.write_manifest(set_manifest("faces"))
    change_json(record, ingest={"max_pixels": 0, "preview_side_px": 256})
    with pytest.raises(WorkspaceError, match="holds what cannot be"):
        record.manifest()


def test_a_later_versions_keys_are_passed_over(workspace: Workspace) -> None:
    record = workspace.image_set("faces")
    record.write_manifest(set_manifest("faces"))
    change_json(record, weather="fine")
    assert record.manifest() == set_manifest("faces")


def test_no_image_that_could_be_read_has_no_typical_one(workspace: Workspace) -> None:
    """Format 2 was written with an empty object there."""
    record = workspace.image_set("faces")
    record.write_manifest(set_manifest("faces"))
    change_json(record, typical={})
    assert record.manifest().typical is None
