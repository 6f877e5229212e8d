"""Which neurons of an ensemble are shown, and in which order."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
from nengo.exceptions import ValidationError
from scipy.cluster.hierarchy import leaves_list, linkage

ORDERS = ("index", "intercept", "direction", "similarity")
# Whose encoder is no farther from a direction than 60 degrees is said to prefer it.
PREFERS = 0.5
# To put more by similarity takes too long.
MOST_ALIKE = 3000


def read_direction(text: str, dimensions: int) -> np.ndarray | None:
    """Understand a direction such as ``1, 0``; None of none.

    Raises
    ------
    ValidationError
        Says what would work.
    """
    if not text.strip():
        return None
    try:
        found = np.atleast_1d(np.asarray(ast.literal_eval(text), dtype=float))
    except (ValueError, SyntaxError, TypeError):
        found = np.zeros(0)
    if found.shape != (dimensions,) or not np.isfinite(found).all() or not found.any():
        example = ", ".join(["1", *["0"] * (dimensions - 1)])
        raise ValidationError(
            f"a direction of the {dimensions} represented dimension"
            f"{'' if dimensions == 1 else 's'} is such as {example}; got {text!r}",
            "toward",
        )
    return found / np.linalg.norm(found)


def ordered(population: Any, chosen: np.ndarray, toward: np.ndarray | None, order: str) -> Any:
    """Give the neurons to show, from the lowest row up.

    Parameters
    ----------
    population : nengolab.inspect.Population
    chosen : ndarray of int
        Those that were chosen by number.
    toward : ndarray or None
        Of them, those that prefer this direction; None is all.
    order : str
        Of `ORDERS`: by "intercept" the first to fire is the lowest; by "direction" the encoder's
        angle in the plane of the first two dimensions, or its sign; by "similarity" neurons with
        encoders that are alike stand together.
    """
    lengths = np.linalg.norm(population.encoders, axis=1, keepdims=True)
    encoders = population.encoders / np.where(lengths > 0, lengths, 1.0)
    if toward is not None:
        chosen = chosen[encoders[chosen] @ toward >= PREFERS]
    if order == "intercept":
        if population.intercepts is None:
            raise ValidationError("this type of neuron has no intercepts to sort by", "order")
        return chosen[np.argsort(population.intercepts[chosen], kind="stable")]
    if order == "direction":
        plane = encoders[chosen]
        angle = plane[:, 0] if plane.shape[1] == 1 else np.arctan2(plane[:, 1], plane[:, 0])
        return chosen[np.argsort(angle, kind="stable")]
    if order == "similarity" and len(chosen) > 2:
        if len(chosen) > MOST_ALIKE:
            raise ValidationError(
                f"{len(chosen)} neurons cannot be put by similarity, at most {MOST_ALIKE}; "
                "choose fewer, such as 0:1000",
                "order",
            )
        near = linkage(encoders[chosen], "average", optimal_ordering=len(chosen) <= 500)
        return chosen[leaves_list(near)]
    return chosen
