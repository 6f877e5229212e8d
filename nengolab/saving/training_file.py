"""Training in an archive, and the callback that writes it while Keras trains."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.names import listing
from nengolab.saving import archive, resume
from nengolab.saving.archive import Archive, member_name
from nengolab.saving.resume import TrainingState

PREFIX = "@training/"


def members(
    training: TrainingState, epoch: int, callbacks: Iterable[keras.callbacks.Callback] = ()
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Members of an archive, and what its manifest says about them under ``training``."""
    values, held = _pack_memory(memory_of(callbacks))
    arrays = {f"{PREFIX}{member_name(k)}": a for k, a in training.arrays.items()}
    arrays |= {f"{PREFIX}{member_name(k)}": a for k, a in held.items()}
    names = {"arrays": list(training.arrays), "callback_arrays": list(held)}
    return arrays, {**training.facts, **names, "epoch": epoch, "callbacks": values}


def read(file: Archive, given: Mapping[str, np.ndarray] | None = None) -> tuple[TrainingState, int]:
    """The training in an archive, and how many epochs were done; ``given`` arrays are not read."""
    facts = _facts(file)
    given = dict(given or {})
    names = [n for n in facts["arrays"] if n not in given]
    arrays = {n: file.array(f"{PREFIX}{member_name(n)}") for n in names}
    return TrainingState(arrays | given, facts), facts["epoch"]


def _facts(file: Archive) -> dict[str, Any]:
    facts = file.manifest.get("training")
    if not isinstance(facts, dict):
        raise file.error("is no checkpoint: it holds no training; load it with load_params")
    lists = (facts.get("arrays"), facts.get("callback_arrays"))
    plain = all(isinstance(n, list) and all(isinstance(x, str) for x in n) for n in lists)
    epoch = facts.get("epoch")
    if not (plain and isinstance(epoch, int) and epoch >= 0):
        raise file.error("has a manifest whose part about training cannot be read")
    return facts


def save_training(
    path: str | Path,
    model: keras.Model,
    epoch: int,
    callbacks: Iterable[keras.callbacks.Callback] = (),
) -> None:
    """Write what a Keras model trains with, after ``epoch`` epochs, to an ``.npz`` file."""
    training = resume.pack_training(model)
    arrays, facts = members(training, whole(epoch, "epoch", 0), callbacks)
    archive.write(path, arrays, {"training": facts})


def load_training(path: str | Path, model: keras.Model) -> int:
    """Let a Keras model train on from a file of `save_training`.

    Returns
    -------
    int
        Epochs done: what to give ``fit`` as ``initial_epoch``.
    """
    with Archive(path) as file:
        training, epoch = read(file)
    resume.unpack_training(model, training)
    return epoch


# -- what callbacks remember -----------------------------------------------------------------------


def memory_of(callbacks: Iterable[keras.callbacks.Callback]) -> dict[str, dict[str, Any]]:
    """What callbacks remember: plain values and lists of arrays among their attributes.

    What they were made with (patience, factor) is no memory.
    """
    found: dict[str, dict[str, Any]] = {}
    for key, callback in _keyed(callbacks).items():
        made_with = inspect.signature(type(callback).__init__).parameters
        found[key] = {
            name: value
            for name, value in vars(callback).items()
            if not name.startswith("_") and name not in made_with and _is_memory(value)
        }
    return found


def _keyed(callbacks: Iterable[keras.callbacks.Callback]) -> dict[str, Any]:
    """Callbacks by type, and by their order among those of a type."""
    found: dict[str, Any] = {}
    for callback in callbacks:
        name = type(callback).__name__
        n = sum(1 for other in found.values() if type(other).__name__ == name)
        found[f"{name}#{n}" if n else name] = callback
    return found


def _is_memory(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(v, np.ndarray) for v in value)
    return value is None or isinstance(value, (bool, int, float, str, np.number, np.bool_))


