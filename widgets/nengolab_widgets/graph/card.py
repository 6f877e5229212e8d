"""The card of an object: what it is, the numbers that matter, what it is connected to."""

from __future__ import annotations

from typing import Any, TypedDict

import nengo
import numpy as np
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from nengolab.layers.tensor_node import TensorNode
from nengolab_widgets.narrowing import is_array, is_dict, is_list_or_tuple
from nengolab_widgets.references import slice_text

from .connections import FROM_NEURONS, TO_NEURONS, is_plain
from .describe import NetworkGraph
from .objects import KINDS, is_passthrough

# A card is to be read: of more than these the rest is counted.
MOST_LINKS = 12


class CardRow(TypedDict):
    """A fact: what it is called, and its value as text."""

    label: str
    value: str


class CardLink(TypedDict):
    """A connection from or to something else, with what is on it; ``at`` counts connections."""

    at: int
    label: str
    note: str


class CardFacts(TypedDict):
    """What a card says; ``title`` is the name, ``kind`` what it is.

    ``probes`` are those that look at it, by their numbers.
    """

    title: str
    kind: str
    rows: list[CardRow]
    incoming: list[CardLink]
    outgoing: list[CardLink]
    more_incoming: int
    more_outgoing: int
    probes: list[CardLink]


def card_of_object(graph: NetworkGraph, at: int) -> CardFacts:
    """Describe one object; raises IndexError where there is none."""
    obj = graph.object(at)
    columns = graph.objects
    kind = KINDS[columns["kind"][at]]
    if isinstance(obj, nengo.Ensemble):
        what, rows = _ensemble(obj, bool(columns["keras"][at]))
    elif isinstance(obj, nengo.Node):
        what, rows = _node(obj, kind)
    else:
        what, rows = _network(obj, graph, at)
    inside = _inside(graph, at)
    marks = graph.connections
    into = [i for i, post in enumerate(marks["post"]) if post in inside]
    out = [i for i, pre in enumerate(marks["pre"]) if pre in inside]
    if len(inside) > 1:
        # Of a network, what crosses its border.
        both = set(into) & set(out)
        into, out = [i for i in into if i not in both], [i for i in out if i not in both]
    return {
        "title": graph.names.get(obj) if at else columns["label"][0],
        "kind": what,
        "rows": _rows(rows),
        "incoming": [_link(graph, i, "pre") for i in into[:MOST_LINKS]],
        "outgoing": [_link(graph, i, "post") for i in out[:MOST_LINKS]],
        "more_incoming": max(0, len(into) - MOST_LINKS),
        "more_outgoing": max(0, len(out) - MOST_LINKS),
        "probes": [_probe(graph, n) for n in graph.probes_of(at)[:MOST_LINKS]],
    }


def card_of_connection(graph: NetworkGraph, at: int) -> CardFacts:
    """Describe one connection; raises IndexError where there is none."""
    conn = graph.connection(at)
    sign = graph.connections["sign"][at]
    rows: list[tuple[str, str]] = [
        ("from", graph.names.get(conn.pre_obj) + _part(conn.pre)),
        ("to", graph.names.get(conn.post_obj) + _part(conn.post)),
        (
            "numbers carried",
            f"{conn.size_in} → {conn.size_out}"
            if conn.size_in != conn.size_out
            else str(conn.size_out),
        ),
        ("synapse", say_synapse(conn.synapse)),
        ("transform", say_transform(conn.transform)),
    ]
    if conn.function is not None:
        rows.append(("function", say_function(conn.function)))
    if sign:
        rows.append(("can only", "excite" if sign > 0 else "inhibit"))
    if isinstance(conn.pre_obj, nengo.Ensemble) and conn.solver is not None:
        rows.append(("solver", repr(conn.solver)))
    rows += [("learning rule", repr(rule)) for rule in _rules(conn)]
    if conn.seed is not None:
        rows.append(("seed", str(conn.seed)))
    kind = "Connection"
    if conn.pre_obj is conn.post_obj:
        kind = "recurrent Connection"
    elif isinstance(conn.post_obj, LearningRule):
        kind = "Connection to a learning rule"
    return {
        "title": graph.names.get(conn),
        "kind": kind,
        "rows": _rows(rows),
        "incoming": [],
        "outgoing": [],
        "more_incoming": 0,
        "more_outgoing": 0,
        "probes": [],
    }


