"""Curves of neurons and layers against the input of a Keras layer: against Keras and NumPy."""

from __future__ import annotations

import keras
import nengo
import numpy as np
import pytest

import nengolab
from nengolab import inspect
from nengolab.exceptions import UnknownObject, ValidationError


def make() -> nengo.Network:
    keras.utils.set_random_seed(0)
    with nengo.Network(seed=1) as net:
        pixels = nengo.Node(np.zeros(36), label="pixels")
        conv = keras.layers.Conv2D(3, 3, name="conv")
        net.image = nengolab.Layer(conv)(pixels, shape_in=(6, 6, 1))
        how = {"gain": np.full(48, 20.0), "bias": np.full(48, 0.5), "label": "spiking"}
        net.spiking = nengolab.Layer(nengo.LIF(amplitude=0.02))(net.image, synapse=0.01, **how)
        dense = keras.layers.Dense(5, activation="relu", name="dense")
        net.dense = nengolab.Layer(dense)(net.spiking)
        net.relu = nengolab.Layer(nengo.RectifiedLinear())(net.dense, transform=0.5, label="relu")
        nengo.Node(lambda t: t, label="time")
        late = nengolab.Layer(keras.layers.Dense(2, name="late"))(pixels)
        ens = nengo.Ensemble(10, 2, label="loop")
        nengo.Connection(late, ens)
        nengo.Connection(ens, ens)
        nengo.Probe(net.relu, label="probe")
        net.bias = [net.spiking.ensemble, net.relu.ensemble]
    return net


@pytest.fixture(scope="module")
def net():
    return make()


def by_hand(net, points, built) -> np.ndarray:
    """From points to the last neurons, by Keras and Nengo."""
    spiking, relu = (built[ens] for ens in net.bias)
    x = np.asarray(net.image.tensor_func(points.reshape(-1, 6, 6, 1))).reshape(len(points), -1)
    kind = nengo.LIF(amplitude=0.02)
    x = kind.rates(x, spiking.gain, spiking.bias)
    x = np.asarray(net.dense.tensor_func(x))
    return nengo.RectifiedLinear().rates(0.5 * x, relu.gain, relu.bias)


def test_through_all_layers_as_keras_and_nengo_compute_it(net):
    points = np.random.RandomState(0).uniform(-1, 1, (4, 36))
    found = inspect.layer_curves(net, "relu", points, layer="conv")
    with nengo.Simulator(net, progress_bar=False) as theirs:
        expected = by_hand(net, points, theirs.data)
        there = inspect.layer_curves(theirs, "relu.neurons", points, layer=net.image)
    np.testing.assert_allclose(found.outputs, expected, rtol=1e-4)
    np.testing.assert_allclose(there.outputs, expected, rtol=1e-4)
    assert (found.name, found.layer, found.unit) == ("relu", "conv", "Hz")
    assert np.ptp(expected, axis=0).any()
    # All that it follows from, and nothing else.
    assert {net.image, net.dense, *net.bias} <= set(found.through)
    through = [c for c in found.through if isinstance(c, nengo.Connection)]
    assert len(through) == 3
    assert inspect.layer_before(net, net.bias[1]) is net.dense
    assert inspect.layer_before(net, net.nodes[0]) is None


def test_against_a_run_of_the_simulator_with_values_that_were_set():
    net = make()
    for ens in net.bias:
        ens.neuron_type = nengo.RectifiedLinear(amplitude=0.05)
    rng = np.random.RandomState(3)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        kernel = sim.parameters["conv.kernel"]
        kernel.value = rng.normal(size=kernel.shape)
        sim.parameters["dense.bias"].value = 2.0
        sim.parameters["spiking.neurons.bias"].value = 0.25
        points = rng.uniform(-1, 1, (1, 36))
        steps = 300
        sim.run_steps(steps, data={"pixels": np.repeat(points[:, None], steps, axis=1)})
        now = inspect.layer_curves(sim, net.relu, points, layer="conv")
        built = inspect.layer_curves(sim, net.relu, points, layer="conv", when="built")
        before = inspect.layer_curves(net, net.relu, points, layer="conv")
        got = sim.data[next(p for p in net.probes if p.label == "probe")][-1]
    np.testing.assert_allclose(now.outputs[0], got, rtol=1e-3)
    np.testing.assert_allclose(built.outputs, before.outputs, rtol=1e-4)
    assert np.abs(now.outputs - built.outputs).max() > 0.1


def test_along_directions_from_the_nearest_layer(net):
    found = inspect.layer_curves(net, net.relu, along=7, radius=2.0)
    assert found.layer == "dense"
    assert found.outputs.shape == (101, 5)
    np.testing.assert_allclose(found.points[:, 7], np.linspace(-2, 2, 101))
    layer = inspect.layer_curves(net, "dense", along=(3, 4), n_points=5)
    assert (layer.layer, layer.unit, layer.outputs.shape) == ("dense", "", (5, 5, 5))
    expected = np.asarray(net.dense.tensor_func(layer.points.reshape(25, 48)))
    np.testing.assert_allclose(layer.outputs.reshape(25, 5), expected, atol=1e-5)
    flat = layer.outputs.reshape(25, 5)
    np.testing.assert_array_equal(layer.silent, np.flatnonzero(~(flat > 0).any(0)))
    assert layer.saturated.tolist() == []


@pytest.mark.parametrize(
    ("obj", "how", "error", "words"),
    [
        ("loop", {}, ValidationError, "'loop' is in a loop"),
        ("relu", {"layer": "late"}, ValidationError, "'late' is not before 'relu'"),
        ("pixels", {}, ValidationError, "no layer is before 'pixels'.* 'conv', 'dense', 'late'"),
        ("nobody", {}, UnknownObject, "'nobody' is not in the network"),
        ("probe", {}, ValidationError, "'probe' is a Probe"),
        ("relu", {"points": [[1, 2]]}, ValidationError, "'dense' has 48 dimensions"),
    ],
)
def test_what_has_no_such_curves_is_named(net, obj, how, error, words):
    with pytest.raises(error, match=words):
        inspect.layer_curves(net, obj, **how)
