"""A real Ray cluster of two machines on this one, started once for the tests that share it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gmv_core import Workspace, build, open_source
from gmv_core.cluster.on_ray import STORE_BYTES, patience
from gmv_core.sets.making import spread
from tests.fakes import draw, fake_embedder, png, write_images
from tests.sources.servers import object_store

IMAGES = 60


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """Start a head that works on nothing. Ray's own files lie in a folder with a short name."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    pytest.importorskip("ray", reason="the package ray is not installed (extra: cluster)")
    from ray._private import services
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="ray")  # the names of sockets in it have 107 letters at most
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", folder)
        # The dashboard's process would ask other machines where it runs: see on_ray.py.
        patch.setattr(services, "start_api_server", lambda *_, **__: (None, None))
        head = {"num_cpus": 0, "object_store_memory": STORE_BYTES}
        with patience():
            started = Cluster(initialize_head=True, head_node_args=head)
        yield started
        started.shutdown()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def machines(cluster: Any) -> Iterator[list[Any]]:  # noqa: ANN401  (Ray's own)
    """Give the cluster two machines of one processor each; those that are left go afterwards."""
    with patience():
        own = {"num_cpus": 1, "object_store_memory": STORE_BYTES // 3, "wait": False}
        nodes = [cluster.add_node(**own) for _ in range(2)]
    cluster.wait_for_nodes(timeout=300)  # it ends as soon as they are there
    yield nodes
    for node in nodes:
        if node in cluster.worker_nodes:
            cluster.remove_node(node)


@pytest.fixture
def address(cluster: Any, machines: list[Any]) -> str:  # noqa: ANN401
    return str(cluster.address)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """60 images, one of them broken."""
    folder = write_images(tmp_path / "train", IMAGES)
    (folder / "class1" / "0010.png").write_bytes(png(draw(10))[:70])
    return folder


@pytest.fixture
def here(tmp_path: Path, images: Path) -> Workspace:
    """A workspace in which this process alone built the set."""
    workspace = Workspace(tmp_path / "here")
    build(workspace, open_source(images), name="train", embedder=fake_embedder())
    return workspace


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "COMMIT_ROWS", 4)


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """Where the embedder of tests/cluster/embedder.py notes which machine it works on."""
    folder = tmp_path / "visits"
    folder.mkdir()
    return folder


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of an object store on this machine; copies of its files go to a folder of here."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with object_store(monkeypatch) as address:
        yield address
