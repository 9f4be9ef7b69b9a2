"""A statement opened as a file, without a network: it asks nobody, and prints on a few pages."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.kit.app_server import Server
from gmv_core import Workspace, open_run
from gmv_core.audit.statement import write_statement

MOST_PAGES = 3


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
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) <= MOST_PAGES
    for width in (390, 768):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
