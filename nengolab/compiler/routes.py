"""Routes: wires turned into array operations.

A route builds the packed input array of a group out of arrays that other groups produced. It
recognises the regular patterns (the whole array as it is, a slice, a transposition, one vector
for all members) and emits views for them; gathers are slow in XLA on CPUs and come last.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.compiler.graph import Graph, Param, Wire

MANY_TERMS = 16
MANY_PICKS = 16
MAX_RUNS = 8


@dataclass(frozen=True)
class Address:
    """Where a source lives: its element ``i`` is at ``base + stride * i`` of array ``key``."""

    key: str
    base: int
    stride: int


@dataclass
class Pick:
    """Elements ``index`` of the flattened array ``key``; -1 stands for zero."""

    key: str
    index: np.ndarray


@dataclass
class Route:
    """How one packed array comes about.

    Attributes
    ----------
    shape : tuple of int
        Packed shape without the batch axis.
    picks : list of Pick
        Summed.
    sums : list of (key, from, to)
        For places where very many terms meet: elements ``from`` added up at ``to``.
    constants : list of (Param, from, to)
        Parameters added: elements ``from`` of the parameter at ``to``.
    """

    shape: tuple[int, ...]
    picks: list[Pick]
    sums: list[tuple[str, np.ndarray, np.ndarray]]
    constants: list[tuple[Param, np.ndarray, np.ndarray]]

    @property
    def keys(self) -> list[str]:
        """Arrays that the route reads."""
        return [p.key for p in self.picks] + [key for key, _, _ in self.sums]

    def constant(self, values: Callable[[Param], np.ndarray]) -> np.ndarray | None:
        """The constant part, packed; None where there is none."""
        if not self.constants:
            return None
        out = np.zeros(int(np.prod(self.shape)))
        for param, source, target in self.constants:
            np.add.at(out, target, np.ravel(values(param))[source])
        return out.reshape(self.shape)

    def build(self, read: Callable[[str], Any], constant: Any, rows: Any, dtype: str) -> Any:
        """Emit the array operations.

        Parameters
        ----------
        read : callable
            Array of a key, ``(rows, ...)``.
        constant : tensor or None
            The packed constant part.
        rows : int or tensor
            Length of the leading axis, which is passed through.
        """
        terms = self._terms(read, rows)
        terms += [_sum(read(k), f, t, self.shape, rows) for k, f, t in self.sums]
        if constant is not None:
            # One for all rows, or, where its gradient is wanted row by row, one for each.
            whole = len(constant.shape) > len(self.shape)
            terms.append(constant if whole else tf.expand_dims(constant, 0))
        if not terms:
            return tf.zeros((rows, *self.shape), dtype)
        total = reduce(operator.add, terms)
        if total.shape[0] == 1 and rows != 1:
            total = tf.broadcast_to(total, (rows, *self.shape))
        return total

    def _terms(self, read: Callable[[str], Any], rows: Any) -> list[Any]:
        """What the picks give, to be summed.

        Many that fill each other's gaps (a thousand probes' filters, each of another output of one
        product) are one pick of all arrays in a row: XLA needs minutes to compile them one by one.
        """
        picks = self.picks
        if len(picks) > MANY_PICKS and np.sum([p.index >= 0 for p in picks], axis=0).max() <= 1:
            flat = [_flat(read(p.key), rows) for p in picks]
            index, at = np.full(len(picks[0].index), -1), 0
            for p, x in zip(picks, flat, strict=True):
                index = np.where(p.index >= 0, p.index + at, index)
                at += int(x.shape[1])
            return [_pick(tf.concat(flat, axis=1), index, self.shape, rows)]
        return [_pick(read(p.key), p.index, self.shape, rows) for p in picks]


def make_route(
    graph: Graph, wires: list[Wire], addresses: dict[int, Address], layout: Any, size: int
) -> Route:
    """The route of a group's input, one wire for each member."""
    members = len(wires)
    if layout.last:
        targets = [w.pos * members + m for m, w in enumerate(wires)]
    else:
        targets = [w.pos + m * size for m, w in enumerate(wires)]
    to = np.concatenate(targets) if targets else np.zeros(0, int)
    src = np.concatenate([w.src for w in wires])
    idx = np.concatenate([w.idx for w in wires])
    shape = layout.shape(size)
    picks, sums, constants = [], [], []
    by_key: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    order = np.argsort(src, kind="stable")
    bounds = np.flatnonzero(np.diff(src[order])) + 1
    for rows in np.split(order, bounds) if len(order) else []:
        number = int(src[rows[0]])
        source = graph.sources[number]
        if isinstance(source, Param):
            constants.append((source, idx[rows], to[rows]))
            continue
        address = addresses[number]
        found = address.base + address.stride * idx[rows], to[rows]
        by_key.setdefault(address.key, []).append(found)
    for key, parts in by_key.items():
        source_index = np.concatenate([p[0] for p in parts])
        target = np.concatenate([p[1] for p in parts])
        _split(key, source_index, target, int(np.prod(shape)), picks, sums)
    return Route(shape, picks, sums, constants)


