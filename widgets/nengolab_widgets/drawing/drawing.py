"""The source of a Lab: its text as a person has it, what was made of it, and the way between.

Nothing runs before it is asked for. What is asked for is done in order on a thread of its own::

    unrun -> working -> good | failed
"""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import nengo
from nengo.exceptions import NengoException, ValidationError

from nengolab import building
from nengolab.building.running import OF_NEURONS
from nengolab.exceptions import BuildStopped

from .places import ChangedElsewhere, SourcePlace

# What a name may be that is nothing here.
ALONE = "This code runs by itself: what it uses of the notebook it has to import or make"
# How a source ends that was stopped.
STOPPED = "stopped"
T = TypeVar("T")
State = Literal["unrun", "working", "good", "failed"]
Phase = Literal["", "running", "building", "stopping"]
Make = Callable[[building.Made], building.Edit]
# Gives the names of what is to be selected.
Then = Callable[[building.Made], list[str]]
Look = Callable[[building.Made], None]
# Of what is to run; of what ran before, if anything did; what to call when it is drawn; what says
# whether it is still wanted. None where nobody is there any more.
Replace = Callable[
    [building.Made, "building.Made | None", Callable[[], None], Callable[[], bool]],
    "Future[None] | None",
]


@dataclass(frozen=True)
class Trouble:
    """Why a source makes nothing that could run.

    ``span`` is in lines of the text, counted from 1; ``line`` as people count them.
    """

    kind: str
    message: str
    line: int | None = None
    span: building.Span | None = None
    traceback: str = ""


