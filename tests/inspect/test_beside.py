"""A network and its twins in one network: each does what it does alone."""

from __future__ import annotations

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab import inspect
from nengolab.exceptions import ValidationError

STEPS = 150


def make(neuron_type=None) -> nengo.Network:
    with nengo.Network(seed=3, label="squares") as net:
        nengolab.configure_settings(dtype="float64")
        net.drive = nengo.Node([0.4], label="drive")
        wave = nengo.Node(lambda t: np.sin(6 * t), label="wave")
        net.a = nengo.Ensemble(40, 1, neuron_type=neuron_type or nengo.LIF(tau_rc=0.03), label="a")
        out = nengo.Node(size_in=1, label="out")
        nengo.Connection(net.drive, net.a, synapse=None)
        nengo.Connection(wave, net.a, synapse=0.01, transform=0.5)
        nengo.Connection(net.a, out, function=np.square, synapse=0.005)
        net.probe = nengo.Probe(out, label="squared")
    return net


@pytest.fixture(scope="module")
def both():
    return inspect.side_by_side(make(), ["rate", "spiking", "regular"], voltage=0.5, synapse=0.02)


def test_each_does_what_it_does_alone(both):
    alone = inspect.compare(make(), STEPS, kinds=["rate", "spiking", "regular"], voltage=0.5)
    with nengolab.Simulator(both, progress_bar=False) as sim:
        sim.run_steps(STEPS)
        for kind, twin in both.twins.items():
            [probe] = twin.probes
            expected = alone.twins[kind].probes["squared"]
            np.testing.assert_allclose(sim.data[probe], expected, atol=1e-9, err_msg=kind)


def test_it_is_that_of_nengo_and_its_errors_are_differences(both):
    seen = {}
    with both:
        probes = [
            nengo.Probe(both.errors[kind][p]) for kind in both.errors for p in both.errors[kind]
        ]
    for simulator in (nengo.Simulator, nengolab.Simulator):
        with simulator(both, progress_bar=False) as sim:
            sim.run_steps(STEPS)
            seen[simulator] = [sim.data[p] for p in probes]
            values = {kind: sim.data[twin.probes[0]] for kind, twin in both.twins.items()}
    for one, other in zip(*seen.values(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    for kind, error in zip(both.errors, seen[nengo.Simulator], strict=True):
        apart = nengo.Lowpass(0.02).filt(values[kind] - values["rate"], dt=0.001, y0=0)
        np.testing.assert_allclose(error[1:], apart[:-1], atol=1e-9)
        assert np.abs(error).max() > 1e-3


def test_an_input_that_is_moved_moves_all(both):
    [drive] = [node for node in both.nodes if node.label == "drive"]
    with nengolab.Simulator(both, progress_bar=False) as sim:
        sim.set_input(drive, [-0.8])
        sim.run_steps(STEPS)
        moved = {kind: sim.data[twin.probes[0]] for kind, twin in both.twins.items()}
    net = make()
    net.drive.output = [-0.8]
    alone = inspect.compare(net, STEPS, kinds=["rate", "spiking"], voltage=0.5)
    for kind in ("rate", "spiking"):
        np.testing.assert_allclose(moved[kind], alone.twins[kind].probes["squared"], atol=1e-9)


def test_a_layer_computes_in_each_twin_and_is_no_input():
    keras.utils.set_random_seed(0)
    dense = keras.layers.Dense(4, activation="tanh", name="dense")
    with nengo.Network(seed=2) as net:
        drive = nengo.Node([0.3, -0.6], label="drive")
        layer = nengolab.Layer(dense)(drive, synapse=None)
        clock = nengolab.TensorNode(
            lambda t: tf.reshape(tf.sin(10 * t), (1, 1)), shape_out=(1,), label="clock"
        )
        ens = nengo.Ensemble(60, 4, label="ens")
        nengo.Connection(layer, ens, synapse=None)
        nengo.Connection(clock, ens[0], synapse=None, transform=0.2)
        nengo.Probe(ens, synapse=0.02)
        nengo.Probe(layer)
    both = inspect.side_by_side(net, voltage=0.5)
    assert list(both.inputs) == [drive]
    assert sorted(n.label for n in both.all_nodes if n.label == "clock") == ["clock", "clock"]
    with nengolab.Simulator(both, progress_bar=False) as sim:
        [moved] = both.inputs.values()
        sim.set_input(moved, [0.8, 0.1])
        sim.run_steps(STEPS)
        seen = {kind: [sim.data[p] for p in twin.probes] for kind, twin in both.twins.items()}
        expected = np.asarray(dense(np.array([[0.8, 0.1]])))
    for _, values in seen.values():
        np.testing.assert_allclose(values[-1], expected[0], rtol=1e-5)
    # The same input reaches both: rates and spikes represent the same.
    (rate, _), (spiking, _) = seen["rate"], seen["spiking"]
    wave = 0.2 * np.sin(10 * 0.001 * STEPS)
    assert rate[-1] == pytest.approx(expected[0] + [wave, 0, 0, 0], abs=0.15)
    assert spiking[-1] == pytest.approx(rate[-1], abs=0.15)
    assert np.abs(spiking - rate).max() > 1e-3


def test_the_network_stays_as_it_is_and_what_cannot_be_is_said():
    net = make()
    before = [len(net.all_objects), net.a.neuron_type]
    inspect.side_by_side(net)
    assert [len(net.all_objects), net.a.neuron_type] == before
    assert net.drive.output == [0.4]
    with pytest.raises(ValidationError, match="'soft': there is no such type for 'Sigmoid'"):
        inspect.side_by_side(make(nengo.Sigmoid()), ["rate", "soft"])
    with pytest.raises(ValidationError, match="no ensembles"):
        inspect.side_by_side(nengo.Network())
    with pytest.raises(ValidationError, match="of the network are compared"):
        inspect.side_by_side(net, of=[nengo.Node([0], add_to_container=False)])
    with net, pytest.raises(ValidationError, match="outside of any"):
        inspect.side_by_side(net)
    with pytest.raises(ValidationError, match="at least one"):
        inspect.side_by_side(net, [])
