"""Stage 4's result: a Program, the network as a pure function over a chunk of steps."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from nengolab.compiler.graph import Call, Input, Param
from nengolab.compiler.routes import Route
from nengolab.compiler.schedule import Group, Schedule
from nengolab.kernels.base import Kernel, Spec
from nengolab.kernels.registry import KERNELS


@dataclass(eq=False)
class LoweredGroup:
    """A group with its kernel's choices made.

    Attributes
    ----------
    group : Group
    spec : Spec
    routes : list of Route
        One for each input.
    facts : object
        What the kernel looked at when it chose its formula.
    """

    group: Group
    spec: Spec
    routes: list[Route]
    facts: Any

    @property
    def index(self) -> int:
        return self.group.index

    def state_key(self, name: str) -> str:
        return f"{self.index}.{name}"


def own_entries(arrays: dict, index: int) -> dict:
    """The entries of one group, under their own names."""
    prefix = f"{index}."
    return {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}


def kernel_of(lowered: LoweredGroup) -> Kernel:
    """The kernel that a group runs."""
    return KERNELS[lowered.group.op.kernel]


@dataclass
class Record:
    """An array that leaves the loop: all of it, or ``index`` of it (flat, in any order)."""

    key: str
    index: np.ndarray | None

    def columns(self, elements: np.ndarray) -> np.ndarray:
        """Where elements of the array lie in what left."""
        if self.index is None:
            return elements
        order = np.argsort(self.index)
        return order[np.searchsorted(self.index, elements, sorter=order)]


@dataclass
class Reading:
    """How a probe reads the records.

    Attributes
    ----------
    size : int
    terms : list of (key, from, to, distinct)
        Elements ``from`` of a record are added at ``to``; ``distinct`` where no two meet.
    constants : list of (Param, from, to)
    """

    size: int
    terms: list[tuple[str, np.ndarray, np.ndarray, bool]]
    constants: list[tuple[Param, np.ndarray, np.ndarray]]


@dataclass(eq=False)
class Program:
    """A compiled network: ``program(params, state, inputs, n_steps) -> (state, outputs)``.

    It advances ``n_steps`` steps and touches nothing outside: parameters, state and inputs are
    arguments, the new state and what was recorded are returned. (Python Nodes that are called
    back are the exception; the report names them.)

    Attributes
    ----------
    schedule : Schedule
    groups : dict of int to LoweredGroup
    batch : int
    dtype : str
    inputs_held, inputs_series : list of Input
        What ``inputs["held"]`` ``(batch, size)`` and ``inputs["series"]`` ``(steps, batch, size)``
        consist of, in order.
    records : list of Record
    readings : dict
        By probe or tap.
    carried : set of str
        Keys of arrays that one region leaves for another, whole, for every step of a tile.
    trained : set of str or None
        Keys of packed parameters of which gradients are asked; None for all.
    uncompiled : dict of int to str
        By region that calls Python: why its loop is not compiled as a whole, where it is not.
    crossings : list of nengolab.compiler.crossing.Crossing
        The ways out of compiled loops, which live as long as the program.
    """

    schedule: Schedule
    groups: dict[int, LoweredGroup]
    batch: int
    dtype: str
    inputs_held: list[Input]
    inputs_series: list[Input]
    records: list[Record]
    readings: dict[Any, Reading]
    carried: set[str] = field(default_factory=set)
    trained: frozenset[str] | None = None
    run: Callable[..., tuple[dict, dict]] = field(init=False, repr=False)  # set by `lower`
    traces: int = 0
    uncompiled: dict[int, str] = field(default_factory=dict)
    crossings: list[Any] = field(default_factory=list)

    def __call__(self, params: dict, state: dict, inputs: dict, n_steps: Any) -> tuple[dict, dict]:
        return self.run(params, state, inputs, n_steps)

    def execute(
        self, params: dict, state: dict, inputs: dict, n_steps: int, device: str | None = None
    ) -> tuple[dict, dict]:
        """The same with NumPy arrays, in and out, compiled apart from all else on a device."""
        arguments = (params, state, inputs, np.asarray(n_steps, np.int32))
        return self.run.execute(arguments, device)

    def release(self) -> None:
        """Let go of what was compiled."""
        if hasattr(self.run, "release"):
            self.run.release()

    def shape(self, key: str) -> tuple[int, int]:
        """Packed shape of the array ``key`` (``"group:port"``), without the batch axis."""
        number, port = key.split(":")
        group = self.groups[int(number)].group
        return group.layout.shape(group.op.ports[port.rstrip("+")].size)

    def width(self, key: str) -> int:
        """Elements of the array ``key`` of one batch item."""
        return int(np.prod(self.shape(key)))

    @property
    def traced(self) -> list[Call]:
        """Functions whose traces are evaluated, in the order of their finite flags."""
        groups = (self.groups[i].group for i in sorted(self.groups))
        return [op.traced for g in groups for op in g.ops if op.traced is not None]

    # -- parameters ----------------------------------------------------------------------------

    @cached_property
    def groups_of_param(self) -> dict[str, list[LoweredGroup]]:
        """Groups whose packed arrays hold something of a parameter, by its name."""
        found: dict[str, dict[int, LoweredGroup]] = {}
        for lowered in self.groups.values():
            names = {p.name for op in lowered.group.ops for p in op.params.values()}
            names |= {p.name for route in lowered.routes for p, _, _ in route.constants}
            for name in names:
                found.setdefault(name, {})[lowered.index] = lowered
        return {name: list(groups.values()) for name, groups in found.items()}

    def _holding(self, names: Collection[str] | None) -> list[LoweredGroup]:
        if names is None:
            return list(self.groups.values())
        groups = [lowered for name in names for lowered in self.groups_of_param.get(name, ())]
        return list({lowered.index: lowered for lowered in groups}.values())

    @cached_property
    def formulas(self) -> frozenset[tuple[str, str]]:
        """Which formula each operation got that could have another one, by its name."""
        chosen = [low for low in self.groups.values() if kernel_of(low).by_value]
        return frozenset((op.name, low.spec.variant) for low in chosen for op in low.group.ops)

    def fits(self, names: Collection[str], values: Callable[[Param], np.ndarray]) -> bool:
        """Whether the formulas that were chosen are right for other values of these parameters."""
        return all(
            kernel_of(lowered).fits(lowered.spec.variant, lowered.facts.with_values(values))
            for lowered in self._holding(names)
        )

    def pack(
        self, values: Callable[[Param], np.ndarray], names: Collection[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Named parameters -> the merged arrays that the program takes.

        Parameters
        ----------
        values : callable
            Current value of a parameter.
        names : collection of str, optional
            Only those arrays that may hold something of these parameters.
        """
        packed = {}
        for lowered in self._holding(names):
            for name, array in self._pack_group(lowered, values).items():
                packed[f"{lowered.index}.{name}"] = array
            for i, route in enumerate(lowered.routes):
                constant = route.constant(values)
                if constant is not None:
                    packed[f"{lowered.index}.in{i}"] = constant
        dtype = np.dtype(self.dtype)
        return {
            k: np.ascontiguousarray(v, dtype=v.dtype if v.dtype.kind in "iub" else dtype)
            for k, v in packed.items()
        }

    def packed_with(self, wanted: Callable[[Param], bool]) -> frozenset[str]:
        """Keys of packed arrays that hold something of the parameters that are wanted."""
        found = set()
        for lowered in self.groups.values():
            ops = lowered.group.ops
            own = kernel_of(lowered).arrays(ops, lambda p: p.value, lowered.spec)
            if own is not None:
                if any(wanted(p) for op in ops for p in op.params.values()):
                    found |= {f"{lowered.index}.{name}" for name in own}
            else:
                names = [n for n in ops[0].params if any(wanted(op.params[n]) for op in ops)]
                found |= {f"{lowered.index}.{name}" for name in names}
            for i, route in enumerate(lowered.routes):
                if any(wanted(param) for param, _, _ in route.constants):
                    found.add(f"{lowered.index}.in{i}")
        return frozenset(found)

    def _pack_group(self, lowered: LoweredGroup, values) -> dict[str, np.ndarray]:
        ops = lowered.group.ops
        own = kernel_of(lowered).arrays(ops, values, lowered.spec)
        if own is not None:
            return own
        return {name: self._pack_param(lowered, name, values) for name in ops[0].params}

    def _pack_param(self, lowered: LoweredGroup, name: str, values) -> np.ndarray:
        arrays = [np.atleast_1d(values(op.params[name])) for op in lowered.group.ops]
        stacked = np.stack(arrays, axis=-1)
        order = kernel_of(lowered).permutation(name, stacked.ndim, lowered.spec)
        if order is None:
            order = tuple(range(stacked.ndim))
            if not lowered.spec.layout.last:
                order = order[-1:] + order[:-1]
        return np.transpose(stacked, order)

    # -- state ---------------------------------------------------------------------------------

    def enter_state(self, named: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Named state, ``(batch, size)`` each -> the arrays the program carries."""
        carried = {}
        for lowered in self.groups.values():
            kernel, layout = kernel_of(lowered), lowered.spec.layout
            stacked = {}
            for name in lowered.group.op.state:
                arrays = [named[f"{op.name}.{name}"] for op in lowered.group.ops]
                stacked[name] = np.stack(arrays, axis=-1 if layout.last else 1)
            for name, array in kernel.enter(stacked, lowered.spec).items():
                dtype = self._state_dtype(lowered, name)
                carried[lowered.state_key(name)] = np.ascontiguousarray(array, dtype=dtype)
        return carried

    def _state_dtype(self, lowered: LoweredGroup, name: str) -> Any:
        """The program's dtype, but for integers and for what only Python computes with."""
        op = lowered.group.op
        initial = np.asarray(op.state.get(name, 0.0))
        own = initial.dtype.kind != "f" or (op.call is not None and name in op.call.state)
        return initial.dtype if own else self.dtype

    def leave_state(self, carried: dict[str, Any]) -> dict[str, np.ndarray]:
        """The inverse of ``enter_state``."""
        named = {}
        for lowered in self.groups.values():
            prefix = f"{lowered.index}."
            own = {
                k[len(prefix) :]: np.asarray(v) for k, v in carried.items() if k.startswith(prefix)
            }
            if not own:
                continue
            axis = -1 if lowered.spec.layout.last else 1
            for name, array in kernel_of(lowered).leave(own, lowered.spec).items():
                for m, op in enumerate(lowered.group.ops):
                    named[f"{op.name}.{name}"] = np.take(array, m, axis=axis)
        return named

    def initial_state(self, seed: int, first: int = 0) -> dict[str, np.ndarray]:
        """Named state at time 0, the same for every batch item but for what is drawn."""
        items = range(first, first + self.batch)
        return {
            f"{op.name}.{name}": np.stack([op.drawn[name](seed, i) for i in items])
            if name in op.drawn
            else np.broadcast_to(value, (self.batch, *np.shape(value))).copy()
            for op in self.schedule.graph.ops
            for name, value in op.state.items()
        }

    def locate(self, key: str) -> list[str]:
        """Names of the state arrays packed in the carried array ``key``."""
        number, name = key.split(".", 1)
        return [f"{op.name}.{name}" for op in self.groups[int(number)].group.ops]
