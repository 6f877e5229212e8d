"""A network in which four rules learn, for the kinds that show it."""

import nengo
import numpy as np

import nengolab


def learning_network() -> nengo.Network:
    """Make it: PES, BCM, Oja and Voja."""
    rng = np.random.RandomState(5)
    with nengo.Network(label="learns", seed=3) as net:
        nengolab.configure_settings(dtype="float64")
        net.wave = nengo.Node(lambda t: np.sin(20 * t), label="wave")
        net.pre = nengo.Ensemble(30, 1, label="pre", seed=1)
        net.post = nengo.Ensemble(20, 1, label="post", seed=2)
        net.error = nengo.Node(size_in=1, label="error")
        nengo.Connection(net.wave, net.pre)
        net.pes = nengo.Connection(
            net.pre, net.post, function=lambda x: 0, learning_rule_type=nengo.PES(1e-3)
        )
        nengo.Connection(net.post, net.error)
        nengo.Connection(net.wave, net.error, transform=-1)
        nengo.Connection(net.error, net.pes.learning_rule)
        net.bcm = nengo.Connection(
            net.pre,
            net.post,
            solver=nengo.solvers.LstsqL2(weights=True),
            learning_rule_type=nengo.BCM(1e-7),
        )
        net.oja = nengo.Connection(
            net.pre.neurons,
            net.post.neurons,
            transform=1e-4 * rng.randn(20, 30),
            learning_rule_type=nengo.Oja(1e-5),
        )
        net.voja = nengo.Connection(
            net.wave, net.post, synapse=None, learning_rule_type=nengo.Voja(learning_rate=1e-2)
        )
        net.plain = nengo.Connection(net.pre, net.error)
    return net
