"""Which expression of a source made each object of a network."""

from __future__ import annotations

import ast
import functools
import io
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import nengo
from nengo.config import ClassParams

from nengolab.building.in_force import Configs, Looking

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LOOPS = (ast.For, ast.AsyncFor, ast.While, *_COMPREHENSIONS)
_ENDS = (nengo.Node, nengo.Ensemble)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, order=True)
class Span:
    """A part of a source: lines from 1, columns in letters from 0, its end not in it.

    Examples
    --------
    >>> from nengolab.building import Span
    >>> Span(1, 4, 1, 9).of("a = b + c")
    'b + c'
    """

    line: int
    column: int
    end_line: int
    end_column: int

    def of(self, source: str) -> str:
        """The text in a source."""
        start, end = self.offsets(source)
        return source[start:end]

    def offsets(self, source: str) -> tuple[int, int]:
        """Where it begins and ends in a source, in letters."""
        lines = lines_of(source)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line))
        return starts[self.line - 1] + self.column, starts[self.end_line - 1] + self.end_column


def lines_of(source: str) -> list[str]:
    """The lines of a source with their ends, as Python counts them."""
    return list(io.StringIO(source, newline="")) or [""]


def span_of(node: ast.AST, lines: list[str]) -> Span:
    """The span of a part of a parsed source."""
    at: Any = node
    return span_at(lines, (at.lineno, at.end_lineno, at.col_offset, at.end_col_offset))


def span_at(lines: list[str], at: tuple[int, int, int, int]) -> Span:
    """A span of what Python counts in bytes."""
    line, end_line, column, end_column = at

    def letters(row: int, count: int) -> int:
        text = lines[row - 1] if row <= len(lines) else ""
        return count if text.isascii() else len(text.encode()[:count].decode(errors="ignore"))

    return Span(line, letters(line, column), end_line, letters(end_line, end_column))


@dataclass(frozen=True)
class Origin:
    """The expression that made an object.

    Attributes
    ----------
    span : Span
        Of the call.
    calls : tuple of Span
        The calls in the source that led there, the first one outermost; ``span`` is the last.
    count : int
        Objects that this expression made; networks are not counted but where it made one only, nor
        connections where it made what they lead to, as a `Layer` does.
    loop : int or None
        Line of the innermost loop or comprehension around it, within its function.
    function : str or None
        Name of the function that it is in.

    Examples
    --------
    >>> made = nengolab.building.run_source('''
    ... import nengo
    ... with nengo.Network() as net:
    ...     ensembles = [nengo.Ensemble(10, 1) for i in range(5)]
    ... ''')
    >>> origin = made.origins[made.network.ensembles[0]]
    >>> print(origin)
    line 4 makes these 5
    """

    span: Span
    calls: tuple[Span, ...]
    count: int
    loop: int | None
    function: str | None

    def __str__(self) -> str:
        within = f" (in {self.function})" if self.function else ""
        made = "this" if self.count == 1 else f"these {self.count}"
        return f"line {self.span.line}{within} makes {made}"


