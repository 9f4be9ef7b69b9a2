"""A build and a run on a Ray cluster of two machines end as those of one process do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gmv_core import ClusterError, Workspace, build, open_source, ray_workers, value
from gmv_core.runs import valuation
from gmv_core.types import Progress
from tests.cluster.conftest import IMAGES
from tests.cluster.noting import deadly_embedder, noting_embedder, visits_of
from tests.fakes import assert_same_run, assert_same_set, fake_embedder, write_images

pytestmark = pytest.mark.cluster

DRIVER = """
import sys
from gmv_core import Workspace, build, open_source, ray_workers, value
from gmv_core.runs import valuation
from gmv_core.sets.making import spread
from tests.fakes import fake_embedder
spread.COMMIT_ROWS = 4
def report(step):
    print(step.done, flush=True)
with ray_workers(sys.argv[3]) as workers:
    build(Workspace(sys.argv[1]), open_source(sys.argv[2]), name="train",
          embedder=fake_embedder(), workers=workers, report=report)
"""


def same(one: Workspace, other: Workspace) -> None:
    assert_same_set(one.image_set("train"), other.image_set("train"))


def test_two_machines_build_what_one_process_builds(
    address: str, here: Workspace, images: Path, workspace: Workspace, visits: Path
) -> None:
    with ray_workers(address) as workers:
        build(workspace, open_source(images), name="train", embedder=noting_embedder(visits),
              workers=workers)  # fmt: skip
    same(workspace, here)
    assert len(visits_of(visits)) == 2, "both machines worked, and this process did not"


def test_a_machine_is_killed_in_the_middle(
    cluster: Any,  # noqa: ANN401
    machines: list[Any],
    here: Workspace,
    images: Path,
    workspace: Workspace,
    visits: Path,
) -> None:
    killed: list[str] = []
    done: list[int] = []

    def report(step: Progress) -> None:
        if step.stage == "embed":
            done.append(step.done)
        if step.stage == "embed" and not killed and len(visits_of(visits)) == 2:
            killed.append(machines[0].node_id)
            cluster.remove_node(machines[0], allow_graceful=False)

    with ray_workers(cluster.address) as workers:
        build(workspace, open_source(images), name="train", embedder=noting_embedder(visits),
              workers=workers, report=report)  # fmt: skip
    assert killed and done[0] < IMAGES == done[-1]
    assert visits_of(visits)[killed[0]], "the machine that died had been at work"
    same(workspace, here)


def test_a_killed_driver_goes_on_where_it_was(
    address: str, here: Workspace, images: Path, workspace: Workspace, visits: Path
) -> None:
    words = [sys.executable, "-c", DRIVER, str(workspace.root), str(images), address]
    driver = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    done = int(driver.stdout.readline())
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    target = workspace.image_set("train")
    kept = len(target.images)
    assert 0 < done <= kept < IMAGES and target.manifest().state == "building"
    with ray_workers(address) as workers:
        build(workspace, open_source(images), name="train", embedder=noting_embedder(visits),
              workers=workers)  # fmt: skip
    same(workspace, here)
    assert visits_of(visits).total() < IMAGES / 4


def test_two_machines_value_what_one_process_values(
    address: str, here: Workspace, tmp_path: Path, visits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(valuation, "BLOCK", 4)
    made = open_source(write_images(tmp_path / "made", 30, first_seed=100))
    value(here, made, against="train", name="alone", embedder=fake_embedder())
    with ray_workers(address) as workers:
        value(here, made, against="train", name="shared", embedder=noting_embedder(visits),
              workers=workers)  # fmt: skip
    assert_same_run(here.run("shared"), here.run("alone"))
    assert len(visits_of(visits).keys() - {"here"}) == 2


def test_two_machines_work_on_an_object_store(
    bucket: str,  # before the machines: they know it from their environment
    address: str,
    here: Workspace,
    images: Path,
    tmp_path: Path,
    visits: Path,
) -> None:
    there = Workspace(f"{bucket}/ws")
    made = open_source(write_images(tmp_path / "made", 12, first_seed=100))
    value(here, made, against="train", name="run", embedder=fake_embedder())
    with ray_workers(address) as workers:
        build(there, open_source(images), name="train", embedder=noting_embedder(visits),
              workers=workers)  # fmt: skip
        value(there, made, against="train", name="run", embedder=noting_embedder(visits),
              workers=workers)  # fmt: skip
    same(there, here)
    assert_same_run(there.run("run"), here.run("run"))
    assert len(visits_of(visits)) >= 2, "both machines worked"


def test_a_batch_that_ends_its_process_is_given_up_in_a_sentence(
    address: str, images: Path, workspace: Workspace
) -> None:
    with ray_workers(address) as workers, pytest.raises(ClusterError, match="the same command"):
        build(workspace, open_source(images), name="train", embedder=deadly_embedder(),
              workers=workers)  # fmt: skip
    with ray_workers(address) as workers:
        build(workspace, open_source(images), name="train", embedder=fake_embedder(),
              workers=workers)  # fmt: skip


@pytest.mark.parametrize("address", ["127.0.0.1:1", "127.0.0.1:99999", "[::1]:1"])
def test_an_address_where_nobody_answers(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    pytest.importorskip("ray", reason="the package ray is not installed (extra: cluster)")
    with pytest.raises(ClusterError, match="cannot be reached"), ray_workers(address):
        pass


def test_without_the_package_a_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match="not installed"), ray_workers():
        pass
