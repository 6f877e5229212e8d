"""What a script for another TensorFlow backend of Nengo relies on, once its import is changed."""

import keras
import nengo
import numpy as np
import pytest

import nengolab
from nengolab.exceptions import UnknownObject, ValidationError


def simulator(net, minibatch_size=None, **options):
    return nengolab.Simulator(net, minibatch_size=minibatch_size, progress_bar=False, **options)


X = np.random.RandomState(0).normal(size=(12, 1, 3)).astype("float32")
CLASSES = np.arange(12).reshape(12, 1, 1) % 2


def dense(probes=1):
    """A Keras layer inside, and one or two probes of it."""
    layer = keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    with nengo.Network(seed=0) as net:
        net.x = nengo.Node(np.zeros(3), label="pixels")
        out = nengolab.Layer(layer)(net.x)
        net.seen = [nengo.Probe(out, label=f"p{i}") for i in range(probes)]
    return net


def keras_dense():
    layer = keras.layers.Dense(2, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    return keras.Sequential([keras.Input((1, 3)), layer])


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


# -- names of losses and metrics ---------------------------------------------------------------


@pytest.mark.parametrize("weight", [None, 0.5, 0.0])
def test_a_single_probe_has_its_name_in_losses_and_metrics(weight):
    """Beside the names that Keras has; the values are Keras's, before they are weighted."""
    given = {} if weight is None else {"loss_weights": [weight]}
    model = keras_dense()
    model.compile(keras.optimizers.SGD(0.1), loss(), metrics=["accuracy"])
    if weight is not None:
        model.optimizer.learning_rate = 0.1 * weight
    options = {"epochs": 2, "shuffle": False, "verbose": 0}
    expected = model.fit(X, CLASSES, validation_data=(X[:4], CLASSES[:4]), **options).history
    net = dense()
    with simulator(net, 12) as sim:
        sim.compile(keras.optimizers.SGD(0.1), loss(), metrics=["accuracy"], **given)
        seen = sim.fit(X, CLASSES, validation_data=(X[:4], CLASSES[:4]), **options).history
        names = {"loss", "accuracy", "p0_loss", "p0_accuracy"}
        assert seen.keys() == names | {f"val_{name}" for name in names}
        for prefix in ("", "val_"):
            for name in ("loss", "accuracy"):
                values = expected[prefix + name]
                np.testing.assert_allclose(seen[f"{prefix}p0_{name}"], values, rtol=1e-5)
            np.testing.assert_array_equal(seen[f"{prefix}accuracy"], seen[f"{prefix}p0_accuracy"])
            total = (1.0 if weight is None else weight) * np.array(expected[f"{prefix}loss"])
            np.testing.assert_allclose(seen[f"{prefix}loss"], total, rtol=1e-5)
        expected = model.evaluate(X, CLASSES, verbose=0, return_dict=True)
        for found in (sim.evaluate(X, CLASSES, verbose=0), sim.test_on_batch(X, CLASSES)):
            assert found.keys() == names
            assert found["p0_loss"] == pytest.approx(expected["loss"], rel=1e-5)
            assert found["p0_accuracy"] == pytest.approx(expected["accuracy"])
        assert sim.train_on_batch(X, CLASSES).keys() == names


def test_two_probes_and_one_loss_of_two():
    net = dense(2)
    first, second = net.seen
    with simulator(net, 12) as sim:
        sim.compile("sgd", {first: loss(), second: loss()}, metrics=["accuracy"])
        both = sim.evaluate(X, {first: CLASSES, second: CLASSES}, verbose=0)
        assert both.keys() == {"loss", "p0_loss", "p1_loss", "p0_accuracy", "p1_accuracy"}
        assert both["loss"] == pytest.approx(both["p0_loss"] + both["p1_loss"], rel=1e-5)
        sim.compile("sgd", {second: loss()}, metrics={second: ["accuracy"]})
        one = sim.evaluate(X, {second: CLASSES}, verbose=0)
        assert one["p1_loss"] == one["loss"] == pytest.approx(both["p1_loss"], rel=1e-6)
        assert one["p1_accuracy"] == one["accuracy"] == pytest.approx(both["p1_accuracy"])
        sim.compile(keras.optimizers.SGD(0.0), {second: loss()})
        stop = keras.callbacks.EarlyStopping("val_p1_loss", patience=0, mode="min")
        data = (X, {second: CLASSES})
        fit = sim.fit(*data, validation_data=data, epochs=5, verbose=0, callbacks=[stop])
        assert len(fit.history["loss"]) == 2  # the second is no better than the first


def test_a_loss_that_regularizers_add_to():
    layer = keras.layers.Dense(2, kernel_regularizer=keras.regularizers.L2(0.1))
    with nengo.Network() as net:
        x = nengo.Node(np.zeros(3))
        nengo.Probe(nengolab.Layer(layer)(x), label="p")
    with simulator(net, 12) as sim:
        sim.compile("sgd", "mse")
        found = sim.evaluate(X, np.zeros((12, 1, 2)), verbose=0)
        mse = float(np.mean(np.square(layer(X))))
        assert found["p_loss"] == pytest.approx(mse, rel=1e-5)
        penalty = 0.1 * float(np.sum(np.square(layer.kernel)))
        assert found["loss"] == pytest.approx(mse + penalty, rel=1e-5)


# -- attributes --------------------------------------------------------------------------------


def test_the_keras_model_shows_inputs_and_names():
    net = dense(2)
    with net:
        nengo.Node([0.0], label="bias")
    with simulator(net, 2, unroll_simulation=5) as sim:
        model = sim.keras_model
        assert model.input_names == [i.name for i in model.inputs] == ["pixels", "bias"]
        assert [tuple(i.shape) for i in model.inputs] == [(None, None, 3), (None, None, 1)]
        assert model.output_names == [o.name for o in model.outputs] == ["p0", "p1"]
        given = {i.name: np.ones((2, 4, i.shape[-1]), "float32") for i in model.inputs}
        for output in model.outputs:
            assert model(given)[output.name].shape[1:] == (4, *output.shape[2:])
        assert sim.unroll == 5
    with nengo.Network() as net:
        nengo.Probe(nengo.Ensemble(3, 1))
    with simulator(net) as sim:
        assert sim.keras_model.input_names == ["n_steps"]


def test_dt_cannot_be_set():
    with simulator(dense(), dt=0.002) as sim:
        with pytest.raises(nengo.exceptions.ReadonlyError, match=r"Simulator\(network, dt=0.001\)"):
            sim.dt = 0.001
        assert sim.dt == 0.002


@pytest.fixture(scope="module")
def trained():
    """A decoded connection, one with full weights, and a fit that changed all of it."""
    with nengo.Network(seed=2) as net:
        net.u = nengo.Node([0.5], label="u")
        net.a = nengo.Ensemble(8, 1, neuron_type=nengo.RectifiedLinear(), label="a")
        net.b = nengo.Ensemble(6, 1, neuron_type=nengo.RectifiedLinear(), label="b")
        nengo.Connection(net.u, net.a, synapse=None)
        net.conn = nengo.Connection(net.a, net.b, synapse=0.01, function=np.square)
        net.full = nengo.Connection(
            net.a.neurons, net.b.neurons, synapse=None, transform=np.full((6, 8), 1e-3)
        )
        net.p = nengo.Probe(net.b, synapse=0.02)
        nengolab.configure_settings(dtype="float64")
    with simulator(net) as sim:
        sim.compile(keras.optimizers.SGD(1e-4), "mse")
        sim.fit(np.ones((1, 20, 1)), np.zeros((1, 20, 1)), epochs=3, verbose=0)
        yield sim, net


def test_get_params(trained):
    sim, net = trained
    pairs = [(net.conn, "weights"), (net.a, "bias"), ("b", "encoders"), (net.b.neurons, "gain")]
    found = sim.data.get_params(*pairs)
    expected = [sim.data[obj] for obj in (net.conn, net.a, net.b, net.b)]
    for array, shown, (_, attr) in zip(found, expected, pairs, strict=True):
        np.testing.assert_array_equal(array, getattr(shown, attr))
    assert np.any(found[0] != sim.model.params[net.conn].weights)  # what it was trained to
    assert sim.data.get_params() == []
    with pytest.raises(ValidationError, match="'a' has no 'weights'; it has.*'encoders'"):
        sim.data.get_params((net.a, "weights"))
    with pytest.raises(UnknownObject, match="is not in the simulated network"):
        sim.data.get_params((nengo.Ensemble(1, 1, add_to_container=False), "bias"))
    with pytest.raises(ValidationError, match=r'\(conn, "weights"\)'):
        sim.data.get_params(net.conn)


# -- to Nengo ----------------------------------------------------------------------------------


def test_nengo_params_of_a_connection_leave_the_synapse_to_the_caller(trained):
    sim, net = trained
    params = sim.get_nengo_params([net.a, net.b, net.conn, net.full])
    assert not any("synapse" in found for found in params[2:])
    with nengo.Network(seed=5) as new:
        u = nengo.Node([0.5])
        a, b = (nengo.Ensemble(n, 1, **p) for n, p in ((8, params[0]), (6, params[1])))
        nengo.Connection(u, a, synapse=None)
        nengo.Connection(a, b, synapse=0.01, **params[2])
        nengo.Connection(a.neurons, b.neurons, synapse=None, **params[3])
        probe = nengo.Probe(b, **sim.get_nengo_params(net.p))
    sim.reset(include_trainable=False)
    sim.run_steps(50)
    with nengo.Simulator(new, progress_bar=False) as ref:
        ref.run_steps(50)
    np.testing.assert_allclose(sim.data[net.p], ref.data[probe], atol=1e-9)


@pytest.mark.parametrize("what", ["node", "foreign", "name", "number"])
def test_nengo_params_of_what_it_does_not_know(trained, what):
    sim, net = trained
    foreign = nengo.Ensemble(1, 1, add_to_container=False)
    obj = {"node": net.u, "foreign": foreign, "name": "a", "number": 3}
    with pytest.raises(ValueError, match=r"objs"):
        sim.get_nengo_params(obj[what])


# -- reset and what was learned online ---------------------------------------------------------


def learning(*rules):
    """Populations for each rule, by which the connection between them learns."""
    with nengo.Network(seed=0) as net:
        u = nengo.Node(lambda t: np.sin(30 * t))
        net.conns, net.seen = {}, []
        for rule in rules:
            a = nengo.Ensemble(15, 1)
            b = nengo.Ensemble(10, 1)
            nengo.Connection(u, a)
            conn = nengo.Connection(a, b, learning_rule_type=rule, solver=solver(rule))
            if isinstance(rule, (nengo.PES, nengo.RLS)):
                nengo.Connection(b, conn.learning_rule)
            net.conns[type(rule).__name__] = conn
            net.seen.append(nengo.Probe(b, synapse=0.01))
    return net


def solver(rule):
    return nengo.solvers.LstsqL2(weights=isinstance(rule, (nengo.Oja, nengo.BCM)))


def shown(sim, net):
    """What each rule changes, by its name."""
    return {
        rule: np.array(
            sim.data[conn.post].scaled_encoders if rule == "Voja" else sim.data[conn].weights
        )
        for rule, conn in net.conns.items()
    }


def test_reset_and_what_was_learned_online():
    net = learning(
        nengo.PES(1e-3), nengo.RLS(1e-2), nengo.Oja(1e-5), nengo.BCM(1e-9), nengo.Voja(0.1)
    )
    with simulator(net) as sim:
        start = shown(sim, net)
        sim.run_steps(60)
        first, learned = [np.array(sim.data[p]) for p in net.seen], shown(sim, net)
        sim.reset(include_trainable=False)
        assert sim.n_steps == 0
        kept = shown(sim, net)
        for rule in net.conns:
            assert np.any(learned[rule] != start[rule]), rule
            np.testing.assert_array_equal(kept[rule], learned[rule], err_msg=rule)
        sim.run_steps(1)
        voltages = [k for k in sim.state.arrays if "voltage" in k]
        assert voltages
        sim.reset()
        again = shown(sim, net)
        sim.run_steps(60)
        for rule, probe, seen in zip(net.conns, net.seen, first, strict=True):
            np.testing.assert_array_equal(again[rule], start[rule], err_msg=rule)
            np.testing.assert_array_equal(sim.data[probe], seen, err_msg=rule)


def test_a_reset_that_keeps_what_was_learned_goes_on_with_it():
    """As a network that nengo builds with the learned decoders."""
    net = learning(nengo.PES(1e-3))
    with net:
        nengolab.configure_settings(dtype="float64")
    with simulator(net) as sim:
        sim.run_steps(200)
        decoders = shown(sim, net)["PES"]
        sim.reset(include_trainable=False)
        sim.run_steps(100)
        seen = np.array(sim.data[net.seen[0]])
    net.conns["PES"].solver = nengo.solvers.NoSolver(decoders.T)
    with nengo.Simulator(net, progress_bar=False) as ref:
        ref.run_steps(100)
    np.testing.assert_allclose(seen, ref.data[net.seen[0]], atol=1e-9)


# -- stateful=False for all calls --------------------------------------------------------------


def test_no_call_keeps_the_state_with_the_setting():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(stateful=False)
        u = nengo.Node([0.5])
        a = nengo.Ensemble(10, 1)
        nengo.Connection(u, a)
        nengo.Connection(a, a, synapse=0.1)
        p = nengo.Probe(a)
    x, y = np.ones((1, 5, 1)), np.zeros((1, 5, 1))
    with simulator(net) as sim:
        sim.compile(keras.optimizers.SGD(0.0), "mse")
        before = sim.state.arrays
        calls = {
            "run": lambda: sim.run(0.005, stateful=True),
            "run_steps": lambda: sim.run_steps(5, stateful=True, data=x),
            "step": lambda: sim.step(stateful=True),
            "predict": lambda: sim.predict(x, stateful=True),
            "predict_on_batch": lambda: sim.predict_on_batch(x, stateful=True),
            "evaluate": lambda: sim.evaluate(x, y, stateful=True, verbose=0),
            "test_on_batch": lambda: sim.test_on_batch(x, y, stateful=True),
            "train_on_batch": lambda: sim.train_on_batch(x, y, stateful=True),
            "fit": lambda: sim.fit(x, y, stateful=True, verbose=0),
        }
        for name, call in calls.items():
            with pytest.warns(UserWarning, match="stateful is False, so this call keeps no state"):
                call()
            assert (sim.n_steps, sim.time) == (0, 0), name
            for key, value in sim.state.arrays.items():
                np.testing.assert_array_equal(value, before[key], err_msg=f"{name} {key}")
        np.testing.assert_array_equal(sim.data[p][5:10], sim.predict(x)[p][0])
