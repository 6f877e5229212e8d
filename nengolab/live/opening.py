"""From a network to a simulator that is ready to run, stage by stage.

This takes seconds, in which the owner thread must still answer a panel; so it happens
on a helper thread, and the owner takes the simulator over at the end.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from typing import Any

import nengo
from nengo.exceptions import SimulatorClosed


class Opening:
    """One attempt to get a simulator.

    Parameters
    ----------
    target : nengo.Network or Simulator
        What the session was made with.
    options : dict
        Keyword arguments of the Simulator when a network is built.
    on_stage : callable
        Hears "loading", "building" and "compiling" as each begins.
    on_end : callable
        Hears the simulator, or the exception.
    """

    def __init__(
        self,
        target: Any,
        options: dict[str, Any],
        on_stage: Callable[[str], None],
        on_end: Callable[[Any], None],
    ) -> None:
        self._target, self._options = target, options
        self._on_stage, self._on_end = on_stage, on_end
        self._thread = threading.Thread(target=self._run, name="nengolab build", daemon=True)
        self._thread.start()

    def join(self, timeout: float | None) -> None:
        """Wait for its end."""
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            outcome = self._open()
        except Exception as error:
            outcome = error
        self._on_end(outcome)

    def _open(self) -> Any:
        if "tensorflow" not in sys.modules:
            self._on_stage("loading")
            import tensorflow  # noqa: F401
        self._on_stage("building")
        if isinstance(self._target, nengo.Network):
            from nengolab import Simulator

            # A progress bar would print from this thread.
            sim = Simulator(self._target, progress_bar=False, **self._options)
        else:
            sim = self._target
        if sim.closed:
            raise SimulatorClosed(
                "the simulator is closed; a session needs an open one, or a network"
            )
        self._on_stage("compiling")
        return sim
