"""Every neuron type and transform: curves, weights, stories and words, against Nengo and probes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np
import pytest
import scipy.sparse
from nengo.utils.ensemble import tuning_curves

import nengolab
from nengolab import inspect
from nengolab.inspect.equations import constants, membrane
from nengolab.inspect.source import Source
from nengolab.inspect.story import _wanted
from tests.inspect.kinds import AT_RANDOM, TYPES

STEPS, NEURONS, SYNAPSE = 40, 12, 0.01


def product(x):
    return x[0] * x[1]


def joined(i: int, a: nengo.Ensemble, b: nengo.Ensemble) -> tuple[nengo.Connection, str]:
    """A connection with the next of the transforms, and what is said of that."""
    rng, grid = np.random.RandomState(i), (2, 3, 2)
    kernel = {"kernel_size": (2, 2), "padding": "same", "init": nengo.dists.Gaussian(0, 1e-3)}
    some = scipy.sparse.random(NEURONS, NEURONS, 0.3, random_state=rng) * 1e-3
    transforms: list[tuple[Any, Any, Any, str]] = [
        (a, b, nengo.transforms.NoTransform(1), "decoders, solved by"),
        (a, b, nengo.Dense((1, 1), init=[[2.0]]), "multiplied by 2."),
        (a.neurons, b.neurons, 1e-3 * rng.randn(NEURONS, NEURONS), "by a matrix 12 x 12"),
        (a.neurons, b.neurons, nengo.Sparse((NEURONS, NEURONS), init=some), "a sparse matrix 12"),
        (a.neurons, b.neurons, nengo.Convolution(2, grid, **kernel), r"convolved (2 filters"),
        (
            a.neurons,
            b.neurons,
            nengo.transforms.ConvolutionTranspose(2, grid, **kernel),
            "convolved (the transpose of 2 filters",
        ),
        (a.neurons, b.neurons, nengo.transforms.NoTransform(NEURONS), "has no weights"),
    ]
    pre, post, transform, words = transforms[i % len(transforms)]
    how = {"function": product} if pre is a else {}
    label = f"from {a.label}"
    return nengo.Connection(
        pre, post, transform=transform, synapse=SYNAPSE, label=label, **how
    ), words


@dataclass
class Part:
    """One type, what follows it, and probes of what a story tells."""

    a: nengo.Ensemble
    b: nengo.Ensemble
    conn: nengo.Connection
    words: str
    probes: dict[str, nengo.Probe]
    read: dict[str, nengo.Probe] = field(default_factory=dict)
    story: Any = None
    neuron: int = 0


@dataclass
class World:
    net: nengo.Network
    parts: dict[str, Part] = field(default_factory=dict)
    theirs: Any = None
    sim: Any = None


def made() -> World:
    with nengo.Network(seed=4) as net:
        nengolab.configure_settings(dtype="float64")
        world = World(net)
        stimulus = nengo.Node(lambda t: [np.sin(40 * t), 0.5], label="stimulus")
        for i, (name, kind) in enumerate(TYPES.items()):
            a = nengo.Ensemble(NEURONS, 2, neuron_type=kind, label=name)
            b = nengo.Ensemble(NEURONS, 1, label=f"behind {name}")
            if isinstance(kind, nengo.Izhikevich):
                a.gain, a.bias = np.full(NEURONS, 5.0), np.full(NEURONS, 8.0)
            nengo.Connection(stimulus, a, synapse=None)
            conn, words = joined(i, a, b)
            inner = [x for x in a.neurons.probeable if x not in ("input", "output")]
            probes = {x.replace("_", " "): nengo.Probe(a.neurons, x) for x in inner}
            probes |= {
                "input": nengo.Probe(a, "input"),
                "current": nengo.Probe(a.neurons, "input"),
                "spikes" if kind.spiking else "rate": nengo.Probe(a.neurons),
                "filtered": nengo.Probe(a.neurons, synapse=SYNAPSE),
                "decoded": nengo.Probe(conn, "output"),
                "next current": nengo.Probe(b.neurons, "input"),
            }
            world.parts[name] = Part(a, b, conn, words, probes)
        read = Source(net)
        for part in world.parts.values():
            wanted = _wanted(read, part.a, part.conn)
            part.read = {key: nengo.Probe(obj, attr) for key, (obj, attr) in wanted.items()}
    return world


class Probed:
    """What a story reads, by probes: of all stories it is compiled once."""

    def __init__(self, sim: nengolab.Simulator, part: Part) -> None:
        self._sim, self._part = sim, part

    def seen(self, n_steps: int, data: Any) -> dict[str, np.ndarray]:
        self._sim.run_steps(n_steps, data=data)
        return {key: self._sim.data[probe][None] for key, probe in self._part.read.items()}


@pytest.fixture(scope="module")
def world():
    found = made()
    theirs = nengo.Simulator(found.net, progress_bar=False)
    ours = nengolab.Simulator(found.net, progress_bar=False)
    with theirs, ours as sim:
        theirs.run_steps(STEPS)
        for name, part in found.parts.items():
            part.neuron = int(np.abs(theirs.data[part.probes["filtered"]]).sum(axis=0).argmax())
            prepared: Any = Probed(sim, part)
            part.story = inspect.pipeline(sim, (name, part.neuron), STEPS, prepared=prepared)
        sim.run_steps(STEPS)
        found.theirs, found.sim = theirs, sim
        yield found


@pytest.mark.parametrize("name", TYPES)
def test_curves_are_those_of_nengo(world, name):
    part, points = world.parts[name], np.random.RandomState(0).uniform(-1, 1, (5, 2))
    _, expected = tuning_curves(part.a, world.theirs, points)
    for source in (world.net, world.theirs, world.sim):
        found = inspect.tuning_curves(source, part.a, points)
        np.testing.assert_allclose(found.rates, expected, rtol=1e-9, atol=1e-9)
    assert expected.any()


@pytest.mark.parametrize("name", TYPES)
def test_weights_make_the_currents_of_what_follows(world, name):
    part, sim = world.parts[name], world.sim
    found = inspect.weights(sim, part.conn)
    np.testing.assert_allclose(found.block(), inspect.weights(world.theirs, part.conn).block())
    if isinstance(part.conn.pre_obj, nengo.Ensemble):
        built = world.theirs.data
        whole = built[part.b].scaled_encoders @ built[part.conn].weights
        np.testing.assert_allclose(found.block(), whole, rtol=1e-6, atol=1e-9)
    filtered = sim.data[part.probes["filtered"]]
    got = filtered @ found.block().T + sim.data[part.b].bias
    current = sim.data[part.probes["next current"]]
    np.testing.assert_allclose(got, current, rtol=1e-9, atol=1e-8)
    assert np.ptp(current, axis=0).max() > 1e-6


@pytest.mark.parametrize("name", TYPES)
def test_a_story_is_that_of_probes(world, name):
    part = world.parts[name]
    weights = inspect.weights(world.theirs, part.conn).block()
    target = int(np.argmax(np.abs(weights[:, part.neuron])))
    sources = [world.sim] if name in AT_RANDOM else [world.sim, world.theirs]
    for source in sources:
        for what, probe in part.probes.items():
            expected, got = source.data[probe], part.story[what].values
            if what == "next current":
                expected = expected[:, [target]]
            elif what not in ("input", "decoded"):
                expected = expected[:, [part.neuron]]
            if what == "filtered":  # a probe is given it a step later
                got, expected = got[:-1], expected[1:]
            np.testing.assert_allclose(got, expected, atol=1e-8, err_msg=what)
    share = weights[target, part.neuron] * part.story["filtered"].values
    np.testing.assert_allclose(
        part.story["share of the next current"].values, share, rtol=1e-6, atol=1e-12
    )
    np.testing.assert_allclose(
        np.sum(list(part.story.causes.values()), axis=0)[1:],
        part.story["current"].values[1:, 0],
        atol=1e-9,
    )
    own = {*part.probes, "share of the next current"}
    assert {q.name for q in part.story.quantities} == own
    spikes = (
        np.flatnonzero(world.sim.data[part.probes["spikes"]][:, part.neuron])
        if (TYPES[name].spiking)
        else np.zeros(0)
    )
    np.testing.assert_array_equal(part.story.spikes, spikes)
    for step in part.story.spikes:
        spike = "a spike" if part.story["spikes"].values[step, 0] > 0 else "a negative spike"
        assert part.story.why(step).startswith(f"{spike} at")


@pytest.mark.parametrize("name", TYPES)
def test_words_have_the_numbers_of_nengo(world, name):
    part, kind = world.parts[name], TYPES[name]
    built = world.theirs.data[part.a]
    said = str(inspect.explain(world.sim, part.a))
    assert f"is an ensemble of 12 {name} neurons" in said
    assert constants(kind) in said
    for quantity in part.a.neurons.probeable:
        if quantity != "input":
            assert membrane(kind)[quantity].replace("; ", ", ") in said, quantity
    _, rates = tuning_curves(part.a, world.theirs, built.eval_points)
    scale = getattr(kind, "amplitude", 1.0)
    assert f"a neuron fires at {rates.mean() / scale:.4g} Hz on average" in said
    of_it = str(inspect.explain(world.sim, part.conn))
    assert part.words in of_it
    if isinstance(part.conn.pre_obj, nengo.Ensemble):
        points, decoders = world.theirs.data[part.conn].eval_points, world.theirs.data[part.conn]
        factor = 2.0 if isinstance(part.conn.transform, nengo.Dense) else 1.0
        _, activities = tuning_curves(part.a, world.theirs, points)
        wanted = factor * np.prod(points, axis=1, keepdims=True)
        error = np.sqrt(np.mean((activities @ decoders.weights.T - wanted) ** 2))
        assert f"off by {error:.4g} (root mean square)" in of_it
