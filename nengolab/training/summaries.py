"""Scalars and histograms in TensorBoard's event files, without the ``tensorboard`` package.

TensorFlow writes event files by itself, but leaves what ``tf.summary.scalar`` and
``tf.summary.histogram`` put into them to that package, which is not installed with it. The two
forms are small and public: a tensor, and the name of the plugin that shows it.
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nengolab.startup.tensorflow import load_tensorflow

load_tensorflow()  # before anything else does, so that its start-up lines are not shown

import tensorflow as tf  # noqa: E402

__all__ = ["event_file", "has_tensorboard", "histogram", "scalar", "scalar_event", "writing"]

# data_class of TensorFlow's summary.proto
_SCALAR, _TENSOR = 1, 2
BUCKETS = 30
# What the first event of a file says.
_VERSION = "brain.Event:2"
_numbers = itertools.count()


def has_tensorboard() -> bool:
    """Whether the ``tensorboard`` package is there; to look at event files it is needed."""
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        return False
    return True


@contextmanager
def writing(log_dir: str) -> Iterator[Any]:
    """A writer of an event file in ``log_dir``, closed in the end."""
    writer = tf.summary.create_file_writer(str(log_dir))
    try:
        yield writer
    finally:
        writer.close()


def scalar(name: str, data: Any, step: Any = None, description: str | None = None) -> Any:
    """Write a number to the default writer, as ``tf.summary.scalar`` does."""
    metadata = _metadata("scalars", _SCALAR, description)
    with tf.summary.experimental.summary_scope(name, "scalar_summary", values=[data, step]) as (
        tag,
        _,
    ):
        number = tf.cast(tf.reshape(tf.convert_to_tensor(data), ()), tf.float32)
        return tf.summary.write(tag, number, step=step, metadata=metadata)


def histogram(
    name: str,
    data: Any,
    step: Any = None,
    buckets: int | None = None,
    description: str | None = None,
) -> Any:
    """Write the histogram of an array to the default writer, as ``tf.summary.histogram`` does.

    Values that are not finite are in no bucket.
    """
    metadata = _metadata("histograms", _TENSOR, description)
    rows = bucket_rows(np.asarray(data), BUCKETS if buckets is None else buckets)
    return tf.summary.write(name, tf.constant(rows, tf.float64), step=step, metadata=metadata)


def bucket_rows(values: np.ndarray, buckets: int) -> np.ndarray:
    """``(buckets, 3)``: left edge, right edge, count, for buckets of one width.

    Of values that are all the same, all are in the last bucket and the others are empty.
    """
    values = values.ravel().astype(np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return np.zeros((buckets, 3))
    low, high = values.min(), values.max()
    if low == high:
        rows = np.tile([low, high, 0.0], (buckets, 1))
        rows[-1, 2] = values.size
        return rows
    counts, edges = np.histogram(values, buckets, (low, high))
    return np.stack([edges[:-1], edges[1:], counts], axis=1)


def event_file(folder: Path) -> Any:
    """Begin an event file in a folder: a ``tf.io.TFRecordWriter`` of serialized events."""
    folder.mkdir(parents=True, exist_ok=True)
    own = f"{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
    file = tf.io.TFRecordWriter(str(folder / f"events.out.tfevents.{time.time():017.6f}.{own}.v2"))
    file.write(tf.compat.v1.Event(wall_time=time.time(), file_version=_VERSION).SerializeToString())
    return file


def scalar_event(name: str, value: float, step: int, at: float) -> bytes:
    """The event that ``tf.summary.scalar`` writes at a time (s since 1970)."""
    event = tf.compat.v1.Event(wall_time=at, step=step)
    one = event.summary.value.add(tag=name, metadata=_scalars())
    one.tensor.dtype = tf.float32.as_datatype_enum
    one.tensor.tensor_shape.SetInParent()  # of no axes
    one.tensor.float_val.append(value)
    return event.SerializeToString()


@cache
def _scalars() -> Any:
    return _metadata("scalars", _SCALAR, None)


def _metadata(plugin: str, data_class: int, description: str | None) -> Any:
    metadata = tf.compat.v1.SummaryMetadata(summary_description=description)
    metadata.plugin_data.plugin_name = plugin  # no content: version 0 of the plugin's data
    metadata.data_class = data_class
    return metadata
