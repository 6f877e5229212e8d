"""Every transform against nengo.Simulator, on every kind of connection that takes it."""

from __future__ import annotations

import itertools

import nengo
import numpy as np
import pytest
import scipy.sparse
from nengo.builder.transforms import conv2d_gradx

import nengolab
from nengolab.kernels.events import add_events

from .compare import both, run

SCHEDULES = ["auto", "stepped", "batched"]
DOUBLE = [("float64", schedule) for schedule in SCHEDULES]
SINGLE = [("float32", schedule) for schedule in SCHEDULES]
BOTH_WAYS = DOUBLE[1:]


def agree(make, steps=60, *how):
    """Both simulators' data agree: to 1e-9 in double precision, to single precision's rounding.

    ``how`` are precisions and schedules; each pair of them is run, and Nengo's own simulator once.
    """
    data = run(nengo.Simulator, make(), steps)
    assert len(data) == len(make().all_probes), "labels must differ"
    for dtype, schedule in how or [("float64", "auto")]:
        for label, (expected, got) in both(make, steps, dtype, schedule, data).items():
            where = f"{label}, {dtype}, {schedule}"
            scale = max(1.0, np.abs(expected).max())
            tolerance = {"float64": 1e-9, "float32": 2e-5}[dtype] * scale
            assert np.any(expected), f"{label} is 0 throughout: nothing is compared"
            np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance, err_msg=where)


def sparse_matrix(rows, columns, density, seed=0):
    """A sparse matrix with an empty column, an empty row and a full column."""
    rng = np.random.RandomState(seed)
    dense = rng.normal(size=(rows, columns)) * (rng.uniform(size=(rows, columns)) < density)
    dense[:, 0] = rng.normal(size=rows)
    dense[:, -1] = 0
    dense[-1] = 0
    return scipy.sparse.csr_matrix(dense)


# -- convolutions ------------------------------------------------------------------------------


def convolution(*convs, neurons=False):
    """Convolutions between Nodes, of a wave; or between spiking neurons."""

    def make():
        rng = np.random.RandomState(1)
        with nengo.Network(seed=0) as net:
            for conv in convs:
                phase = rng.uniform(0, 6, conv.size_in)
                source = nengo.Node(lambda t, phase=phase: np.sin(30 * t + phase))
                if neurons:
                    _between_neurons(source, conv)
                    continue
                out = nengo.Node(size_in=conv.size_out)
                nengo.Connection(source, out, transform=conv, synapse=None)
                nengo.Probe(out, label=f"{conv} {conv.channels_last}")
        return net

    return make


def _between_neurons(source, conv):
    a, b = (nengo.Ensemble(n, 1, n_eval_points=10).neurons for n in (conv.size_in, conv.size_out))
    nengo.Connection(source, a, synapse=None, transform=3)
    nengo.Connection(a, b, transform=conv, synapse=0.005)
    nengo.Probe(b, label="spikes")
    nengo.Probe(b, "input", label="current")


SHAPES = {1: (9,), 2: (7, 6), 3: (5, 4, 6)}


def shape(dimensions, channels, channels_last):
    spatial = SHAPES[dimensions]
    return (*spatial, channels) if channels_last else (channels, *spatial)


def convolutions(kind):
    """One of every stride, kernel, padding and channel order, in 1 and 2 dimensions."""
    strides_and_kernels = [((1, 1), (3, 3)), ((2, 3), (2, 4)), ((3, 2), (1, 2))]
    for (strides, kernel), dimensions, padding, channels_last in itertools.product(
        strides_and_kernels, (1, 2), ("same", "valid"), (True, False)
    ):
        options = {
            "kernel_size": kernel[:dimensions],
            "strides": strides[:dimensions],
            "padding": padding,
            "channels_last": channels_last,
        }
        image = shape(dimensions, 4, channels_last)
        if kind == "transposed":
            yield nengo.ConvolutionTranspose(8, image, **options)
        else:
            yield nengo.Convolution(8, image, groups=kind, **options)


