"""Neuron types: state, batches, nengolab's own types, and the numbers that random ones draw."""

from __future__ import annotations

import pickle

import nengo
import numpy as np
import pytest
from nengo.dists import Choice, Uniform
from scipy import stats
from scipy.special import gammaln

import nengolab
from nengolab.exceptions import ValidationError

from .compare import both, run

WITH_STATE = {
    "LIF": nengo.LIF(
        initial_state={"voltage": Uniform(0.2, 0.9), "refractory_time": Uniform(0, 0.004)}
    ),
    "AdaptiveLIF": nengo.AdaptiveLIF(
        tau_n=0.05, inc_n=0.1, initial_state={"adaptation": Uniform(0, 2)}
    ),
    "AdaptiveLIFRate": nengo.AdaptiveLIFRate(
        tau_n=0.05, initial_state={"adaptation": np.full(20, 1.5)}
    ),
    "Izhikevich": nengo.Izhikevich(
        coupling=0.25, initial_state={"voltage": Choice([-65]), "recovery": Uniform(-15, -10)}
    ),
    "SpikingRectifiedLinear": nengo.SpikingRectifiedLinear(),
    "IntegrateAndFire": nengolab.neurons.IntegrateAndFire(
        initial_state={"voltage": Uniform(-1, 1)}
    ),
    "SpikingLeakyReLU": nengolab.SpikingLeakyReLU(initial_state={"voltage": Uniform(-0.9, 0.9)}),
    "RegularSpiking": nengo.RegularSpiking(
        nengo.AdaptiveLIFRate(tau_n=0.05, initial_state={"adaptation": Choice([0.5])}),
        amplitude=0.4,
        initial_state={"voltage": Choice([0])},
    ),
    "RegularSpiking of LeakyReLU": nengo.RegularSpiking(nengolab.LeakyReLU()),
    "RegularSpiking of SoftLIFRate": nengo.RegularSpiking(nengolab.SoftLIFRate()),
    "RegularSpiking of Sigmoid": nengo.RegularSpiking(nengo.Sigmoid()),
}


def all_states() -> nengo.Network:
    """One ensemble of each type that has state, with everything probed that can be."""
    with nengo.Network(seed=6) as net:
        stimulus = nengo.Node(lambda t: np.sin(20 * t))
        for name, neuron_type in WITH_STATE.items():
            ens = nengo.Ensemble(20, 1, neuron_type=neuron_type, label=name)
            if name == "Izhikevich":  # where its equations are stable
                ens.encoders, ens.intercepts = Choice([[1]]), Uniform(-3, -1.5)
            nengo.Connection(stimulus, ens)
            for key in neuron_type.probeable:
                nengo.Probe(ens.neurons, key, label=f"{name} {key}")
    return net


@pytest.fixture(scope="module")
def nengos():
    return run(nengo.Simulator, all_states(), 400)


@pytest.mark.parametrize("schedule", ["auto", "stepped", "batched"])
def test_everything_that_can_be_probed_is_nengos(nengos, schedule):
    data = both(all_states, 400, schedule=schedule, expected=nengos)
    assert len(data) == sum(len(t.probeable) for t in WITH_STATE.values())
    for probe, (expected, got) in data.items():
        assert np.ptp(expected) > 0, probe
        scale = max(1.0, np.abs(expected).max())
        assert np.abs(expected - got).max() <= 1e-9 * scale, probe


def test_state_starts_anew_on_reset_and_in_each_batch_item():
    net = all_states()
    with net:
        nengolab.configure_settings(dtype="float64")
    with nengo.Simulator(net, progress_bar=False) as ref:
        ref.run_steps(150)
    with nengolab.Simulator(net, minibatch_size=2, progress_bar=False) as sim:
        sim.run_steps(40)
        sim.reset()
        sim.run_steps(150)
        for probe in net.all_probes:
            scale = max(1.0, np.abs(ref.data[probe]).max())
            for item in sim.data[probe]:
                assert np.abs(item - ref.data[probe]).max() <= 1e-9 * scale, probe.label


