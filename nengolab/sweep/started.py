"""Sweeps in the background: started, looked at, stopped in part or whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.sweep.going import Going, check_dask, client_of
from nengolab.sweep.results import Sweep
from nengolab.sweep.running import items_of, pickled

# Seconds between two looks at what goes on.
EVERY = 0.5


class Started:
    """A sweep that goes on in the background; `start` makes it.

    Its methods may be called on any thread, and return at once unless they say that they wait.

    Attributes
    ----------
    items : list of dict
        All settings.
    seen : dict of int to object
        What ``look`` said last of items that have begun, by number.
    connected : bool
        Whether its processes, or the cluster, are there.
    problem : Exception or None
        Why there are none.
    """

    def __init__(
        self,
        function: bytes,
        items: list[dict[str, Any]],
        address: str | None,
        workers: int | None,
        look: Callable[[], Mapping[int, Any]] | None,
        end: Callable[[int], None] | None,
        changed: Callable[[], None],
    ) -> None:
        self.items = items
        self.seen: dict[int, Any] = {}
        self.problem: Exception | None = None
        self.connected = False
        self._going = Going(function, items)
        self._where = (address, workers)
        self._look, self._end, self._changed = look, end, changed
        self._ending: set[int] = set()  # told to end, and not heard by its process yet
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name="nengolab sweep", daemon=True)
        self._thread.start()

    @property
    def is_going(self) -> bool:
        """Whether something is still to come."""
        return self._thread.is_alive()

    def state(self, number: int) -> str:
        """``waiting``, ``begun``, ``done``, ``failed`` or ``cancelled``."""
        if number in self._going.outcomes:
            return "done" if self._going.outcomes[number][0] else "failed"
        if number in self._going.begun:
            return "begun"
        waits = any(i == number for i, _ in list(self._going.waiting))
        return "waiting" if waits and self.is_going else "cancelled"

    @property
    def found(self) -> Sweep:
        """What is there so far; what has not ended counts as cancelled."""
        return Sweep(self.items, dict(self._going.outcomes))

    def outcome(self, number: int) -> tuple[bool, Any] | None:
        """Whether an item worked, and its value or ``(type, message, traceback)``."""
        return self._going.outcomes.get(number)

    def stop(self, number: int | None = None) -> None:
        """Begin an item no more, or end it where it has begun; all of them without a number.

        Begun items end as ``end`` has them end; where there is none, they are finished.
        """
        self._going.leave(number)
        begun = self._going.begun
        self._ending |= {i for i in begun if number is None or i == number}
        self._stopped = self._stopped or number is None
        self._changed()

    def wait(self, timeout: float | None = None) -> Sweep:
        """Wait until nothing is left to do; Ctrl-C ends the waiting, not the sweep.

        Raises
        ------
        SimulationError
            Where there is no cluster, or processes cannot be started.
        """
        self._thread.join(timeout)
        if self.problem is not None:
            raise self.problem
        return self.found

    # ---- its thread ----------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            with client_of(*self._where, len(self.items)) as client:
                self.connected = True
                self._changed()
                self._going.work_watched(client, EVERY, lambda: self._see(client))
        except Exception as error:
            self.problem = error
        finally:
            self._going.leave()
            self._changed()

    def _see(self, client: Any) -> None:
        """Tell processes what is to end, and hear how far they are."""
        if self._stopped:  # what had been on its way to a process when all was stopped
            self._ending |= set(self._going.begun)
        for number in sorted(self._ending & set(self._going.begun)):
            if self._end is not None:
                client.run(self._end, number, on_error="ignore")
        self._ending &= set(self._going.begun)
        if self._look is not None and self._going.begun:
            told = client.run(self._look, on_error="ignore") or {}
            for seen in told.values():
                self.seen |= seen or {}
        self._changed()


def start(
    function: Callable[..., Any],
    settings: Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]],
    *,
    address: str | None = None,
    workers: int | None = None,
    look: Callable[[], Mapping[int, Any]] | None = None,
    end: Callable[[int], None] | None = None,
    changed: Callable[[], None] = lambda: None,
) -> Started:
    """Call a function with many settings in the background, as `sweep` does.

    Parameters
    ----------
    function : callable
    settings : sequence of dict, or dict of sequences
    address : str, optional
    workers : int, optional
        As for `sweep`.
    look : callable, optional
        Called in every process twice a second: how far the items are that it works on, by number.
    end : callable, optional
        Called in every process with the number of an item that is to end.
    changed : callable
        Called on a thread of the sweep's when something has changed.

    Returns
    -------
    Started
        At once: processes are started, or the cluster is asked, in the background.

    Raises
    ------
    ValidationError, ImportError
        As `sweep`.

    Examples
    --------
    >>> from nengolab.sweep import start
    >>> started = start(lambda x: x**2, {"x": [2, 3]}, workers=1)
    >>> started.wait().done
    [({'x': 2}, 4), ({'x': 3}, 9)]
    """
    check_dask()
    if workers is not None:
        workers = checked_workers(workers, address)
    items = items_of(settings)
    return Started(pickled(function), items, address, workers, look, end, changed)


def checked_workers(workers: Any, address: str | None) -> int:
    """How many processes of this machine, where it is this machine.

    Raises
    ------
    ValidationError
    """
    if address is not None:
        raise ValidationError(
            f"is for processes on this machine; the cluster at {address} has its own",
            attr="workers",
        )
    return whole(workers, "workers", 1)
