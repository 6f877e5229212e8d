"""Training that goes on from a checkpoint computes what training without a break does."""

from __future__ import annotations

import random

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab
from nengolab.exceptions import ValidationError
from nengolab.feeding.batches import of_arrays, shuffled_batches
from nengolab.saving.training_file import Checkpoint, load_training, save_training

pytestmark = pytest.mark.in_turn

DRAW = np.random.RandomState(0)
X, Y = DRAW.randn(70, 5).astype("f4"), DRAW.randn(70, 2).astype("f4")
EPOCHS, BREAK = 6, 3


def model(optimizer=None, width=8):
    """Everything that remembers: normalisation, dropout, noise, an optimizer with moments."""
    x = given = keras.Input((5,), name="given")
    x = keras.layers.Dense(width, "relu", name="first")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Dropout(0.5, name="drop")(x)
    x = keras.layers.GaussianNoise(0.1, name="noise")(x)
    made = keras.Model(given, keras.layers.Dense(2, name="last")(x))
    made.compile(optimizer or keras.optimizers.Adam(0.05), loss="mse")
    return made


def fit(model, first=0, callbacks=(), epochs=EPOCHS):
    data = of_arrays(X, Y, None, 16, 7, {"initial_epoch": first, "epochs": epochs})
    return model.fit(**data, callbacks=list(callbacks), verbose=0).history


