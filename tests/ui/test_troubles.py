"""What goes wrong is a sentence beside it, with the next step; nothing is lost."""

import pytest
from playwright.sync_api import Page, expect

from tests.ui.test_generating import generate, jobs, status, write

pytestmark = pytest.mark.browser


def two_pictures(page: Page) -> None:
    page.get_by_role("radio", name="2 pictures").check()


def test_a_job_that_fails_says_why_and_what_it_made_is_kept(page, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    two_pictures(page)
    generate(page, "raise the roof")
    failed = page.locator("easel-stage .notes")
    expect(failed).to_be_visible()
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "raise the roof")

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Really delete?").click()

    card = page.locator("easel-stage .failure")
    expect(card).to_be_visible()
    expect(card.get_by_role("button", name="Try again")).to_be_visible()
    assert "Traceback" not in card.inner_text()
    card.get_by_text("Details", exact=True).click()
    card.get_by_role("button", name="Copy").click()
    assert "the roof" in page.evaluate("navigator.clipboard.readText()")
    card.get_by_role("button", name="Close").click()
    expect(card).to_be_hidden()


def test_try_again_does_the_failed_job_again_whatever_the_form_says_by_now(page, site):
    two_pictures(page)
    generate(page, "raise a roof")
    expect(page.locator("easel-stage .notes")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Really delete?").click()
    write(page, "something else")

    page.locator("easel-stage .failure").get_by_role("button", name="Try again").click()

    expect(page.locator("easel-results .thumb[title='raise a roof']")).to_have_count(1)
    again, first = jobs(site)[:2]
    assert again.id != first.id
    assert again.title == first.title == "raise a roof"
    assert again.pictures_wanted == first.pictures_wanted == 2
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("something else")


def test_a_job_that_made_some_pictures_offers_what_helps_beside_them(page):
    two_pictures(page)
    generate(page, "lack")
    notes = page.locator("easel-stage .notes")
    expect(notes).to_contain_text("It did not fit.")
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "lack")
    expect(notes.get_by_role("button")).to_have_count(1)  # ending programs is for the person

    notes.get_by_role("button", name="Draw it small").click()

    expect(page.locator("easel-results .thumb[title=lack]")).to_have_count(2)
    expect(page.locator("easel-stage .foot .second")).to_contain_text("64 × 64")


def test_what_was_done_about_memory_is_said_beside_its_picture_alone(page):
    generate(page, "nothing to tell")
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "nothing to tell")
    generate(page, "warn me")
    notes = page.locator("easel-stage .notes")
    expect(notes.locator("p")).to_have_text("A warning.")
    expect(page.locator("easel-stage .foot .first")).to_have_text("warn me")
    expect(notes.locator("p")).to_have_text("A warning.")

    page.locator("easel-results .thumb[title='nothing to tell']").click()

    expect(notes).to_be_empty()


def test_the_engine_dies_and_the_page_says_so_and_goes_on(page):
    two_pictures(page)
    generate(page, "once-kill")

    expect(page.locator("easel-banner")).to_contain_text("engine", timeout=20_000)
    expect(page.locator("easel-stage .strip .thumb")).to_have_count(2, timeout=30_000)
    assert "once-kill" in page.locator("easel-stage .frame img").get_attribute("alt")


def test_a_disk_that_refuses_a_picture_loses_none(page, site):
    outputs = site.folder / "outputs"
    aside = outputs.rename(site.folder / "aside")
    outputs.write_text("in the way")
    generate(page, "unsaved")
    notes = page.locator("easel-stage .notes")
    expect(notes).to_contain_text("kept in memory only")
    expect(page.locator("easel-banner")).to_contain_text("The queue is paused.")
    with page.expect_download() as download:
        notes.get_by_role("link", name="Download").click()
    assert download.value.path().stat().st_size > 0

    outputs.unlink()
    aside.rename(outputs)
    page.locator("easel-banner").get_by_role("button", name="Resume").click()

    expect(page.locator("easel-banner")).to_be_hidden()
    expect(notes).to_be_empty()


def test_a_part_of_the_page_that_easel_could_not_send_comes_once_it_can(page, watch):
    watch.expected = ("ERR_CONNECTION_REFUSED",)
    loras = page.locator("easel-loras")
    page.route("**/page/loras", lambda route: route.abort("connectionrefused"))
    page.reload()
    expect(loras).to_contain_text("Easel does not answer.")

    page.unroute("**/page/loras")

    expect(loras.get_by_role("button").first).to_be_attached()
    expect(loras).not_to_contain_text("Easel does not answer.")


def test_a_click_while_easel_is_away_is_sent_once_when_it_is_back(page, site, watch):
    watch.expected = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY")
    site.stop()
    expect(page.locator("easel-banner")).to_contain_text("Easel does not answer.")
    write(page, "patience")
    page.locator("#generate").click()
    expect(page.locator("easel-notice")).to_contain_text("Your click is kept")

    site.start()

    expect(page.locator("easel-notice")).to_be_hidden(timeout=30_000)
    expect(page.locator("easel-stage .frame img")).to_have_attribute("alt", "patience")
    expect(page.locator("easel-results .thumb[title=patience]")).to_have_count(1)
    expect(page.locator("easel-banner")).to_be_hidden()
    expect(status(page)).to_have_text("patience")
