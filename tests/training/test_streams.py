"""What yields batches: generators, PyDatasets and tf.data, through Keras and its own checks."""

from functools import cache

import keras
import nengo
import numpy as np
import pytest
import tensorflow as tf
from nengo.exceptions import ValidationError

from nengolab.compiler.build import build
from nengolab.exceptions import UnknownObject
from nengolab.feeding.aliases import Aliases
from nengolab.feeding.feeder import Feeder

STEPS, ITEMS, MOST = 3, 10, 4


class Net:
    """Two inputs, two probes, and a Keras model of the same names: what is fed is put out."""

    def __init__(self):
        with nengo.Network(seed=0) as net:
            self.a = nengo.Node(np.zeros(2), label="a")
            self.b = nengo.Node(np.zeros(3), label="b")
            self.p = nengo.Probe(self.a, label="p")
            self.q = nengo.Probe(self.b, label="q/r")
        self.aliases = Aliases(net)
        self.feeder = Feeder.of(self.aliases, build(net, 0.001).model, MOST)

    @cache  # noqa: B019 - one network lives as long as its tests
    def model(self, purpose):
        inputs = {"a": keras.Input((None, 2), name="a"), "b": keras.Input((None, 3), name="b")}
        outputs = {
            "p": keras.layers.Dense(2, name="p", kernel_initializer="ones")(inputs["a"]),
            "q_r": keras.layers.Dense(3, name="q_r", kernel_initializer="ones")(inputs["b"]),
        }
        model = keras.Model(inputs, outputs)
        model.compile("sgd", loss={"p": "mse", "q_r": "mse"})
        return model


@pytest.fixture(scope="module")
def n():
    return Net()


def arrays():
    rng = np.random.RandomState(0)
    x = [rng.rand(ITEMS, STEPS, size).astype(np.float32) for size in (2, 3)]
    y = [rng.rand(ITEMS, STEPS, size).astype(np.float32) for size in (2, 3)]
    return x, y, rng.rand(ITEMS).astype(np.float32)


def slices():
    return [slice(i, i + MOST) for i in range(0, ITEMS, MOST)]  # the last one is smaller


class Batches(keras.utils.PyDataset):
    def __init__(self, items, **kwargs):
        super().__init__(**kwargs)
        self.items, self.epochs = items, 0

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]

    def on_epoch_end(self):
        self.epochs += 1


def as_generator(items):
    return iter(items)


def as_dataset(items):
    """A dataset that knows no more of shapes than the rank."""

    def spec(v):
        v = np.asarray(v)
        return tf.TensorSpec([None] * v.ndim, v.dtype)

    signature = tf.nest.map_structure(spec, items[0])
    return tf.data.Dataset.from_generator(lambda: iter(items), output_signature=signature)


STREAMS = {"generator": as_generator, "PyDataset": Batches, "tf.data": as_dataset}


@pytest.fixture(params=STREAMS)
def stream(request):
    return STREAMS[request.param]


def forms(n):
    """Items as people may yield them: by name, in order, by object."""
    x, y, w = arrays()
    a, b = x
    p, q = y
    yield [({"a": a[s], "b": b[s]}, {"p": p[s], "q/r": q[s]}, w[s]) for s in slices()]
    yield [((a[s], b[s]), (p[s], q[s]), {"p": w[s], "q_r": w[s]}) for s in slices()]
    yield [
        ({n.a: a[s], n.b: b[s]}, {n.p: p[s], n.q: q[s]}, {n.p: w[s], n.q: w[s]}) for s in slices()
    ]


