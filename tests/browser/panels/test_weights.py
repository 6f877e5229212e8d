"""Weights that are learned, and the signals of their rules, on the page."""

import pytest

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import comes, open_panel, until
from tests.browser.panels.looks import check_looks

pytestmark = pytest.mark.in_turn

NETWORK = """\
import nengo
import numpy as np
from nengolab_widgets import Lab

with nengo.Network(label="learns", seed=1) as net:
    wave = nengo.Node(lambda t: [np.sin(6 * t), np.cos(6 * t)], label="wave")
    pre = nengo.Ensemble(250, 2, label="pre")
    post = nengo.Ensemble(150, 2, label="post")
    error = nengo.Node(size_in=2, label="error")
    nengo.Connection(wave, pre)
    nengo.Connection(post, error)
    nengo.Connection(wave, error, transform=-1)
    decoders = nengo.Connection(
        pre, post, function=lambda x: [0, 0], learning_rule_type=nengo.PES(3e-4), label="decoders")
    nengo.Connection(error, decoders.learning_rule)
    full = nengo.Connection(
        pre, post, solver=nengo.solvers.LstsqL2(weights=True),
        learning_rule_type=nengo.BCM(1e-10), label="full")
"""
PLOTS = """\
lab = Lab(net, plots=[
    (full, "weights", {"of": "change since the start", "show": "matrix"}),
    (full, "learning", {"signal": "theta", "show": "image", "neurons": ""})])
lab
"""


def test_what_is_learned_in_light_and_dark(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, PLOTS], name="weights")
    title = "decoders weights"
    # Connections that learn are in the menu.
    panel.add_plot("decoders: learned weights")
    panel.add_plot("decoders: learning signal")
    until(lambda: panel.titles()[2:] == [title, "decoders learning"], "both")
    lab.execute("lab.add_plot(decoders, 'weights', show='change', columns='0:20')")
    until(lambda: panel.titles()[4:] == [title], "one more of the same")
    # The matrix from before the run is there.
    until(lambda: list(panel.plot(title)["t"]) == [0], "the first matrix", 60)
    lab.page.set_viewport_size({"width": 1500, "height": 2600})
    panel.press("play")
    until(lambda: len(panel.plot("decoders learning").get("y0", ())) > 100, "the error", 120)
    panel.wait_time(2.5)
    panel.press("pause")
    panel.wait_state("paused")
    until(lambda: abs(panel.plot(title)["t"][-1] - panel.status["time"]) < 0.002, "the last look")
    kept = panel.plot(title)
    assert (kept["change"][0], len(kept["cell"])) == (0, 500)
    assert kept["change"][-1] > 0
    # Decoders started from 0: their norm is their change.
    assert abs((kept["cell"] ** 2).sum() ** 0.5 / kept["change"][-1] - 1) < 1e-4
    # Four looks a second, and the one at the end.
    assert 4 <= len(kept["t"]) <= 4 * 2.5 * 4
    error = panel.plot("decoders learning")
    assert 0.05 < abs(error["y0"][error["t"] > 0.5]).max() < 1.5
    comes(lambda: len(panel.plot("full weights")["cell"]), 75 * 250)
    check_looks(panel, lab)
    assert lab.errors == []
