"""The functional graph between the stages: operations, their sources, and wires between them.

Nengo's operators set, increment and update shared signals. Here every operation reads *wires*
and produces *ports*. A wire is a sum of selected elements of sources; what Nengo expresses with
resets, copies, slices and passthrough nodes is all in the wires, so those cost nothing at run time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from nengolab.compiler.independence import Verdict
from nengolab.compiler.tracing import Trace
from nengolab.exceptions import BuildError


def endless(names: list[str]) -> BuildError:
    """The error for values that would have to be known before they are computed."""
    return BuildError(
        f"feedback within one step, through {', '.join(dict.fromkeys(names))}: give one of these "
        "connections a synapse (0 delays by one step) instead of None"
    )


@dataclass(eq=False)
class Param:
    """A named array that the network computes with and does not change by itself.

    Attributes
    ----------
    name : str
        For example ``"hidden.encoders"``.
    value : ndarray
        Initial value, double precision.
    owner : object
        The Nengo object it belongs to.
    role : str
        ``"encoders"``, ``"bias"``, ``"weights"``, ``"gain"``, ``"tau_rc"``, ...
    trainable : bool or None
        What the Keras layer says that it belongs to; None where no layer is asked.
    idle : bool
        Whether it multiplies something to which nothing is connected.
    """

    name: str
    value: np.ndarray
    owner: Any = None
    role: str = ""
    trainable: bool | None = None
    idle: bool = False

    @property
    def size(self) -> int:
        return int(np.size(self.value))


@dataclass(eq=False)
class Input:
    """Values that come from outside the program.

    ``held`` ones are one vector per call, ``series`` ones a vector per step.
    """

    name: str
    size: int
    held: bool
    value: np.ndarray | None = None
    call: Call | None = None
    owner: Any = None


@dataclass(eq=False)
class Port:
    """One output of an operation.

    A ``delayed`` port shows during a step what its operation computed in the step before; its twin
    with ``+`` behind the name shows what it computed in this one, and only probes read that.
    """

    op: Op
    name: str
    size: int
    delayed: bool = False


Source = Param | Input | Port


@dataclass(eq=False)
class Call:
    """A Python function or process that a Node or a connection runs.

    Attributes
    ----------
    fn : callable or None
        The function; None for a process.
    process : nengo.Process or None
        Stepped through ``make_step`` with a random generator per batch item.
    takes_t, takes_x : bool
        What is passed: the time (s), a copy of the input vector.
    size_in, size_out : int
    verdict : Verdict
        Whether it is provably free of any tie to other Python code.
    op : nengo.builder.operator.Operator
        The operator it came from.
    stepped : bool
        Whether it is an operation of the graph rather than an input evaluated ahead.
    neurons : nengo.neurons.NeuronType or None
        Runs this type's ``step``.
    state : tuple of str
        State of the operation that is passed in and comes out anew, in its own dtype.
    trace : Trace or None
        What it computes as an expression, which is evaluated in its place.
    untraced : str
        Why there is no trace.
    """

    fn: Any
    process: Any
    takes_t: bool
    takes_x: bool
    size_in: int
    size_out: int
    verdict: Verdict
    name: str
    owner: Any = None
    op: Any = None
    stepped: bool = False
    neurons: Any = None
    state: tuple[str, ...] = ()
    trace: Trace | None = None
    untraced: str = ""


@dataclass(eq=False)
class Op:
    """One operation of the graph.

    Attributes
    ----------
    kernel : str
        Name in the kernel registry.
    static : tuple
        What must be equal for two operations to be merged, beside the shapes.
    inputs : list of Wire
    params : dict of str to Param
    state : dict of str to ndarray
        Initial state.
    drawn : dict of str to callable
        State that starts from random numbers: ``drawn[name](seed, item)`` is its initial value for
        a simulator's seed and a place in the batch, in shape and dtype as in ``state``.
    ports : dict of str to Port
    name : str
        Readable name of the owner.
    pattern : object
        What a kernel arranges the parameters by, where they are no plain stacks.
    call, traced : Call or None
        The Python function that it calls back, or whose trace it evaluates.
    synapse : nengo.synapses.Synapse or None
        The synapse that it is.
    """

    kernel: str
    static: tuple
    inputs: list[Wire]
    params: dict[str, Param]
    state: dict[str, np.ndarray]
    name: str
    owner: Any = None
    ports: dict[str, Port] = field(default_factory=dict)
    drawn: dict[str, Callable[[int, int], np.ndarray]] = field(default_factory=dict)
    call: Call | None = None
    pattern: Any = None
    traced: Call | None = None
    synapse: Any = None
    index: int = -1

    def add_port(self, name: str, size: int, delayed: bool = False) -> Port:
        self.ports[name] = Port(self, name, size, delayed)
        return self.ports[name]

    @property
    def called(self) -> Call:
        """The Python function that it calls back; for an operation that does."""
        assert self.call is not None, self.name
        return self.call

    @property
    def merge_key(self) -> tuple:
        """Operations with equal keys may run as one."""
        return (
            self.kernel,
            self.static,
            tuple(w.size for w in self.inputs),
            tuple((k, p.value.shape) for k, p in sorted(self.params.items())),
            tuple((k, np.shape(s)) for k, s in sorted(self.state.items())),
            tuple((p.name, p.size, p.delayed) for p in self.ports.values()),
        )


@dataclass(eq=False)
class Wire:
    """A vector made of elements of sources, summed where several land on one place.

    Attributes
    ----------
    size : int
    pos : ndarray of int
        Where each term lands, ascending.
    src : ndarray of int
        Number of its source in ``Graph.sources``.
    idx : ndarray of int
        Which element of that source.
    """

    size: int
    pos: np.ndarray
    src: np.ndarray
    idx: np.ndarray

    @classmethod
    def empty(cls, size: int) -> Wire:
        none = np.zeros(0, np.int64)
        return cls(size, none, none, none)

    @classmethod
    def of_source(cls, number: int, size: int) -> Wire:
        every = np.arange(size)
        return cls(size, every, np.broadcast_to(np.int64(number), size), every)

    @cached_property
    def numbers(self) -> np.ndarray:
        """Numbers of the sources it reads, each once, ascending."""
        if len(self.src) and self.src.min() == self.src.max():
            return self.src[:1]
        return np.unique(self.src)

    @classmethod
    def summed(cls, size: int, parts: list[Wire]) -> Wire:
        """Sum of wires whose positions already refer to the result."""
        if not parts:
            return cls.empty(size)
        if len(parts) == 1:
            return parts[0]
        pos = np.concatenate([p.pos for p in parts])
        order = np.argsort(pos, kind="stable")
        src = np.concatenate([p.src for p in parts])[order]
        return cls(size, pos[order], src, np.concatenate([p.idx for p in parts])[order])

    def take(self, elements: np.ndarray) -> Wire:
        """The wire of the elements at ``elements``, in that order, repeats allowed."""
        n = len(elements)
        if _is_range(elements, self.size):
            return self
        if n and elements[-1] - elements[0] == n - 1 and np.all(np.diff(elements) == 1):
            lo, hi = np.searchsorted(self.pos, (elements[0], elements[-1] + 1))
            return Wire(n, self.pos[lo:hi] - elements[0], self.src[lo:hi], self.idx[lo:hi])
        lo = np.searchsorted(self.pos, elements)
        count = np.searchsorted(self.pos, elements, side="right") - lo
        first = np.repeat(lo - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
        at = first + np.arange(count.sum())
        return Wire(n, np.repeat(np.arange(n), count), self.src[at], self.idx[at])

    def place(self, elements: np.ndarray, size: int) -> Wire:
        """This wire's elements put at ``elements`` of a wire of ``size``."""
        if _is_range(elements, size):
            return self
        pos = elements[self.pos]
        order = np.argsort(pos, kind="stable")
        return Wire(size, pos[order], self.src[order], self.idx[order])


