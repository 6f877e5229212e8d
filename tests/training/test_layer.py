"""Layer: what it makes is plain Nengo, and computes the same."""

from __future__ import annotations

import pickle

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf
from nengo.exceptions import NetworkContextError

import nengolab
from nengolab.exceptions import ValidationError
from nengolab.layers.layer import Layer, is_layer_connection


@pytest.fixture
def net():
    with nengo.Network(seed=0) as net:
        net.stimulus = nengo.Node(nengo.processes.WhiteNoise(seed=0), size_out=12, label="pixels")
    return net


def run(net, simulator=nengolab.Simulator, steps=30):
    with simulator(net, progress_bar=False) as sim:
        sim.run_steps(steps)
    return [sim.data[p] for p in net.probes]


def test_a_neuron_type_makes_one_neuron_for_each_element(net):
    """The same as the code that it prints, in both simulators; the network's defaults apply."""
    with net:
        net.config[nengo.Ensemble].gain = nengo.dists.Choice([2.0])
        net.config[nengo.Ensemble].bias = nengo.dists.Choice([0.5])
        layer = Layer(nengo.LIF(amplitude=0.01))
        neurons = layer(net.stimulus)
        nengo.Probe(neurons)
    assert isinstance(neurons, nengo.ensemble.Neurons)
    assert neurons.size_in == 12
    own, reference = run(net)[0], run(net, nengo.Simulator)[0]
    np.testing.assert_allclose(own, reference, atol=1e-4)

    with nengo.Network(seed=0) as plain:
        plain.config[nengo.Ensemble].gain = nengo.dists.Choice([2.0])
        plain.config[nengo.Ensemble].bias = nengo.dists.Choice([0.5])
        names = {"nengo": nengo, "LIF": nengo.LIF}
        names["pixels"] = nengo.Node(nengo.processes.WhiteNoise(seed=0), size_out=12)
        exec("\n".join(row.strip() for row in str(layer).splitlines()[1:]), names)
        nengo.Probe(names["neurons"])
    np.testing.assert_array_equal(run(plain, nengo.Simulator)[0], reference)


def test_a_class_of_neurons_and_arguments_of_the_ensemble(net):
    with net:
        neurons = Layer(nengo.RectifiedLinear)(
            net.stimulus, gain=np.ones(12), bias=np.zeros(12), label="relu"
        )
        nengo.Probe(neurons)
        nengo.Probe(net.stimulus)
    assert neurons.ensemble.label == "relu"
    own, given = run(net)
    np.testing.assert_allclose(own, np.maximum(given, 0), rtol=1e-5)


def test_layers_and_functions_in_a_row(net):
    convolution, dense = keras.layers.Conv2D(2, 2), keras.layers.Dense(3)
    with net:
        x = Layer(convolution)(net.stimulus, shape_in=(4, 3, 1))
        assert isinstance(x, nengolab.TensorNode)
        assert x.shape_out == (3, 2, 2)
        x = Layer(tf.nn.relu)(x)
        x, conn = Layer(dense)(x, return_conn=True)
        nengo.Probe(x)
        nengo.Probe(net.stimulus)
    assert conn.post is x
    assert conn.synapse is None
    own, given = run(net)
    hidden = keras.ops.relu(convolution(given.reshape(-1, 4, 3, 1)))
    direct = dense(keras.ops.reshape(hidden, (-1, 12)))
    np.testing.assert_allclose(own, direct, atol=1e-5)


def test_transforms_and_synapses(net):
    weights = np.random.RandomState(0).normal(size=(5, 12))
    kernel = nengo.Convolution(2, (4, 3, 1), kernel_size=(2, 2))
    with net:
        a, conn = Layer(lambda x: x)(net.stimulus, weights, synapse=0.01, return_conn=True)
        b = Layer(nengo.RectifiedLinear())(net.stimulus, transform=kernel)
        c = Layer(lambda x: x)(net.stimulus[:4], transform=2)
        d = Layer(lambda x: x)(net.stimulus, transform=nengo.dists.Uniform(0, 1), shape_in=3)
        nengo.Probe(a)
        nengo.Probe(net.stimulus, synapse=0.01)
    assert (a.size_in, b.size_in, c.size_in, d.size_in) == (5, kernel.size_out, 4, 3)
    assert conn.synapse == nengo.Lowpass(0.01)
    own, given = run(net)
    np.testing.assert_allclose(own, given @ weights.T, atol=1e-4)


def test_its_connections_are_marked_in_copies_and_pickles_too(net):
    with net:
        _, conn = Layer(nengo.RectifiedLinear())(net.stimulus, return_conn=True)
        other = nengo.Connection(net.stimulus, conn.post, synapse=None)
    assert is_layer_connection(conn)
    assert not is_layer_connection(other)
    for again in (net.copy(), pickle.loads(pickle.dumps(net))):
        assert [is_layer_connection(c) for c in again.connections] == [True, False]


def test_it_shows_the_code_that_it_stands_for(net):
    assert str(Layer(nengo.LIF())).splitlines()[1:] == [
        "    ensemble = nengo.Ensemble(x.size_out, 1, neuron_type=LIF())",
        "    neurons = ensemble.neurons",
        "    nengo.Connection(x, neurons, synapse=None)  # one to one, no weights",
    ]
    layer = Layer(tf.nn.relu)
    with net:
        layer(net.stimulus[2:6], synapse=0.1, label="positive")
    text = str(layer)
    assert "TensorNode(relu, shape_in=(4,), pass_time=False, label='positive')" in text
    assert "nengo.Connection(pixels[2:6], node, synapse=0.1)" in text
    layer = Layer(nengo.LIF())
    with net:
        net.config[nengo.Connection].transform = 2.0
        layer(nengo.Node(np.zeros(3), label="conv 1"))
    assert "nengo.Connection(conv_1, neurons, synapse=None, transform=" in str(layer)
    assert str(layer).endswith("# weights not trained")


def test_what_is_wrong_is_said(net):
    with pytest.raises(NetworkContextError, match=r"Layer\(LIF\(\)\) was called outside"):
        Layer(nengo.LIF())(net.stimulus)
    with pytest.raises(ValidationError, match="takes a neuron type, a Keras layer or a function"):
        Layer(5)
    with pytest.raises(ValidationError, match=r"instance, Dense\(...\)"):
        Layer(keras.layers.Dense)
    with net:
        with pytest.raises(ValidationError, match=r"got array.*ndarray"):
            Layer(nengo.LIF())(np.zeros(3))
        with pytest.raises(ValidationError, match="call the other Layer first"):
            Layer(nengo.LIF())(Layer(nengo.LIF()))
        with pytest.raises(ValidationError, match="cannot be connected to the Probe"):
            Layer(nengo.LIF())(nengo.Probe(net.stimulus))
        with pytest.raises(ValidationError, match="has no output"):
            Layer(nengo.LIF())(nengo.Node(lambda t, x: None, size_in=1))
        with pytest.raises(ValidationError, match=r"\(4, 4\) has 16 elements.*gives 12"):
            Layer(keras.layers.Dense(2))(net.stimulus, shape_in=(4, 4))
        with pytest.raises(ValidationError, match="one neuron for each"):
            Layer(nengo.LIF())(net.stimulus, n_neurons=5)
        with pytest.raises(ValidationError, match="shape_in is the shape of an item"):
            Layer(keras.layers.Conv2D(2, 3))(net.stimulus)
        with pytest.raises(ValidationError, match="whole numbers from 1 up"):
            Layer(lambda x: x)(net.stimulus, shape_in=(3, None))
    assert [n.label for n in net.nodes[:1]] == ["pixels"]
