"""The keys of what a browser session looks at: Streamlit keeps them, some in the address, too.

A widget with `**in_url(KEY)` has its value in the address (see `address.py`) and keeps it while
another page is shown. Callbacks may set `st.session_state[KEY]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

RUN = "run"  # a finished run's name
K = "k"  # contributors of each generated image
TEMPERATURE = "temperature"  # "paper" or "spread"
WEIGHTING = "weighting"  # whether images hand out their quality, or 1 each
READING = "reading"  # how a run is read: one of READINGS
CREDIT = "credit"  # which matches earn: "paper" or "convincing"
DUPLICATES = "duplicates"  # whether near copies earn as one
IMAGE = "image"  # a generated image's name
TRAINING = "training"  # a training image's name
OPENED = "opened"  # the image that a gallery was told to open, until the page is switched
SEARCH = "search"  # part of a training image's name, label or owner
STANDING = "standing"  # which standings a table shows
SORT = "sort"  # the column that a table is sorted by
RISING = "rising"  # whether the smallest comes first
FILTER = "filter"  # which part of the ranking from the bottom is shown
HARM = "harm"  # which part of the ranking by harm is shown
LEAVE_OUT = "leave-out"  # whether the values without the marked images are shown
NOISE = "noise"  # the column that marks known noise
GRADES = "grades"  # of a column of grades, those that mean noise, as ">0"
GROUPED = "grouped"  # by what shares are shown: "owner" or "label"
BROUGHT = "brought"  # images being brought, before anything is made of them
SET = "set"  # an image set's name, or NEW_SET
NEXT_SET = "next_set"  # the set to look at from the next run on
DEMO_ASKED = "demo_asked"  # the door that was chosen on Start, until the demo is there
VIEW = "view"  # what the page on contributors shows: one of VIEWS
AGAINST = "against"  # the training set that dropped images are compared with
PASTED = "pasted"  # the bytes of the images pasted so far
TYPED = "typed"  # the labels typed for dropped images, by name
SPOOLED = "spooled"  # uploads that no job has taken yet: what they are, and their folder
DROPPED = "dropped"  # the name of a dropped image
ASKING = "asking"  # true while the dialog of another distance is open
LOOK = "look"  # how the two images of a pair are shown: one of LOOKS
COLOURED = "coloured"  # by what the regions of a generated image are coloured: one of COLOURED_BY
COLOUR = "colour"  # by what the map is coloured
OVER = "over"  # whether generated images are drawn over it
POINT = "point"  # the point of the map that was clicked: "training" or "generated", and its row
HOVERED = "hovered"  # the one under the mouse, in the same way
ON_MAP = "on-map"  # dropped images that the map shows: an `ui.widgets.on_map.OnMap`
LASSO = "lasso"  # how often something was drawn around points
MOVED = "moved"  # true where what was done on the map changes more than the map
WAY = "way"  # how what is chosen goes with what was selected before: one of selections.WAYS
SELECTED = "selected"  # the selected rows, by the name of their image set
SELECTION = "selection"  # the name of a saved selection of training images
GENERATED_SELECTION = "generated-selection"  # and of generated ones
WITHOUT_SELECTION = "without-selection"  # whether the values without the selection are shown
SELECTION_OF = "selection-of"  # what a lasso selects: training or generated images
PICKING = "picking"  # whether a click on a card of a gallery selects it; each gallery has its own
STARTED = "started"  # the run that a job was started for
INJECT = "inject"  # what is done to a copy of the training set: a kind of `injection.KINDS`
SPOILT = "spoilt"  # how much of the copy, in percent
STRENGTH = "strength"  # how strongly
FOREIGN_SET = "foreign-set"  # the set that foreign images are taken from
BY = "by"  # the column that training images are grouped by
WHOSE = "whose"  # the group that is looked at: an owner's name
WITHOUT_OWNER = "without-owner"  # whether the values without that group are shown
REVIEW = "review"  # a review's id
NEXT_REVIEW = "next_review"  # the review to look at from the next run on
REVIEWER = "reviewer"  # the name that verdicts are given under
SHOWN = "shown"  # the pair that a reviewer sees: review, place, and since when
SEEN_RESULTS = "seen-results"  # the reviews whose results who has no name has looked at
REVIEW_RESULTS = "review-results"  # whether someone who does not review sees the results
BESIDE = "beside"  # the result that the chosen one is compared with
BESIDE_READ = "beside-read"  # how that one is read: a key of `ui.compared.beside.WORDS`
AT = "at"  # the page of the last run
DRAWN = "drawn"  # by key in the address, of what the page has drawn, what is left out of it
LEFT = "left"  # by key in the address, what was chosen when it was written last
WRITTEN = "written"  # by page, the address that was written last
FRAMED = "framed"  # true while app.py runs a page

NEW_SET = "new set"  # instead of a set's name, which has no spaces

# Of a gallery; each kind of gallery has its own, see `of`.
FIND = "find"  # part of a name
LABEL = "label"  # the only label shown
OWNER = "owner"  # the only owner shown
ATTRIBUTE = "attribute"  # the only attribute shown, as "hat: yes"
QUALITY = "quality"  # the range of qualities shown
OPEN = "open"  # whether the gallery is shown
ORDER = "order"  # by what the images are sorted
PAGE = "page"

VIEWS = GENERATED_VIEW, TRAINING_VIEW, DROP_VIEW, FIND_VIEW = (
    "Generated images",
    "Training images",
    "Drop an image",
    "Find my picture",
)
LOOKS = SIDE, SLIDER, DIFFERENCE, REGIONS = (
    "Side by side",
    "Slider",
    "Difference",
    "Regions",
)
COLOURED_BY = BY_IMAGE, BY_OWNER = ("By training image", "By owner")
READINGS = ALIKE, INFLUENCE = ("Looks alike", "Predicted influence")
GALLERIES = ("generated", "training")
# All that an address may name: it sets no other key of the session.
ADDRESS = frozenset({
    RUN, K, TEMPERATURE, WEIGHTING, READING, CREDIT, DUPLICATES, IMAGE, TRAINING, SEARCH, STANDING,
    SORT, RISING, FILTER, HARM, NOISE, SET, VIEW, AGAINST, REVIEW, BY, WHOSE, LOOK, COLOURED,
    COLOUR, OVER, SELECTION, GENERATED_SELECTION, LEAVE_OUT, WITHOUT_OWNER, WITHOUT_SELECTION,
    BESIDE, BESIDE_READ, GRADES, GROUPED, REVIEW_RESULTS,
    *(f"{kind}-{key}" for kind in GALLERIES
      for key in (FIND, LABEL, OWNER, ATTRIBUTE, STANDING, QUALITY, ORDER, OPEN)),
})  # fmt: skip
# Of what stands in the address: all else is text.
NUMBERS = frozenset({K})
YES_NO = frozenset({
    WEIGHTING, DUPLICATES, RISING, OVER, LEAVE_OUT, WITHOUT_OWNER, WITHOUT_SELECTION,
    REVIEW_RESULTS, *(f"{kind}-{OPEN}" for kind in GALLERIES),
})  # fmt: skip
LISTS = frozenset({STANDING})
RANGES = frozenset(f"{kind}-{QUALITY}" for kind in GALLERIES)  # two numbers from 0 to 1
CHOICES = {VIEW: VIEWS, READING: READINGS, LOOK: LOOKS, COLOURED: COLOURED_BY}
UNSAID: dict[str, Any] = {  # where it is so, the address leaves it out
    VIEW: GENERATED_VIEW, READING: ALIKE, SORT: "value", RISING: False, FILTER: "all", HARM: "all",
    LOOK: SIDE, COLOURED: BY_IMAGE, **{f"{kind}-{OPEN}": True for kind in GALLERIES},
    OVER: True, LEAVE_OUT: False, WITHOUT_OWNER: False, WITHOUT_SELECTION: False,
    REVIEW_RESULTS: False, GRADES: ">0", **dict.fromkeys(RANGES, (0.0, 1.0)),
}  # fmt: skip


def of(kind: str, key: str) -> str:
    """Return the key of a gallery of that kind, "generated" or "training"."""
    return f"{kind}-{key}"


def in_url(key: str, *, unsaid: str | None = None) -> dict[str, Any]:
    """Return the arguments of a widget whose value stands in the address under `key`.

    key: one of ADDRESS. One whose value is no text is named in NUMBERS, YES_NO, LISTS or RANGES.
    unsaid: the value that the address leaves out, where that is not the same on every page (see
    UNSAID).
    """
    assert key in ADDRESS, key  # noqa: S101  (our own callers)
    st.session_state.setdefault(DRAWN, {})[key] = UNSAID.get(key) if unsaid is None else unsaid
    return {"key": key, "persist_state": "session"}


def with_chosen(key: str, options: Sequence[str]) -> list[str]:
    """Return options that hold what is chosen under `key`, or named in the address, too."""
    chosen = st.session_state.get(key)
    return [*options] if chosen is None or chosen in options else [chosen, *options]
