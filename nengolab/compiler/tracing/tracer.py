"""The stand-in for a function's arguments: behaves like the NumPy array or number it stands for.

A tracer is a view of a buffer: an array of element numbers, sliced and reshaped by NumPy itself,
so what is a view and what is a copy is as in NumPy, and so is assignment to elements. Python's own
numbers (``t``, ``float(x)``) are told apart from NumPy's: dividing them by zero raises.

A condition that the function asks for (``if x > 0``) is answered with each outcome in turn, in
runs of its own; see ``paths.py``.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from nengolab.compiler.tracing.expressions import Expr, Pool, Untraceable

MAX_DECISIONS = 32
WHOLE_NUMBERS = 2.0**53


class Run:
    """One run of a function along one path: its decisions, and what must hold for it not to raise.

    Parameters
    ----------
    pool : Pool
    planned : tuple of bool
        How the first conditions are answered; those behind them with True.
    """

    def __init__(self, pool: Pool, planned: tuple[bool, ...]):
        self.pool, self.planned = pool, planned
        self.taken: list[tuple[Expr, bool]] = []
        self.guards: list[Expr] = []

    def decide(self, condition: Expr) -> bool:
        for known, outcome in self.taken:
            if known is condition:
                return outcome
        if len(self.taken) >= MAX_DECISIONS:
            raise Untraceable("it branches too often on its arguments")
        i = len(self.taken)
        outcome = self.planned[i] if i < len(self.planned) else True
        self.taken.append((condition, outcome))
        return outcome

    def require(self, condition: Expr) -> None:
        """What Python raises an error for, unless it holds."""
        if not (condition.is_const and condition.value.all()):
            self.guards.append(condition)


_active = threading.local()


def current() -> Run:
    """The run that is going on in this thread."""
    return _active.run


def activate(run: Run | None) -> None:
    """Let tracers of this thread belong to ``run``."""
    _active.run = run


class Buffer:
    """The memory that arrays share: an expression that assignments replace."""

    __slots__ = ("expr", "kind", "numbers", "readonly")

    def __init__(self, expr: Expr, kind: str, readonly: bool = False):
        self.expr, self.kind, self.readonly = expr, kind, readonly
        self.numbers = np.arange(expr.size)


class Tracer:
    """Stands for an array (``array``), a NumPy scalar, or a Python number (``py``).

    ``kind`` is ``"f"``, ``"i"`` or ``"b"``: floating-point, whole, or truth values.
    """

    if TYPE_CHECKING:
        # Python's operators are put in by `operators`, NumPy's methods by `functions`.
        def __sub__(self, other: Any) -> Tracer: ...
        def __mul__(self, other: Any) -> Tracer: ...
        def __truediv__(self, other: Any) -> Tracer: ...

    __array_ufunc__ = None  # NumPy's operators leave the work to ours

    def __init__(self, buffer: Buffer, index: np.ndarray, array: bool, py: bool = False):
        self.buffer, self.index, self.array, self.py = buffer, index, array, py

    @classmethod
    def new(
        cls, expr: Expr, shape: tuple[int, ...], kind: str, *, array: bool, py: bool = False
    ) -> Tracer:
        """A tracer with a buffer of its own."""
        buffer = Buffer(expr, kind)
        return cls(buffer, buffer.numbers.reshape(shape), array, py)

    @property
    def kind(self) -> str:
        return self.buffer.kind

    @property
    def expr(self) -> Expr:
        return current().pool.take(self.buffer.expr, self.index)

    # -- what NumPy's arrays have --------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self._numpy().shape

    @property
    def size(self) -> int:
        return self._numpy().size

    @property
    def ndim(self) -> int:
        return self._numpy().ndim

    @property
    def T(self) -> Tracer:
        return self.view(self._numpy().T)

    def _numpy(self) -> np.ndarray:
        if self.py:
            raise Untraceable("it treats a Python number as an array")
        return self.index

    def view(self, index: Any) -> Tracer:
        """These elements: a view where NumPy makes one, else a copy."""
        array = isinstance(index, np.ndarray)
        # A NumPy scalar is no memory to share.
        if self.array and array and np.may_share_memory(index, self.buffer.numbers):
            return Tracer(self.buffer, index, True)
        index = np.asarray(index)
        expr = current().pool.take(self.buffer.expr, index)
        return Tracer.new(expr, index.shape, self.kind, array=array)

    def __len__(self) -> int:
        if not self.array or self.index.ndim == 0:
            raise Untraceable("it takes the length of a number")
        return len(self.index)

    def __iter__(self):
        return iter([self[i] for i in range(len(self))])

    def __getitem__(self, key: Any) -> Tracer:
        return self.view(self._numpy()[_key(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self.array:
            raise Untraceable("it assigns to an element of a number")
        self._write(self.index[_key(key)], value)

    def _write(self, where: Any, value: Any) -> None:
        where, value = np.asarray(where), as_tracer(value)
        value = value if self.kind == "b" else as_float(value)
        if self.buffer.readonly:
            raise Untraceable("it changes an array from outside")
        if value.kind != self.kind and self.kind != "f":
            raise Untraceable("it assigns to an array of another type")
        pool = current().pool
        numbers = np.broadcast_to(value.index, where.shape)
        new = pool.take(value.buffer.expr, numbers)
        place = np.arange(self.buffer.expr.size)
        place[where.ravel()] = len(place) + np.arange(where.size)
        self.buffer.expr = pool.take(pool.cat([self.buffer.expr, new]), place)

    def _in_place(self, result: Any) -> Any:
        if not self.array or not isinstance(result, Tracer):
            return result
        if result.index.shape != self.index.shape:
            raise Untraceable("it changes an array in place by one of another shape")
        self._write(self.index, result)
        return self

    # -- what would need the value -------------------------------------------------------------

    def __bool__(self) -> bool:
        if self.index.size != 1:
            raise Untraceable("it asks for the truth of an array")
        expr = as_bool(self).expr
        return bool(expr.value[0]) if expr.is_const else current().decide(expr)

    def concrete(self) -> np.ndarray:
        """Its value, where it does not depend on the function's arguments."""
        expr = self.expr
        if not expr.is_const:
            raise Untraceable("it needs a value of its arguments as a number, index or length")
        types = {"f": np.float64, "i": np.int64, "b": np.bool_}
        return expr.value.astype(types[self.kind]).reshape(self.index.shape)

    def __index__(self) -> int:
        return self.concrete()[()].__index__()

    def _refuse(self, *_args: Any) -> Any:
        raise Untraceable("it needs a value of its arguments as a number or text")

    __float__ = __int__ = __complex__ = __hash__ = __str__ = __repr__ = __format__ = _refuse
    __array__ = __reduce_ex__ = __copy__ = __deepcopy__ = _refuse


