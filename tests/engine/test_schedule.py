"""Merging, regions and compiles: what the report promises."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import nengolab

from .networks import arrays, maze, pair


def program_of(sim):
    return sim._engine.runner.program


def test_ensembles_merge_into_a_handful_of_groups():
    """Ten times the ensembles make no more groups."""
    counts = {}
    for n in (16, 160):
        with nengolab.Simulator(arrays(n), progress_bar=False) as sim:
            counts[n] = len(program_of(sim).groups)
            lif = [g for g in program_of(sim).groups.values() if g.group.op.kernel == "lif"]
            assert [len(g.group.ops) for g in lif] == [2 * n]
    assert counts[16] == counts[160] <= 6


def test_large_pair_runs_in_time_batches_by_default_and_says_so():
    with nengolab.Simulator(pair(2000), progress_bar=False) as sim:
        report = sim.report()
    batched = report.split("region 1, ")[1].split("region 2")[0]
    assert batched.startswith("in time batches")
    assert "a.neurons -> b.neurons" in batched
    assert "2000 -> 2000" in batched


def test_feedback_is_stepped_however_large():
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(600, 1)
        nengo.Connection(a.neurons, a.neurons, transform=np.zeros((600, 600)), synapse=0.1)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        assert [r.mode for r in program_of(sim).schedule.regions] == ["stepped"]


def test_two_compiles_whatever_the_run_lengths():
    with nengolab.Simulator(pair(300), progress_bar=False) as sim:
        for n in (1, 3, 700, 16, 17, 100, 1000, 1):
            sim.run_steps(n)
        assert sim.n_steps == 1838
        assert program_of(sim).traces == 2  # it has time batches
        with_prepare = sim.report()
    assert "compiles: 2" in with_prepare
    with nengolab.Simulator(pair(3), progress_bar=False) as sim:
        for n in (1, 700, 17, 1):
            sim.run_steps(n)
        sim.prepare()
        assert program_of(sim).traces == 1  # room for long tiles costs short ones nothing


@pytest.mark.parametrize("schedule", ["stepped", "batched"])
def test_lengths_of_runs_do_not_matter(schedule):
    """However a run is cut into pieces, the data are the same."""
    data = []
    for pieces in ([500], [1, 2, 16, 17, 464]):
        net = pair(100)
        with net:
            nengolab.configure_settings(schedule=schedule)
        with nengolab.Simulator(net, progress_bar=False) as sim:
            for n in pieces:
                sim.run_steps(n)
            data.append(sim.data[net.probe])
    np.testing.assert_array_equal(*data)


def test_shared_nodes_are_called_each_step_and_the_report_says_why():
    with nengolab.Simulator(maze("act sense"), progress_bar=False) as sim:
        report = sim.report()
    assert "act(): called back each step; tied: method is not a plain function" in report


def test_node_on_no_feedback_path_is_called_once_a_tile():
    """A function that reads the network but feeds nothing back needs no stepping."""
    seen = []
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(lambda t: np.sin(t), label="wave")
        out = nengo.Node(lambda t, x: seen.append((t, x[0])), size_in=1, label="recorder")
        nengo.Connection(stimulus, out, synapse=None)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(40)
        report = sim.report()
    assert "recorder(): called back once a tile" in report
    assert "wave(): evaluated ahead of each tile, for all its steps at once" in report
    t, x = np.array([s for s in seen if s[0] > 0]).T  # at 0, Nengo tries the function out
    np.testing.assert_allclose(t, np.arange(1, 41) * 0.001)
    np.testing.assert_allclose(x, np.sin(t), atol=1e-7)


def test_memory_does_not_grow_with_run_length():
    """Nothing that a simulator holds grows with the run but the probe data."""
    import gc

    net = arrays(8)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(2000)
        sim.clear_probes()
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(5):
            sim.run_steps(2000)
            sim.clear_probes()
        gc.collect()
        assert len(gc.get_objects()) - before < 200
