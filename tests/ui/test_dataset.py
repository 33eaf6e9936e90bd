"""The pictures that a LoRA learns from: dropped in, captioned, checked and mended in the page."""

import base64
import io
import zipfile

import pytest
from playwright.sync_api import Page, expect

from backend.schema.dataset_views import NewDataset
from backend.schema.jobs import OWNER
from tests.fixtures.photos import photo, photo_bytes
from tests.ui.conftest import PHONE, attached
from tests.ui.test_generating import generate

pytestmark = pytest.mark.browser


def card(page: Page, name: str):
    return page.locator("easel-dataset .card", has=page.get_by_label(f"Caption of {name}"))


def value(page: Page) -> dict[str, object]:
    return page.locator("easel-dataset").evaluate("one => one.value")


def test_pictures_are_gathered_captioned_and_mended(page, site, tmp_path):
    files = []
    for number in range(6):
        photo(number, 160, 128).save(tmp_path / f"{number}.png")
        files.append(tmp_path / f"{number}.png")
    (tmp_path / "1.txt").write_text("zkw7, a pattern")
    photo(2, 160, 128).save(tmp_path / "twin.jpg", quality=95)
    (tmp_path / "notes.pdf").write_bytes(b"words")
    page.get_by_role("tab", name="Train").click()
    place = page.locator("easel-dataset")

    others = [tmp_path / "1.txt", tmp_path / "twin.jpg", tmp_path / "notes.pdf"]
    page.get_by_label("Choose files").set_input_files([*files, *others])

    said = place.locator(".banner")
    expect(said).to_contain_text("7 pictures are in. notes.pdf is no picture.")
    expect(place.locator(".card")).to_have_count(7)
    expect(page.get_by_label("Caption of 1.png")).to_have_value("zkw7, a pattern")
    expect(card(page, "twin.jpg")).to_contain_text("Nearly the same as another")
    expect(card(page, "0.png")).to_contain_text("160 × 128 → 128 × 96")

    expect(place.get_by_role("button", name="Get BLIP")).to_be_visible()  # would write captions

    card(page, "twin.jpg").get_by_role("button", name="Remove").click()
    expect(said).to_contain_text("twin.jpg is removed")
    expect(place.locator(".card")).to_have_count(6)
    said.get_by_role("button", name="Undo").click()
    expect(place.locator(".card")).to_have_count(7)
    card(page, "twin.jpg").get_by_role("button", name="Remove").click()
    expect(place.locator("aside li")).to_have_count(1)  # five without a caption

    page.get_by_label("Caption of 0.png").fill("a red pattern")
    expect(card(page, "0.png")).not_to_contain_text("No caption")
    page.get_by_role("textbox", name="Tags").fill("zkw7")
    page.get_by_label("What to do").select_option("Put in front")
    page.get_by_role("button", name="Change all").click()
    expect(page.get_by_label("Caption of 0.png")).to_have_value("zkw7, a red pattern")
    expect(page.get_by_label("Caption of 5.png")).to_have_value("zkw7")

    (tmp_path / "3.txt").write_bytes("a café".encode("cp1252"))
    (tmp_path / "9.txt").write_text("nobody")
    later = [tmp_path / "3.txt", tmp_path / "9.txt"]
    page.get_by_label("Choose files").set_input_files(later)
    expect(page.get_by_label("Caption of 3.png")).to_have_value("a café")
    expect(said).to_contain_text("9.txt has no picture of its name.")

    page.get_by_label("Trigger word").first.fill("zkw7")
    page.get_by_label("Trigger word").first.blur()
    kept = next(each for each in site.studio.datasets.all(OWNER) if each.name == "Pictures")
    page.wait_for_function("document.querySelector('easel-dataset').value.trigger === 'zkw7'")
    told = site.studio.datasets.view(OWNER, kept.id)
    assert {each.path: each.caption for each in told.pictures}["0.png"] == "zkw7, a red pattern"
    assert value(page)["folder"] == told.folder
    assert value(page)["pictures"] == 6

    page.reload()
    attached(page)
    expect(page.get_by_label("Caption of 0.png")).to_have_value("zkw7, a red pattern")


def test_concepts_and_a_folder_of_this_computer(page, site, tmp_path):
    site.studio.datasets.create(OWNER, NewDataset(name="Another"))
    (tmp_path / "3_dog").mkdir()
    photo(20).save(tmp_path / "cat.png")
    photo(21).save(tmp_path / "3_dog" / "dog.png")
    page.get_by_role("tab", name="Train").click()
    page.get_by_role("button", name="New").click()
    page.get_by_role("button", name="A folder of this computer").click()
    page.get_by_label("The folder", exact=True).fill(str(tmp_path))
    page.get_by_role("button", name="Take its pictures").click()

    place = page.locator("easel-dataset")
    dogs = place.locator(".concept", has=page.get_by_label("Concept", exact=True))
    expect(dogs.locator(".card")).to_have_count(1)
    expect(dogs.get_by_label("Repeats")).to_have_value("3")
    dogs.get_by_label("Its trigger word").fill("qvx2")
    dogs.get_by_label("Its trigger word").blur()
    page.wait_for_function(
        "document.querySelector('easel-dataset').value.concepts === '3_dog=qvx2'"
    )

    page.get_by_label("Choose cat.png").check()
    page.get_by_label("Move the chosen to").select_option("dog")
    expect(dogs.locator(".card")).to_have_count(2)

    page.set_viewport_size(PHONE)
    box = dogs.locator(".card").first.bounding_box()
    assert box
    assert box["x"] + box["width"] <= PHONE["width"]
    wide = page.locator("easel-dataset").evaluate("one => one.scrollWidth - one.clientWidth")
    assert wide == 0


def test_pictures_come_from_the_gallery_and_a_zip_that_is_dropped(page, site):
    site.studio.datasets.create(OWNER, NewDataset(name="Another"))
    generate(page, "a harbour")
    expect(page.locator("easel-results .thumb[title='a harbour']")).to_have_count(1)
    page.get_by_role("tab", name="Train").click()
    page.get_by_role("button", name="New").click()
    page.get_by_role("button", name="From the gallery").click()
    dialog = page.get_by_role("dialog", name="Pictures of the gallery")
    dialog.locator(".thumb[title='a harbour']").click()
    dialog.get_by_role("button", name="Take 1").click()
    place = page.locator("easel-dataset")
    expect(place.locator(".card textarea")).to_have_value("a harbour")

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("boats/boat.png", photo_bytes(30))
        file.writestr("boats/boat.txt", "a boat")
    carried = page.evaluate_handle(
        """content => {
            const carried = new DataTransfer();
            const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
            carried.items.add(new File([bytes], "boats.zip"));
            return carried;
        }""",
        base64.b64encode(packed.getvalue()).decode(),
    )
    place.locator(".drop").dispatch_event("drop", {"dataTransfer": carried})

    expect(page.get_by_label("Caption of boat.png")).to_have_value("a boat")
    expect(place.locator(".card")).to_have_count(2)
