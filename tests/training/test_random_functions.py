"""Random functions inside TensorNodes follow the simulator's seed, and nothing else."""

from __future__ import annotations

import pickle
from functools import cache

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab

pytestmark = pytest.mark.in_turn

ITEMS, SIZE, STEPS = 4, 50, 6


@tf.function
def decorated(x):
    """With control flow in Python, which ``tf.function`` translates."""
    if tf.reduce_sum(x) > -1:
        return tf.random.normal(tf.shape(x))
    return x


def branch(x):
    return tf.cond(tf.reduce_sum(x) > -1, lambda: tf.random.normal(tf.shape(x)), lambda: x)


class Noise(keras.layers.Layer):
    """Noise in every call, drawn in one of two ways."""

    def __init__(self, by: str):
        super().__init__()
        self.by = by

    def call(self, x):
        if self.by == "keras":
            return x + keras.random.normal(keras.ops.shape(x))
        return x + tf.random.normal(tf.shape(x))


def rates(x):
    return tf.fill(tf.shape(x), 3.0)


def chosen(x):
    """Classes of odds 1 : 3."""
    odds = tf.tile(tf.math.log([[1.0, 3.0]]), [x.shape[0], 1])
    return tf.cast(tf.random.categorical(odds, SIZE), tf.float32)


# The function, its mean and its variance. The input is 0.
DRAWS = {
    "normal": (lambda x: tf.random.normal(tf.shape(x), 1.0, 2.0), 1, 4),
    "uniform": (lambda x: tf.random.uniform(tf.shape(x)), 1 / 2, 1 / 12),
    "integers": (
        lambda x: tf.cast(tf.random.uniform(tf.shape(x), 0, 7, tf.int32), tf.float32), 3, 4
    ),
    "truncated": (lambda x: tf.random.truncated_normal(tf.shape(x)), 0, 0.774),
    "gamma": (lambda x: tf.random.gamma([], rates(x)), 3, 3),
    "poisson": (lambda x: tf.random.poisson([], rates(x)), 3, 3),
    "categorical": (chosen, 3 / 4, 3 / 16),
    "dropout": (lambda x: tf.nn.dropout(x + 1, 0.5), 1, 1),
    "keras normal": (lambda x: keras.random.normal(keras.ops.shape(x), 1.0, 2.0), 1, 4),
    "keras dropout": (lambda x: keras.random.dropout(x + 1, 0.5), 1, 1),
    "layer": (lambda: Noise("tensorflow"), 0, 1),
    "keras layer": (lambda: Noise("keras"), 0, 1),
    "a tf.function": (decorated, 0, 1),
    "a branch": (branch, 0, 1),
}  # fmt: skip


def drawn(*funcs, seed=1, cuts=(STEPS,), feedback=False, **settings):
    """What a TensorNode of each function put out, ``(batch, steps, size)``; of one, not a list."""
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(**settings)
        probes = []
        for func in funcs:
            made = (
                func()
                if getattr(func, "__code__", None) and not func.__code__.co_argcount
                else func
            )
            node = nengolab.TensorNode(made, shape_in=SIZE, pass_time=False)
            nengo.Connection(nengo.Node(np.zeros(SIZE)), node, synapse=None)
            if feedback:
                nengo.Connection(node, node, synapse=0.01, transform=0)
            probes.append(nengo.Probe(node))
    with nengolab.Simulator(net, seed=seed, minibatch_size=ITEMS, progress_bar=False) as sim:
        for n in cuts:
            sim.run_steps(n)
        found = [sim.data[p].copy() for p in probes]
    return found if len(funcs) > 1 else found[0]


@pytest.fixture(scope="module")
def draws():
    """Of each function: what one simulator draws, another of its seed, and one of another."""
    funcs = [func for func, _, _ in DRAWS.values()]
    keras.utils.set_random_seed(1)
    first = drawn(*funcs)
    keras.utils.set_random_seed(2)
    again = drawn(*funcs, cuts=(1, 2, 3))
    return dict(zip(DRAWS, zip(first, again, drawn(*funcs, seed=2), strict=True), strict=True))


@pytest.mark.parametrize("name", DRAWS)
def test_draws_follow_the_seed_and_nothing_else(draws, name):
    """The same in two simulators of one seed, others in each step, item and seed."""
    _, mean, variance = DRAWS[name]
    first, again, other = draws[name]
    np.testing.assert_array_equal(again, first)
    assert not np.array_equal(other, first)
    rows = first.reshape(-1, SIZE)
    assert len(np.unique(rows, axis=0)) == len(rows)
    # Four standard errors, of numbers that the seed fixes.
    assert abs(rows.mean() - mean) < 4 * np.sqrt(variance / rows.size)
    assert rows.var() == pytest.approx(variance, rel=0.25)


