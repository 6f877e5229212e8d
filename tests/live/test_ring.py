"""The ring against a list."""

import numpy as np
import pytest

from nengolab.live.ring import Ring


@pytest.mark.parametrize("seed", range(30))
def test_holds_the_newest_rows(seed):
    rng = np.random.default_rng(seed)
    capacity = int(rng.integers(1, 50))
    ring, kept, step = Ring(capacity, 2), [], 0
    held = ring.nbytes
    for _ in range(40):
        count = int(rng.integers(0, 2 * capacity))
        # Several rows of one step, as spikes have them.
        steps = step + np.cumsum(rng.integers(0, 3, count))
        rows = rng.random((count, 2)).astype(np.float32)
        step = int(steps[-1]) if count else step
        ring.append(steps, rows)
        kept = (kept + list(zip(steps, rows, strict=True)))[-capacity:]
        since = int(rng.integers(0, step + 2))
        got_steps, got_rows = ring.since(since)
        expected = [(s, r) for s, r in kept if s > since]
        assert got_steps.tolist() == [s for s, _ in expected]
        np.testing.assert_array_equal(got_rows, np.array([r for _, r in expected]).reshape(-1, 2))
        assert ring.nbytes == held
    wider = ring.resized(capacity + 7)
    assert wider.since(-1)[0].tolist() == [s for s, _ in kept]


def test_what_is_cut_comes_again_and_is_added_once():
    ring = Ring(8, 1)
    ring.append(np.arange(1, 12), np.arange(1, 12)[:, None])
    ring.cut(7)
    assert ring.since(-1)[0].tolist() == [4, 5, 6, 7]
    ring.append(np.arange(3, 6), np.zeros((3, 1)))
    ring.append(np.arange(6, 10), 10.0 * np.arange(6, 10)[:, None])
    assert ring.since(-1)[0].tolist() == [4, 5, 6, 7, 8, 9]
    assert ring.since(-1)[1][:, 0].tolist() == [4, 5, 6, 7, 80, 90]
    ring.cut(0)
    ring.append(np.arange(1, 3), np.ones((2, 1)))
    assert ring.since(-1)[0].tolist() == [1, 2]
