"""Training from a panel: three clicks, watched, steered, looked at again after a reload."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel, comes, until

CELL = """\
import nengolab.losses  # loads TensorFlow without its messages
import keras
import nengo
import nengolab
import numpy as np
from nengolab_widgets import Fit
from sklearn.datasets import load_digits

pixels, digits = load_digits(return_X_y=True)
train_x, train_y = (pixels / 16).astype("float32"), digits
lines = ["not", "data"]

def start(seed):
    return keras.initializers.GlorotUniform(seed=seed)

with nengo.Network(label="digits", seed=0) as net:
    nengolab.configure_settings(stateful=False)
    net.config[nengo.Ensemble].max_rates = nengo.dists.Choice([100])
    net.config[nengo.Ensemble].intercepts = nengo.dists.Choice([0])
    net.config[nengo.Connection].synapse = None
    image = nengo.Node(np.zeros(64), label="image")
    x = nengolab.Layer(keras.layers.Dense(64, kernel_initializer=start(0)))(image, label="in")
    x = nengolab.Layer(nengo.LIF(amplitude=0.01))(x, label="hidden")
    nengo.Probe(x, label="spikes")
    x = nengolab.Layer(keras.layers.Dense(10, kernel_initializer=start(1)))(x, label="out")
    answer = nengo.Probe(x, label="answer")
sim = nengolab.Simulator(net, minibatch_size=100, progress_bar=False)
fit = Fit(sim)
fit
"""


def said(panel: Panel, part: str) -> str:
    """The words of a part of the panel."""
    return panel.root.locator(part).first.inner_text()


def test_a_network_is_trained_from_the_page(lab: JupyterLab) -> None:
    lab.open_notebook(lab.server.add_notebook([CELL, "None"], "fit.ipynb"))
    lab.run_all()
    panel = Panel(lab)
    root = panel.root
    expect(root.get_by_label("data", exact=True)).to_have_value("train_x")
    expect(root.get_by_label("targets", exact=True)).to_have_value("train_y")
    panel.screenshot("set-up")
    # What is wrong is said beside it, and what was typed stays.
    epochs = root.get_by_label("epochs", exact=True)
    epochs.fill("ten")
    epochs.press("Enter")
    expect(root.locator("[data-field=epochs] .nl-fit-wrong")).to_contain_text("such as 20")
    expect(epochs).to_have_value("ten")
    panel.screenshot("wrong")
    epochs.fill("4000")
    epochs.press("Enter")
    for group in ("Learning rate, stopping, seed", "Gradients and time", "Firing rates"):
        root.get_by_text(group, exact=True).click()
    root.get_by_label("schedule", exact=True).select_option("step down on a plateau")
    expect(root.get_by_label("factor", exact=True)).to_have_value("0.5")
    root.get_by_label("keep rates of", exact=True).select_option("spikes")
    root.get_by_label("stop after", exact=True).fill("-1")
    root.get_by_label("stop after", exact=True).press("Enter")
    expect(root.locator("[data-field=patience] .nl-fit-wrong")).to_contain_text("from 0 up")
    panel.screenshot("choices")
    root.get_by_label("stop after", exact=True).fill("1000")
    root.get_by_label("stop after", exact=True).press("Enter")
    expect(root.locator(".nl-fit-wrong")).to_have_count(0)
    root.get_by_role("button", name="Start training").click()
    expect(root.get_by_role("button", name="Pause")).to_be_visible()
    until(lambda: int(re.search(r"epoch (\d+)", said(panel, ".nl-fit-words"))[1]) > 4, "epoch 5")
    # Other cells are free, and the page loaded again shows the same run, which goes on.
    assert lab.value("fit.run.state") == "running"
    lab.save()
    lab.reload()
    panel = Panel(lab)
    root = panel.root
    expect(root.get_by_role("button", name="Pause")).to_be_visible()
    assert lab.value("fit.run.state") == "running"
    root.get_by_role("button", name="Pause").click()
    expect(root.get_by_role("button", name="Resume")).to_be_visible()
    assert lab.value("fit.run.state") == "paused"
    lab.page.wait_for_timeout(600)
    panel.screenshot("paused")
    rate = root.get_by_label("learning rate from the next batch on")
    rate.fill("0.001")
    rate.press("Enter")
    root.get_by_role("button", name="Resume").click()
    comes(lambda: lab.value("len(fit.run.facts['changes'])"), 1)
    root.get_by_role("button", name="Stop", exact=True).click()
    expect(root.get_by_role("button", name="Start training")).to_be_visible()
    assert lab.value("fit.run.state") in ("stopped", "finished")
    # What it answers, what a batch moves; and the page loaded again shows the same.
    expect(root.locator(".nl-fit-answers h3")).to_contain_text("of 100 right")
    answers = said(panel, ".nl-fit-watch")
    expect(root.locator(".nl-fit-layers tbody th")).to_have_text("spikes")
    expect(root.locator(".nl-fit-tradeoff p")).to_contain_text("spikes an item")
    lab.page.wait_for_timeout(800)
    panel.screenshot("stopped", docs="fit-light")
    # Another run, beside it.
    root.locator("summary").first.click()
    for name, value in (("name", "slower"), ("learning rate", "0.0005"), ("epochs", "5")):
        field = root.get_by_label(name, exact=True)
        field.fill(value)
        field.press("Enter")
    root.get_by_label("begin with weights").select_option("as built")
    root.get_by_role("button", name="Start training").click()
    until(lambda: lab.value("fit.run.name") == "slower", "the second run")
    until(lambda: lab.value("fit.run.state") == "finished", "its end", 300)
    row = root.get_by_role("button", name="slower", exact=True)
    row.click()
    note = root.get_by_label("note", exact=True)
    note.fill("a tenth of the rate")
    note.press("Enter")
    root.get_by_label("filter runs").fill("slower")
    expect(root.locator(".nl-fit-runs tbody tr:not(.nl-fit-more)")).to_have_count(1)
    root.get_by_label("filter runs").fill("")
    comes(lambda: lab.value("fit.runs['slower'].note"), "a tenth of the rate")
    first = lab.value("list(fit.runs)[0]")
    root.get_by_label("what differs from").select_option(first)
    expect(root.locator(".nl-fit-differences")).to_contain_text("training.learning_rate")
    root.get_by_role("button", name="Copy as Python").click()
    expect(root.locator(".nl-fit-code")).to_contain_text("nengolab.runs.start(")
    # The script that a test of runs starts, and finds to repeat the run to the same numbers.
    script = lab.value("fit.runs['slower'].to_script()")
    assert root.locator(".nl-fit-code").text_content() == script
    lab.page.wait_for_timeout(800)
    panel.screenshot("compared")
    lab.set_theme(DARK)
    lab.page.wait_for_timeout(800)
    panel.screenshot("dark")
    lab.set_theme(LIGHT)
    lab.save()
    lab.reload()
    again = Panel(lab)
    expect(again.root.get_by_role("button", name="slower", exact=True)).to_be_visible()
    expect(again.root.locator(".nl-fit-words")).to_contain_text("finished · epoch 5 of 5")
    expect(again.root.locator(".nl-fit-figures .nl-figure")).to_have_count(2)
    assert "right" in answers
    assert lab.errors == []


IN_A_LAB = """\
import nengolab.losses  # loads TensorFlow without its messages
import nengo
import nengolab
import numpy as np
from nengolab_widgets import Lab

