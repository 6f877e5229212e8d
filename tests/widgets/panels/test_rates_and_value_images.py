"""Rates and values as images, and chosen dimensions."""

import nengo
import numpy as np
import pytest

TAU = 0.05


@pytest.fixture(scope="module")
def rates(reference) -> np.ndarray:
    """The exponential window over the spikes of nengo.Simulator."""
    decay = np.exp(-0.001 / TAU)
    out, state = [], 0.0
    # A spike is 1/dt high for one step, so a window over it is in Hz.
    for row in reference["spikes"]:
        state = decay * state + (1 - decay) * row
        out.append(state)
    return np.array(out)


@pytest.mark.parametrize("per", ["mean", "each neuron", "image"])
def test_rates(show, net, rates: np.ndarray, per: str) -> None:
    shown = show(net.plane, "rates", per=per)
    expected = rates.mean(axis=1, keepdims=True) if per == "mean" else rates
    np.testing.assert_allclose(shown["y"], expected, rtol=1e-4, atol=1e-3)
    assert expected.max() > 20
    assert shown.data["image"] == (per == "image")
    assert shown.data["lines"] == (["mean"] if per == "mean" else [str(i) for i in range(30)])


def test_many_dimensions_are_an_image_or_chosen(show, net, reference) -> None:
    image = show(net.pixels, "value")
    assert image.data["image"]
    np.testing.assert_allclose(image["y"], reference["pixels"][image.steps - 1], atol=1e-6)
    chosen = show(net.pixels, "value", show="lines", dims="40, 3:5")
    np.testing.assert_allclose(chosen["y"], reference["pixels"][:, [40, 3, 4]], atol=1e-6)
    assert chosen.data["lines"] == ["dimension 40", "dimension 3", "dimension 4"]


def test_very_many_neurons_share_rows() -> None:
    from nengolab.live.heat import Heat
    from nengolab.live.probes import LiveProbe
    from nengolab.live.tracks import Look
    from nengolab.names import Names

    with nengo.Network() as net:
        ens = nengo.Ensemble(500, 1)
    spec = Heat(LiveProbe(ens.neurons, None, None, net, Names(net)), tau=TAU)
    assert spec.per_row == 3
    assert Heat(LiveProbe(ens.neurons[:150], None, None, net, Names(net))).per_row == 1
    track = spec.make_track(0.001)
    track.widen(10)
    spikes = np.zeros((3, 500))
    spikes[0, [0, 1, 499]] = 1000.0
    track.record(spec.probe.id, np.arange(1, 4), spikes)
    (_, t), (_, rows) = track.read(Look(0, 3, 1, 100))
    first = (1 - np.exp(-0.001 / TAU)) * 1000
    assert t.tolist() == [0.001, 0.002, 0.003]
    assert rows.shape == (3, 167)
    np.testing.assert_allclose(rows[0, [0, 1, 166]], [first * 2 / 3, 0, first / 2], rtol=1e-6)
