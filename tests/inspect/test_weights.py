"""Full weights of connections, against Nengo's own transforms, its decoders, and NumPy."""

from __future__ import annotations

import nengo
import numpy as np
import pytest
import scipy.sparse

import nengolab
from nengolab import inspect
from nengolab.exceptions import UnknownObject, ValidationError
from nengolab.inspect.convolved import convolution_matrix


def made() -> nengo.Network:
    rng = np.random.RandomState(0)
    with nengo.Network(seed=1) as net:
        nengolab.configure_settings(dtype="float64")
        a = nengo.Ensemble(30, 2, radius=2, label="a")
        b = nengo.Ensemble(20, 3, radius=0.5, label="b")
        node = nengo.Node([0.1, 0.2, 0.3], label="node")
        out = nengo.Node(size_in=4, label="out")
        kinds = {
            "decoded": (a, b[1:], {"transform": rng.normal(size=(2, 2))}),
            "sliced": (a[1], b[0], {"function": np.sin}),
            "weighted": (a, b[:2], {"solver": nengo.solvers.LstsqL2(weights=True)}),
            "encoded": (node[[0, 2]], b[:2], {}),
            "neurons": (a.neurons[5:15], b.neurons, {"transform": rng.normal(size=(20, 10))}),
            "into part": (a.neurons, out[1:3], {"transform": rng.normal(size=(2, 30))}),
            "neurons to ensemble": (a.neurons, b, {"transform": rng.normal(size=(3, 30))}),
            "sparse": (a.neurons, b.neurons, {"transform": sparse(rng)}),
            "scaled": (node, out[:3], {"transform": 0.5}),
        }
        for label, (pre, post, how) in kinds.items():
            nengo.Connection(pre, post, label=label, **how)
        nengo.Connection(nengo.Node([1.0]), out[0], function=lambda x: x**2, label="squared")
    return net


def sparse(rng) -> nengo.Sparse:
    return nengo.Sparse((20, 30), init=scipy.sparse.random(20, 30, 0.1, random_state=rng))


def expected(sim, label) -> np.ndarray:
    """Multiplied out by hand."""
    net = sim.model.toplevel
    conn = next(c for c in net.all_connections if c.label == label)
    held, b = sim.data[conn].weights, sim.data[net.ensembles[1]].scaled_encoders
    gain = sim.data[net.ensembles[1]].gain[:, None]
    return {
        "decoded": lambda: b[:, 1:] @ held,
        "sliced": lambda: b[:, :1] @ held,
        "weighted": lambda: held,
        "encoded": lambda: np.outer(b[:, 0], [1, 0, 0]) + np.outer(b[:, 1], [0, 0, 1]),
        "neurons": lambda: np.hstack([np.zeros((20, 5)), gain * held, np.zeros((20, 15))]),
        "into part": lambda: np.vstack([np.zeros((1, 30)), held, np.zeros((1, 30))]),
        "neurons to ensemble": lambda: b @ held,
        "sparse": lambda: gain * held.toarray(),
        "scaled": lambda: np.vstack([0.5 * np.eye(3), np.zeros((1, 3))]),
    }[label]()


KINDS = {
    "decoded": "factored",
    "sliced": "factored",
    "weighted": "dense",
    "encoded": "factored",
    "neurons": "dense",
    "into part": "dense",
    "neurons to ensemble": "factored",
    "sparse": "sparse",
    "scaled": "sparse",
}


@pytest.fixture(scope="module")
def sims():
    net = made()
    ours = nengolab.Simulator(net, progress_bar=False)
    with nengo.Simulator(net, progress_bar=False) as theirs, ours:
        yield {"network": net, "nengo": theirs, "nengolab": ours}


@pytest.mark.parametrize("source", ["network", "nengo", "nengolab"])
@pytest.mark.parametrize("label", KINDS)
def test_every_kind_of_connection(sims, label, source):
    full, found = expected(sims["nengo"], label), inspect.weights(sims[source], label)
    assert (found.kind, found.shape) == (KINDS[label], full.shape)
    np.testing.assert_allclose(found.block(), full, atol=1e-12)
    np.testing.assert_allclose(found.block(slice(1, 9, 3), slice(None, None, 2)), full[1:9:3, ::2])