class Interrupt(keras.callbacks.Callback):
    """Ctrl-C within an epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.epoch, batch) == (BREAK, 2):
            raise KeyboardInterrupt


def remembering():
    return [
        keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=1, min_delta=0.3, factor=0.5),
        keras.callbacks.EarlyStopping(monitor="loss", patience=20, restore_best_weights=True),
    ]


def all_of(model):
    return [v.numpy() for v in (*model.variables, *model.optimizer.variables)]


def interrupted(path, start, optimizer=None):
    """A model like ``start`` that is trained until it is interrupted; a checkpoint stays."""
    broken = model(optimizer)
    for variable, value in zip(broken.variables, start, strict=True):
        variable.assign(value)
    keep = remembering()
    with pytest.raises(KeyboardInterrupt):
        # The checkpoint stands before the callbacks that it keeps.
        fit(broken, callbacks=[Checkpoint(path, callbacks=keep), *keep, Interrupt()])


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: keras.optimizers.Adam(0.05, amsgrad=True),
        lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.05, momentum=0.9)),
        lambda: keras.optimizers.RMSprop(
            keras.optimizers.schedules.ExponentialDecay(0.01, 4, 0.7), centered=True
        ),
    ],
)
def test_it_goes_on_with_the_same_numbers(tmp_path, optimizer):
    whole = model(optimizer())
    start = [v.numpy() for v in whole.variables]
    scheduled = "RMSprop" in type(whole.optimizer).__name__
    keep = [] if scheduled else remembering()
    history = fit(whole, callbacks=keep)
    if scheduled:
        broken = model(optimizer())
        for variable, value in zip(broken.variables, start, strict=True):
            variable.assign(value)
        with pytest.raises(KeyboardInterrupt):
            fit(broken, callbacks=[Checkpoint(tmp_path / "train"), Interrupt()])
    else:
        interrupted(tmp_path / "train", start, optimizer())
    # As in a new process: other seeds, other starting values, other numbers in Keras's names.
    resumed = model(optimizer())
    epoch = load_training(tmp_path / "train", resumed)
    assert epoch == BREAK
    keep = [] if scheduled else remembering()
    after = fit(resumed, epoch, [Checkpoint(tmp_path / "train", callbacks=keep), *keep])
    assert after["loss"] == history["loss"][BREAK:]
    if not scheduled:
        assert after["learning_rate"] == history["learning_rate"][BREAK:]
        assert len(set(history["learning_rate"])) > 1
    assert all(np.array_equal(a, b) for a, b in zip(all_of(whole), all_of(resumed), strict=True))


def test_without_memory_the_callbacks_say_so(tmp_path):
    made = model()
    save_training(tmp_path / "other", made, 1)
    keep = remembering()
    for name, what in (("nothing", "there is no file"), ("other", "made after epoch 1, not 3")):
        checkpoint = Checkpoint(tmp_path / name, callbacks=keep)
        with pytest.warns(UserWarning, match=f"without what they knew.*{what}"):
            fit(made, 3, [checkpoint, *keep], epochs=4)


def test_every_so_many_epochs(tmp_path):
    made, written = model(), []

    class Look(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            written.append(load_training(tmp_path / "a", made) if epoch >= 2 else None)

    fit(made, callbacks=[Checkpoint(tmp_path / "a", every=2), Look()], epochs=5)
    assert written == [None, None, 2, 2, 4]
    assert load_training(tmp_path / "a", made) == 4


def test_global_generators_go_on(tmp_path):
    made = model()
    save_training(tmp_path / "a", made, 0)
    drawn = np.random.rand(), random.random()
    load_training(tmp_path / "a", made)
    assert (np.random.rand(), random.random()) == drawn


def test_what_does_not_fit_changes_nothing(tmp_path):
    save_training(tmp_path / "a", model(), 2)
    for other, what in (
        (model("sgd"), "made with the optimizer Adam, the model is compiled with SGD"),
        (model(width=9), r"'model/first/kernel' is \(5, 8\) in the checkpoint, \(5, 9\) here"),
        (model(keras.optimizers.Adam(amsgrad=True)), "velocity_hat of .* is missing"),
    ):
        before = all_of(other)
        with pytest.raises(ValidationError, match=what):
            load_training(tmp_path / "a", other)
        assert all(np.array_equal(a, b) for a, b in zip(before, all_of(other), strict=False))


def test_other_settings_of_the_optimizer_are_mentioned(tmp_path):
    save_training(tmp_path / "a", model(), 2)
    with pytest.warns(UserWarning, match="beta_1 was 0.9, is 0.8"):
        load_training(tmp_path / "a", model(keras.optimizers.Adam(0.05, beta_1=0.8)))


def test_a_model_without_an_optimizer_is_refused(tmp_path):
    bare = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    with pytest.raises(ValidationError, match="call compile first"):
        save_training(tmp_path / "a", bare, 0)


# -- the order of samples --------------------------------------------------------------------------


def orders(start=0, n=6, size=10, batch=4, seed=1, shuffle=True):
    data, steps = shuffled_batches((np.arange(size),), batch, seed, start, shuffle)
    assert steps == -(-size // batch)
    return [rows.numpy().tolist() for (rows,) in data.take(n)]


def test_an_epoch_has_every_sample_once_in_an_order_of_its_own():
    batches = orders()
    assert [len(b) for b in batches] == [4, 4, 2, 4, 4, 2]
    first, second = np.concatenate(batches[:3]).tolist(), np.concatenate(batches[3:]).tolist()
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second != list(range(10))
    assert orders(seed=2) != batches
    assert orders(shuffle=False, n=3) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_an_order_goes_on_anywhere():
    batches = orders(n=9)
    for start in range(9):
        assert orders(start, 9 - start) == batches[start:]


def test_samples_stay_together_and_may_be_split_off():
    x, y, weight = {"a": np.arange(10.0)}, np.arange(10) * 2, np.arange(10) * 3
    given = {"validation_split": 0.25, "epochs": 2}
    found = of_arrays(x, y, weight, 4, 1, given)
    assert found["steps_per_epoch"] == 2
    for a, b, c in found["x"].take(2):
        assert np.array_equal(b, a["a"] * 2)
        assert np.array_equal(c, a["a"] * 3)
        assert a["a"].numpy().max() < 7
    ((a, _, _),) = found["validation_data"]
    assert a["a"].numpy().tolist() == [7, 8, 9]
    with pytest.raises(ValidationError, match="one length"):
        shuffled_batches((np.arange(3), np.arange(4)), 2, 0)


# -- through a simulator ---------------------------------------------------------------------------

# Whole batches: one form to compile.
IMAGES, TARGETS = DRAW.randn(15, 4, 3), DRAW.randn(15, 4, 2)


def _noisy(x):
    """Numbers that follow the simulator's seed and the count of batches."""
    return x + tf.random.normal(tf.shape(x))


