"""Callbacks in Keras's own fit; event files are read back with TensorFlow."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import keras
import nengo
import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf

import nengolab
from nengolab.callbacks import (
    ImagesPerSecond,
    IsolateState,
    KeepBest,
    NengoSummaries,
    TensorBoard,
)
from nengolab.exceptions import ValidationError
from nengolab.training import progress, summaries

X, Y = np.arange(20, dtype="float32").reshape(10, 2) / 20, np.ones((10, 1), "float32")


@pytest.fixture
def model():
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    made.compile(keras.optimizers.SGD(0.1), "mse")
    return made


@pytest.fixture
def network():
    with nengo.Network(seed=0) as net:
        net.stimulus = nengo.Node(0.5)
        net.a = nengo.Ensemble(20, 1, label="a")
        net.b = nengo.Ensemble(10, 1, label="b")
        nengo.Connection(net.stimulus, net.a)
        net.conn = nengo.Connection(net.a, net.b)
        net.probe = nengo.Probe(net.b, synapse=0.01)
    return net


def _events(folder):
    """``{tag: {step: value}}`` and ``{tag: plugin}`` of all event files under a folder."""
    values, plugins = {}, {}
    for path in sorted(Path(folder).rglob("events.out.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                if value.HasField("metadata"):
                    plugins[value.tag] = value.metadata.plugin_data.plugin_name
                values.setdefault(value.tag, {})[event.step] = tf.make_ndarray(value.tensor)
    return values, plugins


# -- summaries ---------------------------------------------------------------------------------


def test_histograms_count_everything(tmp_path):
    drawn = np.random.RandomState(0).randn(4, 500)
    drawn[0, :3] = np.nan, np.inf, -np.inf
    with summaries.writing(tmp_path) as writer, writer.as_default():
        summaries.histogram("drawn", drawn, step=3)
        summaries.histogram("same", np.full(7, 2.5), step=3, buckets=5)
        summaries.histogram("none", np.zeros(0), step=3)
        summaries.scalar("number", 1.25, step=4)
    values, plugins = _events(tmp_path)
    assert plugins == dict.fromkeys(["drawn", "same", "none"], "histograms") | {"number": "scalars"}
    assert values["number"][4] == 1.25
    rows = values["drawn"][3]
    assert rows.shape == (30, 3)
    finite = drawn[np.isfinite(drawn)]
    assert rows[:, 2].sum() == finite.size
    for low, high, count in rows[:-1]:
        assert count == np.sum((finite >= low) & (finite < high))
    np.testing.assert_array_equal(rows[1:, 0], rows[:-1, 1])
    assert (rows[0, 0], rows[-1, 1]) == (finite.min(), finite.max())
    same = values["same"][3]
    np.testing.assert_array_equal(same[:, :2], 2.5)
    np.testing.assert_array_equal(same[:, 2], [0, 0, 0, 0, 7])
    assert values["none"][3].shape == (30, 3)


def test_tensorboard_reads_them(tmp_path):
    from tensorboard.backend.event_processing import event_accumulator as accumulator

    with summaries.writing(tmp_path) as writer, writer.as_default():
        summaries.histogram("drawn", np.arange(10.0), step=1)
        summaries.scalar("number", 0.5, step=2)
    read = accumulator.EventAccumulator(str(tmp_path))
    read.Reload()
    tags = read.Tags()
    assert set(tags["tensors"]) == {"drawn", "number"}
    assert set(read.PluginTagToContent("histograms")) == {"drawn"}
    assert set(read.PluginTagToContent("scalars")) == {"number"}


def test_nengo_summaries(model, network, tmp_path):
    objects = [network.a, network.b.neurons, network.conn]
    with nengolab.Simulator(network, progress_bar=False) as sim:
        callback = NengoSummaries(tmp_path / "logs", sim, objects, every=2)
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[callback])
        values, plugins = _events(tmp_path)
        names = ["a.encoders", "a.gain", "a.bias"]
        a, b, conn = (sim.name_of(obj) for obj in objects)
        names = [f"{a}.encoders", f"{a}.gain", f"{a}.bias", f"{b}.gain", f"{b}.bias"]
        assert set(values) == {*names, f"{conn}.weights"}
        assert set(plugins.values()) == {"histograms"}
        assert all(set(steps) == {0, 2} for steps in values.values())
        expected = summaries.bucket_rows(sim.data[network.a].bias, 30)
        np.testing.assert_allclose(values[f"{a}.bias"][2], expected)
        assert values[f"{conn}.weights"][0][:, 2].sum() == sim.data[network.conn].weights.size


@pytest.mark.parametrize("as_scipy", [False, True])
def test_summaries_of_sparse_weights(tmp_path, as_scipy):
    places, held = [[0, 0], [1, 2], [1, 1]], [1.0, 2.0, 3.0]
    matrix = scipy.sparse.coo_matrix((held, np.transpose(places)), shape=(2, 3))
    given = {"init": matrix} if as_scipy else {"indices": places, "init": held}
    with nengo.Network(seed=0) as net:
        conn = nengo.Connection(
            nengo.Node(np.zeros(3)),
            nengo.Node(size_in=2),
            transform=nengo.Sparse((2, 3), **given),
            synapse=None,
        )
    with nengolab.Simulator(net, progress_bar=False) as sim:
        values = NengoSummaries(tmp_path, sim, conn).values()
    assert sorted(values[f"{sim.name_of(conn)}.weights"]) == held


def test_wrong_objects_of_summaries(network, tmp_path):
    with network:
        direct = nengo.Ensemble(1, 1, neuron_type=nengo.Direct())
        none = nengo.Connection(network.stimulus, nengo.Node(size_in=1))
    with nengolab.Simulator(network, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match="must be Ensembles, Neurons.*Probe"):
            NengoSummaries(tmp_path, sim, [network.probe])
        with pytest.raises(ValidationError, match="has no"):
            NengoSummaries(tmp_path, sim, direct.neurons)
        with pytest.raises(ValidationError, match="has no.*weights"):
            NengoSummaries(tmp_path, sim, [none])
        with pytest.raises(ValidationError, match="every"):
            NengoSummaries(tmp_path, sim, [network.a], every=0)


def test_tensorboard_without_its_package(model, network, tmp_path):
    with nengolab.Simulator(network, progress_bar=False) as sim:
        callback = TensorBoard(
            tmp_path, histogram_freq=1, update_freq=1, sim=sim, objects=[network.conn]
        )
        history = model.fit(
            X, Y, epochs=2, batch_size=5, verbose=0, callbacks=[callback], validation_data=(X, Y)
        ).history
        name = sim.name_of(network.conn)
    train, plugins = _events(tmp_path / "train")
    assert [float(train["epoch_loss"][e]) for e in (0, 1)] == pytest.approx(history["loss"])
    assert set(train["batch_loss"]) == {1, 2, 3, 4}
    kernels = [tag for tag, plugin in plugins.items() if plugin == "histograms"]
    assert len(kernels) == 2
    validation, _ = _events(tmp_path / "validation")
    assert float(validation["epoch_loss"][1]) == pytest.approx(history["val_loss"][1])
    parameters, _ = _events(tmp_path / "parameters")
    assert set(parameters) == {f"{name}.weights"}


def test_tensorboard_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(summaries, "has_tensorboard", lambda: False)
    with pytest.raises(ImportError, match="pip install tensorboard"):
        TensorBoard(tmp_path, write_images=True)
    with pytest.raises(ImportError, match="embeddings_freq"):
        TensorBoard(tmp_path, embeddings_freq=1)
    with pytest.raises(ValidationError, match="both, or neither"):
        TensorBoard(tmp_path, objects=[])


# -- IsolateState ------------------------------------------------------------------------------


class _Runs(keras.callbacks.Callback):
    """Moves a simulator on with each batch, as a stateful fit does, and notes where it was."""

    def __init__(self, sim):
        super().__init__()
        self.sim, self.seen = sim, []

    def _run(self, kind):
        self.seen.append((kind, self.sim.n_steps))
        self.sim.run_steps(1)

    def on_train_batch_end(self, batch, logs=None):
        self._run("train")

    def on_test_batch_end(self, batch, logs=None):
        self._run("test")

    def on_predict_batch_end(self, batch, logs=None):
        self._run("predict")


def test_isolated_state(model, network):
    with nengolab.Simulator(network, progress_bar=False) as sim:
        sim.run_steps(7)
        before = sim.state
        runs = _Runs(sim)
        both = [IsolateState(sim), runs]
        model.fit(
            X, Y, epochs=2, batch_size=5, verbose=0, callbacks=both, validation_data=(X[:5], Y[:5])
        )
        epoch = [("train", 7), ("train", 8), ("test", 7)]
        assert runs.seen == epoch * 2
        runs.seen.clear()
        model.evaluate(X, Y, batch_size=5, verbose=0, callbacks=both)
        assert runs.seen == [("test", 7), ("test", 8)]
        runs.seen.clear()
        model.predict(X, batch_size=5, verbose=0, callbacks=both)
        assert runs.seen == [("predict", 7), ("predict", 8)]
        assert sim.n_steps == 7
        for name, array in before.arrays.items():
            np.testing.assert_array_equal(sim.state.arrays[name], array)


def test_validation_gives_the_state_back(model, network):
    with nengolab.Simulator(network, progress_bar=False) as sim:
        isolate, seen = IsolateState(sim), []
        isolate.on_train_begin()
        isolate.on_epoch_begin(0)
        sim.run_steps(3)
        during = sim.state
        isolate.on_test_begin()
        seen.append(sim.n_steps)
        sim.run_steps(5)
        isolate.on_test_end()
        assert (seen, sim.n_steps) == ([0], 3)
        for name, array in during.arrays.items():
            np.testing.assert_array_equal(sim.state.arrays[name], array)


# -- ImagesPerSecond ---------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on by half a second each time it is read."""
    now = [0.0]

    def read():
        now[0] += 0.5
        return now[0]

    monkeypatch.setattr(progress, "perf_counter", read)
    return now


