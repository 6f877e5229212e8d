"""A snapshot as plain arrays and a description that JSON can hold, and a snapshot of these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.runtime.processes import ProcessState
from nengolab.runtime.snapshot import Snapshot

# Words of numpy's Mersenne twister, the only generator behind a RandomState.
_WORDS = 624
_KINDS = "fiub"


def pack(snapshot: Snapshot) -> tuple[dict[tuple[str, ...], np.ndarray], dict[str, Any]]:
    """A snapshot taken apart.

    Returns
    -------
    arrays : dict
        By ``("arrays", name)``, ``("drawn", name)``, ``("generator", name)`` (of a process, at its
        start and now, ``(batch, 2, 624)``) and ``("process", name, key)``, ``(batch, ...)``.
    description : dict
        The rest of it. ``left_out`` names the processes that hold what is no array of numbers.
    """
    arrays: dict[tuple[str, ...], np.ndarray] = {}
    processes, left_out = {}, {}
    for name, states in snapshot.processes.items():
        problem = _not_plain(states)
        if problem:
            left_out[name] = problem
            continue
        arrays["generator", name] = np.array([[s.origin[1], s.rng[1]] for s in states])
        for key in states[0].arrays:
            arrays["process", name, key] = np.stack([s.arrays[key] for s in states])
        processes[name] = {
            "arrays": sorted(states[0].arrays),
            "positions": [[_position(s.origin), _position(s.rng)] for s in states],
        }
    arrays |= {("arrays", name): array for name, array in snapshot.arrays.items()}
    arrays |= {("drawn", name): rows for name, (_, rows) in snapshot.drawn.items()}
    return arrays, {
        "n_steps": snapshot.n_steps,
        "dt": snapshot.dt,
        "seed": snapshot.seed,
        "batch": snapshot.batch,
        "arrays": list(snapshot.arrays),
        "of_probes": sorted(snapshot.of_probes),
        "processes": processes,
        "left_out": left_out,
        "drawn": {name: first for name, (first, _) in snapshot.drawn.items()},
        "not_restorable": list(snapshot.not_restorable),
    }


def _not_plain(states: tuple[ProcessState, ...]) -> str:
    """Why states of a process cannot be stored as arrays of numbers; empty where they can."""
    first = states[0].arrays
    for state in states:
        for key, array in state.arrays.items():
            if np.asarray(array).dtype.kind not in _KINDS:
                return f"{key!r} holds {np.asarray(array).dtype}"
            if np.shape(array) != np.shape(first[key]):
                return f"{key!r} has another shape for each batch item"
    return ""


def _position(state: tuple) -> list:
    """Where a generator is in its words, and the normal number it keeps for the next call."""
    _, _, position, has_gauss, gauss = state
    return [int(position), int(has_gauss), float(gauss)]


def unpack(description: dict[str, Any], read: Callable[..., np.ndarray]) -> Snapshot:
    """The snapshot that `pack` took apart, without the processes that were left out.

    Parameters
    ----------
    description : dict
    read : callable
        ``read(kind, name[, key])`` gives an array.

    Raises
    ------
    ValidationError
        Where the description and the arrays contradict each other.
    """
    try:
        batch = int(description["batch"])
        processes = {
            name: _process(name, what, batch, read)
            for name, what in description["processes"].items()
        }
        arrays = {name: read("arrays", name) for name in description["arrays"]}
        drawn = {n: (int(first), read("drawn", n)) for n, first in description["drawn"].items()}
        rest = {key: description[key] for key in ("n_steps", "dt", "seed")}
        lost = tuple(sorted({*description["not_restorable"], *description["left_out"]}))
        of_probes = frozenset(description["of_probes"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as err:
        raise _broken(f"{type(err).__name__}: {err}") from err
    odd = [n for n, a in arrays.items() if a.ndim < 1 or len(a) != batch]
    odd += [n for n, (_, rows) in drawn.items() if rows.ndim != 3 or rows.shape[1] != batch]
    if odd or batch < 1:
        raise _broken(f"{odd} do not hold {batch} batch items")
    if not all(isinstance(rest[k], int) and rest[k] >= 0 for k in ("n_steps", "seed")):
        raise _broken(f"n_steps or seed is no whole number: {rest}")
    return Snapshot(
        rest["n_steps"],
        float(rest["dt"]),
        rest["seed"],
        batch,
        arrays,
        processes,
        lost,
        of_probes,
        drawn,
    )


def _process(name: str, what: dict, batch: int, read: Callable) -> tuple[ProcessState, ...]:
    """States of one process, one for each batch item."""
    words = read("generator", name)
    arrays = {key: read("process", name, key) for key in what["arrays"]}
    positions = what["positions"]
    if words.shape != (batch, 2, _WORDS) or words.dtype != np.uint32 or len(positions) != batch:
        raise _broken(f"the generator of {name!r} does not fit {batch} batch items")
    if any(a.ndim < 1 or len(a) != batch for a in arrays.values()):
        raise _broken(f"the arrays of {name!r} do not hold {batch} batch items")
    return tuple(
        ProcessState(
            _generator(name, words[i, 0], positions[i][0]),
            _generator(name, words[i, 1], positions[i][1]),
            {key: array[i] for key, array in arrays.items()},
        )
        for i in range(batch)
    )


def _generator(name: str, words: np.ndarray, position: list) -> tuple:
    at, has_gauss, gauss = position
    if not (isinstance(at, int) and 0 <= at <= _WORDS and has_gauss in (0, 1)):
        raise _broken(f"the generator of {name!r} is at no place: {position}")
    return ("MT19937", words, at, has_gauss, float(gauss))


def _broken(what: str) -> ValidationError:
    return ValidationError(f"the state in the file is not consistent: {what}", attr="path")
