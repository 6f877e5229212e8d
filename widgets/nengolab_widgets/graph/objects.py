"""Objects of a network as columns: what each is, what it is called, what it is in, how large."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypedDict

import nengo

from nengolab.layers.layer import is_layer_connection
from nengolab.layers.tensor_node import TensorNode
from nengolab.names import Names
from nengolab_widgets.narrowing import is_array

# What `kind` counts into. An array is an EnsembleArray of equal members; an input is a Node that
# nothing leads into.
KINDS = ("network", "array", "ensemble", "input", "node", "passthrough", "tensornode")
_CODE = {kind: code for code, kind in enumerate(KINDS)}
HOLDS_OTHERS = (_CODE["network"], _CODE["array"])


class Thing(TypedDict):
    """Something of a network, by its number."""

    of: Literal["object", "connection", "probe"]
    at: int


class ObjectColumns(TypedDict):
    """An entry for each object; the first is the network itself, whose parent is -1.

    A parent comes before what it holds. ``label`` is the last part of the name, whose first part is
    the parent's name; ``note`` says in a few words what it is; ``count`` is how many things a
    network holds, or members an array has; ``size`` its neurons, else its dimensions; ``keras``
    those that came with a Layer or TensorNode; ``probes`` how many look at it.
    """

    kind: list[int]
    label: list[str]
    note: list[str]
    parent: list[int]
    count: list[int]
    size: list[int]
    keras: list[int]
    probes: list[int]


class Objects:
    """The objects of a network in the order of `ObjectColumns`, and where each stands.

    Parameters
    ----------
    network : nengo.Network
    names : Names
        Of its objects.
    """

    def __init__(self, network: nengo.Network, names: Names) -> None:
        self.all: list[Any] = []
        self._index: dict[int, int] = {}
        self.columns: ObjectColumns = {
            "kind": [],
            "label": [],
            "note": [],
            "parent": [],
            "count": [],
            "size": [],
            "keras": [],
            "probes": [],
        }
        self._names = names
        self._add_network(network, network.label or "network", "", -1)
        self._count_probes(network)
        self._mark_layers(network)

    def index(self, obj: Any) -> int:
        """Give where an object stands, or the ensemble of neurons; -1 for what is not there."""
        if isinstance(obj, nengo.ensemble.Neurons):
            obj = obj.ensemble
        return self._index.get(id(obj), -1)

    def _add(self, obj: Any, label: str, parent: int, kind: str, note: str, size: int) -> int:
        columns, at = self.columns, len(self.all)
        self._index[id(obj)] = at
        self.all.append(obj)
        columns["kind"].append(_CODE[kind])
        columns["label"].append(label)
        columns["note"].append(note)
        columns["parent"].append(parent)
        columns["count"].append(0)
        columns["size"].append(size)
        columns["keras"].append(int(kind == "tensornode"))
        columns["probes"].append(0)
        return at

    def _add_network(self, network: nengo.Network, label: str, path: str, parent: int) -> None:
        members = equal_members(network)
        kind = "network" if members is None else "array"
        at = self._add(network, label, parent, kind, "", 0)
        columns, names, cut = self.columns, self._names, len(path)
        for node in network.nodes:
            self._add(node, names.get(node)[cut:], at, *_of_node(node))
        for ens in network.ensembles:
            self._add(ens, names.get(ens)[cut:], at, "ensemble", *_of_ensemble(ens))
        for sub in dict.fromkeys(network.networks):  # some of `nengo.spa` stand there twice
            name = names.get(sub)
            self._add_network(sub, name[cut:], name + "/", at)
        # All that was added since is in it.
        inside = range(at + 1, len(self.all))
        neurons = sum(columns["size"][i] for i in inside if columns["kind"][i] == _CODE["ensemble"])
        columns["size"][at] = neurons
        columns["count"][at] = len(inside) if members is None else members
        columns["note"][at] = _network_note(network, columns["count"][at], neurons, members)

    def _count_probes(self, network: nengo.Network) -> None:
        for probe in dict.fromkeys(network.all_probes):
            if (at := self.index(probe.obj)) >= 0:
                self.columns["probes"][at] += 1

    def _mark_layers(self, network: nengo.Network) -> None:
        for conn in network.all_connections:
            if is_layer_connection(conn) and (at := self.index(conn.post_obj)) >= 0:
                self.columns["keras"][at] = 1


def equal_members(network: nengo.Network) -> int | None:
    """Count the members of an EnsembleArray, None where they are not alike or it is none."""
    if not isinstance(network, nengo.networks.EnsembleArray):
        return None
    members = network.ea_ensembles
    if len(members) < 2 or network.networks:
        return None
    alike: set[tuple[int, int, type[Any]]] = {
        (ens.n_neurons, ens.dimensions, type(ens.neuron_type)) for ens in members
    }
    return len(members) if len(alike) == 1 else None


def is_passthrough(node: Any) -> bool:
    """Whether a Node only adds up what comes in and passes it on."""
    return isinstance(node, nengo.Node) and node.output is None and node.size_in > 0


def ancestors(columns: ObjectColumns, at: int) -> Iterator[int]:
    """Give what an object is in, from the inside out."""
    while (at := columns["parent"][at]) >= 0:
        yield at


def _of_node(node: nengo.Node) -> tuple[str, str, int]:
    """Give kind, note and size."""
    size = node.size_out or node.size_in
    if isinstance(node, TensorNode):
        return "tensornode", f"TensorNode, {node.size_in} → {node.size_out}", size
    if node.output is None and node.size_in > 0:
        return "passthrough", f"passthrough, {size}-d", size
    if node.size_in == 0:
        what = "constant" if is_array(node.output) else "of time"
        what = what if node.output is not None else "no output"
        if isinstance(node.output, nengo.Process):
            what = type(node.output).__name__
        return "input", f"{what}, {size}-d", size
    if node.size_out == 0:
        return "node", f"function, {node.size_in} in", node.size_in
    return "node", f"function, {node.size_in} → {node.size_out}", size


def _of_ensemble(ens: nengo.Ensemble) -> tuple[str, int]:
    n_neurons = ens.n_neurons
    return f"{n_neurons} {type(ens.neuron_type).__name__}, {ens.dimensions}-d", n_neurons


def _network_note(network: nengo.Network, count: int, neurons: int, members: int | None) -> str:
    if members is not None:
        ens = network.ea_ensembles[0]
        return f"{members} × {_of_ensemble(ens)[0]}"
    kind = type(network).__name__
    what = "" if kind == "Network" else f"{kind}, "
    return f"{what}{count} object{'' if count == 1 else 's'}, {neurons} neurons"
