"""Converted networks are trained as their Keras models are; what a person asked for is done."""

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.exceptions import UnknownObject, ValidationError

pytestmark = pytest.mark.usefixtures("double_precision")

L = keras.layers


def by_columns(weights):
    """A regularizer for which it matters which axis is which."""
    return 0.02 * keras.ops.sum(keras.ops.abs(keras.ops.sum(weights, axis=0)))


def test_regularizers_count_and_constraints_hold_as_in_keras():
    """Both see a kernel as Keras has it: an axis is Keras's axis."""
    x = keras.Input((6, 6, 2), name="picture")
    kept = {
        "kernel_regularizer": by_columns,
        "kernel_constraint": keras.constraints.MaxNorm(0.3, axis=0),
        "bias_constraint": keras.constraints.NonNeg(),
        "bias_initializer": "ones",
    }
    y = L.Conv2D(4, 3, strides=2, activation="relu", kernel_regularizer="l1l2", name="first")(x)
    y = L.Conv2DTranspose(2, 3, kernel_constraint=keras.constraints.MaxNorm(0.5, axis=(0, 1)))(y)
    y = L.DepthwiseConv2D(2, depthwise_regularizer="l2", padding="same")(y)
    y = L.LayerNormalization()(L.Flatten()(y))  # a TensorNode, trained with the rest
    model = keras.Model(x, L.Dense(3, **kept)(y))
    converter = nengolab.Converter(model)
    before = model.get_weights()
    assert converter.verify(training=True, atol=1e-10, rtol=1e-8)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)

    given = np.random.RandomState(0).uniform(-1, 1, (4, 6, 6, 2))
    target = np.ones((4, 3))
    model.compile("sgd", "mse")
    theirs = model.evaluate(given, target, verbose=0)
    with nengolab.Simulator(converter.net, minibatch_size=4, progress_bar=False) as sim:
        assert list(sim.keras_model.input_names) == ["picture"]  # no biases
        sim.compile("sgd", "mse")
        ours = sim.evaluate(given.reshape(4, 1, -1), target[:, None], verbose=0)["loss"]
        assert sim.parameters["first.0.bias.weights"].trainable
    assert ours == pytest.approx(theirs, rel=1e-6)
    assert theirs > 0.05  # the regularizers are in it


def test_frozen_layers_stay_and_shared_ones_are_split_on_request():
    x, y = keras.Input((3,)), keras.Input((3,))
    shared = L.Dense(3, activation="tanh", name="twice")
    frozen = L.Dense(2, trainable=False)
    model = keras.Model([x, y], frozen(L.Add()([shared(x), shared(y)])))
    with pytest.raises(ValidationError, match=r"'twice' is called more than once.*split_shared"):
        nengolab.Converter(model)
    converter = nengolab.Converter(model, split_shared_weights=True)
    assert converter.verify()
    assert converter.layers[shared, 0] is not converter.layers[shared, 1]
    assert converter.layers["twice.1"] is converter.layers[shared, 1]
    with nengolab.Simulator(converter.net, progress_bar=False) as sim:
        trained = list(sim.parameters.trainable)
    assert trained == [f"twice.{n}.{part}.weights" for n in (0, 1) for part in ("kernel", "bias")]


