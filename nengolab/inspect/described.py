"""A network as plain data, from which can be told later, elsewhere, what differs from another."""

from __future__ import annotations

import functools
import hashlib
import json
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

import nengo
import numpy as np
import scipy.sparse
from nengo.base import ObjView
from nengo.params import iter_params

from nengolab.inspect.differences import NOWHERE, Differences, Differing, Written
from nengolab.inspect.matching import kind
from nengolab.inspect.source import Source
from nengolab.inspect.texts import layer_config, shown

FORMAT = 1


def describe(network: nengo.Network) -> dict[str, Any]:
    """What was written of each object of a network, as JSON holds it.

    Of each object its name, what it is, and for each of its attributes the words for it and a
    digest of its value: arrays by their numbers, functions by their code. Nothing in it is ever
    run or loaded, and no number of an array can be read from it.

    Parameters
    ----------
    network : nengo.Network

    Returns
    -------
    dict
        For `diff_described`.

    Examples
    --------
    >>> told = nengolab.inspect.describe(net)
    >>> [one["name"] for one in told["objects"]]
    ['stimulus', 'ensemble', 'stimulus -> ensemble', 'output']
    >>> told["objects"][1]["what"]["radius"][0]
    '1.0'
    """
    source = Source(network)
    written = Written(source)
    seen: dict[int, tuple[Any, list[str]]] = {}  # most objects share most of what they hold

    def told(value: Any) -> list[str]:
        if id(value) not in seen:
            seen[id(value)] = (value, [shown(value), digest(value)])  # held: its id stays its own
        return seen[id(value)][1]

    parts = [*network.all_nodes, *network.all_ensembles]
    objects = [
        {
            "name": source.names.get(obj),
            "kind": kind(obj),
            "what": {
                what: told(value)
                for what, value in {**_ends(obj, source), **written.what(obj)}.items()
            },
        }
        for obj in (*parts, *network.all_connections, *network.all_probes)
    ]
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return {"format": FORMAT, "python": python, "objects": objects}


def diff_described(a: Mapping[str, Any], b: Mapping[str, Any]) -> Differences:
    """Find what differs between two networks that were described.

    Objects are matched by name: one that got another name is in one of them only.

    Parameters
    ----------
    a, b : Mapping
        Of `describe`.

    Returns
    -------
    Differences
        As of `diff`, without values. Functions are left out where the descriptions are of different
        versions of Python, which compile them differently.

    Examples
    --------
    >>> other = net.copy()
    >>> other.ensembles[0].radius = 2.0
    >>> described = [nengolab.inspect.describe(n) for n in (net, other)]
    >>> print(nengolab.inspect.diff_described(*described))
    1 difference; 4 objects matched
    ensemble
      radius: 1.0 | 2.0
    """
    left, right = ({one["name"]: one for one in told["objects"]} for told in (a, b))
    both = [name for name in left if name in right]
    skip = a["python"] != b["python"]
    rows = [row for name in both for row in _compared(name, left[name], right[name], skip)]
    gone = [Differing(n, "", "object", left[n]["kind"], NOWHERE) for n in left if n not in right]
    new = [Differing("", n, "object", NOWHERE, right[n]["kind"]) for n in right if n not in left]
    return Differences([*rows, *gone, *new], [(name, name) for name in both])


def _compared(
    name: str, one: Mapping[str, Any], other: Mapping[str, Any], skip: bool
) -> Iterator[Differing]:
    if one["kind"] != other["kind"]:
        yield Differing(name, name, "kind", one["kind"], other["kind"])
    nothing = (NOWHERE, "")
    for what in dict.fromkeys([*one["what"], *other["what"]]):
        (text, mark), (other_text, other_mark) = (
            side["what"].get(what, nothing) for side in (one, other)
        )
        if mark == other_mark or (skip and _CODE in mark and _CODE in other_mark):
            continue
        if text == other_text:
            text, other_text = text, f"{other_text}, but another"
        yield Differing(name, name, what, text, other_text)


def _ends(obj: Any, source: Source) -> dict[str, Any]:
    """What a connection or probe is joined to, by name."""
    if isinstance(obj, nengo.Connection):
        return {"from": _named(obj.pre, source), "to": _named(obj.post, source)}
    return {"of": _named(obj.target, source)} if isinstance(obj, nengo.Probe) else {}


def _named(obj: Any, source: Source) -> str:
    held = obj.obj if isinstance(obj, ObjView) else obj
    return str(source.names.get(held))


# ---- digests -------------------------------------------------------------------------------------

# In the digest of a value that holds a function.
_CODE = "code:"


def digest(value: Any) -> str:
    """What tells a value from others that are not the same, in every process."""
    found = hashlib.blake2b(digest_size=12)
    has_code = False
    for part in _parts(value, set()):
        has_code = has_code or part == b"code"
        found.update(len(part).to_bytes(8, "little") + part)
    return f"{_CODE if has_code else ''}{found.hexdigest()}"


def _parts(value: Any, inside: set[int]) -> Iterator[bytes]:
    """The bytes of a value, part by part; what holds itself is told once."""
    if isinstance(value, (bool, str, slice, type(None))):
        yield repr(value).encode()
    elif isinstance(value, (np.ndarray, np.generic, int, float)):
        yield from _numbers(np.asarray(value))
    elif scipy.sparse.issparse(value):
        dense = scipy.sparse.coo_array(value)
        for array in (np.array(dense.shape), *dense.coords, dense.data):
            yield from _numbers(array)
    elif id(value) in inside:
        yield b"itself"
    else:
        yield type(value).__name__.encode()
        for part in _held(value):
            yield from _parts(part, inside | {id(value)})


def _numbers(array: np.ndarray) -> Iterator[bytes]:
    """Of an array; 1, 1.0 and True are told as the same."""
    array = array.astype(float) if array.dtype.kind in "biuf" else array.astype(str)
    yield repr(array.shape).encode()
    yield np.ascontiguousarray(array).tobytes()


def _held(value: Any) -> list[Any]:
    """What a value consists of."""
    if isinstance(value, types.FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        return [value.__code__, list(value.__defaults__ or ()), cells]
    if isinstance(value, types.CodeType):
        return [value.co_code.hex(), list(value.co_consts), list(value.co_names)]
    if isinstance(value, type):
        return [value.__qualname__]
    if isinstance(value, functools.partial):
        return [value.func, list(value.args), value.keywords]
    if isinstance(value, Mapping):
        return [part for key in value for part in (str(key), value[key])]
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, (set, frozenset)):
        return sorted(map(repr, value))
    if (config := layer_config(value)) is not None:
        return [json.dumps(config, default=str, sort_keys=True)]
    if type(value).__module__.startswith(("nengo", "nengolab")):
        held = getattr(value, "__dict__", {})
        own = {k: v for k, v in held.items() if not k.startswith("_")}
        return [{name: getattr(value, name) for name in iter_params(type(value))} | own]
    text = repr(value)
    return [] if " at 0x" in text else [text]  # an address is of one process only
