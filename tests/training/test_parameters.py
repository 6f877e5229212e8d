"""sim.parameters: which array is what, and what becomes of an array that is set."""

from __future__ import annotations

import builtins
import html.parser
import pickle

import keras
import nengo
import numpy as np
import pandas
import pytest

import nengolab
from nengolab.exceptions import SimulatorBusy, SimulatorClosed, UnknownObject, ValidationError
from tests.training.test_transfer import _decoded, _direct, _learning, _of_neurons


def _open(make, **settings):
    net = make()
    with net:
        nengolab.configure_settings(dtype="float64")
    return net, nengolab.Simulator(net, seed=3, progress_bar=False, **settings)


@pytest.mark.parametrize("make", [_decoded, _direct, _of_neurons, _learning])
def test_every_array_once_with_its_owner(make):
    net, sim = _open(make)
    with sim:
        table = sim.parameters
        assert len(set(table)) == len(table)
        objects = {*net.all_nodes, *net.all_ensembles, *net.all_connections, *net.all_probes}
        objects |= {ens.neurons for ens in net.all_ensembles}
        for name, p in table.items():
            assert p.name == name
            inside = isinstance(p.owner, nengo.Connection) and p.owner.post_obj in net.all_probes
            assert p.owner in objects or inside, name
            assert p.why, name
            assert p.why_shape.startswith(f"{p.shape}: "), name
            assert len(p.why_shape) > len(f"{p.shape}: "), name
            assert p.value.shape == p.initial.shape == p.shape
            assert np.prod(p.shape, dtype=int) == p.size
        # What Nengo built is all there, and in the place where it says.
        for conn in net.all_connections:
            weights = sim.model.params[conn].weights
            own = table.of(conn).where(role="weights")
            if weights is None:
                assert len(own) == 0
                assert [a.role for a in own.absent] == ["weights"]
                continue
            (parameter,) = own.values()
            nonzeros = weights if isinstance(weights, np.ndarray) else weights.allocate().data
            np.testing.assert_array_equal(parameter.initial, nonzeros)
        for ens in net.all_ensembles:
            (encoders,) = table.of(ens).where(role="encoders").values()
            np.testing.assert_array_equal(encoders.initial, sim.model.params[ens].scaled_encoders)
            biases = list(table.of(ens).where(role="bias").values())
            if isinstance(ens.neuron_type, nengo.Direct):
                assert not biases
                assert not encoders.trainable
                continue
            np.testing.assert_array_equal(biases[0].initial, sim.model.params[ens].bias)


def test_where_shapes_come_from():
    _, sim = _open(_of_neurons)
    with sim:
        said = {n: p.why_shape for n, p in sim.parameters.items()}
    kernel = "(3, 3, 2, 3): a kernel of 3 x 3, 2 input channels, 3 filters"
    assert said["a.neurons -> b.neurons.weights"].startswith(kernel)
    assert said["a.neurons.bias"] == "(50,): one for each of the 50 neurons of 'a'"
    assert said["b.neurons -> c.neurons.weights"] == (
        "(4,): one for each nonzero of a matrix 8 x 27"
    )
    assert said["b.neurons -> c.neurons_1.weights"].startswith("(): one number that scales all 8")
    assert said["b.neurons -> c.neurons_2.weights"] == (
        "(2, 2): part of neurons of 'c' (2) x part of neurons of 'b' (2)"
    )
    _, sim = _open(_decoded)
    with sim:
        said = {n: p.why_shape for n, p in sim.parameters.items()}
    assert said["a -> b.weights"] == "(2, 20): decoded values (2) x neurons of 'a' (20): decoders"
    assert said["a -> b_1.weights"].endswith(
        "'b' (2) x neurons of 'a' (20): transform times decoders"
    )
    assert "neurons of 'c' (10) x neurons of 'a' (20)" in said["a -> c.weights"]
    assert "20 neurons of 'a', one column for each of its 2 dimensions" in said["a.encoders"]


