"""Panels that look inside: two networks side by side, one neuron's story."""

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel, open_panel, until

NETWORKS = """\
import nengo
import numpy as np
from nengolab_widgets import Diff, Lab

def make(**how):
    with nengo.Network(label=how.pop("label"), seed=1) as net:
        stimulus = nengo.Node(lambda t: np.sin(8 * t), label="stimulus")
        a = nengo.Ensemble(60, 1, label="a", **how)
        b = nengo.Ensemble(4, 1, label="b", encoders=[[1], [-1], [1], [-how.get("radius", 1) ** 2]])
        nengo.Connection(stimulus, a)
        nengo.Connection(a, b, function=np.square, synapse=0.01 * how.get("radius", 1), label="ab")
        nengo.Connection(a.neurons, nengo.Node(size_in=40, label="out"),
                         transform=how.get("radius", 1) * np.random.RandomState(0).randn(40, 60),
                         label="spread")
    return net

net = make(label="as it was")
other = make(label="with another radius", radius=1.5, neuron_type=nengo.AdaptiveLIF())
"""


def test_lines_of_differences_lead_to_their_objects(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORKS, "lab = Lab(net, plots=[(other, 'diff')])\nlab"])
    diff = panel.root.locator(".nl-diff")
    assert "alike" in diff.locator(".nl-diff-head").inner_text()
    assert diff.locator(".nl-diff-bars").count() == 2
    part = diff.locator("details", has_text="ab").first
    part.get_by_role("button", name="synapse").click()
    said = part.locator(".nl-diff-said")
    until(lambda: "τ = 15 ms" in said.inner_text(), "what the connection is in the second")
    assert "τ = 10 ms" in said.inner_text()
    card = panel.root.locator(".nl-network-card")
    until(lambda: "ab" in card.inner_text() or "a → b" in card.inner_text(), "the card of it")
    for theme, name in ((LIGHT, "light"), (DARK, "dark")):
        lab.set_theme(theme)
        lab.page.wait_for_timeout(300)
        panel.screenshot(f"diff-{name}")
    assert lab.errors == []
    assert isinstance(panel, Panel)
