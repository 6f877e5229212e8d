"""Panels that look inside: two networks side by side, one neuron's story."""

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel, open_panel, until

pytestmark = pytest.mark.in_turn

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


STORY = """\
from nengolab import inspect
from nengolab_widgets import Pipeline
busiest = int(inspect.activity(net, "a", points=[[0.5]]).mean.argmax())
pipeline = Pipeline(lab, net.ensembles[0].neurons[busiest])
pipeline
"""


SHOWN = """\
a = net.ensembles[0]
lab = Lab(net, plots=[(other, "diff"), (a, "raster")])
lab
"""


def test_what_differs_and_one_neurons_story(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORKS, SHOWN, STORY])
    lines_of_differences_lead_to_their_objects(panel, lab)
    lab.set_theme(LIGHT)
    a_playhead_goes_through_one_neurons_story(Panel(lab, 1), lab)
    assert panel.status["time"] == 0
    assert lab.errors == []


def lines_of_differences_lead_to_their_objects(panel: Panel, lab: JupyterLab) -> None:
    diff = panel.root.locator(".nl-diff")
    expect(diff.locator(".nl-diff-head")).to_contain_text("alike")
    expect(diff.locator(".nl-diff-bars")).to_have_count(2)
    part = diff.locator("details", has_text="ab").first
    part.get_by_role("button", name="synapse").click()
    said = part.locator(".nl-diff-said")
    until(lambda: "τ = 15 ms" in said.inner_text(), "what the connection is in the second")
    expect(said).to_contain_text("τ = 10 ms")
    card = panel.root.locator(".nl-network-card")
    until(lambda: "ab" in card.inner_text() or "a → b" in card.inner_text(), "the card of it")
    for theme, name in ((LIGHT, "light"), (DARK, "dark")):
        lab.set_theme(theme)
        lab.page.wait_for_timeout(300)
        panel.screenshot(f"diff-{name}", docs="diff-light" if name == "light" else "")


def a_playhead_goes_through_one_neurons_story(story: Panel, lab: JupyterLab) -> None:
    head = story.root.get_by_role("slider", name="playhead")
    head.wait_for(timeout=60_000)
    expect(story.root.locator(".nl-story-equation")).to_have_count(9)
    why = story.root.locator(".nl-story-why")
    first = head.get_attribute("aria-valuenow")
    expect(why).to_contain_text("A spike at")
    story.press("the next spike")
    until(
        lambda: int(head.get_attribute("aria-valuenow")) > int(first),
        "the playhead moved on",
    )
    expect(why).to_contain_text("since its spike before")
    columns = story.plot("a pipeline")
    step = int(columns["playhead"][0])
    assert columns["spikes"][step] == 1000
    for theme, name in ((LIGHT, "light"), (DARK, "dark")):
        lab.set_theme(theme)
        lab.page.wait_for_timeout(400)
        story.screenshot(f"story-{name}", docs="story-light" if name == "light" else "")
    # By mouse: to the right end; by key: back by one.
    box = head.bounding_box()
    lab.page.mouse.click(box["x"] + box["width"] - 12, box["y"] + 60)
    expect(head).to_have_attribute("aria-valuenow", "200")
    head.press("ArrowLeft")
    expect(head).to_have_attribute("aria-valuenow", "199")
    # What is picked in another panel is told of.
    lab.execute("lab.pick(net.ensembles[0], [11])")
    until(lambda: "story of neuron 11" in story.root.inner_text(), "the other neuron")
    # A saved notebook has a picture of it, which nbconvert shows too.
    notebook = lab.save()
    [png] = [o.data["image/png"] for o in notebook.cells[2].outputs if "image/png" in o.data]
    assert len(png) > 20_000, "rows are drawn"
