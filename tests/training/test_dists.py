"""Distributions of weights, against SciPy's and Keras's of the same definition."""

from __future__ import annotations

import pickle

import keras
import nengo
import numpy as np
import pytest
from scipy import stats

import nengolab
from nengolab.dists import Glorot, He, TruncatedNormal, VarianceScaling
from nengolab.exceptions import ValidationError

# A false alarm in a thousand seeds; the seeds are fixed.
LEAST_P = 1e-3


@pytest.mark.parametrize(
    ("mean", "stddev", "limit"), [(0, 1, None), (3, 0.5, None), (-1, 2, 0.5), (0, 0.1, 5.0)]
)
def test_truncated_normal(mean, stddev, limit):
    drawn = TruncatedNormal(mean, stddev, limit).sample(20000, rng=np.random.RandomState(0))
    bound = 2 * stddev if limit is None else limit
    expected = stats.truncnorm(-bound / stddev, bound / stddev, loc=mean, scale=stddev)
    assert drawn.shape == (20000,)
    assert np.abs(drawn - mean).max() <= bound
    assert stats.kstest(drawn, expected.cdf).pvalue > LEAST_P
    # The test tells distributions apart: that without the cut, or another width, fails it.
    assert stats.kstest(drawn, stats.norm(mean, 1.1 * expected.std()).cdf).pvalue < LEAST_P


def test_truncated_normal_without_a_limit_that_counts():
    drawn = TruncatedNormal(limit=np.inf).sample(100, 100, np.random.RandomState(1))
    assert np.isfinite(drawn).all()
    assert stats.kstest(drawn.ravel(), stats.norm.cdf).pvalue > LEAST_P


@pytest.mark.parametrize("scale", [0.4, 2.5])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
def test_variance_scaling_is_that_of_keras(mode, scale):
    n, d = 40, 300
    ours = VarianceScaling(scale, mode).sample(n, d, np.random.RandomState(2))
    # A kernel of Keras is (inputs, outputs), a transform of Nengo (outputs, inputs).
    theirs = keras.initializers.VarianceScaling(scale, mode, "uniform", seed=3)((d, n))
    theirs = np.asarray(theirs)
    assert ours.shape == theirs.T.shape
    assert stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > LEAST_P
    assert ours.std() == pytest.approx(theirs.std(), rel=0.04)
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.02)
    assert stats.ks_2samp(1.15 * ours.ravel(), theirs.ravel()).pvalue < LEAST_P


@pytest.mark.parametrize("scale", [0.4, 2.5])
@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 300), ("fan_out", 40), ("fan_avg", 170)])
def test_a_normal_one_is_cut_at_twice_its_width_and_not_widened(mode, fan, scale):
    drawn = VarianceScaling(scale, mode, "normal").sample(40, 300, np.random.RandomState(3))
    sd = np.sqrt(scale / fan)
    assert stats.kstest(drawn.ravel(), stats.truncnorm(-2, 2, scale=sd).cdf).pvalue > LEAST_P
    assert 1.9 * sd < np.abs(drawn).max() <= 2 * sd
    # So Keras's is wider, by as much as the cut took away.
    theirs = keras.initializers.VarianceScaling(scale, mode, "truncated_normal", seed=3)((300, 40))
    wider = np.asarray(theirs).std() / drawn.std()
    assert wider == pytest.approx(1 / stats.truncnorm(-2, 2).std(), rel=0.03)


@pytest.mark.parametrize(
    ("ours", "name"),
    [
        (Glorot(), "GlorotUniform"),
        (He(2, "uniform"), "HeUniform"),
        (He(1, "uniform"), "LecunUniform"),
    ],
)
def test_named_ones_are_those_of_keras(ours, name):
    n, d = 50, 200
    drawn = ours.sample(n, d, np.random.RandomState(4)).ravel()
    theirs = np.asarray(getattr(keras.initializers, name)(seed=5)((d, n))).ravel()
    assert stats.ks_2samp(drawn, theirs).pvalue > LEAST_P
    assert drawn.std() == pytest.approx(theirs.std(), rel=0.04)


