"""The firing-rate plot, in Hz."""

from __future__ import annotations

from typing import Any, TypedDict

from nengolab.live import Rates as RatesSpec
from nengolab_widgets.panel import RANGE, Panel, Setting, ensemble_of, has_neurons, is_spiking

# Few enough neurons to tell their lines apart; of more the mean is shown.
MAX_LINES = 6
FIRST_RANGE = (0.0, 50.0)


class Payload(TypedDict):
    """What the page draws: lines from zero, over the range that is likely."""

    axis: str
    lines: list[str]
    likely: tuple[float, float]
    range: tuple[float, float] | None


class Rates(Panel):
    """The rate of each of a few neurons, or the mean over many."""

    name = "rates"
    label = "firing rate"
    settings = (
        Setting("tau", "window", 0.05, unit="s", least=0.001, most=10.0),
        Setting("per", "show", "mean", "choice", choices=("mean", "each neuron")),
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

    def spec(self) -> RatesSpec:
        return RatesSpec(
            self.place.probe(ensemble_of(self.obj).neurons),
            window=self.place.window,
            tau=self.values["tau"],
            per="population" if self.values["per"] == "mean" else "neuron",
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        ensemble = ensemble_of(self.obj)
        mean = self.values["per"] == "mean"
        what = f"mean firing rate of {ensemble.n_neurons} neurons" if mean else "firing rate"
        if is_spiking(ensemble):
            what += f", {self.values['tau'] * 1000:g} ms window"
        return what

    def layout(self) -> Payload:
        n = ensemble_of(self.obj).n_neurons
        mean = self.values["per"] == "mean"
        return {
            "axis": "rate (Hz)",
            "lines": ["mean"] if mean else [f"neuron {i}" for i in range(n)],
            "likely": FIRST_RANGE,
            "range": self.values["range"],
        }
