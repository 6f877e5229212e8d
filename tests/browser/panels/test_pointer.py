"""Semantic pointers on the page: lines, words, and both, of nengo.spa and nengo_spa."""

import pytest

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import Panel, comes, open_panel, until
from tests.browser.panels.looks import check_looks

pytestmark = pytest.mark.in_turn

NETWORK = """\
import warnings
import nengo
import nengo_spa
import numpy as np
from nengolab_widgets import Lab

vocab = nengo_spa.Vocabulary(32, pointer_gen=np.random.RandomState(1))
vocab.populate("DOG; CAT; FISH; BIRD; SMALL; LARGE")
with nengo_spa.Network(label="newer", seed=1) as newer:
    said = nengo_spa.Transcode(
        lambda t: "DOG + 0.6*SMALL" if t % 1 < 0.5 else "CAT*LARGE", output_vocab=vocab)
    memory = nengo_spa.State(vocab, neurons_per_dimension=20, label="memory")
    said >> memory

warnings.simplefilter("ignore")
with nengo.spa.SPA(label="legacy", seed=1) as legacy:
    legacy.colour = nengo.spa.State(16, neurons_per_dimension=20)
    legacy.input = nengo.spa.Input(colour=lambda t: "RED" if t % 1 < 0.5 else "0.7*GREEN")
"""
PLOTS = """\
lab = Lab(newer, plots=[
    (memory, "pointer"),
    (memory, "pointer", {"show": "words", "pairs": True}),
    (memory, "pointer", {"show": "lines", "pairs": True, "keys": "DOG, CAT, CAT*LARGE"}),
    (memory.output, "pointer", {"keys": "CAT*~DOG"})])
lab
"""
LEGACY = "older = Lab(legacy)\nolder"


def test_pointers_of_both_packages(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, PLOTS, LEGACY], name="pointers")
    lines_and_words_in_light_and_dark(panel, lab)
    those_of_nengo_spa_legacy_are_what_a_lab_starts_with(Panel(lab, 1))
    assert lab.errors == []


def lines_and_words_in_light_and_dark(panel: Panel, lab: JupyterLab) -> None:
    panel.press("play")
    title = "memory pointer"
    until(lambda: len(panel.plot(title).get("best", ())) > 5, "words", 120)
    panel.wait_time(1.8)
    panel.press("pause")
    panel.wait_state("paused")
    until(lambda: abs(panel.plot(title)["t"][-1] - panel.status["time"]) < 1e-6, "the last frame")
    kept = panel.plot(title)
    for second, name in ((0.4, 0), (1.3, 0)):
        at = abs(kept["at"] - second).argmin()
        assert kept["best"][at] == name, second
    # CAT*LARGE is like none of the pointers themselves.
    assert kept["y0"][abs(kept["t"] - 0.9).argmin()] < 0.4
    check_looks(panel, lab)


def those_of_nengo_spa_legacy_are_what_a_lab_starts_with(panel: Panel) -> None:
    panel.root.scroll_into_view_if_needed()
    panel.wait_state("ready")
    comes(lambda: panel.titles(), ["colour pointer"])
    panel.press("play")
    until(lambda: len(panel.plot("colour pointer").get("best", ())) > 5, "words", 120)
    panel.wait_time(1.4)
    panel.press("pause")
    panel.wait_state("paused")
    # Undo the default, and choose the same from the menu again.
    panel.root.get_by_role("button", name="remove the plot colour").click()
    until(lambda: panel.titles() == [], "no panel")
    panel.add_plot("colour: semantic pointers")
    until(lambda: panel.titles() == ["colour pointer"], "the panel again")
    panel.screenshot("older-dark")
