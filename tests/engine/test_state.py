"""The state as a value: taken, put back, branched, put elsewhere, pickled; resets."""

from __future__ import annotations

import copy
import math
import pickle
import warnings

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError, SimulatorClosed
from nengo.processes import BrownNoise, FilteredNoise, PresentInput, WhiteNoise, WhiteSignal

import nengolab
from nengolab.exceptions import ValidationError
from nengolab.runtime import closures


class Counting(nengo.Process):
    """Keeps its count in an array of ``make_state``, its noise in its generator."""

    def make_state(self, shape_in, shape_out, dt, dtype=None):
        return {"count": np.zeros(shape_out)}

    def make_step(self, shape_in, shape_out, dt, rng, state):
        count, size = state["count"], shape_out[0]

        def step(t):
            count[...] += 1
            return count + 0.1 * rng.normal(size=size)

        return step


class Accumulating(nengo.Process):
    """Keeps its sum in an array of its own, which ``make_state`` does not know."""

    def make_step(self, shape_in, shape_out, dt, rng, state):
        total = np.zeros(shape_out)

        def step(t):
            total[...] += rng.uniform()
            return total

        return step


class Hiding(nengo.Process):
    """Keeps its count in a captured variable that it binds anew."""

    def make_step(self, shape_in, shape_out, dt, rng, state):
        n = 0

        def step(t):
            nonlocal n
            n += 1
            return n

        return step


def small(label: str = "a", size: int = 40, **settings) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        if settings:
            nengolab.configure_settings(**settings)
        net.stimulus = nengo.Node(0.5, label="stimulus")
        net.a = nengo.Ensemble(size, 1, label=label)
        nengo.Connection(net.stimulus, net.a)
        nengo.Connection(net.a, net.a, synapse=0.05, transform=0.3, label="loop")
        net.probe = nengo.Probe(net.a, synapse=0.02)
    return net


def with_every_state(**settings) -> nengo.Network:
    """Every kind of state: neurons, synapses, delays, processes of Nengo's and of a person's."""
    processes = {
        "white": WhiteNoise(),
        "seeded": WhiteNoise(seed=5),
        "filtered": FilteredNoise(nengo.Alpha(0.01)),
        "brown": BrownNoise(),
        "signal": WhiteSignal(0.3, 20),
        "present": PresentInput([[0.1], [0.7], [-0.4]], 0.013),
        "counting": Counting(default_size_in=0, default_size_out=1),
        "accumulating": Accumulating(default_size_in=0, default_size_out=1),
    }
    with nengo.Network(seed=3) as net:
        nengolab.configure_settings(**settings)
        net.stimulus = nengo.Node([0.2], label="stimulus")
        out = nengo.Node(size_in=1, label="out")
        for name, process in processes.items():
            node = nengo.Node(process, size_out=1, label=name)
            nengo.Probe(node, synapse=0.004)
            nengo.Connection(node, out, transform=0.01)
        for neurons in (
            nengo.LIF(),
            nengo.LIF(min_voltage=-1),
            nengo.LIF(tau_ref=0.0),
            nengo.SpikingRectifiedLinear(),
            nengo.LIFRate(),
        ):
            ens = nengo.Ensemble(30, 2, neuron_type=neurons, noise=WhiteNoise())
            nengo.Connection(net.stimulus, ens[0], synapse=None)
            nengo.Connection(out, ens[1], synapse=nengo.Triangle(0.006))
            nengo.Connection(ens, ens, synapse=nengo.Alpha(0.05))
            nengo.Probe(ens, synapse=nengo.LinearFilter([1], [4e-4, 0.04, 1]))
            if not isinstance(neurons, nengo.LIFRate):
                nengo.Probe(ens.neurons)
                nengo.Probe(ens.neurons, "voltage")
        square = nengo.Node(lambda t, x: x * x, size_in=2)
        nengo.Connection(ens, square)
        nengo.Connection(square[0], ens[0], synapse=0.01)
    return net


def data(sim, net, start: int = 0) -> list[np.ndarray]:
    return [np.array(sim.data[p])[..., start:, :] for p in net.probes]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return len(a) == len(b) and all(map(np.array_equal, a, b))


