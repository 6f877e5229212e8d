"""Arrays through the three passes; the third finds weights, and fills what is not fed."""

from __future__ import annotations

from typing import Any

import numpy as np

from nengolab.feeding.aliases import N_STEPS
from nengolab.feeding.checking import check
from nengolab.feeding.expected import Expected
from nengolab.feeding.fed import Fed
from nengolab.feeding.matching import Given, match
from nengolab.feeding.weights import class_weights, sample_weights


def normalise(expected: Expected, x: Any, y: Any, sample_weight: Any, where: str = "") -> Fed:
    """Data as Keras takes them: all of a call, or (``where`` says which) one item of many.

    Raises
    ------
    UnknownObject, ValidationError
        For data that do not fit.
    """
    given = match(expected, x, y, sample_weight, where)
    check(given)
    return weigh_and_fill(given)


def weigh_and_fill(given: Given) -> Fed:
    """Third pass: what Keras takes, with weights, and with something for each of its inputs."""
    expected, items, n_steps = given.expected, given.items, given.n_steps
    assert items is not None  # the second pass found both
    assert n_steps is not None
    weights = None
    if expected.class_weight is not None:
        weights = class_weights(expected.class_weight, given.y)
    elif given.weight is not None:
        slots = [slot for slot, _ in given.y]
        weights = sample_weights(given.weight, slots, items, n_steps, given.where)
    y: dict[str, np.ndarray] = {slot.alias: array for slot, array in given.y}
    for alias in expected.stand_ins(y):
        one = (1,) * len(expected.shapes[alias])
        y[alias] = np.zeros((items, 1, *one), np.float32)
        if weights is not None:
            weights[alias] = np.ones((items, *one), np.float32)
    x = {slot.alias: array for slot, array in given.x}
    x = x or {N_STEPS: np.full((items, 1), n_steps, np.int32)}
    return Fed(x, y or None, weights or None, n_steps, items, given.inputs, given.targets)
