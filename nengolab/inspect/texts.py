"""Words of what objects hold: values in a line, whether two are the same, seeds, what trains."""

from __future__ import annotations

import functools
import threading
import types
from collections.abc import Iterator, Mapping
from typing import Any

import nengo
import numpy as np
import scipy.sparse
from nengo.params import FrozenObject, Parameter

from nengolab.bytecode import same_class, same_code, same_constants
from nengolab.inspect.alike import parameters_of
from nengolab.inspect.source import Source
from nengolab.parameters.show import figures
from nengolab.pointers import is_vocabulary, pointers_of

LONGEST = 80  # characters


def same_value(a: Any, b: Any) -> bool:
    """Whether two values say the same: by what they hold, functions by their code."""
    if a is b:
        return True
    if isinstance(a, types.FunctionType) and isinstance(b, types.FunctionType):
        return _same_code(a, b)
    if scipy.sparse.issparse(a) and scipy.sparse.issparse(b):
        return a.shape == b.shape and not (abs(a - b) > 0).nnz
    if isinstance(a, functools.partial) and isinstance(b, functools.partial):
        return all(same_value(getattr(a, n), getattr(b, n)) for n in ("func", "args", "keywords"))
    if isinstance(a, np.ndarray | int | float) and isinstance(b, np.ndarray | int | float):
        return np.shape(a) == np.shape(b) and bool(np.array_equal(a, b, equal_nan=True))
    if isinstance(a, type) and isinstance(b, type):
        return same_class(a, b, same_value)
    if isinstance(a, types.MethodType) and isinstance(b, types.MethodType):
        return all(same_value(getattr(a, n), getattr(b, n)) for n in ("__func__", "__self__"))
    if type(a) is not type(b):
        # Of a person's own class, which was made again with the network.
        return same_class(type(a), type(b), same_value) and _same_objects(a, b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same_value, a, b))
    if is_vocabulary(a):  # its pointers hold it again
        return pointers_of(a) == pointers_of(b)
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(same_value(a[k], b[k]) for k in a)
    if isinstance(a, str | bool | slice | None.__class__) or not hasattr(a, "__dict__"):
        return bool(a == b)
    if isinstance(a, nengo.Network):
        return False  # another one
    if type(a).__module__.startswith(("nengo", "nengolab")):
        return _same_parts(a, b)
    if _is_layer(a) or type(a).__eq__ in (object.__eq__, FrozenObject.__eq__):
        return _same_objects(a, b)
    return bool(a == b)


_compared = threading.local()
#: Objects in objects that are looked into.
_DEEPEST = 10


def _same_objects(a: Any, b: Any) -> bool:
    """Whether a person's own objects, of classes that say the same, hold the same."""
    if isinstance(a, FrozenObject):
        return _same_parts(a, b)
    if _is_layer(a):
        return same_value(_config(a), _config(b))
    if not (hasattr(a, "__dict__") and hasattr(b, "__dict__")):
        return False
    pairs = _compared.__dict__.setdefault("pairs", set())
    pair = id(a), id(b)
    if pair in pairs:  # they hold themselves
        return True
    if len(pairs) == _DEEPEST:
        return bool(a == b)
    pairs.add(pair)
    try:
        return same_value(vars(a), vars(b))
    finally:
        pairs.discard(pair)


def _same_parts(a: Any, b: Any) -> bool:
    """Neuron types, synapses, distributions, transforms, solvers, rules: by all that they hold."""
    parts = [(getattr(a, name), getattr(b, name)) for name in parameters_of(type(a))]
    # What a parameter is on each object is not its own.
    data = {"data"} if isinstance(a, Parameter) else set()
    own = (
        {k: v for k, v in vars(o).items() if not k.startswith("_") and k not in data}
        for o in (a, b)
    )
    return all(same_value(p, q) for p, q in parts) and same_value(*own)


def _is_layer(value: Any) -> bool:
    """Whether it is a layer of Keras, or of a person; asked without importing Keras."""
    return any(base.__module__.startswith("keras.") for base in type(value).__mro__) and hasattr(
        value, "get_config"
    )


def layer_config(value: Any) -> Any:
    """The settings of a Keras layer; None of anything else."""
    return _config(value) if _is_layer(value) else None


