"""What a review and its results say, in sentences: the same on the command line and on the page."""

from __future__ import annotations

from gmv_core.audit.review.people import EVERYONE
from gmv_core.audit.review.results import ReviewResults
from gmv_core.audit.review.reviews import Review
from gmv_core.audit.review.sampling import BY_RANK
from gmv_core.words import counted, number, percent

ENOUGH_CONTROLS = 0.9
MOST_COMPARED = 3  # pairs of reviewers that have a sentence each


def design_sentence(review: Review) -> str:
    """Say how the pairs were drawn."""
    settings, of = review.design.settings, sum(one.pairs for one in review.design.strata)
    pairs, controls = settings.counts(of)
    by = "rank" if settings.strata == BY_RANK else "rank and standing"
    said = (
        f"{pairs:,} of the {of:,} pairs of {review.run}, drawn by "
        f"{by}, and {counted(controls, 'control')}; seed {settings.seed}."
    )
    if settings.overlap < 1:
        said += (
            f" {percent(settings.overlap)} of them are judged by everyone, the others are divided "
            f"among {settings.reviewers}."
        )
    return said


def result_sentences(found: ReviewResults) -> list[str]:
    """Say what a review comes to: precision, controls, agreement, where yes ends."""
    if not len(found.precision) or not found.precision["pairs"].any():
        return ["Nobody has judged a pair yet."]
    return [
        *_precision(found),
        *_controls(found),
        *_agreement(found),
        _half(found),
        *_not_blind(found),
    ]


def _precision(found: ReviewResults) -> list[str]:
    who = found.precision["reviewer"].iloc[0]
    rows = found.precision[found.precision["reviewer"] == who]
    last = rows.iloc[-1]
    if last["share"] != last["share"]:
        return ["Too few pairs are judged to say a share: each stratum needs one."]
    return [
        f"Of the {last['k']} closest training images of a generated image, "
        f"{percent(last['share'])} are judged particularly alike "
        f"({number(100 * last['low'])} to {number(100 * last['high'])} %, by "
        f"{counted(int(last['pairs']), 'pair')}" + ("" if who == EVERYONE else f" of {who}") + ")."
    ]


def _controls(found: ReviewResults) -> list[str]:
    said, fine = list[str](), 0
    for name, group in found.controls.groupby("reviewer", sort=True):
        passed, of = int(group["passed"].sum()), int(group["of"].sum())
        good = passed / of >= ENOUGH_CONTROLS
        if good and len(found.reviewers) > MOST_COMPARED:
            fine += 1
            continue
        verdict = "" if good else ": too few to rely on these verdicts"
        said.append(f"{name} gave the expected answer to {passed} of {of} controls{verdict}.")
    if fine:
        share = percent(ENOUGH_CONTROLS)
        said.insert(0, f"{fine} of {len(found.reviewers)} reviewers passed {share} of their "
                    "controls or more.")  # fmt: skip
    return said


def _agreement(found: ReviewResults) -> list[str]:
    if len(found.agreement) > MOST_COMPARED:
        kappas = found.agreement["kappa"].dropna()
        told = f": κ = {number(kappas.min())} to {number(kappas.max())}" if len(kappas) else ""
        return [
            f"{counted(len(found.agreement), 'pair')} of reviewers judged the same pairs{told}."
        ]
    return [
        f"{row.first} and {row.second} judged {row.pairs} pairs, {percent(row.share)} alike; "
        + (
            f"κ = {number(row.kappa)} ({number(row.low)} to {number(row.high)})."
            if row.kappa == row.kappa
            else "κ says nothing, as both gave one answer only."
        )
        for row in found.agreement.itertuples()
        if row.pairs
    ]


def _half(found: ReviewResults) -> str:
    reach = (
        "" if found.reach is None
        else f" By the unseen real images a match is convincing up to {number(found.reach)}."
    )  # fmt: skip
    if found.half is None:
        return f"The verdicts do not fall with distance so far.{reach}"
    if found.half.side:
        most = "Fewer" if found.half.side < 0 else "More"
        return (
            f"{most} than half of the verdicts are yes at every distance that was judged, and they "
            f"fall with it.{reach}"
        )
    low, high = found.half.low, found.half.high
    ends = f" ({number(low)} to {number(high)})" if low == low else " (no interval yet)"
    return f"Half of the verdicts are yes at the distance {number(found.half.at)}{ends}.{reach}"


def _not_blind(found: ReviewResults) -> list[str]:
    return [
        f"{counted(one.looked, 'verdict')} of {one.name} came after a look at the results."
        for one in found.reviewers
        if one.looked
    ]
