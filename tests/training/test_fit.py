"""``fit``, ``evaluate`` and ``predict`` against plain Keras, with every form of data."""

from __future__ import annotations

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.exceptions import ValidationError
from tests.training.networks import ACTIVITY, X, Y, dense, keras_dense, recurrent, simulator


def sgd():
    return keras.optimizers.SGD(0.05)


def of_keras(logs):
    """Losses and metrics under the names that Keras gives them where there is one output."""
    return {k: v for k, v in logs.items() if not k.removeprefix("val_").startswith("p_")}


def close(a, b, rtol=2e-5):
    assert a.keys() == b.keys()
    for key in a:
        np.testing.assert_allclose(a[key], b[key], rtol=rtol, atol=1e-7, err_msg=key)


def traces(sim):
    return {(f.batch, f.training): f.program.traces for f in sim.keras_model._forms.values()}


def batches(net, size=8):
    for i in range(0, len(X), size):
        yield {net.x: X[i : i + size]}, {net.p: Y[i : i + size]}


class Batches(keras.utils.PyDataset):
    def __init__(self):
        super().__init__()

    def __len__(self):
        return 3

    def __getitem__(self, i):
        return {"x": X[8 * i : 8 * i + 8]}, {"p": Y[8 * i : 8 * i + 8]}


def test_the_same_losses_and_weights_as_keras():
    """Three epochs with a ragged last batch, validation, metrics; one trace a shape."""
    model, net = keras_dense(), dense()
    held_out = (X[:5] + 1, Y[:5])
    model.compile(sgd(), "mse", metrics=["mae"])
    options = {"epochs": 3, "shuffle": False, "verbose": 0, "validation_data": held_out}
    expected = model.fit(X, Y, batch_size=8, **options).history
    with simulator(net) as sim:
        sim.compile(sgd(), {net.p: "mse"}, metrics={net.p: ["mae"]})
        close(of_keras(sim.fit({net.x: X}, {net.p: Y}, **options).history), expected)
        assert {k: n for k, n in traces(sim).items() if k[1]} == {(8, True): 1, (6, True): 1}
        first, bias, last = model.get_weights()
        np.testing.assert_allclose(sim.data[net.first].weights, first.T, atol=1e-5)
        np.testing.assert_allclose(sim.data[net.hidden].bias, bias, atol=1e-5)
        np.testing.assert_allclose(sim.data[net.last].weights, last.T, atol=1e-5)
        evaluated = sim.evaluate(X, Y, verbose=0)
        expected = model.evaluate(X, Y, batch_size=8, verbose=0, return_dict=True)
        close(evaluated, expected | {f"p_{name}": value for name, value in expected.items()})
        np.testing.assert_allclose(sim.predict(X)[net.p], model(X), atol=1e-5)


def test_every_form_of_data_is_the_same_data():
    net = dense()
    forms = {
        "array": lambda: (X, Y),
        "list": lambda: ([X], [Y]),
        "by object": lambda: ({net.x: X}, {net.p: Y}),
        "by name": lambda: ({"x": X}, {"p": Y}),
        "generator": lambda: (batches(net), None),
        "tf.data": lambda: (
            tf.data.Dataset.from_tensor_slices(({"x": X}, {"p": Y})).batch(8),
            None,
        ),
        "PyDataset": lambda: (Batches(), None),
    }
    with simulator(net) as sim:
        sim.compile(sgd(), {net.p: "mse"}, metrics={net.p: ["mae"]})
        found = {}
        start = sim.keras_model.get_weights()
        for name, make in forms.items():
            sim.keras_model.set_weights(start)
            fitted = sim.fit(*make(), epochs=1, shuffle=False, verbose=0).history
            found[name] = {k: v[0] for k, v in fitted.items()} | {
                f"after {k}": v for k, v in sim.evaluate(*make(), verbose=0).items()
            }
        assert {k: n for k, n in traces(sim).items() if k[1]} == {(8, True): 1, (6, True): 1}
        assert len(traces(sim)) == 4
    for name, logs in found.items():
        assert logs == pytest.approx(found["array"], rel=1e-6), name
    out = keras_dense()
    out.compile(sgd(), "mse", metrics=["mae"])
    expected = out.fit(X, Y, batch_size=8, shuffle=False, verbose=0).history
    assert found["array"]["loss"] == pytest.approx(expected["loss"][0], rel=1e-5)


