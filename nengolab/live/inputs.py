"""What Nodes put out instead of their own output: set, played, given back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengolab.runtime.recording import Recording

# What stands instead of a Node's own output; None is its own.
Value = np.ndarray | Recording | None


@dataclass(frozen=True, eq=False)
class InputEdit:
    """What a Node puts out, and what it put out before.

    Attributes
    ----------
    node : nengo.Node
    name : str
        The Node's.
    before, after : ndarray, Recording or None
        None is its own output.
    """

    node: Any
    name: str
    before: Value
    after: Value

    @property
    def back(self) -> InputEdit:
        """What takes it back."""
        return InputEdit(self.node, self.name, self.after, self.before)

    def __str__(self) -> str:
        return f"the input {self.name}"


@dataclass(eq=False)
class _Waiting:
    """An input that waits for a form of the network that can play it."""

    node: Any
    value: Value
    ready: Future[int]
    result: Future[None]


class Inputs:
    """Inputs of a running simulator; used by the owner thread only.

    Parameters
    ----------
    sim : Simulator
        Claimed by the calling thread.
    counts : callable
        Hears of each input, the Node and what it puts out, when it counts.
    """

    def __init__(self, sim: Any, counts: Callable[[Any, Value], None]) -> None:
        self._sim, self._counts = sim, counts
        self._waiting: list[_Waiting] = []
        self.standing: dict[Any, np.ndarray | Recording] = {}

    def set(self, node: Any, value: Value) -> Future[None]:
        """Let a Node put something out; the result comes when it counts.

        That is from the next step on, but for a recording that a constant Node is to play for the
        first time: another form of the network is compiled for that beside the run.
        """
        self._supersede(node)
        result: Future[None] = Future()
        if isinstance(value, Recording):
            ready = self._sim.ready_to_play(node)
            if not ready.done():
                self._waiting.append(_Waiting(node, value, ready, result))
                return result
        self.put(node, value)
        self._counts(node, self.standing.get(node))
        result.set_result(None)
        return result

    def put(self, node: Any, value: Value) -> None:
        """Let a Node put something out from here, and tell nobody."""
        if isinstance(value, Recording) and value.start is None:
            value = value.starting(self._sim.n_steps)
        self._sim.set_input(node, value)
        if value is None:
            self.standing.pop(node, None)
        else:
            self.standing[node] = value

    def asked(self, node: Any) -> Value:
        """Give what a Node puts out, or will as soon as it can."""
        for waiting in self._waiting:
            if waiting.node is node:
                return waiting.value
        return self.standing.get(node)

    def settle(self) -> bool:
        """Begin to play what can be played by now; whether some still waits."""
        ready = [waiting for waiting in self._waiting if waiting.ready.done()]
        for waiting in ready:
            self._waiting.remove(waiting)
            error = waiting.ready.exception()
            if error is not None:
                waiting.result.set_exception(error)
                continue
            self.put(waiting.node, waiting.value)
            self._counts(waiting.node, self.standing.get(waiting.node))
            waiting.result.set_result(None)
        return bool(self._waiting)

    def finish(self) -> None:
        """Wait for what is still being compiled."""
        if self.settle():
            self._sim.prepare(whole=False)
            self.settle()

    def restart(self) -> None:
        """Time starts again, and with it what is played."""
        for node, value in list(self.standing.items()):
            self.put(node, value.starting(0) if isinstance(value, Recording) else value)

    def _supersede(self, node: Any) -> None:
        """What has waited for this Node is not wanted any more."""
        for waiting in [w for w in self._waiting if w.node is node]:
            self._waiting.remove(waiting)
            waiting.result.set_result(None)


def checked_input(node: Any, value: Any, name: str) -> Value:
    """Check what a Node is to put out.

    Raises
    ------
    ValidationError
        Says what it got, and what would work.
    """
    if not isinstance(node, nengo.Node):
        raise ValidationError(f"only a Node takes an input, got {node!r}", "node")
    if node.size_in > 0:
        raise ValidationError(
            f"{name!r} has inputs of its own; only a Node without input can be set",
            "size_in",
            node,
        )
    size = node.size_out
    if value is None:
        return None
    if isinstance(value, Recording):
        if value.size != size:
            raise ValidationError(
                f"{name!r} has {_values(size)}, the samples of {value.name!r} have {value.size}; "
                f"an array of shape (samples, {size}) would work",
                "output",
                node,
            )
        return value
    try:
        array = np.atleast_1d(np.asarray(value, dtype=float))
    except (TypeError, ValueError):
        raise ValidationError(f"{name!r}: {value!r} is not numbers", "output", node) from None
    if array.ndim == 2 and array.shape[1] == size and len(array):
        return Recording(array, name="array")
    if array.shape != (size,):
        raise ValidationError(
            f"{name!r} has {_values(size)}, got shape {array.shape}; ({size},) is put out as it "
            f"is, (samples, {size}) is played, a sample a step",
            "output",
            node,
        )
    if not np.isfinite(array).all():
        raise ValidationError(
            f"{name!r} got {value!r}; NaN and infinity are no inputs", "output", node
        )
    return array


def _values(size: int) -> str:
    return f"{size} value{'s' * (size != 1)}"


Standing = Mapping[Any, np.ndarray | Recording]