@pytest.mark.in_turn
@pytest.mark.parametrize(
    ("dtype", "schedule", "batch"),
    [("float32", "auto", 2), ("float32", "batched", None), ("float64", "stepped", None)],
)
def test_a_snapshot_and_the_same_inputs_give_the_same_outputs(dtype, schedule, batch):
    """Branches, and other ways of cutting the run into calls, bit for bit."""
    net = with_every_state(dtype=dtype, schedule=schedule)
    with nengolab.Simulator(net, minibatch_size=batch, progress_bar=False) as sim:
        sim.run_steps(83)
        snapshot = sim.state
        assert snapshot.not_restorable == ()
        sim.run_steps(150)
        first = data(sim, net, 83)
        assert all(np.ptp(d) > 0 for d in first)
        sim.set_input(net.stimulus, -0.7)
        sim.state = snapshot
        sim.run_steps(150)
        assert not same(data(sim, net, 83), first)
        sim.set_input(net.stimulus, None)
        sim.state = snapshot
        for steps in (1, 30, 119):
            sim.run_steps(steps)
        assert sim.n_steps == 233
        assert same(data(sim, net, 83), first)
    with nengolab.Simulator(net, seed=77, minibatch_size=batch, progress_bar=False) as other:
        other.run_steps(5)
        other.state = snapshot
        other.run_steps(150)
        assert same(data(other, net, 5), first)
        assert other.seed == sim.seed
        other.reset()
        other.run_steps(40)
        again = data(other, net)
        other.reset()
        other.run_steps(40)
        assert same(data(other, net), again)


def test_a_snapshot_is_immutable_and_does_not_follow_the_simulator():
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(20)
        snapshot = sim.state
        before = {name: array.copy() for name, array in snapshot.arrays.items()}
        sim.run_steps(20)
        for name, array in snapshot.arrays.items():
            np.testing.assert_array_equal(array, before[name])
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 0
        with pytest.raises(TypeError):
            snapshot.arrays["a.voltage"] = 0
        with pytest.raises(AttributeError):
            snapshot.n_steps = 0
    assert snapshot.n_steps == 20
    assert snapshot.arrays["a.voltage"].shape == (1, 40)
    assert "step 20" in repr(snapshot)


def test_a_snapshot_can_be_pickled_and_copied():
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(20)
        snapshot = sim.state
        sim.run_steps(20)
        expected = sim.data[net.probe]
        for other in (pickle.loads(pickle.dumps(snapshot)), copy.deepcopy(snapshot)):
            assert not other.arrays["a.voltage"].flags.writeable
            sim.state = other
            sim.run_steps(20)
            np.testing.assert_array_equal(sim.data[net.probe], expected)


def test_names_do_not_depend_on_merging_taps_or_probes():
    net, probed = small(), small()
    with probed:
        extra = nengo.Probe(probed.a, synapse=0.3, label="extra")
        nengo.Probe(probed.a.neurons, "refractory_time")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(30)
        plain = sim.state
        tap = sim.add_tap(net.a)
        sim.prepare()
        assert tap.ready
        assert set(sim.state.arrays) == set(plain.arrays)
        sim.state = plain
        tapped = sim.advance(20)[net.probe][0]
        with nengolab.Simulator(probed, progress_bar=False) as other:
            other.state = plain
            other.run_steps(20)
            assert other.data[extra].shape == (20, 1)
            np.testing.assert_allclose(other.data[probed.probe], tapped, atol=1e-5)
            sim.state = other.state  # its probes' own filters have no place here
            assert sim.n_steps == 50
    with nengo.Network(seed=9) as pair:
        small("first")
        small("second")
    with nengolab.Simulator(pair, progress_bar=False) as merged:
        assert {"first.voltage", "second.voltage"} <= {
            n.split("/")[-1] for n in merged.state.arrays
        }


def test_what_does_not_fit_is_named_and_changes_nothing():
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(10)
        good = sim.state
        for other, message in (
            (small("b"), r"'a\.voltage' is missing.*'b\.voltage' is unknown"),
            (small(size=41), r"'a\.\w+' is \(1, 41\), expected \(1, 40\)"),
        ):
            with nengolab.Simulator(other, progress_bar=False) as made:
                with pytest.raises(ValidationError, match=message):
                    sim.state = made.state
        with nengolab.Simulator(net, dt=0.002, progress_bar=False) as made:
            with pytest.raises(ValidationError, match=r"dt = 0\.002 s.*0\.001 s"):
                sim.state = made.state
        with pytest.raises(ValidationError, match="must be a snapshot.*dict"):
            sim.state = {}
        assert sim.n_steps == 10
        for name, array in sim.state.arrays.items():
            np.testing.assert_array_equal(array, good.arrays[name])


