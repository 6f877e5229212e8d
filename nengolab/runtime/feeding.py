"""Feeding: from whatever form of data a person gives to what ``keras.Model.fit`` takes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import nengo
import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.names import listing
from nengolab.runtime import streams
from nengolab.runtime.aliases import N_STEPS, Aliases
from nengolab.runtime.datachecks import (
    CLASSES,
    HOLES,
    NONE,
    OWN,
    VALUES,
    Slot,
    check_classes,
    check_finite,
    check_shape,
    numbers,
)
from nengolab.runtime.fed import Fed
from nengolab.runtime.weights import class_weights, sample_weights


class Feeder:
    """Turns forms of data into arrays by alias.

    Parameters
    ----------
    aliases : Aliases
    probe_shapes : Mapping of str to tuple of int
        Shape of one step of each probe, by alias.
    most : int, optional
        The simulator's minibatch size, which no batch may exceed. Arrays may hold any number of
        items: Keras makes batches of them, and the last one may be smaller.
    heard : collection of nengo.Node, optional
        Those that something depends on which can be noticed (`Graph.heard`). Default: all.
    """

    def __init__(
        self,
        aliases: Aliases,
        probe_shapes: Mapping[str, tuple],
        most: int | None = None,
        heard: Collection[nengo.Node] | None = None,
    ):
        self.aliases, self.most = aliases, most
        self._shapes = dict(probe_shapes)
        self.heard = [a for a, n in aliases.inputs.items() if heard is None or n in heard]

    @classmethod
    def of(
        cls,
        aliases: Aliases,
        model: nengo.builder.Model,
        most: int | None = None,
        heard: Collection[nengo.Node] | None = None,
    ) -> Feeder:
        """The feeder of a built network."""
        shapes = {a: tuple(model.sig[p]["in"].shape) for a, p in aliases.probes.items()}
        return cls(aliases, shapes, most, heard)

    def feed(
        self,
        x: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        n_steps: int | None = None,
        *,
        targets: Mapping[str, str] | None = None,
        class_weight: Mapping[int, float] | None = None,
        validation_split: float = 0.0,
        batch: int | None = None,
        usual_steps: int | None = None,
    ) -> Fed:
        """Normalise data and check them.

        Parameters
        ----------
        x : object, optional
            Data of inputs: an array ``(batch, steps, size)`` for the one that reaches a probe (the
            first of several, with a warning); a list of arrays in the order of
            ``network.all_nodes``, with None for what is not fed; a dict by Node or name; or a
            generator, ``tf.data.Dataset`` or ``keras.utils.PyDataset`` that yields batches of
            these: ``x``, ``(x, y)`` or ``(x, y, sample_weight)``.
        y : object, optional
            Targets: an array for the only (or the first) probe that needs them; a list in the order
            of ``network.all_probes``; a dict by Probe or name.
        sample_weight : object, optional
            An array ``(batch,)`` or ``(batch, steps)`` for all targets, or a list or dict of such.
        n_steps : int, optional
            Needed where neither ``x`` nor ``y`` shows it; else compared with what they show.
        targets : Mapping of str to str, optional
            What the loss of each probe that has one makes of its targets, by alias, as
            `target_kind` says. All of them need targets but those of kind ``"none"``, which get
            zeros ``(batch, 1, 1)``: they stand for as many as the probe has, without the memory.
        class_weight : Mapping of int to float, optional
            Becomes sample weights. For one probe with targets.
        validation_split : float
            Checked here; Keras splits.
        batch : int, optional
            Number of items where neither ``x`` nor ``y`` is given. Default: the minibatch size.
        usual_steps : int, optional
            How many where nothing says how many.

        Raises
        ------
        UnknownObject
            For a Node, probe or name that is not in the network.
        ValidationError
            For data that do not fit, before anything runs.
        """
        if n_steps is not None:
            n_steps = whole(n_steps, "n_steps", 1)
        if sample_weight is not None and class_weight is not None:
            raise ValidationError(
                "cannot be given together with sample_weight; multiply them into one sample_weight",
                attr="class_weight",
            )
        form = Form(self, n_steps, targets, class_weight, batch, usual_steps)
        kind = streams.kind(x)
        if kind is None:
            fed = form.fed(x, y, sample_weight)
            _check_split(validation_split, fed.items)
            return fed
        for name, value in (("y", y), ("sample_weight", sample_weight)):
            if value is not None:
                raise ValidationError(
                    f"a {kind} yields its own: let it yield (x, y) or (x, y, sample_weight)",
                    attr=name,
                )
        if validation_split:
            raise ValidationError(
                f"needs arrays, got {validation_split} and a {kind}; give validation_data",
                attr="validation_split",
            )
        return form.fed_stream(x, kind)

    def validation(
        self,
        data: Any,
        n_steps: int | None = None,
        *,
        targets: Mapping[str, str] | None = None,
        usual_steps: int | None = None,
    ) -> Fed:
        """Normalise ``validation_data``: ``(x, y)``, ``(x, y, sample_weight)`` or what yields them.

        It may have another number of steps than the training data; where it does not show one, it
        has ``usual_steps``.

        Raises
        ------
        UnknownObject, ValidationError
            As `feed` does.
        """
        if streams.kind(data) is not None:
            return self.feed(data, n_steps=n_steps, targets=targets, usual_steps=usual_steps)
        if not isinstance(data, (tuple, list)) or len(data) not in (2, 3):
            raise ValidationError(
                "must be (x, y), (x, y, sample_weight), a generator, a tf.data.Dataset or a "
                f"keras.utils.PyDataset; got {type(data).__name__}"
                + (f" of length {len(data)}" if isinstance(data, (tuple, list)) else ""),
                attr="validation_data",
            )
        return self.feed(*data, n_steps=n_steps, targets=targets, usual_steps=usual_steps)


class Form:
    """How one call's data are normalised: all of them at once, or item by item."""

    def __init__(self, feeder: Feeder, n_steps, targets, class_weight, batch, usual_steps=None):
        self.aliases, self.most, self._shapes = feeder.aliases, feeder.most, feeder._shapes
        self.n_steps, self.targets, self.class_weight = n_steps, targets, class_weight
        self.batch, self.usual_steps = batch, usual_steps
        self._heard, self._warned = feeder.heard, False

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

    def fed_stream(self, source: Any, kind: str) -> Fed:
        """What yields batches: the first is looked at here, the others as they come."""
        if kind == streams.DATASET:
            from nengolab.runtime.datasets import normalise

            checked, x, first = normalise(source, self)
        else:
            checked = streams.Checked(self)
            x, first = checked.wrap(source, kind)
        return Fed(x, None, None, first.n_steps, None, first.inputs, first.targets, checked)

    # -- which array is whose ------------------------------------------------------------------

    def by_input(self, x: Any, where: str = "") -> tuple[dict[str, Any], Any]:
        """What is fed to which input; and the number of steps, where ``x`` names it."""
        told = None
        if isinstance(x, Mapping) and N_STEPS in x:
            told, x = x[N_STEPS], {k: v for k, v in x.items() if k is not N_STEPS and k != N_STEPS}
        order = list(self.aliases.inputs)
        given = self._keyed(x, self.aliases.input, order, self._heard or order, "x", where)
        if given and not isinstance(x, Mapping):
            self._warn_of_order(given, alone=not is_list_of_arrays(x))
        return given, told

    def _warn_of_order(self, fed: Collection[str], alone: bool) -> None:
        """Say which inputs are fed, once, where nothing but their order says it."""
        rest = [a for a in self.aliases.inputs if a not in fed]
        lost = [a for a in fed if a not in self._heard]
        warned, self._warned = self._warned, True
        unsure = alone and len(self._heard) > 1
        if warned or not (unsure or (lost and (alone or rest))):
            return
        told = f"x is fed to {listing(fed)}"
        if lost:
            told += f"; {listing(lost)} reaches no probe, so that it has no effect"
        if rest:
            told += (
                f"; {listing(rest)}, to which nothing is fed, put out what they compute. A dict by "
                f"Node or name says what is meant: x={{{rest[0]!r}: ...}}"
            )
        warnings.warn(told, stacklevel=2)

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


