"""Matrices as they are seen: in another order, of images side by side, thinned to pixels."""

from __future__ import annotations

from typing import Literal

import numpy as np

Order = Literal["as they are", "by size", "by likeness"]
GAP = 1  # cells between images


def thinned(block: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the least and the largest entry of each cell, of at most so many cells.

    Parameters
    ----------
    block : ndarray
        ``(rows, columns)``.
    height, width : int
        Most cells.

    Returns
    -------
    low, high : ndarray
        Of the same shape, in single precision; NaN where a cell holds one.
    """
    if block.size == 0:
        return np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32)
    # Along the columns first: they lie side by side in memory.
    low = high = block
    for axis, cells in ((1, width), (0, height)):
        count = block.shape[axis]
        if count > cells:
            starts = np.linspace(0, count, max(1, cells), endpoint=False).astype(int)
            low = np.minimum.reduceat(low, starts, axis=axis)
            high = np.maximum.reduceat(high, starts, axis=axis)
    return np.float32(low), np.float32(high)


def ordered(matrix: np.ndarray, order: Order) -> np.ndarray | None:
    """Give the rows' numbers in an order; None where it is their own.

    By likeness is by angle in the plane of the two strongest directions of rows: rows that point
    the same way come to lie side by side.
    """
    if order == "as they are" or len(matrix) < 3:
        return None
    finite = np.nan_to_num(matrix, nan=0.0, posinf=0.0, neginf=0.0)
    if order == "by size":
        return np.argsort(-np.einsum("ij,ij->i", finite, finite), kind="stable")
    first, second = _strongest(finite)
    return np.argsort(np.arctan2(second, first), kind="stable")


def _strongest(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far rows reach along the two strongest directions (power iteration on a block)."""
    small = min(matrix.shape)
    if small == 1:
        return matrix[:, 0], np.linalg.norm(matrix, axis=1)
    start = np.random.RandomState(0).normal(size=(matrix.shape[1], min(6, small)))
    basis = np.linalg.qr(start)[0]
    for _ in range(6):
        basis = np.linalg.qr(matrix.T @ (matrix @ basis))[0]
    reach = matrix @ basis
    turn = np.linalg.svd(reach, full_matrices=False)[2].T
    found = reach @ turn
    return found[:, 0], found[:, 1]


def mosaic(images: np.ndarray, across: int) -> np.ndarray:
    """Put images ``(count, height, width)`` side by side, so many across, with NaN between."""
    count, height, width = images.shape
    down = -(-count // across)
    shape = (down * (height + GAP) - GAP, across * (width + GAP) - GAP)
    whole = np.full(shape, np.nan, np.float32)
    for i, image in enumerate(images):
        top, left = (i // across) * (height + GAP), (i % across) * (width + GAP)
        whole[top : top + height, left : left + width] = image
    return whole


def kernels(array: np.ndarray) -> tuple[np.ndarray, int]:
    """Lay a convolution's kernel ``(*size, channels, filters)`` out: channels down, filters across.

    Returns
    -------
    images : ndarray
        ``(channels * filters, height, width)``.
    across : int
    """
    *size, channels, filters = array.shape
    height, width = (1, *size)[-2:]
    flat = array.reshape(-1, width, channels, filters) if len(size) > 2 else array
    flat = flat.reshape(-1, width, channels, filters)
    images = flat.transpose(2, 3, 0, 1).reshape(channels * filters, -1, width)
    assert images.shape[1] >= height
    return images, filters


def fields(matrix: np.ndarray, shape: tuple[int, int], most: int = 400) -> tuple[np.ndarray, int]:
    """Lay rows out as images of a shape, in a square of them; at most so many rows."""
    shown = matrix[:most].reshape(-1, *shape)
    return shown, max(1, int(np.ceil(np.sqrt(len(shown)))))
