"""A run that takes near copies in its training set as one, for several tests."""

from __future__ import annotations

from pathlib import Path

from gmv_core import (
    MatchSettings,
    RunSettings,
    ValueSettings,
    Workspace,
    build,
    labels_for,
    open_source,
    value,
)
from tests.built import write_csv
from tests.fakes import draw, fake_embedder, lighter, lossless, png, write_images

CLUSTER = ValueSettings(k=4, duplicates="cluster")
CLUSTERS = [["00", "x/0", "y/0"], ["01", "x/1", "y/1"], ["02", "x/2"], ["03", "z/0", "z/1"],
            ["04", "w/4"]]  # fmt: skip
AGAIN = {"w/4": lossless(draw(4)), "y/0": lossless(draw(0)), "y/1": lossless(draw(1)),
         **{f"x/{i}": png(lighter(draw(i))) for i in range(3)},
         **dict.fromkeys(("z/0", "z/1"), png(lighter(draw(3))))}  # fmt: skip


def write_copies(root: Path, *, but: str = "") -> None:
    """Write a run by clusters of near copies, those in CLUSTERS, of 24 images and copies of them.

    Of 00 First owns the first image and Later the others, of 01 All owns all. The generated images
    are 01, lighter copies of 00 and 02, and six others. but: an image that is not there.
    """
    images = {f"{i:02d}": png(draw(i)) for i in range(24)} | AGAIN
    images.pop(but, None)
    owners = [["name", "owner"]]
    for name, content in images.items():
        (root / "train" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "train" / f"{name}.png").write_bytes(content)
        copied = {"00": "First", "x/0": "Later", "y/0": "Later"} | dict.fromkeys(CLUSTERS[1], "All")
        owners.append([f"{name}.png", copied.get(name, "Rest")])
    write_csv(root / "owners.csv", owners)
    workspace, source = Workspace(root / "home"), open_source(root / "train")
    build(workspace, source, name="train", labels=labels_for(source, root / "owners.csv"),
          embedder=fake_embedder())  # fmt: skip
    made = write_images(root / "made", 6, first_seed=100)
    (made / "copy1.png").write_bytes(png(draw(1)))
    for i in (0, 2):
        (made / f"copy{i}.png").write_bytes(png(lighter(draw(i))))
    settings = RunSettings(MatchSettings(candidates=8, distance="features"), CLUSTER)
    value(workspace, open_source(made), against="train", name="run", settings=settings,
          embedder=fake_embedder())  # fmt: skip
