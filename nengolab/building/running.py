"""Running a source that makes a network: what it made, or what went wrong and where."""

from __future__ import annotations

import ctypes
import hashlib
import linecache
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import nengo
from nengo.ensemble import Neurons

from nengolab.building.in_force import Configs
from nengolab.building.origins import Origin, Recorder, Span, lines_of, looking, record, span_at
from nengolab.exceptions import NengoException
from nengolab.runtime.collector import collector_paused

# How often a thread that goes on is told again to stop (s): it may have caught the first.
_AGAIN = 0.05
# How often it is told before that is called in vain.
_IN_VAIN = 60
# Seconds in which a source makes no objects in vain; most have made their network by then.
_PAUSED = 2.0


#: Ends the name of an ensemble whose neurons a variable holds.
OF_NEURONS = ".ensemble"
# Attributes of a network that are no names which a person gave.
_OF_NENGO = ("ensembles", "nodes", "connections", "probes", "networks")


class SourceError(NengoException):
    r"""A source makes no network that could be shown.

    Attributes
    ----------
    kind : {"syntax", "raised", "stopped", "no network", "several networks"}
    line : int or None
        Where.
    span : Span or None
        The expression that raised.
    expression : str
        Its text.
    traceback : str
        As Python prints it, of the source alone.

    Examples
    --------
    >>> try:
    ...     nengolab.building.run_source("import nengo\nwith nengo.Network()")
    ... except nengolab.building.SourceError as error:
    ...     print(error)
    line 2: expected ':'
    """

    def __init__(
        self,
        kind: str,
        message: str,
        line: int | None = None,
        span: Span | None = None,
        expression: str = "",
        traceback: str = "",
    ):
        super().__init__(message if line is None else f"line {line}: {message}")
        self.kind, self.line, self.span = kind, line, span
        self.expression, self.traceback = expression, traceback


class _Stopped(BaseException):
    """Raised inside a source that is to stop."""


class LeftAlone(SourceError):
    """A source was to stop and cannot be ended: it goes on until the kernel does."""


class Stop:
    """Stops a source that runs, from any thread.

    Parameters
    ----------
    in_vain : callable, optional
        Called once, on the thread that waits for the source, where it goes on 3 s after it was to
        stop, as in a call into C that does not come back; with the line in which it is, or None.
        What it raises, the caller gets at once, and the source is left to itself.

    Examples
    --------
    >>> import threading
    >>> stop = nengolab.building.Stop()
    >>> timer = threading.Timer(0.1, stop.stop)
    >>> timer.start()
    >>> try:
    ...     nengolab.building.run_source("while True: pass", stop=stop)
    ... except nengolab.building.SourceError as error:
    ...     print(error)
    line 1: stopped
    """

    def __init__(self, in_vain: Callable[[int | None], object] = lambda line: None) -> None:
        self._wanted = threading.Event()
        self.in_vain = in_vain

    def stop(self) -> None:
        """Stop what runs, or what is going to run with this."""
        self._wanted.set()

    @property
    def wanted(self) -> bool:
        """Whether it was asked for."""
        return self._wanted.is_set()


@contextmanager
def stopped_after(seconds: float) -> Iterator[Stop]:
    """A stop that comes by itself.

    Raises
    ------
    SourceError
        From what runs a source with it: of the kind ``"stopped"``, `LeftAlone` where that goes on.
    """

    def leave(line: int | None) -> None:
        raise LeftAlone("stopped", "")

    stop = Stop(leave)
    timer = threading.Timer(seconds, stop.stop)
    timer.daemon = True
    timer.start()
    try:
        yield stop
    finally:
        timer.cancel()


@dataclass(frozen=True, eq=False)
class Made:
    r"""What a source made.

    Attributes
    ----------
    source : str
    network : nengo.Network
    origins : dict of object to Origin
        Which expression made each object.
    names : dict of object to str
        How the source calls them: variables, and attributes of networks in variables.
    namespace : dict
        The variables when it had run.
    configs : Configs
        The configs that held where objects were made, and where blocks ended.

    Examples
    --------
    >>> made = nengolab.building.run_source("import nengo\nwith nengo.Network() as model: pass")
    >>> made.names[made.network]
    'model'
    """

    source: str
    network: nengo.Network
    origins: dict[Any, Origin]
    names: dict[Any, str]
    namespace: dict[str, Any] = field(repr=False)
    configs: Configs = field(default_factory=Configs, repr=False)


