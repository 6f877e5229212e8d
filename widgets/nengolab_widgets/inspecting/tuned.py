"""What an ensemble answers to, as a panel draws it: curves, a plane, a point for each neuron."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal

import nengo
import numpy as np

from nengolab.inspect import (
    Curves,
    Population,
    on_sphere,
    population,
    response_curves,
    tuning_curves,
)
from nengolab.live.frames import Arrays
from nengolab.parameters import Parameters

from .answers import PLANE, Answers, Direction, When
from .looked import digest, is_network, text

Show = Literal["tuning curves", "response curves", "plane", "sphere"]
Beside = Literal["encoders", "rates and intercepts", "evaluation points", "decoders", "nothing"]
MOST_POINTS = 1000


@dataclass(frozen=True)
class View:
    """What is looked at: the curves, along what, and what stands beside them."""

    show: Show
    along: tuple[Direction, ...]
    beside: Beside
    axes: tuple[Direction, Direction]
    before: bool
    decoded: nengo.Connection | None = None


class Tuned(Answers[View, Population]):
    """What an ensemble answers to by what it represents; see `Answers`."""

    def _find(self, source: Any, when: When) -> Population:
        return population(source, self._ens, when, item=0)

    def _rows(self, table: Parameters) -> Parameters:
        decoded = self._view.decoded
        return table.of(self._ens) if decoded is None else table.of(self._ens, decoded)

    def _numbers(self, source: Any) -> Hashable:
        now = self._now(source, anew=True)
        weights = self._decoders(source, "now")
        return digest(now.scaled_encoders, now.gain, now.bias, weights), str(now.neuron_type)

    @property
    def _of_one(self) -> bool:
        return self._view.show in ("plane", "sphere")

    def arrays(self, source: Any) -> Arrays:
        now = self._now(source)
        built = self._built(source, now)
        over = self._over(now, "")
        found: Arrays = [
            ("max_rates", over.rates.max(axis=0).astype(np.float32)),
            ("intercepts", _single(now.intercepts, now.n_neurons)),
            ("silent", over.silent.astype(np.uint32)),
            ("saturated", over.saturated.astype(np.uint32)),
            ("bad", np.flatnonzero(~_are_numbers(now)).astype(np.uint32)),
        ]
        if self._view.show in ("plane", "sphere"):
            found += self._plane(now, "")
            found += [] if built is None else self._plane(built, "built_")
        else:
            drawn = self._drawn(source, now.bias if now.intercepts is None else now.intercepts)
            curves = self._curves(now.only(drawn))
            found.append(("drawn", drawn.astype(np.uint32)))
            found.append(("x", curves.axes[0].astype(np.float32)))
            found.append(("rates", curves.rates.T.astype(np.float32)))
            if built is not None:
                before = self._keep(
                    "built curves",
                    (built, drawn.tobytes()),
                    lambda: self._curves(built.only(drawn)).rates.T.astype(np.float32),
                )
                found.append(("built_rates", before))
        found += self._points(source, now, "")
        if built is not None:
            found += self._points(source, built, "built_")
            found.append(("changed", np.flatnonzero(_differ(now, built)).astype(np.uint32)))
        return found

    # ---- parts ---------------------------------------------------------------

    def _built(self, source: Any, now: Population) -> Population | None:
        """Give what it was before training, learning and setting, where that was another one."""
        if is_network(source) or not self._view.before:
            return None
        built = self._as_built(source)
        return built if _differ(now, built).any() else None

    def _curves(self, neurons: Population) -> Curves:
        n_points = self._n_points
        if self._view.show != "response curves":
            return tuning_curves(neurons, along=_given(self._view.along[0]), n_points=n_points)
        line, rates = response_curves(neurons, points=np.linspace(-1, 1, n_points))
        return Curves(neurons, (line,), np.zeros((0, 0)), line[:, None], rates)

    def _over(self, neurons: Population, which: str) -> Curves:
        return self._keep(f"over {which}", neurons, lambda: _over_all(neurons))

    def _plane(self, neurons: Population, prefix: str) -> Arrays:
        one = self._one
        first, second, *third = self._view.along
        if third:
            image = self._sphere(neurons.only([one]))
        else:
            pair = (_given(first), _given(second))
            curves = tuning_curves(neurons.only([one]), along=pair, n_points=PLANE)
            # Rows of an image lie along the second axis.
            image = curves.rates[..., 0].T.astype(np.float32)
        return [(f"{prefix}plane", image), (f"{prefix}of", np.array([one], np.uint32))]

    def _sphere(self, neuron: Population) -> np.ndarray:
        """Rates on the sphere from its front and its back, one image below the other."""
        axes: Any = self._view.along
        points = on_sphere(neuron.dimensions, axes, neuron.radius, PLANE)
        # Cells in the middle of an edge alone reach it, and would stand out as knobs.
        across = np.linalg.norm(points[..., list(axes[:2])], axis=-1)
        outside = ~(across < neuron.radius * (1 - 1 / PLANE))
        known = np.where(outside[..., None], 0.0, points)
        rates = tuning_curves(neuron, points=known).rates[..., 0]
        image = np.where(outside, np.nan, rates).swapaxes(1, 2)
        return image.reshape(2 * PLANE, PLANE).astype(np.float32)

    def _points(self, source: Any, of: Population, prefix: str) -> Arrays:
        """Give a point for each neuron, or for each evaluation point."""
        beside, pair = self._view.beside, self._view.axes
        x: Any
        if beside == "nothing":
            return []
        if beside == "rates and intercepts":
            # Nengo's own formula gives rates below 0 where training has left a neuron silent.
            x, y = of.intercepts, self._over(of, prefix).rates.max(axis=0)
        elif beside == "encoders":
            x, y = _coordinates(of.encoders, pair)
        elif beside == "decoders":
            weights = self._decoders(source, "built" if prefix else "now")
            if weights is None:
                return [("beside", text("There are decoders once the network is built."))]
            x, y = (of.intercepts, weights[0]) if len(weights) == 1 else weights[:2]
        else:
            points = of.eval_points
            if len(points) > MOST_POINTS:
                points = points[np.linspace(0, len(points) - 1, MOST_POINTS).astype(int)]
            if of.dimensions > 1:
                x, y = _coordinates(points, pair)
            else:
                x = np.sort(points[:, 0])
                y = (np.arange(len(x)) + 1) / len(x)
        return [
            (f"{prefix}px", _single(x, of.n_neurons)),
            (f"{prefix}py", _single(y, of.n_neurons)),
        ]

    def _decoders(self, source: Any, when: str) -> np.ndarray | None:
        """Give ``(outputs, neurons)`` of the connection; None before it is built."""
        conn = self._view.decoded
        if conn is None or is_network(source):
            return None
        params = source.model.params if when == "built" else source.data
        weights = np.asarray(params[conn].weights, float)
        return weights[0] if weights.ndim == 3 else np.atleast_2d(weights)


def _over_all(neurons: Population) -> Curves:
    """Rates over all that can be represented: along each encoder, from one end to the other."""
    line, rates = response_curves(neurons, points=np.linspace(-1, 1, 9))
    return Curves(neurons, (line,), np.zeros((0, 0)), line[:, None], rates)


def _single(values: Any, count: int) -> np.ndarray:
    """Give numbers in single precision; NaN where a neuron type has none."""
    return np.full(count, np.nan, np.float32) if values is None else np.asarray(values, np.float32)


def _given(direction: Direction) -> Any:
    return direction if isinstance(direction, int) else list(direction)


def _coordinates(vectors: np.ndarray, pair: tuple[Direction, Direction]) -> list[np.ndarray]:
    """Give how far vectors reach along each of two directions."""
    found: list[np.ndarray] = []
    for direction in pair:
        if isinstance(direction, int):
            found.append(vectors[:, direction])
        else:
            along = np.asarray(direction, float)
            found.append(vectors @ (along / np.linalg.norm(along)))
    return found


def _are_numbers(of: Population) -> np.ndarray:
    """Tell neurons of which all numbers are finite."""
    finite = np.isfinite(of.gain) & np.isfinite(of.bias)
    return finite & np.isfinite(of.scaled_encoders).all(axis=1)


def _differ(now: Population, built: Population) -> np.ndarray:
    """Tell the neurons that are others than before."""
    if str(now.neuron_type) != str(built.neuron_type):
        return np.ones(now.n_neurons, bool)
    same = (now.gain == built.gain) & (now.bias == built.bias)
    return ~(same & (now.scaled_encoders == built.scaled_encoders).all(axis=1))