@pytest.mark.in_turn
# tf.data sorts the keys of dicts, which Nodes cannot be.
@pytest.mark.parametrize(
    ("name", "form"), [(s, i) for s in STREAMS for i in range(3) if (s, i) != ("tf.data", 2)]
)
def test_streams_give_what_keras_makes_of_plain_ones(n, name, form):
    items = list(forms(n))[form]
    (a, b), (p, q), w = arrays()
    plain = [
        ({"a": a[s], "b": b[s]}, {"p": p[s], "q_r": q[s]}, {k: w[s, None] for k in ("p", "q_r")})
        for s in slices()
    ]
    model = n.model("evaluate")
    source = (item for item in plain) if name == "generator" else STREAMS[name](plain)
    expected = model.evaluate(source, verbose=0, return_dict=True)
    fed = n.feeder.feed(STREAMS[name](items))
    assert (fed.n_steps, fed.inputs, fed.targets) == (STEPS, ("a", "b"), ("p", "q_r"))
    with fed.told():
        got = model.evaluate(fed.x, verbose=0, return_dict=True)
    np.testing.assert_allclose(list(got.values()), list(expected.values()), rtol=1e-5)
    assert got.keys() == expected.keys() == {"loss", "p_loss", "q_r_loss"}


def test_arrays_give_the_loss_by_hand(n):
    x, y, w = arrays()
    fed = n.feeder.feed(x, y, w)
    got = n.model("evaluate").evaluate(
        fed.x, fed.y, ITEMS, sample_weight=fed.sample_weight, verbose=0, return_dict=True
    )
    for name, x_in, target in zip(("p", "q_r"), x, y, strict=True):
        out = np.repeat(x_in.sum(axis=-1, keepdims=True), target.shape[-1], axis=-1)
        loss = (((out - target) ** 2).mean(axis=(1, 2)) * w).mean()
        np.testing.assert_allclose(got[f"{name}_loss"], loss, rtol=1e-5)


def test_arrays_are_shuffled_and_split_by_keras(n):
    x, y, w = arrays()
    fed = n.feeder.feed(x, y, w, validation_split=0.3)
    assert fed.can_shuffle
    history = n.model("fit").fit(
        fed.x,
        fed.y,
        MOST,
        sample_weight=fed.sample_weight,
        validation_split=0.3,
        shuffle=True,
        verbose=0,
    )
    assert history.history.keys() >= {"loss", "p_loss", "val_loss", "val_q_r_loss"}


def test_what_keras_can_shuffle(n):
    items = [(bad(),)]
    assert n.feeder.feed(Batches(items)).can_shuffle
    assert not n.feeder.feed(iter(items)).can_shuffle
    assert not n.feeder.feed(as_dataset(items)).can_shuffle


def test_threads_of_a_dataset_tell_what_was_wrong(n):
    y = {"p": np.ones((2, 3, 2)), "q_r": np.ones((2, 3, 3))}
    items = [(bad(), y), (bad(), y), (bad(b=np.full((2, 3, 3), np.inf)), y)]
    fed = n.feeder.feed(Batches(items, workers=2))
    with (
        pytest.raises(ValidationError, match="input 'b' in batch 2 of the data.*: inf"),
        fed.told(),
    ):
        n.model("fit").fit(fed.x, verbose=0, shuffle=False)


def test_inputs_alone(n, stream):
    x, _, _ = arrays()
    expected = n.model("predict").predict(dict(zip("ab", x, strict=True)), MOST, verbose=0)
    fed = n.feeder.feed(stream([({"a": x[0][s], "b": x[1][s]},) for s in slices()]))
    got = n.model("predict").predict(fed.x, verbose=0)
    np.testing.assert_allclose(got["q_r"], expected["q_r"], rtol=1e-5)


def test_nothing_but_targets(n, stream):
    items = [({"n_steps": np.full((MOST, 1), STEPS)}, {"p": np.ones((MOST, STEPS, 2))})] * 2
    fed = n.feeder.feed(stream(items), targets={"p": "values", "q_r": "none"})
    assert (fed.n_steps, fed.inputs) == (STEPS, ())
    for item in fed.x if isinstance(fed.x, tf.data.Dataset) else list(take(fed.x, 2)):
        x, y = item
        np.testing.assert_array_equal(x["n_steps"], np.full((MOST, 1), STEPS))
        np.testing.assert_array_equal(y["q_r"], np.zeros((MOST, 1, 1)))


def take(x, count):
    return (x[i] if isinstance(x, keras.utils.PyDataset) else next(x) for i in range(count))


def test_steps_are_compared(n, stream):
    items = [({"a": np.ones((2, STEPS, 2))},)]
    assert n.feeder.feed(stream(items), n_steps=STEPS).n_steps == STEPS
    with pytest.raises(ValidationError, match="n_steps says 7 steps, the data have 3"):
        n.feeder.feed(stream(items), n_steps=7)


