"""Histogram, power spectrum and inter-spike intervals: they get every sample and every spike."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError


def test_histogram_and_spectrum_get_every_sample(show, net, reference) -> None:
    histogram = show(net.plane, "histogram", span=0.2)
    assert histogram.steps.tolist() == list(range(1, 301))
    np.testing.assert_allclose(histogram["y"], reference["plane"], atol=1e-6)
    assert histogram.layout["what"] == "histogram of the last 0.2 s, 30 ms filter"
    spectrum = show(net.wave, "spectrum", dims="1")
    np.testing.assert_allclose(spectrum["y"], reference["wave"][:, 1:], atol=1e-6)
    assert spectrum.data["names"] == ["dimension 1"]
    assert spectrum.data["logarithmic"]


def test_intervals_get_every_spike_of_the_chosen(show, net, reference) -> None:
    shown = show(net.adaptive, "intervals", neurons="2:9")
    steps, neurons = np.nonzero(reference["adaptive spikes"] > 0)
    inside = (neurons >= 2) & (neurons < 9)
    assert inside.sum() > 10
    sent = sorted(zip(shown.steps - 1, shown["i"], strict=True))
    assert sent == sorted(zip(steps[inside], neurons[inside], strict=True))
    assert shown.data["neurons"] == list(range(2, 9))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("99", "dims must be from 0 to 1, got 99"),
        ("5:9", "dims chooses nothing"),
        ("one", "dims must be such as 0, 3, 8:12"),
        ("0:2:0", "step of a range cannot be 0"),
    ],
)
def test_a_choice_that_is_none_is_named(show, net, text: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        show(net.plane, "histogram", dims=text)
