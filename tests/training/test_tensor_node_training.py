"""TensorNodes in programs lowered for training, and in fit, against Keras called directly."""

from __future__ import annotations

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.compiler.lower import lower
from nengolab.compiler.schedule import schedule
from nengolab.exceptions import BuildError
from nengolab.kernels.tensor import weight_losses
from tests.training.tensor_nodes import BATCH, loop, noise_into


def trained_steps(net, x):
    """Run a program lowered for training on inputs ``(batch, steps, size)`` of the first Node."""
    with nengolab.Simulator(net, progress_bar=False, minibatch_size=len(x)) as sim:
        engine = sim._engine
    readings = {net.got: engine.graph.probes[net.got]}
    program = lower(
        schedule(engine.graph, len(x), "batched"), len(x), engine.dtype, readings, engine.host,
        training=True,
    )  # fmt: skip
    params = {k: tf.constant(v) for k, v in program.pack(lambda p: p.value).items()}
    state = program.enter_state(program.initial_state(0))
    state = {k: tf.constant(v) for k, v in state.items()}
    series = np.swapaxes(x, 0, 1).astype(engine.dtype)
    inputs = {"held": tf.zeros((len(x), 0)), "series": tf.constant(series), "start": np.int64(0)}
    steps = x.shape[1]
    with tf.GradientTape() as tape:
        floats = {k: v for k, v in params.items() if v.dtype.is_floating}
        tape.watch(floats)
        _, out = program.run(params, state, inputs, tf.constant(steps))
        y = next(iter(out["records"].values()))
        loss = tf.reduce_sum(y[:steps] ** 2)
    y = tf.transpose(tf.reshape(y[:steps], (steps, len(x), -1)), (1, 0, 2)).numpy()
    updates = {k: v.numpy() for k, v in out["updates"].items()}
    return y, updates, tape.gradient(loss, floats), out["losses"]


@pytest.mark.parametrize("steps", [1, 4])
def test_in_training_layers_see_one_step_after_the_other(steps):
    """BatchNormalization and Dropout: outputs, statistics and generators as in Keras."""

    def make():
        keras.utils.set_random_seed(0)
        parts = [keras.Input((3,)), keras.layers.Dense(4), keras.layers.BatchNormalization()]
        return keras.Sequential([*parts, keras.layers.Dropout(0.4, seed=7), keras.layers.Dense(2)])

    layer, direct = make(), make()
    net = noise_into(layer, 3, shape_in=3)
    x = np.random.RandomState(0).normal(size=(8, steps, 3)).astype(np.float32)
    y, updates, gradient, losses = trained_steps(net, x)
    assert losses == {}
    with tf.GradientTape() as tape:
        expected = [direct(x[:, i], training=True) for i in range(steps)]
        loss = tf.reduce_sum(tf.stack(expected) ** 2)
    np.testing.assert_allclose(y, np.stack(expected, axis=1), atol=1e-5)
    kinds = {"moving_mean", "moving_variance", "seed_generator_state"}
    assert {name.split(".")[-1] for name in updates} == kinds
    for name, value in updates.items():
        role = name.removeprefix("sequential.")
        now = dict(zip(net.node.output.variables(), direct.variables, strict=True))[role]
        np.testing.assert_allclose(value, now.numpy(), rtol=1e-5, err_msg=name)
    roles = {id(v): role for role, v in net.node.output.variables().items()}
    ours = {name.split(".", 1)[1]: g for name, g in gradient.items()}
    own = tape.gradient(loss, direct.trainable_variables)
    for variable, expected in zip(layer.trainable_variables, own, strict=True):
        role = roles[id(variable)]
        np.testing.assert_allclose(
            np.ravel(ours[role]), np.ravel(expected), rtol=1e-3, atol=1e-4, err_msg=role
        )


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("dropout", [False, True])
def test_what_a_layer_adds_to_the_loss_counts_once(steps, dropout):
    """What a weight costs is no part of a call, of which there may be many."""
    penalty = keras.regularizers.L2(0.5)
    parts = [keras.Input((3,)), keras.layers.Dense(4, kernel_regularizer=penalty)]
    layer = keras.Sequential([*parts, keras.layers.Dropout(0.5)] if dropout else parts)
    net = noise_into(layer, 3, shape_in=3)
    assert not trained_steps(net, np.ones((2, steps, 3)))[3]  # no activity is penalised
    function = net.node.output
    values = function.variables()
    (loss,) = weight_losses(function, lambda role: values[role].value)
    expected = 0.5 * np.sum(layer.layers[0].kernel.numpy() ** 2)
    np.testing.assert_allclose(loss, expected, rtol=1e-5)


