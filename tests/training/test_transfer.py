"""Values given back to plain Nengo: the same output in nengo.Simulator, in networks that pickle."""

from __future__ import annotations

import pickle

import nengo
import numpy as np
import pytest
from nengo.solvers import LstsqL2, NoSolver

import nengolab
from nengolab.exceptions import UnknownObject, ValidationError

STEPS = 40


def _squares(x):
    return x[0] ** 2


def _waves(t):
    return [np.sin(9 * t), np.cos(7 * t)]


def _decoded():
    with nengo.Network(seed=1, label="decoded") as net:
        u = nengo.Node(_waves, label="u")
        a = nengo.Ensemble(20, 2, label="a", radius=1.5)
        b = nengo.Ensemble(15, 2, label="b", neuron_type=nengo.RectifiedLinear())
        c = nengo.Ensemble(10, 1, label="c", neuron_type=nengo.Tanh())
        nengo.Connection(u, a)
        nengo.Connection(a, b, synapse=None)
        # More values after the transform than are decoded: no product of a matrix with these
        # decoders could be any matrix.
        nengo.Connection(a, b, function=_squares, transform=[[1.0], [-1.0]])
        nengo.Connection(a[1], b[0], function=lambda x: x + 0.5)
        nengo.Connection(a[[1]], b, transform=[[1.0], [2.0]])
        nengo.Connection(b, c, transform=[[1.0, 2.0]])
        nengo.Connection(a, c, function=_squares, solver=LstsqL2(weights=True))
        nengo.Connection(a, b[[1]], solver=LstsqL2(weights=True), function=_squares)
        for obj in (a, b, c, a[0]):
            nengo.Probe(obj, synapse=0.01)
    return net


def _direct():
    with nengo.Network(seed=2) as net:
        u = nengo.Node([0.3, -0.4], label="u")
        d = nengo.Ensemble(1, 2, neuron_type=nengo.Direct(), label="d")
        e = nengo.Ensemble(12, 2, label="e", neuron_type=nengo.AdaptiveLIF())
        nengo.Connection(u, d, transform=[[1.0, 2.0], [3.0, 4.0]])
        nengo.Connection(u[1], e[0], transform=0.5)
        nengo.Connection(d, e, function=np.sin, transform=[0.5, 2.0])
        for obj in (d, e, e.neurons):
            nengo.Probe(obj)
    return net


def _of_neurons():
    shape = nengo.transforms.ChannelShape((5, 5, 2))
    rng = np.random.RandomState(0)
    with nengo.Network(seed=3) as net:
        u = nengo.Node(rng.uniform(size=50))
        a = nengo.Ensemble(50, 1, neuron_type=nengo.RectifiedLinear(), label="a")
        b = nengo.Ensemble(27, 1, neuron_type=nengo.LIF(), label="b")
        c = nengo.Ensemble(8, 1, neuron_type=nengo.LIFRate(), label="c")
        nengo.Connection(u, a.neurons)
        nengo.Connection(
            a.neurons, b.neurons, transform=nengo.Convolution(3, shape, kernel_size=(3, 3))
        )
        indices = [[0, 1], [2, 3], [2, 0], [7, 26]]
        nengo.Connection(
            b.neurons, c.neurons, transform=nengo.Sparse((8, 27), indices, init=[1, 2, 3, 4])
        )
        nengo.Connection(b.neurons[:8], c.neurons, transform=0.01)
        nengo.Connection(b.neurons[[1, 4]], c.neurons[[3, 2]], transform=[[1, 2], [3, 4]])
        nengo.Connection(b.neurons, c, transform=nengo.dists.Uniform(-0.01, 0.01))
        nengo.Connection(c, a.neurons[3:5], transform=np.ones((2, 1)), synapse=0)
        nengo.Probe(b.neurons)
        nengo.Probe(c.neurons, synapse=0.01)
        nengo.Probe(c)
    return net


def _learning():
    with nengo.Network(seed=4) as net:
        u = nengo.Node([0.3, -0.4])
        a = nengo.Ensemble(15, 2, label="a")
        b = nengo.Ensemble(12, 2, label="b")
        nengo.Connection(u, a)
        error = nengo.Node(size_in=2)
        pes = nengo.Connection(a, b, learning_rule_type=nengo.PES(1e-3), function=lambda x: x**2)
        nengo.Connection(b, error)
        nengo.Connection(error, pes.learning_rule)
        weights = nengo.Connection(
            a, b, solver=LstsqL2(weights=True), learning_rule_type=[nengo.BCM(1e-9), nengo.Oja()]
        )
        nengo.Connection(u, b, learning_rule_type=nengo.Voja())
        neurons = nengo.Connection(
            a.neurons, b.neurons, transform=np.full((12, 15), 1e-3), learning_rule_type=nengo.Oja()
        )
        nengo.Probe(b, synapse=0.01)
        for conn in (pes, weights, neurons):
            nengo.Probe(conn, "weights")
    return net


