"""What is written down of a run beside its numbers: where it ran, on what, with which settings."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from nengolab.saving.saver import versions

# A text that no one reads to its end is no setting.
_LONGEST = 400


def environment() -> dict[str, str]:
    """Versions and machine."""
    import keras

    return {**versions(), "keras": keras.__version__, "platform": platform.platform()}


def fingerprint(data: Any, name_of: Any = str) -> Any:
    """What tells data from other data: dtype, shape and a hash of arrays, the type of the rest.

    Parameters
    ----------
    data : array, Mapping or sequence of these, or anything else
        As ``fit`` takes it.
    name_of : callable
        What to call a key that is no text: a Node, a Probe.

    Returns
    -------
    dict, list or None
        Such as ``{"dtype": "float32", "shape": [8, 5, 1], "blake2b": "91ab..."}``. A stream, whose
        items are not known before they come, is ``{"stream": "PyDataset"}``.

    Examples
    --------
    >>> from nengolab.runs.facts import fingerprint
    >>> fingerprint({"x": np.zeros((2, 3))})["x"]["shape"]
    [2, 3]
    >>> fingerprint(np.zeros(3)) == fingerprint(np.zeros(3))
    True
    >>> fingerprint(iter([1]))
    {'stream': 'list_iterator'}
    """
    if data is None:
        return None
    if isinstance(data, Mapping):
        return {
            k if isinstance(k, str) else name_of(k): fingerprint(v, name_of)
            for k, v in data.items()
        }
    if isinstance(data, (list, tuple)):
        return [fingerprint(part, name_of) for part in data]
    if isinstance(data, (np.ndarray, np.generic, int, float)) or hasattr(data, "__array__"):
        array = np.ascontiguousarray(data)
        digest = hashlib.blake2b(array.tobytes(), digest_size=16).hexdigest()
        return {"dtype": str(array.dtype), "shape": list(np.shape(data)), "blake2b": digest}
    return {"stream": type(data).__name__}


def unlike(before: Any, now: Any, where: str = "") -> list[str]:
    """In words what differs between two fingerprints."""
    if isinstance(before, dict) and isinstance(now, dict) and "blake2b" not in {*before, *now}:
        if {*before, *now} & {"stream"}:
            return [] if before == now else [f"{where} was {before}, is {now}"]
        found = []
        for key in {**before, **now}:
            place = f"{where}[{key!r}]"
            found += unlike(before.get(key), now.get(key), place)
        return found
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = enumerate(zip(before, now, strict=True))
        return [text for i, (a, b) in pairs for text in unlike(a, b, f"{where}[{i}]")]
    if before == now:
        return []
    shapes = [_shape(found) for found in (before, now)]
    if shapes[0] == shapes[1]:
        return [f"{where} has the shape that it had, {shapes[0]}, and other numbers"]
    return [f"{where} was {shapes[0]}, is {shapes[1]}"]


def _shape(found: Any) -> Any:
    """Of a fingerprint, what a person would say of the array."""
    if isinstance(found, dict) and "blake2b" in found:
        return f"{found['dtype']} {tuple(found['shape'])}"
    return found


def plain(value: Any) -> Any:
    """A setting as JSON can hold it: itself where it can, its configuration, or what it prints."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else str(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    configured = getattr(value, "get_config", None)
    if callable(configured):
        try:
            config = json.loads(json.dumps(configured(), default=repr))
        except (TypeError, ValueError, NotImplementedError):
            pass
        else:
            config.pop("name", None)  # the process's count
            return {"class": type(value).__name__, **config}
    name = getattr(value, "__qualname__", None)
    return name if isinstance(name, str) else repr(value)[:_LONGEST]


def training_settings(sim: Any) -> dict[str, Any]:
    """What ``compile`` was told, and what trains.

    Returns
    -------
    dict
        ``optimizer``, ``learning_rate``, ``loss``, ``metrics`` and the like, ``chunk`` (steps of
        back-propagation), ``trained`` (names), ``minibatch_size``, ``seed`` and ``dt``.
    """
    model = sim.keras_model
    chunk = model.chunk
    optimizer = plain(model.optimizer)
    rate = optimizer.pop("learning_rate", None)
    return {
        "optimizer": optimizer,
        "learning_rate": _as_told(rate),
        **{what: plain(value) for what, value in model.objective.items() if value},
        "chunk": None if chunk is None else plain(vars(chunk)),
        "trained": [name for name, p in sim.parameters.items() if p.trainable],
        "minibatch_size": sim.minibatch_size,
        "seed": int(sim.seed),
        "dt": sim.dt,
    }


def _as_told(rate: Any) -> Any:
    """A number that Keras holds in single precision, with the digits that a person gave."""
    single = isinstance(rate, float) and float(np.float32(rate)) == rate
    return float(str(np.float32(rate))) if single else rate


def code_so_far() -> str | None:
    """The cells that this notebook has run, or the script that runs; None where there is neither.

    Returns
    -------
    str or None
    """
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None:
        cells = [cell for cell in shell.user_ns.get("In", []) if cell.strip()]
        return "\n\n".join(f"# %%\n{cell}" for cell in cells)
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    if path is None:
        return None
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None
