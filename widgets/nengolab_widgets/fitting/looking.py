"""What is seen of a network while it trains, for a page: answers to samples, confusion, steps."""

from __future__ import annotations

import time
from collections.abc import Hashable
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengolab.live.frames import Arrays
from nengolab.runs.choices import amplitude_of, highest_rate, neuron_probes
from nengolab.runs.firing import firing
from nengolab.runs.ready import Ready

from .form import drawable
from .told import Layer, Moved, Seen, finite

# So many items are drawn, wrong ones first; and of no more classes is there a confusion.
WRONG, RIGHT, MOST_CLASSES = 6, 6, 40
# Seconds since a page was last told something, after which nobody looks.
AWAY = 5.0
NOTHING: Seen = {
    "epoch": 0,
    "items": 0,
    "right": 0,
    "samples": [],
    "moved": [],
    "problem": "",
    "layers": [],
    "points": [],
}


class Looking:
    """Looks on while a plan is trained.

    Parameters
    ----------
    plan : Ready or None
        Without one, data of which nothing is known are trained on.
    pictures : ndarray
        The items that are kept back, as they were given, to be drawn; empty where they cannot be.
    network : nengo.Network
    dt : float
        Length of a step (s).

    Attributes
    ----------
    watching : nengolab.runs.watching.Watching
        For the run.
    """

    def __init__(
        self, plan: Ready | None, pictures: np.ndarray, network: nengo.Network, dt: float
    ) -> None:
        from nengolab.runs.watching import Watching  # loads Keras

        self._pictures = pictures
        self._targets: np.ndarray | None = None
        self._asked = float("-inf")
        self._items: dict[str, np.ndarray] = {}
        self._drawn: list[int] = []
        # Of a network how much it fires for an item, and the share of right answers, by epoch.
        self._points: dict[int, tuple[float, float]] = {}
        self._kinds = neuron_probes(network)
        self.watching = Watching(wanted=self._is_wanted)
        checked = None if plan is None else plan.fit.get("validation_data")
        if plan is None or checked is None:
            return
        (x, y), probe = checked, plan.plan.probe
        if _are_classes(y[probe]):
            self._targets = np.asarray(y[probe])[:, 0].ravel().astype(int)
        elif not self._kinds:
            return
        self._items = x
        self._seconds = dt * next(iter(x.values())).shape[1]
        layers = {name: amplitude_of(kind) for name, kind in self._kinds.items()}
        self.watching = Watching(x, probe, plan.plan.batch_size, layers, self._is_wanted)

    def _is_wanted(self) -> bool:
        return time.monotonic() - self._asked < AWAY

    def heard_of(self) -> None:
        """Note that a page looks."""
        self._asked = time.monotonic()

    def version(self) -> Hashable:
        """Tell what was seen apart."""
        return self.watching.count, self.watching.problem

    def told(self) -> tuple[Seen, Arrays]:
        """Give what a page draws: images or curves, outputs of all classes, counts."""
        watching, targets = self.watching, self._targets
        seen: Seen = {
            **NOTHING,
            "moved": [_moved(step) for step in watching.steps],
            "problem": watching.problem,
        }
        answers = watching.answers
        if answers is None:
            return seen, []
        seen["epoch"], seen["items"] = answers.epoch, len(answers.outputs)
        # Of neurons whose rates are no numbers there is nothing to draw.
        known = all(np.isfinite(rates).all() for rates in answers.rates.values())
        if known:
            seen["layers"] = [self._layer(name, rates) for name, rates in answers.rates.items()]
        if targets is None:
            return seen, []
        outputs = answers.outputs
        wanted, found = targets[: len(outputs)], outputs.argmax(axis=1)
        good = wanted == found
        chosen = [*np.flatnonzero(~good)[:WRONG], *np.flatnonzero(good)[:RIGHT]]
        self._drawn = [int(i) for i in chosen]
        seen["right"] = int(good.sum())
        if answers.rates and known:
            spikes = sum(float(rates.sum(axis=1).mean()) for rates in answers.rates.values())
            self._points[answers.epoch] = (spikes * self._seconds, float(good.mean()))
        seen["points"] = [(epoch, *point) for epoch, point in self._points.items()]
        seen["samples"] = [(int(wanted[i]), int(found[i])) for i in chosen]
        arrays: Arrays = [("bars", np.ascontiguousarray(outputs[chosen], np.float32))]
        if len(self._pictures) > max(chosen, default=-1):
            arrays.append(("pictures", np.ascontiguousarray(self._pictures[chosen], np.float32)))
        if (classes := outputs.shape[1]) <= MOST_CLASSES:
            counts = np.zeros((classes, classes), np.int32)
            np.add.at(counts, (wanted, found), 1)
            arrays.append(("confusion", counts))
        return seen, arrays

    def shown(self, place: int) -> dict[str, np.ndarray]:
        """Give what is fed of an item that is drawn, ``(steps, size)``, by input.

        Raises
        ------
        ValidationError
            Where none is drawn there.
        """
        if not 0 <= place < len(self._drawn):
            raise ValidationError(f"there is no sample {place} among {len(self._drawn)}", "item")
        return {name: array[self._drawn[place]] for name, array in self._items.items()}

    def _layer(self, name: str, rates: np.ndarray) -> Layer:
        found = firing(rates, highest_rate(self._kinds[name]))
        return {
            "name": name,
            "neurons": found.neurons,
            "mean": found.mean,
            "dead": found.dead,
            "saturated": found.saturated,
            "counts": found.counts.tolist(),
            "top": found.top,
        }


def _moved(step: Any) -> Moved:
    gradient = None if step.gradient is None else finite(step.gradient)
    return {"name": step.name, "gradient": gradient, "update": finite(step.update)}


def _are_classes(targets: Any) -> bool:
    return targets.shape[2] == 1 and (targets[:, 0] == np.floor(targets[:, 0])).all()


def pictures_of(array: np.ndarray, how: str, kept: int) -> np.ndarray:
    """The items from ``kept`` on, as `nengolab_widgets.fitting.form.drawable` draws them."""
    return drawable(array[kept:], how)
