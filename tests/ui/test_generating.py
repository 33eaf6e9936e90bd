"""Making pictures on the page, with the real engine process and torch-free jobs."""

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from backend.schema.jobs import OWNER
from tests.fixtures.real_studio import ended, submit
from tests.ui.conftest import attached, opened

pytestmark = pytest.mark.browser

MARKUP = '<img src=x onerror="window.taken=1"><script>window.taken=2</script>&lt;b&gt;<b id="bold">'


def write(page: Page, prompt: str) -> None:
    page.get_by_label("Prompt", exact=True).fill(prompt)


def generate(page: Page, prompt: str) -> None:
    write(page, prompt)
    page.locator("#generate").click()


def status(page: Page):
    return page.locator("easel-stage .foot .first")


def jobs(site):
    return site.studio.jobs.snapshot(OWNER).jobs


def test_the_first_visit_has_an_idea_and_one_click_gives_a_picture(page, site):
    prompt = page.get_by_label("Prompt", exact=True)
    assert prompt.input_value() == "red apple, 3d style, white background"

    page.get_by_role("button", name="Generate", exact=True).click()

    expect(page.locator("easel-results .thumb[title^='red apple']")).to_have_count(1)
    picture = page.locator("easel-stage .frame img")
    expect(picture).to_have_attribute("alt", "red apple, 3d style, white background")
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 128
    with page.expect_download() as download:
        page.get_by_role("link", name="Save").click()
    assert download.value.suggested_filename.endswith(".png")
    with Image.open(download.value.path()) as saved:
        assert saved.size == (128, 128)
    page.get_by_role("button", name="Penguin").click()
    expect(prompt).to_have_value("penguin, 3d style, white background")


def test_ctrl_enter_generates_and_escape_cancels(page, site):
    write(page, "slow keys")
    page.keyboard.press("Control+Enter")
    expect(page.locator("easel-queue li")).to_have_count(1)
    expect(status(page)).to_have_text("Waiting")

    page.keyboard.press("Escape")

    expect(page.locator("easel-queue")).to_be_hidden()
    assert jobs(site)[0].state == "cancelled"


def test_a_double_click_submits_once(page, site):
    write(page, "slow twice")

    page.locator("#generate").dblclick()
    expect(page.locator("easel-queue li")).to_have_count(1)
    page.wait_for_timeout(500)

    assert [job.title for job in jobs(site)].count("slow twice") == 1
    page.keyboard.press("Escape")


def test_several_jobs_wait_in_the_queue_and_each_can_be_cancelled(page, site):
    for prompt in ("slow one", "slow two", "slow three"):
        generate(page, prompt)
        expect(page.locator("easel-queue li", has_text=prompt)).to_be_visible()

    expect(page.locator("easel-queue li").nth(1)).to_contain_text("Next in the queue")
    expect(page.locator("easel-queue li").nth(2)).to_contain_text("Number 2 in the queue")
    page.get_by_role("button", name="Cancel “slow two”").first.click()
    expect(page.locator("easel-queue li")).to_have_count(2)
    assert "slow two" not in page.locator("easel-queue").inner_text()

    site.go_on()
    expect(page.locator("easel-queue")).to_be_hidden()


def test_the_queue_is_paused_and_resumed_from_the_top_bar(page, site):
    page.get_by_role("button", name="Queue: ").click()
    page.get_by_role("button", name="Pause the queue").click()
    expect(page.locator("easel-banner")).to_contain_text("The queue is paused.")
    page.keyboard.press("Escape")
    generate(page, "waits")
    expect(page.locator("easel-queue li")).to_contain_text("Waits: the queue is paused")

    page.locator("easel-banner").get_by_role("button", name="Resume").click()

    expect(page.locator("easel-banner")).to_be_hidden()
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "waits")


def test_a_refresh_in_the_middle_of_a_job_loses_nothing(page, site):
    generate(page, "slow refresh")
    expect(status(page)).to_have_text("Waiting")

    page.reload()
    attached(page)

    expect(status(page)).to_have_text("Waiting")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("slow refresh")
    site.go_on()
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "slow refresh")
    expect(page.get_by_role("link", name="Save")).to_be_visible()


def test_two_tabs_agree(page, context, site):
    other = opened(context, site)
    generate(page, "slow tabs")
    expect(other.locator("easel-queue li")).to_contain_text("slow tabs")

    other.get_by_role("button", name="Cancel “slow tabs”").first.click()
    expect(page.locator("easel-queue")).to_be_hidden()

    generate(page, "both")
    expect(other.get_by_role("button", name="both").first).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Really delete?").click()
    expect(other.get_by_role("button", name="both")).to_have_count(0)
    expect(page.get_by_role("button", name="both")).to_have_count(0)


def test_vary_makes_the_same_with_another_seed_and_leaves_the_form_alone(page, site):
    generate(page, "first")
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "first")
    first = jobs(site)[0].pictures[0]
    write(page, "typed since then")

    page.get_by_role("button", name="Vary").click()

    expect(page.locator("easel-results .thumb[title=first]")).to_have_count(2)
    assert jobs(site)[0].pictures[0].seed != first.seed
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("typed since then")


def test_reuse_settings_fills_the_form_and_makes_the_same_again(page, site):
    generate(page, "again")
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "again")
    first = jobs(site)[0].pictures[0]
    write(page, "something else")

    page.get_by_role("button", name="Reuse settings").click()

    expect(page.get_by_label("Prompt", exact=True)).to_have_value("again")
    expect(page.locator("easel-changed")).to_contain_text(f"Seed {first.seed}")
    page.locator("#generate").click()
    expect(page.locator("easel-results .thumb[title=again]")).to_have_count(2)
    second = jobs(site)[0].pictures[0]
    gallery = site.studio.gallery
    assert first.seed == second.seed
    assert gallery.request_of(OWNER, first.id) == gallery.request_of(OWNER, second.id)


def test_a_batch_shows_its_pictures_in_a_strip_and_the_viewer_turns_pages(page):
    page.locator("easel-pictures label", has_text="4").click()
    generate(page, "four")
    expect(page.locator("easel-stage .strip .thumb")).to_have_count(4)

    page.locator("easel-stage .opener").click()
    viewer = page.get_by_role("dialog", name="Picture")
    expect(viewer).to_be_visible()
    before = viewer.locator("img").get_attribute("src")
    page.keyboard.press("ArrowRight")
    expect(viewer.locator("img")).not_to_have_attribute("src", before)
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()


def test_the_gallery_shows_every_picture_however_many(context, site):
    ended(site.studio, submit(site.studio, "many", 70))
    page = opened(context, site)

    page.get_by_role("tab", name="Gallery").click()
    thumbs = page.locator("#gallery .thumb[title=many]")
    page.locator("#gallery .thumb").first.wait_for()
    page.locator("#gallery").evaluate("pane => pane.scrollTo(0, pane.scrollHeight)")

    expect(thumbs).to_have_count(70)
    thumbs.first.click()
    expect(page.get_by_role("dialog", name="Picture")).to_be_visible()


def test_a_prompt_with_markup_is_shown_as_it_was_typed(context, site):
    ended(site.studio, submit(site.studio, MARKUP, 1))

    page = opened(context, site)
    page.get_by_text(MARKUP).or_(page.get_by_title(MARKUP)).or_(
        page.get_by_alt_text(MARKUP)
    ).first.wait_for(state="attached")

    assert page.evaluate("window.taken") is None
    assert page.locator("#bold, img[src='x']").count() == 0
