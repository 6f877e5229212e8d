"""What of a network is unchanged in the one that an edited source makes, and its state."""

from __future__ import annotations

import re
from dataclasses import replace
from types import FunctionType
from typing import Any

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.params import FrozenObject, iter_params

from nengolab.building.same import does_the_same, parts_of, same
from nengolab.building.sources import Unwritable, captured
from nengolab.bytecode import same_class
from nengolab.exceptions import ValidationError
from nengolab.names import Names, renamed
from nengolab.runtime.snapshot import Snapshot


def unchanged(before: nengo.Network, after: nengo.Network) -> dict[Any, Any]:
    """Which objects of a network are in another one as they were: by name, kind, all they hold.

    A connection is, where both of its ends are. What has only another name is, too, where all else
    is as it was: the same kinds of objects in the same order. Functions are the same where they do
    the same, with the same values captured.

    Parameters
    ----------
    before, after : nengo.Network

    Returns
    -------
    dict
        From objects of the one to those of the other.

    Examples
    --------
    >>> other = net.copy()
    >>> other.probes[0].synapse = None
    >>> found = nengolab.building.unchanged(net, other)
    >>> probe in found, connection in found
    (False, True)
    """
    first, second = Names(before), Names(after)
    others = {second.get(obj): obj for obj in second.objects()}
    moved, found = renamed(first, second), dict[Any, Any]()
    for kinds in ((nengo.Node, nengo.Ensemble), (nengo.Connection, nengo.Probe)):
        for obj in first.objects():
            if not isinstance(obj, kinds):
                continue
            other = moved.get(obj, others.get(first.get(obj)))
            if other is not None and _same_objects(obj, other, found):
                found[obj] = other
    return found


def carried(state: Snapshot, before: nengo.Network, sim: Any) -> tuple[Snapshot, list[str]]:
    """A state for a simulator of another network: what is unchanged goes on, the rest begins.

    Parameters
    ----------
    state : Snapshot
        Of a simulator of ``before``.
    before : nengo.Network
    sim : nengolab.Simulator
        Of the other network, as it was made. It is not changed: give it the state.

    Returns
    -------
    Snapshot
        At the step of ``state``.
    list of str
        Names of the arrays and processes that begin anew.

    Raises
    ------
    ValidationError
        Where the two differ in the length of a step or in the number of items.

    Examples
    --------
    >>> sim.run_steps(10)
    >>> with net:
    ...     added = nengo.Ensemble(10, 1, label="added")
    >>> with nengolab.Simulator(net) as other:
    ...     other.state, anew = nengolab.building.carried(sim.state, net, other)
    ...     other.n_steps, anew
    (10, ['added.refractory_time', 'added.voltage'])
    """
    fresh = sim.state
    for what in ("dt", "batch"):
        if getattr(state, what) != getattr(fresh, what):
            raise ValidationError(
                f"the state has {what} = {getattr(state, what)}, the simulator "
                f"{getattr(fresh, what)}",
                attr="state",
            )
    after = sim.network
    first, names = Names(before), Names(after)
    was = {names.get(new): first.get(old) for old, new in unchanged(before, after).items()}
    every = {names.get(obj) for obj in names.objects()}

    def before_of(name: str) -> str:
        """What an array or a process of what is unchanged was called, "" for others."""
        owner = _owner(name, every)
        return was[owner] + name.removeprefix(owner) if owner in was else ""

    arrays, processes, anew = dict(fresh.arrays), dict(fresh.processes), []
    for own, old in ((arrays, state.arrays), (processes, state.processes)):
        for name in own:
            if _fits(own[name], old.get(called := before_of(name))):
                own[name] = old[called]
            else:
                anew.append(name)
    drawn = {n: state.drawn[b] for n in processes if (b := before_of(n)) in state.drawn}
    made = replace(
        fresh,
        n_steps=state.n_steps,
        seed=state.seed,
        arrays=arrays,
        processes=processes,
        drawn=drawn,
    )
    return made, sorted(anew)


def _owner(name: str, every: set[str]) -> str:
    """The object that an array or a process belongs to, by the array's name."""
    while name and name not in every:
        shorter = re.sub(r"[.#(][^.#(]*$", "", name)
        name = "" if shorter == name else shorter
    return name


def _fits(new: Any, old: Any) -> bool:
    if old is None:
        return False
    return getattr(new, "shape", None) == getattr(old, "shape", None)


def _same_objects(a: Any, b: Any, found: dict[Any, Any]) -> bool:
    if type(a) is not type(b):
        return False
    held = [name for name in iter_params(a) if name != "label"]
    return all(_alike(getattr(a, name), getattr(b, name), found) for name in held)


def _alike(a: Any, b: Any, found: dict[Any, Any]) -> bool:
    """Whether values are the same, objects of a network where they are each other's."""
    if isinstance(a, FrozenObject) and isinstance(b, FrozenObject) and type(a) is not type(b):
        # Of a person's own class, which was made again with the network.
        return same_class(type(a), type(b), same) and same(parts_of(a), parts_of(b))
    if type(a) is not type(b):
        return False
    if isinstance(a, ObjView):
        return _alike(a.obj, b.obj, found) and same(a.slice, b.slice)
    if isinstance(a, Neurons):
        return found.get(a.ensemble) is b.ensemble
    if isinstance(a, LearningRule):
        rules = same(a.learning_rule_type, b.learning_rule_type)
        return rules and found.get(a.connection) is b.connection
    if isinstance(a, nengo.base.NengoObject):
        return found.get(a) is b
    if isinstance(a, tuple) and hasattr(a, "_fields"):
        return all(_alike(x, y, found) for x, y in zip(a, b, strict=True))
    if isinstance(a, FunctionType):
        return _same_functions(a, b)
    return same(a, b)


def _same_functions(a: FunctionType, b: FunctionType) -> bool:
    if a is b:
        return True
    try:
        held = [list(captured(f).values()) for f in (a, b)]
    except Unwritable:
        return False
    return (
        does_the_same(a.__code__, b.__code__)
        and same(held[0], held[1])
        and same((a.__defaults__, a.__kwdefaults__), (b.__defaults__, b.__kwdefaults__))
    )
