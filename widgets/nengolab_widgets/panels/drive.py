"""What drives a Node: numbers, a pad, a curve that was drawn, a recording, a semantic pointer."""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import numpy as np
from nengo.exceptions import NengoException, ValidationError

from nengolab import Recording
from nengolab.live import PanelSpec
from nengolab.live.standing import StandingInput
from nengolab_widgets.narrowing import is_list_or_tuple, is_mapping
from nengolab_widgets.panel import Identity, Panel, Place, Setting
from nengolab_widgets.sliders import (
    MAX_DIMENSIONS,
    can_be_driven,
    default_limits,
    slider_step,
)
from nengolab_widgets.vocabularies import keys_of, read_pointer, vocabulary_driven_by

# A drawn curve has so many values in each dimension.
POINTS = 200
LONGEST = 3600.0
FORMS = ("numbers", "pad", "curve", "recording", "pointer")
MOST_KEYS = 60


class Curve(TypedDict):
    """A curve that was drawn: how long it is, and its values by dimension."""

    seconds: float
    loop: bool
    values: list[list[float]]


class Payload(TypedDict):
    """How the Node can be driven; ``form`` is what is shown, ``keys`` are its vocabulary's."""

    label: str
    forms: list[str]
    form: str
    own: Literal["constant", "function"]
    size: int
    rest: list[float]
    min: float
    max: float
    step: float
    curve: Curve
    keys: list[str]


class Driven(TypedDict):
    """What a person made drives the Node now."""

    type: Literal["driven"]
    form: str


class Refused(TypedDict):
    """Why what a person made cannot drive the Node."""

    type: Literal["refused"]
    form: str
    text: str


Said = Driven | Refused


