"""What inputs put out that nobody feeds: as in a run, from the state at call time."""

import warnings

import nengo
import numpy as np
import pytest
from nengo.exceptions import SimulationError, ValidationError

import nengolab
from nengolab.clock import CLOCK_BASE
from nengolab.compiler.graph import Input
from nengolab.feeding.filling import Filling

DT, STEPS, BATCH = 0.002, 6, 3


class Net:
    """Nodes of every kind, each with a probe that shows what it puts out."""

    def __init__(self):
        with nengo.Network(seed=3) as self.net:
            self.nodes = {
                "constant": nengo.Node([0.5, -0.25], label="constant"),
                "function": nengo.Node(lambda t: [np.sin(50 * t), t], label="function"),
                "noise": nengo.Node(nengo.processes.WhiteNoise(), size_out=2, label="noise"),
                "signal": nengo.Node(nengo.processes.WhiteSignal(0.1, 50), label="signal"),
                "brown": nengo.Node(nengo.processes.BrownNoise(seed=5), label="brown"),
                "shown": nengo.Node(
                    nengo.processes.PresentInput([[1], [2], [3]], 2 * DT), label="shown"
                ),
            }
            self.probes = {k: nengo.Probe(node) for k, node in self.nodes.items()}

    def simulator(self, batch=BATCH):
        return nengolab.Simulator(self.net, DT, minibatch_size=batch, seed=7, progress_bar=False)


def fill(sim, n_steps=STEPS, batch=BATCH, filling=None):
    """Everything that is filled, by the Node's label, ``(batch, n_steps, size)``."""
    program = sim._engine.runner.program
    filling = filling or Filling.of(sim._engine)
    inputs = [*program.inputs_series, *program.inputs_held]
    series = filling.series(inputs, n_steps, batch)
    found, offset = {}, 0
    for source in inputs:
        values = series[:, :, offset : offset + source.size]
        found[source.owner.label] = np.moveaxis(values, 1, 0)
        offset += source.size
    assert offset == series.shape[-1]
    return found


@pytest.mark.parametrize("before", [0, 5])
def test_the_first_item_gets_what_nengo_gives(before):
    n = Net()
    with nengo.Simulator(n.net, DT, seed=7, progress_bar=False, optimize=False) as reference:
        reference.run_steps(before + STEPS)
    with n.simulator() as sim:
        if before:
            sim.run_steps(before)
        found = fill(sim)
    assert found.keys() == n.nodes.keys()
    for key, probe in n.probes.items():
        expected = reference.data[probe][before:]
        np.testing.assert_allclose(found[key][0], expected, rtol=1e-5, atol=1e-6, err_msg=key)


def test_a_run_gives_what_was_filled_and_every_item_its_own():
    n = Net()
    with n.simulator() as sim:
        sim.run_steps(4)
        found = fill(sim)
        again = fill(sim)
        sim.run_steps(STEPS)
        for key, probe in n.probes.items():
            np.testing.assert_array_equal(found[key], again[key])
            np.testing.assert_allclose(found[key], sim.data[probe][:, 4:], rtol=1e-6, err_msg=key)
    assert np.ptp(found["noise"], axis=0).min() > 0
    assert sim.n_steps == 4 + STEPS


def test_the_state_is_there_again():
    n = Net()
    with n.simulator() as sim:
        sim.run_steps(2)
        before = sim.state
        fill(sim, 50)
        after = sim.state
    assert before.drawn.keys() == after.drawn.keys() == set()
    assert before.processes.keys() == {"noise()", "signal()", "brown()", "shown()"}
    for name, states in before.processes.items():
        for old, new in zip(states, after.processes[name], strict=True):
            for a, b in zip(old.rng, new.rng, strict=True):
                np.testing.assert_array_equal(a, b)
            for key, array in old.arrays.items():
                np.testing.assert_array_equal(array, new.arrays[key])


def test_all_batches_of_a_call_see_the_same_and_a_small_one_the_first_items():
    with Net().simulator() as sim:
        filling = Filling.of(sim._engine)
        inputs = sim._engine.runner.program.inputs_series
        whole = filling.series(inputs, STEPS, BATCH)
        filling.advance(STEPS)
        assert filling.series(inputs, STEPS, BATCH).base is whole.base  # computed once
        small = filling.series(inputs, STEPS, 2)
        np.testing.assert_array_equal(small, whole[:, :2])
        with pytest.raises(ValueError, match="read-only"):
            whole[0] = 0


