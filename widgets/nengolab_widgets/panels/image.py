"""A value as pixels: the picture that a node shows, or what a population makes of it."""

from __future__ import annotations

import math
import re
from typing import Any, Literal, TypedDict

from nengo.exceptions import ValidationError

from nengolab.live import PanelSpec
from nengolab.live.heat import Pictures
from nengolab_widgets.chosen import size_of
from nengolab_widgets.panel import RANGE, Panel, Setting
from nengolab_widgets.values import FILTER, has_value, usual_filter, with_filter

COLOURS = ("grey", "amounts", "signed")
# What comes nearest to them in matplotlib.
MAPS = {"grey": "gray", "amounts": "viridis", "signed": "RdBu_r"}


class Payload(TypedDict):
    """What the page draws: so many pixels, and channels that are colours or stand side by side."""

    height: int
    width: int
    channels: int
    colours: Literal["grey", "amounts", "signed"]
    range: tuple[float, float] | None


class Image(Panel):
    """All values at one instant."""

    name = "image"
    label = "image"
    settings = (
        Setting("shape", "shape", "", "text", hint="such as 28x28 or 32x32x3; empty: guessed"),
        Setting("colours", "colours", "grey", "choice", choices=COLOURS, redraws=True),
        FILTER,
        RANGE,
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether the object has an output with more than one dimension."""
        return has_value(obj) and size_of(obj) > 1

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 22.0 if _is_square(size_of(obj)) and size_of(obj) >= 64 else 60.0

    def defaults(self) -> dict[str, Any]:
        return {"synapse": usual_filter(self.obj, self.place.network)}

    def spec(self) -> Pictures:
        probe = self.place.probe(self.obj, None, self.values["synapse"])
        self._shape = read_shape(self.values["shape"], probe.size)
        return Pictures(
            probe,
            window=self.place.window,
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        height, width, channels = self._shape
        shape = f"{height} × {width}" + (f" × {channels}" if channels > 1 else "")
        return with_filter(f"value, {shape} pixels", self.values["synapse"])

    def layout(self) -> Payload:
        height, width, channels = self._shape
        return {
            "height": height,
            "width": width,
            "channels": channels,
            "colours": self.values["colours"],
            "range": self.values["range"],
        }

    def drawing(self, spec: PanelSpec) -> list[str]:
        height, width, channels = self._shape
        colours, limits = self.values["colours"], self.values["range"]
        low, high = (-1.0, 1.0) if colours == "signed" else (0.0, 1.0)
        lines = [f"picture = sim.data[probe0][-1].reshape({height}, {width}, {channels})"]
        if limits is None:
            lines.append(f"low, high = min({low}, picture.min()), max({high}, picture.max())")
            if colours == "signed":
                lines.append("low, high = -max(-low, high), max(-low, high)")
        else:
            lines.append(f"low, high = {limits[0]}, {limits[1]}")
        if channels == 3:
            lines.append("plt.imshow(np.clip((picture - low) / (high - low), 0, 1))")
        else:
            lines += [
                "side_by_side = np.hstack(np.moveaxis(picture, 2, 0))",
                f'plt.imshow(side_by_side, cmap="{MAPS[colours]}", vmin=low, vmax=high)',
                "plt.colorbar()",
            ]
        return [*lines, 'plt.axis("off")']


def read_shape(text: str, size: int) -> tuple[int, int, int]:
    """Understand a shape, or guess one: height, width, channels.

    Raises
    ------
    ValidationError
        When it is no shape of so many values.
    """
    if text.strip() == "":
        return guess_shape(size)
    parts = re.split(r"\s*[x×,]\s*", text.strip().strip("()"))
    if len(parts) not in (2, 3) or not all(part.isdecimal() for part in parts):
        raise ValidationError(f"shape must be such as 28x28 or 32x32x3, got {text!r}", "shape")
    height, width, channels = [*map(int, parts), 1][:3]
    if height * width * channels != size:
        guessed = "x".join(str(n) for n in guess_shape(size) if n > 1) or "1x1"
        raise ValidationError(
            f"shape {text!r} has {height * width * channels} values, there are {size}; "
            f"{guessed} would do",
            "shape",
        )
    return height, width, channels


def guess_shape(size: int) -> tuple[int, int, int]:
    """Guess a square, a square of three colours, or the rectangle that is nearest to a square."""
    if _is_square(size):
        return math.isqrt(size), math.isqrt(size), 1
    if size % 3 == 0 and size >= 48 and _is_square(size // 3):
        return math.isqrt(size // 3), math.isqrt(size // 3), 3
    height = next(n for n in range(math.isqrt(size), 0, -1) if size % n == 0)
    return height, size // height, 1


def _is_square(size: int) -> bool:
    return math.isqrt(size) ** 2 == size
