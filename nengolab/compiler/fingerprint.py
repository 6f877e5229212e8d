"""What two programs must have in common to share one compiled form."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np

from nengolab.compiler.program import LoweredGroup, Program


class _Unknown(Exception):
    """Something whose equality this module cannot judge."""


def fingerprint(program: Program, carried: set[str]) -> str | None:
    """A digest of everything that is fixed when ``program`` is compiled.

    Parameters, state and inputs are arguments of the compiled form, so networks that differ in
    nothing else (a network built again, or with other weights) have the same digest.

    Returns
    -------
    str or None
        None where the compiled form holds something of this very program: a Python function.
    """
    digest = hashlib.blake2b(digest_size=16)
    regions = [(r.mode, [g.index for g in r.groups]) for r in program.schedule.regions]
    inputs = [[i.size for i in some] for some in (program.inputs_held, program.inputs_series)]
    try:
        _feed(digest, (program.batch, program.dtype, regions, inputs, sorted(carried)))
        _feed(digest, [(r.key, r.index) for r in program.records])
        for index in sorted(program.groups):
            _feed(digest, _group(program.groups[index]))
    except _Unknown:
        return None
    return digest.hexdigest()


def _group(lowered: LoweredGroup) -> tuple:
    op = lowered.group.op
    if op.call is not None:
        raise _Unknown
    routes = [
        (r.shape, [(p.key, p.index) for p in r.picks], r.sums, bool(r.constants))
        for r in lowered.routes
    ]
    return (
        op.kernel,
        lowered.spec,
        {name: np.shape(p.value) for name, p in op.params.items()},
        {name: (np.shape(s), np.asarray(s).dtype.str) for name, s in op.state.items()},
        [(p.name, p.size, p.delayed) for p in op.ports.values()],
        routes,
    )


def _feed(digest: Any, value: Any) -> None:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        _feed(digest, {f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
    elif isinstance(value, dict):
        _feed(digest, sorted(value.items(), key=lambda item: str(item[0])))
    elif isinstance(value, (tuple, list)):
        digest.update(f"({len(value)}".encode())
        for item in value:
            _feed(digest, item)
    elif isinstance(value, np.ndarray):
        digest.update(f"{value.dtype.str}{value.shape}".encode())
        digest.update(np.ascontiguousarray(value).data)
    elif value is None or isinstance(value, (bool, int, float, str, np.generic)):
        digest.update(f"{type(value).__name__}:{value!r};".encode())
    else:
        raise _Unknown