def card_of_probe(graph: NetworkGraph, at: int) -> CardFacts:
    """Describe one probe; raises IndexError where there is none."""
    probe = graph.probe(at)
    rows = [
        ("of", _other(graph, probe.obj) + _part(probe.target)),
        ("records", probe.attr or "its output"),
        ("numbers", str(probe.size_in)),
        ("synapse", say_synapse(probe.synapse)),
    ]
    if probe.sample_every is not None:
        rows.append(("every", f"{1000 * probe.sample_every:g} ms"))
    return {
        "title": graph.names.get(probe),
        "kind": "Probe",
        "rows": _rows(rows),
        "incoming": [],
        "outgoing": [],
        "more_incoming": 0,
        "more_outgoing": 0,
        "probes": [],
    }


def say_synapse(synapse: Any) -> str:
    """Say what a synapse is, with its time constant in ms."""
    if synapse is None:
        return "none"
    kind = type(synapse).__name__
    tau = getattr(synapse, "tau", None)
    return f"{kind}, {1000 * tau:g} ms" if isinstance(tau, int | float) else repr(synapse)


def say_transform(transform: Any) -> str:
    """Say what a transform does, a number where it is one."""
    if is_plain(transform):
        return "none"
    init = getattr(transform, "init", None)
    if is_array(init) and init.ndim == 0:
        return f"× {float(init):g}"
    kind = type(transform).__name__
    shape = f"{transform.size_in} → {transform.size_out}"
    if is_array(init) and np.issubdtype(init.dtype, np.number) and init.size:
        return f"{kind}, {shape}, {init.min():g} to {init.max():g}"
    return f"{kind}, {shape}"


def say_function(function: Any) -> str:
    """Name a function of a connection; of an array say its shape."""
    if is_array(function):
        return f"array {function.shape}"
    return getattr(function, "__name__", None) or repr(function)


def _ensemble(ens: nengo.Ensemble, keras: bool) -> tuple[str, list[tuple[str, str]]]:
    kind = ens.neuron_type
    rows = [
        ("neurons", f"{ens.n_neurons} {type(kind).__name__}"),
        ("dimensions", str(ens.dimensions)),
        ("radius", f"{ens.radius:g}"),
    ]
    for name in ("tau_rc", "tau_ref", "tau_n", "tau_a"):
        tau = getattr(kind, name, None)
        if isinstance(tau, int | float):
            rows.append((name, f"{1000 * tau:g} ms"))
    amplitude = getattr(kind, "amplitude", 1)
    if isinstance(amplitude, int | float) and amplitude != 1:
        rows.append(("amplitude", f"{amplitude:g}"))
    if ens.gain is None and ens.bias is None:
        rows += [
            ("max rates", _numbers(ens.max_rates, " Hz")),
            ("intercepts", _numbers(ens.intercepts)),
        ]
    else:
        rows += [("gain", _numbers(ens.gain)), ("bias", _numbers(ens.bias))]
    if ens.noise is not None:
        rows.append(("noise", repr(ens.noise)))
    rows.append(("seed", "drawn by the network" if ens.seed is None else str(ens.seed)))
    return ("Ensemble of a Layer" if keras else "Ensemble"), rows


