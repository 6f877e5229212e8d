"""The state of a simulator as a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.runtime.processes import ProcessState


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that a step changes, at a moment; ``sim.state`` gives it and takes it back.

    It names things as the network does and knows nothing of how the network was compiled, so it
    fits every simulator of the same network, whatever its taps, its probes, its device and its
    precision. What probes keep by themselves (the value of their filter) is in it too; a probe
    that it does not know starts from rest, and what it holds of a probe that is not there is
    left out. Inputs set with ``set_input`` and parameters are no state.

    Attributes
    ----------
    n_steps : int
        Steps done since time 0.
    dt : float
        Length of a step (s).
    seed : int
        Of the processes.
    batch : int
        Number of items.
    arrays : Mapping of str to ndarray
        By name, ``(batch, size)`` each, read-only.
    processes : Mapping of str to tuple of ProcessState
        Generators and arrays of the processes, one for each item.
    not_restorable : tuple of str
        Python functions and processes whose own memory (closures, globals, attributes) nobody can
        copy. Restoring leaves them as they are and says so.
    of_probes : frozenset of str
        Which of ``arrays`` are probes' own.
    drawn : Mapping of str to (int, ndarray)
        What processes have drawn ahead, after a run that was stopped in a tile: after how many
        steps, and ``(steps, batch, size)``.

    Examples
    --------
    >>> sim.run_steps(10)
    >>> snapshot = sim.state
    >>> snapshot.n_steps, snapshot.batch
    (10, 1)
    >>> with nengolab.Simulator(net, minibatch_size=4) as wide:
    ...     wide.state = snapshot.take([0] * 4)
    """

    n_steps: int
    dt: float
    seed: int
    batch: int
    arrays: Mapping[str, np.ndarray]
    processes: Mapping[str, tuple[ProcessState, ...]]
    not_restorable: tuple[str, ...] = ()
    of_probes: frozenset[str] = frozenset()
    drawn: Mapping[str, tuple[int, np.ndarray]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        arrays = {name: np.array(array) for name, array in self.arrays.items()}
        for array in arrays.values():
            array.setflags(write=False)
        object.__setattr__(self, "arrays", MappingProxyType(arrays))
        object.__setattr__(self, "processes", MappingProxyType(dict(self.processes)))

    def __getstate__(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "arrays": dict(self.arrays),
            "processes": dict(self.processes),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()

    def __repr__(self) -> str:
        size = sum(a.nbytes for a in self.arrays.values())
        return (
            f"<Snapshot at step {self.n_steps} ({self.n_steps * self.dt:g} s): "
            f"{len(self.arrays)} arrays, {size} bytes, batch {self.batch}>"
        )

    def take(self, items: Iterable[int]) -> Snapshot:
        """The snapshot of these batch items; ``take([0] * 8)`` makes eight of the first.

        Copies of an item have copies of its random generators: they draw the same noise.
        """
        items = [int(i) for i in items]
        wrong = [i for i in items if not 0 <= i < self.batch]
        if wrong or not items:
            raise ValidationError(
                f"must be numbers from 0 to {self.batch - 1}, got {items}", attr="items"
            )
        return replace(
            self,
            batch=len(items),
            arrays={name: array[items] for name, array in self.arrays.items()},
            processes={
                name: tuple(states[i] for i in items) for name, states in self.processes.items()
            },
            drawn={n: (first, rows[:, items]) for n, (first, rows) in self.drawn.items()},
        )
