"""A classifier of digits that is drawn and trained: by pointer only, and by keys only."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import until
from tests.browser.test_draw import Drawing, open_drawing

DATA = """\
import nengolab.losses  # loads TensorFlow without its messages
from sklearn.datasets import load_digits
pixels, digits = load_digits(return_X_y=True)
train_x, train_y = (pixels / 16).astype("float32"), digits
"""
# Of ten classes a tenth is right by chance, 3 of 32.
ENOUGH = 16


def draw(lab: JupyterLab, name: str) -> Drawing:
    cell = f"{DATA}from nengolab_widgets import Lab\nlab = Lab('{name}.py')\nlab"
    return open_drawing(lab, cell, name)


def right(drawing: Drawing) -> int:
    """How many of 32 it says right once it is trained."""
    fit = drawing.panel.root.locator("[data-kind=fit]")
    expect(fit.locator(".nl-fit-words")).to_contain_text("finished", timeout=120_000)
    said = fit.locator(".nl-fit-answers h3")
    expect(said).to_contain_text("of 32 right")
    found = re.search(r"(\d+) of 32 right", said.inner_text())
    assert found is not None
    return int(found[1])


def settled(drawing: Drawing, text: str, *names: str) -> None:
    """Wait until the code has this, and these are drawn, and what came is selected."""
    drawing.source_has(text)
    drawing.wait_drawn(*names)
    drawing.panel.wait_state("ready")


HAND = """\
import nengo, keras, nengolab
import numpy as np

def made(source):
    keras.utils.set_random_seed(0)
    with nengo.Network() as net:
        if source is None:
            stimulus = nengo.Node(np.zeros(64), label="stimulus")
            x = nengolab.Layer(keras.layers.Dense(32))(stimulus)
            x = nengolab.Layer(nengo.LIF(amplitude=0.01))(x)
            answer = nengo.Probe(nengolab.Layer(keras.layers.Dense(10))(x))
            return net, answer
    found = {}
    exec(source, found)
    return found["model"], found["probe"]

values = []
for source in (None, lab.source):
    net, answer = made(source)
    with nengolab.Simulator(net, seed=3, progress_bar=False) as sim:
        values.append(sim.predict(train_x[:20, None], n_steps=1)[answer])
