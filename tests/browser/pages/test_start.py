"""Start: the demo, the next step, and the way to images of one's own.

That the demo is made by one click is seen by the fixture `demo`.
"""

from __future__ import annotations

from playwright.sync_api import expect

from benchmarks.kit.app_server import Server
from gmv_core import Workspace, open_run
from gmv_core.demo.first_look import first_look
from gmv_core.demo.make import DEMO_RUN
from gmv_core.jobs.overview import example
from tests.browser.conftest import Visitor, cards


def test_the_demo_that_is_there_opens_at_once(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open()
    expect(page.get_by_alt_text("The generated image")).to_be_visible()
    page.get_by_role("button", name="Explore the demo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contributors")
    expect(cards(page, "Closest training images")).to_have_count(10)


def test_the_next_step_leads_on(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open()
    page.get_by_role("link", name="Next: look at demo-run, image by image").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contributors")


def test_the_picture_before_the_demo_is_what_the_demo_finds(demo: Server) -> None:
    found = example(open_run(Workspace(demo.home), DEMO_RUN), count=5)
    named = [portrait.name for portrait, _ in first_look().closest]
    assert named == [contributor.training for contributor, _ in found.contributors]


def test_own_images_are_asked_for(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open()
    page.get_by_role("button", name="Use my own images").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Training set")
    expect(page.get_by_text("Drop training images here")).to_be_visible()
