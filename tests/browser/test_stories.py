"""From end to end: an owner's five minutes and an auditor's on one demo; drawings and copies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.kit.app_server import Server, running, settled
from gmv_core import Workspace, decide, join_review, make_review, next_pair, open_run, verify
from gmv_core.audit.checking.verify import Against
from gmv_core.audit.evidence import write_evidence
from gmv_core.audit.keys import make_keys, private_key
from gmv_core.audit.review.sampling import ReviewSettings
from tests.browser.conftest import SEEN_MS, Visitor, pair, sign_in
from tests.photographs import COPY, DRAWINGS, LIGHTER, TWICE, TWIN, write_drawings_run

PAIRS, ANSWERS = 10, ("yes", "no", "yes", "yes", "no", "unsure", "yes", "no", "yes", "no")


def test_an_owner_drops_a_picture_and_takes_a_statement_home(
    demo: Server, visit: Visitor, browser: Browser, tmp_path: Path
) -> None:
    page = visit(demo).open()
    page.get_by_role("button", name="See an owner's page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Owners")
    page.get_by_role("button", name="Find by a picture").click()
    mine = demo.home / "demo-images" / "rabbit" / "0008.png"
    page.get_by_test_id("stFileUploaderDropzoneInput").last.set_input_files(mine)
    page.get_by_role("button", name="See Ottavia Lume").click()
    expect(page.get_by_role("heading", name="Ottavia Lume", exact=True)).to_be_visible()
    expect(page.get_by_text("of the value (95 % interval").first).to_be_visible()
    page.keyboard.press("Escape")
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Statement to take home").click()
    path = tmp_path / download.value.suggested_filename
    assert re.fullmatch(r"statement-ottavia-lume-[0-9a-f]{8}\.html", path.name)
    download.value.save_as(path)
    offline = browser.new_context(offline=True)
    home = offline.new_page()
    home.goto(path.as_uri())
    expect(home.get_by_role("heading", level=1)).to_have_text("Ottavia Lume")
    assert home.evaluate("[...document.images].every(i => i.naturalWidth > 0)")
    offline.close()


def test_an_auditor_reviews_with_a_second_one_and_checks_the_evidence(
    own_demo: Server, visit: Visitor, tmp_path: Path
) -> None:
    place = Workspace(own_demo.home)
    review = make_review(place, "demo-run", settings=ReviewSettings(pairs=PAIRS))
    join_review(place, review.id, "Ben")
    for answer in ANSWERS:
        pair = next_pair(place, review.id, "Ben")
        assert pair is not None
        decide(place, review.id, "Ben", pair.place, answer)
    page = visit(own_demo).open("review")
    sign_in(page, "Ada")
    page.get_by_role("button", name="Start judging").click()
    for number in range(1, PAIRS + 1):
        expect(page.get_by_text(f"Pair {number} of {PAIRS}")).to_be_visible()
        expect(page.get_by_alt_text(f"Left picture of pair {number}", exact=True)).to_be_visible()
        settled(page)
        page.wait_for_timeout(SEEN_MS)
        page.keyboard.press("yn"[number % 2])
    expect(page.get_by_text(f"Ada, you have judged all {PAIRS} pairs.")).to_be_visible()
    expect(page.get_by_text("κ = ").first).to_be_visible()
    expect(page.get_by_text("Pairs judged differently")).to_be_visible()
    settled(page)

    make_keys(tmp_path / "key")
    path, public = tmp_path / "evidence.zip", tmp_path / "key.pub"
    run = open_run(place, "demo-run")
    write_evidence(run, path, key=private_key(tmp_path / "key"), with_previews=True)
    checks = verify(path, Against(public=public, pairs=10))
    assert [check.said for check in checks if check.held is False] == []
    assert {check.what for check in checks if check.held} >= {"bytes", "signature", "distances"}
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    assert [check.held for check in verify(path, Against(public=public))][-1] is False


@pytest.fixture(scope="module")
def drawings(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app on drawings and two copies, held against photographs of which one is there twice."""
    root = tmp_path_factory.mktemp("drawings")
    write_drawings_run(root)
    with running(root / "home", root / "server.log") as server:
        yield server


def test_drawings_have_no_convincing_source_and_copies_are_told(
    drawings: Server, visit: Visitor
) -> None:
    page = visit(drawings).open()
    line = f"Of the {DRAWINGS + 2} generated images of run: 2 near copies, {DRAWINGS} without a"
    expect(page.get_by_text(f"{line} convincing source.")).to_be_visible()
    told = {
        **{f"drawing-{i}.png": ("No convincing source", "farther than unseen real images are")
           for i in (0, DRAWINGS - 1)},
        COPY: ("Same pixels", "It has the same pixels as 000.png."),
        LIGHTER: ("Near copy", "It is closer than an unseen real image would be."),
    }  # fmt: skip
    for name, (chip, sentence) in told.items():
        page = visit(drawings).open(f"contributors?image={name}")
        expect(pair(page)).to_contain_text(chip)
        expect(page.get_by_text(sentence).first).to_be_attached()


def test_a_training_image_that_is_there_twice_earns_once(drawings: Server, visit: Visitor) -> None:
    page = visit(drawings).open("training_set")
    page.get_by_role("button", name="Look for near copies").click()
    expect(
        page.get_by_text("1 image more than once, in 1 cluster: 1 with the bytes")
    ).to_be_visible()
    first, values = f"{TWICE}.png", {}
    for way, address in (("each", ""), ("one", "&duplicates=true")):
        for name in (first, TWIN):
            page = visit(drawings).open(
                f"contributors?view=Training+images&training={name}{address}"
            )
            values[way, name] = value_told(page)
    assert values["each", first] == values["each", TWIN]
    assert values["one", first] == values["one", TWIN]
    assert values["one", TWIN] < values["each", TWIN]


def value_told(page: Page) -> float:
    """Return the value of the training image that the page shows."""
    line = page.get_by_text(re.compile(r"^Value [\d.]+ \(")).inner_text()
    return float(line.split()[1])
