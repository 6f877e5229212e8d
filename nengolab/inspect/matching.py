"""Which object of one network is which of another, by what they are and what they are joined to.

Colours are refined by those of the neighbours (Weisfeiler & Lehman, 1968): after some rounds two
objects have one colour where the networks look alike from them. Objects of one colour are taken
for each other, the closest likeness first: those that are alike in all that they hold, then those
of one size. Among the alike those of one name come first, then those with the same parameters.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import nengo
from nengo.builder import Builder
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from nengolab.inspect.alike import Prints, pairs_alike, parameters_of
from nengolab.names import Names

ROUNDS = 4
_NOT_ITS_OWN = {"label", "seed", "pre", "post", "target"}
Pairs = list[tuple[Any, Any]]


class Joined:
    """The objects of a network and what they are joined to.

    Parameters
    ----------
    network : nengo.Network
    names : Names
    """

    def __init__(self, network: nengo.Network, names: Names):
        self.names = names
        self.parts = list(dict.fromkeys([*network.all_nodes, *network.all_ensembles]))
        self.connections = list(dict.fromkeys(network.all_connections))
        self.probes = list(dict.fromkeys(network.all_probes))
        self.prints = Prints()
        self.held: dict[Any, tuple[Hashable, ...]] = {
            obj: (self.prints.held_by(obj), *_parts(obj)) for obj in self.connections + self.probes
        }
        self._around: dict[Any, list[tuple[Hashable, Any]]] = defaultdict(list)
        self.exactly: dict[Any, list[tuple[Hashable, Any]]] = defaultdict(list)
        for conn in self.connections:
            pre, post = base(conn.pre_obj), base(conn.post_obj)
            to, back = f"to {_end(conn.post_obj)}", f"from {_end(conn.pre_obj)}"
            self._around[pre].append((to, post))
            self._around[post].append((back, pre))
            held = self.held[conn]
            self.exactly[pre].append((hash((to, *held)), post))
            self.exactly[post].append((hash((back, *held)), pre))
        for probe in self.probes:
            self._around[base(probe.target)].append((f"probe {probe.attr}", None))
            self.exactly[base(probe.target)].append((hash(("probe", *self.held[probe])), None))

    def own(self, obj: Any) -> Hashable:
        """What an object is, in all that it holds."""
        return kind(obj), self.prints.held_by(obj)

    def colours(
        self, own: Callable[[Any], Hashable], exactly: bool = False
    ) -> list[dict[Any, int]]:
        """Colours of nodes and ensembles, a dictionary a round, the first of what each is itself.

        Hashes: equal ones mean alike, in this process; ``exactly``, in all that connections hold.
        """
        joined = self.exactly if exactly else self._around
        now = {obj: hash(own(obj)) for obj in self.parts}
        rounds = [now]
        for _ in range(ROUNDS):
            around = {
                obj: sorted((how, now.get(other, 0)) for how, other in joined[obj])
                for obj in self.parts
            }
            now = {obj: hash((now[obj], *around[obj])) for obj in self.parts}
            rounds.append(now)
        return rounds


def base(obj: Any) -> Any:
    """The object that is joined: the ensemble of neurons, the end of a rule's connection."""
    if isinstance(obj, nengo.base.ObjView):
        return base(obj.obj)
    if isinstance(obj, LearningRule):
        return base(obj.connection.post_obj)
    if isinstance(obj, nengo.Connection):
        return base(obj.post_obj)
    return obj.ensemble if isinstance(obj, Neurons) else obj


def _end(obj: Any) -> str:
    return _built_as(obj.obj if isinstance(obj, nengo.base.ObjView) else obj)


def _built_as(obj: Any) -> str:
    """The class of an object; where that has no builder of its own, the one that it is made of."""
    kinds = (cls for cls in type(obj).__mro__ if cls in Builder.builders)
    return next(kinds, type(obj)).__name__


def kind(obj: Any) -> str:
    """What an object is, whatever its size."""
    if isinstance(obj, nengo.Node) and obj.output is None:
        return "passthrough Node"
    return _built_as(obj)


def _sized(obj: Any) -> Hashable:
    count = obj.n_neurons if isinstance(obj, nengo.Ensemble) else 0
    return kind(obj), obj.size_in, obj.size_out, count


def match(a: Joined, b: Joined) -> tuple[Pairs, list[Any], list[Any]]:
    """Pairs of objects that are each other's, and what only one of the networks has."""
    parts = _match_parts(a, b)
    there = dict(parts)
    connections = _joined(a, b, a.connections, b.connections, _ends, there)
    there.update(connections)
    probes = _joined(a, b, a.probes, b.probes, _target, there)
    pairs = [*parts, *connections, *probes]
    left, right = {p for p, _ in pairs}, {q for _, q in pairs}
    return (
        pairs,
        [o for o in (*a.parts, *a.connections, *a.probes) if o not in left],
        [o for o in (*b.parts, *b.connections, *b.probes) if o not in right],
    )


