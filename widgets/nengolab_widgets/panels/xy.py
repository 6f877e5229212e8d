"""The x-y plot: one value against another, with the trail behind it."""

from __future__ import annotations

from typing import Any, TypedDict

from nengolab.live import PanelSpec
from nengolab.live.samples import Samples
from nengolab_widgets.chosen import size_of
from nengolab_widgets.narrowing import is_tuple
from nengolab_widgets.panel import RANGE, Panel, Setting, times_of, title_of
from nengolab_widgets.values import FILTER, has_value, likely_range, usual_filter, with_filter


class Payload(TypedDict):
    """What the page draws: names of the axes, their range, and how long the trail is (s)."""

    x: str
    y: str
    likely: tuple[float, float]
    range: tuple[float, float] | None
    trail: float


class XY(Panel):
    """Two dimensions of one object, or one of each of two, on equal axes."""

    name = "xy"
    label = "x-y"
    settings = (
        Setting("x", "x dimension", 0.0, least=0, most=1e6),
        Setting("y", "y dimension", 1.0, least=0, most=1e6),
        Setting("trail", "trail", 0.5, unit="s", least=0.01, most=60.0),
        FILTER,
        RANGE,
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is a pair of objects with values, or one with two dimensions."""
        if is_tuple(obj):
            return len(obj) == 2 and all(has_value(part) and size_of(part) for part in obj)
        return has_value(obj) and size_of(obj) >= 2

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 25.0

    @property
    def _pair(self) -> tuple[Any, Any]:
        first, second = self.obj if is_tuple(self.obj) else (self.obj, self.obj)
        return first, second

    def defaults(self) -> dict[str, Any]:
        filters = [usual_filter(part, self.place.network) for part in self._pair]
        known = [synapse for synapse in filters if synapse is not None]
        return {
            "y": 0.0 if isinstance(self.obj, tuple) else 1.0,
            "synapse": known[0] if known else None,
        }

    def spec(self) -> Samples:
        probes = [self.place.probe(part, None, self.values["synapse"]) for part in self._pair]
        columns = zip(probes, (int(self.values["x"]), int(self.values["y"])), strict=True)
        return Samples(
            tuple(columns),
            window=max(self.place.window, self.values["trail"]),
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        return with_filter("x-y", self.values["synapse"])

    def layout(self) -> Payload:
        ranges = [likely_range(part) for part in self._pair]
        names = [title_of(part, self.place.names) for part in self._pair]
        axes = [
            f"{name} {int(self.values[axis])}" if isinstance(self.obj, tuple) else None
            for name, axis in zip(names, "xy", strict=True)
        ]
        return {
            "x": axes[0] or f"dimension {int(self.values['x'])}",
            "y": axes[1] or f"dimension {int(self.values['y'])}",
            "likely": (min(low for low, _ in ranges), max(high for _, high in ranges)),
            "range": self.values["range"],
            "trail": self.values["trail"],
        }

    def drawing(self, spec: PanelSpec) -> list[str]:
        assert isinstance(spec, Samples)
        (first, i), (second, j) = spec.columns
        other = spec.probes.index(second)
        layout = self.layout()
        y = f"sim.data[probe{other}][:, {j}]"
        if first.sample_every != second.sample_every:
            y = f"np.interp(t, {times_of(second)}, {y})"
        limits = layout["range"]
        return [
            f"t = {times_of(first)}",
            f"x, y = sim.data[probe0][:, {i}], {y}",
            f"trail = t > t[-1] - {self.values['trail']:g}",
            "plt.plot(x[trail], y[trail])",
            'plt.plot(x[-1], y[-1], "o")',
            'plt.axis("equal")',
            *([] if limits is None else [f"plt.axis({[*limits, *limits]})"]),
            f"plt.xlabel({layout['x']!r})",
            f"plt.ylabel({layout['y']!r})",
        ]
