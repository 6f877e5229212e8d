"""Which of a person's variables can be fed to an input, or be the targets of a probe.

Nothing of theirs is called, and no generator is begun: only arrays are looked at, and what
datasets say of themselves.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import GeneratorType
from typing import Any, Literal

import numpy as np

How = Literal["as it is", "shown", "series", "classes", "stream", ""]
GENERATOR = "generator"
# No more are listed of those that do not fit.
MOST = 60


@dataclass(frozen=True)
class Offer:
    """A variable, and whether it fits.

    Attributes
    ----------
    name : str
    what : str
        Type and shape: ``"float32 (1437, 8, 8)"``.
    how : str
        ``"as it is"`` for ``(items, steps, size)``; ``"shown"`` for an item without steps, which
        is shown for so many as are asked for; ``"series"`` for ``(items, steps)`` of one number;
        ``"classes"`` for a number of a class for each item; ``"stream"`` for what yields batches
        with their targets; ``""`` where it does not fit.
    why : str
        Why it does not, and what would.
    items, steps : int or None
        Where they are known.
    """

    name: str
    what: str
    how: How
    why: str = ""
    items: int | None = None
    steps: int | None = None

    @property
    def fits(self) -> bool:
        return self.how != ""


def input_offers(variables: Mapping[str, Any], size: int, called: str) -> list[Offer]:
    """What can be fed to an input, first what fits.

    Parameters
    ----------
    variables : Mapping of str to object
        Such as ``globals()``.
    size : int
        Of the input.
    called : str
        What the input is called.

    Examples
    --------
    >>> from nengolab.feeding.offers import input_offers
    >>> found = input_offers({"x": np.zeros((9, 8, 8)), "z": np.zeros((9, 5))}, 64, "image")
    >>> [(o.name, o.how, o.why) for o in found]  # doctest: +NORMALIZE_WHITESPACE
    [('x', 'shown', ''),
     ('z', '', "an item has 5 numbers, 'image' takes 64")]
    """
    return _sorted(_input(name, v, size, called) for name, v in _data(variables).items())


def target_offers(variables: Mapping[str, Any], size: int, called: str) -> list[Offer]:
    """What can be the targets of a probe, first what fits; as `input_offers`.

    Examples
    --------
    >>> from nengolab.feeding.offers import target_offers
    >>> found = target_offers({"y": np.arange(10), "x": np.zeros((9, 5))}, 10, "answer")
    >>> [(o.name, o.how) for o in found]
    [('y', 'classes'), ('x', '')]
    """
    return _sorted(_target(name, v, size, called) for name, v in _data(variables).items())


def as_fed(array: Any, how: str, steps: int) -> np.ndarray:
    """An array that was offered, as ``(items, steps, size)``; without a copy where that goes.

    Examples
    --------
    >>> from nengolab.feeding.offers import as_fed
    >>> as_fed(np.zeros((9, 8, 8)), "shown", 5).shape
    (9, 5, 64)
    """
    array = np.asarray(array)
    if how == "as it is":
        return array
    if how == "series":
        return array[..., None]
    once = array.reshape(len(array), 1, -1)
    return np.broadcast_to(once, (len(once), steps, once.shape[2]))


def code_of(name: str, how: str, steps: int) -> str:
    """The Python that `as_fed` stands for."""
    if how in ("as it is", "stream"):
        return name
    if how == "series":
        return f"{name}[..., None]"
    once = f"{name}.reshape(len({name}), 1, -1)"
    return once if steps == 1 else f"np.repeat({once}, {steps}, axis=1)"


def _data(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Those that may be meant as data."""
    found = {}
    for name, value in list(variables.items()):
        if name.startswith("_") or not name.isidentifier():
            continue
        if isinstance(value, np.ndarray) and value.ndim > 0:
            found[name] = value
        elif _tensor(value) or _frame(value) or _stream(value) is not None:
            found[name] = value
    return found


