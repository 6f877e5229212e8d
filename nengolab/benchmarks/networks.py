"""The networks that are timed. Each function makes one and names its probe ``net.probe``."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import nengo
import numpy as np
import scipy.sparse


def integrator(dimensions: int = 4, neurons: int = 2000) -> nengo.Network:
    """Make a population that integrates its input."""
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(np.linspace(-1.2, 1.2, dimensions))
        ens = nengo.Ensemble(neurons, dimensions)
        nengo.Connection(stimulus, ens, transform=0.1, synapse=0.1)
        nengo.Connection(ens, ens, synapse=0.1)
        net.probe = nengo.Probe(ens, synapse=0.05)
    return net


def ensemble_array(ensembles: int = 128, neurons: int = 50) -> nengo.Network:
    """Make an array of ensembles that feeds another."""
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(np.sin(np.arange(ensembles)))
        a = nengo.networks.EnsembleArray(neurons, ensembles)
        b = nengo.networks.EnsembleArray(neurons, ensembles)
        nengo.Connection(stimulus, a.input)
        nengo.Connection(a.output, b.input, synapse=0.02)
        net.probe = nengo.Probe(b.output, synapse=0.05)
    return net


def feed_forward_pair(neurons: int = 2000) -> nengo.Network:
    """Make a dense pair of populations, neuron to neuron."""
    rng = np.random.RandomState(0)
    weights = rng.normal(0, 0.3 / neurons, (neurons, neurons))
    sides = rng.choice([-1.0, 1.0], (2, neurons, 1))
    weights += 0.04 / neurons * np.outer(sides[1], sides[0])  # so that b says something
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(0.5)
        a, b = (nengo.Ensemble(neurons, 1, encoders=side) for side in sides)
        nengo.Connection(stimulus, a)
        nengo.Connection(a.neurons, b.neurons, transform=weights, synapse=0.01)
        net.probe = nengo.Probe(b, synapse=0.05)
    return net


def circular_convolution(dimensions: int = 64, neurons: int = 100) -> nengo.Network:
    """Make a circular convolution of two vectors, ``neurons`` for each product."""
    rng = np.random.RandomState(1)
    with nengo.Network(seed=0) as net:
        conv = nengo.networks.CircularConvolution(neurons, dimensions)
        for target in (conv.input_a, conv.input_b):
            vector = rng.randn(dimensions)
            nengo.Connection(nengo.Node(vector / np.linalg.norm(vector)), target)
        net.probe = nengo.Probe(conv.output, synapse=0.05)
    return net


def basal_ganglia(actions: int = 50, neurons: int = 100) -> nengo.Network:
    """Make a basal ganglia and a thalamus that choose one of the actions."""
    utilities = np.random.RandomState(2).uniform(0.0, 0.4, actions)
    utilities[actions // 2] = 1.0
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(utilities)
        ganglia = nengo.networks.BasalGanglia(actions, neurons)
        thalamus = nengo.networks.Thalamus(actions, neurons)
        nengo.Connection(stimulus, ganglia.input)
        nengo.Connection(ganglia.output, thalamus.input)
        net.probe = nengo.Probe(thalamus.output, synapse=0.05)
    return net


def recurrent_lif(neurons: int = 2000) -> nengo.Network:
    """Make a dense recurrent population, neuron to neuron."""
    weights = np.random.RandomState(3).normal(0, 0.1 / neurons, (neurons, neurons))
    with nengo.Network(seed=0) as net:
        ens = nengo.Ensemble(neurons, 1)
        nengo.Connection(nengo.Node(0.5), ens)
        nengo.Connection(ens.neurons, ens.neurons, transform=weights, synapse=0.01)
        net.probe = nengo.Probe(ens, synapse=0.05)
    return net


def sparse_recurrent(neurons: int = 20_000, density: float = 0.01) -> nengo.Network:
    """Make a large recurrent population, neuron to neuron, of which few are connected."""
    rng = np.random.RandomState(4)
    inputs = int(density * neurons)
    nonzeros = (
        rng.normal(0, 0.1 / inputs, neurons * inputs),
        rng.randint(neurons, size=(neurons * inputs)),
    )
    weights = scipy.sparse.csr_matrix((*nonzeros, np.arange(neurons + 1) * inputs), (neurons,) * 2)
    weights.sum_duplicates()
    with nengo.Network(seed=0) as net:
        rates = nengo.dists.Uniform(20, 80)
        ens = nengo.Ensemble(neurons, 1, max_rates=rates, n_eval_points=500)
        nengo.Connection(nengo.Node(0.5), ens)
        transform = nengo.Sparse((neurons, neurons), init=weights)
        nengo.Connection(ens.neurons, ens.neurons, transform=transform, synapse=0.01)
        net.probe = nengo.Probe(ens, synapse=0.05)
    return net


def conv_stack(classes: int = 10) -> nengo.Network:
    """Make three layers of spiking convolutions of an image, and a dense readout."""
    rng = np.random.RandomState(5)
    neurons = nengo.LIF(amplitude=0.01)
    layers = (((28, 28, 1), 32, 1), ((26, 26, 32), 64, 2), ((12, 12, 64), 128, 2))
    with nengo.Network(seed=0) as net:
        last = nengo.Node(rng.uniform(0, 1, 28 * 28))
        for shape, filters, stride in layers:
            kernel = rng.uniform(-1, 1, (3, 3, shape[2], filters)) * np.sqrt(2 / (9 * shape[2]))
            conv = nengo.Convolution(filters, shape, strides=(stride, stride), init=kernel)
            layer = nengo.Ensemble(
                conv.output_shape.size,
                1,
                neuron_type=neurons,
                max_rates=nengo.dists.Choice([100]),
                intercepts=nengo.dists.Choice([0]),
                n_eval_points=10,
            ).neurons
            synapse = None if shape[2] == 1 else 0.005
            nengo.Connection(last, layer, transform=conv, synapse=synapse)
            last = layer
        out = nengo.Node(size_in=classes)
        weights = rng.normal(0, 1 / np.sqrt(last.size_out), (classes, last.size_out))
        nengo.Connection(last, out, transform=weights, synapse=0.005)
        net.probe = nengo.Probe(out, synapse=0.05)
    return net


def chain(ensembles: int = 500, neurons: int = 20) -> nengo.Network:
    """Make a chain of small ensembles."""
    with nengo.Network(seed=0) as net:
        last = nengo.Node(0.5)
        for _ in range(ensembles):
            ens = nengo.Ensemble(neurons, 1)
            nengo.Connection(last, ens)
            last = ens
        net.probe = nengo.Probe(last, synapse=0.05)
    return net


def node_loops(loops: int = 8, neurons: int = 100) -> nengo.Network:
    """Make feedback loops through Python Nodes."""
    with nengo.Network(seed=0) as net:
        out = nengo.Node(size_in=loops)
        for i in range(loops):
            ens = nengo.Ensemble(neurons, 1)
            node = nengo.Node(lambda t, x: 0.8 * x + 0.1, size_in=1)
            nengo.Connection(ens, node)
            nengo.Connection(node, ens)
            nengo.Connection(ens, out[i], synapse=None)
        net.probe = nengo.Probe(out, synapse=0.05)
    return net


class Swing(nengo.Process):
    """A swing that is pushed at its own frequency, and by the force that it is given.

    It puts out where it is and how fast.
    """

    def __init__(self):
        super().__init__(default_size_in=1, default_size_out=2)

    def make_state(self, shape_in, shape_out, dt, dtype=None):
        return {"swing": np.array([0.5, 0.0])}

    def make_step(self, shape_in, shape_out, dt, rng, state):
        swing = state["swing"]

        def step(t, force):
            swing[1] += dt * (20 * force[0] - 40 * swing[0] + 8 * math.sin(6.3 * t))
            swing[0] += dt * swing[1]
            return swing[0], 0.1 * swing[1]

        return step


def sense_act(neurons: int = 200, world: object = None) -> nengo.Network:
    """Make an environment in Python, and neurons that sense it and act: they damp a swing.

    ``world`` may be another output of the Node than a `Swing`.
    """
    with nengo.Network(seed=0) as net:
        node = nengo.Node(Swing() if world is None else world, size_in=1, size_out=2)
        ens = nengo.Ensemble(neurons, 2)
        nengo.Connection(node, ens)
        nengo.Connection(ens, node, function=lambda x: -x[1])
        net.probe = nengo.Probe(node, synapse=0.05)
    return net


def pes(channels: int = 16, neurons: int = 200) -> nengo.Network:
    """Make channels that learn a communication channel online with PES."""
    with nengo.Network(seed=0) as net:
        out = nengo.Node(size_in=channels)
        for i in range(channels):
            stimulus = nengo.Node(np.sin(i))
            pre, error = nengo.Ensemble(neurons, 1), nengo.Ensemble(neurons, 1)
            nengo.Connection(stimulus, pre)
            learned = nengo.Connection(
                pre, out[i], function=lambda x: 0, learning_rule_type=nengo.PES()
            )
            nengo.Connection(out[i], error)
            nengo.Connection(stimulus, error, transform=-1)
            nengo.Connection(error, learned.learning_rule)
        net.probe = nengo.Probe(out, synapse=0.05)
    return net


NETWORKS: dict[str, Callable[[], nengo.Network]] = {
    "integrator": integrator,
    "ensemble_array": ensemble_array,
    "feed_forward_pair": feed_forward_pair,
    "circular_convolution": circular_convolution,
    "basal_ganglia": basal_ganglia,
    "recurrent_lif": recurrent_lif,
    "sparse_recurrent": sparse_recurrent,
    "conv_stack": conv_stack,
    "chain": chain,
    "node_loops": node_loops,
    "sense_act_200": sense_act,
    "sense_act_2000": partial(sense_act, 2000),
    "pes": pes,
}
