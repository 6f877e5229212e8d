"""What every panel says of itself to the session: what it looks at, how often, what is kept."""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nengo.exceptions import ValidationError

from .frames import Arrays
from .probes import LiveProbe

if TYPE_CHECKING:
    from .tracks import Track

Cadence = Literal["stream", "on_change", "once"]

_numbers = itertools.count(1)


def new_id() -> str:
    """Make an id that no other panel has."""
    return f"panel-{next(_numbers)}"


class PanelSpec(ABC):
    """What a session sends for one panel.

    A spec is a value: a panel whose settings change gets another spec with the same ``id``
    and a higher ``rev``.

    Attributes
    ----------
    id : str
        Names the panel in frames.
    rev : int
        Counts the specs of one panel; a page drops frames of an older one.
    cadence : {"stream", "on_change", "once"}
        In every frame; when what it shows has changed; in one frame.
    """

    cadence: ClassVar[Cadence] = "stream"
    id: str
    rev: int = 0

    @property
    def probes(self) -> tuple[LiveProbe, ...]:
        """What is probed for it: none, one or many."""
        return ()


class StreamSpec(PanelSpec):
    """A spec of data over time, which the recorder keeps in a track.

    Attributes
    ----------
    window : float
        Seconds that the panel shows.
    period : float
        Seconds of the clock between two frames that hold it, at least: for what shows only how
        things stand, which nobody needs with every picture.
    """

    period: ClassVar[float] = 0.0
    window: float

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """Panels with equal keys share one track."""

    @abstractmethod
    def make_track(self, dt: float) -> Track:
        """Make what keeps the data; called when no panel with this key has one yet."""

    @property
    @abstractmethod
    def bytes_a_step(self) -> float:
        """Memory that a step takes in the track; 0 where it is bounded otherwise."""


class LookSpec(PanelSpec):
    """A spec of what is not data over time: it is looked up, by the owner thread.

    Override `version` for cadence "on_change".

    Attributes
    ----------
    period : float
        Seconds between two questions whether it has changed.
    needs_simulator : bool
        Whether there is nothing to look up in a session that sleeps; else `look` and `version` are
        given what such a session is of: a network, or a simulator that is somebody else's.
    """

    cadence: ClassVar[Cadence] = "once"
    period: float = 0.25
    needs_simulator: ClassVar[bool] = True

    def version(self, sim: Any) -> Hashable:
        """Tell states apart: the panel is sent again when it differs."""
        return 0

    @abstractmethod
    def look(self, sim: Any) -> Arrays:
        """Give the arrays to show; ``sim`` is the `nengolab.Simulator`."""


def check_probe(spec: Any, probe: Any) -> None:
    """Raise a ValidationError when a spec was given something else than a `LiveProbe`."""
    if not isinstance(probe, LiveProbe):
        raise ValidationError(
            f"got {probe!r}; Session.add_probe, of an object or of a nengo.Probe, "
            "gives what a plot takes",
            "probe",
            spec,
        )


def check_seconds(spec: Any, name: str) -> None:
    """Raise a ValidationError when an attribute is no positive time."""
    value = getattr(spec, name)
    if not (isinstance(value, (int, float)) and math.isfinite(value) and value > 0):
        raise ValidationError(f"must be a positive time in seconds, got {value!r}", name, spec)


def window_steps(spec: StreamSpec, dt: float) -> int:
    """Count the steps in a panel's window."""
    return max(1, round(spec.window / dt))
