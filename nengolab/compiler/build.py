"""Stage 1, build: Nengo's own builder, with a note of which object each operator came from."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import nengo
from nengo.base import NengoObject
from nengo.builder import Model
from nengo.builder.operator import Operator
from nengo.builder.signal import Signal
from nengo.cache import get_default_decoder_cache
from nengo.ensemble import Neurons

from nengolab.names import Names


class OwnedModel(Model):
    """Nengo's ``Model``, remembering the network object during whose build an operator came."""

    def __init__(self, *args: Any, **kwargs: Any):
        self.owner_of: dict[Operator, Any] = {}
        self._building: list[Any] = []
        super().__init__(*args, **kwargs)

    @contextmanager
    def _inside(self, obj: Any):
        named = isinstance(obj, (NengoObject, Neurons))
        if named:
            self._building.append(obj)
        try:
            yield
        finally:
            if named:
                self._building.pop()

    def build(self, obj: Any, *args: Any, **kwargs: Any) -> Any:
        with self._inside(obj):
            return super().build(obj, *args, **kwargs)

    def add_op(self, op: Operator) -> None:
        # The outermost object counts: the connection that a probe makes inside is the probe's.
        if self._building:
            self.owner_of[op] = self._building[0]
        super().add_op(op)


@dataclass
class Built:
    """What the first stage hands on.

    Attributes
    ----------
    model : nengo.builder.Model
        Operators, signals and built parameters, in double precision.
    names : Names
        Readable names of the network's objects.
    """

    model: Model
    names: Names

    def owner(self, op: Operator) -> Any:
        """The network object that ``op`` was built for, or None for a model built elsewhere."""
        return getattr(self.model, "owner_of", {}).get(op)

    def name_of(self, op: Operator) -> str:
        """Readable name of the object that ``op`` was built for."""
        owner = self.owner(op)
        return self.names.get(owner) if owner is not None else str(op.tag or op)

    def signal_names(self) -> dict[Signal, tuple[Any, str]]:
        """Which object and role each signal of ``model.sig`` belongs to: ``(object, key)``."""
        found = {}
        for obj, signals in self.model.sig.items():
            for key, signal in signals.items():
                if signal is not None:
                    found.setdefault(signal, (obj, key))
        return found


def build(
    network: nengo.Network | None, dt: float, model: Model | None = None, progress: Any = None
) -> Built:
    """Build ``network`` with Nengo's builder, without Nengo's optimiser.

    Parameters
    ----------
    network : nengo.Network or None
        None when ``model`` is already built.
    dt : float
        Length of a step in seconds.
    model : nengo.builder.Model, optional
        A model to build into.
    progress : nengo.utils.progress.Progress, optional
        Told of each object built.
    """
    if model is None:
        model = OwnedModel(
            dt=float(dt), label=f"{network}, dt={dt:f}", decoder_cache=get_default_decoder_cache()
        )
    if network is not None:
        model.build(network, progress=progress)
    return Built(model, Names(network if network is not None else model.toplevel))
