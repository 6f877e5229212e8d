"""TensorNodes against Keras called directly, and against nengo.Simulator."""

from __future__ import annotations

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.exceptions import ValidationError
from nengolab.runtime.capacity import TILE_BYTES
from tests.training.tensor_nodes import BATCH, loop, noise_into


def program_of(sim):
    return sim._engine.runner.program


def modes(sim):
    """Of every TensorNode: the mode of its region, and the kernel's choice."""
    program = program_of(sim)
    return {
        group.op.name: (region.mode, program.groups[group.index].spec.variant)
        for region in program.schedule.regions
        for group in region.groups
        if group.op.kernel == "tensor"
    }


def run(net, steps, **kwargs):
    with nengolab.Simulator(net, progress_bar=False, minibatch_size=BATCH, **kwargs) as sim:
        sim.run_steps(steps)
        return sim, sim.data[net.given].copy(), sim.data[net.got].copy()


LAYERS = {
    "dense": (lambda: keras.layers.Dense(5, activation="tanh"), (4,)),
    "convolution": (lambda: keras.layers.Conv2D(3, 3, strides=2, activation="relu"), (7, 6, 2)),
    "pooling": (lambda: keras.layers.MaxPooling1D(2), (6, 2)),
    "normalization": (keras.layers.BatchNormalization, (4,)),
    "recurrent": (lambda: keras.layers.LSTM(3), (5, 2)),
    "sequential": (
        lambda: keras.Sequential(
            [
                keras.layers.Reshape((4, 4, 1)),
                keras.layers.Conv2D(2, 3),
                keras.layers.BatchNormalization(),
                keras.layers.Dropout(0.5, seed=1),
                keras.layers.Flatten(),
                keras.layers.Dense(3),
            ]
        ),
        (16,),
    ),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_gives_what_keras_gives(name):
    """In all steps of tiles of several sizes, whether they are computed at once or not."""
    make, shape = LAYERS[name]
    layer = make()
    net = noise_into(layer, int(np.prod(shape)), shape_in=shape)
    for weight in layer.trainable_variables:
        weight.assign(np.random.RandomState(0).uniform(-1, 1, weight.shape))
    for steps in (1, 20, 700):
        sim, given, got = run(net, steps)
        direct = layer(given.reshape(-1, *shape), training=False).numpy()
        np.testing.assert_allclose(got, direct.reshape(got.shape), atol=1e-5)
    assert set(modes(sim).values()) == {("batched", "all steps at once")}


class Mean(keras.layers.Layer):
    """Takes the mean over the batch: steps must not be mixed."""

    def call(self, x):
        return x - keras.ops.mean(x, axis=0, keepdims=True)


@pytest.mark.parametrize(
    "make",
    [
        Mean,
        lambda: keras.layers.Lambda(lambda x: x - tf.reduce_mean(x, axis=0), output_shape=(2,)),
        lambda: keras.layers.Activation(lambda x: x - tf.reduce_mean(x, axis=0)),
        lambda: keras.layers.Softmax(axis=0),
        lambda: keras.Sequential([keras.layers.Dense(2), Mean()]),
    ],
)
def test_what_is_not_known_is_called_for_each_step(make):
    layer = make()
    net = noise_into(layer, 2, shape_in=2)
    sim, given, got = run(net, 40)
    direct = [layer(given[:, i]).numpy() for i in range(40)]
    np.testing.assert_allclose(got, np.stack(direct, axis=1), atol=1e-6)
    assert set(modes(sim).values()) == {("batched", "step by step")}
    assert "step by step (nothing is known of" in sim.report()


def test_a_functional_model_with_an_operation_over_the_batch_is_called_for_each_step():
    x = keras.Input((2,))
    model = keras.Model(x, x - keras.ops.mean(x, axis=0))
    net = noise_into(model, 2, shape_in=2)
    sim, given, got = run(net, 20)
    np.testing.assert_allclose(got, given - given.mean(axis=0), atol=1e-6)
    assert "nothing is known of the operation" in sim.report()


def squash(t, x):
    return tf.sin(50 * t) * tf.tanh(x) + x[:, ::-1] / 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("force", ["auto", "stepped"])
@pytest.mark.parametrize("feedback", [False, True])
def test_a_function_gives_what_a_node_gives(dtype, force, feedback):
    """With the time, with and without feedback; also in nengo.Simulator itself."""

    def numpy_squash(t, x):
        return np.sin(50 * t) * np.tanh(x) + x[::-1] / 2

    data = []
    for make, simulator in (
        (lambda: nengo.Node(numpy_squash, size_in=2), nengo.Simulator),
        (lambda: nengolab.TensorNode(squash, shape_in=(2,)), nengo.Simulator),
        (lambda: nengolab.TensorNode(squash, shape_in=(2,)), nengolab.Simulator),
    ):
        with nengo.Network(seed=1) as net:
            nengolab.configure_settings(dtype=dtype, schedule=force)
            stimulus = nengo.Node(lambda t: [np.sin(30 * t), np.cos(20 * t)])
            node = make()
            nengo.Connection(stimulus, node, synapse=None)
            if feedback:
                nengo.Connection(node, node, synapse=0.005, transform=0.3)
            probe = nengo.Probe(node, synapse=0.01)
        with simulator(net, progress_bar=False) as sim:
            sim.run_steps(300)
            data.append(sim.data[probe])
    np.testing.assert_allclose(data[1], data[0], atol=1e-12)
    np.testing.assert_allclose(data[2], data[0], atol=1e-12 if dtype == "float64" else 2e-5)
    expected = "stepped" if feedback or force == "stepped" else "batched"
    assert modes(sim) == {"tensornode": (expected, "step by step")}


def test_a_layer_on_a_feedback_path_is_compiled_into_the_loop():
    layer = keras.layers.Dense(2, activation="tanh")
    with nengolab.Simulator(loop(layer), progress_bar=False) as sim:
        sim.run_steps(100)
        assert modes(sim) == {"dense": ("stepped", "step by step")}
        ours = sim.data[sim.network.probes[1]]
    with nengo.Simulator(sim.network, progress_bar=False) as reference:
        reference.run_steps(100)
    np.testing.assert_allclose(ours, reference.data[sim.network.probes[1]], atol=1e-5)


def test_what_xla_refuses_runs_uncompiled_on_a_feedback_path():
    """And in the same loop as functions that are called back, and what is compiled."""
    remembered = []

    def double(t, x):
        remembered.append(t)
        return 2 * x

    def foreign(x):
        return tf.ensure_shape(tf.numpy_function(np.tanh, [x], x.dtype), x.shape)

    with nengo.Network(seed=1) as net:
        nengolab.configure_settings(dtype="float64")
        node = nengolab.TensorNode(foreign, shape_in=2, pass_time=False, label="foreign")
        called = nengo.Node(double, size_in=2, label="called")
        ensemble = nengo.Ensemble(20, 2)
        nengo.Connection(nengo.Node([0.3, -0.2]), node, synapse=None)
        nengo.Connection(node, ensemble, synapse=None)
        nengo.Connection(ensemble, called, synapse=None)
        nengo.Connection(called, node, synapse=0.01)
        probe = nengo.Probe(node)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(100)
        assert modes(sim) == {"foreign": ("python", "uncompiled")}
        report = sim.report(profile=True)
    assert "called each step, uncompiled" in report
    with nengo.Simulator(net, progress_bar=False) as reference:
        reference.run_steps(100)
    np.testing.assert_allclose(sim.data[probe], reference.data[probe], atol=1e-9)


def test_wide_layers_make_short_tiles():
    """What one region leaves for the next is bounded in memory, and the results are the same."""
    with nengo.Network() as net:
        stimulus = nengo.Node(lambda t: np.sin(50 * t))
        wide = nengolab.TensorNode(keras.layers.RepeatVector(20_000), shape_in=1)
        mean = nengolab.TensorNode(keras.layers.GlobalAveragePooling1D(), shape_in=(20_000, 1))
        nengo.Connection(stimulus, wide, synapse=None)
        nengo.Connection(wide, mean, synapse=0.01)
        reference, got = nengo.Probe(stimulus, synapse=0.01), nengo.Probe(mean)
    with nengolab.Simulator(net, progress_bar=False, minibatch_size=80) as sim:
        assert sim._engine.runner.capacity * 80 * 4 * 2 * 20_000 <= 4 * TILE_BYTES
        sim.run_steps(30)
    np.testing.assert_allclose(sim.data[got], sim.data[reference], atol=1e-5)


def test_a_function_of_the_time_alone():
    with nengo.Network() as net:
        node = nengolab.TensorNode(lambda t: tf.stack([t, 2 * t])[None])
        probe = nengo.Probe(node)
    with nengolab.Simulator(net, progress_bar=False, minibatch_size=BATCH) as sim:
        sim.run_steps(20)
        with pytest.raises(ValidationError, match="no Node without input"):
            sim.set_input(node, 1.0)
    t = sim.trange()
    np.testing.assert_allclose(sim.data[probe], np.tile(np.stack([t, 2 * t], 1), (BATCH, 1, 1)))


class Clocked(keras.layers.Layer):
    """A layer that asks for the time."""

    def build(self, t_shape, x_shape):
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, t, x):
        return self.scale * t * x


