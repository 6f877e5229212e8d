"""Probe data: how much of it is kept, where, and which steps it covers."""

from __future__ import annotations

import pickle
import time

import nengo
import numpy as np
import pytest
import zarr
from nengo.exceptions import SimulationError

import nengolab
from nengolab.benchmarks.memory import resident_mb
from nengolab.exceptions import ValidationError
from nengolab.runtime import store
from nengolab.runtime.history import Rows


def ramp(size: int = 2) -> nengo.Network:
    """A Node that counts its steps: what a sample should be is plain to see."""
    with nengo.Network(seed=0, label="ramp") as net:
        net.node = nengo.Node(lambda t: np.arange(size) + 1000 * t, size_out=size, label="ramp")
        net.probe = nengo.Probe(net.node, label="every")
        net.some = nengo.Probe(net.node, sample_every=0.003, label="some")
    return net


def simulator(net, **arguments):
    return nengolab.Simulator(net, progress_bar=False, **arguments)


def steps_of(data) -> np.ndarray:
    return np.rint(np.asarray(data)[..., 0]).astype(int)


# -- which steps ---------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "disk"])
def arguments(request, tmp_path):
    return {} if request.param == "memory" else {"probe_store": tmp_path / "run.zarr"}


def test_going_back_drops_what_lies_after(arguments):
    net = ramp()
    with simulator(net, **arguments) as sim:
        sim.run_steps(10)
        ten = sim.state
        sim.run_steps(20)
        before = np.asarray(sim.data[net.probe])
        kept = sim.data[net.probe]
        sim.state = ten
        assert list(steps_of(sim.data[net.probe])) == list(range(1, 11))
        assert list(steps_of(sim.data[net.some])) == [3, 6, 9]
        sim.run_steps(5)
        for probe, every in ((net.probe, None), (net.some, 0.003)):
            np.testing.assert_allclose(
                steps_of(sim.data[probe]), 1000 * sim.trange(every), atol=1e-9
            )
        assert len(sim.data[net.probe]) == 15
        if not arguments:
            np.testing.assert_array_equal(kept, before)  # what was read does not change


def test_going_ahead_leaves_a_gap_that_trange_shows(arguments):
    net = ramp()
    with simulator(net, **arguments) as sim:
        sim.run_steps(5)
        five = sim.state
        sim.run_steps(15)
        twenty = sim.state
        sim.state = five
        sim.state = twenty
        sim.run_steps(4)
        expected = [*range(1, 6), *range(21, 25)]
        assert list(steps_of(sim.data[net.probe])) == expected
        np.testing.assert_allclose(sim.trange(), 1e-3 * np.array(expected))
        assert list(steps_of(sim.data[net.some])) == [3, 21, 24]
        np.testing.assert_allclose(sim.trange(0.003), [0.003, 0.021, 0.024])
        sim.state = five
        sim.run_steps(1)
        assert list(steps_of(sim.data[net.probe])) == [1, 2, 3, 4, 5, 6]


def test_another_simulator_starts_at_the_restored_step(arguments):
    net = ramp()
    with simulator(net) as sim:
        sim.run_steps(100)
        snapshot = sim.state
    with simulator(net, **arguments) as sim:
        sim.state = snapshot
        assert sim.data[net.probe].shape == (0, 2)
        sim.run_steps(3)
        assert list(steps_of(sim.data[net.probe])) == [101, 102, 103]
        np.testing.assert_allclose(sim.trange(), [0.101, 0.102, 0.103])


def test_trange_agrees_with_the_data_whatever_was_done():
    net = ramp()
    with simulator(net) as sim:
        sim.run_steps(4)
        sim.advance(3)
        sim.run_steps(2)
        assert list(steps_of(sim.data[net.probe])) == [1, 2, 3, 4, 8, 9]
        np.testing.assert_allclose(sim.trange(), 1e-3 * steps_of(sim.data[net.probe]))
        sim.clear_probes()
        assert len(sim.data[net.probe]) == len(sim.trange()) == 0
        sim.run_steps(2)
        np.testing.assert_allclose(sim.trange(), [0.010, 0.011])
        assert list(steps_of(sim.data[net.probe])) == [10, 11]


def test_reading_between_runs_is_not_quadratic():
    """The rows that are copied stay below a few for each row that came."""
    rows, copied = Rows((1, 1), "float32"), 0
    for _ in range(5000):
        before = rows._buffer
        rows.append(np.zeros((2, 1, 1), "float32"))
        copied += len(before) * (rows._buffer is not before)
        rows.array()
    assert len(rows) == 10_000
    assert copied < 20_000


def test_empty_data_has_the_shape_and_type_of_data():
    net = ramp(3)
    with simulator(net, minibatch_size=4) as sim:
        assert sim.data[net.probe].shape == (4, 0, 3)
        assert sim.data[net.probe].dtype == np.float32
        sim.run_steps(2)
        assert sim.data[net.probe].shape == (4, 2, 3)


# -- keep_history --------------------------------------------------------------------------------


