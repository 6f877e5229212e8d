"""The synapses of objects, as constants of what filters: given others, and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import nengo
import numpy as np
from nengo.synapses import Alpha, Lowpass, Synapse, Triangle

from nengolab.exceptions import ValidationError
from nengolab.kernels.synapses import linear_filter
from nengolab.parameters.rules import rules_of
from nengolab.runtime.effects import Cover

if TYPE_CHECKING:
    from nengolab.compiler.graph import Op
    from nengolab.runtime.engine import Engine

# Roles: an object's own synapse, then those of its learning rules.
SYNAPSES = ("synapse", "pre_synapse", "post_synapse", "theta_synapse")


def synapse_ops(engine: Engine, obj: Any, role: str) -> list[tuple[Synapse, Op]]:
    """The operations that an object's synapses of a role are, with these as built."""
    if role == "synapse":
        built = engine.effects.built
        wanted = [built.get((obj, role), getattr(obj, "synapse", None))]
    else:
        rules = rules_of(obj) if isinstance(obj, nengo.Connection) else []
        wanted = [getattr(rule, role, None) for rule in rules]
    own = [op for op in engine.graph.ops if op.owner is obj and op.synapse is not None]
    # A synapse may serve a connection and its rule: Nengo builds the connection's first.
    first = [op for op in own if wanted and op.synapse is wanted[0]]
    if role == "synapse":
        return [(op.synapse, op) for op in first[:1]]
    taken = [op for _, op in synapse_ops(engine, obj, "synapse")]
    return [
        (op.synapse, op)
        for op in own
        if op not in taken and any(op.synapse is synapse for synapse in wanted)
    ]


class SynapsesOf:
    """The synapse of an object that is to become another one.

    Parameters
    ----------
    engine : Engine
    obj : Connection or Probe
    role : str
        One of `SYNAPSES`.
    name : str
        What the object is called.
    """

    def __init__(self, engine: Engine, obj: Any, role: str, name: str):
        self._dt, self._name, self._role = engine.dt, name, role
        found = synapse_ops(engine, obj, role)
        if len(found) != 1:
            raise ValidationError(
                f"{name} has {'several' if found else 'no'} {role} that can be changed while it "
                "runs; give it one that Nengo has (Lowpass, Alpha, LinearFilter, Triangle), and "
                "build the network again",
                attr="role",
            )
        self.built, self._op = found[0]

    def other(self, now: Synapse, value: Any, scale: Any) -> Synapse:
        """The synapse that a time constant, a scale of it, or a synapse stands for."""
        if isinstance(value, Synapse):
            return value
        if value is None and scale is None:
            return self.built
        known = getattr(now, {Lowpass: "tau", Alpha: "tau", Triangle: "t"}.get(type(now), ""), None)
        if known is None:
            raise ValidationError(
                f"{self._name}: {now} has no one time constant; give a nengo.LinearFilter",
                attr="value",
            )
        given: Any = value if scale is None else scale
        try:
            seconds = float(given) * (1.0 if scale is None else known)
            if not 0 <= seconds < np.inf:
                raise ValueError
        except (TypeError, ValueError):
            raise ValidationError(
                f"{self._name}: a time constant is a number of seconds from 0 on, or a "
                f"nengo.synapses.Synapse; got {given!r}",
                attr="value",
            ) from None
        return type(now)(seconds)

    def constants(self, synapse: Synapse) -> dict[str, np.ndarray]:
        """Values of the filter's parameters, by name, for another synapse."""
        op = self._op
        size = next(iter(op.ports.values())).size
        made = linear_filter(synapse, self._dt, size)
        shapes = {key: np.shape(p.value) for key, p in op.params.items()}
        fits = (
            made is not None
            and made.kernel == op.kernel
            and {key: np.shape(v) for key, v in made.constants.items()} == shapes
            and (made.kernel == "first_order" or made.advanced == op.static[1])
        )
        if made is None or not fits:
            raise ValidationError(
                f"{self._name}: its {self._role} was built as {self.built}, and {synapse} keeps "
                "another state; one of the same kind and order can take its place while it runs, "
                "any other when the network is built again",
                attr="value",
            )
        return {op.params[key].name: np.asarray(v) for key, v in made.constants.items()}


def closing(engine: Engine, conn: nengo.Connection, name: str) -> dict[str, Cover]:
    """What lets nothing more through a connection: what is in its synapse dies away.

    That is what a transform of 0 does.
    """
    found = synapse_ops(engine, conn, "synapse")
    if found:
        params = found[0][1].params
        inward = [p for key, p in params.items() if key == "taps" or key[0] in "bd"]
        return {param.name: Cover(0.0) for param in inward}
    learned = {op.owner for op in engine.graph.learned}
    own = [p for p in engine.graph.params.values() if p.owner is conn]
    weights = [p for p in own if p.role in ("weights", "gain")]
    if conn not in learned and weights:
        return {param.name: Cover(0.0) for param in weights}
    raise ValidationError(
        f"{name} has neither a synapse nor weights of its own that could be 0; give it a synapse "
        "(0 delays by one step) or a transform, and build the network again",
        attr="conn",
    )