def test_where_shapes_in_keras_layers_come_from():
    layers = [
        keras.layers.Conv2D(6, 3, groups=2, activation="relu"),
        keras.layers.BatchNormalization(),
        keras.layers.Flatten(),
        keras.layers.Dense(5, use_bias=False),
    ]
    with nengo.Network() as net:
        nengolab.TensorNode(keras.Sequential(layers), shape_in=(4, 4, 2), label="node")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        kernel, bias = (sim.parameters[f"node.conv2d.{role}"] for role in ("kernel", "bias"))
        assert kernel.why_shape.startswith(
            "(3, 3, 1, 6): a kernel of 3 x 3, 1 input channel (in each of 2 groups), 6 filters"
        )
        assert bias.why_shape == "(6,): one for each of the 6 filters, shared by all places"
        assert kernel.equation == bias.equation == "y = relu(kernel * x + bias)"
        dense = sim.parameters["node.dense.kernel"]
        assert dense.why_shape.startswith("(24, 5): 24 inputs x 5 outputs; ")
        assert dense.equation == "y = x · kernel"
        scale = sim.parameters["node.batch_normalization.gamma"]
        assert scale.why_shape == "(6,): as the Keras layer BatchNormalization made it"
        assert scale.equation == ""


def test_what_is_learned_is_not_trained():
    _, sim = _open(_learning)
    with sim:
        table = sim.parameters
        why = {n: p.why for n, p in table.items() if p.learned}
        assert set(why) == {
            "b.encoders",
            "a -> b.weights",
            "a -> b_1.weights",
            "a.neurons -> b.neurons.weights",
        }
        assert "online by PES of 'a -> b', " in why["a -> b.weights"]
        assert "BCM of 'a -> b_1' and Oja of 'a -> b_1'" in why["a -> b_1.weights"]
        assert "Voja of " in why["b.encoders"]
        assert not set(why) & set(table.trainable)
        assert table["a -> b.pes.learning_rate"].why == "constant of the learning rule"


def test_learned_values_move_and_are_set():
    net, sim = _open(_learning, minibatch_size=2)
    conn = next(c for c in net.connections if isinstance(c.learning_rule_type, nengo.PES))
    with sim:
        parameter = sim.parameters["a -> b.weights"]
        assert parameter.value.shape == (2, 2, 15)
        np.testing.assert_array_equal(parameter.value[0], parameter.initial)
        sim.run_steps(20)
        assert np.abs(parameter.value[0] - parameter.initial).max() > 0
        np.testing.assert_array_equal(sim.data[conn].weights, parameter.value)
        voltage = {k: v for k, v in sim._engine.runner.named_state().items() if "voltage" in k}
        parameter.value = np.ones((2, 15))
        np.testing.assert_array_equal(parameter.value, np.ones((2, 2, 15)))
        for key, value in voltage.items():  # nothing else changes with it
            np.testing.assert_array_equal(sim._engine.runner.named_state()[key], value)


def test_biases_of_zero_are_biases():
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(
            10, 1, neuron_type=nengo.RectifiedLinear(), gain=np.ones(10), bias=np.zeros(10)
        )
        probe = nengo.Probe(a.neurons)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        bias = sim.parameters["ensemble.neurons.bias"]
        assert bias.trainable
        sim.run_steps(1)
        bias.value = np.arange(10)
        sim.run_steps(1)
        np.testing.assert_allclose(sim.data[probe], [np.zeros(10), np.arange(10)])