def _is_range(elements: np.ndarray, size: int) -> bool:
    """Whether ``elements`` are all places of an array of ``size``, in order."""
    return len(elements) == size and np.array_equal(elements, np.arange(size))


@dataclass
class Graph:
    """The network as operations over named parameters and inputs.

    Attributes
    ----------
    ops : list of Op
    sources : list of Param, Input or Port
    probes : dict of nengo.Probe to Wire
    read : callable
        ``read(signal)`` gives the wire of any Nengo signal: what a live tap needs.
    model : nengo.builder.Model
    dt : float
    calls : list of Call
    idle : list of Op
        Products with nothing: they are left out, and their parameters are here to be seen.
    """

    ops: list[Op]
    sources: list[Source]
    probes: dict[Any, Wire]
    read: Any
    model: Any
    dt: float
    calls: list[Call] = field(default_factory=list)
    idle: list[Op] = field(default_factory=list)
    _ports_read: dict[int, list[Port]] = field(default_factory=dict)

    @cached_property
    def params(self) -> dict[str, Param]:
        """Every parameter by its name: of operations, of idle ones, then those inside wires."""
        found = {p.name: p for op in (*self.ops, *self.idle) for p in op.params.values()}
        return found | {s.name: s for s in self.sources if isinstance(s, Param)}

    @cached_property
    def params_of(self) -> dict[Any, dict[str, Param]]:
        """The parameters of each object, by role; of one role's several the first."""
        found: dict[Any, dict[str, Param]] = {}
        for param in self.params.values():
            if param.owner is not None:
                found.setdefault(param.owner, {}).setdefault(param.role, param)
        return found

    @cached_property
    def learned(self) -> list[Op]:
        """Operations whose state is what is learned online."""
        return [op for op in self.ops if op.kernel in ("learn", "accumulate")]

    @cached_property
    def heard(self) -> frozenset[Any]:
        """Owners of inputs and Python functions that anything depends on which can be noticed.

        That is what reaches a probe, or a Python function that is called back.
        """
        called = [op for op in self.ops if op.call is not None]
        pending = {int(n) for op in called for wire in op.inputs for n in wire.numbers}
        pending |= {int(n) for wire in self.probes.values() for n in wire.numbers}
        seen: set[int] = set()
        while pending:
            seen |= pending
            ops = {s.op for n in pending if isinstance(s := self.sources[n], Port)}
            pending = {int(n) for op in ops for wire in op.inputs for n in wire.numbers} - seen
        sources = [self.sources[n] for n in seen]
        return frozenset(
            [s.owner for s in sources if isinstance(s, Input)]
            + [s.op.owner for s in sources if isinstance(s, Port) and s.op.call is not None]
        )

    @cached_property
    def stepped_nodes(self) -> frozenset[Any]:
        """Nodes without input whose functions take their turn among those that read the network."""
        calls = [op.call for op in self.ops if op.call is not None]
        return frozenset(c.owner for c in calls if not c.takes_x and c.neurons is None)

    def ports_read(self, op: Op) -> list[Port]:
        """Ports that an operation reads, each once."""
        if op.index not in self._ports_read:
            numbers = {int(n) for wire in op.inputs for n in wire.numbers}
            sources = [self.sources[n] for n in sorted(numbers)]
            self._ports_read[op.index] = [s for s in sources if isinstance(s, Port)]
        return self._ports_read[op.index]
