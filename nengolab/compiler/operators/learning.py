"""Learning rules, and the weights that they change.

Nengo adds a rule's ``delta`` to the weights at the start of the next step. Here an operation
``learn`` keeps the weights as its state and adds what the rules compute at the end of a step; its
delayed port shows what the step after computes with, which is the same.

Whatever else adds to a signal that nothing sets (the delta of a person's own rule) counts in the
step that computes it. An operation ``accumulate`` keeps such a signal, with what Nengo's own rules
add to it beside: those deltas are computed as vectors or matrices of their own then.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from nengo.builder.learning_rules import SimBCM, SimOja, SimPES, SimRLS, SimVoja
from nengo.builder.operator import Copy, Operator
from nengo.builder.signal import Signal

from nengolab.compiler.graph import Op, Param, Port, Wire
from nengolab.compiler.signals import elements
from nengolab.compiler.translation import Rule, Translation
from nengolab.exceptions import ValidationError


def prepare(s: Translation) -> dict[Signal, Op]:
    """An operation for each signal that keeps what is added to it.

    That is what is incremented, and neither set nor updated: weights that learn, most often.
    """
    operators = s.model.operators
    kept = {sig.base for op in operators for sig in (*op.sets, *op.updates)}
    deltas = {op.delta.base for op in operators if type(op) in TRANSLATORS}
    added: dict[Signal, list[Operator]] = {}
    for op in operators:
        for base in {sig.base for sig in op.incs} - kept:
            added.setdefault(base, []).append(op)
    learned = {}
    for base, ops in added.items():
        by_rules = all(_applies_rule(op, deltas) for op in ops)
        learned[base] = (_learn if by_rules else _accumulate)(s, ops[0], base)
        s.made[base] = partial(weights_wire, s, base)
    return learned


def _applies_rule(op: Operator, deltas: set[Signal]) -> bool:
    """Whether ``op`` adds the whole delta of one of Nengo's rules to a whole signal."""
    if type(op) is not Copy or op.src.base not in deltas:
        return False
    whole = op.src_slice is None and op.dst_slice is None and op.src.shape == op.dst.shape
    return whole and all(_whole(elements(sig), sig.base) for sig in (op.src, op.dst))


def _keep(s: Translation, nengo_op: Operator, base: Signal, kernel: str) -> Op:
    owner, key = s.signal_names.get(base, (s.built.owner(nengo_op), base.name))
    # Not counted among the owner's operations: it is called like what it keeps.
    name = s.built.names.get(owner) if owner is not None else s.unique(base.name)
    op = Op(kernel, (), [], {}, {key: np.array(base.initial_value, float)}, name, owner)
    s.ops.append(op)
    return op


def _learn(s: Translation, nengo_op: Operator, base: Signal) -> Op:
    op = _keep(s, nengo_op, base, "learn")
    op.add_port("out", base.size, delayed=True)
    s.when_known(lambda: _fill(s, base, op))
    return op


def _fill(s: Translation, base: Signal, op: Op) -> None:
    """The inputs of ``learn``, once every rule is known."""
    rules = [s.rules[what[0]] for _, what in s.writers[base]]
    for rule in rules:
        op.inputs += [_wire(s, part) for part in rule.parts]
    op.static = (tuple(base.shape), tuple(rule.decay is not None for rule in rules))
    op.inputs += [_wire(s, port) for port in s.products.get(base, ())]


def _accumulate(s: Translation, nengo_op: Operator, base: Signal) -> Op:
    op = _keep(s, nengo_op, base, "accumulate")
    op.add_port("out", base.size)
    s.when_known(lambda: op.inputs.append(s.sum_of_writers(base)))
    return op


def _whole(at: np.ndarray, base: Signal) -> bool:
    return len(at) == base.size and np.array_equal(at, np.arange(base.size))


def _wire(s: Translation, part: Port | Signal) -> Wire:
    if isinstance(part, Port):
        return Wire.of_source(s.add_source(part), part.size)
    return s.read(part)


def weights_wire(s: Translation, base: Signal) -> Wire:
    """The wire of what is kept: weights that learn, most often."""
    return _wire(s, s.learned[base].ports["out"])


def fresh_delta(s: Translation, base: Signal) -> Wire:
    """The wire of a rule's delta as computed in this step; it exists where something reads it."""
    rule = s.rules[base]
    if base not in s.deltas:
        decay = rule.decay is not None
        new = s.add_op(rule.op, "delta", (tuple(base.shape), decay))
        s.deltas[base] = new.add_port("out", base.size)
        parts = rule.parts + ([rule.weights] if decay else [])
        s.when_known(lambda: new.inputs.extend(_wire(s, part) for part in parts))
    return _wire(s, s.deltas[base])


