"""The state of a simulator as a value: taken, put back, put into another simulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.runtime.processes import ProcessState

if TYPE_CHECKING:
    from nengolab.runtime.engine import Engine

SHOWN = 5


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


def take(engine: Engine) -> Snapshot:
    """The snapshot of an engine as it is now."""
    host, owners = engine.host, _owners(engine)
    seen = {None, *engine.probes}  # taps are no part of the network
    arrays = {n: a for n, a in engine.runner.named_state().items() if owners[n] in seen}
    return Snapshot(
        engine.n_steps,
        engine.dt,
        host.seed,
        engine.batch,
        arrays,
        host.process_states(),
        tuple(host.out_of_reach()),
        frozenset(name for name in arrays if owners[name] is not None),
        host.drawn(),
    )


def _owners(engine: Engine) -> dict[str, nengo.Probe | None]:
    """Which probe keeps a state array for itself, by the array's name; None for no probe."""
    return {
        f"{op.name}.{name}": op.owner if isinstance(op.owner, nengo.Probe) else None
        for op in engine.graph.ops
        for name in op.state
    }


def put(engine: Engine, snapshot: Snapshot) -> list[str]:
    """Put an engine back to a snapshot: wholly, or, where it does not fit, not at all.

    Returns
    -------
    list of str
        Names of the Python functions and processes that could not be put back.

    Raises
    ------
    ValidationError
        Naming what does not fit.
    """
    if not isinstance(snapshot, Snapshot):
        raise ValidationError(
            f"must be a snapshot, as sim.state gives it; got {type(snapshot).__name__}",
            attr="state",
        )
    _check(engine, snapshot)
    engine.host.put_processes(snapshot.seed, snapshot.processes, snapshot.drawn)
    engine.runner.set_named_state(snapshot.arrays)
    engine.n_steps = snapshot.n_steps
    return sorted({*snapshot.not_restorable, *engine.host.out_of_reach()})


def _check(engine: Engine, snapshot: Snapshot) -> None:
    if snapshot.batch != engine.batch:
        raise ValidationError(
            f"the snapshot holds {snapshot.batch} batch item(s), the simulator runs "
            f"{engine.batch}; choose one for each, for example with snapshot.take([0] * "
            f"{engine.batch})",
            attr="state",
        )
    wrong = []
    if snapshot.dt != engine.dt:
        wrong.append(f"it was taken with dt = {snapshot.dt:g} s, the simulator has {engine.dt:g} s")
    wrong += _array_misfits(engine, snapshot)
    wrong += engine.host.misfits(snapshot.processes)
    if wrong:
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise ValidationError(
            f"the snapshot does not fit this simulator: {'; '.join(wrong[:SHOWN])}{more}",
            attr="state",
        )


def _array_misfits(engine: Engine, snapshot: Snapshot) -> list[str]:
    own = engine.runner.named_state()
    probes = {name for name, probe in _owners(engine).items() if probe is not None}
    wrong = [f"{n!r} is missing" for n in own if n not in snapshot.arrays and n not in probes]
    for name, array in snapshot.arrays.items():
        if name not in own:
            if name not in snapshot.of_probes:
                wrong.append(f"{name!r} is unknown")
        elif array.shape != own[name].shape:
            wrong.append(f"{name!r} is {array.shape}, expected {own[name].shape}")
        elif not np.can_cast(array.dtype, own[name].dtype, "same_kind"):
            wrong.append(f"{name!r} holds {array.dtype}, expected {own[name].dtype}")
    return wrong
