"""What objects of a network are made with where nothing is said: its config, and what all share."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import nengo
from nengo.base import Process
from nengo.config import Config
from nengo.dists import Distribution
from nengo.ensemble import Neurons
from nengo.neurons import NeuronType
from nengo.params import ConnectionDefault, Default
from nengo.solvers import Solver
from nengo.synapses import Synapse

from nengolab.building.arguments import (
    NOTHING,
    attribute_of,
    own_default,
    parameters_of,
    signature,
)
from nengolab.building.in_force import Layers
from nengolab.building.same import same

# So many objects of a kind that have one value make it worth a line.
_SHARED_BY = 3
_SHARED = (bool, int, float, str, type(None), NeuronType, Synapse, Solver, Distribution, Process)
_OWN = ("label", "seed")


class Defaults:
    """Defaults of a network and those in it, as the written code sets them.

    Parameters
    ----------
    network : nengo.Network
        The outermost.
    """

    def __init__(self, network: nengo.Network):
        self._around: dict[nengo.Network, nengo.Network] = {}
        self._own: dict[nengo.Network, dict[type, dict[str, Any]]] = {}
        self.add(network, None)

    def add(self, network: nengo.Network, around: nengo.Network | None) -> None:
        """Take up a network, after the one that it is in."""
        if around is not None:
            self._around[network] = around
        own = self._own[network] = {}
        set_by_hand = configured(network)
        for kind, values in set_by_hand.items():
            changed = {k: v for k, v in values.items() if not same(self.of(network, kind, k), v)}
            if changed:
                own[kind] = changed
        for kind in (nengo.Ensemble, nengo.Connection, nengo.Probe):
            objs = [o for o in network.all_objects if isinstance(o, kind)]
            if len(objs) < _SHARED_BY:
                continue
            for attribute in _configurable(kind):
                if attribute in set_by_hand.get(kind, {}):
                    continue  # it is for what is added later, too
                value = getattr(objs[0], attribute)
                if isinstance(value, _SHARED) and all(
                    same(getattr(o, attribute), value) for o in objs[1:]
                ):
                    if not same(self.resolved(network, kind, attribute), value):
                        own.setdefault(kind, {})[attribute] = value

    def knows(self, network: nengo.Network) -> bool:
        """Whether it was added."""
        return network in self._own

    def own(self, network: nengo.Network) -> Iterator[tuple[type, str, Any]]:
        """What is set in a network itself: for which class, which attribute, what."""
        order = (*nengo.Network.default_config().params, *self._own[network])
        for kind in sorted(self._own[network], key=order.index):
            for attribute, value in sorted(self._own[network][kind].items(), key=lambda v: v[0]):
                yield kind, attribute, value

    def of(self, network: nengo.Network | None, kind: type, attribute: str) -> Any:
        """What an attribute of an object is where nothing is said, as Nengo looks it up."""
        while network is not None:
            for cls in kind.__mro__:
                if attribute in self._own[network].get(cls, {}):
                    return self._own[network][cls][attribute]
            network = self._around.get(network)
        found = own_default(getattr(kind, attribute))
        return found

    def resolved(self, network: nengo.Network, kind: type, attribute: str) -> Any:
        """The same, as the object then holds it."""
        found = self.of(network, kind, attribute)
        return self.of(network, nengo.Connection, "solver") if found is ConnectionDefault else found

    @contextmanager
    def within(self, network: nengo.Network) -> Iterator[None]:
        """Make objects as they would be made in a network, and add them to none of it."""
        path = [network]
        while path[-1] in self._around:
            path.append(self._around[path[-1]])
        with ExitStack() as stack:
            for outer in reversed(path):
                scratch = nengo.Network(add_to_container=False)
                for kind, attribute, value in self.own(outer):
                    if kind not in scratch.config.params:
                        scratch.config.configures(kind)
                    setattr(scratch.config[kind], attribute, value)
                stack.enter_context(scratch)
            yield


def configured(network: nengo.Network) -> dict[type, dict[str, Any]]:
    """What a person set in a network's config of parameters that Nengo has."""
    found: dict[type, dict[str, Any]] = {}
    for kind, params in network.config.params.items():
        if not inspect.isclass(kind) or kind in (nengo.Network, Neurons):
            continue
        for attribute in params.default_params:
            if params in params.get_param(attribute):
                found.setdefault(kind, {})[attribute] = getattr(params, attribute)
    return found


def set_by(layers: Layers, kind: type) -> Iterator[str]:
    """The attributes of objects of a class that configs say."""
    for _, values in layers:
        for cls, attribute in values:
            if issubclass(kind, cls):
                yield attribute
            elif (cls, attribute) == (nengo.Connection, "solver"):
                own = getattr(kind, "solver", None)
                if getattr(own, "default", None) is ConnectionDefault:
                    yield attribute


def given_by(layers: Layers, kind: type, attribute: str) -> Any:
    """What an attribute is where nothing is said, as Nengo looks it up."""
    keys = [(cls, attribute) for cls in kind.__mro__]
    said = (values[key] for _, values in reversed(layers) for key in keys if key in values)
    found = next(said, NOTHING)
    if found is NOTHING:
        found = own_default(getattr(kind, attribute))
    return given_by(layers, nengo.Connection, "solver") if found is ConnectionDefault else found


def parted(layers: Layers, outside: Collection[Config]) -> tuple[Layers, Layers]:
    """Those of some configs, and the others."""
    own = {id(config) for config in outside}
    return (
        tuple(layer for layer in layers if id(layer[0]) in own),
        tuple(layer for layer in layers if id(layer[0]) not in own),
    )


def _configurable(kind: type) -> list[str]:
    """Attributes of a class that a config can say, and that objects are likely to share."""
    params = parameters_of(kind)
    return [
        attribute_of(kind, p.name, params)
        for p in signature(kind)
        if p.default is Default and p.name not in _OWN
    ]


@contextmanager
def nothing_around() -> Iterator[None]:
    """Leave all ``with network:`` blocks for a while."""
    stacks = (nengo.Network.context, Config.context)
    held = [list(stack) for stack in stacks]
    for stack in stacks:
        stack.clear()
    try:
        yield
    finally:
        for stack, items in zip(stacks, held, strict=True):
            stack.clear()
            for item in items:
                stack.append(item)