def _curve(value: Any) -> Curve | None:
    wrong = ValueError(f"a curve: seconds, loop, and values with {POINTS} numbers a dimension")
    if value is None:
        return None
    if not is_mapping(value) or set(value) != {"seconds", "loop", "values"}:
        raise wrong
    seconds, loop, values = value["seconds"], value["loop"], value["values"]
    if not isinstance(loop, bool) or not _is_number(seconds) or not 0 < seconds <= LONGEST:
        raise wrong
    rows = values if is_list_or_tuple(values) else []
    good = all(is_list_or_tuple(row) and len(row) == POINTS for row in rows)
    if not rows or not good or not all(_is_number(v) for row in rows for v in row):
        raise wrong
    return {"seconds": float(seconds), "loop": loop, "values": [[*map(float, r)] for r in rows]}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class Drive(Panel):
    """Take over a Node without input, while the network runs, and give it back.

    By numbers, by a pad for two dimensions, by a curve that is drawn over time, by a recording from
    a CSV file, by an expression of semantic pointers.
    """

    name = "drive"
    label = "drive it"
    settings = (
        Setting("form", "by", "", "choice", choices=("", *FORMS), redraws=True),
        Setting("limits", "from, to", None, "range", redraws=True, hint="of pad and curve"),
        Setting("curve", "curve", None, "kept", redraws=True, optional=True, check=_curve),
    )

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        self._vocabulary = vocabulary_driven_by(obj, place.network)
        super().__init__(obj, place, identity, values)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is a Node without input."""
        return can_be_driven(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 60.0

    @property
    def forms(self) -> list[str]:
        """By what the Node can be driven."""
        size = self.obj.size_out
        found: list[str] = []
        if self._vocabulary is not None:
            found.append("pointer")
        if size == 2:
            found.append("pad")
        if size <= MAX_DIMENSIONS:
            found += ["numbers", "curve"]
        return [*found, "recording"]

    def defaults(self) -> dict[str, Any]:
        return {"form": self.forms[0]}

    def take(self, values: Mapping[str, Any]) -> bool:
        form = values.get("form")
        if form in FORMS and form not in self.forms:
            why = {"pad": "a pad is for two dimensions", "pointer": "no vocabulary is known for it"}
            raise ValidationError(
                f"{self.title!r} cannot be driven by {form}: "
                f"{why.get(str(form), f'it has more than {MAX_DIMENSIONS} dimensions')}; "
                f"by {', '.join(self.forms)} it can",
                "form",
            )
        rows = (values.get("curve") or {"values": None})["values"]
        if rows is not None and len(rows) != self.obj.size_out:
            raise ValidationError(
                f"{self.title!r} has {self.obj.size_out} dimensions, the curve {len(rows)}", "curve"
            )
        return super().take(values)

    def spec(self) -> StandingInput:
        return StandingInput(
            weakref.ref(self.place.session), self.obj, id=self.identity.id, rev=self.identity.rev
        )

    @property
    def what(self) -> str:
        return "driven by hand"

    def layout(self) -> Payload:
        low, high = self._limits()
        vocabulary = self._vocabulary
        return {
            "label": self.title,
            "forms": self.forms,
            "form": self.values["form"] or self.forms[0],
            "own": "constant" if isinstance(self.obj.output, np.ndarray) else "function",
            "size": self.obj.size_out,
            "rest": self._own(),
            "min": low,
            "max": high,
            "step": slider_step(low, high),
            "curve": self.values["curve"] or self._flat(),
            "keys": [] if vocabulary is None else keys_of(vocabulary)[:MOST_KEYS],
        }

    def _own(self) -> list[float]:
        output = self.obj.output
        if isinstance(output, np.ndarray):
            return [float(v) for v in output]
        return [0.0] * min(self.obj.size_out, MAX_DIMENSIONS)

    def _limits(self) -> tuple[float, float]:
        return self.values["limits"] or default_limits(self._own())

    def _flat(self) -> Curve:
        if self.obj.size_out > MAX_DIMENSIONS:
            return {"seconds": 2.0, "loop": True, "values": []}
        return {"seconds": 2.0, "loop": True, "values": [[v] * POINTS for v in self._own()]}

    # ---- what the page says ----------------------------------------------

    def handle(self, content: dict[str, Any]) -> None:
        """Take values, play something, give the Node back, undo."""
        kind, session = content.get("type"), self.place.session
        if kind in ("undo", "redo"):
            getattr(session, str(kind))()
        elif kind == "release":
            session.set_input(self.obj, None)
        elif kind == "values":
            gesture = str(content.get("gesture", "")) or None
            session.set_input(self.obj, content.get("values") or [], gesture=gesture)
        elif kind in ("curve", "csv", "pointer"):
            self._try(str(kind), content)
        else:
            super().handle(content)

    def _try(self, kind: str, content: dict[str, Any]) -> None:
        """Drive the Node by what a person made; what is wrong with it is said in place."""
        made = {"curve": self._drawn, "csv": self._read, "pointer": self._pointed}
        form = "recording" if kind == "csv" else kind
        try:
            value = made[kind](content)
        except (NengoException, UnicodeError) as error:
            return self._refuse(form, error)
        done = self.place.session.set_input(self.obj, value)
        settled = weakref.WeakMethod(self._settled)

        def tell(done: Any) -> None:
            say = settled()
            if say is not None and not done.cancelled():
                say(form, done.exception())

        done.add_done_callback(tell)

    def _settled(self, form: str, error: BaseException | None) -> None:
        if error is not None:
            return self._refuse(form, error)
        said: Driven = {"type": "driven", "form": form}
        self.place.send(self, {**said})

    def _refuse(self, form: str, error: BaseException) -> None:
        # Which argument was wrong is no news to who sees only one field.
        text = str(error).removeprefix(f"{getattr(error, 'attr', '')}: ")
        said: Refused = {"type": "refused", "form": form, "text": text}
        self.place.send(self, {**said})

    def _drawn(self, content: dict[str, Any]) -> Recording:
        curve = self.values["curve"] or self._flat()
        if not curve["values"]:
            raise ValidationError(f"{self.title!r} has too many dimensions to be drawn", "curve")
        values, seconds = np.array(curve["values"]).T, curve["seconds"]
        return Recording(values, dt=seconds / POINTS, loop=curve["loop"], name="drawn curve")

    def _read(self, content: dict[str, Any]) -> Recording:
        text, name, dt = content.get("text"), content.get("name"), content.get("dt")
        if not isinstance(text, str) or not (dt is None or _is_number(dt)):
            raise ValidationError("a recording needs the text of a CSV file", "text")
        return Recording.from_csv(
            text, self.obj.size_out, dt=dt, loop=content.get("loop") is True, name=str(name)
        )

    def _pointed(self, content: dict[str, Any]) -> Recording:
        if self._vocabulary is None:
            raise ValidationError(f"no vocabulary is known for {self.title!r}", "pointer")
        text = str(content.get("text", "")).strip()
        if not text:
            raise ValidationError("write a pointer, such as A or A*B", "pointer")
        vector = read_pointer(self._vocabulary, text)
        # As a recording of one sample it keeps its name, for all who see what drives the Node.
        return Recording(vector[None], name=text)

    def python(self, spec: PanelSpec) -> str:
        size = self.obj.size_out
        lines = [
            "# In a session:",
            f"node = ...  # {self.title!r}",
            f"session.set_input(node, {[0.0] * min(size, 4)})  # {size} values",
            "# samples of shape (steps, size), held for dt seconds each",
            "session.set_input(node, nengolab.Recording(samples, dt=0.01, loop=True))",
            "session.set_input(node, None)  # its own output again",
        ]
        return "\n".join([*lines, ""])
