"""Stable, readable names of Nengo objects: subnetwork path, label or type, ordinal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons


class Names:
    """Names of all objects of a network.

    An object is called by the path of its subnetworks and its label, or its lower-case type where
    it has no label; the second of one name within its parent gets ``_1``, the third ``_2``.
    A connection is called ``"pre -> post"``. The names depend only on the network, never on how
    the compiler merged anything.
    """

    def __init__(self, network: nengo.Network | None):
        self._network = network
        self._names: dict[Any, str] = {}
        self._taken: dict[str, int] = {}
        if network is not None:
            self._add_network(network, "")

    def _add_network(self, network: nengo.Network, path: str) -> None:
        taken = self._taken

        def unique(name: str) -> str:
            n = taken.get(name, 0)
            taken[name] = n + 1
            return name if n == 0 else f"{name}_{n}"

        for obj in (*network.nodes, *network.ensembles):
            self._names[obj] = unique(path + _own_name(obj))
        for sub in network.networks:
            name = unique(path + _own_name(sub))
            self._names[sub] = name
            self._add_network(sub, name + "/")
        for conn in network.connections:
            label = path + conn.label if conn.label else self._arrow(conn)
            self._names[conn] = unique(label)
        for probe in network.probes:
            label = path + probe.label if probe.label else f"probe of {self.get(probe.obj)}"
            self._names[probe] = unique(label)

    def get(self, obj: Any) -> str:
        """Name of a Nengo object, of a view of one, of an ensemble's neurons, of a rule."""
        if isinstance(obj, ObjView):
            return self.get(obj.obj)
        if isinstance(obj, Neurons):
            return self.get(obj.ensemble) + ".neurons"
        if isinstance(obj, LearningRule):
            return f"{self.get(obj.connection)}.{type(obj.learning_rule_type).__name__.lower()}"
        if obj in self._names:
            return self._names[obj]
        if isinstance(obj, nengo.Connection):
            return self._arrow(obj)
        return getattr(obj, "label", None) or str(obj)

    def _arrow(self, conn: nengo.Connection) -> str:
        return f"{self.get(conn.pre_obj)} -> {self.get(conn.post_obj)}"

    def has(self, obj: Any) -> bool:
        """Whether ``obj`` is in the network, or it itself."""
        return obj is self._network or obj in self._names

    def objects(self) -> list[Any]:
        """The network's objects, in order: nodes, ensembles, subnetworks, connections, probes."""
        return list(self._names)

    def all(self) -> list[str]:
        """The names of the network's objects."""
        return list(self._names.values())

    def find(self, name: str) -> Any:
        """The object called ``name``, or None."""
        return next((obj for obj, n in self._names.items() if n == name), None)


def listing(names: Iterable[str], most: int = 20) -> str:
    """Names for an error message: the first ones in quotes, the others counted."""
    found = list(names)
    shown = ", ".join(map(repr, found[:most])) or "none"
    return shown if len(found) <= most else f"{shown} and {len(found) - most} more"


def _own_name(obj: Any) -> str:
    return obj.label or type(obj).__name__.lower()
