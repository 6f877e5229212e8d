"""Tracing one function: every path through it, joined, and checked against the function itself."""

from __future__ import annotations

import dis
import functools
import types
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengolab.checks import assigned
from nengolab.compiler import independence
from nengolab.compiler.tracing import operators  # noqa: F401  (gives tracers their operators)
from nengolab.compiler.tracing.expressions import (
    Code,
    Expr,
    Pool,
    Untraceable,
    evaluate,
    linear,
)
from nengolab.compiler.tracing.functions import BUILTINS, replacement
from nengolab.compiler.tracing.tracer import Run, Tracer, activate, as_float, as_tracer

MAX_PATHS = 32
TOLERANCE = 1e-11


@dataclass(eq=False)
class Trace:
    """A function as an expression.

    Attributes
    ----------
    code : Code
    constants : ndarray
        The numbers in it.
    captures : tuple of independence.Capture
        What the function reads from outside; the trace holds as long as it is unchanged.
    """

    code: Code
    constants: np.ndarray
    captures: tuple[independence.Capture, ...]

    @property
    def uses_time(self) -> bool:
        return any(op == "t" for op, _, _ in self.code)

    @property
    def holds(self) -> bool:
        """Whether all that the function reads from outside is as it was."""
        return not any(c.changed() for c in self.captures)

    def __call__(self, x: np.ndarray | None, t: np.ndarray | None) -> np.ndarray:
        """Values in double precision, ``x (..., size)``, ``t (..., 1)``."""
        return evaluate(self.code, self.constants, x, t)


def trace(fn: Any, takes_t: bool, size_in: int | None, size_out: int) -> Trace:
    """Trace a function.

    Parameters
    ----------
    fn : callable
    takes_t : bool
        Whether it is given the time.
    size_in : int or None
        Length of the vector it is given; None for none.
    size_out : int

    Raises
    ------
    Untraceable
        Saying why.
    """
    verdict = independence.of(fn, arrays=True)
    if verdict.level == "tied":
        raise Untraceable(verdict.why)
    if size_out == 0:
        raise Untraceable("it has no output")
    pool = Pool()
    paths = _Paths(fn, takes_t, size_in, size_out, pool)
    try:
        result = paths.joined()
    except Untraceable:
        raise
    except Exception as err:  # whatever it is, the function does not run on tracers
        raise Untraceable(f"on tracers it raises {type(err).__name__}: {err}") from err
    code, constants = linear(result)
    traced = Trace(code, constants, verdict.captures)
    _verify(traced, fn, takes_t, size_in, size_out)
    if not traced.holds:
        raise Untraceable("what it reads changes while it is traced")
    return traced


class _Paths:
    """Runs a function along every path that its conditions allow."""

    def __init__(self, fn: Any, takes_t: bool, size_in: int | None, size_out: int, pool: Pool):
        self.fn, self.takes_t, self.size_in, self.size_out = fn, takes_t, size_in, size_out
        self.pool = pool
        self.conditions: dict[tuple[bool, ...], Expr] = {}
        self.results: dict[tuple[bool, ...], Expr] = {}

    def joined(self) -> Expr:
        """The value, whatever path it takes."""
        pending: list[tuple[bool, ...]] = [()]
        while pending:
            planned = pending.pop()
            if len(self.results) >= MAX_PATHS:
                raise Untraceable(f"it has more than {MAX_PATHS} paths")
            taken, result = self._run(planned)
            outcomes = tuple(outcome for _, outcome in taken)
            self.results[outcomes] = result
            for i in range(len(planned), len(taken)):
                self.conditions[outcomes[:i]] = taken[i][0]
                pending.append((*outcomes[:i], not outcomes[i]))
        return self._join(())

    def _join(self, prefix: tuple[bool, ...]) -> Expr:
        if prefix in self.results:
            return self.results[prefix]
        yes, no = self._join((*prefix, True)), self._join((*prefix, False))
        return self.pool.where(self.conditions[prefix], yes, no)

    def _run(self, planned: tuple[bool, ...]) -> tuple[list, Expr]:
        run = Run(self.pool, planned)
        activate(run)
        try:
            arguments = []
            if self.takes_t:
                t = self.pool._make("t", (), (), 1)
                arguments.append(Tracer.new(t, (), "f", array=False, py=True))
            if self.size_in is not None:
                x = self.pool._make("x", (), (), self.size_in)
                arguments.append(Tracer.new(x, (self.size_in,), "f", array=True))
            value = _rebound(self.fn)(*arguments)
            if value is None:
                raise Untraceable("it returns None")
            value = as_float(as_tracer(value))
            index = assigned(value.index, (self.size_out,))
            result = self.pool.take(value.buffer.expr, index)
            return run.taken, self._guarded(result, run)
        finally:
            activate(None)

    def _guarded(self, result: Expr, run: Run) -> Expr:
        """NaN where Python would raise an error: the engine reports it as one."""
        nan = self.pool.const(np.full(self.size_out, np.nan))
        for guard in dict.fromkeys(run.guards):
            if guard.size > 1:
                guard = self.pool.make("all", (guard,), (guard.size,), 1)
            result = self.pool.where(guard, result, nan)
        return result


