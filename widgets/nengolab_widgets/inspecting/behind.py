"""What neurons behind a Keras layer answer to, as a panel draws it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nengolab import TensorNode
from nengolab.inspect import LayerCurves, layer_curves
from nengolab.live.frames import Arrays
from nengolab.parameters import Parameters

from .answers import PLANE, Answers, Direction, When
from .looked import is_network


@dataclass(frozen=True)
class BehindView:
    """What is looked at: from which layer's input, along what, how far to both sides."""

    layer: TensorNode
    along: tuple[Direction, ...]
    reach: float
    points: bool
    before: bool


class Behind(Answers[BehindView, LayerCurves]):
    """Rates of neurons against the input of a layer before them; see `Answers`."""

    def _rows(self, table: Parameters) -> Parameters:
        assert self._read is not None
        return table.of(*self._read[1].through)

    def _numbers(self, source: Any) -> Hashable:
        return ()  # a network, or nengo's simulator: nothing of it is trained

    @property
    def _of_one(self) -> bool:
        return len(self._view.along) == 2

    def _find(self, source: Any, when: When) -> LayerCurves:
        view = self._view
        along = tuple(d if isinstance(d, int) else list(d) for d in view.along)
        return layer_curves(
            source,
            self._ens,
            layer=view.layer,
            along=along if len(along) == 2 else along[0],
            radius=view.reach,
            n_points=PLANE if self._of_one else self._n_points,
            when=when,
        )

    def _built(self, source: Any, now: LayerCurves) -> LayerCurves | None:
        """Give what it was before training and setting, where that was something else."""
        if is_network(source) or not self._view.before:
            return None
        built = self._as_built(source)
        return None if np.array_equal(now.outputs, built.outputs, equal_nan=True) else built

    def arrays(self, source: Any) -> Arrays:
        now = self._now(source)
        built = self._built(source, now)
        count = self._ens.n_neurons
        rates = now.outputs.reshape(-1, count)
        fastest = np.argmax(np.nan_to_num(rates, nan=-np.inf), axis=0)
        at = now.points.reshape(-1, now.points.shape[-1])[fastest]
        peaks = (at @ now.directions.T).astype(np.float32)
        highest = rates.max(axis=0).astype(np.float32)
        found: Arrays = [
            ("max_rates", highest),
            ("peaks", peaks[:, 0]),
            ("silent", now.silent.astype(np.uint32)),
            ("saturated", now.saturated.astype(np.uint32)),
            ("bad", np.flatnonzero(~np.isfinite(rates).all(axis=0)).astype(np.uint32)),
        ]
        before = None if built is None else built.outputs.reshape(-1, count)
        if before is not None:
            found.append(("changed", np.flatnonzero((rates != before).any(0)).astype(np.uint32)))
        if self._view.points:
            found += [("px", peaks[:, 0]), ("py", highest if len(now.axes) == 1 else peaks[:, 1])]
        if len(now.axes) == 2:
            one = self._one
            found.append(("of", np.array([one], np.uint32)))
            # Rows of an image lie along the second axis.
            for name, curves in (("plane", now), ("built_plane", built)):
                if curves is not None:
                    image = curves.outputs[..., one].T
                    found.append((name, np.ascontiguousarray(image, np.float32)))
            return found
        drawn = self._drawn(source, peaks[:, 0])
        found += [
            ("drawn", drawn.astype(np.uint32)),
            ("x", now.axes[0].astype(np.float32)),
            ("rates", rates.T[drawn].astype(np.float32)),
        ]
        if before is not None:
            found.append(("built_rates", before.T[drawn].astype(np.float32)))
        return found
