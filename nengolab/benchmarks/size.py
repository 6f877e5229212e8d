"""How time and memory grow with the size of a network, each size in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import nengo
import numpy as np

SIZES = (10, 100, 1_000, 10_000)
NENGO_UP_TO = 1_000
NEURONS = 100
FAN_OUT = 3


def web(ensembles: int, neurons: int = NEURONS, fan_out: int = FAN_OUT) -> nengo.Network:
    """Make ensembles that each project to a few others, chosen at random."""
    rng = np.random.RandomState(0)
    with nengo.Network(seed=0) as net:
        stimulus = nengo.Node(0.5)
        made = [nengo.Ensemble(neurons, 1) for _ in range(ensembles)]
        nengo.Connection(stimulus, made[0])
        for ens in made:
            for target in rng.randint(ensembles, size=fan_out):
                nengo.Connection(ens, made[target], transform=0.3)
        net.probe = nengo.Probe(made[0], synapse=0.05)
    return net


def run_one(which: str, ensembles: int) -> dict:
    """Build and run one size; seconds, steps a second, and bytes over what was there before."""
    from nengolab.benchmarks.measure import without_decoder_cache

    without_decoder_cache()
    simulator = nengo.Simulator
    if which == "nengolab":
        import nengolab
        from nengolab.startup.tensorflow import load_tensorflow

        load_tensorflow()
        simulator = nengolab.Simulator
    net = web(ensembles)
    before, started = resident_bytes(), time.perf_counter()
    with simulator(net, progress_bar=False) as sim:
        built = time.perf_counter()
        sim.run_steps(20, progress_bar=False)
        ready, steps = time.perf_counter(), 0
        while time.perf_counter() - ready < 2:
            sim.run_steps(20, progress_bar=False)
            steps += 20
        rate = steps / (time.perf_counter() - ready)
        grown = resident_bytes() - before
    return {
        "neurons": ensembles * NEURONS,
        "build_s": built - started,
        "ready_s": ready - started,
        "rate": rate,
        "bytes": grown,
    }


def resident_bytes() -> int:
    """Resident size of this process; 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        return 0
    import resource

    return int(statm.read_text().split()[1]) * resource.getpagesize()


def main(plot: str | None = None) -> int:
    """Print the table and, where asked for, draw it."""
    print(f"ensembles of {NEURONS} neurons, {FAN_OUT} connections out of each, chosen at random")
    print(f"{'':<10}{'neurons':>11}{'build s':>10}{'ready s':>10}{'steps/s':>11}{'B/neuron':>11}")
    found: dict[str, list[dict]] = {"nengo": [], "nengolab": []}
    for which, rows in found.items():
        for ensembles in SIZES:
            if which == "nengo" and ensembles > NENGO_UP_TO:
                continue
            row = in_own_process(which, ensembles)
            rows.append(row)
            print(
                f"{which:<10}{row['neurons']:>11,}{row['build_s']:>10.2f}{row['ready_s']:>10.2f}"
                f"{row['rate']:>11,.1f}{row['bytes'] / row['neurons']:>11,.0f}",
                flush=True,
            )
    if plot is not None:
        draw(found, plot)
    return 0


def in_own_process(which: str, ensembles: int) -> dict:
    """``run_one`` in a fresh process, so that nothing is there before."""
    command = [sys.executable, "-m", "nengolab.benchmarks.size", which, str(ensembles)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{which} with {ensembles} ensembles failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def draw(found: dict[str, list[dict]], path: str) -> None:
    """Draw what ``main`` measured: time to the first step, speed, memory, against size."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    # Okabe and Ito's orange and blue.
    colours = {"nengo": "#E69F00", "nengolab": "#0072B2"}
    what = {
        "time until the first step is done (s)": lambda r: r["ready_s"],
        "steps a second": lambda r: r["rate"],
        "resident memory (MB)": lambda r: r["bytes"] / 1e6,
    }
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    for axis, (title, value) in zip(axes, what.items(), strict=True):
        for which, rows in found.items():
            label = "nengo.Simulator" if which == "nengo" else "nengolab.Simulator"
            axis.loglog(
                [r["neurons"] for r in rows],
                [value(r) for r in rows],
                "o-",
                color=colours[which],
                label=label,
            )
        axis.set(xlabel="neurons", title=title)
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    print(json.dumps(run_one(sys.argv[1], int(sys.argv[2]))))
