"""Firing rates and synapses that were tried, as one picture from which a setting is picked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypedDict

import numpy as np
from nengo.exceptions import ValidationError

from nengolab.live import PanelSpec
from nengolab_widgets.arrangement import Size
from nengolab_widgets.converted.made import called, is_tuned
from nengolab_widgets.panel import Identity, Place, Setting
from nengolab_widgets.telling import Telling
from nengolab_widgets.variables import notebook_variables

# Points of a curve of accuracy over time.
MOST_POINTS = 200


class TriedLine(TypedDict):
    """A setting: ``rate`` (Hz), times (s), accuracy as a share, spikes for each item.

    ``ms`` and ``by_step`` are its curve; ``first`` is None where no item was ever right.
    """

    rate: float
    synapse: float
    accuracy: float
    latency: float
    first: float | None
    spikes: float
    ms: list[float]
    by_step: list[float]


class Payload(TypedDict):
    """Which setting is picked, -1 for none, and the code that uses it."""

    chosen: int
    code: list[str]


class TunedMessage(TypedDict):
    """All that was tried; ``best`` is the place of the one that `Tuned.best` gives.

    ``why`` says what it is the best by.
    """

    type: Literal["tuned"]
    keras: float
    best: int
    why: str
    tried: list[TriedLine]
    problem: str


Said = TunedMessage


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("the number of a setting, counted from 0")
    return value


class Tune(Telling):
    """What `Converter.tune` found: accuracy, latency and spikes of each setting, one to be picked.

    A click or the keys pick; the code that converts with that setting stands below, and
    ``chosen`` has its number in ``found.tried``.
    """

    name = "tune"
    label = "firing rates and synapses tried"
    offered: ClassVar[bool] = False
    usual_size = Size(columns=2)
    settings = (
        Setting("chosen", "setting", None, "kept", redraws=True, optional=True, check=_whole),
    )

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        self._tuned = obj
        super().__init__(obj, place, identity, values)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is what `Converter.tune` gives."""
        return is_tuned(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 10.0

    @property
    def title(self) -> str:
        return self.place.network.label or "network"

    @property
    def what(self) -> str:
        return "accuracy against spikes and time"

    def take(self, values: Mapping[str, Any]) -> bool:
        """See `Panel.take`; a setting that was not tried is refused."""
        count, number = len(self._tuned.tried), values.get("chosen")
        if isinstance(number, int) and not 0 <= number < count:
            raise ValidationError(
                f"settings 0 to {count - 1} were tried, got {number}"
                if count
                else f"no setting was tried, so there is no number {number}",
                "chosen",
            )
        return super().take(values)

    def deed(self, values: Mapping[str, Any]) -> str:
        return f"the setting picked in {self.title}"

    @property
    def chosen(self) -> Any:
        """The setting that is picked, None for none."""
        number = self.values["chosen"]
        return None if number is None else self._tuned.tried[number]

    def layout(self) -> Payload:
        number = self.values["chosen"]
        return {"chosen": -1 if number is None else number, "code": self.code()}

    def code(self) -> list[str]:
        """Give the lines that convert with the setting that is picked."""
        if self.chosen is None:
            return []
        variables = notebook_variables()
        names = [n for n, v in variables.items() if v is self._tuned and not n.startswith("_")]
        converter = called(self.place.network, variables)
        found, number = names[0] if names else "found", self.values["chosen"]
        options = ", ".join(f"{name}={value!r}" for name, value in self.chosen.options.items())
        return [
            f"best = {converter}.again(**{found}.tried[{number}].options)",
            f"best = {converter}.again({options})  # the same, without {found}",
        ]

    def told(self) -> TunedMessage:
        """Give what pages are told."""
        from nengolab.converting.tuning import KEEPS  # loads TensorFlow; what was tried has it

        found = self._tuned
        said: TunedMessage = {
            "type": "tuned",
            "keras": found.keras_accuracy,
            "best": -1,
            "why": "",
            "tried": [],
            "problem": "",
        }
        if not found.tried:
            said["problem"] = (
                "No setting was tried. converter.tune(data, labels, scales=[10, 50, 200], "
                "synapses=[0, 0.005]) tries six"
            )
            return said
        said["tried"] = [_line(one, found.dt) for one in found.tried]
        best = found.best
        said["best"] = next(i for i, one in enumerate(found.tried) if one is best)
        kept = best.accuracy >= KEEPS * found.keras_accuracy
        said["why"] = (
            f"A star is the setting with the fewest spikes that keeps {KEEPS:.0%} of it."
            if kept
            else f"No setting keeps {KEEPS:.0%} of it; a star is the most accurate one."
        )
        return said

    def python(self, spec: PanelSpec) -> str:
        lines = ["print(found)", *self.code()[:1]]
        return "\n".join([*lines, ""])


def _line(tried: Any, dt: float) -> TriedLine:
    n = len(tried.by_step)
    # The first and the last step are among those that are kept.
    kept = np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).round().astype(int))
    first = float(tried.first_correct)
    return {
        "rate": float(tried.rate),
        "synapse": float(tried.synapse),
        "accuracy": float(tried.accuracy),
        "latency": float(tried.latency),
        "first": first if math.isfinite(first) else None,
        "spikes": float(tried.spikes),
        "ms": (1000 * dt * (kept + 1)).tolist(),
        "by_step": np.asarray(tried.by_step, float)[kept].tolist(),
    }
