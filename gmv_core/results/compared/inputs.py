"""What two results were made from, beside each other: what differs, and what can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from gmv_core.results.compared.pair import Common, Pair
from gmv_core.results.result import Result
from gmv_core.settings import CLUSTER, CONVINCING
from gmv_core.words import counted

WEIGHTING = {True: "yes", False: "no"}
CREDIT = {True: "convincing matches", False: "every contributor"}
COPIES = {True: "near copies as one", False: "each image"}


@dataclass(frozen=True)
class Difference:
    """Something that two results were made with, and how: what, and the words for either."""

    what: str
    first: str
    second: str


def differences(pair: Pair) -> list[Difference]:
    """Return what differs in the inputs and settings of two results; versions come last."""
    found = []
    sides = zip(_made_with(pair.first).items(), _made_with(pair.second).values(), strict=True)
    for (what, first), second in sides:
        same = first == second
        if what == "Training images":
            same = pair.training.all
        elif what == "Generated images":
            same = pair.generated.all
        if not same:
            found.append(Difference(what, first, second))
    return found + _versions(pair)


def _made_with(result: Result) -> dict[str, str]:
    run, settings = result.manifest, result.settings
    null, matching = run.null, run.matching
    training = counted(run.training.images, "image")
    if result.without:
        training += f", {len(result.without):,} left out"
    index = (matching.index or {}).get("kind", "")
    return {
        "Training images": f"{run.training.name} ({training})",
        "Generated images": f"{run.generated.name} ({counted(run.generated.images, 'image')})",
        "Contributors of each image (k)": f"{settings.k:,}",
        "Temperature": str(settings.temperature),
        "Weighted by quality": WEIGHTING[settings.quality_weighting],
        "Who earns": CREDIT[settings.credit == CONVINCING],
        "Earning by": COPIES[settings.duplicates == CLUSTER],
        "Distance": matching.distance,
        "Embedder": f"{matching.embedder} {matching.precision}".strip(),
        "Candidates": f"{matching.candidates:,}",
        "Search": str(index),
        "Quality metric": run.judging.quality,
        "Seed": str(run.judging.seed),
        "Unseen real images": "none"
        if null is None
        else f"{null.images:,} {null.kind}" + (f" ({null.source})" if null.source else ""),
    }


def _versions(pair: Pair) -> list[Difference]:
    first, second = (run.manifest.versions or {} for run in (pair.first, pair.second))
    return [
        Difference(f"Version of {name}", first.get(name, "none"), second.get(name, "none"))
        for name in sorted({*first, *second})
        if first.get(name) != second.get(name)
    ]


def inputs_sentence(pair: Pair) -> str:
    """Say in a sentence what the two results have in common and what differs."""
    training = _images(pair.training, "training")
    generated = _images(pair.generated, "generated")
    changed = [d.what for d in differences(pair)
               if d.what not in ("Training images", "Generated images")]  # fmt: skip
    settings = "; what differs: " + ", ".join(w[0].lower() + w[1:] for w in changed)
    said = f"{training}, {generated}{settings if changed else '; made and read alike'}."
    return said[0].upper() + said[1:]


def nothing_differs(pair: Pair) -> bool:
    """Return whether the two results were made from the same and are read alike."""
    return pair.training.all and pair.generated.all and not differences(pair)


def _images(common: Common, kind: str) -> str:
    if common.all:
        return f"the same {counted(len(common), f'{kind} image')}"
    if not len(common):
        return f"no {kind} image in common"
    return (
        f"{counted(len(common), f'{kind} image')} in common, of {common.of_first:,} and "
        f"{common.of_second:,}"
    )


def limits(pair: Pair) -> list[str]:
    """Say in sentences what cannot be compared, or only with care, and why."""
    said = []
    if not len(pair.training):
        said.append(
            "The two training sets have no image in common, so no image's value and no contributor "
            "can be compared: credit is shared among the images of one set, and another set shares "
            "it among others. Quality and standings can be."
        )
    elif not pair.training.all:
        said.append(
            f"The two sides share {counted(len(pair.training), 'training image')}, and only these "
            "are compared one by one. Credit is shared among all images of a set, so what one "
            "earns changes, too, because others were there or not."
        )
    if pair.training.all and not len(pair.generated):
        said.append(
            "The two sides have no generated image in common, so contributors gained and lost are "
            "not compared, and differences are as uncertain as both sides together."
        )
    first, second = pair.first.manifest, pair.second.manifest
    if first.judging.quality != second.judging.quality:
        said.append(
            f"Quality was judged by {first.judging.quality} and {second.judging.quality}: two "
            "scales, whose numbers cannot be held against each other."
        )
    keys = [None if run.null is None else run.null.key for run in (first, second)]
    if None not in keys and keys[0] != keys[1]:
        said.append(
            "The standings were found against different unseen real images, so they differ a "
            "little for that reason alone."
        )
    return said
