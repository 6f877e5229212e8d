"""What can be seen of a network while it trains: answers, gradients, steps; at little cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import keras
import numpy as np

from nengolab.layers.held import numbers

# Seconds between two looks at gradients, at least, and the share of the time that looking takes.
EVERY, SHARE = 1.0, 0.01
# The share of the time that answers may take; so short epochs are not all answered after.
ANSWERS, MOST_BATCHES = 0.02, 10


T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """What a batch did to an array.

    Attributes
    ----------
    name : str
    gradient : float or None
        Its norm; None where the optimizer does not show it.
    update : float
        The norm of the change over that of the array.
    """

    name: str
    gradient: float | None
    update: float


@dataclass(frozen=True)
class Answers:
    """What the network answers to some items after an epoch.

    Attributes
    ----------
    epoch : int
    outputs : ndarray (items, size)
        The mean over the steps of each of the first items.
    rates : Mapping of str to ndarray (items, neurons)
        Likewise of each probe of neurons: firing rates (Hz).
    """

    epoch: int
    outputs: np.ndarray
    rates: Mapping[str, np.ndarray] = field(default_factory=dict)


class Watching(keras.callbacks.Callback):
    """Looks at a fit from its own thread, between batches; what was seen last stays.

    Parameters
    ----------
    x : Mapping of str to array, optional
        Items ``(items, steps, size)`` of inputs, as the network is checked with them.
    probe : str
        Whose output answers.
    batch : int
        Items of a batch.
    layers : Mapping of str to float, optional
        Probes of neurons, and the amplitude of their spikes: rates are seen with the answers.
    wanted : callable, optional
        Whether anybody looks at it. Where nobody does, only the end of a run is looked at.

    Attributes
    ----------
    steps : tuple of Step
    answers : Answers or None
    count : int
        How often something was seen.
    problem : str
        Why nothing is seen any more: training goes on all the same.

    Notes
    -----
    Gradients are worked out from what the optimizer keeps, before and after a batch: Adam's mean
    ``m`` becomes ``b m + (1 - b) g``, RMSprop's mean of squares likewise, and SGD's momentum ``v``
    becomes ``p v - r g``. So they are those that the optimizer got, and cost no further pass.
    """

    def __init__(
        self,
        x: Mapping[str, np.ndarray] | None = None,
        probe: str = "",
        batch: int = 32,
        layers: Mapping[str, float] | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ):
        super().__init__()
        self._x, self._probe, self._size = x, probe, batch
        self._layers, self._wanted = dict(layers or {}), wanted
        self._due = 0.0
        self._answered = time.monotonic()
        self._answer_took: float | None = None
        self._batch_began = self._batch_took = 0.0
        self._epoch = 0
        self._before: dict[str, tuple[np.ndarray, np.ndarray | None]] | None = None
        self._took = 0.0
        self._a_batch: float | None = None
        self.steps: tuple[Step, ...] = ()
        self.answers: Answers | None = None
        self.count = 0
        self.problem = ""

    def on_train_begin(self, logs: Any = None) -> None:
        self._answered = time.monotonic()

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._batch_began = time.monotonic()
        due = time.monotonic() >= self._due and self._wanted()
        if due and self.model.optimizer.built and not self.problem:
            began = time.perf_counter()
            self._before = self._tried(self._look)
            self._took = time.perf_counter() - began

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._batch_took = time.monotonic() - self._batch_began
        if self._before is None:
            return
        began = time.perf_counter()
        before, after = self._before, self._tried(self._look)
        if after is not None:
            self.steps = tuple(
                Step(name, self._gradient(before[name], now), _change(before[name], now))
                for name, now in after.items()
            )
            self.count += 1
        took = self._took + time.perf_counter() - began
        self._before, self._due = None, time.monotonic() + max(EVERY, took / SHARE)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch + 1
        # Before it is known, an answer is taken to last as long as a batch of training.
        took = self._batch_took if self._answer_took is None else self._answer_took
        if time.monotonic() >= self._answered + took / ANSWERS and self._wanted():
            self._see_answers()

    def on_train_end(self, logs: Any = None) -> None:
        if self.answers is None or self.answers.epoch != self._epoch:
            self._see_answers()

    def _see_answers(self) -> None:
        if self._x is None or self.problem:
            return
        began = time.monotonic()
        seen = self._tried(lambda: self._answer(began - self._answered))
        self._answered = time.monotonic()
        if self.answers is not None:  # the first one was compiled
            self._answer_took = self._answered - began
        if seen is not None:
            rates = {name: seen[name] / amplitude for name, amplitude in self._layers.items()}
            self.answers = Answers(self._epoch, seen[self._probe], rates)
            self.count += 1

    def _tried(self, look: Callable[[], T]) -> T | None:
        """Look; what goes wrong with looking is no matter of the training."""
        try:
            return look()
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
            return None

    def _answer(self, since: float) -> dict[str, np.ndarray]:
        """Means over the steps of the first batches, as many as the time allows, by probe.

        All batches are of one size.
        """
        assert self._x is not None
        items = min(map(len, self._x.values()))
        size = min(self._size, items)
        batches = 1
        if self._a_batch is not None:
            batches = int(ANSWERS * since / self._a_batch)
        batches = max(1, min(batches, items // size, MOST_BATCHES))
        found: dict[str, list[np.ndarray]] = {name: [] for name in (self._probe, *self._layers)}
        for first in range(0, batches * size, size):
            began = time.monotonic()
            part = {name: array[first : first + size] for name, array in self._x.items()}
            seen = self.model(part, training=False)
            for name, parts in found.items():
                parts.append(np.asarray(seen[name].numpy()).mean(axis=1))
            took = time.monotonic() - began
            self._a_batch = took if self._a_batch is None else min(took, self._a_batch)
        return {name: np.concatenate(parts) for name, parts in found.items()}

    def _look(self) -> dict[str, tuple[np.ndarray, np.ndarray | None]]:
        """Each trained array, and what the optimizer keeps of its gradients."""
        optimizer = self.model.optimizer
        kept = _kept_by(optimizer)
        names = {id(v): name for name, v in self.model.named_variables.items()}
        return {
            names[id(variable)]: (
                numbers(variable),
                None if kept is None else numbers(kept[i]),
            )
            for i, variable in enumerate(optimizer._trainable_variables)
            if id(variable) in names
        }

    def _gradient(
        self, before: tuple[np.ndarray, Any], after: tuple[np.ndarray, Any]
    ) -> float | None:
        optimizer = self.model.optimizer
        (w0, m0), (w1, m1) = before, after
        if isinstance(optimizer, keras.optimizers.Adam):
            return float(np.linalg.norm((m1 - optimizer.beta_1 * m0) / (1 - optimizer.beta_1)))
        if isinstance(optimizer, keras.optimizers.RMSprop):
            squares = (m1 - optimizer.rho * m0) / (1 - optimizer.rho)
            return float(np.sqrt(max(0.0, squares.sum(dtype=np.float64))))
        if isinstance(optimizer, keras.optimizers.SGD):
            rate = float(optimizer.learning_rate)
            moved = w1 - w0 if m0 is None else m1 - optimizer.momentum * m0
            return float(np.linalg.norm(moved)) / rate
        return None


def _kept_by(optimizer: Any) -> Any:
    if isinstance(optimizer, keras.optimizers.Adam):
        return optimizer._momentums
    if isinstance(optimizer, keras.optimizers.RMSprop):
        return optimizer._velocities
    if isinstance(optimizer, keras.optimizers.SGD) and optimizer.momentum:
        return optimizer.momentums
    return None


def _change(before: tuple[np.ndarray, Any], after: tuple[np.ndarray, Any]) -> float:
    size = float(np.linalg.norm(before[0]))
    moved = float(np.linalg.norm(after[0] - before[0]))
    return moved / size if size > 0 else moved
