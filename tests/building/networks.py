"""Random networks of all kinds of objects, by Hypothesis."""

from __future__ import annotations

import functools

import nengo
import numpy as np
import scipy.sparse
from hypothesis import strategies as st
from nengo import dists, processes, solvers

import nengolab
from tests.engine.networks import NEURONS

FACTOR = 1.5
GAINS = {"a": 2.0}


def double(x):
    """Twice ``x``."""
    return 2 * x


def scaled(x: np.ndarray, by=FACTOR) -> np.ndarray:
    return by * np.asarray(double(x))


def reads(x):
    return [GAINS["a"] * value for value in x]


def delayed(tau, start=0.5):
    def wave(t):
        # what it captured is a number
        return np.cos(t / tau) if t > start else 0.0

    return wave


def powers(n):
    return lambda x: x**n


def weighed(x, weights):
    return np.sum(weights * x)


numbers = st.floats(-2, 2).map(lambda v: round(v, 3))
positive = st.floats(0.01, 0.9).map(lambda v: round(v, 4))
DISTRIBUTIONS = st.one_of(
    st.builds(dists.Uniform, numbers, numbers),
    st.builds(dists.Gaussian, numbers, positive),
    st.builds(dists.Exponential, positive, numbers, st.just(np.inf) | positive),
    st.builds(dists.Choice, st.lists(numbers, min_size=1, max_size=3)),
    st.just(dists.PDF([-0.5, 0.0, 0.5], [0.25, 0.5, 0.25])),
    st.just(dists.CosineSimilarity(5)),
    st.just(nengolab.dists.TruncatedNormal(stddev=0.3)),
)
DIRECTIONS = st.sampled_from(
    [
        dists.UniformHypersphere(surface=True),
        dists.UniformHypersphere(min_magnitude=0.25),
        dists.ScatteredHypersphere(surface=True, method="sct"),
        dists.ScatteredHypersphere(base=dists.QuasirandomSequence(), min_magnitude=0.5),
        nengolab.dists.Glorot(),
        nengolab.dists.He(scale=2, distribution="uniform"),
    ]
)
SYNAPSES = st.sampled_from(
    [
        None,
        0.01,
        0,
        nengo.Alpha(0.02),
        nengo.synapses.Triangle(0.01),
        nengo.LinearFilter([1], [0.03, 1], method="bilinear"),
        nengo.Lowpass(0.1, default_dt=0.002),
    ]
)
SOLVERS = st.sampled_from(
    [
        solvers.LstsqL2(reg=0.2),
        solvers.Lstsq(),
        solvers.LstsqNoise(noise=0.3, solver=nengo.utils.least_squares_solvers.SVD()),
        solvers.LstsqDrop(drop=0.3),
        solvers.Nnls(),
    ]
)
TYPES = st.sampled_from(
    [
        *NEURONS.values(),
        nengo.PoissonSpiking(nengo.LIFRate(amplitude=0.5)),
        nengo.LIF(initial_state={"voltage": dists.Uniform(0, 0.5)}),
        nengo.StochasticSpiking(nengo.RectifiedLinear()),
    ]
)
PROCESSES = st.sampled_from(
    [
        processes.WhiteNoise(dists.Gaussian(0, 0.1), seed=3),
        processes.FilteredNoise(synapse=nengo.Alpha(0.1)),
        processes.WhiteSignal(0.5, high=20, y0=0.0),
        processes.BrownNoise(),
    ]
)
LABELS = st.none() | st.sampled_from(["a", "a b", "class", "2nd", "np", "i", "Größe", 'x"{0}"'])
SEEDS = st.none() | st.integers(0, 2**31 - 1)
VECTOR = [
    double,
    scaled,
    reads,
    powers(2),
    powers(3),
    np.sin,
    lambda x: [x[0] * x[-1], 1.0],
    lambda x, k=FACTOR: x[:1] + k,
    functools.partial(weighed, weights=0.5),
]
OUTPUTS = [
    st.just(None),
    st.lists(numbers, min_size=1, max_size=3),
    st.sampled_from([np.sin, lambda t: [t, 1 - t], delayed(0.1), delayed(0.2, start=0.0)]),
    PROCESSES,
    st.just(processes.Piecewise({0: [0.0], 0.1: [1.0]})),
    st.just(processes.PresentInput([[0.5], [1.0]], 0.02)),
]


@st.composite
def networks(draw, depth=2):
    """A network, with some of everything in it."""
    with nengo.Network(label=draw(LABELS), seed=draw(SEEDS)) as net:
        _fill(draw, net, depth, [], [])
    return net


def _fill(draw, net, depth, ends, learning):
    """Put objects into a network; ``ends`` are those that others may be joined to."""
    _configure(draw, net)
    for _ in range(draw(st.integers(0, 3))):
        ends.append(_node(draw))
    n_neurons, label = draw(st.integers(5, 9)), draw(LABELS)
    for n in range(draw(st.integers(0, 4))):
        numbered = label and f"{label} {n}"
        ends.append(_ensemble(draw, n_neurons, draw(st.sampled_from([numbered, label]))))
    if draw(st.booleans()):
        ends.extend(_array(draw))
    for _ in range(draw(st.integers(0, depth))):
        with nengo.Network(label=draw(LABELS), seed=draw(SEEDS)) as inner:
            inside: list = []
            _fill(draw, inner, depth - 1, inside, learning)
        ends.extend(inside)
    if ends:
        for _ in range(draw(st.integers(0, 4))):
            _connection(draw, ends, learning)
        for _ in range(draw(st.integers(0, 2))):
            _probe(draw, draw(st.sampled_from(ends)))