@pytest.mark.parametrize("verbose", [1, 2])
def test_images_per_second_are_in_the_bar(model, clock, capfd, verbose):
    class Sees(keras.callbacks.Callback):
        logs = None

        def on_train_batch_end(self, batch, logs=None):
            self.logs = logs

    bar, sees = ImagesPerSecond(4, images=10), Sees()
    history = model.fit(
        X,
        Y,
        batch_size=4,
        epochs=2,
        verbose=verbose,
        callbacks=[bar, sees],
        validation_data=(X, Y),
    )
    text = capfd.readouterr().out
    # 4 images after the first batch, 10 after the last, two readings of the clock later.
    assert bar.rate == pytest.approx(6.0)
    last = text.replace("\r", "\n").split("Epoch 2/2")[1]
    assert re.search(r"images/s: 6\.0000", last), text
    assert "val_loss" in last
    assert "images/s" in text.split("Epoch 2/2")[0]
    assert set(history.history) == {"loss", "val_loss"}
    assert set(sees.logs) == {"loss"}


def test_images_per_second_of_one_batch_and_of_evaluate(model, clock, capfd):
    bar = ImagesPerSecond(10, unit="items/s")
    model.fit(X, Y, batch_size=10, verbose=1, callbacks=[bar])
    assert bar.rate == pytest.approx(20.0)
    assert "items/s: 20.0000" in capfd.readouterr().out
    model.evaluate(X, Y, batch_size=10, verbose=1, callbacks=[bar])
    assert "items/s: 20.0000" in capfd.readouterr().out
    model.fit(X, Y, batch_size=10, verbose=0, callbacks=[bar])
    assert not capfd.readouterr().out
    with pytest.raises(ValidationError, match="batch_size"):
        ImagesPerSecond(0)


