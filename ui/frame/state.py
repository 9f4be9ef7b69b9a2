"""The keys of what a browser session looks at. Streamlit keeps them, in the session or in the URL.

A widget with `**in_url(KEY)` writes its value into the URL, so the address opens the same view
again and the value outlives a visit of its page. Callbacks may set `st.session_state[KEY]`.
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
BROUGHT = "brought"  # images being brought, before anything is made of them
SET = "set"  # an image set's name, or NEW_SET
NEXT_SET = "next_set"  # the set to look at from the next run on
DEMO_ASKED = "demo_asked"  # true from the click on the demo until it is there
VIEW = "view"  # what the page on contributors shows: one of VIEWS
AGAINST = "against"  # the training set that dropped images are compared with
PASTED = "pasted"  # the bytes of the images pasted so far
TYPED = "typed"  # the labels typed for dropped images, by name
SPOOLED = "spooled"  # uploads that no job has taken yet: what they are, and their folder
DROPPED = "dropped"  # the name of a dropped image
ASKING = "asking"  # true while the dialog of another distance is open
LOOK = "look"  # how the two images of a pair are shown: one of LOOKS
COLOURED = "coloured"  # by what the regions of a generated image are coloured: one of COLOURED_BY
STARTED = "started"  # the run that a job was started for
INJECT = "inject"  # what is done to a copy of the training set: a kind of `injection.KINDS`
SPOILT = "spoilt"  # how much of the copy, in percent
STRENGTH = "strength"  # how strongly
FOREIGN_SET = "foreign-set"  # the set that foreign images are taken from
AT = "at"  # the page of the last run
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
_CHOICES = {VIEW: VIEWS, READING: READINGS, LOOK: LOOKS}


def of(kind: str, key: str) -> str:
    """Return the key of a gallery of that kind, "generated" or "training"."""
    return f"{kind}-{key}"


def in_url(key: str) -> dict[str, Any]:
    """Return the arguments that keep a widget's value in the URL under `key`."""
    return {"key": key, "bind": "query-params"}


def arrive(page: str) -> None:
    """Take over what the address says when a page has just been come to.

    Streamlit does so by itself, but for a value that is the widget's default: that one it drops,
    and an older choice of the session would win over the link. Of the two images that can be
    compared, one that a link to the other does not name is forgotten.
    """
    if st.session_state.get(AT) != page:
        for key in (RUN, IMAGE, TRAINING, AGAINST, VIEW, READING, SET, LOOK):
            named = st.query_params.get(key)
            if named and named in _CHOICES.get(key, (named,)):
                st.session_state[key] = named
        for key, other in ((IMAGE, TRAINING), (TRAINING, IMAGE)):
            if key in st.query_params and other not in st.query_params:
                st.session_state[other] = None
    st.session_state[AT] = page


def with_chosen(key: str, options: Sequence[str]) -> list[str]:
    """Return options that hold what is chosen under `key`, or named in the address, too."""
    chosen = st.session_state.get(key) or st.query_params.get(key)
    return [*options] if chosen is None or chosen in options else [chosen, *options]
