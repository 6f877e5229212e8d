"""Batches in an order that depends on a seed and the number of the epoch only."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from nengolab.exceptions import ValidationError


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

    def order(epoch: tf.Tensor) -> tf.Tensor:
        rows = tf.range(size, dtype=tf.int64)
        if not shuffle:
            return rows
        key = tf.stack([tf.constant(seed, tf.int64), epoch])
        return tf.random.experimental.stateless_shuffle(rows, seed=key)

    first, skipped = divmod(start, steps)
    epochs = tf.data.Dataset.counter(first, dtype=tf.int64).map(order).prefetch(1)
    rows = epochs.flat_map(lambda rows: _cut(rows, size, batch_size)).skip(skipped)
    held = tf.data.Dataset.from_tensors(data).repeat()

    def gather(rows: tf.Tensor, held: Any) -> Any:
        return tf.nest.map_structure(lambda a: tf.gather(a, rows), held)

    batches = tf.data.Dataset.zip((rows, held)).map(gather, num_parallel_calls=tf.data.AUTOTUNE)
    return batches.prefetch(tf.data.AUTOTUNE), steps


def _cut(rows: tf.Tensor, size: int, batch_size: int) -> tf.data.Dataset:
    """An epoch's rows as batches of rows, in order."""
    whole = size // batch_size * batch_size
    cut = tf.data.Dataset.from_tensor_slices(tf.reshape(rows[:whole], (-1, batch_size)))
    return cut if whole == size else cut.concatenate(tf.data.Dataset.from_tensors(rows[whole:]))
