"""One array of a simulator as a panel shows it: thinned to what is seen, its figures, its owner."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import nengo
import numpy as np
from nengo.ensemble import Neurons
from nengo.exceptions import ValidationError

from nengolab.exceptions import UnknownObject
from nengolab.live.frames import Arrays
from nengolab.names import listing
from nengolab.parameters import Parameter, Parameters

from .looked import Looked, same, text
from .moments import BYTES, Memory, Moments
from .thinned import MOST_CLUSTERED, Order, fields, kernels, mosaic, ordered, thinned

When = Literal["now", "as built", "difference"]

BINS = 60
# Larger arrays are counted aside, so that nothing waits for it.
SMALL = 300_000
MOST_VALUES = 4000  # of a vector, or singular values
LARGEST_SVD = 1500


@dataclass(frozen=True)
class Asked:
    """What a person wants to see; "" is the first array there is."""

    array: str
    when: When
    order: Order
    fields: tuple[int, int] | None
    over_time: bool = False


@dataclass
class Region:
    """The part of a matrix that is seen, and pixels for it; of all of it where ``rows`` is None."""

    rows: tuple[int, int] | None = None
    columns: tuple[int, int] | None = None
    height: int = 240
    width: int = 360


@dataclass(frozen=True, eq=False)
class Figure:
    """An array that was looked up.

    Attributes
    ----------
    row : Parameter
    values : ndarray
        As they are asked for: now, as built, or the difference.
    matrix : ndarray or None
        What is seen as an image, rows in order; None of numbers and vectors.
    order : ndarray or None
        Numbers of the rows.
    """

    row: Parameter
    values: np.ndarray
    matrix: np.ndarray | None
    order: np.ndarray | None
    number: int = 0


@dataclass
class Counts:
    """What is counted of an array, aside where it is large."""

    number: int
    arrays: Arrays = field(default_factory=Arrays)


class Held(Looked):
    """The array that is asked for, sent again when it has changed.

    Parameters
    ----------
    obj : Nengo object or None
        Whose arrays are there to choose from; None is all.
    asked : callable
        Gives an `Asked`.
    counted : callable
        Hears arrays that were counted aside.
    memory : Memory
        Of what arrays held, shared by the specs of one panel.
    """

    def __init__(
        self,
        obj: Any,
        asked: Callable[[], Asked],
        counted: Callable[[Arrays], Any],
        memory: Memory,
        id: str,
        rev: int,
    ) -> None:
        super().__init__(id, rev)
        self._obj, self._asked, self._counted, self._memory = obj, asked, counted, memory
        self.region = Region()
        self.shown: Figure | None = None
        self.table: list[dict[str, Any]] = []
        self._source: Any = None
        self._read: tuple[Any, Parameter, np.ndarray] | None = None
        self._number = self._changes = 0
        # The moment that is shown instead of now; and of what a trace is wanted.
        self.at: int | None = None
        self.traced: tuple[int, ...] | None = None
        self._moments: Moments | None = None

    def hurry(self) -> None:
        """Look again as soon as can be: something else was asked for."""
        self.period = 0.0

    # ---- looking up --------------------------------------------------------------

    def state(self, source: Any) -> Hashable:
        asked, row = self._asked(), self._row(source)
        values, before = row.held, self._read
        known = before is not None and before[0] is source and before[1].name == row.name
        if not (known and before is not None and same(values, before[2])):
            self._changes += 1
            self._moments = self._memory.see(source, row.name, row.initial, _of_one(row, values))
        self._read = (source, row, values)
        return id(source), asked, self._changes, self.at, self.traced

    def arrays(self, source: Any) -> Arrays:
        if self._read is None or self._read[0] is not source:
            self.state(source)
        assert self._read is not None
        _, row, values = self._read
        asked = self._asked()
        values = _of_one(row, values)
        moments = self._moments
        if self.at is not None and moments is not None:
            values = moments.find(self.at).values
            assert values is not None
        if asked.when != "now":
            built = np.asarray(row.initial)
            values = built if asked.when == "as built" else values - built
        self._number += 1
        figure = _figure(row, values, asked, self._number)
        self.shown = figure
        found: Arrays = [("name", text(row.name)), ("number", np.array([self._number], np.uint32))]
        found += self.part()
        if asked.over_time and moments is not None:
            found += self._over_time(moments)
        if asked.order == "by likeness" and values.ndim == 2 and len(values) > MOST_CLUSTERED:
            remark = (
                f"{len(values):,} rows lie by their angle in the plane of the two strongest "
                f"directions: clusters take the square of their number, and are made of up to "
                f"{MOST_CLUSTERED:,}"
            )
            found.append(("remark", text(remark)))
        if values.size <= SMALL:
            found += counts_of(values)
        else:
            threading.Thread(target=self._count, args=(figure,), daemon=True).start()
        return found

    def _over_time(self, moments: Moments) -> Arrays:
        """Give how it changed, and what is kept of that."""
        name, at = moments.axis
        whole = moments.with_values
        said = (
            f"{len(moments)} moments are kept, {len(whole)} of them with all entries: "
            f"{self._memory.nbytes / 2**20:.1f} MB of at most {BYTES / 2**20:.0f}"
        )
        found: Arrays = [
            ("time", at),
            ("history", moments.figures),
            ("numbers", moments.numbers),
            ("whole", whole),
            ("axis", text(name)),
            ("kept", text(said)),
        ]
        if self.at is not None:
            found.append(("moment", np.array([moments.find(self.at).number], np.uint32)))
        if self.traced is not None:
            found.append(("trace", moments.trace(self.traced)))
        return found

    def part(self) -> Arrays:
        """Give the part that is seen of what was looked up last."""
        figure, region = self.shown, self.region
        if figure is None:
            return []
        if figure.matrix is None:
            return _vector(figure)
        n_rows, n_columns = figure.matrix.shape
        top, bottom = _clipped(region.rows, n_rows)
        left, right = _clipped(region.columns, n_columns)
        block = figure.matrix[top:bottom, left:right]
        low, high = thinned(block, region.height, region.width)
        found: Arrays = [
            ("shape", np.array([n_rows, n_columns], np.uint32)),
            ("region", np.array([top, bottom, left, right], np.uint32)),
            ("grid", np.array(low.shape, np.uint32)),
            ("low", low),
            ("high", high),
        ]
        if figure.order is not None:
            found.append(("order", figure.order[top:bottom].astype(np.uint32)))
        return found

    def _count(self, figure: Figure) -> None:
        arrays = counts_of(figure.values)
        if self.shown is figure:
            self._counted([("number", np.array([figure.number], np.uint32)), *arrays])

    # ---- which array ---------------------------------------------------------------

    def _row(self, source: Any) -> Parameter:
        rows = self._rows(source)
        if source is not self._source:
            self._source = source
            self.table = [_told(row) for row in rows.values()]
        asked = self._asked().array
        if not rows:
            raise ValidationError("there are no arrays to look at here", attr="array")
        if asked and asked not in rows:
            raise UnknownObject(
                f"there is no array {asked!r} here; there are {listing(rows)}", attr="array"
            )
        return rows[asked] if asked else next(iter(rows.values()))

    def _rows(self, source: Any) -> Mapping[str, Parameter]:
        """Those of the network; what only a panel probes of it has decoders of its own."""
        table = getattr(source, "parameters", None)
        if not isinstance(table, Parameters):
            raise ValidationError(
                "a table of arrays is there of a nengolab.Simulator; this is a "
                f"{type(source).__module__.partition('.')[0]}.{type(source).__name__}",
                attr="target",
            )
        if self._obj is not None:
            return table.of(self._obj)
        network = source.model.toplevel
        own: set[Any] = set() if network is None else set(network.all_probes)

        def shown(row: Parameter) -> bool:
            end = getattr(row.owner, "post_obj", None)
            return not isinstance(end, nengo.Probe) or end in own

        return {name: row for name, row in table.items() if shown(row)}


def _of_one(row: Parameter, values: np.ndarray) -> np.ndarray:
    """Of what is learned online, by each item for itself, give the first item's."""
    return values if values.shape == row.shape else values[0]


