"""The vectors of a set: another embedder or precision, and embedders that break their promise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gmv_core import EmbedSettings, WorkspaceError, open_source
from gmv_core.models.embedders.embedder import from_callable
from gmv_core.sets import build as building
from gmv_core.sets import filling
from gmv_core.sets.build import build
from gmv_core.sets.filling import ensure_embedded
from gmv_core.settings import BuildSettings
from gmv_core.store.manifests import EmbedderEntry
from gmv_core.store.workspace import Workspace
from gmv_core.types import Embedder
from tests.fakes import FAKE, fake_embedder, fake_vectors, rows_of
from tests.sets.conftest import make

pytestmark = pytest.mark.usefixtures("small_commits")


def test_another_embedder_embeds_the_previews_again(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    make(workspace, images, embedder)
    train = workspace.image_set("train")
    rows, version = rows_of(train.images), train.images.open().version
    other = from_callable(lambda p: -fake_vectors(p)[0], key="minus", side_px=8, dim=24)
    manifest = make(workspace, images, other)
    assert manifest.reused is False
    assert manifest.embedder.key == "minus"
    assert train.images.open().version == version
    assert rows_of(train.images).equals(rows)
    vectors = [rows_of(train.embeddings(k))["vector"].to_pylist() for k in (FAKE, "minus")]
    assert np.array_equal(np.stack(vectors[0]), -np.stack(vectors[1]))


@pytest.fixture
def by_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an embedder of any key be had, whose vectors have another sign in bf16."""

    def load(key: str, precision: str, given: None) -> Embedder:
        sign = -1 if precision == "bf16" else 1
        return from_callable(lambda p: sign * fake_vectors(p)[0], key=key, side_px=8, dim=24)

    monkeypatch.setattr(building, "resolve_embedder", lambda key: (key, "of the test"))
    monkeypatch.setattr(building, "resolve_precision", lambda precision: precision)
    for module in (building, filling):
        monkeypatch.setattr(module, "reload_embedder", load)


@pytest.mark.usefixtures("by_precision")
def test_the_same_embedder_in_another_precision_embeds_again(
    workspace: Workspace, images: Path
) -> None:
    source = open_source(images)
    found = []
    for precision in ("fp32", "bf16"):
        settings = BuildSettings(embed=EmbedSettings(FAKE, precision))
        manifest = build(workspace, source, name="train", settings=settings)
        assert manifest.embedder.precision == precision
        vectors = rows_of(workspace.image_set("train").embeddings(FAKE))["vector"].to_pylist()
        found.append(np.stack(vectors))
    assert np.array_equal(found[0], -found[1])


@pytest.mark.usefixtures("by_precision")
def test_a_precision_is_remembered_over_another_embedder(
    workspace: Workspace, images: Path
) -> None:
    source = open_source(images)
    for key, precision in (("one", "fp32"), ("two", "fp32"), ("one", "bf16")):
        build(
            workspace,
            source,
            name="train",
            settings=BuildSettings(embed=EmbedSettings(key, precision)),
        )
    train = workspace.image_set("train")

    def vectors(key: str) -> np.ndarray:
        return np.stack(rows_of(train.embeddings(key))["vector"].to_pylist())

    assert np.array_equal(vectors("one"), -vectors("two"))
    # As the generated set of a run: another embedder's vectors follow, its own are never swapped.
    ensure_embedded(train, EmbedderEntry("two", "bf16"), embedder=None)
    assert np.array_equal(vectors("one"), vectors("two"))
    assert train.manifest().state == "ready"
    with pytest.raises(WorkspaceError, match="in bf16 and the training set in fp32; build"):
        ensure_embedded(train, EmbedderEntry("one", "fp32"), embedder=None)


def test_vectors_of_another_embedder_are_made_from_the_previews(
    workspace: Workspace, images: Path, embedder: Embedder
) -> None:
    make(workspace, images, embedder)
    train = workspace.image_set("train")
    other = from_callable(lambda p: -fake_vectors(p)[0], key="minus", side_px=8, dim=24)
    ensure_embedded(train, EmbedderEntry("minus", "own"), embedder=other)
    vectors = [rows_of(train.embeddings(k))["vector"].to_pylist() for k in (FAKE, "minus")]
    assert np.array_equal(np.stack(vectors[0]), -np.stack(vectors[1]))


def test_an_embedder_without_features_stores_no_sketch(workspace: Workspace, images: Path) -> None:
    manifest = make(workspace, images, fake_embedder(features=False))
    assert manifest.embedder.has_features is False
    assert rows_of(workspace.image_set("train").embeddings(FAKE)).column_names == [
        "id",
        "vector",
        "digest",
    ]


def test_an_embedder_that_breaks_its_promise_is_a_sentence(
    workspace: Workspace, images: Path
) -> None:
    from gmv_core import SettingsError

    liar = from_callable(lambda p: fake_vectors(p)[0], key="liar", side_px=8, dim=23)
    with pytest.raises(SettingsError, match=r"shape \(8, 24\); it promised \(8, 23\)"):
        make(workspace, images, liar)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_vector_without_a_direction_is_a_sentence(
    workspace: Workspace, images: Path, bad: float
) -> None:
    from gmv_core import SettingsError

    broken = from_callable(
        lambda p: np.full((len(p), 24), bad, np.float32), key="broken", side_px=8, dim=24
    )
    with pytest.raises(SettingsError, match=r"'broken' returned .* return finite vectors"):
        make(workspace, images, broken)
