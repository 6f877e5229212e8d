"""One neuron's story against the probes of nengo.Simulator."""

from __future__ import annotations

import re

import nengo
import numpy as np
import pytest

import nengolab
from nengolab import inspect
from nengolab.exceptions import UnknownObject, ValidationError

STEPS = 60


def make(neuron_type: nengo.neurons.NeuronType, synapse=0.01) -> nengo.Network:
    with nengo.Network(seed=2) as net:
        nengolab.configure_settings(dtype="float64")
        stimulus = nengo.Node(lambda t: [np.sin(40 * t), 0.5], label="stimulus")
        a = nengo.Ensemble(20, 2, neuron_type=neuron_type, label="a")
        b, out = nengo.Ensemble(15, 1, label="b"), nengo.Node(size_in=2, label="out")
        if isinstance(neuron_type, nengo.Izhikevich):
            a.gain, a.bias = np.full(20, 5.0), np.full(20, 8.0)
        nengo.Connection(stimulus, a, synapse=None)
        nengo.Connection(a, out, synapse=0.02)
        net.onwards = nengo.Connection(a, b, function=lambda x: x[0] * x[1], synapse=synapse)
        inner = [x for x in a.neurons.probeable if x not in ("input", "output")]
        net.asked = {x.replace("_", " "): nengo.Probe(a.neurons, x) for x in inner}
        net.asked |= {
            "input": nengo.Probe(a, "input"),
            "current": nengo.Probe(a.neurons, "input"),
            "spikes" if neuron_type.spiking else "rate": nengo.Probe(a.neurons),
            "filtered": nengo.Probe(a.neurons, synapse=synapse),
            "decoded": nengo.Probe(net.onwards, "output"),
            "next current": nengo.Probe(b.neurons, "input"),
        }
    return net


TYPES = [
    nengo.LIF(),
    nengo.AdaptiveLIF(tau_n=0.1),
    nengo.LIFRate(),
    nengo.SpikingRectifiedLinear(),
    nengo.RegularSpiking(nengo.LIFRate()),
    nengo.Izhikevich(),
    nengolab.SoftLIFRate(),
]


@pytest.mark.parametrize("neuron_type", TYPES, ids=lambda t: type(t).__name__)
def test_every_number_is_that_of_a_probe_of_nengos(neuron_type):
    net = make(neuron_type)
    with nengo.Simulator(net, progress_bar=False) as theirs:
        theirs.run_steps(STEPS)
        weights = theirs.data[net.ensembles[1]].scaled_encoders @ theirs.data[net.onwards].weights
    busiest = int(np.argmax(theirs.data[net.asked["filtered"]].sum(axis=0)))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        before = sim.state.arrays
        story = inspect.pipeline(sim, net.ensembles[0].neurons[busiest], STEPS)
        # All stands as if nothing had been asked, and a run goes on from there.
        assert (sim.n_steps, len(sim.data[net.asked["input"]])) == (0, 0)
        after = sim.state.arrays
        assert before.keys() == after.keys()
        for name, array in before.items():
            np.testing.assert_array_equal(after[name], array, err_msg=name)
        if neuron_type == nengo.LIF():
            sim.run_steps(5)
            np.testing.assert_allclose(
                sim.data[net.asked["current"]], theirs.data[net.asked["current"]][:5], atol=1e-9
            )
    np.testing.assert_allclose(story.t, theirs.trange())
    target = int(np.argmax(np.abs(weights[:, busiest])))
    for name, probe in net.asked.items():
        expected = theirs.data[probe]
        if name == "next current":
            expected = expected[:, [target]]
        elif name not in ("input", "decoded"):
            expected = expected[:, [busiest]]
        got = story[name].values
        if name == "filtered":  # a probe is given it a step later, as the next ensemble is
            got, expected = got[:-1], expected[1:]
        np.testing.assert_allclose(got, expected, atol=1e-8, err_msg=name)
        if not name.startswith("refractory"):
            assert expected.any(), name
    share = weights[target, busiest] * story["filtered"].values
    np.testing.assert_allclose(story["share of the next current"].values, share)
    assert {q.name for q in story.quantities} == {*net.asked, "share of the next current"}


def test_numbers_stand_in_its_equations():
    net = make(nengo.LIF(tau_rc=0.03))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        story, people = inspect.pipeline(sim, ("a", 4), 10), inspect.population(sim, "a")
    (e0, e1), bias = people.scaled_encoders[4], people.bias[4]
    for number in (e0, e1, bias):
        assert f"{abs(number):.4g}" in story["current"].filled
    assert "tau_rc = 0.03" in story["voltage"].filled
    assert story["filtered"].filled == "Lowpass(tau=0.01)"
    text = story.at(3)
    assert text.startswith("a.neurons[4] at t = 0.004 s")
    assert f"current: J = {story['current'].values[3, 0]:.4g}" in text
    with pytest.raises(KeyError, match=r"'wings'; the story has \['input', 'current'"):
        story["wings"]


