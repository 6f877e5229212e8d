"""Two sides measured in turn: what a benchmark of training gives."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras

# Many short rounds: what else runs on the machine then slows both sides alike.
ROUNDS = 11


@dataclass
class Compared:
    """What one training benchmark gave.

    Attributes
    ----------
    name : str
    unit : str
        What is counted a second.
    goal : float
        The ratio to reach.
    rate : tuple of float
        The other side's and ours (medians of rounds in turn).
    first_s : float
        Seconds from our first call to its first batch done, compiling included.
    error : float
        How far what is timed is from the same computed in another way; relative.
    processor : float
        The same ratio by processor time: on a machine that others use it says more.
    problem : str
        Why it did not run, or why it counts as wrong.
    """

    name: str
    unit: str
    goal: float
    rate: tuple[float, float] = (0.0, 0.0)
    first_s: float = float("nan")
    error: float = float("nan")
    processor: float = float("nan")
    problem: str = ""

    @property
    def ratio(self) -> float:
        """Our speed over the other's; 0 where the result is wrong or there is none."""
        if self.problem or not self.rate[0]:
            return 0.0
        return self.rate[1] / self.rate[0]

    def check(self, what: str, error: float, tolerance: float) -> None:
        """Count as wrong what is further off than ``tolerance``."""
        self.error = error
        if not error <= tolerance:
            self.problem = f"wrong: {what} by {error:.2g}"


class Clock(keras.callbacks.Callback):
    """Notes when batches of a ``fit`` end."""

    def __init__(self):
        super().__init__()
        self.ended: list[float] = []

    def on_train_batch_end(self, batch, logs=None):
        self.ended.append(time.perf_counter())

    def between(self) -> list[float]:
        """Seconds from the end of one batch to that of the next."""
        return [b - a for a, b in zip(self.ended, self.ended[1:], strict=False)]


def in_turn(sides: Sequence[Callable[[], list[float]]], rounds: int = ROUNDS) -> list[float]:
    """Median of the seconds that each side returns, the sides taking turns.

    Parameters
    ----------
    sides : sequence of callable
        Each runs once and returns the seconds of every unit of work.
    rounds : int
    """
    found: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, seconds in zip(sides, found, strict=True):
            seconds += side()
    return [statistics.median(seconds) for seconds in found]


def timed(do: Callable[[], object]) -> float:
    """Seconds that ``do()`` takes."""
    started = time.perf_counter()
    do()
    return time.perf_counter() - started
