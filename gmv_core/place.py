"""Where the app's files lie: beside the package in a clone, inside it where it is installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_app"


def app_folder() -> Path:
    """Return the folder of app.py, with pages, ui, assets and the theme beside it."""
    return _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
