"""Forms of data, and what is said where they do not fit."""

import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

from nengolab.compiler.build import build
from nengolab.exceptions import UnknownObject
from nengolab.feeding.aliases import Aliases
from nengolab.feeding.feeder import Feeder, target_kind
from tests.training.fed import Net, ones


@pytest.fixture(scope="module")
def n():
    return Net()


# -- aliases ---------------------------------------------------------------------------------------


def test_aliases_are_labels_or_types_each_unique():
    with nengo.Network() as net:
        nodes = [nengo.Node([0], label=label) for label in ("x", None, "x", None, "x_1")]
        nengo.Node(size_in=1, label="no input")
        nengo.Node(lambda t: None, label="puts nothing out", size_out=0)
        ens = nengo.Ensemble(3, 1)
        probes = [nengo.Probe(ens), nengo.Probe(ens), nengo.Probe(ens, label="x")]
        weighted = nengo.Node([0], label="n_steps")
    aliases = Aliases(net)
    assert list(aliases.inputs) == ["x", "node", "x_2", "node_1", "x_1", "n_steps_1"]
    assert list(aliases.inputs.values()) == [*nodes, weighted]
    assert list(aliases.probes) == ["probe", "probe_1", "x_3"]
    assert [aliases.get(obj) for obj in probes] == ["probe", "probe_1", "x_3"]
    # A label is found among what is asked for, whoever else is called so.
    assert aliases.input("x") == "x"
    assert aliases.probe("x") == "x_3"


