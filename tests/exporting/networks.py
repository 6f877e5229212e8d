"""Networks for the tests of exporting."""

import nengo
import numpy as np

import nengolab

EXACT = {"tau_ref": 0, "min_voltage": -np.inf}


def mixed():
    """Kinds of layers, links and synapses that a bundle can hold, in double precision."""
    rng = np.random.RandomState(0)
    with nengo.Network(seed=1, label="mixed") as net:
        nengolab.configure_settings(dtype="float64")
        stimulus = nengo.Node([0.5, 0.2], label="stimulus")
        image = nengo.Node(np.zeros(50), label="image")
        a = nengo.Ensemble(10, 2, label="a")
        b = nengo.Ensemble(8, 1, label="b", neuron_type=nengo.SpikingRectifiedLinear())
        fast = nengo.LIF(tau_ref=0.001, amplitude=0.01, min_voltage=-np.inf)
        ones = np.ones(18)
        c = nengo.Ensemble(18, 1, label="c", neuron_type=fast, gain=3 * ones, bias=ones)
        d = nengo.Ensemble(
            18,
            1,
            label="d",
            neuron_type=nengolab.neurons.IntegrateAndFire(),
            gain=rng.uniform(200, 400, 18),
            bias=ones,
        )
        e = nengo.Ensemble(80, 1, label="e", gain=rng.uniform(1, 3, 80), bias=np.full(80, 1.5))
        passing = nengo.Node(size_in=3, label="passing")
        nengo.Connection(stimulus, a)
        nengo.Connection(a, b, function=lambda x: x[0] * x[1])
        nengo.Connection(a[0], b, synapse=None)
        nengo.Connection(
            a,
            b,
            solver=nengo.solvers.LstsqL2(weights=True),
            transform=[[1, 1]],
            synapse=nengo.Alpha(0.01),
        )
        sparse = nengo.Sparse((8, 10), indices=[[0, 1], [2, 3]], init=[0.01, 0.02])
        nengo.Connection(a.neurons, b.neurons, transform=sparse, synapse=None)
        nengo.Connection(b.neurons, a.neurons[[3, 1]], transform=np.full((2, 8), 0.001))
        weights = nengo.dists.Uniform(-1, 1)
        first = nengo.Convolution(2, (5, 5, 2), (3, 3), (2, 2), padding="same", init=weights)
        second = nengo.Convolution(2, (2, 3, 3), padding="same", channels_last=False, init=weights)
        nengo.Connection(image, c.neurons, transform=first, synapse=None)
        nengo.Connection(c.neurons, d.neurons, transform=second, synapse=0.0)
        back = nengo.transforms.ConvolutionTranspose(
            2, (3, 3, 2), (5, 8, 2), (2, 3), (2, 3), "same", init=weights
        )
        nengo.Connection(c.neurons, e.neurons, transform=back, synapse=0.003)
        nengo.Connection(a, passing[:2], synapse=None)
        nengo.Connection(b, passing[2], synapse=0.01)
        nengo.Connection(passing, a, transform=[[0.1, 0.1, 0.1], [0, 0, 0.1]])
        for obj in (b, a[1], passing):
            nengo.Probe(obj, synapse=0.02)
        for ens in (a, b, c, d, e):
            nengo.Probe(ens.neurons)
        nengo.Probe(b.neurons, "voltage")
    return net


def exact():
    """What maps exactly to NIR: convolution, loops, encoders, two kinds of neurons."""
    rng = np.random.RandomState(0)
    lif = nengo.LIF(**EXACT, amplitude=0.5)
    with nengo.Network(seed=1, label="exact") as net:
        nengolab.configure_settings(dtype="float64")
        image = nengo.Node(np.zeros(64), label="image")
        x = nengo.Node([0.0, 0], label="x")
        ones = np.ones(36)
        a = nengo.Ensemble(36, 1, label="a", neuron_type=lif, gain=2 * ones, bias=ones)
        gain, bias = rng.uniform(1, 5, 20), rng.uniform(0, 2, 20)
        b = nengo.Ensemble(20, 1, label="b", neuron_type=lif, gain=gain, bias=bias)
        integrate = nengolab.neurons.IntegrateAndFire()
        c = nengo.Ensemble(
            18, 1, label="c", neuron_type=integrate, gain=np.full(18, 3.0), bias=np.ones(18)
        )
        d = nengo.Ensemble(30, 2, label="d", neuron_type=lif)
        out = nengo.Node(size_in=4, label="out")
        weights = nengo.dists.Uniform(-1, 1)
        convolution = nengo.Convolution(4, (8, 8, 1), (3, 3), (2, 2), init=weights)
        nengo.Connection(image, a.neurons, transform=convolution, synapse=None)
        nengo.Connection(a.neurons, b.neurons, transform=rng.randn(20, 36) * 0.02, synapse=0.005)
        nengo.Connection(b.neurons, c.neurons, transform=rng.randn(18, 20), synapse=None)
        nengo.Connection(c.neurons, out, transform=rng.randn(4, 18) * 0.01, synapse=0.01)
        nengo.Connection(out[:2], d, synapse=None)
        nengo.Connection(d, d, synapse=0.05)
        nengo.Connection(x, d, synapse=0.01)
        nengo.Connection(d, b.neurons[:5], transform=rng.randn(5, 2), synapse=0.0)
        for ens in (a, b, c, d):
            nengo.Probe(ens.neurons, label=f"{ens.label} spikes")
        nengo.Probe(out, label="result")
        nengo.Probe(d, synapse=0.02, label="decoded")
    return net


def held(rng, items, steps, size, low=-1.0):
    """Inputs that stay for all steps."""
    return np.repeat(rng.uniform(low, 1, (items, 1, size)), steps, axis=1)
