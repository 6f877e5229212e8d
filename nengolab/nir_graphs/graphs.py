"""A NIR graph, of an object or a file, as flat nodes, edges and shapes that were checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.exporting.files import check_hdf5
from nengolab.names import listing
from nengolab.nir_graphs.library import nir_library

KNOWN = (
    "Affine AvgPool2d Conv1d Conv2d CubaLI CubaLIF Delay Flatten I IF Input LI LIF Linear Output "
    "Scale SumPool2d"
).split()
LARGEST = 2**26


@dataclass
class Flat:
    """A graph without graphs inside.

    Attributes
    ----------
    nodes : dict of str to nir.NIRNode
        Names of what lies inside others are joined by dots.
    edges : list of (str, str)
    shapes : dict of str to tuple of int
        Of what each node puts out.
    metadata : dict
    """

    nodes: dict[str, Any]
    edges: list[tuple[str, str]]
    shapes: dict[str, tuple[int, ...]]
    metadata: dict[str, Any]

    def before(self, name: str) -> list[str]:
        """Nodes with an edge to this one."""
        return [a for a, b in self.edges if b == name]

    def shape_in(self, name: str) -> tuple[int, ...]:
        """Shape of what comes in."""
        before = self.before(name)
        return self.shapes[before[0]] if before else self.shapes[name]


def refuse(name: str, why: str) -> ValidationError:
    """The error about a node."""
    return ValidationError(f"the NIR node {name!r} cannot be built: {why}", attr="graph")


def opened(graph: Any) -> Any:
    """A graph, of a graph or a file.

    Raises
    ------
    ValidationError
        For anything else, and for files that lead elsewhere or cannot be read.
    """
    nir = nir_library()
    if isinstance(graph, nir.NIRGraph):
        return graph
    if isinstance(graph, nir.NIRNode):
        return nir.NIRGraph.from_list(graph)
    if not isinstance(graph, (str, Path)):
        raise ValidationError(
            f"must be a nir.NIRGraph or the path of a file, got {graph!r} ({type(graph).__name__})",
            attr="graph",
        )
    return _read(nir, Path(graph))


def _read(nir: Any, path: Path) -> Any:
    import h5py

    def error(what: str) -> ValidationError:
        return ValidationError(f"{str(path)!r} {what}", attr="graph")

    if not path.is_file():
        raise error("is no file")
    try:
        with h5py.File(path, "r", locking=False) as file:
            check_hdf5(file, error, packed=True)
    except OSError as err:
        raise error(f"is no NIR file ({err})") from err
    try:
        return nir.read(path, type_check=False)
    except Exception as err:  # nir says what does not fit with errors of many types
        raise error(f"cannot be read by nir {nir.version}: {type(err).__name__}: {err}") from err


def flat(graph: Any) -> Flat:
    """A graph with those inside it put in their place, its shapes worked out.

    Raises
    ------
    ValidationError
        Naming a node that is not supported or does not fit the one before.
    """
    nir = nir_library()
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    _collect(nir, graph, "", nodes, edges)
    odd = {n: type(x).__name__ for n, x in nodes.items() if type(x).__name__ not in KNOWN}
    if odd:
        name, kind = next(iter(odd.items()))
        raise refuse(name, f"{kind} is not supported; those that are: {', '.join(KNOWN)}")
    found = Flat(nodes, list(dict.fromkeys(edges)), {}, dict(graph.metadata or {}))
    _shapes(found)
    return found


def _collect(nir: Any, graph: Any, path: str, nodes: dict, edges: list) -> None:
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for name, node in graph.nodes.items():
        own = path + name
        if not isinstance(node, nir.NIRGraph):
            nodes[own] = node
            first[name] = last[name] = own
            continue
        _collect(nir, node, f"{own}.", nodes, edges)
        ends = (list(node.inputs), list(node.outputs))
        if any(len(end) != 1 for end in ends):
            raise refuse(
                own,
                f"it is a graph with {len(ends[0])} inputs and {len(ends[1])} outputs, and an edge "
                "to a graph does not say which; one of each is supported inside a graph",
            )
        first[name], last[name] = f"{own}.{ends[0][0]}", f"{own}.{ends[1][0]}"
    for a, b in graph.edges:
        if a not in last or b not in first:
            raise ValidationError(
                f"the NIR graph has an edge from {a!r} to {b!r}; its nodes are "
                + listing(graph.nodes),
                attr="graph",
            )
        edges.append((last[a], first[b]))


# -- shapes ----------------------------------------------------------------------------------------


def _shapes(graph: Flat) -> None:
    """Work out shapes from the inputs on; of loops, from what knows its own."""
    waiting = dict(graph.nodes)
    for name, node in graph.nodes.items():
        own = _own_shape(node)
        if own is not None:
            graph.shapes[name] = own
            del waiting[name]
    while waiting:
        ready = [n for n in waiting if any(b in graph.shapes for b in graph.before(n))]
        if not ready and (one := next((n for n in waiting if _is_single(waiting[n])), None)):
            graph.shapes[one] = (1,)
            del waiting[one]
            continue
        if not ready:
            raise refuse(
                next(iter(waiting)), "its shape is not known, nor that of what leads there"
            )
        for name in ready:
            before = next(b for b in graph.before(name) if b in graph.shapes)
            graph.shapes[name] = _shape_of(name, waiting.pop(name), graph.shapes[before])
    for name, shape in graph.shapes.items():
        if not 0 < math.prod(shape) <= LARGEST:
            raise refuse(name, f"it has the shape {shape}")
    for a, b in graph.edges:
        wanted, found = _size_in(graph, b), math.prod(graph.shapes[a])
        if wanted is not None and wanted != found:
            raise refuse(b, f"it takes {wanted} values, and {a!r} puts out {found}")


def _own_shape(node: Any) -> tuple[int, ...] | None:
    kind = type(node).__name__
    if kind in ("Input", "Output"):
        given = node.input_type if kind == "Input" else node.output_type
        value = next(iter(given.values()))
        return None if value is None else tuple(int(n) for n in np.ravel(value))
    if kind in ("Affine", "Linear"):
        shape = np.shape(node.weight)
        return (int(shape[0]),) if len(shape) == 2 else None
    if kind in ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Flatten"):
        return None
    shape = np.shape(parameter_of(node))
    # One number, as some tools write it, is for as many as come in.
    return None if math.prod(shape) == 1 else shape


def _is_single(node: Any) -> bool:
    parameter = parameter_of(node)
    return parameter is not None and np.size(parameter) == 1


def parameter_of(node: Any) -> Any:
    """An array with the shape of a node whose parameters all have it."""
    for name in ("scale", "delay", "v_leak", "r"):
        if hasattr(node, name):
            return getattr(node, name)
    return None


def _size_in(graph: Flat, name: str) -> int | None:
    node = graph.nodes[name]
    kind = type(node).__name__
    if kind in ("Affine", "Linear"):
        return int(np.shape(node.weight)[1])
    if kind in ("Conv1d", "Conv2d", "SumPool2d", "AvgPool2d"):
        return None  # looked at when it is built
    return math.prod(graph.shapes[name])


def _shape_of(name: str, node: Any, given: tuple[int, ...]) -> tuple[int, ...]:
    kind = type(node).__name__
    if kind == "Flatten":
        end = len(given) - 1 if node.end_dim == -1 else int(node.end_dim)
        start = int(node.start_dim)
        # Other tools count a batch axis in front, which NIR has not.
        start, end = min(start, len(given) - 1), min(end, len(given) - 1)
        return (*given[:start], math.prod(given[start : end + 1]), *given[end + 1 :])
    if kind in ("Conv1d", "Conv2d"):
        dims = 1 if kind == "Conv1d" else 2
        filters, each, *size = np.shape(node.weight)
        groups = int(node.groups)
        if len(given) != dims + 1 or given[0] != each * groups:
            raise refuse(
                name, f"it takes {each * groups} channels of {dims} axes, and gets {given}"
            )
        out = [
            _windows(n, k, s, p, d)
            for n, k, s, p, d in zip(
                given[1:],
                size,
                axes(node.stride, dims),
                pads(node, dims, size),
                axes(node.dilation, dims),
                strict=True,
            )
        ]
        return (int(filters), *out)
    if kind in ("SumPool2d", "AvgPool2d"):
        if len(given) != 3:
            raise refuse(name, f"it takes an image (channels, rows, columns), and gets {given}")
        sizes = zip(
            given[1:],
            axes(node.kernel_size, 2),
            axes(node.stride, 2),
            axes(node.padding, 2),
            strict=True,
        )
        return (given[0], *(_windows(n, k, s, (p, p), 1) for n, k, s, p in sizes))
    return given


def axes(given: Any, dims: int) -> tuple[int, ...]:
    """A number for each axis, of one for all or one for each."""
    return tuple(int(n) for n in np.broadcast_to(np.ravel(np.asarray(given)), (dims,)))


def pads(node: Any, dims: int, size: Any) -> list[tuple[int, int]]:
    """Zeros before and after each axis."""
    padding = node.padding
    padding = padding.decode() if isinstance(padding, bytes) else padding
    if isinstance(padding, str):
        if padding == "valid":
            return [(0, 0)] * dims
        # As PyTorch: what is odd is added behind.
        reach = [d * (int(k) - 1) for d, k in zip(axes(node.dilation, dims), size, strict=True)]
        return [(n // 2, n - n // 2) for n in reach]
    return [(n, n) for n in axes(padding, dims)]


def _windows(n: int, size: int, stride: int, pad: tuple[int, int], dilation: int) -> int:
    return (n + sum(pad) - dilation * (int(size) - 1) - 1) // stride + 1
