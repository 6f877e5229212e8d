"""How long it takes until something is seen that was not there: an added plot, a Lab."""

from __future__ import annotations

import time
from dataclasses import dataclass

from nengolab.benchmarks.jupyter import EXECUTE
from nengolab.benchmarks.live.figures import Delays
from nengolab.benchmarks.live.phases import moves_between
from nengolab.benchmarks.live.stage import RUN_CELL, Stage

# --- a plot that is added ----------------------------------------------------------------------


@dataclass(frozen=True)
class Added:
    """How a plot came that was added to a running network.

    Attributes
    ----------
    first_s : float
        From asking in the page to the first animation frame that has a line on the new plot.
    from_call_s : float
        The same from ``add_plot`` in the kernel.
    standstill_s : float
        Longest time meanwhile in which the run made no step.
    """

    first_s: float
    from_call_s: float
    standstill_s: float


#: What is added, and whether it was there before. Of the plots that are open the second is the
#: raster of the second ensemble: rates read the same spikes.
CASES = {
    "signal plotted already": ("net.ensembles[1], 'rates'", False),
    "signal plotted before": ("net.ensembles[40], 'value'", True),
    "signal new": ("net.ensembles[50], 'value'", False),
}


def adding(stage: Stage) -> dict[str, Added]:
    """Add plots of each of `CASES` to a network that runs, and take them away again."""
    return {case: _add(stage, *how) for case, how in CASES.items()}


def _add(stage: Stage, what: str, was_there: bool) -> Added:
    if was_there:
        stage.do(f"plot = lab.add_plot({what})")
        time.sleep(3.0)
        stage.do("lab.remove_plot(plot)")
    time.sleep(2.0)  # what compiles in the background has come to its end
    stage.do("pulse = Pulse(lab.session)")
    found = stage.bring(EXECUTE, f"called = time.time()\nplot = lab.add_plot({what})")
    standstill = stage.value("pulse.stop()")
    called = stage.value("called")
    stage.do("lab.remove_plot(plot)")
    return Added(found["seen"] - found["asked"], found["seen"] - called, standstill)


# --- a Lab of a small network ------------------------------------------------------------------

FIRST_ROUNDS = 3

_WARM = """\
import itertools
net = network(3)
lab = Lab(net)
lab.session.play()
lab"""

_THREE = """\
with nengo.Network(seed=0) as three:
    drive = nengo.Node([0.5], label="drive")
    a, b, c = (nengo.Ensemble(next(sizes), 1, label=name) for name in "abc")
    nengo.Connection(drive, a)
    nengo.Connection(a, b)
    nengo.Connection(b, c)
small = Lab(three)
small.session.play()
small"""


def first_frames(stage: Stage) -> dict[str, list[float]]:
    """Seconds from running a cell with three ensembles to its first live frame, kernel warm.

    Each "new" network is compiled anew; "as before" is one that was compiled already.
    """
    stage.open([_WARM, _THREE], height=1600)
    stage.run_cell(1)
    stage.wait("lab.session.n_steps > 1000")
    stage.do("lab.close()")
    found = {}
    for name, sizes in (("new", "itertools.count(60)"), ("as before", "itertools.repeat(60)")):
        stage.do(f"sizes = {sizes}")
        found[name] = [_first(stage) for _ in range(FIRST_ROUNDS)]
    return found


def _first(stage: Stage) -> float:
    seen = stage.bring(RUN_CELL, 2)
    stage.lab.wait_idle()
    stage.wait("small.session.n_steps > 500")
    return seen["seen"] - seen["asked"]


# --- the least there can be --------------------------------------------------------------------

_BARE = '''\
import anywidget, ipywidgets
class Canvas(anywidget.AnyWidget):
    _esm = """
    function render({ model, el }) {
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [600, 184];
      const context = canvas.getContext("2d");
      const draw = (value) => {
        context.clearRect(0, 0, 600, 184);
        context.fillStyle = "#0072b2";
        context.fillRect(0, 170 - 1.5 * value, 600, 2);
      };
      model.on("msg:custom", ({ value }) => requestAnimationFrame(() => draw(value)));
      draw(50);
      el.append(canvas);
    }
    export default { render };
    """
canvas, slider = Canvas(), ipywidgets.IntSlider()
slider.observe(lambda change: canvas.send({"value": change["new"]}), "value")
ipywidgets.VBox([slider, canvas])'''


def bare(stage: Stage) -> Delays:
    """The way of a slider's move through an idle kernel to a canvas, with ipywidgets alone."""
    stage.open([_BARE])
    stage.run_cell(1)
    slider = stage.page.locator(".noUi-target")
    slider.wait_for()
    return moves_between(stage, slider)
