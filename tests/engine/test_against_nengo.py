"""The engine gives what nengo.Simulator gives."""

from __future__ import annotations

import nengo
import numpy as np
import pytest

import nengolab

from .compare import both, rms, run
from .networks import NEURONS, RATES, SPIKING, arrays, maze, pair, recurrent

STEPS = 1000
# In single precision LIF neurons take one formula for all that are stepped together, and what is
# chaotic or steep depends on how sums are rounded: each of these runs by itself there.
ALONE = [name for name, neuron_type in NEURONS.items() if type(neuron_type) is nengo.LIF]
ALONE += ["Izhikevich", "SoftLIFRate"]


def of_types(names) -> nengo.Network:
    """A network of each of these neuron types, as one; its probes are called "type: label"."""
    with nengo.Network(seed=0) as net:
        for name in names:
            for probe in recurrent(NEURONS[name]).probes:
                probe.label = f"{name}: {probe.label}"
    return net


@pytest.fixture(scope="module", autouse=True)
def simulated_once():
    """To know the rates of Izhikevich neurons, Nengo simulates them, 2 s for each build."""
    rates, found = nengo.Izhikevich.rates, {}

    def remembered(self, x, gain, bias):
        key = tuple(np.asarray(array).tobytes() for array in (x, gain, bias))
        if key not in found:
            found[key] = rates(self, x, gain, bias)
        return found[key].copy()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nengo.Izhikevich, "rates", remembered)
        yield


@pytest.fixture(scope="module")
def nengos():
    """What nengo.Simulator makes of each type's network, which is the same beside others."""
    return run(nengo.Simulator, of_types(NEURONS), STEPS)


@pytest.mark.parametrize("schedule", ["auto", "stepped", "batched"])
def test_float64_is_nengo(nengos, schedule):
    """1e-9 for rates, spike for spike for spiking neurons (whose probes then agree as well).

    Every kernel, stepped and over many steps at once. In double precision no formula depends on
    what else is in a network: all types are compiled together.
    """
    found = both(lambda: of_types(NEURONS), STEPS, schedule=schedule, expected=nengos)
    for label, (expected, got) in found.items():
        name, probe = label.split(": ")
        assert expected.shape == got.shape, label
        scale = max(1.0, np.abs(expected).max())
        assert np.abs(expected - got).max() <= 1e-9 * scale, label
        if name in SPIKING and probe == "b neurons":
            assert expected.any(), f"{name} must spike for this to mean anything"
            np.testing.assert_array_equal(expected > 0, got > 0, err_msg=label)


@pytest.fixture(scope="module", params=["all others", *ALONE])
def single(request, nengos):
    """Nengo's data and ours, in single precision, of each neuron type in one of some networks."""
    names = [request.param] if request.param in ALONE else [n for n in NEURONS if n not in ALONE]
    expected = {k: v for k, v in nengos.items() if k.split(": ")[0] in names}
    data = both(lambda: of_types(names), STEPS, "float32", expected=expected)
    return {
        name: {k.split(": ")[1]: v for k, v in data.items() if k.split(": ")[0] == name}
        for name in names
    }


def test_float32(single):
    for name, data in single.items():
        check_rates(name, data) if name in RATES else check_spikes(name, data)


def check_rates(name, data):
    for probe, (expected, got) in data.items():
        scale = max(1.0, np.abs(expected).max())
        # At its threshold the slope of a LIF rate is infinite: there one rounding of the current
        # shows, so single neurons are judged by their mean square and everything else by its worst.
        threshold = name in ("LIFRate", "AdaptiveLIFRate") and probe == "b neurons"
        error = rms(expected, got) if threshold else np.abs(expected - got).max()
        assert error <= 1e-5 * scale, (name, probe)


def check_spikes(name, data):
    """What is decoded is alike."""
    # Izhikevich's equations, stepped by 1 ms, are chaotic: sooner or later one rounding, which
    # depends on how XLA orders a sum, moves whole spikes, and then all of them.
    steps = 300 if name == "Izhikevich" else STEPS
    decoded = [d[:steps] for d in data["a decoded"]]
    assert rms(*decoded) < 1e-2, name
    expected, got = (np.abs(d[:steps]) for d in data["b neurons"])
    assert abs(np.mean(expected) - np.mean(got)) < 1e-2 * np.mean(expected), name