def test_shuffle_keeps_what_it_shuffles():
    x = tf.range(float(SIZE))

    def shuffled(given):
        return tf.tile(tf.random.shuffle(x)[None], [given.shape[0], 1])

    found = drawn(shuffled)
    np.testing.assert_array_equal(np.sort(found, axis=2), np.broadcast_to(x, found.shape))
    assert len(np.unique(found[0], axis=0)) == STEPS
    np.testing.assert_array_equal(drawn(shuffled), found)


def test_draws_do_not_depend_on_what_else_runs():
    """Nor on how many steps run at once. (XLA has a generator of its own for the same key.)"""
    names = "normal", "keras layer", "a tf.function"
    funcs = [DRAWS[name][0] for name in names]
    stepped = drawn(*funcs, schedule="stepped")
    fed_back = drawn(*funcs, cuts=(2, 4), feedback=True)
    for name, func, *found in zip(names, funcs, stepped, fed_back, strict=True):
        np.testing.assert_array_equal(drawn(func, func)[0], drawn(func), err_msg=name)
        np.testing.assert_allclose(found[1], found[0], rtol=1e-5, err_msg=name)
        assert len(np.unique(found[0].reshape(-1, SIZE), axis=0)) == ITEMS * STEPS, name


def test_each_node_and_each_draw_has_numbers_of_its_own():
    a, b = drawn(*[DRAWS["normal"][0]] * 2)
    assert not np.any(a == b)
    twice = drawn(lambda x: tf.random.normal(tf.shape(x)) - tf.random.normal(tf.shape(x)))
    assert not np.any(twice == 0)


def test_a_draw_with_a_seed_of_its_own_follows_that():
    def func(x):
        return tf.random.normal(tf.shape(x), seed=5)

    first = drawn(func)
    np.testing.assert_array_equal(drawn(func, seed=2), first)
    assert len(np.unique(first[0], axis=0)) == STEPS
    assert not np.array_equal(drawn(lambda x: tf.random.normal(tf.shape(x), seed=6)), first)


def test_reset_state_and_pickles_bring_the_same_numbers_again():
    with nengo.Network(seed=0) as net:
        node = nengolab.TensorNode(decorated, shape_in=3, pass_time=False)
        probe = nengo.Probe(node)
    with nengolab.Simulator(net, seed=1, progress_bar=False) as sim:
        sim.run_steps(4)
        state = sim.state
        sim.run_steps(4)
        first = sim.data[probe].copy()
        sim.state = state
        sim.run_steps(4)
        np.testing.assert_array_equal(sim.data[probe][-4:], first[4:])
        sim.reset()
        sim.run_steps(8)
        np.testing.assert_array_equal(sim.data[probe], first)
        sim.reset(seed=2)
        sim.run_steps(8)
        assert not np.any(sim.data[probe] == first)
    with nengo.Network(seed=0) as net:
        node = nengolab.TensorNode(add, shape_in=3, pass_time=False)
        probe = nengo.Probe(node)
    with nengolab.Simulator(net, seed=1, progress_bar=False) as sim:
        sim.run_steps(4)
        with pickle.loads(pickle.dumps(sim)) as again:
            for one in (sim, again):
                one.run_steps(4)
            own = again.network.probes[0]
            np.testing.assert_array_equal(again.data[own], sim.data[probe])


# -- training ------------------------------------------------------------------------------------


def noisy(func, feedback=False, strength=0.5):
    """Weights of 2 behind which noise is added."""
    with nengo.Network(seed=0) as net:
        net.x = nengo.Node(np.zeros(3), label="x")
        node = nengolab.TensorNode(func, shape_in=3, pass_time=False, label="noise")
        nengo.Connection(net.x, node, transform=2 * np.eye(3), synapse=None)
        if feedback:
            nengo.Connection(node, node, synapse=0, transform=strength)
        net.p = nengo.Probe(node)
    return net


def add(x):
    return x + tf.random.normal(tf.shape(x))


def times(x):
    return x * tf.random.normal(tf.shape(x), dtype=x.dtype)


def losses(net, seed, stay=False, epochs=2):
    rng = np.random.RandomState(0)
    x, y = rng.normal(size=(8, 2, 3)), rng.normal(size=(8, 2, 3))
    seen = []

    class Note(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["loss"])

    with nengolab.Simulator(net, seed=seed, minibatch_size=4, progress_bar=False) as sim:
        sim.compile(keras.optimizers.SGD(0.0 if stay else 0.1), {net.p: "mse"})
        sim.fit(
            {net.x: np.tile(x[:1], (8, 1, 1)) if stay else x},
            {net.p: np.tile(y[:1], (8, 1, 1)) if stay else y},
            epochs=epochs, verbose=0, callbacks=[Note()], shuffle=False,
        )  # fmt: skip
        return np.array(seen)