def test_several_probes_with_losses_weights_and_metrics_of_their_own():
    """Each probe's loss is the mean over all items, whatever the last batch holds.

    Keras averages a probe's loss over batches where it does not know how many items they hold.
    """
    model, net = keras_dense(outputs=2), dense()
    settings = {
        "loss": {"p": "mse", "activity": "mae"},
        "loss_weights": {"p": 2.0, "activity": 0.5},
        "metrics": {"p": ["mae"], "activity": ["mse"]},
    }
    y = {"p": Y, "activity": ACTIVITY}
    model.compile(sgd(), **settings)
    even = {k: v[:16] for k, v in y.items()}
    expected = model.fit(X[:16], even, batch_size=8, epochs=2, shuffle=False, verbose=0).history
    with simulator(net) as sim:
        sim.compile(sgd(), **settings)
        close(sim.fit(X[:16], even, epochs=2, shuffle=False, verbose=0).history, expected)
        stream = tf.data.Dataset.from_tensor_slices(({"x": X}, y)).batch(8)
        data = {"arrays": (X, {net.p: Y, net.activity: ACTIVITY}), "stream": (stream, None)}
        found = {form: sim.evaluate(*given, verbose=0) for form, given in data.items()}
        seen = sim.predict(X)
    of_p = np.mean((seen[net.p] - Y) ** 2)
    of_activity = np.mean(np.abs(seen[net.activity] - ACTIVITY))
    for form, logs in found.items():
        assert logs["p_loss"] == pytest.approx(of_p, rel=1e-5), form
        assert logs["activity_loss"] == pytest.approx(of_activity, rel=1e-5), form
        assert logs["loss"] == pytest.approx(2 * of_p + 0.5 * of_activity, rel=1e-5), form


def test_weights_of_samples_and_classes():
    model, net = keras_dense(), dense()
    weight = np.linspace(0, 2, len(X))
    model.compile(sgd(), "mse", weighted_metrics=["mae"])
    options = {"epochs": 2, "shuffle": False, "verbose": 0, "sample_weight": weight}
    expected = model.fit(X, Y, batch_size=8, **options).history
    classes = np.arange(len(X)).reshape(-1, 1, 1) % 2
    with simulator(net) as sim:
        sim.compile(sgd(), {net.p: "mse"}, weighted_metrics={net.p: ["mae"]})
        close(of_keras(sim.fit(X, Y, **options).history), expected)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        sim.compile(sgd(), {net.p: loss})
        start = sim.keras_model.get_weights()
        by_class = sim.fit(X, classes, class_weight={1: 3.0}, shuffle=False, verbose=0).history
        sim.keras_model.set_weights(start)
        weight = np.where(classes[:, 0, 0] == 1, 3.0, 1.0)
        by_item = sim.fit(X, classes, sample_weight=weight, shuffle=False, verbose=0).history
    close(by_class, by_item)


def test_validation_split_takes_the_last_items_as_keras_does():
    model, net = keras_dense(), dense()
    model.compile(sgd(), "mse")
    options = {"epochs": 2, "shuffle": False, "verbose": 0, "validation_split": 0.25}
    expected = model.fit(X, Y, batch_size=8, **options).history
    with simulator(net) as sim:
        sim.compile(sgd(), {net.p: "mse"})
        close(of_keras(sim.fit(X, Y, **options).history), expected)


def test_validation_data_may_have_more_steps():
    net = dense()
    with simulator(net) as sim:
        sim.compile(keras.optimizers.SGD(0.0), {net.p: "mse"})
        x, y = np.tile(X[:8], (1, 3, 1)), np.tile(Y[:8], (1, 3, 1))
        history = sim.fit(X[:8], Y[:8], validation_data=(x, y), verbose=0).history
        assert history["val_loss"] == pytest.approx(history["loss"], rel=1e-5)
        with pytest.raises(ValidationError, match="validation_data: has 3 steps"):
            sim.fit(None, Y[:8], validation_data=(None, y), verbose=0)


