"""What TensorNodes hold: parameters, copies and pickles of them, and what is refused."""

from __future__ import annotations

import copy
import pickle

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.compiler.operators.tensor import LayerParam, put_back
from nengolab.exceptions import BuildError, ValidationError
from tests.training.tensor_nodes import BATCH, noise_into
from tests.training.test_tensor_node import run


def test_variables_are_parameters_with_names_that_stay():
    """The same network built again has the same names, whatever Keras counted meanwhile."""
    names = []
    for _ in range(2):
        parts = [keras.layers.Dense(3), keras.layers.BatchNormalization()]
        parts += [keras.layers.Dropout(0.5), keras.layers.Dense(2, name="answer")]
        model = keras.Sequential([*parts, keras.layers.Dense(2)])
        net = noise_into(model, 4, shape_in=4)
        sim, _, _ = run(net, 1)
        params = sim._engine.graph.params
        names.append(list(params))
        assert all(isinstance(p, LayerParam) and p.owner is net.node for p in params.values())
        assert [p.variable for p in params.values()] == model.variables
        assert params["sequential.seed_generator_state"].value.dtype.kind in "iu"
        assert params["sequential.dense.kernel"].value.dtype == np.float64
        assert params["sequential.dense.kernel"].role == "dense.kernel"
        assert not params["sequential.batch_normalization.moving_mean"].variable.trainable
    assert names[0] == names[1]
    assert "sequential.answer.kernel" in names[0]
    assert "sequential.dense_1.kernel" in names[0]


def assert_product(found, x, matrix):
    """Equal to the product but for the roundings of its terms, which may cancel out in the sum."""
    x, matrix = np.asarray(x, np.float64), np.asarray(matrix, np.float64)
    rounding = np.finfo(np.float32).eps * (np.abs(x) @ np.abs(matrix)) * len(matrix)
    assert np.all(np.abs(found - x @ matrix) <= rounding)


def test_values_come_from_the_parameters_and_go_back_when_asked():
    layer = keras.layers.Dense(2)
    net = noise_into(layer, 4, shape_in=4)
    kernel, new = layer.kernel.numpy(), np.arange(8.0).reshape(4, 2)
    with nengolab.Simulator(net, progress_bar=False, minibatch_size=BATCH) as sim:
        runner = sim._engine.runner
        runner.set_values({"dense.kernel": new}, keep=True)
        sim.run_steps(3)
        assert_product(sim.data[net.got], sim.data[net.given], new)
        np.testing.assert_array_equal(layer.kernel.numpy(), kernel)
        put_back(sim._engine.graph, runner.value)
        np.testing.assert_array_equal(layer.kernel.numpy(), new)
        sim.reset()  # to the values with which the network was built
        sim.run_steps(3)
        assert_product(sim.data[net.got], sim.data[net.given], kernel)


def test_a_layer_in_two_nodes_is_one_set_of_parameters():
    """A part of it too."""
    shared = keras.layers.Dense(2, name="shared")
    with nengo.Network() as net:
        stimulus = nengo.Node([1.0, 2.0])
        a = nengolab.TensorNode(shared, shape_in=2)
        b = nengolab.TensorNode(shared, shape_in=2)
        c = nengolab.TensorNode(keras.Sequential([shared, keras.layers.Dense(1)]), shape_in=2)
        for node in (a, b, c):
            nengo.Connection(stimulus, node, synapse=None)
        probes = [nengo.Probe(n) for n in (a, b, c)]
    with nengolab.Simulator(net, progress_bar=False) as sim:
        assert list(sim._engine.graph.params) == [
            "shared.kernel", "shared.bias", "sequential.dense.kernel", "sequential.dense.bias"
        ]  # fmt: skip
        sim._engine.runner.set_values({"shared.kernel": np.full((2, 2), 5.0)}, keep=True)
        sim.run_steps(1)
    x = np.array([[15.0, 15.0]])
    for probe, expected in zip(probes, (x, x, c.tensor_func.layers[1](x)), strict=True):
        np.testing.assert_allclose(sim.data[probe], expected, rtol=1e-6)


def test_integer_and_double_layers_in_networks_of_the_other_precision():
    """Values are cast at the border, in both directions."""
    for dtype, policy in (("float64", "float32"), ("float32", "float64")):
        layer = keras.layers.Dense(2, dtype=policy)
        net = noise_into(layer, 4, shape_in=4)
        with net:
            nengolab.configure_settings(dtype=dtype)
        _, given, got = run(net, 20)
        assert got.dtype == dtype
        direct = layer(given.reshape(-1, 4)).numpy().reshape(got.shape)
        np.testing.assert_allclose(got, direct, rtol=1e-5, atol=1e-6)


# -- pickles and copies --------------------------------------------------------------------------


