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


# Each kind of panel that looks inside, and what it says in place of what it cannot show.
BAD = """\
from nengolab_widgets import Compare, Tuning, Weights
with nengo.Network(label="no numbers", seed=1) as broken:
    nengo.Ensemble(2, 1, gain=[2, np.nan], bias=[0, 0], label="no gain")
with nengo.Network(label="learns", seed=1) as learns:
    nengo.Connection(nengo.Node([0.5]), nengo.Ensemble(9, 1, label="turned"),
                     learning_rule_type=nengo.Voja(), label="turning")
with nengo.Simulator(learns, progress_bar=False) as closed:
    pass
display(Tuning(closed, "turned"), Weights(closed), Diff(closed, closed),
        Pipeline(lab, "a", connection="nobody"), Weights(lab, array="nobody.bias"), Compare(broken))
"""
SAID = [
    "encoders that 'turned' learned are gone: the nengo.Simulator is closed",
    "a table of arrays is there of a nengolab.Simulator; this is a nengo.Simulator",
    "They cannot be compared: the encoders that 'turned' learned are gone",
    "Its story cannot be told: connection: 'nobody' is not in the network; its connections are",
    "there is no array 'nobody.bias' here; there are",
    "no gain: ",
]


def test_what_differs_and_one_neurons_story(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORKS, SHOWN, STORY, BAD])
    lines_of_differences_lead_to_their_objects(panel, lab)
    lab.set_theme(LIGHT)
    a_playhead_goes_through_one_neurons_story(Panel(lab, 1), lab)
    assert panel.status["time"] == 0
    each_says_in_place_what_it_cannot_show(lab)
    assert lab.errors == []


def each_says_in_place_what_it_cannot_show(lab: JupyterLab) -> None:
    for index, words in enumerate(SAID, start=2):
        told = Panel(lab, index).root.get_by_text(words).locator("visible=true").first
        expect(told).to_be_visible(timeout=60_000)
    # Where an array is asked for that is not there, those that are can be chosen.
    arrays = Panel(lab, 6).root
    arrays.get_by_role("option").filter(has_text="a.encoders").click()
    expect(arrays.locator(".nl-plot-failed")).to_be_hidden()
    whole = Panel(lab, 7).root
    expect(whole.get_by_role("alert")).to_contain_text("contains NaNs. Give it finite values")


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
