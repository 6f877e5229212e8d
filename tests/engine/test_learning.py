"""Learning rules: every rule on every kind of connection gives what nengo.Simulator gives."""

from __future__ import annotations

import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError, ValidationError

import nengolab

from .compare import both, rms

STEPS = 600
PROBED = {
    nengo.PES: ("error", "activities", "delta"),
    nengo.RLS: ("pre_filtered", "error", "delta", "inv_gamma"),
    nengo.BCM: ("theta", "pre_filtered", "post_filtered", "delta"),
    nengo.Oja: ("pre_filtered", "post_filtered", "delta"),
    nengo.Voja: ("post_filtered", "scaled_encoders", "delta"),
}


def world(seed: int = 4) -> nengo.Network:
    """A stimulus and two populations that hold it; no connection between them."""
    net = nengo.Network(seed=seed)
    with net:
        net.config[nengo.Ensemble].max_rates = nengo.dists.Uniform(60, 90)
        net.stimulus = nengo.Node(lambda t: [np.sin(9 * t), np.cos(13 * t)], label="stimulus")
        net.pre = nengo.Ensemble(30, 2, label="pre")
        net.post = nengo.Ensemble(20, 2, label="post", radius=1.4)
        nengo.Connection(net.stimulus, net.pre)
    return net


def probe_all(conn: nengo.Connection, filtered: bool = True) -> None:
    """Everything that a connection that learns, and its rules, let a person probe."""
    rules = conn.learning_rule
    if isinstance(rules, dict):
        rules = list(rules.values())
    rules = rules if isinstance(rules, list) else [rules]
    nengo.Probe(conn, "weights", label="weights")
    nengo.Probe(conn, "weights", label="weights each 7", sample_every=0.007)
    nengo.Probe(conn, "output", label="conn output")
    for i, rule in enumerate(rules):
        for name in PROBED[type(rule.learning_rule_type)]:
            nengo.Probe(rule, name, label=f"{i} {name}")
        if filtered:
            nengo.Probe(rule, "delta", synapse=0.01, label=f"{i} delta filtered")
    for ens in (conn.pre_obj, conn.post_obj):
        if isinstance(ens, nengo.ensemble.Neurons):
            ens = ens.ensemble
        if isinstance(ens, nengo.Ensemble):
            nengo.Probe(ens.neurons, label=f"spikes of {ens.label}")
            nengo.Probe(ens, "scaled_encoders", label=f"encoders of {ens.label}")


def error_of(net, conn, *rules, transform=1.0):
    """The difference between what arrives at ``post`` and the stimulus, into the rules."""
    for rule in rules or (conn.learning_rule,):
        nengo.Connection(net.post, rule, transform=transform)
        nengo.Connection(net.stimulus, rule, transform=-np.asarray(transform), synapse=0.02)


def decoded(rule, pre=lambda n: n.pre, post=lambda n: n.post, error=1.0, **kwargs):
    """A decoded connection that learns from an error."""

    def make():
        net = world()
        with net:
            conn = nengo.Connection(pre(net), post(net), learning_rule_type=rule, **kwargs)
            error_of(net, conn, transform=error)
            probe_all(conn)
        return net

    return make


def zero(size):
    return lambda x: np.zeros(size)


def neurons(rule, error=False, pre=slice(None), post=slice(None), to=None, scale=1e-3):
    """A connection from neurons, to neurons or to what ``to`` picks."""

    def make():
        net = world()
        with net:
            target = net.post.neurons[post] if to is None else to(net)
            shape = (target.size_in, np.arange(30)[pre].size)
            weights = np.random.RandomState(1).uniform(-scale, scale, shape)
            conn = nengo.Connection(
                net.pre.neurons[pre], target, transform=weights, learning_rule_type=rule
            )
            nengo.Connection(net.stimulus, net.post)
            if error:
                error_of(net, conn)
            probe_all(conn)
        return net

    return make


