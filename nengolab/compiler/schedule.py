"""Stage 3, schedule: which operations run over many steps at once, and which are merged.

The operations, with all edges over time, fall into strongly connected components. What lies in
one (a feedback path) is stepped. An operation on no feedback path may run for a whole tile of
steps at once, on arrays ``(steps, batch, size)``; whether that pays is decided by ``pays_batched``.
A run of operations of one mode, in an order that respects every edge, is a *region*.

Inside a region, like operations of different objects are merged into groups by list scheduling:
near-linear in the number of operations.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from nengo.utils.graphs import toposort
from nengo.utils.simulator import operator_dependency_graph
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from nengolab.compiler.graph import Graph, Op, endless
from nengolab.kernels.base import GroupLayout
from nengolab.kernels.registry import KERNELS
from nengolab.kernels.tensor import compiles

STEPPED, BATCHED, PYTHON = "stepped", "batched", "python"
_MODES = (STEPPED, BATCHED, PYTHON)

# The cost model's figures, for one 2.5 GHz core with 1 MB of second-level cache. A matrix-vector
# product streams its matrix once a step: 256 x 256 floats take 10 us stepped and 1.5 us a step as
# a matrix product over a tile. Below that the loop around it costs more than the product.
BATCHED_FROM_ELEMENTS = 256 * 256
BATCHED_FROM_SIDE = 64
# A sparse product costs 1.3 ns a nonzero and step in the loop, 0.15 ns in time batches.
BATCHED_FROM_NONZEROS = 20_000


def reads_spikes(graph: Graph, op: Op) -> bool:
    """Whether all that an operation reads are spikes, of which few are not 0 in a step."""
    ports = graph.ports_read(op)
    numbers = {int(n) for wire in op.inputs for n in np.unique(wire.src)}
    return 0 < len(ports) == len(numbers) and all(
        p.name == "out" and KERNELS[p.op.kernel].spiking for p in ports
    )


def pays_batched(graph: Graph, op: Op, batch: int) -> bool:
    """Whether an operation on no feedback path is faster over many steps at once.

    Large dense weights are: as a matrix product over steps x batch they are read once a tile.
    Neurons and small decoders are not, since their arrays would travel through memory; nor are
    convolutions (figures in ``kernels/convolution.py``), nor sparse matrices that spikes go
    through, of which the loop reads only what is needed.
    """
    if op.kernel == "sparse_dot":
        return not reads_spikes(graph, op) and op.params["weights"].size >= BATCHED_FROM_NONZEROS
    if op.kernel != "dot":
        return False
    if batch > 1 and reads_spikes(graph, op):
        return False  # visiting what fired, item by item, reads less than any product
    rows, columns = op.params["weights"].value.shape
    # A batch already turns the stepped product into a matrix product with that many rows.
    return min(
        rows, columns
    ) >= BATCHED_FROM_SIDE and rows * columns >= BATCHED_FROM_ELEMENTS * max(1, batch // 8)


@dataclass(eq=False)
class Group:
    """Operations that run as one.

    Attributes
    ----------
    ops : list of Op
    layout : GroupLayout
    index : int
        Place among all groups.
    region : int
    """

    ops: list[Op]
    layout: GroupLayout
    index: int
    region: int

    @property
    def op(self) -> Op:
        """A member that stands for all where they are alike."""
        return self.ops[0]


@dataclass(eq=False)
class Region:
    """Groups that run the same way.

    ``mode`` is ``"stepped"`` (one compiled loop over the steps), ``"batched"`` (all steps of a
    tile at once) or ``"python"`` (a loop that calls back into Python each step).
    """

    mode: str
    index: int
    groups: list[Group] = field(default_factory=list)


@dataclass
class Schedule:
    """Regions in the order in which they run."""

    graph: Graph
    regions: list[Region]

    @property
    def groups(self) -> list[Group]:
        return [g for r in self.regions for g in r.groups]


def schedule(graph: Graph, batch: int, force: str = "auto") -> Schedule:
    """Choose regions and groups.

    Parameters
    ----------
    graph : Graph
    batch : int
        Items in a batch.
    force : {"auto", "stepped", "batched"}
        Overrules the cost model.
    """
    chain = _chain_of_tied_calls(graph)
    edges = _edges(graph)
    tie = list(zip(chain, chain[1:] + chain[:1], strict=True)) if len(chain) > 1 else []
    component, cyclic = _components(graph, edges + tie + _near(graph))
    modes = [_mode(graph, op, cyclic[op.index], batch, force) for op in graph.ops]
    region_of = _regions(graph, edges, component, modes)
    within = _within_step(graph, region_of) + list(itertools.pairwise(chain))
    regions: list[Region] = []
    count = 0
    members = defaultdict(list)
    for op in graph.ops:
        members[region_of[op.index]].append(op)
    for number in sorted(members):
        region = Region(_MODES[number % len(_MODES)], len(regions))
        for ops in _merge(members[number], within):
            layout = (
                GroupLayout.of(len(ops)) if region.mode != BATCHED else GroupLayout(len(ops), False)
            )
            region.groups.append(Group(ops, layout, count, region.index))
            count += 1
        regions.append(region)
    return Schedule(graph, regions)


def _mode(graph: Graph, op: Op, cyclic: bool, batch: int, force: str) -> str:
    if op.kernel == "call":
        return PYTHON if cyclic else BATCHED
    if op.kernel == "tensor":
        return _tensor_mode(op, cyclic, batch, force)
    if cyclic or force == "stepped" or KERNELS[op.kernel].stateful:
        return STEPPED
    return BATCHED if force == "batched" or pays_batched(graph, op, batch) else STEPPED


def _tensor_mode(op: Op, cyclic: bool, batch: int, force: str) -> str:
    """In time batches wherever it can be, where layers run on the vendor library.

    Whether the steps of a tile are rows of one batch there, or a loop, is the kernel's choice.
    Where layers' arrays are large, tiles are short: the tutorial's three convolutions with LIF,
    batch 200, tiles of 4 steps, give 2,150 image-steps a second, and stepped in one loop 1,750
    (on a busy machine, in turns).
    """
    if not cyclic and (force != STEPPED or not compiles(op.static[0], batch)):
        return BATCHED
    return STEPPED if compiles(op.static[0], batch) else PYTHON


def _edges(graph: Graph) -> list[tuple[int, int]]:
    """All edges over time, from the operation that computes to the one that reads."""
    return [(p.op.index, op.index) for op in graph.ops for p in graph.ports_read(op)]


def _near(graph: Graph) -> list[tuple[int, int]]:
    """Edges back from what reads a large array to what computes it, so that both are one loop."""
    return [
        (op.index, p.op.index)
        for op in graph.ops
        for p in graph.ports_read(op)
        if KERNELS[p.op.kernel].near
    ]


def _components(graph: Graph, edges: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Strongly connected component of each operation, and whether it lies on a feedback path."""
    n = len(graph.ops)
    if n == 0:
        return np.zeros(0, int), np.zeros(0, bool)
    pre, post = np.array(edges, dtype=int).reshape(-1, 2).T
    matrix = coo_matrix((np.ones(len(pre)), (pre, post)), shape=(n, n)).tocsr()
    _, component = connected_components(matrix, directed=True, connection="strong")
    cyclic = np.bincount(component)[component] > 1
    cyclic[pre[pre == post]] = True
    return component, cyclic


