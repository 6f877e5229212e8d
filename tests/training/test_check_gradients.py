"""``sim.check_gradients``: what it lists, and what it refuses."""

from __future__ import annotations

import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.exceptions import SimulationError, ValidationError
from nengolab.kernels import compiled
from nengolab.kernels.rates import SigmoidRate


def memory(**settings):
    """A recurrent network with a fixed linear memory, in the manner of an LMU."""
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(trainable=None, **settings)
        net.config[nengo.Connection].synapse = None
        x = nengo.Node([0], label="x")
        m = nengo.Node(size_in=2, label="m")
        h = nengo.Ensemble(
            3, 1, neuron_type=nengo.Tanh(tau_ref=1), gain=np.ones(3), bias=np.zeros(3)
        )
        fixed = nengo.Connection(x, m, transform=[[0.5], [-0.3]])
        net.config[fixed].trainable = False
        nengo.Connection(m, m, transform=[[0.6, -0.4], [0.4, 0.6]], synapse=0)
        nengo.Connection(m, h.neurons, transform=nengolab.dists.Glorot())
        nengo.Connection(h.neurons, h.neurons, transform=nengolab.dists.Glorot(), synapse=0)
        net.p = nengo.Probe(h.neurons)
    return net


def test_lists_trained_arrays_and_inputs_by_name():
    with nengolab.Simulator(memory(), dt=1.0, progress_bar=False) as sim:
        found = {d.name: d for d in sim.check_gradients(n_steps=6)}
        trained = set(sim.parameters.trainable)
    assert set(found) == trained | {"input x"}
    assert not any(name.startswith("x ->") for name in found)  # the connection that is fixed
    for d in found.values():
        assert d.analytic != 0
        assert np.isclose(d.analytic, d.numeric, rtol=1e-3, atol=1e-5)


def test_refuses_what_differs():
    with nengolab.Simulator(memory(), dt=1.0, progress_bar=False) as sim:
        # Nothing agrees to less than rounding.
        with pytest.raises(SimulationError, match="weights"):
            sim.check_gradients(n_steps=6, atol=0, rtol=1e-18)


def through(func):
    """Weights on both sides of a function on tensors."""
    with nengo.Network(seed=0) as net:
        x = nengo.Node([0, 0], label="x")
        node = nengolab.TensorNode(func, shape_in=2, pass_time=False, label="inside")
        nengo.Connection(x, node, transform=[[0.5, -1.0], [2.0, 0.3]], synapse=None)
        net.after = nengo.Node(size_in=2, label="after")
        nengo.Connection(node, net.after, transform=[[1.0, 0.2], [-0.4, 0.7]], synapse=None)
        nengo.Connection(net.after, node, transform=0.3 * np.eye(2), synapse=0)
        nengo.Probe(net.after)
    return net


def sine(factor):
    """``sin``, with its derivative times ``factor``."""

    @tf.custom_gradient
    def func(x):
        return tf.sin(x), lambda dy: factor * tf.cos(x) * dy

    return func


def test_refuses_a_wrong_gradient_that_was_put_in():
    """Off by one per cent, on a feedback path; and it names what comes before it, not after it."""
    with nengolab.Simulator(through(sine(1.0)), progress_bar=False) as sim:
        sim.check_gradients(n_steps=4)
    for factor in (1.01, 0.99, -1.0, 0.0):
        with nengolab.Simulator(through(sine(factor)), progress_bar=False) as sim:
            with pytest.raises(SimulationError) as caught:
                sim.check_gradients(n_steps=4)
        said = str(caught.value)
        assert "x -> inside.weights" in said
        assert "input x" in said
    # Without a loop, what is behind the function has the right gradient all the same.
    net = through(sine(0.5))
    net.connections.remove(net.connections[2])
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(SimulationError) as caught:
            sim.check_gradients(n_steps=4)
    assert "x -> inside.weights" in str(caught.value)
    assert "inside -> after.weights" not in str(caught.value)


@pytest.fixture
def nothing_shared():
    """What was compiled before is not used, and what the test compiles is not used after it."""
    compiled.forget()
    yield
    compiled.forget()


def test_refuses_a_wrong_gradient_of_a_kernel(monkeypatch, nothing_shared):
    """Of neurons, and of an input alone where nothing is trained."""
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(trainable=False)
        x = nengo.Node([0], label="x")
        ens = nengo.Ensemble(5, 1, neuron_type=nengo.Sigmoid(tau_ref=1), gain=np.ones(5),
                             bias=np.zeros(5))  # fmt: skip
        nengo.Connection(x, ens.neurons, transform=np.ones((5, 1)), synapse=None)
        nengo.Probe(ens.neurons)
    with nengolab.Simulator(net, progress_bar=False, dt=1.0) as sim:
        sim.check_gradients(n_steps=2)
    compiled.forget()
    monkeypatch.setattr(SigmoidRate, "slope", lambda self, p, current, rate: rate)
    with nengolab.Simulator(net, progress_bar=False, dt=1.0) as sim:
        with pytest.raises(SimulationError, match="input x"):
            sim.check_gradients(n_steps=2)


def test_refuses_surrogates():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(surrogate="atan")
        nengo.Probe(nengo.Ensemble(3, 1, label="spiking").neurons)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match="spiking"):
            sim.check_gradients()
