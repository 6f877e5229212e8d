"""Parameters, state and training in a file: by name, with a manifest, without pickle.

The file is an ``.npz`` (see ``archive.py``): one array for each parameter, called like the
parameter (``"a -> b.weights"`` as ``"a to b.weights"``), and ``manifest.json``, which says of each
what it is. The state is in it where asked for, under ``@state``; a checkpoint of training holds
besides what Keras trains with, under ``@training`` (see ``runtime/resume.py``).
"""

from __future__ import annotations

import sys
import warnings
import weakref
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nengo
import numpy as np

from nengolab._version import __version__
from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.names import listing
from nengolab.saving import archive, inventory, loading
from nengolab.saving.archive import Archive, member_name

if TYPE_CHECKING:
    from nengolab.runtime.engine import Engine
    from nengolab.runtime.snapshot import Snapshot


# Of an engine, which checkpoint has the arrays of its state, and these, weakly, as they were.
_full: weakref.WeakKeyDictionary[Engine, tuple[Path, dict[str, weakref.ref[Any]]]]
_full = weakref.WeakKeyDictionary()


class Saver:
    """Saves a simulator's parameters, state and training, and loads them; see `Simulator`.

    Parameters
    ----------
    engine : Engine
    restore : callable
        Puts a snapshot back.
    model : callable
        ``model()`` is the Keras model, made when it is first asked for.
    """

    def __init__(
        self, engine: Engine, restore: Callable[[Snapshot], None], model: Callable[[], Any]
    ):
        self._engine, self._restore, self._model = engine, restore, model

    def save_params(self, path: str | Path, include_state: bool = False) -> None:
        """See `Simulator.save_params`."""
        self._engine.follow()
        arrays, manifest = _packed(self._engine, include_state)
        archive.write(path, arrays, manifest)

    def load_params(
        self,
        path: str | Path,
        include_state: bool = False,
        item: int | None = None,
        objects: Iterable[Any] | None = None,
    ) -> None:
        """See `Simulator.load_params`."""
        if include_state and objects is not None:
            raise ValidationError(
                "the state is loaded as a whole; give either include_state or objects",
                attr="objects",
            )
        if item is not None and not include_state:
            raise ValidationError("is about the state; give include_state=True too", attr="item")
        engine = self._engine
        with Archive(path) as file:
            loading.check_kind(file)
            values = loading.fitting(engine, file, objects)
            snapshot = _stored_state(engine, file, item) if include_state else None
            self._put(values, snapshot)
            loading.compare_constants(engine, file, None if objects is None else set(values))

    def _put(self, values: dict[str, np.ndarray], snapshot: Snapshot | None) -> None:
        """The state comes first: it is refused where it does not fit."""
        if snapshot is not None:
            self._restore(snapshot)
        self._engine.set_values(values)

    def packed_checkpoint(
        self,
        path: str | Path,
        epoch: int = 0,
        callbacks: Any = (),
        earlier: str | Path | None = None,
    ) -> Callable[[], None]:
        """See `Simulator.packed_checkpoint`."""
        from nengolab.saving import resume, training_file

        self._engine.follow()
        held_in = self._held_in(path, earlier)
        arrays, manifest = _packed(self._engine, include_state=True, held_in=held_in)
        # A variable that is a parameter, which has followed it, is in the file already; but for
        # what is laid over it there.
        laid = {name for covers in self._engine.effects.laid.values() for name in covers}
        held = {e["name"]: str(arrays[e["member"]].dtype) for e in manifest["parameters"]}
        names, variable_of = self._variable_names(), self._model().variable_of
        shared = [
            name
            for name in names.values()
            if name in held and name not in laid and variable_of(name).dtype == held[name]
        ]
        training = resume.pack_training(self._model(), names, set(shared))
        stored, facts = training_file.members(training, whole(epoch, "epoch", 0), callbacks)
        manifest["training"] = {**facts, "parameters": [f"model/{n}" for n in shared]}
        state = {} if held_in else self._state_now()

        def write() -> None:
            file = archive.write(path, arrays | stored, manifest)
            if not held_in:
                _full[self._engine] = file.absolute(), state

        return write

    def _held_in(self, path: str | Path, earlier: str | Path | None) -> str:
        """The name of the file beside ``path`` that has the arrays of the state; "" for none."""
        if earlier is None or self._engine not in _full:
            return ""
        held, then = _full[self._engine]
        now = self._engine.carried
        beside = archive.file_of(path).absolute().parent / archive.file_of(earlier).name
        same = then.keys() == now.keys() and all(then[name]() is now[name] for name in now)
        return held.name if same and held == beside and held.is_file() else ""

    def _state_now(self) -> dict[str, weakref.ref[Any]]:
        return {name: weakref.ref(array) for name, array in self._engine.carried.items()}

    def load_checkpoint(self, path: str | Path, item: int | None = None) -> int:
        """See `Simulator.load_checkpoint`."""
        from nengolab.saving import resume, training_file

        engine = self._engine
        with Archive(path) as file:
            loading.check_kind(file)
            values = loading.fitting(engine, file, None)
            training, epoch = training_file.read(file, _shared(file))
            names = self._variable_names()
            put_training = resume.prepared(self._model(), training, names)
            self._put(values, _stored_state(engine, file, item))
            put_training()
            engine.follow()
            loading.compare_constants(engine, file, None)
            if item is None:
                _full[engine] = _holder(file).absolute(), self._state_now()
        return epoch

    def _variable_names(self) -> dict[int, str]:
        """The parameter that each variable of the Keras model holds, by the variable's id."""
        model = self._model()
        held = {name: model.variable_of(name) for name in self._engine.graph.params}
        return {id(variable): name for name, variable in held.items() if variable is not None}


