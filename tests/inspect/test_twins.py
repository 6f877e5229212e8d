"""Twins of a network: the same but for how neurons spike."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import nengolab
from nengolab import inspect
from nengolab.exceptions import UnknownObject, ValidationError

pytestmark = pytest.mark.in_turn

STEPS = 400


def make(neuron_type=None) -> nengo.Network:
    with nengo.Network(seed=3) as net:
        nengolab.configure_settings(dtype="float64")
        node = nengo.Node(lambda t: np.sin(6 * t), label="node")
        a = nengo.Ensemble(60, 1, neuron_type=neuron_type or nengo.LIF(tau_rc=0.03), label="a")
        out = nengo.Node(size_in=1, label="out")
        nengo.Connection(node, a, synapse=None)
        nengo.Connection(a, out, function=np.square, synapse=None)
        nengo.Probe(out, label="squared")
        nengo.Probe(a, synapse=0.01, label="value")
    return net


@pytest.fixture(scope="module")
def found():
    return inspect.compare(make(), STEPS)


def test_twins_have_the_parameters_of_the_network(found):
    """Against Nengo's own simulator, of a network with the decoders of the spiking one."""
    net = make()
    with nengo.Simulator(net, progress_bar=False) as theirs:
        theirs.run_steps(STEPS)
    for label in ("squared", "value"):
        probe = next(p for p in net.all_probes if p.label == label)
        np.testing.assert_allclose(
            found.twins["spiking"].probes[label], theirs.data[probe], atol=1e-9
        )
    built = theirs.data[net.ensembles[0]]
    x = np.sin(6 * found.t)[:, None]
    currents = x @ built.scaled_encoders.T + built.bias
    rates = nengo.LIFRate(tau_rc=0.03).rates(currents, np.ones(60), np.zeros(60))
    rate = found.twins["rate"]
    np.testing.assert_allclose(rate.outputs["a"], rates, atol=1e-8)
    decoders = theirs.data[net.all_connections[1]].weights
    np.testing.assert_allclose(rate.probes["squared"], rates @ decoders.T, atol=1e-8)
    assert net.ensembles[0].neuron_type == nengo.LIF(tau_rc=0.03)  # it stays as it is


def test_types_are_those_of_the_kinds(found):
    types = {kind: twin.types["a"] for kind, twin in found.twins.items()}
    rate = nengo.LIFRate(tau_rc=0.03)
    assert types == {
        "rate": rate,
        "spiking": nengo.LIF(tau_rc=0.03),
        "soft": nengolab.SoftLIFRate(tau_rc=0.03),
        "regular": nengo.RegularSpiking(rate),
        "poisson": nengo.PoissonSpiking(rate),
        "stochastic": nengo.StochasticSpiking(rate),
    }
    assert not found.left_out


def test_counts_intervals_and_effective_rates_are_those_of_the_spikes(found):
    twin = found.twins["spiking"]
    output, spikes = twin.outputs["a"], twin.spikes("a")
    np.testing.assert_array_equal(spikes, output * 0.001)
    busiest = int(spikes.sum(0).argmax())
    when = found.t[spikes[:, busiest] > 0]
    np.testing.assert_allclose(twin.intervals("a", busiest), np.diff(when))
    rates = twin.rates("a", window=0.05)
    for step in (0, 10, 49, 50, 399):
        expected = output[max(0, step - 49) : step + 1].mean(axis=0)
        np.testing.assert_allclose(rates[step], expected, atol=1e-9)


def test_errors_are_of_what_is_probed_and_fall_with_the_synapse(found):
    spiking, rate = (found.twins[kind].probes["squared"] for kind in ("spiking", "rate"))
    expected = np.abs(spiking - rate)[:, 0]
    np.testing.assert_allclose(found.error("spiking", "squared"), expected)
    filtered = [nengo.Lowpass(0.02).filt(v, dt=0.001, y0=0) for v in (spiking, rate)]
    error = found.error("spiking", "squared", synapse=0.02)
    np.testing.assert_allclose(error, np.abs(filtered[0] - filtered[1])[:, 0])
    by_synapse = found.error_by_synapse("poisson", [0.005, 0.02, 0.08], "squared")
    assert (np.diff(by_synapse) < 0).all()
    assert by_synapse[1] == pytest.approx(
        np.sqrt(np.mean(found.error("poisson", "squared", synapse=0.02)[200:] ** 2))
    )


@pytest.mark.parametrize("kind", ["regular", "spiking"])
def test_one_faster_step_brings_the_next_spike_one_step_sooner(kind):
    """100 Hz, and 200 Hz in step 11: the second spike is in step 19, without it in step 20."""
    with nengo.Network() as net:
        rate = nengo.Node([100.0], label="rate")
        ens = nengo.Ensemble(
            1, 1, neuron_type=nengo.RectifiedLinear(), gain=[1], bias=[0], label="ens"
        )
        nengo.Connection(rate, ens.neurons, synapse=None)
    faster = np.full((1, 25, 1), 100.0)
    faster[0, 10] = 200
    steps = {}
    for name, data in (("steady", None), ("faster", {rate: faster})):
        spikes = inspect.compare(net, 25, data, [kind], voltage=0).twins[kind].spikes("ens")
        steps[name] = (np.flatnonzero(spikes[:, 0]) + 1).tolist()
    assert steps == {"steady": [10, 20], "faster": [10, 19]}


def test_kinds_that_cannot_be_had_are_left_out_and_said():
    found = inspect.compare(make(nengo.Sigmoid()), 20, kinds=["rate", "spiking", "soft"])
    assert list(found.twins) == ["rate"]
    assert found.left_out["soft"] == "there is no such type for 'Sigmoid'"
    with pytest.raises(UnknownObject, match="no twin 'soft': there is no such type"):
        found.error("soft")
    with pytest.raises(ValidationError, match="'a' has Sigmoid in this twin, which puts out rates"):
        found.twins["rate"].spikes("a")
    with pytest.raises(UnknownObject, match="no probe 'x'; its probes are 'squared', 'value'"):
        found.error("rate", "x")
    with pytest.raises(UnknownObject, match="'b'; there are 'a'"):
        found.twins["rate"].rates("b")


@pytest.mark.parametrize(
    ("net", "how", "words"),
    [
        (make, {"kinds": ["slow"]}, "the kinds are 'rate', 'spiking'"),
        (make, {"n_steps": 0}, "n_steps"),
        (nengo.Network, {}, "no ensembles"),
        (lambda: 3, {}, "of a nengo.Network, got int"),
        (lambda: nengo.Simulator(make(), progress_bar=False), {}, "Simulator: give its .network"),
        (lambda: make(nengo.Tanh()), {"kinds": ["soft"]}, "no twin of the kinds .soft."),
    ],
)
def test_what_cannot_be_compared_is_named(net, how, words):
    with pytest.raises(ValidationError, match=words):
        inspect.compare(net(), **how)
