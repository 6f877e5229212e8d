"""The power spectrum of values, over a window of time."""

from __future__ import annotations

from typing import Any, TypedDict

from nengolab.live import PanelSpec
from nengolab.live.samples import Samples
from nengolab_widgets.chosen import HINT, numbered, size_of
from nengolab_widgets.panel import Panel, Setting, times_of
from nengolab_widgets.values import has_value, samples_of_span, with_filter

MOST = 6


class Payload(TypedDict):
    """What the page computes: spectra of the last ``span`` seconds, up to ``highest`` Hz."""

    names: list[str]
    span: float
    highest: float | None
    logarithmic: bool


class Spectrum(Panel):
    """Power for each frequency (Welch's method), a line for each dimension.

    The filter is none at first: it would show its own spectrum, too.
    """

    name = "spectrum"
    label = "power spectrum"
    settings = (
        Setting("span", "window", 2.0, unit="s", least=0.05, most=60.0),
        Setting(
            "highest", "up to", 100.0, unit="Hz", least=0.1, most=1e6, optional=True, redraws=True
        ),
        Setting("scale", "scale", "log", "choice", choices=("log", "linear"), redraws=True),
        Setting("dims", "dimensions", "", "text", hint=HINT),
        Setting("synapse", "filter", None, unit="s", least=0.0, most=100.0, optional=True),
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether the object has an output with dimensions."""
        return has_value(obj) and size_of(obj) > 0

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 72.0

    def defaults(self) -> dict[str, Any]:
        return {"dims": "0" if size_of(self.obj) > MOST else ""}

    def spec(self) -> Samples:
        self._dims, spec = samples_of_span(self, MOST)
        return spec

    @property
    def what(self) -> str:
        what = f"power spectrum of the last {self.values['span']:g} s"
        return with_filter(what, self.values["synapse"])

    def layout(self) -> Payload:
        return {
            "names": numbered("dimension", self._dims),
            "span": self.values["span"],
            "highest": self.values["highest"],
            "logarithmic": self.values["scale"] == "log",
        }

    def drawing(self, spec: PanelSpec) -> list[str]:
        plot = "semilogy" if self.values["scale"] == "log" else "plot"
        highest = self.values["highest"]
        return [
            "from scipy.signal import welch",
            f"t = {times_of(spec.probes[0])}",
            f"values = sim.data[probe0][t > t[-1] - {self.values['span']:g}]",
            "size = 2 ** int(np.log2(len(values) / (2 if len(values) >= 256 else 1)))",
            f"for dim in {list(self._dims)}:",
            "    frequency, power = welch(values[:, dim], 1 / (t[1] - t[0]), nperseg=size)",
            f'    plt.{plot}(frequency[1:], power[1:], label=f"{{dim}}")',
            *([] if highest is None else [f"plt.xlim(0, {highest:g})"]),
            'plt.xlabel("frequency (Hz)")',
            'plt.ylabel("power (1/Hz)")',
            'plt.legend(title="dimension")',
        ]
