"""Batches in an order that depends on a seed and the number of the epoch only.

With TensorFlow, ``keras.Model.fit(shuffle=True)`` draws the order inside the ``tf.data`` pipeline
that it makes when it is called: without a seed, one that nobody can draw again; after
``keras.utils.set_random_seed``, the same one in every epoch (Keras 3.15). Neither can go on in the
middle.
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from nengolab.exceptions import ValidationError
from nengolab.feeding.pipelines import in_order, untuned

ENDLESS = 1 << 62  # epochs


def of_arrays(
    x: Any, y: Any, sample_weight: Any, batch_size: int, seed: int, kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Arguments of ``keras.Model.fit`` for arrays in an order that can be resumed.

    Parameters
    ----------
    x, y, sample_weight : nested dicts of ndarray
        Of one length; the last may be None.
    batch_size : int
    seed : int
    kwargs : dict
        What else ``fit`` was given; what this decides is taken out: ``shuffle``,
        ``validation_split`` and ``validation_batch_size``. ``shuffle="batch"`` shuffles as True
        does.

    Returns
    -------
    dict
    """
    data = (x, y) if sample_weight is None else (x, y, sample_weight)
    found: dict[str, Any] = {"shuffle": False}
    split = kwargs.pop("validation_split", 0.0)
    held_size = kwargs.pop("validation_batch_size", batch_size)
    if split and kwargs.get("validation_data") is None:
        (items,) = {len(a) for a in tf.nest.flatten(data)}
        kept = math.floor(items * (1.0 - split))
        held_out = tf.nest.map_structure(lambda a: a[kept:], data)
        found["validation_data"] = in_order(held_out, held_size)
        kwargs.pop("validation_data", None)
        data = tf.nest.map_structure(lambda a: a[:kept], data)
    shuffle = bool(kwargs.pop("shuffle", True))
    steps = kwargs.pop("steps_per_epoch", None)
    (items,) = {len(a) for a in tf.nest.flatten(data)}
    steps = steps or -(-items // batch_size)
    start = kwargs.get("initial_epoch", 0) * steps
    found["x"], _ = shuffled_batches(data, batch_size, seed, start, shuffle)
    return {**found, "steps_per_epoch": steps, **kwargs}


def shuffled_batches(
    data: Any, batch_size: int, seed: int, start: int = 0, shuffle: bool = True
) -> tuple[tf.data.Dataset, int]:
    """Endless batches of ``data``; an epoch that is resumed has the order it would have had.

    To be given to ``keras.Model.fit`` with ``steps_per_epoch``. The data stays one array in memory;
    batches are gathered from it beside the training.

    Parameters
    ----------
    data : nested tuples and dicts of ndarray
        ``(x, y)`` or ``(x, y, sample_weight)`` as ``fit`` takes them from a dataset; all of the
        same length.
    batch_size : int
        The last batch of an epoch may be smaller.
    seed : int
    start : int
        Number of batches done before: ``initial_epoch * steps_per_epoch``.
    shuffle : bool
        False leaves the order as it is.

    Returns
    -------
    dataset : tf.data.Dataset
    steps : int
        Batches in which all samples come once.

    Raises
    ------
    ValidationError
        Where the arrays are empty or not of one length.
    """
    data = tf.nest.map_structure(tf.convert_to_tensor, data)
    lengths = {int(a.shape[0]) for a in tf.nest.flatten(data)}
    if len(lengths) != 1 or 0 in lengths:
        raise ValidationError(
            f"must be arrays of one length above 0, got {sorted(lengths)}", attr="data"
        )
    (size,) = lengths
    steps = -(-size // batch_size)

    @tf.autograph.experimental.do_not_convert
    def order(epoch: tf.Tensor) -> tf.Tensor:
        rows = tf.range(size, dtype=tf.int64)
        if not shuffle:
            return rows
        key = tf.stack([tf.constant(seed, tf.int64), epoch])
        return tf.random.experimental.stateless_shuffle(rows, seed=key)

    first, skipped = divmod(start, steps)
    # Few operations have a function: TensorFlow enters each in a graph that never ends, and
    # `counter` and `flat_map` are such ones, too.
    epochs = tf.data.Dataset.range(first, ENDLESS).map(order).prefetch(1)
    sizes = [batch_size] * (size // batch_size) + [size % batch_size] * (size % batch_size > 0)
    rows = epochs.rebatch(sizes).skip(skipped)
    held = tf.data.Dataset.from_tensors(data).repeat()

    @tf.autograph.experimental.do_not_convert
    def gather(rows: tf.Tensor, held: Any) -> Any:
        return tf.nest.map_structure(lambda a: tf.gather(a, rows), held)

    # One thread beside the training is enough: more of them have it wait where cores are few.
    return untuned(tf.data.Dataset.zip((rows, held)).map(gather).prefetch(2)), steps