def test_feed_forward_pair():
    def make():
        with nengo.Network(seed=0) as net:
            pair(300, nengo.LIF())
            pair(300, nengo.RectifiedLinear())
        return net

    data = run(nengo.Simulator, make(), 600)
    assert len(data) == 4, "labels must differ"
    for schedule in ("auto", "stepped", "batched"):
        found = both(make, 600, schedule=schedule, expected=data)
        for label, (expected, got) in found.items():
            assert np.abs(expected - got).max() <= 1e-9 * max(1, np.abs(expected).max()), label


def test_ensemble_array():
    ((expected, got),) = both(lambda: arrays(10), 500).values()
    assert np.abs(expected - got).max() < 1e-9


SYNAPSES = [
    nengo.Lowpass(0.01),
    nengo.Lowpass(0),
    nengo.Alpha(0.01),
    nengo.LinearFilter([1], [1e-4, 0.02, 1]),
    nengo.LinearFilter([0.01, 1], [0.02, 1]),
    nengo.Triangle(0.02),
    nengo.Triangle(0),
    None,
]


def test_synapses():
    def make():
        with nengo.Network(seed=1) as net:
            stimulus = nengo.Node(nengo.processes.WhiteSignal(1, 20, seed=3))
            for i, synapse in enumerate(SYNAPSES):
                a = nengo.Node(size_in=1)
                nengo.Connection(stimulus, a, synapse=synapse)
                nengo.Probe(a, label=f"{i} {synapse}")
                nengo.Probe(stimulus, synapse=synapse, label=f"{i} probe with {synapse}")
        return net

    found = both(make, 300)
    assert len(found) == 2 * len(SYNAPSES)
    for label, (expected, got) in found.items():
        assert np.abs(expected).max() > 0.1, label
        assert np.abs(expected - got).max() < 1e-9, label


@pytest.mark.parametrize("schedule", ["stepped", "batched"])
@pytest.mark.parametrize("members", [3, 12])
def test_triangle_of_many_neurons(members, schedule):
    def make():
        with nengo.Network(seed=1) as net:
            a = nengo.networks.EnsembleArray(20, members, neuron_type=nengo.LIFRate())
            b = nengo.networks.EnsembleArray(20, members, neuron_type=nengo.LIFRate())
            nengo.Connection(nengo.Node(lambda t: np.sin(9 * t)), a.input[0], synapse=None)
            for source, target in zip(a.ea_ensembles, b.ea_ensembles, strict=True):
                nengo.Connection(source, target, synapse=nengo.Triangle(0.03))
                nengo.Connection(target, source, synapse=nengo.Triangle(0.005), transform=0.5)
            nengo.Probe(b.output, synapse=nengo.Triangle(0.01))
        return net

    for expected, got in both(make, 300, schedule=schedule).values():
        assert np.ptp(expected) > 0.1
        assert np.abs(expected - got).max() < 1e-9
    for expected, got in both(make, 300, "float32", schedule).values():
        assert rms(expected, got) < 1e-5


class _Gain(nengo.synapses.Lowpass):
    """A filter that says it is a lowpass and steps otherwise."""

    def make_step(self, shape_in, shape_out, dt, rng, state):
        return lambda t, x: 3 * x


class _Memory(nengo.synapses.Synapse):
    """Keeps its state where Nengo asks synapses to keep it."""

    def make_state(self, shape_in, shape_out, dt, dtype=None, y0=0):
        return {"sum": np.zeros(shape_out)}

    def make_step(self, shape_in, shape_out, dt, rng, state):
        def step(t, x):
            state["sum"] += x * dt
            return state["sum"]

        return step


@pytest.mark.parametrize("synapse", [_Gain(0.1), _Memory()], ids=lambda s: type(s).__name__)
def test_synapses_of_a_persons_own(synapse):
    def make():
        with nengo.Network(seed=1) as net:
            stimulus = nengo.Node(lambda t: np.sin(t * 9) + np.arange(2))
            a = nengo.Ensemble(30, 2, neuron_type=nengo.LIFRate())
            nengo.Connection(stimulus, a, synapse=synapse)
            nengo.Connection(a, a, synapse=synapse, transform=0.1)
            nengo.Probe(stimulus, synapse=synapse)
            nengo.Probe(a)
        return net

    for expected, got in both(make, 200).values():
        assert np.ptp(expected) > 0.1
        assert np.abs(expected - got).max() < 1e-9


