"""How often values were where, over a window of time."""

from __future__ import annotations

from typing import Any, TypedDict

from nengolab.live import PanelSpec
from nengolab.live.samples import Samples
from nengolab_widgets.chosen import HINT, numbered, size_of
from nengolab_widgets.panel import RANGE, Panel, Setting, times_of
from nengolab_widgets.values import (
    FILTER,
    has_value,
    likely_range,
    samples_of_span,
    usual_filter,
    with_filter,
)

MOST = 6


class Payload(TypedDict):
    """What the page counts: samples of the last ``span`` seconds, in so many bins."""

    names: list[str]
    likely: tuple[float, float]
    range: tuple[float, float] | None
    bins: int
    span: float


class Histogram(Panel):
    """The share of samples in each bin, a curve for each dimension."""

    name = "histogram"
    label = "histogram"
    settings = (
        Setting("span", "window", 2.0, unit="s", least=0.01, most=60.0),
        Setting("bins", "bins", 40.0, least=2, most=500, redraws=True),
        Setting("dims", "dimensions", "", "text", hint=HINT),
        FILTER,
        RANGE,
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether the object has an output with dimensions."""
        return has_value(obj) and size_of(obj) > 0

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 70.0

    def defaults(self) -> dict[str, Any]:
        many = size_of(self.obj) > MOST
        return {"synapse": usual_filter(self.obj, self.place.network), "dims": "0" if many else ""}

    def spec(self) -> Samples:
        self._dims, spec = samples_of_span(self, MOST)
        return spec

    @property
    def what(self) -> str:
        what = f"histogram of the last {self.values['span']:g} s"
        return with_filter(what, self.values["synapse"])

    def layout(self) -> Payload:
        return {
            "names": numbered("dimension", self._dims),
            "likely": likely_range(self.obj),
            "range": self.values["range"],
            "bins": int(self.values["bins"]),
            "span": self.values["span"],
        }

    def drawing(self, spec: PanelSpec) -> list[str]:
        bins, limits = int(self.values["bins"]), self.values["range"]
        return [
            f"t = {times_of(spec.probes[0])}",
            f"values = sim.data[probe0][t > t[-1] - {self.values['span']:g}]",
            f"dims = {list(self._dims)}",
            f"edges = np.histogram_bin_edges(values[:, dims], {bins}, range={limits})",
            "for dim in dims:",
            "    share = np.full(len(values), 1 / len(values))",
            '    plt.hist(values[:, dim], edges, weights=share, histtype="step", label=f"{dim}")',
            'plt.xlabel("value")',
            'plt.ylabel("share of samples")',
            'plt.legend(title="dimension")',
        ]
