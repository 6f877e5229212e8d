"""Learning rules: every rule on every kind of connection gives what nengo.Simulator gives."""

from __future__ import annotations

import nengo
import numpy as np
import pytest
from nengo.exceptions import BuildError, ValidationError

import nengolab

from .compare import both, rms, run

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
        a = nengo.Connection(
            net.pre, net.post, function=zero(2), learning_rule_type=nengo.PES(1e-3)
        )
        nengo.Connection(net.post, error)
        nengo.Connection(net.stimulus, error, transform=-1)
        nengo.Connection(error, a.learning_rule)
        b = nengo.Connection(
            net.post, error[0], function=lambda x: x[1], learning_rule_type=nengo.PES(1e-4)
        )
        nengo.Connection(error[1], b.learning_rule, synapse=None, function=np.square)
        probe_all(a)
    return net


def nine_of_each():
    """So many members that they run along the innermost axis."""
    net = nengo.Network(seed=6)
    with net:
        net.config[nengo.Ensemble].max_rates = nengo.dists.Uniform(60, 90)
        for i in range(9):
            stimulus = nengo.Node([np.sin(i)], label=f"stimulus {i}")
            pre, post = nengo.Ensemble(24, 1), nengo.Ensemble(18, 1)
            nengo.Connection(stimulus, pre)
            nengo.Connection(stimulus, post, learning_rule_type=nengo.Voja(0.3))
            weights = np.random.RandomState(i).uniform(-1e-3, 1e-3, (18, 24))
            oja = nengo.Connection(
                pre.neurons, post.neurons, transform=weights, learning_rule_type=OJA
            )
            pes = nengo.Connection(pre, post, learning_rule_type=[PES, RLS])
            for rule in pes.learning_rule:
                nengo.Connection(post, rule)
                nengo.Connection(stimulus, rule, transform=-1)
            nengo.Probe(post.neurons, label=f"spikes {i}")
            nengo.Probe(post, "scaled_encoders", label="encoders of post" if i == 3 else f"e{i}")
            for conn in (oja, pes):
                nengo.Probe(conn, "weights", label=f"{i} {conn.size_out} weights")
            nengo.Probe(oja.learning_rule, "delta", label=f"delta {i}")
            nengo.Probe(pes.learning_rule[1], "inv_gamma", label=f"inv_gamma {i}")
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
    "nine of each": nine_of_each,
}
LEARNED = ("weights", "encoders of post")

# Networks are compiled several at a time: each at least as many as have to run both ways, but so
# few that those with equal populations do not run along the innermost axis (`nine of each` does).
BOTH_WAYS = ("PES", "PES weights", "RLS", "BCM", "Oja", "Voja", "list")
SINGLE = ("PES", "PES neurons", "RLS", "BCM", "Oja", "Voja", "dict")
OTHERS = [name for name in NETWORKS if name not in BOTH_WAYS]
PARTS = [BOTH_WAYS, *(OTHERS[i::5] for i in range(5))]


def together(networks: dict):
    """What makes these networks as one, in which probes are called "network: label"."""

    def make():
        with nengo.Network(seed=0) as net:
            for name, make_one in networks.items():
                for probe in make_one().probes:
                    probe.label = f"{name}: {probe.label}"
        return net

    return make


def agree(make, steps: int = STEPS, schedule: str = "auto", expected=None) -> dict:
    """Run on both and compare: 1e-9, and spike for spike."""
    data = both(make, steps, "float64", schedule, expected)
    for label, (expected, got) in data.items():
        probe = label.split(": ")[-1]
        assert expected.shape == got.shape, label
        scale = max(1e-3, np.abs(expected).max())
        assert np.abs(expected - got).max() <= 1e-9 * scale, label
        if probe.startswith("spikes"):
            assert expected.any(), f"{label}: it must spike for this to mean anything"
            np.testing.assert_array_equal(expected > 0, got > 0, err_msg=label)
    return data


def change(data: dict, at: int, name: str = "") -> float:
    """How far what is learned has moved, relative to where it can start, in the named network."""
    prefix = f"{name}: " if name else ""
    moved = [
        np.abs(data[p][at][-1] - data[p][at][0]).max() / (np.abs(data[p][at]).max() + 1e-30)
        for p in (prefix + learned for learned in LEARNED)
        if p in data
    ]
    return max(moved)


@pytest.fixture(scope="module")
def learning(request):
    """Names of networks, what makes them, and what nengo.Simulator makes of that.

    Tests with the same networks run after each other: Nengo's data is made once, and forms that
    are alike are compiled once.
    """
    make = together({name: NETWORKS[name] for name in request.param})
    return request.param, make, run(nengo.Simulator, make(), STEPS)


