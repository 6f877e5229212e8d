"""Edits by drawing: what a page wants with objects becomes an edit of the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from typing import Any, ClassVar, Literal

import nengo
from nengo.exceptions import NengoException, ValidationError

from nengolab import building
from nengolab.building.importing import fresh
from nengolab.building.running import OF_NEURONS
from nengolab.names import Names
from nengolab_widgets.narrowing import is_list

from .drawing import Drawing, Then
from .fields import fields_told, tried, untold
from .laying import Copied, boxes_of, laid, place_of, renamed
from .naming import entry_for, given_by, held, new_name, variable_of
from .told import CardEdit, CodeTold, Depending, PaletteEntry, TriedTold, TroubleTold

# Why it was not done, or "", and the names of what came.
Answer = Callable[[str, list[str]], None]
Place = tuple[float, float]
# What an entry of the palette needs: two ends, or one object.
ENDS, WHOLES = ("pre", "post"), ("target", "input")

# How a drawing stands of which nothing was made yet, by the state of its code.
_UNDRAWN: dict[str, Literal["coming", "failed"]] = {"working": "coming", "failed": "failed"}


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

    #: What was copied last in any drawing.
    copied: ClassVar[Copied | None] = None

    def __init__(
        self,
        drawing: Drawing,
        names: Names,
        placed: Callable[[str, Any], None],
        cell: str = "",
    ) -> None:
        self.drawing, self._names, self._placed, self._cell = drawing, names, placed, cell
        # What the page had last; all else is of the drawing.
        self.given = drawing.text

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
            "phase": drawing.phase,
            "fresh": drawing.is_fresh,
            "drawn": drawing.text != self.given,
            "trouble": self._trouble(),
            "besides": [said for said in (drawing.unheeded, drawing.unwritten) if said],
            "other": drawing.other,
            "drawn_other": drawing.is_drawn_other,
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

    def kept_layout(self) -> Mapping[str, Any] | None:
        """Give the plots and positions that a page keeps with its cell."""
        place = self.drawing.place
        return place.read_layout() if place.kind == "cell" else None

    @property
    def is_drawn(self) -> Literal["not yet", "coming", "failed", "yes"]:
        """Whether the code has made a network."""
        if self.drawing.made is not None:
            return "yes"
        return _UNDRAWN.get(self.drawing.state, "not yet")

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
            "variable": variable_of(made, obj),
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
        try:
            form = building.fields_of(made, obj)
        except (building.Refused, ImportError) as error:
            return {**empty, "why_not": self._said(error)}
        return {
            **empty,
            "made": self._shifted(str(origin)),
            "line": origin.span.line,
            "count": origin.count,
            "fields": fields_told(self.drawing, made, form),
            "why_not": form.unclear,
        }

    def palette(self) -> list[PaletteEntry]:
        """Give what can be added."""
        return [
            {
                "key": entry.key,
                "group": entry.group,
                "title": entry.title,
                "hint": entry.text,
                "needs": list(entry.needs),
            }
            for entry in entries().values()
        ]

    def depending(self, objects: list[Any], answer: Callable[[Depending], None]) -> None:
        """Give what goes with objects that are deleted."""
        found = Depending()

        def act(made: building.Made) -> None:
            found.changed.extend(building.drawn_anew(made, *objects))
            depending = building.depending(made, *objects)
            found.names.extend(self._names.get(obj) for obj in depending)

        def done(look: Future[None]) -> None:
            answer(found if (error := look.exception()) is None else self._undeletable(error))

        try:
            self.drawing.check_drawn()
        except NengoException as error:
            answer(self._undeletable(error))
        else:
            self.drawing.look(act).add_done_callback(done)

    def _undeletable(self, error: BaseException) -> Depending:
        together = error.objects if isinstance(error, building.Together) else ()
        return Depending(problem=self._said(error), together=[*together])

    def _made(self) -> building.Made:
        if self.drawing.made is None:
            raise ValidationError("run the code first: nothing of it is drawn yet", "source")
        return self.drawing.made

    # ---- the code as text ----------------------------------------------------

    def take(self, content: dict[str, Any]) -> None:
        """Do what a page wants done with the code."""
        drawing, what = self.drawing, content.get("type")
        if what in ("run", "save") or (what == "typed" and drawing.place.kind != "cell"):
            self.given = _text(content)
        if what == "typed":
            # What is typed into a cell is in the notebook only once a person saves that.
            drawing.type(_text(content))
        elif what == "run":
            # Who asks again does not want to wait for a loop without end.
            drawing.stop()
            drawing.run(self.given)
        elif what == "save":
            drawing.type(self.given)
            _told_there(drawing.save)
        elif what == "stop":
            drawing.stop()
        elif what == "take_other":
            drawing.take_other()
        elif what == "keep_mine":
            _told_there(drawing.keep_mine)
        else:
            raise ValidationError(f"the code does not understand {what!r}", "type")

    # ---- by drawing ------------------------------------------------------------

    def edit(self, content: dict[str, Any], answer: Answer) -> None:
        """Edit by drawing; ``answer`` gets why it was not done, or "", and what came."""
        acts: dict[str, Callable[[dict[str, Any]], Future[list[str]] | None]] = {
            "add": self._add,
            "set": self._set,
            "function": self._set_function,
            "delete": self._delete,
            "rename": self._rename,
            "copy": self._copy,
            "paste": self._paste,
            "duplicate": self._duplicate,
            "group": self._group,
            "move": self._move,
        }
        act = acts.get(str(content.get("do")))
        if act is None:
            raise ValidationError(f"there is no edit {content.get('do')!r}", "do")
        try:
            done = act(content)
        except NengoException as error:
            return answer(self._said(error), [])
        if done is None:
            return answer("", [])

        def tell(done: Future[list[str]]) -> None:
            if (error := done.exception()) is not None:
                return answer(self._said(error), [])
            answer("", done.result())

        done.add_done_callback(tell)

    def _said(self, error: BaseException | None) -> str:
        """Word an error with the lines as people count them."""
        text = str(error)
        if isinstance(error, ValidationError):
            text = text.removeprefix(f"{error.attr}: ")
        return self._shifted(text) if isinstance(error, building.Refused) else text

    def _shifted(self, text: str) -> str:
        """Lines as people count them."""
        return re.sub(
            r"\bline (\d+)", lambda found: f"line {self.drawing.line(int(found[1]))}", text
        )

    def _add(self, content: dict[str, Any]) -> Future[list[str]]:
        entry = entries().get(str(content.get("entry")))
        if entry is None:
            raise ValidationError(f"there is no entry {content.get('entry')!r}", "entry")
        into, position = self._called(content.get("into")), place_of(content.get("place"))
        needs = {n: self._called(content.get("pre" if n in WHOLES else n)) for n in entry.needs}
        for need, name in needs.items():
            if name is None:
                raise ValidationError(f"select what {entry.title} is to look at first", need)

        coming: dict[str, Place | None] = {}

        def make(made: building.Made) -> building.Edit:
            if set(ENDS) <= set(needs):
                pre, post = (held(made, self._find(needs[end])) for end in ENDS)
                return building.connect(made, pre, post, arguments=given_by(entry))
            network = self._into(made, into)
            given = {need: self._variable(made, name) for need, name in needs.items()}
            objects = [self._find(name) for name in needs.values()]
            edit = building.place(made, entry_for(entry, made, objects).filled(**given), network)
            if name := new_name(edit, entry.name):
                coming[name] = position
            return edit

        what = " to ".join(str(name) for name in needs.values())
        deed = f"{entry.title} of {what}" if what else entry.title
        return self.drawing.edit(make, f"adding {deed}", self._placing(coming))

    def _placing(self, coming: Mapping[str, Place | None]) -> Then:
        """Put what variables hold where it is wanted, once it is there; and name it."""

        def put(made: building.Made) -> list[str]:
            found: list[str] = []
            for obj, variable in made.names.items():
                name = variable.removesuffix(OF_NEURONS)
                if name not in coming or isinstance(obj, nengo.Probe | nengo.Connection):
                    continue
                found.append(self._names.get(obj))
                if (place := coming[name]) is not None:
                    self._placed(found[-1], place)
            return found

        return put

    def _variable(self, made: building.Made, name: str | None) -> str:
        obj = made.network if name is None else self._find(name)
        called = variable_of(made, obj)
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

    def _set(self, content: dict[str, Any]) -> Future[list[str]]:
        name, value = str(content.get("name")), content.get("value")
        called = self._called(content.get("object"))

        def make(made: building.Made) -> building.Edit:
            obj = self._find(called)
            whole, _, part = name.partition(".")
            if part:
                text = None if value is None else str(value)
                return building.set_part(made, obj, whole, part, text)
            if value is not None:
                return building.set_field(made, obj, name, str(value))
            form = building.fields_of(made, obj)
            count = form.origin.count
            return building.remove_argument(made.source, form.span, name, form.positions, count)

        return self.drawing.edit(make, f"{name} of {called}")

    def _set_function(self, content: dict[str, Any]) -> Future[list[str]]:
        name, code = str(content.get("name")), _text(content)
        called = self._called(content.get("object"))
        return self.drawing.edit(
            lambda made: building.set_function(made, self._find(called), name, code),
            f"{name} of {called}",
        )

    def try_function(self, content: dict[str, Any], answer: Callable[[TriedTold], None]) -> None:
        """Have a function run that a person wants to see; ``answer`` gets what it gave."""
        name, code = str(content.get("name")), _text(content)
        called, element = self._called(content.get("object")), content.get("element")

        if type(element) is not int:
            raise ValidationError(f"must be a whole number, got {element!r}", "element")

        def act(made: building.Made) -> None:
            answer(tried(self.drawing, made, self._find(called), name, code, element))

        def done(look: Future[None]) -> None:
            if (error := look.exception()) is not None:
                answer(untold(self._said(error)))

        self.drawing.look(act).add_done_callback(done)

    def _delete(self, content: dict[str, Any]) -> Future[list[str]]:
        names = self._several(content)

        def make(made: building.Made) -> building.Edit:
            return building.delete(made, *self._found(names))

        return self.drawing.edit(make, f"deleting {_listed(names)}")

    # ---- several at once -----------------------------------------------------------

    def _several(self, content: dict[str, Any]) -> list[str]:
        wanted: Any = content.get("objects")
        names = [self._called(obj) for obj in wanted] if is_list(wanted) else []
        if not names or None in names:
            raise ValidationError("select what is in the outermost network first", "objects")
        return [str(name) for name in names]

    def _found(self, names: list[str]) -> list[Any]:
        return [self._find(name) for name in names]

    def _into(self, made: building.Made, name: str | None) -> Any:
        return made.network if name is None else self._find(name)

    def _copy(self, content: dict[str, Any]) -> None:
        """Keep objects as a piece of source, for this and any other drawing of the kernel."""
        Drawn.copied = self._copied(self._made(), self._several(content), content)

    def _copied(self, made: building.Made, names: list[str], content: dict[str, Any]) -> Copied:
        objects = self._found(names)
        boxes = zip(objects, boxes_of(content.get("boxes")), strict=False)
        known = {variable_of(made, obj): box for obj, box in boxes if box is not None}
        return Copied(building.copy(made, *objects), {n: b for n, b in known.items() if n})

    def _paste(self, content: dict[str, Any]) -> Future[list[str]]:
        copied, into = Drawn.copied, self._called(content.get("into"))
        if copied is None:
            raise ValidationError("nothing was copied yet: select something, Ctrl+C", "paste")
        where = "" if into is None else f" into {into}"
        return self._put(content, lambda made: copied, f"pasting{where}")

    def _duplicate(self, content: dict[str, Any]) -> Future[list[str]]:
        names = self._several(content)
        deed = f"duplicating {_listed(names)}"
        return self._put(content, lambda made: self._copied(made, names, content), deed)

    def _put(
        self, content: dict[str, Any], copied_of: Callable[[building.Made], Copied], deed: str
    ) -> Future[list[str]]:
        """Put a copy in, around a place where one is given, beside what is ``taken``."""
        into, at = self._called(content.get("into")), place_of(content.get("place"))
        taken = [box for box in boxes_of(content.get("taken")) if box is not None]
        coming: dict[str, Place | None] = {}

        def make(made: building.Made) -> building.Edit:
            copied, network = copied_of(made), self._into(made, into)
            edit = building.paste(made, copied.piece, network)
            called = building.pasted_names(made, copied.piece, network)
            coming.update(dict.fromkeys(called.values()))
            if at is not None:
                for variable, place in laid(copied.boxes, at, taken).items():
                    coming[renamed(variable, called)] = place
            return edit

        return self.drawing.edit(make, deed, self._placing(coming))

    def _group(self, content: dict[str, Any]) -> Future[list[str]]:
        names = self._several(content)

        def make(made: building.Made) -> building.Edit:
            name = _free(made, "subnetwork")
            return building.group(made, *self._found(names), name=name)

        return self.drawing.edit(make, f"grouping {_listed(names)}")

    def _move(self, content: dict[str, Any]) -> Future[list[str]]:
        names, into = self._several(content), self._called(content.get("into"))

        def make(made: building.Made) -> building.Edit:
            return building.move(made, *self._found(names), into=self._into(made, into))

        return self.drawing.edit(
            make, f"moving {_listed(names)} {'out' if into is None else f'into {into}'}"
        )

    def _rename(self, content: dict[str, Any]) -> Future[list[str]]:
        called, new = self._called(content.get("object")), str(content.get("name"))

        def make(made: building.Made) -> building.Edit:
            old = variable_of(made, self._find(called))
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


def _told_there(save: Callable[[], None]) -> None:
    """Have the text kept; what hinders it is told with the code, and nowhere else."""
    with suppress(ValidationError):
        save()


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _free(made: building.Made, wanted: str) -> str:
    """A name that the source does not use: ``wanted``, or with a number behind it."""
    used = set(re.findall(r"\w+", made.source)) | set(made.namespace)
    return fresh(wanted, used)


def _text(content: dict[str, Any]) -> str:
    text = content.get("text")
    if not isinstance(text, str):
        raise ValidationError(f"the code must be text, got {text!r}", "text")
    return text


@cache
def entries() -> dict[str, building.Entry]:
    """What can be added, by key: what needs no more than what can be chosen in the drawing."""
    return {e.key: e for e in building.palette() if set(e.needs) <= {*ENDS, *WHOLES}}
