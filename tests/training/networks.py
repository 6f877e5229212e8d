"""Networks and data that tests of training share."""

from __future__ import annotations

import keras
import nengo
import numpy as np

import nengolab

rng = np.random.RandomState(0)
FIRST, BIAS, LAST = rng.randn(8, 3) * 0.5, rng.randn(8), rng.randn(2, 8) * 0.5
X, Y = rng.randn(22, 1, 3), rng.randn(22, 1, 2)
ACTIVITY = np.abs(rng.randn(22, 1, 8))


def dense():
    """Dense, ReLU, dense: what `keras_dense` is in plain Keras."""
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(trainable=None)
        net.x = nengo.Node(np.zeros(3), label="x")
        net.hidden = nengo.Ensemble(
            8, 1, neuron_type=nengo.RectifiedLinear(), gain=np.ones(8), bias=BIAS, label="hidden"
        )
        net.out = nengo.Node(size_in=2, label="out")
        net.first = nengo.Connection(net.x, net.hidden.neurons, transform=FIRST, synapse=None)
        net.last = nengo.Connection(net.hidden.neurons, net.out, transform=LAST, synapse=None)
        net.p = nengo.Probe(net.out, label="p")
        net.activity = nengo.Probe(net.hidden.neurons, label="activity")
    return net


def keras_dense(outputs=1):
    """The same in plain Keras."""
    inputs = keras.Input((1, 3))
    hidden = keras.layers.Dense(8, "relu", name="activity")
    last = keras.layers.Dense(2, use_bias=False, name="p")
    h = hidden(inputs)
    y = last(h)
    model = keras.Model(inputs, y if outputs == 1 else {"p": y, "activity": h})
    hidden.set_weights([FIRST.T, BIAS])
    last.set_weights([LAST.T])
    return model


def recurrent(neurons=None, learning=False, **settings):
    """Neurons, synapses, a loop, and, where asked, a learning rule."""
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(trainable=None, **settings)
        net.x = nengo.Node(np.zeros(2), label="x")
        net.ens = nengo.Ensemble(15, 2, neuron_type=neurons or nengo.LIF(), label="ens")
        net.out = nengo.Node(size_in=2, label="out")
        nengo.Connection(net.x, net.ens, synapse=0.002)
        nengo.Connection(net.ens, net.ens, synapse=0.01, transform=0.5)
        net.decoded = nengo.Connection(net.ens, net.out, synapse=0.005)
        if learning:
            error = nengo.Node(size_in=2)
            nengo.Connection(net.out, error)
            nengo.Connection(net.x, error, transform=-1)
            net.decoded.learning_rule_type = nengo.PES(1e-3)
            nengo.Connection(error, net.decoded.learning_rule)
        net.p = nengo.Probe(net.out, label="p", synapse=0.01)
    return net


def simulator(net, batch=8, **kwargs):
    return nengolab.Simulator(net, minibatch_size=batch, progress_bar=False, **kwargs)
