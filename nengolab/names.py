"""Stable, readable names of Nengo objects: subnetwork path, label or type, ordinal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.learning_rules import LearningRuleType


class Taken:
    """Names that are in use, and what else to call what would have one of them.

    The second of a name gets ``_1``, the third ``_2``; numbers are left out with which it would be
    called as something else is already, or is going to be (`keep`).

    Parameters
    ----------
    sign : str
        What stands before the number.
    """

    def __init__(self, sign: str = "_"):
        self._sign = sign
        self._given: set[str] = set()
        self._kept: set[str] = set()
        self._count: dict[str, int] = {}

    def keep(self, names: Iterable[str]) -> None:
        """Give these names only to what is called so by itself."""
        self._kept.update(names)

    def use(self, names: Iterable[str]) -> None:
        """These names are in use."""
        self._given.update(names)

    def give(self, name: str) -> str:
        """``name``, or the first one made of it that is free; it is in use from now on."""
        new = name
        while new in self._given or (new != name and new in self._kept):
            self._count[name] = self._count.get(name, 0) + 1
            new = f"{name}{self._sign}{self._count[name]}"
        self._given.add(new)
        return new


class Names:
    """Names of all objects of a network, no two alike.

    An object is called by the path of its subnetworks and its label, or its lower-case type where
    it has no label; the second of one name within its parent gets ``_1``, the third ``_2``, or the
    next number that no label has. A connection is called ``"pre -> post"``. The names depend only
    on the network, never on how the compiler merged anything.
    """

    def __init__(self, network: nengo.Network | None):
        self._network = network
        self.renew()

    @property
    def network(self) -> nengo.Network | None:
        """Whose names they are."""
        return self._network

    def become(self, network: nengo.Network) -> None:
        """Be the names of another network."""
        self._network = network
        self.renew()

    def renew(self) -> None:
        """Take up what the network has become."""
        self._names: dict[Any, str] = {}
        self._taken = Taken()
        if self._network is not None:
            self._add_network(self._network, "")

    def _add_network(self, network: nengo.Network, path: str) -> None:
        taken = self._taken
        parts = (*network.nodes, *network.ensembles, *network.networks)
        wanted = {obj: path + _own_name(obj) for obj in parts}
        # Reading a parameter of Nengo's takes long, and there may be 60,000 connections.
        labels = {obj: obj.label for obj in (*network.connections, *network.probes)}
        taken.keep([*wanted.values(), *(path + label for label in labels.values() if label)])
        # Neurons have a name too, which follows from the ensemble's.
        taken.use(f"{wanted[ens]}.neurons" for ens in network.ensembles)
        given = {obj: taken.give(name) for obj, name in wanted.items()}
        taken.use(f"{given[ens]}.neurons" for ens in network.ensembles)
        for obj in (*network.nodes, *network.ensembles):
            self._names[obj] = given[obj]
        for sub in dict.fromkeys(network.networks):  # some of `nengo.spa` stand there twice
            self._names[sub] = given[sub]
            self._add_network(sub, given[sub] + "/")
        for conn in network.connections:
            label = labels[conn]
            name = taken.give(path + label if label else self._arrow(conn))
            taken.use(_rule_names(conn, name).values())
            self._names[conn] = name
        for probe in network.probes:
            label = labels[probe]
            label = path + label if label else f"probe of {self.get(probe.obj)}"
            self._names[probe] = taken.give(label)

    def get(self, obj: Any) -> str:
        """Name of a Nengo object, of a view of one, of an ensemble's neurons, of a rule."""
        if (name := self._names.get(obj)) is not None:
            return name
        if isinstance(obj, ObjView):
            return self.get(obj.obj)
        if isinstance(obj, Neurons):
            return self.get(obj.ensemble) + ".neurons"
        if isinstance(obj, LearningRule):
            name, kind = self.get(obj.connection), obj.learning_rule_type
            # Where another rule was put in its place meanwhile, it is called as if it were alone.
            return _rule_names(obj.connection, name).get(kind) or _rule_name(name, kind)
        if isinstance(obj, nengo.Connection):
            return self._arrow(obj)
        return getattr(obj, "label", None) or str(obj)

    def _arrow(self, conn: nengo.Connection) -> str:
        # The name of a view is that of what it is a view of.
        return f"{self.get(conn.pre)} -> {self.get(conn.post)}"

    def has(self, obj: Any) -> bool:
        """Whether ``obj`` is in the network, or it itself."""
        known = isinstance(obj, nengo.base.NengoObject | nengo.Network)  # others may have no hash
        return obj is self._network or (known and obj in self._names)

    def objects(self) -> list[Any]:
        """The network's objects, in order: nodes, ensembles, subnetworks, connections, probes."""
        return list(self._names)

    def all(self) -> list[str]:
        """The names of the network's objects."""
        return list(self._names.values())

    def find(self, name: str) -> Any:
        """The object called ``name``, or None."""
        return next((obj for obj, n in self._names.items() if n == name), None)


def renamed(before: Names, after: Names) -> dict[Any, Any]:
    """Which objects of one network are in another one under another name.

    Where both have objects of the same types in the same order, those of one place whose names
    the other network has not. A change of labels alone makes two such networks.
    """
    first, second = before.objects(), after.objects()
    if [type(obj) for obj in first] != [type(obj) for obj in second]:
        return {}
    gone, come = set(before.all()), set(after.all())
    gone, come = gone - come, come - gone
    return {
        old: new
        for old, new in zip(first, second, strict=True)
        if before.get(old) in gone and after.get(new) in come
    }


def listing(names: Iterable[str], most: int = 20) -> str:
    """Names for an error message: the first ones in quotes, the others counted."""
    found = list(names)
    shown = ", ".join(map(repr, found[:most])) or "none"
    return shown if len(found) <= most else f"{shown} and {len(found) - most} more"


def _own_name(obj: Any) -> str:
    return obj.label or type(obj).__name__.lower()


def _rule_names(conn: nengo.Connection, name: str) -> dict[Any, str]:
    """Names of a connection's learning rules, by their types."""
    given = conn.learning_rule_type
    if given is None:
        return {}
    kinds = list(given.values()) if isinstance(given, dict) else given
    taken = Taken()
    kinds = kinds if isinstance(kinds, (list, tuple)) else [kinds]
    return {kind: taken.give(_rule_name(name, kind)) for kind in dict.fromkeys(kinds)}


def _rule_name(name: str, kind: LearningRuleType) -> str:
    return f"{name}.{type(kind).__name__.lower()}"
