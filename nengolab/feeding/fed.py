"""Data as Keras takes them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np


class Stream(Protocol):
    """What yields items, asked why it stopped."""

    def cause(self, err: Exception) -> BaseException | None:
        """What was wrong with an item, when ``err`` came out of Keras; None for nothing."""


@dataclass(frozen=True, eq=False)
class Fed:
    """Data as Keras takes them.

    Attributes
    ----------
    x : dict, generator, keras.utils.PyDataset or tf.data.Dataset
        By alias ``(batch, steps, size)``; ``{"n_steps": (batch, 1)}``, whole numbers, where no
        input is fed. The last three yield ``(x,)``, ``(x, y)`` or ``(x, y, sample_weight)``.
    y : dict or None
        By alias. None for what yields its own.
    sample_weight : dict or None
        By alias, one for each in ``y``: ``(batch, steps)`` or ``(batch, 1)``.
    n_steps : int
    items : int or None
        How many; None where that shows only when they are through.
    inputs, targets : tuple of str
        Aliases of what is fed; all other inputs are to be filled.
    stream : Stream or None
        What checks the items that are yielded.
    """

    x: Any
    y: dict[str, np.ndarray] | None
    sample_weight: dict[str, np.ndarray] | None
    n_steps: int
    items: int | None
    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    stream: Stream | None = None

    @property
    def packed(self) -> Any:
        """Data as Keras takes them in one argument, for example ``validation_data``."""
        if self.stream is not None:
            return self.x
        return _pack(self.x, self.y, self.sample_weight)

    @property
    def can_shuffle(self) -> bool:
        """Whether Keras can put it in another order; where it cannot, it warns when it is told to.

        It shuffles the items of arrays, and the batches of a PyDataset of known length.
        """
        return self.stream is None or getattr(self.x, "num_batches", None) is not None

    @contextmanager
    def told(self) -> Iterator[None]:
        """Raise what was wrong with an item in place of what TensorFlow makes of it.

        Put it around the call that goes through the data.
        """
        try:
            yield
        except Exception as err:
            cause = None if self.stream is None else self.stream.cause(err)
            if cause is None or cause is err:
                raise
            raise cause from None


def _pack(x: Any, y: Any, sample_weight: Any) -> tuple:
    if y is None:
        return (x,)
    return (x, y) if sample_weight is None else (x, y, sample_weight)
