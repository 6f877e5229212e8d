"""How long a large network takes until it is laid out on the page, and whether the page freezes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from nengolab.benchmarks.live.stage import Stage

#: In the kernel: areas of ensembles in chains, with as many connections more at random.
LARGE = """\
import nengo
import numpy as np
import nengolab_widgets

rng = np.random.RandomState(0)
def build(areas, each):
    with nengo.Network(label="large", seed=1) as net:
        inner = []
        for area in range(areas):
            with nengo.Network(label=f"area {area}"):
                inner.append([nengo.Ensemble(10, 1, label=f"e{i}") for i in range(each)])
                for a, b in zip(inner[-1], inner[-1][1:]):
                    nengo.Connection(a, b)
                for a, b in rng.randint(each, size=(each, 2)):
                    nengo.Connection(inner[-1][a], inner[-1][b])
        for a, b in rng.randint(areas, size=(areas, 2)):
            nengo.Connection(inner[a][0], inner[b][0])
    return net
net = build(30, 100)
"""

#: In the page: milliseconds from the execution of a cell to a network that is laid out, and the
#: longest time meanwhile without an animation frame.
OPENING = """async (index) => {
  const start = performance.now();
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  const before = document.querySelectorAll(".nl-lab").length;
  void jupyterapp.commands.execute("notebook:run-cell");
  const ready = () => {
    const labs = document.querySelectorAll(".nl-lab");
    const lab = labs[labs.length - 1]?.nengolab;
    if (labs.length === before || lab === undefined) return false;
    const sources = lab.sources();
    return lab.layout()?.panels.some(({ id }) => sources[id]?.object?.length > 0) ?? false;
  };
  let [last, longest] = [start, 0];
  while (!ready()) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (now - start > 60000) throw new Error("not within a minute");
  }
  return [performance.now() - start, longest];
}"""


@dataclass(frozen=True)
class Opened:
    """How a network view came.

    Attributes
    ----------
    seconds : float
        From the execution of its cell to a network that is laid out.
    frozen : float
        Longest time (s) without an animation frame until then.
    """

    seconds: float
    frozen: float


_NAMES = "opened=[f'area {{i}}' for i in range({areas})]"
#: What is opened: areas of 100 ensembles, and whether they are. The first is what JupyterLab and a
#: widget take by themselves.
CASES = {
    "2 objects": (0, False, ""),
    "3,000 objects, subnetworks closed": (30, False, "0.5"),
    "3,000 objects, all open": (30, True, "2"),
    "30,000 objects, subnetworks closed": (300, False, ""),
    "30,000 objects, all open": (300, True, ""),
}
ROUNDS = 5
#: By then the kernel has collected what a view that is no longer there has left.
COLLECTED_S = 7.0


def opening(stage: Stage) -> dict[str, list[Opened]]:
    """Open each of `CASES` a few times, in a warm kernel, by the network view alone."""
    cells = ["nengolab_widgets.Network(net)"]
    for areas, is_open, _ in CASES.values():
        opened = f", {_NAMES.format(areas=areas)}" if is_open else ""
        cells.append(f"nengolab_widgets.Network(nets[{areas}]{opened})")
    stage.open(cells, height=3200)
    stage.do(LARGE)
    stage.do("nets = {0: build(1, 2)} | {areas: build(areas, 100) for areas in (30, 300)}")
    # The first one has the page compile the front end.
    _open(stage, 1)
    return {
        case: [_open(stage, 2 + index) for _ in range(ROUNDS)] for index, case in enumerate(CASES)
    }


def _open(stage: Stage, cell: int) -> Opened:
    # As where nothing stands in the cell yet, and nothing is left of what stood in the last one.
    stage.page.evaluate(_CLEAR, cell)
    time.sleep(COLLECTED_S)
    took, frozen = stage.page.evaluate(OPENING, cell)
    stage.lab.wait_idle()
    return Opened(took / 1000, frozen / 1000)


_CLEAR = """async (index) => {
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  await jupyterapp.commands.execute("notebook:clear-cell-output");
}"""
