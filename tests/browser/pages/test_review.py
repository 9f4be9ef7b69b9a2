"""Review by keyboard alone: 60 pairs, the server killed in the middle, gone on with, blind."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.kit.app_server import Server, free_port, running, settled
from gmv_core import Workspace, open_run, review_results
from gmv_core.audit.review.reviews import reviews_table
from tests.browser.conftest import SEEN_MS, Visitor, sign_in

PAIRS, KEYS = 60, "ynyu"


def judge(page: Page, first: int, last: int) -> list[dict[str, float]]:
    """Judge pairs by keys and return where the left picture stood."""
    boxes = []
    for number in range(first, last + 1):
        expect(page.get_by_text(f"Pair {number} of {PAIRS}")).to_be_visible()
        picture = page.get_by_alt_text(f"Left picture of pair {number}", exact=True)
        expect(picture).to_be_visible()
        settled(page)
        boxes.append(picture.bounding_box() or {})
        page.wait_for_timeout(SEEN_MS)
        page.keyboard.press(KEYS[number % len(KEYS)])
    return boxes


def test_60_pairs_by_keyboard_with_the_server_killed_in_the_middle(
    demo: Server, visit: Visitor, tmp_path: Path
) -> None:
    home, log, port = tmp_path / "home", tmp_path / "server.log", free_port()
    shutil.copytree(demo.home, home)
    with running(home, log, port=port) as server:
        killed = visit(server)
        page = killed.open("review")
        button = page.get_by_role("button", name="Make the review")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("textbox", name="Your name")).to_be_visible()
        sign_in(page, "Ada")
        expect(page.get_by_role("button", name="Start judging")).to_be_visible()
        settled(page)
        page.keyboard.press("Enter")
        boxes = judge(page, 1, 25)
        expect(page.get_by_text(f"Pair 26 of {PAIRS}")).to_be_visible()
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        killed.page.goto("about:blank")
        killed.complaints.clear()  # that the server is gone
    run = open_run(Workspace(home), "demo-run")
    names = set(run.training.images.read(["name"])["name"].to_pylist())
    with running(home, log, port=port) as server:
        again = visit(server)
        page = again.open("review")
        sign_in(page, "Ada")
        boxes += judge(page, 26, 40)
        page.keyboard.press("z")  # back to 40
        boxes += judge(page, 40, PAIRS - 1)
        body = page.content()
        assert not [name for name in names if name in body]  # blind, in what is not seen, too
        judge(page, PAIRS, PAIRS)
        expect(page.get_by_text(f"Ada, you have judged all {PAIRS} pairs.")).to_be_visible()
        expect(page.get_by_role("heading", name="Results")).to_be_visible()
        expect(page.get_by_test_id("stPlotlyChart")).to_be_visible()
        settled(page)
        page.goto("about:blank")  # before the server goes
    assert len({(box["x"], box["y"], box["width"]) for box in boxes}) == 1  # nothing jumps
    assert boxes[0]["width"] >= 320
    rows = reviews_table(Workspace(home), "demo-run").to_pylist()
    kept = [row for row in rows if row["undone"] is None]
    assert [row["verdict"][0] for row in kept] == [KEYS[i % 4] for i in range(1, PAIRS + 1)]
    assert len(rows) == PAIRS + 1
    assert review_results(Workspace(home), "demo-run-1").precision["pairs"].tolist() == [16, 32, 48]


def test_a_key_that_is_held_is_one_verdict_and_a_note_takes_no_shortcut(
    own_demo: Server, visit: Visitor
) -> None:
    page = visit(own_demo, width=768).open("review")
    page.get_by_role("button", name="Make the review").click()
    sign_in(page, "Ben")
    page.get_by_role("button", name="Start judging").click()
    picture = page.get_by_alt_text("Right picture of pair 1", exact=True)
    expect(picture).to_be_visible()
    assert (picture.bounding_box() or {})["width"] >= 320
    settled(page)
    note = page.get_by_role("textbox", name="Note")
    note.focus()
    page.keyboard.type("yes, nearly")  # y, n and u are letters here
    page.keyboard.press("Tab")
    settled(page)
    expect(page.get_by_text("Pair 1 of 60")).to_be_visible()
    page.get_by_role("heading", name="Are these two pictures").click()
    page.wait_for_timeout(SEEN_MS)
    page.keyboard.down("y")
    expect(page.get_by_text("Pair 2 of 60")).to_be_visible()
    settled(page)
    page.wait_for_timeout(SEEN_MS)
    for _ in range(4):
        page.keyboard.down("y")  # repeated, as of a key that is held
        page.wait_for_timeout(SEEN_MS)
    page.keyboard.up("y")
    settled(page)
    expect(page.get_by_text("Pair 2 of 60")).to_be_visible()
    rows = [row for row in reviews_table(Workspace(own_demo.home), "demo-run").to_pylist()
            if row["reviewer"]]  # fmt: skip
    assert [(row["verdict"], row["note"]) for row in rows] == [("yes", "yes, nearly")]
