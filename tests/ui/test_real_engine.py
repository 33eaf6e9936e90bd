"""The whole way with the real engine: from words to a file and back, from a model to a picture."""

import re
import shutil

import cv2
import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from playwright.sync_api import expect
from skimage import data

from backend.metadata.own import read_metadata
from backend.metadata.sheets import read_sheet
from backend.schema.jobs import OWNER
from tests.fixtures.photos import photo as pattern
from tests.fixtures.program import wait_until
from tests.fixtures.real_studio import ended
from tests.fixtures.starter import STARTER
from tests.fixtures.tiny_unets import save_tiny_sd15
from tests.ui.conftest import opened, site_in
from tests.ui.test_controlnet import add, unit
from tests.ui.test_generating import generate
from tests.ui.test_image_to_image import accept, begin, jobs, mask_middle, photo
from tests.ui.test_models import chosen, open_picker, pick, picker, rescan
from tests.ui.test_series import open_dialog, vary
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
    page.get_by_label("number input for Steps", exact=True).fill("40")
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


def test_a_picture_is_enlarged_and_drawn_again(context, site):
    page = opened(context, site)
    pick(page, "starter")
    show(page, "all")
    for label, value in (("Steps", "4"), ("Enlarge by", "2"), ("Steps of the second pass", "2")):
        enter(page, label, value)
    generate(page, PROMPT)

    foot = page.locator("easel-stage .foot")
    expect(foot.locator(".second")).to_contain_text("256 × 256", timeout=60_000)
    (job,) = [each for each in jobs(site) if each.state.ended][:1]
    metadata = read_metadata(site.studio.gallery.file(OWNER, job.pictures[0].id))
    assert metadata
    assert metadata.request.hires
    assert metadata.request.hires.upscaler_name == "Starter upscaler"


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
    wait_until(lambda: gallery.newest(OWNER)[0].width == 64, lambda: "nothing was drawn")
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


def test_a_photo_beside_its_map_steers_what_is_drawn(context, site, tmp_path):
    path = tmp_path / "coffee.png"
    Image.fromarray(data.coffee()).save(path)
    page = opened(context, site)
    pick(page, "starter")
    show(page, "all")
    enter(page, "Steps", "8")
    page.locator("#field-seed-value input").fill("5")
    page.get_by_label("Prompt", exact=True).fill("cup of coffee, 3d style, white background")
    plain = drawn(page, site)

    add(page, path)
    map_of_it = page.wait_for_function(MAP).json_value()
    with Image.open(site.studio.inputs.file(OWNER, map_of_it)) as edges:
        lines = np.asarray(edges.convert("L")) > 0
    assert lines.shape == (128, 192)  # as large as it is drawn, and a photo's proportions
    lines = lines[:, 32:160]  # which are cropped
    assert 0.05 < lines.mean() < 0.3
    unit(page).get_by_role("button", name="Strict").click()
    steered = drawn(page, site)

    assert found(lines, steered) > 2 * found(lines, plain)


MAP = """() => {
    const image = document.querySelector("easel-controls [data-part=mapped]:not([hidden])");
    return image && /input-[0-9a-f]+/.exec(image.src)?.[0];
}"""


def found(lines, picture: Image.Image) -> float:
    """The share of a map's lines beside which a picture has outlines."""
    near = cv2.dilate(cv2.Canny(np.asarray(picture), 100, 200), np.ones((3, 3), np.uint8))
    return float((near[lines] > 0).mean())