@pytest.mark.parametrize("label", ["a/b", "my input (1)", "->", "ä ö", "a\\b", "_x", "x.y-z"])
def test_aliases_are_names_that_keras_takes_and_lead_back(label):
    import keras

    with nengo.Network() as net:
        node = nengo.Node([0, 0], label=label)
        probe = nengo.Probe(node, label=label)
    aliases = Aliases(net)
    x, y = aliases.get(node), aliases.get(probe)
    assert aliases.inputs[aliases.input(label)] is node
    assert aliases.probes[aliases.probe(label)] is probe
    feeder = Feeder.of(aliases, build(net, 0.001).model)
    inputs = keras.Input((None, 2), name=x)
    model = keras.Model({x: inputs}, {y: keras.layers.Dense(2, name=y)(inputs)})
    model.compile("sgd", loss={y: "mse"})
    fed = feeder.feed({label: ones(4, 3, 2)}, {label: ones(4, 3, 2)})
    history = model.fit(fed.x, fed.y, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_full_names_lead_to_inputs_too(n):
    assert n.aliases.get(n.pixel) == "pixel_1_2"
    assert n.aliases.input("sub/pixel 1/2") == "pixel_1_2"


def test_what_has_no_alias(n):
    with pytest.raises(UnknownObject, match="'ens' is no input Node and no probe.*'a', 'node'"):
        n.aliases.get(n.ens)
    with pytest.raises(UnknownObject, match="no input Node and no probe.*'probe', 'neurons'"):
        n.aliases.get([1])


# -- forms -----------------------------------------------------------------------------------------


def test_forms_of_inputs(n):
    a, node = ones(5, 4, 3), ones(5, 4, 1)
    for x in (a, [a], (a, None), {n.a: a}, {"a": a}, {"a": a, n.plain: None}):
        fed = n.feed(x)
        assert (list(fed.x), fed.n_steps, fed.items, fed.inputs) == (["a"], 4, 5, ("a",))
        assert fed.x["a"] is a  # no copy
        assert fed.y is fed.sample_weight is None
    for x in ([a, node], {n.plain: node, "a": a}, {"node": node, n.a: a}):
        fed = n.feed(x, n_steps=4)
        assert fed.x["a"] is a
        assert fed.x["node"] is node
    fed = n.feed([None, None, ones(2, 3, 1)])
    assert (list(fed.x), fed.n_steps) == (["pixel_1_2"], 3)


def test_what_is_no_array_yet(n):
    assert n.feed([[[1, 2, 3]] * 2]).x["a"].shape == (1, 2, 3)
    assert n.feed([[[[1, 2, 3]] * 2], [[[1]] * 2]]).x["node"].shape == (1, 2, 1)
    whole = np.arange(6, dtype=np.uint8).reshape((1, 2, 3))
    assert n.feed(whole).x["a"] is whole


def test_nothing_is_fed(n):
    fed = n.feed(n_steps=7)
    assert list(fed.x) == ["n_steps"]
    assert fed.x["n_steps"].dtype.kind == "i"
    np.testing.assert_array_equal(fed.x["n_steps"], np.full((4, 1), 7))
    assert fed.inputs == ()
    assert n.feed(None, ones(6, 2, 3)).x["n_steps"].shape == (6, 1)
    assert n.feed({}, n_steps=7, batch=2).items == 2


def test_steps_as_an_input_of_that_name(n):
    fed = n.feed({"n_steps": np.full((3, 1), 6)})
    assert (fed.n_steps, fed.items) == (6, 3)
    assert n.feed({"a": ones(3, 6, 3), "n_steps": np.full((3, 1), 6)}).n_steps == 6
    with pytest.raises(ValidationError, match="x\\['n_steps'\\] says 5 steps, the data have 6"):
        n.feed({"a": ones(3, 6, 3), "n_steps": 5})


def test_forms_of_targets(n):
    x, out, neurons = ones(5, 4, 3), ones(5, 4, 3), ones(5, 4, 10)
    for y in (out, [out], {n.out: out}, {"probe": out}):
        fed = n.feed(x, y)
        assert fed.y["probe"] is out
        assert fed.targets == ("probe",)
    for y in ([out, neurons], {n.neurons: neurons, "probe": out}):
        fed = n.feed(x, y)
        assert fed.y["probe"] is out
        assert fed.y["neurons"] is neurons
    # An array is for the first probe that needs one.
    assert list(n.feed(x, neurons, targets={"neurons": "values"}).y) == ["neurons"]


def test_targets_that_are_classes(n):
    x = ones(5, 4, 3)
    for y in (np.full((5, 4, 1), 9), np.full((5, 4), 9), np.full((5, 4, 1), 9.0)):
        assert n.feed(x, {"neurons": y}, targets={"neurons": "classes"}).y["neurons"] is y
    kinds = {"neurons": "classes"}
    with pytest.raises(ValidationError, match="10 classes apart, 0 to 9; got numbers from 10"):
        n.feed(x, {"neurons": np.full((5, 4, 1), 10)}, targets=kinds)
    with pytest.raises(ValidationError, match="whole numbers of classes, got fractions"):
        n.feed(x, {"neurons": np.full((5, 4, 1), 1.5)}, targets=kinds)
    with pytest.raises(ValidationError, match="np.tile\\(y.reshape.*\\(1, 4, 1\\)"):
        n.feed(x, {"neurons": np.full(5, 1)}, n_steps=4, targets=kinds)
    with pytest.raises(ValidationError, match="y.argmax"):
        n.feed(x, {"neurons": ones(5, 4, 10)}, targets=kinds)


def test_targets_of_losses_of_ones_own(n):
    y = np.full((5, 1, 1), np.nan)  # one class for all steps, and holes, for all we know
    assert n.feed(ones(5, 4, 3), y, targets={"probe": "own"}).y["probe"] is y
    with pytest.raises(ValidationError, match="number of batch items.*'a' 5.*'probe' 6"):
        n.feed(ones(5, 4, 3), ones(6, 4, 3), targets={"probe": "own"})


def test_losses_that_need_no_targets(n):
    fed = n.feed(ones(5, 4, 3), targets={"neurons": "none"})
    np.testing.assert_array_equal(fed.y["neurons"], np.zeros((5, 1, 1)))
    out = ones(5, 4, 3)
    fed = n.feed(out, out, ones(5), targets={"neurons": "none", "probe": "values"})
    assert set(fed.y) == set(fed.sample_weight) == {"probe", "neurons"}


def test_what_losses_make_of_targets():
    import keras

    class Own(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return y_pred

    def mine(y_true, y_pred):
        return y_pred

    assert target_kind("mse") == target_kind(keras.losses.Huber()) == "values"
    assert target_kind(keras.losses.mean_squared_error) == "values"
    assert target_kind("sparse_categorical_crossentropy") == "classes"
    assert target_kind(keras.losses.SparseCategoricalCrossentropy(from_logits=True)) == "classes"
    assert target_kind(keras.losses.sparse_categorical_crossentropy) == "classes"
    assert target_kind(mine) == target_kind(Own()) == "own"
    Own.takes_nan = True
    assert target_kind(Own()) == "holes"
    mine.needs_targets = False
    assert target_kind(mine) == "none"


def test_targets_with_holes(n):
    x, y = ones(5, 4, 3), ones(5, 4, 3)
    y[3, 2] = np.nan
    assert n.feed(x, y, targets={"probe": "holes"}).y["probe"] is y
    y[4, 1, 0] = np.inf
    with pytest.raises(ValidationError, match="targets of 'probe': inf in batch item 4, step 1"):
        n.feed(x, y, targets={"probe": "holes"})
    with pytest.raises(ValidationError, match="holds 3, not 2"):
        n.feed(x, y[..., :2], targets={"probe": "holes"})


def test_nodes_that_compute_a_tensor_function_are_not_fed():
    class Tensor(nengo.Node):
        tensor_func = staticmethod(np.sin)

    with nengo.Network() as net:
        Tensor([0.0], label="tensor")
        nengo.Node([0.0], label="plain")
    aliases = Aliases(net)
    assert list(aliases.inputs) == ["plain"]
    with pytest.raises(UnknownObject, match="'tensor' computes a tensor function"):
        aliases.input("tensor")


def test_probes_of_matrices():
    with nengo.Network(seed=0) as net:
        a, b = nengo.Ensemble(4, 1), nengo.Ensemble(5, 2)
        conn = nengo.Connection(a, b, function=lambda x: [x, x])
        nengo.Probe(conn, "weights")
    feeder = Feeder.of(Aliases(net), build(net, 0.001).model)
    fed = feeder.feed(None, ones(3, 2, 2, 4), ones(3))
    assert (fed.n_steps, fed.sample_weight["probe"].shape) == (2, (3, 1, 1))
    with pytest.raises(
        ValidationError, match=r"expected \(batch, n_steps, 2, 4\), got \(3, 2, 8\)"
    ):
        feeder.feed(None, ones(3, 2, 8))


# -- weights ---------------------------------------------------------------------------------------


def test_forms_of_sample_weights(n):
    x, y = ones(5, 4, 3), [ones(5, 4, 3), ones(5, 4, 10)]
    item, step = np.arange(5.0), ones(5, 4)
    fed = n.feed(x, y, item)
    for weight in fed.sample_weight.values():
        assert np.shares_memory(weight, item)
        np.testing.assert_array_equal(weight, item[:, None])  # for every step
    assert np.shares_memory(n.feed(x, y, step).sample_weight["neurons"], step)
    assert n.feed(x, y, step[..., None]).sample_weight["neurons"].shape == (5, 4)
    fed = n.feed(x, y, {n.neurons: step})
    assert np.shares_memory(fed.sample_weight["neurons"], step)
    np.testing.assert_array_equal(fed.sample_weight["probe"], np.ones((5, 1)))
    fed = n.feed(x, y, [item, step])
    assert np.shares_memory(fed.sample_weight["probe"], item)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (ones(4), r"here \(5,\) or \(5, 4\); got \(4,\)"),
        (ones(5, 3), r"here \(5,\) or \(5, 4\); got \(5, 3\)"),
        (ones(5) * np.nan, "nan at \\(0,\\)"),
        ("heavy", "expected numbers"),
        ({"neurons": ones(5)}, "'neurons' has weights and no targets"),
        ({"nobody": ones(5)}, "'nobody' is no probe.*'probe', 'neurons'"),
    ],
)
def test_sample_weights_that_do_not_fit(n, weight, message):
    with pytest.raises(ValidationError, match=message) as err:
        n.feed(ones(5, 4, 3), ones(5, 4, 3), weight)
    assert "sample_weight" in str(err.value)