alike = float(np.abs(values[0] - values[1]).max()), float(np.abs(values[0]).max())
"""


@pytest.mark.in_turn("digits drawn")
def test_layers_are_drawn_and_trained_by_pointer(lab: JupyterLab) -> None:
    drawing = draw(lab, "digits")
    panel, card = drawing.panel, drawing.card
    panel.root.locator("[data-kind=code]").get_by_role("button", name="Run").click()
    drawing.root.get_by_text("Add an input and an ensemble").wait_for()
    drawing.add("constant")
    # What is added is selected: its card is there, and the next thing looks at it.
    output = card.locator("[data-argument=output]")
    output.select_option(label="other …")
    output.fill("np.zeros(64)")
    output.press("Enter")
    settled(drawing, "nengo.Node(np.zeros(64)", "stimulus")
    drawing.add("dense layer")
    settled(drawing, "Dense(10)", "stimulus", "dense")
    # The arguments of the layer are fields, too.
    units = card.locator("[data-argument='layer.units']")
    units.fill("thirty")
    units.press("Enter")
    expect(card.get_by_role("alert")).to_contain_text("there is no variable 'thirty'")
    units.fill("32")
    units.press("Enter")
    settled(drawing, "Dense(32)", "stimulus", "dense")
    panel.screenshot("layer-light")
    drawing.add("layer of neurons")
    settled(drawing, "neurons = nengolab.Layer(nengo.LIF", "stimulus", "dense", "neurons")
    card.get_by_role("heading", name="neurons", exact=True).wait_for()
    drawing.add("dense layer")
    settled(drawing, ")(neurons)", "stimulus", "dense", "dense_1", "neurons")
    card.get_by_role("heading", name="dense_1", exact=True).wait_for()
    drawing.add("probe")
    drawing.source_has("probe = nengo.Probe(dense_1)\n")
    panel.wait_state("ready")
    drawing.close_palette()
    # A probe has a card of its own.
    card.get_by_role("button", name="probe", exact=True).click()
    expect(card.locator(".nl-network-kind")).to_have_text("Probe")
    expect(card.locator("[data-argument=target]")).to_have_value("dense_1")
    panel.screenshot("probe-light")

    panel.add_plot("network: training")
    fit = panel.root.locator("[data-kind=fit]")
    expect(fit.get_by_label("data", exact=True)).to_have_value("train_x")
    expect(fit.get_by_label("targets", exact=True)).to_have_value("train_y")
    fit.get_by_label("epochs", exact=True).fill("4")
    fit.get_by_label("epochs", exact=True).press("Enter")
    fit.get_by_role("button", name="Start training").click()
    assert right(drawing) >= ENOUGH
    panel.screenshot("trained-light")
    lab.set_theme(DARK)
    panel.screenshot("trained-dark")
    lab.set_theme(LIGHT)

    # Nengo has no such layers: the same network by hand puts out the same.
    lab.execute(HAND)
    apart, size = lab.value("alike")
    assert size > 0.01
    assert apart < 1e-6 * size
    assert lab.errors == []


class Keys:
    """A keyboard, and nothing else."""

    def __init__(self, drawing: Drawing) -> None:
        self.drawing, self.board = drawing, drawing.panel.lab.page.keyboard

    def go(self, to: Locator, most: int = 80) -> None:
        """Press Tab, forwards or backwards, until something has the focus."""
        page = self.drawing.panel.lab.page
        to.wait_for()
        behind = "el => Boolean(document.activeElement.compareDocumentPosition(el) & 4)"
        key = "Tab" if to.evaluate(behind) else "Shift+Tab"
        for _ in range(most):
            if to.evaluate("el => el === document.activeElement"):
                return
            if page.evaluate("document.activeElement.matches('.cm-content')"):
                self.board.press("Escape")  # in an editor Tab indents
            self.board.press(key)
        at = page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        raise AssertionError(f"{to} cannot be reached by {key}; the keys are at {at}")

    def press(self, button: Locator) -> None:
        self.go(button)
        self.board.press("Enter")

    def type(self, into: Locator, text: str) -> None:
        self.go(into)
        self.board.press("Control+a")
        self.board.type(text)
        self.board.press("Enter")

    def add(self, words: str) -> None:
        search = self.drawing.root.get_by_label("search what can be added")
        self.go(search)
        self.board.press("Control+a")
        self.board.type(words)
        item = self.drawing.root.locator(".nl-palette-item").first
        expect(item).to_have_text(re.compile(words, re.IGNORECASE))
        self.board.press("Enter")

    def set(self, argument: str, value: str, text: str) -> None:
        """Set a field; the keys are there again when the network is drawn anew."""
        field = self.drawing.card.locator(f"[data-argument={argument}]")
        self.type(field, value)
        self.drawing.source_has(text)
        self.drawing.panel.wait_state("ready")
        until(lambda: field.evaluate("el => el === document.activeElement"), "the keys are back")

    def item(self, name: str) -> None:
        """Go to a thing in the tree."""
        items = self.drawing.root.get_by_role("treeitem")
        self.go(self.drawing.root.locator("[role=treeitem][tabindex='0']"))
        self.board.press("Home")
        for _ in range(items.count()):
            if self.at.startswith(f"{name}, "):
                return
            self.board.press("ArrowDown")
        raise AssertionError(f"{name} is not there; the keys are at {self.at}")

    @property
    def at(self) -> str:
        page = self.drawing.panel.lab.page
        return page.evaluate("document.activeElement.getAttribute('aria-label') ?? ''")


def no_synapse(keys: Keys) -> None:
    """Choose it, where it stands on the card or among what is at its default."""
    card = keys.drawing.card
    field, more = card.locator("[data-argument=synapse]"), card.locator("details.nl-edit-more")
    if not field.is_visible():
        keys.press(more.locator("summary"))
    keys.go(field)
    keys.board.press("n")


# What nengolab computes, and Nengo, of the network that the code makes.
COMPARE = """\
import nengo, nengolab
import numpy as np
found = {}
exec(lab.source, found)
found["stimulus"].output, found["model"].seed = train_x[7], 5
values = []
for Simulator in (nengolab.Simulator, nengo.Simulator):
    with Simulator(found["model"], progress_bar=False) as sim:
        sim.run_steps(50)
        values.append(np.array(sim.data[found["probe"]]))