def test_class_weights(n, stream):
    classes = np.array([[[0], [1], [2]]] * 2)
    items = [({"b": np.ones((2, STEPS, 3))}, {"q_r": classes})]
    fed = n.feeder.feed(stream(items), targets={"q_r": "classes"}, class_weight={1: 5.0})
    ((_, _, weight),) = list(fed.x) if isinstance(fed.x, tf.data.Dataset) else take(fed.x, 1)
    np.testing.assert_array_equal(weight["q_r"], [[1, 5, 1]] * 2)
    one_hot = [({"b": np.ones((2, STEPS, 3))}, {"q_r": np.eye(3)[classes[..., 0]]})]
    fed = n.feeder.feed(stream(one_hot), class_weight={1: 5.0})
    ((_, _, weight),) = list(fed.x) if isinstance(fed.x, tf.data.Dataset) else take(fed.x, 1)
    np.testing.assert_array_equal(weight["q_r"], [[1, 5, 1]] * 2)


def test_epochs_are_told(n):
    batches = Batches(
        [
            (
                {"a": np.ones((2, STEPS, 2)), "b": np.ones((2, STEPS, 3))},
                {"p": np.ones((2, STEPS, 2)), "q/r": np.ones((2, STEPS, 3))},
            )
        ]
    )
    fed = n.feeder.feed(batches)
    n.model("fit").fit(fed.x, epochs=2, verbose=0)
    assert batches.epochs >= 2


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "kind", "message"),
    [
        (({"zz": np.ones((2, 3, 2))},), UnknownObject, "'zz' is no Node.*'a', 'b'"),
        (({"a": np.ones((2, 3, 2))}, {"zz": np.ones((2, 3, 2))}), UnknownObject, "'p', 'q_r'"),
        (({"a": np.ones((2, 3, 5))},), ValidationError, "holds 2, not 5|expected .*n_steps, 2.*5"),
        (({"a": np.ones((2, 2))},), ValidationError, "expected \\(batch, n_steps, 2\\)"),
        (({"a": np.full((2, 3, 2), "x")},), ValidationError, "expected real numbers"),
        (({"a": np.ones((2, 3, 2))},) * 4, ValidationError, "got 4 parts"),
        (
            ({"a": np.ones((2, 3, 2))}, {"p": np.ones((2, 3, 2))}),
            ValidationError,
            "targets are needed .*for 'q_r'",
        ),
        (({"a": np.ones((5, 3, 2))},), ValidationError, "minibatch_size is 4"),
    ],
)
def test_what_is_wrong_with_the_first_item_is_said_at_once(n, stream, item, kind, message):
    targets = {"q_r": "values"} if len(item) == 2 and "p" in item[1] else None
    with pytest.raises(kind, match=message):
        n.feeder.feed(stream([item]), targets=targets)


def bad(**changes):
    good = {"a": np.ones((2, 3, 2)), "b": np.ones((2, 3, 3))}
    return good | changes


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (
            bad(a=np.ones((2, 4, 2)), b=np.ones((2, 4, 3))),
            "same number of steps|expected .*n_steps 3",
        ),
        (bad(a=np.ones((1, 3, 2))), "same number of batch items"),
        (bad(a=np.ones((5, 3, 2)), b=np.ones((5, 3, 3))), "minibatch_size is 4|same number"),
        (bad(b=np.full((2, 3, 3), np.nan)), "input 'b'.*: (nan|NaN)"),
        (bad(b=np.ones((2, 3, 4))), "input 'b'.*expected"),
    ],
)
def test_what_is_wrong_with_a_later_item_names_it(n, stream, x, message):
    y = {"p": np.ones((2, 3, 2)), "q_r": np.ones((2, 3, 3))}
    items = [(bad(), y), (bad(), y), (x, y)]
    fed = n.feeder.feed(stream(items))
    with pytest.raises(ValidationError, match=message) as err, fed.told():
        n.model("fit").fit(fed.x, epochs=1, verbose=0, shuffle=False)
    assert "batch 2 of the data" in str(err.value) or "number 2" in str(err.value)


