"""Where a source is kept: in a file, in a cell of a notebook, or in the Lab alone."""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
import tokenize
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol

from nengo.exceptions import ValidationError

# A drawing that begins with nothing.
EMPTY = "import nengo\n\nwith nengo.Network() as model:\n    pass\n"


class ChangedElsewhere(ValidationError):
    """A source was changed by somebody else; ``other`` is the text that is there now."""

    def __init__(self, message: str, other: str) -> None:
        super().__init__(message, "source")
        self.other = other


class SourcePlace(Protocol):
    """Where the text of a source is kept.

    Attributes
    ----------
    name : str
        For people.
    kind : {"file", "cell", "here"}
    first_line : int
        What people call the first line of the text.
    """

    name: str
    kind: Literal["file", "cell", "here"]
    first_line: int

    def write(self, text: str) -> None:
        """Keep another text; a `ChangedElsewhere` where somebody else has changed it."""

    def other(self) -> str | None:
        """What is kept, where it is not what was read or written last."""

    def accept(self) -> None:
        """What somebody else has written is known: the next `write` may replace it."""

    def read_layout(self) -> Mapping[str, Any] | None:
        """What is kept of plots and positions, None where there is nothing."""

    def write_layout(self, layout: Mapping[str, Any]) -> None:
        """Keep plots and positions."""


class Here:
    """A text that the page keeps: that of a cell, or one that is nowhere else.

    Parameters
    ----------
    name : str
    kind : {"cell", "here"}
        The first line of a cell is its ``%%lab``.
    layout : mapping, optional
        What the cell's metadata has of plots and positions.
    """

    def __init__(
        self,
        name: str,
        kind: Literal["cell", "here"] = "here",
        layout: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self._layout = name, layout
        self.kind: Literal["file", "cell", "here"] = kind
        self.first_line = 2 if kind == "cell" else 1

    def write(self, text: str) -> None:
        """Nothing to do: pages are told the text."""

    def other(self) -> str | None:
        """Nobody else has it."""
        return None

    def accept(self) -> None:
        """Nobody else has it."""

    def read_layout(self) -> Mapping[str, Any] | None:
        """What the page keeps of plots and positions."""
        return self._layout

    def write_layout(self, layout: Mapping[str, Any]) -> None:
        """Nothing to do but to know it: pages are told."""
        self._layout = layout


class InFile:
    """A ``.py`` file, and the ``.layout.json`` beside it.

    Each letter that is not edited stays as it is: line ends, encoding, a mark of byte order.

    Parameters
    ----------
    path : str or Path
        One that is not there yet is written with the first edit.

    Raises
    ------
    ValidationError
        For what is no Python file, or cannot be read as text.
    """

    kind: Literal["file", "cell", "here"] = "file"
    first_line = 1

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().resolve()
        if self.path.suffix != ".py" or not self.path.parent.is_dir():
            raise ValidationError(
                f"needs the path of a Python file, such as 'model.py', in a folder that is there; "
                f"got {str(path)!r}",
                "target",
            )
        self.name = self.path.name
        self._known = self._bytes()
        self._encoding = "utf-8"
        self.text = EMPTY if self._known is None else self._decode(self._known)

    def _bytes(self) -> bytes | None:
        return self.path.read_bytes() if self.path.exists() else None

    def _decode(self, data: bytes) -> str:
        try:
            self._encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            return data.decode(self._encoding)
        except (SyntaxError, UnicodeDecodeError) as error:
            raise ValidationError(f"{self.path} cannot be read: {error}", "target") from None

    def other(self) -> str | None:
        """What is in the file, where it is not what was read or written last."""
        found = self._bytes()
        if found == self._known:
            return None
        return "" if found is None else self._decode(found)

    def accept(self) -> None:
        """What somebody else has written is known: the next `write` may replace it."""
        self._known = self._bytes()

    def write(self, text: str) -> None:
        """Write another text, all of it or nothing.

        Raises
        ------
        ChangedElsewhere
            Where somebody else has changed the file since it was read.
        """
        data = text.encode(self._encoding)
        if data == self._known:
            return
        if (other := self.other()) is not None:
            raise ChangedElsewhere(f"{self.name} was changed by another program", other)
        _replace(self.path, data)
        self._known = data

    @property
    def layout_path(self) -> Path:
        """Where plots and positions are kept."""
        return self.path.with_suffix(".layout.json")

    def read_layout(self) -> Mapping[str, Any] | None:
        """What is kept of plots and positions, None where there is nothing.

        Raises
        ------
        ValidationError
            Where it is no JSON.
        """
        if not self.layout_path.exists():
            return None
        try:
            return json.loads(self.layout_path.read_text(encoding="utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ValidationError(
                f"{self.layout_path.name} is no JSON: {error}", "layout"
            ) from None

    def write_layout(self, layout: Mapping[str, Any]) -> None:
        """Keep plots and positions."""
        data = (json.dumps(layout, indent=2) + "\n").encode()
        if not self.layout_path.exists() or self.layout_path.read_bytes() != data:
            _replace(self.layout_path, data)


def _replace(path: Path, data: bytes) -> None:
    """Write a file beside the old one, and put it in its place."""
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # Who may read it stays as it was; of a new one, as this person has it.
        mask = os.umask(0)
        os.umask(mask)
        Path(made).chmod(path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~mask)
        Path(made).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(made).unlink()
        raise
