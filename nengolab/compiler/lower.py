"""Stage 4, lower: groups -> compiled regions -> a Program."""

from __future__ import annotations

from collections.abc import Callable, Collection
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from nengolab.compiler import crossing
from nengolab.compiler.differentiate import Differentiable
from nengolab.compiler.emit import Emitter, is_plain
from nengolab.compiler.fingerprint import fingerprint
from nengolab.compiler.graph import Graph, Input, Param, Port, Wire
from nengolab.compiler.program import LoweredGroup, Program, Reading, Record, kernel_of
from nengolab.compiler.routes import Address, make_route
from nengolab.compiler.schedule import BATCHED, PYTHON, Group, Schedule, reads_spikes
from nengolab.compiler.traces import Traced
from nengolab.kernels import tensor
from nengolab.kernels.base import Spec

HELD, SERIES = "held", "series"


class _GroupFacts:
    """What a kernel may look at when it chooses its formula."""

    def __init__(
        self,
        group: Group,
        schedule: Schedule,
        dtype: str,
        observed: set,
        training: bool,
        values: Callable[[Param], np.ndarray],
    ):
        self.training, self._value = training, values
        self.layout, self.dt, self.dtype = group.layout, schedule.graph.dt, dtype
        self.static = group.op.static
        self.stepped = schedule.regions[group.region].mode != BATCHED
        self.reads_spikes = all(reads_spikes(schedule.graph, op) for op in group.ops)
        self._group, self._observed = group, observed

    def with_values(self, values: Callable[[Param], np.ndarray]) -> _GroupFacts:
        """The same group with other values of parameters."""
        other = copy(self)
        other._value = values
        return other

    def param_shape(self, name: str) -> tuple[int, ...]:
        return self._group.op.params[name].value.shape

    def param_values(self, name: str) -> np.ndarray:
        return np.stack([self._value(op.params[name]) for op in self._group.ops])

    def state_values(self, name: str) -> np.ndarray:
        return np.stack([op.state[name] for op in self._group.ops])

    def observed(self, port: str) -> bool:
        """Whether anything reads this port of any member."""
        return any((op.index, port) in self._observed for op in self._group.ops)


def lower(
    schedule: Schedule,
    batch: int,
    dtype: str,
    readings: dict[Any, Wire],
    host: Any,
    training: bool = False,
    each_step: Collection[Any] | None = (),
    values: Callable[[Param], np.ndarray] = lambda param: param.value,
) -> Program:
    """Lower a schedule.

    Parameters
    ----------
    schedule : Schedule
    batch : int
        Items in a batch.
    dtype : {"float32", "float64"}
    readings : dict
        Wires to be read out after every step, by probe or tap.
    host : nengolab.runtime.calls.Host
        Runs the Python functions that are called back.
    training : bool
        Whether the program is to be differentiated.
    each_step : collection of nengo.Node or None
        Whose constant values are given for each step as other inputs are; None for all.
    values : callable
        Current value of a parameter: kernels choose their formulas by them.
    """
    graph = schedule.graph
    for op in graph.ops:
        if op.kernel == "tensor":
            tensor.check(op, batch, dtype)
    held, series = _inputs(graph, each_step)
    addresses = _addresses(graph, schedule, held, series)
    observed = _observed(graph, readings)
    groups = {}
    for group in schedule.groups:
        facts = _GroupFacts(group, schedule, dtype, observed, training, values)
        op = group.op
        lowered = LoweredGroup(
            group, Spec(group.layout, op.static, graph.dt, dtype, "", training), [], facts
        )
        lowered.spec = replace(lowered.spec, variant=kernel_of(lowered).variant(facts))
        lowered.routes = [
            make_route(graph, [o.inputs[i] for o in group.ops], addresses, group.layout, wire.size)
            for i, wire in enumerate(op.inputs)
        ]
        groups[group.index] = lowered
    program_readings = {k: _reading(graph, wire, addresses) for k, wire in readings.items()}
    records, carried = _records(schedule, groups, program_readings)
    program = Program(
        schedule, groups, batch, dtype, held, series, records, program_readings, carried
    )
    program.uncompiled = _uncompiled(schedule, groups)
    key = fingerprint(program, carried)
    if training:
        program.run = Differentiable(program, carried, host, key).run
    else:
        emitter = Emitter(program, carried, host)
        program.run = Traced(emitter.run, key, emitter.parallel, emitter.split)
    return program


