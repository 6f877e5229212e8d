"""What cannot be asked: each function says of which object, what it got, and what would work."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import nengo
import numpy as np
import pytest
from nengo.exceptions import NengoException

import nengolab
from nengolab import inspect


class World:
    """A network with all that the table asks of, and simulators of it that are open and closed."""

    def __init__(self) -> None:
        with nengo.Network(seed=1, label="world") as self.net:
            nengolab.configure_settings(dtype="float64")
            stimulus = nengo.Node([0.5], label="stimulus")
            a, b = nengo.Ensemble(10, 1, label="a"), nengo.Ensemble(8, 1, label="b")
            nengo.Ensemble(3, 1, neuron_type=nengo.Direct(), label="direct")
            nengo.Connection(stimulus, a, label="in", learning_rule_type=nengo.Voja())
            learned = nengo.Connection(a, b, label="learned", learning_rule_type=nengo.PES())
            nengo.Connection(stimulus, learned.learning_rule, transform=-1)
            nengo.Connection(a, b, label="plain")
            nengo.Connection(a.neurons, b.neurons, transform=np.ones((8, 10)), label="full")
            nengo.Probe(b, label="out")
        self.a, self.b = a, b
        with nengo.Network(seed=1, label="other") as self.other:
            self.stranger = nengo.Ensemble(10, 1, label="stranger")
            nengo.Connection(self.stranger, self.stranger)
        with nengo.Network(seed=1, label="only direct") as self.direct:
            nengo.Ensemble(1, 1, neuron_type=nengo.Direct(), label="direct")
        with nengo.Network(seed=1, label="no numbers") as self.bad_gain:
            gain = np.where(np.arange(10) == 3, np.nan, 2.0)
            bad = nengo.Ensemble(10, 1, gain=gain, bias=np.zeros(10), label="bad")
            nengo.Probe(bad, label="bad out")
        self.sim = nengolab.Simulator(self.net, progress_bar=False)
        self.sim.run_steps(1)
        self.nan = nengolab.Simulator(self.net, progress_bar=False)
        weights = np.ones((8, 10))
        weights[2, 4] = np.nan
        bias = np.array(self.nan.parameters["a.neurons.bias"].value)
        bias[[2, 7]] = np.nan, np.inf
        decoders = np.full((1, 10), np.nan)
        self.values = {"full.weights": weights, "a.neurons.bias": bias}
        self.nan._engine.set_values(self.values | {"plain.weights": decoders})
        self.closed = nengolab.Simulator(self.net, progress_bar=False)
        self.theirs = nengo.Simulator(self.net, progress_bar=False)
        self.closed_theirs = nengo.Simulator(self.net, progress_bar=False)
        for sim in (self.closed, self.closed_theirs):
            sim.close()


@pytest.fixture(scope="module")
def world():
    made = World()
    yield made
    for sim in (made.sim, made.nan, made.theirs):
        sim.close()


# By function: how it is asked of an object of a source.
OF_AN_OBJECT: dict[str, Callable[[Any, Any], Any]] = {
    "tuning_curves": inspect.tuning_curves,
    "response_curves": inspect.response_curves,
    "weights": inspect.weights,
    "pipeline": lambda sim, obj: inspect.pipeline(sim, (obj, 0), 3),
    "explain": inspect.explain,
    "compare": lambda source, obj: inspect.compare(source, 2).error("spiking", obj),
    "diff": lambda source, obj: inspect.diff(source, obj),
}
WHAT = {"weights": "connection"} | dict.fromkeys(
    ("tuning_curves", "response_curves", "pipeline"), "ensemble"
)


def raised(ask: Callable[[], Any]) -> str:
    """The words of the error, and no warning of NumPy before it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        with pytest.raises(NengoException) as caught:
            ask()
    return str(caught.value)


@pytest.mark.parametrize("function", [*WHAT, "explain"])
@pytest.mark.parametrize("given", ["nobody", "stranger", 3, None, [1, 2], np.zeros(3)], ids=str)
def test_what_is_not_in_the_network(world, function, given):
    obj = world.stranger if str(given) == "stranger" else given  # of another network
    said = raised(lambda: OF_AN_OBJECT[function](world.sim, obj))
    if obj is None and function in ("tuning_curves", "response_curves"):
        assert "name the ensemble" in said
        return
    assert f"{obj!r} is not in the network" in said
    there = f"its {WHAT[function]}s are" if function in WHAT else "it holds 'stimulus'"
    assert there in said


@pytest.mark.parametrize("function", WHAT)
@pytest.mark.parametrize("name", ["stimulus", "out"])
def test_what_is_of_another_kind(world, function, name):
    said = raised(lambda: OF_AN_OBJECT[function](world.sim, name))
    assert re.search(f"'{name}' is no {WHAT[function]} but a (Node|Probe); its .*s are '", said)


