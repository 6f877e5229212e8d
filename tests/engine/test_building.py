"""Building: shorter ways give Nengo's numbers, compiled forms are shared, batches are split."""

from __future__ import annotations

import multiprocessing

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.compiler import shares, shortcuts
from nengolab.compiler.build import build
from nengolab.compiler.traces import Traced
from tests.engine.compare import both


def decoded_many_ways(scale: float = 1.0) -> nengo.Network:
    """Connections out of one ensemble that share much, little, or nothing."""
    with nengo.Network(seed=1) as net:
        stimulus = nengo.Node(lambda t: [np.sin(9 * t), np.cos(7 * t)])
        a = nengo.Ensemble(60, 2, radius=1.5, label="a")
        out = nengo.Node(size_in=12)
        nengo.Connection(stimulus, a, synapse=None)
        nengo.Connection(a, out[:2], transform=scale)
        nengo.Connection(a, out[2:4], synapse=0.02)
        nengo.Connection(a[1], out[4])
        nengo.Connection(a[::-1], out[5:7], synapse=nengo.Alpha(0.01))
        nengo.Connection(a, out[7], function=lambda x: x[0] * x[1])
        nengo.Connection(a[0], out[8], function=np.square)
        nengo.Connection(a, out[9], function=lambda x: x[0], eval_points=[[0, 0], [1, 1], [-1, 0]])
        weak = nengo.solvers.LstsqL2(reg=0.01)
        nengo.Connection(a, out[10], function=lambda x: x[1], solver=weak)
        nengo.Connection(a, out[11], function=lambda x: 1, solver=nengo.solvers.LstsqNoise())
        net.probe = nengo.Probe(out, synapse=0.01)
    return net


def test_decoders_are_nengos():
    net = decoded_many_ways()
    with nengo.Simulator(net, progress_bar=False) as theirs, nengolab.Simulator(net) as ours:
        for conn in net.connections:
            expected, got = (sim.data[conn] for sim in (theirs, ours))
            if expected.weights is not None:
                np.testing.assert_allclose(got.weights, expected.weights, rtol=1e-9, atol=1e-15)
            if expected.solver_info is not None:
                np.testing.assert_allclose(
                    got.solver_info["rmses"], expected.solver_info["rmses"], rtol=1e-9, atol=1e-15
                )


def _build(simulator, cache, found):
    """Build with that cache, and put the decoders into a queue."""
    with nengo.Network(seed=1) as net:
        for n in range(10, 30):
            nengo.Connection(nengo.Ensemble(n, 1), nengo.Ensemble(10, 1))
    model = nengo.builder.Model(decoder_cache=nengo.cache.DecoderCache(cache_dir=cache))
    with simulator(net, model=model, progress_bar=False) as sim:
        found.put([sim.data[conn].weights for conn in net.connections])


def test_processes_share_a_cache_of_decoders(tmp_path):
    """They find and write the same ones at the same time."""
    context = multiprocessing.get_context("fork")
    found = context.SimpleQueue()
    _build(nengo.Simulator, str(tmp_path / "another"), found)
    expected = found.get()
    shared = (nengolab.Simulator, str(tmp_path / "shared"), found)
    processes = [context.Process(target=_build, args=shared) for _ in range(6)]
    for process in processes:
        process.start()
    for _ in processes:
        for ours, theirs in zip(found.get(), expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-15)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert list((tmp_path / "shared").glob("*/*.nco"))


def test_a_problem_that_was_solved_is_not_solved_again(monkeypatch):
    """In another network of this process. What differs in anything is, and a person's own types."""

    class Own(nengo.LIF):
        pass

    class OwnRate(nengo.LIFRate):
        def rates(self, *given):
            evaluated.append(self)
            return super().rates(*given)

    def rates(self, x, gain, bias, _rates=nengo.LIF.rates):
        evaluated.append(self)
        return _rates(self, x, gain, bias)

    def decoders(**different):
        with nengo.Network(seed=3) as net:
            given = {"radius": 1.0, "neuron_type": nengo.LIF(), "seed": 1, **different}
            function = given.pop("function", np.sin)
            a = nengo.Ensemble(30, 1, **given)
            conn = nengo.Connection(a, nengo.Node(size_in=1), function=function, seed=4)
        expected = nengo.Simulator(net, progress_bar=False).data[conn].weights
        evaluated.clear()
        got = build(net, 0.001).model.params[conn].weights
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-15)
        return got, len(evaluated)

    evaluated = []
    monkeypatch.setattr(shortcuts, "SOLVED", shortcuts.Solved(1e5))
    monkeypatch.setattr(nengo.LIF, "rates", rates)
    first, solved = decoders()
    again, anew = decoders()
    assert (solved, anew) == (1, 0)
    np.testing.assert_array_equal(again, first)
    others = ({"radius": 2}, {"neuron_type": nengo.LIF(tau_rc=0.05)}, {"function": np.cos})
    assert [decoders(**other)[1] for other in (*others, {"seed": 2})] == [1] * 4
    for own in (Own(), nengo.RegularSpiking(OwnRate())):
        assert [decoders(neuron_type=own)[1] for _ in range(2)] == [1, 1]
    # What was used longest ago goes.
    shortcuts.SOLVED = shortcuts.Solved(1000)
    assert [decoders(seed=seed)[1] for seed in (5, 6, 6, 5)] == [1, 1, 0, 1]


