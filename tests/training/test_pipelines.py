"""Data are read without the tuner of ``tf.data``, for whose end a training would wait."""

from __future__ import annotations

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf
from nengo.exceptions import ValidationError

import nengolab
from nengolab.feeding.pipelines import in_order, steady, untuned

ITEMS, SIZE = 8, 4
X = np.random.RandomState(0).uniform(-1, 1, (ITEMS, 1, 1))
Y = X**2


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return ITEMS // SIZE

    def __getitem__(self, index):
        rows = slice(index * SIZE, (index + 1) * SIZE)
        return X[rows], Y[rows]


def batches():
    source = Batches()
    while True:
        yield from (source[i] for i in range(len(source)))


FORMS = {
    "arrays": lambda: ((X, Y), {}),
    "generator": lambda: ((batches(),), {"steps_per_epoch": 2}),
    "PyDataset": lambda: ((Batches(),), {}),
    "PyDataset with workers": lambda: ((Batches(workers=2),), {}),
    "tf.data": lambda: ((tf.data.Dataset.from_tensor_slices((X, Y)).batch(SIZE),), {}),
}


@pytest.fixture(scope="module")
def sim():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(trainable=True)
        stimulus = nengo.Node([0.0])
        ens = nengo.Ensemble(5, 1, neuron_type=nengo.RectifiedLinear())
        nengo.Connection(stimulus, ens, synapse=None)
        nengo.Probe(ens)
    with nengolab.Simulator(net, minibatch_size=SIZE, progress_bar=False) as sim:
        sim.compile(keras.optimizers.SGD(1e-3), loss="mse")
        yield sim


@pytest.fixture
def tuned(monkeypatch):
    """Of each dataset that is gone through: whether it has the tuner."""
    found = []
    through = tf.data.Dataset.__iter__

    def going(dataset):
        found.append(dataset.options().autotune.enabled)
        return through(dataset)

    monkeypatch.setattr(tf.data.Dataset, "__iter__", going)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_tuned_in_a_fit(form, sim, tuned):
    data, more = FORMS[form]()
    sim.fit(*data, epochs=2, validation_data=(X, Y), verbose=0, **more)
    assert len(tuned) >= 3  # of the training, and of each validation
    assert set(tuned) == {False}


@pytest.mark.parametrize("form", ["arrays", "PyDataset", "tf.data"])
def test_nothing_is_tuned_where_it_is_evaluated_and_predicted(form, sim, tuned):
    data, _ = FORMS[form]()
    sim.evaluate(*data, verbose=0)
    sim.predict(data[0], verbose=0)
    sim.fit(X, Y, validation_split=0.5, verbose=0)
    assert len(tuned) >= 4
    assert set(tuned) == {False}


def test_who_asks_for_the_tuner_has_it(sim, tuned):
    options = tf.data.Options()
    options.autotune.enabled = True
    own = tf.data.Dataset.from_tensor_slices((X, Y)).batch(SIZE).with_options(options)
    assert untuned(own) is own
    sim.fit(own, verbose=0)
    assert set(tuned) == {True}


def test_a_pydataset_is_told_of_epochs_and_shuffled_as_by_keras():
    calls = []

    class Told(Batches):
        def on_epoch_begin(self):
            calls.append("begin")

        def on_epoch_end(self):
            calls.append("end")

    def through(source, shuffle):
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        calls.clear()
        model.fit(source, epochs=2, verbose=0, shuffle=shuffle)
        return list(calls), model.history.history["loss"]

    source = Told()
    for shuffle in (False, True):
        expected = through(source, shuffle)
        assert through(steady(source, shuffle), shuffle) == expected
    assert steady(source).num_batches == 2


def test_arrays_keep_their_precision_and_their_order():
    x = np.arange(5) / 3
    found = [a.numpy() for a, _ in in_order((x, x), 2)]
    assert [a.dtype for a in found] == [np.float64] * 3
    assert np.array_equal(np.concatenate(found), x)


def test_what_is_held_out_comes_in_batches_of_its_own_size(sim):
    sizes = []

    class Seen(keras.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            sizes.append(batch)

    for given in ({"validation_data": (X, Y)}, {"validation_split": 0.5}):
        sizes.clear()
        items = ITEMS if "validation_data" in given else ITEMS // 2
        sim.fit(X, Y, verbose=0, validation_batch_size=2, callbacks=[Seen()], **given)
        assert sizes == list(range(items // 2))
    with pytest.raises(ValidationError, match=r"validation_batch_size.*minibatch_size 4"):
        sim.fit(X, Y, verbose=0, validation_batch_size=5, validation_data=(X, Y))
