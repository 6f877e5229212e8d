"""Second pass over data: values become arrays that fit; how many steps and items there are."""

from __future__ import annotations

from typing import Any

import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.feeding.datachecks import (
    CLASSES,
    OWN,
    Slot,
    check_classes,
    check_finite,
    check_shape,
    numbers,
)
from nengolab.feeding.matching import Given


def check(given: Given) -> None:
    """Turn the values of ``x`` and ``y`` into arrays that fit; find ``n_steps`` and ``items``.

    Raises
    ------
    ValidationError
        For what is no array, has a wrong rank or size, holds NaN or infinity, or does not go with
        the rest.
    """
    given.x = [(slot, _array(slot, value, given)) for slot, value in given.x]
    given.y = [(slot, _array(slot, value, given)) for slot, value in given.y]
    given.n_steps = _steps(given)
    given.items = _items(given)


def _array(slot: Slot, value: Any, given: Given) -> np.ndarray:
    array = numbers(value, slot, given.where)
    check_shape(array.shape, slot, given.expected.n_steps, given.where)
    if slot.kind != OWN:
        check_finite(array, slot, given.where)
    if slot.kind == CLASSES:
        check_classes(array, slot, given.where)
    return array


def _steps(given: Given) -> int:
    where, expected = given.where, given.expected
    timed = [part for part in (*given.x, *given.y) if part[0].kind != OWN]
    n_steps = _same(timed, 1, "steps", where)
    if given.told is not None:
        n_steps = _agree(n_steps, _told_steps(given), f"x['n_steps']{where}")
    if expected.n_steps is not None:
        n_steps = _agree(n_steps, expected.n_steps, "n_steps")
    n_steps = expected.usual_steps if n_steps is None else n_steps
    if n_steps is None:
        what = "y does not show it" if given.y else "neither x nor y is given"
        raise ValidationError(
            f"is needed: {what}{where}; give data (batch, n_steps, size), or n_steps",
            attr="n_steps",
        )
    return n_steps


def _items(given: Given) -> int:
    expected, where = given.expected, given.where
    items = _same([*given.x, *given.y], 0, "batch items", where)
    if items is None and given.told is not None and np.ndim(given.told) > 0:
        items = len(given.told)
    if items is None:
        items = expected.batch or expected.most or 1
    if where and expected.most is not None and items > expected.most:
        raise ValidationError(
            f"a batch of {items} items{where}: {too_large(expected.most)}", attr="x"
        )
    return items


def _same(parts: list[tuple[Slot, np.ndarray]], axis: int, unit: str, where: str) -> int | None:
    """Length of an axis that all arrays must agree on."""
    lengths = {slot.what: array.shape[axis] for slot, array in parts}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{what} {n}" for what, n in lengths.items())
        raise ValidationError(
            f"all must have the same number of {unit}{where}; got {told}", attr=parts[0][0].var
        )
    return next(iter(lengths.values()), None)


def _agree(shown: int | None, given: int, name: str) -> int:
    if shown is not None and shown != given:
        raise ValidationError(
            f"{name} says {given} steps, the data have {shown}; leave it out, or give data "
            f"(batch, {given}, size), for example np.tile(x, (1, {given}, 1)) of data of one step",
            attr="n_steps",
        )
    return given


def _told_steps(given: Given) -> int:
    """The number of steps that ``x["n_steps"]`` names, the same for all items."""
    values = np.unique(np.asarray(given.told))
    if values.size != 1:
        raise ValidationError(
            f"x['n_steps']{given.where} must be one number, the same for all items; got {values}",
            attr="n_steps",
        )
    return whole(values[0].item(), "n_steps", 1)


def too_large(most: int) -> str:
    """What to say of a batch with more items than the simulator computes at once."""
    return f"the simulator's minibatch_size is {most}, and no batch may be larger"
