"""What a session changes while it runs, and until when it runs: commands of `Session`."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future
from functools import cached_property
from typing import Any, TypeVar

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengolab.names import Names

from .changes import Change, Deed
from .conditions import Condition
from .history import History
from .owner import OwnerThread
from .probes import LiveProbe
from .watch import Holds, Watch

T = TypeVar("T")


class Poking:
    """Commands that change a network as it runs, and those that look for something in it."""

    _owner: OwnerThread
    _names: Names
    _probes: dict[str, LiveProbe]
    network: nengo.Network
    dt: float

    def add_probe(self, obj: Any, attr: str | None = None, synapse: Any = None) -> LiveProbe:
        """See `Session.add_probe`."""
        raise NotImplementedError

    def look_up(self, what: Callable[[Any], T]) -> Future[T]:
        """Read something off the simulator, between two tiles; it must change nothing.

        Parameters
        ----------
        what : callable
            Is given the `nengolab.Simulator` on the session's thread; what it gives is the result.
        """
        return self._owner.post(lambda: what(self._owner.runner.sim), wakes=False)

    # ---- changes ---------------------------------------------------------

    def set_parameter(
        self,
        obj: Any,
        role: str,
        value: Any = None,
        *,
        at: Any = None,
        scale: Any = None,
        gesture: str | None = None,
    ) -> Future[Any]:
        """Compute with another value of something from the next step on, running or not.

        Parameters
        ----------
        obj, role, value, at, scale
            As for `nengolab.Simulator.set_parameter`: an object or its name; ``"synapse"``,
            ``"weights"``, ``"bias"``, ``"gain"``, ``"tau_rc"``, ``"learning_rate"``...; the new
            value, None for that with which it was built.
        gesture : str, optional
            Changes that follow each other with the same one are undone together: those of a
            slider that is dragged.

        Returns
        -------
        Future
            What was changed, once it counts. That is from the next step on, but for what takes
            another compile (a time constant of neurons for which the formula in use is not right),
            which goes on beside the run; no step is lost.
        """
        return self._change("set", obj, role, value, at, scale, gesture=gesture)

    def lesion(self, ens: Any, which: Any, gesture: str | None = None) -> Future[Any]:
        """Silence a share of an ensemble's neurons (0.3), or those of some indices ([0, 5])."""
        return self._change("lesion", ens, which, gesture=gesture)

    def heal(self, ens: Any) -> Future[Any]:
        """Let all neurons of an ensemble work again."""
        return self._change("lesion", ens, [])

    def cut(self, conn: Any) -> Future[Any]:
        """Let nothing more through a connection; what is in its synapse dies away."""
        return self._change("cut", conn, True)

    def mend(self, conn: Any) -> Future[Any]:
        """Let a connection that was cut pass on again what it passed on before."""
        return self._change("cut", conn, False)

    def set_learning(self, conn: Any, on: bool) -> Future[Any]:
        """Let the learning rules of a connection change it, or leave it as it is now."""
        return self._change("learn", conn, bool(on))

    def _change(self, what: str, *arguments: Any, gesture: str | None = None) -> Future[Any]:
        return self._owner.post(
            lambda: self._owner.runner.changes.make(what, *arguments, gesture=gesture),
            about=arguments[0] if not isinstance(arguments[0], str) else None,
            after_steps=True,
        )

    def undo(self) -> Future[Any]:
        """Take back the last change or input, or all of its gesture."""
        return self._owner.post(lambda: self._owner.runner.changes.undo(), after_steps=True)

    def redo(self) -> Future[Any]:
        """Make the change again that was undone last."""
        return self._owner.post(lambda: self._owner.runner.changes.redo(), after_steps=True)

    @property
    def undoes(self) -> Deed | None:
        """What `undo` would take back; None where there is nothing."""
        return self._owner.deeds[0]

    @property
    def redoes(self) -> Deed | None:
        """What `redo` would make again; None where there is nothing."""
        return self._owner.deeds[1]

    @property
    def changes(self) -> list[Change]:
        """How the network differs from what was built: what was changed and not changed back."""
        return self._owner.changes

    def drop_changes(self) -> Future[None]:
        """Take all changes back; what was learned meanwhile stays."""
        return self._owner.post(lambda: self._owner.runner.drop_changes(), after_steps=True)

    def keep_changes(self) -> Future[None]:
        """Write what was changed to the network's objects; it counts as built from then on.

        A network that is built again is what runs now, in `nengo.Simulator` too: changed ensembles
        are written whole, with the decoders of what leads out of them. Lesions become biases that
        no input makes up for, cut connections weights of 0. Raises from the Future, and writes
        nothing, where no argument of Nengo's can hold a change.
        """
        return self._owner.post(lambda: self._owner.runner.keep_changes(), after_steps=True)

    # ---- the past --------------------------------------------------------

    @cached_property
    def history(self) -> History:
        """What is kept of the past, and the way back to it."""
        return History(self._owner, self._names, self.dt)

    # ---- until when ------------------------------------------------------

    def run_until(self, when: Any, *of: Any) -> Future[float]:
        """Run until a time or a condition, and stop at the very step in which it holds.

        Parameters
        ----------
        when : float, str or callable
            A time (s). Or a condition like ``"ens.value[0] > 0.8"`` (`nengolab.live.conditions`
            says what may be in it). Or a function of the time and of a sample of each of ``of``
            that returns whether to stop; it is called on the session's thread.
        *of : Nengo objects or LiveProbe
            What a function is given.

        Returns
        -------
        Future of float
            The time reached, also when a pause came before.
        """
        if isinstance(when, str):
            condition = Condition(when, self.network, self._names)
            signals = condition.signals
            probes = [self.add_probe(s.target, s.attr, s.tau) for s in signals]

            def holds(times: np.ndarray, samples: list[np.ndarray]) -> np.ndarray:
                return condition.hits(times, dict(zip(signals, samples, strict=True)))

            return self._run_until(holds, probes, probes, f"{when} came to hold")
        if callable(when):
            own = [self.add_probe(obj) for obj in of if not isinstance(obj, LiveProbe)]
            rest = iter(own)
            probes = [obj if isinstance(obj, LiveProbe) else next(rest) for obj in of]
            return self._run_until(_each_step(when), probes, own, "the function said so")
        if not isinstance(when, (int, float)) or not math.isfinite(when):
            raise ValidationError(
                f"runs until a time (s), a condition or a function says so; got {when!r}", "when"
            )
        return self._owner.post(lambda: self._owner.runner.run_to(round(float(when) / self.dt)))

    def _run_until(
        self, holds: Holds, probes: list[LiveProbe], own: list[LiveProbe], said: str
    ) -> Future[float]:
        known = self._probes

        def forget(these: list[LiveProbe]) -> None:
            for probe in these:
                known.pop(probe.id, None)

        def act() -> Future[float]:
            runner = self._owner.runner
            feeds = [runner.feed_of(probe) for probe in probes]
            return runner.run_until(Watch(holds, probes, own, forget, feeds), said)

        return self._owner.post(act)


def _each_step(function: Callable[..., Any]) -> Holds:
    """A person's function, asked step by step and no further than it has to be."""

    def holds(times: np.ndarray, samples: list[np.ndarray]) -> np.ndarray:
        hits = np.zeros(len(times), bool)
        for i, t in enumerate(times):
            hits[i] = bool(function(float(t), *(values[i] for values in samples)))
            if hits[i]:
                break
        return hits

    return holds
