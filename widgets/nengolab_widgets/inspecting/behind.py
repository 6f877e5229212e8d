"""What neurons behind a Keras layer answer to, as a panel draws it."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np

from nengolab import TensorNode
from nengolab.inspect import LayerCurves, layer_curves
from nengolab.live.frames import Arrays
from nengolab.parameters import Parameters

from .looked import Looked, digest, is_network
from .tuned import COARSE, FINE, MOST_CURVES, PLANE, Direction


@dataclass(frozen=True)
class BehindView:
    """What is looked at: from which layer's input, along what, how far to both sides."""

    layer: TensorNode
    along: tuple[Direction, ...]
    reach: float
    points: bool
    before: bool


class Behind(Looked):
    """Rates of neurons against the input of a layer before them, sent again when they changed.

    Parameters
    ----------
    ens : nengo.Ensemble
    view : BehindView
    picked : callable
        Gives the numbers of the picked neurons.
    """

    def __init__(
        self,
        ens: nengo.Ensemble,
        view: BehindView,
        picked: Callable[[], tuple[int, ...]],
        id: str,
        rev: int,
    ) -> None:
        super().__init__(id, rev)
        self._ens, self._view, self._picked = ens, view, picked
        self._read: tuple[Any, LayerCurves] | None = None
        self._first: tuple[Any, LayerCurves] | None = None

    def state(self, source: Any) -> Hashable:
        matters = self._ens.n_neurons > MOST_CURVES or len(self._view.along) == 2
        return self._numbers(source), self._picked() if matters else ()

    def _numbers(self, source: Any) -> Hashable:
        """Tell the numbers apart that the curves follow from."""
        table = getattr(source, "parameters", None)
        if not isinstance(table, Parameters):
            return id(source)  # a network, or nengo's simulator: nothing of it is trained
        if self._read is None or self._read[0] is not source:
            self._now(source)
        assert self._read is not None
        with table.settled():
            held = [row.held for row in table.of(*self._read[1].through).values()]
        return id(source), digest(*held)

    def _now(self, source: Any) -> LayerCurves:
        found = self._curves(source, "now")
        self._read = (source, found)
        return found

    def _curves(self, source: Any, when: Any) -> LayerCurves:
        view = self._view
        line = FINE if self._ens.n_neurons <= 100 else COARSE
        along = tuple(d if isinstance(d, int) else list(d) for d in view.along)
        return layer_curves(
            source,
            self._ens,
            layer=view.layer,
            along=along if len(along) == 2 else along[0],
            radius=view.reach,
            n_points=PLANE if len(along) == 2 else line,
            when=when,
        )

    def _built(self, source: Any, now: LayerCurves) -> LayerCurves | None:
        """Give what it was before training and setting, where that was something else."""
        if is_network(source) or not self._view.before:
            return None
        if self._first is None or self._first[0] is not source:
            self._first = (source, self._curves(source, "built"))
        built = self._first[1]
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
        if built is not None:
            before = built.outputs.reshape(-1, count)
            found.append(("changed", np.flatnonzero((rates != before).any(0)).astype(np.uint32)))
        if self._view.points:
            found += [("px", peaks[:, 0]), ("py", highest if len(now.axes) == 1 else peaks[:, 1])]
        if len(now.axes) == 2:
            picked = self._picked()
            one = picked[-1] if picked else 0
            found.append(("of", np.array([one], np.uint32)))
            # Rows of an image lie along the second axis.
            for name, curves in (("plane", now), ("built_plane", built)):
                if curves is not None:
                    image = curves.outputs[..., one].T
                    found.append((name, np.ascontiguousarray(image, np.float32)))
            return found
        drawn = np.arange(count)
        if count > MOST_CURVES:
            even = np.argsort(peaks[:, 0], kind="stable")
            even = even[np.linspace(0, count - 1, MOST_CURVES).astype(int)]
            drawn = np.union1d(even, np.array(self._picked(), int))
        found += [
            ("drawn", drawn.astype(np.uint32)),
            ("x", now.axes[0].astype(np.float32)),
            ("rates", rates.T[drawn].astype(np.float32)),
        ]
        if built is not None:
            found.append(("built_rates", before.T[drawn].astype(np.float32)))
        return found
