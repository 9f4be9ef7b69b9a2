"""Contributors: from a generated image to the training images closest to it, and back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from benchmarks.kit.app_server import Server, settled
from gmv_core.demo.plan import generated_folder
from tests.browser.conftest import Visitor, cards, chosen, in_address, k_of, pair

RUN_MS = 120_000


def compared(page: Page) -> Locator:
    """The combobox that names the training image beside the generated one."""
    return page.get_by_role("combobox", name="Compare with the training image")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (768, 1024)])
def test_the_pair_is_large_and_above_the_fold(
    demo: Server, visit: Visitor, width: int, height: int
) -> None:
    page = visit(demo, width=width).open("contributors")
    page.set_viewport_size({"width": width, "height": height})
    images = pair(page).locator(".frame img")
    expect(images).to_have_count(2)
    settled(page)
    for image in images.all():
        expect(image).to_be_in_viewport(ratio=1)
        box = image.bounding_box()
        assert box is not None and min(box["width"], box["height"]) >= 320
    expect(pair(page)).to_contain_text("of real neighbours.")


@pytest.mark.parametrize(("width", "height", "seen"), [(1440, 900, 1), (768, 1024, 0.5)])
def test_the_closest_images_are_seen_under_the_pair_without_scrolling(
    demo: Server, visit: Visitor, width: int, height: int, seen: float
) -> None:
    page = visit(demo, width=width).open("contributors")
    page.set_viewport_size({"width": width, "height": height})
    settled(page)
    closest = cards(page, "Closest training images")
    expect(closest).to_have_count(10)
    expect(closest.first.locator("img")).to_be_in_viewport(ratio=seen)
    expect(pair(page).locator(".frame img").first).to_be_in_viewport(ratio=1)


def test_a_tap_on_a_phone_shows_the_result_at_once(demo: Server, visit: Visitor) -> None:
    page = visit(demo, width=390).open("contributors")
    made = cards(page, "Generated images")
    page.set_viewport_size({"width": 390, "height": 844})
    made.nth(2).click()
    name = made.nth(2).get_attribute("data-id") or ""
    expect(pair(page)).to_contain_text(name)
    for image in pair(page).locator(".frame img").all():
        expect(image).to_be_in_viewport(ratio=1)
    expect(made.nth(2).locator("img")).to_be_in_viewport(ratio=1)


def test_the_strip_and_the_pair_are_used_by_keyboard(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("contributors")
    closest = cards(page, "Closest training images")
    closest.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(closest.nth(2)).to_be_focused()
    assert closest.nth(2).evaluate("card => getComputedStyle(card).outlineStyle") != "none"
    page.keyboard.press("Enter")
    name = closest.nth(2).get_attribute("data-id") or ""
    expect(pair(page).locator("figure.right")).to_contain_text(name)
    expect(closest.nth(2)).to_have_attribute("aria-pressed", "true")


def test_which_regions_match_is_prepared_by_a_click(own_demo: Server, visit: Visitor) -> None:
    page = visit(own_demo).open("contributors?look=Regions")
    page.get_by_role("button", name="Prepare regions").click()
    alike = page.get_by_alt_text("Where the two look alike")
    expect(alike).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_text("Made of these")).to_be_visible()
    page.get_by_role("radio", name="By owner").click()
    in_address(page, "coloured", "By+owner")
    expect(alike).to_be_visible()


def test_my_picture_is_found_and_leads_to_what_it_earned(
    demo: Server, visit: Visitor, tmp_path: Path
) -> None:
    mine = sorted((demo.home / "demo-images").rglob("*.png"))[0]
    page = visit(demo).open("contributors?view=Find+my+picture")
    page.locator("input[type=file]").first.set_input_files(mine)
    name = f"{mine.parent.name}/{mine.name}"
    expect(page.get_by_text(f"{name} is the same file")).to_be_visible()
    expect(pair(page).locator("figure.right")).to_contain_text(name)
    page.get_by_role("button", name="See these generated images").click()
    in_address(page, "view", "Training+images")
    expect(page.get_by_role("combobox", name="Training image")).to_have_value(name)


def test_an_example_is_answered(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("contributors?view=Drop+an+image")
    cards(page, "Examples").first.click()
    expect(pair(page)).to_contain_text("not kept")
    expect(cards(page, "Closest training images")).to_have_count(10)


def test_a_click_in_the_gallery_shows_an_image_beside_its_contributors(
    demo: Server, visit: Visitor
) -> None:
    page = visit(demo).open("contributors")
    made = cards(page, "Generated images")
    expect(made).to_have_count(30)
    name = made.nth(3).get_attribute("data-id") or ""
    made.nth(3).click()
    expect(chosen(page)).to_have_value(name)
    expect(pair(page)).to_contain_text(name)
    closest = cards(page, "Closest training images")
    expect(closest).to_have_count(10)
    expect(closest.first).to_contain_text("%")
    expect(closest.first.locator("img")).to_have_attribute("title", re.compile("away"))
    k_of(page).fill("3")
    k_of(page).press("Enter")
    expect(closest).to_have_count(3)


def test_an_image_and_its_contributor_are_compared_and_the_address_opens_it_again(
    demo: Server, visit: Visitor
) -> None:
    page = visit(demo).open("contributors")
    closest = cards(page, "Closest training images")
    closest.nth(1).click()
    settled(page)
    page.get_by_role("radio", name="Slider").click()
    slider = page.get_by_role("slider", name="How much of the left image is seen, in percent")
    expect(slider).to_be_visible()
    slider.focus()
    slider.press("ArrowRight")
    expect(slider).to_have_value("51")
    settled(page)
    in_address(page, "look", "Slider")
    other = visit(demo)
    other.page.goto(page.url)
    expect(other.page.get_by_role("slider")).to_be_visible()
    expect(chosen(other.page)).to_have_value(chosen(page).input_value())
    expect(compared(other.page)).to_have_value(compared(page).input_value())
    page.get_by_role("radio", name="Difference").click()
    expect(page.get_by_text("Black: the same in both.")).to_be_visible()


def test_the_arrow_keys_turn_to_the_next_image(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("contributors")
    names = [card.get_attribute("data-id") or "" for card in cards(page, "Generated images").all()]
    expect(chosen(page)).to_have_value(names[0])
    page.get_by_role("heading", level=1).click()
    settled(page)
    page.keyboard.press("ArrowRight")
    expect(chosen(page)).to_have_value(names[1])
    settled(page)
    page.keyboard.press("ArrowLeft")
    expect(chosen(page)).to_have_value(names[0])


def test_the_arrow_keys_move_through_the_gallery(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("contributors")
    made = cards(page, "Generated images")
    made.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(made.nth(2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(chosen(page)).to_have_value(made.nth(2).get_attribute("data-id") or "")
    settled(page)  # the gallery of the image that was opened is drawn anew
    closest = cards(page, "Closest training images")
    closest.first.focus()
    page.keyboard.press("ArrowRight")
    expect(closest.nth(1)).to_be_focused()


def test_two_sessions_do_not_see_each_other(demo: Server, visit: Visitor) -> None:
    ada, ben = visit(demo).open("contributors"), visit(demo).open("contributors")
    expect(cards(ben, "Generated images")).to_have_count(30)
    names = [card.get_attribute("data-id") or "" for card in cards(ben, "Generated images").all()]
    cards(ada, "Generated images").nth(4).click()
    expect(chosen(ada)).to_have_value(names[4])
    k_of(ada).fill("2")
    k_of(ada).press("Enter")
    in_address(ada, "k", "2")
    expect(cards(ada, "Closest training images")).to_have_count(2)
    cards(ben, "Generated images").nth(7).click()
    expect(chosen(ben)).to_have_value(names[7])
    expect(cards(ben, "Closest training images")).to_have_count(10)
    expect(chosen(ada)).to_have_value(names[4])
    ada.reload()
    expect(chosen(ada)).to_have_value(names[4])
    expect(cards(ada, "Closest training images")).to_have_count(2)


def test_a_training_image_shows_the_generated_images_that_it_is_close_to(
    demo: Server, visit: Visitor
) -> None:
    page = visit(demo).open("contributors?view=Training+images")
    parts = cards(page, "Generated images that it contributed to")
    expect(parts.first).to_contain_text("closest")
    parts.nth(1).click()
    name = parts.nth(1).get_attribute("data-id") or ""
    expect(pair(page).locator("figure.right")).to_contain_text(name)


def test_a_dropped_image_is_answered(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("contributors?view=Drop+an+image")
    image = sorted(Path(generated_folder()).rglob("*.png"))[0]
    page.locator("input[type=file]").first.set_input_files(image)
    expect(pair(page)).to_contain_text("not kept")
    expect(cards(page, "Closest training images")).to_have_count(10)


def test_dropped_images_are_kept_as_a_run(own_demo: Server, visit: Visitor, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no image")
    page = visit(own_demo).open("contributors?view=Drop+an+image")
    images = sorted(Path(generated_folder()).rglob("*.png"))[:3]
    page.locator("input[type=file]").first.set_input_files([*images, tmp_path / "broken.png"])
    expect(cards(page, "Dropped images")).to_have_count(3)
    expect(page.get_by_role("alert")).to_contain_text("broken.png")
    page.get_by_role("textbox", name="Keep as a result named").fill("first-look")
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    page.get_by_role("button", name="Look at it").click(timeout=RUN_MS)
    expect(page.get_by_role("combobox", name="Result")).to_have_value("first-look")
    expect(cards(page, "Closest training images")).to_have_count(10)


def test_the_gallery_is_put_in_order_and_searched(demo: Server, visit: Visitor) -> None:
    page = visit(demo).open("contributors")
    made = cards(page, "Generated images")
    page.get_by_role("combobox", name="Order").click()
    page.get_by_role("option", name="Quality, highest first").click()
    expect(made.first).to_contain_text("quality 0.51")
    page.get_by_role("textbox", name="Search by name").fill("rabbit")
    page.get_by_role("textbox", name="Search by name").press("Enter")
    expect(made).to_have_count(12)
    expect(made.filter(has=page.locator('img[alt*="rabbit"]'))).to_have_count(12)
    settled(page)  # the address is written when the page is drawn to its end
    in_address(page, "generated-find", "rabbit")
    first = made.first.inner_text()
    other = visit(demo)
    other.page.goto(page.url)  # the same order and search, and so the same first image
    expect(cards(other.page, "Generated images")).to_have_count(12)
    expect(cards(other.page, "Generated images").first).to_have_text(first, use_inner_text=True)


def test_the_other_reading_has_helpful_and_harmful_images_and_goes_along(
    demo: Server, visit: Visitor
) -> None:
    page = visit(demo).open("contributors")
    page.get_by_role("radio", name="Predicted influence").click()
    for kind in ("helpful", "harmful"):
        expect(cards(page, f"Most {kind} training images")).to_have_count(10)
    in_address(page, "reading", "Predicted+influence")
    cards(page, "Most harmful training images").first.click()
    expect(pair(page)).to_contain_text("better without it")
    page.get_by_role("link", name="Noisy data").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Noisy data")
    expect(page.get_by_text("Show from the most harmful")).to_be_visible()
    in_address(page, "reading", "Predicted+influence")
