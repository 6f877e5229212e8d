"""A file of named arrays: an ``.npz`` with a manifest, written whole or not at all.

It is a zip file of ``.npy`` members and one text, ``manifest.json``. ``numpy.load`` opens it
without pickle, an archive tool shows and extracts it. What is read is checked before it is
believed: a file may come from anywhere.
"""

from __future__ import annotations

import io
import json
import math
import os
import re
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.names import listing

MANIFEST = "manifest.json"
FORMAT = "nengolab"
FORMAT_VERSION = 1
SUFFIX = ".npy"
# All members' time: equal contents make equal files.
_TIME = (1980, 1, 1, 0, 0, 0)
_MANIFEST_BYTES = 2**26
# So much is put together in memory: a file that is written a member at a time is wound back and
# forth, eight calls of the system for each.
_AT_ONCE_BYTES = 2**23
# Our own files are not compressed; an archive tool may have packed one again. Zeros shrink by a
# thousand, but a whole file of them is not worth the trust.
EXPANSION, EXPANSION_FREE = 100, 2**26
_KINDS = "fiub"

# Not allowed in file names somewhere, or with a meaning of their own there.
_FORBIDDEN = set('<>:"|?*\\')
# The arrow between two names; anywhere else its ">" is like any other. A person's own " to " is
# none, and a slash with nothing before or behind it makes no folder.
_ARROW = re.compile(r"(?<=[^\s/]) -> (?=[^\s/])")
_OWN_TO = re.compile(r"(?<= )to(?= )")
_LONE_SLASH = re.compile(r"^/|(?<=/)/|/$")
# Names of devices on Windows, with whatever ending.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


# -- names of members ------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def member_name(name: str) -> str:
    """The name of any array as the name of a member of an archive.

    ``"a -> b.weights"`` becomes ``"a to b.weights"``, since ``>`` may not be in a file name
    everywhere; ``"vision/hidden.bias"`` stays, and its slash makes a folder. What no file may be
    called on some platform (``:``, ``..``, an empty part, ``con``...), or what would be mistaken
    for something else, is written as ``%`` and two digits for each byte. `array_name` undoes it;
    no two names become one.
    """
    text = _OWN_TO.sub("%74o", name.replace("%", "%25"))
    text = _ARROW.sub(" to ", text)
    text = "".join(_escaped(c) if _is_odd(c) else c for c in text)
    text = _LONE_SLASH.sub("%2F", text)
    text = "/".join(map(_part, text.split("/")))
    return _escaped(text[0]) + text[1:] if text.startswith("@") else text


def array_name(member: str) -> str:
    """The inverse of `member_name`."""
    text = member.replace(" to ", " -> ")
    raw = text.encode("utf-8", "surrogatepass")
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), raw)
    return raw.decode("utf-8", "surrogatepass")


def _is_odd(char: str) -> bool:
    return char in _FORBIDDEN or not char.isprintable()


def _escaped(char: str) -> str:
    return "".join(f"%{b:02X}" for b in char.encode("utf-8", "surrogatepass"))


def _part(part: str) -> str:
    """One part of a path, without what some platform takes away or forbids as a whole."""
    if part and (part[0] == " " or _DEVICE.match(part) or set(part) == {"."}):
        part = _escaped(part[0]) + part[1:]
    if part.endswith((" ", ".", SUFFIX)):
        part = part[:-1] + _escaped(part[-1])
    return part


# -- writing ---------------------------------------------------------------------------------------


def file_of(path: str | Path) -> Path:
    """The file that ``path`` means: with ``.npz`` behind it, where it is not there."""
    path = Path(path)
    return path if path.suffix.lower() == ".npz" else path.with_name(f"{path.name}.npz")


def text_of(facts: Mapping[str, Any]) -> str:
    """Facts as JSON, one on a line: Python's own way to indent it takes ten times as long."""
    told = (
        f"{json.dumps(name)}: {json.dumps(fact, ensure_ascii=False, allow_nan=False)}"
        for name, fact in facts.items()
    )
    return "{\n" + ",\n".join(told) + "\n}\n"


