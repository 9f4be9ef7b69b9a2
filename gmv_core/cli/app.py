"""The command `app`: the screens, from whatever folder it is called in."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from gmv_core.cli.options import Root, workspace_at
from gmv_core.place import app_folder
from gmv_core.store.access import Right, limit

HOSTS = "GMV_ALLOWED_HOSTS"  # further names by which the app is reached, separated by commas
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Of one upload, where nothing is kept: a few images to look at, or none. Streamlit takes what is
# sent to it before a page can say no.
UPLOAD_MB = {Right.BRING: 100, Right.LOOK: 1}


def allowed_hosts() -> list[str]:
    """Return the names by which a browser may reach the app: this machine's own, and those told.

    Without such a list, a site could lead its own name here (DNS rebinding) and read the app.
    """
    told = [name.strip() for name in os.environ.get(HOSTS, "").split(",")]
    return [*LOOPBACK, *filter(None, told)]


def app_command(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where the app listens, on 127.0.0.1.")
    ] = 8501,
    workspace: Root = None,
) -> None:
    """Start the app on a workspace; Ctrl-C stops it."""
    script = str(app_folder() / "app.py")
    home = str(workspace_at(workspace).root.absolute())
    # -P: without it, a json.py in the folder where the command is called would be imported.
    arguments = ["-P", str(app_folder() / "ui" / "serve.py"), "run", script]
    arguments += ["--server.port", str(port)]
    for host in allowed_hosts():
        arguments += ["--server.allowedHosts", host]
    if limit() in UPLOAD_MB:
        arguments += ["--server.maxUploadSize", str(UPLOAD_MB[limit()])]
    # In this process's place, so that a signal reaches the server itself.
    os.execve(sys.executable, [sys.executable, *arguments], {**os.environ, "GMV_HOME": home})
