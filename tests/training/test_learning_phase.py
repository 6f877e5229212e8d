"""``configure_settings(learning_phase=...)``: runs that behave as training does."""

from itertools import pairwise

import keras
import nengo
import numpy as np
import pytest

import nengolab
from nengolab.exceptions import BuildError, SimulationError


def simulator(net, minibatch_size=None, **options):
    return nengolab.Simulator(net, minibatch_size=minibatch_size, progress_bar=False, **options)


def dropping(rate=0.5, **settings):
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(**settings)
        net.x = nengo.Node(np.ones(200), label="x")
        layer = nengolab.Layer(keras.layers.Dropout(rate, seed=1))(net.x)
        net.p = nengo.Probe(layer, label="p", sample_every=0.002)
    return net


def spiking(neuron_type, **settings):
    """A loop of neurons and a synapse, driven by a process and a function."""
    with nengo.Network(seed=1) as net:
        nengolab.configure_settings(dtype="float64", **settings)
        u = nengo.Node(lambda t: np.sin(9 * t), label="u")
        noise = nengo.Node(nengo.processes.WhiteSignal(3.0, high=5, seed=3), label="noise")
        ens = nengo.Ensemble(20, 1, neuron_type=neuron_type)
        nengo.Connection(u, ens)
        nengo.Connection(noise, ens)
        nengo.Connection(ens, ens, synapse=0.05, transform=0.5)
        net.u, net.p = u, nengo.Probe(ens, synapse=0.01)
    return net


def test_dropout_is_on_wherever_the_network_runs():
    net = dropping(learning_phase=True)
    with simulator(net, 3) as sim:
        x = np.full((3, 4, 200), 2.0)
        sim.run_steps(4)
        sim.run_steps(4, data=x)
        seen = sim.data[net.p]
        assert seen.shape == (3, 4, 200)
        for values, kept in ((seen[:, :2], 2), (seen[:, 2:], 4), (sim.predict(x)[net.p], 4)):
            assert set(np.unique(values)) == {0, kept}  # what is left is scaled up
            assert 0.4 < (values == 0).mean() < 0.6
        masks = seen[0] > 0
        assert all(np.any(a != b) for a, b in pairwise(masks))
        again = sim.predict(x)[net.p], sim.predict(x)[net.p]
        assert np.any(again[0] != again[1])
        sim.compile("sgd", "mse")
        loss = sim.evaluate(x, x, verbose=0)["loss"]
        assert loss == pytest.approx(4, rel=0.2)  # (2 - 0) squared, or (2 - 4) squared


def test_without_the_setting_dropout_is_on_in_fit_only():
    for settings in ({}, {"learning_phase": None}, {"learning_phase": False}):
        net = dropping(**settings)
        with simulator(net) as sim:
            sim.run_steps(4)
            assert np.all(sim.data[net.p] == 1)
            assert np.all(sim.predict(n_steps=4)[net.p] == 1)


def test_spiking_neurons_put_out_their_rates():
    """The same numbers as rate neurons in nengo, in several tiles and calls, over time."""
    rates = spiking(nengo.LIFRate())
    with nengo.Simulator(rates, progress_bar=False) as ref:
        ref.run_steps(700)
    net = spiking(nengo.LIF(), learning_phase=True)
    with simulator(net) as sim:
        sim.run_steps(90)
        sim.run_steps(10)
        sim.run(0.6)
        np.testing.assert_allclose(sim.data[net.p], ref.data[rates.p], atol=1e-9)
        assert sim.n_steps == 700
        sim.reset()
        sim.run_steps(100)
        np.testing.assert_allclose(sim.data[net.p], ref.data[rates.p][:100], atol=1e-9)
        sim.run_steps(100, stateful=False)
        assert sim.n_steps == 100
        sim.run_steps(100)
        np.testing.assert_array_equal(sim.data[net.p][100:200], sim.data[net.p][200:])


def test_batch_statistics_are_used_and_averages_stay():
    layer = keras.layers.BatchNormalization(epsilon=1e-6)
    with nengo.Network() as net:
        nengolab.configure_settings(learning_phase=True)
        x = nengo.Node([0.0, 0.0])
        p = nengo.Probe(nengolab.Layer(layer)(x))
    data = np.random.RandomState(0).normal(3, 2, (8, 2, 2))
    expected = (data - data.mean(axis=0)) / data.std(axis=0)
    with simulator(net, 8) as sim:
        before = [v.value.copy() for v in sim.parameters.values()]
        sim.run_steps(2, data=data)
        np.testing.assert_allclose(sim.data[p], expected, atol=1e-4)
        np.testing.assert_allclose(sim.predict(data)[p], expected, atol=1e-4)
        for a, v in zip(before, sim.parameters.values(), strict=True):
            np.testing.assert_array_equal(a, v.value)


def test_conflicts():
    net = dropping(learning_phase=True, inference_only=True)
    with pytest.raises(BuildError, match="learning_phase=True.*inference_only=True.*exclude"):
        simulator(net)

    net = spiking(nengo.LIF(), learning_phase=True)
    with net:
        nengo.Probe(net.all_ensembles[0].neurons, "voltage")
    with simulator(net) as sim, pytest.raises(BuildError, match="voltage"):
        sim.run_steps(3)

    net = spiking(nengo.LIFRate(), learning_phase=False)
    with simulator(net) as sim:
        sim.compile("sgd", "mse")
        with pytest.raises(BuildError, match="learning_phase=False"):
            sim.fit(n_steps=3, y=np.zeros((1, 3, 1)), verbose=0)
        with pytest.raises(BuildError, match="learning_phase=False"):
            sim.train_on_batch(n_steps=3, y=np.zeros((1, 3, 1)))

    net = dropping(learning_phase=True)
    with simulator(net) as sim, pytest.raises(SimulationError, match="live sessions"):
        sim.advance(1)
