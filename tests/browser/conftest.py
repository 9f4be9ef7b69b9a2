"""A demo that is built once, servers on it, and a headless Chromium that visits them.

Debian's Chromium is used, so that nothing is downloaded; without it these tests are skipped.
A visit fails if the browser's console shows an error or the page asks anyone but its own server.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from benchmarks.kit.app_server import CHROMIUM, PATIENCE_MS, Server, Visit, launch, running

DEMO_MS = 180_000
SEEN_MS = 350  # a verdict before the pair could be seen is not kept
BY_INFLUENCE = [
    f"{page}?reading=Predicted+influence" for page in ("contributors", "values", "noisy", "owners")
]
PAGES = [
    "", "training_set", "contributors", "values", "owners", "map", "compare", "quality", "noisy",
    "review", "criteria", "models",
    *BY_INFLUENCE,
]  # fmt: skip
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
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on the demo, made by the button on Start; no test changes its workspace."""
    home = tmp_path_factory.mktemp("demo") / "home"
    with running(home, home.parent / "server.log") as server:
        visit = Visit(browser.new_page(), server.url)
        page = visit.open()
        expect(page.get_by_text("This workspace is empty.")).to_be_visible()
        page.get_by_role("button", name="Explore the demo").click()
        expect(page.get_by_text("Making the demo")).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text("Contributors", timeout=DEMO_MS)
        visit.close()
        yield server


@pytest.fixture(scope="module")
def own_demo(demo: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on a copy of the demo, which the tests of a module may change."""
    home = tmp_path_factory.mktemp("own") / "home"
    shutil.copytree(demo.home, home)
    with running(home, home.parent / "server.log") as server:
        yield server


@pytest.fixture
def empty(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """The app on an empty workspace, not visited by anyone yet."""
    with running(tmp_path / "home", tmp_path / "server.log") as server:
        yield server


@pytest.fixture(scope="package")
def contexts(browser: Browser) -> dict[str, BrowserContext]:
    """The browser's windows by their looks. Each keeps the app's code, so a visit takes less."""
    return {}


@pytest.fixture
def visit(browser: Browser, contexts: dict[str, BrowserContext]) -> Iterator[Visitor]:
    """Return a function that opens a page, which is a session of its own, on a server."""
    visits: list[Visit] = []

    def new(server: Server, *, width: int = 1440, dark: bool = False) -> Visit:
        looks = f"{width} {dark}"
        if looks not in contexts:
            contexts[looks] = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme="dark" if dark else "light",
            )
            contexts[looks].set_default_timeout(PATIENCE_MS)
        visits.append(Visit(contexts[looks].new_page(), server.url))
        return visits[-1]

    yield new
    for one in visits:
        one.close()


def in_address(page: Page, key: str, value: str) -> None:
    """Wait until the address holds the value."""
    expect(page).to_have_url(re.compile(rf"[?&]{key}={re.escape(value)}(&|$)"))


def k_of(page: Page) -> Locator:
    return page.get_by_role("spinbutton", name="Contributors of each image (k)")


def cards(page: Page, label: str) -> Locator:
    return page.get_by_role("group", name=label, exact=True).locator(".card")


def chosen(page: Page) -> Locator:
    """The combobox that names the generated image looked at."""
    return page.get_by_role("combobox", name="Generated image")


def pair(page: Page) -> Locator:
    """The two images compared, with what is told of them."""
    return page.get_by_role("group", name="The two images compared")


def sign_in(page: Page, name: str) -> None:
    """Type the reviewer's name, as the Tab key comes to it."""
    field = page.get_by_role("textbox", name="Your name")
    field.focus()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
