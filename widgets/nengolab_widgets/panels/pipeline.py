"""One neuron's story: what it is given, its current, voltage and spikes, what the next one gets."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar, TypedDict, cast

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.ensemble import Neurons
from nengo.exceptions import ValidationError

from nengolab import inspect
from nengolab.inspect import Quantity, Story
from nengolab.inspect.running import Readings
from nengolab.inspect.story import prepare_pipeline
from nengolab.live import LookSpec, PanelSpec
from nengolab_widgets.arrangement import Size
from nengolab_widgets.inspecting.looked import Looked, text
from nengolab_widgets.narrowing import is_mapping
from nengolab_widgets.panel import Identity, Panel, Place, Setting, ensemble_of, has_neurons

MOST_STEPS = 2000


class Part(TypedDict):
    """Part of an equation: ``text``; or, ``of`` from 0, a number of that row some steps before."""

    text: str
    of: int
    element: int
    before: int


class Row(TypedDict):
    """A quantity; its values are the array ``q`` and its number, ``(steps, size)``."""

    name: str
    symbol: str
    unit: str
    size: int
    equation: str
    filled: str
    parts: list[Part]


class Told(TypedDict):
    """The story: quantities, steps with a spike and why each of them was, or why there is none."""

    neuron: str
    rows: list[Row]
    spikes: list[int]
    whys: list[str]
    silence: str


class Payload(TypedDict):
    """Which neuron, and for how many steps."""

    ensemble: str
    neuron: int
    n_steps: int


Said = Told


class Prepared:
    """What stories are read with, for as long as a panel is open; compiled beside the run."""

    def __init__(self) -> None:
        self._of: tuple[Any, ...] = ()
        self._readings: Readings | None = None

    def readings(self, sim: Any, ens: nengo.Ensemble, connection: str | None) -> Readings:
        """Give those of an ensemble and a way on: another simulator or way takes others."""
        wanted = (sim, ens, connection)
        if self._readings is None or self._of != wanted:
            self.close()
            self._of, self._readings = wanted, prepare_pipeline(sim, ens, connection)
        return self._readings

    def close(self) -> None:
        """Read no more."""
        if self._readings is not None:
            self._readings.close()
        self._of, self._readings = (), None


class Telling(Looked):
    """A story, told when it is asked for: the simulator runs on for it, and goes back.

    Parameters
    ----------
    ens : nengo.Ensemble
    values : dict
        Settings of the panel.
    prepared : Prepared
    """

    needs_simulator: ClassVar[bool] = True

    def __init__(
        self, ens: nengo.Ensemble, values: Mapping[str, Any], prepared: Prepared, id: str, rev: int
    ) -> None:
        super().__init__(id, rev)
        self._ens, self._values, self._times = ens, dict(values), 0
        self._prepared = prepared

    def again(self) -> None:
        """Tell it from where the run is now."""
        self._times += 1

    def state(self, source: Any) -> Hashable:
        return self._times, self._readings(source).ready

    def _readings(self, source: Any) -> Readings:
        return self._prepared.readings(source, self._ens, self._values["connection"] or None)

    def _pace(self, took: float) -> None:
        """It is told when somebody asks, however long it took the time before."""

    def arrays(self, source: Any) -> list[Any]:
        values = self._values
        readings = self._readings(source)
        if not readings.ready:
            words = "Preparing the story: what it reads is compiled, while the run goes on …"
            return [("waiting", text(words))]
        n_steps = int(values["n_steps"])
        data = {name: np.array(rows, float) for name, rows in values["data"].items()}
        story = inspect.pipeline(
            source,
            (self._ens, int(values["neuron"])),
            n_steps,
            data or None,
            values["connection"] or None,
            readings,
        )
        arrays = [(f"q{i}", q.values.astype(np.float32)) for i, q in enumerate(story.quantities)]
        return [("told", text(json.dumps(told_of(story)))), ("times", story.t), *arrays]


def told_of(story: Story) -> Told:
    """Say for a page what `nengolab.inspect.pipeline` tells."""
    numbers = {q.name: i for i, q in enumerate(story.quantities)}
    return {
        "neuron": story.neuron,
        "rows": [_row(q, numbers) for q in story.quantities],
        "spikes": story.spikes.tolist(),
        "whys": [story.why(int(step)) for step in story.spikes],
        "silence": story.silence,
    }


def _row(q: Quantity, numbers: dict[str, int]) -> Row:
    parts: list[Part] = [
        {"text": part, "of": -1, "element": 0, "before": 0}
        if isinstance(part, str)
        else {"text": "", "of": numbers[part.of], "element": part.element, "before": part.before}
        for part in q.parts
    ]
    return {
        "name": q.name,
        "symbol": q.symbol,
        "unit": q.unit,
        "size": q.values.shape[1],
        "equation": q.equation,
        "filled": q.filled,
        "parts": parts,
    }


def _data(value: Any) -> dict[str, list[Any]]:
    """Check what Nodes are to put out; it is kept as lists, which files can hold."""
    if not is_mapping(value):
        raise ValueError("a dictionary: names of Nodes, and (1, n_steps, size) for each")
    found: dict[str, list[Any]] = {}
    for node, given in value.items():
        array = np.asarray(given, float)
        if not np.isfinite(array).all():
            raise ValueError(f"finite numbers; those of {node!r} are not")
        name = node if isinstance(node, str) else getattr(node, "label", None)
        if not name:
            raise ValueError(f"of Nodes with names; {node!r} has no label: give its name")
        found[name] = array.tolist()
    return found


class Pipeline(Panel):
    """One neuron's story, step by step: one row a quantity, its equation with the numbers.

    The simulator runs on for ``n_steps`` and goes back, so the numbers are its own; a playhead goes
    through the steps, and tells at a spike what pushed the neuron over. Another neuron of the
    ensemble that is picked in any panel is told of instead. ``data`` is what Nodes put out
    meanwhile, ``(1, n_steps, size)`` each, by name.
    """

    name = "pipeline"
    label = "one neuron's story"
    usual_size = Size(columns=2)
    settings = (
        Setting("neuron", "neuron", 0, least=0),
        Setting("n_steps", "steps", 200, least=1, most=MOST_STEPS),
        Setting("connection", "on along", "", "text", hint="empty: the first to other neurons"),
        Setting("data", "data", {}, "kept", check=_data),
    )

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        self._prepared = Prepared()
        super().__init__(obj, place, identity, values)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether there are neurons, or it is one."""
        if isinstance(obj, ObjView):
            return isinstance(obj.obj, Neurons) and len(_chosen(obj)) == 1 and has_neurons(obj.obj)
        return has_neurons(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 24.0

    @property
    def _ens(self) -> nengo.Ensemble:
        return ensemble_of(self.obj.obj if isinstance(self.obj, ObjView) else self.obj)

    def defaults(self) -> dict[str, Any]:
        return {"neuron": _chosen(self.obj)[0]} if isinstance(self.obj, ObjView) else {}

    @property
    def title(self) -> str:
        return self.place.names.get(self._ens)

    @property
    def what(self) -> str:
        return f"story of neuron {int(self.values['neuron'])}"

    def spec(self) -> LookSpec:
        for name in ("neuron", "n_steps"):
            if self.values[name] != int(self.values[name]):
                raise ValidationError(f"must be a whole number, got {self.values[name]!r}", name)
        if self.values["neuron"] >= self._ens.n_neurons:
            raise ValidationError(
                f"{self.title!r} has the neurons 0 to {self._ens.n_neurons - 1}; "
                f"got {self.values['neuron']:g}",
                "neuron",
            )
        self._telling = Telling(
            self._ens, self.values, self._prepared, id=self.identity.id, rev=self.identity.rev
        )
        return self._telling

    def closed(self) -> None:
        self._prepared.close()

    def layout(self) -> Payload:
        return {
            "ensemble": self.title,
            "neuron": int(self.values["neuron"]),
            "n_steps": int(self.values["n_steps"]),
        }

    def handle(self, content: dict[str, Any]) -> None:
        """Tell the story from where the run is now."""
        if content.get("type") == "again":
            self._telling.again()
        else:
            super().handle(content)

    def python(self, spec: PanelSpec) -> str:
        neuron, steps = int(self.values["neuron"]), int(self.values["n_steps"])
        lines = [
            "from nengolab import inspect",
            f"story = inspect.pipeline(sim, ({self.title!r}, {neuron}), {steps})",
            "print(story.at(0))",
            "for step in story.spikes:",
            "    print(story.why(step))",
        ]
        return "\n".join([*lines, ""])


def _chosen(view: ObjView) -> list[int]:
    every = np.arange(int(view.obj.size_out))
    return cast("np.ndarray", every[view.slice]).ravel().tolist()
