"""Using a simulator: running, resetting, batches, inputs, taps, settings, errors."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import warnings

import nengo
import numpy as np
import pytest
from nengo.exceptions import ConfigError, NetworkContextError

import nengolab
from nengolab.exceptions import (
    BuildError,
    SimulationError,
    SimulatorBusy,
    SimulatorClosed,
    ValidationError,
)
from nengolab.runtime import background, capacity
from nengolab.runtime.engine import Engine
from nengolab.runtime.loop import TileRunner


def small(neuron_type=None) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        net.stimulus = nengo.Node(0.5, label="stimulus")
        net.a = nengo.Ensemble(40, 1, label="a", neuron_type=neuron_type or nengo.LIF())
        nengo.Connection(net.stimulus, net.a)
        nengo.Connection(net.a, net.a, synapse=0.05, transform=0.3)
        net.probe = nengo.Probe(net.a, synapse=0.02)
    return net


def test_reset_repeats_the_run():
    with nengo.Network(seed=1) as net:
        noise = nengo.Node(nengo.processes.WhiteNoise())
        a = nengo.Ensemble(20, 1)
        nengo.Connection(noise, a)
        probe = nengo.Probe(a, synapse=0.02)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run(0.2)
        first = sim.data[probe].copy()
        sim.reset()
        assert sim.time == 0
        assert len(sim.data[probe]) == 0
        sim.run(0.2)
        np.testing.assert_array_equal(sim.data[probe], first)
        sim.reset(seed=99)
        sim.run(0.2)
        assert not np.array_equal(sim.data[probe], first)


def test_seeded_process_draws_as_in_nengo():
    with nengo.Network(seed=1) as net:
        node = nengo.Node(nengo.processes.WhiteSignal(0.5, 20, seed=4), size_out=2)
        probe = nengo.Probe(node)
        nengo.Ensemble(10, 1, noise=nengo.processes.WhiteNoise(seed=2), label="noisy")
    with nengo.Simulator(net, progress_bar=False) as a:
        a.run(0.3)
    with nengolab.Simulator(net, progress_bar=False) as b:
        b.run(0.3)
    np.testing.assert_allclose(a.data[probe], b.data[probe], atol=1e-6)


def test_minibatch_items_are_independent_copies():
    net = small()
    with nengolab.Simulator(net, minibatch_size=3, progress_bar=False) as sim:
        sim.run(0.1)
        batch = sim.data[net.probe]
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run(0.1)
        single = sim.data[net.probe]
    assert batch.shape == (3, *single.shape)
    for item in batch:
        np.testing.assert_allclose(item, single, atol=1e-5)


def test_minibatch_of_processes_draws_anew_for_each_item():
    with nengo.Network(seed=1) as net:
        probe = nengo.Probe(nengo.Node(nengo.processes.WhiteNoise(seed=3)))
    with nengolab.Simulator(net, minibatch_size=2, progress_bar=False) as sim:
        sim.run(0.05)
    with nengo.Simulator(net, progress_bar=False) as reference:
        reference.run(0.05)
    np.testing.assert_allclose(sim.data[probe][0], reference.data[probe], rtol=1e-5)
    assert abs(np.corrcoef(sim.data[probe][0, :, 0], sim.data[probe][1, :, 0])[0, 1]) < 0.6


def test_minibatch_calls_functions_per_item_only_where_they_differ():
    with nengo.Network(seed=1) as net:
        a = nengo.Node(lambda t: t)
        b = nengo.Node(lambda t, x: x * 2, size_in=1)
        nengo.Connection(a, b, synapse=None)
        probe = nengo.Probe(b)
    with nengolab.Simulator(net, minibatch_size=4, progress_bar=False) as sim:
        sim.run(0.02)
    np.testing.assert_allclose(sim.data[probe][3, :, 0], 2 * sim.trange(), rtol=1e-5)


# -- while it runs -------------------------------------------------------------------------------


def test_set_input_takes_effect_without_a_reset():
    net = small(nengo.RectifiedLinear())
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.advance(300)
        before = sim.advance(10)[net.probe][0, -1, 0]
        sim.set_input(net.stimulus, -0.5)
        after = sim.advance(500)[net.probe][0, -1, 0]
        sim.set_input(net.stimulus, None)
        again = sim.advance(500)[net.probe][0, -1, 0]
        assert sim.n_steps == 1310
    assert before > 0.3
    assert after < -0.3
    assert again == pytest.approx(before, abs=0.02)


def test_set_input_equals_a_network_with_that_input():
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.set_input(net.stimulus, -0.2)
        ours = sim.advance(200)[net.probe][0]
    net.stimulus.output = np.array([-0.2])
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(200)
    assert np.sqrt(np.mean((ours - sim.data[net.probe]) ** 2)) < 1e-2


@pytest.mark.parametrize("value", [[1, 2], np.nan, "x"])
def test_bad_input_values_are_refused_by_name(value):
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises((ValidationError, ValueError), match="stimulus|could not convert"):
            sim.set_input(net.stimulus, value)
        with pytest.raises(ValidationError, match="a is no Node without input.*stimulus"):
            sim.set_input(net.a, 0)
        sim.advance(5)


def settle(sim, tap, seconds=60.0):
    """Run until it is known whether a tap can be delivered."""
    until = time.monotonic() + seconds
    while not tap.ready and tap.error is None and time.monotonic() < until:
        sim.advance(1)


def wait_for(sim, tap):
    settle(sim, tap)
    assert tap.ready, tap.error


def test_taps_show_what_probes_from_the_start_show():
    """Added in the middle of a run; the run itself goes on as if nothing had happened."""
    net, reference = small(), small()
    attrs = ("output", "voltage", "input", None)
    targets = [(lambda n: n.a) if attr is None else (lambda n: n.a.neurons) for attr in attrs]
    with net:
        nengolab.configure_settings(dtype="float64")
    with reference:
        there = [
            nengo.Probe(of(reference), attr, synapse=None)
            for of, attr in zip(targets, attrs, strict=True)
        ]
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.advance(100)
        taps = [sim.add_tap(of(net), attr) for of, attr in zip(targets, attrs, strict=True)]
        for tap in taps:
            wait_for(sim, tap)
        start = sim.n_steps
        seen = sim.advance(150)
        for tap in taps:
            assert seen[tap].shape == (1, 150, tap.size)
            sim.remove_tap(tap)
            assert tap not in sim.advance(1)
    with nengo.Simulator(reference, progress_bar=False) as ref:
        ref.run_steps(start + 150)
    for tap, probe, attr in zip(taps, there, attrs, strict=True):
        expected = ref.data[probe][start:]
        np.testing.assert_allclose(seen[tap][0], expected, atol=1e-9, err_msg=str(attr))
    np.testing.assert_allclose(seen[net.probe][0], ref.data[reference.probe][start:], atol=1e-9)


@pytest.fixture
def forms(monkeypatch) -> list[TileRunner]:
    """Every form of a network that is made."""
    made, make = [], Engine.make_runner
    monkeypatch.setattr(
        Engine, "make_runner", lambda self, *how: made.append(make(self, *how)) or made[-1]
    )
    return made


def test_taps_that_are_gathered_are_compiled_as_one(forms):
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        forms.clear()
        with sim.gathering_taps():
            taps = [sim.add_tap(net.a, None), sim.add_tap(net.a.neurons, None)]
            with sim.gathering_taps():
                taps.append(sim.add_tap(net.a.neurons, "voltage"))
            assert sim.is_compiling
            assert not forms
        sim.prepare()
        assert len(forms) == 1
        data = sim.advance(5)
        assert all(data[tap].shape[:2] == (1, 5) for tap in taps)


def test_taps_that_are_added_one_soon_after_the_other_are_compiled_as_one(forms, monkeypatch):
    monkeypatch.setattr(background, "TOGETHER", 1.0)
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        forms.clear()
        taps = [sim.add_tap(net.a, None), sim.add_tap(net.a.neurons, "voltage")]
        sim.prepare()
        assert len(forms) == 1
        assert all(tap.ready for tap in taps)


@pytest.mark.parametrize("steps", [3, 40])
def test_a_tap_waits_for_one_of_two_compiles(steps, monkeypatch):
    """Tiles of either length run in the capacity that is there until the other one is."""
    monkeypatch.setattr(capacity, "CHEAP_BYTES", 0)  # as if it recorded much
    go_on, other = threading.Event(), TileRunner.compile_other
    monkeypatch.setattr(TileRunner, "compile_other", lambda self: go_on.wait(60) and other(self))
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.advance(steps)
        tap = sim.add_tap(net.a)
        wait_for(sim, tap)
        seen = [sim.advance(n) for n in (40, 3, 40)]
        assert len(sim._engine.runner.timing.compiled) == 1
        go_on.set()
        sim.prepare()
        seen += [sim.advance(n) for n in (40, 3)]
        assert len(sim._engine.runner.timing.compiled) == 2
    reference = small()
    with reference:
        there = nengo.Probe(reference.a, synapse=None)
    with nengolab.Simulator(reference, progress_bar=False) as ref:
        ref.run_steps(sim.n_steps)
    found = np.concatenate([each[tap][0] for each in seen])
    np.testing.assert_allclose(found, ref.data[there][-len(found) :], atol=1e-5)


def test_the_other_compile_is_made_beside_runs_that_want_it(monkeypatch):
    monkeypatch.setattr(capacity, "CHEAP_BYTES", 0)
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.prepare(whole=False)
        seen = [sim.advance(40)[net.probe]]
        assert not sim.is_compiling
        assert len(sim._engine.runner.timing.compiled) == 1
        seen += [sim.advance(3)[net.probe] for _ in range(2)]
        while sim.is_compiling:
            seen.append(sim.advance(3)[net.probe])
        assert len(sim._engine.runner.timing.compiled) == 2
        seen += [sim.advance(3)[net.probe], sim.advance(40)[net.probe]]
    with nengolab.Simulator(net, progress_bar=False) as whole:
        expected = whole.advance(sim.n_steps)[net.probe]
    np.testing.assert_array_equal(np.concatenate(seen, axis=1), expected)


def test_taps_asked_for_before_the_first_run_cost_no_compile_more(monkeypatch):
    monkeypatch.setattr(background, "TOGETHER", 1.0)
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        taps = [sim.add_tap(net.a), sim.add_tap(net.a.neurons), sim.add_tap(net.stimulus)]
        sim.prepare()
        assert all(tap.ready for tap in taps)
        assert set(sim.advance(1)) == {net.probe, *taps}
        assert "compiles: 1 " in sim.report()


def test_a_tap_that_fails_does_not_take_others_with_it():
    """The failing one says why; the one asked for with it arrives."""
    net = small()
    with net:
        silent = nengo.Ensemble(
            5, 1, label="silent", eval_points=[[0.0]], intercepts=nengo.dists.Choice([0.9])
        )
    with nengolab.Simulator(net, progress_bar=False) as sim:
        good = sim.add_tap(net.a.neurons)
        bad = sim.add_tap(silent)  # no neuron fires at its evaluation points
        wait_for(sim, good)
        settle(sim, bad)
        assert isinstance(bad.error, BuildError)
        assert set(sim.advance(2)) == {net.probe, good}


def test_a_tap_on_something_that_cannot_be_read():
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match="volts"):
            sim.add_tap(net.a.neurons, "volts")
        sim.advance(3)


def test_claimed_simulator_names_its_owner():
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        thread = threading.Thread(target=lambda: sim.claim("the session of 'net'"))
        thread.start()
        thread.join()
        with pytest.raises(SimulatorBusy, match="the session of 'net' owns this simulator"):
            sim.run(0.1)
        sim.release()
        sim.run(0.01)


# -- errors --------------------------------------------------------------------------------------


def test_error_in_a_node_names_it_and_keeps_the_state():
    def fails(t):
        if t > 0.0305:
            raise RuntimeError("no more")
        return t

    net = small()
    with net:
        nengo.Node(fails, label="flaky")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.advance(20)
        with pytest.raises(SimulationError, match=r"flaky.*RuntimeError: no more.*0.031") as err:
            sim.advance(50)
        assert isinstance(err.value.__cause__, RuntimeError)
        assert sim.n_steps == 20
        assert sim.advance(5)[net.probe].shape == (1, 5, 1)


def test_error_in_a_node_inside_a_loop():
    def fails(t, x):
        if t > 0.0505:
            raise ZeroDivisionError("oh")
        return x

    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(10, 1)
        b = nengo.Node(fails, size_in=1, label="looped")
        nengo.Connection(a, b)
        nengo.Connection(b, a)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(SimulationError, match=r"looped.*ZeroDivisionError: oh.*0.051"):
            sim.run(0.2)
        sim.reset()
        sim.run(0.05)


@pytest.mark.parametrize("value", [float("nan"), None, [1, 2, 3], "text"])
def test_wrong_values_of_a_node(value):
    with nengo.Network() as net:
        node = nengo.Node(lambda t: 0 if t < 0.01 else value, size_out=2, label="odd one")
        nengo.Probe(node)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(SimulationError, match="odd one"):
            sim.run(0.05)


def test_nan_that_arises_inside_is_named_with_its_step():
    """An unstable loop of rectified neurons grows past every bound."""
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(10, 1, neuron_type=nengo.RectifiedLinear(), label="runaway")
        nengo.Connection(nengo.Node(1.0), a)
        nengo.Connection(a, a, transform=1e6, synapse=0.001, label="loop")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(
            SimulationError, match=r"loop.*became NaN or infinite at step (\d+)"
        ) as err:
            sim.run(1.0)
        step = int(str(err.value).split("at step ")[1].split()[0])
        done = sim.n_steps
        sim.run_steps(step - done - 1)  # up to the step before, everything is finite
        with pytest.raises(SimulationError):
            sim.step()


def test_what_has_no_kernel_is_named():
    class Strange(nengo.builder.Operator):
        """An operator that nobody knows."""

        sets = incs = reads = updates = ()

    net = small()
    model = nengo.builder.Model()
    model.build(net)
    model.add_op(Strange(tag="a thing"))
    with pytest.raises(BuildError, match=r"a thing: the operator Strange has no kernel"):
        nengolab.Simulator(None, model=model, progress_bar=False)


def test_closed_simulator():
    net = small()
    sim = nengolab.Simulator(net, progress_bar=False)
    sim.run(0.01)
    sim.close()
    for use in (lambda: sim.run(0.1), sim.step, sim.reset, lambda: sim.advance(1)):
        with pytest.raises(SimulatorClosed, match="closed"):
            use()
    assert sim.data[net.probe].shape == (10, 1)


def test_wrong_run_times():
    with nengolab.Simulator(small(), progress_bar=False) as sim:
        for wrong in (-1, np.nan, np.inf):
            with pytest.raises(ValidationError, match="time_in_seconds"):
                sim.run(wrong)
        with pytest.raises(ValidationError, match="whole number"):
            sim.run_steps(1.5)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            sim.run(0.0001)
        assert "less than half a step" in str(caught[-1].message)
        assert sim.n_steps == 0


def test_settings():
    with pytest.raises(NetworkContextError):
        nengolab.configure_settings(dtype="float64")
    with nengo.Network() as net:
        with pytest.raises(ValidationError, match="float16"):
            nengolab.configure_settings(dtype="float16")
        with pytest.raises(ConfigError, match="speed.*dtype.*python_functions, schedule"):
            nengolab.configure_settings(speed="high")
        nengolab.configure_settings(dtype="float64")
        probe = nengo.Probe(nengo.Node(1 / 3))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run(0.01)
    assert sim.data[probe].dtype == np.float64
    assert sim.data[probe][-1, 0] == 1 / 3


def test_data_of_what_was_built():
    net = small()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with nengo.Simulator(net, progress_bar=False) as reference:
            np.testing.assert_array_equal(sim.data[net.a].encoders, reference.data[net.a].encoders)
        assert sim.data[net.a].bias.shape == (40,)
        with pytest.raises(ValidationError, match="not in the simulated network"):
            sim.data[nengo.Node(0, add_to_container=False)]


# -- import and backend --------------------------------------------------------------------------


def test_import_loads_no_tensorflow_and_nothing_is_said_on_standard_error():
    """No start-up lines, no warnings after several simulators: a notebook stays clean."""
    code = (
        "import sys, nengolab\n"
        "from nengolab import Simulator\n"
        "import nengolab.live\n"
        "assert 'tensorflow' not in sys.modules\n"
        "widgets = 'ipywidgets', 'bokeh', 'anywidget'\n"
        "assert not [m for m in sys.modules if m.startswith(widgets)]\n"
        "print('imported', file=sys.stderr)\n"
        "import nengo\n"
        "with nengo.Network() as net:\n"
        "    a = nengo.Ensemble(10, 1)\n"
        "    nengo.Connection(a, a)\n"
        "for _ in range(6):\n"
        "    with nengolab.Simulator(net, progress_bar=False) as sim:\n"
        "        sim.run_steps(20)\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, env=env, text=True)
    assert ran.returncode == 0, ran.stderr
    first, *said = ran.stderr.splitlines()
    assert first == "imported"  # not even a deprecation is told before
    said = [line for line in said if "DeprecationWarning" not in line]
    assert not [line for line in said if "numpy.core" not in line and "np.core" not in line]
    assert ran.stdout == ""


def test_registered_as_nengo_backend():
    from importlib.metadata import entry_points

    found = {e.name: e for e in entry_points(group="nengo.backends")}
    assert found["nengolab"].load() is nengolab.Simulator
