"""What differs between networks: each change that is made is found, and nothing else."""

from __future__ import annotations

import keras
import nengo
import numpy as np
import pytest
import scipy.sparse

import nengolab
from nengolab import inspect
from nengolab.exceptions import ValidationError
from nengolab.inspect.texts import shown


def double(x):
    return 2 * x


def make(order=1, prefix="", change=None, a=20) -> nengo.Network:
    """A network of every kind of object; its parts made in either order, under other names."""
    with nengo.Network(seed=0) as net:
        made = {}
        for name, size in [("a", a), ("b", 20), ("c", 30)][::order]:
            made[name] = nengo.Ensemble(size, 1, label=prefix + name, seed=5)
        made["node"] = nengo.Node(np.sin, label=prefix + "node")
        made["out"] = nengo.Node(size_in=2, label=prefix + "out")
        wires = [
            ("in", made["node"], made["a"], {}),
            ("on", made["a"], made["b"], {"function": double, "synapse": 0.01}),
            ("loop", made["b"], made["b"], {"synapse": 0.1}),
            ("neurons", made["b"].neurons, made["c"].neurons, {"transform": np.ones((30, 20))}),
            ("out", made["c"], made["out"][1], {"solver": nengo.solvers.LstsqL2(reg=0.2)}),
        ]
        for name, pre, post, how in wires[::order]:
            made[f"conn {name}"] = nengo.Connection(pre, post, seed=2, **how)
        made["probe"] = nengo.Probe(made["out"], synapse=0.03)
        if change is not None:
            change(made)
    return net


def test_nothing_differs_in_another_order_and_under_other_names():
    found = inspect.diff(make(), make(-1, "other "))
    assert not found, str(found)
    pairs = dict(found.matched)
    assert {name: pairs[name] for name in ("a", "b", "c", "node")} == {
        name: f"other {name}" for name in ("a", "b", "c", "node")
    }
    assert len(pairs) == 11
    assert str(found) == "no differences; 11 objects matched"


def test_what_is_joined_to_nothing_is_known_by_its_parameters():
    def two(*made):
        with nengo.Network() as net:
            for label, radius in made:
                nengo.Ensemble(10, 1, label=label, radius=radius)
        return net

    found = inspect.diff(two(("a", 1.5), ("b", 1.0)), two(("c", 1.0), ("d", 1.5)))
    assert not found, str(found)
    assert set(found.matched) == {("a", "d"), ("b", "c")}
    # Where neither is as it was, they go by their order.
    found = inspect.diff(two(("a", 1.5), ("b", 1.0)), two(("c", 1.1), ("d", 1.2)))
    assert set(found.matched) == {("a", "c"), ("b", "d")}


def set_on(name, **values):
    def change(made):
        for key, value in values.items():
            setattr(made[name], key, value)

    return change


def another_function(x):
    return 3 * x


