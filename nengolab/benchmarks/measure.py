"""Timing two simulators in turn, and judging whether the results agree."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import nengo
import numpy as np

import nengolab
from nengolab.benchmarks.networks import Swing, sense_act

CHECK_STEPS = 500
CHECK_STEPS_BATCH = 300
SLICE_SECONDS = 0.6
ROUNDS = 3
# Decoded values of spiking networks in single against double precision: RMS over the largest.
TOLERANCE = 1e-2
# An answer that stays below this could as well be that of a network that does nothing.
PROVES = 0.1


@dataclass
class Measured:
    """What one network gave.

    Attributes
    ----------
    name : str
    items : int
        Batch items that nengolab ran at once; nengo.Simulator runs one.
    ready_s : tuple of float
        Seconds from the call to the first step done, compiling included: nengo's, ours.
    rate : tuple of float
        Steady steps a second (median of the rounds): nengo's, ours.
    error : float
        RMS difference of the probe over the first steps, over all items.
    problem : str
        Why it did not run, or why it counts as wrong.
    """

    name: str
    items: int = 1
    ready_s: tuple[float, float] = (0.0, 0.0)
    rate: tuple[float, float] = (0.0, 0.0)
    error: float = float("nan")
    problem: str = ""

    @property
    def ratio(self) -> float:
        """Our speed per item over nengo's; 0 where the result is wrong or there is none."""
        if self.problem or not self.rate[0]:
            return 0.0
        return self.items * self.rate[1] / self.rate[0]


def measure(name: str, make: Callable[[], nengo.Network], items: int = 1) -> Measured:
    """Time one network on both simulators, in turn.

    Parameters
    ----------
    items : int
        With more than one, nengolab runs that many copies at once.
    """
    result = Measured(name, items)
    net = make()
    batch = None if items == 1 else items
    try:
        ours, ready_ours = _timed(
            lambda: _stepped(
                nengolab.Simulator(net, minibatch_size=batch, progress_bar=False),
            )
        )
    except nengolab.exceptions.BuildError as err:
        result.problem = f"BuildError: {err}"
        return result
    theirs, ready_theirs = _timed(lambda: _stepped(nengo.Simulator(net, progress_bar=False)))
    with theirs, ours:
        result.ready_s = (ready_theirs, ready_ours)
        _check(result, net, theirs, ours)
        rates: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for sim, found in zip((theirs, ours), rates, strict=True):
                found.append(_steps_a_second(sim))
        result.rate = (statistics.median(rates[0]), statistics.median(rates[1]))
    return result


def _stepped(sim):
    sim.step()
    return sim


def _check(result: Measured, net: nengo.Network, theirs, ours) -> None:
    steps = CHECK_STEPS if result.items == 1 else CHECK_STEPS_BATCH
    for sim in (theirs, ours):
        sim.run_steps(steps, progress_bar=False)
    expected, got = theirs.data[net.probe], ours.data[net.probe]
    result.error = float(np.sqrt(np.mean((expected - got) ** 2)))
    largest = float(np.abs(expected).max())
    if largest < PROVES:
        result.problem = f"its answer, at most {largest:.2g}, proves nothing"
    elif not result.error <= TOLERANCE * largest:
        result.problem = f"wrong: RMS error {result.error:.2g} of {largest:.2g}"


def without_decoder_cache() -> None:
    """Turn Nengo's decoder cache off in this process: both are to solve for decoders."""
    nengo.rc["decoder_cache"]["enabled"] = "False"


def warm_up() -> None:
    """Build and run a small network on both, so that neither pays for first uses."""
    with nengo.Network(seed=0) as net:
        ens = nengo.Ensemble(20, 1)
        nengo.Connection(nengo.Node(0.5), ens)
        net.probe = nengo.Probe(ens)
    for simulator in (nengo.Simulator, nengolab.Simulator):
        with simulator(net, progress_bar=False) as sim:
            sim.run_steps(100, progress_bar=False)


def _timed(do: Callable):
    started = time.perf_counter()
    result = do()
    return result, time.perf_counter() - started


def _steps_a_second(sim) -> float:
    """Speed over about ``SLICE_SECONDS``, in calls long enough not to time the calling."""
    steps, done, started = 20, 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < SLICE_SECONDS:
        sim.run_steps(steps, progress_bar=False)
        done += steps
        steps = min(20_000, 2 * steps)
    sim.clear_probes()
    return done / elapsed


def crossing_us() -> tuple[float, float]:
    """Microseconds by which a step is longer that calls Python each step, and of its function.

    The same 200 neurons run with a Python Node in their loop and with a function in its place that
    is traced, so that nothing is called; in turn.
    """
    called, traced = sense_act(), sense_act(world=lambda t, x: (x[0], -x[0]))
    step = Swing().make_step((1,), (2,), 0.001, None, Swing().make_state((1,), (2,), 0.001))
    force, calls = np.zeros(1), 1000
    found = []
    with (
        nengolab.Simulator(called, progress_bar=False) as outside,
        nengolab.Simulator(traced, progress_bar=False) as inside,
    ):
        for sim in (outside, inside):
            sim.run_steps(100, progress_bar=False)
        for _ in range(ROUNDS):
            seconds = [1 / _steps_a_second(sim) for sim in (outside, inside)]
            _, alone = _timed(lambda: [step(0.1, force) for _ in range(calls)])
            found.append((seconds[0] - seconds[1], alone / calls))
    difference, alone = np.median(found, axis=0) * 1e6
    return float(difference), float(alone)


def geometric_mean(results: list[Measured]) -> float:
    """Geometric mean of the ratios; 0 where any is 0."""
    ratios = [r.ratio for r in results]
    return float(np.exp(np.mean(np.log(ratios)))) if ratios and all(ratios) else 0.0
