"""How much neurons do: against rates of Nengo's and its own runs."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import nengolab
from nengolab import inspect
from nengolab.exceptions import ValidationError


@pytest.fixture(scope="module")
def net():
    with nengo.Network(seed=4) as net:
        nengolab.configure_settings(dtype="float64")
        node = nengo.Node(lambda t: 0.5 * np.sin(20 * t), label="node")
        gain, bias = np.full(6, 3.0), np.array([2.0, 2.0, 2.0, 2.0, -9.0, 2.0])
        a = nengo.Ensemble(6, 1, gain=gain, bias=bias, encoders=[[1], [-1]] * 3, label="a")
        gain[5], bias[5] = 1e-6, 30.0
        a.gain, a.bias = gain, bias
        nengo.Connection(node, a, synapse=None)
        net.current = nengo.Probe(a.neurons, "input")
        net.output = nengo.Probe(a.neurons)
    return net


def test_at_evaluation_points_and_at_points_of_mine(net):
    found = inspect.activity(net, "a")
    with nengo.Simulator(net, progress_bar=False) as theirs:
        points = theirs.data[net.ensembles[0]].eval_points
    rates = nengo.LIF().rates(
        points @ np.array([[1, -1, 1, -1, 1, -1]]), net.ensembles[0].gain, net.ensembles[0].bias
    )
    np.testing.assert_allclose(found.mean, rates.mean(0))
    np.testing.assert_allclose([found.least, found.most], [rates.min(0), rates.max(0)])
    assert (found.silent.tolist(), found.saturated.tolist()) == ([4], [5])
    assert "evaluation points" in found.over
    above = inspect.activity(net, "a", points=[[0.9], [1.0]])
    assert 0 not in above.silent
    assert 1 in above.silent, "its current at 0.9 is below the threshold"
    assert above.over == "2 points"


def test_in_a_run_it_is_what_was_put_out(net):
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(7)
        found = inspect.activity(sim, "a", 200)
        assert sim.n_steps == 7
        assert len(sim.data[net.output]) == 7
        sim.run_steps(200)
        output, current = sim.data[net.output][7:], sim.data[net.current][7:]
    np.testing.assert_allclose(found.mean, output.mean(0))
    rates = nengo.LIF().rates(current, np.ones(6), np.zeros(6))
    np.testing.assert_allclose(found.most, rates.max(0))
    assert found.silent.tolist() == np.flatnonzero(~output.any(0)).tolist() == [4]
    assert found.saturated.tolist() == [5]
    assert found.over == "a run of 200 steps (0.2 s)"


def test_all_items_of_a_batch_count(net):
    data = np.stack([np.full((150, 1), value) for value in (-0.9, 0.9)])
    with nengolab.Simulator(net, minibatch_size=2, progress_bar=False) as sim:
        found = inspect.activity(sim, "a", 150, {"node": data})
    assert found.silent.tolist() == [4]
    assert (found.most[:2] == found.most[0]).all()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"data": {}}, "say for how many steps"),
        ({"n_steps": 3, "points": [[0]]}, "points, or n_steps"),
        ({"n_steps": 3}, "takes a nengolab.Simulator, which is run; got nengo.Network"),
        ({"points": [[0, 1]]}, r"points have the shape \(points, 1\); got \(1, 2\)"),
    ],
)
def test_what_cannot_be_asked_is_named(net, how, words):
    with pytest.raises(ValidationError, match=words):
        inspect.activity(net, "a", **how)


def test_rates_are_in_hz_whatever_the_amplitude(net):
    loud, quiet = net.copy(), net.copy()
    quiet.ensembles[0].neuron_type = nengo.LIF(amplitude=0.01)
    found = [inspect.activity(n, "a") for n in (loud, quiet)]
    np.testing.assert_allclose(found[0].mean, found[1].mean)
    with nengolab.Simulator(quiet, progress_bar=False) as sim:
        ran = inspect.activity(sim, "a", 100)
        sim.run_steps(100)
        count = np.count_nonzero(sim.data[quiet.probes[1]], axis=0)
    np.testing.assert_allclose(ran.mean, count / 0.1)
