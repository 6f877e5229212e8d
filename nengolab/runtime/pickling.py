"""What of a simulator goes into a pickle, and a simulator's parts made from it again.

As with Nengo's own simulator: the built model goes in, so that loading solves for nothing. What
TensorFlow compiled does not; it is compiled again when it is run.
"""

from __future__ import annotations

import pickle
import sys
import warnings
from collections.abc import Iterator
from types import FrameType
from typing import Any

import nengo

from nengolab.compiler.build import Built
from nengolab.exceptions import ValidationError
from nengolab.names import Names
from nengolab.runtime import state
from nengolab.runtime.engine import Engine
from nengolab.runtime.store import ProbeStore

# What takes functions along by value, or shares them.
_TAKE_ANY_FUNCTION = {"cloudpickle", "dill", "copy"}


KEPT = (
    "network",
    "minibatch_size",
    "device",
    "progress_bar",
    "optimize",
    "unroll",
    "seed",
    "closed",
)


def contents(sim: Any) -> dict[str, Any]:
    """A simulator as things that can be pickled.

    Raises
    ------
    ValidationError
        Naming a function that the pickler in use cannot take along.
    """
    return {
        "simulator": {name: getattr(sim, name) for name in KEPT},
        "engine": _engine_contents(sim._engine),
        "recording": sim._recording.contents(),
    }


def fill(sim: Any, contents: dict[str, Any]) -> None:
    """Make an empty simulator the one that `contents` described; a closed one stays closed."""
    recording, path = contents["recording"], contents["recording"]["path"]
    closed = contents["simulator"]["closed"]
    sim.__dict__.update(contents["simulator"], closed=True, _owner=None)
    sim.strategy = None  # devices of another process: what is loaded trains on one
    sim._engine = _engine_from(sim.network, contents["engine"])
    sim._set_up_recording(None if path is None else ProbeStore(path))
    sim._recording.put(recording, writes=not closed)
    sim.closed = closed


def _engine_contents(engine: Engine) -> dict[str, Any]:
    """An engine as things that can be pickled. Taps stay behind."""
    _check_functions(engine, sys._getframe())
    return {
        "model": engine.built.model,
        "probes": engine.probes,
        "settings": {
            name: getattr(engine, name)
            for name in ("batch", "dtype", "force", "functions", "device")
        },
        "snapshot": state.take(engine),
        "values": dict(engine.values),
        "inputs": engine.host.overrides,
        "laid": engine.effects.laid,
        "given": engine.effects.given,
    }


def _engine_from(network: nengo.Network | None, contents: dict[str, Any]) -> Engine:
    """The engine that `_engine_contents` described."""
    snapshot = contents["snapshot"]
    built = Built(contents["model"], Names(network))
    engine = Engine(
        network,
        built.model.dt,
        snapshot.seed,
        **contents["settings"],
        built=built,
        probes=contents["probes"],
    )
    for node, value in contents["inputs"].items():
        engine.set_input(node, value)
    engine.set_values(contents["values"])
    engine.effects.given.update(contents["given"])
    for key, covers in contents["laid"].items():
        engine.lay(key, covers)
    state.put(engine, snapshot)
    processes = {c.name.removesuffix("()") for c in engine.graph.calls if c.process is not None}
    lost = sorted(processes & set(snapshot.not_restorable))
    if lost:
        warnings.warn(
            f"what these processes remember is not in the pickle; they start anew: "
            f"{', '.join(lost)}",
            stacklevel=5,
        )
    return engine


def _check_functions(engine: Engine, frame: FrameType | None) -> None:
    """Name what plain pickle would fail on with a message that names nothing of the network."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if _TAKE_ANY_FUNCTION & set(module.split(".")):
            return
        frame = frame.f_back
    for name, fn in _functions(engine):
        try:
            pickle.dumps(fn)
        except Exception as err:
            raise ValidationError(
                f"{name}: pickle cannot take its function {getattr(fn, '__name__', fn)!r} along "
                f"({err}); define it with def at the top of a module, or use cloudpickle.dumps, "
                "which can",
                attr="function",
            ) from err


def _functions(engine: Engine) -> Iterator[tuple[str, Any]]:
    """Python functions of the network, each with the name of the object that holds it."""
    names = engine.built.names
    if engine.network is not None:
        for node in engine.network.all_nodes:
            if callable(node.output):
                yield names.get(node), node.output
        for conn in engine.network.all_connections:
            if callable(conn.function):
                yield names.get(conn), conn.function
    for call in engine.graph.calls:
        yield call.name.removesuffix("()"), call.fn or call.process
