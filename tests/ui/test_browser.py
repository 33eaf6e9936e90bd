"""The Models tab: thousands of models, and what is done with those that are here."""

import pytest
from playwright.sync_api import Page

from backend.schema.jobs import OWNER
from tests.fixtures.model_files import kohya_lora, sd15_checkpoint, write_safetensors
from tests.fixtures.real_studio import FIXTURE_JOBS
from tests.ui.conftest import site_in

pytestmark = pytest.mark.browser

MODELS = 5000
FRAMES = """async () => {
  const pane = document.querySelector("easel-browser .grid");
  const times = [];
  let most = 0;
  let last = performance.now();
  const done = new Promise((end) => {
    const look = (now) => {
      times.push(now - last);
      last = now;
      most = Math.max(most, pane.querySelectorAll(".tile").length);
      if (window.scrolled) return end();
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await done;
  return { longest: Math.max(...times), most };
}"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A models folder with 5,000 models."""
    folder = tmp_path_factory.mktemp("models") / "models"
    for name in ("checkpoints", "loras"):
        (folder / name).mkdir(parents=True)
    write_safetensors(folder / "checkpoints" / "painter.safetensors", sd15_checkpoint())
    lora = kohya_lora()
    for number in range(1, MODELS):
        write_safetensors(folder / "loras" / f"style {number:04}.safetensors", lora)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory, models):
    with site_in(tmp_path_factory.mktemp("site"), FIXTURE_JOBS, models) as site:
        site.studio.models.rescan(OWNER)
        yield site


def tab(page: Page):
    return page.locator("easel-browser")


def open_tab(page: Page):
    page.get_by_role("tab", name="Models").click()
    tab(page).locator(".tile").first.wait_for()
    return tab(page)


def test_thousands_of_models_are_there_at_once_and_scroll_smoothly(page):
    page.evaluate("window.opened = performance.now()")
    open_tab(page)
    page.get_by_text("5,000 models").wait_for()
    assert page.evaluate("performance.now() - window.opened") < 1000

    grid = tab(page).locator(".grid")
    grid.hover()
    page.evaluate(f"window.watching = ({FRAMES})()")
    for _ in range(60):
        page.mouse.wheel(0, 2500)
        page.wait_for_timeout(16)
    page.evaluate("window.scrolled = true")
    seen = page.evaluate("window.watching")
    assert seen["longest"] < 100
    assert seen["most"] <= 300