def test_processes_that_do_not_fit_are_named():
    def noisy(label, size=1):
        with nengo.Network(seed=0) as net:
            nengo.Probe(nengo.Node(FilteredNoise(), size_out=size, label=label))
        return nengolab.Simulator(net, progress_bar=False)

    with noisy("x") as x, noisy("y") as y, noisy("x", 2) as wide:
        with pytest.raises(ValidationError, match=r"process 'y\(\)' is missing.*'x\(\)' is unkn"):
            y.state = x.state
        with pytest.raises(ValidationError, match=r"process 'x\(\)' has arrays .*, expected"):
            wide.state = x.state


def test_another_batch_size_needs_a_choice():
    net = with_every_state(dtype="float64")
    with nengolab.Simulator(net, minibatch_size=2, progress_bar=False) as two:
        two.run_steps(50)
        both = two.state
        two.run_steps(50)
        expected = data(two, net, 50)
    with nengolab.Simulator(net, minibatch_size=3, progress_bar=False) as three:
        with pytest.raises(ValidationError, match=r"2 batch item.*runs 3.*take\(\[0\] \* 3\)"):
            three.state = both
        three.state = both.take([1, 0, 1])
        three.run_steps(50)
        for got, wanted in zip(data(three, net), expected, strict=True):
            np.testing.assert_allclose(got, wanted[[1, 0, 1]], atol=1e-9)
    for wrong in ([], [2], [-1]):
        with pytest.raises(ValidationError, match="from 0 to 1"):
            both.take(wrong)


def test_functions_with_a_memory_of_their_own_are_named():
    calls = []

    def remembers(t):
        calls.append(t)
        return len(calls)

    with nengo.Network(seed=0) as net:
        counter = nengo.Node(remembers, label="counter")
        hiding = nengo.Node(Hiding(default_size_in=0, default_size_out=1), label="hiding")
        nengo.Node(lambda t: t, label="harmless")
        probe = nengo.Probe(counter)
        nengo.Probe(hiding)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(10)
        snapshot = sim.state
        assert snapshot.not_restorable == ("counter", "hiding")
        sim.run_steps(10)
        with pytest.warns(UserWarning, match="go on as they are: counter, hiding"):
            sim.state = snapshot
        sim.run_steps(3)
        assert sim.data[probe][-1, 0] == 1 + 23  # nengo called it once before


_LOG = []


def _steps(table, rng, state, process):
    """Step functions, each with what it might remember; None where that is nothing."""
    frozen, count = np.arange(3), state["count"]
    frozen.setflags(write=False)
    n = 0

    def rebinds(t):
        nonlocal n
        n += 1

    return [
        (lambda t: count.fill(t), None),
        (lambda t: rng.normal(size=2) + np.sin(t) * frozen[1], None),
        (lambda t: process.scale * state["count"], None),
        (lambda t, k=3: math.exp(k), None),
        (lambda t: np.random.normal(), "random"),
        (lambda t: _LOG.append(t), "_LOG"),
        (lambda t: table[0], "table"),
        (lambda t: process.made, "made"),
        (lambda t, log=[]: log.append(t), "default"),
        (rebinds, "store deref"),
        (np.sin, "not a plain function"),
    ]


@pytest.mark.parametrize("i", range(11))
def test_what_a_step_function_might_remember(i):
    process, rng, state = WhiteNoise(), np.random.RandomState(0), {"count": np.zeros(2)}
    process.made = [1]
    step, why = _steps(np.zeros(2), rng, state, process)[i]
    found = closures.hidden_state(step, (process, rng, state, state["count"]))
    assert (why in found) if why else found == ""


def test_restoring_what_can_be_restored_says_nothing():
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        snapshot = sim.state
        sim.run_steps(10)
        first = sim.data[net.probe].copy()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            sim.state = snapshot
        sim.run_steps(10)
        np.testing.assert_array_equal(sim.data[net.probe], first)


