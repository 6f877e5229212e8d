"""The files of a bundle, in three formats, and how each is read without trusting it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.saving import archive
from nengolab.saving.archive import Archive

FORMS = {"npz": "network.npz", "hdf5": "network.h5", "json": "network.json"}
_TEXT_BYTES = 2**26
_FILE_BYTES = 2**32
# Characters that a number may take in a CSV file, with what stands between two.
_PER_NUMBER = 40


def write(folder: Path, form: str, manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write a network into a folder."""
    manifest = {"format": archive.FORMAT, "format_version": archive.FORMAT_VERSION, **manifest}
    path = folder / FORMS[form]
    if form == "npz":
        archive.write(path, arrays, manifest)
    elif form == "hdf5":
        _write_hdf5(path, manifest, arrays)
    else:
        for name, array in arrays.items():
            rows = array.reshape(-1, array.shape[-1] if array.ndim > 1 and array.size else 1)
            fmt = "%d" if array.dtype.kind == "i" else "%.17g"
            np.savetxt(folder / f"{name}.csv", rows, fmt=fmt, delimiter=",")
        path.write_text(json.dumps(manifest, indent=1, allow_nan=False))


def _write_hdf5(path: Path, manifest: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    import h5py

    text = json.dumps(manifest, allow_nan=False).encode()
    with h5py.File(path, "w") as file:
        file.create_dataset("manifest", data=np.frombuffer(text, np.uint8))
        for name, array in arrays.items():
            file.create_dataset(name, data=array)


class Reading:
    """A network's files, opened; a context manager.

    Parameters
    ----------
    folder : Path

    Attributes
    ----------
    form : str
    manifest : dict
    """

    def __init__(self, folder: Path):
        self.folder = folder
        there = [form for form, name in FORMS.items() if (folder / name).exists()]
        if len(there) != 1:
            raise ValidationError(
                f"{str(folder)!r} is no bundle: it holds {len(there)} of "
                + ", ".join(FORMS.values()),
                attr="path",
            )
        self.form = there[0]
        path = plain_file(folder, FORMS[self.form])
        self._close: Callable[[], Any] = lambda: None
        if self.form == "npz":
            opened = Archive(path)
            self._close = opened._zip.close
            self.manifest, self._read = opened.manifest, opened.array
        elif self.form == "hdf5":
            self._open_hdf5(path)
        else:
            if path.stat().st_size > _TEXT_BYTES:
                raise self.error(f"is of {path.stat().st_size} bytes")
            self.manifest = self._parsed(read_bytes(path))
            self._read = None
        for key in ("layers",):
            if key not in self.manifest:
                raise self.error(f"has no {key!r}")

    def __enter__(self) -> Reading:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._close()

    def error(self, what: str) -> ValidationError:
        """The error for these files."""
        return ValidationError(f"{str(self.folder / FORMS[self.form])!r} {what}", attr="path")

    def array(self, name: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An array of this shape and dtype, all its numbers finite."""
        if self._read is None:
            found = self._csv(name, shape, dtype)
        else:
            found = self._read(name)
        if found.shape != shape or found.dtype != dtype:
            raise self.error(
                f"says {name!r} is of {dtype} and shape {shape}; it is of {found.dtype} and "
                f"{found.shape}"
            )
        if dtype.kind == "f" and not np.isfinite(found).all():
            raise self.error(f"holds NaN or infinity in {name!r}")
        return found

    def _parsed(self, text: bytes) -> dict[str, Any]:
        try:
            manifest = json.loads(text)
        except (ValueError, RecursionError) as err:
            raise self.error(f"cannot be read ({err})") from err
        if not isinstance(manifest, dict) or manifest.get("format") != archive.FORMAT:
            raise self.error("was not written by nengolab")
        if manifest.get("format_version") != archive.FORMAT_VERSION:
            raise self.error(
                f"has format version {manifest.get('format_version')!r}; this nengolab reads "
                f"{archive.FORMAT_VERSION}"
            )
        return manifest

    # -- HDF5 ----------------------------------------------------------------------------------

    def _open_hdf5(self, path: Path) -> None:
        import h5py

        try:
            file = h5py.File(path, "r", locking=False)
        except OSError as err:
            raise self.error(f"is no HDF5 file ({err})") from err
        self._close = file.close
        try:
            check_hdf5(file, self.error, packed=False)
            if "manifest" not in file or file["manifest"].dtype != np.uint8:
                raise self.error("has no manifest")
            if file["manifest"].size > _TEXT_BYTES:
                raise self.error(f"has a manifest of {file['manifest'].size} bytes")
            self.manifest = self._parsed(file["manifest"][()].tobytes())
        except BaseException:
            file.close()
            raise

        def read(name: str) -> np.ndarray:
            found = file.get(name)
            if not isinstance(found, h5py.Dataset):
                raise self.error(f"names {name!r} and does not hold it")
            return np.asarray(found[()])

        self._read = read

    # -- CSV -----------------------------------------------------------------------------------

    def _csv(self, name: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        path = plain_file(self.folder, f"{name}.csv")
        count = math.prod(shape)
        if path.stat().st_size > _PER_NUMBER * count + 100:
            raise self.error(f"says {name!r} has {count} numbers; its file is too large for that")
        text = read_bytes(path).decode("ascii", "replace").replace("\n", ",").rstrip(",")
        entries = text.split(",") if text else []
        if len(entries) != count:
            raise self.error(f"says {name!r} has {count} numbers; its file has {len(entries)}")
        try:
            if dtype.kind == "i":
                return np.array([int(n) for n in entries], dtype).reshape(shape)
            return np.array([float(n) for n in entries], dtype).reshape(shape)
        except (ValueError, OverflowError) as err:
            raise self.error(f"holds what is no number in {name!r} ({err})") from err


def check_hdf5(file: Any, error: Callable[[str], Exception], packed: bool) -> None:
    """Refuse what leads out of an HDF5 file, and what would unpack to far more than it holds.

    Parameters
    ----------
    file : h5py.File
    error : callable
        Makes the error of a message.
    packed : bool
        Whether arrays may be compressed.
    """
    import h5py

    size, room = 0, file.id.get_filesize()
    groups, seen = [("", file)], 0
    while groups:
        path, group = groups.pop()
        for name in group:
            own, seen = f"{path}/{name}", seen + 1
            if seen > 100_000 or path.count("/") > 64:
                raise error("holds more objects than any network has")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise error(f"has {own!r}, a link to somewhere else")
            obj = group[name]
            if isinstance(obj, h5py.Group):
                groups.append((own, obj))
                continue
            if not isinstance(obj, h5py.Dataset) or obj.is_virtual or obj.external:
                raise error(f"has {own!r}, whose values lie somewhere else")
            size += obj.size * obj.dtype.itemsize if obj.size else 0
            if not packed and obj.size and obj.id.get_storage_size() != obj.nbytes:
                raise error(f"has {own!r}, which is packed or not there; pack it out again")
    limit = archive.EXPANSION * room + archive.EXPANSION_FREE
    if size > (limit if packed else room):
        raise error(f"claims to unpack to {size} bytes, and has {room}")


def plain_file(folder: Path, name: str) -> Path:
    """A file of a folder, which is no link to elsewhere."""
    path = folder / name
    if path.parent != folder or path.is_symlink() or not path.is_file():
        raise ValidationError(f"{str(path)!r} is no plain file of the bundle", attr="path")
    return path


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that is to be parsed."""
    if path.stat().st_size > _FILE_BYTES:
        raise ValidationError(f"{str(path)!r} is larger than any file of a bundle", attr="path")
    return path.read_bytes()
