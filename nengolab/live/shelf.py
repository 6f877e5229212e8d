"""States of a long run that are put on disk: plain arrays in files, gone when the session ends."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

# Bytes of disk that states may take.
DEFAULT_DISK = 2 * 2**30


class Shelved(Mapping[str, np.ndarray]):
    """Arrays in a file, read when they are asked for; the file goes with this."""

    def __init__(self, path: Path, arrays: Mapping[str, np.ndarray]) -> None:
        self._path, self._names = path, tuple(arrays)
        try:
            # Names of objects are no names of files: the arrays go by number.
            np.savez(path, *arrays.values(), allow_pickle=False)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self.nbytes = path.stat().st_size
        weakref.finalize(self, _remove, path)

    def load(self) -> dict[str, np.ndarray]:
        """Read all of them."""
        with np.load(self._path, allow_pickle=False) as file:
            return {name: file[f"arr_{i}"] for i, name in enumerate(self._names)}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._names:
            raise KeyError(name)
        return self.load()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


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

    def put(self, state: Any) -> Any:
        """Give the same snapshot with its arrays on disk; itself where that is not possible."""
        if self.problem:
            return state
        try:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="nengolab-history-"))
                self._removal = weakref.finalize(self, shutil.rmtree, self._folder, True)
            path = self._folder / f"{next(self._numbers)}.npz"
            return replace(state, arrays=Shelved(path, state.arrays))
        except OSError as error:
            self.problem = f"states cannot be put on disk: {error}"
            return state

    def close(self) -> None:
        """Remove the folder and all that is in it."""
        if self._removal is not None:
            self._removal()
        self._folder = None


def on_disk(state: Any) -> int:
    """Bytes of disk that a snapshot takes; 0 where it is in memory."""
    return state.arrays.nbytes if isinstance(state.arrays, Shelved) else 0


def taken_down(state: Any) -> Any:
    """Give a snapshot with its arrays in memory."""
    if isinstance(state.arrays, Shelved):
        return replace(state, arrays=state.arrays.load())
    return state


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
