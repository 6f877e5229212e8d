"""The weights of the best epoch, kept while a model is trained."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.layers.held import numbers


class KeepBest(keras.callbacks.Callback):
    """Remember the weights of the best epoch, and the last ones, however the fit ends.

    Parameters
    ----------
    monitor : str, optional
        Which log says how good an epoch was. Default: ``"val_loss"`` where there is validation,
        else ``"loss"``.
    mode : {"auto", "min", "max"}
        Whether less or more is better. ``"auto"`` knows losses and errors (less), and accuracies,
        AUC, precision, recall and F scores (more).

    Attributes
    ----------
    best : Mapping of str to ndarray or None
        Weights at the end of the best epoch by name: that of the parameter for a network, that of
        the variable's path for another Keras model.
    best_epoch : int or None
    best_value : float or None
        What ``monitor`` was there.
    monitored : str or None
        The log by which it was chosen.
    last : Mapping of str to ndarray or None
        Weights when the fit ended; where it was cut off (Ctrl-C, an error), call `keep_last`.

    Raises
    ------
    ValidationError
        For a ``monitor`` whose better direction is not known, and, after the first epoch, for one
        that is not among the logs.

    Examples
    --------
    >>> keep = nengolab.callbacks.KeepBest("val_loss")
    >>> sim.compile("adam", loss="mse")
    >>> x = np.ones((2, 5, 1))
    >>> history = sim.fit(x, x, validation_data=(x, x), callbacks=[keep], verbose=0)
    >>> keep.best_epoch, "ensemble.neurons.bias" in keep.best
    (0, True)
    """

    def __init__(self, monitor: str | None = None, mode: str = "auto"):
        super().__init__()
        self.monitor = monitor
        self._sign = _sign(monitor or "loss", mode)
        self._forget()

    def _forget(self) -> None:
        self.best: Mapping[str, np.ndarray] | None = None
        self.last: Mapping[str, np.ndarray] | None = None
        self.best_epoch: int | None = None
        self.best_value: float | None = None
        self.monitored: str | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep the weights if the epoch was the best so far; NaN never is."""
        logs = logs or {}
        name = self._which(logs)
        if name is None:
            return
        if name != self.monitored:  # the first validation: what was chosen without is set aside
            self.monitored, self.best_value = name, None
        value = float(logs[name])
        better = self.best_value is None or self._sign * value < self._sign * self.best_value
        if better and not np.isnan(value):
            self.best_value, self.best_epoch = value, epoch
            self.best = _weights(self.model)

    def _which(self, logs: Mapping[str, Any]) -> str | None:
        """The log to go by; None in an epoch without validation, where others have some."""
        if self.monitor is None:
            name = "val_loss" if "val_loss" in logs else "loss"
            return None if name == "loss" and self.monitored == "val_loss" else name
        if self.monitor in logs:
            return self.monitor
        if self.monitor.startswith("val_"):  # validation_freq leaves epochs out
            if self.monitored is not None or not any(k.startswith("val_") for k in logs):
                return None
        raise ValidationError(
            f"there is no log {self.monitor!r}; there are {', '.join(sorted(logs))}",
            attr="monitor",
            obj=self,
        )

    def on_train_end(self, logs: Any = None) -> None:
        self.keep_last()
        if self.best is None and logs:
            warnings.warn(
                f"no epoch had a {self.monitor or 'loss'} to compare; the last one's logs are "
                f"{', '.join(f'{k}: {v:g}' for k, v in sorted(logs.items()))}",
                stacklevel=2,
            )

    def keep_last(self) -> None:
        """Keep the weights as they are now as the last ones."""
        self.last = _weights(self.model)

    def restore_best(self) -> None:
        """Give the model its best weights back.

        Raises
        ------
        ValidationError
            Where no epoch ended with a value to compare.
        """
        if self.best is None:
            raise ValidationError("no epoch has ended yet", attr="best", obj=self)
        variables = _variables(self.model)
        for name, value in self.best.items():
            variables[name].assign(value)


def _sign(monitor: str, mode: str) -> int:
    """1 where less is better, -1 where more is."""
    signs = {"min": 1, "max": -1}
    if mode in signs:
        return signs[mode]
    if mode != "auto":
        raise ValidationError(f"must be auto, min or max, got {mode!r}", attr="mode", obj=KeepBest)
    words = monitor.lower()
    if any(w in words for w in ("loss", "error", "mse", "mae")):
        return 1
    if any(w in words for w in ("acc", "auc", "precision", "recall", "f1", "fbeta")):
        return -1
    raise ValidationError(
        f"{monitor!r}: is less of it better, or more? Give mode='min' or mode='max'",
        attr="monitor",
        obj=KeepBest,
    )


def _variables(model: Any) -> Mapping[str, Any]:
    """A model's variables by name; a network's model names its parameters itself."""
    named = getattr(model, "named_variables", None)
    if named is None:
        named = {variable.path: variable for variable in model.weights}
        if len(named) != len(model.weights):
            raise ValidationError(
                "two of the model's variables have the same path", attr="weights", obj=model
            )
    return named


def _weights(model: Any) -> Mapping[str, np.ndarray]:
    values = {name: numbers(variable) for name, variable in _variables(model).items()}
    for value in values.values():
        value.setflags(write=False)
    return MappingProxyType(values)
