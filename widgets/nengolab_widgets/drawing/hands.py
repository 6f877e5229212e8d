"""Edits by drawing: what a page wants with objects becomes an edit of the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import nengo
from nengo.exceptions import NengoException, ValidationError

from nengolab import building
from nengolab.names import Names

from .drawing import Drawing
from .told import CardEdit, CodeTold, FieldTold, PaletteEntry, TroubleTold

Answer = Callable[[str], None]


class Drawn:
    """The hands of a Lab on its `Drawing`; objects go by their names, which outlive a run.

    Parameters
    ----------
    drawing : Drawing
    names : Names
        Of the network that runs.
    placed : callable
        Called with the name of an object and where it is put.
    cell : str
        Id of the notebook cell, or "".
    """

    def __init__(
        self,
        drawing: Drawing,
        names: Names,
        placed: Callable[[str, Any], None],
        cell: str = "",
    ) -> None:
        self.drawing, self._names, self._placed, self._cell = drawing, names, placed, cell

    # ---- what pages are told -----------------------------------------------

    def told(self) -> CodeTold:
        """Give the code, and how it stands."""
        drawing = self.drawing
        place = drawing.place
        return {
            "name": place.name,
            "kind": place.kind,
            "cell": self._cell,
            "first_line": place.first_line,
            "text": drawing.text,
            "version": drawing.version,
            "state": drawing.state,
            "fresh": drawing.is_fresh,
            "trouble": self._trouble(),
            "other": drawing.other,
            "lines": self._lines(),
        }

    def _trouble(self) -> TroubleTold | None:
        trouble = self.drawing.trouble
        if trouble is None:
            return None
        span = trouble.span
        return {
            "kind": trouble.kind,
            "message": trouble.message,
            "line": trouble.line,
            "at": [] if span is None else [span.line, span.column, span.end_line, span.end_column],
            "traceback": trouble.traceback,
        }

    def _lines(self) -> dict[str, list[int]]:
        made = self.drawing.made
        if made is None or not self.drawing.is_fresh:
            return {}
        return {
            self._names.get(obj): [origin.span.line, origin.span.end_line]
            for obj, origin in made.origins.items()
            if obj is not made.network
        }

    @property
    def is_stale(self) -> bool:
        """Whether what is drawn is not what the code would make."""
        drawing = self.drawing
        return drawing.state == "failed" or (drawing.made is not None and not drawing.is_fresh)

    def edits_of(self, obj: Any) -> CardEdit | None:
        """Give what of an object can be edited."""
        made = self.drawing.made
        if made is None:
            return None
        origin = made.origins.get(obj)
        empty: CardEdit = {
            "variable": made.names.get(obj, ""),
            "made": "",
            "line": 0,
            "count": 1,
            "fields": [],
            "why_not": "",
        }
        if not self.drawing.is_fresh:
            return {**empty, "why_not": "The code was changed since it ran: run it to edit this."}
        if origin is None:
            return {**empty, "why_not": "Nothing in this code made it directly."}
        line = self.drawing.line(origin.span.line)
        within = f", in {origin.function}" if origin.function else ""
        what = "this" if origin.count == 1 else f"these {origin.count}"
        return {
            **empty,
            "made": f"line {line}{within}, makes {what}",
            "line": origin.span.line,
            "count": origin.count,
            "fields": fields_of(made, obj),
        }

    def palette(self) -> list[PaletteEntry]:
        """Give what can be added."""
        return [
            {"key": entry.kind, "group": entry.group, "title": entry.title, "hint": entry.hint}
            for entry in _palette()
        ]

    def depending(self, objects: list[Any]) -> list[str]:
        """Name what goes with objects that are deleted."""
        made = self._made()
        return [self._names.get(obj) for obj in building.depending(made, *objects)]

    def _made(self) -> building.Made:
        if self.drawing.made is None:
            raise ValidationError("run the code first: nothing of it is drawn yet", "source")
        return self.drawing.made

    # ---- the code as text ----------------------------------------------------

    def take(self, content: dict[str, Any]) -> None:
        """Do what a page wants done with the code."""
        drawing, what = self.drawing, content.get("type")
        if what == "typed":
            drawing.type(_text(content))
        elif what == "run":
            drawing.run(_text(content))
        elif what == "save":
            drawing.type(_text(content))
            drawing.save()
        elif what == "stop":
            drawing.stop()
        elif what == "take_other":
            drawing.take_other()
        elif what == "keep_mine":
            drawing.keep_mine()
        else:
            raise ValidationError(f"the code does not understand {what!r}", "type")

    # ---- by drawing ------------------------------------------------------------

    def edit(self, content: dict[str, Any], answer: Answer) -> None:
        """Edit by drawing; ``answer`` gets why it was not done, or ""."""
        acts: dict[str, Callable[[dict[str, Any]], Future[None]]] = {
            "add": self._add,
            "connect": self._connect,
            "set": self._set,
            "delete": self._delete,
            "rename": self._rename,
        }
        act = acts.get(str(content.get("do")))
        if act is None:
            raise ValidationError(f"there is no edit {content.get('do')!r}", "do")
        try:
            done = act(content)
        except NengoException as error:
            return answer(self._said(error))
        done.add_done_callback(
            lambda done: answer("" if done.exception() is None else self._said(done.exception()))
        )

    def _said(self, error: BaseException | None) -> str:
        """Word an error with the lines as people count them."""
        shift = self.drawing.place.first_line - 1
        text = str(error)
        if isinstance(error, building.Refused):
            text = re.sub(r"^Edit\.\w+: |^\w+\.\w+: ", "", text)
            text = re.sub(r"\bline (\d+)", lambda m: f"line {int(m[1]) + shift}", text)
        return text

    def _add(self, content: dict[str, Any]) -> Future[None]:
        [entry] = [e for e in _palette() if e.kind == content.get("entry")]
        into, at = self._called(content.get("into")), content.get("at")

        def make(made: building.Made) -> building.Edit:
            network = made.network if into is None else self._find(into)
            name = free_name(made, entry.name)
            if at is not None:
                path = "" if into is None else f"{into}/"
                self._placed(path + name, at)
            return entry.add(made, name, network)

        return self.drawing.edit(make, f"adding {entry.title}")

    def _connect(self, content: dict[str, Any]) -> Future[None]:
        ends = [self._called(content.get(end)) for end in ("pre", "post")]

        def make(made: building.Made) -> building.Edit:
            pre, post = (self._variable(made, name) for name in ends)
            return building.add(made, f"nengo.Connection({pre}, {post})")

        return self.drawing.edit(make, f"connecting {ends[0]} to {ends[1]}")

    def _variable(self, made: building.Made, name: str | None) -> str:
        obj = made.network if name is None else self._find(name)
        called = made.names.get(obj, "")
        if isinstance(obj, nengo.Network):
            raise ValidationError(
                f"{name} is a network: open it, and connect its input or output", "connect"
            )
        if not called:
            origin = made.origins.get(obj)
            line = "" if origin is None else f" (line {self.drawing.line(origin.span.line)})"
            raise ValidationError(
                f"no variable of the code holds {name}{line}: give it a name there first", "connect"
            )
        return called

    def _set(self, content: dict[str, Any]) -> Future[None]:
        name, value = str(content.get("name")), content.get("value")
        called = self._called(content.get("object"))

        def make(made: building.Made) -> building.Edit:
            obj = self._find(called)
            origin = made.origins.get(obj)
            if origin is None:
                raise ValidationError(f"nothing in this code made {called} directly", "object")
            given = positions_of(made, obj)
            if value is None:
                return building.remove_argument(
                    made.source, origin.span, name, given, origin.count
                )
            return building.set_argument(
                made.source, origin.span, name, str(value), given, origin.count
            )

        return self.drawing.edit(make, f"{name} of {called}")

    def _delete(self, content: dict[str, Any]) -> Future[None]:
        wanted: Any = content.get("objects")
        names = [self._called(obj) for obj in wanted] if isinstance(wanted, list) else []

        def make(made: building.Made) -> building.Edit:
            return building.delete(made, *(self._find(name) for name in names))

        return self.drawing.edit(make, f"deleting {', '.join(map(str, names))}")

    def _rename(self, content: dict[str, Any]) -> Future[None]:
        called, new = self._called(content.get("object")), str(content.get("name"))

        def make(made: building.Made) -> building.Edit:
            old = made.names.get(self._find(called), "")
            if not old.isidentifier():
                raise ValidationError(f"no variable of the code holds {called}", "object")
            return building.rename(made.source, old, new)

        return self.drawing.edit(make, f"renaming {called} to {new}")

    # ---- names -------------------------------------------------------------------

    def _called(self, obj: Any) -> str | None:
        """What an object is called; None is the network itself."""
        if obj is None or obj is self._names.network:
            return None
        return self._names.get(obj)

    def _find(self, name: str | None) -> Any:
        found = None if name is None else self._names.find(name)
        if found is None:
            raise ValidationError(f"there is no {name} in the network any more", "object")
        return found


def _text(content: dict[str, Any]) -> str:
    text = content.get("text")
    if not isinstance(text, str):
        raise ValidationError(f"the code must be text, got {text!r}", "text")
    return text


def free_name(made: building.Made, wanted: str) -> str:
    """A name for a variable that the source does not use."""
    taken = set(re.findall(r"\w+", made.source)) | set(made.namespace)
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}{number}"
    return name


# ---- until the parts are there


def _palette() -> list[Any]:
    raise NotImplementedError


def fields_of(made: building.Made, obj: Any) -> list[FieldTold]:
    return []


def positions_of(made: building.Made, obj: Any) -> tuple[str, ...]:
    return ()
