"""A person's own NumPy neuron types: called back, with their state in the program's."""

from __future__ import annotations

from typing import Any, ClassVar

import nengo
import numpy as np
import pytest
from nengo.dists import Choice, Uniform

import nengolab
from nengolab.compiler import own_neurons
from nengolab.exceptions import SimulationError

from .compare import both, run


class Leaky(nengo.neurons.NeuronType):
    """A rate with memory, two variables of state, and outputs that it sets here and there only."""

    negative = False
    state: ClassVar[dict[str, Any]] = {"level": Uniform(0, 0.1), "count": Choice([0, 1, 2])}

    def step(self, dt, J, output, level, count):
        level += dt * (np.maximum(J, 0) - level) / 0.02
        count += 1
        third = 3
        some = np.array([c % third == 0 for c in count])
        output[some] = 100 * level[some]

    def rates(self, x, gain, bias):
        return 100 * np.maximum(self.current(x, gain, bias), 0)

    def gain_bias(self, max_rates, intercepts):
        gain = np.asarray(max_rates) / 100 / (1 - np.asarray(intercepts))
        return gain, -gain * intercepts

    def max_rates_intercepts(self, gain, bias):
        return 100 * (gain + bias), -bias / gain


class HalfLIF(nengo.LIF):
    """Nengo's LIF with half the current."""

    def step(self, dt, J, output, voltage, refractory_time):
        super().step(dt, 0.5 * J, output, voltage, refractory_time)


class SteepLIF(nengo.LIF):
    """Nengo's LIF with other gains: its equations are LIF's."""

    def gain_bias(self, max_rates, intercepts):
        gain, bias = super().gain_bias(max_rates, intercepts)
        return 2 * gain, bias


class Dice(nengo.neurons.NeuronType):
    """Spikes at random, from a generator of its own."""

    spiking = True
    negative = False

    def make_state(self, n_neurons, rng=np.random, dtype=None):
        return super().make_state(n_neurons, rng, dtype) | {"dice": rng}

    def gain_bias(self, max_rates, intercepts):
        return np.ones(len(max_rates)), np.zeros(len(max_rates))

    def max_rates_intercepts(self, gain, bias):
        return gain, bias

    def rates(self, x, gain, bias):
        return 100 * np.abs(self.current(x, gain, bias))

    def step(self, dt, J, output, dice):
        output[...] = (dice.normal(size=len(J)) > 1) / dt


class Counting(HalfLIF):
    """One that keeps something outside its state."""

    def step(self, dt, J, output, voltage, refractory_time):
        self.steps = getattr(self, "steps", 0) + 1
        super().step(dt, J, output, voltage, refractory_time)


class Broken(Leaky):
    """One that fails after a while."""

    def step(self, dt, J, output, level, count):
        super().step(dt, J, output, level, count)
        if count.max() > 14:
            raise ArithmeticError("no more")


class Infinite(Leaky):
    """One that puts out what is no number."""

    def step(self, dt, J, output, level, count):
        output[...] = np.inf


def network(kind, feedback: bool) -> nengo.Network:
    with nengo.Network(seed=4) as net:
        stimulus = nengo.Node(lambda t: np.sin(20 * t), label="stimulus")
        a = nengo.Ensemble(30, 1, neuron_type=kind, label="a")
        b = nengo.Ensemble(20, 1, neuron_type=kind, label="b")
        c = nengo.Ensemble(20, 1, neuron_type=nengo.LIFRate(), label="c")
        nengo.Connection(stimulus, a)
        nengo.Connection(stimulus, b)
        nengo.Connection(a, c)
        if feedback:
            nengo.Connection(c, a, synapse=0.01, transform=0.3)
        for key in kind.probeable:
            nengo.Probe(a.neurons, key, label=key)
        nengo.Probe(c, synapse=0.01, label="decoded")
        nengo.Probe(b, label="b decoded")
    return net


def all_ways() -> nengo.Network:
    """Both kinds of types, on a feedback path and on none; each is called back in its own way."""
    with nengo.Network(seed=0) as net:
        for kind in (Leaky(), HalfLIF()):
            for feedback in (False, True):
                for probe in network(kind, feedback).probes:
                    way = "feedback" if feedback else "forward"
                    probe.label = f"{type(kind).__name__}, {way}: {probe.label}"
    return net


