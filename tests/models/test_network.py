"""The torch path of CUDA and MPS, run on torch's processor device: what differs is the device."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from gmv_core.models.embedders.lite0 import lite0_module, lite0_weights, load_lite0
from gmv_core.models.network import products_with, torch_network, torch_products
from tests.models.test_lite0 import scenes


@pytest.mark.models
@pytest.mark.parametrize(("precision", "least"), [("fp32", 0.99999), ("bf16", 0.99)])
def test_torch_computes_what_the_converted_network_does(precision: str, least: float) -> None:
    network = torch_network(lambda: lite0_module(lite0_weights()[0]), "cpu", precision)
    images = scenes(4)
    vectors = network(images)[0]
    expected = load_lite0("fp32")(images)[0]
    assert vectors.dtype == np.float32
    cosines = (vectors * expected).sum(axis=1) / np.linalg.norm(vectors, axis=1)
    assert cosines.min() > least


def test_products_by_torch_are_those_of_numpy() -> None:
    rng = np.random.default_rng(0)
    left, right = rng.standard_normal((5, 70)), rng.standard_normal((3, 70))
    left, right = left.astype(np.float32), right.astype(np.float32)
    expected = left.astype(np.float64) @ right.T.astype(np.float64)
    for found in (torch_products(left, "cpu")(right), products_with(left)(right)):
        assert found.shape == (5, 3)
        assert np.abs(found - expected).max() < 1e-5


BOUND = """
import os, sys, threading
import numpy as np
from gmv_core.models.embedders.lite0 import load_lite0

network, allowed, seen = load_lite0("fp32"), os.sched_getaffinity(0), set()
working = threading.Thread(target=lambda: [network(np.zeros((8, 128, 128, 3), np.uint8))
                                           for _ in range(20)])
working.start()
while working.is_alive():
    for task in os.listdir("/proc/self/task"):
        try:
            seen.add(frozenset(os.sched_getaffinity(int(task))))
        except OSError:
            pass  # it has ended
sys.exit(seen != {frozenset(allowed)})
"""


@pytest.mark.models
@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="told by Linux alone")
def test_no_thread_of_a_network_is_bound_to_a_core() -> None:
    """Workers with a thread each would all be bound to the same one, and two as slow as one."""
    subprocess.run(
        [sys.executable, "-c", BOUND], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
