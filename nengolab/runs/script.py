"""A run as Python that repeats it: what the notebook had run before, and the run itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nengolab.exceptions import ValidationError

_MARK = "# %%\n"


def written(name: str, folder: Path, facts: Mapping[str, Any], code: str | None) -> str:
    """Write the script of a run.

    Parameters
    ----------
    name : str
    folder : Path
        Of the run: its first checkpoint is what the weights were.
    facts : Mapping
        What ``run.json`` holds.
    code : str or None
        The cells, or the script, that had been run.

    Raises
    ------
    ValidationError
        Where there is no code.
    """
    if code is None:
        raise ValidationError(
            f"nothing says what made the network and the data of {name!r}: it was started where "
            "there is neither a notebook nor a script",
            attr="to_script",
        )
    head = f'"""Repeats the run {name!r} to the same numbers."""'
    plan = facts.get("plan")
    if plan is None:  # it was started by the code itself
        return "\n\n".join([head, *_cells(code)]) + "\n"
    lines = [
        f"    epochs={facts['planned']}," if line.startswith("    epochs=") else line
        for line in plan["lines"]
    ]
    start = (folder / "epochs" / "0000.npz").as_posix()
    own = [
        "# %% The run",
        "import keras",
        "import numpy as np",
        "",
        "import nengolab",
        "",
        *lines[:-1],
        *_changes(facts["changes"]),
        lines[-1],
        "run.wait(progress=True)",
    ]
    at = next(i for i, line in enumerate(own) if line.startswith("run = "))
    # Whatever was trained or run before: the weights, the state and the seed are those of then.
    own.insert(at, f"sim.load_checkpoint({start!r})")
    return "\n\n".join([head, *_cells(code), "\n".join(own)]) + "\n"


def _changes(changes: list[Mapping[str, Any]]) -> list[str]:
    if not changes:
        return []
    found = ", ".join(f"{c['batch']}: {c['learning_rate']!r}" for c in changes)
    return [f"    learning_rates={{{found}}},"]


def _cells(code: str) -> Iterator[str]:
    """The cells; what only a notebook understands becomes a comment."""
    if not code.startswith(_MARK):
        yield code.strip("\n")
        return
    for cell in code.split("\n\n" + _MARK):
        text = cell.removeprefix(_MARK).strip("\n")
        yield _MARK + "\n".join(map(_plain, _statements(text)))


def _statements(text: str) -> list[str]:
    try:
        ast.parse(text)
    except SyntaxError:
        return text.split("\n")
    return [text]


def _plain(line: str) -> str:
    bare = line.strip()
    magic = bare.startswith(("%", "!", "?")) or bare.endswith("?")
    return f"# {line}" if magic else line
