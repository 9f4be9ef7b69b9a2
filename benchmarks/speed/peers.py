"""Beside peers, on the same images and the same vectors: seconds, peak memory, what each answers.

10,000 of CIFAR-10's training images as files, 1,000 others as queries, 100 of the files once more as
JPEGs of quality 50 (near copies that are known). Each row runs in a process of its own. *Neighbours*:
the ten nearest of the queries by vectors that are given; scikit-learn's brute force is what FiftyOne's
default similarity backend calls. *Near copies*: files to pairs. imagededup's CNN method is given this
project's network, because its own weights are a download. *Attribution* is what no peer answers.

FiftyOne itself needs a MongoDB server, clip-retrieval a NumPy below 2 and CLIP's weights: neither was
run. Peers are installed by `pip install -r benchmarks/speed/peers-requirements.txt`; a peer that is
not there is named in the table.

    python -m benchmarks.speed.peers --json
"""  # noqa: E501

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.kit.datasets import SETTINGS, cifar_names
from benchmarks.kit.reporting import Row, finish, parser, print_table
from gmv_core import Workspace, build, open_run, open_source, value
from gmv_core.method.recall import exact_search
from gmv_core.store.columns import all_vectors
from gmv_core.trust.duplicates import find_clusters, members

NEAREST = 10
COPY = "copy-of-"
THRESHOLD = 0.9  # cosine, the default of imagededup


def prepare(options: argparse.Namespace, folder: Path, count: int, asked: int, copies: int) -> None:
    """Write training and query images as files, and their vectors."""
    names = cifar_names(options.cifar, count + asked, seed=options.seed)
    chosen = np.random.default_rng(options.seed).permutation(len(names))
    with zipfile.ZipFile(options.cifar) as file:
        for place, i in enumerate(chosen):
            part = folder / ("train" if place < count else "made")
            part.mkdir(exist_ok=True)
            (part / names[i].replace("/", "-")).write_bytes(file.read(names[i]))
    for path in sorted((folder / "train").iterdir())[:copies]:
        with Image.open(path) as image:
            image.save(path.with_name(COPY + path.name), quality=50)
    workspace = Workspace(folder / "workspace")
    for part in ("train", "made"):
        made = build(workspace, open_source(folder / part), name=part, settings=SETTINGS)
        vectors = all_vectors(workspace.image_set(part).embeddings(made.embedder.key))[1]
        np.save(folder / f"{part}.npy", vectors)


def neighbours_ours(folder: Path) -> str:
    """Search exactly, as a set of this size is searched."""
    training, queries = np.load(folder / "train.npy"), np.load(folder / "made.npy")
    blocks = [(np.arange(len(training)), training)]
    exact_search(queries, blocks, k=NEAREST)
    return "ten nearest, exact"


def neighbours_sklearn(folder: Path) -> str:
    """Search by scikit-learn's brute force."""
    from sklearn.neighbors import NearestNeighbors

    training, queries = np.load(folder / "train.npy"), np.load(folder / "made.npy")
    NearestNeighbors(n_neighbors=NEAREST, algorithm="brute").fit(training).kneighbors(queries)
    return "ten nearest, exact"


def copies_ours(folder: Path) -> str:
    """Build the files and look for near copies."""
    workspace = Workspace(folder / "ours")
    build(workspace, open_source(folder / "train"), name="train", settings=SETTINGS)
    find_clusters(workspace, "train")
    names = members(workspace.image_set("train")).groupby("cluster")["training"].agg(set)
    return _found(folder, [(a, b) for group in names for a in group for b in group if a != b])


def copies_imagededup_cnn(folder: Path) -> str:
    """Encode and compare by imagededup's CNN method, with this project's network."""
    from imagededup.methods import CNN
    from imagededup.utils import CustomModel

    from benchmarks.speed.embed import PREPROCESS, UserNetwork

    method = CNN(False, CustomModel("lite0", UserNetwork().eval(), PREPROCESS))
    found = method.find_duplicates(str(folder / "train"), min_similarity_threshold=THRESHOLD)
    return _found(folder, [(a, b) for a, others in found.items() for b in others])


def copies_imagededup_hash(folder: Path) -> str:
    """Compare by imagededup's perceptual hash."""
    from imagededup.methods import PHash

    found = PHash(verbose=False).find_duplicates(str(folder / "train"))
    return _found(folder, [(a, b) for a, others in found.items() for b in others])


