"""Inputs that nobody feeds put out what they do in nengo.Simulator, whatever is called."""

from __future__ import annotations

import warnings
from contextlib import nullcontext

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf

import nengolab

pytestmark = pytest.mark.in_turn

P = nengo.processes
STEPS, ITEMS, BATCH = 7, 5, 3
ZEROS = np.zeros((ITEMS, STEPS, 1))


class Doubled:
    """A function that is no plain one: it is called back."""

    def __call__(self, t):
        return 2 * t


def network(small=False):
    """Nodes of every kind; not small, biases inside of networks too."""
    with nengo.Network(seed=4) as net:
        nengolab.configure_settings(trainable=None)
        net.config[nengo.Ensemble].neuron_type = nengo.LIFRate()  # the same in training
        net.x = nengo.Node([0], label="x")
        net.free = {
            "constant": nengo.Node([0.5, -0.25]),
            "zero": nengo.Node(np.zeros(2)),
            "function": nengo.Node(lambda t: [np.sin(50 * t), t]),
            "called": nengo.Node(Doubled()),
            "noise": nengo.Node(P.WhiteNoise(), size_out=2),
            "signal": nengo.Node(P.WhiteSignal(0.1, 50)),
            "shown": nengo.Node(P.PresentInput([[1], [2], [3]], 0.002)),
            "pieces": nengo.Node(P.Piecewise({0: 1, 0.003: -1})),
        }
        net.shown = {key: nengo.Probe(node, label=key) for key, node in net.free.items()}
        if not small:
            # Biases of neurons, in networks of nengo's own and below them.
            thalamus = nengo.networks.Thalamus(2, n_neurons_per_ensemble=20)
            with nengo.Network(), nengo.Network():
                inner = nengo.Node([0.75])
                nengo.Connection(inner, thalamus.input[0], synapse=None)
            net.shown["thalamus"] = nengo.Probe(thalamus.actions.input, label="thalamus")
        # Something to train, and something that is remembered, so that chunks differ from a whole.
        out = nengo.Node(size_in=1)
        net.weight = nengo.Connection(net.x, out, transform=[[0.5]], synapse=None)
        nengo.Connection(net.free["constant"][0], out, synapse=0.005)
        net.shown["out"] = nengo.Probe(out, label="out")
    return net


@pytest.fixture(scope="module")
def expected():
    """What nengo's probes see, ``(steps, size)``."""
    net = network()
    with nengo.Simulator(net, seed=9, progress_bar=False) as reference:
        reference.run_steps(STEPS)
        return {key: reference.data[probe].copy() for key, probe in net.shown.items()}


@pytest.fixture(scope="module")
def sim():
    net = network()
    with nengolab.Simulator(net, seed=9, minibatch_size=BATCH, progress_bar=False) as sim:
        sim.net = net
        yield sim


def check(found, expected, alike=("noise", "signal")):
    """``found[key]`` is ``(items, steps, size)``; noise is another one in each item."""
    for key, values in expected.items():
        items = np.asarray(found[key])
        items = items[:1] if key in alike else items
        values = np.broadcast_to(values, items.shape)
        np.testing.assert_allclose(items, values, rtol=1e-5, atol=1e-6, err_msg=key)


def by_key(sim, found):
    return {key: found[probe] for key, probe in sim.net.shown.items()}


