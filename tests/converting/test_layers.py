"""Every kind of layer, with options that matter, against Keras in double precision.

Layers that are alike are the outputs of one model, so that they are compiled together.
"""

import keras
import numpy as np
import pytest

import nengolab
from nengolab.converting.base import REGISTRY

pytestmark = pytest.mark.usefixtures("double_precision")

L = keras.layers
PLACES = {1: (11,), 2: (7, 6), 3: (4, 5, 3)}
CONVERTED: set[type] = set()


def numbers_in(model: keras.Model) -> None:
    """Give every variable its own numbers: zeros and ones would hide what is left out."""
    rng = np.random.RandomState(3)
    for variable in model.variables:
        if "seed" not in variable.path:
            low = 0.5 if "variance" in variable.path else -1
            variable.assign(rng.uniform(low, 1, variable.shape))


def converted(shapes, layers, **options) -> nengolab.Converter:
    """A converter of layers that all have one input of the given shape, checked as they come."""
    pairs = [(shapes, layer) for layer in layers] if isinstance(shapes, tuple) else shapes
    inputs = {shape: keras.Input(shape) for shape, _ in pairs}
    outputs = [layer(inputs[shape]) for shape, layer in pairs]
    model = keras.Model(list(inputs.values()), outputs)
    numbers_in(model)
    converter = nengolab.Converter(model, **options)
    CONVERTED.update(type(row.layer) for row in converter.rows if row.native)
    with converter.net:
        # Time batches need no compiling by XLA, which takes most of these tests otherwise.
        nengolab.configure_settings(schedule="batched")
    return converter


def convolutions():
    for n, places in PLACES.items():
        last = (*places, 4)
        conv = getattr(L, f"Conv{n}D")
        yield last, conv(3, 3, strides=2, padding="same", activation="relu")
        yield last, conv(6, 2, dilation_rate=2, padding="same", groups=2, use_bias=False)
        turned = getattr(L, f"Conv{n}DTranspose")
        yield last, turned(3, 3, strides=2, padding="same")
        yield last, turned(2, 2, strides=3, padding="valid", activation="tanh")
    yield (11, 4), L.Conv1D(2, 3, padding="causal", dilation_rate=3)
    yield (7, 6, 4), L.Conv2D(2, (3, 2), dilation_rate=(2, 1), padding="valid")
    yield (7, 6, 4), L.Conv2DTranspose(2, 3, strides=2, output_padding=1, padding="same")


def by_xla():
    """What TensorFlow computes on a CPU with XLA only."""
    for n, places in PLACES.items():
        conv = getattr(L, f"Conv{n}D")
        # As many filters as no other axis has: TensorFlow 2.21 adds biases along the last axis
        # where that has the same size.
        yield (4, *places), conv(5, 2, strides=2, padding="same", data_format="channels_first")
    yield (7, 6, 4), L.Conv2DTranspose(2, 3, dilation_rate=2, padding="same")
    yield (*PLACES[3], 4), L.AveragePooling3D(2, strides=3, padding="same")


def depthwise():
    yield (11, 4), L.DepthwiseConv1D(3, depth_multiplier=2, strides=2, padding="same")
    yield (7, 6, 4), L.DepthwiseConv2D(3, depth_multiplier=2, activation="relu")
    yield (4, 7, 6), L.DepthwiseConv2D(2, data_format="channels_first")
    yield (7, 6, 4), L.DepthwiseConv2D(2, dilation_rate=2)
    yield (11, 4), L.SeparableConv1D(3, 3, depth_multiplier=2, padding="same")
    yield (7, 6, 4), L.SeparableConv2D(3, 3, strides=2, padding="same", activation="relu")
    for n in PLACES:
        yield (4,), L.Dense(2 * n, activation=["relu", "sigmoid", "tanh"][n - 1])
        yield (*PLACES[n], 4), L.Dense(3)


def shapes():
    for n, places in PLACES.items():
        last, first = (*places, 4), (4, *places)
        yield last, getattr(L, f"ZeroPadding{n}D")(2)
        yield last, getattr(L, f"Cropping{n}D")(1)
        yield last, getattr(L, f"UpSampling{n}D")(2)
        pool = getattr(L, f"AveragePooling{n}D")
        if n < 3:
            yield last, pool(2)
            yield last, pool(2, strides=3, padding="same")
            yield first, pool(3, strides=1, padding="same", data_format="channels_first")
        yield last, getattr(L, f"GlobalAveragePooling{n}D")(keepdims=n > 1)
    yield (7, 6, 4), L.ZeroPadding2D(((0, 2), (3, 1)), data_format="channels_first")
    yield (7, 6, 4), L.Cropping2D(((1, 0), (2, 1)))
    yield (7, 6, 4), L.UpSampling2D((1, 3), data_format="channels_first")
    yield (7, 6, 4), L.Permute((3, 1, 2))
    yield (7, 6, 4), L.Reshape((6, -1))
    yield (7, 6, 4), L.Flatten(data_format="channels_first")
    yield (4,), L.RepeatVector(3)