def _edited(sim, rng):
    """Another value for everything that training or a person may change and Nengo can express."""
    changed = []
    for name, parameter in sim.parameters.items():
        if parameter.trainable or parameter.learned or parameter.why == "connection to a probe":
            noise = rng.uniform(0.8, 1.2, size=parameter.value.shape)
            parameter.value = parameter.value * noise + 0.01 * parameter.initial.std()
            changed.append(name)
    return changed


def _run(simulator, net, **settings):
    with net:
        if settings:
            nengolab.configure_settings(**settings)
    with simulator(net, seed=7, progress_bar=False) as sim:
        sim.run_steps(STEPS)
        return [np.array(sim.data[p]) for p in net.all_probes]


@pytest.mark.parametrize("make", [_decoded, _direct, _of_neurons, _learning])
def test_the_frozen_network_is_the_same_in_nengo(make):
    net = make()
    built = _run(nengolab.Simulator, net, dtype="float64")
    with nengolab.Simulator(net, seed=7, progress_bar=False) as sim:
        assert _edited(sim, np.random.RandomState(0))
        sim.freeze_params(net)
        sim.run_steps(STEPS)
        ours = [np.array(sim.data[p]) for p in net.all_probes]
    reference = _run(nengo.Simulator, net)
    for before, mine, theirs in zip(built, ours, reference, strict=True):
        assert np.abs(before - mine).max() > 1e-4  # else nothing would have been tested
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-6 * np.abs(theirs).max())