def test_adaptive_lif_keeps_lifs_packed_form():
    """In single precision, where nobody looks at refractory times."""
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(50, 1, neuron_type=nengo.AdaptiveLIF())
        nengo.Probe(a.neurons, "adaptation")
    with nengolab.Simulator(net, progress_bar=False) as sim:
        assert "adaptive_lif (packed" in sim.report()


def test_ties_are_nengos():
    """Each operation is rounded as in nengo, where a rounding decides.

    So it does for one spike in ten steps, from 0, and for Izhikevich's equations where they are
    unstable.
    """

    def make():
        with nengo.Network(seed=0) as net:
            for i, base in enumerate([nengo.RectifiedLinear(), nengolab.LeakyReLU()]):
                rates = np.array([100, 200, 125, 300, 700, -100.0])
                kind = nengo.RegularSpiking(base, initial_state={"voltage": Choice([0])})
                ens = nengo.Ensemble(6, 1, gain=np.ones(6), bias=rates, neuron_type=kind)
                nengo.Probe(ens.neurons, label=str(i))
            kind = nengo.SpikingRectifiedLinear(initial_state={"voltage": Choice([0])})
            ens = nengo.Ensemble(6, 1, gain=np.ones(6), bias=rates, neuron_type=kind)
            nengo.Probe(ens.neurons, label="spiking")
            currents = np.linspace(-40, 60, 30)
            ens = nengo.Ensemble(
                30, 1, gain=np.ones(30), bias=currents, neuron_type=nengo.Izhikevich()
            )
            for key in ("output", "voltage", "recovery"):
                nengo.Probe(ens.neurons, key, label=f"Izhikevich {key}")
        return net

    for expected, got in both(make, 200).values():
        np.testing.assert_array_equal(expected, got)


# -- nengolab's own types ----------------------------------------------------------------------


OWN_TYPES = [
    nengolab.SoftLIFRate(sigma=0.3, tau_ref=0.001, amplitude=0.5),
    nengolab.LeakyReLU(negative_slope=0.1, amplitude=2),
    nengolab.SpikingLeakyReLU(amplitude=0.5),
]


@pytest.mark.parametrize("kind", OWN_TYPES, ids=lambda k: type(k).__name__)
def test_gains_and_back(kind):
    max_rates, intercepts = np.array([150.0, 250, 399]), np.array([-0.9, 0, 0.7])
    gain, bias = kind.gain_bias(max_rates, intercepts)
    found = kind.max_rates_intercepts(gain, bias)
    np.testing.assert_allclose(found[0], max_rates, rtol=1e-9)
    np.testing.assert_allclose(found[1], intercepts, atol=1e-9)
    at_one = kind.rates(np.ones(1), gain, bias)[0]
    np.testing.assert_allclose(at_one, kind.amplitude * max_rates, rtol=1e-9)
    again = pickle.loads(pickle.dumps(kind))
    assert again == kind
    assert type(again) is type(kind)


def test_soft_lif_is_stable_and_tends_to_lif():
    def make():
        with nengo.Network(seed=0) as net:
            currents = np.array([-1e30, -1e4, -90, -45, -39, -5, 0, 1, 2, 50, 1e6, 1e30])
            for sigma in (1, 0.02):
                kind = nengolab.SoftLIFRate(sigma=sigma)
                ens = nengo.Ensemble(12, 1, gain=np.ones(12), bias=currents, neuron_type=kind)
                nengo.Probe(ens.neurons, label=f"{sigma}")
        return net

    for dtype, tolerance in (("float64", 1e-12), ("float32", 3e-6)):
        for expected, got in both(make, 3, dtype).values():
            np.testing.assert_allclose(got, expected, rtol=tolerance, atol=1e-30)
            assert np.all(np.diff(got[0]) >= 0)
            assert 0 <= got[0, 0] < 1e-20
    j = np.linspace(0, 5, 40)[:, None]
    soft = nengolab.SoftLIFRate(sigma=1e-3).rates(j, np.ones(1), np.zeros(1))
    np.testing.assert_allclose(soft, nengo.LIFRate().rates(j, [1], [0]), atol=8)
    with pytest.raises(ValidationError, match="above 50"):
        nengolab.SoftLIFRate().gain_bias([40], [0])


