"""A browser, a page in it, and a server of our own with the real engine process."""

import gc
import os
import socket
import threading
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from backend.access.access import Access
from backend.services.studio import Studio
from tests.fixtures.chromium import CHROMIUM, FLAGS
from tests.fixtures.real_studio import FIXTURE_JOBS, real_studio

# Nothing outside is reached.
OFFLINE_FLAGS = (*FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
DESKTOP = ViewportSize(width=1440, height=900)
PATIENCE_MS = 60_000  # an engine with torch starts slowly on a busy machine
PHONE = ViewportSize(width=390, height=844)


def steady_port() -> int:
    """The same for every site of a test process, while it is free.

    What the browser keeps of Gradio's files, it keeps by address. The first is below those that
    systems give to whoever asks for any.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for port in range(20_000 + 100 * worker, 32_768):
        with socket.socket() as asked:
            asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                asked.bind(("127.0.0.1", port))
                return port
    raise AssertionError("there is no free port")


class Site:
    """The page's server; it can go away and come back, as when Easel is started anew."""

    def __init__(self, studio: Studio, folder: Path) -> None:
        self.studio = studio
        self.folder = folder
        self.port = steady_port()
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        ends = time.monotonic() + 150  # imports take long on a busy machine
        while not (self._server and self._server.started):
            assert time.monotonic() < ends, "the page's server does not start"
            time.sleep(0.01)

    def _serve(self) -> None:
        """Build and serve in a thread of its own: the browser's loop holds the main one."""
        from ui.server.application import full_app  # noqa: PLC0415  Gradio takes seconds

        app = full_app(self.studio, Access())
        options = uvicorn.Config(
            app, port=self.port, log_level="error", ws="none", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(options)
        self._server.run()

    def stop(self) -> None:
        assert self._server
        assert self._thread
        self._server.should_exit = True
        self._thread.join(20)
        with warnings.catch_warnings():  # of connections that a browser left open at the end
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()

    def go_on(self) -> None:
        """Let jobs whose prompt begins with “slow” go on."""
        (self.folder / "data" / "go-on").write_text("")

    def hold(self) -> None:
        """Make jobs whose prompt begins with “slow” wait."""
        (self.folder / "data" / "go-on").unlink(missing_ok=True)


@contextmanager
def site_in(
    folder: Path, arguments: tuple[str, ...] = FIXTURE_JOBS, models: Path | None = None
) -> Generator[Site]:
    """A server with folders of its own; the models are the repository's unless told otherwise."""
    with real_studio(folder, arguments, models=models) as studio:
        site = Site(studio, folder)
        site.start()
        yield site
        site.stop()


@dataclass
class Watch:
    """What a browser did that nobody asked for."""

    address: str
    problems: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Words in problems that the test brings about itself."""

    def follow(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("request", self._request)
        page.on("pageerror", self._error)

    def leave(self, page: Page) -> None:
        page.remove_listener("console", self._console)
        page.remove_listener("request", self._request)
        page.remove_listener("pageerror", self._error)

    def check(self) -> None:
        unexpected = [
            one for one in self.problems if not any(words in one for words in self.expected)
        ]
        assert unexpected == []
        assert self.outside == []

    def _error(self, error) -> None:
        self.problems.append(str(error))

    def _request(self, request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.outside.append(request.url)

    def _console(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"{message.text} {message.location.get('url', '')}")


@pytest.fixture(scope="module")
def chromium() -> Generator[BrowserType]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="module")
def browser(chromium) -> Generator[Browser]:
    browser = chromium.launch(executable_path=CHROMIUM, args=OFFLINE_FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def profile(tmp_path_factory) -> Path:
    """Where the browser keeps Gradio's files, read and compiled: a page then loads in 3/4 of it."""
    return tmp_path_factory.mktemp("profile")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Generator[Site]:
    with site_in(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture(scope="module")
def cached(chromium, profile) -> Generator[BrowserContext]:
    """One browser for a file of tests."""
    context = chromium.launch_persistent_context(
        profile,
        executable_path=CHROMIUM,
        args=OFFLINE_FLAGS,
        viewport=DESKTOP,
        accept_downloads=True,
    )
    yield context
    context.close()


@pytest.fixture
def watch(site) -> Generator[Watch]:
    watch = Watch(site.address)
    yield watch
    watch.check()


@pytest.fixture
def context(cached, site, watch) -> Generator[BrowserContext]:
    """A person's first visit: what was kept in the browser is gone."""
    cached.on("page", watch.follow)
    for tab in cached.pages:
        watch.follow(tab)
    site.hold()
    yield cached
    cached.remove_listener("page", watch.follow)
    site.go_on()
    empty, *tabs = cached.pages  # the empty one holds the browser open
    for tab in (empty, *tabs):
        watch.leave(tab)
    for tab in tabs[1:]:
        tab.close()
    for tab in tabs[:1]:
        forget(tab, site)


def forget(tab: Page, site: Site) -> None:
    """Make a tab as good as new; one that was open before draws the page in 2/3 of the time."""
    tab.unroute_all(behavior="ignoreErrors")
    tab.goto(f"{site.address}favicon.ico")  # the page itself would write down what it knows
    tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    tab.goto("about:blank")
    tab.set_viewport_size(DESKTOP)


@pytest.fixture
def page(context, site) -> Page:
    """The page, ready to be used."""
    kept = context.pages[1:]
    return visited(kept[0], site) if kept else opened(context, site)


def opened(context: BrowserContext, site: Site) -> Page:
    """A new tab with the page, attached to the feed."""
    return visited(context.new_page(), site)


def visited(page: Page, site: Site) -> Page:
    """A tab that shows the page, attached to the feed."""
    page.set_default_timeout(PATIENCE_MS)
    page.goto(site.address)
    attached(page)
    return page


def attached(page: Page) -> None:
    """Wait until the page is drawn, its form is filled and it follows the feed."""
    page.locator("#generate").wait_for(state="attached")  # another tab may be open
    page.locator("easel-device[data-engine=ready], easel-device[data-engine=busy]").wait_for()
    page.wait_for_function("sessionStorage.getItem('easel.form') !== null")
