"""What differs between two networks or simulators, object by object."""

from __future__ import annotations

import json
from collections.abc import Hashable
from itertools import groupby
from typing import Any, Literal, TypedDict

import nengo
import numpy as np
from nengo.exceptions import NengoException, ValidationError

from nengolab import inspect
from nengolab.inspect import Differences, Differing
from nengolab.live import PanelSpec
from nengolab.names import Names
from nengolab_widgets.arrangement import Size
from nengolab_widgets.graph import describe
from nengolab_widgets.inspecting.looked import Looked, is_network, text
from nengolab_widgets.panel import Panel

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
    """All that differs, and the names of what is alike."""

    parts: list[Part]
    same: list[tuple[str, str]]


class Payload(TypedDict):
    """What the two are called."""

    a: str
    b: str


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


Said = Explained | Told


class Compared(Looked):
    """What differs between a network or simulator and another; looked up when it is asked for.

    Parameters
    ----------
    other : Network or Simulator
    """

    def __init__(self, other: Any, id: str, rev: int) -> None:
        super().__init__(id, rev)
        self._other, self._times = other, 0

    def again(self) -> None:
        """Compare them as they are now."""
        self._times += 1

    def state(self, source: Any) -> Hashable:
        return self._times, is_network(source)

    def arrays(self, source: Any) -> list[Any]:
        told = told_of(compared(source, self._other))
        return [("told", text(json.dumps(told)))]


def compared(source: Any, other: Any) -> Differences:
    """Compare as networks where one of them is no simulator."""
    if is_network(other) and not is_network(source):
        source = source.model.toplevel
    return inspect.diff(source, other, item=0)


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
    looks = True
    offered = False
    wants = "compares with a second nengo.Network or simulator, Diff(a, b)"
    usual_size = Size(columns=2)

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

    def spec(self) -> Compared:
        self._compared = Compared(self.obj, self.identity.id, self.identity.rev)
        return self._compared

    def layout(self) -> Payload:
        a, b = self._called(self.place.network), self._called(self._other)
        a, b = (f"{a} (first)", f"{b} (second)") if a == b else (a, b)
        return {"a": a, "b": b}

    def still(self) -> str:
        return compared(self.place.network, self.obj).to_html()

    def handle(self, content: dict[str, Any]) -> None:
        """Explain an object, or compare again."""
        kind = content.get("type")
        if kind == "again":
            self._compared.again()
        elif kind == "explain":
            self._explain(str(content.get("side")), str(content.get("name")))
        else:
            super().handle(content)

    def _explain(self, side: str, name: str) -> None:
        if side not in ("a", "b"):
            raise ValidationError(f"there are the sides 'a' and 'b', got {side!r}", "side")
        network = self.place.network if side == "a" else self._other
        obj: Any = Names(network).find(name)
        bad = False
        try:
            words = inspect.explain(network, name if obj is None else obj).text
        except (NengoException, ValueError) as error:
            words, bad = str(error), True
        seen = getattr(obj, "obj", obj)  # of a probe, what it is of
        at = -1
        if side == "a" and seen is not None:
            at = describe(network, self.place.names).index(seen)
        where = "connection" if isinstance(seen, nengo.Connection) else "object"
        said: Explained = {
            "type": "explained",
            "side": "a" if side == "a" else "b",
            "name": name,
            "text": words,
            "is_error": bad,
            "of": where if at >= 0 else "",
            "at": at,
        }
        self.place.send(self, {**said})

    def python(self, spec: PanelSpec) -> str:
        return "\n".join(["from nengolab import inspect", "print(inspect.diff(a, b))", ""])


def told_of(found: Differences) -> Told:
    """Say for a page what `nengolab.inspect.diff` found."""
    parts: list[Part] = [
        {"a": a, "b": b, "lines": [_line(row) for row in rows]}
        for (a, b), rows in groupby(found.rows, key=lambda row: (row.a, row.b))
    ]
    differing = {(part["a"], part["b"]) for part in parts}
    same = [pair for pair in found.matched if pair not in differing]
    return {"parts": parts, "same": same}


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
        said = line[side]["text"]
        shape = " × ".join(map(str, values.shape))
        line[side] = {
            "text": said if said.startswith("(") else f"{shape}: {said}",
            "bars": [round(float(bar), 3) for bar in bars],
        }
    if not small:
        line["low"], line["high"] = f"{edges[0]:.3g}", f"{edges[-1]:.3g}"
    return line


def _numbers(values: np.ndarray) -> str:
    """A small array, written out."""
    return np.array2string(values, precision=4, separator=", ").replace("\n", "")
