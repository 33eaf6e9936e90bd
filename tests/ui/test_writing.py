"""The prompt box in a browser: completion, counts, weights, styles, the last prompts, checks."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.installations import written
from tests.fixtures.model_files import kohya_lora, write_safetensors
from tests.fixtures.published_unets import whole_file
from tests.ui.conftest import PHONE, opened, site_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    models = folder / "models"
    for name in ("loras", "embeddings"):
        (models / name).mkdir(parents=True)
    write_safetensors(models / "castle.safetensors", whole_file("sd15"))
    write_safetensors(models / "loras" / "ink_style.safetensors", kohya_lora())
    write_safetensors(models / "loras" / "old_ink.safetensors", kohya_lora(text=1024))
    notes = {"activation text": "inked", "preferred weight": 0.7}
    written(models / "loras" / "ink_style.json", json.dumps(notes))
    write_safetensors(models / "embeddings" / "easynegative.safetensors", {"emb_params": (8, 768)})
    written(folder / "wildcards" / "colour.txt", "red\nblue\n")
    with site_in(folder, models=models) as site:
        yield site


@pytest.fixture
def page(context, site) -> Page:
    page = opened(context, site)
    expect(page.locator(".writing-count").first).to_have_text("9/75")  # the code is there
    return page


def box(page: Page):
    return page.locator("#field-prompt-positive textarea")


def typed(page: Page, text: str) -> None:
    box(page).fill("")
    box(page).press_sequentially(text)


def test_names_are_completed_with_the_keyboard_and_counted_as_the_model_reads_them(page):
    options, count = page.locator("[role=option]"), page.locator(".writing-count").first

    typed(page, "a cat, <lora:ink")
    expect(options).to_have_count(2)
    expect(options.last).to_contain_text("For SD 2.x.")
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("a cat, <lora:ink_style:0.7> inked, ")
    expect(count).to_have_text("5/75")  # the tag counts nothing, its word does

    box(page).press_sequentially("__co")
    expect(options.first).to_contain_text("red, blue")
    page.keyboard.press("Tab")
    expect(box(page)).to_have_value("a cat, <lora:ink_style:0.7> inked, __colour__")

    page.keyboard.press("Control+z")
    expect(box(page)).to_have_value("a cat, <lora:ink_style:0.7> inked, __co")
    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()

    typed(page, "easyn")
    options.first.click()
    expect(box(page)).to_have_value("easynegative")
    expect(count).to_have_text("8/75")
    page.wait_for_function("sessionStorage.getItem('easel.form').includes('easynegative')")

    box(page).fill("red roof, " * 30)
    expect(count).to_have_text("90/150")
    expect(page.locator(".writing-mirror .cut")).to_have_count(1)
    count.click()
    panel = page.get_by_role("dialog", name="Tokens")
    expect(panel).to_contain_text("CLIP 90 of 150 tokens")
    expect(panel.get_by_role("listitem")).to_have_count(2)


WEIGHTS = [
    ("a r|ed cat", 1, "a (|red|:1.1) cat"),
    ("a (r|ed:1.1) cat", -1, "a |red| cat"),
    ("a (red:1.1|) cat", 1, "a (|red|:1.2) cat"),
    ("a r|ed cat", -1, "a (|red|:0.9) cat"),
    ("a |red cat |, b", 1, "a (|red cat|:1.1) , b"),
    ("a (|red cat|:1.2)", 1, "a (|red cat|:1.3)"),
    ("a |(red cat:1.2)|", 1, "a (|red cat|:1.3)"),
    ("(big |red| cat:1.2)", 1, "(big (|red|:1.1) cat:1.2)"),
    ("(red (big:1.2) c|at:1.3)", 1, "(|red (big:1.2) cat|:1.4)"),
    ("((r|ed))", 1, "((|red|:1.2))"),
    (r"\(r|ed\)", 1, r"\((|red|:1.1)\)"),
    ("<lora:i|nk:0.7>", 1, "<lora:i||nk:0.75>"),
    ("<lora:ink|>", -1, "<lora:ink||:0.95>"),
    ("<lora:i|nk:0.7:0.5>", -1, "<lora:i||nk:0.65:0.5>"),
    ("<lora:i|nk:te=0.5:unet=0.8>", 1, "<lora:i||nk:te=0.5:unet=0.85>"),
    ("<lora:i|nk:te=0.5>", 1, "<lora:i||nk:unet=1.05:te=0.5>"),
    ("a , | b", 1, "a , || b"),
]
WEIGH = """async ([address, cases]) => {
  const { weighed } = await import(address);
  return cases.map(([marked, turn]) => {
    const start = marked.indexOf("|"), last = marked.lastIndexOf("|");
    const text = marked.replaceAll("|", "");
    const change = weighed(text, start, last > start ? last - 1 : start, turn) ?? { start, end: start, insert: "", select: [start, start] };
    const made = text.slice(0, change.start) + change.insert + text.slice(change.end);
    const [from, to] = change.select;
    return made.slice(0, from) + "|" + made.slice(from, to) + "|" + made.slice(to);
  });
}"""  # noqa: E501


def test_ctrl_and_arrows_weigh_what_is_selected_or_under_the_caret(page):
    address = page.evaluate(
        "performance.getEntriesByType('resource').map(({ name }) => name)"
        ".find((name) => name.endsWith('weights.js'))"
    )
    cases = [[marked, turn] for marked, turn, _ in WEIGHTS]
    assert page.evaluate(WEIGH, [address, cases]) == [expected for _, _, expected in WEIGHTS]

    typed(page, "a red cat")
    for _ in range(2):
        page.keyboard.press("Control+ArrowUp")
    expect(box(page)).to_have_value("a red (cat:1.2)")
    page.wait_for_function("sessionStorage.getItem('easel.form').includes('(cat:1.2)')")
    page.keyboard.press("Control+z")
    expect(box(page)).to_have_value("a red (cat:1.1)")
    page.wait_for_function("sessionStorage.getItem('easel.form').includes('(cat:1.1)')")


def test_a_style_goes_around_both_prompts_and_the_last_prompts_come_back(page):
    box(page).fill("an old cat in a garden")
    page.get_by_role("button", name="Style", exact=True).click()
    page.get_by_role("button", name="Ink", exact=True).click()

    expect(box(page)).to_have_value(
        "ink drawing of an old cat in a garden, bold black lines, white paper, high contrast"
    )
    negative = page.locator("#field-prompt-negative textarea")
    expect(negative).to_have_value("colour, photo, grey shading")
    page.keyboard.press("Control+z")
    expect(box(page)).to_have_value("an old cat in a garden")

    with page.expect_response("**/page/generate"):
        page.locator("#generate").click()
    box(page).fill("a dog")
    negative.fill("")
    box(page).press("Alt+ArrowUp")
    page.get_by_role("searchbox", name="Search your last prompts").fill("garden")
    expect(page.locator("easel-writing [data-positive]:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(box(page)).to_have_value("an old cat in a garden")
    expect(negative).to_have_value("colour, photo, grey shading")


def test_the_checks_can_be_put_away_and_stay_so(page, context, site):
    coach = page.locator("easel-writing [data-part=coach]")
    box(page).fill("an old cat, no cars")
    expect(coach).to_have_text("2 of 4")
    coach.click()
    expect(page.get_by_text("Models hardly hear “no”")).to_be_visible()
    page.get_by_role("button", name="Hide these checks").click()
    expect(coach).to_be_hidden()

    again = opened(context, site)
    expect(again.locator(".writing-count").first).to_be_visible()
    expect(again.locator("easel-writing [data-part=coach]")).to_be_hidden()
    again.set_viewport_size(PHONE)
    box(again).fill("a cat, __missing__")
    expect(again.get_by_text("There is no wildcard “missing”")).to_be_visible()
    assert again.evaluate("document.documentElement.scrollWidth <= innerWidth")
    again.locator(".writing-count").first.click()
    again.get_by_role("button", name="Show the checks of the prompt").click()
    expect(again.locator("easel-writing [data-part=coach]")).to_be_visible()
