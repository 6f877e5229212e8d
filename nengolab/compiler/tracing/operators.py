"""Python's operators on tracers, with Python's errors and NumPy's types."""

from __future__ import annotations

from typing import Any

import numpy as np

from nengolab.compiler.tracing.expressions import Untraceable
from nengolab.compiler.tracing.tracer import (
    WHOLE_NUMBERS,
    Tracer,
    as_bool,
    as_float,
    as_tracer,
    common_kind,
    current,
    elementwise,
)


def constant(value: float) -> Tracer:
    """A Python number as a tracer."""
    return as_tracer(value)


def require(condition: Tracer) -> None:
    """What Python (or NumPy's whole numbers) would raise an error for, unless it holds."""
    current().require(condition.expr)


def _whole(value: Tracer) -> Tracer:
    """Whole numbers are kept as doubles, which is exact up to 2**53."""
    if value.kind == "i":
        size = elementwise("absolute", [value], "f")
        require(elementwise("less_equal", [size, constant(WHOLE_NUMBERS)], "b"))
    return value


def arithmetic(op: str, a: Any, b: Any) -> Tracer:
    """``add``, ``subtract``, ``multiply``, ``divide``, ``floor_divide``, ``remainder``."""
    values = [as_tracer(a), as_tracer(b)]
    py = all(v.py for v in values)
    kind = common_kind(values)
    if kind == "b" and not py:
        logical = {"add": "logical_or", "multiply": "logical_and"}.get(op)
        if logical is None:
            raise Untraceable(f"it uses {op} on truth values")
        return elementwise(logical, values, "b")
    kind = "i" if kind == "b" else kind
    values = [as_float(v) for v in values]
    divides = op in ("divide", "floor_divide", "remainder")
    if divides and py:
        require(elementwise("not_equal", [values[1], constant(0)], "b"))
    elif op in ("floor_divide", "remainder") and kind == "i":
        divisor = values[1].expr
        if not divisor.is_const or not divisor.value.all():
            raise Untraceable("it divides whole numbers by a value")
    return _whole(elementwise(op, values, "f" if op == "divide" else kind))


def power(a: Any, b: Any) -> Tracer:
    """``a ** b``."""
    values = [as_tracer(a), as_tracer(b)]
    py, kind = all(v.py for v in values), common_kind(values)
    if kind != "f":
        exponent = values[1].expr
        if not (py and exponent.is_const and exponent.value >= 0):
            raise Untraceable("it raises whole numbers to a power")
        return _whole(elementwise("power", [as_float(v) for v in values], "i"))
    result = elementwise("power", [as_float(v) for v in values], "f")
    if py:
        # 0 to a negative power and results out of range raise; roots of negatives are complex.
        require(elementwise("isfinite", [result], "b"))
    return result


def compare(op: str, a: Any, b: Any) -> Tracer:
    """``less``, ``equal``, ..."""
    values = [as_float(as_tracer(v)) for v in (a, b)]
    return elementwise(op, values, "b")


def bitwise(op: str, a: Any, b: Any) -> Tracer:
    """``&``, ``|`` and ``^``, of truth values."""
    values = [as_tracer(a), as_tracer(b)]
    if any(v.kind != "b" for v in values):
        raise Untraceable("it uses & | ^ on numbers")
    return elementwise(op, values, "b")


# What NumPy leaves whole where it is given whole numbers.
_KEEPS_KIND = ("negative", "absolute", "sign", "square", "floor", "ceil", "rint", "trunc")


def unary(op: str, a: Any) -> Tracer:
    """An elementwise function of one argument, as NumPy computes it."""
    a = as_tracer(a)
    if op in ("isnan", "isfinite", "isinf"):
        return elementwise(op, [as_float(a)], "b")
    if op == "logical_not":
        return elementwise(op, [as_bool(a)], "b")
    if a.kind == "b":
        if not a.py or op not in ("negative", "absolute"):
            raise Untraceable(f"it computes the {op} of a truth value")
        a = as_float(a)
    return _whole(elementwise(op, [a], a.kind if op in _KEEPS_KIND else "f"))