# -- random ones -------------------------------------------------------------------------------


def test_generator_gives_the_published_numbers():
    """Known answers of Threefry-2x32 with 20 rounds, from its authors' Random123 library."""
    import tensorflow as tf

    from nengolab.kernels.generator import threefry

    known = [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ]
    for key, counter, expected in known:
        words = [tuple(tf.constant(w, tf.uint32) for w in pair) for pair in (key, counter)]
        compiled = tf.function(threefry, jit_compile=True)
        assert tuple(int(w) for w in compiled(*words)) == expected


def test_log_factorial():
    import tensorflow as tf

    from nengolab.kernels.random_spikes import log_factorial

    k = np.concatenate([np.arange(300), np.logspace(3, 15, 40).round()])
    found = log_factorial(tf.constant(k, tf.float64)).numpy()
    np.testing.assert_allclose(found, gammaln(k + 1), rtol=2e-14, atol=1e-11)


def random_network(make_type, means, n=400, seed=1) -> nengo.Network:
    """Populations with the given mean numbers of spikes a step, probed."""
    with nengo.Network(seed=seed) as net:
        for mean in means:
            bias = np.full(n, 1000.0 * mean)
            ens = nengo.Ensemble(n, 1, gain=np.ones(n), bias=bias, neuron_type=make_type())
            nengo.Probe(ens.neurons)
    return net


def counts_of(net, steps=250, dtype="float32", **options) -> list[np.ndarray]:
    """Spikes a step of each population, ``(batch, steps, neurons)``."""
    with net:
        nengolab.configure_settings(dtype=dtype)
    with nengolab.Simulator(net, seed=5, progress_bar=False, **options) as sim:
        sim.run_steps(steps)
        data = [np.asarray(sim.data[p], float) * 0.001 for p in net.all_probes]
    return [d[None] if d.ndim == 2 else d for d in data]


@pytest.mark.in_turn
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_poisson_is_poisson_at_all_rates(dtype):
    means = [0.004, 0.1, 0.7, 3, 9.99, 10.01, 60, 2500, 0]
    net = random_network(lambda: nengo.PoissonSpiking(nengo.RectifiedLinear()), means)
    p_values = []
    *drawn, silent = counts_of(net, dtype=dtype)
    assert not silent.any()
    for mean, counts in zip(means, drawn, strict=False):
        whole = np.round(counts)
        assert np.abs(counts - whole).max() < 1e-3 * max(1, mean)
        n = whole.size
        assert abs(whole.mean() - mean) < 4 * np.sqrt(mean / n)
        spread = np.sqrt((mean + 2 * mean**2) / n)
        assert abs(whole.var() - mean) < 4.5 * spread
        p_values.append(chi_square(whole.ravel(), stats.poisson(mean)))
    # Each below 0.001 would come once in a thousand: of eight, none.
    assert min(p_values) > 1e-3, p_values


def chi_square(counts: np.ndarray, dist) -> float:
    """Probability of counts at least as far from ``dist``, in bins of about equal weight."""
    edges = np.unique(dist.ppf(np.linspace(0, 1, 32)[1:-1]))
    inner = np.diff(np.concatenate([[0.0], dist.cdf(edges), [1.0]]))
    found = np.bincount(np.searchsorted(edges, counts), minlength=len(inner))
    keep = inner * counts.size > 5
    found, inner = found[keep], inner[keep]
    return stats.chisquare(found, inner / inner.sum() * found.sum()).pvalue


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_stochastic_rounding(dtype):
    means = [0.001, 0.03, 0.5, 0.97, 3.2, 40.6, -0.3, -2.8, 0]
    net = random_network(lambda: nengo.StochasticSpiking(nengolab.LeakyReLU(1.0)), means)
    for mean, counts in zip(means, counts_of(net, dtype=dtype), strict=True):
        whole, sign = np.round(np.abs(counts)), np.sign(mean)
        assert np.abs(np.abs(counts) - whole).max() < 1e-3
        assert np.all(np.sign(counts)[whole > 0] == sign)
        base = np.floor(abs(mean))
        assert set(np.unique(whole)) <= {base, base + 1}
        more = int((whole - base).sum())
        fraction = abs(mean) - base
        if mean:
            assert stats.binomtest(more, whole.size, fraction).pvalue > 1e-3, mean
        else:
            assert not more


