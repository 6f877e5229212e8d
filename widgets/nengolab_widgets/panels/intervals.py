"""Inter-spike intervals, over a window of time."""

from __future__ import annotations

from typing import Any, TypedDict

from nengolab.live import PanelSpec
from nengolab.live.samples import Spikes
from nengolab_widgets.chosen import HINT, read_chosen
from nengolab_widgets.panel import Panel, Setting, ensemble_of, is_spiking, times_of

FIRST_SHOWN = 100


class Payload(TypedDict):
    """What the page counts: intervals of these neurons in the last ``span`` seconds."""

    neurons: list[int]
    span: float
    longest: float
    bins: int


class Intervals(Panel):
    """How often a neuron spikes again after so long, over all chosen neurons."""

    name = "intervals"
    label = "inter-spike intervals"
    settings = (
        Setting("span", "window", 2.0, unit="s", least=0.01, most=60.0),
        Setting("longest", "up to", 0.1, unit="s", least=0.001, most=60.0, redraws=True),
        Setting("bins", "bins", 50.0, least=2, most=500, redraws=True),
        Setting("neurons", "neurons", "", "text", hint=HINT),
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether there are neurons that spike."""
        return is_spiking(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 74.0

    def defaults(self) -> dict[str, Any]:
        many = ensemble_of(self.obj).n_neurons > FIRST_SHOWN
        return {"neurons": f"0:{FIRST_SHOWN}" if many else ""}

    def spec(self) -> Spikes:
        probe = self.place.probe(ensemble_of(self.obj).neurons)
        self._chosen = read_chosen(self.values["neurons"], probe.size, "neurons")
        return Spikes(
            probe,
            window=max(self.place.window, self.values["span"]),
            neurons=slice(min(self._chosen), max(self._chosen) + 1),
            whole=True,
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        count = len(self._chosen)
        return (
            f"inter-spike intervals of {count} neuron{'s' if count > 1 else ''}, "
            f"last {self.values['span']:g} s"
        )

    def layout(self) -> Payload:
        return {
            "neurons": list(self._chosen),
            "span": self.values["span"],
            "longest": self.values["longest"],
            "bins": int(self.values["bins"]),
        }

    def drawing(self, spec: PanelSpec) -> list[str]:
        longest = self.values["longest"] * 1000
        return [
            f"t = {times_of(spec.probes[0])}",
            f"late = t > t[-1] - {self.values['span']:g}",
            f"spikes = sim.data[probe0][late][:, {list(self._chosen)}] > 0",
            "each = [1000 * np.diff(t[late][fired]) for fired in spikes.T]",
            "intervals = np.concatenate(each)",
            "variations = [i.std() / i.mean() for i in each if len(i) > 1]",
            f"plt.hist(intervals, {int(self.values['bins'])}, range=(0, {longest:g}))",
            "if variations:",
            "    mean, variation = intervals.mean(), np.mean(variations)",
            '    plt.title(f"mean {mean:.3g} ms, mean CV of neurons {variation:.2f}")',
            'plt.xlabel("interval (ms)")',
            'plt.ylabel("intervals")',
        ]
