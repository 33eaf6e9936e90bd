"""Help on the page when a picture disappoints, or takes long: the browser's side."""

import re
from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from backend.schema.jobs import OWNER, JobState
from tests.fixtures.program import wait_until

pytestmark = pytest.mark.browser

SET = """changes => {
  const code = document.querySelector("script[type=module][src*=main]").src;
  return import(code.replace("main.js", "form.js")).then(({ form }) => form.apply(changes));
}"""
VALUE = SET.replace("form.apply(changes)", "form.values[changes]")


def set_form(page: Page, **fields: object) -> None:
    """Set some fields as a person would, by their ids with “__” for “.”."""
    page.evaluate(SET, {name.replace("__", "."): value for name, value in fields.items()})


def value(page: Page, field: str) -> object:
    return page.evaluate(VALUE, field)


def jobs(site):
    return site.studio.jobs.snapshot(OWNER).jobs


def cats(site):
    return [job for job in jobs(site) if job.title == "a cat" and job.pictures]


def asked_of(site, job):
    return site.studio.gallery.request_of(OWNER, job.pictures[0].id)


def test_a_warning_goes_away_with_its_button(page):
    warnings = page.locator("easel-warnings li")
    set_form(page, sampling__cfg_scale=20, sampling__steps=5)
    expect(warnings).to_have_count(2)
    expect(warnings.first).to_contain_text("CFG scale 20 burns colours")

    warnings.first.get_by_role("button").click()

    expect(warnings).to_have_count(1)
    assert value(page, "sampling.cfg_scale") == 4.5
    expect(page.locator("#field-sampling-cfg-scale")).to_have_attribute("data-marked", "")
    warnings.first.get_by_role("button", name="Steps 5 → 25").click()
    expect(warnings).to_have_count(0)


def test_a_rung_changes_the_form_draws_the_same_seed_again_and_is_undone(page, site):
    set_form(page, prompt__positive="a cat", sampling__steps=21)
    page.locator("#generate").click()
    page.get_by_role("button", name="Not what you wanted?").click()
    page.get_by_role("button", name="Blurry").click()

    rung = page.get_by_role("button", name="Steps 21 → 35")
    rung.click()
    expect(page.locator("easel-ladders .changes")).to_contain_text("Steps 21 → 35")
    assert value(page, "sampling.steps") == 35
    rung.click()  # the second click draws

    wait_until(lambda: len(cats(site)) == 2, lambda: str(jobs(site)))
    again, first = (asked_of(site, job) for job in cats(site))
    assert again.sampling.steps == 35
    assert again.model_copy(update={"sampling": first.sampling}) == first
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("easel-ladders .changes")).to_be_hidden()
    assert value(page, "sampling.steps") == 21
    assert value(page, "seed.value") == -1


def test_forever_goes_on_over_a_reload_and_ends_with_its_button(page, site):
    set_form(page, prompt__positive="ever", seed__value=100, batch__count=2, sampling__steps=100)
    page.get_by_role("button", name="More ways to generate").click()
    page.get_by_role("switch", name="Generate forever").check()
    line = page.locator("easel-forever-line")
    expect(line).to_contain_text("4 pictures so far")
    page.reload()
    expect(line).to_contain_text("8 pictures so far")

    line.get_by_role("button", name="Stop").click()

    expect(line.locator("p")).to_be_hidden()
    ever = [job for job in jobs(site) if job.title == "ever" and job.pictures]
    seeds = [job.pictures[0].seed for job in reversed(ever)]
    assert {later - before for before, later in pairwise(seeds)} == {2}
    assert seeds[0] == 100


def test_forever_ends_with_a_job_that_fails_and_with_escape(page, site):
    set_form(page, prompt__positive="raise it", batch__count=2)
    page.get_by_role("button", name="More ways to generate").click()
    page.get_by_role("switch", name="Generate forever").check()

    expect(page.locator("easel-hints")).to_contain_text("stopped because a job failed")
    assert [job.title for job in jobs(site)].count("raise it") == 1
    expect(page.locator("easel-forever-line p")).to_be_hidden()

    set_form(page, prompt__positive="slow esc")
    page.get_by_role("switch", name="Generate forever").check()
    expect(page.locator("easel-stage .foot .first")).to_have_text("Waiting")
    page.keyboard.press("Escape")  # closes the menu
    expect(page.locator("easel-forever-line p")).to_be_visible()
    page.keyboard.press("Escape")  # cancels what runs
    expect(page.locator("easel-forever-line p")).to_be_hidden()
    assert [job.title for job in jobs(site)].count("slow esc") == 1


def test_a_picture_is_skipped_by_its_button_and_its_keys(page, site):
    set_form(page, prompt__positive="slow skip", batch__count=4)
    page.locator("#generate").click()
    expect(page.locator("easel-stage .foot .first")).to_have_text("Waiting")
    expect(page).to_have_title(re.compile(r"^\(\d+ %\) Easel$"))

    page.get_by_role("button", name="Skip this one").click()
    wait_until(lambda: jobs(site)[0].pictures_skipped == 1, lambda: str(jobs(site)[0]))
    expect(page.locator("easel-stage .foot .first")).to_have_text("Waiting")
    page.keyboard.press("Alt+n")
    wait_until(lambda: jobs(site)[0].pictures_skipped == 2, lambda: str(jobs(site)[0]))
    site.go_on()

    wait_until(lambda: jobs(site)[0].state.ended, lambda: str(jobs(site)[0]))
    assert jobs(site)[0].state is JobState.FINISHED
    assert [picture.index for picture in jobs(site)[0].pictures] == [2, 3]
    expect(page).to_have_title("Easel")


TOLD = """() => {
  window.told = [];
  window.Notification = class {
    static permission = "granted";
    constructor(title, { body }) { window.told.push(body); }
  };
  document.hasFocus = () => false;
  const now = Date.now;
  Date.now = () => now() + (window.later ?? 0);
}"""


def test_a_long_job_that_ends_is_told_to_who_looks_elsewhere(page, site):
    page.evaluate(TOLD)
    set_form(page, prompt__positive="slow long")
    page.locator("#generate").click()
    expect(page.locator("easel-stage .foot .first")).to_have_text("Waiting")
    page.get_by_role("button", name="Queue: ").click()
    page.get_by_role("switch", name="Tell me when a long job ends").check()

    page.evaluate("window.later = 30_000")
    site.go_on()

    expect(page).to_have_title("✓ Ready · Easel")
    assert page.evaluate("window.told") == ["Ready: slow long"]
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("^data:image/svg"))
    page.evaluate("document.hasFocus = () => true; window.dispatchEvent(new Event('focus'))")
    expect(page).to_have_title("Easel")
