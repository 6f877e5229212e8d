"""Every array of a simulator by name: what it is, its entries, how they are spread."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal, NotRequired, TypedDict

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.ensemble import Neurons
from nengo.exceptions import NengoException, ValidationError

from nengolab.live import PanelSpec
from nengolab.live.frames import Arrays, Packer
from nengolab_widgets.arrangement import Size
from nengolab_widgets.inspecting.held import Asked, Held, Region, singular_values
from nengolab_widgets.inspecting.moments import Memory
from nengolab_widgets.messages import ArrayEntry
from nengolab_widgets.narrowing import is_dict, is_list
from nengolab_widgets.panel import Identity, Panel, Place, Setting

WHEN = ("now", "as built", "difference")
ORDER = ("as they are", "by size", "by likeness")
OVER_TIME = ("entries over time", "norm over time")
BESIDE = ("histogram", *OVER_TIME, "singular values", "nothing")
MOST_PIXELS = 2000


class Payload(TypedDict):
    """What is shown of which array."""

    array: str
    when: Literal["now", "as built", "difference"]
    order: Literal["as they are", "by size", "by likeness"]
    beside: Literal[
        "histogram", "entries over time", "norm over time", "singular values", "nothing"
    ]
    fields: str
    editable: bool


class Row(TypedDict):
    """What one array is, in words.

    ``rows`` and ``columns`` name the ensembles whose neurons they stand for, else they are empty.
    """

    name: str
    owner: str
    role: str
    shape: list[int]
    why_shape: str
    equation: str
    unit: str
    trainable: bool
    why: str
    learned: bool
    value: float | None
    rows: str
    columns: str


class TableMessage(TypedDict):
    """All arrays there are."""

    type: Literal["table"]
    table: list[Row]


class PartMessage(TypedDict):
    """Arrays of what is shown, in the buffer: a part of the matrix, or what was counted."""

    type: Literal["part"]
    arrays: list[ArrayEntry]
    problem: NotRequired[str]


Said = TableMessage | PartMessage


def _fields(given: str) -> tuple[int, int] | None:
    """Read "28, 28".

    Raises
    ------
    ValidationError
        Says what would work.
    """
    if not given.strip():
        return None
    found = re.fullmatch(r"\s*(\d+)\s*[,x×]\s*(\d+)\s*", given)
    if found is None or "0" in (found[1], found[2]):
        raise ValidationError(f"fields takes a height and a width, 28, 28; got {given!r}", "fields")
    return int(found[1]), int(found[2])


class Weights(Panel):
    """All of ``sim.parameters``: encoders, gains, biases, weights, constants, by name.

    A matrix can be zoomed down to single entries; convolutions are shown as small images, and so
    are rows that are given a shape. Now, as built, or what training, learning and editing changed;
    and over time: what it held is kept, moment by moment, from when it is looked at.
    """

    name = "parameters"
    label = "weights and other arrays"
    looks = True
    usual_size = Size(columns=2)
    settings = (
        Setting("array", "array", "", "kept", redraws=True, check=str),
        Setting("when", "show", "now", "choice", choices=WHEN, redraws=True),
        Setting("order", "rows", "as they are", "choice", choices=ORDER, redraws=True),
        Setting("beside", "beside it", "histogram", "choice", choices=BESIDE),
        Setting(
            "fields",
            "rows as images",
            "",
            "text",
            redraws=True,
            hint="height and width, such as 28, 28; empty: as rows",
        ),
    )

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        self._spec: Held | None = None
        self._memory = Memory()
        super().__init__(obj, place, identity, values)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it may have arrays; nothing stands for all there are."""
        return obj is None or isinstance(obj, nengo.Ensemble | Neurons | nengo.Connection)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 80.0

    @property
    def title(self) -> str:
        return super().title if self.obj is not None else self.place.network.label or "network"

    @property
    def what(self) -> str:
        return "arrays"

    def take(self, values: Mapping[str, Any]) -> bool:
        _fields(str(values.get("fields", "")))
        anew = super().take(values)
        if self._spec is not None:
            if {"array", "fields"} & set(values):
                self._spec.region = replace(self._spec.region, rows=None, columns=None)
            if {"array", "beside"} & set(values):
                self._spec.at = self._spec.traced = None
            self._spec.hurry()
        return anew

    def spec(self) -> Held:
        obj = self.obj.obj if isinstance(self.obj, ObjView) else self.obj
        self._spec = Held(
            obj,
            self._asked,
            self._say_arrays,
            self._memory,
            id=self.identity.id,
            rev=self.identity.rev,
        )
        return self._spec

    def _asked(self) -> Asked:
        v = self.values
        over_time = v["beside"] in OVER_TIME
        return Asked(v["array"], v["when"], v["order"], _fields(v["fields"]), over_time)

    def layout(self) -> Payload:
        v = self.values
        return {
            "array": v["array"],
            "when": v["when"],
            "order": v["order"],
            "beside": v["beside"],
            "fields": v["fields"],
            "editable": self.place.is_awake,
        }

    # ---- what the page says --------------------------------------------------

    def handle(self, content: dict[str, Any]) -> None:
        acts: dict[str, Callable[[dict[str, Any]], Any]] = {
            "table": self._tell_table,
            "region": self._show_region,
            "singular": self._work_out,
            "edit": self._edit,
            "moment": self._go_to,
            "trace": self._trace,
            "undo": lambda _: self.place.session.undo(),
        }
        act = acts.get(str(content.get("type")))
        if act is None:
            return super().handle(content)
        act(content)

    def _tell_table(self, content: dict[str, Any]) -> None:
        names = self.place.names
        table = [] if self._spec is None else self._spec.table

        def named(row: dict[str, Any]) -> dict[str, Any]:
            ends = {e: "" if row[e] is None else names.get(row[e]) for e in ("rows", "columns")}
            return {**row, **ends}

        self.place.send(self, {"type": "table", "table": [named(row) for row in table]})

    def _show_region(self, content: dict[str, Any]) -> None:
        if self._spec is None:
            return
        rows, columns = (_pair(content.get(name), name) for name in ("rows", "columns"))
        height, width = (_pixels(content.get(name), name) for name in ("height", "width"))
        self._spec.region = Region(rows, columns, height, width)
        self._say_arrays(self._spec.part())

    def _go_to(self, content: dict[str, Any]) -> None:
        """Show what the array held at a moment; None is now."""
        number = content.get("number")
        if number is not None and (type(number) is not int or number < 0):
            raise ValidationError(f"number must be that of a moment, got {number!r}", "number")
        if self._spec is not None:
            self._spec.at = number
            self._spec.hurry()

    def _trace(self, content: dict[str, Any]) -> None:
        """Show an entry or a row over time; None is neither."""
        spec, at = self._spec, content.get("at")
        if spec is None or spec.shown is None:
            return
        shape = spec.shown.row.shape
        good = at is None or (is_list(at) and 1 <= len(at) <= len(shape))
        if not good or any(
            type(i) is not int or not 0 <= i < n for i, n in zip(at or [], shape, strict=False)
        ):
            raise ValidationError(f"at must be an entry or a row of {shape}, got {at!r}", "at")
        spec.traced = None if at is None else tuple(at)
        spec.hurry()

    def _work_out(self, content: dict[str, Any]) -> None:
        figure = None if self._spec is None else self._spec.shown
        if figure is None:
            return

        def work() -> None:
            try:
                found = singular_values(figure.values)
            except ValidationError as error:
                return self._say_arrays([], str(error))
            number = np.array([figure.number], np.uint32)
            self._say_arrays([("number", number), ("singular", found)])

        # It may take a second, in which pages are to be heard.
        threading.Thread(target=work, daemon=True).start()

    def _say_arrays(self, arrays: Arrays, problem: str = "") -> None:
        packer = Packer()
        entries = [packer.add(name, array) for name, array in arrays]
        said: PartMessage = {"type": "part", "arrays": entries}  # type: ignore[typeddict-item]
        if problem:
            said["problem"] = problem
        self.place.send(self, {**said}, packer.buffer())

    def _edit(self, content: dict[str, Any]) -> None:
        """Set an entry, a block or all of it, scale it, or put it back."""
        spec = self._spec
        row = None if spec is None or spec.shown is None else spec.shown.row
        if spec is None or row is None or content.get("array") != row.name:
            raise ValidationError(f"{content.get('array')!r} is not the array shown", "array")
        at = _block(content.get("at"), row.shape)
        values: dict[str, Any] = {
            k: content[k] for k in ("value", "scale") if content.get(k) is not None
        }
        if len(values) > 1 or not all(map(_is_number, values.values())):
            raise ValidationError(f"{row.name} takes a finite number, got {values}", "value")
        if at is not None and not values:
            values = {"value": np.asarray(row.initial)[at]}
        gesture = str(content.get("gesture", "")) or None
        session, owner = self.place.session, row.owner
        obj = owner.ensemble if isinstance(owner, Neurons) and row.role == "gain" else owner
        if session.state == "asleep":
            raise ValidationError(
                f"{row.name} is of a simulator of yours that is only looked at here: "
                f"sim.set_parameter({row.owner_name!r}, {row.role!r}, ...)",
                "array",
            )
        done = session.set_parameter(obj, row.role, at=at, gesture=gesture, **values)
        done.add_done_callback(lambda done: self._edited(done.exception()))
        spec.hurry()

    def _edited(self, error: BaseException | None) -> None:
        if error is not None:
            why = str(error) if isinstance(error, NengoException) else f"{error!r}"
            self._say_arrays([], why)

    def python(self, spec: PanelSpec) -> str:
        assert isinstance(spec, Held)
        figure = spec.shown
        name = figure.row.name if figure is not None else self.values["array"]
        when = self.values["when"]
        value = {
            "now": "row.value",
            "as built": "row.initial",
            "difference": "row.value - row.initial",
        }[when]
        return "\n".join(
            [
                "import matplotlib.pyplot as plt",
                "import numpy as np",
                f"row = sim.parameters[{name!r}]",
                "print(row)  # what it is, where its shape comes from, whether it trains and why",
                f"values = np.atleast_2d({value})",
                "reach = abs(values).max()",
                'plt.imshow(values, cmap="RdBu_r", vmin=-reach, vmax=reach, aspect="auto", '
                'interpolation="nearest")',
                "plt.colorbar()",
                "",
            ]
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def _pair(value: Any, name: str) -> tuple[int, int] | None:
    if value is None:
        return None
    good = is_list(value) and len(value) == 2 and all(type(v) is int for v in value)
    if not good:
        raise ValidationError(f"{name} must be two whole numbers, got {value!r}", name)
    return value[0], value[1]


def _pixels(value: Any, name: str) -> int:
    if type(value) is not int or not 1 <= value <= MOST_PIXELS:
        raise ValidationError(f"{name} must be 1 to {MOST_PIXELS} pixels, got {value!r}", name)
    return value


def _block(at: Any, shape: tuple[int, ...]) -> Any:
    """Read which entries are meant: of each axis first and last, or ``of`` which; None for all."""
    if at is None:
        return None
    axes = [_along(each, n) for each, n in zip(at, shape, strict=False)] if is_list(at) else []
    if len(axes) != len(shape) or not is_list(at) or len(at) != len(shape) or None in axes:
        raise ValidationError(f"at must be within {shape}, got {at!r}", "at")
    return tuple(slice(*along) if isinstance(along, tuple) else along for along in axes)


def _along(at: Any, count: int) -> tuple[int, int] | list[int] | None:
    """Read which of one axis are meant; None for what is not within it."""
    if is_dict(at):
        rows = at.get("of")
        good = is_list(rows) and rows and all(type(r) is int and 0 <= r < count for r in rows)
        return rows if good else None
    pair = _pair(at, "at")
    return pair if pair is not None and 0 <= pair[0] < pair[1] <= count else None