def elementwise():
    yield from (((5,), L.ReLU(*given)) for given in ((), (0.5,), (None, 0.1)))
    yield (5,), L.LeakyReLU(0.2)
    for name in ("relu", "relu6", "leaky_relu", "sigmoid", "tanh", "linear"):
        yield (5,), L.Activation(name)
    yield (5,), L.Dense(3, activation=L.LeakyReLU(0.4))
    yield (5,), L.Identity()
    yield (5,), L.Rescaling(2.0, offset=0.5)
    for axis in (1, -1):
        yield (7, 6, 4), L.BatchNormalization(axis=axis)
    yield (5,), L.BatchNormalization(scale=False, center=False)
    for noise in (L.AlphaDropout(0.2), L.Dropout(0.2), L.GaussianDropout(0.2)):
        yield (5,), noise
    yield (5,), L.GaussianNoise(0.2)
    for n, places in PLACES.items():
        yield (*places, 4), getattr(L, f"SpatialDropout{n}D")(0.2)


@pytest.mark.parametrize("kinds", [convolutions, by_xla, depthwise, shapes, elementwise])
def test_layers_compute_what_they_compute_in_keras(kinds):
    converter = converted(list(kinds()), None, inference_only=True)
    not_native = [row.name for row in converter.report().rows if not row.native]
    assert not not_native
    # TensorFlow holds slopes in single precision.
    exact = 1e-12 if kinds is not elementwise else 1e-7
    assert converter.verify(atol=exact, rtol=exact)


def test_inputs_that_are_merged():
    x, y, z = keras.Input((3, 4), name="x"), keras.Input((3, 4)), keras.Input((1, 4))
    outputs = [
        L.Add()([x, y, x]),
        L.Subtract()([x, y]),
        L.Average()([x, y]),
        L.Concatenate(axis=1)([x, y]),
        L.Concatenate()([y, x]),
        L.Add()([x, z]),
        x + y - z,
        -(2.0 * x) / 4.0 + 1.0,
        1.5 - x,
        keras.ops.concatenate([x, z], axis=1),
    ]
    converter = nengolab.Converter(keras.Model([x, y, z], outputs), allow_fallback=False)
    CONVERTED.update(type(row.layer) for row in converter.rows)
    given = np.random.RandomState(0).uniform(-1, 1, (2, 3, 4))
    assert converter.verify(inputs=[given, given + 1, given[:, :1]], atol=1e-12)


def test_what_has_no_native_form_is_a_tensor_node_that_says_why():
    x, y = keras.Input((6, 4)), keras.Input((6, 4))
    halves = keras.ops.split(x, 2, axis=1)
    layers = [
        L.MaxPooling1D(2),
        L.GlobalMaxPooling1D(),
        L.SimpleRNN(3),
        L.Softmax(axis=1),
        L.ReLU(threshold=0.3),
        L.ReLU(max_value=1.0, negative_slope=0.1),
        L.PReLU(),
        L.ELU(),
        L.LayerNormalization(),
        L.Dense(2, activation="gelu", activity_regularizer="l2"),
        L.TimeDistributed(L.Dense(2)),
    ]
    outputs = [layer(x) for layer in layers]
    outputs += [L.Multiply()([x, y]), L.Dot(axes=2)([x, y]), x * y, halves[1], keras.ops.exp(y)]
    converter = nengolab.Converter(keras.Model([x, y], outputs))
    assert converter.verify(atol=1e-10, rtol=1e-10)
    rows = [row for row in converter.report().rows if row.shape_in]
    assert all(row.why and row.instead and "TensorNode" in row.became for row in rows)


def test_images_that_are_resized_smoothly_are_resized_by_keras():
    converter = converted((4, 5, 2), [L.UpSampling2D(2, interpolation="bilinear")])
    assert converter.verify()
    assert not converter.report().native


def test_every_converter_was_tried():
    """Those for temporal models and for names of operations are tried elsewhere."""
    kinds = {kind for kind in REGISTRY if isinstance(kind, type) and kind.__module__[:5] == "keras"}
    later = {getattr(L, f"{g}MaxPooling{n}D") for g in ("", "Global") for n in PLACES}
    later |= {L.ELU, L.PReLU, L.Softmax, L.TimeDistributed}
    assert kinds - CONVERTED - later == set()