def test_a_layer_that_asks_for_the_time_gets_it():
    layer = Clocked()
    net = noise_into(layer, 2, shape_in=2)
    assert net.node.pass_time
    layer.scale.assign(3.0)
    sim, given, got = run(net, 30)
    np.testing.assert_allclose(got, 3 * sim.trange()[:, None] * given, rtol=1e-5)
    assert not noise_into(keras.layers.Dense(2), 2, shape_in=2).node.pass_time


class Pair(keras.layers.Layer):
    """A layer whose one input is the time and a tensor."""

    def build(self, shapes):
        (time, x) = shapes
        assert tuple(time) == ()
        assert tuple(x) == (None, 2)
        self.scale = self.add_weight(shape=x[1:], initializer="ones", name="scale")

    def call(self, inputs):
        t, x = inputs
        return self.scale * t * x


class Clock(keras.layers.Layer):
    """A layer that is given nothing but the time."""

    def build(self, shape):
        assert tuple(shape) == ()
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, t):
        return self.scale * keras.ops.stack([t, 2 * t])[None]


@pytest.mark.parametrize("feedback", [False, True])
def test_a_layer_with_pass_time_is_called_with_the_pair(feedback):
    """In runs, in training, and in nengo.Simulator; without input, with the time alone."""
    layer = Pair()
    with nengo.Network(seed=0) as net:
        given = nengo.Node([1.0, -2.0], label="x")
        node = nengolab.TensorNode(layer, shape_in=2, pass_time=True)
        nengo.Connection(given, node, synapse=None)
        if feedback:
            nengo.Connection(node, node, synapse=0, transform=50)
        clock = nengolab.TensorNode(Clock(), pass_time=True)
        net.got, net.clock = nengo.Probe(node), nengo.Probe(clock)
    assert node.pass_time
    assert clock.size_in == 0
    layer.scale.assign([3.0, 2.0])
    found = []
    for make in (nengo.Simulator, nengolab.Simulator):
        with make(net, progress_bar=False) as sim:
            sim.run_steps(20)
            found.append(sim.data[net.got].copy())
            t = sim.trange()[:, None]
            np.testing.assert_allclose(sim.data[net.clock], np.hstack([t, 2 * t]), rtol=1e-5)
    if not feedback:
        np.testing.assert_allclose(found[0], t * [3.0, -4.0], rtol=1e-5)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.compile(keras.optimizers.SGD(1.0), {net.clock: "mse"})
        sim.fit({given: np.ones((1, 4, 2))}, {net.clock: np.zeros((1, 4, 2))}, verbose=0)
        t = 0.001 * np.arange(1, 5)
        # d/ds of the mean of (s t)^2 and (2 s t)^2, at s = 1
        expected = 1 - np.mean(np.concatenate([2 * t**2, 8 * t**2]))
        (scale,) = (p.value for n, p in sim.parameters.items() if n.startswith("clock"))
        assert float(scale) == pytest.approx(expected, rel=1e-6)
        sim.check_gradients(n_steps=4)


