"""What was changed while a network ran, written to the network's objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nengo
import numpy as np
from nengo.solvers import NoSolver
from nengo.transforms import Dense

from nengolab.exceptions import ValidationError
from nengolab.parameters.lesions import SILENCE, falls_silent_when_low
from nengolab.parameters.rules import is_decoded, rules_of
from nengolab.parameters.synapses import SYNAPSES
from nengolab.parameters.transfer import Transfer, Transferable, write

# Roles that are written here, and not by `Transfer`.
BESIDE = frozenset(["synapse"])


class Keeper:
    """Writes changes to objects: all of them, or none.

    Parameters
    ----------
    sim : Transferable
    changed : iterable of (object, str)
        What was changed: objects and roles.
    """

    def __init__(self, sim: Transferable, changed: Iterable[tuple[Any, str]]):
        self._sim, self._engine = sim, sim._engine
        self._changed = list(changed)
        self._transfer = Transfer(sim, beside=BESIDE)

    def keep(self) -> None:
        """Write them."""
        for obj, role in self._changed:
            self._check(obj, role)
        objs = self._objects()
        with self._engine.settled():
            written = [(obj, self._transfer.arguments(obj)) for obj in objs]
        for obj, arguments in written:
            write(obj, arguments)
        effects = self._engine.effects
        for obj, role in self._changed:
            if role in SYNAPSES:
                effects.built.setdefault((obj, role), obj.synapse)
                obj.synapse = effects.given[obj, role]
            elif role == "lesion":
                for cover in effects.of(("lesion", obj)).values():
                    obj.bias = np.where(cover.rows, SILENCE, obj.bias)
            elif role == "cut" and effects.of(("cut", obj)):
                _close(obj)

    def _check(self, obj: Any, role: str) -> None:
        name = self._sim.name_of(obj)
        if role in ("learning", "learning_rate", "beta", "scale", *SYNAPSES[1:]):
            raise ValidationError(
                f"{name}: its {role} belongs to a learning rule, which is fixed once a Connection "
                "is made; write it where the Connection is made, or set it back",
                attr="changes",
            )
        if role == "lesion" and not falls_silent_when_low(obj.neuron_type):
            raise ValidationError(
                f"{name}: no argument of Nengo's silences some {type(obj.neuron_type).__name__} "
                "neurons; heal them",
                attr="changes",
            )
        if role == "cut" and rules_of(obj):
            raise ValidationError(
                f"{name} learns, so weights of 0 would not stay 0; mend it", attr="changes"
            )

    def _objects(self) -> list[Any]:
        """What is to be written whole: what was changed, and what else would come out otherwise.

        Decoders are found for an ensemble as it is, so those of a changed one are written too.
        """
        beside = {"cut", *SYNAPSES}
        objs = dict.fromkeys(obj for obj, role in self._changed if role not in beside)
        ensembles = {obj for obj in objs if isinstance(obj, nengo.Ensemble)}
        network = self._sim.network
        if network is not None:
            objs |= dict.fromkeys(
                conn
                for conn in network.all_connections
                if conn.pre_obj in ensembles and is_decoded(conn)
            )
            objs |= dict.fromkeys(p for p in network.all_probes if p.target in ensembles)
        return list(objs)


def _close(conn: nengo.Connection) -> None:
    if is_decoded(conn) and isinstance(conn.solver, NoSolver):
        conn.solver = NoSolver(np.zeros_like(conn.solver.values), weights=conn.solver.weights)
        return
    conn.transform = Dense((conn.size_out, conn.size_mid), init=0.0)
