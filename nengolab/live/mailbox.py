"""Commands from any thread to the owner thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any


@dataclass(eq=False)
class Command:
    """Something for the owner to do, and where its answer goes.

    Attributes
    ----------
    act : callable
        Runs on the owner thread. It may return a Future for what takes longer.
    about : object
        The Nengo object it is about, named when it fails.
    early : bool
        Whether it needs no simulator, and so need not wait for the build.
    before_compile : bool
        Whether it needs a simulator that is built, but not one that is compiled.
    after_steps : bool
        Whether it waits for steps that were asked for before it.
    underway : bool
        Whether it may be done while the simulator is on its way back in the run.
    carried_out : bool
        Whether it has run; what it began may go on.
    """

    act: Callable[[], Any]
    about: Any = None
    early: bool = False
    before_compile: bool = False
    after_steps: bool = False
    underway: bool = False
    result: Future[Any] = field(default_factory=Future[Any])
    carried_out: bool = False


class Mailbox:
    """A queue that the owner sleeps on."""

    def __init__(self) -> None:
        self._commands: deque[Command] = deque()
        self._current: Command | None = None
        self._lock = threading.Lock()
        self._shut = False
        self._awake = threading.Event()

    def post(self, command: Command) -> bool:
        """Queue a command and wake the owner; False after `shut`."""
        with self._lock:
            if self._shut:
                return False
            self._commands.append(command)
        self._awake.set()
        return True

    def take(self, may: Callable[[Command], bool]) -> Command | None:
        """Take the oldest command that may be done now; None when there is none."""
        with self._lock:
            self._current = next((c for c in self._commands if may(c)), None)
            if self._current is not None:
                self._commands.remove(self._current)
            return self._current

    def withdraw(self, which: Callable[[Command], bool]) -> list[Command]:
        """Take away those that nobody is to do, and give them."""
        with self._lock:
            gone = [c for c in self._commands if which(c)]
            self._commands = deque(c for c in self._commands if not which(c))
            return gone

    def has(self, may: Callable[[Command], bool]) -> bool:
        """Tell whether a command waits that may be done now."""
        with self._lock:
            return any(may(c) for c in self._commands)

    def outstanding(self) -> list[Command]:
        """List the commands that are not carried out yet."""
        with self._lock:
            return [*self._commands, *([self._current] if self._current else [])]

    def wake(self) -> None:
        """Wake the owner without a command."""
        self._awake.set()

    def wait(self, timeout: float) -> None:
        """Sleep until something is posted, or the time is over."""
        self._awake.wait(timeout)
        self._awake.clear()

    def shut(self) -> list[Command]:
        """Take no more commands; return those that were not read."""
        with self._lock:
            self._shut = True
            left = list(self._commands)
            self._commands.clear()
        self._awake.set()
        return left
