"""What differs between two networks or simulators, object by object."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, ClassVar, Literal, TypedDict

import nengo
import numpy as np
from nengo.exceptions import NengoException, ValidationError

from nengolab import inspect
from nengolab.inspect import Differences, Differing
from nengolab.live import LookSpec, PanelSpec
from nengolab.live.specs import Cadence
from nengolab.names import Names
from nengolab_widgets.arrangement import Size
from nengolab_widgets.graph import Graph, describe
from nengolab_widgets.panel import Identity, Panel, Place

# Up to so many numbers an array is written out, else it has bars.
FEW_NUMBERS, BARS = 8, 24


class Cell(TypedDict):
    """What one of the two has: in words, and heights (0 to 1) of bars of its values."""

    text: str
    bars: list[float]


class Line(TypedDict):
    """One difference; ``low`` and ``high`` are where the bars of both begin and end."""

    what: str
    meaning: str
    a: Cell
    b: Cell
    low: str
    high: str


class Part(TypedDict):
    """An object that differs: its name in each, "" where it is in one of them only."""

    a: str
    b: str
    lines: list[Line]


class Told(TypedDict):
    """All that differs; or ``error``: why that cannot be said."""

    parts: list[Part]
    same: list[tuple[str, str]]
    error: str


class Payload(TypedDict):
    """What the two are called, and what differs; None while that is looked up."""

    a: str
    b: str
    told: Told | None


class Explained(TypedDict):
    """What there is to say of the object ``name`` of one of the two.

    ``of`` and ``at`` are where the network view has it, "" and -1 where it has not.
    """

    type: Literal["explained"]
    side: Literal["a", "b"]
    name: str
    text: str
    is_error: bool
    of: Literal["object", "connection", ""]
    at: int


Said = Explained


@dataclass(frozen=True, eq=False)
class Looked(LookSpec):
    """What differs from a simulator, looked up once, by the thread that owns ours."""

    tell: Callable[[Any], Told]
    id: str
    rev: int = 0

    cadence: ClassVar[Cadence] = "once"

    def look(self, sim: Any) -> list[Any]:
        text = json.dumps(self.tell(sim))
        return [("told", np.frombuffer(text.encode(), np.uint8))]


@dataclass(frozen=True, eq=False)
class Known(LookSpec):
    """Where two networks are compared: that is known without a simulator."""

    id: str
    rev: int = 0

    cadence: ClassVar[Cadence] = "once"

    def look(self, sim: Any) -> list[Any]:
        return []


def _is_simulator(obj: Any) -> bool:
    return hasattr(obj, "model") and hasattr(obj, "data")


class Diff(Panel):
    """Two networks or simulators side by side: what differs first, object by object.

    ``Diff(a, b)``: where ``b`` is a network, what was written is compared; where it is a
    simulator, also what was built, what it is now, and what trains. Objects are matched by what
    they are and are joined to (`nengolab.inspect.diff`).
    """

    name = "diff"
    label = "what differs"
    needs_simulator = False
    offered = False

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(obj, place, identity, values)
        self.size = Size(columns=2)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is another network, or a simulator."""
        return isinstance(obj, nengo.Network) or _is_simulator(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 95.0

    @property
    def title(self) -> str:
        return f"{self._called(self.place.network)} | {self._called(self._other)}"

    @property
    def what(self) -> str:
        return "what differs"

    @property
    def _other(self) -> nengo.Network:
        return self.obj if isinstance(self.obj, nengo.Network) else self.obj.model.toplevel

    @staticmethod
    def _called(network: nengo.Network) -> str:
        return network.label or "network"

    def spec(self) -> PanelSpec:
        if isinstance(self.obj, nengo.Network):
            return Known(self.identity.id, self.identity.rev)
        if not self.place.is_awake:
            self.place.session.wake()
        # The spec lives in the session, which must not keep the panel.
        panel = weakref.ref(self)
        return Looked(lambda sim: _looked(panel, sim), self.identity.id, self.identity.rev)

    def layout(self) -> Payload:
        a, b = self._called(self.place.network), self._called(self._other)
        told = None
        if isinstance(self.obj, nengo.Network):
            told = self.tell(self.place.network)
        a, b = (f"{a} (first)", f"{b} (second)") if a == b else (a, b)
        return {"a": a, "b": b, "told": told}

    def tell(self, source: Any) -> Told:
        """Compare, for a page; what cannot be compared is said."""
        try:
            return told_of(inspect.diff(source, self.obj, item=0))
        except (NengoException, ValueError) as error:
            return {"parts": [], "same": [], "error": str(error)}

    def still(self) -> str:
        if not isinstance(self.obj, nengo.Network):
            return ""
        return inspect.diff(self.place.network, self.obj)._repr_html_()

    def handle(self, content: dict[str, Any]) -> None:
        """Explain an object, or compare again."""
        kind = content.get("type")
        if kind == "again":
            self.place.changed(self)
        elif kind == "explain":
            self._explain(str(content.get("side")), str(content.get("name")))
        else:
            super().handle(content)

    def _explain(self, side: str, name: str) -> None:
        if side not in ("a", "b"):
            raise ValidationError(f"there are the sides 'a' and 'b', got {side!r}", "side")
        network = self.place.network if side == "a" else self._other
        obj, bad = Names(network).find(name), False
        try:
            text = inspect.explain(network, name if obj is None else obj).text
        except (NengoException, ValueError) as error:
            text, bad = str(error), True
        seen = obj.obj if isinstance(obj, nengo.Probe) else obj
        at = self._graph.index(seen) if side == "a" and seen is not None else -1
        where = "connection" if isinstance(seen, nengo.Connection) else "object"
        said: Explained = {
            "type": "explained",
            "side": "a" if side == "a" else "b",
            "name": name,
            "text": text,
            "is_error": bad,
            "of": where if at >= 0 else "",
            "at": at,
        }
        self.place.send(self, {**said})

    @cached_property
    def _graph(self) -> Graph:
        return describe(self.place.network, self.place.names)

    def rebuilt(self) -> None:
        self.__dict__.pop("_graph", None)

    def python(self, spec: PanelSpec) -> str:
        return "\n".join(["from nengolab import inspect", "print(inspect.diff(a, b))", ""])


def _looked(panel: weakref.ref[Diff], sim: Any) -> Told:
    found = panel()
    return {"parts": [], "same": [], "error": ""} if found is None else found.tell(sim)


def told_of(found: Differences) -> Told:
    """Say for a page what `nengolab.inspect.diff` found."""
    parts: list[Part] = [
        {"a": a, "b": b, "lines": [_line(row) for row in rows]}
        for (a, b), rows in groupby(found.rows, key=lambda row: (row.a, row.b))
    ]
    differing = {(part["a"], part["b"]) for part in parts}
    same = [pair for pair in found.matched if pair not in differing]
    return {"parts": parts, "same": same, "error": ""}


def _line(row: Differing) -> Line:
    line: Line = {
        "what": row.what,
        "meaning": row.meaning,
        "a": {"text": row.in_a, "bars": []},
        "b": {"text": row.in_b, "bars": []},
        "low": "",
        "high": "",
    }
    if not row.values:
        return line
    small = all(values.size <= FEW_NUMBERS for values in row.values)
    finite = [values[np.isfinite(values)].ravel() for values in row.values]
    every = np.concatenate(finite)
    edges = np.histogram_bin_edges(every, BARS) if every.size else np.arange(BARS + 1.0)
    sides: tuple[Literal["a"], Literal["b"]] = ("a", "b")
    for side, values, good in zip(sides, row.values, finite, strict=True):
        if small:
            line[side]["text"] = _numbers(values)
            continue
        counts = np.histogram(good, edges)[0]
        bars = counts / max(1, counts.max())
        text = line[side]["text"]
        shape = " × ".join(map(str, values.shape))
        line[side] = {
            "text": text if text.startswith("(") else f"{shape}: {text}",
            "bars": [round(float(bar), 3) for bar in bars],
        }
    if not small:
        line["low"], line["high"] = f"{edges[0]:.3g}", f"{edges[-1]:.3g}"
    return line


def _numbers(values: np.ndarray) -> str:
    """A small array, written out."""
    return np.array2string(values, precision=4, separator=", ").replace("\n", "")