def weights_solver(rule, error=False, **kwargs):
    """A decoded connection whose solver gives whole weights."""

    def make():
        net = world()
        with net:
            solver = nengo.solvers.LstsqL2(weights=True)
            conn = nengo.Connection(
                net.pre, net.post, solver=solver, learning_rule_type=rule, **kwargs
            )
            if error:
                error_of(net, conn)
            probe_all(conn)
        return net

    return make


def voja(rule, signal=False, slices=False, **kwargs):
    """Encoders that learn what they are shown."""

    def make():
        net = world()
        with net:
            pre, post = (net.pre[0], net.post[1]) if slices else (net.pre, net.post)
            conn = nengo.Connection(pre, post, learning_rule_type=rule, **kwargs)
            if signal:
                switch = nengo.Node(lambda t: -float(t > 0.2), label="switch")
                nengo.Connection(switch, conn.learning_rule, synapse=None)
            probe_all(conn)
        return net

    return make


def several(rules, **kwargs):
    """Several rules on one connection of neurons' weights, one of them driven by an error."""

    def make():
        net = world()
        with net:
            weights = np.random.RandomState(2).uniform(-1e-3, 1e-3, (20, 30))
            conn = nengo.Connection(
                net.pre.neurons, net.post.neurons, transform=weights, learning_rule_type=rules
            )
            built = conn.learning_rule
            for rule in built.values() if isinstance(built, dict) else built:
                if isinstance(rule.learning_rule_type, (nengo.PES, nengo.RLS)):
                    error_of(net, conn, rule)
            probe_all(conn)
        return net

    return make


def voja_and_pes():
    """PES to neurons whose encoders learn as well: its error passes through the encoders."""
    net = world()
    with net:
        solver = nengo.solvers.LstsqL2(weights=True)
        learn = nengo.Connection(
            net.pre,
            net.post,
            function=zero(2),
            solver=solver,
            learning_rule_type=nengo.PES(5e-4),
        )
        nengo.Connection(net.stimulus, net.post, learning_rule_type=nengo.Voja(0.3), synapse=0.01)
        error_of(net, learn)
        probe_all(learn)
    return net


def two_vojas():
    """Two connections that change the encoders of one ensemble."""
    net = world()
    with net:
        for synapse in (0.005, 0.02):
            conn = nengo.Connection(
                net.pre, net.post, synapse=synapse, learning_rule_type=nengo.Voja(0.1)
            )
        probe_all(conn)
    return net


def chains_of_rules():
    """An error computed by neurons, and a rule driven by the output of a connection that learns."""
    net = world()
    with net:
        error = nengo.Ensemble(25, 2, label="error")
        a = nengo.Connection(net.pre, net.post, function=zero(2), learning_rule_type=nengo.PES(1e-3))
        nengo.Connection(net.post, error)
        nengo.Connection(net.stimulus, error, transform=-1)
        nengo.Connection(error, a.learning_rule)
        b = nengo.Connection(
            net.post, error[0], function=lambda x: x[1], learning_rule_type=nengo.PES(1e-4)
        )
        nengo.Connection(error[1], b.learning_rule, synapse=None, function=np.square)
        probe_all(a)
    return net


