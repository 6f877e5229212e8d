"""Loops through Python: one compiled loop that calls out, and the other way where it cannot."""

from __future__ import annotations

import os
import subprocess
import sys

import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.compiler import crossing
from nengolab.exceptions import SimulationError

from .compare import both

STEPS = 40


def sense_act() -> nengo.Network:
    """Two functions that read the network, one after the other, and share an object."""
    log = []

    def sense(t, x):
        log.append(float(x[0]))
        return x[0] + 0.1 * np.sin(30 * t)

    def act(t, x):
        return 0.5 * x[0] + 0.1 * len(log) * 0.01, -x[0]

    with nengo.Network(seed=0) as net:
        ens = nengo.Ensemble(200, 2)
        first, second = nengo.Node(sense, size_in=1), nengo.Node(act, size_in=1)
        nengo.Connection(ens[0], first)
        nengo.Connection(first, second, synapse=None)
        nengo.Connection(second, ens)
        nengo.Connection(ens.neurons, ens.neurons, transform=np.eye(200)[::-1] * 1e-4, synapse=0.01)
        nengo.Probe(ens, synapse=0.01)
        nengo.Probe(second)
    return net


@pytest.mark.parametrize("why", ["", "it was asked for"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_both_ways_give_nengos_values(monkeypatch, why, dtype):
    if why:
        monkeypatch.setattr(crossing, "obstacle", lambda: why)
    tolerance = {"float32": 1e-4, "float64": 1e-9}[dtype]
    for expected, got in both(sense_act, STEPS, dtype).values():
        np.testing.assert_allclose(got, expected, atol=tolerance)


def test_the_report_names_the_way(monkeypatch):
    assert crossing.obstacle() == ""  # on what is tested here, the fast way is taken
    with nengolab.Simulator(sense_act(), progress_bar=False) as sim:
        assert "one compiled loop over the steps, which calls Python each step" in sim.report()
    monkeypatch.setattr(crossing, "obstacle", lambda: "it does not run on a CPU")
    with nengolab.Simulator(sense_act(), progress_bar=False) as sim:
        assert "calls Python each step and it does not run on a CPU" in sim.report()


def looped(fn) -> nengo.Network:
    with nengo.Network(seed=1) as net:
        a = nengo.Ensemble(20, 1)
        node = nengo.Node(fn, size_in=1, size_out=1, label="looped")
        nengo.Connection(a, node)
        nengo.Connection(node, a)
        net.probe = nengo.Probe(node)
    return net


def test_a_function_may_use_tensorflow_and_a_simulator_of_its_own():
    with nengo.Network(seed=2) as small:
        small.probe = nengo.Probe(nengo.Node(lambda t: t))
    inner = nengolab.Simulator(small, progress_bar=False)
    squared = tf.function(lambda x: x * x, jit_compile=True)

    def fn(t, x):
        inner.run_steps(2)
        return squared(tf.constant(t)).numpy() + inner.data[small.probe][-1]

    with inner, nengolab.Simulator(looped(fn), progress_bar=False) as sim:
        sim.run_steps(20)
        t = sim.trange()
        np.testing.assert_allclose(sim.data[sim.network.probe][:, 0], t * t + 2 * t, rtol=1e-5)


def test_a_failure_stops_the_loop_and_keeps_the_state():
    calls = []

    def fn(t, x):
        calls.append(t)
        if len(calls) == 7:
            raise KeyError("no such room")
        return x

    net = looped(fn)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(SimulationError, match=r"looped.*KeyError.*t = 0\.007 s"):
            sim.run_steps(12)
        assert len(calls) == 7
        sim.run_steps(12)
        assert len(calls) == 19
        assert sim.n_steps == len(sim.data[net.probe]) == 12


def test_values_too_large_to_square_pass_and_infinite_ones_do_not():
    net = looped(lambda t, x: [1e30 if t < 0.004 else np.inf] if id(x) else x)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(3)
        assert np.all(sim.data[net.probe] == np.float32(1e30))
        with pytest.raises(SimulationError, match=r"looped.*non-finite.*t = 0\.004 s"):
            sim.step()


@pytest.mark.in_turn
def test_nothing_is_compiled_after_the_first_tiles(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.engine.compiling", str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert done.returncode == 0, done.stderr
    counts = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert len(counts) == 3
    assert all(first > 0 and later == 0 for first, later in counts), counts
