"""``sim.check_gradients``: what it lists, and what it refuses."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.exceptions import SimulationError, ValidationError


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


def test_refuses_surrogates():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(surrogate="atan")
        nengo.Probe(nengo.Ensemble(3, 1, label="spiking").neurons)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match="spiking"):
            sim.check_gradients()