def run_source(
    source: str,
    variables: Mapping[str, Any] | None = None,
    network: str | None = None,
    stop: Stop | None = None,
) -> Made:
    """Run a source in a fresh namespace, on a thread of its own, and see which network it makes.

    Parameters
    ----------
    source : str
    variables : mapping, optional
        What is there when it begins.
    network : str, optional
        Which variable holds the network, where it makes several.
    stop : Stop, optional
        Stops it. An interrupt of the caller stops it, too.

    Returns
    -------
    Made

    Raises
    ------
    SourceError
        For a source that does not parse, that raises an error, that is stopped, and for one that
        makes no network or, without ``network``, several.

    Examples
    --------
    >>> made = nengolab.building.run_source('''
    ... import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(10, dimensions=1)
    ... ''')
    >>> made.origins[made.network.ensembles[0]].span.of(made.source)
    'nengo.Ensemble(10, dimensions=1)'
    """
    run = _Run(source, dict(variables or {}), stop or Stop())
    run.go()
    return _made(run, network)


def run_code(source: str, variables: Mapping[str, Any], stop: Stop) -> dict[str, Any]:
    """Run code that need not make a network, as `run_source` runs one, and give its variables.

    Raises
    ------
    SourceError
        For code that does not parse, that raises an error, or is stopped.
    """
    run = _Run(source, dict(variables), stop)
    run.go()
    return run.namespace


class _Run:
    """One run of a source."""

    def __init__(self, source: str, variables: dict[str, Any], stop: Stop):
        self.source, self._stop = source, stop
        digest = hashlib.blake2b(source.encode(), digest_size=6).hexdigest()
        self.filename = f"<source {digest}>"
        self.namespace = {"__name__": "nengolab_source", "__file__": self.filename} | variables
        self.code, self.recorder = self._parse()
        self._error: BaseException | None = None
        self._ended = False
        self._lock = threading.Lock()

    def _parse(self) -> tuple[CodeType, Recorder]:
        try:
            code = compile(self.source, self.filename, "exec")
            return code, Recorder(self.source, self.filename)
        except SyntaxError as err:
            raise SourceError("syntax", err.msg, err.lineno) from None
        except ValueError as err:  # a zero byte
            raise SourceError("syntax", str(err)) from None

    def go(self) -> None:
        """Run it to its end."""
        # So that functions have their source, in `to_code` and in tracebacks.
        lines = lines_of(self.source)
        linecache.cache[self.filename] = (len(self.source), None, lines, self.filename)
        thread = threading.Thread(target=self._execute, name="source of a network", daemon=True)
        # Not on the thread itself: one that it starts may get the exception that is to end it.
        with looking(), collector_paused(_PAUSED):
            thread.start()
            self._wait_for(thread)
        if self._error is not None:
            raise self._said(self._error)

    def _wait_for(self, thread: threading.Thread) -> None:
        told = 0
        try:
            while thread.is_alive():
                if self._stop.wanted:
                    self._tell(thread)
                    thread.join(_AGAIN)
                    told += 1
                    if told == _IN_VAIN and thread.is_alive():
                        self._stop.in_vain(self._line_of(thread))
                else:
                    thread.join(0.02)
        except BaseException:
            self._stop.stop()
            self._tell(thread)
            raise

    def _execute(self) -> None:
        try:
            record(self.recorder)
            exec(self.code, self.namespace)
        except BaseException as err:
            self._error = err
        finally:
            with self._lock:
                self._ended = True

    def _tell(self, thread: threading.Thread) -> None:
        with self._lock:
            if not self._ended and thread.ident is not None:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread.ident), ctypes.py_object(_Stopped)
                )

    def _line_of(self, thread: threading.Thread) -> int | None:
        """The line of the source that a thread is in."""
        frame = sys._current_frames().get(thread.ident or 0)
        while frame is not None and frame.f_code.co_filename != self.filename:
            frame = frame.f_back
        return None if frame is None else frame.f_lineno

    def _said(self, err: BaseException) -> SourceError:
        """The error with its place in the source."""
        own = [
            frame
            for frame in traceback.extract_tb(err.__traceback__)
            if frame.filename == self.filename
        ]
        line, span, expression = None, None, ""
        if own:
            at = own[-1]
            line = at.lineno
            if at.lineno and at.end_lineno and at.colno is not None and at.end_colno is not None:
                place = (at.lineno, at.end_lineno, at.colno, at.end_colno)
                span = span_at(lines_of(self.source), place)
                expression = span.of(self.source)
        if isinstance(err, _Stopped):
            return SourceError("stopped", "stopped", line, span, expression)
        if isinstance(err, SyntaxError) and err.filename != self.filename:
            line = line or err.lineno
        text = "".join(traceback.format_list(own) + traceback.format_exception_only(err))
        message = f"{type(err).__name__}: {err}" if str(err) else type(err).__name__
        said = SourceError("raised", message, line, span, expression, text)
        said.__cause__ = err
        return said


