"""The spike grid: every spike of every neuron."""

import numpy as np


def test_spikes_are_those_of_the_reference(show, net, reference) -> None:
    shown = show(net.plane, "spikegrid")
    steps, neurons = np.nonzero(reference["spikes"] > 0)
    sent = sorted(zip(shown.steps - 1, shown["i"], strict=True))
    assert sent == sorted(zip(steps, neurons, strict=True))
    assert len(sent) > 100
    assert shown.data == {"neurons": 30, "fade": 0.02}
