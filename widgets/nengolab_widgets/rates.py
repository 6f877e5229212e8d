"""The firing-rate plot, in Hz."""

from __future__ import annotations

from typing import Any

from nengolab.live import Rates

from .plot import PlotKind, ProbeSource, Shown, ensemble_of, has_neurons, is_spiking, layout_of

# Few enough neurons to tell their lines apart; of more the mean is shown.
MAX_LINES = 6
# Time constant (s) of the window over which spikes are counted.
TAU = 0.05
FIRST_RANGE = (0.0, 50.0)


class RatesPlot(PlotKind):
    """The rate of each of a few neurons, or the mean over many."""

    name = "rates"
    label = "firing rate"

    def suits(self, obj: Any) -> bool:
        """Whether there are neurons."""
        return has_neurons(obj)

    def show(self, obj: Any, title: str, window: float, probe_for: ProbeSource) -> Shown:
        """Make the plot; its heading says over what the rate is taken."""
        ensemble = ensemble_of(obj)
        n = ensemble.n_neurons
        per = "neuron" if n <= MAX_LINES else "population"
        spec = Rates(probe_for(ensemble.neurons, None, None), window=window, tau=TAU, per=per)
        what = "firing rate" if per == "neuron" else f"mean firing rate of {n} neurons"
        if is_spiking(ensemble):
            what += f", {round(TAU * 1000)} ms window"
        lines = [f"neuron {i}" for i in range(n)] if per == "neuron" else ["mean"]
        return Shown(spec, layout_of(spec, title, what, "rate (Hz)", lines, FIRST_RANGE))
