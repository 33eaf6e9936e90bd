"""The Models tab: thousands of models, and what is done with those that are here."""

import pytest
from playwright.sync_api import Page, expect

from backend.schema.jobs import OWNER
from backend.setup.slowness import slowness
from tests.fixtures.model_files import kohya_lora, sd15_checkpoint, write_safetensors
from tests.fixtures.real_studio import FIXTURE_JOBS
from tests.ui.conftest import DESKTOP, PHONE, opened, site_in

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
    for number in range(MODELS - 3):  # the starter and its ControlNet are two
        write_safetensors(folder / "loras" / f"style {number:04}.safetensors", lora)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory, models):
    """The page of a system that has no bin of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backend.library.bin.send2trash", no_bin)
        yield from served(tmp_path_factory, models)


def no_bin(path):
    raise OSError(95, "There is no bin")


def served(tmp_path_factory, models):
    with site_in(tmp_path_factory.mktemp("site"), FIXTURE_JOBS, models) as site:
        site.studio.models.rescan(OWNER)
        yield site


def tab(page: Page):
    return page.locator("easel-browser")


def about(page: Page):
    return tab(page).get_by_label("Model information")


def open_tab(page: Page):
    page.get_by_role("tab", name="Models").click()
    tab(page).locator(".tile").first.wait_for()
    return tab(page)


def choose(page: Page, name: str) -> None:
    tab(page).get_by_role("searchbox").fill(name)
    expect(tab(page).locator(".tile")).to_have_count(1)
    tab(page).locator(".tile > button").first.click()


def scroll(page: Page, step: int):
    """Turn the wheel over the grid; gives the longest frame and the most tiles at a time."""
    page.evaluate(f"window.scrolled = false; void (window.watching = ({FRAMES})())")
    for _ in range(60):
        page.mouse.wheel(0, step)
    page.evaluate("window.scrolled = true")
    return page.evaluate("window.watching")


def test_thousands_of_models_are_usable_in_a_second(context, site):
    def seconds() -> float:
        page = opened(context, site)
        page.evaluate("window.opened = performance.now()")
        open_tab(page)
        page.get_by_text("5,000 models").wait_for()
        taken = page.evaluate("performance.now() - window.opened") / 1000
        page.close()
        return taken

    # The best of three: other tests run beside this one.
    assert any(seconds() < slowness() for _ in range(3))


def test_the_wheel_goes_smoothly_through_all_of_them(page):
    grid = open_tab(page).locator(".grid")
    grid.hover()

    def smooth(step: int) -> bool:
        seen = scroll(page, step)
        assert 0 < seen["most"] <= 300
        return seen["longest"] < 100

    assert any(smooth(300) for _ in range(3))
    assert any(smooth(5000) for _ in range(3))
    page.mouse.wheel(0, 1e7)
    expect(grid.locator("[aria-posinset='5000']")).to_contain_text("style 4996")


def test_a_search_and_the_arrows_find_a_model_and_it_is_used(page):
    open_tab(page)
    tab(page).get_by_role("searchbox").fill("sd painter")
    expect(tab(page).locator(".tile")).to_have_count(1)
    tab(page).get_by_label("Kind").select_option("lora")
    expect(tab(page)).to_contain_text("No model is like this.")
    tab(page).get_by_label("Kind").select_option("")
    tab(page).get_by_role("searchbox").fill("style 012")
    expect(tab(page).locator(".told")).to_contain_text("15 models of 5,000")
    tab(page).locator("[data-place='1']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(about(page).get_by_role("heading", name="style 0120")).to_be_visible()
    page.keyboard.press("Escape")
    expect(about(page)).to_be_hidden()
    expect(tab(page).locator("[data-place='2']")).to_be_focused()

    choose(page, "painter")
    about(page).get_by_role("button", name="Use this model").click()

    expect(page.locator("#generate")).to_be_visible()
    expect(page.locator("easel-model .model-button")).to_have_accessible_name("Checkpoint: painter")


def test_a_list_is_asked_for_once_and_keeps_its_focus_when_it_is_looked_at_again(page):
    asked: list[str] = []
    open_tab(page)
    page.on("request", lambda request: "=style+013" in request.url and asked.append(request.url))
    tab(page).get_by_role("searchbox").fill("style 013")
    expect(tab(page).locator(".told")).to_contain_text("15 models of 5,000")
    expect(tab(page).locator(".tile")).to_have_count(15)
    tab(page).locator("[data-place='4']").press("ArrowRight")
    expect(tab(page).locator("[data-place='5']")).to_be_focused()

    with page.expect_response(lambda answer: "/cards" in answer.url):
        tab(page).get_by_role("button", name="Rescan").evaluate("button => button.click()")
    expect(tab(page).locator("[data-place='5']")).to_be_focused()
    assert len(asked) == 2  # the search and the look


def test_a_star_that_was_pressed_is_still_there_after_a_long_way(page):
    grid = open_tab(page).locator(".grid")
    star = grid.get_by_role("button", name="Favourite: style 0002")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    grid.hover()
    page.mouse.wheel(0, 20_000)
    expect(star).to_have_count(0)
    page.mouse.wheel(0, -20_000)
    expect(star).to_have_attribute("aria-pressed", "true")


def test_a_model_that_another_window_deleted_leaves_the_list_when_it_is_clicked(page, site):
    open_tab(page)
    choose(page, "style 0777")
    expect(about(page).get_by_role("heading", name="style 0777")).to_be_visible()
    deleted = site.studio.keeping.delete(OWNER, "loras/style 0777.safetensors")

    tab(page).locator(".tile > button").first.click()

    expect(about(page)).to_contain_text("not there any more")
    expect(tab(page).locator(".tile")).to_have_count(0)
    site.studio.keeping.restore(OWNER, deleted.id)


def test_an_empty_list_says_why_whatever_becomes_of_the_window(page):
    open_tab(page)
    tab(page).get_by_role("searchbox").fill("no model is called so")
    expect(tab(page).locator(".sheet")).to_contain_text("No model is like this.")
    page.set_viewport_size(PHONE)
    page.set_viewport_size(DESKTOP)
    drawn = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
    page.evaluate(drawn)
    expect(tab(page).locator(".sheet")).to_contain_text("No model is like this.")


def test_a_model_is_marked_renamed_deleted_and_put_back(page, site):
    open_tab(page)
    choose(page, "style 0123")

    about(page).get_by_role("button", name="Favourite").click()
    about(page).get_by_label("Add a tag").fill("ink")
    page.keyboard.press("Enter")
    expect(about(page).get_by_role("button", name="Remove the tag ink")).to_be_visible()
    about(page).get_by_text("Rename, move, delete").click()
    about(page).get_by_label("Name").fill("bold ink")
    page.keyboard.press("Enter")
    expect(about(page).get_by_role("heading", name="bold ink")).to_be_visible()
    tab(page).get_by_role("searchbox").fill("ink bold")
    expect(tab(page).locator(".tile")).to_have_count(1)
    expect(tab(page).locator(".tile .star")).to_have_attribute("aria-pressed", "true")
    mark = site.studio.keeping.marks(OWNER)["loras/bold ink.safetensors"]
    assert (mark.favourite, mark.tags) == (True, ("ink",))

    about(page).get_by_text("Rename, move, delete").click()
    remove = about(page).get_by_role("button", name="Delete")
    remove.click()
    about(page).get_by_role("button", name="Move to the bin?").click()
    expect(tab(page).locator(".told")).to_contain_text("is in Easel's bin")
    expect(tab(page).locator(".tile")).to_have_count(0)
    tab(page).get_by_role("button", name="Folders").click()
    tab(page).get_by_role("button", name="Put back").click()
    expect(tab(page).locator(".tile")).to_have_count(1)


def test_an_installation_is_brought_with_one_report(page, tmp_path):
    styles = tmp_path / "webui" / "styles.csv"
    loras = styles.parent / "models" / "Lora"
    loras.mkdir(parents=True)
    (styles.parent / "models" / "Stable-diffusion").mkdir()
    (styles.parent / "webui.py").write_text("")
    styles.write_text("name,prompt,negative_prompt\nInk,ink drawing,photo\n")
    write_safetensors(loras / "brought.safetensors", kohya_lora())
    open_tab(page)

    tab(page).get_by_role("button", name="Folders").click()
    tab(page).get_by_label("Bring an installation").fill(str(tmp_path / "webui"))
    page.keyboard.press("Enter")

    report = tab(page).locator(".shelves .card")
    expect(report).to_contain_text("1 LoRA")
    expect(report).to_contain_text("1 style")
    tab(page).get_by_role("searchbox").fill("brought")
    expect(tab(page).locator(".tile")).to_have_count(1)
    tab(page).get_by_role("button", name=f"Use {tmp_path / 'webui'} no more").click()
    expect(tab(page).locator(".tile")).to_have_count(0)
    assert styles.is_file()


def test_on_a_phone_one_model_takes_the_whole_page(page):
    page.set_viewport_size(PHONE)
    open_tab(page)
    tab(page).locator("[data-place='1']").click()

    expect(about(page)).to_be_visible()
    box = about(page).bounding_box()

    assert box
    assert (box["width"], box["height"]) == (PHONE["width"], PHONE["height"])
    about(page).get_by_role("button", name="Close").click()
    expect(tab(page).locator("[data-place='1']")).to_be_visible()
    page.set_viewport_size(DESKTOP)
