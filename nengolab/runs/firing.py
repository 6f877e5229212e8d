"""How layers of neurons fire: rates, and which neurons never do or always do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A neuron that fires at so much of the highest rate that it can is saturated.
SATURATED = 0.9
BINS = 24


@dataclass(frozen=True)
class Firing:
    """How the neurons of a layer fire, over some items.

    Attributes
    ----------
    neurons : int
    mean : float
        Of their rates (Hz).
    dead : float
        The share that does not fire for any item.
    saturated : float or None
        The share whose mean rate is at least `SATURATED` of the highest; None without a highest.
    counts : ndarray (BINS,)
        How many neurons have which mean rate.
    top : float
        The upper end of the last bin (Hz).
    """

    neurons: int
    mean: float
    dead: float
    saturated: float | None
    counts: np.ndarray
    top: float


def firing(rates: np.ndarray, highest: float | None) -> Firing:
    """Say how a layer fires.

    Parameters
    ----------
    rates : ndarray (items, neurons)
        In Hz.
    highest : float or None
        The highest rate that its neurons can reach (Hz), where there is one.

    Examples
    --------
    >>> from nengolab.runs.firing import firing
    >>> found = firing(np.array([[0.0, 100.0, 480.0], [0.0, 20.0, 490.0]]), 500.0)
    >>> found.mean, round(found.dead, 2), round(found.saturated, 2)
    (181.66666666666666, 0.33, 0.33)
    """
    each = rates.mean(axis=0)
    top = float(each.max(initial=0.0)) or 1.0
    counts, _ = np.histogram(each, BINS, (0.0, top))
    return Firing(
        rates.shape[1],
        float(each.mean()),
        float(np.mean(rates.max(axis=0) <= 0)),
        None if highest is None else float(np.mean(each >= SATURATED * highest)),
        counts,
        top,
    )