def test_no_active_neuron_is_refused_as_by_nengo():
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(5, 1, gain=np.ones(5), bias=-np.full(5, 9.0))
        nengo.Connection(a, nengo.Node(size_in=1))
    with pytest.raises(nengo.exceptions.BuildError, match="'activities' matrix is all zero"):
        nengolab.Simulator(net, progress_bar=False)


def test_a_network_built_again_does_not_compile():
    """Also with other weights, which are arguments of what is compiled."""
    Traced.forget()
    data = {}
    for scale, traces in ((1.0, 1), (1.0, 0), (0.5, 0)):
        net = decoded_many_ways(scale)
        with nengolab.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(100)
            sim.run_steps(5)
            assert sim._engine.runner.program.traces == traces
            data[scale, traces] = sim.data[net.probe].copy()
    np.testing.assert_array_equal(data[1.0, 1], data[1.0, 0])
    np.testing.assert_allclose(data[0.5, 0][:, :2], 0.5 * data[1.0, 0][:, :2], atol=1e-5)
    np.testing.assert_allclose(data[0.5, 0][:, 2:], data[1.0, 0][:, 2:], atol=1e-5)


def test_another_structure_is_not_taken_for_the_same():
    """Same sizes, other wiring: what is fixed at compile time differs."""

    def make(target: int) -> nengo.Network:
        with nengo.Network(seed=0) as net:
            out = nengo.Node(size_in=2)
            nengo.Connection(nengo.Node(1.0), out[target], synapse=0.01)
            net.probe = nengo.Probe(out)
        return net

    for target in (0, 1):
        net = make(target)
        with nengolab.Simulator(net, progress_bar=False) as sim:
            sim.run_steps(50)
            last = sim.data[net.probe][-1]
        assert last[target] > 0.9
        assert last[1 - target] == 0


@pytest.mark.parametrize("cores", [1, 2, 4])
def test_shares_of_a_batch(cores, monkeypatch):
    """However many loops a batch of 5 is split into, each item is the same."""
    monkeypatch.setattr(shares, "WORTH_A_LOOP", 1)
    monkeypatch.setattr(shares.os, "cpu_count", lambda: cores)
    Traced.forget()
    with nengo.Network(seed=2) as net:
        nengolab.configure_settings(dtype="float64")
        noise = nengo.Node(nengo.processes.WhiteNoise(seed=3), label="noise")
        a = nengo.Ensemble(30, 1)
        nengo.Connection(noise, a, synapse=0.05)
        nengo.Connection(a, a, synapse=0.1, function=lambda x: 0.8 * x)
        loop = nengo.Node(lambda t, x: 0.5 * x, size_in=1)
        nengo.Connection(a, loop)
        nengo.Connection(loop, a)
        probe = nengo.Probe(a, synapse=0.01)
    with nengolab.Simulator(net, minibatch_size=5, progress_bar=False) as sim:
        sim.run_steps(60)
        found = sim.data[probe].copy()
    assert np.ptp(found, axis=0).max() > 1e-3  # every item draws its own noise
    with nengo.Simulator(net, progress_bar=False) as reference:
        reference.run_steps(60)
        np.testing.assert_allclose(found[0], reference.data[probe], atol=1e-9)
    with nengolab.Simulator(net, minibatch_size=2, progress_bar=False) as sim:
        sim.run_steps(60)
        np.testing.assert_allclose(found[:2], sim.data[probe], atol=1e-12)


def test_where_the_time_goes():
    net = decoded_many_ways()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(30)
        before = sim.state
        lines = sim.report(profile=True).split("where a step's time goes")[1].splitlines()[1:]
        after = sim.state
    groups = len(sim._engine.runner.program.groups)
    assert len(lines) == groups
    assert sum(float(line.split("%")[0]) for line in lines) == pytest.approx(100, abs=groups)
    for name, array in before.arrays.items():
        np.testing.assert_array_equal(array, after.arrays[name])


def test_synapses_without_state_with_operators_tried_at_once():
    """Nengo's option ``fail_fast`` makes each operator's step when it is added."""

    def make():
        with nengo.Network(seed=0) as net:
            drive = nengo.Node(lambda t: np.sin(200 * t))
            for i, synapse in enumerate(
                (0, nengo.Alpha(0), nengo.LinearFilter([2.0], [1.0]), 0.003)
            ):
                out = nengo.Node(size_in=1)
                nengo.Connection(drive, out, synapse=synapse)
                nengo.Probe(out, label=str(i))
                nengo.Probe(drive, synapse=synapse, label=f"probe {i}")
        return net

    before = nengo.rc["nengo.Simulator"]["fail_fast"]
    nengo.rc["nengo.Simulator"]["fail_fast"] = "True"
    try:
        found = both(make, 20)
    finally:
        nengo.rc["nengo.Simulator"]["fail_fast"] = before
    for label, (reference, ours) in found.items():
        np.testing.assert_allclose(ours, reference, atol=1e-12, err_msg=label)
        assert np.ptp(reference) > 0.1