def test_class_weights_become_sample_weights_at_every_step(n):
    x = ones(2, 2, 3)
    one_hot = np.eye(3)[[[0, 1], [2, 1]]]
    fed = n.feed(x, one_hot, class_weight={1: 2.0, 2: 3.0})
    np.testing.assert_array_equal(fed.sample_weight["probe"], [[1, 2], [3, 2]])
    fed = n.feed(
        x,
        {"neurons": np.array([[0, 1], [2, 1]])},
        class_weight={1: 2.0, 2: 3.0},
        targets={"neurons": "classes"},
    )
    np.testing.assert_array_equal(fed.sample_weight["neurons"], [[1, 2], [3, 2]])
    with pytest.raises(ValidationError, match="together with sample_weight"):
        n.feed(x, one_hot, ones(2), class_weight={1: 2.0})
    with pytest.raises(ValidationError, match="one probe with targets"):
        n.feed(x, [one_hot, ones(2, 2, 10)], class_weight={1: 2.0})
    with pytest.raises(ValidationError, match="numbers of classes and their weights"):
        n.feed(x, one_hot, class_weight={"cat": 2.0})


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_data_that_are_not_finite(n, bad):
    x = ones(5, 4, 3)
    x[3, 2, 1] = bad
    with pytest.raises(ValidationError, match=f"input 'a': {bad} in batch item 3, step 2"):
        n.feed(x)
    with pytest.raises(ValidationError, match=f"targets of 'probe': {bad} in batch item 3, step 2"):
        n.feed(None, x)


def test_large_numbers_are_finite(n):
    for x in (
        np.full((50, 4, 3), 3e38, np.float32),  # their sum is not
        np.full((50, 400, 3), 6e4, np.float16),
    ):
        fed = n.feed(x)
        np.testing.assert_array_equal(fed.x["a"], x)
        assert fed.n_steps == x.shape[1]


def test_data_that_are_broadcast_are_neither_copied_nor_gone_through(n):
    x = np.broadcast_to(ones(1, 1, 3), (10**6, 10**6, 3))
    assert n.feed(x).x["a"] is x


@pytest.mark.parametrize(
    ("split", "message"),
    [(1.0, "between 0 and 1"), (-0.5, "between 0 and 1"), (0.9, "leaves none")],
)
def test_validation_split(n, split, message):
    x = ones(5, 4, 3)
    n.feed(x, validation_split=0.2)
    with pytest.raises(ValidationError, match=message):
        n.feed(x, validation_split=split)


def test_validation_data(n):
    x, y = ones(5, 4, 3), ones(5, 4, 3)
    fed = n.feeder.validation((x, {n.out: y}, ones(5)))
    assert fed.packed[0]["a"] is x
    assert fed.packed[1]["probe"] is y
    assert list(fed.packed[2]) == ["probe"]
    assert len(n.feeder.validation([x, y]).packed) == 2
    with pytest.raises(ValidationError, match="validation_data: must be .*got ndarray"):
        n.feeder.validation(x)
    with pytest.raises(ValidationError, match="got tuple of length 1"):
        n.feeder.validation((x,))
