"""What memory a run takes with its length, and what simulators leave that were closed.

Each case runs in a process of its own, because memory that a process once had is often not given
back to the system.
"""

from __future__ import annotations

import gc
import multiprocessing
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import nengo
import numpy as np

STEPS = (100_000, 1_000_000)
LIMIT_MB = 20.0


def _network() -> nengo.Network:
    with nengo.Network(seed=0) as net:
        noise = nengo.Node(nengo.processes.WhiteSignal(1.0, 10, seed=1))
        ens = nengo.Ensemble(50, 1)
        nengo.Connection(noise, ens)
        nengo.Connection(ens, ens, synapse=0.1)
        net.probe = nengo.Probe(ens, synapse=0.05)
        net.spikes = nengo.Probe(ens.neurons)
    return net


def _last_sample_only(net: nengo.Network) -> dict:
    from nengolab import configure_settings

    with net:
        configure_settings(keep_history=False)
    return {}


def _on_disk(net: nengo.Network) -> dict:
    folder = tempfile.mkdtemp(prefix="nengolab-memory-")
    return {"probe_store": Path(folder) / "probes.zarr"}


CASES: dict[str, Callable[[nengo.Network], dict]] = {
    "keep_history=False": _last_sample_only,
    "probes to disk": _on_disk,
}


def resident_mb() -> float:
    """Resident size of this process (MB)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    import resource

    return pages * resource.getpagesize() / 1e6


def _run(case: str, steps: tuple[int, ...], call_steps: int | None, results) -> None:
    import shutil

    import nengolab

    net = _network()
    settings = CASES[case](net)
    sizes = []
    with nengolab.Simulator(net, progress_bar=False, **settings) as sim:
        for goal in steps:
            while sim.n_steps < goal:
                sim.run_steps(min(call_steps or goal, goal - sim.n_steps))
            gc.collect()
            sizes.append(resident_mb())
        assert sim.data[net.spikes].shape == (steps[-1] if settings else 1, 50)
    if settings:
        shutil.rmtree(settings["probe_store"].parent)
    results.put(sizes)


def measure_memory(
    case: str, steps: tuple[int, ...] = STEPS, call_steps: int | None = None
) -> list[float]:
    """Resident size (MB) after each of ``steps``, for a case of ``CASES``, in a new process.

    Parameters
    ----------
    case : str
    steps : tuple of int
        Steps since time 0 at which to look.
    call_steps : int, optional
        Cut the run into calls of so many steps.
    """
    return _measure(_run, case, steps, call_steps)


def _simulate(i: int) -> None:
    """Run a network of a size that no other has."""
    import nengolab

    with nengo.Network(seed=i) as net:
        stim = nengo.Node([0.5])
        ens = nengo.Ensemble(30 + i, 1)
        nengo.Connection(stim, ens)
        nengo.Probe(ens, synapse=0.01)
    with nengolab.Simulator(net, progress_bar=False) as sim:
        sim.run_steps(100)


def _trainable() -> tuple[nengo.Network, nengo.Node, nengo.Probe]:
    with nengo.Network(seed=0) as net:
        stim = nengo.Node([0.5])
        ens = nengo.Ensemble(40, 1)
        nengo.Connection(stim, ens)
        probe = nengo.Probe(ens, synapse=0.01)
    return net, stim, probe


def _fit(i: int) -> None:
    """Train the same network in a simulator of its own."""
    import nengolab

    net, stim, probe = _trainable()
    data = np.ones((8, 20, 1))
    with nengolab.Simulator(net, minibatch_size=4, progress_bar=False) as sim:
        sim.compile("sgd", "mse")
        sim.fit({stim: data}, {probe: data}, epochs=2, verbose=0)


@cache
def _compiled() -> tuple[Any, nengo.Node, nengo.Probe]:
    import nengolab

    net, stim, probe = _trainable()
    sim = nengolab.Simulator(net, minibatch_size=4, progress_bar=False)
    sim.compile("sgd", "mse")
    return sim, stim, probe


def _fit_again(i: int) -> None:
    """Train one simulator once more."""
    sim, stim, probe = _compiled()
    data = np.ones((8, 20, 1))
    sim.fit({stim: data}, {probe: data}, epochs=2, verbose=0)


def _fit_keras(i: int) -> None:
    """Train a model of Keras's own as large: what of all that is TensorFlow's."""
    import keras

    import nengolab.losses  # noqa: F401  loads TensorFlow without its messages

    layers = [keras.Input((20,)), keras.layers.Dense(40, "relu"), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 20)), np.ones((8, 1)), epochs=2, batch_size=4, verbose=0)
    keras.backend.clear_session()


# What is done again and again, how often, and how much of it may be left (MB).
REPEATED: dict[str, tuple[Callable[[int], None], int, float]] = {
    "simulators of different sizes, 100 steps each": (_simulate, 200, 200.0),
    "fits of one network": (_fit_again, 50, 50.0),
    "simulators of one network, one fit each": (_fit, 50, 50.0),
    "models of Keras's own, one fit each": (_fit_keras, 50, 50.0),
}


def _repeat(case: str, times: int, results) -> None:
    do = REPEATED[case][0]
    sizes = []
    for i in range(times + 1):
        do(i)
        gc.collect()
        sizes.append(resident_mb())
    results.put([sizes[0], sizes[-1]])


def measure_left(case: str, times: int | None = None) -> list[float]:
    """Resident size (MB) after the first of a case of ``REPEATED``, and after ``times`` more."""
    return _measure(_repeat, case, REPEATED[case][1] if times is None else times)


def _measure(what: Callable[..., None], case: str, *arguments) -> list[float]:
    """What a function puts in its queue, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = context.Process(target=what, args=(case, *arguments, results))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"the measurement of {case!r} ended with code {process.exitcode}")
    return results.get()


def main() -> int:
    """Print what is measured; 1 where memory grows by more than the limits, else 0."""
    return max(memory_flat(), memory_left())


def memory_left() -> int:
    """Print what closed simulators leave; 1 where it is more than the limits, else 0."""
    over = 0
    for case, (_, times, limit) in REPEATED.items():
        first, last = measure_left(case)
        print(
            f"{times} {case}: {first:.0f} MB after one, {last:.0f} MB after all; "
            f"left {last - first:.0f} MB (limit {limit:.0f})",
            flush=True,
        )
        over |= last - first > limit
    return int(over)


def memory_flat() -> int:
    """Print what is measured; 1 where memory grows by more than ``LIMIT_MB``, else 0."""
    grown = []
    for case in CASES:
        sizes = measure_memory(case)
        grown.append(sizes[-1] - sizes[0])
        shown = ", ".join(f"{s:,} steps {m:.0f} MB" for s, m in zip(STEPS, sizes, strict=True))
        print(f"{case}: {shown}; grown by {grown[-1]:.1f} MB", flush=True)
    return int(max(grown) > LIMIT_MB)
