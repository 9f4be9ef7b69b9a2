"""Words that users bring, made safe to stand in Markdown."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Return a text in which no name can become a link, a picture, a colour or a formula.

    Streamlit shows HTML as it is written. A picture would be fetched from wherever the name says.
    """
    return re.sub(r"([\[\]$])", r"\\\1", text)
