"""Reading signals out of a run of a simulator that is afterwards as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from nengolab.exceptions import SimulatorClosed, ValidationError


def check_runs(sim: Any) -> None:
    """Raise for what does not run: a network, another simulator."""
    if not hasattr(sim, "add_tap"):
        got = f"{type(sim).__module__.partition('.')[0]}.{type(sim).__name__}"
        raise ValidationError(
            f"takes a nengolab.Simulator, which is run; got {got.removeprefix('builtins.')}",
            attr="sim",
        )
    if sim.closed:
        label = getattr(sim.network, "label", None) or "the network"
        raise SimulatorClosed(
            f"the simulator of {label!r} is closed: nothing of it runs. Make a new one"
        )


@contextmanager
def went_back(sim: Any) -> Iterator[None]:
    """Put state, time and probe data back at the end."""
    before = sim.state
    try:
        yield
    finally:
        sim.state = before


class Readings:
    """What reads signals, ``(object, attribute)`` by name, while the simulator advances.

    The form of the network that they are read out of is compiled beside a run.

    Parameters
    ----------
    sim : nengolab.Simulator
    wanted : dict
    """

    def __init__(self, sim: Any, wanted: dict[str, tuple[Any, str]]) -> None:
        self._sim = sim
        self._taps = {name: sim.add_tap(*what) for name, what in wanted.items()}

    @property
    def ready(self) -> bool:
        """Whether `seen` has to wait for nothing; also where an error is to be told."""
        taps = self._taps.values()
        failed = any(tap.error is not None for tap in taps)
        return failed or (all(tap.ready for tap in taps) and not self._sim.is_compiling)

    def seen(self, n_steps: int, data: Any) -> dict[str, np.ndarray]:
        """Advance, and give ``(batch, steps, size)`` of each, by name."""
        self._sim.prepare(whole=False)
        for tap in self._taps.values():
            if tap.error is not None:
                raise tap.error
        outputs = self._sim.advance(n_steps, data)
        return {name: np.asarray(outputs[tap], float) for name, tap in self._taps.items()}

    def close(self) -> None:
        """Read no more."""
        for tap in self._taps.values():
            self._sim.remove_tap(tap)


@contextmanager
def tapped(
    sim: Any, wanted: dict[str, tuple[Any, str]]
) -> Iterator[Callable[[int, Any], dict[str, np.ndarray]]]:
    """What reads signals, as `Readings` does, for as long as the block lasts."""
    readings = Readings(sim, wanted)
    try:
        yield readings.seen
    finally:
        readings.close()