def test_only_the_last_sample_where_history_is_off():
    net = ramp()
    with net:
        nengolab.configure_settings(keep_history=False, dtype="float64")
    net.config[net.some].keep_history = True
    with simulator(net) as sim:
        assert sim.data[net.probe].shape == (0, 2)
        sim.run_steps(7)
        ten = sim.state
        sim.run_steps(4)
        assert sim.data[net.probe].shape == (1, 2)
        np.testing.assert_allclose(sim.data[net.probe], [[11, 12]])
        assert list(steps_of(sim.data[net.some])) == [3, 6, 9]
        sim.state = ten
        assert sim.data[net.probe].shape == (0, 2)  # the sample of that step is gone
        sim.run_steps(1)
        assert list(steps_of(sim.data[net.probe])) == [8]
    with simulator(net, minibatch_size=2) as sim:
        sim.run_steps(7)
        assert sim.data[net.probe].shape == (2, 1, 2)
        assert sim.data[net.some].shape == (2, 2, 2)


def test_where_keep_history_is_set():
    net = ramp()
    with net:
        nengolab.configure_settings(dtype="float64")
        with nengo.Network():
            nengolab.configure_settings(keep_history=True)  # the outermost network takes it
        with pytest.raises(ValidationError, match="keep_history"):
            nengolab.configure_settings(keep_history="yes")
    net.config[nengo.Probe].keep_history = False
    net.config[net.probe].keep_history = True
    with simulator(net) as sim:
        sim.run_steps(9)
        assert len(sim.data[net.probe]) == 9
        assert len(sim.data[net.some]) == 1
        assert sim.data[net.probe].dtype == np.float64  # the first setting is still there


# -- on disk -------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [None, 3])
def test_data_on_disk_is_what_it_is_in_memory(tmp_path, monkeypatch, batch):
    """With chunks of 16 samples, and writing forced to happen in the middle of chunks too."""
    monkeypatch.setattr(store, "LEAST_CHUNK_BYTES", 1)
    monkeypatch.setattr(store, "CHUNK_BYTES", 16 * 2 * 4 * (batch or 1))
    net = ramp()
    with simulator(net, minibatch_size=batch) as sim:
        sim.run_steps(175)
        expected = {p: sim.data[p] for p in net.probes}
    path = tmp_path / "run.zarr"
    with simulator(net, minibatch_size=batch, probe_store=path) as sim:
        assert sim.data[net.probe].shape == expected[net.probe][..., :0, :].shape
        for steps in (1, 14, 1, 60, 99):
            sim.run_steps(steps)
            if steps == 14:
                assert sim.data[net.probe].shape[-2] == 15
        data = sim.data[net.probe]
        assert isinstance(data, store.StoredData)
        assert data.zarr.chunks[-2] == 16
        for p in net.probes:
            np.testing.assert_array_equal(sim.data[p], expected[p])
    for p in net.probes:  # after the end, too
        np.testing.assert_array_equal(np.asarray(sim.data[p]), expected[p])


def test_going_back_over_chunks_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "LEAST_CHUNK_BYTES", 1)
    monkeypatch.setattr(store, "CHUNK_BYTES", 16 * 2 * 4)
    net = ramp()
    with simulator(net, probe_store=tmp_path / "run.zarr") as sim:
        for back in (16, 21, 1):
            sim.reset()
            sim.run_steps(back)
            snapshot = sim.state
            sim.run_steps(70)
            assert len(sim.data[net.probe]) == back + 70
            sim.run_steps(3)  # these wait in memory
            sim.state = snapshot
            sim.run_steps(50)
            assert list(steps_of(sim.data[net.probe])) == list(range(1, back + 51))


def test_data_on_disk_is_indexed_like_an_array(tmp_path):
    net = ramp()
    with simulator(net, probe_store=str(tmp_path / "run.zarr")) as sim:
        sim.run_steps(50)
        data = sim.data[net.probe]
        whole = np.asarray(data)
        assert (data.shape, data.ndim, len(data), data.dtype) == ((50, 2), 2, 50, np.float32)
        for key in (-1, (-1, 0), slice(10, 20), (slice(None, None, 7), 1), (..., 0)):
            np.testing.assert_array_equal(data[key], whole[key])
        for key in (slice(None, None, -1), [3, 1], whole[:, 0] > 20, None):
            np.testing.assert_array_equal(data[key], whole[key])
        assert np.mean(data) == pytest.approx(whole.mean())
        with pytest.raises(ValueError, match="read-only"):
            data.zarr[0] = 1
        with pytest.raises(IndexError):
            data[50]