with nengo.Network(label="squares", seed=0) as net:
    drive = nengo.Node([0.5], label="drive")
    ens = nengo.Ensemble(30, 1, neuron_type=nengo.RectifiedLinear(), label="ens")
    nengo.Connection(drive, ens, synapse=None)
    squares = nengo.Probe(ens, label="squares")
x = np.linspace(-1, 1, 200).reshape(200, 1, 1).astype("float32")
y = x**2
net_lab = Lab(net, plots=["fit", ens])
net_lab
"""


def test_it_is_a_plot_of_a_lab_beside_the_live_network(lab: JupyterLab) -> None:
    lab.open_notebook(lab.server.add_notebook([IN_A_LAB, "None"], "fit-in-a-lab.ipynb"))
    lab.run_all()
    panel = Panel(lab)
    root = panel.root
    expect(root.get_by_label("data", exact=True)).to_have_value("x")
    for name, value in (("epochs", "3"), ("name", "first")):
        field = root.get_by_label(name, exact=True)
        field.fill(value)
        field.press("Enter")
    root.get_by_role("button", name="Start training").click()
    expect(root.locator(".nl-fit-words")).to_contain_text("finished · epoch 3 of 3", timeout=60_000)
    root.get_by_role("button", name="first", exact=True).click()
    root.get_by_role("button", name="Restore").click()
    expect(root.locator(".nl-fit-offer")).to_contain_text("The live network computes with")
    comes(lambda: lab.value("len(net_lab.session.changes) > 0"), True)
    panel.screenshot("in-a-lab")
    assert lab.errors == []


SWEPT = """\
import nengolab.losses  # loads TensorFlow without its messages
import nengo
import nengolab
import numpy as np
from nengolab_widgets import Fit

