"""The generated images of a run: its own set, one of the workspace, other ones, broken ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gmv_core import WorkspaceError, open_run, open_source
from gmv_core.models.embedders.embedder import from_callable
from gmv_core.sets.build import build
from gmv_core.store.manifests import Part, RunManifest
from gmv_core.store.workspace import Workspace
from tests.fakes import draw, fake_embedder, fake_vectors, png, rows_of, write_images
from tests.runs.valuation.conftest import columns

pytestmark = pytest.mark.usefixtures("small_commits")


@pytest.mark.usefixtures("within_a_second")
def test_other_generated_images_replace_those_of_the_run(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    run()
    other = write_images(tmp_path / "other", 18, first_seed=300)
    said: list[str] = []
    assert run(generated=other, say=said.append).reused is False
    assert len(said) == 2
    assert all("generated" in sentence for sentence in said)
    names = rows_of(workspace.image_set("run-generated").images)["name"].to_pylist()
    assert names[0].startswith("class0/")
    assert columns(workspace, "matches")["distance"][:, 0].min() > 0.01  # no copies any more


def test_images_that_another_run_uses_too_are_not_replaced(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    run()
    run(generated="run-generated", name="again")
    other = write_images(tmp_path / "other", 18, first_seed=300)
    with pytest.raises(WorkspaceError, match="'run' was given before are those of the run 'again'"):
        run(generated=other)
    names = rows_of(workspace.image_set("run-generated").images)["name"].to_pylist()
    assert names[0] == "000.png"
    for name in ("run", "again"):
        assert len(open_run(workspace, name).contributors("000.png")) == 4


def test_a_run_whose_images_are_being_replaced_cannot_be_opened(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run()

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    other = write_images(tmp_path / "other", 18, first_seed=300)
    with monkeypatch.context() as patched:
        patched.setattr("gmv_core.runs.valuation.load_matcher", killed)
        with pytest.raises(KeyboardInterrupt):
            run(generated=other)
    with pytest.raises(WorkspaceError, match="The run 'run' is unfinished"):
        open_run(workspace, "run")
    run(generated=other)
    assert open_run(workspace, "run").contributors("class0/0000.png")


def test_a_set_in_the_way_of_the_runs_own_is_not_replaced(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    mine = write_images(tmp_path / "mine", 4)
    build(workspace, open_source(mine), name="run-generated", embedder=fake_embedder())
    with pytest.raises(WorkspaceError, match="The name 'run-generated' is taken"):
        run()
    assert len(workspace.image_set("run-generated").images) == 4


def test_a_set_of_the_workspace_can_be_valued(
    workspace: Workspace, run: Callable[..., RunManifest], sources: Path
) -> None:
    build(workspace, open_source(sources / "made"), name="made", embedder=fake_embedder())
    assert run(generated="made").generated == Part("made", 18, own=False)
    run(name="from-source")
    by_name, by_source = (columns(workspace, "matches", name) for name in ("run", "from-source"))
    assert np.array_equal(by_name["candidates"], by_source["candidates"])
    assert not workspace.image_set("run-generated").exists()


def test_a_set_of_another_embedder_is_embedded_again(
    workspace: Workspace, run: Callable[..., RunManifest], sources: Path
) -> None:
    other = from_callable(lambda p: -fake_vectors(p)[0], key="minus", side_px=8, dim=24)
    build(workspace, open_source(sources / "made"), name="made", embedder=other)
    run(generated="made")
    assert columns(workspace, "matches")["candidates"][:5, 0].tolist() == [0, 1, 2, 3, 4]


def test_a_rejected_generated_image_keeps_its_row_and_earns_nothing(
    workspace: Workspace, run: Callable[..., RunManifest], tmp_path: Path
) -> None:
    made = tmp_path / "made"
    made.mkdir()
    for seed in range(10):
        (made / f"{seed:03d}.png").write_bytes(png(draw(seed))[: 50 if seed == 3 else None])
    manifest = run(generated=made)
    matches, generated = columns(workspace, "matches"), columns(workspace, "generated")
    assert (matches["candidates"][3] == -1).all()
    assert np.isinf(matches["distance"][3]).all()
    assert matches["candidates"][4, 0] == 4  # nothing has shifted
    assert np.isnan(generated["quality"][3])
    assert np.isnan(generated["nearest_distance"][3])
    assert generated["effective_contributors"][3] == 0
    values = columns(workspace, "values")
    assert values["value"].sum() == pytest.approx(np.nansum(generated["quality"]))
    assert values["times_contributor"].sum() == 9 * 4
    fine = np.delete(generated["effective_contributors"], 3)
    assert manifest.totals.effective_contributors == pytest.approx(fine.mean())