@pytest.mark.parametrize("label", KINDS)
def test_figures_are_those_of_the_whole_matrix(sims, label, monkeypatch):
    monkeypatch.setattr("nengolab.inspect.connections.BLOCK", 64)  # so that there are several
    full, found = expected(sims["nengo"], label), inspect.weights(sims["nengo"], label)
    figures = found.figures
    assert figures.entries == full.size
    np.testing.assert_allclose([figures.mean, figures.std], [full.mean(), full.std()], atol=1e-12)
    there = full if found.matrix.stored == full.size else full[full != 0]
    np.testing.assert_allclose([figures.least, figures.most], [there.min(), there.max()])
    shares = [(full == 0).mean(), (full < 0).mean()]
    np.testing.assert_allclose([figures.zeros, figures.negative], shares, atol=1e-12)
    sign = (full > 0).any(0).astype(int) - (full < 0).any(0)
    np.testing.assert_array_equal(figures.sign, sign)
    np.testing.assert_array_equal(figures.silent_sources, np.flatnonzero(~full.any(0)))
    np.testing.assert_array_equal(figures.silent_targets, np.flatnonzero(~full.any(1)))
    counts, edges = found.histogram(7)
    np.testing.assert_array_equal(counts, np.histogram(there, edges)[0])
    values = np.linalg.svd(full, compute_uv=False)
    own = np.zeros_like(values)
    own[: len(found.singular_values)] = found.singular_values[: len(values)]
    np.testing.assert_allclose(own, values, atol=1e-7)
    shares = values[values > 1e-12] / values.sum()
    rank = np.exp(-(shares * np.log(shares)).sum())
    assert found.effective_rank == pytest.approx(rank, rel=1e-4)


CONVOLUTIONS = [
    nengo.Convolution(3, (6, 7, 2)),
    nengo.Convolution(3, (6, 7, 2), strides=(2, 3), padding="same"),
    nengo.Convolution(2, (2, 6, 7), kernel_size=(4, 3), channels_last=False, padding="same"),
    nengo.Convolution(4, (9, 2), kernel_size=(3,), strides=(2,)),
    nengo.Convolution(2, (4, 4, 5, 1), kernel_size=(2, 3, 2), strides=(1, 2, 1)),
    nengo.transforms.ConvolutionTranspose(3, (4, 5, 2), strides=(2, 2)),
    nengo.transforms.ConvolutionTranspose(3, (4, 5, 2), strides=(2, 3), padding="same"),
]
GROUPS = "groups" in nengo.Convolution.__init__.__code__.co_varnames
if GROUPS:
    CONVOLUTIONS.append(nengo.Convolution(4, (5, 5, 6), groups=2))


@pytest.mark.parametrize("transform", CONVOLUTIONS, ids=str)
def test_a_convolution_does_what_nengo_does(transform):
    x = np.random.RandomState(0).normal(size=transform.size_in)
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        node, out = nengo.Node(x), nengo.Node(size_in=transform.size_out)
        conn = nengo.Connection(node, out, transform=transform, synapse=None, label="conv")
        probe = nengo.Probe(out)
    # Nengo's own computes those of two dimensions only.
    simulator = nengo.Simulator if transform.dimensions == 2 else nengolab.Simulator
    with simulator(net, progress_bar=False) as sim:
        sim.step()
        found = inspect.weights(sim, conn)
        np.testing.assert_allclose(found.matrix.matrix @ x, sim.data[probe][0], atol=1e-12)
        assert found.kind == "convolution"
        np.testing.assert_array_equal(found.kernel, sim.data[conn].weights)


def test_a_large_convolution_is_never_dense():
    transform = nengo.Convolution(32, (32, 32, 16))
    kernel = np.random.RandomState(0).normal(size=transform.kernel_shape)
    matrix = convolution_matrix(transform, kernel)
    assert matrix.shape == (30 * 30 * 32, 32 * 32 * 16)
    assert matrix.nnz == 30 * 30 * 32 * 9 * 16  # 4 million; dense would be 470 million
    with nengo.Network() as net:
        conn = nengo.Connection(
            nengo.Node(size_in=transform.size_in),
            nengo.Node(size_in=transform.size_out),
            transform=nengo.Convolution(32, (32, 32, 16), init=kernel),
        )
    with nengo.Simulator(net, progress_bar=False) as sim:
        found = inspect.weights(sim, conn)
    assert found.figures.most == kernel.max()
    assert found.histogram()[0].sum() == matrix.nnz


