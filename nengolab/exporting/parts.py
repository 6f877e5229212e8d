"""A network as plain data: layers, the links between them, and nothing of Nengo's or TensorFlow's.

Bundles, NIR graphs and estimates of energy are all made of this.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

import numpy as np

from nengolab.exceptions import ValidationError

INPUT, SUM, NEURONS, OUTPUT = "input", "sum", "neurons", "output"
SPIKING = ("LIF", "SpikingRectifiedLinear", "IntegrateAndFire")


@dataclass(frozen=True)
class Convolving:
    """How a kernel goes over an image.

    Attributes
    ----------
    input_shape, output_shape : tuple of int
        With channels.
    strides : tuple of int
    padding : tuple of (int, int)
        Zeros before and after each spatial axis.
    channels_last : bool
    groups : int
    spread : tuple of int
        How far apart the places of the input are laid first, zeros between them: of transposed
        convolutions. Empty where they stay.
    """

    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    channels_last: bool
    groups: int = 1
    spread: tuple[int, ...] = ()


@dataclass(frozen=True)
class Weights:
    """What a link computes of a vector, ``(size_in,)`` to ``(size_out,)``.

    Attributes
    ----------
    kind : str
        ``identity``; ``scale``: a factor or one for each element; ``dense``: a matrix
        ``(size_out, size_in)``; ``sparse``: nonzeros with ``rows`` and ``columns``;
        ``convolution``: a kernel ``(*size, channels in a group, filters)``.
    shape : (int, int)
        ``(size_out, size_in)``.
    values, rows, columns : ndarray, optional
    convolving : Convolving, optional
    pooling : tuple of int, optional
        Of a sparse matrix: it takes means over windows of this size, as ``convolving`` says.
    """

    kind: str
    shape: tuple[int, int]
    values: np.ndarray | None = None
    rows: np.ndarray | None = None
    columns: np.ndarray | None = None
    convolving: Convolving | None = None
    pooling: tuple[int, ...] | None = None

    @property
    def array(self) -> np.ndarray:
        """The values; a 1 for an identity."""
        return np.ones(()) if self.values is None else self.values


@dataclass(frozen=True)
class Filter:
    """A synapse, discretised: ``x' = A x + B u``, ``y = C x' `` or, with D, ``y = C x + D u``.

    What reads a link with one sees at a step what the filter gave at the end of the step before.

    Attributes
    ----------
    kind : str
        Nengo's class: ``Lowpass``, ``Alpha``, ``LinearFilter``.
    tau : float or None
        Time constant (s) of a lowpass or alpha filter.
    A, B, C, D : ndarray
        ``(order, order)``, ``(order,)``, ``(order,)``, ``()``.
    """

    kind: str
    tau: float | None
    A: np.ndarray
    B: np.ndarray
    C: np.ndarray
    D: np.ndarray


@dataclass(frozen=True)
class Layer:
    """A vector of the network and what computes it from the sum of what comes in.

    Attributes
    ----------
    name : str
    kind : str
        ``input``, ``sum``, ``neurons`` or ``output``.
    shape : tuple of int
    neurons : dict, optional
        ``type`` and its constants: ``tau_rc``, ``tau_ref`` (s), ``amplitude``, ``min_voltage``.
    gain, bias, voltage : ndarray ``(size,)``, optional
        ``voltage`` at the start. A ``bias`` may be of a sum too.
    value : ndarray ``(size,)``, optional
        Of an input to which nothing is fed.
    fixed : bool
        Whether nothing ever is.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    neurons: dict[str, Any] | None = None
    gain: np.ndarray | None = None
    bias: np.ndarray | None = None
    voltage: np.ndarray | None = None
    value: np.ndarray | None = None
    fixed: bool = False

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)

    @property
    def spikes(self) -> bool:
        """Whether it has spiking neurons."""
        return self.neurons is not None and self.neurons["type"] in SPIKING


@dataclass(frozen=True)
class Link:
    """What one layer adds to the input of another.

    ``target[target_at] += gain[target_at] * filter(weights(source[source_at]))``.

    Attributes
    ----------
    name, source, target : str
    weights : Weights
    source_at, target_at : ndarray of int, optional
        Which elements; None for all.
    gain : bool
        Whether the gain of the neurons behind is a factor.
    filter : Filter, optional
    fixed : dict, optional
        Of whole numbers: ``multiplier`` and ``shift`` after the weights, ``rate`` of a filter;
        ``scale`` and ``bits`` say what the weights stand for.
    """

    name: str
    source: str
    target: str
    weights: Weights
    source_at: np.ndarray | None = None
    target_at: np.ndarray | None = None
    gain: bool = False
    filter: Filter | None = None
    fixed: dict[str, Any] | None = None


@dataclass
class Circuit:
    """A network: its layers in the order in which a step computes them, and their links.

    Attributes
    ----------
    name : str
    dt : float
        Length of a step (s).
    layers : list of Layer
    links : list of Link
    left_out : dict of str to str
        What of the network is not in it, and why.
    fixed_point : bool
        Whether it is in whole numbers.
    """

    name: str
    dt: float
    layers: list[Layer]
    links: list[Link]
    left_out: dict[str, str] = field(default_factory=dict)
    fixed_point: bool = False

    def layer(self, name: str) -> Layer:
        """The layer of this name."""
        return next(layer for layer in self.layers if layer.name == name)

    def of_kind(self, kind: str) -> list[Layer]:
        """Layers of a kind."""
        return [layer for layer in self.layers if layer.kind == kind]

    def into(self, name: str) -> list[Link]:
        """Links to a layer."""
        return [link for link in self.links if link.target == name]

    def out_of(self, name: str) -> list[Link]:
        """Links from a layer."""
        return [link for link in self.links if link.source == name]

    def with_layer(self, changed: Layer) -> None:
        """Put a layer in place of that of its name."""
        self.layers = [changed if o.name == changed.name else o for o in self.layers]

    def copy(self) -> Circuit:
        """One that can be changed without this one."""
        return replace(self, layers=list(self.layers), links=list(self.links))

    def ordered(self) -> Circuit:
        """The same with layers in the order of a step.

        Raises
        ------
        ValidationError
            For a loop without a synapse.
        """
        waits: dict[str, set[str]] = {layer.name: set() for layer in self.layers}
        for link in self.links:
            if link.filter is None:
                waits[link.target].add(link.source)
        try:
            order = list(TopologicalSorter(waits).static_order())
        except CycleError as err:
            loop = " -> ".join(map(repr, err.args[1]))
            raise ValidationError(
                f"there is a loop without a synapse, {loop}, so no step can be computed; give one "
                "of its connections a synapse",
                attr="network",
            ) from err
        place = {name: i for i, name in enumerate(order)}
        layers = sorted(self.layers, key=lambda layer: place[layer.name])
        return replace(self, layers=layers)
