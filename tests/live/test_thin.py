"""Thinning against brute force, on random data."""

import numpy as np
import pytest

from nengolab.live.thin import steps_per_pixel, thin_lines, thin_means, thin_raster


def columns_of(steps, per_pixel):
    return {column: np.flatnonzero(steps // per_pixel == column) for column in steps // per_pixel}


def random_lines(rng):
    count = int(rng.integers(1, 400))
    # Gaps, as sample_every leaves them, and repeated values, as resting signals have.
    steps = np.cumsum(rng.integers(1, 4, count)) + int(rng.integers(0, 1000))
    values = rng.integers(-5, 6, (count, int(rng.integers(1, 4)))).astype(np.float32)
    return steps, values, int(rng.integers(1, 25))


@pytest.mark.parametrize("seed", range(40))
def test_lines_keep_the_extremes_of_every_pixel(seed):
    steps, values, per_pixel = random_lines(np.random.default_rng(seed))
    kept, thinned = thin_lines(steps, values, per_pixel)
    before, after = columns_of(steps, per_pixel), columns_of(kept, per_pixel)
    assert before.keys() == after.keys()
    assert (np.diff(kept) >= 0).all()
    for column, rows in before.items():
        out = after[column]
        assert len(out) <= 2
        assert {kept[out[0]], kept[out[-1]]} == {steps[rows[0]], steps[rows[-1]]}
        for dim in range(values.shape[1]):
            original, shown = values[rows, dim], thinned[out, dim]
            assert (shown.min(), shown.max()) == (original.min(), original.max())
            if len(out) == 2:
                assert (shown[0] <= shown[1]) == (original.argmin() <= original.argmax())


@pytest.mark.parametrize("seed", range(20))
def test_lines_cut_into_frames_keep_the_same_extremes(seed):
    rng = np.random.default_rng(seed)
    steps, values, per_pixel = random_lines(rng)
    cuts = np.sort(rng.integers(0, len(steps), 5))
    parts = [
        thin_lines(s, v, per_pixel)
        for s, v in zip(np.split(steps, cuts), np.split(values, cuts), strict=True)
    ]
    joined = thin_lines(*(np.concatenate(piece) for piece in zip(*parts, strict=True)), per_pixel)
    whole = thin_lines(steps, values, per_pixel)
    np.testing.assert_array_equal(joined[0], whole[0])
    np.testing.assert_array_equal(np.sort(joined[1], axis=0), np.sort(whole[1], axis=0))


@pytest.mark.parametrize("seed", range(20))
def test_means_are_those_of_every_pixel(seed):
    rng = np.random.default_rng(seed)
    steps, _, _ = random_lines(rng)
    values = rng.normal(size=(len(steps), 3)).astype(np.float32)
    per_pixel = int(rng.integers(2, 25))
    kept, means = thin_means(steps, values, per_pixel)
    expected = columns_of(steps, per_pixel)
    assert kept.tolist() == [steps[rows[0]] for rows in expected.values()]
    exact = [values[rows].astype(float).mean(axis=0) for rows in expected.values()]
    np.testing.assert_allclose(means, exact, rtol=1e-5, atol=1e-6)
    assert means.dtype == np.float32
    assert max(map(len, expected.values())) > 1 or len(steps) < 25


def test_means_of_one_step_a_pixel_and_of_nothing_are_what_was_given():
    steps, values = np.arange(5, 9), np.arange(8.0).reshape(4, 2)
    for given in ((steps, values, 1), (steps[:0], values[:0], 7)):
        kept, means = thin_means(*given)
        np.testing.assert_array_equal(kept, given[0])
        np.testing.assert_array_equal(means, given[1])


def test_a_single_spike_in_a_long_rest_is_not_lost():
    steps = np.arange(1, 100_001)
    values = np.zeros((100_000, 1), np.float32)
    values[31_415] = 7.0
    kept, thinned = thin_lines(steps, values, steps_per_pixel(100.0, 600, 0.001))
    assert len(kept) <= 2 * 604
    assert thinned.max() == 7.0
    assert abs(kept[thinned[:, 0].argmax()] - 31_416) <= 166


@pytest.mark.parametrize(("window", "width"), [(4.0, 600), (0.1, 600), (100.0, 333)])
def test_a_column_is_at_most_a_pixel_wide(window, width):
    per_pixel = steps_per_pixel(window, width, 0.001)
    assert per_pixel >= 1
    assert per_pixel == 1 or per_pixel * 0.001 <= window / width * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_raster_keeps_every_pixel_and_counts_every_spike(seed):
    rng = np.random.default_rng(seed)
    fired = rng.random((int(rng.integers(1, 300)), int(rng.integers(1, 30)))) < rng.random()
    steps, rows = np.nonzero(fired)
    per_pixel, shared = int(rng.integers(1, 20)), int(rng.integers(1, 6))
    kept, counts = thin_raster(steps, rows, per_pixel, shared)

    expected = {}
    for spike, (step, row) in enumerate(zip(steps, rows, strict=True)):
        expected.setdefault((step // per_pixel, row // shared), []).append(spike)
    shown = {
        (steps[k] // per_pixel, rows[k] // shared): (k, n)
        for k, n in zip(kept, counts, strict=True)
    }
    assert shown == {pixel: (spikes[0], len(spikes)) for pixel, spikes in expected.items()}
    assert len(kept) == len(expected)
    assert counts.sum() == len(steps)
    assert (np.diff(kept) > 0).all()