def _regions(graph, edges, component, modes) -> list[int]:
    """The first region an operation can be in: after all it reads, and of its own mode."""
    members = defaultdict(list)
    for op in graph.ops:
        members[component[op.index]].append(op.index)
    after: dict[int, set[int]] = {c: set() for c in members}
    before: dict[int, set[int]] = {c: set() for c in members}
    for pre, post in edges:
        if component[pre] != component[post]:
            after[component[pre]].add(component[post])
            before[component[post]].add(component[pre])
    region = dict.fromkeys(members, 0)
    for c in toposort(after):
        # A component that holds a Python call is called back as a whole.
        inside = {modes[i] for i in members[c]}
        mode = PYTHON if PYTHON in inside else next(iter(inside))
        first = max((region[p] for p in before[c]), default=0)
        while _MODES[first % len(_MODES)] != mode:
            first += 1
        region[c] = first
    return [region[component[op.index]] for op in graph.ops]


def _within_step(graph: Graph, region_of: list[int]) -> list[tuple[int, int]]:
    """Edges inside a region that hold within one step."""
    return [
        (p.op.index, op.index)
        for op in graph.ops
        for p in graph.ports_read(op)
        if not p.delayed and region_of[p.op.index] == region_of[op.index]
    ]


def _merge(ops: list[Op], edges: list[tuple[int, int]]) -> list[list[Op]]:
    """List scheduling: again and again the largest set of like operations that are all ready.

    A kind of which every remaining member is ready goes first, so that kinds are not split.
    """
    inside = {op.index: op for op in ops}
    waits = dict.fromkeys(inside, 0)
    then = defaultdict(list)
    for pre, post in edges:
        if pre in inside and post in inside:
            waits[post] += 1
            then[pre].append(post)
    keys = {i: op.merge_key for i, op in inside.items()}
    left = defaultdict(int)
    for key in keys.values():
        left[key] += 1
    ready = defaultdict(list)
    for i, n in waits.items():
        if n == 0:
            ready[keys[i]].append(i)
    merged = []
    while ready:
        key = max(ready, key=lambda k: (len(ready[k]) == left[k], len(ready[k])))
        chosen = sorted(ready.pop(key))
        left[key] -= len(chosen)
        merged.append([inside[i] for i in chosen])
        for i in chosen:
            for j in then[i]:
                waits[j] -= 1
                if waits[j] == 0:
                    ready[keys[j]].append(j)
    if stuck := [inside[i] for i, n in waits.items() if n > 0]:
        raise endless([op.name for op in _on_a_cycle(stuck, edges)])
    return merged


def _on_a_cycle(ops: list[Op], edges: list[tuple[int, int]]) -> list[Op]:
    """Those of ``ops`` that lie on a cycle, not merely behind one."""
    waiting = {op.index: op for op in ops}
    before = defaultdict(list)
    for pre, post in edges:
        if pre in waiting and post in waiting:
            before[post].append(pre)
    # Walking against the edges from one that waits, some operation comes a second time.
    at, path = next(iter(waiting)), []
    while at not in path:
        path.append(at)
        at = before[at][0]
    return [waiting[i] for i in reversed(path[path.index(at) :])]


def _chain_of_tied_calls(graph: Graph) -> list[int]:
    """Operations of Python calls that may share objects, in the order in which Nengo runs them."""
    calls = [op for op in graph.ops if op.kernel == "call"]
    if any(op.called.verdict.level == "tied" for op in calls):
        calls = [op for op in calls if op.called.verdict.level != "pure"]
    else:
        calls = []
    if len(calls) < 2:
        return [op.index for op in calls]
    order = {
        op: i for i, op in enumerate(toposort(operator_dependency_graph(graph.model.operators)))
    }
    return [op.index for op in sorted(calls, key=lambda op: order[op.called.op])]