CHANGES = {
    "radius": (set_on("a", radius=2.0), "a", "1.0", "2.0"),
    "neuron_type": (set_on("c", neuron_type=nengo.LIF(tau_rc=0.03)), "c", "LIF()", "0.03"),
    "intercepts": (set_on("a", intercepts=nengo.dists.Uniform(0, 1)), "a", "-1", "low=0"),
    "seed": (set_on("b", seed=6), "b", "5", "6"),
    "output": (set_on("node", output=np.cos), "node", "sin", "cos"),
    "synapse": (set_on("conn on", synapse=None), "a -> b", "0.01", "None"),
    "function": (set_on("conn on", function=another_function), "a -> b", "double", "another"),
    "solver": (
        set_on("conn out", solver=nengo.solvers.LstsqL2(reg=0.3)), "c -> out", "0.2", "0.3"
    ),
    "transform": (
        set_on("conn neurons", transform=np.full((30, 20), 2.0)),
        "b.neurons -> c.neurons",
        "Dense(shape=(30, 20)): all 1",
        "Dense(shape=(30, 20)): all 2",
    ),
    "learning_rule_type": (
        set_on("conn on", learning_rule_type=nengo.PES()), "a -> b", "None", "PES"
    ),
    "sample_every": (set_on("probe", sample_every=0.01), "probe of out", "None", "0.01"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_found_and_nothing_else(what):
    change, name, before, after = CHANGES[what]
    found = inspect.diff(make(), make(-1, change=change))
    assert [row.what for row in found.rows] == [what], str(found)
    (row,) = found.rows
    assert row.a == name
    assert before in row.in_a
    assert after in row.in_b
    assert f"{what}: {row.in_a} | {row.in_b}" in str(found)


def test_sizes_differ_and_the_rest_is_matched_all_the_same():
    found = inspect.diff(make(), make(-1, a=25))
    assert [(r.a, r.what, r.in_a, r.in_b) for r in found.rows] == [("a", "n_neurons", "20", "25")]


def test_what_only_one_has_is_named():
    def more(made):
        extra = nengo.Ensemble(7, 3, label="extra")
        nengo.Connection(made["a"], extra[0])

    found = inspect.diff(make(), make(-1, change=more))
    assert [(r.a, r.b, r.in_a, r.in_b) for r in found.rows] == [
        ("", "extra", "not there", "Ensemble"),
        ("", "a -> extra", "not there", "Connection"),
    ]
    assert "extra (only in the second)" in str(found)
    backwards = inspect.diff(make(change=more), make())
    assert [(r.a, r.in_b) for r in backwards.rows] == [
        ("extra", "not there"), ("a -> extra", "not there")
    ]  # fmt: skip


def test_parts_of_objects_and_captured_values_count():
    def network(part, factor):
        with nengo.Network(seed=0) as net:
            a, out = nengo.Ensemble(10, 2, seed=1), nengo.Node(size_in=2)
            nengo.Connection(a[part], out[0], function=lambda x: factor * x, seed=1)
        return net

    assert not inspect.diff(network(0, 2), network(0, 2))
    assert [r.what for r in inspect.diff(network(0, 2), network(1, 2)).rows] == ["from part"]
    assert [r.what for r in inspect.diff(network(0, 2), network(0, 3)).rows] == ["function"]


def digits(with_layer: bool) -> nengo.Network:
    """The same model, by Layer and by hand."""
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(trainable=None)
        image = nengo.Node(np.zeros(4))
        if with_layer:
            x = nengolab.Layer(nengo.RectifiedLinear())(image, transform=np.eye(4))
            nengo.Probe(x)
        else:
            x = nengo.Ensemble(
                4, 1, neuron_type=nengo.RectifiedLinear(), gain=np.ones(4), bias=np.zeros(4)
            )
            nengo.Connection(image, x.neurons, transform=np.eye(4))
            nengo.Probe(x.neurons)
    return net


def test_a_layer_and_the_same_by_hand_train_differently_and_it_says_why():
    sims = [nengolab.Simulator(digits(layer), progress_bar=False) for layer in (True, False)]
    with sims[0], sims[1]:
        found = inspect.diff(*sims)
    whats = {row.what: row for row in found.rows}
    assert (whats["synapse"].in_a, whats["synapse"].in_b) == ("None", "Lowpass(tau=0.005)")
    assert "hardly sees past" in whats["synapse"].meaning
    trains = [row for row in found.rows if row.what.endswith("trains")]
    assert trains, str(found)


@pytest.mark.parametrize("simulator", [nengo.Simulator, nengolab.Simulator])
def test_of_simulators_what_was_built_and_learned_is_compared(simulator):
    def learning(made):
        made["conn on"].learning_rule_type = nengo.PES(1e-2)
        nengo.Connection(made["node"], made["conn on"].learning_rule, seed=3)

    with (
        simulator(make(change=learning), progress_bar=False) as one,
        simulator(make(change=learning), progress_bar=False) as other,
    ):
        assert not inspect.diff(one, other)
        other.run_steps(50)
        found = inspect.diff(one, other)
    assert [(r.a, r.what) for r in found.rows] == [("a -> b", "weights now")]
    assert "they differ by up to" in found.rows[0].meaning


def test_layers_of_keras_are_compared_by_their_settings():
    def with_layers(activation):
        with nengo.Network(seed=0) as net:
            layers = [keras.layers.Dense(2, activation=activation), keras.layers.Dense(3)]
            nengolab.TensorNode(keras.Sequential(layers), shape_in=4, label="dense")
        return net

    assert not inspect.diff(with_layers("relu"), with_layers("relu"))
    [row] = inspect.diff(with_layers("relu"), with_layers("tanh")).rows
    assert row.what == "output"
    assert shown(keras.layers.Dense(2, use_bias=False)).startswith("Dense(units=2, activation=")


def test_it_shows_as_a_table_without_anybodys_html():
    found = inspect.diff(make(prefix="<b>x"), make(change=set_on("a", radius=3)))
    page = found._repr_html_()
    assert "<b>x" not in page
    assert "&lt;b&gt;x" in page
    assert "<td" in page
    table = found.to_pandas()
    assert list(table.columns) == ["a", "b", "what", "in_a", "in_b", "meaning"]
    assert len(table) == len(found.rows) == 1


def test_other_things_are_named():
    with pytest.raises(ValidationError, match="got str"):
        inspect.diff(make(), "a network")


def symmetric(swapped):
    """Two inputs that each lead to a part of one ensemble; the one in a network of its own."""
    with nengo.Network() as net:
        with nengo.Network() if swapped else net:
            first = nengo.Node([0.5])
        second = nengo.Node([0.3])
        between = [nengo.Ensemble(10, 1) for _ in range(2)][:: -1 if swapped else 1]
        joined = nengo.Ensemble(10, 2)
        for i, node in enumerate((first, second)):
            nengo.Connection(node, between[i])
            nengo.Connection(between[i], joined[i])
    return net


def test_what_is_symmetric_is_matched_the_same_way_all_through():
    assert not nengolab.inspect.diff(symmetric(False), symmetric(True))


def test_a_network_that_stands_twice_in_another():
    nets = []
    for _ in range(2):
        with nengo.Network() as net:
            with nengo.Network(label="inner") as inner:
                nengo.Connection(nengo.Ensemble(10, 1, label="a"), nengo.Node(size_in=1))
            nengo.Network.add(inner)
        nets.append(net)
    found = nengolab.inspect.diff(*nets)
    assert not found
    assert [pair[0] for pair in found.matched] == [
        "inner/node",
        "inner/a",
        "inner/a -> inner/node",
    ]


def test_numbers_of_sparse_transforms_are_told():
    def net(factor: float) -> nengo.Network:
        some = scipy.sparse.csr_matrix(np.array([[factor, 0.0], [0.0, 3.0]]))
        with nengo.Network(seed=0) as made:
            a, b = nengo.Node([1.0, 2.0], label="a"), nengo.Node(size_in=2, label="b")
            nengo.Connection(a, b, transform=nengo.Sparse((2, 2), init=some), label="a to b")
        return made

    (row,) = inspect.diff(net(1.0), net(5.0)).rows
    sparse = "Sparse(shape=(2, 2))"
    assert (row.in_a, row.in_b) == (f"{sparse}: 2 ± 1 [1, 3]", f"{sparse}: 4 ± 1 [3, 5]")
    np.testing.assert_array_equal(row.values, [[1.0, 3.0], [5.0, 3.0]])