# -- KeepBest ----------------------------------------------------------------------------------


class _Weights(keras.callbacks.Callback):
    """Every epoch's weights, kept apart."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append([keras.ops.convert_to_numpy(w).copy() for w in self.model.weights])


@pytest.mark.parametrize("validation", [False, True])
def test_the_best_epoch_is_kept(model, validation):
    # Rates that diverge after the third epoch: the best one is in the middle.
    rates = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 if epoch < 3 else 4.0)
    keep, seen = KeepBest(), _Weights()
    data = {"validation_data": (X, Y)} if validation else {}
    fit = model.fit(X, Y, epochs=6, verbose=0, callbacks=[rates, keep, seen], **data)
    monitored = "val_loss" if validation else "loss"
    values = fit.history[monitored]
    best = int(np.argmin(values))
    assert 0 < best < 5
    assert (keep.monitored, keep.best_epoch) == (monitored, best)
    assert keep.best_value == pytest.approx(values[best])
    assert set(keep.best) == {w.path for w in model.weights}
    for i, variable in enumerate(model.weights):
        at_best, at_end = seen.seen[best][i], seen.seen[-1][i]
        np.testing.assert_array_equal(keep.best[variable.path], at_best)
        np.testing.assert_array_equal(keep.last[variable.path], at_end)
        assert not np.array_equal(at_best, at_end)
    keep.restore_best()
    for variable in model.weights:
        np.testing.assert_array_equal(variable, keep.best[variable.path])


def test_an_interrupted_fit_keeps_its_weights(model):
    def interrupt(batch, logs):
        if int(model.optimizer.iterations) == 5:
            raise KeyboardInterrupt

    keep = KeepBest()
    stop = keras.callbacks.LambdaCallback(on_train_batch_end=interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, epochs=4, batch_size=5, verbose=0, callbacks=[keep, stop])
    keep.keep_last()
    assert keep.best_epoch in (0, 1)
    for variable in model.weights:
        np.testing.assert_array_equal(keep.last[variable.path], variable)
    assert any(not np.array_equal(keep.last[name], keep.best[name]) for name in keep.best)


def test_a_model_may_name_its_variables(model):
    model.named_variables = {"a -> b.weights": model.weights[0], "b.bias": model.weights[1]}
    keep = KeepBest()
    model.fit(X, Y, verbose=0, callbacks=[keep])
    assert set(keep.best) == {"a -> b.weights", "b.bias"}


def _keep(keep, *logs):
    keep.set_model(SimpleNamespace(named_variables={}))
    keep.on_train_begin()
    for epoch, log in enumerate(logs):
        keep.on_epoch_end(epoch, log)
    return keep


def test_which_epoch_is_best():
    more = _keep(KeepBest("val_accuracy"), {"val_accuracy": 0.5}, {"val_accuracy": 0.4})
    assert more.best_epoch == 0
    assert _keep(KeepBest("x", "max"), {"x": 1}, {"x": 2}).best_epoch == 1
    assert _keep(KeepBest("x", "min"), {"x": 1}, {"x": 2}).best_epoch == 0
    nan = _keep(KeepBest(), {"loss": np.nan}, {"loss": 3.0}, {"loss": np.nan})
    assert nan.best_epoch == 1
    # Validation in every second epoch only.
    some = {"loss": 1.0, "val_loss": 9.0}
    rare = _keep(KeepBest(), {"loss": 1.0}, some, {"loss": 0.1})
    assert (rare.monitored, rare.best_epoch) == ("val_loss", 1)
    named = _keep(KeepBest("val_loss"), {"loss": 1.0}, some, {"loss": 0.1})
    assert named.best_epoch == 1


def test_wrong_monitors():
    with pytest.raises(ValidationError, match="no log 'val_accuracy'; there are loss, val_loss"):
        _keep(KeepBest("val_accuracy"), {"loss": 1.0, "val_loss": 1.0})
    with pytest.raises(ValidationError, match="mode='min' or mode='max'"):
        KeepBest("spikes")
    with pytest.raises(ValidationError, match="auto, min or max"):
        KeepBest(mode="most")
    with pytest.raises(ValidationError, match="no epoch has ended"):
        KeepBest().restore_best()
    never = _keep(KeepBest("val_loss"), {"loss": 1.0})
    with pytest.warns(UserWarning, match="no epoch had a val_loss.*loss: 1"):
        never.on_train_end({"loss": 1.0})
