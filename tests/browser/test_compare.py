"""A network and its twins on the page: built in the background, driven by one slider."""

import numpy as np
import pytest

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import Panel, until
from tests.browser.panels.looks import check_looks

NETWORK = """\
import nengo
import numpy as np
from nengolab_widgets import Compare

with nengo.Network(label="A net", seed=1) as net:
    drive = nengo.Node([0.5], label="drive")
    many = nengo.Ensemble(1500, 2, label="many")
    ens = nengo.Ensemble(40, 1, label="ens")
    nengo.Connection(drive, many[0])
    nengo.Connection(many, ens, function=lambda x: x[0])
twins = Compare(net, ens, speed=None)
at_once = twins.session.state
twins
"""


@pytest.mark.in_turn
def test_twins_are_built_beside_the_cell_and_driven_by_one_slider(lab: JupyterLab) -> None:
    lab.open_notebook(lab.server.add_notebook([NETWORK], "twins.ipynb"))
    lab.run_all()
    assert lab.value("at_once") in ("loading", "building")
    panel = Panel(lab)
    panel.wait_state("ready")
    titles = [
        "rate/ens rates",
        "rate/ens value",
        "spiking/ens raster",
        "spiking/ens value",
        "spiking/ens rates",
        "spiking/ens intervals",
        "ens: spiking − rate value",
    ]
    until(lambda: panel.titles()[: len(titles)] == titles, "the plots of both twins")
    panel.drag("drive", -0.8)
    until(
        lambda: lab.value("float(twins.session.inputs[twins.twins.inputs[drive]][0])") == -0.8,
        "set",
    )
    lab.value("twins.session.run_for(1.0).result() is None")
    panel.wait_time(1.0)
    for title in ("rate/ens value", "spiking/ens value"):
        until(lambda t=title: abs(panel.recent(t, count=5) + 0.8) < 0.15, f"{title} follows")
    until(lambda: len(panel.plot("spiking/ens raster")["t"]) > 100, "spikes")
    error = panel.plot("ens: spiking − rate value")["y0"]
    assert 0 < np.abs(error).max() < 0.5
    check_looks(panel, lab)
    assert lab.errors == []
