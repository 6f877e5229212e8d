"""Networks that one call makes: an EnsembleArray that is still what its call would make."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.dists import Samples
from nengo.ensemble import Neurons
from nengo.networks import EnsembleArray
from nengo.params import iter_params

from nengolab.building.defaults import Defaults
from nengolab.building.same import same
from nengolab.compiler import independence


@dataclass
class Whole:
    """A call that makes a network, and those that add to it.

    Attributes
    ----------
    network : nengo.networks.EnsembleArray
    given : dict
        Arguments by name.
    added : list of (str, tuple, dict)
        Methods that are called then, and with what.
    """

    network: Any
    given: dict[str, Any]
    added: list[tuple[str, tuple, dict[str, Any]]] = field(default_factory=list)

    def parts(self) -> Iterator[tuple[Any, str]]:
        """Its objects that may be referred to, and how they are reached from it."""
        for name, held in vars(self.network).items():
            if isinstance(held, nengo.Node):
                yield held, f".{name}"
        for i, ensemble in enumerate(self.network.ea_ensembles):
            yield ensemble, f".ea_ensembles[{i}]"


def whole(network: nengo.Network, around: nengo.Network, defaults: Defaults) -> Whole | None:
    """The call that makes a network, where there is one that makes this very one.

    Parameters
    ----------
    network : nengo.Network
    around : nengo.Network
        That it is in.
    defaults : Defaults
        Of the networks around.
    """
    if type(network) is not EnsembleArray or not hasattr(network, "ea_ensembles"):
        return None
    given = {
        "n_neurons": network.n_neurons_per_ensemble,
        "n_ensembles": network.n_ensembles,
        "ens_dimensions": network.dimensions_per_ensemble,
        "label": network.label,
        "seed": network.seed,
    }
    held = network.config[nengo.Ensemble]
    for name in held.default_params:
        if held in held.get_param(name):
            value = getattr(held, name)
            given[name] = value.samples if type(value) is Samples else value
    found = Whole(network, given)
    try:
        with defaults.within(around), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = EnsembleArray(**given, add_to_container=False)
            for node in network.nodes[2:]:
                call = _call(network, node)
                if call is None:
                    return None
                getattr(made, call[0])(*call[1], **call[2])
                found.added.append(call)
    except Exception:
        return None  # its attributes are not what it was made of
    return found if _alike(network, made) else None


def _call(network: Any, node: nengo.Node) -> tuple[str, tuple, dict[str, Any]] | None:
    """The method that added a node, and what it was given."""
    for name in ("neuron_input", "neuron_output"):
        if getattr(network, name) is node:
            return f"add_{name}", (), {}
    name = node.label
    into = [c for c in network.connections if c.post_obj is node]
    if not name or vars(network).get(name) is not node or not into:
        return None
    functions = [c.function for c in into]
    if any(f is not None and independence.of(f, arrays=True).level == "tied" for f in functions):
        return None  # it would be called
    function = functions[0] if all(f is functions[0] for f in functions) else functions
    more = {} if into[0].synapse is None else {"synapse": into[0].synapse}
    return "add_output", (name, function), more


def _alike(a: nengo.Network, b: nengo.Network) -> bool:
    """Whether two networks without others in them hold the same objects in the same order."""
    if a.networks or a.probes:
        return False
    pairs = {}
    for kind in (nengo.Node, nengo.Ensemble, nengo.Connection):
        first, second = a.objects[kind], b.objects[kind]
        if len(first) != len(second):
            return False
        pairs |= dict(zip(first, second, strict=True))
    settings = ([*_settings(network)] for network in (a, b))
    return same(*settings) and all(_same_objects(x, y, pairs) for x, y in pairs.items())


def _settings(network: nengo.Network) -> Iterator[Any]:
    for kind, params in network.config.params.items():
        if not isinstance(kind, type):
            yield "an object's"  # of none that was made
            continue
        yield [kind.__name__, *params.extra_params]
        for name in params.default_params:
            if params in params.get_param(name):
                yield [name, getattr(params, name)]


def _same_objects(a: Any, b: Any, pairs: dict[Any, Any]) -> bool:
    def other(value: Any) -> Any:
        if isinstance(value, ObjView):
            return ("view", id(other(value.obj)), _plain(value.slice))
        if isinstance(value, Neurons):
            return ("neurons", id(pairs.get(value.ensemble, value.ensemble)))
        return pairs.get(value, value) if isinstance(value, nengo.base.NengoObject) else value

    def own(value: Any) -> Any:
        if isinstance(value, ObjView):
            return ("view", id(own(value.obj)), _plain(value.slice))
        return ("neurons", id(value.ensemble)) if isinstance(value, Neurons) else value

    return type(a) is type(b) and all(
        _same_parts(other(getattr(a, name)), own(getattr(b, name))) for name in iter_params(a)
    )


def _same_parts(a: Any, b: Any) -> bool:
    return same(a, b)


def _plain(key: Any) -> Any:
    """A slice with Python's own numbers."""
    if not isinstance(key, slice):
        return key
    parts = (key.start, key.stop, key.step)
    return slice(*(int(p) if isinstance(p, np.integer) else p for p in parts))
