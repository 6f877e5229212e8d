"""Learning rules of a person's own, and all else that is added to a signal that nothing sets."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import nengolab

from .compare import run
from .test_learned import noisy
from .test_learning import (
    BCM,
    OJA,
    PES,
    agree,
    change,
    error_of,
    float64,
    together,
    world,
)

pytestmark = pytest.mark.in_turn


class Added(nengo.learning_rules.LearningRuleType):
    """A rule of a person's own: what arrives at it is added to each row of the weights."""

    def __init__(self, modifies="decoders", size_in=2):
        self.modifies = modifies
        super().__init__(1.0, size_in=size_in)


@nengo.builder.Builder.register(Added)
def build_added(model, _, rule):
    arriving = nengo.builder.Signal(np.zeros(rule.size_in), name="arriving")
    model.add_op(nengo.builder.operator.Reset(arriving))
    model.sig[rule]["in"] = arriving
    delta = model.sig[rule]["delta"]
    model.add_op(nengo.builder.operator.Reset(delta))
    # Into the first columns, so that the others show that nothing else is added.
    view = delta[:, : rule.size_in]
    model.add_op(nengo.builder.operator.Copy(arriving, view, inc=True))


def own_rule(beside=None):
    """It counts within the step, beside rules that count in the next."""

    def make():
        net = world()
        with net:
            weights = np.random.RandomState(2).uniform(-1e-3, 1e-3, (20, 30))
            conn = nengo.Connection(
                net.pre.neurons,
                net.post.neurons,
                transform=weights,
                learning_rule_type=[Added(), *(beside or [])],
            )
            own, *others = conn.learning_rule
            nengo.Connection(net.stimulus, own, synapse=None, transform=1e-4)
            for i, rule in enumerate(others):
                if isinstance(rule.learning_rule_type, (nengo.PES, nengo.RLS)):
                    error_of(net, conn, rule)
                nengo.Probe(rule, "delta", label=f"{i} delta")
            nengo.Probe(conn, "weights", label="weights")
            nengo.Probe(conn, "output", label="conn output")
            nengo.Probe(net.post.neurons, label="spikes of post")
        return net

    return make


def own_encoders():
    """Encoders to which a rule of a person's own and Voja add."""
    net = world()
    with net:
        own = nengo.Connection(
            net.pre, net.post, learning_rule_type=[Added("encoders", 1), nengo.Voja(0.3)]
        )
        nengo.Connection(net.stimulus[0], own.learning_rule[0], synapse=None, transform=1e-2)
        nengo.Probe(net.post, "scaled_encoders", label="encoders of post")
        nengo.Probe(net.post.neurons, label="spikes of post")
    return net


OWN = {
    "alone": own_rule(),
    "beside PES": own_rule([nengo.PES(1e-4)]),
    "beside Oja and BCM": own_rule([OJA, BCM]),
    "encoders, beside Voja": own_encoders,
}


@pytest.fixture(scope="module")
def nengos():
    return run(nengo.Simulator, together(OWN)(), 300)


@pytest.mark.parametrize("schedule", ["auto", "stepped", "batched"])
def test_rule_of_ones_own(nengos, schedule):
    data = agree(together(OWN), 300, schedule, nengos)
    for name in OWN:
        moved = change(data, 0, name)
        assert moved > 1e-3, f"{name}: something must be learned for this to mean anything"


def test_rule_of_ones_own_in_a_batch():
    """What is kept is each item's own; ``sim.data`` shows it; a reset forgets it."""
    net = noisy([PES, Added(size_in=1)])
    with nengolab.Simulator(float64(net), seed=1, minibatch_size=2, progress_bar=False) as sim:
        sim.run_steps(50)
        seen = sim.data[net.weights].copy()
        assert np.abs(seen[0, -1] - seen[1, -1]).max() > 1e-3 * np.abs(seen).max()
        np.testing.assert_array_equal(sim.data[net.conn].weights, seen[:, -1])
        sim.reset()
        assert (sim.data[net.conn].weights != seen[:, -1]).any()
        sim.run_steps(50)
        np.testing.assert_array_equal(sim.data[net.weights], seen)


def test_what_is_only_added_to_is_kept():
    """Also where it is no weight, is added to in parts, and is read."""
    seen = []
    for simulator in (nengo.Simulator, nengolab.Simulator):
        with nengo.Network(seed=0) as net:
            nengolab.configure_settings(dtype="float64")
            node = nengo.Node([1.0, 2.0], label="two")
            ens = nengo.Node(size_in=3, label="three")
            probe = nengo.Probe(ens)
        model = nengo.builder.Model()
        model.build(net)
        copy = nengo.builder.operator.Copy
        kept = nengo.builder.Signal(np.array([0.5, 0.0, -1.0]), name="kept")
        model.add_op(copy(model.sig[node]["out"], kept[1:], inc=True))
        model.add_op(copy(model.sig[node]["out"][:1], kept[:2], inc=True))
        model.add_op(copy(kept, model.sig[ens]["in"], inc=True))
        with simulator(None, model=model, progress_bar=False) as sim:
            sim.run_steps(40)
            seen.append(sim.data[probe].copy())
    np.testing.assert_allclose(seen[1], seen[0], rtol=1e-6)
    assert seen[0][-1].tolist() == [40.5, 80.0, 79.0]