def test_closed_and_failing_simulators():
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        snapshot = sim.state
    with pytest.raises(SimulatorClosed, match="state"):
        _ = sim.state
    with pytest.raises(SimulatorClosed, match="state"):
        sim.state = snapshot


def test_going_back_to_before_an_error():
    def fails(t):
        if t > 0.0305:
            raise RuntimeError("no more")
        return t

    net = small()
    with net:
        nengo.Node(fails, label="flaky")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(20)
        snapshot = sim.state
        with pytest.raises(SimulationError, match="flaky"):
            sim.run_steps(50)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sim.state = snapshot
        sim.run_steps(5)
        assert len(sim.data[net.probe]) == len(sim.trange()) == 25


# -- reset ---------------------------------------------------------------------------------------


def test_reset_leaves_what_it_is_told_to_leave():
    with nengo.Network(seed=1) as net:
        probe = nengo.Probe(nengo.Node(WhiteNoise()))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(30)
        start = sim.data[probe]
        sim.reset(include_processes=False)
        assert sim.n_steps == 0
        sim.run_steps(30)
        assert not np.array_equal(sim.data[probe], start)
        sim.reset()
        sim.run_steps(30)
        np.testing.assert_array_equal(sim.data[probe], start)
        sim.reset(include_probes=False)
        sim.run_steps(10)
        np.testing.assert_array_equal(sim.data[probe], np.concatenate([start, start[:10]]))
        np.testing.assert_allclose(sim.trange(), 1e-3 * np.r_[1:31, 1:11])
        with pytest.raises(ValidationError, match="seed.*include_processes"):
            sim.reset(seed=3, include_processes=False)


def test_reset_puts_changed_parameters_back_unless_told_not_to():
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        runner = sim._engine.runner
        params = [p for op in sim._engine.graph.ops for p in op.params.values()]
        weights = next(p for p in params if p.role == "weights")
        sim.run_steps(50)
        built = sim.data[net.probe]
        runner.set_values({weights.name: 0.5 * weights.value})
        sim.reset(include_trainable=False)
        sim.run_steps(50)
        assert not np.array_equal(sim.data[net.probe], built)
        sim.reset()
        sim.run_steps(50)
        np.testing.assert_array_equal(sim.data[net.probe], built)


class TestStateless:
    """Runs that leave the state as it was: by the setting, and by the call."""

    @staticmethod
    def network(**settings):
        with nengo.Network(seed=3) as net:
            if settings:
                nengolab.configure_settings(**settings)
            noise = nengo.Node(nengo.processes.WhiteSignal(1.0, high=20, seed=1))
            ens = nengo.Ensemble(20, 1)
            nengo.Connection(noise, ens, synapse=0.02)
            net.p = nengo.Probe(ens.neurons)
        return net

    def test_by_setting(self):
        net = self.network(stateful=False)
        with nengolab.Simulator(net, progress_bar=False) as sim:
            before = sim.state.arrays
            sim.run_steps(40)
            sim.run(0.04)
            first, second = np.split(sim.data[net.p].copy(), 2)
            assert first.any()
            assert np.array_equal(first, second)
            assert sim.n_steps == 0
            assert all(np.array_equal(before[k], v) for k, v in sim.state.arrays.items())
            assert np.allclose(sim.trange(), 0.001 * np.tile(np.arange(1, 41), 2))

            sim.step()
            assert np.array_equal(sim.data[net.p][-1], first[0])

    def test_by_call(self):
        net = self.network()
        with nengolab.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(30)
            sim.run_steps(30, stateful=False)
            sim.run_steps(30)
            assert sim.n_steps == 60
            _, aside, then = np.split(sim.data[net.p], 3)
            assert aside.any()
            assert np.array_equal(aside, then)

    def test_the_state_is_back_after_an_error(self):
        def breaks(t):
            if t > 0.0505:
                raise RuntimeError("unplugged")
            return t

        net = self.network(stateful=False)
        with net:
            nengo.Probe(nengo.Node(breaks, size_out=1, label="camera"))
        with nengolab.Simulator(net, progress_bar=False) as sim:
            with pytest.raises(nengolab.exceptions.SimulationError, match="camera"):
                sim.run_steps(100)
            assert sim.n_steps == 0
            sim.run_steps(20)
            assert sim.n_steps == 0
