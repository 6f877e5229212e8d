"""What a Lab does with the code that its network is made of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from nengo.exceptions import (
    NengoException,
    SimulationError,
    SimulatorClosed,
    ValidationError,
)

from nengolab import building
from nengolab.live import Session
from nengolab.live.following import Follower
from nengolab.names import Names

from .arrangement import Arrangement
from .bench import Bench
from .choice import Menu, default_choices
from .drawing.drawing import Drawing
from .drawing.hands import Drawn
from .drawing.places import Here, InFile, SourcePlace
from .driving import Driving
from .layouts import NO_MORE, NOT_ALL, NOT_ALL_PLOTS, arrangement_from, layout_of, read_layout
from .panel import Choice
from .panels.code import Code
from .weakly import weakly

# What happens in so many seconds is kept in one go.
KEEP_AFTER = 0.4


def place_of(target: Any) -> tuple[SourcePlace, str] | None:
    """Give where a source is kept, and its text; None for what is no source.

    Raises
    ------
    ValidationError
        For a path of something else than a Python file.
    """
    if isinstance(target, CellSource):
        name = "this cell" if target.cell else "code"
        return Here(name, "cell", target.layout), target.text
    if isinstance(target, str | Path):
        file = InFile(target)
        return file, file.text
    return None


def continued(missing: Sequence[building.Missing]) -> tuple[str, list[str]]:
    """What is said of code that was written of a network, and of each thing that it lacks."""
    things = "one thing" if len(missing) == 1 else f"{len(missing)} things"
    but = f", but for {things}" if missing else ""
    details: list[str] = []
    for each in missing:
        why = f"T{each.reason[1:]}" if each.reason.startswith("the ") else each.reason
        todo = f": write it yourself in place of {each.name}" if each.name else ""
        details.append(f"{why}{todo}.")
    return f"This is code that makes an equal network{but}. Run it to go on with it.", details


def _is_same(text: str, other: str) -> bool:
    """Whether texts are the same in a notebook, which takes the end of the last line away."""
    return text.removesuffix("\n") == other.removesuffix("\n")


class CellSource:
    """The text of a cell, without its ``%%lab``, the cell's id, and the layout that it keeps."""

    def __init__(self, text: str, cell: str = "", layout: Mapping[str, Any] | None = None) -> None:
        self.text, self.cell, self.layout = text, cell, layout


