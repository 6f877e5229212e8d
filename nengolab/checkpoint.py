"""Parameters, state and training in a file: by name, with a manifest, without pickle.

The file is an ``.npz`` (see ``archive.py``): one array for each parameter, called like the
parameter (``"a -> b.weights"`` as ``"a to b.weights"``), and ``manifest.json``, which says of each
what it is. The state is in it where asked for, under ``@state``; a checkpoint of training holds
besides what Keras trains with, under ``@training`` (see ``runtime/resume.py``).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np

import nengolab
from nengolab import archive, inventory
from nengolab.archive import Archive, member_name
from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.names import listing

if TYPE_CHECKING:
    from pathlib import Path

    from nengolab.inventory import Described
    from nengolab.runtime.engine import Engine
    from nengolab.runtime.state import Snapshot

FORMAT_VERSION = 1
SHOWN = 12


# -- parameters ------------------------------------------------------------------------------------


def save_params(sim: Any, path: str | Path, include_state: bool = False) -> None:
    """Write the parameters of a simulator, and its state where asked for, to an ``.npz`` file.

    Saved are weights, encoders, biases, gains and the variables of Keras layers, at the precision
    in which they are held. Time constants and other numbers that say how a network works are noted
    in the manifest; loading compares them.

    Parameters
    ----------
    sim : Simulator
    path : str or Path
        ``.npz`` is added where it is missing. What was there is replaced once the new file is
        whole.
    include_state : bool
        Also save the state, which is where everything lies that online learning changed.

    Raises
    ------
    ValidationError
        For NaN or infinity in a parameter, by name; for a path that cannot be.
    """
    sim._check_usable("save_params")
    arrays, manifest = _packed(sim, include_state)
    archive.write(path, arrays, manifest)


def load_params(
    sim: Any,
    path: str | Path,
    include_state: bool = False,
    item: int | None = None,
    objects: Iterable[Any] | None = None,
) -> None:
    """Take up the parameters of a file, and the state where asked for; all of it or nothing.

    How many items a batch has, and what the compiler merged, does not matter. Names, owners,
    roles, ends of connections and shapes must be those of the network; parameters of probes are
    loaded where the probe is on both sides.

    Parameters
    ----------
    sim : Simulator
    path : str or Path
        With or without ``.npz``.
    include_state : bool
        Also take up the state that the file holds.
    item : int, optional
        Start every batch item from this one of the saved state. Needed where the saved state and
        the simulator have different numbers of items.
    objects : iterable of NengoObject or str, optional
        Load only what belongs to these, whatever else is in the file or in the network: ensembles
        (encoders, biases, gains), connections, Nodes, probes, whole networks, or names.

    Raises
    ------
    ValidationError
        Saying what does not fit: missing, unknown, of another shape or kind; for NaN, for what is
        no such file, for a file of a newer format.

    Warns
    -----
    UserWarning
        Where time constants and the like differ from those in the file: they stay as they are.
    """
    sim._check_usable("load_params")
    if include_state and objects is not None:
        raise ValidationError(
            "the state is loaded as a whole; give either include_state or objects", attr="objects"
        )
    if item is not None and not include_state:
        raise ValidationError("is about the state; give include_state=True too", attr="item")
    with Archive(path, FORMAT_VERSION) as file:
        _check_kind(file)
        values = _fitting(sim._engine, file, objects)
        snapshot = _stored_state(sim._engine, file, item) if include_state else None
        _put(sim, values, snapshot)
        _compare_constants(sim._engine, file, None if objects is None else set(values))


def _packed(sim: Any, include_state: bool) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Members of an archive of a simulator, and its manifest."""
    engine = sim._engine
    arrays, entries = {}, []
    for name, (described, param) in inventory.parameters(engine).items():
        value = np.asarray(engine.runner.value(param))
        _check_finite(name, value)
        member = member_name(name)
        arrays[member] = value
        entries.append({"member": member, **vars(described), "dtype": str(value.dtype)})
    manifest = {
        "format": "nengolab",
        "format_version": FORMAT_VERSION,
        "versions": _versions(),
        "network": engine.network.label,
        "dt": engine.dt,
        "parameters": entries,
        "constants": inventory.constants(engine),
    }
    if include_state:
        stored, manifest["state"] = _pack_state(engine)
        arrays |= stored
    else:
        _mention_learned(engine)
    return arrays, manifest


