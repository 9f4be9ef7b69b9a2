"""What standings mean, in sentences: the same on the command line and on the pages."""

from __future__ import annotations

from gmv_core.store.manifests import NullEntry
from gmv_core.trust.duplicates import ClustersRecord
from gmv_core.trust.standing import FAR, HELD_OUT, LEVEL, NEAR_COPY, ORDINARY, least_found
from gmv_core.words import counted, number, percent

SURE = 0.01  # of the p-value beside C_T
BLUR = "A generator's blur alone can do that."
MEANINGS = {
    NEAR_COPY: "It is closer than an unseen real image would be.",
    ORDINARY: "It is as close as unseen real images are. That proves neither that one of its "
    "closest training images is a source nor that none is.",
    FAR: f"It is farther than unseen real images are. {BLUR}",
}


def clusters_sentence(record: ClustersRecord) -> str:
    """Say what near copies a training set has."""
    if not record.clusters:
        return "No image has a near copy."
    near = record.extra - record.exact
    return (
        f"{counted(record.extra, 'image')} more than once, in "
        f"{counted(record.clusters, 'cluster')}: {record.exact:,} with the bytes or pixels of an "
        f"earlier one, {near:,} near copies."
    )


def unseen(null: NullEntry) -> str:
    """Name the real images of a null."""
    if null.kind == HELD_OUT:
        return f"the {counted(null.images, 'held-out image')}"
    return f"{counted(null.images, 'training image')}, left out one by one"


def nearer_sentence(share: float, null: NullEntry) -> str:
    """Say what a distance means. share: of the null images whose nearest one is farther."""
    return f"Nearer than {percent(share)} of {unseen(null)}."


def neighbours_sentence(share: float) -> str:
    """Say the same in a few words, beside an image, from the side that says more."""
    side, part = ("Nearer", share) if share >= 0.5 else ("Farther", 1 - share)
    return f"{side} than {percent(part)} of real neighbours."


def image_sentences(
    standing: str,
    share: float,
    p_copy: float,
    p_far: float,
    same: str,
    copy_of: str,
    null: NullEntry | None,
) -> list[str]:
    """Say how one generated image stands.

    same: the training image with the same pixels; copy_of: the one that it is closest to; or "".
    """
    said = [f"It has the same pixels as {same}."] if same else []
    if null is None or not standing:
        return said
    p = {NEAR_COPY: f" (p = {number(p_copy)})", FAR: f" (p = {number(p_far)})"}.get(standing, "")
    what = f"{standing.capitalize()} of {copy_of}" if copy_of else standing.capitalize()
    said.append(f"{what}{p}. {MEANINGS[standing]}")
    nearer = nearer_sentence(share, null)
    if standing == NEAR_COPY and share < 0.5:  # found by its pixels
        nearer = f"By its embedding, {nearer[0].lower()}{nearer[1:]}"
    return [*said, nearer]


def run_sentences(counts: dict[str, int], same: int, null: NullEntry | None) -> list[str]:
    """Say how the generated images of a run stand together.

    counts: by standing. same: those with the pixels of a training image.
    """
    said = [f"{counted(same, 'image')} with the pixels of a training image."] if same else []
    if null is None:
        return said
    m = sum(counts.get(standing, 0) for standing in MEANINGS)
    near, far = counts.get(NEAR_COPY, 0), counts.get(FAR, 0)
    said.append(
        f"{line_of(counts)}, {m - near - far:,} ordinary, held against {unseen(null)}; of those "
        f"that stand out at most about {percent(LEVEL)} do by chance."
    )
    return [*said, *power_sentences(m, near, far, null), *closeness_sentences(null)]


def closeness_sentences(null: NullEntry) -> list[str]:
    """Say whether the generated images as a whole are closer than held-out ones."""
    score, p = null.closeness, null.closeness_p
    if score is None or p is None:
        return []
    closer = "closer" if p <= SURE else "not closer"
    return [f"As a whole they are {closer} to the training set than the held-out images are "
            f"(C_T = {number(score)}, p = {number(p)})."]  # fmt: skip


def line_of(counts: dict[str, int]) -> str:
    """Return how many stand out: "3 near copies, 12 without a convincing source"."""
    near, far = counts.get(NEAR_COPY, 0), counts.get(FAR, 0)
    copies = "1 near copy" if near == 1 else f"{near:,} near copies"
    return f"{copies}, {far:,} without a convincing source"


def power_sentences(m: int, near: int, far: int, null: NullEntry) -> list[str]:
    """Say where the null is too small to find anything, instead of finding nothing."""
    least = least_found(m, null.images, null.kind) if m else 0
    if min(near, far) >= least:
        return []
    more = "" if null.kind == HELD_OUT else " With held-out images fewer would do."
    if least > m:
        are = "is" if null.images == 1 else "are"
        return [f"{counted(null.images, 'unseen image')} {are} too few to tell any of {m:,} apart."
                + more]  # fmt: skip
    if least <= 1:
        return []
    return [f"Fewer than {least:,} of a kind among {m:,} cannot be told from chance with "
            f"{counted(null.images, 'unseen image')}.{more}"]  # fmt: skip
