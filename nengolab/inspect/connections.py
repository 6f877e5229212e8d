"""The full weights of a connection, from each source to each target, and what they are like.

Connections between ensembles have them in two factors, encoders times decoders; sparse and
convolutional ones mostly have zeros. None of them is multiplied out: figures come from the
factors, from blocks of rows, or from the entries there are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import nengo
import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from nengo.ensemble import Neurons
from nengo.transforms import SparseMatrix

from nengolab.exceptions import ValidationError
from nengolab.inspect.convolved import convolution_matrix
from nengolab.inspect.source import Source

BLOCK = 1_000_000  # entries that are looked at together
DENSE_VALUES = 1_500  # rows or columns up to which all singular values of a sparse matrix are found
FEW_VALUES = 50  # how many are found where there are more


class Matrix(ABC):
    """A matrix of ``(targets, sources)`` that need not be in memory."""

    shape: tuple[int, int]

    @abstractmethod
    def rows(self, start: int, stop: int) -> np.ndarray:
        """Some rows, multiplied out."""

    @abstractmethod
    def times(self, x: np.ndarray) -> np.ndarray:
        """The product with vectors, the columns of ``x``."""

    @abstractmethod
    def singular_values(self) -> np.ndarray:
        """Singular values, largest first: all, or the largest where there are very many."""

    @abstractmethod
    def minus(self, other: Matrix) -> Matrix:
        """The difference to one of the same shape and kind."""

    @property
    @abstractmethod
    def is_finite(self) -> bool:
        """Whether all that it is made of is."""

    @property
    def stored(self) -> int:
        """Count of entries that may be other than 0."""
        return self.shape[0] * self.shape[1]

    def entries(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Rows, columns and values of entries, in blocks, as arrays that broadcast."""
        step = max(1, BLOCK // max(1, self.shape[1]))
        for start in range(0, self.shape[0], step):
            stop = min(start + step, self.shape[0])
            columns = np.arange(self.shape[1])[None, :]
            yield np.arange(start, stop)[:, None], columns, self.rows(start, stop)


@dataclass
class Dense(Matrix):
    """One array."""

    array: np.ndarray

    def __post_init__(self) -> None:
        self.shape = self.array.shape

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.array).all())

    def rows(self, start: int, stop: int) -> np.ndarray:
        return self.array[start:stop]

    def times(self, x: np.ndarray) -> np.ndarray:
        return self.array @ x

    def singular_values(self) -> np.ndarray:
        return np.linalg.svd(self.array, compute_uv=False)

    def minus(self, other: Matrix) -> Matrix:
        return Dense(self.array - other.rows(0, self.shape[0]))


@dataclass
class Factored(Matrix):
    """``left @ right``, where both are small."""

    left: np.ndarray
    right: np.ndarray

    def __post_init__(self) -> None:
        self.shape = (self.left.shape[0], self.right.shape[1])

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.left).all() and np.isfinite(self.right).all())

    def rows(self, start: int, stop: int) -> np.ndarray:
        return self.left[start:stop] @ self.right

    def times(self, x: np.ndarray) -> np.ndarray:
        return self.left @ (self.right @ x)

    def singular_values(self) -> np.ndarray:
        # Of Q1 R1 (Q2 R2)' they are those of R1 R2': Q does not change lengths.
        left = np.asarray(np.linalg.qr(self.left, mode="r"))
        right = np.asarray(np.linalg.qr(self.right.T, mode="r"))
        return np.linalg.svd(left @ right.T, compute_uv=False)

    def minus(self, other: Matrix) -> Matrix:
        assert isinstance(other, Factored)
        return Factored(np.hstack([self.left, -other.left]), np.vstack([self.right, other.right]))


