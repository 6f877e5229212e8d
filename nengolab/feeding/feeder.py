"""Feeding: from whatever form of data a person gives to what ``keras.Model.fit`` takes.

Data go through three passes over one dataclass, `matching.Given`: what is for whom (``matching``),
whether it fits (``checking``), and what Keras takes (``arrays``). A ``tf.data.Dataset`` is matched
once, by its structure, and goes through the other two inside its pipeline (``datasets``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import nengo
import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.feeding import streams
from nengolab.feeding.aliases import Aliases
from nengolab.feeding.arrays import normalise
from nengolab.feeding.datachecks import CLASSES, HOLES, NONE, OWN, VALUES
from nengolab.feeding.expected import Expected
from nengolab.feeding.fed import Fed


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
        expected = Expected(
            self.aliases,
            self._shapes,
            self.most,
            n_steps,
            targets or {},
            class_weight,
            batch,
            usual_steps,
            heard=self.heard,
        )
        kind = streams.kind(x)
        if kind is None:
            fed = normalise(expected, x, y, sample_weight)
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
        return _fed_stream(expected, x, kind)

    def for_run(self, data: Any, n_steps: int, batch: int) -> dict[nengo.Node, np.ndarray]:
        """Normalise data of a run: arrays for all its steps, and all items of the batch.

        Returns
        -------
        dict
            ``(steps, batch, size)``, by Node.

        Raises
        ------
        UnknownObject, ValidationError
            As `feed` does.
        """
        kind = streams.kind(data)
        if kind is not None:
            raise ValidationError(
                f"a run takes arrays (batch, n_steps, size), got a {kind}; predict, with "
                "stateful=True, takes what yields batches",
                attr="data",
            )
        expected = Expected(
            self.aliases,
            self._shapes,
            self.most,
            n_steps,
            batch=batch,
            called="data",
            heard=self.heard,
        )
        fed = normalise(expected, data, None, None)
        if fed.items != batch:
            raise ValidationError(
                f"has {fed.items} batch items, the simulator runs {batch} at once; make it with "
                f"minibatch_size={fed.items}"
                + (f", or repeat the item: np.repeat(x, {batch}, axis=0)" * (fed.items == 1)),
                attr="data",
            )
        return {self.aliases.inputs[a]: np.moveaxis(fed.x[a], 1, 0) for a in fed.inputs}

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


def _fed_stream(expected: Expected, source: Any, kind: str) -> Fed:
    """What yields batches: the first is looked at here, the others as they come."""
    if kind == streams.DATASET:
        from nengolab.feeding.datasets import fed_dataset

        return fed_dataset(source, expected)
    checked = streams.Checked(partial(normalise, expected))
    x, first = checked.wrap(source, kind)
    return Fed(x, None, None, first.n_steps, None, first.inputs, first.targets, checked)


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
        attribute ``needs_targets = False``, nothing. A loss with an attribute ``targets_as``, a
        loss, is like that one.
    """
    if getattr(loss, "needs_targets", True) is False:
        return NONE
    if (inner := getattr(loss, "targets_as", None)) is not None:
        return target_kind(inner)
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
