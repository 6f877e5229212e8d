"""``python -m nengolab.benchmarks --inspect``: how fast panels are that are looked at.

Measured in a real JupyterLab, from outside, as the live panel is.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nengolab.benchmarks.live.stage import HERE, Stage, staged, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator

IN_KERNEL = (HERE / "in_kernel_looks.py").read_text()
MATRIX = 4000
#: What an event must have led to by then.
LOST_MS = 10_000

_HEAD = "panels that are looked at, in JupyterLab and Chromium"


@dataclass(frozen=True)
class Line:
    """One line of what is printed.

    Attributes
    ----------
    what : str
    found : str
    goal : str
    """

    what: str
    found: str
    goal: str

    def __str__(self) -> str:
        return f"{self.what:<72}{self.found:>22}  (goal: {self.goal})"


def main(pieces: Sequence[str] = (), python: str = sys.executable) -> int:
    """Measure and print.

    Parameters
    ----------
    pieces : sequence of str
        Of `PIECES`; all of them where it is empty.
    python : str
        The Python whose JupyterLab, engine and panels are measured.
    """
    print(_HEAD, flush=True)
    with staged(python) as open_stage:
        for piece in list(pieces) or list(PIECES):
            stage = open_stage()
            try:
                for line in PIECES[piece](stage):
                    print(line, flush=True)
            finally:
                stage.close()
    return 0


# --- while it trains -----------------------------------------------------------------------------

_TRAINED = """\
watched, alone = Trained(), Trained()
tuning = Tuning(watched.sim, "ens")
tuning"""


def trained(stage: Stage, rounds: int = 9, epochs: int = 12) -> Iterator[Line]:
    """Train two networks alike in turn, one of them with its tuning curves on the page.

    Once with kernel and page on cores of their own, as where there are enough of them, and once
    where the system puts them.
    """
    _open(stage, [_TRAINED])
    _figures(stage, 2)
    stage.call("rest")
    stage.value(f"watched.fit({epochs})")
    what = "tuning curves of 1,000 neurons that sim.fit trains"
    try:
        with stage.on_own_cores():
            pictures, clock, processor = _kept(stage, rounds, epochs)
    except NotImplementedError as error:
        yield Line(f"{what}: not measured", str(error), "10, 0.97")
    else:
        yield Line(f"{what}: pictures a second", f"{pictures:.1f}", "10")
        yield Line("  speed kept, kernel and page on cores of their own", f"{clock:.2f}", "0.97")
        yield Line("  the same in batches per second of the processor", f"{processor:.2f}", "0.97")
    pictures, clock, processor = _kept(stage, rounds, epochs)
    what = f"{pictures:.1f} a second, {clock:.2f}, {processor:.2f}"
    yield Line("  the same three, where the system puts them", what, "none")


def _kept(stage: Stage, rounds: int, epochs: int) -> tuple[float, float, float]:
    """Pictures a second; the share of a fit's speed that is kept, by clock and by processor."""
    found = []
    for _ in range(rounds):
        alone = stage.value(f"alone.fit({epochs})")
        with _counted(stage) as counted:
            watched = stage.value(f"watched.fit({epochs})")
        found.append((max(counted), watched[0] / alone[0], watched[1] / alone[1]))
    pictures, clock, processor = np.median(found, axis=0)
    return pictures, clock, processor


# --- a large matrix ------------------------------------------------------------------------------

_MATRIX = f"""\
sim = nengolab.Simulator(many_weights({MATRIX}), progress_bar=False)
weights = Weights(sim)
weights"""


def matrix(stage: Stage, opens: int = 5, zoom_s: float = 4.0) -> Iterator[Line]:
    """Open a matrix with a click, several times, and zoom it with the wheel."""
    _open(stage, [_MATRIX])
    _figures(stage, 2)
    panel = stage.page.locator(".nl-lab").first
    took = []
    for _ in range(opens):
        for name, cells in (("pre.encoders", None), ("full.weights", MATRIX)):
            option = panel.get_by_role("option").filter(has_text=name).first
            option.wait_for()
            stage.call("arm_shown", _SHOWS, [cells], _MATRICES, LOST_MS)
            option.click()
            seen = stage.call("outcome")
            if cells is not None:
                took.append(seen)
            time.sleep(1.0)
    yield Line(
        f"{MATRIX:,} x {MATRIX:,} weights: from the click to the image, median / most",
        f"{np.median(took) / 1000:.2f} / {max(took) / 1000:.2f} s",
        "1",
    )
    with _counted(stage) as counted:
        _zoom(stage, panel.locator(".nl-figure").first, zoom_s)
    yield Line("  zoomed with the wheel: pictures a second", f"{max(counted):.0f}", "30")