def test_data_is_put_in_and_the_run_goes_on_from_where_it_is():
    net = make(nengo.LIF())
    data = {"stimulus": np.random.RandomState(0).uniform(-1, 1, (1, 30, 2))}
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(20)
        story = inspect.pipeline(sim, ("a", 0), 30, data)
        again = inspect.pipeline(sim, ("a", 0), 30, data, connection="a -> out")
        assert sim.n_steps == 20
    np.testing.assert_allclose(story["input"].values, data["stimulus"][0])
    np.testing.assert_allclose(story.t, np.arange(21, 51) * 0.001)
    np.testing.assert_array_equal(story["voltage"].values, again["voltage"].values)
    assert "next current" not in [q.name for q in again.quantities]
    assert again["decoded"].values.shape == (30, 2)


@pytest.fixture(scope="module")
def sim():
    with nengolab.Simulator(make(nengo.LIF(), synapse=None), progress_bar=False) as sim:
        yield sim


def test_without_a_synapse_the_output_goes_on_as_it_is(sim):
    story = inspect.pipeline(sim, ("a", 1), 10)
    np.testing.assert_array_equal(story["filtered"].values, story["spikes"].values)
    assert "no synapse" in story["filtered"].equation


@pytest.mark.parametrize(
    ("asked", "how", "error", "words"),
    [
        ("a", {}, ValidationError, r"takes one neuron.*\('a', 3\)|takes one neuron"),
        (("a", 20), {}, ValidationError, "the neurons 0 to 19; got 20"),
        (("c", 0), {}, UnknownObject, "'c' is not in the network"),
        (("stimulus", 0), {}, ValidationError, "no ensemble but a Node"),
        (("a", 0), {"connection": "stimulus -> a"}, ValidationError, "does not come from 'a'"),
        (("a", 0), {"n_steps": 0}, ValidationError, "n_steps"),
    ],
)
def test_what_has_no_story_is_named(sim, asked, how, error, words):
    with pytest.raises(error, match=words):
        inspect.pipeline(sim, asked, **how)
    assert not sim._engine.taps


def test_only_a_simulator_of_nengolab_tells_it():
    with pytest.raises(ValidationError, match=r"takes a nengolab.Simulator.*got nengo.Network"):
        inspect.pipeline(make(nengo.LIF()), ("a", 0))


def told(text: str) -> list[float]:
    """All numbers of a text, in order."""
    return [float(x.replace("−", "-")) for x in re.findall(r"[-−]?\d+\.?\d*(?:e[-+]\d+)?", text)]


def test_equations_hold_with_the_numbers_of_each_step():
    net = make(nengo.LIF(tau_rc=0.03))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        busiest = int(inspect.activity(sim, "a", STEPS).mean.argmax())
        story = inspect.pipeline(sim, ("a", busiest), STEPS)
    values = {q.name: q.values[:, 0] for q in story.quantities}
    rest, v = values["refractory time"], values["voltage"]
    for step in range(1, STEPS):
        x0, x1 = story["input"].values[step]
        text = story.filled("current", step)
        assert f"{x0:.4g}" in text
        assert f"{x1:.4g}" in text
        assert text.endswith(f"= {values['current'][step]:.4g}")
        awake = np.clip(0.002 - rest[step - 1], 0, 0.001)
        drive = values["current"][step] - v[step - 1]
        new = v[step - 1] + drive * (1 - np.exp(-awake / 0.03))
        assert new > 1 if values["spikes"][step] else new == pytest.approx(v[step], abs=1e-9)
        assert story.filled("voltage", step).endswith(f"→ {v[step] + 0.0:.4g}")
        kept, before, taken, spike, now = told(story.filled("filtered", step))
        assert now == pytest.approx(kept * before + taken * spike, rel=2e-3, abs=1e-3)
        weight, trace, share = told(story.filled("share of the next current", step))
        assert share == pytest.approx(weight * trace, rel=2e-3)
    assert "…" in story.filled("voltage", 0)


def test_causes_add_up_to_the_current():
    with nengo.Network(seed=5) as net:
        nengolab.configure_settings(dtype="float64")
        up = nengo.Node(lambda t: np.sin(30 * t), label="up")
        down = nengo.Node([0.3], label="down")
        a = nengo.Ensemble(20, 2, radius=2, label="a")
        nengo.Connection(up, a[1], synapse=None, label="in")
        nengo.Connection(down, a.neurons[3:6], transform=[[-1.0]] * 3, label="direct")
        nengo.Connection(a, a, solver=nengo.solvers.LstsqL2(weights=True), label="loop")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(30)
        for i in (4, 7):
            story = inspect.pipeline(sim, ("a", i), 40)
            total = sum(story.causes.values())[1:]
            np.testing.assert_allclose(total, story["current"].values[1:, 0], atol=1e-9)
            assert list(story.causes) == ["bias", "in", "direct", "loop"]
            assert story.causes["direct"][1:].any() == (i == 4)
            assert "given directly" in story
            assert np.isnan(story.causes["loop"][0])


