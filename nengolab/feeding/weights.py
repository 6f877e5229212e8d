"""Weights of items, steps and classes: what Keras takes beside targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.feeding.datachecks import CLASSES, OWN, Slot, first_not_finite
from nengolab.names import listing


def sample_weights(
    given: Mapping[str, Any], slots: list[Slot], items: int, n_steps: int, where: str = ""
) -> dict[str, np.ndarray]:
    """One array of weights for each probe that has targets, ``(batch, steps)`` or ``(batch, 1)``.

    Losses of Keras are ``(batch, steps)`` before they are averaged, and it multiplies without
    adding axes: weights of items need one for the steps.

    Parameters
    ----------
    given : Mapping of str to array
        ``(batch,)`` or ``(batch, steps)`` by alias; where there is None, all weigh 1.
    slots : list of Slot
        Of the probes with targets.
    items, n_steps : int
    where : str
        In which of many items, for the error.

    Raises
    ------
    ValidationError
        For what is no weight.
    """
    found = {}
    for slot in slots:
        value = given[slot.alias]
        array = np.ones(items, np.float32) if value is None else value
        found[slot.alias] = _checked(array, slot, items, n_steps, where)
    return found


def weight_shape(shape: Any, slot: Slot) -> tuple:
    """Shape of weights ``(batch,)`` or ``(batch, steps)`` that multiply a loss of this probe."""
    return (*shape, *(1,) * (1 + len(slot.shape) - len(shape)))


def _checked(value: Any, slot: Slot, items: int, n_steps: int, where: str) -> np.ndarray:
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        array = np.asarray(None)
    who = f"of {slot.alias!r}{where}: "
    if array.dtype.kind not in "biuf":
        raise ValidationError(
            f"{who}expected numbers (batch,) or (batch, n_steps), got {type(value).__name__}",
            attr="sample_weight",
        )
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    steps_fit = array.ndim < 2 or array.shape[1] in (1, n_steps) or slot.kind == OWN
    if array.ndim not in (1, 2) or array.shape[0] != items or not steps_fit:
        raise ValidationError(
            f"{who}expected (batch,) or (batch, n_steps), here ({items},) or ({items}, {n_steps}); "
            f"got {array.shape}",
            attr="sample_weight",
        )
    bad = first_not_finite(array)
    if bad is not None:
        raise ValidationError(f"{who}{array[bad]} at {bad}", attr="sample_weight")
    return array.reshape(weight_shape(array.shape, slot))


def class_weights(
    given: Mapping[int, float], targets: list[tuple[Slot, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Sample weights ``(batch, steps)`` from weights of classes, at every step.

    A class is the number that the targets hold, or else their largest element's; a class that is
    not named weighs 1, as in Keras. `check_class_weight` has seen to it that it makes sense.
    """
    ((slot, array),) = targets
    classes = array.reshape(array.shape[:2]) if slot.kind == CLASSES else _class_of(array)
    weights = np.ones(classes.shape, np.float32)
    for number, weight in given.items():
        weights[classes == int(number)] = weight
    return {slot.alias: weights.reshape(weight_shape(weights.shape, slot))}


def _class_of(array: np.ndarray) -> np.ndarray:
    return np.round(array[..., 0]) if array.shape[-1] == 1 else array.argmax(axis=-1)


def check_class_weight(given: Any, slots: list[Slot], where: str = "") -> None:
    """Whether weights of classes make sense with these targets.

    Raises
    ------
    ValidationError
        Where they do not.
    """
    if len(slots) != 1 or slots[0].kind == OWN:
        raise ValidationError(
            "weighs classes of one probe with targets of a loss of Keras; targets are given for "
            f"{listing(slot.alias for slot in slots)}{where}. Use sample_weight",
            attr="class_weight",
        )
    entries = given.items() if isinstance(given, Mapping) else [(None, None)]
    for number, weight in entries:
        whole = isinstance(number, (int, np.integer)) and number >= 0
        if not whole or not isinstance(weight, (int, float, np.number)) or not np.isfinite(weight):
            raise ValidationError(
                f"must be a dict of numbers of classes and their weights, got {given!r}",
                attr="class_weight",
            )
