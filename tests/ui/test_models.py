"""Choosing a model: what is there, what it is, what it still needs, and what choosing it does."""

import json
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from backend.schema.jobs import OWNER
from tests.fixtures.model_files import checkpoint, sd15_checkpoint, unet, write_safetensors
from tests.fixtures.real_studio import FIXTURE_JOBS
from tests.ui.conftest import PHONE, attached, opened, site_in
from tests.ui.test_generating import generate, write
from tests.ui.test_settings import enter, number, show

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A models folder with a checkpoint."""
    folder = tmp_path_factory.mktemp("models") / "models"
    (folder / "checkpoints").mkdir(parents=True)
    write_safetensors(folder / "checkpoints" / "painter.safetensors", sd15_checkpoint())
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory, models):
    with site_in(tmp_path_factory.mktemp("site"), FIXTURE_JOBS, models) as site:
        site.studio.models.rescan(OWNER)
        yield site


def picker(page: Page):
    return page.get_by_role("dialog", name="Models")


def chosen(page: Page):
    return page.locator("easel-model .model-button")


def open_picker(page: Page):
    chosen(page).click()
    picker(page).locator(".pick").first.wait_for()
    return picker(page)


def pick(page: Page, name: str) -> None:
    open_picker(page).get_by_role("searchbox").fill(name)
    expect(picker(page).locator(".pick")).to_have_count(1)
    # The one row may still be that of the search before.
    picker(page).locator(".pick", has_text=re.compile(name, re.IGNORECASE)).click()
    expect(picker(page)).to_be_hidden()


def rescan(page: Page) -> None:
    picker(page).get_by_role("button", name="Rescan").click()


def test_a_dropped_file_is_found_picked_with_the_keyboard_and_used(page, site, models):
    expect(chosen(page)).to_have_accessible_name("Checkpoint: painter")
    open_picker(page)
    write_safetensors(models / "checkpoints" / "dropped.safetensors", sd15_checkpoint())

    rescan(page)
    expect(picker(page).locator(".found")).to_contain_text("1 new")
    page.keyboard.press("Escape")
    expect(picker(page)).to_be_hidden()
    chosen(page).focus()
    page.keyboard.press("Enter")
    expect(picker(page).get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("dropped fp16")
    expect(picker(page).locator(".pick")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(picker(page).locator(".pick")).to_be_focused()
    expect(picker(page).get_by_role("heading", name="dropped")).to_be_visible()
    page.keyboard.press("Enter")

    expect(picker(page)).to_be_hidden()
    expect(chosen(page)).to_have_accessible_name("Checkpoint: dropped")
    generate(page, "with the dropped file")
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "with the dropped file")
    gallery = site.studio.gallery
    request = gallery.request_of(OWNER, gallery.newest(OWNER)[0].id)
    assert request.model.checkpoint == "checkpoints/dropped.safetensors"
    page.reload()
    attached(page)
    expect(chosen(page)).to_have_accessible_name("Checkpoint: dropped")
    page.keyboard.press("Escape")


def test_a_model_brings_its_settings_and_what_was_changed_stays(page):
    pick(page, "painter")
    enter(page, "Steps", "7")

    pick(page, "starter")

    told = page.locator("easel-hints [role=status]")
    expect(told).to_contain_text("Settings for Starter: 128 × 128, 25 steps, CFG 4.5.")
    expect(told).to_contain_text("Kept as you set it: Steps 7.")
    expect(page.locator("easel-shape output")).to_have_text("128 × 128")
    expect(number(page, "Steps")).to_have_value("7")
    show(page, "all")
    enter(page, "CFG scale", "3")
    show(page, "simple")
    pick(page, "painter")
    expect(page.locator("easel-shape output")).to_have_text("512 × 512")
    expect(page.locator("easel-changed .chip")).to_have_text(["CFG scale 3"])


def test_what_the_family_does_not_use_is_off_and_says_why(page):
    reason = page.get_by_text("SD 1.5 takes no distilled guidance")
    expect(reason).to_be_hidden()

    show(page, "all")

    expect(reason).to_be_visible()
    expect(page.locator("#field-sampling-guidance input").first).to_be_disabled()
    expect(page.locator("#field-refiner-checkpoint input")).to_be_disabled()
    expect(page.locator("#field-model-vae input")).to_be_enabled()
    page.get_by_label("Sampler", exact=True).click()
    page.get_by_role("option", name="Heun").click()
    show(page, "simple")
    expect(page.locator("easel-changed .chip")).to_have_text(["Sampler Heun"])


def test_a_negative_prompt_without_effect_is_told(page):
    page.get_by_role("button", name="Negative prompt").click()
    page.get_by_label("Negative prompt", exact=True).fill("blurry")
    useless = page.get_by_text("With CFG scale 1 the negative prompt has no effect.")
    expect(useless).to_be_hidden()

    show(page, "all")
    enter(page, "CFG scale", "1")

    expect(useless).to_be_visible()


def test_what_cannot_draw_says_what_is_missing_and_where_it_belongs(page, models):
    lacking = checkpoint(unet())
    write_safetensors(models / "checkpoints" / "lacking.safetensors", lacking)
    (models / "checkpoints" / "page.safetensors").write_text("<!DOCTYPE html><html>Log in</html>")
    (models / "checkpoints" / "pickled.ckpt").write_bytes(b"\x80\x04}\x94." + bytes(64))
    open_picker(page)
    rescan(page)
    expect(picker(page).get_by_text("Cannot draw yet")).to_be_visible()

    row = picker(page).locator(".model").filter(has_text="lacking")
    expect(row.locator(".problem")).to_have_text(re.compile("^Needs .*VAE"))
    row.locator(".pick").click()

    about = picker(page).get_by_role("region", name="Model information")
    expect(about.locator(".needs")).to_contain_text(str(models / "vae"))
    expect(about.get_by_role("button", name="Use this model")).to_have_count(0)
    expect(picker(page)).to_be_visible()
    web = picker(page).locator(".model").filter(has_text="page")
    expect(web.locator(".problem")).to_contain_text("web page")
    picker(page).get_by_label("Information on pickled").click()
    expect(about.get_by_role("button", name="Convert safely")).to_be_visible()


def test_hostile_names_and_descriptions_are_only_text(page, models):
    file = models / "checkpoints" / f"{HOSTILE}.safetensors"
    write_safetensors(file, sd15_checkpoint(), metadata={"modelspec.title": HOSTILE})
    said = {"description": "<script>alert(2)</script><b>bold</b>", "trainedWords": [HOSTILE]}
    file.with_suffix(".civitai.info").write_text(json.dumps(said))
    Image.new("RGB", (64, 64), "teal").save(file.with_suffix(".preview.png"))
    page.on("dialog", lambda dialog: pytest.fail(f"it ran: {dialog.message}"))
    open_picker(page)
    rescan(page)

    picker(page).get_by_label(f"Information on {HOSTILE}").click()

    about = picker(page).get_by_role("region", name="Model information")
    expect(about.get_by_role("heading", name=HOSTILE)).to_be_visible()
    preview = about.get_by_role("img", name=f"Preview of {HOSTILE}")
    assert preview.evaluate("image => image.decode().then(() => image.naturalWidth)") == 64
    about.get_by_role("button", name="Use this model").click()
    expect(chosen(page)).to_have_accessible_name(f"Checkpoint: {HOSTILE}")
    assert page.locator("img[src=x], .models b, .models script").count() == 0
    file.unlink()


def test_notes_are_kept(page, context, site):
    open_picker(page)
    page.get_by_label("Information on painter").click()
    page.get_by_label("Your notes").fill("Best with 30 steps.")
    page.get_by_label("Your notes").press("Tab")
    expect(picker(page).locator(".found")).to_have_text("Your notes are kept.")

    other = opened(context, site)
    open_picker(other)
    other.get_by_label("Information on painter").click()
    expect(other.get_by_label("Your notes")).to_have_value("Best with 30 steps.")


def test_folders_of_other_programs_are_added_and_removed(page, watch, tmp_path):
    watch.expected = ("400 (Bad Request)",)
    folder = tmp_path / "other"
    folder.mkdir()
    write_safetensors(folder / "elsewhere.safetensors", sd15_checkpoint())
    open_picker(page)
    picker(page).get_by_text("Folders").click()
    path = page.get_by_label("Add a folder of another program")

    path.fill(str(tmp_path / "nowhere"))
    path.press("Enter")
    expect(picker(page).get_by_role("alert")).to_contain_text("nowhere")
    path.fill(str(folder))
    path.press("Enter")

    expect(picker(page).locator(".rows")).to_contain_text("elsewhere")
    picker(page).get_by_role("button", name=f"Remove {folder}").click()
    expect(picker(page).locator(".rows")).not_to_contain_text("elsewhere")
    expect(picker(page).locator(".folders")).not_to_contain_text(str(folder))


def test_loading_is_told_in_bytes(page, site):
    write(page, "load a large file")
    page.locator("#generate").click()

    expect(page.locator("easel-stage .foot .first")).to_have_text("Loading SDXL · 2.1 of 6.9 GB")
    expect(page.get_by_role("progressbar", name="Progress")).to_have_attribute(
        "aria-valuenow", "30"
    )
    site.go_on()


def test_on_a_phone_the_picker_is_a_sheet(context, site):
    page = opened(context, site)
    page.set_viewport_size(PHONE)
    open_picker(page)

    box = picker(page).bounding_box()
    assert box
    assert box["width"] == PHONE["width"]
    assert box["y"] + box["height"] == PHONE["height"]
    page.get_by_label("Information on painter").click()
    expect(page.get_by_role("heading", name="painter")).to_be_visible()
    expect(picker(page).get_by_role("searchbox")).to_be_visible()
    page.get_by_role("button", name="Back to the list").click()
    expect(page.get_by_role("heading", name="painter")).to_be_hidden()
