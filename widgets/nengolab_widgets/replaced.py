"""Labs whose cell runs again: what a person no longer holds is given back.

A widget is held by the registry of ipywidgets, by its comm, and by IPython's cache of outputs.
None of these is somebody. So when the cell that made a Lab has run again and no page shows the
Lab any more, it leaves all three; what is left then are variables of the person. If there are
none, Lab, session, simulator and compiled program go with the next garbage collection, which
is asked for here.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from typing import Any, Protocol

import anywidget
from nengo.exceptions import SimulatorClosed

from nengolab.live import Listener, Session
from nengolab.runtime.collector import collect_soon

from . import sessions
from .bench import Bench


class Replaceable(Protocol):
    """What is told that its cell runs again."""

    cell: str | None

    def replaced(self) -> None:
        """The cell that made it runs again."""


_labs: weakref.WeakSet[Replaceable] = weakref.WeakSet()
_listening: list[Any] = []


def current_cell() -> str | None:
    """Id of the notebook cell that is running, None where there is no such thing."""
    return metadata_of_cell().get("cellId")


def metadata_of_cell() -> dict[str, Any]:
    """What the front end says of the notebook cell that is running: JupyterLab, all of its own."""
    shell = _shell()
    parent = getattr(getattr(shell, "kernel", None), "get_parent", dict[str, Any])()
    return parent.get("metadata") or {}


def watch(lab: Replaceable) -> None:
    """Tell a Lab when the cell that made it runs again."""
    if lab.cell is None:
        return
    _labs.add(lab)
    shell = _shell()
    if shell is not None and shell not in _listening:
        shell.events.register("pre_run_cell", _cell_runs)
        _listening.append(shell)


def _cell_runs(info: Any) -> None:
    cell = getattr(info, "cell_id", None)
    for lab in list(_labs):
        if cell is not None and lab.cell == cell:
            lab.replaced()


def retire(widget: anywidget.AnyWidget, session: Session | None) -> bool:
    """Have only a person's variables hold a widget that no page shows.

    Parameters
    ----------
    widget : anywidget.AnyWidget
    session : Session or None
        What it shows; one of ours that nobody looks at pauses. None if that has ended.

    Returns
    -------
    paused : bool
        Whether it ran, and does not any more.
    """
    paused = False
    if session is not None and sessions.is_ours(session) and not sessions.is_seen(session):
        paused = session.state == "running"
        session.pause()
    _drop_outputs(widget)
    anywidget.AnyWidget.close(widget)
    # ipywidgets takes the method away from a closed widget; this one may be shown again.
    vars(widget).pop("_repr_mimebundle_", None)
    collect_soon()
    return paused


def let_go_soon(listener: Listener | None, bench: Bench) -> None:
    """Have a session of a person's own send nothing to a Lab that is no more.

    What the garbage collector calls may take no lock: a thread does the work.
    """

    def let_go() -> None:
        with contextlib.suppress(SimulatorClosed):  # one of the Lab's own may be gone, too
            if listener is not None:
                listener.close()
            bench.leave()

    if not sys.is_finalizing():
        threading.Thread(target=let_go, daemon=True).start()


def _drop_outputs(value: Any) -> None:
    """Take something out of IPython's cache of outputs."""
    shell = _shell()
    if shell is not None:
        cache = shell.user_ns.get("_oh", {})
        for number in [n for n, output in cache.items() if output is value]:
            del cache[number]
        for space in (shell.user_ns, getattr(shell, "user_ns_hidden", {})):
            # Both hold the same names, or IPython takes them for a person's.
            for name in [n for n, v in space.items() if v is value and _is_cached(n)]:
                space[name] = None
        history = getattr(shell, "displayhook", None)
        for name in ("_", "__", "___"):
            if getattr(history, name, None) is value:
                setattr(history, name, None)


def _is_cached(name: str) -> bool:
    return name in ("_", "__", "___") or (name.startswith("_") and name[1:].isdigit())


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None