@pytest.mark.parametrize("part", [slice(None), slice(1, 3), 2])
def test_an_array_is_one_parameter_however_many_read_it(part):
    """PES multiplies its error with (some of) the encoders, and a probe may read them."""
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        a, b = nengo.Ensemble(10, 1, label="a"), nengo.Ensemble(12, 3, label="b")
        size = np.zeros(3)[part].size
        conn = nengo.Connection(
            a,
            b[part],
            transform=np.ones((size, 1)),
            solver=nengo.solvers.LstsqL2(weights=True),
            learning_rule_type=nengo.PES(1e-2),
        )
        nengo.Connection(nengo.Node(0.5), a)
        nengo.Connection(nengo.Node(np.arange(1.0, size + 1)), conn.learning_rule)
        weights, encoders = nengo.Probe(conn, "weights"), nengo.Probe(b, "scaled_encoders")
    with nengolab.Simulator(net, seed=0, progress_bar=False) as sim:
        assert [n for n, p in sim.parameters.items() if "encoders" in n and p.owner is b] == [
            "b.encoders"
        ]
        new = np.random.RandomState(0).uniform(-1, 1, (12, 3))
        sim.parameters["b.encoders"].value = new
        sim.run_steps(15)
        np.testing.assert_array_equal(sim.data[encoders][-1], new)
        learned = sim.data[weights][-1] - sim.data[weights][0]
    # Nengo changes row i by what is proportional to encoders[i, part] · error.
    local = new[:, part].reshape(12, -1) @ np.arange(1.0, size + 1)
    assert np.abs(learned).max() > 0
    np.testing.assert_allclose(
        learned, np.outer(local, local @ learned) / (local @ local), rtol=1e-9, atol=1e-15
    )


def test_setting_computes_with_it():
    net, sim = _open(_direct)
    with sim:
        weights = sim.parameters["u -> d.weights"]
        probe = net.probes[0]
        sim.run_steps(3)
        weights.value = [[0, 0], [1, 0]]
        sim.run_steps(100)  # twenty time constants of the synapse
        np.testing.assert_allclose(sim.data[probe][-1], [0, 0.3], atol=1e-6)
        weights.value = 0
        assert not weights.value.any()
        assert weights.initial.any()
        with pytest.raises(ValueError, match="read-only"):
            weights.value[0, 0] = 1
        assert np.asarray(weights).shape == (2, 2)
        sim.reset()
        np.testing.assert_array_equal(weights.value, weights.initial)


def test_wrong_values():
    _, sim = _open(_direct)
    with sim:
        weights = sim.parameters["u -> d.weights"]
        for value, said in [
            (np.zeros((3, 2)), r"\(2, 2\): 'd' \(2\) x 'u' \(2\); got an array of shape \(3, 2\)"),
            ([1, 2], r"takes \(2, 2\), or one number for all"),
            ([[1, np.nan], [np.inf, 1]], "2 of 4 are NaN or infinite"),
            ("much", "takes numbers of shape"),
            (None, "NaN or infinite"),
        ]:
            with pytest.raises(ValidationError, match=said):
                weights.value = value
        np.testing.assert_array_equal(weights.value, weights.initial)
        sim.claim("a live session")
        import threading

        caught = []

        def elsewhere():
            try:
                weights.value = 1
            except SimulatorBusy as err:
                caught.append(str(err))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert "a live session owns" in caught[0]
        sim.release()
        weights.value = 3
    assert (sim.parameters["u -> d.weights"].value == 3).all()
    with pytest.raises(SimulatorClosed, match="cannot set u -> d.weights"):
        weights.value = 1


def test_numbers_that_a_function_reads():
    scale = 2.0
    with nengo.Network(seed=0) as net:
        u = nengo.Node([0.5], label="u")
        d = nengo.Ensemble(1, 1, neuron_type=nengo.Direct(), label="d")
        nengo.Connection(u, d, function=lambda x: scale * x + 0.25)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        (constants,) = sim.parameters.where(role="constants").values()
        assert not constants.trainable
        with pytest.raises(ValidationError, match="follows the variables that the Python function"):
            constants.value = 1


