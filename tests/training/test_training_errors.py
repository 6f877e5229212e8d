"""What a person is told, before anything is trained; and how a fit ends that is stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.exceptions import (
    SimulationError,
    SimulatorBusy,
    SimulatorClosed,
    UnknownObject,
    ValidationError,
)
from tests.training.networks import X, Y, dense, simulator

On = keras.callbacks.LambdaCallback


@pytest.fixture(scope="module")
def sim():
    net = dense()
    with simulator(net) as sim:
        sim.net = net
        yield sim


def compiled(sim, **kwargs):
    sim.compile(**{"optimizer": "sgd", "loss": {"p": "mse"}, **kwargs})


@pytest.mark.parametrize(
    ("kwargs", "error", "message"),
    [
        ({"optimizer": "nonsense"}, ValidationError, "optimizer: Keras knows no 'nonsense'"),
        ({"loss": "nonsense"}, ValidationError, "loss of 'p': Keras knows no 'nonsense'"),
        ({"loss": {"z": "mse"}}, UnknownObject, "'z' is no probe.*'p', 'activity'"),
        ({"loss": ["mse"] * 3}, ValidationError, "3 entries for 2 probes"),
        ({"metrics": {"z": "mae"}}, UnknownObject, "metrics: 'z' is no probe"),
        ({"metrics": {"activity": "mae"}}, ValidationError, "'activity', for which there is no"),
        ({"loss_weights": {"activity": 1.0}}, ValidationError, "'activity', for which there is"),
        ({"truncate": 0}, ValidationError, "truncate: must be a whole number from 1"),
        ({"truncate": 1, "checkpoint_every": 2}, ValidationError, "got 1 and 2"),
    ],
)
def test_wrong_ways_to_compile(sim, kwargs, error, message):
    with pytest.raises(error, match=message):
        compiled(sim, **kwargs)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda s: s.fit(X[:, 0], Y), ValidationError, "expected .batch, n_steps, 3."),
        (lambda s: s.fit({"z": X}, Y), UnknownObject, "'z' is no Node.*'x'"),
        (lambda s: s.fit(X, {"z": Y}), UnknownObject, "'z' is no probe.*'p', 'activity'"),
        (lambda s: s.fit(X, Y[:5]), ValidationError, "same number of batch items"),
        (lambda s: s.fit(X, np.tile(Y, (1, 2, 1))), ValidationError, "same number of steps"),
        (lambda s: s.fit(X[..., :2], Y), ValidationError, "holds 3, not 2"),
        (lambda s: s.fit(X, Y * np.nan), ValidationError, "nan|NaN"),
        (lambda s: s.fit(X), ValidationError, "targets are needed for 'p'"),
        (lambda s: s.fit(X, Y, n_steps=2), ValidationError, "n_steps says 2 steps"),
        (lambda s: s.fit(X, Y, batch_size=9), ValidationError, "minibatch_size 8"),
        (lambda s: s.fit(X, Y, validation_split=1.5), ValidationError, "between 0 and 1"),
        (lambda s: s.fit(X, Y, validation_data=(X[..., :2], Y)), ValidationError, "holds 3"),
        (lambda s: s.fit(X, Y, validation_data=X), ValidationError, "validation_data: must be"),
        (lambda s: s.predict(), ValidationError, "n_steps: is needed"),
        (lambda s: s.predict(n_steps=1.5), ValidationError, "n_steps: must be a whole number"),
        (lambda s: s.train_on_batch(X, Y), ValidationError, "at most 8 items, got 22"),
        (lambda s: s.check_gradients(outputs=["z"]), UnknownObject, "'z' is no probe"),
    ],
)
def test_wrong_calls_change_nothing(sim, call, error, message):
    compiled(sim)
    before = sim.keras_model.get_weights()
    with pytest.raises(error, match=message):
        call(sim)
    for a, b in zip(before, sim.keras_model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_nothing_was_compiled():
    with simulator(dense()) as sim:
        for call in (sim.fit, sim.evaluate, sim.train_on_batch):
            with pytest.raises(SimulationError, match="before compile"):
                call(X, Y)


def test_networks_that_are_not_trained():
    with dense() as net:
        nengolab.configure_settings(inference_only=True)
    with simulator(net) as sim:
        for call in (compiled, lambda s: s.fit(X, Y), lambda s: s.evaluate(X, Y)):
            with pytest.raises(SimulationError, match="inference_only is True"):
                call(sim)


def test_simulators_that_are_closed_or_somebody_elses():
    with simulator(dense()) as sim:
        compiled(sim)
        sim.claim("a live session")
        errors = []

        def other():
            try:
                sim.fit(X, Y)
            except SimulatorBusy as err:
                errors.append(str(err))

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        sim.release()
        assert "a live session owns" in errors[0]
    for call in (sim.fit, sim.evaluate, sim.predict, sim.train_on_batch, sim.compile):
        with pytest.raises(SimulatorClosed):
            call(X)


def test_a_fit_in_a_fit(sim):
    compiled(sim)
    nested = On(on_epoch_end=lambda epoch, logs: sim.fit(X, Y))
    with pytest.raises(SimulationError, match="while another one of this simulator goes on"):
        sim.fit(X[:8], Y[:8], verbose=0, callbacks=[nested])
    sim.fit(X[:8], Y[:8], verbose=0)


# -- what is no number --------------------------------------------------------------------------


def test_a_loss_that_is_no_number_names_probe_and_step(sim):
    sim.reset()
    compiled(sim, optimizer=keras.optimizers.SGD(1e12))
    kept = []
    keep = On(on_train_batch_begin=lambda b, logs: kept.append(sim.keras_model.get_weights()))
    with pytest.raises(SimulationError, match="probe 'p' has values.*step 1.*weights are those"):
        sim.fit(X, Y, epochs=9, verbose=0, callbacks=[keep])
    for a, b in zip(kept[-1], sim.keras_model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.isfinite(b).all()
    assert sim.best.last is not None
    sim.reset()
    sim.run_steps(2)


def test_a_gradient_that_is_no_number_changes_nothing():
    """Not even what layers average while training."""
    with nengo.Network(seed=0) as net:
        x = nengo.Node(np.zeros(3), label="x")
        h = nengolab.Layer(keras.layers.BatchNormalization())(x)
        root = nengolab.TensorNode(lambda x: tf.sqrt(tf.nn.relu(x)), shape_in=(3,), pass_time=False)
        nengo.Connection(h, root, synapse=None)
        nengo.Probe(root, label="p")
    with simulator(net) as sim:
        compiled(sim)
        before = sim.keras_model.get_weights()
        with pytest.raises(SimulationError, match="gradients of .*gamma.*although the loss is"):
            sim.fit(np.zeros((8, 1, 3)), np.ones((8, 1, 3)), verbose=0)
        after = sim.keras_model.get_weights()
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


# -- stopped ------------------------------------------------------------------------------------


def test_what_stops_a_fit_keeps_the_best_and_the_last_weights(sim):
    sim.reset()
    compiled(sim)

    def stop(epoch, logs):
        if epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sim.fit(X, Y, epochs=9, verbose=0, callbacks=[On(on_epoch_end=stop)])
    assert sim.best.best_epoch is not None
    last = {k: v.value.numpy() for k, v in sim.keras_model.named_variables.items()}
    for name, value in sim.best.last.items():
        np.testing.assert_array_equal(value, last[name])
    sim.best.restore_best()
    np.testing.assert_array_equal(
        sim.data[sim.net.last].weights, sim.best.best["hidden.neurons -> out.weights"]
    )
    sim.run_steps(2)
    sim.fit(X, Y, verbose=0)


def swallow(epoch, logs):
    """What Keras does to an interrupt that comes while it makes numbers of logs."""
    with contextlib.suppress(BaseException):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("what", ["fit", "evaluate", "predict"])
def test_an_interrupt_that_was_swallowed_comes_again(sim, what):
    compiled(sim)
    called = []
    callback = On(
        on_epoch_end=lambda *_: called.append(0) or swallow(*_),
        on_test_batch_end=swallow,
        on_predict_batch_end=swallow,
    )
    more = {"fit": {"epochs": 9}, "evaluate": {}, "predict": {}}[what]
    data = (X,) if what == "predict" else (X, Y)
    with pytest.raises(KeyboardInterrupt):
        getattr(sim, what)(*data, verbose=0, callbacks=[callback], **more)
    assert len(called) == (1 if what == "fit" else 0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    sim.fit(X, Y, verbose=0)


def test_a_handler_of_ones_own_hears_an_interrupt_once(sim):
    compiled(sim)
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append(0))
    try:
        sim.fit(X, Y, epochs=3, verbose=0, callbacks=[On(on_epoch_end=swallow)])
    finally:
        signal.signal(signal.SIGINT, before)
    assert len(heard) == 3


SCRIPT = """
import sys
sys.path.insert(0, {root!r})
import keras, numpy as np
from tests.training.networks import X, Y, dense, simulator
with simulator(dense()) as sim:
    sim.compile("sgd", {{"p": "mse"}})
    tell = keras.callbacks.LambdaCallback(on_epoch_end=lambda e, l: print("epoch", e, flush=True))
    try:
        sim.fit(X, Y, epochs=10**6, verbose=0, callbacks=[tell])
    except KeyboardInterrupt:
        sim.best.restore_best()
        sim.run_steps(2)
        print("stopped", sim.best.last is not None, sim.n_steps, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are sent another way there")
def test_an_interrupt_from_the_keyboard():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    child = subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(root=root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        while "epoch 1" not in (line := child.stdout.readline()):
            assert line, "it ended by itself"
        time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=120)
    finally:
        child.kill()
    assert out.splitlines()[-1] == "stopped True 2"