PES, RLS, BCM, OJA, VOJA = (
    nengo.PES(1e-3),
    nengo.RLS(0.05),
    nengo.BCM(1e-8),
    nengo.Oja(2e-5, beta=0.7),
    nengo.Voja(0.4),
)
MATRIX = [[0.5, -0.2], [0.1, 0.8]]
NETWORKS = {
    "PES": decoded(PES),
    "PES from zero": decoded(PES, function=zero(2)),
    "PES no pre_synapse": decoded(nengo.PES(1e-3, pre_synapse=None)),
    "PES alpha pre_synapse": decoded(nengo.PES(1e-3, pre_synapse=nengo.Alpha(0.01))),
    "PES no synapse": decoded(PES, synapse=None),
    "PES transform": decoded(PES, transform=MATRIX),
    "PES function and transform": decoded(
        PES, function=lambda x: x[0] * x[1], transform=[[1.0], [0.3]]
    ),
    "PES pre slice": decoded(PES, pre=lambda n: n.pre[1], post=lambda n: n.post[0], error=[[1, 0]]),
    "PES post slice": decoded(
        PES, post=lambda n: n.post[1:], error=[[0.0, 1.0]], function=lambda x: x[0] ** 2
    ),
    "PES post list": decoded(PES, post=lambda n: n.post[[1, 0]]),
    "PES into node": decoded(PES, post=lambda n: nengo.Node(size_in=2, label="sink")),
    "PES to neurons": decoded(
        PES, post=lambda n: n.post.neurons, transform=np.ones((20, 2)) * 0.1, error=1.0
    ),
    "PES neurons": neurons(PES, error=True),
    "PES neurons to ensemble": neurons(PES, error=True, to=lambda n: n.post),
    "PES neurons slices": neurons(PES, error=True, pre=slice(3, 20), post=slice(2, 19, 3)),
    "PES neurons pre list": neurons(PES, error=True, pre=[4, 2, 9]),
    "PES weights": weights_solver(PES, error=True),
    "PES weights not compositional": weights_solver(PES, error=True, transform=MATRIX),
    "RLS": decoded(RLS, function=zero(2)),
    "RLS no pre_synapse": decoded(nengo.RLS(0.05, pre_synapse=None)),
    "RLS neurons to ensemble": neurons(RLS, error=True, to=lambda n: n.post),
    "BCM": neurons(BCM),
    "BCM synapses": neurons(
        nengo.BCM(1e-8, pre_synapse=None, post_synapse=0.01, theta_synapse=nengo.Alpha(0.3))
    ),
    "BCM weights": weights_solver(BCM),
    "Oja": neurons(OJA),
    "Oja post_synapse": neurons(nengo.Oja(2e-5, post_synapse=0.02, pre_synapse=0.01)),
    "Oja weights": weights_solver(OJA),
    "Voja": voja(VOJA),
    "Voja signal": voja(VOJA, signal=True),
    "Voja no post_synapse": voja(nengo.Voja(0.4, post_synapse=None)),
    "Voja slices": voja(VOJA, slices=True),
    "list": several([nengo.BCM(1e-8), nengo.Oja(2e-5), nengo.PES(1e-4)]),
    "dict": several({"one": nengo.Oja(1e-5), "two": nengo.PES(1e-4), "three": nengo.Oja(2e-5)}),
    "Voja and PES to neurons": voja_and_pes,
    "two Vojas": two_vojas,
    "chains of rules": chains_of_rules,
}
LEARNED = ("weights", "encoders of post")


def agree(make, steps: int = STEPS, **kwargs) -> dict:
    """Run on both and compare: 1e-9, and spike for spike."""
    data = both(make, steps, **kwargs)
    for probe, (expected, got) in data.items():
        assert expected.shape == got.shape, probe
        scale = max(1e-3, np.abs(expected).max())
        assert np.abs(expected - got).max() <= 1e-9 * scale, probe
        if probe.startswith("spikes"):
            assert expected.any(), "the network must spike for this to mean anything"
            np.testing.assert_array_equal(expected > 0, got > 0)
    return data


def change(data: dict, at: int) -> float:
    """How far what is learned has moved, relative to where it can start."""
    moved = [
        np.abs(data[p][at][-1] - data[p][at][0]).max() / (np.abs(data[p][at]).max() + 1e-30)
        for p in LEARNED
        if p in data
    ]
    return max(moved)


@pytest.mark.parametrize("name", NETWORKS)
def test_float64_is_nengo(name):
    """Every probe of every rule, sample for sample."""
    data = agree(NETWORKS[name])
    assert change(data, 0) > 1e-3, "something must be learned for this to mean anything"


@pytest.mark.parametrize("schedule", ["stepped", "batched"])
@pytest.mark.parametrize("name", ["PES", "PES weights", "RLS", "BCM", "Oja", "Voja", "list"])
def test_both_ways_of_running(name, schedule):
    agree(NETWORKS[name], 300, schedule=schedule)