def test_what_the_generator_raises_is_what_is_raised(n):
    def broken():
        yield bad(), {"p": np.ones((2, 3, 2)), "q_r": np.ones((2, 3, 3))}
        yield bad(), {"p": np.ones((2, 3, 2)), "q_r": np.ones((2, 3, 3))}
        raise OSError("the disk is gone")

    fed = n.feeder.feed(broken())
    with pytest.raises(OSError, match="the disk is gone"), fed.told():
        n.model("fit").fit(fed.x, verbose=0)


def test_other_errors_pass(n):
    fed = n.feeder.feed(iter([(bad(),)]))
    with pytest.raises(RuntimeError, match="mine"), fed.told():
        raise RuntimeError("mine")


@pytest.mark.parametrize(
    "empty", [iter([]), Batches([]), tf.data.Dataset.range(0).map(lambda i: tf.zeros((1, 2, 2)))]
)
def test_streams_that_yield_nothing(n, empty):
    kind = "the dataset" if isinstance(empty, tf.data.Dataset) else "no batch"
    if isinstance(empty, tf.data.Dataset):
        empty = as_dataset_of_unknown_steps(empty)
    with pytest.raises(ValidationError, match=f"{kind}"):
        n.feeder.feed(empty)


def as_dataset_of_unknown_steps(ds):
    spec = tf.TensorSpec([None, None, 2], tf.float32)
    return tf.data.Dataset.from_generator(lambda: iter(ds), output_signature=spec)


def test_what_does_not_go_with_streams(n, stream):
    items = [({"a": np.ones((2, 3, 2))},)]
    with pytest.raises(ValidationError, match="y: .*yields its own"):
        n.feeder.feed(stream(items), np.ones((2, 3, 2)))
    with pytest.raises(ValidationError, match="sample_weight: .*yields its own"):
        n.feeder.feed(stream(items), None, np.ones(2))
    with pytest.raises(ValidationError, match="validation_split: needs arrays"):
        n.feeder.feed(stream(items), validation_split=0.5)


def test_datasets_without_batches(n):
    single = tf.data.Dataset.from_tensor_slices({"a": np.ones((6, STEPS, 2), np.float32)})
    with pytest.raises(ValidationError, match="dataset.batch\\(minibatch_size\\)"):
        n.feeder.feed(single)
    assert n.feeder.feed(single.batch(4)).n_steps == STEPS
    with pytest.raises(ValidationError, match="a batch of 5 items; .*minibatch_size is 4"):
        n.feeder.feed(single.batch(5, drop_remainder=True))


def test_datasets_of_large_numbers_and_of_holes(n):
    large = np.full((2, STEPS, 2), 3e38, np.float32)  # their sum is not finite
    holes = np.array([[[np.nan, 1.0]] * STEPS] * 2, np.float32)
    fed = n.feeder.feed(as_dataset([(large, holes)]), targets={"p": "holes"})
    ((x, y),) = list(fed.x)
    np.testing.assert_array_equal(x["a"], large)
    np.testing.assert_array_equal(y["p"], holes)
    fed = n.feeder.feed(
        as_dataset([(large, holes), (large, holes * np.inf)]), targets={"p": "holes"}
    )
    with pytest.raises(ValidationError, match="targets of 'p': NaN or inf.*number 1"), fed.told():
        list(fed.x)


def test_datasets_are_not_looked_at_where_their_shapes_say_all(n):
    drawn = []

    def generate():
        for i in range(2):
            drawn.append(i)
            yield np.ones((2, STEPS, 2), np.float32)

    ds = tf.data.Dataset.from_generator(
        generate, output_signature=tf.TensorSpec([None, STEPS, 2], tf.float32)
    )
    fed = n.feeder.feed(ds)
    assert drawn == []
    assert fed.x.element_spec[0]["a"].shape.as_list() == [None, STEPS, 2]


def test_validation_data(n, stream):
    fed = n.feeder.validation(stream([({"a": np.ones((2, 3, 2))}, {"p": np.ones((2, 3, 2))})]))
    assert fed.packed is fed.x
    assert fed.n_steps == 3