def _split(key, source, target, total, picks, sums) -> None:
    """One pick for each term that meets at a place, or a sum where there are very many."""
    if np.bincount(target, minlength=1).max() <= 1:
        index = np.full(total, -1)
        index[target] = source
        picks.append(Pick(key, index))
        return
    order = np.lexsort((source, target))
    source, target = source[order], target[order]
    first = np.searchsorted(target, target)
    rank = np.arange(len(target)) - first
    ranks = int(rank.max(initial=-1)) + 1
    if ranks > MANY_TERMS:
        sums.append((key, source, target))
        return
    for r in range(ranks):
        index = np.full(total, -1)
        index[target[rank == r]] = source[rank == r]
        picks.append(Pick(key, index))


def _flat(x: Any, rows: Any) -> Any:
    return tf.reshape(x, (rows, int(np.prod(x.shape[1:]))))


def _sum(x: Any, source: np.ndarray, target: np.ndarray, shape: tuple, rows: Any) -> Any:
    taken = tf.gather(_flat(x, rows), source, axis=1)
    summed = tf.math.unsorted_segment_sum(tf.transpose(taken), target, int(np.prod(shape)))
    return tf.reshape(tf.transpose(summed), (rows, *shape))


def _pick(x: Any, index: np.ndarray, shape: tuple[int, ...], rows: Any) -> Any:
    """Elements ``index`` of ``x`` as an array ``(rows, *shape)``."""
    total = len(index)
    size = int(np.prod(x.shape[1:]))
    if total == size and np.array_equal(index, np.arange(total)):
        return tf.reshape(x, (rows, *shape))
    flat = _flat(x, rows)
    start = int(index[0])
    if start >= 0:
        regular = _regular(flat, index.reshape(shape), start, shape, rows)
        if regular is not None:
            return regular
    columns = _columns(x, index.reshape(shape))
    if columns is not None:
        return columns
    runs = _runs(index)
    if len(runs) <= MAX_RUNS:
        parts = [tf.zeros((rows, n), x.dtype) if at < 0 else flat[:, at : at + n] for at, n in runs]
        joined = tf.concat(parts, axis=1) if len(parts) > 1 else parts[0]
        return tf.reshape(joined, (rows, *shape))
    if (index < 0).any():
        flat = tf.concat([flat, tf.zeros((rows, 1), x.dtype)], axis=1)
        index = np.where(index < 0, size, index)
    return tf.reshape(tf.gather(flat, index, axis=1), (rows, *shape))


def _columns(x: Any, grid: np.ndarray) -> Any | None:
    """The same few runs of columns of every row of ``x``: slices along the last axis."""
    if len(x.shape) != 3 or grid.shape[0] != x.shape[1] or (grid < 0).any():
        return None
    rows, width = x.shape[1:]
    first = grid[0]
    if first.max() >= width or not np.array_equal(grid, first + width * np.arange(rows)[:, None]):
        return None
    runs = _runs(first)
    if len(runs) > MAX_RUNS:
        return tf.gather(x, first, axis=2)
    parts = [x[:, :, at : at + n] for at, n in runs]
    return tf.concat(parts, axis=2) if len(parts) > 1 else parts[0]


def _regular(flat: Any, grid: np.ndarray, start: int, shape: tuple, rows: Any) -> Any | None:
    """Affine index patterns over the two packed axes: views, transpositions, broadcasts."""
    n0, n1 = shape
    step0 = int(grid[1, 0] - grid[0, 0]) if n0 > 1 else 0
    step1 = int(grid[0, 1] - grid[0, 0]) if n1 > 1 else 0
    affine = start + step0 * np.arange(n0)[:, None] + step1 * np.arange(n1)[None]
    if not np.array_equal(grid, affine):
        return None
    if (step1 == 1 or n1 == 1) and (step0 == n1 or n0 == 1):
        return tf.reshape(flat[:, start : start + n0 * n1], (rows, n0, n1))
    if (step0 == 1 or n0 == 1) and (step1 == n0):
        block = tf.reshape(flat[:, start : start + n0 * n1], (rows, n1, n0))
        return tf.transpose(block, (0, 2, 1))
    if step0 == 0 and step1 == 1:
        row = flat[:, None, start : start + n1]
        return tf.broadcast_to(row, (rows, n0, n1))
    if step1 == 0 and step0 == 1:
        column = flat[:, start : start + n0, None]
        return tf.broadcast_to(column, (rows, n0, n1))
    if step0 == 0 and step1 == 0:
        return tf.broadcast_to(flat[:, start : start + 1, None], (rows, n0, n1))
    return None


def _runs(index: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of consecutive indices (or of zeros) as ``(start, length)``; start -1 for zeros."""
    step = np.diff(index)
    going = (step == 1) & (index[:-1] >= 0) | (index[:-1] < 0) & (index[1:] < 0)
    starts = np.concatenate([[0], np.flatnonzero(~going) + 1])
    if len(starts) > MAX_RUNS:
        return [(0, 0)] * len(starts)
    lengths = np.diff(np.concatenate([starts, [len(index)]]))
    return [(int(index[s]), int(n)) for s, n in zip(starts, lengths, strict=True)]