@pytest.mark.parametrize(
    "make_type",
    [
        lambda: nengo.PoissonSpiking(nengo.RectifiedLinear()),
        lambda: nengo.StochasticSpiking(nengo.RectifiedLinear()),
    ],
    ids=["poisson", "stochastic"],
)
def test_random_spikes_are_independent(make_type):
    """Of neurons, steps, batch items and populations."""
    a, b = counts_of(random_network(make_type, [0.4, 0.4], 200), 500, minibatch_size=2)
    a, b = (x - x.mean() for x in (a, b))
    pairs = {
        "neurons": (a[..., :-1], a[..., 1:]),
        "steps": (a[:, :-1], a[:, 1:]),
        "neurons and steps": (a[:, :-1, :-1], a[:, 1:, 1:]),
        "items": (a[0], a[1]),
        "populations": (a, b),
    }
    for what, (x, y) in pairs.items():
        r = np.corrcoef(x.ravel(), y.ravel())[0, 1]
        assert abs(r) < 4 / np.sqrt(x.size), what
    # All pairs of neurons at once: the squared correlations of independent ones add up so.
    r = np.corrcoef(a[0].T)[np.triu_indices(200, 1)]
    assert abs((r**2).mean() * 500 - 1) < 0.05


@pytest.mark.in_turn
def test_random_spikes_depend_on_the_seed_and_nothing_else():
    """Not on merging, taps, batch size or how a run is cut."""
    kinds = nengo.PoissonSpiking, nengo.StochasticSpiking

    def make(others: int):
        with nengo.Network(seed=1) as net:
            stimulus = nengo.Node(lambda t: np.sin(30 * t))
            for kind in kinds:
                for i in range(others + 1):
                    ens = nengo.Ensemble(30, 1, neuron_type=kind(nengo.LIFRate()), seed=i)
                    nengo.Connection(stimulus, ens, seed=1)
                    if i == 0:
                        nengo.Probe(ens.neurons)
        return net

    def spikes(others=0, pieces=(120,), tap=False, **options):
        net = make(others)
        with nengolab.Simulator(net, progress_bar=False, **{"seed": 3} | options) as sim:
            if tap:
                sim.run_steps(20)
                for probe in net.probes:
                    sim.add_tap(probe.target.ensemble)
                sim.prepare()
                sim.run_steps(100)
            for n in () if tap else pieces:
                sim.run_steps(n)
            # The kinds on the first axis: each is compared by itself.
            return np.stack([sim.data[probe] for probe in net.probes])

    reference = spikes()
    assert reference.any(axis=(1, 2)).all()
    np.testing.assert_array_equal(reference, spikes(pieces=(1, 50, 69)))
    np.testing.assert_array_equal(reference, spikes(others=9))
    np.testing.assert_array_equal(reference, spikes(tap=True))
    batch = spikes(minibatch_size=3)
    np.testing.assert_array_equal(reference, batch[:, 0])
    for items in batch:
        assert len({item.tobytes() for item in items}) == 3


@pytest.mark.parametrize("kind", [nengo.PoissonSpiking, nengo.StochasticSpiking])
def test_random_spikes_are_drawn_again_and_go_on_from_a_state(kind):
    with random_network(lambda: kind(nengo.RectifiedLinear()), [0.3], 50) as net:
        probe = net.probes[0]
    with nengolab.Simulator(net, seed=2, progress_bar=False) as sim:
        runs = []
        for seed in (None, None, 7, 2):
            sim.reset(seed)
            sim.run_steps(30)
            runs.append(np.array(sim.data[probe]))
        np.testing.assert_array_equal(runs[0], runs[1])
        assert (runs[2] != runs[0]).any()
        np.testing.assert_array_equal(runs[0], runs[3])
        runner = sim._engine.runner
        state = runner.named_state()
        first = sim.advance(20)[probe]
        assert (sim.advance(20)[probe] != first).any()
        runner.set_named_state(state)
        np.testing.assert_array_equal(sim.advance(20)[probe], first)
