"""The form: two views of one state, which survives a refresh and says what is wrong."""

import pytest
from playwright.sync_api import Page, expect

from backend.schema.jobs import OWNER
from tests.ui.conftest import attached, opened
from tests.ui.test_generating import generate

pytestmark = pytest.mark.browser


def number(page: Page, label: str):
    return page.get_by_label(f"number input for {label}", exact=True)


def show(page: Page, view: str) -> None:
    page.locator(f"easel-view-switch:visible [data-view={view}]").click()


def enter(page: Page, label: str, value: str) -> None:
    number(page, label).fill(value)
    number(page, label).press("Tab")


def test_simple_shows_six_things_and_all_settings_every_field(page):
    fields = page.locator(
        ".field:visible, easel-model:visible, easel-shape:visible, easel-pictures:visible"
    )
    expect(fields).to_have_count(6)  # model, prompt, shape, pictures, enlarge by, steps

    show(page, "all")

    for label in ("Width", "Height", "Pictures", "Batch size", "Steps", "CFG scale"):
        expect(number(page, label)).to_be_visible()
    for label in ("Sampler", "Schedule", "Seed"):
        expect(page.get_by_label(label, exact=True)).to_be_visible()
    page.get_by_role("button", name="Negative prompt").click()
    expect(page.get_by_label("Negative prompt", exact=True)).to_be_focused()


def test_a_setting_that_simple_hides_stays_in_effect_and_in_sight(page, context, site):
    show(page, "all")
    enter(page, "CFG scale", "7")
    page.get_by_label("Sampler", exact=True).click()
    page.get_by_role("option", name="Euler a").click()
    show(page, "simple")
    expect(page.locator("easel-changed .chip")).to_have_text(["Sampler Euler a", "CFG scale 7"])

    page.reload()
    attached(page)
    expect(page.locator("easel-changed .chip")).to_have_count(2)
    generate(page, "in effect")
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "in effect")
    gallery = site.studio.gallery
    request = gallery.request_of(OWNER, gallery.newest(OWNER)[0].id)
    assert (request.sampling.cfg_scale, request.sampling.sampler) == (7, "euler_a")

    page.get_by_role("button", name="Reset CFG scale").click()
    expect(page.locator("easel-changed .chip")).to_have_text(["Sampler Euler a"])
    page.get_by_role("button", name="Sampler Euler a").click()
    expect(page.get_by_label("Sampler", exact=True)).to_be_focused()

    other = opened(context, site)
    expect(other.get_by_label("Sampler", exact=True)).to_have_value("Euler a")


def test_a_decision_about_memory_changes_the_plan_and_stays(page):
    plan = page.locator("#composer easel-plan summary")
    expect(plan).to_contain_text("at full speed.")
    show(page, "all")
    page.get_by_label("Placement", exact=True).click()
    page.get_by_role("option", name="Comes block by block").click()
    expect(plan).to_contain_text("block by block")

    page.reload()
    attached(page)
    show(page, "simple")
    expect(page.locator("easel-changed .chip")).to_have_text(["Placement Comes block by block"])
    page.get_by_role("button", name="Reset Placement").click()
    expect(plan).to_contain_text("at full speed.")

    page.locator("easel-device button").press("Enter")
    panel = page.get_by_role("dialog", name="Memory")
    panel.get_by_label("Placement").first.select_option("Comes layer by layer")
    expect(panel).to_contain_text("Kept.")
    expect(plan).to_contain_text("layer by layer")
    panel.get_by_label("Placement").first.select_option("Automatic")
    expect(plan).to_contain_text("at full speed.")


def test_shapes_set_the_size_and_a_double_click_on_a_label_resets(page):
    page.get_by_role("radio", name="Landscape, 4 to 3").check()
    expect(page.locator("easel-shape output")).to_have_text("144 × 112")
    show(page, "all")
    expect(number(page, "Width")).to_have_value("144")
    enter(page, "Height", "200")
    expect(page.locator("easel-shape :checked")).to_have_count(0)
    page.get_by_role("button", name="Swap width and height").click()
    expect(page.locator("easel-shape output")).to_have_text("200 × 144")
    enter(page, "Width", "125")
    expect(number(page, "Width")).to_have_value("128")
    expect(page.locator("#composer")).to_contain_text("Width 125 becomes 128")
    page.get_by_role("button", name="Swap width and height").click()

    page.locator("#field-size-height").get_by_text("Height").dblclick()

    expect(number(page, "Height")).to_have_value("128")


def test_a_second_pass_has_settings_once_there_is_one(page):
    show(page, "all")
    strength = page.locator("#field-hires-strength")
    expect(strength).to_contain_text("Enlarge by is 1")
    expect(page.get_by_label("Enlarged with")).to_be_disabled()

    enter(page, "Enlarge by", "2")

    expect(strength).not_to_contain_text("Enlarge by is 1")
    page.get_by_label("Enlarged with").click()
    expect(page.get_by_role("option")).to_contain_text(
        ["Automatic", "Latent", "Lanczos", "Starter upscaler"]
    )


def test_what_cannot_be_is_said_beside_the_prompt_with_what_to_do(page, watch):
    watch.expected = ("400 (Bad Request)",)
    prompt = page.get_by_label("Prompt", exact=True)
    prompt.fill("  ")
    page.locator("#generate").click()
    notice = page.get_by_role("alert").filter(has_text="The prompt is empty.")
    expect(notice).to_contain_text("Say what the picture should show.")
    expect(prompt).to_have_attribute("aria-invalid", "true")
    notice.get_by_role("button", name="Use an idea").click()
    expect(notice).to_be_hidden()
    expect(prompt).to_have_value("red apple, 3d style, white background")

    number(page, "Steps").fill("999")
    page.keyboard.press("Control+Enter")
    notice = page.get_by_role("alert").filter(has_text="Steps cannot be 999.")
    expect(notice).to_contain_text("Choose a value from 1 to 150.")
    expect(number(page, "Steps")).to_be_focused()
    notice.get_by_role("button", name="Reset Steps").click()
    expect(number(page, "Steps")).to_have_value("25")
    expect(notice).to_be_hidden()


def test_the_theme_is_kept(page):
    background = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(background)
    page.get_by_role("button", name="Light or dark").click()
    light = page.evaluate(background)
    assert dark != light

    page.reload()

    assert page.evaluate(background) == light