class Drawing:
    """A source that is edited as text and by drawing, and runs when that is asked for.

    Parameters
    ----------
    place : SourcePlace
        Where it is kept.
    text : str
        What is there.
    replace : callable
        Has another network run.
    changed : callable
        Called on any thread when text, state or trouble are others; with what was done, for undo,
        or "".
    leave : callable
        Has the build of what is to take the place left.

    Attributes
    ----------
    made : Made or None
        What the code that ran last has made.
    trouble : Trouble or None
        Why the text makes nothing.
    unwritten : str
        Why the text could not be kept, or "".
    unheeded : str
        That code goes on which was to stop, or "".
    other : str or None
        What somebody else has made of the text meanwhile: another program of the file, or an edit
        by drawing (`is_drawn_other`) of what it was when the edit began.
    edited : str or None
        The text of which an edit is being made.
    """

    def __init__(
        self,
        place: SourcePlace,
        text: str,
        replace: Replace,
        changed: Callable[[str], None],
        leave: Callable[[], object],
    ) -> None:
        self.place, self.text = place, text
        self.made: building.Made | None = None
        self.trouble: Trouble | None = None
        self.unwritten = self.unheeded = ""
        self.state: State = "unrun"
        self.other: str | None = None
        self.is_drawn_other = False
        self.version = 1
        self._wanted = text  # what was to run last
        self._saved = 0  # the version that a person saved last
        self._writing = threading.Lock()
        self._replace, self._changed, self._leave = replace, changed, leave
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None]
        self._jobs = queue.SimpleQueue()
        self._stop: building.Stop | None = None
        self._is_building = False
        self.edited: str | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def is_fresh(self) -> bool:
        """Whether what was made last was made of this text."""
        return self.made is not None and self.made.source == self.text

    @property
    def phase(self) -> Phase:
        """What is being done; "" where nothing is."""
        if self.state != "working" or (stop := self._stop) is None:
            return ""
        if stop.wanted:
            return "stopping"
        return "building" if self._is_building else "running"

    @property
    def is_typed(self) -> bool:
        """Whether a person has written what nobody has asked to run."""
        return self.made is not None and self.text not in (self.made.source, self._wanted)

    def line(self, line: int) -> int:
        """What people call a line of the text, counted from 1."""
        return line + self.place.first_line - 1

    # ---- what is asked for -----------------------------------------------

    def run(self, text: str | None = None, deed: str = "the code") -> Future[None]:
        """Run the text, or another one that a person has written."""
        if text is not None and text != self.text:
            self.type(text)
        if self.is_drawn_other:
            self._settle_other()
        wanted, version = self.text, self.version
        self._wanted = wanted
        return self._ask(lambda: self._run(wanted, deed, version))

    def type(self, text: str) -> None:
        """Keep what a person is writing; nothing runs."""
        made = None if self.made is None else self.made.source
        if self.place.kind == "cell" and made is not None and text == made.removesuffix("\n"):
            text = made  # a notebook takes the end of a cell's last line away
        self.text = text
        self.version += 1
        if self.state != "working":
            self._say("")

    def edit(self, make: Make, deed: str, then: Then | None = None) -> Future[list[str]]:
        """Edit the text by what gives an edit of it, and run it; where it cannot run, it stays.

        ``then`` is called with what it made once that is drawn. The Future has what that gives, or
        why the edit was not done.
        """
        return self._ask(lambda: self._edit(make, deed, then))

    def look(self, act: Look) -> Future[None]:
        """Do something with what was made, in its turn; the text stays."""

        def look() -> None:
            if self.made is None:
                raise ValidationError("run the code first: nothing of it is drawn yet", "source")
            act(self.made)

        return self._ask(look)

    def stop(self) -> None:
        """Stop the code that runs, or the build of what it made; what ran before goes on."""
        if (stop := self._stop) is not None:
            stop.stop()
            if not self._closed:
                self._say("")
            if self._is_building:
                self._leave()

    def save(self) -> None:
        """Write the text to where it is kept, at once, whatever runs; nothing runs for it.

        What hinders it is told as `unwritten`, or both texts are shown.
        """
        version = self.version
        self._save()
        self._saved = version

    def take_other(self) -> None:
        """Go on with what somebody else has written."""
        if (other := self.other) is None:
            return
        self._settle_other()
        self.type(other)

    def keep_mine(self) -> None:
        """Write the text over what somebody else has written."""
        self._settle_other()
        self.save()

    def _settle_other(self) -> None:
        self.place.accept()
        self.other, self.is_drawn_other = None, False

    def close(self) -> None:
        """End it: what runs is stopped."""
        self._closed = True
        self.stop()
        self._jobs.put(None)

    # ---- on its thread ---------------------------------------------------

    def _ask(self, act: Callable[[], T]) -> Future[T]:
        done: Future[T] = Future()
        self._jobs.put((act, done))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="nengolab code", daemon=True)
            self._thread.start()
        return done

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closed:
            act, done = job
            try:
                found = act()
            except Exception as error:
                if not isinstance(error, NengoException):
                    traceback.print_exc()
                done.set_exception(error)
            else:
                done.set_result(found)

    def _begin(self) -> None:
        self._stop = building.Stop(self._goes_on)
        self.state = "working"
        self._say("")

    def _run(self, text: str, deed: str, version: int) -> None:
        self._begin()
        try:
            self._go(text, deed, version)
        except Exception as error:
            self.trouble, self.state = self._told(error), "failed"
            self._say(deed)
            if not isinstance(error, NengoException):
                raise
        finally:
            self._stop = None
        if self._saved <= version:  # else a person has saved what was written since
            self._write(text)

    def _edit(self, make: Make, deed: str, then: Then | None) -> list[str]:
        version = self.version  # what is written from here on stays
        self.check_drawn()
        assert self.made is not None
        if (other := self.place.other()) is not None:
            self._differs(other)
        self.edited = self.made.source
        try:
            return self._make(make(self.made), deed, version, then)
        finally:
            self.edited = None

    def _make(self, edit: building.Edit, deed: str, version: int, then: Then | None) -> list[str]:
        self._begin()
        try:
            found = self._go(edit.after, deed, version, then)
        except Exception as error:
            self.state = "good"
            self._say("")
            told = self._told(error)
            where = "" if told.line is None else f"line {told.line}: "
            why = f", for the code would not run: {where}{told.message}"
            if told.kind == STOPPED:
                why = ": it was stopped"
            raise ValidationError(f"{deed} was not done{why}", "source") from error
        finally:
            self._stop = None
        self._write(edit.after)
        return found

    def check_drawn(self) -> None:
        """Say what to do first where the text is not what is drawn.

        Raises
        ------
        ValidationError
        """
        if self.made is None:
            raise ValidationError("run the code first: nothing of it is drawn yet", "source")
        if self.is_fresh:
            return
        if self.state == "failed" and self.trouble is not None:
            line = "" if self.trouble.line is None else f" (line {self.trouble.line})"
            raise ValidationError(
                f"the code does not run{line}: mend it and run it, then go on drawing", "source"
            )
        raise ValidationError(
            "the code was changed since it ran: run it first, then go on drawing", "source"
        )

    def _go(self, text: str, deed: str, version: int, then: Then | None = None) -> list[str]:
        """Run a text, and have its network run; ``version`` is the one for which it was asked."""
        assert self._stop is not None
        found, stop = list[str](), self._stop
        try:
            made = building.run_source(text, stop=stop)
        finally:
            self.unheeded = ""
        label(made)

        def drawn() -> None:
            """It is drawn from now on, and about to run."""
            self._is_building = False
            self.made, self.trouble, self.state = made, None, "good"
            if self.version == version:
                self.text = text
                self.version += 1
            elif self.edited is not None:
                # A person has written on meanwhile: neither may be lost without a word.
                self.other, self.is_drawn_other = text, True
            if then is not None:
                found.extend(then(made))
            self._say(deed)

        self._is_building = True
        self._say("")
        try:
            if (done := self._replace(made, self.made, drawn, lambda: not stop.wanted)) is None:
                raise ValidationError("the Lab is gone", "source")
            done.result()
        except BuildStopped:
            if self.made is not made:
                raise
            # Else it has taken the place: it is drawn, and sleeps until it is to run.
        finally:
            self._is_building = False
        return found

    def _goes_on(self, line: int | None) -> None:
        """Code was to stop, and does not."""
        where = "The code" if line is None else f"Line {self.line(line)}"
        self.unheeded = (
            f"{where} does not stop: it is in a call that Python cannot end. Wait until that comes "
            "back by itself, or restart the kernel (menu Kernel > Restart Kernel), which ends all "
            "that runs in it."
        )
        self._say("")

    def _told(self, error: Exception) -> Trouble:
        if isinstance(error, BuildStopped):
            return Trouble(STOPPED, "stopped while the network was built")
        if isinstance(error, building.SourceError):
            text = str(error).removeprefix(f"line {error.line}: ")
            if isinstance(error.__cause__, NameError):
                text += ". " + ALONE
            line = None if error.line is None else self.line(error.line)
            return Trouble(error.kind, text, line, error.span, error.traceback)
        obj = getattr(error, "obj", None)
        origin = None if self.made is None or obj is None else self.made.origins.get(obj)
        line, span = (None, None) if origin is None else (self.line(origin.span.line), origin.span)
        return Trouble("not built", f"the network cannot be built: {error}", line, span)

    def _save(self) -> None:
        self._write(self.text)
        self._say("")

    def _write(self, text: str) -> None:
        before, self.unwritten = self.unwritten, ""
        try:
            with self._writing:
                self.place.write(text)
        except ChangedElsewhere as error:
            self._differs(error.other)
        except (OSError, ValidationError, UnicodeEncodeError) as error:
            reason = getattr(error, "strerror", None) or error
            why = f"{self.place.name} could not be written, the code is only here: {reason}"
            self.unwritten = why
            self._say("")
            raise ValidationError(why, "source") from error
        if before:
            self._say("")

    def _differs(self, other: str) -> None:
        self.other, self.is_drawn_other = other, False
        self._say("")
        raise ChangedElsewhere(
            f"{self.place.name} was changed by another program; both versions are shown in the "
            "code: choose one",
            other,
        )

    def _say(self, deed: str) -> None:
        self._changed(deed)


def label(made: building.Made) -> None:
    """Have objects without a label go by the names of their variables."""
    for obj, name in made.names.items():
        own = name.removesuffix(OF_NEURONS).rpartition(".")[2]
        if obj is not made.network and getattr(obj, "label", "") is None and _is_plain(obj):
            obj.label = own


def _is_plain(obj: object) -> bool:
    # A connection is called by its ends, which says more.
    return isinstance(obj, nengo.Node | nengo.Ensemble | nengo.Probe | nengo.Network)