def test_looking_up():
    with nengo.Network(label="top") as net:
        with nengo.Network(label="sub") as sub:
            a = nengo.Ensemble(10, 1, label="a")
        b = nengo.Ensemble(10, 1, label="b")
        conn = nengo.Connection(a, b, learning_rule_type=nengo.PES())
        probe = nengo.Probe(b)
    with nengo.Network():
        stranger = nengo.Ensemble(10, 1, label="stranger")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        table = sim.parameters
        assert list(table[a]) == list(table["sub/a"]) == list(table.of(sub))
        assert {p.owner for p in table[a].values()} == {a, a.neurons}
        assert {p.owner for p in table[a.neurons].values()} == {a.neurons}
        assert list(table[a[0]]) == list(table[a])
        assert list(table[conn.learning_rule]) == list(table[conn])
        assert "b -> probe of b.weights" in table[probe]
        assert list(table.of(net)) == list(table)
        assert set(table.of(a, b)) == {*table[a], *table[b]}
        assert set(table.where(trainable=False)) | set(table.trainable) == set(table)
        assert table.size == sum(p.size for p in table.values())
        assert stranger not in table
        assert "no such thing" not in table
        with pytest.raises(UnknownObject, match="'stranger' is not in the simulated network"):
            table[stranger]
        with pytest.raises(KeyError, match="did you mean 'b.encoders'"):
            table["b.encoder"]
        tap = sim.add_tap(a, "decoded_output")
        sim.prepare()
        assert tap.ready
        assert len(sim.parameters) > len(table)  # the tap's decoders, in a form compiled anew
        table["b.encoders"].value = 2  # and the table of before still reaches what runs
        assert (sim.parameters["b.encoders"].value == 2).all()


