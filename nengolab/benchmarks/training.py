"""Training beside Keras and PyTorch: the table of all benchmarks."""

from __future__ import annotations

from collections.abc import Sequence

from nengolab.benchmarks.converted import digits_converted
from nengolab.benchmarks.digits import digits_run, digits_spiking, digits_train
from nengolab.benchmarks.panel import digits_panel, tuning_panel
from nengolab.benchmarks.spikingjelly import lif_surrogate
from nengolab.benchmarks.turns import Compared

_HEAD = (
    f"{'benchmark':<24}{'unit':>14}{'other':>11}{'nengolab':>11}{'ratio':>8}{'goal':>7}"
    f"{'first s':>9}{'error':>10}{'by cpu':>8}"
)


ALL = (
    digits_train,
    digits_spiking,
    digits_run,
    digits_panel,
    tuning_panel,
    digits_converted,
    lif_surrogate,
)


def line(r: Compared) -> str:
    """One row of the table."""
    if not r.rate[0]:
        return f"{r.name:<24}{r.problem}"
    return (
        f"{r.name:<24}{r.unit:>14}{r.rate[0]:>11,.1f}{r.rate[1]:>11,.1f}{r.ratio:>7.2f}x"
        f"{r.goal:>6.2f}x{r.first_s:>9.1f}{r.error:>10.1e}"
        f"{r.processor:>7.2f}x  {r.problem}"
    )


def main(names: Sequence[str]) -> int:
    """Run these benchmarks and print the table."""
    functions = {f.__name__: f for f in ALL}
    print("\nKeras or PyTorch | nengolab, in turn in one process; first s: our first call")
    print(_HEAD)
    for name in names:
        for result in functions[name]():
            print(line(result), flush=True)
    return 0
