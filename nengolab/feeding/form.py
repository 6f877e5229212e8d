"""How the data of one call are normalised and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.feeding.aliases import N_STEPS
from nengolab.feeding.datachecks import (
    CLASSES,
    NONE,
    OWN,
    VALUES,
    Slot,
    check_classes,
    check_finite,
    check_shape,
    numbers,
)
from nengolab.feeding.fed import Fed
from nengolab.feeding.weights import class_weights, sample_weights
from nengolab.names import listing


class Form:
    """How one call's data are normalised: all of them at once, or item by item."""

    def __init__(
        self, aliases, most, shapes, n_steps, targets, class_weight, batch, usual_steps=None
    ):
        self.aliases, self.most, self._shapes = aliases, most, shapes
        self.n_steps, self.targets, self.class_weight = n_steps, targets, class_weight
        self.batch, self.usual_steps = batch, usual_steps

    def fed(self, x: Any, y: Any, sample_weight: Any, where: str = "") -> Fed:
        """Arrays, or (``where`` says which) one of the items that a stream yields."""
        xs, told_steps = self.by_input(x, where)
        inputs = self._arrays(xs, self.input_slot, where)
        given = self.by_probe(y, where)
        targets = self._arrays(given, self.target_slot, where)
        n_steps, items = self._measure(inputs, targets, told_steps, where)
        for slot, array in targets:
            if slot.kind == CLASSES:
                check_classes(array, slot, where)
        if where and self.most is not None and items > self.most:
            raise ValidationError(
                f"a batch of {items} items{where}: the simulator's minibatch_size is {self.most}, "
                "and no batch may be larger",
                attr="x",
            )
        ys: dict[str, np.ndarray] = {slot.alias: array for slot, array in targets}
        weights = self._weights(targets, sample_weight, items, n_steps, where)
        for alias in self.unneeded(ys):
            one = (1,) * len(self._shapes[alias])
            ys[alias] = np.zeros((items, 1, *one), np.float32)
            if weights is not None:
                weights[alias] = np.ones((items, *one), np.float32)
        self.check_missing(ys, where)
        fed = {slot.alias: array for slot, array in inputs}
        fed = fed or {N_STEPS: np.full((items, 1), n_steps, np.int32)}
        return Fed(fed, ys or None, weights or None, n_steps, items, tuple(xs), tuple(given), None)

    # -- which array is whose ------------------------------------------------------------------

    def by_input(self, x: Any, where: str = "") -> tuple[dict[str, Any], Any]:
        """What is fed to which input; and the number of steps, where ``x`` names it."""
        told = None
        if isinstance(x, Mapping) and N_STEPS in x:
            told, x = x[N_STEPS], {k: v for k, v in x.items() if k is not N_STEPS and k != N_STEPS}
        order = list(self.aliases.inputs)
        return self._keyed(x, self.aliases.input, order, order, "x", where), told

    def by_probe(self, y: Any, where: str = "") -> dict[str, Any]:
        """Which targets are whose."""
        order = list(self.aliases.probes)
        needing = [a for a, kind in (self.targets or {}).items() if kind != NONE]
        first = [a for a in order if a in needing] or order
        return self._keyed(y, self.aliases.probe, order, first, "y", where)

    def _keyed(
        self,
        given: Any,
        find: Callable[..., str],
        order: list[str],
        first: list[str],
        var: str,
        where: str,
    ) -> dict[str, Any]:
        if given is None:
            return {}
        if isinstance(given, Mapping):
            return _by_key(given, find, var, where)
        among = "inputs (Nodes without input)" if var == "x" else "probes"
        if is_list_of_arrays(given):
            if len(given) > len(order):
                raise ValidationError(
                    f"a list{where} holds one array for each of the {len(order)} {among}, "
                    f"{listing(order)}; got {len(given)}. If these are the items of one of them, "
                    f"np.stack({var}) makes an array",
                    attr=var,
                )
            return {a: v for a, v in zip(order, given, strict=False) if v is not None}
        if not order:
            raise ValidationError(f"the network has no {among}, got data{where}", attr=var)
        return {first[0]: given}

    def input_slot(self, alias: str) -> Slot:
        """Where the data of an input go."""
        return Slot(alias, "x", (self.aliases.inputs[alias].size_out,))

    def target_slot(self, alias: str) -> Slot:
        """Where the targets of a probe go."""
        kind = VALUES if self.targets is None else self.targets.get(alias, VALUES)
        # What a loss without targets is given all the same, it ignores.
        return Slot(alias, "y", self._shapes[alias], OWN if kind == NONE else kind)

    # -- checks --------------------------------------------------------------------------------

    def _arrays(
        self, given: Mapping[str, Any], slot_of: Callable[[str], Slot], where: str
    ) -> list[tuple[Slot, np.ndarray]]:
        found = []
        for alias, value in given.items():
            slot = slot_of(alias)
            array = numbers(value, slot, where)
            check_shape(array.shape, slot, self.n_steps, where)
            if slot.kind != OWN:
                check_finite(array, slot, where)
            found.append((slot, array))
        return found

    def _measure(self, inputs: list, targets: list, told: Any, where: str) -> tuple[int, int]:
        """Steps and items, which must be the same everywhere."""
        timed = [p for p in [*inputs, *targets] if p[0].kind != OWN]
        n_steps = self._same(timed, 1, "steps", where)
        items = self._same([*inputs, *targets], 0, "batch items", where)
        if told is not None:
            n_steps = self._agree(n_steps, _told_steps(told, where), f"x['n_steps']{where}")
        if self.n_steps is not None:
            n_steps = self._agree(n_steps, self.n_steps, "n_steps")
        n_steps = self.usual_steps if n_steps is None else n_steps
        if n_steps is None:
            what = "y does not show it" if targets else "neither x nor y is given"
            raise ValidationError(
                f"is needed: {what}{where}; give data (batch, n_steps, size), or n_steps",
                attr="n_steps",
            )
        if items is None and told is not None and np.ndim(told) > 0:
            items = len(told)
        return n_steps, (self.batch or self.most or 1) if items is None else items

    def _same(self, parts: list, axis: int, unit: str, where: str) -> int | None:
        """Length of an axis that all arrays must agree on."""
        lengths = {slot.what: array.shape[axis] for slot, array in parts}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{what} {n}" for what, n in lengths.items())
            raise ValidationError(
                f"all must have the same number of {unit}{where}; got {told}", attr=parts[0][0].var
            )
        return next(iter(lengths.values()), None)

    def _agree(self, shown: int | None, given: int, name: str) -> int:
        if shown is not None and shown != given:
            raise ValidationError(
                f"{name} says {given} steps, the data have {shown}; leave it out, or give data "
                f"(batch, {given}, size), for example np.tile(x, (1, {given}, 1)) of data of one "
                "step",
                attr="n_steps",
            )
        return given

    def unneeded(self, ys: Mapping[str, Any]) -> list[str]:
        """Probes whose loss needs no targets and that have none."""
        return [a for a, kind in (self.targets or {}).items() if kind == NONE and a not in ys]

    def check_missing(self, ys: Mapping[str, Any], where: str = "") -> None:
        missing = [a for a in self.targets or () if a not in ys]
        if missing:
            given = f"given are those of {listing(ys)}" if ys else "none are given"
            raise ValidationError(
                f"targets are needed{where} for {listing(missing)}, which has a loss; {given}",
                attr="y",
            )

    def _weights(self, targets: list, given: Any, items: int, n_steps: int, where: str):
        if self.class_weight is not None:
            return class_weights(self.class_weight, targets, where)
        if given is None:
            return None
        slots = [slot for slot, _ in targets]
        given = self.weights_by_probe(given, [slot.alias for slot in slots], where)
        return sample_weights(given, slots, items, n_steps, where)

    def weights_by_probe(self, given: Any, order: list[str], where: str = "") -> Any:
        """Which weights are whose; an array for all stays what it is."""
        if not isinstance(given, Mapping) and is_list_of_arrays(given):
            if len(given) != len(order):
                raise ValidationError(
                    f"a list{where} holds one array for each of the probes with targets, "
                    f"{listing(order)}; got {len(given)}",
                    attr="sample_weight",
                )
            return dict(zip(order, given, strict=True))
        if isinstance(given, Mapping):
            find = partial(self.aliases.probe, attr="sample_weight")
            return _by_key(given, find, "sample_weight", where)
        return given


def is_list_of_arrays(given: Any) -> bool:
    """Whether a list or tuple holds arrays, rather than the rows and numbers of one array."""
    if not isinstance(given, (list, tuple)) or not given:
        return isinstance(given, (list, tuple))
    return all(v is None or getattr(v, "shape", ()) or _depth(v) >= 3 for v in given)


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, Sequence) and not isinstance(value, str) and value:
        depth, value = depth + 1, value[0]
    return depth + getattr(value, "ndim", 0)


def _by_key(given: Mapping, find: Callable[..., str], var: str, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in given.items():
        alias = find(key, where=where)
        if alias in found:
            raise ValidationError(f"{alias!r} is given twice{where}, by different keys", attr=var)
        if value is not None:
            found[alias] = value
    return found


def _told_steps(told: Any, where: str) -> int:
    values = np.unique(np.asarray(told))
    if values.size != 1:
        raise ValidationError(
            f"x['n_steps']{where} must be one number, the same for all items; got {values}",
            attr="n_steps",
        )
    return whole(values[0].item(), "n_steps", 1)