@dataclass
class Sparse(Matrix):
    """The entries there are."""

    matrix: Any

    def __post_init__(self) -> None:
        self.matrix = scipy.sparse.csr_array(self.matrix)
        self.shape = self.matrix.shape

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.matrix.data).all())

    @property
    def stored(self) -> int:
        return self.matrix.nnz

    def rows(self, start: int, stop: int) -> np.ndarray:
        return self.matrix[start:stop].toarray()

    def times(self, x: np.ndarray) -> np.ndarray:
        return self.matrix @ x

    def entries(self) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        found = self.matrix.tocoo()
        for start in range(0, found.nnz, BLOCK):
            part = slice(start, start + BLOCK)
            yield found.coords[0][part], found.coords[1][part], found.data[part]

    def singular_values(self) -> np.ndarray:
        small = min(self.shape)
        if small <= DENSE_VALUES:
            # Eigenvalues of the smaller product: as large as the smaller side only.
            wide = self.shape[0] <= self.shape[1]
            product = self.matrix @ self.matrix.T if wide else self.matrix.T @ self.matrix
            values = np.linalg.eigvalsh(product.toarray())[::-1]
            return np.sqrt(np.maximum(values, 0))
        start = np.random.RandomState(0).normal(size=small)
        values = scipy.sparse.linalg.svds(
            self.matrix.astype(float), FEW_VALUES, return_singular_vectors=False, v0=start
        )
        return np.sort(values)[::-1]

    def minus(self, other: Matrix) -> Matrix:
        assert isinstance(other, Sparse)
        return Sparse(self.matrix - other.matrix)


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of a connection, from each source to each target.

    What arrives at a target, before the synapse, is the row of the matrix times what the sources
    put out: spikes per second of neurons (one over the length of a step for a spike), or the
    values of a Node. Targets are neurons (their currents, gains included), or what a Node or a
    probe is given.

    Attributes
    ----------
    name : str
    kind : {"dense", "factored", "sparse", "convolution"}
    sources, targets : str
        What columns and rows stand for.
    matrix : Matrix
    kernel : ndarray or None
        Of a convolution, ``(*kernel size, channels in, filters)``.

    Examples
    --------
    >>> w = nengolab.inspect.weights(sim, connection)
    >>> w.block(slice(0, 3)).shape, w.histogram(10)[0].sum()
    ((3, 1), np.int64(20))
    >>> len(w.singular_values), round(w.effective_rank, 2)
    (1, 1.0)
    """

    name: str
    kind: Literal["dense", "factored", "sparse", "convolution"]
    sources: str
    targets: str
    matrix: Matrix = field(repr=False)
    kernel: np.ndarray | None = field(default=None, repr=False)

    @property
    def shape(self) -> tuple[int, int]:
        """``(targets, sources)``."""
        return self.matrix.shape

    def block(self, rows: slice = slice(None), columns: slice = slice(None)) -> np.ndarray:
        """Some of the matrix as an array; slices with steps thin it."""
        start, stop, step = rows.indices(self.shape[0])
        if step < 1:
            raise ValidationError("takes rows from first to last", attr="rows")
        if step == 1:
            return self.matrix.rows(start, max(start, stop))[:, columns]
        return np.concatenate(
            [self.matrix.rows(i, i + 1)[:, columns] for i in range(start, stop, step)]
        )

    def histogram(self, bins: int = 50) -> tuple[np.ndarray, np.ndarray]:
        """Count entries by value: counts ``(bins,)`` and edges ``(bins + 1,)``.

        Of sparse and convolutional weights the entries there are, not the zeros between.
        """
        low, high = self.figures.least, self.figures.most
        edges = np.histogram_bin_edges([], bins, (low, high) if low < high else (low - 1, low + 1))
        counts = np.zeros(bins, int)
        for _, _, values in self.matrix.entries():
            counts += np.histogram(values, edges)[0]
        return counts, edges

    @cached_property
    def singular_values(self) -> np.ndarray:
        """Largest first; of large sparse and convolutional weights the 50 largest."""
        if not self.matrix.is_finite:
            raise _not_finite(self.name)
        return self.matrix.singular_values()

    @property
    def effective_rank(self) -> float:
        """How many directions matter: e to the entropy of the singular values' shares.

        Roy & Vetterli, "The effective rank: a measure of effective dimensionality", EUSIPCO 2007.
        Where only the largest singular values are known, it is that of those.
        """
        values = self.singular_values
        shares = values[values > 0] / values.sum() if values.sum() > 0 else np.ones(1)
        return float(np.exp(-(shares * np.log(shares)).sum())) if values.any() else 0.0

    @cached_property
    def figures(self) -> Figures:
        """Mean, deviation, extremes, signs, and what has no weight at all."""
        return _figures(self.matrix, self.name)


@dataclass(frozen=True, eq=False)
class Figures:
    """What the weights of a connection are like.

    Attributes
    ----------
    entries : int
        Of the whole matrix, zeros included, as ``mean``, ``std`` and ``zeros``.
    mean, std : float
    least, most : float
        Smallest and largest entry there is.
    zeros, negative : float
        Shares of the entries.
    sign : ndarray of int
        ``(sources,)``: 1 where a source only excites, -1 where it only inhibits, 0 where it does
        both or neither.
    silent_sources, silent_targets : ndarray of int
        Those with no weight but 0.

    Examples
    --------
    >>> figures = nengolab.inspect.weights(sim, connection).figures
    >>> figures.entries, figures.silent_targets.tolist()
    (20, [])
    """

    entries: int
    mean: float
    std: float
    least: float
    most: float
    zeros: float
    negative: float
    sign: np.ndarray
    silent_sources: np.ndarray
    silent_targets: np.ndarray


def _not_finite(name: str) -> ValidationError:
    return ValidationError(
        f"the weights of {name!r} hold NaN or infinity: block() has them as they are, and "
        'when="built" gives those from before training',
        attr="weights",
    )


def _figures(matrix: Matrix, name: str) -> Figures:
    n_rows, n_columns = matrix.shape
    total = n_rows * n_columns
    positive, negative = np.zeros(n_columns, bool), np.zeros(n_columns, bool)
    used = np.zeros(n_rows, bool)
    sums, count, below, above = 0.0, 0, 0, 0
    least, most = np.inf, -np.inf
    for rows, columns, values in matrix.entries():
        if not values.size:
            continue
        if not np.isfinite(values).all():
            raise _not_finite(name)
        rows, columns = np.broadcast_arrays(rows, columns)
        up, down = values > 0, values < 0
        positive[columns[up]], negative[columns[down]] = True, True
        used[rows[up | down]] = True
        sums, count = sums + values.sum(), count + values.size
        above, below = above + np.count_nonzero(up), below + np.count_nonzero(down)
        least, most = min(least, values.min()), max(most, values.max())
    mean = sums / total if total else 0.0
    squares = sum(((v - mean) ** 2).sum() for _, _, v in matrix.entries())
    squares += (total - count) * mean**2  # zeros that are not stored
    return Figures(
        total,
        float(mean),
        float(np.sqrt(squares / total)) if total else 0.0,
        float(least) if count else 0.0,
        float(most) if count else 0.0,
        1 - (above + below) / total if total else 0.0,
        below / total if total else 0.0,
        positive.astype(int) - negative.astype(int),
        np.flatnonzero(~(positive | negative)),
        np.flatnonzero(~used),
    )


def weights(
    source: Any,
    conn: nengo.Connection | str,
    when: Literal["now", "built", "change"] = "now",
    item: int | None = None,
) -> Weights:
    """Read the full weights of a connection, from each source to each target.

    From neurons to neurons where there are neurons on both sides: decoders of the ensemble before
    it, its transform, and encoders, gains and radius of the ensemble after it.

    Parameters
    ----------
    source : nengo.Network, nengo.Simulator or nengolab.Simulator
        A network is built for it, which is not run.
    conn : nengo.Connection or str
    when : {"now", "built", "change"}
        After training, learning and setting; before; or the difference.
    item : int, optional
        Of the batch, where something is learned online.

    Raises
    ------
    UnknownObject
        For what is not in the network.
    ValidationError
        For what is no connection; for one from a Node with a function, which has no weights from
        its sources; for NaN, when figures or singular values are asked for.

    Examples
    --------
    >>> w = nengolab.inspect.weights(sim, connection)
    >>> w.kind, w.shape
    ('factored', (20, 1))
    """
    if when not in ("now", "built", "change"):
        raise ValidationError(f'takes "now", "built" or "change"; got {when!r}', attr="when")
    read = Source(source, item)
    conn = read.find(conn, nengo.Connection, "connection")
    if when == "change":
        now, built = (_weights(read, conn, moment) for moment in ("now", "built"))
        kernel = None if now.kernel is None or built.kernel is None else now.kernel - built.kernel
        return Weights(
            now.name, now.kind, now.sources, now.targets, now.matrix.minus(built.matrix), kernel
        )
    return _weights(read, conn, when)


def _weights(read: Source, conn: nengo.Connection, when: Any) -> Weights:
    name, pre, post = read.names.get(conn), conn.pre_obj, conn.post_obj
    decoded = isinstance(pre, nengo.Ensemble) and not isinstance(pre.neuron_type, nengo.Direct)
    if conn.function is not None and not decoded:
        raise ValidationError(
            f"{name!r} computes a function of what it is given: there are no weights from its "
            "sources to its targets. The weights after the function are in sim.data[conn].weights",
            attr="conn",
        )
    own, kernel, kind = _own(conn, read.connection(conn, when).weights)
    if not decoded:
        own = _from_sources(own, conn)
    sources = read.names.get(pre.neurons if decoded else pre)
    targets = read.names.get(post)
    to_neurons = isinstance(post, nengo.Ensemble) and not isinstance(post.neuron_type, nengo.Direct)
    if to_neurons and not (decoded and conn.solver.weights):
        encoders = read.ensemble(post, when).scaled_encoders[:, conn.post_slice]
        own, kind, kernel = _encoded(encoders, own), "factored", None
    elif not to_neurons:
        if isinstance(post, Neurons):
            own = _scaled(read.gains(conn, when), own)
        own = _into_targets(own, conn)
    if to_neurons:
        targets = read.names.get(post.neurons)
    return Weights(name, kind, sources, targets, own, kernel)


def _own(conn: nengo.Connection, held: Any) -> tuple[Matrix, np.ndarray | None, Any]:
    """What a connection holds itself, from what it reads to what it gives."""
    transform = conn.transform
    if isinstance(transform, nengo.Convolution | nengo.transforms.ConvolutionTranspose):
        kernel = np.asarray(held)
        return Sparse(convolution_matrix(transform, kernel)), kernel, "convolution"
    if isinstance(held, SparseMatrix):
        return Sparse(held.allocate()), None, "sparse"
    if scipy.sparse.issparse(held):
        return Sparse(held), None, "sparse"
    array = np.asarray(1.0 if held is None else held, float)
    if array.ndim < 2:
        size = conn.size_mid
        return Sparse(scipy.sparse.diags_array(np.broadcast_to(array, size))), None, "sparse"
    return Dense(array), None, "dense"


def _from_sources(own: Matrix, conn: nengo.Connection) -> Matrix:
    """Columns for all that a connection could read, where it reads a part."""
    size = conn.pre_obj.size_out
    at = np.arange(size)[conn.pre_slice]
    if np.array_equal(at, np.arange(size)):
        return own
    place = scipy.sparse.coo_array((np.ones(len(at)), (np.arange(len(at)), at)), (len(at), size))
    return _product(own, place)


def _into_targets(own: Matrix, conn: nengo.Connection) -> Matrix:
    """Rows for all of what a connection gives to, where it gives to a part."""
    size = conn.post_obj.size_in
    at = np.arange(size)[conn.post_slice]
    if np.array_equal(at, np.arange(size)):
        return own
    place = scipy.sparse.coo_array((np.ones(len(at)), (at, np.arange(len(at)))), (size, len(at)))
    if isinstance(own, Sparse):
        return Sparse(place @ own.matrix)
    return Dense(np.asarray(place @ own.rows(0, own.shape[0])))


def _scaled(gains: np.ndarray, own: Matrix) -> Matrix:
    """Times the gains of the neurons that it leads to: those give their current."""
    if isinstance(own, Sparse):
        return Sparse(scipy.sparse.diags_array(gains) @ own.matrix)
    return Dense(gains[:, None] * own.rows(0, own.shape[0]))


def _product(own: Matrix, place: Any) -> Matrix:
    if isinstance(own, Sparse):
        return Sparse(own.matrix @ place)
    return Dense(np.asarray(own.rows(0, own.shape[0]) @ place))


def _encoded(encoders: np.ndarray, own: Matrix) -> Factored:
    """Through the encoders of the ensemble after it."""
    middle = own.matrix.toarray() if isinstance(own, Sparse) else own.rows(0, own.shape[0])
    return Factored(np.asarray(encoders), middle)
