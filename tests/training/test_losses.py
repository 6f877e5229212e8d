"""Losses, against NumPy, through Keras's own compile and fit."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.exceptions import ValidationError
from nengolab.losses import RateRange, Regularize, nan_mse


def _gradient(loss, y_true, y_pred):
    x = tf.constant(y_pred, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = loss(y_true, x)
    return float(value), tape.gradient(value, x).numpy()


def _finite_difference(loss, y_true, y_pred, place, step=1e-2):
    up, down = y_pred.copy(), y_pred.copy()
    up[place] += step
    down[place] -= step
    return (float(loss(y_true, up)) - float(loss(y_true, down))) / (2 * step)


def _model(size, **compiled):
    model = keras.Sequential([keras.Input((None, size)), keras.layers.Dense(size)])
    model.compile("sgd", **compiled)
    return model


# -- nan_mse -----------------------------------------------------------------------------------


def test_nan_mse_counts_missing_targets_as_met():
    rng = np.random.RandomState(0)
    y_true, y_pred = rng.randn(4, 6, 3), rng.randn(4, 6, 3)
    y_true[rng.rand(4, 6, 3) < 0.6] = np.nan
    y_true[1] = np.nan
    value, gradient = _gradient(nan_mse, y_true, y_pred)
    assert value == pytest.approx(np.nansum((y_true - y_pred) ** 2) / y_true.size, rel=1e-5)
    known = ~np.isnan(y_true)
    expected = np.where(known, 2 * (y_pred - np.nan_to_num(y_true)) / y_true.size, 0)
    np.testing.assert_allclose(gradient, expected, rtol=1e-5, atol=1e-8)


def test_nan_mse_of_two_known_of_ten():
    y_true = np.full((1, 10, 1), np.nan)
    y_true[0, 4:6, 0] = [3, 4]
    assert float(nan_mse(y_true, np.zeros((1, 10, 1)))) == pytest.approx((9 + 16) / 10)


def test_nan_mse_without_any_target():
    value, gradient = _gradient(nan_mse, np.full((2, 3, 1), np.nan), np.ones((2, 3, 1)))
    assert value == 0
    assert not gradient.any()


@pytest.mark.parametrize("shape", [(5,), (5, 2), (5, 2, 3, 4)])
def test_nan_mse_of_other_ranks(shape):
    rng = np.random.RandomState(1)
    y_true, y_pred = rng.randn(*shape), rng.randn(*shape)
    y_true[0] = np.nan
    expected = np.nansum((y_true - y_pred) ** 2) / y_true.size
    assert float(nan_mse(y_true, y_pred)) == pytest.approx(expected, rel=1e-5)


def test_nan_mse_hides_no_nan_of_the_output():
    y_pred = np.ones((1, 2, 1))
    y_pred[0, 1] = np.nan
    assert np.isnan(float(nan_mse(np.zeros((1, 2, 1)), y_pred)))


def test_nan_mse_with_sample_weights():
    rng = np.random.RandomState(2)
    y_true, y_pred, weights = rng.randn(4, 5, 2), rng.randn(4, 5, 2), rng.rand(4, 5)
    y_true[:, :2] = np.nan
    expected = np.nansum((y_true - y_pred) ** 2 * weights[..., None]) / y_true.size
    value = float(nan_mse(y_true, y_pred, sample_weight=weights))
    assert value == pytest.approx(expected, rel=1e-5)


def test_fit_with_nan_targets():
    rng = np.random.RandomState(3)
    x = rng.randn(64, 5, 2).astype("float32")
    y = x @ np.array([[0, 1], [1, 0]], "float32")
    y[:, :3] = np.nan
    model = _model(2, loss=nan_mse, metrics=[nan_mse])
    model.optimizer.learning_rate = 0.5
    history = model.fit(x, y, epochs=20, batch_size=16, verbose=0).history
    assert history["loss"][-1] < 0.05 * history["loss"][0]
    logs = model.evaluate(x, y, batch_size=64, verbose=0, return_dict=True)
    expected = np.nansum((y - model.predict(x, verbose=0)) ** 2) / y.size
    assert logs["loss"] == pytest.approx(expected, rel=1e-4, abs=1e-10)
    assert logs["nan_mse"] == pytest.approx(logs["loss"], rel=1e-5)


# -- Regularize --------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [Regularize(), Regularize(1, axis=0), RateRange(5, 50)])
def test_losses_of_the_output_alone_take_no_targets(loss):
    x = np.random.RandomState(4).randn(3, 4, 5).astype("float32")
    weights = np.array([1.0, 0.0, 2.0])[:, None]
    for options in ({}, {"sample_weight": weights}):
        found = float(loss(None, x, **options))
        assert found == pytest.approx(float(loss(np.zeros_like(x), x, **options)))
    assert float(Regularize()(None, x)) == pytest.approx(np.linalg.norm(x, axis=-1).mean())


@pytest.mark.parametrize("order", [1, 2, "euclidean", 3.5, np.inf])
@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_regularize_is_a_mean_of_norms(order, axis):
    x = np.random.RandomState(4).randn(3, 4, 5, 6)
    flat = x.reshape(3, 4, 30) if axis is None else x
    place = {None: 2, 0: 2, 1: 3, -1: 3}[axis]
    norms = np.linalg.norm(flat, 2 if order == "euclidean" else order, axis=place)
    value = float(Regularize(order, axis)(np.zeros(3), x))
    assert value == pytest.approx(norms.mean(), rel=1e-5)
    assert float(Regularize(order, axis, weight=0.5)(np.zeros(3), x)) == pytest.approx(value / 2)


@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
def test_gradient_of_regularize(order):
    loss, x = Regularize(order), np.random.RandomState(5).randn(2, 3, 4)
    _, gradient = _gradient(loss, np.zeros(2), x)
    for place in [(0, 0, 0), (1, 2, 3), (0, 2, 1), (1, 0, 2)]:
        expected = _finite_difference(loss, np.zeros(2), x, place)
        assert gradient[place] == pytest.approx(expected, rel=1e-2, abs=1e-3)


@pytest.mark.parametrize("order", [1, 1.5, 2, 3, np.inf])
def test_silence_has_a_finite_gradient(order):
    x = np.ones((2, 2, 3))
    x[0, 1] = 0
    value, gradient = _gradient(Regularize(order), np.zeros(2), x)
    assert value > 0
    assert np.isfinite(gradient).all()
    assert not gradient[0, 1].any()
    assert gradient[1].any()


def test_regularize_of_two_axes():
    x = np.random.RandomState(6).randn(5, 3)
    assert float(Regularize()(np.zeros(5), x)) == pytest.approx(
        np.linalg.norm(x, axis=1).mean(), rel=1e-5
    )


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: Regularize(0.5), "order.*from 1 up.*0.5"),
        (lambda: Regularize("manhattan"), "order.*number.*manhattan"),
        (lambda: Regularize(np.nan), "order"),
        (lambda: Regularize(axis=0.5), "axis.*whole"),
        (lambda: Regularize(weight="much"), "weight"),
        (lambda: Regularize(axis=1)(np.zeros(2), np.ones((2, 3, 4))), "1 axis after.*got 1"),
        (lambda: Regularize(axis=-3)(np.zeros(2), np.ones((2, 3, 4, 5))), "2 axes after"),
    ],
)
def test_wrong_regularize(make, match):
    with pytest.raises(ValidationError, match=match):
        make()


# -- RateRange ---------------------------------------------------------------------------------


def test_rate_range_is_of_mean_rates():
    # Spikes of 1/dt; neurons of 0, 20, 50 and 100 Hz.
    spikes = np.zeros((2, 100, 4))
    for neuron, count in enumerate([0, 2, 5, 10]):
        spikes[:, :count, neuron] = 1000
    assert float(RateRange(10, 60)(np.zeros(2), spikes)) == pytest.approx((10**2 + 40**2) / 4)
    assert float(RateRange(low=30)(np.zeros(2), spikes)) == pytest.approx((30**2 + 10**2) / 4)
    assert float(RateRange(high=40)(np.zeros(2), spikes)) == pytest.approx((10**2 + 60**2) / 4)
    scaled = RateRange(10, 60, amplitude=0.01)(np.zeros(2), 0.01 * spikes)
    assert float(scaled) == pytest.approx((10**2 + 40**2) / 4, rel=1e-5)
    weighted = RateRange(10, 60)(np.zeros(2), spikes, sample_weight=np.array([0.0, 2.0]))
    assert float(weighted) == pytest.approx((10**2 + 40**2) / 4, rel=1e-5)


def test_gradient_of_rate_range():
    loss, x = RateRange(20, 60), np.random.RandomState(7).uniform(0, 100, (2, 3, 4))
    _, gradient = _gradient(loss, np.zeros(2), x)
    for place in [(0, 0, 0), (1, 2, 3), (0, 2, 1), (1, 0, 2)]:
        expected = _finite_difference(loss, np.zeros(2), x, place, step=0.1)
        assert gradient[place] == pytest.approx(expected, rel=1e-2, abs=1e-2)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: RateRange(), "low <= high"),
        (lambda: RateRange(5, 4), "5 and 4"),
        (lambda: RateRange("1"), "number"),
        (lambda: RateRange(1, amplitude=0), "amplitude"),
        (lambda: RateRange(1)(np.zeros(2), np.ones((2, 3))), "batch, steps, size"),
    ],
)
def test_wrong_rate_range(make, match):
    with pytest.raises(ValidationError, match=match):
        make()


# -- all ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss", [nan_mse, Regularize(np.inf, -1, 0.1, name="small"), RateRange(5, 50, 0.01)]
)
def test_losses_are_saved_with_a_model(loss, tmp_path):
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    model = _model(3, loss=loss)
    x, y = np.random.RandomState(8).randn(4, 5, 3), np.zeros((4, 5, 3))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    value = model.evaluate(x, y, verbose=0)
    assert value > 0
    assert loaded.evaluate(x, y, verbose=0) == pytest.approx(value, rel=1e-5)


@pytest.mark.in_turn
def test_tensorflow_is_loaded_with_them_only():
    code = (
        "import sys, nengolab; assert 'tensorflow' not in sys.modules; "
        "assert {'losses', 'callbacks', 'dists'} <= set(dir(nengolab)); nengolab.dists.Glorot(); "
        "assert 'keras' not in sys.modules; nengolab.losses.nan_mse; "
        "assert 'tensorflow' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert not done.stderr
    with pytest.raises(AttributeError, match="nonsense"):
        nengolab.nonsense  # noqa: B018
