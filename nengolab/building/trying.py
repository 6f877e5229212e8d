"""A function is tried before it is put into a source: its values, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np

from nengolab.building.checking import check_value, imports_for
from nengolab.building.forms import fields_of
from nengolab.building.function_code import FunctionCode, function_code, name_of_def
from nengolab.building.running import LeftAlone, Made, SourceError, run_code, stopped_after
from nengolab.building.texts import Refused

_TAKE = "_nengolab_take"


@dataclass(frozen=True, eq=False)
class Tried:
    """Values of a function along one of its elements, the others at 0.

    Attributes
    ----------
    along : str
        ``"t"`` (s), ``"x"`` or ``"x[1]"``.
    x : np.ndarray
        ``(points,)``
    y : np.ndarray
        ``(points, size)``; without columns where it gives nothing.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1)
    ...     c = nengo.Connection(a, a)
    ... ''')
    >>> conn = made.network.connections[0]
    >>> tried = nengolab.building.try_function(made, conn, "function", "lambda x: x**2", points=3)
    >>> tried.x, tried.y[:, 0]
    (array([-1.,  0.,  1.]), array([1., 0., 1.]))
    """

    along: str
    x: np.ndarray
    y: np.ndarray


def try_function(
    made: Made,
    obj: Any,
    name: str,
    code: str,
    element: int = 0,
    points: int = 101,
    seconds: float = 5.0,
) -> Tried:
    """Run a function that may come into a source, over the range of what it is given.

    Call it when a person asks for it: code runs, with the variables that the source left.

    Parameters
    ----------
    made : Made
    obj : nengo.Connection or nengo.Node
    name : str
        Of the argument.
    code : str
        As for `set_function`.
    element : int
        Of ``function_code(...).along``: which one is varied.
    points : int
    seconds : float
        What takes longer is stopped, or left to itself where it cannot be.

    Raises
    ------
    SourceError
        With the line of ``code``: where it does not parse, raises, or does not end.
    Refused
        Where what it gives is no vector of one size, and where Nengo would not take it.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1)
    ...     c = nengo.Connection(a, a)
    ... ''')
    >>> conn = made.network.connections[0]
    >>> try:
    ...     nengolab.building.try_function(made, conn, "function", "lambda x: y * x")
    ... except nengolab.building.SourceError as error:
    ...     print(error)
    line 1: NameError: name 'y' is not defined, at x = -1
    """
    form = fields_of(made, obj)
    held = function_code(made, obj, name, form)
    if held is None:
        raise Refused(f"{form.title} takes no function as {name}", attr=name)
    if not 0 <= element < len(held.along):
        raise Refused(f"element must be below {len(held.along)}, got {element}", attr="element")
    called = name_of_def(code)
    taking = _Taking(held, _call_of(form.obj), element, points, f"{form.title}, {name}")
    end = f"\n{_TAKE}({called})\n" if called else ""
    source = f"{code}{end}" if called else f"{_TAKE}({code}\n)\n"
    _run(made, source, code, taking, seconds)
    values = taking.values()
    check_value(made, form, form[name], taking.function, "this function")
    return Tried(held.along[element], taking.x, values)


def _run(made: Made, source: str, code: str, taking: _Taking, seconds: float) -> None:
    try:
        with stopped_after(seconds) as stop, np.errstate(all="ignore"):
            variables = {**made.namespace, **imports_for(code, made.namespace), _TAKE: taking}
            run_code(source, variables, stop)
    except SourceError as err:
        if isinstance(err.__cause__, Refused):
            raise err.__cause__ from None
        line = None if err.line is None else min(err.line, code.count("\n") + 1)
        if err.kind == "stopped":
            text = f"it took longer than {seconds:g} s{taking.where}"
            if isinstance(err, LeftAlone):
                text += (
                    "; it is in a call that Python cannot end, and goes on until the kernel does"
                )
            raise SourceError("stopped", text, line) from None
        text = str(err).removeprefix(f"line {err.line}: ")
        raise SourceError(
            err.kind, f"{text}{taking.where}", line, traceback=err.traceback
        ) from err.__cause__


def _call_of(obj: Any) -> Callable[[Any, np.ndarray], Any]:
    """How Nengo calls the function of an object with a point."""
    if isinstance(obj, nengo.Connection):
        return lambda fn, x: fn(x)
    if obj.size_in:
        return lambda fn, x: fn(0.0, x)
    return lambda fn, x: fn(float(x[0]))


class _Taking:
    """Calls a function at points, from inside of the code that gives it."""

    def __init__(
        self,
        held: FunctionCode,
        call: Callable[[Any, np.ndarray], Any],
        element: int,
        points: int,
        title: str,
    ) -> None:
        self._held, self._call, self._element, self._title = held, call, element, title
        self.x = np.linspace(held.low, held.high, points)
        self.function: Any = None
        self.where = ""
        self._found: list[Any] = []

    def __call__(self, function: Any) -> None:
        if not callable(function):
            raise Refused(
                f"{function!r} cannot be called. What would work: a function, such as lambda "
                f"{'t' if self._held.along == ('t',) else 'x'}: ...",
                attr=self._title,
            )
        self.function = function
        with np.errstate(all="ignore"):
            for value in self.x:
                point = np.zeros(len(self._held.along))
                point[self._element] = value
                self.where = f", at {self._held.along[self._element]} = {value:g}"
                self._found.append(self._call(function, point))
        self.where = ""

    def values(self) -> np.ndarray:
        """What it gave, ``(points, size)``.

        Raises
        ------
        Refused
            Where these are no vectors of one size.
        """
        if all(value is None for value in self._found):
            return np.zeros((len(self.x), 0))
        try:
            rows = [np.asarray(value, dtype=float).ravel() for value in self._found]
        except (TypeError, ValueError):
            odd = next(value for value in self._found if not _is_numbers(value))
            raise Refused(
                f"it gives {odd!r} ({type(odd).__name__}). What would work: a number, or a list "
                "of numbers",
                attr=self._title,
            ) from None
        sizes = sorted({len(row) for row in rows})
        if len(sizes) > 1:
            raise Refused(
                f"it gives {' or '.join(map(str, sizes))} numbers, as it is called. What would "
                "work: always the same number of them",
                attr=self._title,
            )
        return np.stack(rows)


def _is_numbers(value: Any) -> bool:
    try:
        np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return False
    return True