def _made(run: _Run, wanted: str | None) -> Made:
    inside = {sub for net in run.recorder.networks for sub in net.networks}
    outer = [net for net in run.recorder.networks if net not in inside]
    network: Any
    held = {n: v for n, v in run.namespace.items() if isinstance(v, nengo.Network)}
    origins = run.recorder.origins()
    if wanted is not None:
        if wanted not in held:
            there = ", ".join(held) or "no variable"
            raise SourceError("no network", f"{wanted} holds no network; {there} does")
        network = held[wanted]
    elif len(outer) == 1:
        network = outer[0]
    elif not outer:
        changed = [name for name, net in held.items() if net not in run.recorder.networks]
        more = f"; {changed[0]} was made before it" if changed else ""
        hint = "; 'with nengo.Network() as model:' and objects in it make one"
        raise SourceError("no network", f"it makes no network{more}{hint}")
    else:
        lines = [str(origins[net].span.line) for net in outer if net in origins]
        raise SourceError(
            "several networks",
            f"it makes {len(outer)} networks, in lines {', '.join(lines)}; leave one of them, or "
            "make one within the other's 'with' block",
            int(lines[1]) if len(lines) > 1 else None,
        )
    there = {network, *network.all_objects}
    own = {obj: origin for obj, origin in origins.items() if obj in there}
    many = {obj for obj in there if obj not in own or own[obj].count > 1}
    loops = run.recorder.loop_variables()
    names = _names(run.namespace, there, loops, many)
    return Made(run.source, network, own, names, run.namespace, run.recorder.configs)


def _names(
    namespace: dict[str, Any], there: set[Any], loops: set[str], many: set[Any]
) -> dict[Any, str]:
    """How a source calls its objects.

    A variable of a loop names what it holds last where nothing else does, and where that is none
    of ``many`` that one line makes.
    """
    last = {name: namespace[name] for name in loops if name in namespace}
    weak = {obj: name for obj, name in _held(last, there) if obj not in many}
    rest = {name: value for name, value in namespace.items() if name not in last}
    return weak | dict(_held(rest, there))


def _held(namespace: Mapping[str, Any], there: set[Any]) -> Iterator[tuple[Any, str]]:
    """Objects in variables and what these are called: the last that is given wins."""
    found: list[tuple[Any, str]] = []
    for name, value in namespace.items():
        # A layer of neurons gives its neurons, not its ensemble.
        if isinstance(value, Neurons) and value.ensemble in there:
            yield value.ensemble, f"{name}{OF_NEURONS}"
    for name, value in namespace.items():
        if name.startswith("__"):
            continue
        if isinstance(value, nengo.Network):
            yield from _inside(name, value, there, {value})
        if isinstance(value, list | tuple):
            for n, item in enumerate(value):
                if _is_in(item, there):
                    yield item, f"{name}[{n}]"
                if isinstance(item, nengo.Network):
                    yield from _inside(f"{name}[{n}]", item, there, {item})
        if _is_in(value, there):
            found.append((value, name))
    yield from reversed(found)


def _inside(
    path: str, network: nengo.Network, there: set[Any], seen: set[Any]
) -> Iterator[tuple[Any, str]]:
    """Attributes of a network, those of networks in it first."""
    held = [(key, value) for key, value in vars(network).items() if not key.startswith("_")]
    for key, value in held:
        if isinstance(value, nengo.Network) and value not in seen:
            seen.add(value)
            yield from _inside(f"{path}.{key}", value, there, seen)
    for key, value in held:
        if isinstance(value, list | tuple) and key not in _OF_NENGO:
            for n, item in enumerate(value):
                if _is_in(item, there):
                    yield item, f"{path}.{key}[{n}]"
    for key, value in held:
        if _is_in(value, there):
            yield value, f"{path}.{key}"


def _is_in(value: Any, there: set[Any]) -> bool:
    return isinstance(value, nengo.base.NengoObject | nengo.Network) and value in there
