"""Streams: what yields batches, generators and PyDatasets, normalised and checked as it comes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from itertools import chain
from typing import Any

import keras

from nengolab.exceptions import NengoException, ValidationError
from nengolab.feeding.fed import Fed

GENERATOR, PYDATASET, DATASET = "generator", "keras PyDataset", "tf.data.Dataset"


def kind(x: Any) -> str | None:
    """Which kind of stream ``x`` is; None for arrays in whatever form.

    Raises
    ------
    ValidationError
        For a function, or something else that can only be gone through.
    """
    import tensorflow as tf

    if isinstance(x, tf.data.Dataset):
        return DATASET
    if isinstance(x, keras.utils.PyDataset):
        return PYDATASET
    if isinstance(x, Iterator):
        return GENERATOR
    if callable(x) and not hasattr(x, "__array__"):
        raise ValidationError(
            f"got the function {getattr(x, '__name__', x)!r}; give the generator that it makes, "
            "by calling it",
            attr="x",
        )
    return None


class Checked:
    """Normalises the items of a stream, and holds them to what the first one was.

    Parameters
    ----------
    normalise : callable
        ``normalise(x, y, sample_weight, where)`` makes a `Fed` of one item.
    """

    def __init__(self, normalise: Callable[..., Fed]):
        self.normalise = normalise
        self.first: Fed | None = None
        self.error: BaseException | None = None

    def wrap(self, source: Any, kind: str) -> tuple[Any, Fed]:
        """The stream of normalised items, and the first of them."""
        if kind == PYDATASET:
            n = source.num_batches
            if n is not None and n < 1:
                raise ValidationError("the PyDataset holds no batch", attr="x")
            return _Items(source, self), self._look(source[0], 0)
        raw = next(source, self)
        if raw is self:
            raise ValidationError("the generator yields no batch", attr="x")
        first = self._look(raw, 0)
        return self._go_through(chain([raw], source)), first

    def _go_through(self, source: Iterator) -> Generator[tuple, None, None]:
        number = 0
        try:
            for raw in source:
                yield self.item(raw, number)
                number += 1
        except Exception as err:
            self.error = err
            raise

    def item(self, raw: Any, number: int) -> tuple:
        """One item as Keras takes it."""
        try:
            return self._look(raw, number).packed
        except NengoException as err:
            self.error = err
            raise

    def _look(self, raw: Any, number: int) -> Fed:
        where = f" in batch {number} of the data (counted from 0)"
        x, y, sample_weight = unpack(raw, where)
        fed = self.normalise(x, y, sample_weight, where)
        if self.first is None:
            self.first = fed
        self._compare(fed, self.first, where)
        return fed

    def _compare(self, fed: Fed, first: Fed, where: str) -> None:
        for what, new, old in (
            ("inputs", fed.inputs, first.inputs),
            ("targets", fed.targets, first.targets),
            ("weights", sorted(fed.sample_weight or ()), sorted(first.sample_weight or ())),
            ("steps", fed.n_steps, first.n_steps),
        ):
            if isinstance(new, tuple) and isinstance(old, tuple):
                same = set(new) == set(old)
            else:
                same = new == old
            if not same:
                raise ValidationError(
                    f"all batches must be alike: {what} are {new}{where}, and were {old} in the "
                    "first",
                    attr="x",
                )

    def cause(self, err: Exception) -> BaseException | None:
        """What was wrong with an item, when ``err`` came out of Keras."""
        return self.error


class _Items(keras.utils.PyDataset):
    """A PyDataset whose items are normalised."""

    def __init__(self, source: keras.utils.PyDataset, checked: Checked):
        super().__init__(source.workers, source.use_multiprocessing, source.max_queue_size)
        self.source, self.checked = source, checked

    @property
    def num_batches(self) -> int | None:
        return self.source.num_batches

    def __getitem__(self, index: int) -> tuple:
        try:
            raw = self.source[index]
        except Exception as err:
            self.checked.error = err
            raise
        return self.checked.item(raw, index)

    def on_epoch_begin(self) -> None:
        self.source.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self.source.on_epoch_end()


def unpack(raw: Any, where: str = "") -> tuple[Any, Any, Any]:
    """``x``, ``y`` and ``sample_weight`` of an item: a tuple (or, as in Keras, a list) of them.

    Raises
    ------
    ValidationError
        For more than three.
    """
    parts = tuple(raw) if isinstance(raw, (tuple, list)) else (raw,)
    if not 1 <= len(parts) <= 3:
        raise ValidationError(
            f"an item is x, (x, y) or (x, y, sample_weight); got {len(parts)} parts{where}. Put "
            "several inputs into a dict",
            attr="x",
        )
    x, y, weight, *_ = *parts, None, None
    return x, y, weight
