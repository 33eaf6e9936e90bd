"""Finding a model on a hub, looking at it, getting it and drawing with it, in a browser."""

import pytest
from playwright.sync_api import Page, expect

from backend.access import guard
from backend.schema.hubs import HubName
from backend.schema.jobs import OWNER, Actor, Role
from tests.fixtures.hub_server import TOKEN, hub_server
from tests.fixtures.hubs.content import StoredFile
from tests.fixtures.hubs.shelf import PICTURE
from tests.fixtures.model_files import kohya_lora, small_checkpoint, write_safetensors
from tests.fixtures.program import wait_until
from tests.fixtures.real_studio import FIXTURE_JOBS
from tests.ui.conftest import PHONE, attached, opened, site_in

pytestmark = pytest.mark.browser

CHECKPOINT = "painter.safetensors"
SETTINGS = {"prompt": "a quiet harbour", "steps": 33, "sampler": "Euler a", "cfgScale": 4}


@pytest.fixture(scope="module")
def world():
    """CivitAI with seventy models, of which two can be downloaded: one only with a log-in."""
    with hub_server() as hubs:
        yield hubs


@pytest.fixture(scope="module")
def site(tmp_path_factory, world):
    folder = tmp_path_factory.mktemp("find")
    (folder / "models").mkdir()
    fill(world, folder)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in world.environment.items():
            patch.setenv(name, value)
        with site_in(folder, FIXTURE_JOBS, folder / "models") as site:
            yield site


def fill(hubs, folder):
    hubs.stored["sample.png"] = StoredFile("sample.png", PICTURE)
    picture = {"url": f"{hubs.content}/sample.png", "type": "image", "nsfwLevel": 1}
    for number in range(3, 71):
        hubs.add_file(HubName.CIVITAI, f"{number}.safetensors", b"x" * 100, model=str(number))
        hubs.civitai.models[str(number)].versions[0].images.append(picture)
    for model, name, file, tensors in (
        ("1", "Harbour Painter", CHECKPOINT, small_checkpoint()),
        ("2", "Fine Lines", "lines.safetensors", kohya_lora()),
    ):
        path = write_safetensors(folder / file, tensors)
        hubs.add_model(HubName.CIVITAI, model, name, type="Checkpoint" if model == "1" else "LORA")
        images = [picture | {"meta": SETTINGS}]
        hubs.add_version(HubName.CIVITAI, model, f"{model}1", base_model="SD 1.5", images=images)
        hubs.add_file(HubName.CIVITAI, file, path.read_bytes(), model=model)
    hubs.civitai.models["2"].needs_token = True


def open_find(page: Page):
    page.get_by_role("tab", name="Models").click()
    page.get_by_role("group", name="Models").get_by_role("button", name="Find").click()
    view = page.get_by_role("region", name="Find models")
    view.get_by_role("searchbox").wait_for()
    return view


def search(view, words: str = "") -> None:
    box = view.get_by_role("searchbox")
    box.clear()
    box.press_sequentially(words)
    box.press("Enter")


def paste(view, text: str) -> None:
    view.get_by_role("searchbox").evaluate(
        """(box, text) => {
          const inputType = "insertFromPaste";
          box.value = text;
          box.dispatchEvent(new InputEvent("input", { inputType, bubbles: true }));
        }""",
        text,
    )


def test_a_model_is_found_looked_at_downloaded_and_chosen(page, site, world):
    view = open_find(page)
    assert world.requests == []  # nothing is asked before a person does

    search(view, "harbour")
    expect(view.locator(".told")).to_contain_text("1 model at CivitAI")
    view.get_by_role("button", name="Harbour Painter").click()
    details = view.get_by_role("region", name="Model on a hub")
    expect(details.get_by_role("heading", name="Harbour Painter")).to_be_visible()
    expect(details.locator(".samples img")).to_have_js_property("naturalWidth", 1)
    world.behave(CHECKPOINT, bytes_per_second=300_000)
    details.get_by_role("button", name="Download, 9 MB").click()
    expect(details.locator(".files")).to_contain_text(" of 9 MB")
    page.get_by_role("group", name="Models").get_by_role("button", name="Downloads").click()
    row = page.get_by_role("list", name="Downloads").get_by_role("listitem")
    expect(row).to_contain_text("Harbour Painter v1")
    expect(page.locator("easel-queue-menu [data-part=count]")).to_have_text("0")
    page.keyboard.press("Escape")  # it ends pictures, never downloads
    row.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("Paused at")
    world.behave(CHECKPOINT, bytes_per_second=0)
    row.get_by_role("button", name="Go on").click()
    expect(row).to_contain_text(f"checkpoints/{CHECKPOINT} is here.")

    row.get_by_role("button", name="Show", exact=True).click()
    yours = page.get_by_role("region", name="Your models")
    expect(yours.get_by_role("heading", name="painter")).to_be_visible()
    page.get_by_role("group", name="Models").get_by_role("button", name="Downloads").click()
    row.get_by_role("button", name="Use").click()
    chosen = page.locator("easel-model .model-button")
    expect(chosen).to_have_accessible_name("Checkpoint: painter")
    assert site.studio.models.entry(OWNER, f"checkpoints/{CHECKPOINT}")


