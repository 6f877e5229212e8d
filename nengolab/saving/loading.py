"""Whether the parameters in a file are those of a network, and what differs."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.names import listing
from nengolab.saving import inventory
from nengolab.saving.archive import Archive, member_name

if TYPE_CHECKING:
    from nengolab.runtime.engine import Engine
    from nengolab.saving.inventory import Described

SHOWN = 12


def _is_entry(entry: Any) -> bool:
    return isinstance(entry, dict) and all(
        isinstance(entry.get(key), str) for key in ("name", "member", "dtype")
    )


def check_kind(file: Archive) -> None:
    """Whether the manifest lists parameters, and the file holds those and no others."""
    manifest = file.manifest
    entries = manifest.get("parameters")
    if not (
        isinstance(entries, list)
        and isinstance(manifest.get("constants"), dict)
        and all(map(_is_entry, entries))
    ):
        raise file.error("has a manifest that does not list parameters as save_params does")
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


def fitting(engine: Engine, file: Archive, objects: Iterable[Any] | None) -> dict[str, np.ndarray]:
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
            stacklevel=5,
        )


def compare_constants(engine: Engine, file: Archive, loaded: set[str] | None) -> None:
    """Say where the network works otherwise than the saved one; names that only one has are not."""
    here, there = inventory.constants(engine), file.manifest["constants"]
    differ = [n for n in here if n in there and here[n] != there[n]]
    if loaded is not None:
        # Of the objects asked for only: a parameter's name begins with its owner's.
        owners = {name.rsplit(".", 1)[0].removesuffix(".neurons") for name in loaded}
        differ = [n for n in differ if any(n.startswith(f"{o}.") for o in owners)]
    if engine.dt != file.manifest.get("dt"):
        differ.insert(0, "dt")
        here, there = {**here, "dt": engine.dt}, {**there, "dt": file.manifest.get("dt")}
    if differ:
        shown = [f"{n} was {_short(there[n])}, is {_short(here[n])}" for n in differ[:SHOWN]]
        more = f"; and {len(differ) - SHOWN} more" if len(differ) > SHOWN else ""
        warnings.warn(
            "the parameters are loaded, but they were saved from a network that works "
            f"otherwise: {'; '.join(shown)}{more}. These numbers stay as they are here.",
            stacklevel=4,
        )


def _short(value: Any) -> str:
    return f"an array {tuple(value['shape'])}" if isinstance(value, dict) else str(value)
