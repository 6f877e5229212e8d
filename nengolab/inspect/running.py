"""Reading signals out of a run of a simulator that is afterwards as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError


def check_runs(sim: Any) -> None:
    """Raise for what does not run: a network, another simulator."""
    if not hasattr(sim, "add_tap"):
        raise ValidationError(
            f"takes a nengolab.Simulator, which is run; got {type(sim).__name__}", attr="sim"
        )


@contextmanager
def went_back(sim: Any) -> Iterator[None]:
    """Put state, time and probe data back at the end."""
    before = sim.state
    try:
        yield
    finally:
        sim.state = before


@contextmanager
def tapped(
    sim: Any, wanted: dict[str, tuple[Any, str]]
) -> Iterator[Callable[[int, Any], dict[str, np.ndarray]]]:
    """What reads signals, ``(object, attribute)``, while the simulator advances.

    It gives ``(batch, steps, size)`` of each, by name.
    """
    taps = {name: sim.add_tap(*what) for name, what in wanted.items()}

    def seen(n_steps: int, data: Any) -> dict[str, np.ndarray]:
        sim.prepare()
        for tap in taps.values():
            if tap.error is not None:
                raise tap.error
        outputs = sim.advance(n_steps, data)
        return {name: np.asarray(outputs[tap], float) for name, tap in taps.items()}

    try:
        yield seen
    finally:
        for tap in taps.values():
            sim.remove_tap(tap)