class _Cells(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_text_and_html():
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(10, 1, label="<b>a</b> & co")
        u = nengo.Node([0.5], label="u")
        nengo.Connection(u, a)
        nengo.Connection(a, a, transform=-1)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        table = sim.parameters
        name = "<b>a</b> & co.neurons.bias"
        text = str(table)
        assert name in text
        assert "as built" in text
        assert "fixed identity" in text
        shown = table._repr_html_()
        assert "<b>" not in shown
        cells = _Cells()
        cells.feed(shown)
        assert not cells.open
        assert name in cells.texts
        assert any("where the shape comes from" in t for t in cells.texts)
        table[name].value = np.r_[0.0, 0.0, 2.0, np.ones(7)]
        assert "0.9 ± 0.54 [0, 2], 2 zero" in str(sim.parameters)
        assert "0.9 ± 0.54 [0, 2], 2 zero" in sim.parameters._repr_html_()
        assert "one for each of the 10 neurons" in str(table[name])
        assert "J = encoders · x + gain · y + bias" in str(table[name])
    with nengolab.Simulator(nengo.Network(), progress_bar=False) as sim:
        assert "0 arrays" in str(sim.parameters)
        assert "0 arrays" in sim.parameters._repr_html_()


def test_pandas(monkeypatch):
    _, sim = _open(_direct)
    with sim:
        frame = sim.parameters.to_pandas()
        assert isinstance(frame, pandas.DataFrame)
        assert list(frame.index) == list(sim.parameters)
        row = frame.loc["u -> d.weights"]
        assert (row["role"], row["initial_mean"], row["max"]) == ("weights", 2.5, 4.0)
        assert list(sim.parameters.of(*()).to_pandas().columns) == list(frame.columns)


def test_without_pandas(monkeypatch):
    real = builtins.__import__

    def fails(name, *args, **kwargs):
        if name == "pandas":
            raise ImportError("no pandas here")
        return real(name, *args, **kwargs)

    _, sim = _open(_direct)
    with sim:
        monkeypatch.setattr(builtins, "__import__", fails)
        with pytest.raises(ImportError, match=r"pip install pandas. print\(table\)"):
            sim.parameters.to_pandas()


def test_live_data_of_ensembles():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        a = nengo.Ensemble(8, 2, label="a", radius=2.0)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        built = sim.data[a]
        assert built is sim.model.params[a]
        bias = built.bias + 0.5
        sim.parameters["a.neurons.bias"].value = bias
        sim.parameters["a.encoders"].value = 3 * built.scaled_encoders
        now = sim.data[a]
        np.testing.assert_array_equal(now.bias, bias)
        np.testing.assert_array_equal(now.gain, built.gain)
        np.testing.assert_allclose(now.scaled_encoders, 3 * built.scaled_encoders)
        np.testing.assert_allclose(now.encoders, 3 * built.encoders)
        rates, intercepts = a.neuron_type.max_rates_intercepts(built.gain, bias)
        np.testing.assert_array_equal(now.max_rates, rates)
        np.testing.assert_array_equal(now.intercepts, intercepts)
        np.testing.assert_array_equal(now.eval_points, built.eval_points)
        for name in ("bias", "encoders", "scaled_encoders"):
            assert not getattr(now, name).flags.writeable
        assert built.bias[0] != bias[0]  # what was built is not written to
        # Built again with these values, Nengo computes the same rates.
        arguments = sim.get_nengo_params(a)
    with nengo.Network() as again:
        copy = nengo.Ensemble(8, 2, **arguments)
    with nengo.Simulator(again, progress_bar=False) as reference:
        for name in ("bias", "gain", "encoders", "scaled_encoders", "max_rates", "intercepts"):
            theirs = getattr(reference.data[copy], name)
            np.testing.assert_allclose(getattr(now, name), theirs, rtol=1e-12)
    np.testing.assert_array_equal(sim.data[a].bias, bias)  # after close too


@pytest.mark.parametrize("make", [_of_neurons, _direct])
def test_live_data_of_connections(make):
    net, sim = _open(make)
    with sim:
        before = {c: sim.data[c].weights for c in net.connections}
        for p in sim.parameters.where(role="weights").values():
            p.value = 2 * p.initial
        for conn in net.connections:
            now = sim.data[conn].weights
            assert type(now) is type(before[conn])
            if now is None:
                continue
            if not isinstance(now, np.ndarray):
                np.testing.assert_array_equal(now.toarray(), 2 * before[conn].toarray())
            else:
                np.testing.assert_array_equal(now, 2 * before[conn])
        again = pickle.loads(pickle.dumps(sim)) if make is _of_neurons else None
    if again is not None:
        assert again.parameters["a.neurons -> b.neurons.weights"].value.mean() == pytest.approx(
            sim.parameters["a.neurons -> b.neurons.weights"].value.mean()
        )
        again.close()


def _to_train():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        u = nengo.Node([0.5, -0.5], label="u")
        a = nengo.Ensemble(10, 2, label="a", neuron_type=nengo.Tanh())
        nengo.Connection(u, a, synapse=None)
        conn = nengo.Connection(a, nengo.Node(size_in=1), transform=np.ones((1, 2)), synapse=None)
        probe = nengo.Probe(conn.post)
    return net, a, conn, probe


def test_what_training_changed_is_seen_set_and_frozen():
    net, a, conn, probe = _to_train()
    with nengolab.Simulator(net, minibatch_size=4, progress_bar=False) as sim:
        table = sim.parameters
        sim.compile("sgd", loss="mse")
        x, y = np.ones((8, 1, 2)), np.full((8, 1, 1), 3.0)
        sim.fit({"u": x}, {probe: y}, verbose=0)
        for name, p in table.items():
            moved = not np.array_equal(p.value, p.initial)
            assert moved == p.trainable, name
        variables = {v.path: np.asarray(v) for v in sim.keras_model.trainable_variables}
        assert len(variables) == len(table.trainable)
        shown = {p.value.tobytes() for p in table.trainable.values()}
        assert shown == {v.tobytes() for v in variables.values()}
        np.testing.assert_array_equal(sim.data[a].bias, table["a.neurons.bias"].value)
        np.testing.assert_array_equal(
            sim.data[conn].weights, table.of(conn)["a -> node.weights"].value
        )
        # What is set is what training goes on from.
        table["a -> node.weights"].value = 0
        assert sim.evaluate({"u": x}, {probe: y}, verbose=0)["loss"] == pytest.approx(9.0)
        sim.fit({"u": x}, {probe: y}, verbose=0)
        sim.freeze_params(net)
        sim.run_steps(5)
        ours = np.array(sim.data[probe])
        with nengo.Simulator(net, progress_bar=False) as reference:
            reference.run_steps(5)
        np.testing.assert_allclose(ours[0], reference.data[probe], rtol=1e-9)
        sim.reset()
        for name, p in table.items():
            np.testing.assert_array_equal(p.value, p.initial, name)
        sim.run_steps(5)
        before = sim.evaluate({"u": x}, {probe: y}, verbose=0)["loss"]
    net, _, _, probe = _to_train()
    with nengolab.Simulator(net, minibatch_size=4, progress_bar=False) as sim:
        sim.compile("sgd", loss="mse")
        assert before == sim.evaluate({"u": x}, {probe: y}, verbose=0)["loss"]