def copies_cleanvision(folder: Path) -> str:
    """Look for near copies by cleanvision's hash."""
    from cleanvision import Imagelab

    lab = Imagelab(data_path=str(folder / "train"), verbose=False)
    lab.find_issues({"near_duplicates": {}, "exact_duplicates": {}})
    groups = [
        [Path(name).name for name in group]
        for kind in ("near_duplicates", "exact_duplicates")
        for group in lab.info[kind]["sets"]
    ]
    return _found(folder, [(a, b) for group in groups for a in group for b in group if a != b])


def attribution_ours(folder: Path) -> str:
    """Build both and value: contributors, quality and value with intervals."""
    workspace = Workspace(folder / "valued")
    build(workspace, open_source(folder / "train"), name="train", settings=SETTINGS)
    value(workspace, open_source(folder / "made"), against="train", name="run")
    table = open_run(workspace, "run").values_table()
    return f"contributors of each, {int((table['value'] > 0).sum()):,} images with a value"


def _found(folder: Path, pairs: list[tuple[str, str]]) -> str:
    """Say how many of the planted copies were found, and how many other pairs were told."""
    known = {path.name for path in (folder / "train").glob(f"{COPY}*")}
    planted = {name for name in known if (name, name.removeprefix(COPY)) in set(pairs)}
    others = {frozenset(p) for p in pairs} - {frozenset((n, n.removeprefix(COPY))) for n in known}
    return f"{len(planted)} of {len(known)} planted copies, {len(others):,} other pairs"


STEPS: dict[str, tuple[str, str, Callable[[Path], str]]] = {
    "neighbours-ours": ("neighbours", "this project", neighbours_ours),
    "neighbours-sklearn": ("neighbours", "scikit-learn, brute force", neighbours_sklearn),
    "copies-ours": ("near copies", "this project", copies_ours),
    "copies-cnn": ("near copies", "imagededup, CNN (our network)", copies_imagededup_cnn),
    "copies-hash": ("near copies", "imagededup, PHash", copies_imagededup_hash),
    "copies-cleanvision": ("near copies", "cleanvision", copies_cleanvision),
    "attribution-ours": ("attribution", "this project", attribution_ours),
}
NOT_RUN = (
    ("neighbours", "FiftyOne", "not run: needs a MongoDB server"),
    ("neighbours", "clip-retrieval", "not run: needs NumPy below 2 and CLIP's weights"),
)


def one_step(step: str, folder: Path) -> None:
    """Run one row in this process and print it as a JSON line."""
    started = time.perf_counter()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            answer = STEPS[step][2](folder)
    except ModuleNotFoundError as error:
        print(json.dumps({"answer": f"not run: {error.name} is not installed"}))
        return
    seconds = time.perf_counter() - started
    peak = sum(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(
        json.dumps({"seconds": round(seconds, 1), "peak MB": round(peak / 1024), "answer": answer})
    )


def measured(step: str, folder: Path) -> Row:
    """Run one row in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed.peers", "--step", step, "--folder",
               str(folder)]  # fmt: skip
    silent = {"TQDM_DISABLE": "1", "FIFTYONE_DO_NOT_TRACK": "true"}
    told = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **silent}
    )
    task, who, _ = STEPS[step]
    row: Row = {"task": task, "by": who, **json.loads(told.stdout.strip().splitlines()[-1])}
    return row


def main() -> None:
    """Run every row, print the table and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--images", type=int, default=10_000)
    made.add_argument("--queries", type=int, default=1_000)
    made.add_argument("--step", choices=STEPS, default=None)
    made.add_argument("--folder", type=Path, default=None)
    options = made.parse_args()
    if options.step:
        one_step(options.step, options.folder)
        return
    count, asked, copies = (
        (300, 50, 10) if options.quick else (options.images, options.queries, 100)
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(options, folder, count, asked, copies)
        rows = [measured(step, folder) for step in STEPS]
    rows += [{"task": task, "by": who, "answer": why} for task, who, why in NOT_RUN]
    print_table(f"{count:,} images, {asked:,} queries", rows)
    finish(options, "peers", {"rows": rows})


if __name__ == "__main__":
    main()
