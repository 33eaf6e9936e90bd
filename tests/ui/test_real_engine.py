"""The whole way with the real engine and the starter model: from words to a file, and back."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from backend.metadata.png import read_metadata
from backend.schema.jobs import OWNER
from tests.fixtures.real_studio import ended
from tests.ui.conftest import opened, site_in

pytestmark = [pytest.mark.browser, pytest.mark.engine]

PROMPT = "penguin, 3d style, white background"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_in(tmp_path_factory.mktemp("real"), arguments=()) as site:
        yield site


def test_a_picture_grows_is_opened_saved_and_made_again_from_its_own_metadata(context, site):
    page = opened(context, site)
    page.get_by_label("number input for Steps").fill("60")
    page.get_by_label("Prompt", exact=True).fill(PROMPT)
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
    assert again.prompt.positive == PROMPT
    assert again.sampling.steps == 60
    job = ended(site.studio, site.studio.generation.submit(OWNER, again))
    second = site.studio.gallery.file(OWNER, job.pictures[0].id)
    with Image.open(download.value.path()) as first, Image.open(second) as made:
        assert first.tobytes() == made.tobytes()
