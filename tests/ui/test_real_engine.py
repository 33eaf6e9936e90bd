"""The whole way with the real engine: from words to a file and back, from a model to a picture."""

import re
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect

from backend.metadata.own import read_metadata
from backend.schema.jobs import OWNER
from tests.fixtures.program import wait_until
from tests.fixtures.real_studio import ended
from tests.fixtures.starter import STARTER
from tests.fixtures.tiny_unets import save_tiny_sd15
from tests.ui.conftest import opened, site_in
from tests.ui.test_models import chosen, open_picker, pick, picker, rescan
from tests.ui.test_settings import enter, show

pytestmark = [pytest.mark.browser, pytest.mark.engine]

PROMPT = "red apple, 3d style, white background"
PENGUIN = "penguin, 3d style, white background"
LIKE_PUBLISHED = {
    "block_out_channels": (32, 64, 64),
    "layers_per_block": 2,
    "down_block_types": ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
}
"""Attention where SD 1.5 has it, by which the library knows the family."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return save_tiny_sd15(tmp_path_factory.mktemp("tiny"), **LIKE_PUBLISHED)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "models"
    (folder / "checkpoints").mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory, models):
    with site_in(tmp_path_factory.mktemp("site"), arguments=(), models=models) as site:
        yield site


def test_a_picture_grows_is_opened_saved_and_made_again_from_its_own_metadata(context, site):
    page = opened(context, site)
    pick(page, "starter")
    page.get_by_label("number input for Steps").fill("40")
    page.get_by_label("Prompt", exact=True).fill(PENGUIN)
    page.get_by_role("button", name="Generate", exact=True).click()

    frame = page.locator("easel-stage .frame img")
    expect(page.locator("easel-stage .foot .first")).to_contain_text("Step ", timeout=60_000)
    expect(frame).to_have_attribute("src", re.compile("^data:image/jpeg"), timeout=60_000)
    assert frame.evaluate("image => image.decode().then(() => image.naturalWidth)") == 128
    expect(frame).to_have_attribute("src", re.compile("^/pictures/"), timeout=60_000)

    page.locator("easel-stage .opener").click()
    viewer = page.get_by_role("dialog", name="Picture")
    expect(viewer.locator("canvas")).to_be_visible()  # a small picture is enlarged crisply
    with page.expect_download() as download:
        viewer.get_by_role("link", name="Save").click()

    metadata = read_metadata(download.value.path())
    assert metadata
    again = metadata.request.as_request(metadata.index)
    assert again.prompt.positive == PENGUIN
    assert again.sampling.steps == 40
    job = ended(site.studio, site.studio.generation.submit(OWNER, again))
    second = site.studio.gallery.file(OWNER, job.pictures[0].id)
    with Image.open(download.value.path()) as first, Image.open(second) as made:
        assert first.tobytes() == made.tobytes()


def test_a_dropped_file_draws(context, site, models, tiny):
    page = opened(context, site)
    expect(chosen(page)).to_have_accessible_name("Checkpoint: Starter")
    tiny.save(models / "checkpoints" / "dropped.safetensors")
    open_picker(page)
    rescan(page)
    expect(picker(page).locator(".found")).to_contain_text("1 new")
    page.keyboard.press("Escape")

    pick(page, "dropped")
    show(page, "all")
    for label, value in (("Width", "64"), ("Height", "64"), ("Steps", "2")):
        enter(page, label, value)
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    page.get_by_role("button", name="Generate", exact=True).click()

    frame = page.locator("easel-stage .frame img")
    expect(frame).to_have_attribute("alt", PROMPT, timeout=90_000)
    expect(frame).to_have_attribute("src", re.compile("^/pictures/"), timeout=90_000)
    gallery = site.studio.gallery
    made = gallery.newest(OWNER)[0]
    request = gallery.request_of(OWNER, made.id)
    assert request.model.checkpoint == "checkpoints/dropped.safetensors"
    assert (made.width, made.height) == (64, 64)


def test_a_pickled_file_is_converted_with_one_click(context, site, models, tiny):
    torch.save({"state_dict": tiny.tensors}, models / "checkpoints" / "pickled.ckpt")
    page = opened(context, site)
    open_picker(page)
    rescan(page)
    picker(page).get_by_label("Information on pickled").click()

    picker(page).get_by_role("button", name="Convert safely").click()

    row = picker(page).locator(".pick[data-id='checkpoints/pickled.safetensors']")
    expect(row).to_be_visible(timeout=90_000)
    assert (models / "checkpoints" / "pickled.ckpt").exists()


def test_a_lora_changes_the_picture_while_it_is_on_and_leaves_nothing_behind(context, site, models):
    (models / "loras").mkdir(exist_ok=True)
    shutil.copy(STARTER.parent / "loras" / "ink.safetensors", models / "loras")
    site.studio.models.rescan(OWNER)
    page = opened(context, site)
    pick(page, "starter")
    show(page, "all")
    page.locator("#field-seed-value input").fill("3")
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    row = page.locator("easel-loras .lora")

    plain = drawn(page, site)
    page.locator("easel-loras").get_by_role("button", name="Add").click()
    page.get_by_role("dialog", name="Add a LoRA").locator(".card button").click()
    expect(row).to_contain_text("Ink")
    ink = drawn(page, site)
    row.get_by_role("switch").click()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value(PROMPT)
    again = drawn(page, site)

    red, green = (np.asarray(ink, np.float32)[..., channel].mean() for channel in range(2))
    assert np.abs(np.asarray(plain, np.float32) - np.asarray(ink, np.float32)).mean() > 20
    assert red - green < 30  # ink on paper has little colour
    assert again.tobytes() == plain.tobytes()


def drawn(page, site) -> Image.Image:
    """The picture that a click on Generate makes."""
    before = {picture.id for picture in site.studio.gallery.newest(OWNER)}
    page.get_by_role("button", name="Generate", exact=True).click()
    frame = page.locator("easel-stage .frame img")
    wait_until(
        lambda: {each.id for each in site.studio.gallery.newest(OWNER)} > before,
        lambda: f"no new picture: {frame.count()}",
        seconds=60,
    )
    (made,) = (one for one in site.studio.gallery.newest(OWNER) if one.id not in before)
    with Image.open(site.studio.gallery.file(OWNER, made.id)) as picture:
        return picture.convert("RGB")
