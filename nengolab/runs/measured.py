"""How long a batch takes, before a run begins."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from nengolab.runs.ready import Ready

# Batches: the first is compiled, the others are timed.
BATCHES = 4


class _Clock(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.ended: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.ended.append(time.perf_counter())


def seconds_a_batch(sim: Any, plan: Ready) -> float | None:
    """Train a few batches, see how long they take, and put everything back as it was.

    Parameters
    ----------
    sim : nengolab.Simulator
        Compiled.
    plan : Ready
        Its data.

    Returns
    -------
    float or None
        The median of the batches after the first; None where there are no arrays to take some of.
    """
    if plan.items is None:
        return None
    items = plan.plan.batch_size * BATCHES
    clock = _Clock()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "before.npz"
        sim.save_checkpoint(path, 0)
        try:
            sim.fit(
                _some(plan.x, items),
                _some(plan.y, items),
                batch_size=plan.plan.batch_size,
                verbose=0,
                callbacks=[clock],
            )
        finally:
            sim.load_checkpoint(path)
    between = np.diff(clock.ended)
    return float(np.median(between)) if len(between) else None


def _some(data: Mapping[str, np.ndarray], items: int) -> dict[str, np.ndarray]:
    """So many items of the data, from the start again where there are fewer."""
    return {name: array[np.arange(items) % len(array)] for name, array in data.items()}
