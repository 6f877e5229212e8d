"""The training benchmarks measure what they say: a wrong or absent side gives no ratio."""

import sys

import nengo
import numpy as np
import pytest

import nengolab
from nengolab.benchmarks import digits, spikingjelly, training, turns


def test_a_wrong_result_counts_as_nothing():
    row = turns.Compared("a", "images/s", 0.9, rate=(10.0, 20.0))
    row.check("outputs differ", 1e-6, 1e-3)
    assert row.ratio == 2.0
    row.check("outputs differ", float("nan"), 1e-3)
    assert row.ratio == 0.0
    assert "0.00x" in training.line(row)
    assert "outputs differ" in training.line(row)


def test_keras_directly_and_by_rates_agree():
    net = digits.network(digits.NEURONS["relu"])
    x, labels = digits.pictures(3)
    assert x.shape == (3, *digits.SHAPE)
    assert labels.shape == (3,)
    model = digits.directly(net.layers)
    expected = digits.by_rates(net.layers, digits.NEURONS["relu"], x)
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(model(x), expected, atol=1e-5)


@pytest.mark.parametrize("kind", digits.NEURONS)
def test_outputs_are_checked(kind):
    net = digits.network(digits.NEURONS[kind])
    row = turns.Compared(kind, "images/s", 0.5)
    x, _ = digits.pictures(2)
    with nengolab.Simulator(net, minibatch_size=2, progress_bar=False) as sim:
        digits._check_rates(row, sim, net, digits.NEURONS[kind], x)
        assert not row.problem
        # What is compared depends on the neurons.
        digits._check_rates(row, sim, net, nengo.RectifiedLinear(amplitude=0.02), x)
    assert "outputs differ" in row.problem


def test_surrogate_gradients_are_checked(monkeypatch):
    for name, value in {"NEURONS": 16, "BATCH": 2, "STEPS": 40}.items():
        monkeypatch.setattr(spikingjelly, name, value)
    x, weights = spikingjelly.data()
    net = spikingjelly.network(weights)
    row = turns.Compared("lif", "passes/s", 1.0)
    with nengolab.Simulator(net, minibatch_size=2, progress_bar=False) as sim:
        got = spikingjelly.ours(sim, net, x)()
    assert float(np.sum(got[0])) > 10
    spikingjelly._check(row, got, x, weights)
    assert not row.problem
    spikes, gradients = got
    spikingjelly._check(row, (spikes, [2 * g for g in gradients]), x, weights)
    assert "gradients differ" in row.problem


def test_without_the_other_side_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (row,) = spikingjelly.lif_surrogate()
    assert row.ratio == 0
    assert "nengolab[benchmarks]" in training.line(row)