class Recorder:
    """Notes, while a source runs, which of its expressions makes each object.

    Parameters
    ----------
    source, filename : str

    Attributes
    ----------
    networks : list of nengo.Network
    configs : Configs
        That held where objects were made, and where blocks ended.
    """

    def __init__(self, source: str, filename: str):
        self._lines, self._tree = lines_of(source), ast.parse(source)
        self._filename = filename
        self._positions: dict[CodeType, list[Any]] = {}
        self._calls: dict[Any, tuple[Span, ...]] = {}
        self._looking = Looking()
        self.networks: list[nengo.Network] = []
        self.configs = Configs()

    def note(self, obj: Any, frame: FrameType | None) -> None:
        """Note an object that is being made under ``frame``."""
        if obj in self._calls:
            return
        calls = []
        while frame is not None:
            if frame.f_code.co_filename == self._filename:
                at = self._at(frame)
                if at is not None:
                    calls.append(at)
            frame = frame.f_back
        self._calls[obj] = tuple(reversed(calls))
        if isinstance(obj, nengo.Network):
            self.networks.append(obj)
        if layers := self._looking.now():
            self.configs.around[obj] = layers

    def note_end(self, network: nengo.Network, frame: FrameType) -> None:
        """Note that a block of a network ends, where it stands in the source."""
        if frame.f_code.co_filename == self._filename:
            self.configs.at_end[network, frame.f_lineno] = self._looking.now()

    def note_setting(self) -> None:
        """Note that a config is given other values."""
        self._looking.changed()

    def _at(self, frame: FrameType) -> Span | None:
        code = frame.f_code
        if code not in self._positions:
            self._positions[code] = list(code.co_positions())
        line, end_line, column, end_column = self._positions[code][frame.f_lasti // 2]
        if line is None or end_line is None or column is None or end_column is None:
            return None
        return span_at(self._lines, (line, end_line, column, end_column))

    def origins(self) -> dict[Any, Origin]:
        """Where objects come from; those that no expression of the source made are left out."""
        made = {obj: calls for obj, calls in self._calls.items() if calls}
        whole = {calls for obj, calls in made.items() if isinstance(obj, nengo.Network)}
        # Of a layer, the connection to it comes with it.
        ends = {calls for obj, calls in made.items() if isinstance(obj, _ENDS)}
        counts: Counter[Span] = Counter()
        for obj, calls in made.items():
            if isinstance(obj, nengo.Connection) and calls in ends:
                continue
            if isinstance(obj, nengo.Network) or calls not in whole:
                counts[calls[-1]] += 1
        around = self._around()
        return {
            obj: Origin(calls[-1], calls, max(counts[calls[-1]], 1), *around(calls[-1]))
            for obj, calls in made.items()
        }

    def loop_variables(self) -> set[str]:
        """Variables of the source's outermost level that a loop gives their values."""
        return set(_stored(self._tree, within=False))

    def _around(self) -> Callable[[Span], tuple[int | None, str | None]]:
        """A function of a span: the line of the loop, and the function, that it is in."""
        blocks = [
            (span_of(node, self._lines), node)
            for node in ast.walk(self._tree)
            if isinstance(node, (*_LOOPS, *_FUNCTIONS))
        ]

        @functools.cache
        def around(span: Span) -> tuple[int | None, str | None]:
            start, end = (span.line, span.column), (span.end_line, span.end_column)
            loop, function = None, None
            for outer, node in blocks:  # outer ones come first
                first, last = (outer.line, outer.column), (outer.end_line, outer.end_column)
                if first <= start and end <= last and (first, last) != (start, end):
                    if isinstance(node, _FUNCTIONS):
                        loop, function = None, getattr(node, "name", "<lambda>")
                    else:
                        loop = outer.line
            return loop, function

        return around


def _stored(node: ast.AST, within: bool) -> Iterator[str]:
    """Names that are given values below a part of a source, where that is in a loop."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)):
            continue
        if within and isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        yield from _stored(child, within or isinstance(child, _LOOPS))


_recorders = threading.local()
_lock = threading.Lock()
_recording = 0
_held: list[tuple[type, str, Any]] = []


@contextmanager
def looking() -> Iterator[None]:
    """Look at what threads make of which `record` has said who notes it.

    Not for the thread itself that may be stopped anywhere: Nengo would be left half looked at.
    """
    _look(1)
    try:
        yield
    finally:
        _look(-1)


def record(recorder: Recorder) -> None:
    """Let a recorder note all that this thread makes from now on, while somebody is `looking`."""
    _recorders.now = recorder


def _look(change: int) -> None:
    """Look at what Nengo adds to networks while anybody is to, and no longer."""
    global _recording
    with _lock:
        _recording += change
        if _recording and not _held:
            for kind, name, function in (
                (nengo.Network, "add", _noting(nengo.Network.add)),
                (nengo.Network, "__init__", _noting(nengo.Network.__init__)),
                (nengo.Network, "__exit__", _noting_end(nengo.Network.__exit__)),
                (ClassParams, "__setattr__", _noting_setting(ClassParams.__setattr__)),
                (ClassParams, "__delattr__", _noting_setting(ClassParams.__delattr__)),
            ):
                _held.append((kind, name, vars(kind)[name]))
                setattr(kind, name, staticmethod(function) if name == "add" else function)
        elif not _recording:
            for kind, name, function in _held:
                setattr(kind, name, function)
            _held.clear()


def _recorder() -> Recorder | None:
    """Who notes what this thread makes."""
    return getattr(_recorders, "now", None)


def _noting(function: Any) -> Any:
    @functools.wraps(function)
    def noting(obj: Any, *args: Any, **kwargs: Any) -> Any:
        if (recorder := _recorder()) is not None:
            recorder.note(obj, sys._getframe(1))
        return function(obj, *args, **kwargs)

    return noting


def _noting_end(function: Any) -> Any:
    @functools.wraps(function)
    def noting(network: nengo.Network, *args: Any) -> Any:
        if (recorder := _recorder()) is not None:
            recorder.note_end(network, sys._getframe(1))
        return function(network, *args)

    return noting


def _noting_setting(function: Any) -> Any:
    @functools.wraps(function)
    def noting(params: ClassParams, *args: Any) -> Any:
        if (recorder := _recorder()) is not None:
            recorder.note_setting()
        return function(params, *args)

    return noting
