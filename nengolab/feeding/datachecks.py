"""What one array of data must be: rank, steps, size, numbers; and errors that say what would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError

# Elements looked at in one go when asking whether all are finite.
_CHUNK = 1 << 22

# What a loss makes of targets, as `nengolab.feeding.feeder.target_kind` says.
VALUES, HOLES, CLASSES, OWN, NONE = "values", "holes", "classes", "own", "none"


@dataclass(frozen=True)
class Slot:
    """A place for data: an input, or the targets of a probe.

    Attributes
    ----------
    alias : str
    var : {"x", "y", "data"}
        The argument that holds its data.
    shape : tuple of int
        Of one step of one item.
    kind : {"values", "holes", "classes", "own"}
        Numbers of this shape; or (targets only) such numbers where NaN means that there is none;
        or the number of a class; or whatever a loss function of one's own reads.
    """

    alias: str
    var: str
    shape: tuple[int, ...]
    kind: str = VALUES

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def layout(self) -> str:
        """What its data must look like."""
        sizes = ", ".join(map(str, (1,) if self.kind == CLASSES else self.shape))
        return f"(batch, n_steps, {sizes})"

    @property
    def what(self) -> str:
        return f"{'targets of' if self.var == 'y' else 'input'} {self.alias!r}"

    def error(self, message: str, where: str = "") -> ValidationError:
        """An error about its data; ``where`` says in which item of many."""
        return ValidationError(f"{self.what}{where}: {message}", attr=self.var)


def numbers(value: Any, slot: Slot, where: str = "") -> np.ndarray:
    """``value`` as an array of real numbers; an array stays what it is.

    Raises
    ------
    ValidationError
        For what is no array, or holds no real numbers.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as err:
        raise slot.error(
            f"{type(value).__name__} is no array: {err}; expected {slot.layout}", where
        ) from err
    if array.dtype.kind not in "biuf":
        shown = type(value).__name__ if array.ndim == 0 else f"dtype {array.dtype}"
        raise slot.error(
            f"expected real numbers {slot.layout}, got {shown}; an array of a number type is "
            f"needed, for example {slot.var}.astype('float32')",
            where,
        )
    return array


def check_shape(shape: tuple, slot: Slot, n_steps: int | None = None, where: str = "") -> None:
    """Whether data of ``shape`` fit; an axis of unknown length (None) does.

    Raises
    ------
    ValidationError
        Saying which axis is missing or wrong, and what would fit.
    """
    if slot.kind == OWN:
        if not shape:
            raise slot.error(f"expected an array with a batch axis, got {shape}", where)
        return
    if slot.kind == CLASSES:
        _check_classes_shape(shape, slot, n_steps, where)
    elif len(shape) != 2 + len(slot.shape):
        raise slot.error(_wrong_rank(shape, slot, n_steps), where)
    elif any(given not in (None, size) for given, size in zip(shape[2:], slot.shape, strict=True)):
        raise slot.error(
            f"expected {slot.layout}, got {_shown(shape)}: one step of it holds "
            f"{_sizes(slot.shape)}, not {_sizes(shape[2:])}",
            where,
        )
    empty = [name for name, n in zip(("batch items", "steps"), shape, strict=False) if n == 0]
    if empty:
        raise slot.error(f"the data are empty: {_shown(shape)} holds no {empty[0]}", where)


def _check_classes_shape(shape: tuple, slot: Slot, n_steps: int | None, where: str) -> None:
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in (None, 1)):
        return
    hint = "numbers of classes"
    if len(shape) == 1:
        hint += f", for example {slot.var}.reshape((-1, 1, 1)) for one step"
        if n_steps is not None and n_steps > 1:
            hint += f" or np.tile({slot.var}.reshape((-1, 1, 1)), (1, {n_steps}, 1)) for {n_steps}"
    elif shape[2:] == slot.shape:
        hint += (
            f", for example {slot.var}.argmax(axis=-1)[..., None]; for one value of each class "
            "use the loss that is not sparse"
        )
    raise slot.error(f"its loss takes {slot.layout} {hint}; got {_shown(shape)}", where)


