"""Random Keras models convert and compute the same, or are refused by name.

``NENGOLAB_MODELS=200`` tries as many.
"""

import os
import time

import keras
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nengolab

L = keras.layers
MODELS = int(os.environ.get("NENGOLAB_MODELS", "6"))
ACTIVATIONS = ("linear", "relu", "relu6", "leaky_relu", "sigmoid", "tanh", "softplus")
PADDINGS = ("valid", "same")


@st.composite
def layer_for(draw, shape):
    """A layer that can be called on an item of this shape."""
    activation = draw(st.sampled_from(ACTIVATIONS))
    anywhere = [
        lambda: L.Activation(activation),
        lambda: L.Dense(draw(st.integers(1, 4)), activation=activation),
        lambda: L.BatchNormalization(),
        lambda: L.Dropout(0.3),
        lambda: L.Flatten(),
        lambda: L.Rescaling(draw(st.sampled_from([-0.5, 2.0])), 0.25),
    ]
    if len(shape) < 2:
        return draw(st.sampled_from(anywhere))()
    n, size = len(shape) - 1, min(shape[:-1])
    width = draw(st.integers(1, min(3, size)))
    padding = draw(st.sampled_from(PADDINGS))
    stride = draw(st.integers(1, 3))
    dilation = draw(st.integers(1, 2)) if stride == 1 and 2 * (width - 1) < size else 1
    filters = draw(st.integers(1, 3))
    how = {"padding": padding, "activation": activation, "use_bias": draw(st.booleans())}
    places = [
        lambda: getattr(L, f"Conv{n}D")(filters, width, stride, dilation_rate=dilation, **how),
        lambda: getattr(L, f"Conv{n}DTranspose")(filters, width, stride, **how),
        lambda: getattr(L, f"AveragePooling{n}D")(width, stride, padding),
        lambda: getattr(L, f"MaxPooling{n}D")(width, stride, padding),
        lambda: getattr(L, f"GlobalAveragePooling{n}D")(),
        lambda: getattr(L, f"ZeroPadding{n}D")(draw(st.integers(1, 2))),
        lambda: getattr(L, f"UpSampling{n}D")(2),
        lambda: L.Permute(tuple(range(n + 1, 0, -1))),
        lambda: getattr(L, f"DepthwiseConv{n}D")(width, depth_multiplier=2, **how),
        lambda: getattr(L, f"SeparableConv{n}D")(filters, width, **how),
    ]
    return draw(st.sampled_from(anywhere + places))()


@st.composite
def models(draw):
    """A model with a branch or none, of one or two dimensions of places."""
    shape = draw(st.sampled_from([(5,), (7, 2), (6, 5, 2)]))
    x = tensor = keras.Input(shape)
    for _ in range(draw(st.integers(1, 5))):
        new = draw(layer_for(tuple(tensor.shape[1:])))(tensor)
        if np.prod(new.shape[1:]) > 2000:
            break
        if new.shape == tensor.shape:
            join = draw(st.sampled_from([None, L.Add, L.Subtract, L.Concatenate]))
            new = new if join is None else join()([tensor, new])
        tensor = new
    return keras.Model(x, tensor)


@settings(
    max_examples=MODELS,
    deadline=None,
    derandomize="NENGOLAB_MODELS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(models(), st.booleans())
def test_random_models_compute_what_they_did(model, inference_only):
    rng = np.random.RandomState(0)
    for variable in model.variables:
        if "seed" not in variable.path:
            low = 0.5 if "variance" in variable.path else -1
            variable.assign(rng.uniform(low, 1, variable.shape))
    converter = nengolab.Converter(model, inference_only=inference_only)
    with converter.net:
        nengolab.configure_settings(schedule="batched")
    assert converter.verify(atol=1e-5, rtol=1e-4)
    rows = converter.report().rows[1:]
    assert all(row.native or ("TensorNode" in row.became and row.instead) for row in rows)


def test_a_model_of_fifty_layers(capsys):
    layers = [L.Dense(64, activation="relu") for _ in range(25)]
    layers += [L.Conv1D(8, 3, padding="same", activation="relu") for _ in range(24)]
    model = keras.Sequential([keras.Input((32, 8)), *layers, L.Flatten()])
    started = time.perf_counter()
    converter = nengolab.Converter(model)
    with capsys.disabled():
        print(f"\n50 layers converted in {time.perf_counter() - started:.2f} s")
    assert len(converter.net.all_ensembles) == 49
    assert converter.report().native
