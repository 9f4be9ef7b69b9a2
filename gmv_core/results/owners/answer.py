"""What one owner gets, as one answer: share with its interval, and whether that is known yet.

"Owner" stands for any group of training images: the values of the columns owner and label, and of
any attribute (a licence, a source, a collection).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches

import numpy as np
import pandas as pd

from gmv_core.errors import SettingsError
from gmv_core.measures.bootstrap import images_needed
from gmv_core.results.result import Result
from gmv_core.results.shares import group_shares
from gmv_core.settings import CLUSTER
from gmv_core.store.columns import attributes, groups_of
from gmv_core.trust.duplicates import has_clusters, read_clusters
from gmv_core.types import Int64
from gmv_core.words import counted, percent

OWNER = "owner"
MORE, LESS, OPEN = "more", "less", "open"  # than its share of the images; OPEN: not known yet
NAMED = 10  # groups that an error lists
MOST_TOLD = 100  # times the generated images; how many more than that would do is no help


@dataclass(frozen=True)
class OwnerAnswer:
    """What a group of training images gets in a run.

    by: the column; name: its value. images: of theirs that were not rejected, of `of_images`.
    share: of the value of all, in [0, 1], low and high its 95 % interval. value: φ, summed.
    generated: images that hand out credit. images_needed: so many of this kind would bring the
    share within 5 points on either side. never: images of theirs that earned nothing.
    copied: images of theirs with a near copy among another's, None where none were looked for.
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


def columns_of(result: Result) -> list[str]:
    """Return the columns by which training images can be grouped: those that hold anything."""
    counts = result.training.manifest().counts
    known = [by for by in ("owner", "label") if counts and getattr(counts, f"{by}s")]
    return [*known, *attributes(result.training)]


def rows_of(result: Result, name: str, by: str = OWNER) -> Int64:
    """Return the rows of a group's images that were not rejected.

    Raises SettingsError for a group that has none.
    """
    groups, kept = groups_of(result.training, by), result.values_table(("id",))["id"].to_numpy()
    rows: Int64 = kept[groups[kept] == name]
    if not name or not len(rows):
        raise SettingsError(
            f"No training image has the {by} {name!r}; {_choose(name, groups[kept])}"
        )
    return rows


def _choose(name: str, groups: np.ndarray) -> str:
    """Say which groups there are, those of a similar name if any."""
    known = sorted(set(groups) - {""})
    folded = {one.strip().casefold(): one for one in reversed(known)}
    close = [folded[one] for one in get_close_matches(name.strip().casefold(), folded)]
    if close:
        return f"did you mean {' or '.join(map(repr, close))}?"
    some = ", ".join(known[:NAMED]) + (", …" if len(known) > NAMED else "")
    return f"choose one of: {some}." if known else "no image of the set has one."


def owner_answer(
    result: Result, name: str, by: str = OWNER, *, shares: pd.DataFrame | None = None
) -> OwnerAnswer:
    """Return what a group gets in a run.

    shares: what `group_shares(result, by)` returned, to answer for many without drawing anew.
    Raises SettingsError for a column or a group that the training set has not.
    """
    rows = rows_of(result, name, by)
    shares = group_shares(result, by) if shares is None else shares
    own = shares[shares[by] == name].iloc[0]
    earned = result.values_table(("id", "times_contributor")).set_index("id")
    totals = result.totals()
    generated = result.generated_table(("effective_contributors",))["effective_contributors"]
    return OwnerAnswer(
        by=by,
        name=name,
        images=len(rows),
        of_images=int(shares["images"].sum()),
        share=float(own["share_of_value"]),
        low=float(own["low"]),
        high=float(own["high"]),
        value=float(own["value"]),
        generated=int((generated > 0).sum()),
        images_needed=int(own["images_needed"]),
        never=int((earned.loc[rows, "times_contributor"] == 0).sum()),
        copied=_copied(result, rows, by) if has_clusters(result.training) else None,
        unattributed=totals.unattributed / max(totals.unattributed + totals.value, 1e-300),
    )


def _copied(result: Result, rows: Int64, by: str) -> int:
    """Count the rows whose cluster of near copies holds an image of another group."""
    of, groups = read_clusters(result.training).of, groups_of(result.training, by)
    own = np.zeros(len(of), bool)
    own[rows] = True
    others = np.zeros(len(of), bool)
    others[of[~own & (groups != "")]] = True
    return int(others[of[rows]].sum())


def with_copies_as_one(answer: OwnerAnswer, result: Result) -> float | None:
    """Return the group's share where near copies count as one image.

    None where none were looked for, or where they do so already.
    """
    if result.settings.duplicates == CLUSTER or not has_clusters(result.training):
        return None
    one = replace(result, settings=replace(result.settings, duplicates=CLUSTER))
    table = one.values_table(("id", "value"))
    own = table["id"].isin(rows_of(result, answer.name, answer.by))
    total = float(table["value"].sum())
    return float(table.loc[own, "value"].sum()) / total if total > 0 else 0.0


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
    if answer.images_to_tell <= MOST_TOLD * answer.generated:
        few += f" If the share stays as it is, about {answer.images_to_tell:,} would be enough."
    else:
        few += f" It would take more than {MOST_TOLD * answer.generated:,}."
    if answer.images_needed > answer.generated:
        few += f" About {answer.images_needed:,} would bring it within 5 points on either side."
    return few


def unattributed_sentence(answer: OwnerAnswer) -> str:
    """Say how much of the credit the share is not of, "" where that is none."""
    if not answer.unattributed > 0:
        return ""
    return (
        f"{percent(answer.unattributed)} of all credit has no convincing source and goes to "
        "nobody; the share is one of the rest."
    )


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _range(low: float, high: float) -> str:
    return f"95 % interval {percent(low)} to {percent(high)}"
