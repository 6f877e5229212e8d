"""Changes of a network as it runs: what a person asks for -> what the engine is to compute with.

An `Edit` says it by the names of arrays, with what was there before; so it can be taken back to
the last bit, whatever was rounded on the way.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np
from nengo.ensemble import Neurons

from nengolab.exceptions import ValidationError
from nengolab.names import listing
from nengolab.parameters.lesions import lesioned, silencing
from nengolab.parameters.rules import rules_of
from nengolab.parameters.synapses import SYNAPSES, SynapsesOf, closing
from nengolab.runtime.effects import Cover, Key

if TYPE_CHECKING:
    from nengolab.parameters.table import Parameter, Parameters
    from nengolab.runtime.engine import Engine

# What a person may also call a role.
ALIASES = {"decoders": "weights", "biases": "bias", "gains": "gain", "intercept": "bias"}
Covers = Mapping[str, Cover]


@dataclass(frozen=True, eq=False)
class Edit:
    """One change, and how things were before it.

    Attributes
    ----------
    obj : object
        The Nengo object that is changed.
    name : str
        What it is called.
    role : str
        What of it: ``"weights"``, ``"synapse"``, ``"lesion"``...
    before, after : object
        What a person sees of it.
    values, old_values : Mapping of str to ndarray
        Of parameters, by name.
    state, old_state : Mapping of str to ndarray
        Of what is learned online, by name, ``(batch, ...)``.
    covers, old_covers : Mapping
        What is laid over parameters, by what it is for.
    """

    obj: Any
    name: str
    role: str
    before: Any
    after: Any
    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    old_values: Mapping[str, np.ndarray] = field(default_factory=dict)
    state: Mapping[str, np.ndarray] = field(default_factory=dict)
    old_state: Mapping[str, np.ndarray] = field(default_factory=dict)
    covers: Mapping[Key, Covers] = field(default_factory=dict)
    old_covers: Mapping[Key, Covers] = field(default_factory=dict)

    @property
    def back(self) -> Edit:
        """The change that takes this one back."""
        return Edit(
            self.obj,
            self.name,
            self.role,
            self.after,
            self.before,
            self.old_values,
            self.values,
            self.old_state,
            self.state,
            self.old_covers,
            self.covers,
        )


@dataclass(frozen=True, eq=False)
class Standing:
    """All that was changed and stands: values of parameters, what is laid over them, and given."""

    values: Mapping[str, np.ndarray]
    laid: Mapping[Key, Covers]
    given: Mapping[Any, Any]


class Changer:
    """Makes edits of an engine, and applies them.

    Parameters
    ----------
    engine : Engine
    table : Parameters
        Its parameters.
    """

    def __init__(self, engine: Engine, table: Parameters):
        self._engine, self._table, self._given = engine, table, engine.effects.given
        self._names = engine.built.names

    def apply(self, edit: Edit) -> Future[int]:
        """Let an edit count from the next step on, or from when a form for it is compiled."""
        engine = self._engine
        for key, covers in edit.covers.items():
            engine.lay(key, covers)
        if edit.state:
            engine.runner.set_named_state(engine.runner.named_state() | dict(edit.state))
        if edit.role in (*SYNAPSES, "gain"):
            self._given[edit.obj, edit.role] = edit.after
        return engine.change(edit.values)

    def standing(self) -> Standing:
        """All that stands now."""
        engine = self._engine
        engine.follow()
        return Standing(engine.runner.values_set, engine.effects.laid, dict(self._given))

    def put(self, standing: Standing) -> None:
        """Let that stand which stood then, and nothing else; the state is left as it is."""
        engine = self._engine
        for key in {*engine.effects.laid, *standing.laid}:
            engine.lay(key, standing.laid.get(key, {}))
        built = {name: engine.graph.params[name].value for name in engine.runner.values_set}
        engine.set_values({**built, **standing.values})
        self._given.clear()
        self._given.update(standing.given)

    # -- what a person asks for ----------------------------------------------------------------

    def set(self, obj: Any, role: str, value: Any, at: Any, scale: Any) -> Edit:
        """See `Simulator.set_parameter`."""
        obj = self._found(obj)
        role = ALIASES.get(role, role)
        if value is not None and scale is not None:
            raise ValidationError(
                f"{self._called(obj)}: give either a value or what to scale {role!r} by, not both",
                attr="scale",
            )
        if role in SYNAPSES:
            return self._set_synapse(obj, role, value, at, scale)
        if role == "gain" and isinstance(obj, nengo.Ensemble):
            return self._set_gain(obj, value, at, scale)
        return self._set_array(obj, self._row(obj, role), value, at, scale)

    def lesion(self, ens: Any, which: Any) -> Edit:
        """See `Simulator.lesion`."""
        ens = self._found(ens)
        if not isinstance(ens, nengo.Ensemble):
            raise ValidationError(
                f"{self._called(ens)} is {_kind(ens)}; only the neurons of an Ensemble can be "
                "lesioned",
                attr="ens",
            )
        name, seed = self._called(ens), self._engine.built.model.seeds[ens]
        mask = lesioned(name, ens.n_neurons, which, seed)
        covers = silencing(self._engine, ens, name, mask) if mask.any() else {}
        key = ("lesion", ens)
        before = self._engine.effects.of(key)
        was = next((c.rows for c in before.values()), None)
        return self._cover(ens, "lesion", key, covers, _indices(was), _indices(mask))

    def cut(self, conn: Any, is_cut: bool) -> Edit:
        """See `Simulator.cut` and `Simulator.mend`."""
        conn = self._connection(conn)
        key = ("cut", conn)
        covers = closing(self._engine, conn, self._called(conn)) if is_cut else {}
        return self._cover(conn, "cut", key, covers, bool(self._engine.effects.of(key)), is_cut)

    def learn(self, conn: Any, on: bool) -> Edit:
        """See `Simulator.set_learning`."""
        conn = self._connection(conn)
        rules = rules_of(conn)
        if not rules:
            raise ValidationError(
                f"{self._called(conn)} has no learning rule; "
                f"those that learn are {listing(self._learning()) or 'none'}",
                attr="conn",
            )
        still = {"learning_rate": Cover(0.0), "slowness": Cover(np.inf)}
        ops = [op for op in self._engine.graph.ops if op.owner is conn]
        found = {op.params[r].name: c for op in ops for r, c in still.items() if r in op.params}
        if len(found) < len(rules):
            raise ValidationError(
                f"{self._called(conn)}: a rule of your own "
                f"({', '.join(type(r).__name__ for r in rules)}) says itself when it learns; "
                "PES, BCM, Oja, Voja and RLS can be switched from here",
                attr="conn",
            )
        key = ("still", conn)
        covers = {} if on else found
        return self._cover(conn, "learning", key, covers, not self._engine.effects.of(key), on)

    # -- how -----------------------------------------------------------------------------------

    def _cover(
        self, obj: Any, role: str, key: Key, covers: Covers, before: Any, after: Any
    ) -> Edit:
        old = {key: self._engine.effects.of(key)}
        name = self._called(obj)
        return Edit(obj, name, role, before, after, covers={key: covers}, old_covers=old)

    def _set_array(self, obj: Any, row: Parameter, value: Any, at: Any, scale: Any) -> Edit:
        now = np.array(row.value)
        new = _edited(row.name, now, row.initial, value, at, scale)
        _check_kind(row, new)
        name = self._called(obj)
        if not row.learned:
            values, old = {row.name: new}, {row.name: now}
            return Edit(obj, name, row.role, now, new, values=values, old_values=old)
        # One copy for each item of the batch.
        held = self._engine.runner.named_state()[row.name]
        state = {row.name: np.broadcast_to(new, held.shape).copy()}
        return Edit(obj, name, row.role, now, new, state=state, old_state={row.name: held})

    def _set_gain(self, ens: nengo.Ensemble, value: Any, at: Any, scale: Any) -> Edit:
        """Gains are in what multiplies: the encoders, and connections to the neurons."""
        name, built = self._called(ens), self._engine.built.model.params[ens]
        if built.gain is None:
            raise ValidationError(f"{name}: Direct mode has no neurons, and so no gains", "role")
        now = self._given.get((ens, "gain"), np.array(built.gain))
        new = _edited(f"{name}.gain", now, built.gain, value, at, scale)
        old_values: dict[str, np.ndarray] = {}
        values: dict[str, np.ndarray] = {}
        for row, part in self._with_gain(ens):
            if row.learned:
                raise ValidationError(
                    f"{name}: its encoders are learned online, and hold the gains; set the role "
                    "'encoders'",
                    attr="role",
                )
            # As built where the gain was 0, which says nothing of the rest.
            was, base = (now[part], row.value) if np.all(now[part]) else (built.gain[part], None)
            if base is None:
                base = row.initial
            if not np.all(was):
                raise ValidationError(
                    f"{name}: some of its neurons were built with a gain of 0, which says nothing "
                    "of their encoders; set the role 'encoders'",
                    attr="role",
                )
            ratio = (new[part] / was).reshape(-1, *(1,) * (np.ndim(base) - 1))
            old_values[row.name], values[row.name] = np.array(row.value), base * ratio
            if np.allclose(values[row.name], row.initial, rtol=1e-12, atol=0):
                values[row.name] = row.initial  # back to the last bit
        return Edit(ens, name, "gain", now, new, values=values, old_values=old_values)

    def _with_gain(self, ens: nengo.Ensemble) -> list[tuple[Parameter, Any]]:
        """Arrays that hold gains of an ensemble, and of which of its neurons."""
        every = slice(None)
        found: list[tuple[Parameter, Any]] = []
        for row in self._table.values():
            if row.owner is ens and row.role == "encoders":
                found.append((row, every))
            elif isinstance(row.owner, nengo.Connection) and row.role == "gain":
                if row.owner.post_obj is ens.neurons:
                    found.append((row, row.owner.post_slice))
        return found

    def _set_synapse(self, obj: Any, role: str, value: Any, at: Any, scale: Any) -> Edit:
        if at is not None:
            raise ValidationError(
                f"{self._called(obj)}: a {role} is one for all values; leave at out", attr="at"
            )
        found = SynapsesOf(self._engine, obj, role, self._called(obj))
        now = self._given.get((obj, role), found.built)
        new = found.other(now, value, scale)
        values = found.constants(new)
        old = {name: self._value(name) for name in values}
        return Edit(obj, self._called(obj), role, now, new, values=values, old_values=old)

    def _value(self, name: str) -> np.ndarray:
        engine = self._engine
        return np.array(engine.values.get(name, engine.graph.params[name].value))

    # -- finding -------------------------------------------------------------------------------

    def _called(self, obj: Any) -> str:
        return self._names.get(obj)

    def _found(self, obj: Any) -> Any:
        """The object itself, for its name, its neurons, its learning rule, a part of it."""
        obj = self._table.find(obj)
        return obj.ensemble if isinstance(obj, Neurons) else obj

    def _connection(self, conn: Any) -> nengo.Connection:
        conn = self._found(conn)
        if not isinstance(conn, nengo.Connection):
            raise ValidationError(
                f"{self._called(conn)} is {_kind(conn)}; this is for a Connection",
                attr="conn",
            )
        return conn

    def _learning(self) -> list[str]:
        network = self._engine.network
        every = network.all_connections if network is not None else ()
        return [self._called(conn) for conn in every if rules_of(conn)]

    def _row(self, obj: Any, role: str) -> Parameter:
        own = self._table.of(obj)
        rows = [own[role]] if role in own else list(own.where(role=role).values())
        if len(rows) == 1 and rows[0].role != "constants":
            return rows[0]
        roles = sorted({r.role for r in own.values() if not r.role.startswith("synapse.")})
        if rows:
            there = f"several {role!r}; give one by name: {listing(r.name for r in rows)}"
        else:
            there = f"no {role!r} that can be changed; there is {listing([*roles, *SYNAPSES])}"
        raise ValidationError(f"{self._called(obj)} has {there}", attr="role")


def _edited(
    name: str, now: np.ndarray, initial: np.ndarray, value: Any, at: Any, scale: Any
) -> np.ndarray:
    """An array with some of its elements set, scaled, or as built again."""
    new, part = np.array(now, float), ... if at is None else at
    try:
        if scale is not None:
            new[part] *= np.asarray(scale, float)
        elif value is not None:
            new[part] = np.asarray(value, float)
        else:
            new[part] = np.broadcast_to(initial, new.shape)[part]
    except (IndexError, ValueError, TypeError) as err:
        raise ValidationError(
            f"{name} has the shape {now.shape}{'' if at is None else f', of which {at!r} is set'}; "
            f"got {value if scale is None else scale!r}: {err}",
            attr="value",
        ) from err
    bad = new.size - np.count_nonzero(np.isfinite(new))
    if bad:
        raise ValidationError(
            f"{name} takes finite numbers; {bad} of {new.size} would be NaN or infinite",
            attr="value",
        )
    return new


def _check_kind(row: Parameter, value: np.ndarray) -> None:
    """Refuse what Nengo refuses: its own neuron types and rules say what they take."""
    if row.role == "learning_rate" and value < 0:
        raise ValidationError(f"{row.name} must not be negative, got {value}", attr="value")
    if not isinstance(row.owner, Neurons) or row.role == "bias":
        return
    neurons = row.owner.ensemble.neuron_type
    try:
        type(neurons)(**{row.role: float(value)})
    except TypeError:
        return  # a type that makes its constants otherwise
    except nengo.exceptions.ValidationError as err:
        raise ValidationError(f"{row.name} cannot be {value}: {err}", attr="value") from err


def _kind(obj: Any) -> str:
    name = type(obj).__name__
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def _indices(mask: np.ndarray | None) -> list[int]:
    return [] if mask is None else [int(i) for i in np.flatnonzero(mask)]
