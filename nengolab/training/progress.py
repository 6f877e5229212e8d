"""A progress bar of training that shows its pace."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import keras

from nengolab.checks import whole


class ImagesPerSecond(keras.callbacks.ProgbarLogger):
    """Keras's progress bar, which also shows how many images a second are worked off.

    Keras takes it in place of its own. What it adds is seen in the bar only, not in the History
    nor by other callbacks.

    Parameters
    ----------
    batch_size : int
        Images in a batch.
    images : int, optional
        In an epoch, where the last batch may be smaller.
    unit : str
        What it is called.

    Notes
    -----
    The first batch of an epoch does not count where there are more: the first of all is compiled.
    The figure at the end of an epoch is that of the training, validation left out.

    Examples
    --------
    >>> bar = nengolab.callbacks.ImagesPerSecond(batch_size=32, images=1000)
    >>> bar.rate is None  # until there is something to measure
    True
    """

    async_safe = True  # it reads a clock; Keras need not wait for it

    def __init__(self, batch_size: int, images: int | None = None, unit: str = "images/s"):
        super().__init__()
        self.batch_size = whole(batch_size, "batch_size", 1, self)
        self.images = None if images is None else whole(images, "images", 1, self)
        self.unit = unit
        self._marks: list[tuple[float, int]] = []  # (time, images): begin, first batch, last batch

    @property
    def rate(self) -> float | None:
        """Images per second of this epoch so far (of the last one, after it)."""
        if len(self._marks) < 2:
            return None
        (begin, before), (end, after) = self._marks[-2:]
        return (after - before) / (end - begin) if end > begin else None

    def _begin(self) -> None:
        self._marks = [(perf_counter(), 0)]

    def _count(self, batch: int) -> None:
        done = (batch + 1) * self.batch_size
        if self.images is not None:
            done = min(done, self.images)
        self._marks = [*self._marks[:2], (perf_counter(), done)]

    def _with_rate(self, logs: Any) -> dict[str, Any]:
        rate = self.rate
        return {**(logs or {}), **({} if rate is None else {self.unit: rate})}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_begin(epoch, logs)
        self._begin()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._count(batch)
        super().on_train_batch_end(batch, self._with_rate(logs))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, self._with_rate(logs))

    def on_train_end(self, logs: Any = None) -> None:
        super().on_train_end(logs)
        self._called_in_fit = False  # the same callback may be given to evaluate later

    def on_test_begin(self, logs: Any = None) -> None:
        super().on_test_begin(logs)
        if not self._called_in_fit:
            self._begin()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        if not self._called_in_fit:
            self._count(batch)
            super().on_test_batch_end(batch, self._with_rate(logs))

    def on_test_end(self, logs: Any = None) -> None:
        super().on_test_end(logs if self._called_in_fit else self._with_rate(logs))