def _zoom(stage: Stage, figure: Locator, seconds: float) -> None:
    box = figure.bounding_box()
    assert box is not None, "the matrix is hidden"
    stage.page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    stage.page.keyboard.down("Control")
    began, turns = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        stage.page.mouse.wheel(0, -40 if turns % 120 < 60 else 40)
        turns += 1
    stage.page.keyboard.up("Control")


# --- what is picked ------------------------------------------------------------------------------

_PICKED = """\
net = answering()
lab = Lab(net, [(net.line, "raster"), (net.line, "tuning")], network=False)
lab"""
_WEIGHTS = """\
weights = Weights(lab, net.line)
weights"""


def picked(stage: Stage, picks: int = 20) -> Iterator[Line]:
    """Click on neurons in one panel until they are marked in three others, of two widgets."""
    _open(stage, [_PICKED, _WEIGHTS, "tuning = Tuning(lab, net.line)\ntuning"])
    stage.wait("lab.session.state == 'ready'")
    stage.do("lab.session.run_for(0.5).result()")
    _figures(stage, 6)
    alone = stage.page.locator(".nl-lab").nth(2)
    points = alone.locator(".nl-figure").last
    rng = random.Random(0)
    took = []
    for neuron in rng.sample(range(60), picks):
        place = points.evaluate(_POINT, neuron)
        stage.page.mouse.move(place["x"], place["y"])
        time.sleep(rng.uniform(0.4, 0.6))
        stage.call("arm_shown", _MARKS, [neuron], _OTHERS, LOST_MS)
        stage.page.mouse.click(place["x"], place["y"])
        took.append(stage.call("outcome"))
    yield Line(
        "from a pick to its mark in raster, curves and weights, median / p95",
        f"{np.median(took):.0f} / {np.percentile(took, 95):.0f} ms",
        "100",
    )


# --- parts ---------------------------------------------------------------------------------------

#: Of the page: whether the matrix that is shown has so many rows and columns; None: another array.
_SHOWS = """cells => {
  const { nengolab } = document.querySelector(".nl-lab");
  const [source] = Object.values(nengolab.sources());
  return source?.region === undefined ? false : (source.region[3] === cells) === (cells !== null);
}"""
_MATRICES = ".nl-parameters-main .nl-figure:not([hidden]):first-child"
#: Whether a neuron alone is marked in all widgets; and in which elements the marks are to be drawn.
_MARKS = """neuron => [...document.querySelectorAll(".nl-lab")].every(({ nengolab }) =>
  Object.values(nengolab.sources()).every(({ picked }) =>
    picked === undefined || (picked.length === 1 && picked[0] === neuron)))"""
_OTHERS = (
    'figure[data-kind="raster"], figure[data-kind="tuning"] .nl-figure:first-child, '
    ".nl-parameters-main .nl-figure:not([hidden]):first-child"
)
_POINT = """(figure, neuron) => {
  const { nengolab } = figure.closest(".nl-lab");
  const { px, py } = Object.values(nengolab.sources()).find(({ px }) => px !== undefined);
  return figure.nengolabSpot(px[neuron], py[neuron]);
}"""


def _open(stage: Stage, cells: list[str]) -> None:
    (stage.lab.server.root / "looks_setup.py").write_text(IN_KERNEL)
    imports = (
        "import nengolab\nfrom looks_setup import *\nfrom nengolab_widgets import Tuning, Weights\n"
    )
    stage.open([imports + cells[0], *cells[1:]], 2200)
    for index in range(len(cells)):
        stage.run_cell(index + 1)


def _figures(stage: Stage, count: int) -> None:
    """Wait until so many figures are drawn."""
    drawn = stage.page.locator(".nl-figure canvas")
    until(lambda: drawn.count() >= count, f"{count} figures; there are {drawn.count()}")
    time.sleep(2.0)


@contextmanager
def _counted(stage: Stage) -> Iterator[list[float]]:
    """Add to the list, of each plot, how many pictures a second it was drawn anew meanwhile."""
    found: list[float] = []
    stage.call("begin")
    yield found
    counts = stage.call("counts")
    found += [plot["drawn"] / counts["seconds"] for plot in counts["plots"]]


PIECES: dict[str, Callable[[Stage], Iterator[Line]]] = {
    "trained": trained,
    "matrix": matrix,
    "picked": picked,
}