def _versions() -> dict[str, str]:
    import tensorflow as tf

    return {
        "nengolab": nengolab.__version__,
        "nengo": nengo.__version__,
        "numpy": np.__version__,
        "tensorflow": tf.__version__,
        "python": sys.version.split()[0],
    }


def _check_finite(name: str, value: np.ndarray) -> None:
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        count = int(value.size - np.isfinite(value).sum())
        raise ValidationError(
            f"{name!r}: {count} of {value.size} numbers are NaN or infinite; nothing was saved",
            attr="params",
        )


def _mention_learned(engine: Engine) -> None:
    """Say what is not saved without the state, where it is more than was built."""
    now = engine.runner.named_state()
    changed = [
        name
        for name, built in inventory.learned_online(engine).items()
        if np.any(now[name] != built.astype(now[name].dtype))
    ]
    if changed:
        warnings.warn(
            "what online learning changed is state and is not in the file: "
            f"{listing(changed)}; save with include_state=True to keep it",
            stacklevel=4,
        )


# -- fitting a file to a network -------------------------------------------------------------------


def _check_kind(file: Archive) -> None:
    manifest = file.manifest
    entries = manifest.get("parameters")
    fine = isinstance(entries, list) and isinstance(manifest.get("constants"), dict)
    fine = fine and all(
        isinstance(e, dict) and all(isinstance(e.get(k), str) for k in ("name", "member", "dtype"))
        for e in entries
    )
    if manifest.get("format") != "nengolab" or not fine:
        raise file.error("has a manifest that was not written by save_params")
    members = [e["member"] for e in entries]
    named = [e["name"] for e in entries]
    if len(set(members)) < len(members) or len(set(named)) < len(named):
        raise file.error("names a parameter twice in its manifest")
    wrong = [e["name"] for e in entries if member_name(e["name"]) != e["member"]]
    if wrong:
        raise file.error(f"has members that are not called like their parameters: {wrong[:SHOWN]}")
    odd = {n for n in file.names if not n.startswith("@")} - set(members)
    if odd:
        raise file.error(f"holds arrays that its manifest does not name: {listing(sorted(odd))}")


def _fitting(engine: Engine, file: Archive, objects: Iterable[Any] | None) -> dict[str, np.ndarray]:
    """The values in the file that the network takes, by name; an error where it does not fit."""
    own = inventory.parameters(engine)
    stored = {entry["name"]: entry for entry in file.manifest["parameters"]}
    if objects is not None:
        chosen = inventory.chosen(engine, inventory.owners(engine), objects)
        wanted = set().union(*chosen.values())
        own = {n: d for n, d in own.items() if n in wanted}
        stored = {n: e for n, e in stored.items() if n in wanted}
    wrong = [f"{n!r} is missing in the file" for n, (d, _) in own.items() if _lacks(d, stored)]
    wrong += [
        f"{n!r} is unknown to the network"
        for n, entry in stored.items()
        if n not in own and not entry.get("of_probe")
    ]
    fitting = {n: stored[n] for n in own if n in stored}
    for name, entry in fitting.items():
        described, param = own[name]
        wrong += described.differences(entry) or _misfit(file, entry, param.value.dtype)
    if wrong:
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise ValidationError(
            f"{str(file.path)!r} does not fit this network, nothing was changed: "
            f"{'; '.join(wrong[:SHOWN])}{more}",
            attr="params",
        )
    _mention_probes(engine, own, stored)
    return {
        name: file.array(entry["member"]).astype(own[name][1].value.dtype)
        for name, entry in fitting.items()
    }


def _lacks(described: Described, stored: dict[str, Any]) -> bool:
    return described.name not in stored and not described.of_probe


def _misfit(file: Archive, entry: dict[str, Any], dtype: np.dtype) -> list[str]:
    """How an array is another one than the manifest says, or of another kind than is needed."""
    shape, stored = file.header(entry["member"])
    if list(shape) != entry["shape"] or str(stored.newbyteorder("=")) != entry["dtype"]:
        return [f"{entry['name']!r} is {shape} {stored}, other than the manifest says"]
    if not np.can_cast(stored, dtype, "same_kind"):
        return [f"{entry['name']!r} holds {stored}, expected {dtype}"]
    return []