class Batches(keras.utils.PyDataset):
    """Two batches."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return {"x": ZEROS[:BATCH]}


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(lambda net: None, id="nothing"),
        pytest.param(lambda net: {net.x: ZEROS}, id="dict"),
        pytest.param(lambda net: [ZEROS], id="list"),
        pytest.param(lambda net: iter([{"x": ZEROS[:BATCH]}, {"x": ZEROS[:2]}]), id="generator"),
        pytest.param(lambda net: iter([{"n_steps": np.full((2, 1), STEPS)}] * 2), id="steps only"),
        pytest.param(
            lambda net: tf.data.Dataset.from_tensor_slices({"x": ZEROS}).batch(BATCH), id="tf.data"
        ),
        pytest.param(lambda net: Batches(), id="PyDataset"),
    ],
)
def test_predict(sim, expected, x):
    given = x(sim.net)
    n_steps = STEPS if given is None else None
    check(by_key(sim, sim.predict(given, n_steps=n_steps)), expected)


@pytest.mark.parametrize("fed", [True, False])
@pytest.mark.parametrize("stateful", [True, False])
def test_one_batch(sim, expected, fed, stateful):
    sim.reset()
    x, n_steps = ({"x": ZEROS[:2]}, None) if fed else (None, STEPS)
    found = sim.predict_on_batch(x, n_steps=n_steps, stateful=stateful)
    check(by_key(sim, found), expected)
    assert sim.n_steps == (STEPS if stateful else 0)
    sim.reset()


def test_the_model_itself(sim, expected):
    sim.reset()
    x = {"x": ZEROS[:2].astype("float32")}
    for training in (False, True):
        check(sim.keras_model(x, training=training), expected)
    check(sim.keras_model.predict(x, verbose=0), expected)


def test_the_model_itself_follows_the_simulator(sim):
    """Called past the simulator, it starts from the state that this one has."""
    sim.reset()
    x = {"x": ZEROS[:2].astype("float32")}
    calls = (sim.keras_model, lambda x: sim.keras_model.predict(x, verbose=0))
    for call in calls:
        call(x)
    sim.run_steps(3)
    sim.set_input(sim.net.free["zero"], [7.0, 8.0])
    times = np.arange(4, 4 + STEPS) * sim.dt
    for call in calls:
        found = call(x)
        np.testing.assert_allclose(found["function"][0, :, 1], times, rtol=1e-6)
        np.testing.assert_array_equal(found["zero"][1, 0], [7, 8])
    sim.set_input(sim.net.free["zero"], None)
    sim.reset()


def test_some_are_fed_beside_the_others(sim, expected):
    given = np.random.RandomState(0).uniform(-1, 1, (ITEMS, STEPS, 2))
    for key in ("constant", "noise", "function"):
        found = by_key(sim, sim.predict({sim.net.free[key]: given}))
        np.testing.assert_allclose(found[key], given, rtol=1e-6)
        moved = {key} | ({"out"} if key == "constant" else set())
        check(found, {k: v for k, v in expected.items() if k not in moved})


@pytest.fixture(scope="module")
def trained(expected):
    """A simulator, and targets that every item meets: those of nengo, without noise."""
    net = network(small=True)
    y = {p: expected[k] for k, p in net.shown.items() if k not in ("noise", "signal")}
    with nengolab.Simulator(net, seed=9, minibatch_size=BATCH, progress_bar=False) as sim:
        yield sim, lambda n: {p: np.broadcast_to(v, (n, *v.shape)) for p, v in y.items()}


@pytest.mark.parametrize("form", [{}, {"truncate": 3}, {"checkpoint_every": 3}])
def test_losses_are_zero_where_targets_are_what_nengo_gives(trained, form):
    sim, y = trained
    sim.compile(keras.optimizers.SGD(0.0), dict.fromkeys(y(1), "mse"), **form)
    x = {"x": ZEROS[:BATCH]}
    found = [sim.train_on_batch(x, y(BATCH)), sim.train_on_batch(None, y(BATCH))]
    if not form:  # chunks are for training only
        x = {"x": ZEROS[:2]}
        found += [
            sim.train_on_batch(x, y(2)),
            sim.test_on_batch(x, y(2)),
            sim.evaluate(None, y(ITEMS), verbose=0),
        ]
        history = sim.fit({"x": ZEROS}, y(ITEMS), validation_split=0.4, verbose=0).history
        found += [{"loss": history["loss"][0]}, {"loss": history["val_loss"][0]}]
    for shown in found:
        assert shown["loss"] == pytest.approx(0, abs=1e-9)


def test_a_bias_inside_reaches_the_neurons():
    """The issue's own case: a Thalamus whose input is silent says 1, not 0."""
    with nengo.Network(seed=1) as net:
        thalamus = nengo.networks.Thalamus(1)
        probe = nengo.Probe(thalamus.output, synapse=0.01)
    with nengo.Simulator(net, progress_bar=False) as reference:
        reference.run_steps(100)
        there = reference.data[probe][-1, 0]
    with nengolab.Simulator(net, progress_bar=False) as sim:
        assert sim.predict(n_steps=100)[probe][0, -1, 0] == pytest.approx(there, abs=0.01)
    assert there > 0.9


