"""Timing two simulators in turn, and judging whether the results agree."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import nengo
import numpy as np
from nengo.cache import NoDecoderCache

import nengolab

CHECK_STEPS = 500
SLICE_SECONDS = 0.6
ROUNDS = 3
# Decoded values of spiking networks in single against double precision: RMS, relative to the
# largest value where that is above 1.
TOLERANCE = 1e-2


@dataclass
class Result:
    """What one network gave.

    Attributes
    ----------
    name : str
    build_s, first_s : tuple of float
        Seconds to build, and to compile and run the first steps: nengo's, ours.
    rate : tuple of float
        Steady steps a second (median of the rounds): nengo's, ours.
    error : float
        RMS difference of the probe over the first steps.
    problem : str
        Why it did not run, or why it counts as wrong.
    """

    name: str
    build_s: tuple[float, float] = (0.0, 0.0)
    first_s: tuple[float, float] = (0.0, 0.0)
    rate: tuple[float, float] = (0.0, 0.0)
    error: float = float("nan")
    problem: str = ""

    @property
    def ratio(self) -> float:
        """Our speed over nengo's; 0 where the result is wrong or there is none."""
        return 0.0 if self.problem or not self.rate[0] else self.rate[1] / self.rate[0]


def measure(name: str, make: Callable[[], nengo.Network]) -> Result:
    """Time one network on both simulators, in turn."""
    result = Result(name)
    net = make()
    try:
        theirs, built_theirs = _timed(lambda: _nengo(net))
        ours, built_ours = _timed(lambda: nengolab.Simulator(net, progress_bar=False))
    except nengolab.exceptions.BuildError as err:
        result.problem = f"BuildError: {err}"
        return result
    with theirs, ours:
        result.build_s = (built_theirs, built_ours)
        result.first_s = tuple(
            _timed(lambda s=sim: s.run_steps(CHECK_STEPS, progress_bar=False))[1]
            for sim in (theirs, ours)
        )
        expected, got = theirs.data[net.probe], ours.data[net.probe]
        result.error = float(np.sqrt(np.mean((expected - got) ** 2)))
        if not result.error <= TOLERANCE * max(1.0, np.abs(expected).max()):
            result.problem = f"wrong: RMS error {result.error:.2g}"
        rates: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for sim, found in zip((theirs, ours), rates, strict=True):
                found.append(_steps_a_second(sim))
        result.rate = tuple(map(statistics.median, rates))
    return result


def _nengo(net: nengo.Network) -> nengo.Simulator:
    """nengo.Simulator with its decoder cache off, so that both solve for decoders."""
    model = nengo.builder.Model(dt=0.001, decoder_cache=NoDecoderCache())
    return nengo.Simulator(net, model=model, progress_bar=False)


def _timed(do: Callable):
    started = time.perf_counter()
    result = do()
    return result, time.perf_counter() - started


def _steps_a_second(sim) -> float:
    """Speed over about ``SLICE_SECONDS``, in calls long enough not to time the calling."""
    steps, done, started = 200, 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SLICE_SECONDS:
        sim.run_steps(steps, progress_bar=False)
        done += steps
        steps = min(20_000, 2 * steps)
    sim.clear_probes()
    return done / elapsed


def geometric_mean(results: list[Result]) -> float:
    """Geometric mean of the ratios; 0 where any is 0."""
    ratios = [r.ratio for r in results]
    return float(np.exp(np.mean(np.log(ratios)))) if ratios and all(ratios) else 0.0
