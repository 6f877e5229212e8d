"""``python -m nengolab.benchmarks [name ...]``: print speed and error against nengo.Simulator."""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from nengolab.benchmarks.measure import Result, geometric_mean, measure
from nengolab.benchmarks.networks import NETWORKS
from nengolab.runtime.tensorflow import load_tensorflow

_HEAD = (
    f"{'network':<22}{'build s':>15}{'first 500 s':>15}{'steps/s':>17}{'ratio':>8}{'RMS error':>11}"
)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m nengolab.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NETWORKS))
    names = parser.parse_args(arguments).names or list(NETWORKS)
    unknown = [n for n in names if n not in NETWORKS]
    if unknown:
        parser.error(f"no benchmark {unknown[0]!r}; there are {', '.join(NETWORKS)}")
    started = time.perf_counter()
    load_tensorflow()
    print(f"TensorFlow loaded in {time.perf_counter() - started:.1f} s (not in the figures below)")
    print("nengo.Simulator | nengolab, batch 1, default settings, in turn in one process")
    print(_HEAD)
    results = []
    for name in names:
        results.append(measure(name, NETWORKS[name]))
        print(_line(results[-1]), flush=True)
    ran = [r for r in results if r.rate[0]]
    print(f"geometric mean of {len(ran)} that ran: {geometric_mean(ran):.1f}x")
    return 0


def _line(r: Result) -> str:
    if not r.rate[0]:
        return f"{r.name:<22}{'does not run':>15}   {r.problem}"
    return (
        f"{r.name:<22}"
        f"{r.build_s[0]:>7.2f} |{r.build_s[1]:>6.2f}"
        f"{r.first_s[0]:>7.2f} |{r.first_s[1]:>6.2f}"
        f"{r.rate[0]:>8,.0f} |{r.rate[1]:>7,.0f}"
        f"{r.ratio:>7.1f}x{r.error:>11.1e}  {r.problem}"
    )


if __name__ == "__main__":
    sys.exit(main())
