"""Samples row by row, read every so many steps, against indexing with NumPy."""

import nengo
import numpy as np
import pytest

from nengolab.live.probes import LiveProbe
from nengolab.live.samples import Samples
from nengolab.live.tracks import Look
from nengolab.names import Names

DT = 0.001
COUNT = 103


@pytest.fixture(scope="module")
def data():
    """Two probes, all that they gave, and values 2 of the one and 0 and 2 of the other."""
    with nengo.Network() as net:
        nodes = [nengo.Node(size_in=size, label=f"node {size}") for size in (3, 4)]
    first, second = (LiveProbe(node, None, None, net, Names(net)) for node in nodes)
    rng = np.random.default_rng(5)
    given = {p.id: rng.normal(size=(COUNT, p.size)).astype(np.float32) for p in (first, second)}
    columns = ((second, 2), (first, 0), (first, 2))
    expected = np.column_stack([given[probe.id][:, i] for probe, i in columns])
    return columns, given, expected


def recorded(columns, given, whole):
    track = Samples(columns, whole=whole).make_track(DT)
    track.widen(COUNT)
    # Tiles that are no multiple of any stride.
    for tile in np.array_split(np.arange(COUNT), 7):
        for probe_id, values in given.items():
            track.record(probe_id, tile + 1, values[tile])
    return track


@pytest.mark.parametrize("per_pixel", [1, 2, 3, 4, 9, 20, 1000])
@pytest.mark.parametrize(("since", "until"), [(0, COUNT), (17, 61), (50, 51)])
def test_every_so_many_steps_and_the_newest(data, per_pixel, since, until):
    columns, given, expected = data
    track = recorded(columns, given, whole=False)
    (_, t), (_, rows) = track.read(Look(since, until, per_pixel, 100))
    stride = max(1, per_pixel // 2)
    steps = [s for s in range(since + 1, until + 1) if s % stride == 0 or s == until]
    np.testing.assert_allclose(t, np.array(steps) * DT, rtol=1e-12)
    np.testing.assert_array_equal(rows, expected[np.array(steps) - 1])


def test_looks_one_after_the_other_take_the_same_steps_as_one(data):
    columns, given, _ = data
    track = recorded(columns, given, whole=False)
    once = track.read(Look(0, 100, 10, 100))[0][1]
    parts = [track.read(Look(since, since + 20, 10, 100))[0][1] for since in range(0, 100, 20)]
    np.testing.assert_array_equal(np.concatenate(parts), once)


def test_whole_is_every_step_however_few_pixels(data):
    columns, given, expected = data
    (_, t), (_, rows) = recorded(columns, given, whole=True).read(Look(3, 90, 50, 100))
    np.testing.assert_allclose(t, np.arange(4, 91) * DT, rtol=1e-12)
    np.testing.assert_array_equal(rows, expected[3:90])


def test_nothing_new_is_nothing(data):
    columns, given, _ = data
    (_, t), (_, rows) = recorded(columns, given, whole=False).read(Look(COUNT, COUNT + 5, 10, 100))
    assert t.shape == (0,)
    assert rows.shape == (0, 3)
