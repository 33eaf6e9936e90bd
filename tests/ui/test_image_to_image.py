"""Image to image on the page: from a picture to a changed one and back, whatever happens."""

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from backend.schema.jobs import OWNER
from tests.ui.conftest import PHONE, attached, opened
from tests.ui.test_generating import generate, write
from tests.ui.test_looks import NAMELESS

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 192, 128


def photo(folder, name: str = "photo.png"):
    """A picture of colours and noise, so that any change of a pixel can be seen."""
    values = np.random.default_rng(3).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    path = folder / name
    Image.fromarray(values).save(path)
    return path


def tab(page: Page, name: str = "Image to image") -> None:
    page.get_by_role("tab", name=name).click()


def opened_tab(page: Page):
    return page.locator("[role=tab][aria-selected=true]")


def choose(page: Page, *paths) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(list(paths))


def begin(page: Page, path) -> None:
    """Open the tab with a picture in it."""
    tab(page)
    choose(page, path)
    expect(sheet(page)).to_be_visible()


def sheet(page: Page):
    return page.locator("easel-canvas img[data-part=picture]")


def versions(page: Page):
    return page.get_by_role("group", name="Versions").get_by_role("button")


def mask_middle(page: Page) -> str:
    """Paint over the middle; gives the mask's reference once it is handed in."""
    stroke(page)
    return handed_in(page, "mask")


def stroke(page: Page) -> None:
    box = sheet(page).bounding_box()
    assert box
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(across - 20, down)
    page.mouse.down()
    page.mouse.move(across + 20, down, steps=4)
    page.mouse.up()


def handed_in(page: Page, layer: str) -> str:
    """The reference of what was drawn on the picture that is worked on."""
    kept = """(layer) => {
        const { versions, current } = JSON.parse(sessionStorage.getItem("easel.imaging"));
        return versions.find(({ key }) => key === current)?.[layer];
    }"""
    return page.wait_for_function(kept, arg=layer).json_value()


def on_canvas(page: Page, layer: str) -> bool:
    """Whether something is drawn on a layer, at the latest in a few seconds."""
    drawn = """async (layer) => {
        const canvas = document.querySelector("easel-canvas");
        for (let frame = 0; frame < 600; frame += 1) {
            if (await canvas[layer]()) return true;
            await new Promise(requestAnimationFrame);
        }
    }"""
    return page.evaluate(drawn, layer) is True


def accept(page: Page) -> None:
    button = page.get_by_role("button", name="Accept")
    button.click()
    expect(button).to_be_hidden()  # the next one to be seen is the next result's


def jobs(site):
    return site.studio.jobs.snapshot(OWNER).jobs


def asked(site, job):
    return site.studio.jobs.request_of(OWNER, job.id)


def test_a_result_is_edited_again_and_again_and_the_prompt_stays_as_typed(page, site):
    generate(page, "a first picture")
    expect(page.locator("easel-results .thumb")).not_to_have_count(0)
    write(page, "a second picture")
    made = jobs(site)[0].pictures[0].id

    page.locator("easel-stage").get_by_role("button", name="Edit").click()

    expect(opened_tab(page)).to_have_text("Image to image")
    expect(sheet(page)).to_be_visible()
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("a second picture")
    page.get_by_role("button", name="Retouch").click()
    page.locator("#generate").click()
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    request = asked(site, jobs(site)[0])
    assert (request.source.picture, request.source.strength) == (made, 0.2)

    page.get_by_role("button", name="Try again").click()
    expect(page.locator("easel-imaging .judge")).to_contain_text("2 of 2")
    page.get_by_role("button", name="Picture before").click()
    expect(page.locator("easel-imaging .judge")).to_contain_text("1 of 2")

    tab(page, "Text to image")
    generate(page, "a third picture")
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "a third picture")
    assert asked(site, jobs(site)[0]).source.picture is None


def test_all_comes_back_after_a_refresh_in_the_middle_of_a_job_in_its_own_tab(
    page, context, site, tmp_path
):
    begin(page, photo(tmp_path))
    mask = mask_middle(page)
    page.get_by_label("Extend on the right").press("Shift+ArrowRight")
    generate(page, "slow to change")
    expect(page.locator("easel-stage .foot .first")).to_have_text("Waiting")

    page.reload()
    attached(page)

    expect(opened_tab(page)).to_have_text("Image to image")
    expect(page.get_by_label("Extend on the right")).to_have_attribute("aria-valuenow", "64")
    assert handed_in(page, "mask") == mask
    assert on_canvas(page, "mask")
    site.go_on()
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    request = asked(site, jobs(site)[0])
    assert (request.mask.picture, request.outpaint.right) == (mask, 64)
    other = opened(context, site)
    tab(other)
    expect(other.locator("easel-imaging .slot")).to_be_visible()


