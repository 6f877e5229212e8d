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


def together(*makes):
    """Several networks as one, which is compiled once; of n, the probes are called "n label"."""

    def make():
        with nengo.Network(seed=0) as net:
            for n, make_one in enumerate(makes):
                for probe in make_one().all_probes:
                    probe.label = f"{n} {probe.label}"
        return net

    return make


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


KINDS = (1, 2, 4, "transposed")  # numbers of groups
STRIDES_AND_KERNELS = [((1, 1), (3, 3)), ((2, 3), (2, 4)), ((3, 2), (1, 2))]


def convolutions():
    """One of every kind, stride and kernel, padding, channel order, and number of dimensions.

    Any three of these five meet in every combination (24 of them, where all five make 96).
    """
    # Two choices in each of three options, and the opposite: any three of these make all pairs.
    choices = [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)]
    for (i, kind), (j, (strides, kernel)), opposite in itertools.product(
        enumerate(KINDS), enumerate(STRIDES_AND_KERNELS), (0, 1)
    ):
        flat, valid, first = (choice ^ opposite for choice in choices[(i + j) % 4])
        dimensions = 1 if flat else 2
        options = {
            "kernel_size": kernel[:dimensions],
            "strides": strides[:dimensions],
            "padding": "valid" if valid else "same",
            "channels_last": not first,
        }
        image = shape(dimensions, 4, not first)
        if kind == "transposed":
            yield nengo.ConvolutionTranspose(8, image, **options)
        else:
            yield nengo.Convolution(8, image, groups=kind, **options)


def test_convolution():
    convs = list(convolutions())
    options = [
        (getattr(c, "groups", 0), c.strides[0], c.dimensions, c.padding, c.channels_last)
        for c in convs
    ]
    for some in itertools.combinations(range(5), 3):
        met = {tuple(option[i] for i in some) for option in options}
        assert len(met) == np.prod([len({m[i] for m in met}) for i in range(3)])
    agree(convolution(*convs), 20, *BOTH_WAYS, ("float32", "auto"))


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


