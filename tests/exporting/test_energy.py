"""Operations counted, against counts by hand; a converted network beside Keras, and back."""

import keras
import nengo
import numpy as np
import pytest
from nengo.exceptions import ValidationError

import nengolab
from nengolab.exporting import DEVICES, estimate_energy


def test_operations_are_those_counted_by_hand():
    """A spike in each step of one neuron, none of another; a weight that is 0 counts nowhere."""
    with nengo.Network() as net:
        node = nengo.Node([0.0, 0.0], label="in")
        # Input 1 brings the first neuron over the threshold in every other step.
        kind = nengolab.neurons.IntegrateAndFire(amplitude=0.5)
        a = nengo.Ensemble(2, 1, neuron_type=kind, gain=[600, 0], bias=[0, 0], label="a")
        b = nengo.Ensemble(3, 1, neuron_type=nengo.LIF(), label="b")
        nengo.Connection(node, a.neurons, synapse=None)
        weights = [[1.0, 1], [0, 1], [2, 0]]
        nengo.Connection(a.neurons, b.neurons, transform=weights, synapse=0.01)
        nengo.Probe(b.neurons)
    x = np.zeros((2, 10, 2))
    x[..., 0] = 1
    found = estimate_energy(net, {"in": x})
    first, second = (next(o for o in found.layers if o.name == f"{n}.neurons") for n in "ab")
    assert (first.spikes, first.rate, first.updates) == (5, 250, 20)
    assert (second.events, second.dense, second.neurons) == (5 * 2, 10 * 4, 3)
    assert first.events == 0  # no weights lead there
    spent = found.joules()
    loihi, cpu = DEVICES["loihi"], DEVICES["cpu"]
    assert spent["loihi"] == pytest.approx(10 * loihi.synaptic + 50 * loihi.update)
    assert spent["cpu"] == pytest.approx(40 * cpu.synaptic + 50 * cpu.update)
    assert "Intel Loihi" in str(found)
    assert len(found.to_pandas()) == 2


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(12, "relu", name="hidden"),
            keras.layers.Dense(3, name="last"),
        ]
    )


def test_a_trained_network_goes_back_into_a_keras_file(model, tmp_path):
    converter = nengolab.Converter(model)
    x = np.random.RandomState(0).uniform(-1, 1, (16, 1, 4))
    with nengolab.Simulator(converter.net, minibatch_size=16, progress_bar=False) as sim:
        sim.compile(keras.optimizers.SGD(0.1), "mse")
        sim.fit(x, np.ones((16, 1, 3)), epochs=2, verbose=0)
        (wanted,) = sim.predict(x).values()
        with pytest.raises(ValidationError, match=r"must end in \.keras"):
            converter.to_keras(sim, tmp_path / "model.h5")
        converter.to_keras(sim, tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(x[:, 0]), wanted[:, 0], atol=1e-5)


def test_networks_stand_beside_their_keras_models(model):
    x = np.random.RandomState(1).uniform(-1, 1, (40, 4))
    labels = np.asarray(model(x)).argmax(axis=1)
    rates = nengolab.Converter(model)
    spiking = rates.again(
        swap_activations={"relu": nengo.SpikingRectifiedLinear()}, scale_firing_rates=200
    )
    found = nengolab.converting.compare({"rates": rates, "spikes": spiking}, x, labels, n_steps=50)
    of_rates, of_spikes = found.rows
    assert of_rates.keras_accuracy == of_rates.accuracy == of_spikes.keras_accuracy == 1
    assert of_rates.latency == of_rates.first_correct == 0.001
    assert of_rates.spikes == 0 < of_spikes.spikes
    assert of_spikes.accuracy > 0.8
    assert of_spikes.first_correct > 0.001
    assert 0 < of_spikes.silent < 1
    assert len(found.to_pandas()) == 2
    assert "silent" in str(found)
    assert len(rates.net.all_probes) == 1  # of a copy were the spikes counted
    with pytest.raises(ValidationError, match="for 'model'"):
        nengolab.converting.compare({"model": model}, x, labels)