def _config(value: Any) -> Any:
    """The settings of a Keras layer, without the names that Keras counts up."""
    held = value.get_config() if _is_layer(value) else value
    if isinstance(held, Mapping):
        return {key: _config(part) for key, part in held.items() if key != "name"}
    return [_config(part) for part in held] if isinstance(held, list | tuple) else held


def _same_code(a: types.FunctionType, b: types.FunctionType) -> bool:
    """Whether functions do the same: their code, constants, defaults, and what they captured."""
    if not (same_code(a.__code__, b.__code__, lambda x, y: bool(x == y)) and same_constants(a, b)):
        return False
    return all(
        same_value(_contents(p), _contents(q))
        for p, q in ((a.__closure__, b.__closure__), (a.__defaults__, b.__defaults__))
    )


def _contents(cells: Any) -> Any:
    if cells is None:
        return None
    return tuple(c.cell_contents if isinstance(c, types.CellType) else c for c in cells)


def shown(value: Any) -> str:
    """A value in a line."""
    if isinstance(value, np.ndarray) and value.size > 4:
        numbers = f": {figures(value)}" if value.dtype.kind in "fiub" else ""
        return f"{value.shape}{numbers}"
    if isinstance(value, types.FunctionType):
        code = value.__code__
        where = code.co_filename.rsplit("/", 1)[-1]
        return f"{value.__qualname__.rsplit('.', 1)[-1]} (line {code.co_firstlineno} of {where})"
    if isinstance(value, np.ufunc):
        return value.__name__
    if _is_layer(value):
        plain = (int, float, str, list, tuple)
        held = {k: v for k, v in _config(value).items() if isinstance(v, plain)}
        settings = ", ".join(f"{k}={v}" for k, v in held.items() if (k, v) != ("trainable", True))
        return _cut(f"{type(value).__name__}({settings})")
    if isinstance(value, slice):
        parts = ["" if v is None else str(v) for v in (value.start, value.stop)]
        parts += [str(value.step)] if value.step not in (None, 1) else []
        return "all" if value == slice(None) else ":".join(parts)
    return _cut(" ".join(str(value).split()))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def counted(n: int, what: str) -> str:
    """``"a number"``, ``"3 numbers"``."""
    return f"{'an' if what[0] in 'aeiou' else 'a'} {what}" if n == 1 else f"{n:,} {what}s"


def number(value: float) -> str:
    """A number in a sentence."""
    return f"{value + 0.0:.4g}"  # no -0


def printed(value: float) -> str:
    """A number beside equations, with a minus as they have it."""
    return number(value).replace("-", "−")


def seeded(read: Source, obj: Any) -> Iterator[str]:
    """What is drawn at random of it, and by which seed."""
    seed, where = read.seed(obj)
    if seed is None:
        yield "It has no seed: what is random of it is drawn anew by each simulator."
    else:
        yield f"What is random of it follows the seed {seed} ({where})."


def _plural(parameter: Any) -> str:
    role = str(parameter.role)
    several = parameter.shape and role in ("bias", "gain")
    return f"{role}es" if several and role == "bias" else f"{role}s" if several else role


def trained(read: Source, *objs: Any) -> Iterator[str]:
    """Which arrays of objects train, and why; which are not as they were built."""
    if read.parameters is None:
        return
    with_values = [p for p in read.parameters.of(*objs).values() if p.shape or p.trainable]
    for value, says in ((True, "Training changes its"), (False, "Training does not change its")):
        roles = [f"{_plural(p)} ({p.why})" for p in with_values if p.trainable == value]
        if roles:
            yield f"{says} {' and '.join(roles)}."
    changed = [(p, p.value) for p in read.parameters.of(*objs).values()]
    for parameter, value in changed:
        initial = parameter.initial
        if not np.array_equal(np.float32(value), np.broadcast_to(np.float32(initial), value.shape)):
            finite = np.isfinite(value)
            apart = np.abs(value - initial)[finite]
            far = f", a difference of up to {number(float(apart.max()))}" if apart.size else ""
            yield (
                f"Its {_plural(parameter)} {'is' if not parameter.shape else 'are'} not as built: "
                f"{figures(initial)} became {figures(value)}{far}."
            )
