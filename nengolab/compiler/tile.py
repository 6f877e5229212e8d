"""What the emitters of a region are given for one tile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Tensor = Any


@dataclass(frozen=True)
class TileArguments:
    """What a region computes a tile from.

    Attributes
    ----------
    params, state : dict
        Of the region's groups.
    held : tensor
        Inputs that stay as they are, ``(batch, size)``.
    series : dict
        What earlier regions and inputs give in each step, ``(capacity, batch, ...)``.
    start : tensor of int64
        Steps done before the tile.
    n_steps : tensor of int32
    capacity : int
        Of how many steps arrays have room; at least ``n_steps``, and known when they are traced.
    """

    params: dict[str, Tensor]
    state: dict[str, Tensor]
    held: Tensor
    series: dict[str, Tensor]
    start: Tensor
    n_steps: Tensor
    capacity: int

    @property
    def tensors(self) -> tuple:
        """What a compiled function takes: all but the capacity, which is fixed in it."""
        return self.params, self.state, self.held, self.series, self.start, self.n_steps

    def of(self, tensors: tuple) -> TileArguments:
        """The same of the tensors that a compiled function is given."""
        params, state, held, series, start, n_steps = tensors
        return TileArguments(params, state, held, series, start, n_steps, self.capacity)

    def share(self, items: slice) -> TileArguments:
        """What some items of the batch are computed from."""
        if items.indices(self.held.shape[0]) == (0, self.held.shape[0], 1):
            return self
        return replace(
            self,
            state={k: v[items] for k, v in self.state.items()},
            held=self.held[items],
            series={k: v[:, items] for k, v in self.series.items()},
        )