def _mention_probes(engine: Engine, own: dict, stored: dict[str, Any]) -> None:
    """Decoders of a probe belong to the neurons they were solved for."""
    lost = [d.owner for n, (d, _) in own.items() if d.of_probe and n not in stored]
    if lost:
        warnings.warn(
            "these probes are not in the file; they decode with what was solved for the network "
            f"as it was built: {listing(dict.fromkeys(lost))}",
            stacklevel=4,
        )


def _compare_constants(engine: Engine, file: Archive, loaded: set[str] | None) -> None:
    """Say where the network works otherwise than the saved one; names that only one has are not."""
    here, there = inventory.constants(engine), file.manifest["constants"]
    differ = [n for n in here if n in there and here[n] != there[n]]
    if loaded is not None:
        # Of the objects asked for only: a parameter's name begins with its owner's.
        owners = {name.rsplit(".", 1)[0].removesuffix(".neurons") for name in loaded}
        differ = [n for n in differ if any(n.startswith(f"{o}.") for o in owners)]
    if engine.dt != file.manifest.get("dt"):
        differ.append("dt")
        here, there = {**here, "dt": engine.dt}, {**there, "dt": file.manifest.get("dt")}
    if differ:
        shown = [f"{n} was {_short(there[n])}, is {_short(here[n])}" for n in differ[:SHOWN]]
        more = f"; and {len(differ) - SHOWN} more" if len(differ) > SHOWN else ""
        warnings.warn(
            "the parameters are loaded, but they were saved from a network that works "
            f"otherwise: {'; '.join(shown)}{more}. These numbers stay as they are here.",
            stacklevel=3,
        )


def _short(value: Any) -> str:
    return f"an array {tuple(value['shape'])}" if isinstance(value, dict) else str(value)


def _put(sim: Any, values: dict[str, np.ndarray], snapshot: Snapshot | None) -> None:
    """Change the simulator. The state comes first: it is refused where it does not fit."""
    if snapshot is not None:
        sim.state = snapshot
    sim._engine.runner.set_values(values, keep=True)


# -- state -----------------------------------------------------------------------------------------


def _pack_state(engine: Engine) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    from nengolab.runtime import stored_state

    snapshot = engine.snapshot()
    parts, description = stored_state.pack(snapshot)
    for key, array in parts.items():
        _check_finite(key[1], array)
    lost = {*snapshot.not_restorable, *description["left_out"]}
    if lost:
        warnings.warn(
            "what these Python functions and processes remember cannot be saved and is not in the "
            f"file: {listing(sorted(lost))}",
            stacklevel=5,
        )
    description["learned"] = sorted(inventory.learned_online(engine))
    return {_state_member(*key): array for key, array in parts.items()}, description


def _state_member(kind: str, name: str, key: str | None = None) -> str:
    member = f"@state/{kind}/{member_name(name)}"
    # A slash in a key would look like one in a name.
    return member if key is None else f"{member}/{member_name(key).replace('/', '%2F')}"


def _stored_state(engine: Engine, file: Archive, item: int | None) -> Snapshot:
    """The state that the file holds, for as many batch items as the simulator has."""
    from nengolab.runtime import stored_state

    description = file.manifest.get("state")
    if not isinstance(description, dict):
        raise file.error(
            "holds no state; load it without include_state, or save it with include_state=True"
        )
    saved = description.get("batch")
    if not isinstance(saved, int) or saved < 1:
        raise file.error(f"holds the state of {saved!r} batch items")
    if item is None and saved != engine.batch:
        raise ValidationError(
            f"the file holds the state of {saved} batch item(s), the simulator runs "
            f"{engine.batch}; choose the one to start all of them from, item=0 for example",
            attr="item",
        )
    if item is not None and whole(item, "item", 0) >= saved:
        raise ValidationError(f"must be a number from 0 to {saved - 1}, got {item}", attr="item")
    snapshot = stored_state.unpack(description, lambda *key: file.array(_state_member(*key)))
    snapshot = snapshot if item is None else snapshot.take([int(item)] * engine.batch)
    left_out = set(description["left_out"])
    own = {n: s for n, s in engine.host.process_states().items() if n in left_out}
    return replace(snapshot, processes={**snapshot.processes, **own})
