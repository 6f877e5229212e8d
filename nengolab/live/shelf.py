"""States of a long run that are put on disk: plain arrays in files, gone when the session ends."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from nengolab.runtime.snapshot import Snapshot

# Bytes of disk that states may take.
DEFAULT_DISK = 2 * 2**30


class Shelved:
    """A snapshot whose arrays are in a file; the file goes with this.

    Attributes
    ----------
    rest : Snapshot
        All but the arrays.
    nbytes : int
        Of disk.
    """

    def __init__(self, path: Path, state: Snapshot) -> None:
        self._path, self._names = path, tuple(state.arrays)
        self.rest = replace(state, arrays={})
        try:
            # Names of objects are no names of files: the arrays go by number.
            np.savez(path, *state.arrays.values())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self.nbytes = path.stat().st_size
        weakref.finalize(self, _remove, path)

    def load(self) -> Snapshot:
        """Read the arrays again."""
        with np.load(self._path, allow_pickle=False) as file:
            arrays = {name: file[f"arr_{i}"] for i, name in enumerate(self._names)}
        return replace(self.rest, arrays=arrays)


class Shelf:
    """A folder for states, made when the first one comes.

    Attributes
    ----------
    budget : int
        Bytes that it may take.
    problem : str
        Why nothing can be put there, "" where that has not been seen.
    """

    def __init__(self, budget: int = DEFAULT_DISK) -> None:
        self.budget, self.problem = budget, ""
        self._folder: Path | None = None
        self._numbers = itertools.count()
        self._removal: Any = None

    @property
    def folder(self) -> Path | None:
        """Where the files are; None while there are none."""
        return self._folder

    def put(self, state: Snapshot) -> Snapshot | Shelved:
        """Give the same snapshot with its arrays on disk; itself where that is not possible."""
        if self.problem:
            return state
        try:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="nengolab-history-"))
                self._removal = weakref.finalize(self, shutil.rmtree, self._folder, True)
            path = self._folder / f"{next(self._numbers)}.npz"
            return Shelved(path, state)
        except OSError as error:
            self.problem = f"states cannot be put on disk: {error}"
            return state

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        if self._removal is not None:
            self._removal()
        self._folder = None


def on_disk(state: Snapshot | Shelved) -> int:
    """Bytes of disk that a snapshot takes; 0 where it is in memory."""
    return state.nbytes if isinstance(state, Shelved) else 0


def in_memory(state: Snapshot | Shelved) -> Snapshot:
    """Give what of a snapshot is in memory: all of it, or all but its arrays."""
    return state.rest if isinstance(state, Shelved) else state


def taken_down(state: Snapshot | Shelved) -> Snapshot:
    """Give a snapshot with its arrays."""
    return state.load() if isinstance(state, Shelved) else state


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
