"""What the benchmark's notebooks import, in the kernel: networks to look at, and who counts steps.

A copy of this file lies beside them, so that any version of engine and panel can be measured.
"""

from __future__ import annotations

import statistics
import threading
import time
from typing import Any

import nengo
import numpy as np

KINDS = ("value", "raster", "value", "rates")


def network(ensembles: int = 100, neurons: int = 50, seed: int = 1) -> nengo.Network:
    """Make ensembles that follow a sine wave, and a Node for the slider; ``net.drive``."""
    with nengo.Network(seed=seed, label=f"{ensembles} ensembles of {neurons}") as net:
        net.drive = nengo.Node([0.0], label="drive")
        wave = nengo.Node(lambda t: np.sin(6 * t), label="wave")
        for index in range(ensembles):
            ens = nengo.Ensemble(neurons, 1, label=f"ensemble {index}")
            nengo.Connection(wave, ens)
            nengo.Connection(net.drive, ens, transform=0.2)
    return net


def mixed(net: nengo.Network, count: int) -> list[tuple[nengo.Ensemble, str]]:
    """Choose plots of mixed kinds, each of another ensemble."""
    return [(net.ensembles[index], KINDS[index % len(KINDS)]) for index in range(count)]


class Turns(threading.Thread):
    """Lets sessions run in turn and counts their steps a second; the main thread stays free.

    Parameters
    ----------
    sessions
        By name.
    seconds
        How long each runs in a round, after half a second that is not counted.
    rounds
        How often.
    """

    def __init__(self, sessions: dict[str, Any], seconds: float, rounds: int) -> None:
        super().__init__(daemon=True)
        self.sessions, self.seconds, self.rounds = sessions, seconds, rounds
        self.rates: dict[str, list[float]] = {name: [] for name in sessions}
        self.start()

    def run(self) -> None:
        for _ in range(self.rounds):
            for name, session in self.sessions.items():
                self.rates[name].append(self._rate(session))

    def _rate(self, session: Any) -> float:
        session.play().result()
        time.sleep(0.5)
        at, steps = time.perf_counter(), session.n_steps
        time.sleep(self.seconds)
        rate = (session.n_steps - steps) / (time.perf_counter() - at)
        session.pause().result()
        return rate

    def result(self) -> dict[str, float] | None:
        """Give the median steps a second by name; None while it is going on."""
        if self.is_alive():
            return None
        return {name: statistics.median(rates) for name, rates in self.rates.items()}


class Pulse(threading.Thread):
    """Notes the longest time (s) in which a running session made no step, until it is stopped."""

    def __init__(self, session: Any) -> None:
        super().__init__(daemon=True)
        self.session, self.longest, self.going = session, 0.0, True
        self.start()

    def run(self) -> None:
        steps, at = self.session.n_steps, time.perf_counter()
        while self.going:
            time.sleep(0.002)
            now = time.perf_counter()
            self.longest = max(self.longest, now - at)
            if self.session.n_steps != steps:
                steps, at = self.session.n_steps, now

    def stop(self) -> float:
        """End, and give what was noted."""
        self.going = False
        self.join()
        return self.longest