def network(seed=5):
    with nengo.Network(seed=4) as net:
        net.u = nengo.Node(np.zeros(3), label="u")
        net.h = nengo.Ensemble(12, 2, neuron_type=nengo.LIFRate(), label="h")
        weights = np.random.RandomState(1)
        nengo.Connection(net.u, net.h.neurons, transform=weights.randn(12, 3), synapse=None)
        out = nengo.Node(size_in=2, label="out")
        drop = nengolab.Layer(keras.layers.Dropout(0.3, seed=seed))(net.h.neurons)
        noisy = nengolab.TensorNode(_noisy, shape_in=12, pass_time=False, label="noisy")
        nengo.Connection(drop, noisy, synapse=None)
        nengo.Connection(noisy, out, transform=weights.randn(2, 12) * 0.01)
        nengo.Connection(nengo.Node(nengo.processes.WhiteNoise(), label="noise"), out[0])
        net.p = nengo.Probe(out, label="p")
    return net


def trained(net, seed=11, rate=0.05, load=None, **kwargs):
    """Losses, parameters and the seed after training to the last epoch."""
    with nengolab.Simulator(net, minibatch_size=5, progress_bar=False, seed=seed) as sim:
        sim.compile(keras.optimizers.Adam(rate), "mse")
        first = 0 if load is None else sim.load_checkpoint(load)
        history = sim.fit(
            {net.u: IMAGES}, {net.p: TARGETS}, epochs=4, initial_epoch=first, verbose=0, **kwargs
        )
        engine = sim._engine
        values = {n: np.array(engine.runner.value(p)) for n, p in engine.graph.params.items()}
        return history.history["loss"], values, sim.seed


def test_a_simulator_goes_on_with_the_same_numbers(tmp_path):
    path = tmp_path / "sim"
    losses, values, _ = trained(network())
    with pytest.raises(KeyboardInterrupt):
        trained(network(), callbacks=[Checkpoint(path), Interrupt()])
    after, resumed, seed = trained(network(seed=6), seed=99, rate=0.01, load=path)
    assert seed == 11
    assert after == losses[BREAK:]
    assert values.keys() == resumed.keys()
    assert all(np.array_equal(values[n], resumed[n]) for n in values)
    # What was trained is what load_params loads, and what is trained on from there.
    with nengolab.Simulator(network(), minibatch_size=5, progress_bar=False) as sim:
        sim.load_params(path)
        weights = sim.keras_model.variable_of("u -> h.neurons.weights")
        with np.load(path.with_suffix(".npz"), allow_pickle=False) as file:
            assert np.array_equal(weights.numpy(), file["u to h.neurons.weights"])
        with pytest.raises(ValidationError, match="call compile first"):
            sim.load_checkpoint(path)
        with pytest.raises(ValidationError, match="call compile first"):
            sim.save_checkpoint(path)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_is_laid_over_a_network_is_not_what_it_trains_on_with(tmp_path, dtype):
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(trainable=True, dtype=dtype)
        ens = nengo.Ensemble(20, 1, label="ens")
        cut = nengo.Connection(nengo.Node([0]), ens.neurons, transform=np.ones((20, 1)))
        nengo.Probe(ens)
    with nengolab.Simulator(net, minibatch_size=4, progress_bar=False) as sim:
        sim.compile(keras.optimizers.Adam(0.05), "mse")
        sim.fit(np.ones((4, 5, 1)), np.ones((4, 5, 1)), verbose=0)
        variables = sim.keras_model.named_variables
        trained = {name: variable.numpy() for name, variable in variables.items()}
        sim.cut(cut)
        sim.lesion(ens, [0])
        sim.save_checkpoint(tmp_path / "cut")
        sim.mend(cut)
        sim.heal(ens)
        for variable in variables.values():
            variable.assign(0 * variable.numpy())
        sim.load_checkpoint(tmp_path / "cut")
        for name, variable in variables.items():
            np.testing.assert_array_equal(variable.numpy(), trained[name], err_msg=name)


def test_parameters_alone_are_no_checkpoint(tmp_path):
    with nengolab.Simulator(network(), minibatch_size=5, progress_bar=False) as sim:
        sim.save_params(tmp_path / "a")
        sim.compile("adam", "mse")
        with pytest.raises(ValidationError, match="is no checkpoint.*load_params"):
            sim.load_checkpoint(tmp_path / "a")
        weights = sim.keras_model.variable_of("u -> h.neurons.weights")
        weights.assign(np.zeros(weights.shape))
        sim.load_params(tmp_path / "a")
        assert weights.numpy().any()
