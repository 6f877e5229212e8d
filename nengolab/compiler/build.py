"""Stage 1, build: Nengo's own builder, with a note of which object each operator came from."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import nengo
from nengo.base import NengoObject
from nengo.builder import Model
from nengo.builder.operator import Operator
from nengo.builder.signal import Signal
from nengo.cache import NoDecoderCache, get_default_decoder_cache
from nengo.ensemble import Neurons
from nengo.exceptions import SignalError
from nengo.solvers import Solver
from nengo.synapses import Synapse
from threadpoolctl import threadpool_limits

from nengolab.compiler import shortcuts
from nengolab.exceptions import BuildError
from nengolab.names import Names
from nengolab.startup.leaving import heed


class OwnedModel(Model):
    """Nengo's ``Model``, remembering the network object during whose build an operator came."""

    def __init__(self, *args: Any, **kwargs: Any):
        self.owner_of: dict[Operator, Any] = {}
        self._building: list[Any] = []
        self.decoders = shortcuts.DecoderSolver()
        self.failed_at: Any = None
        super().__init__(*args, **kwargs)

    def build(self, obj: Any, *args: Any, **kwargs: Any) -> Any:
        named = isinstance(obj, (NengoObject, Neurons))
        if named:
            heed()
            self._building.append(obj)
        try:
            return self._build(obj, *args, **kwargs)
        except Exception:
            if self.failed_at is None and self._building:
                self.failed_at = self._building[0]
            raise
        finally:
            if named:
                self._building.pop()

    def _build(self, obj: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(obj, Solver) and self.decoders.applies_to(obj, args[0]):
            solved = self.decoders.solve(self, obj, *args, **kwargs)
            if solved is not None:
                return solved
        elif isinstance(obj, Synapse) and shortcuts.applies_to_synapse(obj):
            return shortcuts.build_filter(self, obj, *args, **kwargs)
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

    Raises
    ------
    BuildError
        Naming the object whose parameters hold NaN.
    """
    into = model or OwnedModel(
        dt=float(dt), label=f"{network}, dt={dt:f}", decoder_cache=_decoder_cache(network)
    )
    names = Names(network if network is not None else into.toplevel)
    if network is not None:
        # For small problems, a library's threads cost more than they give.
        threads = nullcontext() if _has_large(network) else threadpool_limits(1, "blas")
        try:
            with threads:
                into.build(network, progress=progress)
        except SignalError as err:  # Nengo's own check, which does not know whose signal it is
            owner = getattr(into, "failed_at", None) or network
            raise BuildError(f"{names.get(owner)}: {err} Give it finite values.") from err
        if isinstance(into, OwnedModel):
            into.decoders.forget()
    return Built(into, names)


def _decoder_cache(network: nengo.Network | None) -> Any:
    """Nengo's cache on disk where there is something to gain from it.

    Only one process at a time may write to it; others are warned, which is noise for a network
    that does not need it.
    """
    return get_default_decoder_cache() if _has_large(network) else NoDecoderCache()


def _has_large(network: nengo.Network | None) -> bool:
    """Whether some ensemble's decoders are a large problem."""
    ensembles = network.all_ensembles if network is not None else ()
    return any(e.n_neurons >= shortcuts.SOLVED_HERE_BELOW for e in ensembles)