def of(*parts):
    return pytest.mark.parametrize("learning", parts, indirect=True, ids=lambda names: names[0])


@of(*PARTS)
def test_float64_is_nengo(learning):
    """Every probe of every rule, sample for sample."""
    names, make, expected = learning
    data = agree(make, expected=expected)
    for name in names:
        moved = change(data, 0, name)
        assert moved > 1e-3, f"{name}: something must be learned for this to mean anything"


@pytest.mark.in_turn
@pytest.mark.parametrize("schedule", ["stepped", "batched"])
@of(BOTH_WAYS)
def test_both_ways_of_running(learning, schedule):
    _, make, expected = learning
    agree(make, STEPS, schedule, expected)


@pytest.mark.in_turn
@of(SINGLE)
def test_float32_learns_alike(learning):
    """Single precision moves single spikes, so what is learned differs by a few spikes' worth."""
    _, make, data = learning
    for label, (expected, got) in both(make, STEPS, "float32", expected=data).items():
        assert got.dtype == np.float32
        if label.split(": ")[-1] in (*LEARNED, "conn output"):
            scale = np.abs(expected).max() + 1e-12
            assert rms(expected, got) <= 0.02 * scale, label


def python_in_the_loop():
    """The error passes through a Node whose function is tied to other Python code."""
    seen = []
    net = world()
    with net:
        conn = nengo.Connection(net.pre, net.post, learning_rule_type=PES, function=zero(2))

        def note(t, x):
            seen.append(t)
            return x

        node = nengo.Node(note, size_in=2)
        nengo.Connection(net.post, node)
        nengo.Connection(net.stimulus, node, transform=-1)
        nengo.Connection(node, conn.learning_rule, synapse=None)
        probe_all(conn)
    return net


def test_learning_beside_python():
    data = agree(python_in_the_loop, 200)
    assert change(data, 1) > 1e-3


def float64(net: nengo.Network) -> nengo.Network:
    with net:
        nengolab.configure_settings(dtype="float64")
    return net


def from_a_node():
    conn = nengo.Connection(nengo.Node(0.5), nengo.Ensemble(10, 1))
    conn.learning_rule_type = nengo.PES()


def through_a_convolution():
    pre, post = nengo.Ensemble(9, 1), nengo.Node(size_in=9)
    transform = nengo.Convolution(1, (3, 3, 1), padding="same")
    nengo.Connection(pre.neurons, post, transform=transform, learning_rule_type=nengo.PES())


def scalar_weights():
    pre, post = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1)
    nengo.Connection(pre.neurons, post.neurons, transform=1, learning_rule_type=nengo.Oja())


def advanced_slice():
    pre, post = nengo.Ensemble(20, 1), nengo.Ensemble(20, 1)
    nengo.Connection(
        pre,
        post.neurons[[1, 3]],
        transform=np.ones((2, 1)),
        learning_rule_type=nengo.PES(),
    )


@pytest.mark.parametrize(
    "wrong", [from_a_node, through_a_convolution, scalar_weights, advanced_slice]
)
def test_what_nengo_refuses_is_refused(wrong):
    """The same exception with the same words."""

    def attempt(simulator):
        with nengo.Network(seed=0) as net:
            wrong()
        simulator(net, progress_bar=False)

    words = []
    for simulator in (nengo.Simulator, nengolab.Simulator):
        with pytest.raises((BuildError, ValidationError, NotImplementedError)) as refused:
            attempt(simulator)
        words.append((type(refused.value), str(refused.value).split(" at 0x")[0]))
    assert words[0] == words[1]


@pytest.mark.parametrize("rule", [nengo.BCM(), nengo.Oja(), nengo.RLS()])
@pytest.mark.parametrize("sliced", ["pre", "post"])
def test_rules_that_nengo_does_not_apply_to_slices_say_whose_they_are(rule, sliced):
    with world() as net:
        a, b = net.pre.neurons, net.post.neurons
        a, b = (a[:7], b) if sliced == "pre" else (a, b[:7])
        weights = np.full((b.size_in, a.size_out), 1e-4)
        conn = nengo.Connection(a, b, transform=weights, learning_rule_type=rule, label="learned")
        if isinstance(rule, nengo.RLS):
            nengo.Connection(net.stimulus, conn.learning_rule)
    with pytest.raises(ValueError, match="shape"):
        with nengo.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(2)
    name = type(rule).__name__
    with pytest.raises(
        ValidationError, match=rf"learned: {name} computes .* have shape \(\d+, \d+\)"
    ):
        nengolab.Simulator(net, progress_bar=False)