def _shared(file: Archive) -> dict[str, np.ndarray]:
    """Variables of the model that are in the file as parameters."""
    training = file.manifest.get("training")
    shared = training.get("parameters", []) if isinstance(training, dict) else []
    known = {f"model/{e['name']}": e["member"] for e in file.manifest["parameters"]}
    if not isinstance(shared, list) or not all(isinstance(n, str) and n in known for n in shared):
        raise file.error("names parameters in its part about training that it does not hold")
    return {n: file.array(known[n]) for n in shared}


# -- packing ---------------------------------------------------------------------------------------


def _packed(
    engine: Engine, include_state: bool, held_in: str = ""
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Members of an archive of a simulator, and its manifest; see `_pack_state`."""
    arrays, entries = {}, []
    saved = inventory.parameters(engine)
    for name, (described, param) in saved.items():
        value = np.asarray(engine.runner.value(param))
        _check_finite(name, value)
        member = member_name(name)
        arrays[member] = value
        entries.append({"member": member, **vars(described), "dtype": str(value.dtype)})
    manifest = {
        "versions": versions(),
        "network": engine.network.label,
        "dt": engine.dt,
        "parameters": entries,
        "constants": inventory.constants(engine, saved),
    }
    if include_state:
        stored, manifest["state"] = _pack_state(engine, held_in)
        arrays |= stored
    else:
        _mention_learned(engine)
    return arrays, manifest


def versions() -> dict[str, str]:
    """Of what numbers depend on."""
    import tensorflow as tf

    return {
        "nengolab": __version__,
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
            stacklevel=5,
        )


# -- state -----------------------------------------------------------------------------------------


def _pack_state(engine: Engine, held_in: str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Members of the state; those of its arrays are in the file ``held_in``, where it is named."""
    from nengolab.saving import stored_state

    snapshot = engine.snapshot(arrays=not held_in)
    parts, description = stored_state.pack(snapshot)
    for key, array in parts.items():
        _check_finite(key[1], array)
    lost = {*snapshot.not_restorable, *description["left_out"]}
    if lost:
        warnings.warn(
            "what these Python functions and processes remember cannot be saved and is not in the "
            f"file: {listing(sorted(lost))}",
            stacklevel=6,
        )
    description["learned"] = sorted(inventory.learned_online(engine))
    if held_in:
        description["arrays_in"] = held_in
    return {_state_member(*key): array for key, array in parts.items()}, description


def _state_member(kind: str, name: str, key: str | None = None) -> str:
    member = f"@state/{kind}/{member_name(name)}"
    # A slash in a key would look like one in a name.
    return member if key is None else f"{member}/{member_name(key).replace('/', '%2F')}"


def _stored_state(engine: Engine, file: Archive, item: int | None) -> Snapshot:
    """The state that the file holds, for as many batch items as the simulator has."""
    from nengolab.saving import stored_state

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
    if (holder := _holder(file)) != file.path:
        with Archive(holder) as other:
            arrays, of_probes = _arrays(other)
        snapshot = replace(snapshot, arrays=arrays, of_probes=of_probes)
    snapshot = snapshot if item is None else snapshot.take([int(item)] * engine.batch)
    left_out = set(description["left_out"])
    own = {n: s for n, s in engine.host.process_states().items() if n in left_out}
    return replace(snapshot, processes={**snapshot.processes, **own})


def _holder(file: Archive) -> Path:
    """The file that has the arrays of a file's state: itself, or one beside it."""
    description = file.manifest.get("state")
    name = description.get("arrays_in") if isinstance(description, dict) else None
    if name is None:
        return file.path
    if not isinstance(name, str) or Path(name).name != name or name == file.path.name:
        raise file.error(f"says that the arrays of its state are in {name!r}, which is no name")
    if not (beside := file.path.with_name(name)).is_file():
        raise file.error(f"has the arrays of its state in {name!r}; put that file beside it")
    return beside


def _arrays(file: Archive) -> tuple[dict[str, np.ndarray], frozenset[str]]:
    """Arrays of the state that a file holds, and which of them are probes' own."""
    from nengolab.saving import stored_state

    description = file.manifest.get("state")
    if not isinstance(description, dict) or "arrays_in" in description:
        raise file.error("has no arrays of a state")
    read = stored_state.unpack(description, lambda *key: file.array(_state_member(*key)))
    return dict(read.arrays), read.of_probes
