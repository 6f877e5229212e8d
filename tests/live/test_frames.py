"""One buffer for all arrays, and a header that JSON can carry."""

import json
import sys

import numpy as np

from nengolab.live.frames import Frame, Packer


def test_round_trip_through_json():
    rng = np.random.default_rng(0)
    arrays = {
        "a": {"t": rng.random(7), "y": rng.random((7, 3)).astype(np.float32)},
        "b": {"t": rng.random(3), "i": np.arange(3, dtype=np.uint32), "n": np.ones(3, np.uint32)},
        "empty": {"t": np.zeros(0), "y": np.zeros((0, 2), np.float32)},
        "last": {"t": np.arange(2.0), "y": rng.random((4, 2)).astype(np.float32)[::2]},
    }
    packer = Packer()
    panels = [
        {"id": name, "t0": 0.0, "arrays": [packer.add(key, array) for key, array in parts.items()]}
        for name, parts in arrays.items()
    ]
    header = json.loads(json.dumps({"seq": 4, "time": 0.5, "panels": panels}))
    frame = Frame(header, packer.buffer())
    assert (frame.seq, frame.time) == (4, 0.5)
    for name, parts in arrays.items():
        got = frame.arrays(name)
        assert got.keys() == parts.keys()
        for key, array in parts.items():
            np.testing.assert_array_equal(got[key], array)
            assert got[key].dtype.itemsize == array.dtype.itemsize
    assert all(entry["offset"] % 8 == 0 for panel in panels for entry in panel["arrays"])


def test_little_endian_whatever_comes_in():
    other = ">" if sys.byteorder == "little" else "<"
    packer = Packer()
    entry = packer.add("t", np.array([1.5, -2.0], dtype=f"{other}f8"))
    assert entry["dtype"] == "float64"
    assert packer.buffer() == np.array([1.5, -2.0], dtype="<f8").tobytes()