def counts_of(values: np.ndarray) -> Arrays:
    """Count an array: ``figures`` (entries, finite ones, zeros, mean, deviation, least, most)."""
    flat = np.ravel(values)
    finite = np.isfinite(flat)
    known = flat if finite.all() else flat[finite]
    n_known = len(known)
    low, high = (float(known.min()), float(known.max())) if n_known else (0.0, 0.0)
    mean = float(known.mean(dtype=float)) if n_known else np.nan
    deviation = float(known.std(dtype=float)) if n_known else np.nan
    zeros = n_known - np.count_nonzero(known)
    figures = np.array([flat.size, n_known, zeros, mean, deviation, low, high])
    edges = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
    counts = np.histogram(known, len(edges) - 1, (edges[0], edges[-1]))[0]
    return [
        ("figures", figures),
        ("edges", edges),
        ("counts", counts.astype(np.uint32)),
    ]


def singular_values(values: np.ndarray) -> np.ndarray:
    """Give the singular values of a matrix, largest first.

    Raises
    ------
    ValidationError
        For what is no matrix of finite numbers, or too large to wait for.
    """
    if values.ndim != 2:
        raise ValidationError("singular values are of matrices", attr="beside")
    if min(values.shape) > LARGEST_SVD:
        raise ValidationError(
            f"of {values.shape[0]:,} × {values.shape[1]:,} entries singular values take long: "
            "np.linalg.svd(sim.parameters[...].value, compute_uv=False)",
            attr="beside",
        )
    if not np.isfinite(values).all():
        raise ValidationError("it holds NaN or infinity: there are none", attr="beside")
    return np.linalg.svd(values, compute_uv=False)[:MOST_VALUES]


