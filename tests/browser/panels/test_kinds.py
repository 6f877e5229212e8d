"""Pictures of the kinds of panel, light and dark; and what the page keeps of them."""

import numpy as np
import pytest

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import Panel, open_panel, until
from tests.browser.panels.looks import check_looks

NETWORK = """\
import nengo
import numpy as np
from nengolab_widgets import Lab

def picture(t):
    y, x = np.mgrid[-1:1:12j, -1:1:12j]
    return np.exp(-8 * ((x - 0.6 * np.cos(3 * t)) ** 2 + (y - 0.6 * np.sin(3 * t)) ** 2)).ravel()

with nengo.Network(label="kinds", seed=1) as net:
    wave = nengo.Node(lambda t: [0.8 * np.sin(6 * t), 0.8 * np.cos(6 * t)], label="wave")
    plane = nengo.Ensemble(150, 2, label="plane")
    adaptive = nengo.Ensemble(40, 1, neuron_type=nengo.AdaptiveLIF(), label="adaptive")
    pixels = nengo.Node(picture, label="pixels")
    many = nengo.networks.EnsembleArray(30, 16, label="many")
    nengo.Connection(wave, plane)
    nengo.Connection(wave[0], adaptive)
    nengo.Connection(pixels[:16], many.input)
"""

#: What is opened, its title and kind, and a column that must have come.
SHOWN = [
    ("(plane, 'xy', {'trail': 1.0})", "plane xy", "x"),
    ("((wave, adaptive), 'xy')", "wave, adaptive xy", "y"),
    ("(plane, 'spikegrid')", "plane spikegrid", "i"),
    ("(plane, 'rates', {'per': 'image'})", "plane rates", "y0"),
    ("(adaptive, 'signal')", "adaptive signal", "y0"),
    ("(adaptive.neurons, 'signal', {'signal': 'adaptation', 'show': 'image', 'neurons': ''})",
     "adaptive signal", "y0"),
    ("(pixels, 'image')", "pixels image", "y0"),
    ("(many.output, 'value')", "many/output value", "y15"),
    ("(plane, 'text')", "plane text", "y0"),
    ("(plane, 'histogram')", "plane histogram", "share0"),
    ("(wave, 'spectrum', {'highest': 20.0})", "wave spectrum", "power0"),
    ("(plane, 'intervals')", "plane intervals", "count"),
]  # fmt: skip


@pytest.fixture
def panel(lab: JupyterLab) -> Panel:
    """Run a Lab with all of them for a while, and pause it."""
    plots = ",\n    ".join(code for code, *_ in SHOWN)
    panel = open_panel(lab, [NETWORK, f"lab = Lab(net, plots=[\n    {plots}])\nlab"], name="kinds")
    panel.press("play")
    # What is off the screen is not drawn, and so not computed.
    lab.page.set_viewport_size({"width": 1700, "height": 3600})
    for _, title, column in SHOWN:
        until(lambda t=title, c=column: len(panel.plot(t).get(c, ())), f"data of {title}", 120)
    panel.wait_time(2.5)
    panel.press("pause")
    panel.wait_state("paused")
    return panel


def test_kinds_show_what_they_should_in_light_and_dark(panel: Panel, lab: JupyterLab) -> None:
    assert lab.errors == []
    assert panel.root.locator(".nl-plot-failed").count() == 0
    now = panel.status["time"]
    until(lambda: panel.plot("plane xy")["t"][-1] == pytest.approx(now), "the last frame")

    # A circle of radius 0.8; and equal axes show it as wide as high.
    path = panel.plot("plane xy")
    late = path["t"] > 1.0
    assert np.hypot(path["x"][late], path["y"][late]) == pytest.approx(0.8, abs=0.2)

    counts = panel.plot("plane intervals")["count"]
    assert counts.sum() > 100
    shares = panel.plot("plane histogram")["share0"]
    assert shares.sum() == pytest.approx(1.0)
    spectrum = panel.plot("wave spectrum")
    peak = spectrum["frequency"][1 + spectrum["power0"][1:].argmax()]
    assert peak == pytest.approx(6 / (2 * np.pi), abs=1.0)

    values = panel.plot("wave, adaptive xy")
    np.testing.assert_allclose(values["x"], 0.8 * np.sin(6 * values["t"]), atol=0.25)

    check_looks(panel, lab, docs="kinds")