def _stream(value: Any) -> str | None:
    """The kind of what yields batches; functions and files are no data."""
    if isinstance(value, GeneratorType):
        return GENERATOR
    if "tensorflow" not in sys.modules:  # then nobody has made a dataset
        return None
    import keras
    import tensorflow as tf

    if isinstance(value, tf.data.Dataset):
        return "tf.data.Dataset"
    return "keras.utils.PyDataset" if isinstance(value, keras.utils.PyDataset) else None


def _tensor(value: Any) -> bool:
    """Whether it is an array of TensorFlow, PyTorch or JAX, by what it has."""
    kind = type(value).__module__.partition(".")[0]
    return kind in ("tensorflow", "torch", "jax", "jaxlib") and len(_shape(value)) > 0


def _frame(value: Any) -> bool:
    return type(value).__module__.startswith("pandas.") and len(_shape(value)) > 0


def _shape(value: Any) -> tuple[int, ...]:
    shape = getattr(value, "shape", None)
    try:
        return tuple(int(n) for n in shape) if shape is not None else ()
    except (TypeError, ValueError):
        return ()


def _what(value: Any) -> str:
    return f"{value.dtype} {value.shape}"


def _sorted(offers: Any) -> list[Offer]:
    found = list(offers)
    good = [o for o in found if o.fits]
    return good + [o for o in found if not o.fits][:MOST]


def _first(name: str, value: Any) -> Offer | None:
    """What can be said whatever it is for; None of an array of numbers."""
    kind = _stream(value)
    if kind is not None and kind != GENERATOR:
        return Offer(name, kind, "stream")
    if kind is not None:
        why = "a generator is used up by one look; give it in Python: Fit(sim, x=generator)"
        return Offer(name, type(value).__name__, "", why)
    if not isinstance(value, np.ndarray):
        how = "to_numpy()" if _frame(value) else "numpy()"
        shape = "x".join(map(str, _shape(value)))
        why = f"no NumPy array; {name}.{how} would be one"
        return Offer(name, f"{type(value).__name__} {shape}", "", why)
    if value.dtype.kind not in "biuf":
        why = f"holds no real numbers but {value.dtype}; .astype('float32') makes them"
        return Offer(name, _what(value), "", why)
    if value.size == 0:
        return Offer(name, _what(value), "", "is empty")
    return None


def _input(name: str, value: Any, size: int, called: str) -> Offer:
    if (first := _first(name, value)) is not None:
        return first
    how, steps, why = _sized(value.shape, size, called)
    return Offer(name, _what(value), how, why, len(value), steps)


def _sized(shape: tuple[int, ...], size: int, called: str) -> tuple[How, int | None, str]:
    """How an array fits, its steps, and why it does not."""
    each = int(np.prod(shape[1:]))
    if len(shape) == 3 and shape[2] == size:
        return "as it is", shape[1], ""
    if each == size:
        return "shown", None, ""
    if size == 1 and len(shape) == 2:
        return "series", shape[1], ""
    numbers = "1 number" if each == 1 else f"{each:,} numbers"
    return "", None, f"an item has {numbers}, {called!r} takes {size:,}"


def _target(name: str, value: Any, size: int, called: str) -> Offer:
    if (first := _first(name, value)) is not None:
        if first.how == "stream":
            return Offer(name, first.what, "", "yields its own targets: choose it as data")
        return first
    if size > 1 and int(np.prod(value.shape[1:])) == 1:
        low, high = value.min(), value.max()
        whole = value.dtype.kind in "biu" or bool(np.all(value == np.floor(value)))
        if whole and low >= 0 and high < size:
            return Offer(name, _what(value), "classes", "", len(value))
        found = f"numbers from {low} to {high}" if whole else "fractions"
        why = f"{called!r} tells {size} classes apart, 0 to {size - 1}; it holds {found}"
        return Offer(name, _what(value), "", why, len(value))
    how, steps, why = _sized(value.shape, size, called)
    return Offer(name, _what(value), how, why, len(value), steps)
