"""Networks with a TensorNode that tests share."""

from __future__ import annotations

import nengo
import numpy as np

import nengolab

BATCH = 3


def noise_into(func, size, **kwargs):
    """A network in which noise goes into a TensorNode; it, and probes of what goes in and out."""
    with nengo.Network(seed=1) as net:
        stimulus = nengo.Node(nengo.processes.WhiteNoise(seed=1), size_out=size)
        node = nengolab.TensorNode(func, **kwargs)
        nengo.Connection(stimulus, node, synapse=None)
        net.given, net.got = nengo.Probe(stimulus), nengo.Probe(node)
    net.node = node
    return net


def loop(func, synapse=0.005, **kwargs):
    """A network in which a TensorNode feeds back into itself."""
    with nengo.Network(seed=1) as net:
        stimulus = nengo.Node(lambda t: [np.sin(30 * t), np.cos(20 * t)])
        node = nengolab.TensorNode(func, shape_in=2, **kwargs)
        nengo.Connection(stimulus, node, synapse=None)
        nengo.Connection(node, node, synapse=synapse, transform=0.3)
        net.given, net.got = nengo.Probe(stimulus), nengo.Probe(node)
    return net