@pytest.mark.parametrize("make", [_decoded, _direct, _of_neurons, _learning])
def test_a_frozen_network_pickles(make):
    net = make()
    with net:
        nengolab.configure_settings(dtype="float64")
    with nengolab.Simulator(net, seed=7, progress_bar=False) as sim:
        _edited(sim, np.random.RandomState(1))
        sim.freeze_params(net)
    again = pickle.loads(pickle.dumps(net))
    for one, other in zip(_run(nengo.Simulator, net), _run(nengo.Simulator, again), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("make", [_decoded, _direct, _of_neurons, _learning])
def test_frozen_twice_and_built_again_it_is_the_same(make):
    net = make()
    with net:
        nengolab.configure_settings(dtype="float64")
    with nengolab.Simulator(net, seed=7, progress_bar=False) as sim:
        _edited(sim, np.random.RandomState(2))
        values = {name: np.array(p.value) for name, p in sim.parameters.items()}
        sim.freeze_params(net)
        sim.freeze_params([net])
    with nengolab.Simulator(net, seed=7, progress_bar=False) as sim:
        assert list(sim.parameters) == list(values)
        for name, value in values.items():
            np.testing.assert_allclose(sim.parameters[name].value, value, rtol=1e-9, atol=1e-12)


def test_arguments_rebuild_objects():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        u = nengo.Node([0.5])
        a = nengo.Ensemble(10, 1, label="a", radius=2)
        b = nengo.Ensemble(11, 1, label="b", noise=None)
        into = nengo.Connection(u, a, synapse=None)
        conn = nengo.Connection(a, b, function=_squares, label="conn")
        probe = nengo.Probe(b, synapse=0.02, label="probe")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        _edited(sim, np.random.RandomState(3))
        sim.run_steps(STEPS)
        ours = np.array(sim.data[probe])
        single = sim.get_nengo_params(conn)
        several = sim.get_nengo_params([a, b, into, probe])
        named = sim.get_nengo_params([a, conn], as_dict=True)
    assert isinstance(single["solver"], NoSolver)
    assert list(named) == ["a", "conn"]
    assert named["a"].keys() == several[0].keys()
    with nengo.Network() as plain:
        u = nengo.Node([0.5])
        a = nengo.Ensemble(10, 1, **several[0])
        b = nengo.Ensemble(11, 1, **several[1])
        nengo.Connection(u, a, synapse=None, **several[2])
        nengo.Connection(a, b, **single)
        probe = nengo.Probe(b, **several[3])
    with nengo.Simulator(plain, progress_bar=False) as sim:
        sim.run_steps(STEPS)
    np.testing.assert_allclose(sim.data[probe], ours, rtol=1e-6, atol=1e-9)


def test_constants_of_a_neuron_type():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        a = nengo.Ensemble(10, 1, label="a")
        nengo.Connection(nengo.Node(0.7), a)
        probe = nengo.Probe(a.neurons)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.parameters["a.neurons.tau_rc"].value = 0.05
        sim.run_steps(100)
        sim.freeze_params(net)
        assert a.neuron_type.tau_rc == 0.05
        ours = np.array(sim.data[probe])
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(100)
    np.testing.assert_array_equal(ours, sim.data[probe])


def test_an_ensemble_takes_its_probes_along():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        a = nengo.Ensemble(10, 1, label="a")
        nengo.Connection(nengo.Node(0.7), a)
        probe = nengo.Probe(a, synapse=0.01)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.parameters["a.neurons.bias"].value = sim.data[a].bias * 1.5
        sim.run_steps(STEPS)
        sim.freeze_params(a)
        ours = np.array(sim.data[probe])
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(STEPS)
    np.testing.assert_allclose(ours, sim.data[probe], rtol=1e-6, atol=1e-9)


def test_learned_in_a_batch():
    net = _learning()
    a, b = net.ensembles
    pes = next(c for c in net.connections if isinstance(c.learning_rule_type, nengo.PES))
    with nengolab.Simulator(net, minibatch_size=3, progress_bar=False) as sim:
        weights = np.arange(3 * 30, dtype=float).reshape(3, 2, 15)
        sim.parameters["a -> b.weights"].value = weights
        with pytest.raises(ValidationError, match="3 items of the batch; say which with item="):
            sim.get_nengo_params(pes)
        found = sim.get_nengo_params(pes, item=2)
        np.testing.assert_array_equal(found["solver"].values, weights[2].T)
        assert sim.get_nengo_params(b, item=1)["encoders"].shape == (12, 2)
        sim.get_nengo_params(a)  # nothing of it is learned
        with pytest.raises(ValidationError, match="items 0 to 2"):
            sim.get_nengo_params(pes, item=3)


def test_what_cannot_be_expressed_is_refused_and_nothing_written():
    net = _of_neurons()
    with nengolab.Simulator(net, progress_bar=False) as sim:
        name = "a.neurons -> b.neurons.gain"
        sim.parameters[name].value = 1.0
        before = [c.transform for c in net.connections]
        with pytest.raises(ValidationError, match=f"^(?s:.)*{name} has another value"):
            sim.freeze_params(net)
        assert all(c.transform is t for c, t in zip(net.connections, before, strict=True))
        with nengo.Network():
            stranger = nengo.Ensemble(10, 1, label="stranger")
        with pytest.raises(UnknownObject, match="'stranger' is not in the simulated network"):
            sim.get_nengo_params(stranger)


@pytest.mark.parametrize("as_list", [False, True])
def test_what_cannot_be_frozen_is_a_type_error(as_list):
    """Whatever it is; and nothing was written."""
    with nengo.Network(seed=0) as net:
        node, ens = nengo.Node([1.0], label="n"), nengo.Ensemble(5, 1)
        conn = nengo.Connection(ens, ens, learning_rule_type=nengo.PES())
    wrong = {
        "'n' is a Node; give ensembles": node,
        "is a LearningRule": conn.learning_rule,
        "Ensemble is a class": nengo.Ensemble,
        "'n' is of type str": "n",
        "None is of type NoneType": None,
        "3 is of type int": 3,
    }
    with nengolab.Simulator(net, progress_bar=False) as sim:
        for message, obj in wrong.items():
            with pytest.raises(TypeError, match=message) as caught:
                sim.freeze_params([ens, obj] if as_list else obj)
            assert isinstance(caught.value, ValidationError)
        assert ens.gain is None or not isinstance(ens.gain, np.ndarray)
        assert isinstance(conn.solver, nengo.solvers.LstsqL2)
        sim.freeze_params([ens, conn])
    assert isinstance(conn.solver, nengo.solvers.NoSolver)


def test_labels_that_occur_twice():
    with nengo.Network() as net:
        a, b = (nengo.Ensemble(5, 1, label="same") for _ in range(2))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        with pytest.raises(ValidationError, match="several objects are called 'same'"):
            sim.get_nengo_params([a, b], as_dict=True)


def test_keras_layers_get_their_values_back():
    import keras

    dense, fixed = keras.layers.Dense(3, name="dense"), keras.layers.Dense(2, name="fixed")
    fixed.trainable = False
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64", trainable=None)
        x = nengolab.Layer(dense)(nengo.Node(np.arange(4.0)))
        middle = nengolab.Layer(nengo.Tanh())(x, transform=np.ones((3, 3)))
        last = nengolab.Layer(fixed)(middle)
        net.config[last].trainable = True  # its layer says otherwise
        probe = nengo.Probe(last)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        trained = {name: p.trainable for name, p in sim.parameters.items() if p.shape}
        assert {n for n in trained if n.startswith("fixed")} == {"fixed.kernel", "fixed.bias"}
        assert not trained["fixed.kernel"]
        assert trained["dense.kernel"]
        (between,) = sim.parameters.of(middle.ensemble, *net.connections).where("weights").values()
        assert not between.trainable
        assert "made by Layer" in between.why
        before = np.array(dense.kernel)
        sim.parameters["dense.kernel"].value = before + 1
        np.testing.assert_array_equal(dense.kernel, before)
        with pytest.raises(ValidationError, match="'dense' is a TensorNode.*freeze_params writes"):
            sim.get_nengo_params(x)
        sim.freeze_params(last)
        np.testing.assert_array_equal(dense.kernel, before)
        sim.freeze_params(net)
        np.testing.assert_allclose(dense.kernel, before + 1, rtol=1e-6)
        sim.run_steps(4)
        ours = np.array(sim.data[probe])
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(4)
        np.testing.assert_allclose(sim.data[probe], ours, rtol=1e-6)
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(trainable=False)
        nengolab.Layer(dense)(nengo.Node(np.arange(4.0)))
    with nengolab.Simulator(net, progress_bar=False) as sim:
        assert not sim.parameters["dense.kernel"].trainable
        assert "configure_settings(trainable=False)" in sim.parameters["dense.kernel"].why
