"""``python -m nengolab.benchmarks``: speed, error, memory and size, beside nengo.Simulator."""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from nengolab.benchmarks.measure import (
    Measured,
    crossing_us,
    geometric_mean,
    measure,
    warm_up,
    without_decoder_cache,
)
from nengolab.benchmarks.networks import NETWORKS
from nengolab.startup.tensorflow import load_tensorflow

# What --live can measure.
PIECES = ("1", "5", "20", "network", "opening", "edits", "first", "bare")
# What --inspect can measure.
LOOKS = ("trained", "matrix", "picked")
TRAINING = (
    *("digits_train", "digits_spiking", "digits_run", "digits_panel", "tuning_panel"),
    "digits_converted",
    "lif_surrogate",
)
_HEAD = f"{'network':<22}{'ready s':>17}{'steps/s':>19}{'ratio':>9}{'RMS error':>11}"


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for on the command line."""
    parser = argparse.ArgumentParser(prog="python -m nengolab.benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"all of these by default: {', '.join(NETWORKS)}"
    )
    parser.add_argument(
        "--batch",
        type=int,
        default=32,
        metavar="N",
        help="items of the second table (default 32; 1 leaves it out)",
    )
    parser.add_argument(
        "--memory",
        action="store_true",
        help="memory over a long run and of closed simulators, instead",
    )
    parser.add_argument(
        "--size", action="store_true", help="from 1,000 to 1,000,000 neurons, instead"
    )
    parser.add_argument(
        "--training", action="store_true", help=f"training, instead: {', '.join(TRAINING)}"
    )
    parser.add_argument(
        "--live",
        nargs="*",
        choices=PIECES,
        metavar="PIECE",
        help="the live panel in a real JupyterLab, instead: numbers of plots, 5 beside the network "
        "view, large networks laid out, a drawn network edited, the first frame of a small Lab, a "
        "bare slider and canvas; by default all of "
        f"{', '.join(PIECES)}",
    )
    parser.add_argument(
        "--inspect",
        nargs="*",
        choices=LOOKS,
        metavar="PIECE",
        help="panels that are looked at, in a real JupyterLab, instead: tuning curves while a "
        "network is trained, a large matrix, marks of what is picked; by default all of "
        f"{', '.join(LOOKS)}",
    )
    parser.add_argument(
        "--live-memory",
        action="store_true",
        help="memory over fifty re-runs of a Lab cell, instead",
    )
    parser.add_argument("--plot", metavar="FILE", help="with --size: where to put the picture")
    options = parser.parse_args(arguments)
    there = TRAINING if options.training else NETWORKS
    unknown = [n for n in options.names if n not in there]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(there)}")
    if options.size:
        from nengolab.benchmarks.size import main as size

        return size(options.plot)
    if options.live is not None:
        from nengolab.benchmarks.live import main as live

        return live(options.live)
    if options.inspect is not None:
        from nengolab.benchmarks.live.looks import main as looks

        return looks(options.inspect)
    if options.live_memory:
        from nengolab.benchmarks.live.memory import main as live_memory

        return live_memory()
    started = time.perf_counter()
    load_tensorflow()
    print(f"TensorFlow loaded in {time.perf_counter() - started:.1f} s (not in the figures below)")
    if options.memory:
        from nengolab.benchmarks.memory import main as memory

        return memory()
    without_decoder_cache()
    warm_up()
    if options.training:
        from nengolab.benchmarks.training import main as training

        return training(options.names or TRAINING)
    for items in sorted({1, options.batch}):
        _table(options.names or list(NETWORKS), items)
    if not options.names or any(name.startswith("sense_act") for name in options.names):
        more, alone = crossing_us()
        print(
            f"\na step with one Python Node in a loop takes {more:.1f} us more than one without; "
            f"its function alone takes {alone:.1f} us"
        )
    return 0


def _table(names: list[str], items: int) -> None:
    at_once = "one at a time" if items == 1 else f"{items} items at once, ratio per item"
    print(f"\nnengo.Simulator | nengolab, {at_once}, default settings, in turn in one process")
    print(_HEAD)
    results = []
    for name in names:
        results.append(measure(name, NETWORKS[name], items))
        print(line(results[-1]), flush=True)
    ran = [r for r in results if r.rate[0]]
    print(
        f"{len(ran)} ran: geometric mean {geometric_mean(ran):.1f}x, "
        f"least {min((r.ratio for r in ran), default=0):.1f}x"
    )


def line(r: Measured) -> str:
    """One row of the table."""
    if not r.rate[0]:
        return f"{r.name:<22}{'does not run':>15}   {r.problem}"
    return (
        f"{r.name:<22}"
        f"{r.ready_s[0]:>8.2f} |{r.ready_s[1]:>7.2f}"
        f"{r.rate[0]:>9,.0f} |{r.rate[1]:>8,.0f}"
        f"{r.ratio:>8.1f}x{r.error:>11.1e}  {r.problem}"
    )


if __name__ == "__main__":
    sys.exit(main())
