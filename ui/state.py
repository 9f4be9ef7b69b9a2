"""The keys of what a browser session looks at. Streamlit keeps them, in the session or in the URL.

A widget with `**in_url(KEY)` writes its value into the URL, so the address opens the same view
again and the value outlives a visit of its page. Callbacks may set `st.session_state[KEY]`.
"""

from __future__ import annotations

from typing import Any

RUN = "run"  # a finished run's name
K = "k"  # contributors of each generated image
TEMPERATURE = "temperature"  # "paper" or "spread"
WEIGHTING = "weighting"  # whether images hand out their quality, or 1 each
IMAGE = "image"  # a generated image's name
TRAINING = "training"  # a training image's name
BROUGHT = "brought"  # images being brought, before anything is made of them
SET = "set"  # an image set's name
FRAMED = "framed"  # true while app.py runs a page


def in_url(key: str) -> dict[str, Any]:
    """Return the arguments that keep a widget's value in the URL under `key`."""
    return {"key": key, "bind": "query-params"}
