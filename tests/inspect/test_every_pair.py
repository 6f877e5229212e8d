"""Every neuron type with every form of connection: weights, curves, stories, words, by Nengo.

One network has all pairs. Each neuron is also given numbers of its own, so that what arrives
behind a connection tells all of its weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np
import pytest
import scipy.sparse
from nengo.utils.ensemble import response_curves, tuning_curves

import nengolab
from nengolab import inspect
from nengolab.exceptions import ValidationError
from nengolab.inspect.source import Source
from nengolab.inspect.story import _wanted
from tests.inspect import kinds
from tests.inspect.kinds import AT_RANDOM

STEPS, NEURONS, SYNAPSE = 40, 12, 0.005
TYPES = kinds.TYPES | {"Direct": nengo.Direct()}
RNG = np.random.RandomState(0)
INPUT = RNG.uniform(-0.5, 0.5, (STEPS + 1, NEURONS))
SQUARE = 1e-3 * RNG.randn(NEURONS, NEURONS)
SOME = scipy.sparse.random(NEURONS, NEURONS, 0.3, random_state=RNG) * 1e-3
SHAPE, KERNEL = (2, 3, 2), {"kernel_size": (2, 2), "padding": "same"}
SMALL = nengo.dists.Gaussian(0, 1e-3)
Ends = Callable[[nengo.Ensemble, nengo.Ensemble], tuple[Any, Any]]


def product(x):
    return x[0] * x[1]


@dataclass
class Form:
    """How two ensembles are joined, what kind of weights that gives and what is said of it."""

    ends: Ends
    how: dict[str, Any]
    kind: str
    words: str


def ensembles(a, b):
    return a, b


def neurons(a, b):
    return a.neurons, b.neurons


FORMS = {
    "as it is": Form(ensembles, {}, "factored", "it brings the value of {a} to {b}."),
    "scalar": Form(ensembles, {"transform": -2.0}, "factored", "multiplied by -2"),
    "vector": Form(ensembles, {"transform": [2.0, -1.0]}, "factored", "by a matrix 2 x 2"),
    "matrix": Form(
        ensembles, {"transform": [[1.0, 2.0], [0.5, -1.0]]}, "factored", "by a matrix 2 x 2"
    ),
    "function": Form(
        lambda a, b: (a, b[1]),
        {"function": product},
        "factored",
        "to part 1:2 of {b}, where x is the value of {a} and f is product",
    ),
    "function, matrix": Form(
        ensembles,
        {"function": product, "transform": [[1.0], [-2.0]]},
        "factored",
        "by a matrix 2 x 1",
    ),
    "sliced": Form(
        lambda a, b: (a[1], b[[1]]),
        {"synapse": None},
        "factored",
        "it brings part 1:2 of the value of {a} to part [1] of {b}.",
    ),
    "full": Form(
        ensembles,
        {"solver": nengo.solvers.LstsqL2(weights=True), "transform": [0.5, 1]},
        "dense",
        "multiplied by a matrix 2 x 2",
    ),
    "full, sliced": Form(
        lambda a, b: (a, b[0]),
        {"solver": nengo.solvers.LstsqL2(weights=True), "function": product},
        "dense",
        "to part 0:1 of {b}",
    ),
    "to neurons": Form(
        lambda a, b: (a, b.neurons),
        {"transform": np.ones((NEURONS, 2)) * 0.1, "synapse": nengo.Alpha(SYNAPSE)},
        "dense",
        "to the neurons of {b}",
    ),
    "neurons": Form(neurons, {"transform": SQUARE}, "dense", "by a matrix 12 x 12"),
    "neurons, none": Form(neurons, {}, "sparse", "has no weights"),
    "neurons, scalar": Form(neurons, {"transform": 2e-3}, "sparse", "multiplied by 0.002"),
    "neurons, vector": Form(
        neurons, {"transform": SQUARE[0]}, "sparse", "multiplied by a matrix 12 x 12"
    ),
    "neurons, sliced": Form(
        lambda a, b: (a.neurons[[5, 2, 0]], b.neurons[::6]),
        {"transform": SQUARE[:2, :3]},
        "dense",
        "part [5, 2, 0] of the output of the neurons of {a} to part ::6 of the neurons of {b}",
    ),
    "neurons, sparse": Form(
        neurons,
        {"transform": nengo.Sparse((NEURONS, NEURONS), init=SOME)},
        "sparse",
        "by a sparse matrix 12 x 12",
    ),
    "neurons, convolved": Form(
        neurons,
        {"transform": nengo.Convolution(2, SHAPE, init=SMALL, **KERNEL)},
        "convolution",
        "convolved (2 filters of size (2, 2)",
    ),
    "neurons, transposed": Form(
        neurons,
        {"transform": nengo.transforms.ConvolutionTranspose(2, SHAPE, init=SMALL, **KERNEL)},
        "convolution",
        "convolved (the transpose of 2 filters",
    ),
    "neurons to ensemble": Form(
        lambda a, b: (a.neurons, b), {"transform": SQUARE[:2]}, "factored", "by a matrix 2 x 12"
    ),
}
PAIRS = [
    (name, form)
    for name in TYPES
    for form in FORMS
    if name != "Direct" or not form.startswith("neurons")
]


@dataclass
class Pair:
    """An ensemble of one type, what follows it, and the connection between them."""

    a: nengo.Ensemble
    b: nengo.Ensemble
    conn: nengo.Connection
    form: Form

    @property
    def direct(self) -> bool:
        return self.a.label == "Direct"

    @property
    def out(self) -> tuple[Any, str]:
        """What the connection has its numbers from."""
        return (self.a, "decoded_output") if self.direct else (self.a.neurons, "output")


class Probes(dict[Any, nengo.Probe]):
    """One probe for each thing that is read, which many pairs share."""

    def __missing__(self, key: tuple[Any, str, Any]) -> nengo.Probe:
        obj, attr, synapse = key
        found = self[key] = nengo.Probe(obj, attr, synapse=synapse)
        return found

    def of(self, obj: Any, attr: str, synapse: Any = None) -> nengo.Probe:
        return self[obj, attr, synapse]


@dataclass
class World:
    net: nengo.Network
    pairs: dict[tuple[str, str], Pair]
    probes: Probes
    theirs: Any = None
    sim: Any = None

    def seen(self, by: str, obj: Any, attr: str, synapse: Any = None) -> np.ndarray:
        return getattr(self, by).data[self.probes[obj, attr, synapse]]

    def story(self, ens: nengo.Ensemble, i: int, conn: nengo.Connection | None) -> inspect.Story:
        """As `pipeline` tells it, which is compiled once for all."""
        wanted = _wanted(Source(self.sim), ens, conn)
        read: Any = Read({key: self.seen("sim", *at)[None] for key, at in wanted.items()})
        return inspect.pipeline(self.sim, (ens, i), STEPS, connection=conn, prepared=read)


@dataclass
class Read:
    got: dict[str, np.ndarray]

    def seen(self, n_steps: int, data: Any) -> dict[str, np.ndarray]:
        return self.got


def ensemble(kind: nengo.neurons.NeuronType, label: str) -> nengo.Ensemble:
    made = nengo.Ensemble(NEURONS, 2, neuron_type=kind, radius=1.5, label=label)
    if isinstance(kind, nengo.Izhikevich):
        made.gain, made.bias = np.full(NEURONS, 5.0), np.full(NEURONS, 8.0)
    return made


def joined(a: nengo.Ensemble, name: str) -> Pair:
    """An ensemble with what follows it in one form."""
    form, direct = FORMS[name], isinstance(a.neuron_type, nengo.Direct)
    b = ensemble(TYPES["LIF"] if direct else a.neuron_type, f"{name}, behind {a.label}")
    pre, post = form.ends(a, b)
    how = {"synapse": SYNAPSE, **form.how}
    return Pair(a, b, nengo.Connection(pre, post, label=f"{name} of {a.label}", **how), form)


def made() -> World:
    world = World(nengo.Network(seed=4), {}, Probes())
    with world.net:
        nengolab.configure_settings(dtype="float64")
        stimulus = nengo.Node(lambda t: [np.sin(40 * t), np.cos(60 * t)], label="stimulus")
        own = nengo.Node(nengo.processes.PresentInput(INPUT, 0.001), label="own")
        for name, kind in TYPES.items():
            a = ensemble(kind, name)
            nengo.Connection(stimulus, a, synapse=None)
            if name != "Direct":
                nengo.Connection(own, a.neurons, synapse=None)
            world.pairs |= {key: joined(a, key[1]) for key in PAIRS if key[0] == name}
        read = Source(world.net)
        for pair in world.pairs.values():
            world.probes.of(*pair.out, pair.conn.synapse)
            ways = [_wanted(read, pair.b, None)]
            ways += [] if pair.direct else [_wanted(read, pair.a, pair.conn)]
            for obj, attr in (at for way in ways for at in way.values()):
                world.probes.of(obj, attr)
    return world


@pytest.fixture(scope="module")
def world():
    found = made()
    with (
        nengo.Simulator(found.net, progress_bar=False) as found.theirs,
        nengolab.Simulator(found.net, progress_bar=False) as found.sim,
    ):
        found.theirs.run_steps(STEPS)
        found.sim.run_steps(STEPS)
        yield found


@pytest.mark.parametrize(("name", "form"), PAIRS)
def test_weights_make_of_nengos_output_what_nengo_gives_on(world, name, form):
    pair, data = world.pairs[name, form], world.theirs.data
    if pair.direct and pair.conn.function is not None:
        with pytest.raises(ValidationError, match="computes a function of what it is given"):
            inspect.weights(world.sim, pair.conn)
        return
    filtered = world.seen("theirs", *pair.out, pair.conn.synapse)
    current = world.seen("theirs", pair.b.neurons, "input")
    assert np.ptp(current, axis=0).max() > 1e-6
    for given in (world.theirs, world.sim):
        found = inspect.weights(given, pair.conn)
        # In Direct mode nothing is solved for.
        assert found.kind == ("factored" if (name, form) == ("Direct", "full") else pair.form.kind)
        assert found.sources == (name if pair.direct else f"{name}.neurons")
        assert found.targets == f"{pair.b.label}.neurons"
        got = filtered @ found.block().T + data[pair.b].bias
        np.testing.assert_allclose(got, current, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("name", "form"), PAIRS)
def test_a_story_tells_what_nengos_probes_have(world, name, form):
    """Behind the connection: what it brings; before it: what each neuron gives on."""
    pair = world.pairs[name, form]
    by = "sim" if name in AT_RANDOM else "theirs"
    current = world.seen(by, pair.b.neurons, "input")
    behind = world.story(pair.b, 3, None)
    np.testing.assert_allclose(behind["input"].values, world.seen(by, pair.b, "input"), atol=1e-9)
    np.testing.assert_allclose(behind["current"].values[:, 0], current[:, 3], atol=1e-9)
    assert list(behind.causes) == ["bias", pair.conn.label]
    np.testing.assert_allclose(sum(behind.causes.values()), current[:, 3], atol=1e-9)
    if pair.direct:
        with pytest.raises(ValidationError, match="'Direct' is in Direct mode: it has no neurons"):
            inspect.pipeline(world.sim, (pair.a, 0))
        return
    out = world.seen(by, *pair.out)
    i = int(np.abs(out).sum(axis=0).argmax())
    story = world.story(pair.a, i, pair.conn)
    for what, values in (("decoded", world.seen(by, pair.conn, "output")), ("current", None)):
        expected = world.seen(by, pair.a.neurons, "input")[:, [i]] if values is None else values
        np.testing.assert_allclose(story[what].values, expected, atol=1e-9, err_msg=what)
    column = inspect.weights(world.theirs, pair.conn).block()[:, i]
    target = int(np.abs(column).argmax())
    np.testing.assert_allclose(story["next current"].values[:, 0], current[:, target], atol=1e-9)
    filtered, late = world.seen(by, *pair.out, pair.conn.synapse)[:, i], bool(pair.conn.synapse)
    share = story["share of the next current"].values[: STEPS - late, 0]
    np.testing.assert_allclose(share, column[target] * filtered[late:], rtol=1e-6, atol=1e-9)
    spiked = np.flatnonzero(out[:, i]) if pair.a.neuron_type.spiking else np.zeros(0)
    np.testing.assert_array_equal(story.spikes, spiked)
    for step in story.spikes:
        spike = "a spike" if out[step, i] > 0 else "a negative spike"
        assert story.why(step).startswith(f"{spike} at {story.t[step]:.4g} s: ")


@pytest.mark.parametrize(("name", "form"), PAIRS)
def test_words_name_both_ends_and_what_is_between(world, name, form):
    pair = world.pairs[name, form]
    said = str(inspect.explain(world.sim, pair.conn)).replace("\n", " ")
    assert pair.form.words.format(a=repr(name), b=repr(pair.b.label)) in said
    solved = pair.conn.pre_obj is pair.a and not pair.direct
    assert ("decoded from the 12 neurons" in said) == solved


@pytest.mark.parametrize("name", [name for name in TYPES if name != "Direct"])
def test_curves_are_those_of_nengo(world, name):
    a, line = world.pairs[name, "scalar"].a, np.linspace(-1, 1, 9)
    given, rates = response_curves(a, world.theirs, line)
    found = inspect.response_curves(world.sim, a, line)
    np.testing.assert_allclose(found[0], given)
    np.testing.assert_allclose(found[1], rates, rtol=1e-9, atol=1e-9)
    points, rates = tuning_curves(a, world.theirs, RNG.uniform(-1, 1, (7, 2)))
    np.testing.assert_allclose(inspect.tuning_curves(world.sim, a, points).rates, rates, rtol=1e-9)
    assert np.ptp(rates) > 1


def alone(name: str, form: str) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        joined(ensemble(TYPES[name], "a"), form)
    return net


@pytest.mark.parametrize(("name", "form"), PAIRS)
def test_what_differs_is_named(name, form):
    """From the same network, from the simplest form of its kind, and from that of LIF neurons."""
    one = alone(name, form)
    assert not inspect.diff(one, alone(name, form))
    simplest = "neurons, none" if form.startswith("neurons") else "as it is"
    rows = inspect.diff(alone(name, simplest), one).rows
    if form in ("to neurons", "neurons to ensemble"):  # these join other things
        assert {(row.what, row.a or row.b) for row in rows} == {
            ("object", f"{simplest} of a"),
            ("object", f"{form} of a"),
        }
    else:
        ends = {f"{way} part" for way in ("from", "to") if "part" in FORMS[form].words}
        named = {row.what for row in rows if row.b == f"{form} of a"}
        assert set(FORMS[form].how) <= named <= {*FORMS[form].how, *ends}
    rows = inspect.diff(alone("LIF", form), one).rows
    both = ["a", f"{form}, behind a"]
    expected = {"LIF": [], "Direct": both[:1]}.get(name, both)
    assert [row.b for row in rows if row.what == "neuron_type"] == expected