def _uncompiled(schedule: Schedule, groups: dict[int, LoweredGroup]) -> dict[int, str]:
    """Why loops that call Python are not compiled as a whole, by region, where they are not."""
    found = {}
    for region in schedule.regions:
        if region.mode == PYTHON:
            foreign = [g.op.name for g in region.groups if is_plain(groups[g.index])]
            why = f"XLA cannot compile {foreign[0]}" if foreign else crossing.obstacle()
            if why:
                found[region.index] = why
    return found


def _inputs(graph: Graph, each_step: Collection[Any] | None) -> tuple[list[Input], list[Input]]:
    inputs = [s for s in graph.sources if isinstance(s, Input)]
    used = {
        int(n)
        for wire in (*(w for op in graph.ops for w in op.inputs), *graph.probes.values())
        for n in wire.numbers
    }
    used_inputs = [i for i in inputs if i.call or graph.sources.index(i) in used]
    held = [i for i in used_inputs if i.held and each_step is not None and i.owner not in each_step]
    return held, [i for i in used_inputs if i not in held]


def _addresses(
    graph: Graph, schedule: Schedule, held: list[Input], series: list[Input]
) -> dict[int, Address]:
    """Where the elements of every source live."""
    at: dict[Any, Address] = {}
    for key, inputs in ((HELD, held), (SERIES, series)):
        offset = 0
        for source in inputs:
            at[source] = Address(key, offset, 1)
            offset += source.size
    member_of = {op: (g, m) for g in schedule.groups for m, op in enumerate(g.ops)}
    for port in (s for s in graph.sources if isinstance(s, Port) and s.op in member_of):
        group, member = member_of[port.op]
        key = f"{group.index}:{port.name}"
        if group.layout.last:
            at[port] = Address(key, member, group.layout.members)
        else:
            at[port] = Address(key, member * port.size, 1)
    return {
        number: at[source]
        for number, source in enumerate(graph.sources)
        if not isinstance(source, Param) and source in at
    }


def _observed(graph: Graph, readings: dict[Any, Wire]) -> set[tuple[int, str]]:
    """Ports that something reads, as ``(operation, port)``."""
    wires = [w for op in graph.ops for w in op.inputs] + list(readings.values())
    numbers = {int(n) for wire in wires for n in wire.numbers}
    ports = [s for n in numbers if isinstance(s := graph.sources[n], Port)]
    return {(p.op.index, p.name) for p in ports}


def _reading(graph: Graph, wire: Wire, addresses: dict[int, Address]) -> Reading:
    terms: dict[Any, list] = {}
    constants = []
    for number in wire.numbers:
        rows = wire.src == number
        source = graph.sources[int(number)]
        if isinstance(source, Param):
            constants.append((source, wire.idx[rows], wire.pos[rows]))
        else:
            address = addresses[int(number)]
            terms.setdefault(address.key, []).append(
                (address.base + address.stride * wire.idx[rows], wire.pos[rows])
            )
    joined = []
    for key, parts in terms.items():
        source, target = (np.concatenate([p[i] for p in parts]) for i in (0, 1))
        joined.append((key, source, target, len(np.unique(target)) == len(target)))
    return Reading(wire.size, joined, constants)


def _records(
    schedule: Schedule, groups: dict[int, LoweredGroup], readings: dict[Any, Reading]
) -> tuple[list[Record], set[str]]:
    """What leaves the loops.

    For probes what they read; for later regions (the second result) whole arrays.
    """
    region_of = {f"{g.index}": g.region for g in schedule.groups}
    carried = {
        key
        for lowered in groups.values()
        for route in lowered.routes
        for key in route.keys
        if key not in (HELD, SERIES) and region_of[key.split(":")[0]] != lowered.group.region
    }
    wanted: dict[str, list[np.ndarray]] = {}
    for reading in readings.values():
        for key, source, _, _ in reading.terms:
            if key not in (HELD, SERIES):
                wanted.setdefault(key, []).append(source)
    records = []
    for key, sources in wanted.items():
        # In the order in which they are read: what a probe reads lies side by side then.
        index = np.array(list(dict.fromkeys(np.concatenate(sources).tolist())), int)
        whole = key in carried or 2 * len(index) > _key_size(groups, key)
        records.append(Record(key, None if whole else index))
    return records, carried


def _key_size(groups: dict[int, LoweredGroup], key: str) -> int:
    number, port = key.split(":")
    group = groups[int(number)].group
    return group.op.ports[port.rstrip("+")].size * group.layout.members
