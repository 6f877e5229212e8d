"""Callbacks beside those of Keras, for ``sim.fit(callbacks=[...])`` and for any Keras model.

Importing this module loads TensorFlow; ``nengolab.callbacks`` does so when it is first used.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from time import perf_counter
from types import MappingProxyType
from typing import Any

import nengo
import numpy as np
from nengo.ensemble import Neurons

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.training import summaries

import keras  # isort: skip  # after summaries, which load TensorFlow without its start-up lines
import tensorflow as tf  # isort: skip

from nengolab.saving.training_file import Checkpoint  # isort: skip

__all__ = [
    "Checkpoint",
    "ImagesPerSecond",
    "IsolateState",
    "KeepBest",
    "NengoSummaries",
    "TensorBoard",
]

# What of an ensemble is written, where it has it.
_OF_ENSEMBLES = ("encoders", "gain", "bias")


class NengoSummaries(keras.callbacks.Callback):
    """Write histograms of parameters of the network to TensorBoard's event files.

    They are those of ``sim.data[obj]`` at the end of an epoch: encoders, gains and biases of an
    Ensemble, gains and biases of Neurons, weights of a Connection. To write them, nothing but
    TensorFlow is needed; to look at them, the ``tensorboard`` package.

    Parameters
    ----------
    log_dir : str or Path
        Folder of the event file.
    sim : nengolab.Simulator
    objects : sequence of nengo.Ensemble, nengo.ensemble.Neurons and nengo.Connection
    every : int
        Epochs from one writing to the next.

    Raises
    ------
    ValidationError
        For an object of another kind, or one that has no parameters.
    """

    def __init__(self, log_dir: Any, sim: Any, objects: Sequence[Any], every: int = 1):
        super().__init__()
        self.log_dir, self.sim, self.every = str(log_dir), sim, whole(every, "every", 1, self)
        if isinstance(objects, (nengo.Ensemble, Neurons, nengo.Connection)):
            objects = [objects]
        self.objects = list(objects)
        for obj in self.objects:
            if not self._arrays(obj):
                raise ValidationError(
                    f"{self.sim.name_of(obj)!r} has no encoders, gains, biases or weights to write",
                    attr="objects",
                    obj=self,
                )

    def values(self) -> dict[str, np.ndarray]:
        """What is written, as it is now, by name."""
        return {
            f"{self.sim.name_of(obj)}.{attr}": array
            for obj in self.objects
            for attr, array in self._arrays(obj).items()
        }

    def _arrays(self, obj: Any) -> dict[str, np.ndarray]:
        if isinstance(obj, nengo.Ensemble):
            built, attrs = self.sim.data[obj], _OF_ENSEMBLES
        elif isinstance(obj, Neurons):
            built, attrs = self.sim.data[obj.ensemble], _OF_ENSEMBLES[1:]
        elif isinstance(obj, nengo.Connection):
            built, attrs = self.sim.data[obj], ("weights",)
        else:
            raise ValidationError(
                f"must be Ensembles, Neurons and Connections, got {obj!r} ({type(obj).__name__})",
                attr="objects",
                obj=self,
            )
        found = {attr: getattr(built, attr, None) for attr in attrs}
        return {attr: _dense(value) for attr, value in found.items() if value is not None}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the histograms."""
        if epoch % self.every:
            return
        with summaries.writing(self.log_dir) as writer, writer.as_default():
            for name, value in self.values().items():
                summaries.histogram(name, value, step=epoch)


def _dense(weights: Any) -> np.ndarray:
    """The values of an array, or of a sparse matrix those that it holds."""
    if isinstance(weights, np.ndarray):
        return weights
    held = weights.data if hasattr(weights, "data") else weights
    return np.asarray(held)


class _Summary:
    """``tf.summary`` with scalars and histograms that do not need the tensorboard package."""

    scalar = staticmethod(summaries.scalar)
    histogram = staticmethod(summaries.histogram)

    def __getattr__(self, name: str) -> Any:
        return getattr(tf.summary, name)


class TensorBoard(keras.callbacks.TensorBoard):
    """Keras's ``TensorBoard``, which also writes parameters of the network.

    Unlike Keras's it works without the ``tensorboard`` package, which is not installed with
    TensorFlow; to look at what was written, install it and run ``tensorboard --logdir logs``.

    Parameters
    ----------
    *args, **kwargs
        As for ``keras.callbacks.TensorBoard``: ``log_dir``, ``histogram_freq``, ``update_freq``,
        ``profile_batch``, ...
    sim : nengolab.Simulator, optional
    objects : sequence, optional
        Of which `NengoSummaries` are written after each epoch (every ``histogram_freq``-th, if
        that is given), into ``log_dir/parameters``. Needs ``sim``.

    Raises
    ------
    ImportError
        Where the package is missing, for ``write_images`` and ``embeddings_freq``: those are
        formed by it.
    """

    def __init__(
        self, *args: Any, sim: Any = None, objects: Sequence[Any] | None = None, **kwargs: Any
    ):
        super().__init__(*args, **kwargs)
        if (self.write_images or self.embeddings_freq) and not summaries.has_tensorboard():
            raise ImportError(
                "write_images and embeddings_freq need the tensorboard package; install it "
                "(pip install tensorboard), or leave them out"
            )
        if (sim is None) != (objects is None):
            raise ValidationError(
                "needs the simulator of the objects, and objects: give both, or neither",
                attr="sim",
                obj=self,
            )
        self._parameters = None
        if sim is not None:
            folder = os.path.join(self.log_dir, "parameters")
            self._parameters = NengoSummaries(folder, sim, objects, self.histogram_freq or 1)

    @property
    def summary(self) -> Any:
        """With what Keras's callback writes."""
        return _Summary()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the epoch's metrics and histograms."""
        super().on_epoch_end(epoch, logs)
        if self._parameters is not None:
            self._parameters.on_epoch_end(epoch, logs)


class IsolateState(keras.callbacks.Callback):
    """Keep training, validation and what comes after from handing state to each other.

    Matters with ``stateful=True``, where every batch goes on from the state (voltages, filters,
    processes, what online learning changed) in which the one before ended. Every epoch, and every
    validation, then starts from the state at the call; validation gives the epoch its state
    back; and after ``fit``, ``evaluate`` or ``predict`` the state is that at the call. Trained
    parameters are no state and stay as they are.

    Parameters
    ----------
    sim : nengolab.Simulator
        ``sim.state`` is taken and put back; what it says about functions that cannot be put back
        holds here too.

    Notes
    -----
    A call that is cut off by an error leaves the state as it was then.
    """

    def __init__(self, sim: Any):
        super().__init__()
        self.sim = sim
        self._start: Any = None  # state at the call of fit
        self._kept: Any = None  # state at the begin of evaluate or predict

    def on_train_begin(self, logs: Any = None) -> None:
        self._start = self.sim.state

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.sim.state = self._start

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.sim.state = self._start

    def on_train_end(self, logs: Any = None) -> None:
        self.sim.state, self._start = self._start, None

    def on_test_begin(self, logs: Any = None) -> None:
        self._kept = self.sim.state
        if self._start is not None:
            self.sim.state = self._start

    def on_test_end(self, logs: Any = None) -> None:
        self.sim.state, self._kept = self._kept, None

    def on_predict_begin(self, logs: Any = None) -> None:
        self.on_test_begin()

    def on_predict_end(self, logs: Any = None) -> None:
        self.on_test_end()


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
    to_array = keras.ops.convert_to_numpy
    values = {name: to_array(variable.value).copy() for name, variable in _variables(model).items()}
    for value in values.values():
        value.setflags(write=False)
    return MappingProxyType(values)
