"""Metrics of a run, in TensorBoard's event files: written while it trains, read afterwards.

Names are those of Keras's ``TensorBoard``: ``epoch_loss`` by epochs and ``batch_loss`` by batches
that are done, of training in ``train/``, of validation in ``validation/``. A run that goes on from
an earlier epoch writes another file; what older ones hold from its first step on counts no more.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

TRAIN, VALIDATION = "train", "validation"
AT_ONCE = 1024
#: Seconds that metrics of batches may wait.
EVERY = 1.0


class Writer:
    """Writes the metrics of a run.

    Parameters
    ----------
    folder : Path
        Of the run.

    Notes
    -----
    An event is put together here and handed to TensorFlow's writer of records: a hundredth of what
    ``tf.summary`` takes, which makes tensors of the numbers and runs operations. Many at once take
    a tenth each of what one between two batches does.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._files: dict[str, Any] = {}
        self._waiting: list[tuple[str, str, float, int, float]] = []
        self._written = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether what was noted is to be written now; every `EVERY` seconds."""
        return time.monotonic() - self._written >= EVERY

    def batch(self, number: int, logs: Mapping[str, float]) -> None:
        """Note what a batch ended with; it is counted from the start of the run."""
        self._note(TRAIN, "batch_", number, logs)

    def epoch(self, number: int, logs: Mapping[str, float], learning_rate: float) -> None:
        """Note what an epoch ended with."""
        of_training = {k: v for k, v in logs.items() if not k.startswith("val_")}
        of_validation = {k[4:]: v for k, v in logs.items() if k.startswith("val_")}
        self._note(TRAIN, "epoch_", number, of_training | {"learning_rate": learning_rate})
        self._note(VALIDATION, "epoch_", number, of_validation)

    def _note(self, where: str, prefix: str, step: int, values: Mapping[str, float]) -> None:
        at = time.time()
        self._waiting += [(where, f"{prefix}{n}", value, step, at) for n, value in values.items()]

    def flush(self) -> None:
        """Write what was noted, and see to it that it is in the files.

        Raises
        ------
        tensorflow.errors.OpError
            Where it cannot be written: what was not is written with the next call.
        """
        from nengolab.training import summaries

        written = 0
        try:
            for where, name, value, step, at in self._waiting:
                if where not in self._files:
                    self._files[where] = summaries.event_file(self._folder / where)
                self._files[where].write(summaries.scalar_event(name, value, step, at))
                written += 1
        finally:
            del self._waiting[:written]
        for file in self._files.values():
            file.flush()
        self._written = time.monotonic()

    def close(self) -> None:
        """Write the rest where that can be, and close the files.

        What cannot be written is of an epoch that does not count: `flush` has written the others.
        """
        import tensorflow as tf

        with suppress(OSError, tf.errors.OpError):
            self.flush()
        for file in self._files.values():
            with suppress(OSError, tf.errors.OpError):
                file.close()
        self._files = {}


def read(folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Metrics of a run's folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict
        By name, steps and values ``(n,)``: ``"epoch_loss"``, ``"epoch_val_loss"``,
        ``"batch_loss"``, ... In a file whose end is missing, what is before it counts.
    """
    found: dict[str, dict[int, float]] = {}
    for where, mark in ((TRAIN, ""), (VALIDATION, "val_")):
        for path in sorted((folder / where).glob("events.out.tfevents.*")):
            _add(found, path, mark)
    return {
        name: (np.array(list(points)), np.array(list(points.values())))
        for name, points in found.items()
    }


def _add(found: dict[str, dict[int, float]], path: Path, mark: str) -> None:
    """Add the points of a file, and forget those that an earlier one has from there on."""
    begun = set()
    for step, tag, value in _scalars(path):
        prefix, _, rest = tag.partition("_")
        name = f"{prefix}_{mark}{rest}"
        points = found.setdefault(name, {})
        if name not in begun:
            begun.add(name)
            for later in [s for s in points if s >= step]:
                del points[later]
        points[step] = value


def _scalars(path: Path) -> list[tuple[int, str, float]]:
    import tensorflow as tf

    found = []
    for record in _records(path):
        event = tf.compat.v1.Event.FromString(record)
        for value in event.summary.value:
            if value.HasField("tensor"):
                # As they are written here; others' as TensorFlow reads them, in ten times as long.
                plain = value.tensor.float_val
                number = plain[0] if len(plain) == 1 else float(tf.make_ndarray(value.tensor))
                found.append((event.step, value.tag, number))
    return found


def _records(path: Path) -> list[bytes]:
    """The records of a file, to the first one that is not whole.

    One at a time they take 0.16 ms each, and a panel reads all runs of a folder.
    """
    import tensorflow as tf

    from nengolab.feeding.pipelines import untuned

    dataset = untuned(tf.data.TFRecordDataset(str(path)))
    found: list[bytes] = []
    try:
        for many in dataset.batch(AT_ONCE).as_numpy_iterator():
            found.extend(many)
    except tf.errors.DataLossError:
        try:
            found.extend(dataset.skip(len(found)).as_numpy_iterator())
        except tf.errors.DataLossError:
            pass
    return found
