"""What was learned: in batches, snapshots, probes and taps, and where its weights are kept."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import nengolab

from .test_learning import OJA, PES, RLS, VOJA, float64


def noisy(rules=(PES, RLS)) -> nengo.Network:
    """Such rules and Voja driven by noise: each item of a batch sees its own."""
    net = nengo.Network(seed=8)
    with net:
        noise = nengo.Node(nengo.processes.WhiteSignal(1.0, high=8, rms=0.5), size_out=1)
        net.pre, net.post = nengo.Ensemble(30, 1), nengo.Ensemble(20, 1)
        nengo.Connection(noise, net.pre)
        net.conn = nengo.Connection(net.pre, net.post, learning_rule_type=list(rules))
        for rule in net.conn.learning_rule:
            nengo.Connection(net.post, rule)
            nengo.Connection(noise, rule, transform=-1, function=np.square)
        nengo.Connection(noise, net.post, learning_rule_type=VOJA, synapse=0.01)
        net.weights = nengo.Probe(net.conn, "weights")
        net.encoders = nengo.Probe(net.post, "scaled_encoders")
    return net


def test_every_batch_item_learns_by_itself():
    """Three items, each with weights of its own; the first is nengo's."""
    net = float64(noisy())
    with nengolab.Simulator(net, seed=5, minibatch_size=3, progress_bar=False) as sim:
        sim.run_steps(400)
        weights, encoders = sim.data[net.weights], sim.data[net.encoders]
        assert weights.shape == (3, 400, 1, 30)
        assert encoders.shape == (3, 400, 20, 1)
        assert sim.data[net.conn].weights.shape == (3, 1, 30)
        assert sim.data[net.post].encoders.shape == (3, 20, 1)
    with nengo.Simulator(net, seed=5, progress_bar=False) as reference:
        reference.run_steps(400)
        for got, probe in ((weights, net.weights), (encoders, net.encoders)):
            expected = reference.data[probe]
            np.testing.assert_allclose(got[0], expected, rtol=0, atol=1e-9 * abs(expected).max())
            for i, j in ((0, 1), (1, 2), (0, 2)):
                assert np.abs(got[i, -1] - got[j, -1]).max() > 1e-3 * np.abs(got).max()
            np.testing.assert_array_equal(got[0, 0], got[1, 0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_snapshot_of_what_was_learned(dtype):
    """State taken out and put back continues bit for bit, also in another simulator."""
    net = noisy()
    with net:
        nengolab.configure_settings(dtype=dtype)

    def more(sim):
        before = sim.n_steps
        sim.run_steps(60)
        return [sim.data[p][before:] for p in (net.weights, net.encoders)]

    with (
        nengolab.Simulator(net, seed=1, progress_bar=False) as sim,
        nengolab.Simulator(net, seed=1, progress_bar=False) as other,
    ):
        sim.run_steps(100)
        other.run_steps(100)
        saved = sim._engine.runner.named_state()
        assert saved["ensemble -> ensemble_1.weights"].shape == (1, 1, 30)
        assert saved["ensemble_1.encoders"].shape == (1, 20, 1)
        other._engine.runner.set_named_state({})  # forget, then take over
        other._engine.runner.set_named_state(saved)
        for a, b in zip(more(sim), more(other), strict=True):
            np.testing.assert_array_equal(a, b)


def test_reset_forgets():
    net = noisy()
    with nengolab.Simulator(net, seed=1, progress_bar=False) as sim:
        built = sim.data[net.conn].weights.copy()
        sim.run_steps(100)
        first, learned = sim.data[net.weights].copy(), sim.data[net.conn].weights
        assert np.abs(learned - built).max() > 1e-3 * np.abs(built).max()
        sim.reset()
        np.testing.assert_array_equal(sim.data[net.conn].weights, built)
        sim.run_steps(100)
        np.testing.assert_array_equal(sim.data[net.weights], first)


def test_data_follows_learning():
    """``sim.data`` shows what the next step computes with: the last probed, and its change."""
    net = noisy()
    with net:
        deltas = [nengo.Probe(rule, "delta") for rule in net.conn.learning_rule]
    with nengolab.Simulator(float64(net), seed=1, progress_bar=False) as sim:
        sim.run_steps(50)
        expected = sim.data[net.weights][-1] + sum(sim.data[d][-1] for d in deltas)
        np.testing.assert_allclose(sim.data[net.conn].weights, expected, rtol=0, atol=1e-15)
        ens = sim.data[net.post]
        scale = (ens.gain / net.post.radius)[:, None]
        np.testing.assert_allclose(ens.encoders * scale, ens.scaled_encoders, rtol=1e-12)
        assert np.abs(ens.scaled_encoders - sim.data[net.encoders][0]).max() > 1e-3
        with pytest.raises(ValueError, match="read-only"):
            ens.scaled_encoders[0] = 1
    assert sim.data[net.conn].weights.shape == (1, 30)


def test_tap_of_learned_weights():
    """A tap leaves what was learned untouched, and shows it."""
    net = float64(noisy())
    with (
        nengolab.Simulator(net, seed=1, progress_bar=False) as sim,
        nengolab.Simulator(net, seed=1, progress_bar=False) as other,
    ):
        sim.run_steps(40)
        tap = sim.add_tap(net.conn, "weights")
        sim.prepare()
        other.run_steps(80)
        seen = sim.advance(40)
        expected = other.data[net.weights][40:]
        np.testing.assert_array_equal(seen[net.weights][0], expected)
        np.testing.assert_array_equal(seen[tap][0], expected.reshape(40, -1))


@pytest.mark.parametrize("channels", [3, 9])
def test_channels_merge_and_weights_stay_whole(channels):
    """Any number of like rules is one group, and nothing gathers the weights' elements."""
    from nengolab.benchmarks.networks import pes

    with nengolab.Simulator(pes(channels, 20), progress_bar=False) as sim:
        program = sim._engine.runner.program
        by_kernel: dict[str, list] = {}
        for lowered in program.groups.values():
            by_kernel.setdefault(lowered.group.op.kernel, []).append(lowered)
        for kernel in ("pes", "learn", "dot_signal"):
            (only,) = by_kernel[kernel]
            assert len(only.group.ops) == channels
        (pick,) = by_kernel["dot_signal"][0].routes[0].picks
        np.testing.assert_array_equal(pick.index, np.arange(channels * 20))
        regions = {g.group.region for k in ("learn", "dot_signal") for g in by_kernel[k]}
        assert len(regions) == 1


def test_weights_stay_in_the_loop_of_what_reads_them():
    """However the input comes about, weights are not kept for every step of a tile."""
    with nengo.Network(seed=0) as net:
        a, b = nengo.Ensemble(300, 1), nengo.Ensemble(300, 1)
        c = nengo.Ensemble(300, 1)
        weights = np.full((300, 300), 1e-5)
        nengo.Connection(a.neurons, b.neurons, transform=weights, synapse=None)
        nengo.Connection(b.neurons, c.neurons, transform=weights, learning_rule_type=OJA)
        nengo.Probe(c)
    for force in ("auto", "batched"):
        with net:
            nengolab.configure_settings(schedule=force)
        with nengolab.Simulator(net, progress_bar=False) as sim:
            groups = sim._engine.runner.program.groups.values()
            where = {g.group.op.kernel: g.group.region for g in groups}
            assert where["learn"] == where["dot_signal"]
            assert sim._engine.runner.program.schedule.regions[where["learn"]].mode == "stepped"
