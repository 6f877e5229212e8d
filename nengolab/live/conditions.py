"""Conditions on what a network does, as a person writes them: ``ens.value[0] > 0.8``.

An expression of comparisons, ``and``, ``or``, ``not``, arithmetic, numbers, ``t`` (s), a few
functions, and signals of objects by name. It is read with Python's own parser and computed from
its tree, piece by piece; nothing of it is ever executed, and what is not listed here is refused.

Signals are ``name.value`` (decoded, or a Node's output), ``name.spikes``, ``name.voltage`` and
whatever else can be probed; ``name.value(0.02)`` is filtered with that time constant (s), and
``name.value[0]`` is one of several. A name that is no identifier stands in brackets and quotes:
``obj["cortex/my ensemble"].value``.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengolab.names import Names, listing

MOST_CHARACTERS = 500
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: np.true_divide(a, b),
}
UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: np.logical_not,
}


def _norm(x: Any) -> Any:
    return np.sqrt(np.sum(np.square(x), axis=-1, keepdims=True))


# Of all values of a signal at one step, but ``abs``.
FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "abs": np.abs,
    "mean": lambda x: np.mean(x, axis=-1, keepdims=True),
    "sum": lambda x: np.sum(x, axis=-1, keepdims=True),
    "min": lambda x: np.min(x, axis=-1, keepdims=True),
    "max": lambda x: np.max(x, axis=-1, keepdims=True),
    "norm": _norm,
}


@dataclass(frozen=True)
class ObservedSignal:
    """What a condition reads.

    Attributes
    ----------
    target : object
        The Nengo object.
    attr : str or None
        As in nengo.Probe.
    tau : float or None
        Time constant (s) of the filter.
    """

    target: Any
    attr: str | None
    tau: float | None


# Times (s) and samples of each signal, ``(steps, 1)`` and ``(steps, size)`` -> ``(steps, ...)``.
Value = Callable[[np.ndarray, dict[ObservedSignal, np.ndarray]], Any]


class Condition:
    """A condition that was read.

    Parameters
    ----------
    text : str
    network : nengo.Network
    names : Names

    Attributes
    ----------
    signals : list of ObservedSignal
        What it reads.

    Raises
    ------
    ValidationError
        Saying which part is not understood, and what is.
    """

    def __init__(self, text: Any, network: nengo.Network, names: Names) -> None:
        if not isinstance(text, str) or not text.strip() or len(text) > MOST_CHARACTERS:
            raise ValidationError(
                f"a condition is an expression of up to {MOST_CHARACTERS} characters like "
                f"'ens.value[0] > 0.8', got {text!r}",
                "until",
            )
        self.text, self._names, self._network = text.strip(), names, network
        self.signals: list[ObservedSignal] = []
        try:
            tree = ast.parse(self.text, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise self._refused(f"{error}") from None
        try:
            self._value, is_truth = self._read(tree.body)
        except RecursionError:
            raise self._refused("it is nested too deeply") from None
        if not is_truth:
            raise self._refused("it is a value; compare it with something")

    def hits(self, times: np.ndarray, samples: dict[ObservedSignal, np.ndarray]) -> np.ndarray:
        """Whether it holds, step by step; a vector's comparison holds where all of it does.

        Parameters
        ----------
        times : ndarray (steps,)
        samples : dict of ObservedSignal to ndarray (steps, size)
        """
        with np.errstate(all="ignore"):
            truth = np.asarray(self._value(times[:, None], samples), bool)
        rows = np.broadcast_to(truth, (len(times), *truth.shape[1:])).reshape(len(times), -1)
        return np.asarray(rows.all(axis=1))

    def _refused(self, why: str) -> ValidationError:
        return ValidationError(f"the condition {self.text!r} is not understood: {why}", "until")

    # ---- reading ---------------------------------------------------------

    def _read(self, node: ast.expr) -> tuple[Value, bool]:
        """Give what computes a piece, and whether that is true or false rather than a number."""
        if isinstance(node, ast.BoolOp):
            parts = [self._truth(part) for part in node.values]
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return lambda t, x: _joined(join, [part(t, x) for part in parts]), True
        if isinstance(node, ast.UnaryOp) and type(node.op) in UNARY:
            negates = isinstance(node.op, ast.Not)
            inner = self._truth(node.operand) if negates else self._number(node.operand)
            apply = UNARY[type(node.op)]
            return lambda t, x: apply(inner(t, x)), negates
        if isinstance(node, ast.Compare):
            return self._comparison(node), True
        if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
            left, right = self._number(node.left), self._number(node.right)
            combine = ARITHMETIC[type(node.op)]
            return lambda t, x: combine(left(t, x), right(t, x)), False
        return self._leaf(node), False

    def _truth(self, node: ast.expr) -> Value:
        value, is_truth = self._read(node)
        if not is_truth:
            raise self._refused(f"{ast.unparse(node)} is a value; compare it with something")
        return value

    def _number(self, node: ast.expr) -> Value:
        value, is_truth = self._read(node)
        if is_truth:
            raise self._refused(f"{ast.unparse(node)} is true or false, no number")
        return value

    def _comparison(self, node: ast.Compare) -> Value:
        if any(type(op) not in COMPARE for op in node.ops):
            raise self._refused("it compares with something else than < <= > >= == !=")
        sides = [self._number(side) for side in (node.left, *node.comparators)]
        ops = [COMPARE[type(op)] for op in node.ops]

        def compare(t: np.ndarray, x: dict[ObservedSignal, np.ndarray]) -> Any:
            values = [_per_step(side(t, x), len(t)) for side in sides]
            held = [_all(op(a, b)) for op, a, b in zip(ops, values[:-1], values[1:], strict=True)]
            return _joined(np.logical_and, held)

        return compare

    def _leaf(self, node: ast.expr) -> Value:
        number = _plain_number(node)
        if number is not None:
            return lambda t, x: number
        if isinstance(node, ast.Name) and node.id == "t":
            return lambda t, x: t
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._function(node, node.func.id)
        if isinstance(node, ast.Subscript) and not _is_object(node):
            whole, column = self._signal(node.value), _whole_number(node.slice)
            if column is None:
                raise self._refused(f"{ast.unparse(node)} needs a whole number in brackets")
            size = _size(whole)
            if not -size <= column < size:
                raise self._refused(
                    f"{ast.unparse(node.value)} has {size} values, there is no number {column}"
                )
            return lambda t, x: x[whole][:, column % size, None]
        signal = self._signal(node)
        return lambda t, x: x[signal]

    def _function(self, node: ast.Call, name: str) -> Value:
        if name not in FUNCTIONS or len(node.args) != 1 or node.keywords:
            raise self._refused(
                f"{ast.unparse(node)} is no function of one value; there is {', '.join(FUNCTIONS)}"
            )
        inner, function = self._number(node.args[0]), FUNCTIONS[name]
        return lambda t, x: function(_per_step(inner(t, x), len(t)))

    # ---- signals ---------------------------------------------------------

    def _signal(self, node: ast.expr) -> ObservedSignal:
        tau: float | None = None
        asked = node
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            tau = _seconds(node)
            if tau is None:
                raise self._refused(f"{ast.unparse(node)} needs one time constant (s) in brackets")
            node = node.func
        if not isinstance(node, ast.Attribute):
            raise self._refused(
                f"{ast.unparse(asked)} is neither a number, t, a function nor a signal of an "
                "object like ens.value"
            )
        signal = self._of(self._object(node.value), node.attr, tau)
        if signal not in self.signals:
            self.signals.append(signal)
        return signal

    def _object(self, node: ast.expr) -> Any:
        name = _dotted(node)
        obj = self._names.find(name) or self._names.find(name.replace(".", "/"))
        if obj is None:
            raise self._refused(
                f"{ast.unparse(node)} is no object; the network holds {listing(self._names.all())}"
            )
        return obj

    def _of(self, obj: Any, what: str, tau: float | None) -> ObservedSignal:
        if what == "value":
            return ObservedSignal(obj, None, tau)
        neurons = obj.neurons if isinstance(obj, nengo.Ensemble) else obj
        if what in ("spikes", "rates"):
            what = "output"
        there: list[str] = list(getattr(neurons, "probeable", []))
        own: list[str] = list(getattr(obj, "probeable", []))
        if what in there:
            return ObservedSignal(neurons, what, tau)
        if what in own:
            return ObservedSignal(obj, what, tau)
        every = dict.fromkeys(["value", *there, *own])
        raise self._refused(f"{self._names.get(obj)!r} has no {what!r}; it has {listing(every)}")


def _joined(join: Callable[[Any, Any], Any], parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = join(total, part)
    return total


def _per_step(value: Any, steps: int) -> np.ndarray:
    """Values as ``(steps, size)``."""
    array = np.asarray(value, float)
    return np.broadcast_to(array, (steps, 1)) if array.ndim == 0 else array


def _all(truth: np.ndarray) -> np.ndarray:
    return np.all(truth, axis=-1, keepdims=True)


def _size(signal: ObservedSignal) -> int:
    with nengo.Network(add_to_container=False):
        return nengo.Probe(signal.target, signal.attr, add_to_container=False).size_in


def _seconds(node: ast.Call) -> float | None:
    value = _plain_number(node.args[0]) if len(node.args) == 1 and not node.keywords else None
    return value if value is not None and value >= 0 else None


def _plain_number(node: ast.expr) -> float | None:
    value = node.value if isinstance(node, ast.Constant) else None
    # True is a number, too, but not here.
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)


def _whole_number(node: ast.expr) -> int | None:
    sign = 1
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        sign, node = -1, node.operand
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return sign * node.value
    return None


def _is_object(node: ast.Subscript) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "obj"


def _dotted(node: ast.expr) -> str:
    """Give the name that a piece spells: ``a.b.c``, or ``obj["a b"]``; empty where it does not."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    if isinstance(node, ast.Subscript) and _is_object(node):
        key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value
    return ""
