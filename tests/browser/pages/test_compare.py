"""Compare: two results side by side in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from benchmarks.kit.app_server import Server, running
from gmv_core import Workspace, open_source, value
from gmv_core.demo.plan import generated_folder
from tests.browser.conftest import Visitor, cards, in_address


@pytest.fixture(scope="module")
def two(demo: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo with a second run: one of its generated images of each kind, and k = 5."""
    root = tmp_path_factory.mktemp("two")
    shutil.copytree(demo.home, root / "home")
    for folder in generated_folder().iterdir():
        for path in sorted(folder.glob("*.png"))[:4] if folder.is_dir() else ():
            (root / "part" / folder.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, root / "part" / folder.name)
    value(Workspace(root / "home"), open_source(root / "part"), against="demo", name="part")
    with running(root / "home", root / "server.log") as server:
        yield server


def test_two_results_beside_each_other(two: Server, visit: Visitor) -> None:
    page = visit(two).open("compare?run=demo-run&beside=part&beside-read=half")
    expect(page.get_by_text("20 generated images in common, of 60 and 20")).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible()
    changed = cards(page, "Generated images of both, the one that changed most first")
    expect(changed).to_have_count(20)
    name = changed.nth(3).get_attribute("data-id") or ""
    changed.nth(3).click()
    expect(page.get_by_role("combobox", name="Generated image")).to_have_value(name)
    in_address(page, "image", name.replace("/", "%2F"))
    expect(page.get_by_text("Keeps 5 contributors, loses 5, gains 0")).to_be_visible()
    expect(page.locator("figure.lost")).to_have_count(5)
    expect(page.locator("figure.gained")).to_have_count(0)
    page.get_by_role("radio", name="By label").click()
    page.get_by_text("Shares of each label in numbers").click()
    expect(page.get_by_role("cell", name="rabbit")).to_be_visible()
    movers = cards(page, "The training images that move most")
    expect(movers).to_have_count(12)
    movers.first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contributors")
