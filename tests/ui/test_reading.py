"""Pictures of other programs, dropped or pasted: their settings are shown and taken over."""

import base64
import hashlib
import json
import re

import pytest
from playwright.sync_api import Page, expect

from backend.schema.hubs import HubName
from tests.fixtures import foreign_pictures as made
from tests.fixtures.hub_server import hub_server
from tests.ui.conftest import site_in

pytestmark = pytest.mark.browser

DREAM = b"the bytes of a model"
HASH = hashlib.sha256(DREAM).hexdigest()[:10]
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


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A page whose CivitAI has the model that a foreign picture names."""
    with hub_server() as hubs, pytest.MonkeyPatch.context() as patch:
        hubs.add_model(HubName.CIVITAI, "1", "Dream of Barns", type="Checkpoint")
        hubs.add_version(HubName.CIVITAI, "1", "11", base_model="SD 1.5")
        hubs.add_file(HubName.CIVITAI, "dream.safetensors", DREAM, model="1")
        for name, value in hubs.environment.items():
            patch.setenv(name, value)
        with site_in(tmp_path_factory.mktemp("reading")) as site:
            yield site


def test_a_dropped_picture_is_told_taken_over_in_part_and_its_model_found(page, watch):
    watch.expected = ("404", "400")
    before = form(page)
    dialog = page.get_by_role("dialog", name="How this picture was made")

    drop(page, made.png({}), "plain.png")
    expect(dialog.get_by_role("alert")).to_contain_text("“plain.png” does not tell how")

    drop(page, b"<html>Log in</html>", "page.png")
    expect(dialog).to_contain_text("“page.png” is no whole picture")
    expect(dialog.get_by_role("img")).to_be_hidden()
    drop(page, made.png({"prompt": json.dumps(made.comfy_graph())}))
    expect(dialog.get_by_text("Made by ComfyUI, 48 × 40.")).to_be_visible()
    image = dialog.get_by_role("img", name="The picture")
    expect(image).to_have_js_property("naturalWidth", 48)  # though the dialog was open already
    expect(dialog.get_by_role("checkbox", name="Checkpoint dream not installed")).to_be_disabled()
    dialog.get_by_role("checkbox", name="Seed 5").uncheck()
    dialog.get_by_role("button", name="Take over").click()
    expect(page.locator("#field-prompt-positive textarea")).to_have_value(
        "a red barn, snow <lora:barn:te=0.5:unet=0.8>"
    )
    after = form(page)
    assert (after["sampling.steps"], after["sampling.sampler"]) == (20, "dpmpp_2m")
    assert after["seed.value"] == before["seed.value"]
    assert after["model.checkpoint"] == before["model.checkpoint"]

    drop(page, made.png({"parameters": made.A1111.replace("abcdef0123", HASH)}))
    dialog.get_by_role("button", name="Find it").first.click()
    expect(page.get_by_role("searchbox", name="Search the hubs")).to_have_value("dream")
    expect(page.get_by_role("heading", name="Dream of Barns")).to_be_visible()


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


def test_a_picture_of_ones_own_tells_its_settings_and_is_made_again(page):
    page.locator("#field-prompt-positive textarea").fill("blue cup")
    page.locator("#generate").click()
    page.locator("easel-results .thumb[title='blue cup']").wait_for()
    stage = page.locator("easel-stage")

    stage.get_by_role("button", name="How it was made", exact=True).click()
    dialog = page.get_by_role("dialog", name="How this picture was made")
    expect(dialog.get_by_text(re.compile("^Made by Easel, "))).to_be_visible()
    expect(dialog.get_by_role("checkbox", name="Prompt blue cup")).to_be_checked()
    dialog.get_by_role("button", name="Close").click()

    stage.get_by_role("button", name="Reproduce", exact=True).click()
    dialog = page.get_by_role("dialog", name="Reproduce this picture")
    expect(dialog.get_by_text("Identical: every pixel is the same.")).to_be_visible()
    expect(dialog.get_by_role("img", name="Made again")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("easel-results .thumb[title='blue cup']")).to_have_count(2)
