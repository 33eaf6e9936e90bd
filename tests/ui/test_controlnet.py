"""ControlNet on the page: a picture becomes a map, the map is drawn over, and both steer."""

import json
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from skimage import data

from backend.schema.jobs import OWNER
from tests.fixtures.model_files import sdxl_checkpoint, write_safetensors
from tests.fixtures.real_studio import FIXTURE_JOBS
from tests.ui.conftest import PHONE, attached, opened, site_in
from tests.ui.test_generating import generate
from tests.ui.test_looks import NAMELESS
from tests.ui.test_models import pick

pytestmark = pytest.mark.browser

SEEN = "image => image.decode().then(() => image.naturalWidth)"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The starter with its control model, and a checkpoint of a family that it does not fit."""
    models = tmp_path_factory.mktemp("models") / "models"
    (models / "checkpoints").mkdir(parents=True)
    write_safetensors(models / "checkpoints" / "painter.safetensors", sdxl_checkpoint())
    with site_in(tmp_path_factory.mktemp("site"), FIXTURE_JOBS, models) as site:
        site.studio.models.rescan(OWNER)
        yield site


@pytest.fixture(autouse=True)
def _starter(page):
    """Every test begins with the starter."""
    pick(page, "starter")


@pytest.fixture(scope="module")
def coffee(tmp_path_factory):
    """A photo with clear outlines."""
    path = tmp_path_factory.mktemp("photos") / "coffee.png"
    Image.fromarray(data.coffee()).save(path)
    return path


def unit(page: Page, number: int = 1):
    return page.get_by_role("group", name=f"Unit {number}", exact=True)


def add(page: Page, path, number: int = 1) -> None:
    """Add a unit with a picture, and wait for its map."""
    page.locator("easel-controls").get_by_role("button", name="Add").click()
    choose(page, unit(page, number).get_by_role("button", name="Choose a picture"), path)
    expect(mapped(page, number)).to_be_visible()


def choose(page: Page, button, path) -> None:
    with page.expect_file_chooser() as chooser:
        button.click()
    chooser.value.set_files(path)


def mapped(page: Page, number: int = 1):
    return unit(page, number).get_by_alt_text("The map")


def request_of(site):
    """What was asked for last."""
    return site.studio.gallery.request_of(OWNER, site.studio.gallery.newest(OWNER)[0].id)


def tab(page: Page):
    page.get_by_role("tab", name="ControlNet").click()
    return page.locator("easel-mapping")


def test_a_photo_has_its_map_beside_it_steers_and_is_still_there_after_a_refresh(
    page, site, coffee
):
    add(page, coffee)
    first = mapped(page).get_attribute("src")
    assert mapped(page).evaluate(SEEN) > 0
    expect(page.locator("#composer easel-plan .legend")).to_contain_text("ControlNet")
    unit(page).get_by_role("button", name="Strict").click()
    unit(page).get_by_text("More", exact=True).click()
    low = unit(page).get_by_label("number input for Low threshold")
    low.fill("10")
    low.press("Tab")
    expect(mapped(page)).not_to_have_attribute("src", first or "")

    page.reload()
    attached(page)

    expect(unit(page).locator("summary")).to_contain_text("Low threshold 10")
    expect(mapped(page)).to_be_visible()
    expect(page.get_by_role("button", name="ControlNet", exact=True)).to_be_visible()
    generate(page, "steered")
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "steered")
    (asked,) = request_of(site).controls.values()
    assert (asked.preprocessor, asked.weight, asked.threshold_a) == ("canny", 1.2, 10)


@pytest.mark.slow
def test_units_change_places_are_switched_off_and_taken_away(page, coffee, watch, tmp_path):
    watch.expected = ("400",)
    add(page, coffee)
    page.locator("easel-controls").get_by_role("button", name="Add").click()
    (tmp_path / "broken.png").write_bytes(b"not at all")
    slot = unit(page, 2).get_by_role("button", name="Choose a picture")
    choose(page, slot, tmp_path / "broken.png")
    expect(unit(page, 2).get_by_role("alert")).to_contain_text("is no whole picture")

    unit(page, 2).get_by_role("button", name="Move up").click()
    expect(mapped(page, 2)).to_be_visible()
    unit(page, 2).get_by_role("switch").click()
    expect(page.get_by_role("button", name="ControlNet", exact=True)).to_be_hidden()
    unit(page, 1).get_by_role("button", name="Remove unit 1").click()

    expect(unit(page, 2)).to_be_hidden()
    expect(unit(page, 1).get_by_role("switch")).to_have_attribute("aria-checked", "false")


def test_a_unit_says_where_nothing_fits_the_checkpoint_or_a_file_is_needed(page, coffee, watch):
    add(page, coffee)
    pick(page, "painter")
    expect(page.locator("#field-model-checkpoint textarea")).to_have_value(re.compile("painter"))
    chip = page.get_by_role("button", name="ControlNet 1: no model for SDXL")
    expect(chip).to_be_visible()
    expect(unit(page)).to_contain_text("No control model for “Canny” that fits SDXL is here.")

    pick(page, "starter")
    expect(chip).to_be_hidden()
    unit(page).get_by_label("Preprocessor", exact=True).select_option("softedge_hed")
    expect(unit(page)).to_contain_text("Needs 29 MB from lllyasviel/Annotators on Hugging Face")
    expect(unit(page).get_by_role("button", name="Download", exact=True)).to_be_visible()
    expect(unit(page)).to_contain_text("It needs a download")
    unit(page).get_by_role("button", name="I have the file").click()
    unit(page).get_by_label("Path of the file").fill("/nowhere/ControlNetHED.pth")
    watch.expected = ("404", "400")
    unit(page).get_by_role("button", name="Take it", exact=True).click()
    expect(unit(page).locator("[data-part=needs]")).to_contain_text("/nowhere/ControlNetHED.pth")


def test_a_map_is_drawn_over_kept_and_used(page, site, coffee):
    own = tab(page)
    choose(page, own.get_by_role("button", name="Choose a picture"), coffee)
    sheet = own.locator("[data-part=sheet]")
    expect(sheet).to_be_visible()
    box = sheet.bounding_box()
    assert box
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    own.get_by_role("button", name="Invert").click()
    own.get_by_role("radio", name="Eraser").check(force=True)
    page.mouse.move(across - 60, down)
    page.mouse.down()
    page.mouse.move(across + 60, down, steps=4)
    page.mouse.up()
    own.get_by_role("button", name="Undo").click()
    own.get_by_role("button", name="Redo").click()
    own.get_by_role("button", name="Save", exact=True).click()
    expect(own.locator(".saved")).to_have_count(1)

    page.reload()
    attached(page)
    expect(own.locator(".saved")).to_have_count(1)
    expect(sheet).to_be_visible()
    own.get_by_role("button", name="Use in Text to image").click()

    expect(unit(page).get_by_label("Preprocessor", exact=True)).to_have_value("none")
    generate(page, "drawn over")
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "drawn over")
    (asked,) = request_of(site).controls.values()
    assert (asked.preprocessor, asked.type) == ("none", "canny")
    with Image.open(site.studio.inputs.file(OWNER, asked.picture)) as drawn:
        pixels = np.asarray(drawn.convert("L"))
    assert np.median(pixels) == 255  # inverted: lines are black now
    middle = pixels.shape[1] // 2
    assert pixels[pixels.shape[0] // 2, middle - 10 : middle + 10].max() == 0  # the eraser's


@pytest.mark.slow
def test_a_scribble_is_drawn_from_nothing(page, site):
    own = tab(page)
    own.get_by_role("button", name="Draw a scribble").click()
    expect(own.locator("[data-part=sheet]")).to_be_visible()
    box = own.locator("[data-part=sheet]").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 3 / 4, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    own.get_by_role("button", name="Use in Text to image").click()

    expect(unit(page)).to_contain_text("1 Scribble")
    kept = page.evaluate("JSON.parse(sessionStorage.getItem('easel.form'))")
    with Image.open(site.studio.inputs.file(OWNER, kept["control1.picture"])) as drawn:
        pixels = np.asarray(drawn.convert("L"))
    assert pixels.shape == (128, 128)
    assert pixels[64, 40:88].min() == 255
    assert pixels[:56].max() == pixels[72:].max() == 0


def test_a_pose_is_drawn_kept_and_taken_up_again(page, site):
    own = tab(page)
    own.get_by_role("button", name="Draw a pose").click()
    expect(own.get_by_role("button", name="Whole limb")).to_be_visible()
    own.get_by_role("button", name="Save", exact=True).click()
    own.locator(".saved", has_text="Pose").click()
    own.get_by_role("button", name="Move the joints").click()
    expect(own.get_by_role("button", name="Whole limb")).to_be_visible()

    own.get_by_role("button", name="Use in Image to image").click()

    expect(page.locator("[role=tab][aria-selected=true]")).to_have_text("Image to image")
    expect(unit(page)).to_contain_text("1 Pose")
    expect(unit(page).get_by_label("Control type")).to_have_value("pose")


@pytest.mark.slow
def test_a_pose_that_is_changed_takes_the_place_of_the_one_before(page, site):
    own = tab(page)

    def used():
        """The pose of the first unit, once it is used as it is now."""
        before = page.evaluate("sessionStorage.getItem('easel.form')")
        own.get_by_role("button", name="Use in Text to image").click()
        page.wait_for_function(f"sessionStorage.getItem('easel.form') !== {json.dumps(before)}")
        held = json.loads(page.evaluate("sessionStorage.getItem('easel.form')"))
        return site.studio.poses.of(OWNER, held["control1.picture"]).people[0].body[7]

    own.get_by_role("button", name="Draw a pose").click()
    first = used()
    page.reload()
    attached(page)
    own = tab(page)
    wrist = own.get_by_role("button", name="left wrist", exact=True).bounding_box()
    drawn = own.get_by_role("img", name="The map", exact=True).bounding_box()
    assert wrist
    assert drawn
    x, y = wrist["x"] + wrist["width"] / 2, wrist["y"] + wrist["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40 * drawn["width"] / 512, y, steps=3)
    page.mouse.up()
    second = used()

    assert (second.x - first.x, second.y - first.y) == pytest.approx((40, 0), abs=1)
    expect(unit(page, 2)).to_have_count(0)
    tab(page).get_by_role("button", name="Draw over it").click()
    expect(own.get_by_label("Control type")).to_have_value("pose")
    expect(own.get_by_role("radio", name="Brush")).to_be_visible()


def test_on_a_phone_a_unit_and_the_tab_fit_and_all_has_names(context, site, coffee):
    page = opened(context, site)
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Settings", exact=True).click()
    add(page, coffee)
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    mapped(page).click()

    sheet = page.locator("easel-mapping [data-part=sheet]")
    expect(sheet).to_be_visible()
    box = sheet.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(NAMELESS) == []
