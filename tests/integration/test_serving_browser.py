"""The running program in a real browser: nothing from outside, and words stay words."""

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright

from tests.fixtures.chromium import CHROMIUM, FLAGS
from tests.fixtures.program import PATIENCE, running

MARKUP = '<img src=x onerror="window.taken=1"><script>window.taken=2</script>&lt;b&gt;<b id="bold">'

pytestmark = [
    pytest.mark.browser,
    pytest.mark.engine,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]


@pytest.fixture(scope="module")
def easel(tmp_path_factory):
    with running(tmp_path_factory.mktemp("program")) as program:
        program.wait_for_engine()
        yield program


@pytest.fixture
def page():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_page()
        browser.close()


def test_a_prompt_with_markup_is_shown_as_it_was_typed_and_nothing_comes_from_outside(easel, page):
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    call = {"tool": "generate-image", "arguments": {"prompt": MARKUP, "steps": 2}}
    made = httpx.post(f"{easel.url()}/mcp/tool", json=call, timeout=PATIENCE).json()
    assert made["success"], made

    page.goto(easel.url())
    page.get_by_text(MARKUP).or_(page.get_by_title(MARKUP)).or_(
        page.get_by_alt_text(MARKUP)
    ).first.wait_for(state="attached", timeout=PATIENCE * 1000)

    assert page.evaluate("window.taken") is None
    assert page.locator("#bold, img[src='x']").count() == 0
    assert problems == []
    outside = [url for url in asked if not url.startswith((easel.url(), "data:", "blob:"))]
    assert outside == []
    assert any("/api/feed" in url for url in asked)
    assert Path(made["result"]["images"][0]["path"]).exists()
