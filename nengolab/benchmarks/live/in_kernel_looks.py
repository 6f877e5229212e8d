"""What the notebooks of ``--inspect`` import, in the kernel: what is looked at while it trains."""

from __future__ import annotations

import time

import nengo
import numpy as np

import nengolab

#: Batches of 32 items of one step each: a few ms, of which most is Python's.
ITEMS, BATCH = 6400, 32


def many_weights(size: int) -> nengo.Network:
    """Make two ensembles with a full matrix from neurons to neurons."""
    matrix = np.random.RandomState(0).normal(size=(size, size))
    with nengo.Network(seed=1, label="many weights") as net:
        pre, post = (nengo.Ensemble(size, 1, label=name) for name in ("pre", "post"))
        nengo.Connection(pre.neurons, post.neurons, transform=matrix, label="full")
    return net


def answering(neurons: int = 60) -> nengo.Network:
    """Make a driven ensemble, whose neurons are picked."""
    with nengo.Network(seed=1, label="answering") as net:
        wave = nengo.Node(lambda t: np.sin(6 * t), label="wave")
        net.line = nengo.Ensemble(neurons, 1, label="line")
        nengo.Connection(wave, net.line)
    return net


class Trained:
    """A simulator in which all arrays of an ensemble are trained.

    Parameters
    ----------
    neurons : int

    Attributes
    ----------
    sim : nengolab.Simulator
    """

    def __init__(self, neurons: int = 1000) -> None:
        import keras

        with nengo.Network(seed=1, label=f"{neurons} neurons that are trained") as net:
            nengolab.configure_settings(trainable=True)
            stimulus = nengo.Node([0.0], label="stimulus")
            ens = nengo.Ensemble(neurons, 1, label="ens")
            out = nengo.Node(size_in=1, label="out")
            nengo.Connection(stimulus, ens, synapse=None)
            nengo.Connection(ens, out, function=np.square, synapse=None)
            nengo.Probe(out)
        self.sim = nengolab.Simulator(net, progress_bar=False, minibatch_size=BATCH)
        self.sim.compile(optimizer=keras.optimizers.Adam(1e-4), loss="mse")
        self.x = np.random.RandomState(0).uniform(-1, 1, (ITEMS, 1, 1))
        self.fit(1)  # compiled

    def fit(self, epochs: int) -> tuple[float, float]:
        """Train, and give batches a second, by the clock and by processor time."""
        batches = epochs * (ITEMS // BATCH)
        began, used = time.perf_counter(), time.process_time()
        self.sim.fit(self.x, self.x**2, epochs=epochs, verbose=0)
        return batches / (time.perf_counter() - began), batches / (time.process_time() - used)
