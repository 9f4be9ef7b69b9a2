"""The one door for text that came from data: what users brought, made safe to stand in Markdown.

Escapes alone do not do it. Streamlit looks for bare addresses, emoji codes and icons in the text
that is left when Markdown has been read, so `http\\://…` becomes a link again; a word joiner, which
has no width, keeps such a sequence apart. Options of a selectbox, cells of `st.dataframe` and our
own components show text as it is, and need only `visible`.
"""

from __future__ import annotations

import re

import pandas as pd
from pandas.api.types import is_numeric_dtype

from gmv_core.words import visible

_JOINER = "\u2060"
# A bare address, a code such as :smile: or :material/home:, www.…, and a mail address.
_READ_LATER = re.compile(r":(?=//|[\w+/-]+:)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)


def safe(sentence: str) -> str:
    """Return a sentence of ours in which no name can become a link, picture, icon or formula.

    `Code` stays code. For a name by itself there is `plain`.
    """
    return re.sub(r"([\[\]$<])", r"\\\1", _apart(sentence))


def plain(text: object) -> str:
    """Return a user's text such that Streamlit's Markdown shows it letter by letter."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", _apart(str(text)))


def cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table for `st.table`, whose cells and headings are Markdown, with all text plain."""
    texts = [column for column in frame if not is_numeric_dtype(frame[column])]
    shown = frame.assign(**{column: frame[column].map(plain) for column in texts})
    return shown.rename(columns=plain)


def _apart(text: str) -> str:
    return _READ_LATER.sub(lambda found: found[0] + _JOINER, visible(text))
