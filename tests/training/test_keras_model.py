"""``sim.keras_model`` behaves as a Keras model: summary, callbacks, weights."""

from __future__ import annotations

import csv

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from tests.training.networks import X, Y, dense, simulator

C = keras.callbacks


@pytest.fixture(scope="module")
def sim():
    net = dense()
    with simulator(net) as sim:
        sim.net = net
        yield sim


def test_the_summary_shows_what_holds_the_weights(sim):
    lines = []
    sim.keras_model.summary(print_fn=lines.append)
    text = "\n".join(map(str, lines))
    for owner in ("hidden.neurons (Neurons)", "x->hidden.neurons (Connection)"):
        assert owner in text
    assert "(None, None, 8)" in text
    assert "?" not in text
    trained = 8 * 3 + 8 + 2 * 8
    assert f"Trainable params: {trained}" in text
    assert sum(np.size(w) for w in sim.keras_model.trainable_weights) == trained


def test_weights_keep_their_order(sim):
    before = [v.path for v in sim.keras_model.weights]
    sim.compile("adam", {"p": "mse"})
    sim.fit(X[:8], Y[:8], verbose=0)
    assert [v.path for v in sim.keras_model.weights] == before


def test_it_is_called_as_a_model(sim):
    expected = sim.predict(X[:8])[sim.net.p]
    found = sim.keras_model({"x": tf.constant(X[:8], tf.float32)})["p"]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    found = sim.keras_model.predict({"x": X[:8]}, verbose=0)["p"]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_keras_own_callbacks(sim, tmp_path):
    sim.reset()
    sim.compile(keras.optimizers.SGD(0.1), {"p": "mse"}, metrics=["mae"])
    seen = []
    callbacks = [
        C.LearningRateScheduler(lambda epoch, rate: rate * 0.5),
        C.ModelCheckpoint(
            str(tmp_path / "{epoch}.weights.h5"), save_weights_only=True, monitor="val_loss"
        ),
        C.CSVLogger(str(tmp_path / "log.csv")),
        nengolab.callbacks.TensorBoard(str(tmp_path / "board"), histogram_freq=1),
        C.TerminateOnNaN(),
        C.LambdaCallback(on_epoch_end=lambda e, logs: seen.append(sim.keras_model.get_weights())),
    ]
    history = sim.fit(
        X, Y, epochs=3, validation_data=(X, Y), callbacks=callbacks, verbose=0
    ).history
    names = {"loss", "mae", "p_loss", "p_mae"}
    assert set(history) == names | {f"val_{name}" for name in names} | {"learning_rate"}
    np.testing.assert_allclose(history["learning_rate"], [0.05, 0.025, 0.0125], rtol=1e-6)
    with open(tmp_path / "log.csv") as file:
        logged = [float(row["loss"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(logged, history["loss"])
    assert list((tmp_path / "board").rglob("events*"))
    sim.keras_model.load_weights(tmp_path / "2.weights.h5")
    for a, b in zip(sim.keras_model.get_weights(), seen[1], strict=True):
        np.testing.assert_array_equal(a, b)
    loss = sim.evaluate(X, Y, verbose=0)["loss"]
    assert loss == pytest.approx(history["val_loss"][1], rel=1e-6)


def test_early_stopping_and_plateaus(sim):
    """Validation targets that training leads away from: it gets worse soon."""
    sim.reset()
    sim.compile(keras.optimizers.SGD(0.05), {"p": "mse"})
    away = sim.predict(X)[sim.net.p]
    seen = []
    history = sim.fit(
        X,
        away + 1,
        epochs=9,
        validation_data=(X, away - 1),
        callbacks=[
            C.LambdaCallback(
                on_epoch_end=lambda e, logs: seen.append(sim.keras_model.get_weights())
            ),
            C.EarlyStopping(patience=3, restore_best_weights=True),
            C.ReduceLROnPlateau(patience=1, factor=0.5),
        ],
        verbose=0,
    ).history
    best = int(np.argmin(history["val_loss"]))
    assert len(history["val_loss"]) == best + 4
    assert history["learning_rate"][-1] < history["learning_rate"][0]
    for a, b in zip(sim.keras_model.get_weights(), seen[best], strict=True):
        np.testing.assert_array_equal(a, b)
    loss = sim.evaluate(X, away - 1, verbose=0)["loss"]
    assert loss == pytest.approx(history["val_loss"][best], rel=1e-6)
    assert sim.best.best_epoch == best


@pytest.mark.in_turn
@pytest.mark.parametrize("chosen", [[5, 2], [17, 3, 11], slice(9, 2, -3)], ids=str)
def test_neurons_in_any_order_are_predicted_and_learned_as_they_run(chosen):
    with nengo.Network(seed=1) as net:
        inp = nengo.Node([0.3])
        spread = {
            "intercepts": nengo.dists.Uniform(-1, -0.9),
            "max_rates": nengo.dists.Uniform(50, 150),
        }
        ens = nengo.Ensemble(20, 1, neuron_type=nengo.LIFRate(), **spread)
        nengo.Connection(inp, ens)
        nengo.Connection(ens, ens, synapse=0.05)
        probe = nengo.Probe(ens.neurons[chosen])
        nengolab.configure_settings(dtype="float64")
    data = np.full((1, 30, 1), 0.3)
    with nengo.Simulator(net, progress_bar=False) as reference:
        reference.run_steps(30)
    wanted = reference.data[probe]
    assert len(np.unique(wanted[-1])) == wanted.shape[1] > 1
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.compile("sgd", "mse")
        np.testing.assert_allclose(sim.predict({inp: data}, stateful=False)[probe][0], wanted)
        assert sim.evaluate({inp: data}, {probe: wanted[None]}, verbose=0)["loss"] < 1e-12
        # Training goes through a program of its own.
        history = sim.fit({inp: data}, {probe: wanted[None]}, verbose=0)
        assert history.history["loss"][0] < 1e-12
        sim.reset()
        sim.run_steps(30)
        np.testing.assert_allclose(sim.data[probe], wanted)
