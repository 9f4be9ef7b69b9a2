"""A statement opened as a file, without a network: it asks nobody, and prints on a few pages."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.kit.app_server import Server
from gmv_core import Result, Workspace, build, labels_for, open_run, open_source, value
from gmv_core.audit.statement.write import write_statement
from gmv_core.results.owners.grouped import Grouped
from tests.built import write_csv
from tests.fakes import draw, fake_embedder, png

MOST_PAGES = 3


def pages_of(printed: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))


def write_long_run(root: Path) -> Result:
    """Write a run in which nothing is short: owners, files, columns; and many of each."""
    long = "Rijksdienst voor het Cultureel Erfgoed " * 5
    for folder, count, seed in (("train", 90, 0), ("made", 40, 500)):
        (root / folder).mkdir()
        for i in range(count):
            name = f"{i:03d} {long[:190]}.png"
            (root / folder / name).write_bytes(png(draw(seed + i)))
    source = open_source(root / "train")
    rows = [[name, f"{long}{i % 9}"] for i, name in enumerate(source.names or [])]
    write_csv(root / "owners.csv", [["name", "owner"], *rows])
    workspace, labels = Workspace(root / "home"), labels_for(source, root / "owners.csv")
    build(workspace, source, name="train", labels=labels, embedder=fake_embedder())
    value(workspace, open_source(root / "made"), against="train", name="run",
          embedder=fake_embedder())  # fmt: skip
    return open_run(workspace, "run")


def test_long_names_print_on_a_few_pages(browser: Browser, tmp_path: Path) -> None:
    result, path = write_long_run(tmp_path), tmp_path / "long.html"
    write_statement(result, Grouped(result).names[0], path)
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto(path.as_uri())
    assert page.locator("img").count() >= 12
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert pages_of(page.pdf(format="A4", prefer_css_page_size=True)) <= MOST_PAGES
    page.close()


def test_it_opens_offline_and_prints_on_a_few_pages(
    browser: Browser, demo: Server, tmp_path: Path
) -> None:
    path = tmp_path / "statement.html"
    write_statement(open_run(Workspace(demo.home), "demo-run"), "Fennick Quill", path)
    context = browser.new_context(offline=True)
    page, asked, said = context.new_page(), list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert page.locator("img").count() >= 12
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    assert not said
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    assert 2 <= pages_of(printed) <= MOST_PAGES
    for width in (390, 768):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
