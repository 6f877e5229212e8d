"""A ``.keras`` file as a converted network: read without running anything that it holds."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import Any

from nengo.exceptions import ValidationError

import nengolab

SUFFIX = ".keras"
# Of a file, and of what is in it when it is unpacked (bytes).
MOST_BYTES = 2**28
# What each file that Keras saves holds.
MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}


def is_model_file(target: Any) -> bool:
    """Whether it is the path of a ``.keras`` file."""
    return isinstance(target, str | Path) and Path(target).suffix == SUFFIX


def open_model(path: str | Path, name: str = "") -> Any:
    """Convert the model of a file.

    Keras reads it in its safe mode: no code and no pickle that is in it is run, and layers that
    are none of Keras's own are refused.

    Parameters
    ----------
    path : str or Path
    name : str
        What it is called in errors; default: the file's name.

    Returns
    -------
    nengolab.Converter

    Raises
    ------
    ValidationError
        For what is no such file, is too large, cannot be read safely, or cannot be converted.
    """
    file = Path(path).expanduser()
    name = name or file.name
    _check(file, name)
    keras: Any = import_module("keras")  # loads TensorFlow
    try:
        model = keras.saving.load_model(file, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises errors of any kind for what it cannot read
        said = " ".join(str(error).partition("Full object config")[0].split())
        raise ValidationError(
            f"{name!r} cannot be read by Keras as it is read here, running nothing of it: "
            f"{said[:600]} A model that you have loaded yourself goes into "
            "nengolab.Converter(model)",
            "file",
        ) from None
    return nengolab.Converter(model)


def file_of_server(path: str) -> Path:
    """Find a file that the Jupyter server knows by a path, as its file browser gives it.

    Parameters
    ----------
    path : str
        Relative to the folder in which the server was started.

    Raises
    ------
    ValidationError
        For a path that leads out of that folder, and where this kernel does not see the file.
    """
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or "\\" in path or ":" in path:
        raise ValidationError(f"{path!r} is no path within the server's folder", "file")
    root = _root_of_server()
    roots = [root] if root is not None else [*_places()]
    found = [place / relative for place in roots if (place / relative).is_file()]
    if len(found) != 1:
        why = "more than one file has that path here" if found else "this kernel does not see it"
        raise ValidationError(
            f"{path!r} was not opened: {why}; drop it from the desktop, or lab.open_model(path) "
            "with its whole path opens it",
            "file",
        )
    return found[0]


def _root_of_server() -> Path | None:
    """The folder of the server that started this kernel, where that is on this machine."""
    try:
        from jupyter_core.paths import jupyter_runtime_dir

        about = Path(jupyter_runtime_dir()) / f"jpserver-{int(os.environ['JPY_PARENT_PID'])}.json"
        root = Path(json.loads(about.read_text())["root_dir"])
    except (ImportError, KeyError, OSError, TypeError, ValueError):
        return None
    return root if root.is_dir() else None


def _places() -> Iterator[Path]:
    """Folders that may be the server's: those around the notebook."""
    notebook = os.environ.get("JPY_SESSION_NAME", "")
    here = Path(notebook).parent if os.path.isabs(notebook) else Path.cwd()
    yield from (here, *here.parents)


def _check(file: Path, name: str) -> None:
    """Refuse what is no file of Keras's, and what would fill the memory, before it is read."""
    if not file.is_file():
        raise ValidationError(f"there is no file {str(file)!r}", "file")
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise ValidationError(
            f"{name!r} has {size / 2**20:,.0f} MB, and up to {MOST_BYTES / 2**20:,.0f} MB are read "
            "here; nengolab.Converter(keras.saving.load_model(path)) takes larger ones",
            "file",
        )
    try:
        with zipfile.ZipFile(file) as archive:
            members = {info.filename: info.file_size for info in archive.infolist()}
    except (OSError, zipfile.BadZipFile) as error:
        raise ValidationError(
            f"{name!r} is no .keras file: {error}; model.save('model.keras') writes one", "file"
        ) from None
    missing = sorted(MEMBERS - members.keys())
    if missing:
        raise ValidationError(f"{name!r} is no .keras file: it lacks {', '.join(missing)}", "file")
    if sum(members.values()) > MOST_BYTES:
        raise ValidationError(
            f"{name!r} would unpack to {sum(members.values()) / 2**20:,.0f} MB, and up to "
            f"{MOST_BYTES / 2**20:,.0f} MB are read here",
            "file",
        )