def test_a_spike_is_told_with_what_pushed_it_over():
    with nengo.Network(seed=5) as net:
        nengolab.configure_settings(dtype="float64")
        up, down = nengo.Node([0.9], label="up"), nengo.Node([-0.2], label="down")
        a = nengo.Ensemble(1, 1, gain=[3.0], bias=[0.5], encoders=[[1]], label="a")
        nengo.Connection(up, a, synapse=None, label="push")
        nengo.Connection(down, a, synapse=0.001, label="pull")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(50)
        story = inspect.pipeline(sim, ("a", 0), 60)
    first, second, *_ = story.spikes
    np.testing.assert_array_equal(story.spikes, np.flatnonzero(story["spikes"].values[:, 0]))
    said = story.why(int(second))
    assert said.startswith(
        f"a spike at {story.t[second]:.4g} s: in the {second - first} steps since its spike before "
        "the current was 2.6 on average, made of 'push' +2.7, its bias +0.5, 'pull' −0.6."
    ), said
    assert said.endswith("It begins to fire above 1: without 'push' it would be −0.1.")
    assert "since the first step told of" in story.why(int(first))
    with pytest.raises(ValidationError, match="no spike in step 0 of"):
        story.why(0)


def test_a_neuron_that_was_silent_is_told_of_from_where_its_current_rose():
    with nengo.Network(seed=5) as net:
        nengolab.configure_settings(dtype="float64")
        up = nengo.Node(lambda t: 1.0 if t > 0.0305 else -1.0, label="up")
        a = nengo.Ensemble(1, 1, gain=[3.0], bias=[0.5], encoders=[[1]], label="a")
        nengo.Connection(up, a, synapse=None, label="push")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        story = inspect.pipeline(sim, ("a", 0), 50)
    first = int(story.spikes[0])
    assert story["current"].values[:first].mean() < 0
    assert story.why(first) == (
        f"a spike at {story.t[first]:.4g} s: in the {first - 29} steps since it rose above 1 the "
        "current was 3.5 on average, made of 'push' +3, its bias +0.5. It begins to fire above 1: "
        "without 'push' it would be 0.5."
    )


def test_a_spike_that_is_drawn_at_random_is_told_with_its_rate():
    net = make(nengo.PoissonSpiking(nengo.LIFRate()))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        busiest = int(inspect.activity(sim, "a", STEPS).mean.argmax())
        story = inspect.pipeline(sim, ("a", busiest), STEPS)
    step = int(story.spikes[0])
    rate = story["rate out"].values[step, 0]
    assert story.why(step).endswith(f"is drawn at random, here at a rate of {rate:.4g} Hz.")


def test_why_there_is_no_spike_is_said():
    with nengo.Network(seed=5) as net:
        nengolab.configure_settings(dtype="float64")
        nengo.Ensemble(2, 1, gain=[3.0, 3.0], bias=[0.5, 1.01], encoders=[[1], [1]], label="a")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        never, late = (inspect.pipeline(sim, ("a", i), 10).silence for i in (0, 1))
    assert never == (
        "no spike in these 10 steps: the current was 0.5 to 0.5, and it begins to fire above 1."
    )
    assert late.endswith("above 1 for too short a time to fire.")


def test_rates_have_no_spikes_to_tell_of():
    with nengolab.Simulator(make(nengo.LIFRate()), progress_bar=False) as sim:
        story = inspect.pipeline(sim, ("a", 1), 5)
    assert story.spikes.tolist() == []
    assert story.silence == ""
    assert story.filled("rate", 3) == f"r = {story['rate'].values[3, 0] + 0.0:.4g}"


def test_a_solver_of_full_weights_solves_for_nothing_behind_a_direct_ensemble():
    with nengo.Network(seed=5) as net:
        nengolab.configure_settings(dtype="float64")
        before = nengo.Ensemble(1, 2, neuron_type=nengo.Direct(), label="before")
        a = nengo.Ensemble(12, 2, label="a")
        nengo.Connection(nengo.Node([0.5, -0.3]), before)
        full = nengo.solvers.LstsqL2(weights=True)
        nengo.Connection(before, a, transform=[2.0, 1.0], solver=full, label="loop")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        story = inspect.pipeline(sim, ("a", 4), 30)
    total = sum(story.causes.values())
    np.testing.assert_allclose(total, story["current"].values[:, 0], atol=1e-9)


def test_a_negative_spike_is_called_so():
    with nengo.Network(seed=5) as net:
        kind = nengolab.SpikingLeakyReLU(negative_slope=1.0)
        nengo.Ensemble(1, 1, gain=[0.0], bias=[-300.0], neuron_type=kind, label="a")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        story = inspect.pipeline(sim, ("a", 0), 10)
    assert story.why(int(story.spikes[0])).startswith("a negative spike at 0.004 s")
