"""In which order the objects of a network can be written, each after what it is joined to.

Seeds go by the order of objects of a kind in their network, so that order is kept.
"""

from __future__ import annotations

import itertools
import keyword
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from nengolab.exceptions import ValidationError
from nengolab.names import Names


@dataclass
class Block:
    """What is written inside of one ``with network:``.

    Attributes
    ----------
    network : nengo.Network
    opens : bool
        Whether the network is made here; else it is gone on with.
    items : list
        Objects, blocks, networks that are made whole, and those that stand there once more.
    """

    network: nengo.Network
    opens: bool = True
    items: list[Any] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Again:
    """A network that was made before and stands in another once more, as some of `nengo.spa` do."""

    network: nengo.Network


def base(obj: Any) -> Any:
    """The object that is meant by a view, by neurons or a learning rule."""
    if isinstance(obj, ObjView):
        return base(obj.obj)
    if isinstance(obj, Neurons):
        return obj.ensemble
    return obj.connection if isinstance(obj, LearningRule) else obj


class Order:
    """Puts the objects of a network in order.

    Parameters
    ----------
    network : nengo.Network
    names : Names
    is_whole : callable
        Whether a network in it is made by one call. It is asked of each, outer ones first.
    """

    def __init__(
        self, network: nengo.Network, names: Names, is_whole: Callable[[nengo.Network], bool]
    ):
        self._names, self._is_whole = names, is_whole
        self._there = {*network.all_nodes, *network.all_ensembles, *network.all_connections}
        self._made: set[Any] = set()
        self._waiting: dict[nengo.Network, tuple[deque[Any], deque[Any]]] = {}
        self._around: dict[nengo.Network, nengo.Network] = {}
        self.again: set[nengo.Network] = set()
        self._seen: set[nengo.Network] = set()
        self.block = self._run(network)
        self.reopened = {b.network for b in _blocks(self.block) if not b.opens}
        left = [o for queues in self._waiting.values() for queue in queues for o in queue]
        if left:
            raise ValidationError(
                f"{names.get(left[0])!r} comes before what it leads to or from in its network, "
                "so no code makes them in this order",
                attr="net",
            )

    def _run(self, network: nengo.Network) -> Block:
        block = Block(network, items=[*network.nodes, *network.ensembles])
        self._made.update(block.items)
        self._waiting[network] = deque(network.connections), deque(network.probes)
        for sub in network.networks:
            if sub in self._seen:
                self.again.add(sub)
                block.items.append(Again(sub))
                continue
            self._seen.add(sub)
            if self._is_whole(sub):
                block.items.append(sub)
                self._made.update((*sub.all_nodes, *sub.all_ensembles, *sub.all_connections))
            else:
                self._around[sub] = network
                block.items.append(self._run(sub))
        while self._go_on(block):
            pass
        return block

    def _go_on(self, block: Block) -> bool:
        """Write what can be of a network and those in it; whether anything could."""
        done = False
        for network, (connections, probes) in list(self._waiting.items()):
            path = self._path(network, block.network)
            if path is None:
                continue
            ready = [*self._ready(connections), *self._ready(probes)]
            if ready:
                done = True
                inside = block
                for step in path:
                    inside.items.append(Block(step, opens=False))
                    inside = inside.items[-1]
                inside.items += ready
            if not connections and not probes:
                del self._waiting[network]
        return done

    def _path(self, network: Any, around: nengo.Network) -> list[nengo.Network] | None:
        """The networks from one in another, that one left out; None where it is not in it."""
        path = []
        while network is not around:
            path.append(network)
            network = self._around.get(network)
            if network is None:
                return None
        return path[::-1]

    def _ready(self, queue: deque[Any]) -> Iterator[Any]:
        while queue and all(end in self._made for end in self._ends(queue[0])):
            self._made.add(queue[0])
            yield queue.popleft()

    def _ends(self, obj: Any) -> list[Any]:
        probed = isinstance(obj, nengo.Probe)
        ends = [base(obj.target)] if probed else [base(obj.pre), base(obj.post)]
        for end in ends:
            if end not in self._there:
                raise ValidationError(
                    f"{self._names.get(obj)!r} is joined to {self._names.get(end)!r}, which is not "
                    "in the network; give the network that both are in",
                    attr="net",
                )
        return ends


def _blocks(block: Block) -> Iterator[Block]:
    yield block
    for item in block.items:
        if isinstance(item, Block):
            yield from _blocks(item)


def together_in(items: list[Any]) -> Iterator[list[Any]]:
    """Objects of one kind that follow each other, and networks that do."""
    for _, group in itertools.groupby(items, kind_of):
        yield list(group)


def kind_of(obj: Any) -> type:
    """Which kind of object it is in its network."""
    if isinstance(obj, Block | Again):
        return nengo.Network
    kinds = (nengo.Node, nengo.Ensemble, nengo.Connection, nengo.Probe, nengo.Network)
    return next(kind for kind in kinds if isinstance(obj, kind))


def held_by_name(network: nengo.Network) -> Iterator[tuple[str, Any]]:
    """Attributes of a network under which it holds an object of its own, and what they hold."""
    own = {o for objs in network.objects.values() for o in objs if not isinstance(o, nengo.Network)}
    found = set()
    for name, held in vars(network).items():
        if (
            not name.startswith("_")
            and name.isidentifier()
            and not keyword.iskeyword(name)
            and unicodedata.normalize("NFKC", name) == name
            and isinstance(held, nengo.base.NengoObject)
        ):
            if held in own and held not in found and not hasattr(type(network), name):
                found.add(held)
                yield name, held
