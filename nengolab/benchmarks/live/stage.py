"""Where the panel is measured: a JupyterLab, a Chromium, and a page that is watched."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nengolab.benchmarks.jupyter import JupyterLab, Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

HERE = Path(__file__).parent
PLOT_WIDTH = 600
#: Wide enough for two columns of them, and for the sliders.
PAGE: ViewportSize = {"width": 1760, "height": 1000}
#: Tall enough for twenty plots in two columns: those off the screen are not drawn.
TALL = 2700

SETUP = "from live_setup import *"
IN_KERNEL = (HERE / "in_kernel.py").read_text()
# The engine imports no widgets: the notebook does.
IMPORTS = "from nengolab.live import Session\nfrom nengolab_widgets import Lab\n"


class Stage:
    """One page with one notebook, whose kernel and renderer are known.

    Parameters
    ----------
    browser
        A Playwright browser.
    server
        A JupyterLab that runs.
    """

    def __init__(self, browser: Browser, server: Server) -> None:
        context = browser.new_context(viewport=PAGE)
        context.set_default_timeout(60_000)
        context.add_init_script(path=HERE / "page.js")
        self.page = context.new_page()
        self.lab = JupyterLab(self.page, server)
        self._browser, self._context = browser, context

    def close(self) -> None:
        """Close the page and end its kernel."""
        self._context.close()
        self.lab.server.forget()

    # --- the notebook ---------------------------------------------------------------------------

    def open(
        self, cells: list[str], height: int = PAGE["height"], width: int = PAGE["width"]
    ) -> None:
        """Open a notebook that runs `in_kernel` and the imports first; run none of it yet."""
        self.page.set_viewport_size({"width": width, "height": height})
        (self.lab.server.root / "live_setup.py").write_text(IN_KERNEL + IMPORTS)
        name = self.lab.server.add_notebook([SETUP, *cells], "live.ipynb")
        self.lab.open_notebook(name)
        self.run_cell(0)

    def run_cell(self, index: int, timeout: float = 240.0) -> None:
        """Run one cell and wait until it is done."""
        self.page.evaluate(RUN_CELL, index)
        self.lab.wait_idle(timeout)
        failed = self.lab.errors_in_cells()
        if failed:
            raise RuntimeError("a cell of the benchmark raised:\n" + "\n".join(failed))

    def do(self, code: str) -> None:
        """Run code in the kernel behind the notebook's back."""
        reply = self.lab.execute(code)
        if reply["status"] != "ok":
            raise RuntimeError(f"{code}: {reply['ename']}: {reply['evalue']}")

    def value(self, expression: str) -> Any:
        """Give the value of an expression in the kernel."""
        return self.lab.value(expression)

    def wait(self, expression: str, timeout: float = 120.0) -> Any:
        """Wait until an expression in the kernel is true, and give what it is."""
        return until(lambda: self.value(expression), expression, timeout)

    # --- the page -------------------------------------------------------------------------------

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function of page.js."""
        code = "([name, args]) => window.nengolabBenchmark[name](...args)"
        return self.page.evaluate(code, [name, list(arguments)])

    def arrange(self, count: int) -> list[dict[str, float]]:
        """Wait for ``count`` plots, each 600 pixels wide, and give where they stand.

        The grid of plots is told so: panels make their columns as wide as the page allows, and
        not every panel has such plots at any width of the page.
        """
        self.page.add_style_tag(content=_COLUMNS)

        def found() -> list[dict[str, float]]:
            boxes = self.plots()
            return boxes if len(boxes) == count else []

        try:
            return until(found, f"{count} plots of {PLOT_WIDTH} pixels")
        except TimeoutError as error:
            boxes = self.call("begin")
            sizes = sorted({(round(box["width"]), round(box["height"])) for box in boxes})
            raise TimeoutError(f"{error}; there are {len(boxes)} of sizes {sizes}") from None

    def plots(self) -> list[dict[str, float]]:
        """Begin to count; give where the plots are. The network view beside them is none."""
        return self.call("begin", PLOT_WIDTH)

    def bring(self, act: str, *arguments: Any, timeout: float = 60.0) -> dict[str, float]:
        """Do something in the page and wait for a new plot with a line on it.

        Parameters
        ----------
        act
            A JavaScript function.
        arguments
            What it takes.

        Returns
        -------
        dict
            When it was ``asked`` for and ``seen``, in seconds as ``time.time()`` counts them.
        """
        code = (
            f"([args, timeout]) => window.nengolabBenchmark.bring(() => ({act})(...args), timeout)"
        )
        found = self.page.evaluate(code, [list(arguments), 1000 * timeout])
        if found is None:
            raise TimeoutError(f"no new plot was seen in {timeout:.0f} s after {arguments}")
        return found

    # --- processes ------------------------------------------------------------------------------

    def kernel_pid(self) -> int:
        """Give the process id of the kernel."""
        return self.value("__import__('os').getpid()")

    @contextmanager
    def on_own_cores(self) -> Iterator[None]:
        """Keep the kernel on one half of the cores; browser, server and driver on the other.

        Left alone, Linux may have all of them wait for one core of two, while the other is idle.

        Raises
        ------
        NotImplementedError
            Where there is one core, or a system that does not place processes.
        """
        import psutil

        this = psutil.Process()
        if not hasattr(this, "cpu_affinity") or len(cores := this.cpu_affinity() or ()) < 2:
            raise NotImplementedError("processes cannot be placed on cores of their own here")
        half, kernel = len(cores) // 2, self.kernel_pid()

        def place(of_kernel: list[int], of_others: list[int]) -> None:
            for process in (this, *this.children(recursive=True)):
                with suppress(psutil.NoSuchProcess):
                    for thread in process.threads():
                        with suppress(psutil.NoSuchProcess):
                            mine = of_kernel if process.pid == kernel else of_others
                            psutil.Process(thread.id).cpu_affinity(mine)

        place(cores[half:], cores[:half])
        try:
            yield
        finally:
            place(cores, cores)

    def renderer_pids(self) -> list[int]:
        """Give the process ids of the browser's renderers."""
        session = self._browser.new_browser_cdp_session()
        found = session.send("SystemInfo.getProcessInfo")["processInfo"]
        session.detach()
        return [process["id"] for process in found if process["type"] == "renderer"]


