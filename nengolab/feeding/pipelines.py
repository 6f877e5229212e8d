"""``tf.data`` without its tuner, whose end a training would wait for.

TensorFlow gives each iterator a thread that tunes the pipeline. It looks 10 ms after the beginning,
and then each time after twice as long, up to a minute. An iterator that ends stops it and waits for
it; but what wakes it comes a moment before what it asks then (2.21: ``IsCancelled`` is true once
all have been told), so that it mostly sleeps on: after 7 s of training until 10 s are over, after
an hour up to a minute, and that for each epoch where each has an iterator of its own. What it would
tune, the number of calls at a time, is that of the cores without it.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
from keras.src.trainers.data_adapters import get_data_adapter
from keras.src.trainers.data_adapters.data_adapter import DataAdapter


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """The dataset, without the tuner; with it where its own options ask for it.

    Parameters
    ----------
    dataset : tf.data.Dataset
    """
    if dataset.options().autotune.enabled is not None:
        return dataset
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def in_order(data: Any, batch_size: int) -> tf.data.Dataset:
    """Batches of arrays as they come, once; Keras would round double precision.

    Parameters
    ----------
    data : nested tuples and dicts of ndarray
        All of the same length.
    batch_size : int
        The last batch may be smaller.
    """
    return untuned(tf.data.Dataset.from_tensor_slices(data).batch(batch_size))


def steady(x: Any, shuffle: bool = False) -> Any:
    """What yields batches as Keras takes it, read without the tuner.

    Parameters
    ----------
    x : tf.data.Dataset, generator or keras.utils.PyDataset
    shuffle : bool
        Of a PyDataset: whether each epoch takes its batches in another order.
    """
    if isinstance(x, tf.data.Dataset):
        return untuned(x)
    return _Read(get_data_adapter(x, shuffle=shuffle))


class _Read(DataAdapter):
    """Reads data just as Keras does, from a dataset without the tuner."""

    def __init__(self, inner: DataAdapter):
        self._inner = inner

    def get_tf_dataset(self) -> tf.data.Dataset:
        return untuned(self._inner.get_tf_dataset())

    @property
    def num_batches(self) -> int | None:
        return self._inner.num_batches

    @property
    def batch_size(self) -> int | None:
        return self._inner.batch_size

    def on_epoch_begin(self) -> None:
        self._inner.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._inner.on_epoch_end()