@pytest.mark.parametrize("schedule", ["stepped", "batched"])
def test_convolution_in_three_dimensions(schedule):
    """Nengo's own simulator has none: against SciPy's correlation, channel by channel."""
    convs = [
        nengo.Convolution(
            4,
            shape(3, 2, channels_last),
            (3, 2, 3),
            (2, 1, 2),
            padding,
            channels_last,
            init=np.random.RandomState(0).normal(size=(3, 2, 3, 2 // groups, 4)),
            groups=groups,
        )
        for groups, padding, channels_last in itertools.product(
            (1, 2), ("same", "valid"), (True, False)
        )
    ]
    for conv, (x, y) in zip(convs, run_once(convs, schedule), strict=True):
        x = x if conv.channels_last else np.moveaxis(x, 0, -1)
        y = y if conv.channels_last else np.moveaxis(y, 0, -1)
        np.testing.assert_allclose(y, correlated(conv, x), atol=1e-12, err_msg=f"{conv}")


def correlated(conv, x):
    """What the convolution makes of an image with its channels last, place by place."""
    out = conv.output_shape
    expected = np.zeros((*out.spatial_shape, out.n_channels))
    same = conv.padding == "same"
    pads = [
        max((o - 1) * s + k - n, 0) if same else 0
        for o, s, k, n in zip(expected.shape, conv.strides, conv.kernel_size, x.shape, strict=False)
    ]
    x = np.pad(x, [*((p // 2, p - p // 2) for p in pads), (0, 0)])
    per = 4 // conv.groups
    for at in np.ndindex(*expected.shape):
        group = at[3] // per
        window = tuple(
            slice(s * i, s * i + k)
            for s, i, k in zip(conv.strides, at, conv.kernel_size, strict=False)
        )
        channels = slice(group * 2 // conv.groups, (group + 1) * 2 // conv.groups)
        expected[at] = np.sum(x[(*window, channels)] * conv.init[..., at[3]])
    return expected


@pytest.mark.parametrize("schedule", ["stepped", "batched"])
def test_transposed_convolution_in_three_dimensions(schedule):
    """With a kernel of length 1 along one axis, it is Nengo's in two dimensions, plane by plane."""
    kernel = np.random.RandomState(0).normal(size=(1, 3, 2, 2, 4))
    convs = [
        nengo.ConvolutionTranspose(
            4, shape(3, 2, True), None, (1, 3, 2), (1, 2, 2), padding, init=kernel
        )
        for padding in ("same", "valid")
    ]
    for conv, (x, y) in zip(convs, run_once(convs, schedule), strict=True):
        planes, padding = conv.output_shape.spatial_shape[1:], conv.padding.upper()
        expected = conv2d_gradx(kernel[0], x, planes, padding, conv.strides[1:])
        np.testing.assert_allclose(y, expected, atol=1e-12, err_msg=padding)


def run_once(convs, schedule):
    """Input and output of each convolution, as images."""
    inputs = [np.random.RandomState(2).normal(size=conv.size_in) for conv in convs]
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64", schedule=schedule)
        for conv, x in zip(convs, inputs, strict=True):
            out = nengo.Node(size_in=conv.size_out)
            nengo.Connection(nengo.Node(x), out, transform=conv, synapse=None)
            nengo.Probe(out)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(1)
        return [
            (x.reshape(conv.input_shape.shape), sim.data[p][0].reshape(conv.output_shape.shape))
            for conv, x, p in zip(convs, inputs, net.probes, strict=True)
        ]


def test_convolution_between_spiking_neurons():
    conv = nengo.Convolution(4, (8, 8, 3), strides=(2, 2), init=nengo.dists.Uniform(-0.05, 0.05))
    make = convolution(conv, neurons=True)
    agree(make, 200, *DOUBLE)
    data = run(nengo.Simulator, make(), 60)
    for how in SINGLE:
        expected, got = both(make, 60, *how, data)["current"]
        np.testing.assert_allclose(got, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("members", [3, 9])
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


def test_sparse_between_nodes():
    matrix = sparse_matrix(40, 50, 0.1).tocoo()
    indices = np.stack([matrix.row, matrix.col], axis=1)
    twice = np.concatenate([indices, indices[:5]])  # a place named twice counts twice
    transforms = {
        "scipy": nengo.Sparse((40, 50), init=matrix.tocsr()),
        "coordinates": nengo.Sparse((40, 50), twice, init=np.arange(1.0, len(twice) + 1)),
        "drawn": nengo.Sparse((40, 50), indices, init=nengo.dists.Gaussian(0, 1)),
    }

    def make():
        phase = np.arange(50)
        with nengo.Network(seed=0) as net:
            source = nengo.Node(lambda t: np.cos(20 * t + phase), label="wave")
            for kind, transform in transforms.items():
                out = nengo.Node(size_in=40)
                nengo.Connection(source, out, transform=transform, synapse=None)
                nengo.Probe(out, label=kind)
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


def test_sparse_between_neurons():
    """Few in a group of a kind: rates and spikes, in a loop and ahead."""
    transform = nengo.Sparse((90, 90), init=sparse_matrix(90, 90, 0.1) * 1e-3)
    makes = [
        spiking(90, 90, transform, recurrent, neurons)
        for neurons, recurrent in (
            (nengo.LIF, True),
            (nengo.LIF, False),
            (nengo.LIFRate, True),
            (nengo.LIFRate, False),
            (nengo.SpikingRectifiedLinear, True),
        )
    ]
    agree(together(*makes), 200, *DOUBLE)


def test_sparse_between_neurons_in_single_precision():
    transform = nengo.Sparse((90, 90), init=sparse_matrix(90, 90, 0.1) * 1e-3)
    kinds = (nengo.LIF, nengo.LIFRate)
    makes = [spiking(90, 90, transform, True, neurons) for neurons in kinds]
    data = both(together(*makes), 60, "float32")
    for n in range(2):
        expected, got = data[f"{n} current"]
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


DECODERS, WEIGHTS = nengo.solvers.LstsqL2(), nengo.solvers.LstsqL2(weights=True)


@pytest.mark.parametrize("solvers", [(DECODERS, WEIGHTS), (None,)], ids=["decoded", "neurons"])
def test_dense_shapes(solvers):
    """Scalars, vectors and matrices, with decoders, with encoders, and with neither."""

    def make_one(solver, transform):
        rows = 3 if np.ndim(transform) == 2 else 2
        with nengo.Network(seed=0) as net:
            a, b = nengo.Ensemble(50, 2), nengo.Ensemble(40, rows)
            nengo.Connection(nengo.Node([0.5, -0.3]), a)
            if solver is not None:
                nengo.Connection(a, b, transform=transform, solver=solver)
            else:
                nengo.Connection(a.neurons[:2], b.neurons[:rows], transform=transform)
            nengo.Connection(b, a[0], transform=np.ones((1, rows)) * 0.1)
            nengo.Connection(a, b[:2], transform=nengo.transforms.NoTransform(2))
            nengo.Probe(b, label=f"out {solver} {transform}", synapse=0.01)
            nengo.Probe(b.neurons, label=f"spikes {solver} {transform}")
        return net

    transforms = (2.0, [0.5, -1.0], [[1.0, 2.0], [-0.5, 0.1], [0, 1.0]])
    options = list(itertools.product(solvers, transforms))
    agree(together(*(lambda o=o: make_one(*o) for o in options)), 150, *DOUBLE)


# -- events ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 31, 32, 33, 200])
def test_events_are_the_elements_that_are_not_zero(n):
    import tensorflow as tf

    count = tf.function(
        lambda x: add_events(
            x, lambda seen, j: tf.tensor_scatter_nd_add(seen, [[j]], [1]), tf.zeros(n, tf.int32)
        ),
        jit_compile=True,
    )
    for share in (0, 0.05, 0.5, 1):
        fire = np.random.RandomState(0).uniform(size=n) < share
        x = np.random.RandomState(n).normal(size=n) * fire
        np.testing.assert_array_equal(count(tf.constant(x)), x != 0, err_msg=f"{share}")


def dense_and_sparse(n, scale):
    """The same weights as either."""
    matrix = sparse_matrix(n, n, 0.2) * scale
    return matrix.toarray(), nengo.Sparse((n, n), init=matrix)


def test_products_of_spikes():
    """Few neurons fire, or nearly all: the result is that of the whole product."""

    def lif():
        return nengo.LIF(tau_ref=0.001)

    make = together(
        *(
            # Of different sizes: no two are in one group.
            spiking(n, n, transform, True, lif, rate)
            for n, rate in ((150, 20.0), (160, 900.0))
            for transform in dense_and_sparse(n, 2e-4)
        )
    )
    agree(make, 200)
    with nengolab.Simulator(make(), progress_bar=False) as sim:
        assert sim.report().count("events") == 4


def test_all_or_none_of_the_neurons_fire():
    fired = {150: 0.0, 160: 1.0}  # by the number of neurons, so that no two are in one group

    def make():
        with nengo.Network(seed=0) as net:
            for (n, share), kind in itertools.product(fired.items(), (0, 1)):
                a = nengo.Ensemble(n, 1, neuron_type=nengo.LIF(tau_ref=0), n_eval_points=10)
                a.gain, a.bias = np.ones(n), np.full(n, 1e6 if share else -1e3)
                transform = dense_and_sparse(n, 1e-4)[kind]
                nengo.Connection(a.neurons, a.neurons, transform=transform, synapse=0.005)
                nengo.Probe(a.neurons, label=f"spikes {n} {kind}")
                nengo.Probe(a.neurons, "input", label=f"current {n} {kind}")
        return net

    reference = run(nengo.Simulator, make(), 30)
    double = both(make, 30, "float64", expected=reference)
    single = both(make, 30, "float32", expected=reference)
    for (n, share), kind in itertools.product(fired.items(), (0, 1)):
        expected, got = double[f"spikes {n} {kind}"]
        assert np.mean(expected[-1] != 0) == share
        np.testing.assert_array_equal(got, expected)
        expected, got = single[f"current {n} {kind}"]
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


@pytest.mark.parametrize("recurrent", [True, False])
def test_items_of_a_batch_are_what_they_are_alone(recurrent):
    """Three items with the same input: three times what one gives."""
    kernel = np.random.RandomState(0).normal(0, 1e-3, (3, 3, 1, 1))
    conv = nengo.Convolution(1, (12, 12, 1), padding="same", init=kernel)
    transforms = (*dense_and_sparse(144, 1e-3), conv)
    make = together(*(spiking(144, 144, transform, recurrent) for transform in transforms))
    data = {}
    for batch in (None, 3):
        net = make()
        with net:
            nengolab.configure_settings(dtype="float64")
        with nengolab.Simulator(net, minibatch_size=batch, progress_bar=False) as sim:
            sim.run_steps(100)
            data[batch] = {p.label: sim.data[p].copy() for p in net.all_probes}
    for label, alone in data[None].items():
        beside = data[3][label]
        assert beside.shape == (3, *alone.shape)
        expected = np.stack([alone] * 3)
        np.testing.assert_allclose(beside, expected, rtol=0, atol=1e-9, err_msg=label)


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