class Remembers:
    """A function with a memory, which takes its turn among those that read the network."""

    def __init__(self):
        self.calls = 0

    def __call__(self, t, *x):
        self.calls += 1
        return self.calls


@pytest.mark.parametrize("training", [True, False])
def test_data_replace_a_function_that_has_to_take_its_turn(training):
    first, second = Remembers(), Remembers()
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(trainable=None)
        sense = nengo.Node(first, size_out=1, label="sense")
        act = nengo.Node(second, size_in=1, size_out=1)
        nengo.Connection(act, act, synapse=0)
        out = nengo.Node(size_in=1)
        nengo.Connection(sense, out, transform=[[2.0]], synapse=None)
        nengo.Connection(act, out, synapse=None)
        seen, probe = nengo.Probe(sense), nengo.Probe(out, label="out")
    given = np.random.RandomState(1).uniform(-1, 1, (1, 3, 1))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        assert sim._engine.graph.stepped_nodes == {sense}
        before = first.calls, second.calls
        with pytest.warns(UserWarning, match="no gradient") if training else nullcontext():
            found = sim.keras_model({"sense": given.astype("float32")}, training=training)
        assert first.calls == before[0]  # what is fed is not called
        after = second.calls
        assert after > before[1]
        acted = np.arange(after - 2, after + 1)[:, None]
        np.testing.assert_allclose(found["out"][0], 2 * given[0] + acted, rtol=1e-6)
        if not training:
            found = sim.predict({sense: given})
            np.testing.assert_allclose(found[seen], given, rtol=1e-6)
            before = second.calls
            # The other way round, it takes its turn.
            found = sim.predict(n_steps=3)
            np.testing.assert_array_equal(found[seen][0, :, 0], first.calls + np.arange(-2, 1))
            assert found[probe][0, -1, 0] == 2 * first.calls + second.calls


def two_inputs(second_is_heard=True):
    """The first input leads to nothing that anybody looks at."""
    with nengo.Network() as net:
        nengolab.configure_settings(trainable=None)
        net.dangling = nengo.Node([0], label="dangling")
        nengo.Connection(net.dangling, nengo.Node(size_in=1), synapse=0.01)
        net.first, net.second = (nengo.Node([0], label=name) for name in ("first", "second"))
        out = nengo.Node(size_in=2, label="out")
        nengo.Connection(net.first, out[0], synapse=None)
        nengo.Connection(
            net.second, out[1] if second_is_heard else nengo.Node(size_in=1), synapse=None
        )
        net.p = nengo.Probe(out, label="p")
    return net


ONES = np.ones((2, 3, 1))


@pytest.mark.parametrize("form", [np.asarray, lambda x: iter([x, x]), lambda x: x.tolist()])
def test_an_array_alone_is_for_the_input_that_reaches_a_probe(form):
    net = two_inputs(second_is_heard=False)
    with nengolab.Simulator(net, minibatch_size=2, progress_bar=False) as sim:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="x is fed")
            np.testing.assert_array_equal(sim.predict(form(ONES))[net.p][0, 0], [1, 0])


def test_what_only_the_order_says_is_said():
    net = two_inputs()
    with nengolab.Simulator(net, minibatch_size=2, progress_bar=False) as sim:
        with pytest.warns(UserWarning, match="fed to 'first'; 'dangling', 'second', to which noth"):
            found = sim.predict(ONES)[net.p]
        np.testing.assert_array_equal(found[0, 0], [1, 0])
        with pytest.warns(UserWarning, match="'dangling' reaches no probe, so that it has no eff"):
            found = sim.predict([ONES])[net.p]
        np.testing.assert_array_equal(found[0, 0], [0, 0])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = sim.predict([None, ONES, 2 * ONES])[net.p]
            np.testing.assert_array_equal(found[0, 0], [1, 2])
            sim.predict({net.dangling: ONES})


def test_what_python_notices_counts_as_heard():
    seen = []
    with nengo.Network() as net:
        first, second = (nengo.Node([0], label=name) for name in ("first", "second"))
        watcher = nengo.Node(lambda t, x: seen.append(x[0]), size_in=1, size_out=0)
        nengo.Connection(first, watcher, synapse=None)
        nengo.Probe(second)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.warns(UserWarning, match="x is fed to 'first'; 'second', to which nothing"):
            sim.predict(ONES[:1])
    assert seen[-3:] == [1, 1, 1]
