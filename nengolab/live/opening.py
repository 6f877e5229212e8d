"""From a network to a simulator that is ready to run, stage by stage.

This takes seconds, in which the owner thread must still answer a panel; so it happens
on a helper thread, and the owner takes the simulator over at the end.

The thread is no daemon: an interpreter that ends while TensorFlow is being imported, or
imports it while it ends, crashes. So the end waits for the stage that is going on; the
stages after it are left out.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from importlib import import_module
from typing import Any

import nengo
from nengo.exceptions import SimulatorClosed

from nengolab.runtime.collector import collection_waits
from nengolab.startup.leaving import heed, left_where
from nengolab.startup.tensorflow import load_tensorflow
from nengolab.startup.worker import POLL

# What importing TensorFlow must find imported, for it cannot be once the interpreter ends.
import_module("concurrent.futures.process")


class Opening:
    """One attempt to get a simulator.

    Parameters
    ----------
    target : nengo.Network or Simulator
        What the session was made with.
    options : dict
        Keyword arguments of the Simulator when a network is built.
    on_stage : callable
        Hears this and "loading", "building" and "compiling" as each begins; returns whether to go
        on.
    on_built : callable
        Hears this and the simulator before it is compiled; returns a Future to wait for, or None to
        stop.
    on_end : callable
        Hears this and the simulator, or the exception, at the end of all stages.
    before : callable, optional
        Makes the network ready to be built; is given what takes words of how far it is.
    on_note : callable
        Hears this and these words.

    It begins with `start`, and can be left.
    """

    def __init__(
        self,
        target: Any,
        options: dict[str, Any],
        on_stage: Callable[[Opening, str], bool],
        on_built: Callable[[Opening, Any], Future[None] | None],
        on_end: Callable[[Opening, Any], None],
        before: Callable[[Callable[[str], Any]], None] | None = None,
        on_note: Callable[[Opening, str], Any] = lambda opening, text: None,
    ) -> None:
        self._target, self._options = target, options
        self._on_stage, self._on_built, self._on_end = on_stage, on_built, on_end
        self._before, self._on_note = before, on_note
        self._is_left = False
        self._ended = threading.Event()

    def start(self, left: list[Opening]) -> None:
        """Begin, as soon as those that were left have ended: they may work on the same objects."""
        run = partial(self._run, list(left))
        threading.Thread(target=run, name="nengolab build", daemon=False).start()

    def leave(self) -> None:
        """Go no further than to the end of what cannot be left; takes no lock."""
        self._is_left = True

    @property
    def is_left(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._is_left

    @property
    def has_ended(self) -> bool:
        """Whether its thread has."""
        return self._ended.is_set()

    def _run(self, left: list[Opening]) -> None:
        try:
            with left_where(lambda: self._is_left):
                self._wait_for(left)
                with collection_waits():
                    outcome = self._open()
        except Exception as error:
            outcome = error
        try:
            self._on_end(self, outcome)
        finally:
            self._ended.set()

    def _wait_for(self, left: list[Opening]) -> None:
        if any(not one.has_ended for one in left):
            self._on_note(self, "what was stopped comes to its end first")
        for one in left:
            while not one._ended.wait(POLL):
                heed()
        if left:
            self._on_note(self, "")

    def _begin(self, stage: str) -> None:
        heed()
        if not (threading.main_thread().is_alive() and self._on_stage(self, stage)):
            raise SimulatorClosed("the session was closed during the build")

    def _open(self) -> Any:
        if "tensorflow" not in sys.modules:
            self._begin("loading")
            load_tensorflow()
        self._begin("building")
        if self._before is not None:
            self._before(partial(self._on_note, self))
            self._on_note(self, "")
            self._begin("building")
        if not isinstance(self._target, nengo.Network):
            return self._prepare(self._target)
        from nengolab import Simulator

        # A progress bar would print from this thread.
        sim = Simulator(self._target, progress_bar=False, **self._options)
        try:
            return self._prepare(sim)
        except Exception:
            sim.close()
            raise

    def _prepare(self, sim: Any) -> Any:
        if sim.closed:
            raise SimulatorClosed(
                "the simulator is closed; a session needs an open one, or a network"
            )
        self._begin("compiling")
        # Probes that were asked for by now are compiled with the rest, not after it.
        with sim.gathering_taps():
            asked = self._on_built(self, sim)
            if asked is None:
                raise SimulatorClosed("the session was closed during the build")
            asked.result()
        sim.prepare(whole=False)
        return sim