@pytest.mark.parametrize("simulator", [nengo.Simulator, nengolab.Simulator])
def test_what_was_learned_is_now_and_the_change(simulator):
    with nengo.Network(seed=0) as net:
        node, ens, post = nengo.Node([0.5]), nengo.Ensemble(30, 1), nengo.Ensemble(20, 1)
        nengo.Connection(node, ens)
        conn = nengo.Connection(ens, post, learning_rule_type=nengo.PES(1e-3))
        nengo.Connection(node, conn.learning_rule, transform=-1)
        probe = nengo.Probe(conn, "weights")
    with simulator(net, progress_bar=False) as sim:
        sim.run_steps(100)
        now, built, change = (inspect.weights(sim, conn, w) for w in ("now", "built", "change"))
        encoders, decoders = sim.data[post].scaled_encoders, sim.model.params[conn].weights
        sim.step()
    # Nengo adds what was learned in a step at the start of the next; nengolab has added it.
    learned = sim.data[probe][99 if simulator is nengo.Simulator else 100]
    np.testing.assert_allclose(now.block(), encoders @ learned, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(built.block(), encoders @ decoders, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(change.block(), now.block() - built.block(), atol=1e-9)
    assert np.abs(change.block()).max() > 0.1 * np.abs(built.block()).max()


def test_large_factored_weights_are_not_multiplied_out():
    with nengo.Network(seed=0) as net:
        net.config[nengo.Ensemble].n_eval_points = 50
        a, b = nengo.Ensemble(4_000, 2), nengo.Ensemble(4_000, 2)
        conn = nengo.Connection(a, b)
    with nengo.Simulator(net, progress_bar=False) as sim:
        found = inspect.weights(sim, conn)
        full = sim.data[b].scaled_encoders @ sim.data[conn].weights
    assert len(found.singular_values) == 2
    np.testing.assert_allclose(found.figures.std, full.std(), rtol=1e-9)
    np.testing.assert_allclose((found.singular_values**2).sum(), (full**2).sum(), rtol=1e-9)


@pytest.mark.parametrize(
    ("label", "error", "words"),
    [
        ("nothing", UnknownObject, "its connections are"),
        ("a", ValidationError, "'a' is no connection but an Ensemble"),
        ("squared", ValidationError, "computes a function.*no weights from its sources"),
    ],
)
def test_what_has_no_weights_is_named(sims, label, error, words):
    with pytest.raises(error, match=words):
        inspect.weights(sims["nengo"], label)


def test_weights_that_are_no_numbers_are_named(sims):
    with nengo.Network() as net:
        conn = nengo.Connection(
            nengo.Node([1.0, 2.0]), nengo.Node(size_in=2), transform=[[1, np.inf], [0, 1]]
        )
    with pytest.raises(ValidationError, match="weights of 'node -> node_1' hold NaN or infinity"):
        _ = inspect.weights(net, conn).figures


def test_weights_to_neurons_are_those_of_their_currents():
    """By the simulator's own currents: gains are part of the weights."""
    with nengo.Network(seed=1) as net:
        nengolab.configure_settings(dtype="float64")
        node = nengo.Node([0.9], label="node")
        a, b = nengo.Ensemble(20, 1), nengo.Ensemble(10, 1)
        nengo.Connection(node, a, synapse=None)
        conn = nengo.Connection(
            a.neurons, b.neurons, transform=1e-3 * np.random.RandomState(0).randn(10, 20)
        )
        current = nengo.Probe(b.neurons, "input")
        traces = nengo.Probe(a.neurons, synapse=conn.synapse)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        full, bias = inspect.weights(sim, conn).block(), sim.data[b].bias
        sim.run_steps(40)
        got = sim.data[traces] @ full.T + bias
        np.testing.assert_allclose(got, sim.data[current], atol=1e-8)
        assert np.ptp(got, axis=0).max() > 1
