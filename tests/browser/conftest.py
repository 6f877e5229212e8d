"""Fixtures of the browser tests: one JupyterLab and one Chromium a session, one page a test."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from nengolab.benchmarks import chromium
from tests.browser.jupyter import REPOSITORY, JupyterLab, Server
from tests.forking import Forker

# Of a machine with other work, where a page may stand still for seconds.
expect.set_options(timeout=30_000)

#: Cells off screen are not rendered, so a page is taller than any screen.
VIEWPORT = {"width": 1500, "height": 2200}

#: So many times slower do pages run, as on a busy machine: hasty tests fail then.
SLOWER = float(os.environ.get("NENGOLAB_TEST_SLOWER_PAGES", "1"))


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
    context = browser.new_context(viewport=VIEWPORT)
    context.set_default_timeout(30_000)
    page = context.new_page()
    if SLOWER > 1:
        devtools = context.new_cdp_session(page)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page
    context.close()


@pytest.fixture
def lab(page: Page, jupyter_server: Server, request: pytest.FixtureRequest) -> Iterator[JupyterLab]:
    """JupyterLab in a page, with no session, kernel or setting left over from another test.

    A picture of the page as the test left it is always taken.
    """
    jupyter_server.forget()
    lab = JupyterLab(page, jupyter_server, re.sub(r"^test_", "", request.node.name))
    yield lab
    lab.screenshot()
    jupyter_server.forget()
