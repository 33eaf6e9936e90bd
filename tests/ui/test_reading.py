"""Pictures of other programs, dropped or pasted: their settings are shown and taken over."""

import base64
import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures import foreign_pictures as made

pytestmark = pytest.mark.browser

DROP = """([content, name]) => {
  const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type: "image/png" }));
  for (const type of ["dragover", "drop"]) {
    document.querySelector("easel-stage").dispatchEvent(
      new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


def drop(page: Page, content: bytes, name: str = "foreign.png") -> None:
    page.evaluate(DROP, [base64.b64encode(content).decode(), name])


def form(page: Page) -> dict[str, object]:
    return json.loads(page.evaluate("sessionStorage.getItem('easel.form')"))


def test_a_dropped_picture_of_comfyui_is_told_and_taken_over_in_part(page):
    before = form(page)

    drop(page, made.png({"prompt": json.dumps(made.comfy_graph())}))

    dialog = page.get_by_role("dialog", name="How this picture was made")
    expect(dialog.get_by_text("Made by ComfyUI, 48 × 40.")).to_be_visible()
    expect(dialog.get_by_role("checkbox", name="Checkpoint dream not installed")).to_be_disabled()
    expect(dialog.get_by_role("button", name="Find it")).to_have_count(4)
    dialog.get_by_role("checkbox", name="Seed 5").uncheck()
    dialog.get_by_role("button", name="Take over").click()

    expect(page.locator("#field-prompt-positive textarea")).to_have_value(
        "a red barn, snow <lora:barn:te=0.5:unet=0.8>"
    )
    after = form(page)
    assert (after["sampling.steps"], after["sampling.sampler"]) == (20, "dpmpp_2m")
    assert after["seed.value"] == before["seed.value"]
    assert after["model.checkpoint"] == before["model.checkpoint"]


def test_a_picture_that_tells_nothing_says_so(page, watch):
    watch.expected = ("404",)

    drop(page, made.png({}), "plain.png")

    dialog = page.get_by_role("dialog", name="How this picture was made")
    expect(dialog.get_by_role("alert")).to_contain_text("“plain.png” does not tell how")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()


def test_a_missing_model_is_looked_for_on_the_hubs(page, watch):
    watch.expected = ("502", "503", "404")
    drop(page, made.png({"parameters": made.A1111}))

    page.get_by_role("button", name="Find it").first.click()

    search = page.get_by_role("searchbox")
    expect(search).to_have_value("dream")


def test_pasted_settings_are_offered_and_can_be_undone(page):
    prompt = page.locator("#field-prompt-positive textarea")
    prompt.fill("mine")
    page.wait_for_function("JSON.parse(sessionStorage['easel.form'])['prompt.positive'] === 'mine'")
    prompt.evaluate(
        """(box, text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
        }""",
        made.A1111,
    )

    page.get_by_role("button", name="Take over the settings").click()
    expect(prompt).to_have_value("a barn <lora:barn:te=0.5:unet=0.8>")
    expect(page.locator("#field-prompt-negative textarea")).to_have_value("rain")
    page.get_by_role("button", name="Undo").click()
    expect(prompt).to_have_value("mine")


def test_a_picture_of_ones_own_tells_its_settings(page):
    page.locator("#field-prompt-positive textarea").fill("blue cup")
    page.locator("#generate").click()
    page.locator("easel-results .thumb[title='blue cup']").wait_for()

    page.locator("easel-stage").get_by_role("button", name="Settings", exact=True).click()

    dialog = page.get_by_role("dialog", name="How this picture was made")
    expect(dialog.get_by_text(re.compile("^Made by Easel, "))).to_be_visible()
    expect(dialog.get_by_role("checkbox", name="Prompt blue cup")).to_be_checked()


def test_a_picture_is_made_again_and_found_identical(page):
    page.locator("#field-prompt-positive textarea").fill("green cup")
    page.locator("#generate").click()
    page.locator("easel-results .thumb[title='green cup']").wait_for()

    page.locator("easel-stage").get_by_role("button", name="Reproduce", exact=True).click()

    dialog = page.get_by_role("dialog", name="Reproduce this picture")
    expect(dialog.get_by_text("Identical: every pixel is the same.")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("easel-results .thumb[title='green cup']")).to_have_count(2)