def test_one_batch_at_a_time():
    model, net = keras_dense(), dense()
    model.compile(sgd(), "mse", metrics=["mae"])
    with simulator(net) as sim:
        sim.compile(sgd(), {net.p: "mse"}, metrics=["mae"])
        for _ in range(2):
            expected = model.train_on_batch(X[:8], Y[:8], return_dict=True)
            found = sim.train_on_batch(X[:8], {net.p: Y[:8]})
            assert {k: found[k] for k in expected} == pytest.approx(expected, rel=1e-5)
        expected = model.test_on_batch(X[:8], Y[:8], return_dict=True)
        found = sim.test_on_batch(X[:8], {net.p: Y[:8]})
        named = {f"p_{name}": value for name, value in expected.items()}
        assert found == pytest.approx(expected | named, rel=1e-5)
        seen = sim.predict_on_batch(X[:8])[net.p]
    np.testing.assert_allclose(seen, model.predict_on_batch(X[:8]), atol=1e-5)


def test_several_batches_in_an_execution():
    """What is done at once ends with the epoch, whose number of batches need not divide."""
    net, found = dense(), []
    with simulator(net) as sim:
        start = sim.keras_model.get_weights()
        for together in (1, 2):
            sim.keras_model.set_weights(start)
            sim.compile(sgd(), {net.p: "mse"}, steps_per_execution=together)
            history = sim.fit(X, Y, epochs=2, shuffle=False, verbose=0).history
            evaluated = sim.evaluate(X, Y, verbose=0)["loss"]
            found.append(([*history["loss"], evaluated], sim.predict(X)[net.p]))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-6)
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-5)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.Adam(0.01, clipnorm=0.1),
        lambda: keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        lambda: keras.optimizers.RMSprop(0.01, clipvalue=0.01),
        lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1, global_clipnorm=0.5),
    ],
    ids=["adam", "momentum", "rmsprop", "adamw"],
)
def test_optimizers_do_what_they_do_in_keras(optimizer):
    model, net = keras_dense(), dense()
    model.compile(optimizer(), "mse")
    expected = model.fit(X[:16], Y[:16], batch_size=8, epochs=2, shuffle=False, verbose=0).history
    with simulator(net) as sim:
        sim.compile(optimizer(), {net.p: "mse"})
        found = sim.fit(X[:16], Y[:16], epochs=2, shuffle=False, verbose=0).history
    close(of_keras(found), expected)


# -- networks -----------------------------------------------------------------------------------


def test_recurrence_and_synapses_learn_with_the_right_gradients():
    net = recurrent(nengo.LIFRate(), dtype="float64")
    r = np.random.RandomState(1)
    x, y = r.randn(4, 6, 2), r.randn(4, 6, 2)
    with simulator(net, 2) as sim:
        sim.compile(keras.optimizers.Adam(), "mse")
        losses = sim.fit(x, y, epochs=4, verbose=0).history["loss"]
        sim.check_gradients(n_steps=6)  # of the same size, so that the loop is compiled once
        assert sim.predict(x)[net.p].dtype == np.float64
        assert {v.dtype for v in sim.keras_model.weights} == {"float64"}
    assert losses[-1] < losses[0]


def test_predict_is_a_run_of_nengos_simulator():
    """Spikes, synapses and recurrence, with data that each item of the batch sees alone."""
    net = recurrent(dtype="float64")
    x = np.random.RandomState(0).randn(2, 30, 2)
    with simulator(net, 2) as sim:
        found = sim.predict(x)[net.p]
    for item in range(2):
        net.x.output = nengo.processes.PresentInput(x[item], 0.001)
        with nengo.Simulator(net, progress_bar=False) as reference:
            reference.run_steps(30)
        np.testing.assert_allclose(found[item], reference.data[net.p], atol=1e-10)


def test_networks_that_nothing_is_fed_to():
    with nengo.Network(seed=0) as net:
        clock = nengo.Node(lambda t: [np.sin(30 * t)], label="clock")
        ens = nengo.Ensemble(10, 1, neuron_type=nengo.RectifiedLinear())
        nengo.Connection(clock, ens, synapse=None)
        p = nengo.Probe(ens, label="p")
    y = np.ones((4, 6, 1))
    with simulator(net, 4) as sim:
        sim.compile(keras.optimizers.Adam(0.001), "mse")
        seen = sim.predict(n_steps=6)[p]
        loss = sim.evaluate(None, y, verbose=0)["loss"]
        assert loss == pytest.approx(np.mean((seen - y) ** 2), rel=1e-5)
        losses = sim.fit(None, {p: y}, n_steps=6, epochs=3, verbose=0).history["loss"]
        assert losses[0] == pytest.approx(loss, rel=1e-4)
        assert losses[-1] < losses[0]
        seen = sim.predict(n_steps=6)[p]
        sim.run_steps(6)
        np.testing.assert_allclose(sim.data[p], seen, atol=1e-5)