def test_stateful_batches_go_on():
    n = Net()
    with n.simulator() as sim, n.simulator() as other:
        expected = fill(other, 3 * STEPS)
        filling = Filling.of(sim._engine, stateful=True)
        parts = []
        for _ in range(3):
            first, again = fill(sim, filling=filling), fill(sim, filling=filling)
            np.testing.assert_array_equal(first["noise"], again["noise"])  # until it counts
            parts.append(first)
            filling.advance(STEPS)
        for key, values in expected.items():
            joined = np.concatenate([p[key] for p in parts], axis=1)
            np.testing.assert_array_equal(joined, values, err_msg=key)
        # What comes next follows on the last batch.
        sim._engine.n_steps = 3 * STEPS
        other._engine.host.ahead(
            other._engine.runner.program.inputs_series, 0, 3 * STEPS, 3 * STEPS
        )
        other._engine.host.keep_drawn(3 * STEPS)
        other._engine.n_steps = 3 * STEPS
        np.testing.assert_array_equal(fill(sim)["noise"], fill(other)["noise"])


def test_what_was_set_by_hand_is_put_out():
    n = Net()
    with n.simulator() as sim:
        sim.set_input(n.nodes["noise"], [3.0, 4.0])
        sim.set_input(n.nodes["constant"], [5.0, 6.0])
        found = fill(sim)
        sim.set_input(n.nodes["noise"], None)
        fill(sim)
    np.testing.assert_array_equal(found["noise"], np.broadcast_to([3, 4], (BATCH, STEPS, 2)))
    np.testing.assert_array_equal(found["constant"], np.broadcast_to([5, 6], (BATCH, STEPS, 2)))


def test_time_step_and_clock():
    time, step = (Input(name, 1, False, owner=name) for name in ("time", "step"))
    clock = Input("clock", 2, False, owner="clock")
    with Net().simulator() as sim:
        filling = Filling(sim._engine.host, CLOCK_BASE - 2)
        values = filling.series([clock, time, step], 3, 2)
    steps = np.arange(CLOCK_BASE - 1, CLOCK_BASE + 2)
    assert values.shape == (3, 2, 4)
    np.testing.assert_array_equal(values[:, 1, 0] * CLOCK_BASE + values[:, 1, 1], steps)
    np.testing.assert_allclose(values[:, 0, 2], steps * DT, rtol=1e-6)
    np.testing.assert_array_equal(values[:, 0, 3], steps)


def test_an_error_in_a_node_names_it():
    with nengo.Network() as net:
        nengo.Probe(nengo.Node(lambda t: 1 if t < 0.004 else "soon"[9], label="broken"))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(SimulationError, match="broken.*raised IndexError.*t = 0.004"):
            fill(sim, batch=1)
        assert fill(sim, 2, 1)["broken"].shape == (1, 2, 1)


@pytest.mark.parametrize("batch", [0, BATCH + 1])
def test_batches_that_are_too_large(batch):
    with Net().simulator() as sim, pytest.raises(ValidationError, match="minibatch_size 3, got"):
        fill(sim, batch=batch)


def test_what_nobody_can_put_back_is_said_once():
    seen = []

    def remembers(t):
        seen.append(t)
        return len(seen)

    with nengo.Network() as net:
        nengo.Probe(nengo.Node(remembers, size_out=1, label="remembers"))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        filling = Filling.of(sim._engine)
        with pytest.warns(UserWarning, match="nobody can put back.*: remembers"):
            fill(sim, 2, 1, filling)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fill(sim, 3, 1, filling)
            filling = Filling.of(sim._engine, stateful=True)
            fill(sim, 2, 1, filling)


class Counter(nengo.Process):
    """A process that counts in a variable of its own, which nobody can put back."""

    def make_step(self, shape_in, shape_out, dt, rng, state):
        count = 0

        def step(t):
            nonlocal count
            count += 1
            return np.full(shape_out, count)

        return step


def test_a_process_that_nobody_can_put_back_keeps_what_it_drew():
    with nengo.Network() as net:
        probe = nengo.Probe(nengo.Node(Counter(), size_out=1, label="counter"))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        found = fill(sim, STEPS, 1)
        np.testing.assert_array_equal(found["counter"], np.arange(1, STEPS + 1)[None, :, None])
        sim.run_steps(STEPS + 2)
        np.testing.assert_array_equal(sim.data[probe], np.arange(1, STEPS + 3)[:, None])


def test_variables_of_traced_functions_are_followed():
    gain = 1.0

    def reads(t):
        return gain * t

    with nengo.Network() as net:
        nengo.Probe(nengo.Node(reads, label="reads"))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        before = fill(sim, 2, 1)["reads"]
        gain = 3.0
        np.testing.assert_allclose(fill(sim, 2, 1)["reads"], 3 * before, rtol=1e-6)
