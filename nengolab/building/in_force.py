"""Which defaults of Nengo's configs hold where an object is made, and where a block ends."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

import nengo
from nengo.config import Config

#: Of a config, what it sets, by class and attribute.
Values = dict[tuple[type, str], Any]
#: The configs that set anything, the outermost first.
Layers = tuple[tuple[Config, Values], ...]


@dataclass
class Configs:
    """The configs that held while a source ran.

    Attributes
    ----------
    around : dict
        For each object, those that held when it was made; left out where none set anything.
    at_end : dict
        For each network and each line of a ``with`` of it, those that held at its end.
    """

    around: dict[Any, Layers] = field(default_factory=dict)
    at_end: dict[tuple[nengo.Network, int], Layers] = field(default_factory=dict)


class Looking:
    """Reads the configs that hold now; again only where one of them may have changed."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[list[Config], Layers]] = {}

    def changed(self) -> None:
        """Something was set."""
        self._known.clear()

    def now(self) -> Layers:
        """The configs of all blocks that this thread is in."""
        stack = list(Config.context)
        key = tuple(map(id, stack))
        if key not in self._known:  # which keeps the configs, so that their ids stay theirs
            held = [(config, values_of(config)) for config in stack]
            self._known[key] = stack, tuple(layer for layer in held if layer[1])
        return self._known[key][1]


def config_of(network: nengo.Network) -> Config:
    """The config of a network itself: of one of NengoSPA, ``config`` is a thing around it."""
    return network._config


def values_of(config: Config) -> Values:
    """What a config sets of the parameters that classes have."""
    return {
        (kind, attribute): getattr(params, attribute)
        for kind, params in config.params.items()
        if inspect.isclass(kind)
        for attribute in params.default_params
        if params in params.get_param(attribute)
    }