def test_a_network_with_layers_can_be_copied_and_a_simulator_pickled():
    layer = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2)])
    net = noise_into(layer, 4, shape_in=4)
    own = net.copy()
    assert own.nodes[1].tensor_func is not layer
    with nengolab.Simulator(net, progress_bar=False, seed=0) as sim:
        sim.run_steps(5)
        sim._engine.runner.set_values({"sequential.dense.kernel": np.ones((4, 3))}, keep=True)
        again = pickle.loads(pickle.dumps(sim))
        for one in (sim, again):
            one.run_steps(5)
        probes = [[p for p in s.network.probes][1] for s in (sim, again)]
        np.testing.assert_array_equal(sim.data[probes[0]], again.data[probes[1]])
        again.close()
    with nengolab.Simulator(own, progress_bar=False, seed=0) as copied:
        copied.run_steps(5)
    np.testing.assert_array_equal(copied.data[own.probes[1]], sim.data[net.got][:5])


def test_a_function_that_pickle_cannot_take_is_named():
    net = noise_into(lambda t, x: x, 2, shape_in=2, label="twice")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match="twice: pickle cannot take its function"):
            pickle.dumps(sim)
    assert copy.copy(net.node.output).shape_out == (2,)


# -- errors --------------------------------------------------------------------------------------


def held_variable():
    variable = tf.Variable(1.0, name="gain")
    return lambda t, x: variable * x


def held_layer():
    layer = keras.layers.Dense(2)
    return lambda t, x: layer(x)


WRONG = {
    "number": (3.0, {"shape_in": 2}, "must be a function on tensors or a Keras layer, got 3.0"),
    "class": (keras.layers.Dense, {"shape_in": 2}, "was given the class Dense"),
    "neurons": (nengo.LIF(), {"shape_in": 2}, "is a neuron type; nengolab.Layer"),
    "no shape": (keras.layers.Dense(2), {}, "the shape of its input is not known; give shape_in"),
    "nothing": (lambda: 0, {"pass_time": False}, "there is nothing to call it with"),
    "odd shape": (lambda t, x: x, {"shape_in": (2, -1)}, "whole numbers from 1 up.*-1"),
    "rank": (keras.layers.Conv2D(2, 3), {"shape_in": 8}, r"input of shape \(batch, 8\) failed"),
    "shape_out": (keras.layers.Dense(2), {"shape_in": 2, "shape_out": 3}, r"\(2,\) for each.*3"),
    "arguments": (lambda x: x, {"shape_in": 2}, "failed: TypeError.*pass_time"),
    "several": (lambda t, x: (x, x), {"shape_in": 2}, "one tensor, and it returned tuple of 2"),
    "none": (lambda t, x: None, {"shape_in": 2}, "one tensor, and it returned nothing"),
    "whole": (lambda t, x: tf.cast(x, tf.int32), {"shape_in": 2}, "floating type.*int32"),
    "unknown": (
        lambda t, x: tf.numpy_function(np.tanh, [x], x.dtype),
        {"shape_in": 2},
        "fixed shape",
    ),
    "batch": (lambda t, x: tf.reduce_sum(x, 0), {"shape_in": 2}, "batch axis.*returned shape"),
    "variable": (held_variable(), {"shape_in": 2}, "the variable 'gain:0'.*pass a Keras layer"),
    "layer": (held_layer(), {"shape_in": 2}, "variable.*pass a Keras layer"),
    "made": (lambda t, x: tf.Variable(1.0) * x, {"shape_in": 2}, "pass a Keras layer"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_with_the_name(case):
    func, kwargs, message = WRONG[case]
    with nengo.Network() as net, pytest.raises(ValidationError, match=f"TensorNode 'n'.*{message}"):
        nengolab.TensorNode(func, label="n", **kwargs)
    assert net.nodes == []


def test_a_given_output_shape_is_checked_when_it_is_built():
    with nengo.Network() as net:
        node = nengolab.TensorNode(lambda t, x: x, shape_in=2, shape_out=3, label="n")
        nengo.Probe(node)
    with pytest.raises(ValidationError, match=r"returns \(2,\) for each.*shape_out is \(3,\)"):
        nengolab.Simulator(net, progress_bar=False)


class Counter(keras.layers.Layer):
    """A layer that keeps something whenever it runs."""

    def build(self, shape):
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def call(self, x):
        self.count.assign_add(1.0)
        return x + self.count


def test_a_layer_with_a_memory_of_its_own_is_refused():
    net = noise_into(Counter(name="counter"), 2, shape_in=2)
    with pytest.raises(
        BuildError, match=r"counter: the layer changes its own variables.*\(count\)"
    ):
        nengolab.Simulator(net, progress_bar=False)


def test_a_replaced_output_is_refused():
    net = noise_into(lambda t, x: x, 2, shape_in=2, label="n")
    net.node.output = lambda t, x: x
    with pytest.raises(ValidationError, match="output cannot be replaced"):
        nengolab.Simulator(net, progress_bar=False)