def test_a_converted_network_is_plain_nengo(tmp_path):
    """It runs in nengo.Simulator, with the weights that a nengolab.Simulator wrote into it."""
    x = keras.Input((5, 4, 2))
    y = L.Conv2D(4, 2, groups=2, padding="same", activation="relu")(x)
    y = L.BatchNormalization()(L.AveragePooling2D(2)(y))
    y = L.Conv1D(3, 2, dilation_rate=2, activation="relu", name="line")(L.Reshape((8, 2))(y))
    model = keras.Model(x, L.Dense(2)(L.Flatten()(y)))
    converter = nengolab.Converter(model, freeze_batchnorm=True, scale_firing_rates=10)
    given = np.random.RandomState(0).uniform(-1, 1, (1, 5, 4, 2))
    before = model.get_layer("line").kernel.numpy()
    with nengolab.Simulator(converter.net, progress_bar=False) as sim:
        kernel = sim.parameters["line.0.kernel.weights"]
        sim.save_params(tmp_path / "weights")
        kernel.value = 0
        sim.load_params(tmp_path / "weights")
        kernel.value = 2 * kernel.value
        sim.freeze_params(converter.net)
        converter.to_keras(sim)
    np.testing.assert_array_equal(model.get_layer("line").kernel, 2 * before)
    # Biases of a converter are saved, loaded and frozen as all weights are.
    with np.load(next(tmp_path.iterdir())) as saved:
        assert "line.0.bias.weights" in saved
    converter.inputs[x].output = given.ravel()
    with nengo.Simulator(converter.net, progress_bar=False) as sim:
        sim.run_steps(1)
    (probe,) = converter.net.all_probes
    np.testing.assert_allclose(sim.data[probe][-1], model(given)[0], atol=1e-12)


def test_models_inside_models_inputs_outputs_and_names():
    inside = keras.Sequential([keras.Input((4,)), L.Dense(3, "relu", name="deep")], name="inside")
    x = keras.Input((2, 2), name="x")
    first = inside(L.Reshape((4,))(x))
    model = keras.Model(x, {"a": L.Dense(2, name="last")(first), "b": first})
    converter = nengolab.Converter(model)
    assert converter.verify(training=True)
    assert converter.layers["inside"] is converter.layers["deep"]
    assert isinstance(converter.inputs["x"], nengo.Node)
    assert converter.inputs[model.inputs[0]] is converter.inputs["x"]
    assert isinstance(converter.outputs["last"], nengo.Probe)
    with pytest.raises(UnknownObject, match="'nobody' is none of the layers; those are"):
        converter.layers["nobody"]


def test_refusals_name_the_layer_and_what_would_work():
    class Own(keras.Model):
        def call(self, x):
            return 2 * x

    own = Own()
    own(np.ones((1, 2)))
    wrong = {
        r"computes in its own call.*keras.Input": own,
        r"takes a Keras model, got .*Dense.*Sequential": L.Dense(2),
        r"shape of the input.*keras.Input": keras.Sequential([L.Dense(2)]),
        r"fixed sizes": keras.Sequential([keras.Input((None, 3)), L.Dense(2)]),
        r"Masking 'mask' makes a mask": keras.Sequential(
            [keras.Input((4, 3)), L.Masking(name="mask"), L.Flatten()]
        ),
        r"mask_zero": keras.Sequential([keras.Input((4,)), L.Embedding(5, 2, mask_zero=True)]),
    }
    for message, model in wrong.items():
        with pytest.raises(ValidationError, match=message):
            nengolab.Converter(model)
    model = keras.Sequential(
        [keras.Input((4, 3)), L.MaxPooling1D(2, name="most"), L.Flatten(), L.Dense(2, "softmax")]
    )
    with pytest.raises(ValidationError, match=r"'most' has no native form.*max_to_avg_pool"):
        nengolab.Converter(model, allow_fallback=False)
    with pytest.raises(ValidationError, match=r"computes softmax.*swap_activations"):
        nengolab.Converter(model, allow_fallback=False, max_to_avg_pool=True)
    with pytest.raises(ValidationError, match=r"output of 'dense.*means in place"):
        nengolab.Converter(model, max_to_avg_pool=True).verify()
    for option in ("scale_firing_rates", "synapse"):
        with pytest.raises(ValidationError, match=rf"{option}: has 'nobody'.*no layer.*'most'"):
            nengolab.Converter(model, **{option: {"nobody": 2}})
    with pytest.raises(ValidationError, match="scale_firing_rates: must be a number above 0"):
        nengolab.Converter(model, scale_firing_rates=-1)
    with pytest.raises(ValidationError, match="no neuron type"):
        nengolab.Converter(model, swap_activations={"softmax": "relu"})
    with pytest.warns(UserWarning, match="no layer has such an activation"):
        nengolab.Converter(model, swap_activations={"tanh": nengo.LIF()})


