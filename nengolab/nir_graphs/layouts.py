"""Which layers of a circuit are images, and in which order NIR has their elements.

NIR has channels first. A layer with channels last is turned round: what NIR has at place ``i`` is
what Nengo has at ``order[i]``. Layers that are no images are vectors, in Nengo's order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nengolab.exporting.parts import Circuit, Convolving, Link


@dataclass(frozen=True)
class Layout:
    """How a layer lies in NIR.

    Attributes
    ----------
    shape : tuple of int
    last : bool or None
        Of an image: whether Nengo has its channels last.
    """

    shape: tuple[int, ...]
    last: bool | None = None

    @property
    def order(self) -> np.ndarray:
        """Nengo's index of each of NIR's elements."""
        numbers = np.arange(math.prod(self.shape))
        if not self.last:
            return numbers
        nengo_shape = (*self.shape[1:], self.shape[0])
        return np.moveaxis(numbers.reshape(nengo_shape), -1, 0).ravel()


def image(shape: tuple[int, ...], last: bool) -> Layout:
    """The layout of an image of Nengo's."""
    return Layout((shape[-1], *shape[:-1]) if last else tuple(shape), last)


def layouts(circuit: Circuit) -> dict[str, Layout]:
    """The layout of each layer: that of the convolutions and pools that it meets, if any."""
    found: dict[str, Layout] = {}
    for link in circuit.links:
        how = link.weights.convolving
        if how is None or link.source_at is not None or link.target_at is not None:
            continue
        found.setdefault(link.target, image(how.output_shape, how.channels_last))
    for link in circuit.links:
        how = link.weights.convolving
        # A vector that something dense leads to is no image.
        if how is None or link.source_at is not None or _is_vector(circuit, link.source):
            continue
        found.setdefault(link.source, image(how.input_shape, how.channels_last))
    going = True
    while going:
        going = False
        for link in circuit.links:
            if not elementwise(link):
                continue
            for one, other in ((link.source, link.target), (link.target, link.source)):
                if one in found and other not in found:
                    found[other], going = found[one], True
    for layer in circuit.layers:
        found.setdefault(layer.name, Layout((layer.size,)))
    return found


def _is_vector(circuit: Circuit, name: str) -> bool:
    return any(k.weights.convolving is None and not elementwise(k) for k in circuit.into(name))


def elementwise(link: Link) -> bool:
    """Whether a link has a factor for each element and nothing else."""
    whole = link.source_at is None and link.target_at is None
    return whole and link.weights.kind in ("identity", "scale")


def fits(link: Link, found: dict[str, Layout]) -> bool:
    """Whether a convolution or pool has its layers as images, as it sees them."""
    how: Convolving | None = link.weights.convolving
    if how is None or link.source_at is not None or link.target_at is not None:
        return False
    if how.spread:  # NIR has no transposed convolution: it is written as a matrix
        return False
    source, target = found[link.source], found[link.target]
    return source == image(how.input_shape, how.channels_last) and target == image(
        how.output_shape, how.channels_last
    )
