"""What is seen of a network while it trains, for a page: answers to samples, confusion, steps."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from nengolab.live.frames import Arrays
from nengolab.runs.ready import Ready

from .form import drawable
from .told import Seen

# So many items are drawn, wrong ones first; and of no more classes is there a confusion.
WRONG, RIGHT, MOST_CLASSES = 6, 6, 40
NOTHING: Seen = {"epoch": 0, "items": 0, "right": 0, "samples": [], "moved": [], "problem": ""}


class Looking:
    """Looks on while a plan is trained.

    Parameters
    ----------
    plan : Ready or None
        Without one, data of which nothing is known are trained on.
    pictures : ndarray
        The items that are kept back, as they were given, to be drawn; empty where they cannot be.

    Attributes
    ----------
    watching : nengolab.runs.watching.Watching
        For the run.
    """

    def __init__(self, plan: Ready | None, pictures: np.ndarray) -> None:
        from nengolab.runs.watching import Watching  # loads Keras

        self._pictures = pictures
        self._targets: np.ndarray | None = None
        checked = None if plan is None else plan.fit.get("validation_data")
        if plan is None or checked is None or not _are_classes(checked[1][plan.plan.probe]):
            self.watching = Watching()
            return
        x, y = checked
        self._targets = np.asarray(y[plan.plan.probe])[:, 0].ravel().astype(int)
        self.watching = Watching(x, plan.plan.probe, plan.plan.batch_size)

    def version(self) -> Hashable:
        """Tell what was seen apart."""
        return self.watching.count, self.watching.problem

    def told(self) -> tuple[Seen, Arrays]:
        """Give what a page draws: images or curves, outputs of all classes, counts."""
        watching, targets = self.watching, self._targets
        seen: Seen = {
            **NOTHING,
            "moved": [
                {"name": s.name, "gradient": s.gradient, "update": s.update} for s in watching.steps
            ],
            "problem": watching.problem,
        }
        answers = watching.answers
        if answers is None or targets is None:
            return seen, []
        outputs = answers.outputs
        wanted, found = targets[: len(outputs)], outputs.argmax(axis=1)
        good = wanted == found
        chosen = [*np.flatnonzero(~good)[:WRONG], *np.flatnonzero(good)[:RIGHT]]
        seen["epoch"], seen["items"] = answers.epoch, len(outputs)
        seen["right"] = int(good.sum())
        seen["samples"] = [(int(wanted[i]), int(found[i])) for i in chosen]
        arrays: Arrays = [("bars", np.ascontiguousarray(outputs[chosen], np.float32))]
        if len(self._pictures) > max(chosen, default=-1):
            arrays.append(("pictures", np.ascontiguousarray(self._pictures[chosen], np.float32)))
        if (classes := outputs.shape[1]) <= MOST_CLASSES:
            counts = np.zeros((classes, classes), np.int32)
            np.add.at(counts, (wanted, found), 1)
            arrays.append(("confusion", counts))
        return seen, arrays


def _are_classes(targets: Any) -> bool:
    return targets.shape[2] == 1 and (targets[:, 0] == np.floor(targets[:, 0])).all()


def pictures_of(array: np.ndarray, how: str, kept: int) -> np.ndarray:
    """The items from ``kept`` on, as `nengolab_widgets.fitting.form.drawable` draws them."""
    return drawable(array[kept:], how)