def _pack_memory(memory: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Memory as JSON can hold it, and its arrays."""
    values: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    for key, attributes in memory.items():
        values[key] = {}
        for name, value in attributes.items():
            if isinstance(value, list):
                arrays |= {f"callbacks/{key}/{name}/{i}": a for i, a in enumerate(value)}
                value = {"arrays": len(value)}
            elif isinstance(value, np.generic):
                value = value.item()
            if isinstance(value, float) and not math.isfinite(value):
                value = {"float": str(value)}
            values[key][name] = value
    return values, arrays


def _unpack_memory(file: Archive) -> dict[str, dict[str, Any]]:
    facts = _facts(file)
    try:
        return {
            key: {name: _value(file, f"{key}/{name}", v) for name, v in attributes.items()}
            for key, attributes in facts["callbacks"].items()
        }
    except (AttributeError, TypeError, KeyError, ValueError) as err:
        raise file.error(f"has callbacks in its manifest that cannot be read ({err})") from err


def _value(file: Archive, key: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "float" in value:
        return float(value["float"])
    names = [f"callbacks/{key}/{i}" for i in range(value["arrays"])]
    return [file.array(f"{PREFIX}{member_name(n)}") for n in names]


# -- while training --------------------------------------------------------------------------------


class Checkpoint(keras.callbacks.Callback):
    """Saves a checkpoint after every so many epochs, from which an interrupted fit can go on.

    Each replaces the one before, whole or not at all. It is written when all callbacks are done
    with the epoch, whatever their order::

        keep = [keras.callbacks.ReduceLROnPlateau()]
        sim.fit(x, y, epochs=20, callbacks=[*keep, Checkpoint("digits", callbacks=keep)])
        ...
        epoch = sim.load_checkpoint("digits")
        sim.fit(x, y, epochs=20, initial_epoch=epoch, callbacks=...)  # as before

    Parameters
    ----------
    path : str or Path
        Of the ``.npz`` file.
    every : int
        Epochs.
    callbacks : iterable of keras.callbacks.Callback, optional
        Others of the same fit whose memory is kept too: numbers, texts and weights among their
        attributes (the best loss of ``ReduceLROnPlateau`` or ``EarlyStopping``). Keras lets them
        forget when a fit begins; one that begins with the epoch at which the file was made gets
        it back. They are told apart by type and order.

    Examples
    --------
    >>> sim.compile("adam", loss="mse")
    >>> x = np.ones((1, 5, 1))
    >>> keep = nengolab.callbacks.Checkpoint(folder / "run")
    >>> history = sim.fit(x, x, epochs=2, callbacks=[keep], verbose=0)
    >>> sim.load_checkpoint(folder / "run")
    2
    """

    def __init__(
        self,
        path: str | Path,
        every: int = 1,
        callbacks: Iterable[keras.callbacks.Callback] = (),
    ):
        super().__init__()
        self.path, self.every = archive.file_of(path), whole(every, "every", 1)
        self.callbacks = list(callbacks)
        self._earlier: Path | None = None
        self._due: int | None = None
        self._begun = False

    def on_train_begin(self, logs: Any = None) -> None:
        self._due, self._begun = None, False

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if not self._begun:
            # All others have begun to train by now, and forgotten.
            self._begun = True
            if epoch and self.callbacks:
                self._remind(epoch)
        self._write()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if (epoch + 1) % self.every == 0:
            self._due = epoch + 1

    def on_train_end(self, logs: Any = None) -> None:
        self._write()

    def _write(self) -> None:
        if self._due is None:
            return
        self._packed(self._due)()
        self._due = None

    def _packed(self, epoch: int) -> Callable[[], Any]:
        """Take what there is to save after so many epochs; what is returned writes it."""
        simulator = getattr(self.model, "simulator", None)
        if simulator is None:
            return partial(save_training, self.path, self.model, epoch, self.callbacks)
        return simulator().packed_checkpoint(self.path, epoch, self.callbacks, self._earlier)

    def _remind(self, epoch: int) -> None:
        """Give the callbacks back what they remembered after ``epoch`` epochs."""
        if not self.path.is_file():
            self._forgotten(f"there is no file {str(self.path)!r}")
            return
        with Archive(self.path) as file:
            memory, made = _unpack_memory(file), _facts(file)["epoch"]
        if made != epoch:
            self._forgotten(f"{str(self.path)!r} was made after epoch {made}, not {epoch}")
            return
        keyed = _keyed(self.callbacks)
        if set(keyed) != set(memory):
            raise ValidationError(
                f"the checkpoint has the memory of {listing(memory)}, given are {listing(keyed)}",
                attr="callbacks",
            )
        for key, attributes in memory.items():
            vars(keyed[key]).update(attributes)

    def _forgotten(self, why: str) -> None:
        warnings.warn(
            f"{listing(_keyed(self.callbacks))} begin without what they knew: {why}", stacklevel=2
        )