def _joined(
    a: Joined,
    b: Joined,
    left: Sequence[Any],
    right: Sequence[Any],
    ends: Callable[[Any, Callable[[Any], Any]], Hashable],
    there: dict[Any, Any],
) -> Pairs:
    """Connections or probes of matched objects: those that hold the same, then the others."""
    exact = _paired(
        *(a, b, left, right),
        lambda obj: (ends(obj, there.get), a.held[obj]),
        lambda obj: (ends(obj, _same), b.held[obj]),
    )
    done = {p for p, _ in exact}, {q for _, q in exact}
    rest = _paired(
        *(a, b, [o for o in left if o not in done[0]], [o for o in right if o not in done[1]]),
        lambda obj: ends(obj, there.get),
        lambda obj: ends(obj, _same),
    )
    found = {**dict(exact), **dict(rest)}
    return [(obj, found[obj]) for obj in left if obj in found]


def _parts(obj: Any) -> tuple[str, ...]:
    """Which parts of its ends a connection or a probe is joined to."""
    ends = [obj.target] if isinstance(obj, nengo.Probe) else [obj.pre, obj.post]
    return tuple(_part(end) if isinstance(end, nengo.base.ObjView) else "" for end in ends)


def _part(view: nengo.base.ObjView) -> str:
    """Which elements a view has; empty where it has all."""
    if not isinstance(view.slice, slice):
        return str(view.slice)
    size = max(view.obj.size_in, view.obj.size_out)
    indices = view.slice.indices(size)
    return "" if indices == (0, size, 1) else str(indices)


def _match_parts(a: Joined, b: Joined) -> Pairs:
    """Nodes and ensembles: alike in all; in size and surroundings; in surroundings; size; name."""
    passes: list[tuple[dict[Any, Any], dict[Any, Any]]]
    sized, shaped = ((a.colours(f), b.colours(f)) for f in (_sized, kind))
    passes = [(x, y) for x, y in zip(*(r[::-1] for r in sized), strict=True)][:-1]
    passes += [(x, y) for x, y in zip(*(r[::-1] for r in shaped), strict=True)][:-1]
    passes.append((sized[0][0], sized[1][0]))
    named = [{o: (kind(o), j.names.get(o)) for o in j.parts} for j in (a, b)]
    passes.append((named[0], named[1]))
    pairs = pairs_alike(
        (a.colours(a.own, True)[-1], b.colours(b.own, True)[-1]),
        (a.exactly, b.exactly),
        (a.names.get, b.names.get),
    )
    matched = {obj for pair in pairs for obj in pair}
    left, right = ([obj for obj in j.parts if obj not in matched] for j in (a, b))
    for of_a, of_b in passes:
        new = _paired(a, b, left, right, of_a.__getitem__, of_b.__getitem__)
        done = {p for p, _ in new} | {q for _, q in new}
        left, right = ([o for o in side if o not in done] for side in (left, right))
        pairs += new
    order = {obj: i for i, obj in enumerate(a.parts)}
    return sorted(pairs, key=lambda pair: order[pair[0]])


def _paired(
    a: Joined,
    b: Joined,
    left: Sequence[Any],
    right: Sequence[Any],
    of_a: Callable[[Any], Hashable],
    of_b: Callable[[Any], Hashable],
) -> Pairs:
    """Objects with equal keys: of one name, then of the same parameters, then in order."""
    keys = {of_b(obj) for obj in right}
    left = [obj for obj in left if of_a(obj) in keys]
    found: dict[Any, Any] = {}
    for more_a, more_b in (
        (a.names.get, b.names.get),
        (_parameters, _parameters),
        (lambda obj: None, lambda obj: None),
    ):
        taken = set(found.values())
        waiting: dict[Hashable, deque[Any]] = defaultdict(deque)
        for obj in right:
            if obj not in taken:
                waiting[of_b(obj), more_b(obj)].append(obj)
        for obj in left:
            if obj not in found and (others := waiting.get((of_a(obj), more_a(obj)))):
                found[obj] = others.popleft()
    return [(obj, found[obj]) for obj in left if obj in found]


def _parameters(obj: Any) -> Hashable:
    """What an object was made with, as far as it can be written; without what it is joined to."""
    return tuple(
        repr(getattr(obj, name)) for name in parameters_of(type(obj)) if name not in _NOT_ITS_OWN
    )


def _same(obj: Any) -> Any:
    return obj


def _ends(conn: nengo.Connection, other: Callable[[Any], Any]) -> Hashable:
    pre, post = other(base(conn.pre_obj)), other(base(conn.post_obj))
    if pre is None or post is None:
        return ("unmatched", id(conn))
    return pre, _end(conn.pre_obj), post, _end(conn.post_obj)


def _target(probe: nengo.Probe, other: Callable[[Any], Any]) -> Hashable:
    target = probe.target
    if isinstance(target, nengo.base.ObjView):
        target = target.obj
    found = other(target if isinstance(target, nengo.Connection) else base(target))
    return ("unmatched", id(probe)) if found is None else (found, probe.attr)