class Sourced:
    """The part of a Lab that is about its code; a Lab of a network made elsewhere has none."""

    session: Session
    _bench: Bench
    _driving: Driving
    _lock: threading.RLock
    _menu: Menu
    _names: Names
    _drawing: Drawing | None
    _is_replaced: bool
    # Whether it paused only because its cell was about to run again.
    _goes_on: bool = False
    _given: bool
    _title: str
    _title_given: bool

    def _notice(self, text: str, details: Sequence[str] = ()) -> None:
        raise NotImplementedError

    def _panels_changed(self) -> None:
        raise NotImplementedError

    def _say_all(self) -> None:
        raise NotImplementedError

    # ---- what a person calls ---------------------------------------------

    @property
    def source(self) -> str | None:
        """The code that the network is made of; None where it was made elsewhere."""
        return None if self._drawing is None else self._drawing.text

    def run_source(self, text: str | None = None) -> Future[None]:
        """Run the code, or another one instead; the run goes on with what is unchanged.

        Parameters
        ----------
        text : str, optional
            What the code is to be.

        Returns
        -------
        Future
            Done when the network that it makes is ready to run.

        Raises
        ------
        ValidationError
            When the network was made elsewhere.
        """
        if self._drawing is None:
            raise ValidationError(
                "the network of this Lab was made elsewhere; continue_in_code() writes its code",
                "source",
            )
        return self._drawing.run(text)

    def stop_source(self) -> None:
        """Stop the code that runs, or the build of its network: what ran before goes on."""
        if self._drawing is not None:
            self._drawing.stop()

    def run_cell(self, text: str) -> None:
        """Run what the cell has now in which the code stands."""
        with self._lock:
            # It is about to be shown again: pages that go by now do not end it.
            self._is_replaced = False
            goes_on, self._goes_on = self._goes_on, False
        self._hands.given = text
        edited = None if self._drawing is None else self._drawing.edited
        if edited is None:
            # Who runs it again does not want to wait for a loop without end.
            self.stop_source()
        # An edit by drawing of this text goes on instead: it runs what comes of it.
        if edited is None or not _is_same(text, edited):
            self.run_source(text)
        if goes_on:
            self.session.play()

    def continue_in_code(self) -> list[str]:
        """Write the code of a network that was made elsewhere, and go on with that.

        Returns
        -------
        missing : list of str
            What could not be written, and why.
        """
        with self._lock:
            if self._drawing is not None:
                return []
            if self.session.subject is not self.session.network:
                raise SimulationError(
                    "the Lab was given a simulator, which runs its own network: give the network "
                    "to a Lab to continue it in code"
                )
            code = building.to_code(self.session.network)
            self._begin_source(Here("code"), str(code))
            self._given = True
            self._panels_changed()
        self._notice(*continued(code.missing))
        return [m.reason for m in code.missing]

    # ---- how it begins ---------------------------------------------------

    def _begin_source(self, place: SourcePlace, text: str, cell: str = "") -> None:
        replace, changed = weakly(self._replace_network), weakly(self._code_changed)
        self._drawing = Drawing(place, text, replace, changed, weakly(self._leave_build))
        self._hands = Drawn(self._drawing, self._names, weakly(self._place), cell)
        self._layout_timer: threading.Timer | None = None
        self._travelling = False
        self._kept: Mapping[str, Any] | None = None
        self._bench.hands, self._bench.source = self._hands, text
        self._bench.continue_in_code = None
        self._bench.on_source = weakly(self._travel_source)
        self._bench.before_undo = weakly(self._note_typed)
        self._bench.settle_in(Choice(None, "code"))

    def _end_source(self) -> None:
        if self._drawing is not None:
            self._drawing.close()

    # ---- another network runs ----------------------------------------------

    def _replace_network(
        self,
        made: building.Made,
        before: building.Made | None,
        drawn: Callable[[], None],
        is_wanted: Callable[[], bool],
    ) -> Future[None]:
        old, new = self.session.network, made.network
        kept = {} if before is None else building.unchanged(old, new)
        return self.session.replace(
            new,
            lambda state, sim: building.carried(state, old, sim)[0],
            kept,
            partial(weakly(self._switched), drawn),
            is_wanted,
        )

    def _leave_build(self) -> None:
        """What is built to take the place is not wanted any more."""
        with suppress(SimulatorClosed):
            self.session.stop_building()

    def _switched(self, drawn: Callable[[], None], follow: Follower) -> None:
        """On the session's thread: all that shows the old network shows the new one."""
        with self._lock:
            remarks = self._bench.follow(follow)
            self._menu = Menu(self.session.network, self._names)
            self._driving.rebuilt(self.session.network, self.session.inputs)
            if not self._given:
                self._open_first()
            drawn()
            self._title_by_network()
            self._panels_changed()
            self._say_all()
            if remarks:
                self._notice(NOT_ALL_PLOTS, remarks)

    def _title_by_network(self) -> None:
        """A Lab of a file is called so; of other code, by its network."""
        drawing = self._drawing
        if drawing is None or drawing.made is None or drawing.place.kind == "file":
            return
        network = drawing.made.network
        name = drawing.made.names.get(network, "network")
        if not self._title_given:
            self._title = network.label or name

    def _open_first(self) -> None:
        """What is shown of the first network that the code makes: what was kept, or the usual."""
        self._given, drawing = True, self._drawing
        assert drawing is not None
        try:
            self._kept = drawing.place.read_layout()
            if self._kept is not None:
                wanted, remarks = arrangement_from(read_layout(self._kept), self._bench)
                code = [s for s in self._bench.arrangement.shown if s.kind == Code.name]
                self._bench.arrange(
                    Arrangement(wanted.window, (*code, *wanted.shown), wanted.aside)
                )
                if remarks:
                    self._notice(NOT_ALL, remarks)
            else:
                for choice in default_choices(self.session.network):
                    self._bench.open(choice)
        except NengoException as error:
            self._notice(str(error))
        self._bench.history.begin(self._bench.arrangement)

    # ---- the code is another one -------------------------------------------

    def _code_changed(self, deed: str) -> None:
        """The code, or how it stands, is another one: on any thread."""
        with self._lock:
            drawing = self._drawing
            if drawing is None:
                return
            if deed:
                self._bench.source = drawing.text
            if deed and self._travelling:
                self._arrive(drawing)
            elif deed:
                self._bench.note(deed)
            for panel in self._bench.all.values():
                if isinstance(panel, Code):
                    panel.say()
            if deed:
                self._panels_changed()
        self._stale_changed()

    def _arrive(self, drawing: Drawing) -> None:
        """Undo and redo have another code: the panels follow, if it is what was asked for last."""
        present = self._bench.history.present
        if present.source != drawing.text:
            return
        self._travelling = False
        # Its objects are those of the network that is here now.
        remarks = self._bench.arrange(present)
        if remarks:
            self._notice(NO_MORE, remarks)

    def _stale_changed(self) -> None:
        stands = self._hands.is_drawn, self._hands.is_stale
        if stands != getattr(self, "_stood", ("not yet", False)):
            self._stood = stands
            self._panels_changed()

    def _travel_source(self, text: str) -> None:
        """Undo and redo: the code is to be another one, and then the panels."""
        assert self._drawing is not None
        self._travelling = True
        # A redo right after it goes back again.
        self._bench.source = text
        self._drawing.run(text, "undo")

    def _note_typed(self) -> None:
        """What was typed and has not run is the last deed: undo takes it back, redo does it."""
        if self._drawing is not None and self._drawing.is_typed:
            self._bench.source = self._drawing.text
            self._bench.note("what was typed")

    # ---- positions and plots, kept beside the code ---------------------------

    def _place(self, name: str, at: tuple[float, float]) -> None:
        """Something that is added is put where a person wants it."""
        if (aside := self._bench.aside) is None:
            return
        with self._lock:
            aside.take({"placed": {**aside.values["placed"], name: at}})

    def _keep_layout(self) -> None:
        """Write plots and positions soon, where they are kept beside the code."""
        drawing = self._drawing
        if drawing is None or drawing.made is None or self._layout_timer is not None:
            return
        self._layout_timer = threading.Timer(KEEP_AFTER, weakly(self._write_layout))
        self._layout_timer.daemon = True
        self._layout_timer.start()

    def _write_layout(self) -> None:
        with self._lock:
            self._layout_timer = None
            layout = layout_of(self._bench)
            drawing = self._drawing
        if drawing is None or layout == self._kept:
            return
        try:
            drawing.place.write_layout(layout)
            self._kept = layout
            with self._lock:
                for panel in self._bench.all.values():
                    if isinstance(panel, Code):
                        panel.say_layout()
        except OSError as error:
            self._notice(f"The layout of {drawing.place.name} could not be written: {error}")