def delayed_delta(s: Translation, base: Signal) -> Wire:
    """The wire of a rule's delta as the step's other operations see it: of the step before."""
    rule = s.rules[base]
    name = s.built.name_of(rule.op)
    params = {
        key: Param(s.unique(f"{name}.delta.{key}"), np.asarray(value), s.built.owner(rule.op), key)
        for key, value in (("a", 0.0), ("b", 1.0))
    }
    state = {"y": np.zeros(base.size)}
    new = s.add_op(rule.op, "first_order", (0, True, True), params=params, state=state)
    port = new.add_port("out", base.size, delayed=True)
    s.when_known(lambda: new.inputs.append(fresh_delta(s, base)))
    return _wire(s, port)


def _rule_op(s: Translation, op: Operator, kernel: str, static: tuple, *inputs: Signal, **values):
    name = s.built.name_of(op)
    params = {
        key: Param(
            s.unique(f"{name}.{kernel}.{key}"), np.asarray(value, float), s.built.owner(op), key
        )
        for key, value in values.items()
    }
    new = s.add_op(op, kernel, static, params=params)
    s.connect(new, *inputs)
    return new


def _add(s: Translation, op: Operator, rows: Any, columns: Any, *decay: Any) -> None:
    change = (rows.size, columns.size)
    # NumPy, and so Nengo, repeats a single row or column.
    if any(n not in (1, m) for n, m in zip(change, op.delta.shape, strict=True)):
        raise ValidationError(
            f"{s.built.name_of(op)}: {type(op).__name__.removeprefix('Sim')} computes a change of "
            f"shape {change}, and the weights have shape {op.delta.shape}; the rule works with "
            "whole objects, so connect these, not slices of them",
            attr="learning_rule_type",
            obj=s.built.owner(op),
        )
    base = op.delta.base
    s.rules[base] = Rule(op, op.delta, rows, columns, *decay)
    s.made.setdefault(base, partial(delayed_delta, s, base))
    s.made_fresh[base] = partial(fresh_delta, s, base)


def _pes(s: Translation, op: SimPES) -> None:
    static = (op.pre_filtered.size,)
    new = _rule_op(s, op, "pes", static, op.error, learning_rate=op.learning_rate)
    _add(s, op, new.add_port("rows", op.error.size), op.pre_filtered)


def _bcm(s: Translation, op: SimBCM) -> None:
    inputs = (op.post_filtered, op.theta)
    new = _rule_op(s, op, "bcm", (), *inputs, learning_rate=op.learning_rate)
    _add(s, op, new.add_port("rows", op.post_filtered.size), op.pre_filtered)


def _oja(s: Translation, op: SimOja) -> None:
    rates = {"learning_rate": op.learning_rate, "beta": op.beta}
    new = _rule_op(s, op, "oja", (), op.post_filtered, **rates)
    rows, decay = (new.add_port(name, op.post_filtered.size) for name in ("rows", "decay"))
    _add(s, op, rows, op.pre_filtered, decay, op.weights)


def _voja(s: Translation, op: SimVoja) -> None:
    inputs = (op.post_filtered, op.learning_signal)
    values = {"learning_rate": op.learning_rate, "scale": op.scale}
    new = _rule_op(s, op, "voja", (), *inputs, **values)
    rows, decay = (new.add_port(name, op.post_filtered.size) for name in ("rows", "decay"))
    _add(s, op, rows, op.pre_decoded, decay, op.scaled_encoders)


def _rls(s: Translation, op: SimRLS) -> None:
    state = {"inv_gamma": np.array(op.inv_gamma.initial_value, float)}
    name = s.unique(f"{s.built.name_of(op)}.rls.slowness")
    params = {"slowness": Param(name, np.asarray(1.0), s.built.owner(op), "slowness")}
    new = s.add_op(op, "rls", tuple(op.inv_gamma.shape), params=params, state=state)
    s.connect(new, op.pre_filtered)
    s.emit(new, "inv_gamma", op.inv_gamma, delayed=True)
    _add(s, op, op.error, new.add_port("columns", op.pre_filtered.size))


TRANSLATORS = {SimPES: _pes, SimBCM: _bcm, SimOja: _oja, SimVoja: _voja, SimRLS: _rls}
