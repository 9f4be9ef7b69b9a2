"""A demo that is built once, servers on it, and a headless Chromium that visits them.

Debian's Chromium is used, so that nothing is downloaded; without it these tests are skipped.
A visit fails if the browser's console shows an error or the page asks anyone but its own server.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.server import (
    CHROMIUM,
    PATIENCE_MS,
    REPOSITORY,
    Server,
    Visit,
    environment,
    launch,
    running,
)

Visitor = Callable[..., Visit]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


# Of the package, not of the session: while Playwright runs, no other test can use asyncio.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed; `apt-get install chromium` brings it.")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def demo_home(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the demo, for reading only."""
    home = tmp_path_factory.mktemp("demo") / "home"
    subprocess.run(
        [sys.executable, "-m", "gmv_core", "demo"],
        cwd=REPOSITORY,
        env=environment(home),
        check=True,
        capture_output=True,
    )
    return home


@pytest.fixture(scope="package")
def demo(demo_home: Path) -> Iterator[Server]:
    """The app on the demo, which no test changes."""
    with running(demo_home, demo_home.parent / "server.log") as server:
        yield server


@pytest.fixture(scope="module")
def own_demo(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on a copy of the demo, which the tests of a module may change."""
    home = tmp_path_factory.mktemp("own") / "home"
    shutil.copytree(demo_home, home)
    with running(home, home.parent / "server.log") as server:
        yield server


@pytest.fixture
def empty(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """The app on an empty workspace, not visited by anyone yet."""
    with running(tmp_path / "home", tmp_path / "server.log") as server:
        yield server


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visitor]:
    """Return a function that opens a browser session of its own on a server."""
    visits: list[Visit] = []

    def new(server: Server, **how: Any) -> Visit:  # noqa: ANN401  (of Playwright's new_context)
        context = browser.new_context(
            **{"viewport": {"width": 1440, "height": 900}, "color_scheme": "light", **how}
        )
        context.set_default_timeout(PATIENCE_MS)
        visits.append(Visit(context.new_page(), server.url))
        return visits[-1]

    yield new
    for one in visits:
        one.page.context.close()
    assert [complaint for one in visits for complaint in one.complaints] == []