def write(path: str | Path, arrays: Mapping[str, np.ndarray], manifest: dict[str, Any]) -> Path:
    """Write an archive; until it is whole, a file that was there before stays.

    Parameters
    ----------
    path : str or Path
        ``.npz`` is added where it is missing.
    arrays : Mapping of str to ndarray
        By the name of the member, without ``.npy``.
    manifest : dict
        What JSON can hold; the format version is added.

    Returns
    -------
    Path
        The file.
    """
    path = file_of(path)
    if not path.parent.is_dir():
        raise ValidationError(f"there is no folder {str(path.parent)!r}", attr="path")
    if path.is_dir():
        raise ValidationError(f"{str(path)!r} is a folder; give the name of a file", attr="path")
    manifest = {"format": FORMAT, "format_version": FORMAT_VERSION, **manifest}
    text = text_of(manifest)
    passing = path.with_name(f".{path.name}.{os.getpid()}.part")
    small = sum(array.nbytes for array in arrays.values()) <= _AT_ONCE_BYTES
    try:
        with open(passing, "wb") as file:
            if small:
                whole = io.BytesIO()
                _fill(whole, arrays, text)
                file.write(whole.getbuffer())
            else:
                _fill(file, arrays, text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(passing, path)
    finally:
        passing.unlink(missing_ok=True)
    return path


def _fill(file: IO[bytes], arrays: Mapping[str, np.ndarray], text: str) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(MANIFEST, _TIME), text.encode())
        for name, array in arrays.items():
            info = zipfile.ZipInfo(name + SUFFIX, _TIME)
            with archive.open(info, "w", force_zip64=True) as member:
                plain = np.asarray(array, order="C")
                np.lib.format.write_array(member, plain, allow_pickle=False)


# -- reading ---------------------------------------------------------------------------------------


