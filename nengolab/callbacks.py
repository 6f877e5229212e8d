"""Callbacks beside those of Keras, for ``sim.fit(callbacks=[...])`` and for any Keras model.

Importing this module loads TensorFlow; ``nengolab.callbacks`` does so when it is first used.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
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
from nengolab.training.best import KeepBest  # isort: skip
from nengolab.training.progress import ImagesPerSecond  # isort: skip

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

    Examples
    --------
    >>> summaries = nengolab.callbacks.NengoSummaries(folder, sim, [ensemble])
    >>> sorted(summaries.values())
    ['ensemble.bias', 'ensemble.encoders', 'ensemble.gain']
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

    Examples
    --------
    >>> board = nengolab.callbacks.TensorBoard(log_dir=folder, sim=sim, objects=[ensemble])
    >>> sim.compile("adam", loss="mse")
    >>> x = np.ones((1, 5, 1))
    >>> history = sim.fit(x, x, callbacks=[board], verbose=0)
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
        if sim is not None and objects is not None:
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

    Examples
    --------
    >>> sim.compile("adam", loss="mse")
    >>> x, isolate = np.ones((1, 5, 1)), nengolab.callbacks.IsolateState(sim)
    >>> history = sim.fit(x, x, stateful=True, callbacks=[isolate], verbose=0)
    >>> sim.n_steps
    0
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