def _node(node: nengo.Node, kind: str) -> tuple[str, list[tuple[str, str]]]:
    rows = [("size in", str(node.size_in)), ("size out", str(node.size_out))]
    if isinstance(node, TensorNode):
        shapes = (("shape in", node.shape_in), ("shape out", node.shape_out))
        rows += [(label, " × ".join(map(str, shape))) for label, shape in shapes if shape]
        func = node.tensor_func
        rows.append(("computes", getattr(func, "__name__", None) or type(func).__name__))
        return "TensorNode", rows
    if is_passthrough(node):
        return "Node that passes on what comes in", rows
    if is_array(node.output):
        rows.append(("output", _numbers(node.output)))
    elif isinstance(node.output, nengo.Process):
        rows.append(("output", repr(node.output)))
    elif node.output is not None:
        rows.append(("function", say_function(node.output)))
    return ("input Node" if kind == "input" else "Node"), rows


def _network(net: nengo.Network, graph: NetworkGraph, at: int) -> tuple[str, list[tuple[str, str]]]:
    rows = [
        ("neurons", f"{graph.objects['size'][at]:,}"),
        ("ensembles", f"{len(set(net.all_ensembles)):,}"),
        ("nodes", f"{len(set(net.all_nodes)):,}"),
        ("connections", f"{len(set(net.all_connections)):,}"),
    ]
    if net.seed is not None:
        rows.append(("seed", str(net.seed)))
    kind = type(net).__name__
    if KINDS[graph.objects["kind"][at]] == "array":
        rows.insert(0, ("members", graph.objects["note"][at]))
    return ("Network" if at == 0 and kind == "Network" else kind), rows


def _inside(graph: NetworkGraph, at: int) -> set[int]:
    """Give an object with all that it holds: what is in it stands behind it, without gaps."""
    parents, found = graph.objects["parent"], {at}
    for i in range(at + 1, len(graph)):
        if parents[i] not in found:
            break
        found.add(i)
    return found


def _link(graph: NetworkGraph, at: int, end: str) -> CardLink:
    conn = graph.connection(at)
    other = conn.pre_obj if end == "pre" else conn.post_obj
    notes = [say_synapse(conn.synapse)] if conn.synapse is not None else []
    marks = graph.connections["marks"][at]
    if not is_plain(conn.transform):
        notes.append(say_transform(conn.transform))
    if conn.function is not None:
        notes.append(say_function(conn.function))
    notes += [type(rule).__name__ for rule in _rules(conn)]
    if conn.pre_obj is conn.post_obj:
        notes.append("recurrent")
    if marks & (TO_NEURONS if end == "pre" else FROM_NEURONS):
        notes.append("to its neurons" if end == "pre" else "from its neurons")
    return {"at": at, "label": _other(graph, other), "note": ", ".join(notes)}


def _probe(graph: NetworkGraph, at: int) -> CardLink:
    probe = graph.probe(at)
    notes = [probe.attr] if probe.attr else []
    notes += [] if probe.synapse is None else [say_synapse(probe.synapse)]
    return {"at": at, "label": graph.names.get(probe), "note": ", ".join(notes)}


def _other(graph: NetworkGraph, obj: Any) -> str:
    if isinstance(obj, Neurons):
        obj = obj.ensemble
    return graph.names.get(obj)


def _rules(conn: nengo.Connection) -> list[Any]:
    given: Any = conn.learning_rule_type
    if given is None:
        return []
    if is_dict(given):
        return list(given.values())
    return list(given) if is_list_or_tuple(given) else [given]


def _part(end: Any) -> str:
    return f"[{slice_text(end.slice)}]" if isinstance(end, nengo.base.ObjView) else ""


def _numbers(values: Any, unit: str = "") -> str:
    """Say a few numbers, or how they are drawn."""
    if values is None:
        return "drawn"
    if isinstance(values, nengo.dists.Uniform):
        return f"{values.low:g} to {values.high:g}{unit}"
    if isinstance(values, nengo.dists.Distribution):
        return repr(values)
    array = np.atleast_1d(np.asarray(values, dtype=float))
    if array.size <= 6:
        return ", ".join(f"{value:g}" for value in array.ravel()) + unit
    return f"{array.min():g} to {array.max():g}{unit}"


def _rows(pairs: list[tuple[str, str]]) -> list[CardRow]:
    return [{"label": label, "value": value} for label, value in pairs]
