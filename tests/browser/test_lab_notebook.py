"""The first notebook, as a student uses it."""

import numpy as np
import pytest

from tests.browser.jupyter import KERNEL6, REPOSITORY, JupyterLab
from tests.browser.panel import Panel, until

NOTEBOOK = REPOSITORY / "notebooks" / "01-live-spiking-network.ipynb"


def spike_times(panel: Panel) -> np.ndarray:
    """Return when the twin spiked, in ms."""
    return np.round(panel.plot("spiking twin raster")["t"] * 1000)


@pytest.mark.in_turn
@pytest.mark.parametrize("kernel", ["python3", KERNEL6])
def test_the_notebook_runs_and_shows_what_its_text_says(lab: JupyterLab, kernel: str) -> None:
    lab.open_notebook(lab.server.add_notebook(NOTEBOOK, "first.ipynb", kernel=kernel))
    lab.run_all()
    twins, reader = Panel(lab, 0), Panel(lab, 1)

    # Part 1: at 100 Hz a spike every 10 ms, at most one of them early by a blip's 3 ms.
    # Nothing is sent to a panel that is off the screen.
    twins.root.scroll_into_view_if_needed()
    twins.wait_state("ready")
    twins.press("play")
    until(lambda: len(spike_times(twins)) > 12, "spikes at 100 Hz", 90)
    gaps = np.diff(spike_times(twins))
    assert np.median(gaps) == 10
    assert gaps.min() >= 7
    twins.drag("drive (Hz)", 200)
    before = spike_times(twins)[-1]
    until(lambda: spike_times(twins)[-1] > before + 100, "a tenth of a second at 200 Hz", 90)
    late = spike_times(twins)
    assert np.median(np.diff(late[late > before + 20])) == 5
    until(lambda: twins.recent("rate neuron rates", count=1) >= 200, "the rate neuron's 200 Hz")
    assert set(np.unique(twins.plot("rate neuron rates")["y0"])) <= {100, 200, 300}
    twins.screenshot("twins")
    twins.press("pause")

    # Part 2: the class with the largest value is the digit that is shown.
    reader.root.scroll_into_view_if_needed()
    reader.wait_state("ready")
    reader.press("play")
    until(lambda: len(reader.plot("class values value")["t"]) > 0, "class values", 90)
    reader.wait_time(reader.status["time"] + 2.0)
    reader.press("pause")
    reader.wait_state("paused")
    reader.screenshot("digits")
    classes, digit = reader.plot("class values value"), reader.plot("digit that is shown value")
    values = np.stack([classes[f"y{i}"] for i in range(10)])
    shown = np.interp(classes["t"], digit["t"], digit["y0"])
    # Just after a change neurons and synapse still tell of the image before.
    settled = (classes["t"] - 0.001) % 0.2 > 0.1
    right = values.argmax(axis=0)[settled] == np.round(shown[settled])
    assert right.mean() > 0.7
    assert len(reader.plot("vision raster")["t"]) > 1000
    assert lab.errors == []