def _rebound(fn: Any) -> Any:
    """The function over the tracers' own ``np``, ``math``, ``float``, ``max``, ..."""
    if isinstance(fn, functools.partial):
        keywords = {k: replacement(v) for k, v in fn.keywords.items()}
        return functools.partial(_rebound(fn.func), *map(replacement, fn.args), **keywords)
    if not isinstance(fn, types.FunctionType):
        return replacement(fn)
    if _handles_exceptions(fn.__code__):
        raise Untraceable("it handles exceptions")
    swap = lambda v: _rebound(v) if isinstance(v, types.FunctionType) else replacement(v)  # noqa: E731
    names = independence.globals_read(fn.__code__)
    scope = {n: swap(fn.__globals__[n]) for n in names if n in fn.__globals__}
    scope["__builtins__"] = BUILTINS
    cells = tuple(types.CellType(swap(c.cell_contents)) for c in fn.__closure__ or ())
    copy = types.FunctionType(fn.__code__, scope, fn.__name__, fn.__defaults__, cells)
    copy.__kwdefaults__ = fn.__kwdefaults__
    return copy


def _handles_exceptions(code: types.CodeType) -> bool:
    return any(i.opname == "PUSH_EXC_INFO" for i in dis.get_instructions(code)) or any(
        _handles_exceptions(c) for c in code.co_consts if isinstance(c, types.CodeType)
    )


# -- checking ------------------------------------------------------------------------------------


def _samples(size: int) -> np.ndarray:
    rng = np.random.RandomState(size)
    fixed = [np.full(size, v) for v in (0.0, 1.0, -1.0, 0.5, -0.25, 1e-3, 1e3)]
    drawn = [scale * rng.randn(size) for scale in (0.1, 0.5, 1, 1, 1, 3, 10, 100) for _ in (0, 1)]
    whole = [rng.randint(-3, 4, size).astype(float) for _ in range(4)]
    return np.array([*fixed, *drawn, *whole])


def _times(count: int) -> np.ndarray:
    some = [0.001, 0.0, 0.01, 0.1, 0.25, 0.5, 0.999, 1.0, 1.5, 2.0, 10.0, 123.456, 3000.001]
    drawn = np.random.RandomState(count).uniform(0, 3, 64)
    return np.concatenate([some, drawn])[np.arange(count) % (len(some) + 64)]


def _verify(traced: Trace, fn: Any, takes_t: bool, size_in: int | None, size_out: int) -> None:
    """Compare with the function itself on samples; an error there must be NaN here."""
    x = _samples(size_in) if size_in is not None else None
    n = 40 if x is None else len(x)
    t = _times(n)
    got = np.broadcast_to(traced(x, t[:, None]), (n, size_out))
    raised = 0
    for i in range(n):
        args = (float(t[i]),) if takes_t else ()
        args += (x[i].copy(),) if x is not None else ()
        try:
            with np.errstate(all="ignore"):
                value = fn(*args)
        except Exception as err:
            raised += 1
            if not np.all(np.isnan(got[i])) or raised == n:
                raise Untraceable(f"it raises {type(err).__name__}: {err}") from err
            continue
        try:
            expected = assigned(np.asarray(value, dtype=np.float64), (size_out,))
        except (TypeError, ValueError) as err:
            raise Untraceable(f"it returns {value!r}") from err
        if not _equal(got[i], expected):
            raise Untraceable(f"its trace gives {got[i]} where it gives {expected}")


def _equal(got: np.ndarray, expected: np.ndarray) -> bool:
    finite = np.isfinite(expected)
    if not np.array_equal(got[~finite], expected[~finite], equal_nan=True):
        return False
    largest = max(1.0, np.max(np.abs(expected[finite]), initial=0.0))
    with np.errstate(all="ignore"):
        off = np.abs(got[finite] - expected[finite])
    return bool(np.all(off <= TOLERANCE * largest))
