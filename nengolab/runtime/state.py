"""An engine's state: taken as a `Snapshot`, put back, put into another engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import nengo
import numpy as np

from nengolab.compiler.graph import Graph
from nengolab.exceptions import ValidationError
from nengolab.kernels.registry import KERNELS
from nengolab.runtime.calls import Host
from nengolab.runtime.loop import TileRunner
from nengolab.runtime.snapshot import Snapshot

SHOWN = 5


class HasState(Protocol):
    """What has a state: `nengolab.runtime.engine.Engine`, seen from below."""

    n_steps: int
    dt: float
    batch: int
    graph: Graph
    probes: list[nengo.Probe]
    host: Host
    runner: TileRunner


def take(engine: HasState, arrays: bool = True) -> Snapshot:
    """The snapshot of an engine as it is now; without its arrays where nobody wants them."""
    host, owners = engine.host, _owners(engine)
    seen = {None, *engine.probes}  # taps are no part of the network
    named = engine.runner.named_state() if arrays else {}
    found = {n: a for n, a in named.items() if owners[n] in seen}
    return Snapshot(
        engine.n_steps,
        engine.dt,
        host.seed,
        engine.batch,
        found,
        host.process_states(),
        tuple(host.out_of_reach()),
        frozenset(name for name in found if owners[name] is not None),
        host.drawn(),
    )


def _owners(engine: HasState) -> dict[str, nengo.Probe | None]:
    """Which probe keeps a state array for itself, by the array's name; None for no probe."""
    return {
        f"{op.name}.{name}": op.owner if isinstance(op.owner, nengo.Probe) else None
        for op in engine.graph.ops
        for name in op.state
    }


def put(engine: HasState, snapshot: Snapshot) -> list[str]:
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


def adapted(engine: HasState, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What of the state changes when parameters get these values, by name."""
    found: dict[str, np.ndarray] = {}
    for lowered in engine.runner.program.groups.values():
        ops = [o for o in lowered.group.ops if any(p.name in values for p in o.params.values())]
        if not ops or not lowered.group.op.state:
            continue
        now = engine.runner.named_state(lowered.index)
        for op in ops:
            own = {name: now[f"{op.name}.{name}"] for name in op.state}
            old = {key: engine.runner.value(p) for key, p in op.params.items()}
            new = {key: values.get(p.name, old[key]) for key, p in op.params.items()}
            changed = KERNELS[op.kernel].adapt(own, old, new)
            found |= {f"{op.name}.{name}": array for name, array in changed.items()}
    return found


def _check(engine: HasState, snapshot: Snapshot) -> None:
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


def _array_misfits(engine: HasState, snapshot: Snapshot) -> list[str]:
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
