"""Frozen networks in other backends, where these are installed (docs/hardware.md)."""

from importlib import import_module
from importlib.util import find_spec

import keras
import nengo
import numpy as np
import pytest

import nengolab

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def frozen():
    """A network with weights that were set in a simulator and written into it, as plain Nengo."""
    lif = nengo.LIF(initial_state={"voltage": nengo.dists.Choice([0])})
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        node = nengo.Node([0.5])
        a = nengo.Ensemble(40, 1, neuron_type=lif, label="a")
        b = nengo.Ensemble(40, 1, neuron_type=lif, label="b")
        nengo.Connection(node, a)
        nengo.Connection(a, b, function=np.square, label="squared")
        net.probe = nengo.Probe(b, synapse=0.05)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        weights = sim.parameters["squared.weights"]
        weights.value = 2 * weights.value
        sim.freeze_params(net)
    return net


def by_nengo(net):
    with nengo.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(300)
    return sim.data[net.probe][-100:].mean()


def test_nengo_ocl_runs_a_frozen_network(frozen):
    ocl = pytest.importorskip("nengo_ocl", reason="NengoOCL is not installed")
    cl = pytest.importorskip("pyopencl", reason="PyOpenCL is not installed")
    try:
        device = cl.get_platforms()[0].get_devices()[0]
    except (cl.LogicError, IndexError):
        pytest.skip("no OpenCL device; pocl-binary-distribution has one for CPUs")
    expected = by_nengo(frozen)
    with ocl.Simulator(frozen, context=cl.Context([device]), progress_bar=False) as sim:
        sim.run_steps(300)
        assert abs(sim.data[frozen.probe][-100:].mean() - expected) < 0.02
    assert 0.3 < expected < 0.7


def test_nengo_loihis_emulator_runs_a_frozen_network(frozen):
    if find_spec("nengo_loihi") is None:
        pytest.skip("NengoLoihi is not installed")
    if int(np.__version__.split(".")[0]) >= 2:
        pytest.skip("NengoLoihi 1.1.0 asks NumPy for arrays in a way that NumPy 2 refuses")
    loihi = import_module("nengo_loihi")
    with loihi.Simulator(frozen, target="sim", progress_bar=False) as sim:
        sim.run_steps(300)
        assert abs(sim.data[frozen.probe][-100:].mean() - by_nengo(frozen)) < 0.15


def test_an_lmu_of_keras_lmu_converts():
    lmu = pytest.importorskip("keras_lmu", reason="KerasLMU is not installed")
    layer = lmu.LMU(1, 6, 8, hidden_cell=keras.layers.SimpleRNNCell(5))
    model = keras.Sequential([keras.Input((8, 1)), layer, keras.layers.Dense(2)])
    assert nengolab.Converter(model).verify()


def test_what_keras_spiking_does():
    spiking = pytest.importorskip("keras_spiking", reason="KerasSpiking is not installed")
    given = np.full((1, 50, 4), 20, "float32")
    try:
        theirs = spiking.SpikingActivation("relu", dt=0.01)(given)
    except ValueError as err:
        if "time_major" not in str(err):
            raise
        pytest.skip(f"KerasSpiking {spiking.__version__} does not run on this Keras: {err}")
    ours = nengolab.keras_layers.SpikingActivation("relu", dt=0.01)(given)
    # In 0.5 s a spike more or less is 2 Hz.
    np.testing.assert_allclose(np.mean(theirs, axis=1), 20, atol=2.1)
    np.testing.assert_allclose(np.mean(ours, axis=1), 20, atol=2.1)
