"""The guided start in a browser: one click on a first visit, and the prompt is drawn anew."""

import time
from collections.abc import Generator

import pytest
from playwright.sync_api import Page, Route, expect

from backend.schema.hubs import HubName
from backend.services.well_known import load_well_known
from tests.fixtures import model_files as made
from tests.fixtures.hub_server import HubServer, hub_server
from tests.ui.conftest import PHONE, Site, attached, opened, site_in

pytestmark = pytest.mark.browser

KNOWN = {model.id: model for model in load_well_known().model}


@pytest.fixture(scope="module")
def hubs() -> Generator[HubServer]:
    with hub_server() as running, pytest.MonkeyPatch.context() as patch:
        for name, value in running.environment.items():
            patch.setenv(name, value)
        yield running


@pytest.fixture
def site(hubs, tmp_path) -> Generator[Site]:
    """An Easel that has its starter model and nothing else."""
    models = tmp_path / "models"
    models.mkdir()
    with site_in(tmp_path, models=models) as site:
        yield site


def choose(page: Page, purpose: str):
    """The first offer for a purpose."""
    page.locator("easel-guide").get_by_role("button", name=purpose, exact=True).click()
    return page.locator("easel-guide section:not([hidden]) li").first


def late(route: Route) -> None:
    """Let the download be over before the offer is drawn again."""
    time.sleep(2)
    route.continue_()


def test_one_click_on_a_first_visit_gets_a_model_that_draws_the_prompt(
    page, site, hubs, watch, tmp_path
):
    watch.expected = ("502",)
    page.get_by_role("textbox", name="Prompt", exact=True).fill("a fox at dawn")
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.locator("#results .thumb")).to_have_count(1)
    offer = choose(page, "Real photos")
    model = KNOWN[str(offer.get_attribute("data-id"))]
    asked = f"/api/models/{model.repository}"
    hubs.behave(asked, status=503)

    offer.get_by_role("button", name="Get it").click()

    expect(offer).to_contain_text("Try again in a few minutes.")
    hubs.behave(asked, status=0)
    small = made.write_safetensors(tmp_path / "made", made.small_checkpoint(), dtype="F8_E4M3")
    hubs.add_file(HubName.HUGGING_FACE, model.file, small.read_bytes(), model=model.repository)
    page.route("**/page/guide", late)
    offer.get_by_role("button", name="Get it").click()
    expect(page.locator("#results .thumb")).to_have_count(2)
    expect(page.locator("#stage .foot .first")).to_have_text("a fox at dawn")
    expect(page.locator("#stage .foot .second")).to_contain_text("512")
    offer.get_by_role("button", name=f"Use {model.name}").click()
    expect(page.locator("easel-model")).to_contain_text(model.file.removesuffix(".safetensors"))

    page.reload()
    attached(page)
    expect(page.locator("#results .thumb")).to_have_count(2)
    expect(page.locator("easel-guide[first]")).to_be_hidden()


def test_on_a_phone_it_has_its_own_room_and_goes_for_good(page, context, site):
    page.set_viewport_size(PHONE)
    guide, composer = page.locator("easel-guide[first]"), page.locator("#composer")
    expect(guide.get_by_role("heading", name="What do you want to make?")).to_be_visible()
    expect(page.locator("easel-stage .room")).to_be_visible()

    choose(page, "Anything")

    shown, below = page.locator("#stage > .place-guide").bounding_box(), composer.bounding_box()
    assert shown
    assert below
    assert shown["y"] + shown["height"] <= below["y"] + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    choose_again = guide.get_by_role("button", name="Anything", exact=True)
    choose_again.click()
    expect(page.locator("easel-stage .room")).to_be_visible()
    guide.get_by_role("button", name="Close").click()
    expect(guide).to_be_hidden()
    page.close()
    expect(opened(context, site).locator("easel-guide[first]")).to_be_hidden()
