"""Fits that learn nothing run, as in Keras, and say so; synapses that hide the input are named."""

from __future__ import annotations

import warnings

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from tests.training.networks import simulator

pytestmark = pytest.mark.in_turn


def layer_and_copy(trainable=True):
    """A Dense layer behind an input, and a probe on the input itself."""
    keras.utils.set_random_seed(0)
    with nengo.Network(seed=0) as net:
        net.x = nengo.Node(np.zeros(3), label="x")
        dense = keras.layers.Dense(2, trainable=trainable)
        out = nengolab.Layer(dense)(net.x)
        net.p, net.q = nengo.Probe(out, label="p"), nengo.Probe(net.x, label="q")
    net.dense = dense
    return net


def told(function, *args, **kwargs):
    """What our own warnings say, and what was returned."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*args, **kwargs)
    ours = ("no gradient", "no trainable", "nothing that is put in")
    return [str(w.message) for w in caught if any(o in str(w.message) for o in ours)], result


RNG = np.random.RandomState(0)
X, Y, Q = RNG.normal(size=(8, 2, 3)), RNG.normal(size=(8, 2, 2)), RNG.normal(size=(8, 2, 3))


def test_a_fit_with_nothing_to_train_is_an_evaluation_that_warns():
    net = layer_and_copy(trainable=False)
    weights = [w.numpy() for w in net.dense.weights]
    expected = np.mean((X @ weights[0] + weights[1] - Y) ** 2)
    with simulator(net, 8) as sim:
        sim.compile(keras.optimizers.Adam(0.1), {"p": "mse"}, metrics={"p": "mae"})
        said, history = told(sim.fit, {"x": X}, {"p": Y}, epochs=3, verbose=0)
        assert len(said) == 1
        assert "'p'" in said[0]
        np.testing.assert_allclose(history.history["loss"], [expected] * 3, rtol=1e-5)
        assert history.history.keys() == {"loss", "mae", "p_loss", "p_mae"}
        said, logs = told(sim.train_on_batch, {"x": X}, {"p": Y})
        assert logs["loss"] == pytest.approx(expected, rel=1e-5)
        # Nothing changed, and the optimizer took no step.
        for before, now in zip(weights, net.dense.weights, strict=True):
            np.testing.assert_array_equal(before, now)
        assert int(sim.keras_model.optimizer.iterations) == 0


def test_a_probe_that_nothing_trainable_reaches_is_named_and_the_others_learn_as_in_keras():
    net = layer_and_copy()
    kernel, bias = (w.numpy() for w in net.dense.weights)
    with simulator(net, 8) as sim:
        sim.compile(keras.optimizers.SGD(0.1), {"p": "mse", "q": "mse"})
        said, _ = told(sim.fit, {"x": X}, {"p": Y, "q": Q}, verbose=0)
        assert len(said) == 1
        assert "'q' sees" in said[0]
        again, _ = told(sim.fit, {"x": X}, {"p": Y, "q": Q}, verbose=0, epochs=0)
        assert again == []  # once
    direct = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    direct.set_weights([kernel, bias])
    direct.compile(keras.optimizers.SGD(0.1), "mse")
    direct.fit(X.reshape(-1, 3), Y.reshape(-1, 2), batch_size=16, verbose=0)
    for ours, theirs in zip(net.dense.weights, direct.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


class Blocked(keras.layers.Dense):
    """A Dense layer past which no gradient comes, or past whose input none does."""

    def __init__(self, of: str):
        super().__init__(3)
        self.of = of

    def call(self, x):
        if self.of == "input":
            return super().call(tf.stop_gradient(x))
        return tf.stop_gradient(super().call(x))


def outside():
    return Blocked("output")


def inside():
    return Blocked("input")


@pytest.mark.parametrize(
    ("function", "learns"),
    [
        (tf.stop_gradient, False),
        (tf.round, False),
        (lambda x: tf.where(x > 0, 1.0, 0.0), False),
        (lambda x: x + tf.stop_gradient(x), True),
        (outside, False),
        (inside, True),
    ],
)
def test_a_probe_behind_what_stops_the_gradient_is_named(function, learns):
    """Right, as the weights stay what they were with that loss alone."""
    net = layer_and_copy()
    block = function() if function in (outside, inside) else function
    with net:
        behind = nengolab.TensorNode(block, shape_in=2, pass_time=False, label="behind")
        nengo.Connection(net.p.obj, behind, synapse=None)
        nengo.Probe(behind, label="r")
    size = behind.size_out
    with simulator(net, 8) as sim:
        before = [p.value for p in map(sim.parameters.__getitem__, sim.parameters) if p.trainable]
        sim.compile(keras.optimizers.SGD(0.1), {"r": "mse"})
        sim.train_on_batch({"x": X}, {"r": np.full((8, 2, size), 0.3)})
        after = [p.value for p in map(sim.parameters.__getitem__, sim.parameters) if p.trainable]
        changed = any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
        assert changed == learns
        sim.compile(keras.optimizers.SGD(0.1), {"p": "mse", "r": "mse"})
        said, _ = told(sim.fit, {"x": X}, {"p": Y, "r": np.full((8, 2, size), 0.3)}, verbose=0)
        assert len(said) == (not learns)
        assert all("'r' sees" in line for line in said)


def chain(synapses, probe_synapse=None):
    """An input, and a Dense layer behind connections with these synapses."""
    keras.utils.set_random_seed(0)
    with nengo.Network(seed=0) as net:
        net.x = at = nengo.Node(np.zeros(3), label="x")
        for i, synapse in enumerate(synapses):
            node = nengo.Node(size_in=3, label=f"n{i}")
            nengo.Connection(at, node, synapse=synapse, label=f"way {i}")
            at = node
        out = nengolab.Layer(keras.layers.Dense(2))(at)
        nengo.Probe(out, label="p", synapse=probe_synapse)
    return net


@pytest.mark.parametrize(
    ("synapses", "of_probe", "n_steps", "hidden"),
    [
        ([0.005], None, 1, True),
        ([0.005], None, 2, False),
        ([None], None, 1, False),
        ([0], None, 1, True),
        ([nengo.Alpha(0.01), None, 0.1], None, 2, True),
        ([nengo.Alpha(0.01), None, 0.1], None, 3, False),
        ([None], 0.01, 1, True),
        ([0.1], 0.01, 3, False),
    ],
)
def test_synapses_that_hide_the_input_are_named(synapses, of_probe, n_steps, hidden):
    """Right, as what is put in makes no difference to a run of so many steps."""
    net = chain(synapses, of_probe)
    x, y = np.ones((4, n_steps, 3)), np.ones((4, n_steps, 2))
    with simulator(net, 4) as sim:
        seen = [sim.predict({"x": k * x})[net.probes[0]] for k in (1, 2)]
        assert np.array_equal(*seen) == hidden
        sim.compile("sgd", {"p": "mse"})
        said, _ = told(sim.fit, {"x": x}, {"p": y}, verbose=0)
        assert len(said) == hidden
        if hidden:
            needed = sum(s is not None for s in (*synapses, of_probe)) + 1
            assert "reaches 'p'" in said[0]
            assert f"at least {needed} steps" in said[0]
            assert "'way 0'" in said[0] or of_probe is not None
        assert told(sim.train_on_batch, {"x": x}, {"p": y})[0] == []  # said once


def test_one_way_without_synapses_is_enough():
    net = chain([0.005])
    with net:
        nengo.Connection(net.x, net.nodes[1], synapse=None)
    with simulator(net, 4) as sim:
        sim.compile("sgd", {"p": "mse"})
        assert told(sim.fit, {"x": X[:4, :1]}, {"p": Y[:4, :1]}, verbose=0)[0] == []


def sources():
    """Inputs that put out something by themselves, and the same values as data."""
    t = 0.001 * np.arange(1, 6)
    signal = nengo.processes.PresentInput([[1.0], [-2.0], [0.5]], 0.001)
    return {
        "function": (lambda t: np.sin(300 * t), np.sin(300 * t)),
        "process": (signal, np.array([1.0, -2.0, 0.5, 1.0, -2.0])),
    }


@pytest.mark.parametrize("name", ["function", "process"])
def test_a_fit_with_targets_only_is_one_with_the_inputs_given(name):
    """Also on one batch, and with validation data."""
    output, values = sources()[name]
    x, y = np.tile(values[:, None], (8, 1, 1)), RNG.normal(size=(8, 5, 2))
    held_out = RNG.normal(size=(4, 5, 2))
    losses, weights = [], []
    for given in (False, True):
        keras.utils.set_random_seed(0)
        with nengo.Network(seed=0) as net:
            source = nengo.Node(output, size_out=1, label="x")
            nengo.Probe(nengolab.Layer(keras.layers.Dense(2))(source), label="p")
        data = {"x": x} if given else None
        with simulator(net, 4) as sim:
            sim.compile(keras.optimizers.SGD(0.1), {"p": "mse"})
            kwargs = {} if given else {"n_steps": 5}
            valid = ({"x": x[:4]} if given else None, {"p": held_out})
            history = sim.fit(
                data, {"p": y}, epochs=3, verbose=0, validation_data=valid, **kwargs
            ).history
            one = sim.train_on_batch({"x": x[:4]} if given else None, {"p": y[:4]}, **kwargs)
            losses.append([*history["loss"], *history["val_loss"], one["loss"]])
            weights.append(sim.parameters["dense.kernel"].value)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-5)
