"""A driver for one Lab on the page: presses what a person presses, reads what is plotted."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from tests.browser.jupyter import keep_for_docs

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.jupyter import JupyterLab

#: A first cell for tests: a driven ensemble and a node that moves by itself.
NETWORK = """\
import nengo
import numpy as np
from nengolab_widgets import Lab

with nengo.Network(label="A network to test", seed=1) as net:
    drive = nengo.Node([0.5], label="drive")
    wave = nengo.Node(lambda t: [np.sin(6 * t), np.cos(6 * t)], label="wave")
    ens = nengo.Ensemble(60, 1, label="ens")
    plane = nengo.Ensemble(80, 2, label="plane")
    nengo.Connection(drive, ens)
    nengo.Connection(wave, plane)
"""


def until(condition: Callable[[], Any], what: str, timeout: float = 30.0) -> Any:
    """Wait until a condition holds and return what it gave.

    A condition that does not find a plot, a column or a value in it does not hold yet.
    """
    begun = time.monotonic()
    while True:
        missing = ""
        try:
            if result := condition():
                return result
        except (LookupError, ValueError) as error:
            missing = f" ({type(error).__name__}: {error})"
        waited = time.monotonic() - begun
        if waited > timeout:
            raise AssertionError(f"not within {timeout} s: {what}{missing}")
        time.sleep(min(0.1 + waited / 20, 0.3))  # to ask takes a hundredth of a second of a core


def comes(value: Callable[[], Any], expected: Any, timeout: float = 30.0) -> None:
    """Wait until a value is the expected one."""
    try:
        until(lambda: value() == expected, str(expected), timeout)
    except AssertionError:
        assert value() == expected
        raise


class Panel:
    """One Lab.

    Parameters
    ----------
    lab
        The page it is on.
    index
        Which of the Labs on the page.
    """

    def __init__(self, lab: JupyterLab, index: int = 0) -> None:
        self.lab = lab
        self.root: Locator = lab.page.locator(".nl-lab").nth(index)
        self.root.wait_for()

    # --- what it says --------------------------------------------------------------------------

    @property
    def status(self) -> dict[str, Any]:
        """State, time, steps, speeds and error, as last received."""
        return self.root.evaluate("el => el.nengolab.status()")

    @property
    def words(self) -> str:
        """The state as a person reads it."""
        return self.root.locator(".nl-state").inner_text()

    @property
    def stats(self) -> dict[str, int]:
        """Frames received and drawn, and how fast."""
        return self.root.evaluate("el => el.nengolabStats()")

    def wait_state(self, state: str, timeout: float = 180.0) -> None:
        """Wait until the session is in a state, and the panel has it from there."""
        until(lambda: self.status["state"] == state, f"{state}; it is {self.status}", timeout)

    def wait_time(self, seconds: float, timeout: float = 120.0) -> None:
        """Wait until simulated time."""
        until(lambda: self.status["time"] >= seconds, f"time {seconds}; {self.status}", timeout)

    # --- what it plots -------------------------------------------------------------------------

    def titles(self) -> list[str]:
        """Object and kind of each plot."""
        return self.root.evaluate(
            "el => (el.nengolab.layout()?.panels ?? []).map(p => `${p.title} ${p.kind}`)"
        )

    def plot(self, title: str) -> dict[str, np.ndarray]:
        """Return what one plot keeps, as columns; it is called such as "ens value".

        Before the page knows it there is nothing.
        """
        columns = self.root.evaluate(
            """(el, title) => {
              const panels = el.nengolab.layout()?.panels;
              if (panels === undefined) return {};
              const plot = panels.find(p => `${p.title} ${p.kind}` === title);
              if (plot === undefined) return {};
              const columns = el.nengolab.sources()[plot.id];
              const plain = values => values.map(v => Number.isNaN(v) ? null : v);
              return Object.fromEntries(Object.entries(columns).map(([k, v]) => [k, plain(v)]));
            }""",
            title,
        )
        return {name: np.array(values, dtype=float) for name, values in columns.items()}

    def recent(self, title: str, column: str = "y0", count: int = 20) -> float:
        """Return the mean over the newest points of a line, NaN while it has none."""
        values = self.plot(title)[column]
        return float(values[-count:].mean()) if len(values) else float("nan")

    # --- what a person does --------------------------------------------------------------------

    def press(self, name: str) -> None:
        """Press the button of this name."""
        self.root.get_by_role("button", name=name, exact=True).click()

    def drag(self, slider: str, value: float) -> None:
        """Move a slider."""
        self.root.get_by_role("slider", name=slider, exact=True).fill(str(value))

    def add_plot(self, label: str) -> None:
        """Choose from "+ add a plot"."""
        self.press("+ add a plot")
        self.root.get_by_label("find an object").fill(label.partition(":")[0])
        self.root.get_by_role("button", name=label, exact=True).click()

    # --- how it looks --------------------------------------------------------------------------

    def drawn(self, frames: int = 3) -> None:
        """Wait until the page has drawn what it knows now."""
        for _ in range(frames):
            self.root.evaluate("() => new Promise((done) => requestAnimationFrame(done))")

    def pixels(self, selector: str = "") -> np.ndarray:
        """Return what is on the screen as grey values (height, width), 0 to 255."""
        target = self.root.locator(selector).first if selector else self.root
        return np.asarray(Image.open(io.BytesIO(target.screenshot())).convert("L"), dtype=float)

    def screenshot(self, label: str, docs: str = "") -> None:
        """Keep a picture of the panel; ``docs`` is what the docs call it, if they show it."""
        picture = self.lab.screenshot(label, of=self.root)
        if docs:
            keep_for_docs(picture, docs)


def open_panel(
    lab: JupyterLab, cells: list[str] | None = None, kernel: str = "python3", name: str = "lab"
) -> Panel:
    """Open a notebook with a network and its Lab, run it, and wait until it is ready."""
    cells = cells or [NETWORK, "lab = Lab(net)\nlab"]
    lab.open_notebook(lab.server.add_notebook(cells, f"{name}.ipynb", kernel=kernel))
    lab.run_all()
    panel = Panel(lab)
    panel.wait_state("ready")
    return panel
