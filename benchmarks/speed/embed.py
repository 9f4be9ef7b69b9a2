"""Images/s of a whole `build` against the loop that a user would write.

The build reads, hashes, decodes, makes previews, embeds, sketches, commits and indexes; the loop
(Pillow, torchvision transforms, eager torch without gradients, batches of 64) only decodes and
embeds, with the same network on the same images. Loading the network is left out of both. The two
take turns; medians are reported. The limit is that of one decoding and one forward pass that share
the cores: 1 / (1/decode + 1/forward).

    python -m benchmarks.speed.embed --json
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import normalize
from torchvision import transforms

from benchmarks.kit.datasets import SETTINGS, cifar_names, cut_zip
from benchmarks.kit.reporting import Row, finish, has_bf16, parser, print_table, seconds_of
from gmv_core import IngestSettings, Workspace, build, open_source
from gmv_core.images.decode import decode
from gmv_core.models.embedders.embedder import stack
from gmv_core.models.embedders.lite0 import POOLED_BLOCKS, lite0_module, lite0_weights, load_lite0
from gmv_core.settings import IndexSettings
from gmv_core.store.columns import all_vectors
from gmv_core.types import Embedder, Float32, SourceImage, UInt8

BATCH = 64
SIDE_PX = 128


def photographs(archive: Path, folder: Path, count: int, *, seed: int) -> None:
    """Write `count` JPEGs of 512 px: enlarged CIFAR images under texture of many scales."""
    rng = np.random.default_rng(seed)
    fields = [_texture(rng, 512) for _ in range(8)]
    with zipfile.ZipFile(archive) as file:
        for i, name in enumerate(cifar_names(archive, count, seed=seed)):
            with file.open(name) as member:
                large = (
                    Image.open(member).convert("RGB").resize((512, 512), Image.Resampling.BICUBIC)
                )
            grain = np.roll(fields[i % 8], tuple(rng.integers(0, 512, 2)), (0, 1))
            pixels = np.clip(np.asarray(large) + grain[:, :, None], 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{i:05d}.jpg", quality=90)


def _texture(rng: np.random.Generator, side_px: int) -> Float32:
    """Noise whose amplitude falls as 1/frequency, as in photographs; standard deviation 18."""
    spectrum = np.fft.rfft2(rng.standard_normal((side_px, side_px)))
    y, x = np.fft.fftfreq(side_px)[:, None], np.fft.rfftfreq(side_px)[None]
    field = np.fft.irfft2(spectrum / np.maximum(np.hypot(y, x), 1 / side_px))
    return (18 * field / field.std()).astype(np.float32)


class UserNetwork(torch.nn.Module):
    """The same network on normalized images (n, 3, s, s), giving the vector only."""

    def __init__(self) -> None:
        super().__init__()
        same = lite0_module(lite0_weights()[0])
        self.stem, self.blocks = same.stem, same.blocks

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        pooled = {}
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in POOLED_BLOCKS:
                pooled[i] = normalize(x.mean((2, 3)), dim=1)
        return normalize(torch.cat([pooled[i] for i in POOLED_BLOCKS], 1), dim=1)


PREPROCESS = transforms.Compose(
    [
        transforms.Resize((SIDE_PX, SIDE_PX), transforms.InterpolationMode.BILINEAR),
        transforms.ToTensor(),
        transforms.Normalize([127 / 255] * 3, [128 / 255] * 3),
    ]
)


def user_loop(network: torch.nn.Module, paths: list[Path]) -> Float32:
    """Return the vectors of image files."""
    vectors = []
    with torch.no_grad():
        for start in range(0, len(paths), BATCH):
            batch = [PREPROCESS(Image.open(p).convert("RGB")) for p in paths[start : start + BATCH]]
            vectors.append(network(torch.stack(batch)).numpy())
    return np.concatenate(vectors)


def decode_all(source: Path, side_px: int = SIDE_PX) -> UInt8:
    """Decode as a build does, preview and resize included, with all cores."""

    def prepare(image: SourceImage) -> UInt8:
        pixels = decode(image.data, IngestSettings()).pixels
        if pixels is None:
            raise ValueError(image.name)
        return stack([pixels], side_px)[0]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return np.stack(list(pool.map(prepare, open_source(source).read())))


def forward_all(embedder: Embedder, squares: UInt8, batch: int = BATCH) -> None:
    """Run the network on ready arrays."""
    for start in range(0, len(squares), batch):
        embedder(squares[start : start + batch])


def build_once(source: Path, embedder: Embedder) -> Float32:
    """Build into a new workspace and return the stored vectors."""
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        settings = replace(SETTINGS, index=IndexSettings("exact"))
        build(workspace, open_source(source), name="measured", settings=settings, embedder=embedder)
        return all_vectors(workspace.image_set("measured").embeddings(embedder.key))[1]


def compare(name: str, source: Path, paths: list[Path], precision: str, runs: int) -> Row:
    """Measure one source: build and loop in turns, then decode alone and forward alone."""
    embedder, network = load_lite0(precision), UserNetwork().eval()
    ours, theirs = build_once(source, embedder), user_loop(network, paths)
    cosine = float((ours * theirs).sum(1).min())
    squares = decode_all(source)
    steps: dict[str, Callable[[], object]] = {
        "build": lambda: build_once(source, embedder),
        "loop": lambda: user_loop(network, paths),
        "decode": lambda: decode_all(source),
        "forward": lambda: forward_all(embedder, squares),
    }
    taken: dict[str, list[float]] = {step: [] for step in steps}
    for _ in range(runs):
        for step, work in steps.items():
            taken[step].append(seconds_of(work))
    n = len(paths)
    rate = {step: n / statistics.median(times) for step, times in taken.items()}
    ratios = [loop / built for loop, built in zip(taken["loop"], taken["build"], strict=True)]
    limit = 1 / (1 / rate["decode"] + 1 / rate["forward"])
    return {
        "images": f"{n:,} {name}", "precision": precision,
        "build img/s": round(rate["build"], 1), "loop img/s": round(rate["loop"], 1),
        "ratio": round(statistics.median(ratios), 2),
        "decode img/s": round(rate["decode"], 1), "forward img/s": round(rate["forward"], 1),
        "limit img/s": round(limit, 1), "share of limit": round(rate["build"] / limit, 3),
        "least cosine": round(cosine, 5),
    }  # fmt: skip


def sources(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Path, list[Path]]]:
    """Yield (name, what the build reads, the files that the loop reads)."""
    count, large = (600, 150) if options.quick else (options.images, options.large)
    loose = folder / "cifar"
    archive = cut_zip(options.cifar, cifar_names(options.cifar, count, seed=options.seed),
                      folder / "cifar.zip")  # fmt: skip
    with zipfile.ZipFile(archive) as file:
        file.extractall(loose)
        names = file.namelist()
    yield "CIFAR-10", archive, [loose / name for name in names]
    photos = folder / "photos"
    photos.mkdir()
    photographs(options.cifar, photos, large, seed=options.seed)
    yield "JPEGs of 512 px", photos, sorted(photos.iterdir())


def main() -> None:
    """Measure, print the table and the figures."""
    made = parser(__doc__ or "")
    made.add_argument("--images", type=int, default=4000, help="CIFAR-10 images")
    made.add_argument("--large", type=int, default=1000, help="JPEGs of 512 px")
    made.add_argument("--runs", type=int, default=3)
    options = made.parse_args()
    runs = 1 if options.quick else options.runs
    precisions = ["fp32", "bf16"] if has_bf16() else ["fp32"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, source, paths in sources(options, Path(folder)):
            rows += [compare(name, source, paths, precision, runs) for precision in precisions]
    print_table("Whole build against a user's loop (targets: ratio ≥ 2.5 at fp32, ≥ 4 at bf16; "
                "share of the limit ≥ 0.8)", rows)  # fmt: skip
    if "bf16" not in precisions:
        print("\nThis processor has no bf16 arithmetic, so there is no bf16 row.")
    finish(options, "embed", {"rows": rows})


if __name__ == "__main__":
    main()