with nengo.Network(label="squares", seed=0) as net:
    nengolab.configure_settings(stateful=False)
    drive = nengo.Node([0], label="drive")
    ens = nengo.Ensemble(30, 1, neuron_type=nengo.RectifiedLinear(), label="ens")
    nengo.Connection(drive, ens, synapse=None)
    nengo.Probe(ens, label="squares")
x = np.linspace(-1, 1, 200).reshape(200, 1, 1).astype("float32")
y = x**2
fit = Fit(net)
fit
"""


@pytest.mark.in_turn
def test_many_runs_are_swept_watched_and_stopped(lab: JupyterLab) -> None:
    lab.open_notebook(lab.server.add_notebook([SWEPT, "None"], "sweep.ipynb"))
    lab.run_all()
    panel = Panel(lab)
    root = panel.root
    expect(root.get_by_label("data", exact=True)).to_have_value("x")

    def enter(label: str, text: str) -> None:
        field = root.get_by_label(label, exact=True)
        field.fill(text)
        field.press("Enter")

    sweep = root.locator(".nl-fit-sweeps")
    sweep.locator("summary").first.click()
    for name in ("learning_rate", "epochs"):
        sweep.get_by_label("vary a setting").select_option(name)
        expect(sweep.locator(f"fieldset[data-key={name}]")).to_be_visible()
    rates = sweep.locator("fieldset[data-key=learning_rate]")
    rates.get_by_label("values", exact=True).select_option("these values")
    # What is wrong is said beside it.
    enter("values of learning_rate", "0.1, fast")
    expect(rates.locator(".nl-fit-wrong")).to_contain_text("such as 0.005, got 'fast'")
    expect(sweep.get_by_role("button", name="Start sweep")).to_be_disabled()
    panel.screenshot("wrong")
    enter("values of learning_rate", "0.1, 0.005")
    enter("values of epochs", "2, 100000")
    enter("processes", "2")
    sweep.get_by_label("name", exact=True).fill("rates")
    sweep.get_by_label("name", exact=True).press("Enter")
    expect(sweep.locator(".nl-fit-comes")).to_contain_text("4 runs (2 × 2)")
    sweep.get_by_role("button", name="How long?").click()
    expect(sweep.locator(".nl-fit-comes")).to_contain_text("on 2 processes")
    panel.screenshot("set-up")
    sweep.get_by_role("button", name="Start sweep").click()
    expect(sweep.locator(".nl-fit-swept tbody tr")).to_have_count(4)
    assert lab.value("1 + 1") == 2  # the kernel is free
    rows = sweep.locator(".nl-fit-swept tbody tr")
    expect(rows.nth(0)).to_contain_text("finished", timeout=240_000)
    expect(rows.nth(1)).to_contain_text("running", timeout=120_000)
    # One that is whole: what is told is the epoch that goes on.
    second = r"([2-9]|\d\d+) of 100000"
    until(lambda: re.search(second, rows.nth(1).inner_text()), "its second epoch", 120)
    panel.screenshot("running")
    rows.nth(1).get_by_role("button", name="stop").click()
    expect(rows.nth(1)).to_contain_text("stopped")
    expect(rows.nth(2)).to_contain_text("finished", timeout=120_000)
    until(lambda: re.search(r"\d\d+ of 100000", rows.nth(3).inner_text()), "the last one", 120)
    sweep.get_by_role("button", name="Stop all").click()
    expect(sweep.get_by_role("button", name="Start sweep")).to_be_visible(timeout=60_000)
    expect(sweep.locator(".nl-fit-parallel .nl-figure")).to_be_visible()
    expect(sweep.locator(".nl-fit-legend")).to_contain_text("spread of the validated loss")
    states = lab.value("[fit.runs[name].state for name in fit.sweep.runs]")
    assert states == ["finished", "stopped", "finished", "stopped"]
    # A line is picked at its result, at the right: the worst one is at the top.
    spot = sweep.locator(".nl-figure").evaluate("el => el.nengolabSpot(2, 1)")
    lab.page.mouse.click(spot["x"] - 3, spot["y"])
    picked = sweep.locator("tr.nl-fit-picked")
    expect(picked).to_have_count(1)
    panel.screenshot("swept", docs="fit-sweep-light")
    picked.locator("button").first.click()
    expect(root.locator(".nl-fit-runs .nl-fit-more")).to_be_visible()
    root.get_by_role("button", name="Copy as Python").click()
    expect(root.locator(".nl-fit-runs .nl-fit-code")).to_contain_text("sim.load_checkpoint(")
    lab.set_theme(DARK)
    lab.page.wait_for_timeout(800)
    panel.screenshot("dark")
    assert lab.errors == []