def _configure(draw, net):
    if draw(st.booleans()):
        net.config[nengo.Ensemble].neuron_type = draw(TYPES)
    if draw(st.booleans()):
        net.config[nengo.Connection].synapse = draw(SYNAPSES)
    if draw(st.booleans()):
        net.config[nengo.Ensemble].intercepts = dists.Uniform(-0.5, 0.5)


def _node(draw):
    output = draw(st.one_of(OUTPUTS))
    sizes = {}
    if output is None:
        sizes = {"size_in": draw(st.integers(1, 3))}
    elif isinstance(output, processes.BrownNoise):
        sizes = {"size_out": 2}
    node = nengo.Node(output, label=draw(LABELS), **sizes)
    if draw(st.booleans()):
        nengo.Node(lambda t, x: x * t, size_in=2, size_out=2, label=draw(LABELS))
    return node


def _ensemble(draw, n_neurons, label):
    given = {"label": label}
    dimensions = draw(st.integers(1, 2))
    for name, values in {
        "radius": positive,
        "encoders": DIRECTIONS | st.just([[1.0] * dimensions] * n_neurons),
        "eval_points": DIRECTIONS,
        "n_eval_points": st.integers(20, 30),
        "noise": PROCESSES.filter(lambda p: p.default_size_in == 0),
        "seed": SEEDS,
        "normalize_encoders": st.booleans(),
    }.items():
        if draw(st.integers(0, 3)) == 0:
            given[name] = draw(values)
    if draw(st.integers(0, 3)) == 0:
        given |= {"gain": dists.Uniform(0.5, 2), "bias": draw(DISTRIBUTIONS)}
        given["neuron_type"] = nengo.LIFRate()
    else:
        given |= {"max_rates": dists.Uniform(50, 60)}
        given["neuron_type"] = draw(st.just(nengo.params.Default) | TYPES)
    return nengo.Ensemble(n_neurons, dimensions, **given)


def _array(draw):
    given = draw(st.sampled_from([{}, {"radius": 0.5}, {"neuron_type": nengo.LIFRate()}]))
    made = nengo.networks.EnsembleArray(
        6, draw(st.integers(1, 4)), label=draw(LABELS), max_rates=dists.Uniform(40, 50), **given
    )
    if draw(st.booleans()):
        made.add_output("squared", lambda x: x**2)
    if draw(st.booleans()):
        made.ea_ensembles[0].radius = 2.0  # so it is no longer what the call makes
    return [made.input, made.output]


def _connection(draw, ends, learning):
    pre = draw(st.sampled_from([e for e in ends if e.size_out] or [None]))
    post = draw(st.sampled_from([e for e in ends if e.size_in] or [None]))
    if pre is None or post is None:
        return
    given = {"seed": draw(SEEDS)}
    if draw(st.booleans()):
        given["synapse"] = draw(SYNAPSES)
    spiking = isinstance(pre, nengo.Ensemble) and not isinstance(pre.neuron_type, nengo.Direct)
    computes = isinstance(pre, nengo.Ensemble) or pre.output is not None
    source, size = pre, pre.size_out
    if draw(st.booleans()):
        keys = [slice(0, 1), -1, [0], slice(None, None, -1)]
        source = pre[draw(st.sampled_from(keys))]
        size = source.size_out
    function = draw(st.sampled_from(VECTOR)) if computes and draw(st.booleans()) else None
    if function is not None:
        given["function"] = function
        size = np.asarray(function(np.zeros(size))).size
    if spiking:
        given["solver"] = draw(SOLVERS)
        if draw(st.integers(0, 3)) == 0:
            given["learning_rule_type"] = draw(
                st.sampled_from([nengo.PES(), [nengo.PES(2e-4)], {"pes": nengo.RLS()}])
            )
    if draw(st.integers(0, 4)) == 0 and isinstance(post, nengo.Ensemble) and post is not pre:
        if not isinstance(post.neuron_type, nengo.Direct):
            post = post.neurons
    given["transform"] = draw(_transforms(post.size_in, size))
    made = nengo.Connection(source, post, **given)
    if made.learning_rule_type is not None:
        rule = made.learning_rule
        if isinstance(rule, list | dict):
            rule = rule[0 if isinstance(rule, list) else "pes"]
        error = nengo.Node(np.zeros(rule.size_in))
        nengo.Connection(error, rule)
        if draw(st.booleans()):
            nengo.Probe(made, "weights", sample_every=0.01)


def _transforms(n_out, n_in):
    some = np.random.RandomState(n_out + 10 * n_in).uniform(-1, 1, (n_out, n_in))
    indices = [[k % n_out, k % n_in] for k in range(max(n_out, n_in))]
    found = [
        st.just(some),
        st.just(nengolab.dists.Glorot()),
        st.just(nengo.Sparse((n_out, n_in), indices=indices, init=0.5)),
        st.just(nengo.Sparse((n_out, n_in), init=scipy.sparse.csr_matrix(some))),
    ]
    if n_in == n_out:
        found += [st.just(None), st.just(0.5), st.just(np.arange(1.0, n_in + 1))]
    if n_out == n_in >= 1:
        shape = {"kernel_size": (1,), "strides": (1,), "init": dists.Uniform(0, 1)}
        found.append(st.just(nengo.Convolution(1, (n_in, 1), **shape)))
    return st.one_of(found)


def _probe(draw, end):
    attr = None
    if isinstance(end, nengo.Ensemble):
        attr = draw(st.sampled_from([None, "input"]))
    if not end.size_out:
        return
    nengo.Probe(end, attr, synapse=draw(SYNAPSES), label=draw(LABELS), seed=draw(SEEDS))