def rounded(a: Any, digits: int = 0) -> Tracer:
    """``np.round``: half to even."""
    a = as_tracer(a)
    if a.kind != "f":
        raise Untraceable("it rounds whole numbers")
    if digits == 0:
        return unary("rint", a)
    scale = float(10 ** abs(int(digits)))
    there, back = ("multiply", "divide") if digits > 0 else ("divide", "multiply")
    return arithmetic(back, unary("rint", arithmetic(there, a, np.float64(scale))), scale)


def to_float(value: Any) -> Any:
    """``float(value)``."""
    if not isinstance(value, Tracer):
        return float(value)
    if value.index.size != 1:
        raise Untraceable("it makes one number of an array")
    expr = as_float(value).expr
    return Tracer.new(expr, (), "f", array=False, py=True)


def to_int(value: Any, op: str = "trunc") -> Any:
    """``int(value)`` and the like: a Python whole number."""
    value = to_float(value)
    require(elementwise("isfinite", [value], "b"))
    whole = elementwise(op, [value], "i")
    return _whole(whole)


def _rounded_number(self: Tracer, digits: int | None = None) -> Tracer:
    """``round(number)``."""
    if self.array:
        raise Untraceable("it rounds an array by Python's round")
    if digits is None:
        return to_int(self, "rint")
    if self.py and digits:
        raise Untraceable("it rounds a Python number to digits")
    return rounded(self, digits)


def _both(table_op: Any, op: str) -> tuple[Any, Any]:
    def forward(self, other):
        _refuse_lists(self, other)
        return table_op(op, self, other)

    def backward(self, other):
        _refuse_lists(self, other)
        return table_op(op, other, self)

    return forward, backward


def _refuse_lists(tracer: Tracer, other: Any) -> None:
    if tracer.py and isinstance(other, (list, tuple)):
        raise Untraceable("it computes with a number and a list")


def _in_place(forward: Any) -> Any:
    return lambda self, other: self._in_place(forward(self, other))


def _invert(self: Tracer) -> Tracer:
    if self.py:
        raise Untraceable("it inverts the bits of a Python number")
    return bitwise("logical_xor", self, np.True_)


def _contains(self: Tracer, value: Any) -> bool:
    equal = compare("equal", self, value)
    expr = current().pool.make("any", (equal.expr,), (equal.index.size,), 1)
    return bool(Tracer.new(expr, (), "b", array=False, py=True))


def _install() -> None:
    names = {
        "add": ("add", arithmetic),
        "sub": ("subtract", arithmetic),
        "mul": ("multiply", arithmetic),
        "truediv": ("divide", arithmetic),
        "floordiv": ("floor_divide", arithmetic),
        "mod": ("remainder", arithmetic),
        "pow": ("power", lambda _op, a, b: power(a, b)),
        "and": ("logical_and", bitwise),
        "or": ("logical_or", bitwise),
        "xor": ("logical_xor", bitwise),
    }
    for name, (op, table_op) in names.items():
        forward, backward = _both(table_op, op)
        setattr(Tracer, f"__{name}__", forward)
        setattr(Tracer, f"__r{name}__", backward)
        setattr(Tracer, f"__i{name}__", _in_place(forward))
    for name, op in {
        "lt": "less",
        "le": "less_equal",
        "gt": "greater",
        "ge": "greater_equal",
        "eq": "equal",
        "ne": "not_equal",
    }.items():
        setattr(Tracer, f"__{name}__", _both(compare, op)[0])
    Tracer.__hash__ = Tracer._refuse  # defining == takes it away
    for name, method in {
        "neg": lambda self: unary("negative", self),
        "pos": lambda self: arithmetic("multiply", self, 1),
        "abs": lambda self: unary("absolute", self),
        "round": _rounded_number,
        "invert": _invert,
        "contains": _contains,
    }.items():
        setattr(Tracer, f"__{name}__", method)


_install()
