"""How the owner thread has a network built, and stops that.

A build that is stopped is left: between two objects it ends; a compile comes to its end beside, and
goes nowhere. The session then sleeps, until something needs a simulator again.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import nengo
from nengo.exceptions import SimulationError

from nengolab.exceptions import BuildStopped

from .mailbox import Command
from .opening import Opening
from .rebuilt import Rebuilt
from .replacing import STOPPED, Replacing


class Openings(Replacing):
    """The part of the owner thread that has a simulator built, or leaves that."""

    _before: Callable[[Callable[[str], Any]], None] | None

    def _open(self) -> None:
        self._is_opening = True
        self._begin_opening(
            Opening(
                self._target,
                self._options,
                lambda opening, state: self._say_of(opening, state=state, error=None),
                lambda opening, sim: self._post_unless_left(opening, lambda: self._take_up(sim)),
                self._opened,
                self._before,
                lambda opening, text: self._say_of(opening, note=text),
            )
        )

    def _begin_opening(self, opening: Opening) -> None:
        """Start, after those that were left and still go on: they may work on the same."""
        self._left = [one for one in self._left if not one.has_ended]
        self._opening = opening
        opening.start(self._left)

    def _opened(self, opening: Opening, outcome: Any) -> None:
        if not self._post_early(lambda: self._end_opening(opening, outcome)):
            self._discard(outcome)

    def _end_opening(self, opening: Opening, outcome: Any) -> None:
        if opening.is_left:
            return self._discard(outcome)
        self._opening = None
        self._take_over(outcome)

    def _discard(self, outcome: Any) -> None:
        """Close what was built for nobody."""
        if not isinstance(outcome, Exception) and outcome is not self._target:
            outcome.close()

    def _say_of(self, opening: Opening, **changes: Any) -> bool:
        """Publish how far one is; of one that was left it comes too late."""
        return self._post_early(lambda: None if opening.is_left else self.publish(**changes))

    def _post_early(self, act: Callable[[], Any]) -> bool:
        return self.mailbox.post(Command(act, early=True))

    def _post_unless_left(
        self,
        opening: Opening,
        act: Callable[[], None],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> Future[None] | None:
        def do() -> Future[None]:
            done: Future[None] = Future()
            if not opening.is_left and not is_wanted():
                self.stop_building()
            if opening.is_left:  # by no fault of anybody, so it is not published as one
                done.set_exception(BuildStopped(STOPPED))
            else:
                act()
                done.set_result(None)
            return done

        command = Command(do, early=True)
        return command.result if self.mailbox.post(command) else None

    # ---- stopping ----------------------------------------------------------

    def stop_building(self) -> bool:
        """Leave the build or compile that goes on; False where there is none.

        Raises
        ------
        SimulationError
            Where a simulator that was given is compiled.
        """
        opening, new = self._opening, self._replacing
        if opening is None:
            return False
        if not isinstance(self._target, nengo.Network):
            raise SimulationError(
                "the simulator that was given is being compiled for this session, which ends by "
                "itself; a network that is being built can be stopped"
            )
        opening.leave()
        self._left.append(opening)
        self._opening = self._replacing = None
        if new is not None and not new.is_here and self._runner is not None:
            self.publish(note="")  # what ran goes on
        else:
            self._sleep_again()
        if new is not None:
            new.done.set_exception(BuildStopped(STOPPED))
        return True

    def _sleep_again(self) -> None:
        """Be as a session that nobody has woken; what is looked at stays so."""
        with self._waking:
            if self._runner is not None:  # it was being compiled
                kept = Rebuilt(None, []) if self._rebuilt is None else self._rebuilt
                self._rebuilt, self._runner = kept.of(self._runner.probes), None
            self._is_opening = self._is_asleep = True
            self.delivery.sim, self.delivery.resting = None, self._target
            gone = self.mailbox.withdraw(lambda c: not (c.early or c.before_compile))
            self.publish(state="asleep", note=STOPPED, error=None)
        for command in gone:
            command.carried_out = True
            if command.result.set_running_or_notify_cancel():
                command.result.set_exception(BuildStopped(STOPPED))
        self.board.update()
