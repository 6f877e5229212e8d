"""Matrices as they are seen: in another order, of images side by side, thinned to pixels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage

Order = Literal["as they are", "by size", "by likeness"]
GAP = 1  # cells between images
# Rows that are told apart by clustering, which takes the square of their number; and by how many
# directions.
MOST_CLUSTERED, STRONGEST = 2000, 12


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
        count: int = block.shape[axis]
        if count > cells:
            starts = np.linspace(0, count, max(1, cells), endpoint=False).astype(int)
            low = np.minimum.reduceat(low, starts, axis=axis)
            high = np.maximum.reduceat(high, starts, axis=axis)
    return low.astype(np.float32), high.astype(np.float32)


def ordered(matrix: np.ndarray, order: Order) -> np.ndarray | None:
    """Give the rows' numbers in an order; None where it is their own.

    By likeness is by clusters: rows that point the same way, whatever their length, come to lie
    side by side. Of very many rows it is by their angle in the plane of the two strongest
    directions.
    """
    if order == "as they are" or len(matrix) < 3:
        return None
    finite = np.nan_to_num(matrix, nan=0.0, posinf=0.0, neginf=0.0)
    lengths = np.sqrt(np.einsum("ij,ij->i", finite, finite))
    if order == "by size":
        return np.argsort(-lengths, kind="stable")
    reach = _reach(finite / np.where(lengths > 0, lengths, 1)[:, None])
    if len(reach) > MOST_CLUSTERED:
        return np.argsort(np.arctan2(reach[:, 1], reach[:, 0]), kind="stable")
    return leaves_list(linkage(reach, "average")).astype(int)


def _reach(matrix: np.ndarray) -> np.ndarray:
    """How far rows reach along the strongest directions (power iteration on a block)."""
    start = np.random.RandomState(0).normal(size=(matrix.shape[1], STRONGEST))
    basis = np.linalg.qr(start)[0] if matrix.shape[1] > STRONGEST else np.eye(matrix.shape[1])
    for _ in range(6 if matrix.shape[1] > STRONGEST else 0):
        basis = np.linalg.qr(matrix.T @ (matrix @ basis))[0]
    reach = matrix @ basis
    found = reach @ np.linalg.svd(reach, full_matrices=False)[2].T
    return np.pad(found, ((0, 0), (0, max(0, 2 - found.shape[1]))))


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