@pytest.mark.parametrize("function", OF_AN_OBJECT)
@pytest.mark.parametrize("source", ["a network", None, 3, np.zeros(2), nengo.LIF()], ids=str)
def test_what_is_no_network_and_no_simulator(world, function, source):
    said = raised(lambda: OF_AN_OBJECT[function](source, world.a))
    assert re.search(r"nengo\.Network|nengolab\.Simulator", said)
    assert f"got {type(source).__name__}" in said or f".{type(source).__name__}" in said


def of_a_model() -> nengo.Simulator:
    with nengo.Simulator(None, model=nengo.builder.Model(), progress_bar=False) as sim:
        return sim


ANY: Any = "x"
LATER: Any = "later"
ASKED: dict[str, tuple[Callable[[World], Any], str]] = {
    # no simulator that runs
    "story of a network": (
        lambda w: inspect.pipeline(w.net, ("a", 0)),
        "takes a nengolab.Simulator, which is run; got nengo.Network",
    ),
    "story of nengo's": (
        lambda w: inspect.pipeline(w.theirs, ("a", 0)),
        "takes a nengolab.Simulator, which is run; got nengo.Simulator",
    ),
    "story of a closed one": (
        lambda w: inspect.pipeline(w.closed, ("a", 0)),
        "simulator of 'world' is closed: .* Make a new one",
    ),
    "run of a closed one": (
        lambda w: inspect.activity(w.closed, "a", 3),
        "simulator of 'world' is closed: .* Make a new one",
    ),
    "curves of a closed one that learned": (
        lambda w: inspect.tuning_curves(w.closed_theirs, "a"),
        "encoders that 'a' learned are gone: the nengo.Simulator is closed.*when=\"built\"",
    ),
    "weights of a closed one that learned": (
        lambda w: inspect.weights(w.closed_theirs, "learned"),
        "weights that 'learned' learned are gone.*when=\"built\"",
    ),
    "what a closed one that learned is": (
        lambda w: inspect.explain(w.closed_theirs, "learned"),
        "weights that 'learned' learned are gone",
    ),
    "twins of a simulator": (
        lambda w: inspect.compare(w.sim),
        "made of a nengo.Network, got Simulator: give its .network",
    ),
    "differences to nothing": (lambda w: inspect.diff(w.net, None), "got NoneType"),
    "a simulator of a model": (
        lambda w: inspect.explain(of_a_model(), "a"),
        "made from a model alone.* give the nengo.Network",
    ),
    # Direct mode
    **{
        f"{function} in Direct mode": (
            lambda w, ask=OF_AN_OBJECT[function]: ask(w.sim, "direct"),
            "'direct' is in Direct mode: it has no neurons to look at. .* nengo.LIF",
        )
        for function in ("tuning_curves", "response_curves", "pipeline")
    },
    "twins in Direct mode": (
        lambda w: inspect.compare(w.direct, 2),
        "'only direct' has no twin of the kinds 'rate', .*: .* for 'Direct'. nengo.LIF has all",
    ),
    # no neurons
    "none of the neurons": (
        lambda w: inspect.pipeline(w.sim, w.a.neurons[:0]),
        r"takes one neuron: ensemble.neurons\[3\], .*got <Neurons",
    ),
    "several neurons": (
        lambda w: inspect.explain(w.sim, w.a.neurons[2:5]),
        r"takes one neuron, such as ensemble.neurons\[3\], or all of them; got 3 of 10",
    ),
    "beyond the last neuron": (
        lambda w: inspect.pipeline(w.sim, ("a", 10)),
        "'a' has the neurons 0 to 9; got 10",
    ),
    "no number of a neuron": (lambda w: inspect.pipeline(w.sim, ("a", "x")), "neuron: .*got 'x'"),
    "no ensembles": (
        lambda w: inspect.compare(nengo.Network(add_to_container=False)),
        "has no ensembles to compare",
    ),
    "no way on": (
        lambda w: inspect.pipeline(w.sim, ("b", 0), connection="learned"),
        r"'learned' does not come from 'b'; those that do are \[\]",
    ),
    # no points
    "no points": (
        lambda w: inspect.tuning_curves(w.net, "a", []),
        r"'a' has 1 dimensions: points have the shape \(..., 1\); got \(0, 1\)",
    ),
    "no radii": (lambda w: inspect.response_curves(w.net, "a", []), "takes a list of numbers"),
    "a text for points": (
        lambda w: inspect.tuning_curves(w.net, "a", "x"),
        "points: takes an array of numbers; got 'x'",
    ),
    "ragged points": (
        lambda w: inspect.response_curves(w.net, "a", [[1], [1, 2]]),
        "points: takes an array of numbers; got",
    ),
    "a text for a direction": (
        lambda w: inspect.tuning_curves(w.net, "a", along=ANY),
        "along: takes an array of numbers; got 'x'",
    ),
    "no count of points": (
        lambda w: inspect.tuning_curves(w.net, "a", n_points=0),
        "n_points: must be a whole number from 2 up, got 0",
    ),
    # NaN, as it was built
    "curves of a gain of NaN": (
        lambda w: inspect.tuning_curves(w.bad_gain, "bad"),
        "^bad: .*contains NaNs. Give it finite values",
    ),
    "what a gain of NaN is": (
        lambda w: inspect.explain(w.bad_gain, "bad"),
        "^bad: .*contains NaNs. Give it finite values",
    ),
    "twins with a gain of NaN": (
        lambda w: inspect.compare(w.bad_gain, 2),
        "^bad: .*contains NaNs. Give it finite values",
    ),
    # NaN, as training that went wrong leaves it
    **{
        f"{function} of NaN": (
            lambda w, ask=OF_AN_OBJECT[function]: ask(w.nan, "a"),
            r"'a': .* of 2 of 10 neurons are NaN or infinite \(2, 7\)\. .*only\(.*when=\"built\"",
        )
        for function in ("tuning_curves", "response_curves")
    },
    "activity of NaN": (lambda w: inspect.activity(w.nan, "a"), "neurons of 'a' .*NaN or infinity"),
    "figures of NaN": (
        lambda w: inspect.weights(w.nan, "full").figures,
        "weights of 'full' hold NaN or infinity: block.. has them.*when=\"built\"",
    ),
    "rank of NaN": (
        lambda w: inspect.weights(w.nan, "full").effective_rank,
        "weights of 'full' hold NaN or infinity",
    ),
    "singular values of factors of NaN": (
        lambda w: inspect.weights(w.nan, "plain").singular_values,
        "weights of 'plain' hold NaN or infinity",
    ),
    "story of NaN": (
        lambda w: inspect.pipeline(w.nan, ("a", 2), 3),
        "NaN",
    ),
    # what is asked with
    "no time": (lambda w: inspect.weights(w.net, "full", LATER), '"now", "built" or "change"'),
    "no kinds": (lambda w: inspect.compare(w.net, 2, kinds=[]), "at least one"),
    "a text of kinds": (
        lambda w: inspect.compare(w.net, 2, kinds="rate"),
        r"takes a list of kinds, \['rate'\]; got 'rate'",
    ),
    "no steps": (lambda w: inspect.compare(w.net, 0), "n_steps: .*from 1 up, got 0"),
    "no dt": (lambda w: inspect.compare(w.net, 2, dt=0), "dt: .*above 0, got 0"),
    "no voltage": (
        lambda w: inspect.compare(w.net, 2, voltage=2),
        "voltage: must be a number from 0 to 1 .*got 2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ASKED)
def test_what_cannot_be_answered(world, what):
    ask, words = ASKED[what]
    said = raised(lambda: ask(world))
    assert re.search(words, said), said
    # Nothing is left behind in the simulator that was asked.
    assert not world.sim._engine.taps
    assert world.sim.n_steps == 1


def test_what_has_numbers_beside_nan_is_told(world):
    """Where there is something to say all the same, it is said which numbers are none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        people = inspect.population(world.nan, "a")
        good = np.delete(np.arange(10), [2, 7])
        curves, all_of_it = (inspect.tuning_curves(p) for p in (people.only(good), people))
        np.testing.assert_array_equal(all_of_it.rates[:, good], curves.rates)
        assert np.isnan(all_of_it.rates[:, 2]).all()
        assert not {2, 7} & set(all_of_it.silent)
        built = inspect.tuning_curves(world.nan, "a", when="built")
        np.testing.assert_array_equal(built.rates, inspect.tuning_curves(world.net, "a").rates)
        assert np.isnan(inspect.weights(world.nan, "full").block()[2, 4])
        found = {
            row.what: row for row in inspect.diff(world.closed, world.nan).rows if row.a == "a"
        }
        assert found["bias now"].meaning.endswith("2 of the second are NaN or infinite")
        assert "2 of 10 NaN or infinite, else" in found["bias now"].in_b
        said = str(inspect.explain(world.nan, "a"))
        assert "2 of its biases are NaN or infinite" in said
        assert "it computes nothing" in said
        assert "it computes nothing" in str(inspect.explain(world.nan, world.a.neurons[2]))
        assert "10 of them are NaN or infinite" in str(inspect.explain(world.nan, "plain"))


def test_a_closed_simulator_says_what_it_was(world):
    look: Any
    for look in (inspect.tuning_curves, inspect.explain):
        for name in ("a", "b"):
            closed, now = look(world.closed, name), look(world.net, name)
            if look is inspect.tuning_curves:
                np.testing.assert_allclose(closed.rates, now.rates, rtol=1e-9)
            else:
                assert now.sentences[0] == closed.sentences[0]
    built = inspect.weights(world.closed_theirs, "learned", "built").block()
    np.testing.assert_allclose(inspect.weights(world.closed, "learned").block(), built)
    assert not inspect.diff(world.closed, world.closed)
