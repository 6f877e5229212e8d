"""Losses beside those of Keras, for ``sim.compile(loss=...)`` and for any Keras model.

An output of a network is ``(batch, steps, size)``. Importing this module loads TensorFlow;
``nengolab.losses`` does so when it is first used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.startup.tensorflow import load_tensorflow

load_tensorflow()  # before Keras does, so that its start-up lines are not shown

import keras  # noqa: E402
from keras import ops  # noqa: E402

__all__ = [
    "NanMeanSquaredError",
    "OfMean",
    "RateRange",
    "Regularize",
    "accuracy_of_mean",
    "nan_mse",
]

PACKAGE = "nengolab"


@keras.saving.register_keras_serializable(PACKAGE)
class NanMeanSquaredError(keras.losses.Loss):
    """The mean squared error, where a target that is NaN counts as met.

    A target of NaN says that the output may be anything there, for example in the steps before an
    answer is due: its error is 0, and it gives no gradient. `nan_mse` is this loss, ready made. It
    can also be called: ``nan_mse(y_true, y_pred)``.

    Parameters
    ----------
    name, reduction, dtype
        As in ``keras.losses.Loss``.

    Notes
    -----
    The mean is over all targets, known or not: with two known ones of ten and errors of 3 and 4
    it is (9 + 16) / 10. So each known target counts alike, in whatever row or batch it stands.

    Examples
    --------
    >>> y_true, y_pred = np.array([[np.nan, 1.0]]), np.array([[5.0, 3.0]])
    >>> float(nengolab.losses.nan_mse(y_true, y_pred))  # (0 + 4) / 2
    2.0
    """

    takes_nan = True  # a target that is NaN is one that is not known

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Values whose mean is the loss: ``(batch, steps)`` of outputs ``(batch, steps, size)``."""
        known = ops.logical_not(ops.isnan(y_true))
        squares = ops.square(ops.where(known, y_true - y_pred, ops.zeros_like(y_pred)))
        return ops.mean(squares, axis=-1) if len(squares.shape) > 1 else squares


nan_mse = NanMeanSquaredError(name="nan_mse")


class _Targetless(keras.losses.Loss):
    """A loss that looks at the output only: its targets may be None, or anything.

    ``Simulator.fit`` and ``evaluate`` need none for it; ``keras.Model.fit`` does.
    """

    needs_targets = False

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return super().__call__(y_pred if y_true is None else y_true, y_pred, sample_weight)


