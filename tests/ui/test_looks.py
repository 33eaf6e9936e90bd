"""What is in view, what the keyboard reaches, and what assistive technology is told."""

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import DESKTOP, PHONE, opened
from tests.ui.test_generating import generate

pytestmark = pytest.mark.browser

IN_VIEW = (
    "#field-prompt-positive textarea",
    "#generate",
    "easel-device .device-name",
    "easel-device .meter",
    "easel-stage .frame",
    "easel-stage .foot a[download]",
    "easel-results .thumb",
)
NAMELESS = """() => [...document.querySelectorAll("button, input, textarea, a[href], [role=tab]")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => !one.closest("[aria-hidden=true]"))
    .filter((one) => !(one.getAttribute("aria-label") || one.title || one.innerText?.trim() ||
        one.labels?.[0]?.innerText.trim()))
    .map((one) => one.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_prompt_generate_device_and_result_are_in_view_without_scrolling(context, site, size):
    page = opened(context, site)
    page.set_viewport_size(size)
    generate(page, "in view")
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "in view")
    page.wait_for_timeout(300)

    for selector in IN_VIEW:
        box = page.locator(selector).first.bounding_box()
        assert box, selector
        assert box["x"] >= 0, selector
        assert box["y"] >= 0, selector
        assert box["x"] + box["width"] <= size["width"] + 1, selector
        assert box["y"] + box["height"] <= size["height"] + 1, selector
    picture = page.locator("easel-stage .frame").bounding_box()
    assert picture
    assert picture["width"] > size["width"] * 0.35
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate("document.documentElement.scrollHeight") <= size["height"]


def test_on_a_phone_the_settings_are_a_sheet(context, site):
    page = opened(context, site)
    page.set_viewport_size(PHONE)
    steps = page.get_by_label("number input for Steps", exact=True)
    expect(steps).to_be_hidden()
    page.get_by_role("button", name="Settings", exact=True).click()
    expect(steps).to_be_visible()
    steps.fill("12")
    page.get_by_role("button", name="Done").click()
    expect(steps).to_be_hidden()


def test_the_keyboard_reaches_what_is_needed_and_shows_where_it_is(page: Page):
    generate(page, "keyboard")
    page.locator("easel-stage .frame img[alt=keyboard]").wait_for()
    page.locator("body").evaluate("body => { body.tabIndex = -1; body.focus(); }")
    reached: set[str] = set()
    unseen: list[str] = []
    for _ in range(70):
        page.keyboard.press("Tab")
        name, seen = page.evaluate(
            """() => {
                const one = document.activeElement;
                const outlined = (element) =>
                    element && getComputedStyle(element).outlineStyle !== "none";
                const list = one.closest(".wrap")?.querySelector(".wrap-inner");
                const seen = outlined(one) || outlined(one.closest("label")) || outlined(list);
                const name = one.getAttribute("aria-label") || one.labels?.[0]?.innerText ||
                    one.innerText || one.tagName;
                return [name.trim(), seen || one === document.body];
            }"""
        )
        reached.add(name)
        if not seen:
            unseen.append(name)
    wanted = {"Prompt", "Generate", "Save", "Vary", "Simple", "All settings"}
    assert wanted <= reached
    assert any(name.startswith("Checkpoint: ") for name in reached)
    assert unseen == []


def test_every_control_has_a_name_and_progress_is_told(page: Page, site):
    page.locator("easel-view-switch:visible [data-view=all]").click()
    generate(page, "slow names")
    expect(page.locator("easel-stage [aria-live=polite]")).to_have_text("Waiting")
    assert page.evaluate(NAMELESS) == []
    expect(page.get_by_role("progressbar", name="Progress")).to_be_attached()
    site.go_on()
    expect(page.locator("easel-stage [aria-live=polite]")).to_have_text("The picture is ready")
    assert page.evaluate(NAMELESS) == []
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()


def test_panes_are_resized_and_folded_and_stay_so(page: Page):
    settings, results = page.locator("#settings"), page.locator("#results")
    edge = page.get_by_role("separator", name="Width of the settings")
    before = settings.bounding_box()
    assert before

    edge.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("separator", name="Width of the results").dblclick()

    expect(results).to_be_hidden()
    page.reload()
    page.locator("easel-stage .foot").wait_for()
    expect(results).to_be_hidden()
    after = settings.bounding_box()
    assert after
    assert after["width"] == before["width"] + 16
    page.get_by_role("separator", name="Width of the results").press("Enter")
    expect(results).to_be_visible()