def test_slices_and_transforms():
    def make():
        with nengo.Network(seed=5) as net:
            src = nengo.Node(lambda t: np.sin(np.arange(1, 7) * t * 5))
            mid = nengo.Node(size_in=6)
            out = nengo.Node(size_in=4)
            ens = nengo.Ensemble(80, 3, neuron_type=nengo.LIFRate())
            nengo.Connection(src[::-1], mid, synapse=None)
            nengo.Connection(src[[0, 0, 5]], mid[[1, 2, 2]], synapse=None, transform=0.5)
            nengo.Connection(mid[1:4], out[:3], synapse=0.01, transform=[0.1, 0.2, 0.3])
            nengo.Connection(mid, out[-1], transform=np.arange(6)[None] / 6, synapse=None)
            nengo.Connection(out[1:], ens, synapse=None)
            nengo.Connection(ens[[2, 0]], out[[0, 0]], synapse=0.1)
            nengo.Connection(ens.neurons[:10:3], out, transform=np.full((4, 4), 1e-4), synapse=0.02)
            nengo.Connection(src[0], ens.neurons[5:8], transform=np.ones((3, 1)), synapse=None)
            for obj in (mid, out, ens, ens.neurons):
                nengo.Probe(obj)
        return net

    for expected, got in both(make, 400).values():
        assert np.abs(expected).max() > 0
        np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9 * max(1, abs(expected).max()))


def test_many_connections_into_one_place():
    """More terms than a route sums one by one."""

    def make():
        with nengo.Network(seed=6) as net:
            total = nengo.Node(size_in=2)
            for i in range(40):
                ens = nengo.Ensemble(10, 1, neuron_type=nengo.LIFRate())
                nengo.Connection(nengo.Node(0.02 * i), ens, synapse=None)
                nengo.Connection(ens, total[i % 2], synapse=None)
            nengo.Probe(total)
        return net

    ((expected, got),) = both(make, 20).values()
    np.testing.assert_allclose(got, expected, atol=1e-9)


def test_functions_and_weight_solvers():
    def make():
        with nengo.Network(seed=7) as net:
            a = nengo.Ensemble(50, 1, neuron_type=nengo.LIFRate())
            b = nengo.Ensemble(30, 1, neuron_type=nengo.LIFRate())
            nengo.Connection(nengo.Node(lambda t: np.cos(9 * t)), a)
            nengo.Connection(a, b, solver=nengo.solvers.LstsqL2(weights=True), synapse=0.01)
            nengo.Connection(
                a, b, solver=nengo.solvers.NoSolver(np.full((50, 1), 1e-3)), synapse=0.02
            )
            nengo.Connection(a, b, eval_points=[[-1], [0], [1]], function=[[1], [0], [1]])
            nengo.Probe(b)
        return net

    ((expected, got),) = both(make, 300).values()
    np.testing.assert_allclose(got, expected, atol=1e-9)


@pytest.mark.parametrize("order", ["sense act", "act sense"])
def test_nodes_that_share_an_object(order):
    """Sense and act run in Nengo's order, step by step, whichever was made first."""
    data = both(lambda: maze(order), 500)
    for expected, got in data.values():
        assert np.ptp(expected) > 0.1
        assert np.abs(expected - got).max() < 1e-9


def test_probe_options():
    def make():
        with nengo.Network(seed=8) as net:
            a = nengo.Ensemble(30, 1)
            conn = nengo.Connection(nengo.Node(lambda t: t), a, synapse=0.01)
            for key in ("output", "voltage", "refractory_time", "input"):
                nengo.Probe(a.neurons, key, label=key)
            nengo.Probe(a, sample_every=0.007, label="sampled", synapse=0.01)
            nengo.Probe(a.neurons[3:9], sample_every=0.002, label="some")
            nengo.Probe(conn, label="connection")
            nengo.Probe(a, "input", label="ensemble input")
            nengo.Probe(a, "scaled_encoders", label="encoders", sample_every=0.1)
            nengo.Probe(nengo.Connection(a, a, transform=0.1), "weights", label="weights")
        return net

    data = both(make, 350)
    for name, (expected, got) in data.items():
        assert expected.shape == got.shape, name
        assert np.abs(expected - got).max() < 1e-9 * max(1, np.abs(expected).max()), name
    assert data["sampled"][0].shape[0] == 50


def test_trange_is_nengos():
    with nengo.Network() as net:
        nengo.Node(0)
    with nengo.Simulator(net, progress_bar=False) as a, nengolab.Simulator(net) as b:
        for sim in (a, b):
            sim.run(0.1, progress_bar=False)
        np.testing.assert_allclose(a.trange(), b.trange())
        np.testing.assert_allclose(a.trange(sample_every=0.013), b.trange(sample_every=0.013))
        assert a.time == pytest.approx(b.time)
        assert a.n_steps == b.n_steps
