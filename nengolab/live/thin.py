"""Thinning to what a screen can show, on the time axis of whole steps.

A pixel column is a whole number of steps, counted from step 0, so that the same
columns come out however the data was cut into frames, and thinning thinned data
again keeps every extreme.
"""

from __future__ import annotations

import numpy as np


def steps_per_pixel(window: float, width: int, dt: float) -> int:
    """Count the steps of a pixel column; rounded down: it is at most a pixel wide."""
    return max(1, int(window / dt / max(1, width) + 1e-9))


def thin_lines(
    steps: np.ndarray, values: np.ndarray, per_pixel: int
) -> tuple[np.ndarray, np.ndarray]:
    """Keep the minimum and the maximum of each pixel column.

    Parameters
    ----------
    steps : ndarray (k,)
        Increasing step numbers.
    values : ndarray (k, dims)
        One row for each step.
    per_pixel : int
        Steps in a pixel column.

    Returns
    -------
    steps, values : ndarray (m,), ndarray (m, dims)
        At most two rows a column, at its first and last sample, holding for each
        dimension the two extremes in the order in which they came.
    """
    if len(steps) < 3 or per_pixel < 2:
        return steps, values
    if steps[-1] - steps[0] + 1 == len(steps):
        return _thin_every_step(int(steps[0]), values, per_pixel)
    column = steps // per_pixel
    starts = np.flatnonzero(np.r_[True, column[1:] != column[:-1]])
    counts = np.diff(np.r_[starts, len(steps)])
    if counts.max() <= 2:
        return steps, values
    lows = np.minimum.reduceat(values, starts, axis=0)
    highs = np.maximum.reduceat(values, starts, axis=0)
    low_first = _first_match(values, lows, starts, counts) <= _first_match(
        values, highs, starts, counts
    )
    first = np.where(low_first, lows, highs)
    last = np.where(low_first, highs, lows)
    # A column of one sample is one row, every other is two.
    rows = np.minimum(counts, 2)
    at = np.r_[0, np.cumsum(rows)[:-1]]
    out_steps = np.empty(rows.sum(), dtype=steps.dtype)
    out_values = np.empty((len(out_steps), *values.shape[1:]), dtype=values.dtype)
    out_steps[at], out_values[at] = steps[starts], first
    two = rows == 2
    out_steps[at[two] + 1] = steps[(starts + counts - 1)[two]]
    out_values[at[two] + 1] = last[two]
    return out_steps, out_values


def _thin_every_step(
    first: int, values: np.ndarray, per_pixel: int
) -> tuple[np.ndarray, np.ndarray]:
    """As `thin_lines`, where no step is left out: whole columns side by side."""
    count = len(values)
    lead = first % per_pixel
    columns = -(-(lead + count) // per_pixel)
    # Columns at the ends are filled up with their own outermost samples, which adds no extreme.
    at = np.clip(np.arange(columns * per_pixel) - lead, 0, count - 1)
    block = values[at].reshape(columns, per_pixel, -1)
    lows, highs = block.argmin(axis=1), block.argmax(axis=1)
    pair = np.stack([np.minimum(lows, highs), np.maximum(lows, highs)], axis=1)
    kept = np.take_along_axis(block, pair, axis=1).reshape(2 * columns, *values.shape[1:])
    edges = np.arange(columns) * per_pixel - lead
    rows = np.stack([edges.clip(0), (edges + per_pixel - 1).clip(max=count - 1)], axis=1)
    wanted = np.ones((columns, 2), bool)
    # A column of one sample is one row.
    wanted[:, 1] = rows[:, 1] > rows[:, 0]
    wanted = wanted.ravel()
    return rows.ravel()[wanted] + first, kept[wanted]


def _first_match(
    values: np.ndarray, wanted: np.ndarray, starts: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Row at which each column first takes the wanted value, per dimension."""
    rows = np.arange(len(values)).reshape((-1,) + (1,) * (values.ndim - 1))
    hit = np.where(values == np.repeat(wanted, counts, axis=0), rows, len(values))
    return np.minimum.reduceat(hit, starts, axis=0)


def thin_means(
    steps: np.ndarray, values: np.ndarray, per_pixel: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give the mean of each pixel column, at its first sample.

    Parameters
    ----------
    steps : ndarray (k,)
        Increasing step numbers.
    values : ndarray (k, dims)
        One row for each step.
    per_pixel : int
        Steps in a pixel column.

    Returns
    -------
    steps, values : ndarray (m,), ndarray (m, dims)
        A row for each column of which there is a sample.
    """
    if len(steps) == 0 or per_pixel < 2:
        return steps, values
    column = steps // per_pixel
    starts = np.flatnonzero(np.r_[True, column[1:] != column[:-1]])
    counts = np.diff(np.r_[starts, len(steps)])
    means = np.add.reduceat(values, starts, axis=0) / counts[:, None]
    return steps[starts], means.astype(values.dtype)


def thin_raster(
    steps: np.ndarray, rows: np.ndarray, per_pixel: int, rows_per_pixel: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Keep one spike of each pixel, and how many it stands for.

    Every pixel that any spike fell into keeps its first one, so no burst
    disappears, and the counts add up to all spikes, so a burst can be drawn darker.

    Parameters
    ----------
    steps : ndarray (k,)
        Step of each spike, in increasing order.
    rows : ndarray (k,)
        Row of each spike on the plot, from 0.
    per_pixel : int
        Steps in a pixel column.
    rows_per_pixel : int
        Rows that share a pixel line when there are more neurons than lines.

    Returns
    -------
    kept, counts : ndarray (m,) of int64, ndarray (m,) of uint32
        Indices of the spikes that stay, in order, and how many fell into their pixel.
    """
    if len(steps) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.uint32)
    line = rows.astype(np.int64)
    if rows_per_pixel > 1:
        line //= rows_per_pixel
    lines = int(line.max()) + 1
    column = steps // per_pixel
    pixel = (column - column[0]) * lines + line
    counts = np.bincount(pixel)
    # Written from the last spike to the first, so that the first of each pixel stays.
    firsts = np.empty(len(counts), np.int64)
    firsts[pixel[::-1]] = np.arange(len(pixel) - 1, -1, -1)
    kept = np.flatnonzero(firsts[pixel] == np.arange(len(pixel)))
    return kept, counts[pixel[kept]].astype(np.uint32)