def test_a_pasted_link_needs_a_log_in_and_its_settings_are_taken_over(page, world):
    view = open_find(page)
    paste(view, f"{world.civitai.origin}/models/2")
    details = view.get_by_role("region", name="Model on a hub")
    expect(details.get_by_role("heading", name="Fine Lines")).to_be_visible()
    details.get_by_role("button", name="Download, 46 kB").click()
    expect(details.locator(".files")).to_contain_text("only to people who are logged in")
    page.get_by_role("group", name="Models").get_by_role("button", name="Downloads").click()
    row = page.get_by_role("list", name="Downloads").get_by_role("listitem").filter(has_text="Fine")
    row.get_by_role("button", name="Give a token").click()
    form = view.locator("form[data-hub=civitai]")
    form.get_by_label("Token for CivitAI").fill(TOKEN)
    form.get_by_role("button", name="Keep").click()

    # What was looked at is shown again, with the token kept.
    expect(details.get_by_role("heading", name="Fine Lines")).to_be_visible()
    details.get_by_role("button", name="Download, 46 kB").click()
    expect(details.locator(".files")).to_contain_text("loras/lines.safetensors is here.")
    details.get_by_role("button", name="Use its settings").click()
    expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_have_value("a quiet harbour")
    expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("33")


def test_a_hub_that_goes_away_keeps_the_hits_and_says_so(page, watch, world):
    watch.expected = ("status of 502",)
    view = open_find(page)
    search(view)
    tiles = view.get_by_role("listitem")
    expect(view.locator(".told")).to_contain_text("48 models so far")
    world.behave("/api/v1/models", status=500)

    view.get_by_label("Order").select_option("newest")

    failed = view.get_by_role("alert")
    expect(failed).to_contain_text("is out of order at the moment (500)")
    expect(tiles.first).to_contain_text("Model 3")
    world.behave("/api/v1/models", status=0)
    failed.get_by_role("button", name="Try again").click()
    expect(tiles.first).to_contain_text("Model 70")
    expect(failed).to_be_hidden()


def test_hits_come_while_one_scrolls_and_those_far_away_are_not_drawn(page):
    view = open_find(page)
    search(view)
    tiles = view.get_by_role("listitem")
    expect(view.locator(".told")).to_contain_text("48 models so far")

    tiles.last.scroll_into_view_if_needed()

    expect(view.locator(".told")).to_contain_text("70 models at CivitAI")
    tiles.last.scroll_into_view_if_needed()
    expect(tiles.last).to_contain_text("Fine Lines")
    expect(tiles.first).to_be_empty()
    tiles.first.scroll_into_view_if_needed()
    expect(tiles.first).to_contain_text("Model 3")


def test_a_view_that_does_not_come_says_so_and_comes_with_the_next_click(page, watch):
    watch.expected = ("net::ERR_FAILED",)
    page.route("**/page/browser/find", lambda route: route.abort(), times=1)
    page.get_by_role("tab", name="Models").click()
    button = page.get_by_role("group", name="Models").get_by_role("button", name="Find")
    button.click()
    view = page.get_by_role("region", name="Find models")
    expect(view).to_contain_text("Easel does not answer. Press its button above again.")

    button.click()

    expect(view.get_by_role("searchbox")).to_be_visible()


def test_slow_answers_to_older_questions_are_dropped(page, world):
    view = open_find(page)
    asked = len(world.requests)
    world.behave("/api/v1/models", delay=0.5)
    with page.expect_response(lambda answer: "text=fine" in answer.url):
        search(view, "fine")
        wait_until(lambda: len(world.requests) > asked, lambda: "the hub was not asked")
        world.behave("/api/v1/models", delay=0)
        search(view, "harbour")
        expect(view.locator(".told")).to_contain_text("1 model at CivitAI")

    expect(view.get_by_role("listitem")).to_have_count(1)
    expect(view.get_by_role("listitem")).to_contain_text("Harbour Painter")
    asked = len(world.requests)
    page.reload()
    attached(page)
    expect(open_find(page).get_by_role("searchbox")).to_have_value("harbour")
    assert len(world.requests) == asked


def test_a_guest_looks_and_is_told_who_downloads(context, site, monkeypatch):
    monkeypatch.setattr(guard, "OWNER", Actor(id="anna", role=Role.GUEST))
    page = opened(context, site)
    view = open_find(page)
    expect(view.get_by_label("Show what is for adults")).to_have_count(0)
    search(view, "fine")
    view.get_by_role("button", name="Fine Lines").click()
    details = view.get_by_role("region", name="Model on a hub")
    expect(details).to_contain_text("as a guest you can look")
    expect(details.get_by_role("button", name="Download")).to_have_count(0)
    expect(details.get_by_role("button", name="Use its settings")).to_be_visible()
    view.get_by_role("button", name="Log-ins").click()
    expect(details).to_contain_text("The owner of this Easel gives tokens.")
    expect(details.get_by_label("Token for CivitAI")).to_have_count(0)
    page.get_by_role("group", name="Models").get_by_role("button", name="Downloads").click()
    downloads = page.get_by_role("region", name="Downloads")
    expect(downloads).to_contain_text("The owner of this Easel downloads models")


def test_all_of_it_is_at_hand_on_a_phone(page):
    page.set_viewport_size(PHONE)
    view = open_find(page)
    view.get_by_role("searchbox").fill("fine")
    view.get_by_role("button", name="Search", exact=True).click()
    view.get_by_role("button", name="Fine Lines").click()
    details = view.get_by_role("region", name="Model on a hub")
    expect(details.get_by_role("heading", name="Files")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    details.get_by_role("button", name="Close").click()
    expect(details).to_be_hidden()
    expect(view.get_by_role("button", name="Fine Lines")).to_be_focused()
    page.set_viewport_size({"width": 1440, "height": 900})
