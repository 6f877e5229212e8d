"""Traced functions read variables that change: what is computed follows, as in Python."""

from __future__ import annotations

import random

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.compiler.tracing import Untraceable, trace


def captured_network(gain, array, mode):
    """Functions that read ``gain[0]`` through a closure and an array."""
    scale = gain

    def set_gain(value):
        nonlocal scale
        scale = value

    with nengo.Network(seed=0) as net:
        a = nengo.Node(lambda t: [np.sin(50 * t), 1.0])
        b = nengo.Node(lambda t, x: scale * x, size_in=2, label="scaled")
        c = nengo.Node(lambda t, x: array @ x, size_in=2, label="mixed")
        d = nengo.Node(lambda t: scale * t, label="ramp")
        nengo.Connection(a, b, synapse=None)
        nengo.Connection(a, c, synapse=None)
        if mode == "feedback":
            nengo.Connection(b, b, synapse=0.01, transform=0.1)
            nengo.Connection(c, c, synapse=0.01, transform=0.1)
        for node in (b, c, d):
            nengo.Probe(node, label=node.label)
    return net, set_gain


@pytest.mark.parametrize("mode", ["forward", "feedback"])
@pytest.mark.parametrize("values", [(3.0, -1.5), (0, 5), (None, 2.0)])
def test_variables_that_change_between_runs(values, mode):
    data, compiles = [], 0
    for simulator in (nengo.Simulator, nengolab.Simulator):
        array = np.array([[1.0, 2.0], [3.0, 4.0]])
        net, set_gain = captured_network(2.0, array, mode)
        with net:
            nengolab.configure_settings(dtype="float64")
            nengo.Node(lambda t: 0.0)
        with simulator(net, progress_bar=False) as sim:
            sim.run_steps(20)
            if simulator is nengolab.Simulator:
                assert sim.report().count("traced") >= 3
            for value in values:
                array[0, 1] += 1.0
                if value is not None:
                    set_gain(value)
                sim.run_steps(20)
            data.append({p.label: sim.data[p] for p in net.all_probes})
            if simulator is nengolab.Simulator:
                compiles = sim.report().split("compiles: ")[1].split()[0]
    for label, expected in data[0].items():
        np.testing.assert_allclose(data[1][label], expected, rtol=1e-9, err_msg=label)
    if values == (3.0, -1.5):  # numbers are parameters of the program
        assert int(compiles) <= 2


def test_a_variable_that_becomes_something_else():
    data = []
    for simulator in (nengo.Simulator, nengolab.Simulator):
        shape = lambda v: v**2  # noqa: E731
        with nengo.Network() as net:
            nengolab.configure_settings(dtype="float64")
            a = nengo.Node(lambda t: t)
            b = nengo.Node(lambda t, x: shape(x), size_in=1)  # noqa: B023
            nengo.Connection(a, b, synapse=None)
            probe = nengo.Probe(b)
        with simulator(net, progress_bar=False) as sim:
            sim.run_steps(10)
            shape = lambda v: np.sin(v) + random.Random(3).random()  # noqa: E731
            sim.run_steps(10)
            shape = lambda v: v  # noqa: E731
            sim.run_steps(10)
            data.append(sim.data[probe])
    np.testing.assert_allclose(*data, rtol=1e-9)


def test_variables_that_another_node_changes_during_a_run():
    """The Node that writes is tied, so what others read is never traced."""
    data = []
    for simulator in (nengo.Simulator, nengolab.Simulator):
        level, array = 1.0, np.zeros(1)

        def write(t, array=array):
            nonlocal level
            level = t
            array[0] = -t

        with nengo.Network() as net:
            nengolab.configure_settings(dtype="float64")
            one = nengo.Node(1.0)
            nengo.Node(write, size_out=0)
            reader = nengo.Node(lambda t, x: level * x, size_in=1)  # noqa: B023
            other = nengo.Node(lambda t, x, a=array: x + a[0], size_in=1)
            third = nengo.Node(lambda t: level)  # noqa: B023
            for node in (reader, other):
                nengo.Connection(one, node, synapse=None)
            probes = [nengo.Probe(n) for n in (reader, other, third)]
        with simulator(net, progress_bar=False) as sim:
            sim.run_steps(30)
            data.append(np.hstack([sim.data[p] for p in probes]))
            if simulator is nengolab.Simulator:
                assert "might change" in sim.report()
    np.testing.assert_allclose(*data, rtol=1e-9)


def test_captured_arrays_are_not_changed_by_tracing():
    array = np.ones(3)

    def grows(t, x):
        nonlocal array
        array += 1
        return array

    def fills(t, x):
        array[0] = 5
        return array

    for fn in (grows, fills, lambda t, x: np.add(x, 1, out=array)):
        with pytest.raises(Untraceable):
            trace(fn, True, 3, 3)
    np.testing.assert_array_equal(array, 1)
