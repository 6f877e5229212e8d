"""The script of a bundle: those functions of plain NumPy that its network needs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

from nengolab.exporting.reference import common, fixed, floats

# A script is shorter than this.
LINES = 100
_LOAD = {"npz": common.load_npz, "hdf5": common.load_hdf5, "json": common.load_json}
_HEAD = '''"""Runs the network of this folder in NumPy, and compares: ``python reference.py``."""
import json
from pathlib import Path
import numpy as np
'''


def runner(manifest: dict[str, Any]) -> Any:
    """The function that runs a network of this description."""
    return fixed.run if manifest["fixed_point"] else floats.run


def script(manifest: dict[str, Any], form: str) -> str:
    """The text of a script that runs a network of this description by itself."""
    rules = fixed if manifest["fixed_point"] else floats
    layers = manifest["layers"]
    kinds = {link["weights"]["kind"] for layer in layers for link in layer["links"]}
    types = {layer["neurons"]["type"] for layer in layers if "neurons" in layer}
    weigh = {k: f for k, f in common.WEIGH.items() if k in kinds}
    fire = {k: f for k, f in rules.FIRE.items() if k in types}
    load = _LOAD[form]
    last = [
        _table("WEIGH", weigh),
        _table("FIRE", fire),
        f"check(Path(__file__).parent, {load.__name__}, run)",
    ]
    parts = [load, *weigh.values(), *fire.values(), rules.run, common.check]
    text = _text(parts, last, _source)
    return text if text.count("\n") < LINES else _text(parts, last, _short)


def _text(parts: list[Any], last: list[str], source: Callable[[Any], str]) -> str:
    return "\n".join([_HEAD, *map(source, parts), *last, ""])


def _source(function: Any) -> str:
    return re.sub(r"\n(\s*\n)+", "\n", inspect.getsource(function))


def _short(function: Any) -> str:
    """Without what it says of itself."""
    return re.sub(r'\n *"""(.|\n)*?"""', "", _source(function), count=1)


def _table(name: str, functions: dict[str, Any]) -> str:
    entries = ", ".join(f'"{kind}": {f.__name__}' for kind, f in functions.items())
    return f"{name} = {{{entries}}}"
