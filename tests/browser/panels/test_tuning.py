"""Tuning curves on the page: alone and in a Lab, picked in one panel and marked in the others."""

import numpy as np

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import Panel, until
from tests.browser.panels.looks import check_looks

NETWORK = """\
import nengo
import numpy as np
from nengolab_widgets import Lab, Raster, Tuning

with nengo.Network(label="What neurons answer to", seed=1) as net:
    wave = nengo.Node(lambda t: [np.sin(6 * t), np.cos(6 * t)], label="wave")
    line = nengo.Ensemble(60, 1, label="line")
    plane = nengo.Ensemble(120, 2, label="plane")
    nengo.Connection(wave[0], line)
    nengo.Connection(wave, plane)
tuning = Tuning(net, line)
tuning
"""
LAB = """\
lab = Lab(net, plots=[(line, "raster"), (line, "tuning"), (plane, "tuning")])
lab
"""


def test_what_is_picked_in_one_panel_is_marked_in_all(lab: JupyterLab) -> None:
    lab.open_notebook(lab.server.add_notebook([NETWORK, LAB], "tuning.ipynb"))
    lab.run_all()
    alone, whole = Panel(lab, 0), Panel(lab, 1)
    whole.wait_state("ready")
    until(lambda: "max_rate" in whole.plot("line tuning"), "curves")
    until(lambda: whole.root.locator(".nl-figure canvas").count() > 0, "figures")
    lab.page.wait_for_timeout(1500)
    alone.screenshot("alone")
    whole.screenshot("whole")
    print(lab.errors)
    assert lab.errors == []
