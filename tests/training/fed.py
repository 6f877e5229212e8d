"""A network that is fed, for tests of what may be fed to it."""

import nengo
import numpy as np

from nengolab.compiler.build import build
from nengolab.feeding.aliases import Aliases
from nengolab.feeding.feeder import Feeder


class Net:
    """A network with three inputs, two probes, and much that is neither."""

    def __init__(self, most=4):
        with nengo.Network(seed=0) as self.net:
            self.a = nengo.Node(np.zeros(3), label="a")
            self.plain = nengo.Node(np.sin)
            self.ens = nengo.Ensemble(10, 3, label="ens")
            self.relay = nengo.Node(size_in=2, label="relay")
            nengo.Connection(self.a, self.ens)
            with nengo.Network(label="sub"):
                self.pixel = nengo.Node([0.0], label="pixel 1/2")
            self.out = nengo.Probe(self.ens)
            self.neurons = nengo.Probe(self.ens.neurons, label="neurons")
        self.aliases = Aliases(self.net)
        self.feeder = Feeder.of(self.aliases, build(self.net, 0.001).model, most)

    def feed(self, *args, **kwargs):
        return self.feeder.feed(*args, **kwargs)


def ones(*shape):
    return np.ones(shape, np.float32)