def target_kind(loss: Any) -> str:
    """What a loss makes of its targets, for the checks.

    Parameters
    ----------
    loss : str, callable or keras.losses.Loss

    Returns
    -------
    {"values", "holes", "classes", "own", "none"}
        Values of the probe's shape; the same, with NaN where there is none, for a loss with an
        attribute ``takes_nan = True``; numbers of classes (the sparse losses of Keras); unknown,
        for anyone's own function, of which only the batch is checked; or, for a loss with an
        attribute ``needs_targets = False``, nothing.
    """
    if getattr(loss, "needs_targets", True) is False:
        return NONE
    if getattr(loss, "takes_nan", False) is True:
        return HOLES
    if isinstance(loss, str):
        name = loss
    else:
        inner = getattr(loss, "fn", None)  # Keras wraps a function that was given to it
        if type(loss).__name__ == "LossFunctionWrapper" and inner is not None:
            return target_kind(inner)
        if not _is_from_keras(loss):
            return OWN
        name = getattr(loss, "__name__", type(loss).__name__)
    sparse = name.replace("_", "").lower().startswith("sparsecategorical")
    return CLASSES if sparse else VALUES


def _is_from_keras(loss: Any) -> bool:
    module = getattr(loss, "__module__", None) or type(loss).__module__
    return module.split(".")[0] in ("keras", "tensorflow")


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


def _check_split(split: float, items: int | None) -> None:
    if not split:
        return
    if not 0 < split < 1:
        raise ValidationError(f"must be between 0 and 1, got {split}", attr="validation_split")
    if items is not None and int(items * (1 - split)) in (0, items):
        raise ValidationError(
            f"{split} of {items} items leaves none to train with, or none to validate with",
            attr="validation_split",
        )