@pytest.mark.parametrize("func", [add, decorated, lambda: Noise("keras")])
def test_a_fit_follows_the_seed_and_every_batch_has_noise_of_its_own(func):
    def make():
        return noisy(func() if func.__name__ == "<lambda>" else func)

    first = losses(make(), 1, stay=True)
    np.testing.assert_array_equal(losses(make(), 1, stay=True), first)
    # Equal data and equal weights: what differs is the noise.
    running = np.array([first[0], 2 * first[1] - first[0], first[2], 2 * first[3] - first[2]])
    assert len(np.unique(running.round(4))) == 4
    assert not np.allclose(losses(make(), 2, stay=True), first)


def test_runs_predictions_and_evaluations_see_the_same_noise():
    net = noisy(add)
    x = np.random.RandomState(0).normal(size=(4, 5, 3))
    with nengolab.Simulator(net, seed=1, minibatch_size=4, progress_bar=False) as sim:
        sim.compile("sgd", {net.p: "mse"})
        found = sim.predict({net.x: x})[net.p]
        np.testing.assert_array_equal(sim.predict({net.x: x})[net.p], found)
        loss = sim.evaluate({net.x: x}, {net.p: np.zeros((4, 5, 3))}, verbose=0)["loss"]
        assert loss == pytest.approx(np.mean(found**2), rel=1e-5)
    with nengolab.Simulator(noisy(add), seed=1, minibatch_size=4, progress_bar=False) as sim:
        sim.run_steps(5)
        noise = sim.data[sim.network.probes[0]]
    np.testing.assert_allclose(found, 2 * x + noise, rtol=1e-5, atol=1e-5)


@cache
def noise_of_times(feedback):
    """What was drawn, from a run of the same function and seed in which its input is 1."""
    net = noisy(times, feedback, strength=0)
    with nengolab.Simulator(net, seed=1, minibatch_size=2, progress_bar=False) as sim:
        return sim.predict({net.x: np.full((2, 6, 3), 0.5)})[net.p]


@pytest.mark.parametrize("feedback", [False, True])
@pytest.mark.parametrize("compile_with", [{}, {"checkpoint_every": 2}])
def test_a_gradient_is_that_of_what_was_drawn(feedback, compile_with):
    """A step that is computed again for its gradient draws what it drew before."""
    net = noisy(times, feedback)
    with nengolab.Simulator(net, seed=1, minibatch_size=2, progress_bar=False) as sim:
        if not compile_with:
            sim.check_gradients(n_steps=5)
        rng = np.random.RandomState(0)
        x, y = rng.normal(size=(2, 6, 3)), np.zeros((2, 6, 3))
        sim.compile(keras.optimizers.SGD(1e-3), {net.p: "mse"}, **compile_with)
        ours = sim.train_on_batch({net.x: x}, {net.p: y})["loss"]
        weights = sim.parameters["x -> noise.weights"].value
    noise = noise_of_times(feedback)
    w = tf.Variable(2 * np.eye(3))
    with tf.GradientTape() as tape:
        fed_back, out = tf.zeros((2, 3), tf.float64), []
        for i in range(6):
            given = x[:, i] @ tf.transpose(w) + (0.5 * fed_back if feedback else 0)
            fed_back = given * noise[:, i].astype(float)
            out.append(fed_back)
        loss = tf.reduce_mean(tf.stack(out) ** 2)
    expected = w.numpy() - 1e-3 * tape.gradient(loss, w).numpy()
    assert ours == pytest.approx(float(loss), rel=1e-4)
    np.testing.assert_allclose(weights, expected, rtol=1e-5, atol=1e-7)


def test_draws_in_a_loop_are_told_to_follow_no_seed():
    def func(x):
        return tf.map_fn(lambda row: row + tf.random.normal([3]), x)

    with pytest.warns(UserWarning, match="noise.*RandomStandardNormal.*cannot follow the sim"):
        with nengolab.Simulator(noisy(func), seed=1, progress_bar=False) as sim:
            sim.run_steps(2)


def test_a_function_over_a_large_batch_in_a_loop_sees_all_of_it():
    """However many cores take a share of the loop: one may need all items, for their mean."""
    size, items = 300, 200
    with nengo.Network(seed=0) as net:
        given = nengo.Node(np.zeros(size))
        node = nengolab.TensorNode(lambda x: x - tf.reduce_mean(x, 0), size, pass_time=False)
        nengo.Connection(given, node, synapse=None)
        nengo.Connection(node, node, synapse=0.01, transform=0.5)
        probe = nengo.Probe(node)
    x = np.random.RandomState(0).normal(size=(items, 3, size))
    with nengolab.Simulator(net, minibatch_size=items, progress_bar=False) as sim:
        found = sim.predict({given: x})[probe]
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
