"""Gradients, steps and answers that are seen while a fit goes on, against other ways to them."""

import keras
import nengo
import numpy as np
import pytest

import nengolab
from nengolab import runs
from nengolab.runs.firing import firing
from nengolab.runs.watching import Watching

RNG = np.random.RandomState(0)
X = RNG.uniform(-1, 1, (40, 3, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def sim():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(stateful=False)
        net.config[nengo.Connection].synapse = None
        a = nengo.Node([0, 0], label="a")
        b = nengo.Ensemble(20, 2, neuron_type=nengo.LIF())
        nengo.Connection(a, b)
        nengo.Probe(b, label="out")
        nengo.Probe(b.neurons, label="spikes")
    with nengolab.Simulator(net, minibatch_size=10, progress_bar=False) as sim:
        yield sim


def one_batch(sim, optimizer, watching):
    sim.reset(include_trainable=True)
    sim.compile(optimizer, loss={"out": "mse"})
    sim.fit(X[:10], X[:10] ** 2, epochs=1, verbose=0, shuffle=False, callbacks=[watching])
    return {step.name: step for step in watching.steps}


@pytest.fixture(scope="module")
def gradients(sim):
    """Of the first batch, from what plain gradient descent moves."""
    sim.reset(include_trainable=True)
    before = {n: np.array(p.value) for n, p in sim.parameters.items() if p.trainable}
    sim.compile(keras.optimizers.SGD(1.0), loss={"out": "mse"})
    sim.fit(X[:10], X[:10] ** 2, epochs=1, verbose=0, shuffle=False)
    return {n: before[n] - sim.parameters[n].value for n in before}


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.SGD(0.01),
        keras.optimizers.SGD(0.01, momentum=0.9),
        keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True),
        keras.optimizers.Adam(0.01),
        keras.optimizers.AdamW(0.01),
        keras.optimizers.Nadam(0.01),
        keras.optimizers.RMSprop(0.01),
    ],
    ids=lambda o: f"{type(o).__name__} {getattr(o, 'momentum', '')}",
)
def test_gradients_are_those_that_the_optimizer_got(sim, gradients, optimizer):
    steps = one_batch(sim, optimizer, Watching())
    assert steps.keys() == gradients.keys()
    for name, step in steps.items():
        if step.gradient is None:  # an optimizer of which nobody knows what it keeps
            assert isinstance(optimizer, keras.optimizers.Nadam)
            continue
        assert step.gradient == pytest.approx(np.linalg.norm(gradients[name]), rel=5e-3)
        now = sim.parameters[name].value
        assert 0 < step.update < np.linalg.norm(now)


def test_another_optimizer_shows_how_far_it_moved_alone(sim):
    steps = one_batch(sim, keras.optimizers.Adagrad(0.01), Watching())
    assert all(step.gradient is None and step.update > 0 for step in steps.values())


def test_answers_are_those_of_predict_and_change_nothing(sim, tmp_path):
    shown = np.repeat(X[:20, :1], 6, axis=1)
    fit = {"epochs": 2, "verbose": 0, "batch_size": 10, "validation_data": (shown, shown)}
    sim.reset(include_trainable=True)
    sim.compile(keras.optimizers.Adam(0.01), loss={"out": "mse"})
    alone = sim.fit(X, X**2, **fit).history
    sim.reset(include_trainable=True)
    sim.compile(keras.optimizers.Adam(0.01), loss={"out": "mse"})
    watching = Watching({"a": shown}, "out", batch=10)
    run = runs.start(sim, X, X**2, folder=tmp_path, watchers=[watching], **fit)
    run.wait()
    assert run.history["loss"] == pytest.approx(alone["loss"], rel=1e-6)
    assert run.history["val_loss"] == pytest.approx(alone["val_loss"], rel=1e-6)
    assert "callbacks" not in run.facts["fit"]
    answers = watching.answers
    assert answers.epoch == 2
    expected = sim.predict(shown, verbose=0)[sim.network.all_probes[0]]
    seen = len(answers.outputs)
    assert seen in (10, 20)
    np.testing.assert_allclose(answers.outputs, expected[:seen].mean(axis=1), rtol=1e-5)


def test_rates_are_those_of_neurons_and_nobody_looks_in_vain(sim, tmp_path):
    shown = np.repeat(X[:10, :1], 6, axis=1)
    looked = []
    layers = {"spikes": 1.0}
    watching = Watching({"a": shown}, "out", 10, layers, lambda: bool(looked.append(1)))
    sim.compile(keras.optimizers.Adam(0.01), loss={"out": "mse"})
    fit = {"epochs": 3, "batch_size": 10, "verbose": 0}
    runs.start(sim, X, {"out": X**2}, folder=tmp_path, watchers=[watching], **fit).wait()
    assert looked
    assert watching.steps == ()
    assert watching.answers.epoch == 3  # the end of it is seen all the same
    spikes = sim.predict(shown, verbose=0)[sim.network.all_probes[1]]
    np.testing.assert_allclose(watching.answers.rates["spikes"], spikes.mean(axis=1), rtol=1e-5)


def test_how_a_layer_fires():
    found = firing(np.array([[0.0, 100.0, 480.0], [0.0, 20.0, 490.0]]), highest=500.0)
    assert (found.neurons, found.mean) == (3, pytest.approx((60 + 485) / 3))
    assert (found.dead, found.saturated) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    assert found.counts.sum() == 3
    silent = firing(np.zeros((2, 4)), highest=None)
    assert (silent.dead, silent.saturated, silent.counts[0]) == (1.0, None, 4)


def test_what_goes_wrong_with_looking_is_told_and_the_run_goes_on(sim, tmp_path):
    sim.compile("sgd", loss={"out": "mse"})
    watching = Watching({"nobody": X[:10]}, "out", batch=10)
    run = runs.start(sim, X, X**2, epochs=2, folder=tmp_path, watchers=[watching])
    assert run.wait() == "finished"
    assert "nobody" in watching.problem
    assert watching.answers is None