def test_an_accepted_result_is_gone_on_from_and_every_version_stays(page, site, tmp_path):
    begin(page, photo(tmp_path))
    mask_middle(page)
    page.keyboard.press("c")  # the colour brush
    stroke(page)
    sketch = handed_in(page, "flat")
    generate(page, "another one")
    accept(page)
    expect(versions(page)).to_have_count(2)
    expect(versions(page).last).to_have_attribute("aria-current", "true")
    expect(page.get_by_label("Inpaint area")).to_be_hidden()  # nothing is masked on this one
    page.locator("#generate").click()
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_role("button", name="Accept")).to_be_hidden()
    first, second = jobs(site)[1], jobs(site)[0]
    assert asked(site, first).source.picture == sketch
    assert asked(site, second).source.picture == first.pictures[0].id
    assert asked(site, second).mask.picture is None

    versions(page).first.click()

    expect(page.get_by_label("Inpaint area")).to_be_visible()
    assert on_canvas(page, "mask")
    assert on_canvas(page, "paint")
    assert len(site.studio.gallery.newest(OWNER)) >= 2  # nothing was deleted


def test_several_pictures_are_each_drawn_from(page, site, tmp_path):
    before = len(jobs(site))
    tab(page)
    names = [f"{number}.png" for number in range(3)]
    for number, name in enumerate(names):
        Image.new("RGB", (64, 64), (number, 0, 0)).save(tmp_path / name)
    choose(page, *(tmp_path / name for name in names))
    line = page.locator("easel-imaging .several")
    expect(line).to_contain_text("3 pictures: Generate draws from each")
    page.get_by_role("button", name="Leave out 1.png").click()
    expect(line).to_contain_text("2 pictures")

    generate(page, "both alike")

    expect(page.locator("easel-results .thumb[title='both alike']")).to_have_count(2)
    assert len(jobs(site)) == before + 1
    assert len(jobs(site)[0].pictures) == 2


def test_what_cannot_be_used_is_said_beside_the_slot(page, site, watch, tmp_path):
    watch.expected = ("400", "404")
    tab(page)
    said = page.locator("easel-imaging .refused")
    page.locator("#generate").click()
    expect(said).to_contain_text("There is no picture to begin with yet")
    (tmp_path / "broken.png").write_bytes(b"not at all")
    choose(page, tmp_path / "broken.png")
    expect(said).to_contain_text("“broken.png” is no whole picture that Easel reads.")

    choose(page, photo(tmp_path))
    expect(sheet(page)).to_be_visible()
    kept = page.evaluate("JSON.parse(sessionStorage.getItem('easel.imaging'))")
    site.studio.inputs.file(OWNER, kept["versions"][0]["picture"]).unlink()
    page.reload()
    expect(said).to_contain_text("The picture is not here any more. Choose it again.")

    page.evaluate("sessionStorage.setItem('easel.imaging', '{')")
    page.reload()
    expect(page.locator("easel-imaging .slot")).to_be_visible()


def test_a_picture_is_used_where_it_is_dropped_on_the_tab_and_read_elsewhere(page, watch, tmp_path):
    watch.expected = ("404",)  # it tells no settings
    tab(page)
    content = list(photo(tmp_path).read_bytes())
    drop = """([selector, bytes]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "photo.png", { type: "image/png" }));
        const how = { dataTransfer: data, bubbles: true, cancelable: true };
        document.querySelector(selector).dispatchEvent(new DragEvent("drop", how));
    }"""
    page.locator("easel-imaging .slot").wait_for()
    page.evaluate(drop, ["easel-results", content])
    page.get_by_role("dialog", name="How this picture was made").get_by_label("Close").click()
    expect(page.locator("easel-imaging .slot")).to_be_visible()

    page.evaluate(drop, ["easel-imaging .slot", content])

    expect(sheet(page)).to_be_visible()
    expect(page.locator("easel-shape output")).to_have_text(f"{WIDTH} × {HEIGHT}")


def test_on_a_phone_all_is_in_view_and_the_settings_are_a_sheet(context, site, tmp_path):
    page = opened(context, site)
    page.set_viewport_size(PHONE)
    begin(page, photo(tmp_path))
    page.wait_for_timeout(300)
    for place in ("easel-canvas [data-part=sheet]", "#generate", "easel-imaging .versions"):
        box = page.locator(place).first.bounding_box()
        assert box, place
        assert box["x"] >= 0, place
        assert box["x"] + box["width"] <= PHONE["width"] + 1, place
        assert box["y"] >= 0, place
        assert box["y"] + box["height"] <= PHONE["height"], place
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert page.evaluate(NAMELESS) == []
    page.get_by_role("button", name="Settings", exact=True).click()
    expect(page.get_by_label("number input for Denoising strength")).to_be_visible()
    page.get_by_role("button", name="Reinvent").click()
    expect(page.get_by_label("number input for Denoising strength")).to_have_value("0.9")
