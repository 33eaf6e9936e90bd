"""Grids: what is varied is chosen in a dialog that tells what it would be; the sheet is shown."""

import json

import pytest
from playwright.sync_api import Page, expect

from backend.schema.jobs import OWNER
from tests.fixtures.program import wait_until
from tests.ui.conftest import PHONE, attached
from tests.ui.test_generating import generate
from tests.ui.test_image_to_image import begin, photo, tab

pytestmark = pytest.mark.browser


def open_dialog(page: Page):
    page.get_by_role("button", name="More ways to generate").click()
    page.get_by_role("button", name="Grid…").click()
    dialog = page.get_by_role("dialog", name="Grid", exact=True)
    expect(dialog).to_be_visible()
    return dialog


def vary(dialog, axis: str, setting: str, values: str):
    dialog.get_by_label(f"{axis}: setting").select_option(label=setting)
    dialog.get_by_label(f"{axis}: values").fill(values)


def series_of(site):
    jobs = site.studio.jobs.snapshot(OWNER).jobs
    return [job for job in jobs if job.kind == "series"]


def test_a_grid_is_drawn_and_its_sheet_is_shown_with_its_pictures(page, site):
    page.get_by_label("Prompt", exact=True).fill("a red apple")
    dialog = open_dialog(page)
    told = dialog.get_by_role("status")
    expect(told).to_have_text("3 pictures.")  # the first axis comes with an example

    vary(dialog, "Across", "Prompt: search and replace", "red, green, blue")
    vary(dialog, "Down", "Steps", "2-3")
    expect(told).to_have_text("6 pictures.")
    dialog.get_by_role("button", name="Generate grid").click()

    expect(dialog).to_be_hidden()
    stage = page.locator("easel-stage")
    expect(stage.locator("[data-part=strip] .thumb")).to_have_count(7)
    expect(stage.locator("[data-part=strip] [aria-current]")).to_have_attribute(
        "aria-label", "Picture 7"
    )
    sheet = stage.locator("[data-part=frame] img")
    assert sheet.evaluate("image => image.naturalWidth > 3 * 128")
    (job,) = series_of(site)
    assert job.title == "Grid 3 × 2: a red apple"
    assert [picture.prompt for picture in job.pictures[:3]] == [
        "a red apple",
        "a green apple",
        "a blue apple",
    ]


def test_what_is_wrong_is_told_while_it_is_typed_and_nothing_is_drawn(page, site):
    before = len(series_of(site))
    dialog = open_dialog(page)
    told = dialog.get_by_role("status")

    vary(dialog, "Across", "Steps", "10, 900")
    expect(told).to_contain_text("Steps cannot be 900. Choose a value from 1 to 150")
    vary(dialog, "Across", "Prompt: search and replace", "whale, fish")
    expect(told).to_contain_text("“whale” is not in the prompt")
    dialog.get_by_label("Across: setting").select_option("")
    expect(told).to_contain_text("Nothing is varied")

    dialog.get_by_role("button", name="Close").click()
    assert len(series_of(site)) == before


def test_choices_are_ticked_and_all_is_kept_over_a_refresh(page):
    dialog = open_dialog(page)
    told = dialog.get_by_role("status")
    dialog.get_by_label("Down: setting").select_option(label="Sampler")
    dialog.get_by_role("button", name="None").click()
    expect(told).to_contain_text("Sampler has no values")
    dialog.get_by_label("Euler a").check()
    dialog.get_by_label("DPM++ 2M", exact=True).check()
    dialog.get_by_label("With a labelled sheet").uncheck()
    expect(told).to_have_text("6 pictures.")

    page.reload()
    attached(page)
    dialog = open_dialog(page)

    expect(dialog.get_by_role("status")).to_have_text("6 pictures.")
    assert dialog.locator(".ticks :checked").evaluate_all("all => all.map((one) => one.value)") == [
        "dpmpp_2m",
        "euler_a",
    ]
    expect(dialog.get_by_label("With a labelled sheet")).not_to_be_checked()


def test_prompts_come_from_a_file_and_the_dialog_fits_a_phone(page, site, tmp_path):
    file = tmp_path / "prompts.txt"
    file.write_text('a red kite\n# a note\n--prompt "a blue kite" --steps 3\n')
    page.set_viewport_size(PHONE)
    dialog = open_dialog(page)
    dialog.get_by_label("Across: setting").select_option(label="Prompts, one a line")
    with page.expect_file_chooser() as chooser:
        dialog.get_by_role("button", name="From a file").click()
    chooser.value.set_files(file)
    expect(dialog.get_by_role("status")).to_have_text("2 pictures.")

    box = dialog.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert box["y"] + box["height"] <= PHONE["height"]
    assert page.evaluate("document.querySelector('dialog.grid').scrollWidth") <= box["width"]
    dialog.get_by_role("button", name="Generate grid").click()

    expect(page.locator("easel-stage [data-part=strip] .thumb")).to_have_count(3)
    assert [each.prompt for each in series_of(site)[0].pictures[:2]] == [
        "a red kite",
        "a blue kite",
    ]


def test_in_image_to_image_a_grid_begins_with_the_picture_on_the_canvas(page, site, tmp_path):
    tab(page)
    dialog = open_dialog(page)
    expect(dialog.get_by_role("status")).to_contain_text("no picture to begin with")
    dialog.get_by_role("button", name="Close").click()
    begin(page, photo(tmp_path))
    dialog = open_dialog(page)
    vary(dialog, "Across", "Denoising strength", "0.2, 0.8")
    expect(dialog.get_by_role("status")).to_have_text("2 pictures.")
    before = {job.id for job in series_of(site)}

    dialog.get_by_role("button", name="Generate grid").click()

    def drawn():
        return [job for job in series_of(site) if job.id not in before and len(job.pictures) == 3]

    wait_until(lambda: bool(drawn()), lambda: "the grid was not drawn")
    expect(page.locator("easel-stage [data-part=strip] .thumb")).to_have_count(3)
    expect(page.get_by_role("tab", name="Text to image")).to_have_attribute("aria-selected", "true")
    made = drawn()[0].pictures[:2]
    sources = [site.studio.gallery.request_of(OWNER, each.id).source for each in made]
    assert [source.strength for source in sources] == [0.2, 0.8]
    assert all(source.picture.startswith("input-") for source in sources)


def test_more_like_a_picture_are_four_variations_of_it(page, site):
    generate(page, "a heron")
    expect(page.locator("easel-results .thumb[title='a heron']")).to_have_count(1)
    seed = site.studio.gallery.newest(OWNER, 1)[0].seed

    page.locator("easel-stage").get_by_role("button", name="More like this").click()

    expect(page.locator("easel-results .thumb[title='a heron']")).to_have_count(5)
    newest = site.studio.gallery.newest(OWNER, 4)
    assert {picture.seed for picture in newest} == {seed}
    requests = [site.studio.gallery.request_of(OWNER, picture.id) for picture in newest]
    assert len({request.seed.variation for request in requests}) == 4
    assert json.loads(page.evaluate("sessionStorage.getItem('easel.form')"))["batch.count"] == 1
