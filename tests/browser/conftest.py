"""Fixtures of the browser tests: one JupyterLab and one Chromium a session, one page for many."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError

from nengolab.benchmarks import chromium
from tests.browser.jupyter import LIGHT, REPOSITORY, JupyterLab, Server
from tests.forking import Forker

# Of a machine with other work, where a page may stand still for seconds.
expect.set_options(timeout=30_000)

#: Cells off screen are not rendered, so a page is taller than any screen.
VIEWPORT = {"width": 1500, "height": 2200}

#: So many times slower do pages run, as on a busy machine: hasty tests fail then.
SLOWER = float(os.environ.get("NENGOLAB_TEST_SLOWER_PAGES", "1"))

#: Milliseconds that a page is given for what a test asks of it.
TIMEOUT = 30_000

#: So many tests use one page before there is another: what they leave in it adds up.
MOST_TESTS = 10

#: Frames a second of a page that many tests use. A page that plays draws all the time, in software,
#: on the cores that the tests need: with 60 a second that is half of their processor time.
FRAMES = 10

# Callbacks that ask for a frame get that of the next slot.
FEWER_FRAMES = """
{
  const slot = 1000 / %d, ask = window.requestAnimationFrame.bind(window);
  const forget = window.cancelAnimationFrame.bind(window), waiting = new Map();
  let last = 0;
  window.requestAnimationFrame = (callback) => {
    const id = ++last;
    const begin = () => waiting.set(id, [true, ask((t) => (waiting.delete(id), callback(t)))]);
    waiting.set(id, [false, setTimeout(begin, slot - (performance.now() %% slot))]);
    return id;
  };
  window.cancelAnimationFrame = (id) => {
    const [asked, handle] = waiting.get(id) ?? [false, 0];
    waiting.delete(id);
    asked ? forget(handle) : clearTimeout(handle);
  };
}
"""

FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def jupyter_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab for the whole session, with copies of the notebooks."""
    folder = tmp_path_factory.mktemp("jupyter")
    with Forker(folder) as forker:
        server = Server(folder, forker)
        server.start()
        try:
            for path in sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
                server.add_notebook(path, path.name)
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium for the whole session."""
    with chromium.launch() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own for a test, tall enough for a whole notebook."""
    page = new_page(browser)
    yield page
    page.context.close()


@pytest.fixture(scope="session")
def loaded_pages(browser: Browser) -> Iterator[LoadedPages]:
    """The page that tests use one after the other."""
    pages = LoadedPages(browser)
    yield pages
    pages.drop()


@pytest.fixture
def lab(
    request: pytest.FixtureRequest, jupyter_server: Server, loaded_pages: LoadedPages
) -> Iterator[JupyterLab]:
    """JupyterLab in a page, with no session, kernel or setting left over from another test.

    The page is one that other tests have used, unless the last one failed. Of a test that fails a
    picture is taken, as it left the page.
    """
    jupyter_server.forget()
    page, loaded = loaded_pages.take()
    lab = JupyterLab(page, jupyter_server, re.sub(r"^test_", "", request.node.name), loaded)
    yield lab
    failed = request.node.stash.get(FAILED, True)
    if failed:
        lab.screenshot()
    lab.leave()
    loaded_pages.give_back(lab, failed)
    jupyter_server.forget()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


# Whether a page is JupyterLab's with nothing that waits for an answer.
TIDY = "() => jupyterapp.name === 'JupyterLab' && !document.querySelector('.jp-Dialog')"


def new_page(browser: Browser, frames: int | None = None) -> Page:
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(TIMEOUT)
    if frames is not None:
        context.add_init_script(FEWER_FRAMES % frames)
    page = context.new_page()
    if SLOWER > 1:
        devtools = context.new_cdp_session(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return page


class LoadedPages:
    """One page at a time, used by one test after the other: to load JupyterLab takes 3 s."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._page: Page | None = None
        self._used = 0

    def take(self) -> tuple[Page, bool]:
        """Give the page, and whether it shows JupyterLab already."""
        loaded = self._page is not None
        if self._page is None:
            self._page, self._used = new_page(self._browser, FRAMES), 0
        self._used += 1
        return self._page, loaded

    def give_back(self, lab: JupyterLab, spoiled: bool) -> None:
        """Keep the page for the next test if it can be made as if it were new."""
        if spoiled or self._used >= MOST_TESTS or not self._tidied(lab):
            self.drop()

    def drop(self) -> None:
        """Close the page; the next test has another one."""
        if self._page is not None:
            self._page.context.close()
            self._page = None

    def _tidied(self, lab: JupyterLab) -> bool:
        page = lab.page
        try:
            page.set_default_timeout(TIMEOUT)
            page.set_viewport_size(VIEWPORT)
            page.emulate_media(forced_colors="null", color_scheme="null")
            page.mouse.move(0, 0)
            if page.evaluate("() => document.body.dataset.jpThemeName") != LIGHT:
                lab.set_theme(LIGHT)
            lab.close_all()
            return page.evaluate(TIDY)
        except PlaywrightError:
            return False
