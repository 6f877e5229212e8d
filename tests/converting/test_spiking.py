"""A network that was converted to spikes keeps the accuracy of its Keras model, on real digits."""

import keras
import nengo
import numpy as np
import pytest
from sklearn.datasets import load_digits

import nengolab
from nengolab.converting import tuning
from nengolab.exceptions import ValidationError

L = keras.layers
STEPS = 60
RATES = (50, 1000)


@pytest.fixture(scope="module")
def digits():
    """A small convolutional net that was trained, and the digits that it has not seen."""
    pixels, labels = load_digits(return_X_y=True)
    order = np.random.RandomState(0).permutation(len(labels))
    x, labels = (pixels / 16).reshape(-1, 8, 8, 1)[order], labels[order]
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            L.Conv2D(8, 3, activation="relu", name="first"),
            L.AveragePooling2D(2),
            L.Conv2D(16, 2, activation="relu", name="second"),
            L.Flatten(),
            L.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(x[:1400], labels[:1400], batch_size=100, epochs=10, verbose=0)
    return model, x[1400:], labels[1400:]


@pytest.fixture(scope="module")
def spiking(digits):
    return nengolab.Converter(
        digits[0], allow_fallback=False, swap_activations={"relu": nengo.SpikingRectifiedLinear()}
    )


@pytest.fixture(scope="module")
def tuned(spiking, digits):
    _, x, labels = digits
    return spiking.tune(x, labels, scales=RATES, synapses=[0], n_steps=STEPS, percentile=99)


def test_spikes_keep_98_percent_of_the_accuracy_within_60_steps(tuned):
    print(tuned)
    assert tuned.keras_accuracy > 0.9
    assert tuned.best.accuracy >= 0.98 * tuned.keras_accuracy
    assert [t.rate for t in tuned.tried] == list(RATES)
    assert all(0 < t.latency <= STEPS * tuned.dt for t in tuned.tried)
    few, many = tuned.tried
    assert 2 * few.spikes < many.spikes
    assert len(tuned.to_pandas()) == 2
    assert set(many.scales) == {"first", "second"}
    points, lines = tuned.picture().children
    assert len(points.renderers) == len(lines.renderers) == len(RATES)


def test_a_chosen_setting_fires_at_its_rate(spiking, digits, tuned):
    """The fastest neurons of each layer, but for the last percent."""
    _, x, _ = digits
    setting = tuned.tried[1]
    chosen = spiking.again(**setting.options)
    report = chosen.report(x[:16], n_steps=100)
    for row in (row for row in report.rows if row.n_neurons):
        assert 0.3 * setting.rate < row.max_rate < 4 * setting.rate
        assert 0 < row.rate < row.max_rate
    assert "(most" in str(report)
    assert report.to_pandas().loc["first.0", "n_neurons"] == 6 * 6 * 8


def test_labels_of_layers_are_no_html():
    model = keras.Sequential([keras.Input((3,)), L.Dense(2, name="<img src=x>")])
    html = nengolab.Converter(model).report()._repr_html_()
    assert "<img" not in html
    assert "&lt;img" in html


def test_a_synapse_and_scales_by_layer(digits):
    model = digits[0]
    converter = nengolab.Converter(
        model,
        swap_activations={nengo.RectifiedLinear(): nengo.SpikingRectifiedLinear()},
        scale_firing_rates={"first": 50, model.get_layer("second"): 20},
        synapse={"first": 0.01},
    )
    first, second = (converter.layers[name] for name in ("first", "second"))
    gains = [set(neurons.ensemble.gain.tolist()) for neurons in (first, second)]
    assert gains == [{50.0}, {20.0}]
    assert second.ensemble.neuron_type.amplitude == 1 / 20
    conns = converter.net.all_connections
    after = [[c.synapse for c in conns if c.pre_obj is neurons] for neurons in (first, second)]
    assert after == [[nengo.Lowpass(0.01)], [None]]


def test_what_was_tried_is_kept_where_tuning_is_stopped(spiking, digits, monkeypatch):
    _, x, labels = digits
    one = tuning.run_setting
    stopped = spiking.again()

    def first_only(*given):
        if stopped.tuned.tried:
            raise KeyboardInterrupt
        return one(*given)

    monkeypatch.setattr(tuning, "run_setting", first_only)
    with pytest.raises(KeyboardInterrupt):
        stopped.tune(x[:20], labels[:20], scales=[50, 200], synapses=[0], n_steps=5)
    assert [tried.rate for tried in stopped.tuned.tried] == [50]
    assert stopped.tuned.best is stopped.tuned.tried[0]


def test_what_cannot_be_tuned_says_so(spiking, digits):
    model, x, labels = digits
    with pytest.raises(ValidationError, match=r"nothing.*spikes.*swap_activations"):
        nengolab.Converter(model).tune(x, labels)
    with pytest.raises(ValidationError, match="whole numbers, one for each of the 397 items"):
        spiking.tune(x, labels[:-1])
    with pytest.raises(ValidationError, match="scales: must be numbers above 0"):
        spiking.tune(x, labels, scales=[0])


def test_spikes_are_not_what_verify_compares():
    model = keras.Sequential([keras.Input((3,)), L.Dense(2, "relu", bias_initializer="ones")])
    swap = {"relu": nengo.SpikingRectifiedLinear()}
    converter = nengolab.Converter(model, swap_activations=swap, scale_firing_rates=100)
    with pytest.raises(ValidationError, match="spiking neurons, whose outputs are no functions"):
        converter.verify()