def test_which_layers_are_given_the_time():
    with nengo.Network():
        x = keras.layers.Dense(2)
        assert not nengolab.TensorNode(x, shape_in=2).pass_time
        assert not nengolab.TensorNode(x, shape_in=2, pass_time=False).pass_time
        assert nengolab.TensorNode(Clocked(), shape_in=2).pass_time
        assert nengolab.TensorNode(Clocked(), shape_in=2, pass_time=True).pass_time
        with pytest.raises(ValidationError, match=r"pair \(t, x\).*pass_time=False it is given x"):
            nengolab.TensorNode(keras.layers.Dense(2), shape_in=2, pass_time=True)
        with pytest.raises(ValidationError, match=r"pass_time=True it is given the pair"):
            nengolab.TensorNode(Pair(), shape_in=2)
        with pytest.raises(ValidationError, match="the time alone failed.*give shape_in"):
            nengolab.TensorNode(keras.layers.Dense(2), pass_time=True)


class Required(keras.layers.Layer):
    """Says by itself what it does in training, and has no default for it."""

    def call(self, x, training):
        return 2 * x if training else x


class Defaulted(keras.layers.Layer):
    def call(self, x, training=False):
        return 2 * x if training else x


class Shaped(keras.layers.Layer):
    """Looks at the whole shape that it is built for."""

    def build(self, shape):
        _, rows, columns = shape
        self.left = self.add_weight(shape=(rows, rows), name="left")
        self.right = self.add_weight(shape=(columns, 2), name="right")

    def call(self, x):
        return self.left @ x @ self.right