def test_dropout_and_batch_normalization_are_keras_s_where_they_are_trained():
    layers = [L.Dense(4), L.BatchNormalization(name="norm"), L.Dropout(0.5, name="drop")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    rows = {row.name: row for row in nengolab.Converter(model).report().rows}
    assert "inference_only" in rows["drop.0"].instead
    assert "statistics" in rows["norm.0"].why
    assert nengolab.Converter(model).verify()
    assert nengolab.Converter(model, freeze_batchnorm=True).report().rows[2].native
    only = nengolab.Converter(model, inference_only=True)
    assert only.report().native
    assert only.verify()
    assert only.layers["drop"] is only.layers["norm"]
    with pytest.raises(ValidationError, match="inference_only"):
        only.verify(training=True)


def test_temporal_models_run_in_the_time_of_the_simulation():
    x = keras.Input((None, 4, 4, 1))
    y = L.TimeDistributed(L.Conv2D(2, 3, activation="relu"))(x)
    y = L.TimeDistributed(L.Flatten())(y)
    y = L.Concatenate()([L.Dense(3, activation="softmax")(y), L.Activation("tanh")(y)])
    model = keras.Model(x, y)
    converter = nengolab.Converter(model, temporal_model=True)
    assert converter.verify(inputs=np.random.RandomState(0).rand(2, 5, 4, 4, 1))
    folded = keras.Sequential([keras.Input((3, 2)), L.Flatten(), L.Dense(2)])
    with pytest.raises(ValidationError, match="Flatten.*axis of time.*TimeDistributed"):
        nengolab.Converter(folded, temporal_model=True)
    for layer in (L.LSTM(2), L.Conv1D(2, 2), L.Softmax(axis=1)):
        model = keras.Sequential([keras.Input((3, 2)), layer])
        with pytest.raises(ValidationError, match=f"'{layer.name}' in a temporal model"):
            nengolab.Converter(model, temporal_model=True)


def test_layers_that_spike_and_filter_do_so_in_nengo_step_for_step():
    own = nengolab.keras_layers
    x = keras.Input((12, 3))
    rates = L.Rescaling(400.0)(x)
    spikes = [own.SpikingActivation(name, seed=1)(rates) for name in ("relu", "leaky_relu")]
    spikes.append(own.SpikingActivation(lambda x: 90 + 0 * x, name="called")(rates))
    steady = own.Lowpass(0.004, per_unit=True)
    filtered = [steady(spikes[0]), own.Alpha(0.003)(spikes[1]), own.Lowpass(0.002)(x)]
    with pytest.raises(ValidationError, match="'called' in a temporal model: no spiking neuron"):
        nengolab.Converter(keras.Model(x, spikes), temporal_model=True)
    model = keras.Model(x, [*spikes[:2], *filtered])
    steady.log_tau.assign(np.log([0.001, 0.004, 0.01]))
    converter = nengolab.Converter(model, temporal_model=True)
    assert converter.verify(rtol=1e-10, inputs=np.random.RandomState(0).rand(2, 12, 3))
    assert converter.report().native
    assert "3 Lowpass synapses" in str(converter.report())
    rows = nengolab.Converter(model).report().rows  # sequences at once, by Keras's layers
    assert {row.instead for row in rows if row.why} == {"temporal_model=True"}
    again = type(steady).from_config(steady.get_config())
    assert again.tau == 0.004
    layer = own.SpikingActivation("relu", dt=0.1)
    with tf.GradientTape() as tape:
        value = tf.Variable([[[2.0], [-1.0], [3.0]]], dtype="float64")
        total = tf.reduce_sum(layer(value, training=True))
    np.testing.assert_array_equal(np.ravel(tape.gradient(total, value)), [1, 0, 1])
    assert total % 10 == 0
