"""All of a network as columns, and which of its networks are open at first."""

from __future__ import annotations

from typing import Any

import nengo

from nengolab.names import Names

from .connections import Connections
from .objects import HOLDS_OTHERS, KINDS, Objects, Thing

# As many things fit into a view and can be read.
MOST_AT_FIRST = 24
_NETWORK = KINDS.index("network")


class NetworkGraph:
    """A network as plain data; objects and connections go by their places in the columns.

    Parameters
    ----------
    network : nengo.Network
        What to describe; or a subnetwork, as if there were nothing around it.
    names : Names
        Of the objects.
    """

    def __init__(self, network: nengo.Network, names: Names) -> None:
        self.network, self.names = network, names
        self._objects = Objects(network, names)
        self._connections = Connections(network, self._objects)
        self.objects = self._objects.columns
        self.connections = self._connections.columns

    def __len__(self) -> int:
        return len(self._objects.all)

    def object(self, at: int) -> Any:
        """Give the Nengo object of an entry.

        Raises
        ------
        IndexError
            When there is none.
        """
        return _at(self._objects.all, at)

    def connection(self, at: int) -> nengo.Connection:
        """Give the Connection of an entry; raises as `object`."""
        return _at(self._connections.all, at)

    def probe(self, at: int) -> nengo.Probe:
        """Give the Probe of a number among all of the network's; raises as `object`."""
        return _at(self.network.all_probes, at)

    @property
    def probe_names(self) -> list[str]:
        """The names of all probes, by their numbers."""
        return [self.names.get(probe) for probe in self.network.all_probes]

    def probes_of(self, at: int) -> list[int]:
        """Give the numbers of the probes that look at an object, or at the neurons of one."""
        numbers: dict[Any, int] = {}
        for n, probe in enumerate(self.network.all_probes):
            numbers.setdefault(probe, n)
        return [n for probe, n in numbers.items() if self._objects.index(probe.obj) == at]

    def index(self, obj: Any) -> int:
        """Give where an object, or a connection, stands; -1 where it does not."""
        if isinstance(obj, nengo.Connection):
            return self._connections.index(obj)
        return self._objects.index(obj)

    def thing(self, obj: Any) -> Thing:
        """Give what a page calls something of the network."""
        if isinstance(obj, nengo.Probe):
            return {"of": "probe", "at": self.network.all_probes.index(obj)}
        of = "connection" if isinstance(obj, nengo.Connection) else "object"
        return {"of": of, "at": self.index(obj)}

    def children(self, at: int) -> list[int]:
        """Give what a network holds by itself."""
        parents = self.objects["parent"]
        return [i for i in range(at + 1, len(parents)) if parents[i] == at]

    def open_at_first(self, most: int = MOST_AT_FIRST) -> list[int]:
        """Choose subnetworks to be open, outer ones first, so that there is not too much to see."""
        kinds, inside = self.objects["kind"], _children(self.objects["parent"])
        opened: list[int] = []
        shown, waiting = len(inside[0]), list(inside[0])
        while waiting:
            at = waiting.pop(0)
            if kinds[at] == _NETWORK and inside[at] and shown + len(inside[at]) - 1 <= most:
                opened.append(at)
                shown += len(inside[at]) - 1
                waiting += inside[at]
        return opened

    def visible(self, opened: set[int]) -> list[int]:
        """Give what is seen while these networks are open, without the open ones themselves."""
        inside = _children(self.objects["parent"])
        found: list[int] = []
        waiting = list(inside[0])
        while waiting:
            at = waiting.pop(0)
            if at in opened and self.objects["kind"][at] in HOLDS_OTHERS:
                waiting += inside[at]
            else:
                found.append(at)
        return found


def describe(network: nengo.Network, names: Names | None = None) -> NetworkGraph:
    """Describe a network as it is now."""
    return NetworkGraph(network, names or Names(network))


def _children(parents: list[int]) -> list[list[int]]:
    inside: list[list[int]] = [[] for _ in parents]
    for at, parent in enumerate(parents):
        if parent >= 0:
            inside[parent].append(at)
    return inside


def _at(entries: list[Any], at: int) -> Any:
    if not 0 <= at < len(entries):
        raise IndexError(f"there are {len(entries)}, no number {at}")
    return entries[at]
