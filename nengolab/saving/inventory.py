"""What of a network is saved by name, each array described so that a file can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.ensemble import Neurons

from nengolab.exceptions import ValidationError
from nengolab.names import listing

if TYPE_CHECKING:
    from nengolab.compiler.graph import Op, Param
    from nengolab.runtime.engine import Engine

# What training or a person's hand changes, of Nengo's own objects. All else that they compute with
# (time constants, coefficients of synapses, learning rates) says how the network works.
SAVED_ROLES = frozenset({"weights", "encoders", "bias", "gain"})
# Literals of a Python function that is traced: they belong to the function.
_OF_FUNCTIONS = "constants"
_SHOWN_NUMBERS = 16


@dataclass(frozen=True)
class Described:
    """A parameter, as a manifest describes it.

    Attributes
    ----------
    name, role : str
    owner, owner_type : str
        Name and type of the Nengo object it belongs to.
    pre, post : str
        What a connection connects, with the slices; empty for anything else.
    shape : list of int
    structure : str
        Digest of what else must be equal for the numbers to mean the same: where the nonzeros of
        a sparse matrix are, the geometry of a convolution.
    of_probe : bool
        Whether it belongs to a probe, which another simulator of the network may not have.
    """

    name: str
    role: str
    owner: str
    owner_type: str
    pre: str
    post: str
    shape: list[int]
    structure: str
    of_probe: bool

    def differences(self, stored: dict[str, Any]) -> list[str]:
        """How a description from a file differs from this one."""
        found = []
        for field in fields(self):
            here, there = getattr(self, field.name), stored.get(field.name)
            if here != there:
                what = field.name.replace("_", " ")
                if field.name == "structure":
                    what, here, there = "sparsity or geometry", "another", "one"
                elif field.name == "shape":
                    here, there = _shape(here), _shape(there)
                found.append(f"{self.name!r}: {what} is {there} in the file, {here} here")
        return found


def _shape(shape: Any) -> str:
    return str(tuple(shape)) if isinstance(shape, list) else repr(shape)


def parameters(engine: Engine) -> dict[str, tuple[Described, Param]]:
    """Parameters that are saved, by name."""
    holders = _holders(engine)
    found = {}
    for name, param in engine.graph.params.items():
        owner = _owner(param, holders[name])
        if _is_saved(param, owner) and not _is_tap(engine, owner):
            found[name] = (_describe(engine, param, owner, holders[name]), param)
    return found


def constants(engine: Engine, saved: Container[str] | None = None) -> dict[str, Any]:
    """All numbers that the network computes with but ``saved`` ones, as JSON can hold them.

    By name; what is saved are its `parameters`.
    """
    saved, holders = parameters(engine) if saved is None else saved, _holders(engine)
    return {
        name: _numbers(engine.runner.value(param))
        for name, param in engine.graph.params.items()
        if name not in saved
        and param.role != _OF_FUNCTIONS
        and not _is_tap(engine, getattr(holders[name], "owner", None))
        and not _is_tap(engine, param.owner)
    }


def _holders(engine: Engine) -> dict[str, Op | None]:
    """The operation that holds each parameter; None for one that is inside a wire."""
    holders: dict[str, Op | None] = dict.fromkeys(engine.graph.params)
    holders.update({p.name: op for op in engine.graph.ops for p in op.params.values()})
    return holders


def _owner(param: Param, holder: Op | None) -> Any:
    return param.owner if param.owner is not None else getattr(holder, "owner", None)


def _is_saved(param: Param, owner: Any) -> bool:
    # What a Node computes with is a layer's variables, whatever they are called.
    return param.role in SAVED_ROLES or (
        isinstance(owner, nengo.Node) and param.role not in (_OF_FUNCTIONS, "constant")
    )


def _is_tap(engine: Engine, owner: Any) -> bool:
    probe = _probe_of(owner)
    return probe is not None and probe not in engine.probes


def _probe_of(owner: Any) -> nengo.Probe | None:
    if isinstance(owner, nengo.Connection):
        owner = owner.post_obj
    return owner if isinstance(owner, nengo.Probe) else None


def _describe(engine: Engine, param: Param, owner: Any, holder: Op | None) -> Described:
    names, ends = engine.built.names, ("", "")
    if isinstance(owner, nengo.Connection):
        ends = (_end(engine, owner.pre), _end(engine, owner.post))
    return Described(
        param.name,
        param.role,
        "" if owner is None else names.get(owner),
        type(owner).__name__,
        *ends,
        list(np.shape(param.value)),
        _structure(holder),
        _probe_of(owner) is not None,
    )


def _end(engine: Engine, obj: Any) -> str:
    """An end of a connection, with what a view takes of it."""
    name = engine.built.names.get(obj)
    if not isinstance(obj, ObjView):
        return name
    size = obj.obj.size_out if obj.obj.size_out else obj.obj.size_in
    taken = np.arange(size)[obj.slice].ravel().tolist()
    if len(taken) > _SHOWN_NUMBERS:
        return f"{name}[{len(taken)} elements, {_digest(np.array(taken))}]"
    return f"{name}{taken}"


def _structure(op: Op | None) -> str:
    if op is None:
        return ""
    if op.pattern is not None and hasattr(op.pattern, "indptr"):
        indices = (np.asarray(op.pattern.indptr), np.asarray(op.pattern.indices))
        return _digest(*(i.astype(np.int64) for i in indices))
    return _digest(repr(op.static)) if op.kernel == "convolve" else ""


def _digest(*values: np.ndarray | str) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for value in values:
        digest.update(value.encode() if isinstance(value, str) else value.tobytes())
    return digest.hexdigest()


def _numbers(value: Any) -> Any:
    """A number, a few numbers, or the shape and digest of many."""
    array = np.asarray(value, dtype=float)
    if array.size > _SHOWN_NUMBERS:
        return {"shape": list(array.shape), "digest": _digest(array)}
    numbers = [x if np.isfinite(x) else str(x) for x in array.ravel().tolist()]
    return numbers[0] if array.ndim == 0 else numbers


def learned_online(engine: Engine) -> dict[str, np.ndarray]:
    """What learning rules change, by the names of its state: values at time 0, ``(...)`` each."""
    return {
        f"{op.name}.{key}": np.asarray(op.state[key])
        for op in engine.graph.ops
        if op.kernel in ("learn", "accumulate")
        for key in op.state
    }


# -- some objects ----------------------------------------------------------------------------------


def chosen(engine: Engine, owners: dict[str, Any], objects: Iterable[Any]) -> dict[str, Any]:
    """For each of ``objects``, the names of the parameters that belong to it.

    Parameters
    ----------
    engine : Engine
    owners : dict
        The owner of each parameter, by name.
    objects : iterable of NengoObject or str
        An ensemble stands for its encoders, biases and gains, a network for all within it.

    Returns
    -------
    dict of str to set of str

    Raises
    ------
    ValidationError
        For an object that has none.
    """
    names, found = engine.built.names, {}
    several: Any = [objects] if isinstance(objects, (str, nengo.Network)) else objects
    for asked in several:
        obj = names.find(asked) if isinstance(asked, str) else asked
        obj = obj.obj if isinstance(obj, ObjView) else obj
        members = set(map(id, _members(obj)))
        found[asked if isinstance(asked, str) else names.get(obj)] = {
            name for name, owner in owners.items() if any(id(o) in members for o in _parts(owner))
        }
    empty = [name for name, own in found.items() if not own]
    if empty:
        known = dict.fromkeys(names.get(o) for o in owners.values() if o is not None)
        raise ValidationError(
            f"{listing(empty)} {'have' if len(empty) > 1 else 'has'} no parameters in this "
            f"network; those that have are {listing(known)}",
            attr="objects",
        )
    return found


def _members(obj: Any) -> Iterator[Any]:
    if isinstance(obj, nengo.Network):
        yield from (*obj.all_ensembles, *obj.all_nodes, *obj.all_connections, *obj.all_probes)
    elif isinstance(obj, Neurons):
        yield obj.ensemble
    elif obj is not None:
        yield obj


def _parts(owner: Any) -> Iterator[Any]:
    """The objects that stand for an owner."""
    if isinstance(owner, Neurons):
        yield owner.ensemble
    else:
        yield owner
        probe = _probe_of(owner)
        if probe is not None:
            yield probe


def owners(engine: Engine) -> dict[str, Any]:
    """The Nengo object that each saved parameter belongs to.

    Gains stand in the file at the connection into neurons that uses them, and are the ensemble's.
    """
    holders = _holders(engine)
    found = {}
    for name, (_, param) in parameters(engine).items():
        owner = _owner(param, holders[name])
        if param.role == "gain" and isinstance(owner, nengo.Connection):
            owner = owner.post_obj
        found[name] = owner
    return found
