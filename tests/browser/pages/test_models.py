"""Models: what is ready, and a download where no hub can be reached."""

from __future__ import annotations

from playwright.sync_api import expect

from benchmarks.kit.app_server import Server
from tests.browser.conftest import Visitor


def test_a_download_without_a_network_ends_in_a_sentence(own_demo: Server, visit: Visitor) -> None:
    page = visit(own_demo).open("models")
    expect(page.get_by_text("The newest result, demo-run, uses EfficientNet-Lite0")).to_be_visible()
    expect(page.get_by_text("Non-commercial use only")).to_have_count(3)
    lpips = page.locator(".st-key-model-distance-lpips")
    lpips.get_by_role("button", name="Download · 244 MB").click()
    failed = lpips.get_by_role("alert")
    expect(failed).to_contain_text("lpips could not be downloaded", timeout=90_000)
    expect(failed).to_contain_text("Check the connection")
    lpips.get_by_role("button", name="Dismiss").click()
    expect(lpips.get_by_role("button", name="Download · 244 MB")).to_be_visible()
    expect(failed).to_have_count(0)
