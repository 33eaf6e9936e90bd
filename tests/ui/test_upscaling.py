"""A larger version of a picture, by a click beside it."""

import pytest
from playwright.sync_api import Page, expect

from backend.schema.jobs import OWNER
from tests.ui.conftest import PHONE
from tests.ui.test_generating import generate
from tests.ui.test_image_to_image import choose, photo, tab

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


def test_its_checkpoint_adds_detail_to_a_larger_one(page, site):
    generate(page, "a meadow")
    meadow = page.locator("easel-results .thumb[title='a meadow']")
    expect(meadow).to_have_count(1)
    page.locator("easel-stage").get_by_role("button", name="Upscale").click()
    menu = popover(page)
    menu.get_by_label("2 times").check()
    menu.get_by_label("Add detail with the checkpoint").check()
    expect(menu).to_contain_text("drawn again, finer")
    menu.get_by_role("button", name="Upscale").click()

    expect(meadow).to_have_count(2)
    first, second = (site.studio.gallery.newest(OWNER)[place] for place in (1, 0))
    finer = site.studio.gallery.request_of(OWNER, second.id)
    assert (finer.source.picture, finer.source.strength) == (first.id, 0.0)
    assert (finer.hires.factor, finer.hires.upscaler) == (2.0, "starter")
    assert finer.prompt.positive == "a meadow"


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


def test_pictures_from_outside_are_enlarged_alone_or_all_together(page, site, tmp_path):
    paths = [photo(tmp_path, f"{number}.png") for number in range(2)]
    tab(page)
    before = results(page).count()
    choose(page, *paths)

    page.get_by_role("button", name="Only enlarge them").click()
    menu = popover(page)
    expect(menu).to_contain_text("2 pictures, each 4 times as large")
    expect(menu.get_by_label("Add detail")).to_be_hidden()
    menu.get_by_label("Upscaler").select_option("lanczos")
    menu.get_by_role("button", name="Upscale").click()

    expect(results(page)).to_have_count(before + 2)
    titles = [job.title for job in site.studio.jobs.snapshot(OWNER).jobs]
    assert titles.count("Upscale 4×: The picture") == 2
