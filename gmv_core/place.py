"""Where things lie: the app's files, and the folder of the job that a process does.

The app lies beside the package in a clone, inside it where it is installed.
"""

from __future__ import annotations

from pathlib import Path

JOB_FOLDER = "GMV_JOB"  # the environment variable that tells a process its job's folder
_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_app"


def app_folder() -> Path:
    """Return the folder of app.py, with pages, ui, assets and the theme beside it."""
    return _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
