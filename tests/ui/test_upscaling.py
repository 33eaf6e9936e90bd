"""A larger version of a picture, by a click beside it."""

import pytest
from playwright.sync_api import Page, expect

from backend.schema.jobs import OWNER
from tests.ui.conftest import PHONE
from tests.ui.test_generating import generate

pytestmark = pytest.mark.browser


def results(page: Page):
    return page.locator("easel-results").first.locator(".thumb")


def popover(page: Page):
    return page.get_by_role("dialog", name="Upscale")


def test_a_click_beside_a_picture_makes_a_larger_one(page, site):
    generate(page, "a harbour")
    harbour = page.locator("easel-results .thumb[title='a harbour']")
    expect(harbour).to_have_count(1)
    stage = page.locator("easel-stage")

    stage.get_by_role("button", name="Upscale").click()
    menu = popover(page)
    expect(menu).to_contain_text("128 × 128 becomes 512 × 512")
    menu.get_by_label("2 times").check()
    expect(menu).to_contain_text("128 × 128 becomes 256 × 256")
    expect(menu.get_by_label("Upscaler")).to_have_value("starter")
    menu.get_by_label("Upscaler").select_option("lanczos")
    menu.get_by_role("button", name="Upscale").click()

    expect(menu).to_be_hidden()
    expect(harbour).to_have_count(2)  # the new one beside the old one
    expect(stage.locator(".foot .second")).to_contain_text("256 × 256")
    job = next(job for job in site.studio.jobs.snapshot(OWNER).jobs if job.kind == "upscale")
    assert job.title == "Upscale 2×: a harbour"


def test_it_opens_beside_a_picture_in_full_and_fits_a_phone(page):
    generate(page, "a lighthouse")
    expect(page.locator("easel-results .thumb[title='a lighthouse']")).to_have_count(1)
    page.get_by_label("Open the picture in full").click()
    viewer = page.get_by_role("dialog", name="Picture", exact=True)
    page.set_viewport_size(PHONE)

    viewer.get_by_role("button", name="Upscale").click()

    menu = popover(page)
    expect(menu.get_by_label("4 times")).to_be_focused()
    box = menu.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert box["y"] + box["height"] <= PHONE["height"]
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(viewer).to_be_visible()  # Escape closed what opened last