def _wrong_rank(shape: tuple, slot: Slot, n_steps: int | None) -> str:
    missing, hint = _missing_axis(shape, slot, n_steps)
    text = f"expected {slot.layout}, got {_shown(shape)}"
    text += f": {missing}" if missing else ""
    return text + (f"; {hint} would fit" if hint else "")


def _missing_axis(shape: tuple, slot: Slot, n_steps: int | None) -> tuple[str, str]:
    """Which axis data of the wrong rank lack, and an expression that adds it."""
    v, rank, own = slot.var, len(shape), slot.shape
    sizes = ", ".join(map(str, own))
    known = all(n is not None for n in shape)
    if rank > 2 + len(own) and known:
        if np.prod(shape[1:]) == slot.size:
            return "there is no n_steps axis", f"{v}.reshape(({shape[0]}, 1, {sizes}))"
        if np.prod(shape[2:]) == slot.size:
            return (
                "the size is spread over several axes",
                f"{v}.reshape(({shape[0]}, {shape[1]}, {sizes}))",
            )
        return "that is too many axes", ""
    if rank == 1 + len(own) and shape[1:] == own:
        if n_steps is not None and n_steps > 1 and shape[0] == n_steps:
            return "the batch axis is missing", f"{v}[None]"
        if n_steps is not None and n_steps > 1:
            repeated = f"np.repeat({v}[:, None], {n_steps}, axis=1)"
            return "the n_steps axis is missing", f"{repeated}, the same at every step,"
        return (
            "the n_steps axis is missing",
            f"{v}[:, None] (items of one step) or {v}[None] (one item of {shape[0]} steps)",
        )
    if own == (1,) and rank == 2:
        return "the size axis is missing", f"{v}[..., None]"
    if own == (1,) and rank == 1:
        return (
            "two axes are missing",
            f"{v}.reshape((-1, 1, 1)) (items of one step) or {v}.reshape((1, -1, 1)) (steps of "
            "one item)",
        )
    if shape == own:
        return "the batch and n_steps axes are missing", f"{v}[None, None]"
    return f"{rank} axes instead of {2 + len(own)}", ""


def check_finite(array: np.ndarray, slot: Slot, where: str = "") -> None:
    """Whether no value is NaN (where that means nothing) or infinite.

    Raises
    ------
    ValidationError
        Naming the first item and step that hold one.
    """
    found = first_not_finite(array, slot.kind == HOLES)
    if found is not None:
        item, *others = found
        step = f", step {others[0]}" if others else ""
        raise slot.error(f"{array[found]} in batch item {item}{step} (counted from 0)", where)


def first_not_finite(array: np.ndarray, holes: bool = False) -> tuple[int, ...] | None:
    """Where the first NaN (unless they are ``holes``) or infinity is, if there is one."""
    if array.dtype.kind != "f" or array.size == 0:
        return None
    # What was broadcast repeats itself: once is enough.
    once = array[tuple(slice(0, 1) if s == 0 else slice(None) for s in array.strides)]
    rows = max(1, _CHUNK // max(1, once[0].size))
    for start in range(0, len(once), rows):
        part = once[start : start + rows]
        # A sum is several times faster than to ask of every value; it may overflow, too.
        with np.errstate(all="ignore"):
            if np.isfinite(part.sum()):
                continue
        bad = np.argwhere(np.isinf(part) if holes else ~np.isfinite(part))
        if len(bad):
            return (int(bad[0][0]) + start, *map(int, bad[0][1:]))
    return None


def check_classes(array: np.ndarray, slot: Slot, where: str = "") -> None:
    """Whether all values are numbers of classes.

    Raises
    ------
    ValidationError
        For a fraction, or a number that the probe's size has no class for.
    """
    low, high = array.min(), array.max()
    if low < 0 or high >= slot.size:
        raise slot.error(
            f"the probe tells {slot.size} classes apart, 0 to {slot.size - 1}; got numbers from "
            f"{low} to {high}",
            where,
        )
    if array.dtype.kind == "f" and not np.array_equal(array, np.floor(array)):
        raise slot.error("its loss takes whole numbers of classes, got fractions", where)


def _shown(shape: tuple) -> str:
    sizes = ["unknown" if n is None else str(n) for n in shape]
    return f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"


def _sizes(shape: tuple) -> str:
    return " x ".join("unknown" if n is None else str(n) for n in shape)