def _figure(row: Parameter, values: np.ndarray, asked: Asked, number: int) -> Figure:
    order: np.ndarray | None = None
    if values.ndim < 2:
        return Figure(row, values, None, None, number)
    if values.ndim > 2:
        return Figure(row, values, mosaic(*kernels(values)), None, number)
    order = ordered(values, asked.order)
    matrix = values if order is None else values[order]
    if asked.fields is not None:
        if asked.fields[0] * asked.fields[1] != values.shape[1]:
            raise ValidationError(
                f"a row of {row.name!r} has {values.shape[1]} entries, which are no image of "
                f"{asked.fields[0]} × {asked.fields[1]}",
                attr="fields",
            )
        matrix, order = mosaic(*fields(matrix, asked.fields)), None
    return Figure(row, values, matrix, order, number)


def _vector(figure: Figure) -> Arrays:
    values = np.atleast_1d(figure.values)
    if len(values) > MOST_VALUES:
        low, high = thinned(values[None], 1, MOST_VALUES)
        starts = np.linspace(0, len(values), MOST_VALUES, endpoint=False)
        return [("at", starts.astype(np.float32)), ("low", low[0]), ("high", high[0])]
    at = np.arange(len(values), dtype=np.float32)
    single = np.asarray(values, np.float32)
    return [("at", at), ("low", single), ("high", single)]


def _clipped(wanted: tuple[int, int] | None, count: int) -> tuple[int, int]:
    if wanted is None:
        return 0, count
    start = min(max(0, wanted[0]), max(0, count - 1))
    return start, max(start + 1, min(count, wanted[1]))


def _told(row: Parameter) -> dict[str, Any]:
    """Say what an array is, JSON-able."""
    rows, columns = _neurons(row)
    return {
        "name": row.name,
        "owner": row.owner_name,
        "role": row.role,
        "shape": list(row.shape),
        "why_shape": row.why_shape,
        "equation": row.equation,
        "unit": row.unit,
        "trainable": row.trainable,
        "why": row.why,
        "learned": row.learned,
        "value": float(np.ravel(row.initial)[0]) if row.size == 1 else None,
        "rows": rows,
        "columns": columns,
    }


def _neurons(row: Parameter) -> tuple[Any, Any]:
    """Give the ensembles whose neurons rows and columns stand for; None for others."""
    owner = row.owner
    if isinstance(owner, nengo.Ensemble):
        return (owner if row.role == "encoders" else None), None
    if isinstance(owner, Neurons):
        return (owner.ensemble if len(row.shape) == 1 else None), None
    if not isinstance(owner, nengo.Connection) or len(row.shape) != 2:
        return None, None
    ends: list[Any] = []
    for obj, count in ((owner.post_obj, row.shape[0]), (owner.pre_obj, row.shape[1])):
        ensemble = obj.ensemble if isinstance(obj, Neurons) else obj
        fits = isinstance(ensemble, nengo.Ensemble) and ensemble.n_neurons == count
        ends.append(ensemble if fits and (isinstance(obj, Neurons) or _whole(owner, obj)) else None)
    return ends[0], ends[1]


def _whole(conn: nengo.Connection, obj: nengo.Ensemble) -> bool:
    """Whether a connection's weights are of an ensemble's neurons, and not of its dimensions."""
    return obj is conn.pre_obj or conn.solver.weights