def test_the_folder_says_what_it_holds(tmp_path):
    net = ramp()
    with simulator(net, probe_store=tmp_path / "run.zarr") as sim:
        sim.run_steps(10)
    group = zarr.open_group(tmp_path / "run.zarr", mode="r")
    arrays = {a.attrs["label"]: a for _, a in group.arrays()}
    assert arrays["some"].attrs["sample_every"] == 0.003
    assert arrays["every"].attrs.asdict() == {
        "name": "every",
        "label": "every",
        "target": "ramp",
        "attr": "output",
        "dt": 0.001,
        "sample_every": None,
    }
    assert arrays["every"].metadata.dimension_names == ("time", "size")
    np.testing.assert_array_equal(arrays["every"][:], sim.data[net.probe])


def test_a_path_that_exists_is_not_touched_unless_it_may_be(tmp_path):
    net, path = ramp(), tmp_path / "run.zarr"
    with simulator(net, probe_store=path) as sim:
        sim.run_steps(10)
        first = sim.data[net.probe]
    with pytest.raises(ValidationError, match=r"run\.zarr exists.*overwrite=True"):
        simulator(net, probe_store=path)
    other = tmp_path / "letters"
    other.mkdir()
    (other / "dear.txt").write_text("keep me")
    with pytest.raises(ValidationError, match="holds no probe data.*not replaced"):
        simulator(net, probe_store=nengolab.ProbeStore(other, overwrite=True))
    assert (other / "dear.txt").read_text() == "keep me"
    for wrong in ("", 7):
        with pytest.raises(ValidationError, match="folder's path"):
            simulator(net, probe_store=wrong)
    broken = ramp()
    with broken:
        nengo.Node(lambda t: t, size_out=1)
        nengo.Ensemble(5, 1, neuron_type=_Unknown())
    with pytest.raises(nengo.exceptions.BuildError):
        simulator(broken, probe_store=nengolab.ProbeStore(path, overwrite=True))
    assert len(first) == 10
    np.testing.assert_array_equal(steps_of(first), np.arange(1, 11))
    with simulator(net, probe_store=nengolab.ProbeStore(path, overwrite=True)) as sim:
        sim.run_steps(4)
        assert len(sim.data[net.probe]) == 4


class _Unknown(nengo.neurons.NeuronType):
    """A neuron type that cannot be built."""

    def gain_bias(self, max_rates, intercepts):
        raise nengo.exceptions.BuildError("cannot be built")


def test_reset_empties_the_store_and_what_follows_goes_there(tmp_path):
    net = ramp()
    with simulator(net, probe_store=tmp_path / "run.zarr") as sim:
        sim.run_steps(10)
        assert len(sim.data[net.probe]) == 10
        sim.reset()
        assert len(sim.data[net.probe]) == 0
        sim.run_steps(3)
        sim.reset(include_probes=False)
        sim.run_steps(2)
        assert list(steps_of(sim.data[net.probe])) == [1, 2, 3, 1, 2]


def test_a_pickled_simulator_takes_the_store_over(tmp_path):
    net, path = _picklable(), tmp_path / "run.zarr"
    with simulator(net, probe_store=path) as sim:
        sim.run_steps(10)
        pickled = pickle.dumps(sim)
        with pickle.loads(pickled) as loaded:
            loaded.run_steps(5)
            data = loaded.data[loaded.network.probe]
            assert data.shape == (15, 1)
            sim.run_steps(2)
            with pytest.raises(SimulationError, match="belongs to another simulator"):
                _ = sim.data[net.probe]
            with pytest.raises(ValidationError, match="changed since"):
                pickle.loads(pickled)
            np.testing.assert_array_equal(data[:10, 0], 0.5)
        sim._recording.folder.own()  # so that it can end
        (path / "zarr.json").rename(tmp_path / "elsewhere.json")
        with pytest.raises(ValidationError, match="there is none now"):
            pickle.loads(pickled)
        (tmp_path / "elsewhere.json").rename(path / "zarr.json")


def _picklable() -> nengo.Network:
    with nengo.Network(seed=0) as net:
        net.probe = nengo.Probe(nengo.Node([0.5]))
    return net


def test_samples_are_written_while_it_runs(tmp_path, monkeypatch):
    """Who looks from outside sees them before a chunk is full."""
    monkeypatch.setattr(store, "FLUSH_SECONDS", 0.05)
    net, path = ramp(), tmp_path / "run.zarr"
    with simulator(net, probe_store=path) as sim:
        sim.run_steps(10)
        until = time.monotonic() + 20
        while (n := zarr.open_array(path / "probe_0", mode="r").shape[0]) == 0:
            assert time.monotonic() < until
            time.sleep(0.05)
            sim.run_steps(1)
        assert n >= 10


# -- memory --------------------------------------------------------------------------------------


def test_memory_does_not_grow_with_the_number_of_calls():
    """TensorFlow keeps 700 bytes of every Python number that it is given: 3.5 MB here."""
    net = _picklable()
    with net:
        nengolab.configure_settings(keep_history=False)
        nengo.Probe(nengo.Ensemble(10, 1))
    with simulator(net) as sim:
        for _ in range(1000):
            sim.run_steps(1, progress_bar=False)
        before = resident_mb()
        for _ in range(5000):
            sim.run_steps(1, progress_bar=False)
        assert resident_mb() - before < 2
