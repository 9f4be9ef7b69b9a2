"""What a statement says in words: what was compared, what it does not say, how to check it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from gmv_core.results.owners.answer import OwnerAnswer, unattributed_sentence
from gmv_core.results.result import Result
from gmv_core.settings import CLUSTER, CONVINCING
from gmv_core.store.columns import statuses
from gmv_core.store.workspace import ImageSet
from gmv_core.trust.sentences import unseen
from gmv_core.trust.standing import FAR, NEAR_COPY
from gmv_core.words import counted, number, percent, visible

FILE_NAME, GROUP_NAME = 28, 64  # characters of a name in a caption and in a table
EARNS_ALL = (
    "Every generated image gives out all of its credit, also where nothing is really close. The "
    "words beside each pair say how close it is."
)
EARNS_CLOSE = (
    "Only matches that are as close as unseen real images reach earn; that is no proof either."
)
LIMITS = (
    "Credit goes by likeness: which training images a generated image is closest to. It does not "
    "say that the generator was trained on an image, nor that an image caused another.",
    "Who owns an image was told to the program by whoever made the run; it was not checked.",
    "A share is of these generated images. Others of the same generator would give somewhat other "
    "shares: the interval says how much.",
    "It is no price and no legal finding.",
)
STANDINGS = {
    NEAR_COPY: "closer than unseen images",
    FAR: "farther than unseen images",
    "ordinary": "as close as unseen images",
    "": "not held against unseen images",
}


def limits(result: Result) -> list[str]:
    """Return what a statement does not say."""
    earns = EARNS_CLOSE if result.settings.credit == CONVINCING else EARNS_ALL
    return [LIMITS[0], earns, *LIMITS[1:]]


def compared(result: Result, digests: tuple[str, str]) -> list[tuple[str, str, str]]:
    """Return what was compared and how: a heading, words, and a digest or "".

    digests: of the files of the generated and the training images.
    """
    run, settings = result.manifest, result.settings
    tau = (
        "by the spread of each image's distances"
        if settings.temperature == "auto"
        else (f"τ = {number(float(settings.temperature))}")
    )
    how = [
        f"The {settings.k} closest training images of each generated image share its credit",
        f"weights fall with distance ({tau})",
        "weighted by quality" if settings.quality_weighting else "each image gives 1",
    ]
    if settings.credit == CONVINCING:
        how.append("only convincing matches earn")
    if settings.duplicates == CLUSTER:
        how.append("near copies earn as one")
    held = f"held against {unseen(run.null)}" if run.null else "held against no unseen images"
    return [
        ("Generated images", f"{_counted(result.generated)}; the result “{result.run.name}”",
         digests[0]),
        ("Training images", f"{_counted(result.training)}; the set “{run.training.name}”",
         digests[1]),
        ("How credit is given", "; ".join(how) + ".", ""),
        ("Compared by", f"embedder {run.matching.embedder}, of whose nearest "
                        f"{run.matching.candidates} the nearest by the distance "
                        f"{run.matching.distance}; quality {run.judging.quality}; {held}; seed "
                        f"{run.judging.seed}.", ""),
        ("Valued", f"{(run.updated or run.created)[:16].replace('T', ' ')} UTC, with versions "
                   + ", ".join(f"{k} {v}" for k, v in sorted((run.versions or {}).items())), ""),
    ]  # fmt: skip


def _counted(images: ImageSet) -> str:
    fine = statuses(images)
    rest = int((~fine).sum())
    return counted(int(fine.sum()), "image") + (f", {rest:,} more rejected or removed" * (rest > 0))


def commands(result: Result, root: str) -> list[str]:
    """Return the commands that make the evidence of a result as it is read, and check its root."""
    options = {
        "k": ("--k", str(result.settings.k)),
        "temperature": ("--temperature", str(result.settings.temperature)),
        "quality_weighting": ("--weighting" if result.settings.quality_weighting
                              else "--no-weighting",),
        "credit": ("--credit", result.settings.credit),
        "duplicates": ("--duplicates", result.settings.duplicates),
    }  # fmt: skip
    own = result.manifest.value
    other = [word for setting, words in options.items() for word in words
             if getattr(own, setting) != getattr(result.settings, setting)]  # fmt: skip
    return [
        visible(shlex.join(["gmv", "evidence", result.run.name, "evidence.zip", *other])),
        f"gmv verify evidence.zip --root {root}",
    ]


def further(answer: OwnerAnswer) -> Iterator[str]:
    yield (
        f"{counted(answer.images, 'image')} of {answer.of_images:,} in the training set; "
        f"{answer.never:,} earned nothing."
    )
    if answer.unattributed:
        yield unattributed_sentence(answer)
    if answer.copied:
        yield (
            f"{counted(answer.copied, 'image')} of these with a near copy among the images of "
            "another."
        )
    if answer.as_one is not None and abs(answer.as_one - answer.share) > 5e-4:
        yield f"Were near copies counted as one image, it would be {percent(answer.as_one)}."


def shortened(name: str, most: int) -> str:
    """Return a name as it is read, its middle left out where it is longer."""
    name = visible(name)
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[-most // 2 :]}"