_COLUMNS = f".nl-plots {{ grid-template-columns: repeat(2, {PLOT_WIDTH}px) !important; }}"

RUN_CELL = """async index => {
  const panel = jupyterapp.shell.currentWidget;
  panel.content.activeCellIndex = index;
  await jupyterapp.commands.execute('notebook:run-cell');
}"""


def until(condition: Callable[[], Any], what: str, timeout: float = 60.0) -> Any:
    """Wait until a condition holds and give what it gave."""
    end = time.monotonic() + timeout
    while not (result := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {timeout:.0f} s: {what}")
        time.sleep(0.1)
    return result


@contextmanager
def staged(python: str = sys.executable) -> Iterator[Callable[[], Stage]]:
    """Run a JupyterLab and a Chromium; gives what opens a page.

    Parameters
    ----------
    python
        The Python whose JupyterLab, engine and panel are measured.
    """
    chromium = _chromium()
    quiet = {"TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2")}
    with tempfile.TemporaryDirectory(prefix="nengolab-live-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), python=python, environment=quiet)
        server.start()
        try:
            with chromium.launch() as browser:
                yield lambda: Stage(browser, server)
        finally:
            server.stop()


def _chromium() -> Any:
    try:
        import playwright  # noqa: F401
        import psutil  # noqa: F401
    except ImportError as error:
        raise SystemExit(
            f"measuring the panel drives a real browser, and {error.name} is not installed: "
            "pip install 'nengolab[benchmarks]'"
        ) from None
    from nengolab.benchmarks import chromium

    try:
        chromium.require()
    except FileNotFoundError as error:
        raise SystemExit(str(error)) from None
    return chromium