def test_gradients_of_a_layer_on_a_feedback_path_are_those_of_a_plain_loop():
    layer = keras.layers.Dense(2, activation="tanh")
    net = loop(layer)
    net.got = net.probes[1]
    layer.bias.assign([0.1, -0.2])
    x = np.random.RandomState(0).normal(size=(BATCH, 6, 2)).astype(np.float32)
    y, updates, gradient, _ = trained_steps(net, x)
    assert updates == {}
    keep = np.exp(-0.001 / 0.005)
    with tf.GradientTape() as tape:
        fed_back, expected = tf.zeros((BATCH, 2)), []
        for i in range(6):
            expected.append(layer(x[:, i] + fed_back))
            fed_back = keep * fed_back + (1 - keep) * 0.3 * expected[-1]
        loss = tf.reduce_sum(tf.stack(expected) ** 2)
    np.testing.assert_allclose(y, np.stack(expected, axis=1), atol=1e-6)
    for role, own in zip(("kernel", "bias"), tape.gradient(loss, layer.weights), strict=True):
        ours = next(g for name, g in gradient.items() if name.split(".", 1)[1] == role)
        np.testing.assert_allclose(ours[0], own, rtol=1e-4, atol=1e-5)


def test_fit_does_what_keras_does():
    """Layers that are trained in a network and by Keras alone: same weights, same statistics."""

    def make():
        keras.utils.set_random_seed(0)
        return [
            keras.layers.Dense(4, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.1)),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(2),
        ]

    ours, direct = make(), keras.Sequential(make())
    with nengo.Network() as net:
        x = stimulus = nengo.Node(np.zeros(3))
        for layer in ours:
            x = nengolab.Layer(layer)(x)
        probe = nengo.Probe(x)
    rng = np.random.RandomState(0)
    given, wanted = rng.normal(size=(12, 1, 3)), rng.normal(size=(12, 1, 2))
    kwargs = {"batch_size": 4, "epochs": 3, "shuffle": False, "verbose": 0}
    with nengolab.Simulator(net, progress_bar=False, minibatch_size=4) as sim:
        sim.compile(optimizer=keras.optimizers.SGD(0.1), loss={probe: "mse"})
        own = sim.fit({stimulus: given}, {probe: wanted}, **kwargs)
        values = {p.name: sim._engine.runner.value(p) for p in sim._engine.graph.params.values()}
        predicted = sim.predict({stimulus: given})[probe]
    direct.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    reference = direct.fit(given[:, 0], wanted[:, 0], **kwargs)
    np.testing.assert_allclose(own.history["loss"], reference.history["loss"], rtol=1e-4)
    np.testing.assert_allclose(predicted[:, 0], direct.predict(given[:, 0], verbose=0), atol=1e-4)
    for value, variable in zip(values.values(), direct.variables, strict=True):
        np.testing.assert_allclose(value, variable, atol=1e-5)


def test_nothing_changes_outside_of_training():
    net = noise_into(keras.layers.BatchNormalization(), 3, shape_in=3)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        engine = sim._engine
        inputs = {"held": tf.zeros((1, 0)), "series": tf.ones((2, 1, 3)), "start": np.int64(0)}
        _, out = engine.runner.program(engine.runner.params, {}, inputs, tf.constant(2))
    assert not [k for k in (*out, *out["records"]) if "update" in k]


def test_in_training_dropout_on_a_feedback_path_is_refused():
    net = loop(keras.layers.Dropout(0.5))
    net.got = net.probes[1]
    with pytest.raises(BuildError, match="'dropout' lies on a feedback path.*seed_generator"):
        trained_steps(net, np.zeros((2, 3, 2)))