def test_python_functions_noise_and_learning_rules_inside():
    """What has no gradient runs on; what learns online starts each batch anew."""
    calls = []

    def double(t, x):
        calls.append(t)
        return [2 * float(x[0])]

    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(python_functions="callback")
        x = nengo.Node([0.0], label="x")
        python = nengo.Node(double, size_in=1, size_out=1)
        noise = nengo.Node(nengo.processes.WhiteNoise(seed=1), size_out=1)
        ens = nengo.Ensemble(10, 1, neuron_type=nengo.LIFRate())
        out = nengo.Node(size_in=1)
        nengo.Connection(x, python, synapse=None)
        nengo.Connection(python, ens)
        nengo.Connection(noise, ens)
        learned = nengo.Connection(ens, out, learning_rule_type=nengo.PES(1e-2))
        nengo.Connection(out, learned.learning_rule)
        p = nengo.Probe(out)
    data = np.ones((4, 5, 1)), np.ones((4, 5, 1))
    with simulator(net, 2) as sim:
        sim.compile(keras.optimizers.Adam(0.01), "mse")
        before = sim.data[learned].weights.copy()
        losses = sim.fit(*data, epochs=3, verbose=0).history["loss"]
        assert losses[-1] < losses[0]
        assert len(calls) >= 4 * 5 * 3
        np.testing.assert_array_equal(sim.data[learned].weights, before)
        np.testing.assert_array_equal(sim.predict(data[0])[p], sim.predict(data[0])[p])
        sim.predict(data[0][:2], stateful=True)
        assert not np.array_equal(sim.data[learned].weights, before)


def test_sparse_and_convolutional_transforms():
    r = np.random.RandomState(0)
    with nengo.Network(seed=0) as net:
        x = nengo.Node(np.zeros(36), label="x")
        conv = nengo.Convolution(2, (6, 6, 1), kernel_size=(3, 3))
        size = conv.output_shape.size
        neurons = nengo.Ensemble(size, 1, neuron_type=nengo.RectifiedLinear()).neurons
        nengo.Connection(x, neurons, transform=conv, synapse=None)
        out = nengo.Node(size_in=3)
        sparse = nengo.Sparse((3, size), indices=[(0, 1), (1, 5), (2, 7), (2, 9)], init=np.ones(4))
        last = nengo.Connection(neurons, out, transform=sparse, synapse=None)
        p = nengo.Probe(out)
    with simulator(net, 4) as sim:
        sim.compile(keras.optimizers.Adam(0.01), "mse")
        before = sim.data[last].weights.toarray()
        losses = sim.fit(r.rand(8, 1, 36), r.rand(8, 1, 3), epochs=3, verbose=0).history["loss"]
        sim.check_gradients(n_steps=1)
        assert losses[-1] < losses[0]
        assert abs(sim.data[last].weights.toarray() - before).max() > 0
        assert sim.predict(r.rand(3, 1, 36))[p].shape == (3, 1, 3)


def test_spiking_classifier_learns_with_a_surrogate():
    """Two of four corners against the others; truncation changes the gradient, chunks do not."""
    r = np.random.RandomState(1)
    x = r.choice([-1.0, 1.0], (32, 1, 2)) + 0.1 * r.randn(32, 1, 2)
    labels = (x[:, :, :1] * x[:, :, 1:] > 0).astype(int)
    x, y = np.tile(x, (1, 12, 1)), np.tile(labels, (1, 12, 1))
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(surrogate="atan")
        inputs = nengo.Node(np.zeros(2))
        hidden = nengo.Ensemble(
            32, 1, neuron_type=nengo.LIF(tau_ref=0.001), gain=np.ones(32), bias=r.rand(32)
        )
        out = nengo.Node(size_in=2)
        first = r.randn(32, 2)
        nengo.Connection(inputs, hidden.neurons, transform=first, synapse=None)
        last = r.randn(2, 32) * 1e-3
        nengo.Connection(hidden.neurons, out, transform=last, synapse=0.005)
        nengo.Probe(out)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    found = {}
    with simulator(net, 16) as sim:
        start = sim.keras_model.get_weights()
        for name, options in {
            "truncated": {"truncate": 4},
            "chunks": {"checkpoint_every": 4},
            "whole": {},
        }.items():
            sim.keras_model.set_weights(start)
            sim.compile(keras.optimizers.Adam(0.03), loss, metrics=["accuracy"], **options)
            epochs = 12 if name == "whole" else 2
            found[name] = sim.fit(x, y, epochs=epochs, shuffle=False, verbose=0).history
        accuracy = sim.evaluate(x, y, verbose=0)["accuracy"]
    np.testing.assert_allclose(found["chunks"]["loss"], found["whole"]["loss"][:2], rtol=1e-4)
    assert abs(found["truncated"]["loss"][1] - found["whole"]["loss"][1]) > 1e-3
    assert accuracy > 0.85