@pytest.mark.parametrize(
    ("dist", "variance"),
    [(Glorot(3, "normal"), 2 * 3 / 250), (Glorot(3), 2 * 3 / 250), (He(3), 3 / 200)],
)
def test_variances_in_figures(dist, variance):
    drawn = dist.sample(50, 200, np.random.RandomState(4))
    cut = stats.truncnorm(-2, 2).var() if dist.distribution == "normal" else 1
    assert drawn.var() == pytest.approx(variance * cut, rel=0.05)


def test_fans():
    assert VarianceScaling(mode="fan_in").stddev(4, 25) == pytest.approx(1 / 5)
    assert VarianceScaling(mode="fan_out").stddev(4, 25) == pytest.approx(1 / 2)
    assert VarianceScaling(mode="fan_avg").stddev(7, 25) == pytest.approx(1 / 4)
    assert He(9).stddev(100) == pytest.approx(3)  # one input each
    assert He().sample(7).shape == (7,)
    assert He().sample(7, 1).shape == (7, 1)


def test_one_seed_one_sample():
    for dist in (TruncatedNormal(), VarianceScaling(), Glorot(), He()):
        first = dist.sample(5, 3, np.random.RandomState(6))
        np.testing.assert_array_equal(first, dist.sample(5, 3, np.random.RandomState(6)))
        assert not np.array_equal(first, dist.sample(5, 3, np.random.RandomState(7)))


def test_in_a_network():
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(
            400,
            100,
            encoders=TruncatedNormal(),
            gain=TruncatedNormal(1, 0.1),
            bias=TruncatedNormal(0, 0.1),
            neuron_type=nengo.RectifiedLinear(),
        )
        b = nengo.Ensemble(100, 1)
        dense = nengo.Connection(a.neurons, b.neurons, transform=He(), synapse=None)
        image = nengo.Node(np.zeros(36))
        kernel = nengo.Convolution(64, (6, 6, 1), init=Glorot(), kernel_size=(2, 2))
        features = nengo.Node(size_in=kernel.output_shape.size)
        convolved = nengo.Connection(image, features, transform=kernel, synapse=None)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        weights = sim.data[dense].weights
        assert weights.shape == (100, 400)
        assert weights.std() == pytest.approx(stats.truncnorm(-2, 2).std() / 20, rel=0.03)
        assert np.abs(sim.data[a].gain - 1).max() <= 0.2
        assert np.linalg.norm(sim.data[a].encoders, axis=1) == pytest.approx(np.ones(400))
        bound = np.sqrt(6 / (1 + 64))
        assert 0.9 * bound < np.abs(sim.data[convolved].weights).max() <= bound
        sim.run_steps(3)
        with nengo.Simulator(net, progress_bar=False) as reference:
            np.testing.assert_array_equal(weights, reference.data[dense].weights)


def test_they_are_values():
    for dist, text in (
        (TruncatedNormal(1, 2, 3), "TruncatedNormal(mean=1, stddev=2, limit=3)"),
        (TruncatedNormal(), "TruncatedNormal()"),
        (VarianceScaling(2, "fan_in"), "VarianceScaling(scale=2, mode='fan_in')"),
        (Glorot(distribution="normal"), "Glorot(distribution='normal')"),
        (He(2), "He(scale=2)"),
    ):
        again = pickle.loads(pickle.dumps(dist))
        assert repr(dist) == repr(again) == text
        assert dist == again
        assert hash(dist) == hash(again)
        np.testing.assert_array_equal(
            dist.sample(3, 2, np.random.RandomState(0)),
            again.sample(3, 2, np.random.RandomState(0)),
        )
    assert He(2) != He(1)
    assert Glorot() != VarianceScaling()
    with pytest.raises(ValidationError, match="read-only"):
        He().scale = 3


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: TruncatedNormal(stddev=0), "stddev"),
        (lambda: TruncatedNormal(limit=-1), "limit"),
        (lambda: TruncatedNormal(mean="a"), "mean"),
        (lambda: VarianceScaling(0), "scale"),
        (lambda: VarianceScaling(mode="fan"), "fan_avg"),
        (lambda: Glorot(distribution="cauchy"), "uniform"),
    ],
)
def test_wrong_ones(make, match):
    with pytest.raises(ValidationError, match=match):
        make()
