"""Membrane voltage and the other signals of neurons."""

import numpy as np
import pytest
from nengo.exceptions import ValidationError
from nengolab_widgets.panels.signal import Signal, signals_of


@pytest.mark.parametrize("signal", ["voltage", "refractory_time", "adaptation", "input"])
def test_signals_of_neurons(show, net, reference, signal: str) -> None:
    shown = show(net.adaptive, "signal", signal=signal, neurons="0, 3:5, 11")
    expected = reference[signal][:, [0, 3, 4, 11]]
    assert shown.steps.tolist() == list(range(1, 301))
    np.testing.assert_allclose(shown["y"], expected, rtol=1e-5, atol=1e-6)
    assert np.ptp(expected) > 0
    assert shown.data["lines"] == ["neuron 0", "neuron 3", "neuron 4", "neuron 11"]


def test_the_input_of_an_ensemble(show, net, reference) -> None:
    shown = show(net.adaptive, "signal", signal="represented input")
    np.testing.assert_allclose(shown["y"], reference["represented input"], rtol=1e-5, atol=1e-6)
    assert shown.data["lines"] == ["dimension 0"]


def test_an_image_of_all(show, net, reference) -> None:
    shown = show(net.adaptive.neurons, "signal", show="image", neurons="")
    np.testing.assert_allclose(shown["y"], reference["voltage"], rtol=1e-5, atol=1e-6)
    assert shown.data["image"]
    assert shown.data["axis"] == "neuron"


def test_few_neurons_in_rows_of_their_own_at_first(show, net, reference) -> None:
    shown = show(net.adaptive, "signal")
    np.testing.assert_allclose(shown["y"], reference["voltage"][:, :3], rtol=1e-5, atol=1e-6)
    assert shown.data["rows"] == "neuron"
    assert show(net.adaptive, "signal", show="lines").data["rows"] is None


def test_signals_follow_the_neuron_type(net) -> None:
    assert next(iter(signals_of(net.plane))) == "voltage"
    assert "adaptation" not in signals_of(net.plane)
    assert set(signals_of(net.rate)) == {"input", "represented input"}
    assert not Signal.suits(net.wave)


def test_what_cannot_be_shown_is_refused(show, net) -> None:
    with pytest.raises(ValidationError, match="signal must be one of voltage, refractory_time"):
        show(net.plane, "signal", signal="adaptation")
    with pytest.raises(ValidationError, match="neurons must choose at most 20, got 30"):
        show(net.plane, "signal", neurons="")
