"""Probe data on disk: a Zarr folder that grows while the simulator runs.

Each probe is an array of the shape that ``sim.data`` shows, ``(samples, size)`` or ``(batch,
samples, size)``, cut along time into chunks of about 2 MB. Samples are gathered in memory and
written when they fill a chunk, when they have waited for some seconds, when somebody reads, and
at the end.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nengolab.exceptions import SimulationError, ValidationError
from nengolab.runtime.history import Rows, shown

FORMAT = "nengolab probe data 1"
CHUNK_BYTES = 2**21
# What all probes together may hold in memory before it is written.
WAITING_BYTES = 2**26
LEAST_CHUNK_BYTES = 2**16
FLUSH_SECONDS = 2.0
# Writing unfinished chunks may take this part of the time at most.
FLUSH_SHARE = 0.05


@dataclass(frozen=True)
class ProbeStore:
    """Where a simulator keeps its probe data, instead of in memory.

    Parameters
    ----------
    path : str or Path
        A folder that does not exist yet.
    overwrite : bool
        Replace probe data that is there. Nothing else is ever replaced.

    Examples
    --------
    >>> store = nengolab.ProbeStore(folder / "long run")
    >>> with nengolab.Simulator(net, probe_store=store) as sim:
    ...     sim.run_steps(1000)
    >>> sim.data[probe][-3:].shape  # reads these alone
    (3, 1)
    """

    path: str | Path
    overwrite: bool = False

    @classmethod
    def of(cls, value: str | Path | ProbeStore) -> ProbeStore:
        """A store from what a person gave: a path, or a store."""
        if not isinstance(value, (str, os.PathLike, ProbeStore)) or not str(value):
            raise ValidationError(
                f"must be a folder's path or a ProbeStore, got {value!r}", attr="probe_store"
            )
        return value if isinstance(value, ProbeStore) else cls(value)

    def check(self) -> None:
        """Refuse a path that holds something which must not be lost.

        Raises
        ------
        ValidationError
        """
        path = Path(self.path)
        if not path.exists():
            return
        if not self.overwrite:
            raise ValidationError(
                f"{path} exists; choose another path, or give ProbeStore({str(path)!r}, "
                "overwrite=True) to replace the probe data in it",
                attr="probe_store",
            )
        if _attributes(path).get("format") != FORMAT:
            raise ValidationError(
                f"{path} exists and holds no probe data of nengolab; it is not replaced",
                attr="probe_store",
            )


def _attributes(path: Path) -> dict[str, Any]:
    import zarr

    try:
        return zarr.open_group(_folder(path, read_only=True), mode="r").attrs.asdict()
    except (FileNotFoundError, ValueError, KeyError):
        return {}


def _folder(path: Path, read_only: bool = False) -> Any:
    from zarr.storage import LocalStore

    return LocalStore(path, read_only=read_only)


class StoredData:
    """A probe's data on disk, as it was when it was asked for; read where it is indexed.

    Integers, slices and ``...`` read what they name; any other index, and ``numpy.asarray``,
    read everything. ``zarr`` is the Zarr array itself, read-only.
    """

    def __init__(self, array: Any):
        self.zarr = array

    shape = property(lambda self: self.zarr.shape)
    dtype = property(lambda self: self.zarr.dtype)
    ndim = property(lambda self: self.zarr.ndim)
    size = property(lambda self: self.zarr.size)
    nbytes = property(lambda self: self.zarr.nbytes)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> np.ndarray:
        parts = key if isinstance(key, tuple) else (key,)
        if all(_is_simple(part) for part in parts):
            return np.asarray(self.zarr[key])[()]
        return np.asarray(self)[key]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("data on disk cannot be had without a copy")
        return np.asarray(self.zarr[...], dtype=dtype)

    def __repr__(self) -> str:
        return f"<StoredData {self.shape} {self.dtype} in {self.zarr.store}>"


def _is_simple(part: Any) -> bool:
    if isinstance(part, slice):
        return part.step is None or part.step > 0
    return part is Ellipsis or (isinstance(part, (int, np.integer)) and not isinstance(part, bool))


class Folder:
    """An open probe store: the Zarr group and who may write to it.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).absolute()
        self._writer = uuid.uuid4().hex
        self._flushed = time.monotonic()
        self._pause = FLUSH_SECONDS

    def create(self, attributes: dict[str, Any], overwrite: bool) -> None:
        """Make the group; what was there before is gone (`ProbeStore.check` has looked)."""
        import zarr

        if overwrite and self.path.exists():
            shutil.rmtree(self.path)
        marks = {"format": FORMAT, "writer": self._writer, **attributes}
        self.group = zarr.create_group(_folder(self.path), attributes=marks)

    def reopen(self) -> None:
        """Go on with a group that is there."""
        import zarr

        if _attributes(self.path).get("format") != FORMAT:
            raise ValidationError(
                f"the simulator keeps its probe data in {self.path}, where there is none now; put "
                "the folder back",
                attr="probe_store",
            )
        self.group = zarr.open_group(_folder(self.path), mode="r+")

    def own(self) -> None:
        """Be the one that writes."""
        self.group.attrs["writer"] = self._writer

    def check_owned(self) -> None:
        """Raise where another simulator (a pickled copy) writes here by now."""
        if _attributes(self.path).get("writer") != self._writer:
            raise SimulationError(
                f"{self.path} is gone or belongs to another simulator now (a copy of this one?); "
                "this simulator's probe data can no longer be written"
            )

    def due(self) -> bool:
        """Whether samples that wait should be written, though they fill no chunk."""
        return time.monotonic() - self._flushed > self._pause

    def flushed(self, took: float) -> None:
        """Note that everything was written, in ``took`` seconds."""
        self._flushed = time.monotonic()
        self._pause = max(FLUSH_SECONDS, took / FLUSH_SHARE)