@pytest.fixture(scope="module")
def nengos():
    return run(nengo.Simulator, all_ways(), 300)


@pytest.mark.parametrize("schedule", ["auto", "stepped", "batched"])
def test_own_types_are_nengos(nengos, schedule):
    for probe, (expected, got) in both(all_ways, 300, schedule=schedule, expected=nengos).items():
        assert np.ptp(expected) > 0, probe
        assert np.abs(expected - got).max() <= 1e-9 * max(1, np.abs(expected).max()), probe


def test_own_type_under_a_random_one():
    """The base of a type that turns rates into spikes may be a person's own."""
    kind = nengo.RegularSpiking(Leaky(), initial_state={"voltage": Choice([0.5])})
    data = both(lambda: network(kind, True), 200)
    assert {"rate_out", "level", "voltage"} <= set(data)
    for probe, (expected, got) in data.items():
        assert np.abs(expected - got).max() <= 1e-9 * max(1, np.abs(expected).max()), probe


def test_report_says_how_and_why():
    ways = {False: "called back once a tile (no feedback path)", True: "called back each step"}
    for feedback, way in ways.items():
        with nengolab.Simulator(network(Leaky(), feedback), progress_bar=False) as sim:
            report = sim.report()
        why = "nengolab has no kernel for Leaky; its step runs on its own state"
        assert f"a(): {way}; pure: {why}" in report, report
        assert f"b(): {ways[False]}" in report


def test_types_with_nengos_equations_are_not_called_back():
    net = network(SteepLIF(), True)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        assert "lif (packed" in sim.report() or "lif (poly" in sim.report()
        assert not [c for c in sim._engine.graph.calls if c.neurons is not None]
    for expected, got in both(lambda: network(SteepLIF(), True), 200).values():
        assert np.abs(expected - got).max() <= 1e-9 * max(1, np.abs(expected).max())


def test_what_is_kept_outside_the_state_ties_a_type():
    assert own_neurons.verdict(Leaky()).level == "pure"
    assert own_neurons.verdict(HalfLIF()).level == "pure"
    verdict = own_neurons.verdict(Counting())
    assert verdict.level == "tied"
    assert "stores 'steps' outside its state" in verdict.why
    net = network(Counting(), False)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(10)
        assert "a(): called back each step; tied" in sim.report()
    assert net.ensembles[0].neuron_type.steps == 20


@pytest.mark.parametrize("kind", [Leaky(), Dice()], ids=lambda k: type(k).__name__)
@pytest.mark.parametrize("feedback", [False, True], ids=["forward", "feedback"])
def test_state_is_the_programs(kind, feedback):
    """It goes on from a state that is put back, and starts anew on reset, in each batch item."""
    net = network(kind, feedback)
    output = net.probes[0]
    with nengolab.Simulator(net, seed=1, minibatch_size=2, progress_bar=False) as sim:
        sim.run_steps(45)
        first = np.array(sim.data[output])
        engine = sim._engine
        state = engine.runner.named_state()
        after = sim.advance(30)[output]
        assert (sim.advance(30)[output] != after).any()
        engine.runner.set_named_state(state)
        engine.n_steps = 45
        np.testing.assert_array_equal(sim.advance(30)[output], after)
        sim.reset()
        sim.run_steps(45)
        np.testing.assert_array_equal(sim.data[output], first)
        if isinstance(kind, Dice):
            assert (first[0] != first[1]).any()
            assert abs(first.mean() * 0.001 - 0.159) < 0.03
            sim.reset(seed=9)
            sim.run_steps(45)
            assert (sim.data[output] != first).any()
        else:
            np.testing.assert_array_equal(first[0], first[1])


@pytest.mark.parametrize("feedback", [False, True], ids=["forward", "feedback"])
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Broken(), "[ab]: its neuron type Broken raised ArithmeticError: no more at t = 0.013 s"),
        (
            Infinite(),
            "[ab]: its neuron type Infinite put out a value that is not finite at t = 0.001",
        ),
    ],
    ids=["raises", "infinite"],
)
def test_errors_name_the_ensemble(kind, message, feedback):
    with nengolab.Simulator(network(kind, feedback), progress_bar=False) as sim:
        with pytest.raises(SimulationError, match=message):
            sim.run_steps(40)