def test_only_what_is_masked_changes_and_an_added_side_makes_it_wider(context, site, tmp_path):
    page = opened(context, site)
    pick(page, "starter")
    page.get_by_label("number input for Steps", exact=True).fill("8")
    path = photo(tmp_path)
    begin(page, path)
    mask = mask_middle(page)
    generate(page, PENGUIN)
    expect(page.get_by_role("button", name="Accept")).to_be_visible(timeout=90_000)

    made = site.studio.gallery.file(OWNER, jobs(site)[0].pictures[0].id)
    with Image.open(site.studio.inputs.file(OWNER, mask)) as masked:
        near = np.asarray(masked.convert("L").filter(ImageFilter.MaxFilter(49))) > 0  # the blur
        inside = np.asarray(masked.convert("L")) == 255
    with Image.open(path) as source, Image.open(made) as result:
        changed = (np.asarray(source.convert("RGB")) != np.asarray(result.convert("RGB"))).any(-1)
    assert changed[inside].mean() > 0.9
    assert not changed[~near].any()

    accept(page)
    page.get_by_label("Extend on the right").press("Shift+ArrowRight")
    page.locator("#generate").click()
    expect(page.get_by_role("button", name="Accept")).to_be_visible(timeout=90_000)
    wider = jobs(site)[0].pictures[0]
    assert (wider.width, wider.height) == (changed.shape[1] + 64, changed.shape[0])


def test_a_grid_of_nine_is_a_labelled_sheet_that_tells_what_is_varied(context, site):
    page = opened(context, site)
    pick(page, "starter")
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
    dialog = open_dialog(page)
    vary(dialog, "Across", "Steps", "2-4")
    vary(dialog, "Down", "Prompt: search and replace", "red apple, green pear, penguin")
    expect(dialog.get_by_role("status")).to_contain_text("9 pictures")

    dialog.get_by_role("button", name="Generate grid").click()

    strip = page.locator("easel-stage [data-part=strip] .thumb")
    expect(strip).to_have_count(10, timeout=60_000)
    job = next(job for job in site.studio.jobs.snapshot(OWNER).jobs if job.kind == "series")
    sheet = read_sheet(site.studio.gallery.file(OWNER, job.pictures[-1].id))
    assert sheet
    assert sheet.axes.x.headings == ("Steps 2", "Steps 3", "Steps 4")
    assert sheet.axes.y.labels == ("red apple", "green pear", "penguin")
    page.get_by_role("button", name="How it was made").first.click()
    expect(page.locator("dialog.reading")).to_contain_text("It is a sheet of 9 pictures")


def test_a_lora_is_trained_watched_and_used_without_leaving_the_page(context, site, tmp_path):
    files = [tmp_path / f"{number}.png" for number in range(3)]
    for number, file in enumerate(files):
        pattern(number, 128, 128).save(file)
    page = opened(context, site)
    pick(page, "starter")
    page.get_by_role("tab", name="Train", exact=True).click()
    trainer = page.locator("easel-train")
    page.get_by_label("Choose files").set_input_files(files)
    expect(trainer.locator("[data-part=gathered]")).to_contain_text("3 pictures")
    trainer.get_by_label("Trigger word").first.fill("zkw7")
    trainer.get_by_label("Trigger word").first.blur()
    trainer.get_by_role("button", name="Choose settings").click()
    for setting, value in {
        "dataset.trigger": "zkw7",
        "learning.steps": "4",
        "samples.every": "2",
        "samples.prompts": "a zkw7 pattern",
    }.items():
        trainer.locator(f'[data-field="{setting}"]').fill(value)
    trainer.get_by_role("button", name="Start training").click()

    expect(trainer.locator("[data-part=doing]")).to_have_text("Done: 4 steps.", timeout=90_000)
    expect(trainer.locator("[data-part=pair] figcaption")).to_have_text("a zkw7 pattern")
    expect(trainer.locator("[data-part=strip] button")).to_have_count(3)
    trainer.get_by_role("button", name="Use it", exact=True).click()
    page.locator("easel-train").get_by_role("button", name="Use it now").click()
    prompt = page.get_by_label("Prompt", exact=True)
    expect(prompt).to_have_value(re.compile("zkw7 <lora:zkw7:1>$"))
    page.get_by_label("number input for Steps", exact=True).fill("2")
    before = {job.id for job in jobs(site)}
    generate(page, prompt.input_value())
    wait_until(lambda: {job.id for job in jobs(site)} > before, lambda: "no new job", seconds=30)
    made = ended(site.studio, next(job for job in jobs(site) if job.id not in before))
    assert made.state.value == "finished"
    assert "<lora:zkw7:1>" in made.title
