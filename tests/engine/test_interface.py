"""What a script written for nengo.Simulator finds in its place."""

from __future__ import annotations

import time

import nengo
import numpy as np
import pytest
from nengo.utils.progress import Progress, ProgressBar

import nengolab
from nengolab.exceptions import BuildError, ValidationError
from nengolab.runtime.progress import PromptTracker


def test_data_is_a_mapping():
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(10, 1)
        conn = nengo.Connection(nengo.Node(0.5), a, transform=2)
        probe = nengo.Probe(a)
        nengo.Probe(conn, "weights")
    with nengo.Network():
        stranger = nengo.Ensemble(10, 1)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        assert probe in sim.data
        assert len(sim.data[probe]) == 0
        assert stranger not in sim.data
        assert sim.data.get(stranger, "none") == "none"
        with pytest.raises(KeyError, match="not in the simulated network"):
            sim.data[stranger]
        with pytest.raises(ValidationError):
            sim.data[stranger]
        with nengo.Simulator(net, progress_bar=False) as reference:
            assert [type(k) for k in sim.data] == [type(k) for k in reference.data]
            assert len(sim.data) == len(reference.data)
        assert "BuiltEnsemble" in repr(sim.data)
        sim.run_steps(3)
        assert sim.data[probe].shape == (3, 1)
        assert not sim.data[probe].flags.writeable


@pytest.mark.parametrize("minibatch_size", [None, 4])
def test_probes_of_matrices(minibatch_size):
    with nengo.Network(seed=0) as net:
        a = nengo.Ensemble(10, 3)
        encoders = nengo.Probe(a, "scaled_encoders")
    with nengolab.Simulator(net, minibatch_size=minibatch_size, progress_bar=False) as sim:
        items = () if minibatch_size is None else (minibatch_size,)
        assert sim.data[encoders].shape[-3:] == (0, 10, 3)
        sim.run_steps(5)
        assert sim.data[encoders].shape == (*items, 5, 10, 3)
        last = sim.data[encoders][..., -1, :, :]
        expected = np.broadcast_to(sim.data[a].scaled_encoders, last.shape)
        np.testing.assert_allclose(last, expected, rtol=1e-6)


def test_a_model_that_is_built_already():
    with nengo.Network(seed=0) as net:
        nengolab.configure_settings(dtype="float64")
        node = nengo.Node(0.25, label="left")
        a = nengo.Ensemble(20, 1, neuron_type=nengo.LIFRate())
        nengo.Connection(node, a)
        probe = nengo.Probe(a, synapse=0.01)
    model = nengo.builder.Model(dt=0.002)
    model.build(net)
    with nengolab.Simulator(None, model=model, seed=1, progress_bar=False) as sim:
        assert sim.dt == 0.002
        assert sim.name_of(node) == "left"
        sim.run_steps(20)
        ours = sim.data[probe].copy()
        assert ours.dtype == np.float64
        sim.set_input(node, 1.0)
        sim.run_steps(20)
    with nengo.Simulator(net, dt=0.002, progress_bar=False) as reference:
        reference.run_steps(20)
    assert np.abs(reference.data[probe] - ours).max() < 1e-9
    assert sim.data[probe][-1] > ours[-1]


def test_old_names_of_arguments():
    with nengolab.Simulator(nengo.Network(), optimize=False, progress_bar=False) as sim:
        assert sim.optimize is False
        sim.run_steps(5)
        with pytest.warns(DeprecationWarning, match="sample_every"):
            np.testing.assert_allclose(sim.trange(dt=0.002), [0.002, 0.004])
        with pytest.raises(ValidationError, match="old name"):
            sim.trange(sample_every=0.002, dt=0.002)


def _of_ensembles():
    with nengo.Network() as net:
        a = nengo.Ensemble(1, 1, neuron_type=nengo.Direct(), label="left")
        b = nengo.Ensemble(10, 1, neuron_type=nengo.LIFRate(), label="right")
        behind = nengo.Ensemble(10, 1, label="behind")
        nengo.Connection(a, b, synapse=None)
        nengo.Connection(b, a, synapse=None)
        nengo.Connection(a, behind, synapse=None)
    return net


def _of_passthrough_nodes():
    with nengo.Network() as net:
        a, b = (nengo.Node(size_in=2, label=name) for name in ("left", "right"))
        nengo.Connection(a, b, synapse=None)
        nengo.Connection(b, a, synapse=None)
        nengo.Connection(a, nengo.Ensemble(10, 2, label="behind"))
    return net


@pytest.mark.parametrize("make", [_of_ensembles, _of_passthrough_nodes])
def test_feedback_within_a_step_is_refused_by_name(make):
    net = make()
    with pytest.raises(BuildError, match="feedback within one step") as caught:
        nengolab.Simulator(net, progress_bar=False)
    assert "left" in str(caught.value)
    assert "right" in str(caught.value)
    assert "behind" not in str(caught.value)
    with pytest.raises(BuildError):
        nengo.Simulator(net, progress_bar=False)


class _Seen(ProgressBar):
    """Keeps what it is told."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def update(self, progress):
        self.seen.append((progress.name_during, progress.finished))

    def close(self):
        self.seen.append("closed")


def test_a_progress_bar_ends_with_what_it_shows():
    """Nengo's own would wait until its thread has slept, here for a minute."""
    bar, started = _Seen(), time.monotonic()
    with PromptTracker(bar, Progress("Simulating", max_steps=2), update_interval=60.0) as tracker:
        while not bar.seen:
            time.sleep(0.001)
        tracker.total_progress.step(2)
    assert time.monotonic() - started < 50.0
    assert not tracker.update_thread.is_alive()
    assert bar.seen == [("Simulating", False), ("Simulating", True), "closed"]
