"""What users brought, and sentences that name it, made safe to stand in Markdown."""

from __future__ import annotations

import re


def safe(sentence: str) -> str:
    """Return a sentence in which no name can become a link, a picture, a colour or a formula.

    `Code` stays code, and Streamlit shows HTML as it is written; but a picture would be fetched
    from wherever its name says. For a name by itself there is `plain`.
    """
    return re.sub(r"([\[\]$])", r"\\\1", sentence)


def plain(text: str) -> str:
    """Return a user's text such that Streamlit's Markdown shows it letter by letter."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
