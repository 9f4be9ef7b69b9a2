"""The app as a real server on a free port, and the pages of a real browser that visit it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, expect

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 60
# Of a server and a browser that share two cores with others; only what fails waits that long.
PATIENCE_MS = 30_000
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip
BELOW_A_PAGE = re.compile(r"/[a-z_]+/_stcore/(health|host-config)")


@dataclass(frozen=True)
class Server:
    """A running app. home: its workspace."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]


@contextmanager
def running(
    home: Path,
    log: Path,
    *,
    port: int = 0,
    variables: Mapping[str, str] | None = None,
    script: str = "app.py",
) -> Iterator[Server]:
    """Serve the app on a workspace. No hub is reachable, and none has left anything here.

    variables: of the environment, beside those that every such server has. script: another app.
    """
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port),
               "--server.headless", "true"]  # fmt: skip
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env={**environment(home), **(variables or {})},
            stdout=output,
            stderr=output,
        )
    server = Server(f"http://127.0.0.1:{port}", home, process)
    try:
        wait_for(server, log)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def environment(home: Path) -> Mapping[str, str]:
    nowhere = "http://127.0.0.1:9"
    return {
        **os.environ,
        "GMV_HOME": str(home),
        "GMV_DATA_ROOTS": str(home.parent),
        "HF_HOME": str(home.parent / "hub"),
        "TORCH_HOME": str(home.parent / "torch"),
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1,localhost",
    }


def launch(playwright: Playwright) -> Browser:
    """Start Debian's Chromium without a window, and wait patiently for what is expected."""
    expect.set_options(timeout=PATIENCE_MS)
    return playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(server: Server, log: Path) -> None:
    """Return when the server answers; fail with its log where it ends or is too slow."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.process.poll() is None:
        try:
            urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=2).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"The app did not start:\n{log.read_text()}")


@dataclass
class Visit:
    """One browser page. complaints: what its console and its requests had to complain about.

    missing: pictures that were not there. Streamlit forgets a picture when the page has another in
    its place; on a busy machine the browser may ask for the first one only then.
    """

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # Streamlit looks for its server below the address first: /models/_stcore/health.
        where = message.location["url"].removeprefix(self.url)
        if message.type == "error" and where.startswith("/media/") and "404" in message.text:
            self.missing.append(where)
        elif message.type == "error" and not BELOW_A_PAGE.fullmatch(where):
            self.complaints.append(f"console: {message.text} ({where})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:", "ws://127.0.0.1")):
            self.complaints.append(f"request to {request.url}")

    def open(self, path: str = "") -> Page:
        """Open a page of the app by its address and wait until it is drawn."""
        self.page.goto(f"{self.url}/{path}")
        settled(self.page)
        return self.page

    def close(self) -> None:
        """End the session; fail where anything had to complain."""
        for where in self.missing:
            if self.page.locator(f'img[src*="{where}"]').count():
                self.complaints.append(f"a picture on the page is not there: {where}")
        self.page.close()
        if self.complaints:
            raise AssertionError("The browser complains:\n" + "\n".join(self.complaints))


def settled(page: Page) -> None:
    """Wait until the server has drawn the page to its end."""
    app = page.get_by_test_id("stApp")
    expect(app).to_have_attribute("data-test-connection-state", "CONNECTED")
    expect(app).to_have_attribute("data-test-script-state", "notRunning")
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)
