"""Sliders for the Nodes that a person can drive."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, cast

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengolab import Recording
from nengolab.layers.keras_weights import Ones
from nengolab.names import Names

from .messages import InputLayout
from .narrowing import is_mapping

# More sliders than this for one Node are no control any more; an image is none.
MAX_DIMENSIONS = 8
STEPS = 200

Range = tuple[float, float]


def can_be_driven(node: Any) -> bool:
    """Whether a Node has no input and an output that could be overridden."""
    if not isinstance(node, nengo.Node) or isinstance(node, Ones):
        return False
    return node.size_in == 0 and node.size_out > 0


class InputSliders:
    """One Node and its sliders.

    Parameters
    ----------
    key : str
        What the browser calls it.
    node : nengo.Node
        A Node without input.
    label : str
        Its name.
    limits : (float, float), optional
        Ends of the sliders.
    """

    def __init__(self, key: str, node: nengo.Node, label: str, limits: Range | None) -> None:
        self.key, self.node, self.label = key, node, label
        self.is_constant = isinstance(node.output, np.ndarray)
        self._own = [float(v) for v in node.output] if self.is_constant else [0.0] * node.size_out
        self.limits = limits or default_limits(self._own)
        self.values = list(self._own)
        self.taken = False
        # Name of the recording that it plays.
        self.playing = ""

    def take(self, values: Any) -> None:
        """Note what drives the Node, or with None that it drives itself."""
        self.taken = values is not None
        playing = isinstance(values, Recording)
        self.playing = values.name if playing else ""
        rows = values.values[0] if playing else values
        self.values = list(self._own) if values is None else [float(v) for v in rows]

    def moved(self, dim: int, value: float) -> list[float]:
        """Give what the Node is to put out when one slider is moved: only that changes.

        Raises
        ------
        ValidationError
            When there is no such dimension.
        """
        if not 0 <= dim < len(self.values):
            raise ValidationError(
                f"{self.label!r} has {len(self.values)} dimensions, there is no {dim}", "dim"
            )
        return [*self.values[:dim], float(value), *self.values[dim + 1 :]]

    def layout(self) -> InputLayout:
        """Describe the sliders for the browser."""
        low, high = self.limits
        return {
            "id": self.key,
            "label": self.label,
            "own": "constant" if self.is_constant else "function",
            "taken": self.taken,
            "playing": self.playing,
            "values": self.values,
            "min": low,
            "max": high,
            "step": slider_step(low, high),
        }


def default_limits(values: list[float]) -> Range:
    """Give -1 to 1, or wider where the Node's own value needs it."""
    largest = max((abs(v) for v in values), default=0.0)
    if largest <= 1.0:
        return -1.0, 1.0
    # Room to go beyond the value it starts with, and round ends.
    power = 10 ** math.floor(math.log10(2 * largest))
    reach = math.ceil(2 * largest / power) * power
    return -reach, reach


def slider_step(low: float, high: float) -> float:
    """Give a step of 1, 2 or 5 times a power of ten, about a two-hundredth of the way."""
    raw = (high - low) / STEPS
    power = 10.0 ** math.floor(math.log10(raw))
    return power * max(f for f in (1, 2, 5) if f * power <= raw * (1 + 1e-9))


class Inputs:
    """The driven Nodes of a Lab.

    Parameters
    ----------
    network : nengo.Network
        Whose Nodes.
    chosen : list of Node, dict of Node to (low, high), or None
        None takes every Node without input and with few dimensions.

    Raises
    ------
    ValidationError
        When something chosen cannot be driven, or a range is none.
    """

    def __init__(self, network: nengo.Network, names: Names, chosen: Any = None) -> None:
        pairs = _read(network, names, chosen)
        shown = [node for node, _ in pairs]
        self._large = sum(can_be_driven(node) and node not in shown for node in network.all_nodes)
        self._wanted = chosen is None or bool(pairs)
        self._inputs = {
            f"input-{i}": InputSliders(f"input-{i}", node, names.get(node), limits)
            for i, (node, limits) in enumerate(pairs)
        }

    def layout(self) -> list[InputLayout] | None:
        """Describe all sliders for the browser; None when a person wants none."""
        if not self._wanted:
            return None
        return [entry.layout() for entry in self._inputs.values()]

    @property
    def why_none(self) -> str:
        """What to say where there is nothing to drive."""
        if self._large:
            who, them = (
                ("1 Node has", "it") if self._large == 1 else (f"{self._large} Nodes have", "them")
            )
            return (
                f"{who} more than {MAX_DIMENSIONS} dimensions and so no sliders; name {them} in "
                f"inputs=[...] to have {them} all the same."
            )
        return "No Node to drive. Add a nengo.Node with a constant output to get a slider here."

    def find(self, key: str) -> InputSliders:
        """Find the input that the browser means.

        Raises
        ------
        ValidationError
            When there is none.
        """
        if key not in self._inputs:
            raise ValidationError(f"there is no input {key!r}", "node")
        return self._inputs[key]

    def of(self, node: nengo.Node) -> InputSliders | None:
        """Find the input of a Node, None where it has no sliders."""
        return next((entry for entry in self._inputs.values() if entry.node is node), None)


def _read(
    network: nengo.Network, names: Names, chosen: Any
) -> list[tuple[nengo.Node, Range | None]]:
    if chosen is None:
        nodes = [node for node in network.all_nodes if can_be_driven(node)]
        return [(node, None) for node in nodes if node.size_out <= MAX_DIMENSIONS]
    pairs: list[tuple[Any, Any]]
    if is_mapping(chosen):
        pairs = list(chosen.items())
    elif isinstance(chosen, Iterable):
        pairs = [(node, None) for node in cast("Iterable[Any]", chosen)]
    else:
        pairs = [(chosen, None)]
    found: list[tuple[nengo.Node, Range | None]] = []
    for node, limits in pairs:
        if not can_be_driven(node):
            raise ValidationError(
                f"{names.get(node)!r} cannot have a slider; only a Node without input can", "inputs"
            )
        found.append((node, None if limits is None else _read_limits(names.get(node), limits)))
    return found


def _read_limits(name: str, limits: Any) -> Range:
    try:
        low, high = (float(v) for v in limits)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValidationError(
            f"the range of {name!r} must be two numbers (low, high), got {limits!r}", "inputs"
        )
    return low, high
