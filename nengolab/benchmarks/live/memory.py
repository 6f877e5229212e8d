"""Whether a notebook may be run again and again: memory after fifty re-runs of a Lab cell."""

from __future__ import annotations

import sys

from nengolab.benchmarks.live.stage import Stage, staged

RUNS = 50
FIRST = 3
LIMIT_MB = 150.0

_CELL = """\
with nengo.Network(seed=0) as net:
    drive = nengo.Node([0.5], label="drive")
    ens = nengo.Ensemble(3000, 1, label="ens")
    nengo.Connection(drive, ens)
    nengo.Connection(
        ens.neurons, ens.neurons, transform=np.full((3000, 3000), -1e-5), synapse=0.01
    )
lab = Lab(net)
lab.session.play()
lab"""


def main(runs: int = RUNS, python: str = sys.executable) -> int:
    """Print the kernel's memory as the cell is run again; 1 where it grows past the limit."""
    with staged(python) as open_stage:
        stage = open_stage()
        grown = _grown(stage, runs)
        stage.close()
    print(
        f"after {runs} runs {grown:+.0f} MB over the {FIRST}rd (goal: within {LIMIT_MB:.0f})",
        flush=True,
    )
    return int(grown > LIMIT_MB)


def _grown(stage: Stage, runs: int) -> float:
    import psutil

    stage.open([_CELL], height=1600)
    kernel = psutil.Process(stage.kernel_pid())
    sizes = []
    for run in range(1, runs + 1):
        stage.run_cell(1)
        stage.wait("lab.session.n_steps > 100")
        sizes.append(kernel.memory_info().rss / 1e6)
        if run <= FIRST or run % 5 == 0:
            threads = kernel.num_threads()
            print(f"run {run:>3}: {sizes[-1]:,.0f} MB resident, {threads} threads", flush=True)
    return sizes[-1] - sizes[FIRST - 1]
