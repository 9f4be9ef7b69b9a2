"""What one owner gets, as one answer: share with its interval, and whether that is known yet."""

from __future__ import annotations

from dataclasses import dataclass

from gmv_core.measures.bootstrap import CONFIDENCE, images_needed
from gmv_core.results.owners.grouped import OWNER, Grouped
from gmv_core.results.result import Result
from gmv_core.words import counted, percent

MORE, LESS, OPEN = "more", "less", "open"  # than its share of the images; OPEN: not known yet
MANY = 20  # groups, of which one interval misses by chance
MOST_TOLD = 100  # times the generated images; how many more than that would do is no help


@dataclass(frozen=True)
class OwnerAnswer:
    """What a group of training images gets in a run.

    by: the column; name: its value. images: of theirs that were not rejected, of `of_images`.
    share: of the value of all, in [0, 1], low and high its 95 % interval. value: φ, summed.
    generated: images that hand out credit. images_needed: so many of this kind would bring the
    share within 5 points on either side. never: images of theirs that earned nothing.
    copied: images of theirs with a near copy among another's. as_one: the share where near copies
    count as one image. Either None where none were looked for, as_one where they do so already.
    unattributed: of all credit, in [0, 1], what goes to nobody; the share is one of the rest.
    """

    by: str
    name: str
    images: int
    of_images: int
    share: float
    low: float
    high: float
    value: float
    generated: int
    images_needed: int
    never: int
    copied: int | None
    as_one: float | None = None
    unattributed: float = 0.0

    @property
    def share_of_images(self) -> float:
        return self.images / max(self.of_images, 1)

    @property
    def verdict(self) -> str:
        """Whether the share is MORE or LESS than the share of the images, or OPEN."""
        if self.generated and self.low > self.share_of_images:
            return MORE
        return LESS if self.generated and self.high < self.share_of_images else OPEN

    @property
    def images_to_tell(self) -> int:
        """So many generated images would tell the share from that of the images, if it stays."""
        difference = self.share_of_images - self.share
        reach = self.high - self.share if difference > 0 else self.share - self.low
        return images_needed(reach, self.generated, within=max(abs(difference), 1e-9))


def owner_answer(
    result: Result, name: str, by: str = OWNER, *, of: Grouped | None = None
) -> OwnerAnswer:
    """Return what a group gets in a run.

    of: the result grouped by that column, to answer for many without reading and drawing anew.
    Raises SettingsError for a column or a group that the training set has not.
    """
    of = of or Grouped(result, by)
    rows, shares = of.rows(name), of.shares
    own = shares[shares[by] == name].iloc[0]
    earned = of.table["times_contributor"]
    return OwnerAnswer(
        by=by,
        name=name,
        images=len(rows),
        of_images=int(shares["images"].sum()),
        share=float(own["share_of_value"]),
        low=float(own["low"]),
        high=float(own["high"]),
        value=float(own["value"]),
        generated=int((of.given["effective_contributors"] > 0).sum()),
        images_needed=int(own["images_needed"]),
        never=int((earned.loc[rows] == 0).sum()),
        copied=None if of.elsewhere is None else int(of.elsewhere[rows].sum()),
        as_one=None if of.as_one is None else of.as_one[name],
        unattributed=of.unattributed,
    )


def answer_sentence(answer: OwnerAnswer) -> str:
    """Say what the group gets, in one sentence."""
    images = percent(answer.share_of_images)
    if not answer.generated:
        return f"No value was handed out; {images} of the images."
    if answer.images == answer.of_images:
        return f"All of the value, for all of the images: the set has no other {answer.by}."
    verdict = {
        MORE: "more than its share",
        LESS: "less than its share",
        OPEN: "no clear difference",
    }[answer.verdict]
    return (
        f"{percent(answer.share)} of the value ({_range(answer.low, answer.high)}), for "
        f"{images} of the images: {verdict}."
    )


def known_sentence(answer: OwnerAnswer) -> str:
    """Say whether the share can be told from the share of the images, and what would settle it."""
    if not answer.generated:
        return "No generated image hands out credit, so there is nothing to share."
    seen = f"{counted(answer.generated, 'generated image')} {_are(answer.generated)}"
    if answer.images == answer.of_images:
        return "There is nobody to share it with, whatever is generated."
    if answer.verdict != OPEN:
        return f"{seen} enough to tell this from its share of the images."
    few = f"{seen} too few to tell this from its share of the images."
    most = MOST_TOLD * answer.generated
    if answer.images_to_tell <= most:
        few += f" If the share stays as it is, about {answer.images_to_tell:,} would be enough"
    else:
        few += f" It would take more than {most:,}"
    if answer.images_needed > answer.generated:
        few += f"; about {answer.images_needed:,} bring it within 5 points on either side"
    return few + "."


def unattributed_sentence(answer: OwnerAnswer) -> str:
    """Say how much of the credit the share is not of, "" where that is none."""
    if not answer.unattributed > 0:
        return ""
    return (
        f"{percent(answer.unattributed)} of all credit has no convincing source and goes to "
        "nobody; the share is one of the rest."
    )


def many_sentence(groups: int) -> str:
    """Say what looking at the intervals of many groups at once means, "" for few."""
    if groups < MANY:
        return ""
    missed = round((1 - CONFIDENCE) * groups)
    return (
        f"Each interval is for one looked at by itself: of {groups:,}, about {missed:,} miss the "
        "true share by chance, most likely among those that stand out most."
    )


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _range(low: float, high: float) -> str:
    return f"95 % interval {percent(low)} to {percent(high)}"
