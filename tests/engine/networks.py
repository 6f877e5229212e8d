"""Networks that several tests run, each built with a fixed seed."""

from __future__ import annotations

import nengo
import numpy as np

import nengolab

NEURONS = {
    "LIF": nengo.LIF(),
    "LIF slow": nengo.LIF(tau_rc=0.05, tau_ref=0.005, amplitude=0.5),
    "LIF fast membrane": nengo.LIF(tau_rc=0.002),
    "LIF below zero": nengo.LIF(min_voltage=-1),
    "LIF no refractory time": nengo.LIF(tau_ref=0.0),
    "AdaptiveLIF": nengo.AdaptiveLIF(tau_n=0.1, inc_n=0.05, amplitude=0.8),
    "Izhikevich": nengo.Izhikevich(),
    "RegularSpiking": nengo.RegularSpiking(nengo.AdaptiveLIFRate(tau_n=0.1), amplitude=0.6),
    "RegularSpiking of Tanh": nengo.RegularSpiking(nengo.Tanh(tau_ref=0.01)),
    "LIFRate": nengo.LIFRate(amplitude=0.7),
    "AdaptiveLIFRate": nengo.AdaptiveLIFRate(tau_n=0.1, inc_n=0.05),
    "SoftLIFRate": nengolab.SoftLIFRate(sigma=0.5, amplitude=0.7),
    "RectifiedLinear": nengo.RectifiedLinear(amplitude=2),
    "SpikingRectifiedLinear": nengo.SpikingRectifiedLinear(),
    "LeakyReLU": nengolab.LeakyReLU(negative_slope=0.2),
    "SpikingLeakyReLU": nengolab.SpikingLeakyReLU(amplitude=0.5),
    "Sigmoid": nengo.Sigmoid(),
    "Tanh": nengo.Tanh(tau_ref=0.01),
    "Direct": nengo.Direct(),
}
RATES = [
    "LIFRate",
    "AdaptiveLIFRate",
    "SoftLIFRate",
    "RectifiedLinear",
    "LeakyReLU",
    "Sigmoid",
    "Tanh",
    "Direct",
]
SPIKING = [name for name in NEURONS if name not in RATES]


def recurrent(neuron_type) -> nengo.Network:
    """Input, a recurrent population, a computed function of it, a neuron-to-neuron connection."""
    with nengo.Network(seed=3) as net:
        net.config[nengo.Ensemble].neuron_type = neuron_type
        base = getattr(neuron_type, "base_type", neuron_type)
        if getattr(base, "tau_ref", 0) >= 0.005:
            net.config[nengo.Ensemble].max_rates = nengo.dists.Uniform(50, 90)
        stimulus = nengo.Node(lambda t: [np.sin(7 * t), np.cos(11 * t)], label="stimulus")
        a = nengo.Ensemble(60, 2, radius=1.3, label="a")
        b = nengo.Ensemble(40, 1, label="b")
        nengo.Connection(stimulus, a)
        nengo.Connection(a, a, synapse=nengo.Alpha(0.05), transform=[[0.6, -0.3], [0.3, 0.6]])
        nengo.Connection(a[1], b, function=lambda x: x**2 - 0.5, synapse=0.02)
        nengo.Connection(a, b, function=lambda x: x[0] * x[1])
        nengo.Probe(a, synapse=0.03, label="a decoded")
        nengo.Probe(b, synapse=None, label="b decoded")
        nengo.Probe(stimulus, label="stimulus out")
        nengo.Probe(a, "input", label="a input")
        if not isinstance(neuron_type, nengo.Direct):
            weights = np.random.RandomState(5).uniform(-2e-3, 2e-3, (40, 60))
            nengo.Connection(a.neurons, b.neurons, transform=weights, synapse=0.01)
            nengo.Probe(b.neurons, label="b neurons")
            nengo.Probe(a.neurons, "input", label="a current")
    return net


def arrays(n: int) -> nengo.Network:
    """An array of ``n`` ensembles feeding another."""
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(np.sin(np.arange(n)), label="stimulus")
        a = nengo.networks.EnsembleArray(50, n, label="a")
        b = nengo.networks.EnsembleArray(50, n, label="b")
        nengo.Connection(stimulus, a.input)
        nengo.Connection(a.output, b.input, synapse=0.1)
        net.probe = nengo.Probe(b.output, synapse=0.1)
    return net


def pair(n: int, neuron_type=None) -> nengo.Network:
    """A dense feed-forward pair, neuron to neuron."""
    weights = np.random.RandomState(1).normal(0, 0.3 / n, (n, n))
    with nengo.Network(seed=2) as net:
        net.config[nengo.Ensemble].neuron_type = neuron_type or nengo.LIF()
        stimulus = nengo.Node(lambda t: np.sin(9 * t))
        a, b = nengo.Ensemble(n, 1, label="a"), nengo.Ensemble(n, 1, label="b")
        nengo.Connection(stimulus, a)
        nengo.Connection(a.neurons, b.neurons, transform=weights, synapse=0.01)
        net.probe = nengo.Probe(b, synapse=0.05, label=f"decoded {neuron_type}")
        nengo.Probe(b.neurons[:20], label=f"spikes {neuron_type}")
    return net


class Maze:
    """An object that two Nodes share: one acts on it, the other senses it."""

    def __init__(self):
        self.position = 0.0

    def act(self, t, x):
        self.position += 0.01 * float(x[0])

    def sense(self, t):
        return self.position


def maze(order: str) -> nengo.Network:
    """Sense and act around a population; the Nodes are made in the given order."""
    with nengo.Network(seed=4) as net:
        net.maze = Maze()
        for what in order.split():
            if what == "sense":
                sense = nengo.Node(net.maze.sense, label="sense")
            else:
                act = nengo.Node(net.maze.act, size_in=1, size_out=0, label="act")
        a = nengo.Ensemble(50, 1, neuron_type=nengo.LIFRate())
        nengo.Connection(sense, a)
        nengo.Connection(a, act, function=lambda x: 1 - x, synapse=0.02)
        nengo.Probe(sense)
        nengo.Probe(a, synapse=0.01)
    return net
