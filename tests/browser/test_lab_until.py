"""Running until something, from the transport bar; what was done stands as marks on the history."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import comes, open_panel, until

NETWORK = """\
import nengo
from nengolab_widgets import Lab

with nengo.Network(label="A network to wait for", seed=1) as net:
    drive = nengo.Node([0.0], label="drive")
    memory = nengo.Ensemble(100, 1, label="memory")
    nengo.Connection(drive, memory, transform=0.2, synapse=0.1)
    nengo.Connection(memory, memory, synapse=0.1)
"""


@pytest.mark.in_turn
def test_until_and_marks(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, "lab = Lab(net, plots=[memory])\nlab"])
    root = panel.root
    marks = root.get_by_role("group", name="marks").get_by_role("button")
    expect(marks).to_have_count(0)
    panel.press("run …")
    root.get_by_label("time to run until (s)").fill("soon")
    panel.press("run until this time")
    expect(root.get_by_label("time to run until (s)")).to_have_attribute("aria-invalid", "true")
    root.get_by_label("time to run until (s)").fill("0.8")
    panel.press("run until this time")
    panel.wait_state("finished")
    comes(lambda: panel.status["time"], pytest.approx(0.8, abs=1e-9))

    # For some steps, and for a while.
    panel.press("run …")
    root.get_by_label("how long to run").fill("50")
    root.get_by_label("seconds or steps").select_option("steps")
    panel.press("run for this long")
    until(lambda: panel.status["n_steps"] == 850, "50 steps")
    panel.press("run …")
    root.get_by_label("seconds or steps").select_option("s")
    root.get_by_label("how long to run").fill("-1")
    panel.press("run for this long")
    expect(root.get_by_label("how long to run")).to_have_attribute("aria-invalid", "true")
    root.get_by_label("how long to run").fill("0.1")
    panel.press("run for this long")
    until(lambda: panel.status["n_steps"] == 950, "a tenth of a second")

    # Until a value is there, chosen by name.
    panel.drag("drive", 1.0)
    panel.press("run …")
    root.get_by_label("object to wait for").select_option("memory")
    root.get_by_label("level", exact=True).fill("0.6")
    panel.screenshot("menu")
    beside = root.get_by_role("slider", name="drive, in the picture")
    expect(beside).to_have_value("1")
    panel.press("run until this value")
    until(lambda: "came to hold" in panel.words, "it says why it stopped", 60)
    comes(lambda: panel.words, "finished: memory.value(0.03)[0] > 0.6 came to hold")
    reached = panel.status["time"]
    assert 0.95 < reached < 8
    until(lambda: abs(panel.plot("memory value")["t"][-1] - reached) < 0.002, "the last frame")
    until(
        lambda: panel.plot("memory value")["y0"][-1] > 0.58,
        "a value near the threshold",
    )

    # What was done is marked: an input, a change, the beginning of a branch.
    lab.value("lab.session.lesion(memory, 0.3).result(60) and None")
    panel.press("play")
    panel.wait_time(reached + 1.0)
    panel.press("pause")
    panel.wait_state("paused")
    until(lambda: marks.count() == 2, "an input and a lesion")
    texts = marks.evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    assert texts[0] == "go to 0.950 s: drive: 1"
    assert re.fullmatch(rf"go to {reached:.3f} s: memory: lesion .*", texts[1])
    marks.nth(1).click()
    held = until(lambda: root.evaluate("el => el.nengolab.playhead().held"), "looked at")
    assert held["from"] < reached < held["to"]
    panel.press("go on from here")
    until(lambda: marks.count() == 3, "a branch begins")
    panel.screenshot("light")
    assert lab.errors == []
