"""The firing-rate plot, in Hz."""

from __future__ import annotations

from typing import Any, TypedDict

from nengolab.live import RatesSpec, StreamSpec
from nengolab.live.heat import Heat
from nengolab_widgets.chosen import numbered
from nengolab_widgets.panel import (
    RANGE,
    OverTime,
    Panel,
    Setting,
    ensemble_of,
    has_neurons,
    is_spiking,
)

# Few enough neurons to tell their lines apart; of more the mean is shown.
MAX_LINES = 6
FIRST_RANGE = (0.0, 50.0)


class Payload(TypedDict):
    """What the page draws: lines from zero over the range that is likely, or rows of an image."""

    axis: str
    lines: list[str]
    likely: tuple[float, float]
    range: tuple[float, float] | None
    image: bool
    per_row: int
    rows: str | None


class Rates(Panel):
    """The rate of each of a few neurons, the mean over many, or all as an image."""

    name = "rates"
    label = "firing rate"
    settings = (
        Setting("tau", "window", 0.05, unit="s", least=0.001, most=10.0),
        Setting("per", "show", "mean", "choice", choices=("mean", "each neuron", "image")),
        RANGE,
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether there are neurons."""
        return has_neurons(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 20.0

    def defaults(self) -> dict[str, Any]:
        few = ensemble_of(self.obj).n_neurons <= MAX_LINES
        return {"per": "each neuron" if few else "mean"}

    def spec(self) -> StreamSpec:
        probe = self.place.probe(ensemble_of(self.obj).neurons)
        common: OverTime = {
            "window": self.place.window,
            "id": self.identity.id,
            "rev": self.identity.rev,
        }
        if self.values["per"] == "image":
            self._spec = Heat(probe, tau=self.values["tau"], **common)
        else:
            per = "population" if self.values["per"] == "mean" else "neuron"
            self._spec = RatesSpec(probe, per=per, tau=self.values["tau"], **common)
        return self._spec

    @property
    def what(self) -> str:
        ensemble = ensemble_of(self.obj)
        mean = self.values["per"] == "mean"
        what = f"mean firing rate of {ensemble.n_neurons} neurons" if mean else "firing rate"
        if isinstance(self._spec, Heat) and self._spec.per_row > 1:
            what += f", a row is the mean of {self._spec.per_row} neurons"
        if is_spiking(ensemble):
            what += f", {self.values['tau'] * 1000:g} ms window"
        return what

    def layout(self) -> Payload:
        n = ensemble_of(self.obj).n_neurons
        image = isinstance(self._spec, Heat)
        mean = self.values["per"] == "mean"
        return {
            "axis": "neuron" if image else "rate (Hz)",
            "lines": ["mean"] if mean else numbered("neuron", tuple(range(n))),
            "likely": FIRST_RANGE,
            "range": self.values["range"],
            "image": image,
            "per_row": self._spec.per_row if isinstance(self._spec, Heat) else 1,
            "rows": None,
        }
