"""Carried filters against nengo.Simulator's own probes."""

import nengo
import numpy as np
import pytest

from nengolab.live.filters import ProbeFilter, rate_filter

SYNAPSES = {
    "lowpass": nengo.Lowpass(0.02),
    "lowpass shorter than a step": nengo.Lowpass(0.0001),
    "lowpass of no time": nengo.Lowpass(0),
    "alpha": nengo.Alpha(0.03),
    "third order": nengo.Lowpass(0.01).combine(nengo.Alpha(0.02)),
    "direct path": nengo.synapses.LinearFilter([0.3, 1.0], [0.05, 1.0]),
    "digital": nengo.synapses.LinearFilter([0.2], [1.0, -0.8], analog=False),
    "gain": nengo.synapses.LinearFilter([2.5], [1.0]),
    "triangle": nengo.synapses.Triangle(0.02),
}


@pytest.fixture(scope="module")
def reference():
    """Raw and filtered probes of an ensemble's value and of its spikes."""
    with nengo.Network(seed=3) as net:
        drive = nengo.Node(lambda t: [np.sin(20 * t), np.cos(33 * t)])
        ens = nengo.Ensemble(40, 2)
        nengo.Connection(drive, ens)
        probes = {
            (what, name): nengo.Probe(target, synapse=synapse)
            for what, target in (("value", ens), ("spikes", ens.neurons))
            for name, synapse in {None: None, **SYNAPSES}.items()
        }
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(331, progress_bar=False)
        return {key: np.array(sim.data[probe]) for key, probe in probes.items()}


@pytest.mark.parametrize("what", ["value", "spikes"])
@pytest.mark.parametrize("name", SYNAPSES)
def test_in_chunks_as_nengo_filters_a_probe(reference, what, name):
    raw, expected = reference[what, None], reference[what, name]
    rng = np.random.default_rng(0)
    filtered = ProbeFilter(SYNAPSES[name], 0.001, raw.shape[1])
    cuts = np.sort(rng.choice(np.arange(1, len(raw)), 12, replace=False))
    got = np.concatenate([filtered(chunk) for chunk in np.split(raw, cuts)])
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(got, expected, atol=1e-9 * scale)

    filtered.reset()
    np.testing.assert_allclose(filtered(raw), expected, atol=1e-9 * scale)


def test_rate_filter_is_its_recursion():
    rng = np.random.default_rng(1)
    spikes = (rng.random((500, 3)) < 0.1) / 0.001
    decay = np.exp(-0.001 / 0.05)
    rate, expected = np.zeros(3), []
    for sample in spikes:
        rate = decay * rate + (1 - decay) * sample
        expected.append(rate)
    carried = rate_filter(0.05, 0.001, 3)
    got = np.concatenate([carried(spikes[:77]), carried(spikes[77:])])
    np.testing.assert_allclose(got, expected, rtol=1e-9)


def test_rate_filter_of_a_regular_train_is_its_rate():
    # 1 spike in 8 ms is 125 Hz; after 10 time constants the start is forgotten.
    spikes = np.zeros((1000, 1))
    spikes[::8] = 1 / 0.001
    rates = rate_filter(0.05, 0.001, 1)(spikes)[600:]
    assert rates[: 8 * 50].mean() == pytest.approx(125.0, rel=1e-4)
