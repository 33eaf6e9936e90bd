"""LoRAs in the settings: put on by a click, weighed, switched off and on, with their words."""

import json

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from safetensors.numpy import save_file

from backend.schema.jobs import OWNER
from tests.fixtures.real_studio import FIXTURE_JOBS
from tests.ui.conftest import PHONE, site_in
from tests.ui.test_generating import write

pytestmark = pytest.mark.browser

CROSSING = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
HOSTILE = "<img src=x onerror=alert(1)>"


def save_lora(folder, name, width, *, words=(), weight=None, title=""):
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{CROSSING}.lora_down.weight": np.zeros((4, width), np.float32),
        f"{CROSSING}.lora_up.weight": np.zeros((320, 4), np.float32),
    }
    save_file(tensors, folder / f"{name}.safetensors")
    card = {"preferred weight": weight or 0}
    (folder / f"{name}.json").write_text(json.dumps(card))
    told = {"model": {"name": title or name}, "trainedWords": list(words)}
    (folder / f"{name}.civitai.info").write_text(json.dumps(told))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    models = tmp_path_factory.mktemp("models") / "models"
    folder = models / "loras"
    save_lora(folder, "ink", 768, words=["ink style", "black ink"], weight=0.8, title="Ink & Paper")
    Image.new("RGB", (64, 64), "navy").save(folder / "ink.preview.png")
    save_lora(folder, "fog", 768, title=HOSTILE)
    save_lora(folder, "glow", 2048)
    with site_in(tmp_path_factory.mktemp("site"), FIXTURE_JOBS, models) as site:
        site.studio.models.rescan(OWNER)
        yield site


def rows(page: Page):
    return page.locator("easel-loras .lora")


def prompt(page: Page):
    return page.locator("#field-prompt-positive textarea")


def add(page: Page, name: str) -> None:
    page.locator("easel-loras").get_by_role("button", name="Add").click()
    dialog = page.get_by_role("dialog", name="Add a LoRA")
    dialog.get_by_role("searchbox").fill(name)
    expect(dialog.locator(".card")).to_have_count(1)
    dialog.locator(".card button").click()
    expect(dialog).to_be_hidden()


def test_a_lora_is_put_on_weighed_switched_off_and_on_and_taken_off(page):
    write(page, "a cat")
    add(page, "ink")

    expect(prompt(page)).to_have_value("a cat <lora:ink:0.8>, ink style")
    row = rows(page)
    expect(row.locator("strong")).to_have_text("Ink & Paper")
    expect(row.locator(".cover img")).to_have_js_property("naturalWidth", 64)
    expect(row.get_by_role("button", name="ink style")).to_have_attribute("aria-pressed", "true")
    row.get_by_role("button", name="black ink").click()
    expect(prompt(page)).to_have_value("a cat <lora:ink:0.8>, ink style, black ink")
    row.get_by_role("button", name="ink style").click()
    expect(prompt(page)).to_have_value("a cat <lora:ink:0.8>, black ink")

    weight = row.get_by_role("spinbutton")
    weight.fill("0.5")
    weight.blur()
    expect(prompt(page)).to_have_value("a cat <lora:ink:0.5>, black ink")
    expect(row.get_by_role("slider")).to_have_value("0.5")

    row.get_by_role("switch").click()
    expect(prompt(page)).to_have_value("a cat, black ink")
    page.reload()
    expect(row.get_by_role("switch")).to_have_attribute("aria-checked", "false")
    row.get_by_role("switch").click()
    expect(prompt(page)).to_have_value("a cat, black ink <lora:ink:0.5>")
    expect(row.get_by_role("switch")).to_have_attribute("aria-checked", "true")

    row.get_by_role("button", name="Remove").click()
    expect(prompt(page)).to_have_value("a cat, black ink")
    expect(rows(page)).to_have_count(0)


def test_what_does_not_fit_or_is_not_here_says_so_before_the_run(page, watch):
    watch.expected = ("400 (Bad Request)",)
    write(page, "a cat <lora:glow:1> <lora:inc:0.7:0.3>")

    expect(rows(page)).to_have_count(2)
    expect(rows(page).nth(0)).to_contain_text("It is for SDXL; the checkpoint is SD 1.5.")
    expect(rows(page).nth(1)).to_contain_text("There is no LoRA called “inc”. Did you mean “ink”?")
    expect(rows(page).nth(1)).to_contain_text("0.3 in the text encoder")
    expect(rows(page).get_by_role("button", name="Find it")).to_have_count(1)
    page.get_by_role("button", name="Generate").first.click()
    expect(page.locator("easel-notice")).to_contain_text("“glow” is for SDXL")


def test_names_are_text_and_the_dialog_holds_back_what_does_not_fit(page):
    page.locator("easel-loras").get_by_role("button", name="Add").click()
    cards = page.get_by_role("dialog", name="Add a LoRA").locator(".card")

    expect(cards).to_have_count(3)
    expect(cards.filter(has_text=HOSTILE)).to_have_count(1)
    expect(cards.last).to_contain_text("It is for SDXL")
    cards.last.locator("button").click(force=True)
    expect(page.get_by_role("dialog", name="Add a LoRA")).to_be_visible()


def test_the_list_fits_a_phone(page):
    write(page, "a cat <lora:ink:0.8>")
    page.set_viewport_size(PHONE)
    page.locator(".sheet-button").click()
    expect(rows(page)).to_be_visible()
    rows(page).scroll_into_view_if_needed()
    box = rows(page).bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]


TAGS = """async (calls) => {
  const main = document.querySelector("script[src*='main.js']").src;
  const code = await import(main.replace("main.js", "loras/tags.js"));
  return calls.map(([name, ...given]) => code[name](...given));
}"""
TAG = "<lora:ink:0.8>"


def test_tags_come_and_go_without_a_trace(page):
    expected = {
        ("withoutTag", f"a cat {TAG}, black ink", TAG): "a cat, black ink",
        ("withoutTag", f"a cat, {TAG}, dog", TAG): "a cat, dog",
        ("withoutTag", f"a cat, {TAG}", TAG): "a cat",
        ("withoutTag", f"{TAG}, a cat", TAG): "a cat",
        ("withoutTag", f"a cat {TAG} dog", TAG): "a cat dog",
        ("withoutTag", f"a cat\n{TAG}\ndog", TAG): "a cat\ndog",
        ("withoutTag", "a cat", TAG): "a cat",
        ("withTag", "", TAG): TAG,
        ("withTag", "a cat, ", TAG): f"a cat, {TAG}",
        ("weighed", TAG, 1): "<lora:ink:1>",
        ("weighed", "<lora:ink>", 0.5): "<lora:ink:0.5>",
        ("weighed", "<lora:ink:0.8:0.3>", 0.5): "<lora:ink:0.5:0.3>",
        ("weighed", "<lora:ink:te=0.3:unet=0.8>", 0.5): "<lora:ink:te=0.3:unet=0.5>",
        ("turnedWords", "a cat", "ink style"): "a cat, ink style",
        ("turnedWords", "a cat, Ink Style, dog", "ink style"): "a cat, dog",
        ("turnedWords", f"a cat {TAG}, one, two", "one, two"): f"a cat {TAG}",
        ("saysWords", "a cat, inkstyle", "ink"): False,
        ("saysWords", f"{TAG} ink, a cat", "ink"): True,
    }

    assert page.evaluate(TAGS, [list(call) for call in expected]) == list(expected.values())