class Subclassed(keras.Model):
    """A model as Keras's guides write it."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(4, activation="tanh")
        self.drop = keras.layers.Dropout(0.5, seed=1)
        self.inner = keras.Sequential([keras.layers.Dense(2)])

    def call(self, x, training=None):
        return self.inner(self.drop(self.dense(x), training=training))


def functional():
    x = keras.Input((4,))
    return keras.Model(x, [keras.layers.Dense(2)(keras.layers.Dropout(0.5, seed=1)(x))][0])


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (Required, (4,)),
        (Defaulted, (4,)),
        (Shaped, (3, 4)),
        (Subclassed, (4,)),
        (functional, (4,)),
        (lambda: keras.Sequential([keras.layers.Dropout(0.5, seed=1), Shaped()]), (3, 4)),
        (lambda: keras.Sequential([functional(), Defaulted()]), (4,)),
    ],
)
def test_layers_and_models_of_every_make_run_and_train_as_in_keras(make, shape):
    """What is ``training`` in their calls, and what they were built for."""
    keras.utils.set_random_seed(0)
    layer = make()
    net = noise_into(layer, int(np.prod(shape)), shape_in=shape)
    keras.utils.set_random_seed(0)
    direct = make()
    direct(np.zeros((1, *shape), np.float32), training=False)
    direct.set_weights(layer.get_weights())
    _, given, got = run(net, 10)
    expected = direct(given.reshape(-1, *shape), training=False).numpy()
    np.testing.assert_allclose(got, expected.reshape(got.shape), atol=1e-5)
    x = given[:, :1]
    y = np.ones((BATCH, 1, got.shape[-1]), np.float32)
    with nengolab.Simulator(net, progress_bar=False, minibatch_size=BATCH) as sim:
        sim.compile(keras.optimizers.SGD(0.1), {net.got: "mse"})
        ours = sim.train_on_batch({net.nodes[0]: x}, {net.got: y})["loss"]
    with tf.GradientTape() as tape:
        out = direct(x.reshape(BATCH, *shape), training=True)
        loss = tf.reduce_mean((tf.reshape(out, y.shape) - y) ** 2)
    assert ours == pytest.approx(float(loss), rel=1e-4)
    trained = direct.trainable_variables
    for variable, gradient in zip(trained, tape.gradient(loss, trained), strict=True):
        variable.assign_sub(0.1 * gradient)
    for mine, theirs in zip(layer.trainable_variables, trained, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)