@pytest.mark.parametrize("kind", [1, 2, 4, "transposed"])
def test_convolution(kind):
    """``kind`` is the number of groups."""
    agree(convolution(*convolutions(kind)), 20, *BOTH_WAYS, ("float32", "auto"))


def test_transposed_convolution_with_an_output_shape():
    """Several output shapes lead to one input shape: the given one is what comes out."""
    convs = []
    for padding, extra in itertools.product(("same", "valid"), (0, 1, 2)):
        small = (4 - 1) * 3 + 1 + (2 - 1 if padding == "valid" else 0)
        convs.append(
            nengo.ConvolutionTranspose(
                3, (4, 4, 2), (small + extra, small, 3), (2, 2), (3, 3), padding=padding
            )
        )
    agree(convolution(*convs), 20, *BOTH_WAYS)


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("schedule", ["stepped", "batched"])
def test_convolution_in_three_dimensions(schedule, groups, padding, channels_last):
    """Nengo's own simulator has none: against SciPy's correlation, channel by channel."""
    conv = nengo.Convolution(
        4,
        shape(3, 2, channels_last),
        (3, 2, 3),
        (2, 1, 2),
        padding,
        channels_last,
        init=np.random.RandomState(0).normal(size=(3, 2, 3, 2 // groups, 4)),
        groups=groups,
    )
    x, y = run_once(conv, schedule)
    x = x if channels_last else np.moveaxis(x, 0, -1)
    expected = np.zeros((*conv.output_shape.spatial_shape, 4))
    pads = [
        max((o - 1) * s + k - n, 0) if padding == "same" else 0
        for o, s, k, n in zip(expected.shape, conv.strides, conv.kernel_size, x.shape, strict=False)
    ]
    x = np.pad(x, [*((p // 2, p - p // 2) for p in pads), (0, 0)])
    per = 4 // groups
    for at in np.ndindex(*expected.shape):
        group = at[3] // per
        window = tuple(
            slice(s * i, s * i + k)
            for s, i, k in zip(conv.strides, at, conv.kernel_size, strict=False)
        )
        channels = slice(group * 2 // groups, (group + 1) * 2 // groups)
        expected[at] = np.sum(x[(*window, channels)] * conv.init[..., at[3]])
    y = y if channels_last else np.moveaxis(y, 0, -1)
    np.testing.assert_allclose(y, expected, atol=1e-12)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("schedule", ["stepped", "batched"])
def test_transposed_convolution_in_three_dimensions(schedule, padding):
    """With a kernel of length 1 along one axis, it is Nengo's in two dimensions, plane by plane."""
    kernel = np.random.RandomState(0).normal(size=(1, 3, 2, 2, 4))
    conv = nengo.ConvolutionTranspose(
        4, shape(3, 2, True), None, (1, 3, 2), (1, 2, 2), padding, init=kernel
    )
    x, y = run_once(conv, schedule)
    expected = conv2d_gradx(
        kernel[0], x, conv.output_shape.spatial_shape[1:], padding.upper(), conv.strides[1:]
    )
    np.testing.assert_allclose(y, expected, atol=1e-12)


def run_once(conv, schedule):
    """Input and output of a convolution, as images."""
    x = np.random.RandomState(2).normal(size=conv.size_in)
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64", schedule=schedule)
        out = nengo.Node(size_in=conv.size_out)
        nengo.Connection(nengo.Node(x), out, transform=conv, synapse=None)
        probe = nengo.Probe(out)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(1)
        y = sim.data[probe][0]
    return x.reshape(conv.input_shape.shape), y.reshape(conv.output_shape.shape)


def test_convolution_between_spiking_neurons():
    conv = nengo.Convolution(4, (8, 8, 3), strides=(2, 2), init=nengo.dists.Uniform(-0.05, 0.05))
    make = convolution(conv, neurons=True)
    agree(make, 200, *DOUBLE)
    data = run(nengo.Simulator, make(), 60)
    for how in SINGLE:
        expected, got = both(make, 60, *how, data)["current"]
        np.testing.assert_allclose(got, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("members", [3, 12])
def test_like_convolutions_run_as_one_group(members):
    def make():
        with nengo.Network(seed=0) as net:
            for i in range(members):
                conv = nengo.Convolution(3, (6, 6, 2))
                source = nengo.Node(np.random.RandomState(i).normal(size=72))
                out = nengo.Node(size_in=conv.size_out)
                nengo.Connection(source, out, transform=conv, synapse=0.01)
                nengo.Probe(out, label=f"out {i}")
        return net

    agree(make, 20, *BOTH_WAYS)


# -- sparse ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["scipy", "coordinates", "drawn"])
def test_sparse_between_nodes(kind):
    matrix = sparse_matrix(40, 50, 0.1).tocoo()
    indices = np.stack([matrix.row, matrix.col], axis=1)
    if kind == "scipy":
        transform = nengo.Sparse((40, 50), init=matrix.tocsr())
    elif kind == "coordinates":
        # A place named twice counts twice.
        indices = np.concatenate([indices, indices[:5]])
        transform = nengo.Sparse((40, 50), indices, init=np.arange(1.0, len(indices) + 1))
    else:
        transform = nengo.Sparse((40, 50), indices, init=nengo.dists.Gaussian(0, 1))

    def make():
        phase = np.arange(50)
        with nengo.Network(seed=0) as net:
            source = nengo.Node(lambda t: np.cos(20 * t + phase), label="wave")
            out = nengo.Node(size_in=40)
            nengo.Connection(source, out, transform=transform, synapse=None)
            nengo.Probe(out, label="out")
        return net

    agree(make, 50, *DOUBLE, *SINGLE)


def spiking(pre, post, transform, recurrent=False, spikes_from=nengo.LIF, rate=200.0):
    """Neurons -> neurons through ``transform``, and back through its transpose."""

    def make():
        types = {"max_rates": nengo.dists.Uniform(0.5 * rate, rate), "n_eval_points": 100}
        with nengo.Network(seed=0) as net:
            a = nengo.Ensemble(pre, 1, neuron_type=spikes_from(), label="a", **types)
            b = a if recurrent else nengo.Ensemble(post, 1, label="b", **types)
            nengo.Connection(nengo.Node(0.7), a)
            nengo.Connection(a.neurons, b.neurons, transform=transform, synapse=0.01)
            nengo.Probe(b.neurons, label="spikes")
            nengo.Probe(b.neurons, "input", label="current")
        return net

    return make


@pytest.mark.parametrize(
    ("neurons", "recurrent"),
    [
        (nengo.LIF, True),
        (nengo.LIF, False),
        (nengo.LIFRate, True),
        (nengo.LIFRate, False),
        (nengo.SpikingRectifiedLinear, True),
    ],
)
def test_sparse_between_neurons(neurons, recurrent):
    matrix = sparse_matrix(90, 90, 0.1) * 1e-3
    transform = nengo.Sparse((90, 90), init=matrix)
    agree(spiking(90, 90, transform, recurrent, neurons), 200, *DOUBLE)


@pytest.mark.parametrize("neurons", [nengo.LIF, nengo.LIFRate])
def test_sparse_between_neurons_in_single_precision(neurons):
    transform = nengo.Sparse((90, 90), init=sparse_matrix(90, 90, 0.1) * 1e-3)
    data = both(spiking(90, 90, transform, True, neurons), 60, "float32")
    expected, got = data["current"]
    np.testing.assert_allclose(got, expected, atol=1e-4 * np.abs(expected).max())


def test_sparse_on_slices_and_from_an_ensemble():
    """Parts of neurons, a decoded value behind a Node, a probe of what comes out."""
    transform = nengo.Sparse((20, 30), init=sparse_matrix(20, 30, 0.2) * 1e-2)
    few = nengo.Sparse((3, 2), [(0, 0), (2, 1), (2, 0)], init=[0.5, -1, 2])

    def make():
        with nengo.Network(seed=0) as net:
            a, b = nengo.Ensemble(60, 2), nengo.Ensemble(40, 3)
            nengo.Connection(nengo.Node([0.5, -0.5]), a)
            nengo.Connection(a.neurons[::2], b.neurons[20:], transform=transform)
            decoded = nengo.Node(size_in=2)
            nengo.Connection(a, decoded, synapse=0.01)
            nengo.Connection(decoded, b, transform=few, synapse=None)
            nengo.Probe(b, label="out", synapse=0.01)
            nengo.Probe(b.neurons, label="spikes")
        return net

    agree(make, 150, *DOUBLE)


# -- dense -------------------------------------------------------------------------------------


@pytest.mark.parametrize("transform", [2.0, [0.5, -1.0], [[1.0, 2.0], [-0.5, 0.1], [0, 1.0]]])
@pytest.mark.parametrize("solver", [nengo.solvers.LstsqL2(), nengo.solvers.LstsqL2(weights=True)])
@pytest.mark.parametrize("kind", ["decoded", "neurons"])
def test_dense_shapes(kind, solver, transform):
    """Scalars, vectors and matrices, with decoders, with encoders, and with neither."""
    rows = 3 if np.ndim(transform) == 2 else 2

    def make():
        with nengo.Network(seed=0) as net:
            a, b = nengo.Ensemble(50, 2), nengo.Ensemble(40, rows)
            nengo.Connection(nengo.Node([0.5, -0.3]), a)
            if kind == "decoded":
                nengo.Connection(a, b, transform=transform, solver=solver)
            else:
                nengo.Connection(a.neurons[:2], b.neurons[:rows], transform=transform)
            nengo.Connection(b, a[0], transform=np.ones((1, rows)) * 0.1)
            nengo.Connection(a, b[:2], transform=nengo.transforms.NoTransform(2))
            nengo.Probe(b, label="out", synapse=0.01)
            nengo.Probe(b.neurons, label="spikes")
        return net

    agree(make, 150, *DOUBLE)


# -- events ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 31, 32, 33, 200])
@pytest.mark.parametrize("share", [0, 0.05, 0.5, 1])
def test_events_are_the_elements_that_are_not_zero(n, share):
    import tensorflow as tf

    x = np.random.RandomState(n).normal(size=n) * (np.random.RandomState(0).uniform(size=n) < share)
    count = tf.function(
        lambda x: add_events(
            x, lambda seen, j: tf.tensor_scatter_nd_add(seen, [[j]], [1]), tf.zeros(n, tf.int32)
        ),
        jit_compile=True,
    )
    np.testing.assert_array_equal(count(tf.constant(x)), x != 0)


@pytest.mark.parametrize("kind", ["dense", "sparse"])
@pytest.mark.parametrize("rate", [20.0, 900.0])
def test_products_of_spikes(kind, rate):
    """Few neurons fire, or nearly all: the result is that of the whole product."""
    matrix = sparse_matrix(150, 150, 0.2) * 2e-4
    transform = nengo.Sparse((150, 150), init=matrix) if kind == "sparse" else matrix.toarray()
    make = spiking(150, 150, transform, True, lambda: nengo.LIF(tau_ref=0.001), rate)
    agree(make, 200)
    with nengolab.Simulator(make(), progress_bar=False) as sim:
        assert "events" in sim.report()


@pytest.mark.parametrize("kind", ["dense", "sparse"])
@pytest.mark.parametrize(("drive", "fired"), [(-1e3, 0.0), (1e6, 1.0)])
def test_all_or_none_of_the_neurons_fire(kind, drive, fired):
    matrix = sparse_matrix(150, 150, 0.2) * 1e-4
    transform = nengo.Sparse((150, 150), init=matrix) if kind == "sparse" else matrix.toarray()

    def make():
        with nengo.Network(seed=0) as net:
            a = nengo.Ensemble(150, 1, neuron_type=nengo.LIF(tau_ref=0), n_eval_points=10)
            a.gain, a.bias = np.ones(150), np.full(150, drive)
            nengo.Connection(a.neurons, a.neurons, transform=transform, synapse=0.005)
            nengo.Probe(a.neurons, label="spikes")
            nengo.Probe(a.neurons, "input", label="current")
        return net

    expected, got = both(make, 30)["spikes"]
    assert np.mean(expected[-1] != 0) == fired
    np.testing.assert_array_equal(got, expected)
    expected, got = both(make, 30, "float32")["current"]
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_transforms_in_a_loop_through_python():
    """A Node on a feedback path: the loop is not compiled as a whole, its parts are."""
    sparse = nengo.Sparse((150, 150), init=sparse_matrix(150, 150, 0.1) * 1e-3)
    conv = nengo.Convolution(1, (10, 15, 1), padding="same", groups=1)
    weights = np.random.RandomState(0).normal(0, 1e-3, (150, 150))

    def make():
        with nengo.Network(seed=0) as net:
            a, b = nengo.Ensemble(150, 1), nengo.Ensemble(150, 1)
            node = nengo.Node(lambda t, x: 0.5 * x + 0.2, size_in=1)
            nengo.Connection(a, node)
            nengo.Connection(node, a)
            nengo.Connection(b, node, transform=0.1)
            for transform in (sparse, weights):
                nengo.Connection(a.neurons, b.neurons, transform=transform)
            picture = nengo.Node(size_in=150)
            nengo.Connection(b.neurons, picture, transform=conv)
            nengo.Connection(picture, a.neurons, transform=1e-4)
            nengo.Probe(a.neurons, label="a")
            nengo.Probe(picture, label="picture")
        return net

    agree(make, 120)


@pytest.mark.parametrize("members", [2, 9])
def test_groups_of_dense_products_of_spikes(members):
    def make():
        rng = np.random.RandomState(0)
        with nengo.Network(seed=0) as net:
            for i in range(members):
                a = nengo.Ensemble(130, 1, n_eval_points=50)
                nengo.Connection(nengo.Node(0.1 * i), a)
                weights = rng.normal(0, 1e-3, (130, 130))
                nengo.Connection(a.neurons, a.neurons, transform=weights, synapse=0.01)
                nengo.Probe(a.neurons, label=f"spikes {i}")
        return net

    agree(make, 150)


@pytest.mark.parametrize("kind", ["dense", "sparse", "convolution"])
@pytest.mark.parametrize("recurrent", [True, False])
def test_items_of_a_batch_are_what_they_are_alone(kind, recurrent):
    """Three items with the same input: three times what one gives."""
    matrix = sparse_matrix(144, 144, 0.2) * 1e-3
    if kind == "convolution":
        kernel = np.random.RandomState(0).normal(0, 1e-3, (3, 3, 1, 1))
        transform = nengo.Convolution(1, (12, 12, 1), padding="same", init=kernel)
    else:
        transform = nengo.Sparse((144, 144), init=matrix) if kind == "sparse" else matrix.toarray()
    make = spiking(144, 144, transform, recurrent)
    data = {}
    for batch in (None, 3):
        net = make()
        with net:
            nengolab.configure_settings(dtype="float64")
        with nengolab.Simulator(net, minibatch_size=batch, progress_bar=False) as sim:
            sim.run_steps(100)
            data[batch] = [sim.data[p].copy() for p in net.all_probes]
    for alone, together in zip(data[None], data[3], strict=True):
        assert together.shape == (3, *alone.shape)
        np.testing.assert_allclose(together, np.stack([alone] * 3), rtol=0, atol=1e-9)


def test_a_large_sparse_matrix_is_never_dense():
    """100,000 x 100,000 would be 80 GB."""
    n = 100_000
    rng = np.random.RandomState(0)
    matrix = scipy.sparse.csr_matrix((np.ones(n), rng.permutation(n), np.arange(n + 1)), (n, n))
    source = np.arange(n, dtype=float)
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        out = nengo.Node(size_in=n)
        transform = nengo.Sparse((n, n), init=matrix)
        nengo.Connection(nengo.Node(source), out, transform=transform, synapse=None)
        probe = nengo.Probe(out)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(2)
        np.testing.assert_array_equal(sim.data[probe][1], matrix @ source)