@keras.saving.register_keras_serializable(PACKAGE)
class Regularize(_Targetless):
    """The size of an output itself: a norm over some of its axes, the mean over the rest.

    On a probe of neurons it keeps firing rates low, on one of weights the weights. Targets are
    ignored and may be None.

    Parameters
    ----------
    order : float or "euclidean"
        Of the norm, ``(sum_i |x_i|^order)^(1/order)``, from 1 up; ``numpy.inf`` is the largest
        absolute value and ``"euclidean"`` is 2.
    axis : int, optional
        The axis of the norm among those after batch and steps (after the batch for an output of
        two axes); negative ones count from the last. Default: one norm over all of them.
    weight : float, optional
        Factor on the loss. ``sim.compile(loss_weights=...)`` does the same.
    name, reduction, dtype
        As in ``keras.losses.Loss``.

    Raises
    ------
    ValidationError
        For an order below 1 and, in training, for an axis that the output does not have.

    Notes
    -----
    Where all of a norm's values are 0 the gradient is taken as 0, its smallest subgradient; so
    silent neurons do no harm.

    Examples
    --------
    >>> loss = nengolab.losses.Regularize(order=1)
    >>> float(loss(np.zeros((1, 1, 2)), np.array([[[3.0, -4.0]]])))
    7.0
    """

    def __init__(
        self,
        order: float | str = 2,
        axis: int | None = None,
        weight: float | None = None,
        name: str | None = "regularize",
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.order, self.axis, self.weight = order, axis, weight
        self._order = 2.0 if order == "euclidean" else _number(order, "order", self)
        if not self._order >= 1:
            raise ValidationError(
                f'must be from 1 up, or "euclidean", got {order!r}', attr="order", obj=self
            )
        if axis is not None and (isinstance(axis, bool) or not isinstance(axis, int)):
            raise ValidationError(
                f"must be a whole number or None, got {axis!r}", attr="axis", obj=self
            )
        if weight is not None:
            _number(weight, "weight", self)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The norms: ``(batch, steps)``, or ``(batch,)`` for an output of two axes."""
        rank = len(y_pred.shape)
        first = min(2, rank - 1)
        norms = _norm(y_pred, self._order, self._axes(rank, first))
        rest = tuple(range(first, len(norms.shape)))
        values = ops.mean(norms, axis=rest) if rest else norms
        return values if self.weight is None else self.weight * values

    def _axes(self, rank: int, first: int) -> tuple[int, ...]:
        """The axes of the norm, of an output of ``rank`` axes whose own ones begin at ``first``."""
        if self.axis is None:
            return tuple(range(first, rank))
        own = rank - first
        if not -own <= self.axis < own:
            raise ValidationError(
                f"the output has {own} ax{'i' if own == 1 else 'e'}s after batch and steps, "
                f"{-own} to {own - 1}; got {self.axis}",
                attr="axis",
                obj=self,
            )
        return (first + self.axis % own,)

    def get_config(self) -> dict[str, Any]:
        """What ``from_config`` makes the same loss of."""
        own = {"order": self.order, "axis": self.axis, "weight": self.weight}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(PACKAGE)
class RateRange(_Targetless):
    """How far mean firing rates lie outside a range: keeps neurons neither silent nor wild.

    For a probe of neurons. The rate of a neuron is the mean of its output over the steps of a
    batch item, spikes or rates alike; the loss is the mean, over items and neurons, of the squared
    distance (Hz^2) from the range. Targets are ignored and may be None.

    Parameters
    ----------
    low, high : float, optional
        The range (Hz). Default: no bound on that side; one is needed.
    amplitude : float
        That of the neuron type: outputs are ``amplitude`` times the rate.
    name, reduction, dtype
        As in ``keras.losses.Loss``.

    Raises
    ------
    ValidationError
        For a range without bounds or without inside, and for an amplitude that is not positive.

    Notes
    -----
    A loss in Hz^2 is large beside others: 10 Hz outside are 100. ``loss_weights`` of 1e-4 or less
    are usual.

    Examples
    --------
    >>> loss = nengolab.losses.RateRange(low=1, high=100)
    >>> float(loss(np.zeros((1, 2, 1)), np.full((1, 2, 1), 103.0)))  # 3 Hz above
    9.0
    """

    def __init__(
        self,
        low: float | None = None,
        high: float | None = None,
        amplitude: float = 1.0,
        name: str | None = "rate_range",
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.low, self.high, self.amplitude = low, high, amplitude
        bounds = [_number(b, "low and high", self) for b in (low, high) if b is not None]
        if not bounds or bounds[0] > bounds[-1]:
            raise ValidationError(
                f"need low <= high, or one of them (Hz); got {low!r} and {high!r}",
                attr="low and high",
                obj=self,
            )
        if not _number(amplitude, "amplitude", self) > 0:
            raise ValidationError(f"must be above 0, got {amplitude!r}", attr="amplitude", obj=self)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Mean squared distances ``(batch, 1)`` of outputs ``(batch, steps, size)``."""
        if len(y_pred.shape) != 3:
            raise ValidationError(
                f"needs an output (batch, steps, size), got {tuple(y_pred.shape)}",
                attr="y_pred",
                obj=self,
            )
        rates = ops.mean(y_pred, axis=1) / self.amplitude
        outside = ops.zeros_like(rates)
        if self.low is not None:
            outside += ops.relu(self.low - rates)
        if self.high is not None:
            outside += ops.relu(rates - self.high)
        return ops.mean(ops.square(outside), axis=-1, keepdims=True)

    def get_config(self) -> dict[str, Any]:
        """What ``from_config`` makes the same loss of."""
        own = {"low": self.low, "high": self.high, "amplitude": self.amplitude}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(PACKAGE)
class OfMean(keras.losses.Loss):
    """A loss of the mean of the output over the steps: what is read while an item is shown.

    A single step of a spiking network says little; the mean over the steps of an image is its
    answer. Of outputs of one step it is the loss itself.

    Parameters
    ----------
    loss : str or keras.losses.Loss
        Of outputs ``(batch, size)``; its targets are those of the first step.
    name, reduction, dtype
        As in ``keras.losses.Loss``.

    Examples
    --------
    >>> loss = nengolab.losses.OfMean("mse")
    >>> float(loss(np.ones((1, 2, 1)), np.array([[[0.0], [2.0]]])))  # of a mean of 1
    0.0
    """

    def __init__(
        self,
        loss: Any,
        name: str | None = "of_mean",
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.loss = keras.losses.get(loss)

    @property
    def targets_as(self) -> Any:
        """The loss that says what the targets are."""
        return self.loss

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Values ``(batch, 1)`` of outputs ``(batch, steps, size)``."""
        inner = getattr(self.loss, "call", self.loss)
        return ops.reshape(inner(y_true[:, 0], ops.mean(y_pred, axis=1)), (-1, 1))

    def get_config(self) -> dict[str, Any]:
        """What ``from_config`` makes the same loss of."""
        return {**super().get_config(), "loss": keras.losses.serialize(self.loss)}


@keras.saving.register_keras_serializable(PACKAGE)
def accuracy_of_mean(y_true: Any, y_pred: Any) -> Any:
    """Where the mean over the steps is largest for the right class: a metric for `OfMean`.

    Parameters
    ----------
    y_true : array
        Numbers of classes ``(batch, steps, 1)``, or a value for each class
        ``(batch, steps, classes)``, of which the largest is right; the first step counts.
    y_pred : array
        ``(batch, steps, classes)``.

    Examples
    --------
    >>> right = nengolab.losses.accuracy_of_mean([[[1]]], np.array([[[0.0, 3.0]]]))
    >>> [float(item) for item in right]
    [1.0]
    """
    first = ops.convert_to_tensor(y_true)[:, 0]
    wanted = first[:, 0] if first.shape[-1] == 1 else ops.argmax(first, axis=-1)
    found = ops.argmax(ops.mean(y_pred, axis=1), axis=-1)
    return ops.cast(ops.equal(ops.cast(wanted, found.dtype), found), "float32")


def _norm(x: Any, order: float, axes: tuple[int, ...]) -> Any:
    """The norm over ``axes``, with a gradient of 0 where it is 0 (the root's is infinite)."""
    if order == 1:
        return ops.sum(ops.abs(x), axis=axes)
    if order == np.inf:
        return ops.max(ops.abs(x), axis=axes)
    powers = ops.sum(ops.square(x) if order == 2 else ops.abs(x) ** order, axis=axes)
    some = powers > 0
    roots = ops.where(some, powers, ops.ones_like(powers)) ** (1 / order)
    return ops.where(some, roots, ops.zeros_like(roots))


def _number(value: Any, attr: str, obj: Any) -> float:
    """``value`` as a float; NaN, texts and booleans are refused."""
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        if not np.isnan(value):
            return float(value)
    raise ValidationError(f"must be a number, got {value!r}", attr=attr, obj=obj)