# -- Keras layers -------------------------------------------------------------------------------


def layered():
    with nengo.Network(seed=0) as net:
        x = nengo.Node(np.zeros(3), label="x")
        dense = keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L2(0.1))
        h = nengolab.Layer(dense)(x)
        h = nengolab.Layer(keras.layers.BatchNormalization(momentum=0.5))(h)
        h = nengolab.Layer(keras.layers.Dropout(0.5, seed=3))(h)
        net.p = nengo.Probe(nengolab.Layer(keras.layers.Dense(2))(h), label="p")
    return net


def test_layers_follow_training_and_regularizers_count():
    net = layered()
    with simulator(net, 8) as sim:
        sim.compile(keras.optimizers.SGD(0.0), "mse")
        average = next(v for v in sim.keras_model.weights if "moving_mean" in v.path)
        kernel = next(v for v in sim.keras_model.weights if v.path.endswith("kernel"))
        before = sim.predict(X[:8])[net.p]
        a = sim.fit(X[:8], Y[:8], epochs=2, verbose=0).history["loss"]
        assert a[0] != a[1]  # dropout draws anew
        assert np.abs(average.numpy()).max() > 0
        seen = sim.predict(X[:8])[net.p]
        assert not np.array_equal(seen, before)  # normalised by averages
        np.testing.assert_array_equal(seen, sim.predict(X[:8])[net.p])  # nothing is dropped
        logs = sim.evaluate(X[:8], Y[:8], verbose=0)
        penalty = 0.1 * np.sum(kernel.numpy() ** 2)
        assert logs["p_loss"] == pytest.approx(np.mean((seen - Y[:8]) ** 2), rel=1e-4)
        assert logs["loss"] == pytest.approx(logs["p_loss"] + penalty, rel=1e-5)


def test_mixed_precision_inside():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        net = layered()
    finally:
        keras.mixed_precision.set_global_policy("float32")
    with simulator(net, 8) as sim:
        sim.compile(keras.optimizers.Adam(0.01), "mse")
        losses = sim.fit(X[:16], Y[:16], epochs=30, verbose=0).history["loss"]
        assert losses[-1] < losses[0]
        assert {v.dtype for v in sim.keras_model.trainable_weights} == {"float32"}


def test_a_layer_that_occurs_twice_is_penalised_once():
    shared = keras.layers.Dense(3, kernel_regularizer=keras.regularizers.L2(0.1))
    with nengo.Network(seed=0) as net:
        x = nengo.Node(np.zeros(3), label="x")
        p = nengo.Probe(nengolab.Layer(shared)(nengolab.Layer(shared)(x)))
    y = X[:8] * 0.5
    with simulator(net, 8) as sim:
        sim.compile(keras.optimizers.SGD(0.0), "mse")
        loss = sim.fit(X[:8], y, verbose=0).history["loss"][0]
        kernel = next(v for v in sim.keras_model.weights if v.path.endswith("kernel")).numpy()
        own = np.mean((sim.predict(X[:8])[p] - y) ** 2)
    assert loss == pytest.approx(own + 0.1 * np.sum(kernel**2), rel=1e-4)


def test_functions_on_tensors_pass_gradients():
    with nengo.Network(seed=0) as net:
        x = nengo.Node(np.zeros(3), label="x")
        node = nengolab.TensorNode(lambda t, x: tf.tanh(x) * 2, shape_in=(3,))
        nengo.Connection(x, node, transform=np.eye(3) * 0.5, synapse=None)
        nengo.Probe(node)
    with simulator(net, 8) as sim:
        sim.compile(keras.optimizers.Adam(0.05), "mse")
        losses = sim.fit(X[:8], np.tanh(X[:8]) * 2, epochs=5, verbose=0).history["loss"]
        sim.check_gradients()
    assert losses[-1] < losses[0]