alike = float(np.abs(values[0] - values[1]).max()), float(np.abs(values[1]).max())
"""


@pytest.mark.in_turn("digits drawn")
def test_an_ensemble_is_drawn_and_trained_by_keyboard(lab: JupyterLab) -> None:
    drawing = draw(lab, "keys")
    panel, card, keys = drawing.panel, drawing.card, Keys(drawing)
    panel.root.get_by_role("button").first.focus()  # where Tab comes from the cell
    keys.press(panel.root.locator("[data-kind=code]").get_by_role("button", name="Run"))
    drawing.root.get_by_text("Add an input and an ensemble").wait_for()
    keys.add("constant")
    drawing.wait_drawn("stimulus")
    keys.go(card.locator("[data-argument=output]"))
    keys.board.press("End")  # other …
    keys.set("output", "np.zeros(64)", "np.zeros(64)")
    keys.add("ensemble")
    drawing.wait_drawn("stimulus", "ensemble")
    keys.set("dimensions", "64", "dimensions=64")
    keys.set("n_neurons", "150", "nengo.Ensemble(150")
    keys.add("relay")
    drawing.wait_drawn("stimulus", "relay", "ensemble")
    keys.set("size_in", "10", "size_in=10")

    keys.item("stimulus")
    keys.board.press("c")
    keys.board.press("End")
    keys.board.press("Enter")
    settled(drawing, "nengo.Connection(stimulus, ensemble)", "stimulus", "relay", "ensemble")
    keys.item("ensemble")
    keys.board.press("Enter")
    card.get_by_role("heading", name="ensemble", exact=True).wait_for()
    keys.add("connection to train")
    # The keys are where its other end is chosen.
    until(lambda: keys.at.startswith("ensemble, "), "the keys are in the tree")
    keys.board.press("ArrowUp")
    keys.board.press("Enter")
    drawing.source_has("(ensemble, relay, transform=nengolab.dists.Glorot(), synapse=None)")
    panel.wait_state("ready")
    # Of what lies behind a synapse one step has nothing to learn.
    keys.press(card.get_by_role("button", name="stimulus", exact=True))
    card.get_by_role("heading", name="stimulus -> ensemble").wait_for()
    no_synapse(keys)
    drawing.source_has("nengo.Connection(stimulus, ensemble, synapse=None)")
    panel.wait_state("ready")
    keys.item("relay")
    keys.board.press("Enter")
    card.get_by_role("heading", name="relay", exact=True).wait_for()
    keys.add("probe")
    drawing.source_has("probe = nengo.Probe(relay, synapse=0.01)")
    panel.wait_state("ready")
    keys.press(card.get_by_role("button", name="probe", exact=True))
    expect(card.locator(".nl-network-kind")).to_have_text("Probe")
    no_synapse(keys)
    drawing.source_has("probe = nengo.Probe(relay)\n")
    panel.wait_state("ready")
    panel.screenshot("drawn-light")

    keys.press(panel.root.get_by_role("button", name="+ add a plot"))
    keys.board.type("network")
    keys.press(panel.root.get_by_role("button", name="network: training", exact=True))
    fit = panel.root.locator("[data-kind=fit]")
    expect(fit.get_by_label("data", exact=True)).to_have_value("train_x")
    keys.type(fit.get_by_label("epochs", exact=True), "4")
    keys.press(fit.get_by_role("button", name="Start training"))
    assert right(drawing) >= ENOUGH
    panel.screenshot("trained-light")
    lab.execute(COMPARE)
    apart, size = lab.value("alike")
    assert size > 0.1
    assert apart < 1e-4 * size
    assert lab.errors == []
