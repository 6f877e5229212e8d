"""What can be changed of an ensemble or a connection while the network runs."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from typing import Any, Literal, NotRequired, TypedDict, cast

import nengo
import numpy as np
from nengo.exceptions import ValidationError
from nengo.params import NumberParam

from nengolab.live import PanelSpec
from nengolab.live.changes import Change
from nengolab.live.standing import StandingChanges
from nengolab_widgets.panel import Panel, ensemble_of, has_neurons

# Time constants of neurons, which are shown in milliseconds as those of synapses are.
IN_SECONDS = ("tau_rc", "tau_ref", "tau_n", "tau_recovery")
LABELS = {
    "tau_rc": "membrane time constant",
    "tau_ref": "refractory time",
    "tau_n": "adaptation time constant",
    "inc_n": "adaptation for each spike",
    "amplitude": "amplitude",
    "min_voltage": "least voltage",
}


class Knob(TypedDict):
    """One thing that can be changed; ``built`` is its value as built."""

    role: str
    label: str
    kind: Literal["number", "flag", "share"]
    unit: str
    built: float
    hint: NotRequired[str]


class Payload(TypedDict):
    """What can be changed."""

    knobs: list[Knob]


class ChangePanel(Panel):
    """Knobs of an ensemble or a connection, and all that differs from what was built.

    Of an ensemble: the share of neurons that are silenced, their constants, their gains. Of a
    connection: whether it is cut, its synapse, its weights, whether it learns and how fast. What is
    done counts from the next step on, can be undone, kept or dropped.
    """

    name = "change"
    label = "change it"

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is an ensemble with neurons, or a connection."""
        ens = isinstance(obj, nengo.Ensemble) and has_neurons(obj)
        return ens or isinstance(obj, nengo.Connection)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 70.0

    def spec(self) -> StandingChanges:
        obj = self.obj
        self._knobs = list(_of_ensemble(obj) if ensemble_of(obj) else _of_connection(obj))
        return StandingChanges(
            weakref.ref(self.place.session),
            lambda changes: _told(obj, changes),
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        return "change it while it runs"

    def layout(self) -> Payload:
        return {"knobs": self._knobs}

    def handle(self, content: dict[str, Any]) -> None:
        """Take a move of a knob, or what is to be done with all changes."""
        kind, session = content.get("type"), self.place.session
        if kind in ("undo", "redo", "keep_changes", "drop_changes"):
            getattr(session, str(kind))()
        elif kind == "set":
            self._set(content)
        else:
            super().handle(content)

    def _set(self, content: dict[str, Any]) -> None:
        role, value = content.get("role"), content.get("value")
        knob = next((k for k in self._knobs if k["role"] == role), None)
        if knob is None:
            known = ", ".join(k["role"] for k in self._knobs)
            raise ValidationError(f"{self.title!r} has no {role!r} to change; {known}", "role")
        good = isinstance(value, (int, float)) and np.isfinite(value)
        if value is not None and not good:
            raise ValidationError(
                f"{role} of {self.title!r} must be a number, got {value!r}", "value"
            )
        number = knob["built"] if value is None else float(value)
        session, obj, gesture = (
            self.place.session,
            self.obj,
            str(content.get("gesture", "")) or None,
        )
        if role == "lesion":
            session.lesion(obj, number, gesture=gesture)
        elif role == "cut":
            (session.cut if number else session.mend)(obj)
        elif role == "learning":
            session.set_learning(obj, bool(number))
        elif role in ("gain", "weights"):
            self._scale(str(role), number, gesture)
        else:
            as_built = value is None or number == knob["built"]
            session.set_parameter(obj, str(role), None if as_built else number, gesture=gesture)

    def _scale(self, role: str, factor: float, gesture: str | None) -> None:
        session, obj = self.place.session, self.obj
        change = _changed(obj, role, session.changes)
        if change is None:
            session.set_parameter(obj, role, scale=factor, gesture=gesture)
        else:
            value = None if factor == 1 else np.asarray(change.before) * factor
            session.set_parameter(obj, role, value, gesture=gesture)

    def python(self, spec: PanelSpec) -> str:
        lines = [
            "# In a session, or with the same methods of a Simulator:",
            f"obj = ...  # {self.title!r}",
            *(f"session.{line}" for knob in self._knobs for line in [_code(knob["role"])]),
            "session.changes  # what differs from what was built",
        ]
        return "\n".join([*lines, ""])


def _code(role: str) -> str:
    calls = {
        "lesion": "lesion(obj, 0.3)",
        "cut": "cut(obj)",
        "learning": "set_learning(obj, False)",
        "gain": 'set_parameter(obj, "gain", scale=1.5)',
        "weights": 'set_parameter(obj, "weights", scale=1.5)',
    }
    return calls.get(role, f"set_parameter(obj, {role!r}, ...)")


def _of_ensemble(ens: nengo.Ensemble) -> Iterator[Knob]:
    yield {
        "role": "lesion",
        "label": "neurons silenced",
        "kind": "share",
        "unit": "%",
        "built": 0.0,
    }
    kind = cast("type[Any]", type(ens.neuron_type))
    for role in dir(kind):
        if isinstance(getattr(kind, role, None), NumberParam):
            yield {
                "role": role,
                "label": LABELS.get(role, role),
                "kind": "number",
                "unit": "ms" if role in IN_SECONDS else "",
                "built": float(getattr(ens.neuron_type, role)),
            }
    yield {"role": "gain", "label": "gains, times", "kind": "number", "unit": "", "built": 1.0}


def _of_connection(conn: nengo.Connection) -> Iterator[Knob]:
    yield {"role": "cut", "label": "cut", "kind": "flag", "unit": "", "built": 0.0}
    tau = _tau(conn.synapse)
    if tau is not None:
        yield {
            "role": "synapse",
            "label": f"synapse ({type(conn.synapse).__name__})",
            "kind": "number",
            "unit": "ms",
            "built": tau,
        }
    yield {"role": "weights", "label": "weights, times", "kind": "number", "unit": "", "built": 1.0}
    if conn.learning_rule_type is not None:
        yield {"role": "learning", "label": "learns", "kind": "flag", "unit": "", "built": 1.0}
    rate = getattr(conn.learning_rule_type, "learning_rate", None)
    if isinstance(rate, (int, float)):
        yield {
            "role": "learning_rate",
            "label": "learning rate",
            "kind": "number",
            "unit": "",
            "built": float(rate),
        }


def _tau(synapse: Any) -> float | None:
    """Time constant of a synapse that has one (s)."""
    if isinstance(synapse, (nengo.Lowpass, nengo.Alpha)):
        return float(synapse.tau)
    return float(synapse.t) if isinstance(synapse, nengo.synapses.Triangle) else None


def _changed(obj: Any, role: str, changes: list[Change]) -> Change | None:
    return next((c for c in changes if c.obj is obj and c.role == role), None)


def _told(obj: Any, changes: list[Change]) -> dict[str, Any]:
    """Values of this object's knobs that are not as built, and all changes in words."""
    own = {c.role: _number(obj, c) for c in changes if c.obj is obj}
    return {"values": own, "changes": [str(change) for change in changes]}


def _number(obj: Any, change: Change) -> float:
    """Where a knob stands, of a change."""
    if change.role == "lesion":
        return len(change.after) / obj.n_neurons
    if isinstance(change.after, nengo.synapses.Synapse):
        return _tau(change.after) or 0.0
    before, after = np.ravel(change.before), np.ravel(change.after)
    if change.role in ("gain", "weights"):
        at = int(np.argmax(np.abs(before)))
        return float(after[at] / before[at]) if before[at] else 1.0
    return float(after.mean())