class Archive:
    """An archive opened for reading; a context manager.

    Parameters
    ----------
    path : str or Path
        With or without ``.npz``.

    Attributes
    ----------
    path : Path
    manifest : dict

    Raises
    ------
    ValidationError
        Where the file is missing, damaged, odd, or of a newer format.
    """

    def __init__(self, path: str | Path):
        self.path = self._find(path)
        try:
            self._zip = zipfile.ZipFile(self.path)
        except (OSError, zipfile.BadZipFile) as err:
            raise self.error(f"is no archive of arrays ({err})") from err
        try:
            self._members = self._check_members()
            self.manifest = self._read_manifest()
        except BaseException:
            self._zip.close()
            raise

    @staticmethod
    def _find(path: str | Path) -> Path:
        found = file_of(path)
        if not found.is_file() and Path(path).is_file():
            return Path(path)
        if not found.is_file():
            raise ValidationError(f"there is no file {str(found)!r}", attr="path")
        return found

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exc: Any) -> None:
        self._zip.close()

    def error(self, what: str) -> ValidationError:
        """The error for this file."""
        return ValidationError(f"{str(self.path)!r} {what}", attr="path")

    @property
    def names(self) -> set[str]:
        """Arrays in it."""
        return {m.removesuffix(SUFFIX) for m in self._members} - {MANIFEST}

    def _check_members(self) -> dict[str, zipfile.ZipInfo]:
        members: dict[str, zipfile.ZipInfo] = {}
        for info in self._zip.infolist():
            if info.is_dir() and info.file_size == 0:  # archive tools add their folders
                continue
            if info.filename in members:
                raise self.error(f"holds {info.filename!r} twice")
            if info.flag_bits & 1:
                raise self.error("is encrypted; it cannot be read")
            members[info.filename] = info
        odd = [n for n in members if n != MANIFEST and not n.endswith(SUFFIX)]
        if odd:
            raise self.error(f"holds what does not belong there: {listing(odd)}")
        size = sum(info.file_size for info in members.values())
        if size > EXPANSION * self.path.stat().st_size + EXPANSION_FREE:
            raise self.error(
                f"claims to unpack to {size} bytes, which no archive of parameters does; if it is "
                "one, pack it again without compression"
            )
        return members

    def _read_manifest(self) -> dict[str, Any]:
        info = self._members.get(MANIFEST)
        if info is None:
            raise self.error(f"has no {MANIFEST}: it was not written by save_params")
        if info.file_size > _MANIFEST_BYTES:
            raise self.error(f"has a {MANIFEST} of {info.file_size} bytes")
        try:
            manifest = json.loads(self._bytes(info))
        except (ValueError, RecursionError) as err:
            raise self.error(f"has a {MANIFEST} that cannot be read ({err})") from err
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise self.error(f"has a {MANIFEST} that nengolab did not write")
        version = manifest.get("format_version")
        if not isinstance(version, int) or version < 1:
            raise self.error(f"has a {MANIFEST} without a format_version")
        if version > FORMAT_VERSION:
            raise self.error(
                f"has format version {version}, this nengolab reads up to {FORMAT_VERSION}; load "
                f"it with the nengolab that wrote it ({_versions(manifest)}), or a newer one"
            )
        return manifest

    def _bytes(self, info: zipfile.ZipInfo) -> bytes:
        try:
            return self._zip.read(info)
        except (OSError, zipfile.BadZipFile, NotImplementedError, EOFError) as err:
            raise self.error(f"is damaged at {info.filename!r} ({err})") from err
        except Exception as err:  # of a decompressor, each with types of its own
            raise self.error(f"cannot be unpacked at {info.filename!r} ({err})") from err

    def header(self, name: str) -> tuple[tuple[int, ...], np.dtype]:
        """Shape and dtype of an array, read without its numbers."""
        shape, _, dtype = self._header(name)[:3]
        return shape, dtype

    def _header(self, name: str) -> tuple[tuple[int, ...], bool, np.dtype, int]:
        info = self._members.get(name + SUFFIX)
        if info is None:
            raise self.error(f"names {name!r} in its manifest and does not hold it")
        try:
            with self._zip.open(info) as member:
                version = np.lib.format.read_magic(member)
                read = {
                    (1, 0): np.lib.format.read_array_header_1_0,
                    (2, 0): np.lib.format.read_array_header_2_0,
                }[version]
                shape, fortran, dtype = read(member)
                start = member.tell()
        except (OSError, EOFError, zipfile.BadZipFile) as err:
            raise self.error(f"is damaged at {info.filename!r} ({err})") from err
        except (ValueError, KeyError) as err:
            raise self.error(f"holds no array at {info.filename!r} ({err})") from err
        if dtype.kind not in _KINDS:
            raise self.error(f"holds {dtype} at {name!r}, where numbers are expected")
        if math.prod(shape) * dtype.itemsize != info.file_size - start:
            raise self.error(
                f"is damaged at {name!r}: an array {shape} of {dtype} is not of "
                f"{info.file_size - start} bytes"
            )
        return shape, fortran, dtype, start

    def array(self, name: str) -> np.ndarray:
        """An array, all its numbers finite."""
        shape, fortran, dtype, start = self._header(name)
        data = self._bytes(self._members[name + SUFFIX])
        flat = np.frombuffer(data, dtype, offset=start)
        array = flat.reshape(shape, order="F" if fortran else "C")
        array = array.astype(dtype.newbyteorder("="), order="C")
        if dtype.kind == "f" and not np.isfinite(array).all():
            count = int(array.size - np.isfinite(array).sum())
            raise self.error(f"holds NaN or infinity: {count} of {array.size} numbers of {name!r}")
        return array


def _versions(manifest: dict[str, Any]) -> str:
    versions = manifest.get("versions")
    return str(versions.get("nengolab", "unknown")) if isinstance(versions, dict) else "unknown"