class OnDisk:
    """One probe's samples in a folder.

    Parameters
    ----------
    folder : Folder
    key : str
        Name of the Zarr array.
    shape : tuple of int
        Of one sample, ``(batch, size)``.
    dtype : str
    batched : bool
        Whether the array has a batch axis.
    """

    def __init__(self, folder: Folder, key: str, shape: tuple[int, ...], dtype: str, batched: bool):
        self.folder, self.key, self._batched = folder, key, batched
        self._waiting = Rows(shape, dtype)
        self._shape, self._dtype = shape, np.dtype(dtype)
        self._written = 0

    def create(self, n_probes: int, attributes: dict[str, Any]) -> None:
        """Make the array, with chunks of about ``CHUNK_BYTES``; smaller where probes are many."""
        batch, *sample = self._shape
        target = max(LEAST_CHUNK_BYTES, min(CHUNK_BYTES, WAITING_BYTES // n_probes))
        chunk = max(1, target // max(1, int(np.prod(self._shape)) * self._dtype.itemsize))
        shape, chunks = (0, *sample), (chunk, *(max(1, n) for n in sample))
        names = ("time", *(("size",) if len(sample) == 1 else ("row", "column")))
        if self._batched:
            shape, chunks, names = (batch, *shape), (batch, *chunks), ("batch", *names)
        self.folder.group.create_array(
            self.key,
            shape=shape,
            chunks=chunks,
            dtype=self._dtype,
            dimension_names=names,
            attributes=attributes,
        )
        self.reopen(0)

    def reopen(self, n: int) -> None:
        """Go on with ``n`` samples of the array that is there."""
        import zarr

        array = self.folder.group[self.key]
        assert isinstance(array, zarr.Array)
        self._array: zarr.Array[Any] = array
        self._axis = 1 if self._batched else 0
        self._chunk = self._array.chunks[self._axis]
        self._written = self._array.shape[self._axis]
        if self._written != n:
            raise ValidationError(
                f"{self.folder.path} holds {self._written} samples of {self.key!r}, the simulator "
                f"left {n} there: it was changed since",
                attr="probe_store",
            )

    @property
    def n(self) -> int:
        return self._written + len(self._waiting)

    def append(self, rows: np.ndarray) -> None:
        self._waiting.append(rows)

    def write(self, everything: bool) -> None:
        """Write what fills chunks, or everything that waits."""
        n = len(self._waiting)
        if not everything:
            n = max(0, n - (self._written + n) % self._chunk)
        if n == 0:
            return
        start, stop = self._written, self._written + n
        self._resize(stop)
        rows = self._waiting.array()[:n]
        # One write for each chunk: a whole one needs no reading before.
        while start < stop:
            end = min(stop, start - start % self._chunk + self._chunk)
            at = (slice(None), slice(start, end)) if self._batched else slice(start, end)
            self._array[at] = shown(
                rows[start - self._written : end - self._written], self._batched
            )
            start = end
        self._waiting.keep(n, len(self._waiting))
        self._written = stop

    @property
    def waiting(self) -> int:
        """Samples that are not written."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether a chunk can be written."""
        return self._written % self._chunk + len(self._waiting) >= self._chunk

    def truncate(self, n: int) -> None:
        if n < self._written:
            self._waiting.keep(0, 0)
            self._resize(n)
            self._written = n
        else:
            self._waiting.keep(0, min(n, self.n) - self._written)

    def _resize(self, n: int) -> None:
        shape = list(self._array.shape)
        shape[self._axis] = n
        self._array.resize(tuple(shape))

    def array(self) -> StoredData:
        """The samples as they are now; the recording has written everything before."""
        import zarr

        folder = _folder(self.folder.path, read_only=True)
        return StoredData(zarr.open_array(folder, path=self.key, mode="r"))