def _key(key: Any) -> Any:
    """An index without tracers."""
    if isinstance(key, Tracer):
        return key.concrete() if key.array else key.concrete()[()]
    if isinstance(key, tuple):
        return tuple(_key(k) for k in key)
    if isinstance(key, list):
        return [_key(k) for k in key]
    return key


# -- values ------------------------------------------------------------------------------------


def as_tracer(value: Any) -> Tracer:
    """What NumPy makes of a value: tracers as they are, numbers, arrays, and lists of them."""
    if isinstance(value, Tracer):
        return value
    if isinstance(value, (list, tuple)):
        return stacked([as_tracer(v) for v in value])
    py = isinstance(value, (bool, int, float)) and not isinstance(value, np.generic)
    if py and isinstance(value, int) and abs(value) > WHOLE_NUMBERS:
        raise Untraceable("it uses a very large whole number")
    array = np.asarray(value) if py or isinstance(value, (np.generic, np.ndarray)) else None
    if array is None or array.dtype not in (np.float64, np.int64, np.bool_):
        raise Untraceable(f"it computes with a {getattr(array, 'dtype', type(value).__name__)}")
    if array.dtype == np.int64 and np.any(np.abs(array) > WHOLE_NUMBERS):
        raise Untraceable("it uses a very large whole number")
    expr = current().pool.const(array)
    is_array = isinstance(value, np.ndarray)
    return Tracer.new(expr, array.shape, array.dtype.kind, array=is_array, py=py)


def stacked(parts: list[Tracer]) -> Tracer:
    """``np.array`` of a list."""
    if not parts:
        raise Untraceable("it makes an empty array")
    shape = parts[0].index.shape
    if any(p.index.shape != shape for p in parts):
        raise Untraceable("it makes an array of unequal parts")
    joined, kind = joint(parts)
    return Tracer.new(joined, (len(parts), *shape), kind, array=True)


def joint(parts: list[Tracer]) -> tuple[Expr, str]:
    """All elements of several tracers, of one kind."""
    kind = common_kind(parts)
    exprs = [(p if kind == "b" else as_float(p)).expr for p in parts]
    return current().pool.cat(exprs), kind


def common_kind(parts: list[Tracer]) -> str:
    """Of truth values, whole and floating-point numbers the most general."""
    return max((p.kind for p in parts), key="bif".index)


def as_float(value: Tracer) -> Tracer:
    """Truth values as 0 and 1; anything else as it is."""
    if value.kind != "b":
        return value
    expr = current().pool.make("float", (value.buffer.expr,))
    return Tracer(Buffer(expr, "i"), value.index, value.array, value.py)


def as_bool(value: Tracer) -> Tracer:
    """Whether the elements are not zero."""
    if value.kind == "b":
        return value
    expr = current().pool.make("bool", (value.expr,))
    return Tracer.new(expr, value.index.shape, "b", array=value.array, py=value.py)


def elementwise(op: str, values: list[Tracer], kind: str) -> Tracer:
    """An operation on elements, with NumPy's broadcasting; the result is of ``kind``."""
    shape = np.broadcast_shapes(*(v.index.shape for v in values))
    size = int(np.prod(shape))
    pool = current().pool
    exprs = []
    for v in values:
        if v.index.size in (1, size):
            exprs.append(v.expr)
        else:
            exprs.append(pool.take(v.buffer.expr, np.broadcast_to(v.index, shape)))
    expr = pool.make(op, tuple(exprs), size=size)
    # NumPy gives scalars where nothing has an axis.
    py = all(v.py for v in values)
    return Tracer.new(expr, shape, kind, array=bool(shape), py=py)
