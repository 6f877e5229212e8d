"""Signals inside an object: membrane voltage, refractory time, adaptation, and what else it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypedDict

from nengo.ensemble import Neurons

from nengolab.live import StreamSpec
from nengolab.live.heat import Heat
from nengolab.live.samples import Chosen
from nengolab_widgets.chosen import HINT, numbered, read_chosen
from nengolab_widgets.panel import (
    RANGE,
    Identity,
    OverTime,
    Panel,
    Place,
    Setting,
    ensemble_of,
    has_neurons,
)
from nengolab_widgets.values import FILTER, with_filter

# Spikes of more neurons than this are too small to be seen.
FIRST_SHOWN = 3
MOST_LINES = 20
SHOWN = Setting("show", "show", "rows", "choice", choices=("rows", "lines", "image"))
CHOSEN = Setting("neurons", "neurons", "", "text", hint=HINT)
SIGNAL = Setting("signal", "signal", "", "choice")
# What others show better, and what is no vector.
ELSEWHERE = ("output", "spikes", "rates", "decoded_output", "scaled_encoders")
# Name for a person, unit, and range that is likely; a range from zero stays there.
Described = tuple[str, str, tuple[float, float]]
KNOWN: dict[str, Described] = {
    "voltage": ("membrane voltage", "", (0.0, 1.0)),
    "refractory_time": ("refractory time", "s", (0.0, 0.004)),
    "adaptation": ("adaptation", "", (0.0, 0.1)),
    "recovery": ("recovery", "", (-20.0, 20.0)),
    "input": ("input current", "", (0.0, 2.0)),
    "represented input": ("input", "", (-1.2, 1.2)),
}


class Payload(TypedDict):
    """What the page draws: one line, or row of an image, for each name.

    ``rows`` says what a line is of, where each has a row of its own.
    """

    axis: str
    lines: list[str]
    likely: tuple[float, float]
    range: tuple[float, float] | None
    image: bool
    per_row: int
    rows: str | None


class Signal(Panel):
    """A signal of some neurons, or the input of an ensemble, over time."""

    name = "signal"
    label = "membrane voltage and other signals"
    settings = (SIGNAL, CHOSEN, SHOWN, FILTER, RANGE)

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        signals = tuple(self.signals(obj))
        self.settings = (
            replace(SIGNAL, default=signals[0], choices=signals),
            *type(self).settings[1:],
        )
        super().__init__(obj, place, identity, values)

    @classmethod
    def signals(cls, obj: Any) -> dict[str, tuple[Any, str]]:
        """Give the signals of an object by name, the likeliest first: target and attribute."""
        return signals_of(obj)

    @classmethod
    def each(cls, target: Any, attr: str) -> str:
        """What a value of a signal is of: a neuron or a dimension."""
        return "neuron" if isinstance(target, Neurons) else "dimension"

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether there are neurons with a state or an input."""
        return bool(cls.signals(obj))

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 30.0

    def defaults(self) -> dict[str, Any]:
        ensemble = ensemble_of(self.obj)
        few = ensemble is not None and ensemble.n_neurons <= FIRST_SHOWN
        return {"neurons": "" if few else f"0:{FIRST_SHOWN}"}

    def spec(self) -> StreamSpec:
        target, attr = self.signals(self.obj)[self.values["signal"]]
        probe = self.place.probe(target, attr, self.values["synapse"])
        self._each = self.each(target, attr)
        lines = self.values["show"] != "image"
        text = self.values["neurons"] if self._each == "neuron" else ""
        self._chosen = read_chosen(text, probe.size, "neurons", MOST_LINES if lines else None)
        common: OverTime = {
            "window": self.place.window,
            "id": self.identity.id,
            "rev": self.identity.rev,
        }
        kind = Chosen if lines else Heat
        self._spec = kind(probe, chosen=self._chosen, **common)
        return self._spec

    @property
    def what(self) -> str:
        return with_filter(self._described[0], self.values["synapse"])

    @property
    def _described(self) -> Described:
        signal = self.values["signal"]
        return KNOWN.get(signal, (signal.replace("_", " "), "", (0.0, 1.0)))

    def layout(self) -> Payload:
        name, unit, likely = self._described
        image = isinstance(self._spec, Heat)
        axis = f"{name} ({unit})" if unit else name
        return {
            "axis": self._each if image else axis,
            "lines": numbered(self._each, self._chosen),
            "likely": likely,
            "range": self.values["range"],
            "image": image,
            "per_row": self._spec.per_row if isinstance(self._spec, Heat) else 1,
            "rows": self._each if self.values["show"] == "rows" else None,
        }


def signals_of(obj: Any) -> dict[str, tuple[Any, str]]:
    """Give the signals of an object by name, the likeliest first: what to probe, and its attribute.

    An ensemble has those of its neurons, and its own input.
    """
    if not has_neurons(obj):
        return {}
    ensemble = ensemble_of(obj)
    neurons = ensemble.neurons
    found = {a: (neurons, a) for a in neurons.probeable if a not in (*ELSEWHERE, "input")}
    found = dict(sorted(found.items(), key=lambda item: item[0] != "voltage"))
    found["input"] = (neurons, "input")
    if ensemble is obj:
        found["represented input"] = (ensemble, "input")
    return found
