"""Running a network on nengo.Simulator and on nengolab, side by side."""

from __future__ import annotations

import nengo
import numpy as np

import nengolab


def run(simulator, net: nengo.Network, steps: int) -> dict[str, np.ndarray]:
    """What every probe saw, by its label."""
    with simulator(net, progress_bar=False) as sim:
        sim.run_steps(steps)
        return {str(p.label or p): sim.data[p].copy() for p in net.all_probes}


def both(make, steps: int, dtype: str = "float64", schedule: str = "auto", expected=None):
    """``{probe label: (nengo's data, ours)}``; the network is made anew for each.

    Nengo's data may be given, where it was made before (``run(nengo.Simulator, make(), steps)``).
    """
    if expected is None:
        expected = run(nengo.Simulator, make(), steps)
    net = make()
    with net:
        nengolab.configure_settings(dtype=dtype, schedule=schedule)
    got = run(nengolab.Simulator, net, steps)
    # Probes without a label are named by their address; they come in the same order.
    return dict(zip(expected, zip(expected.values(), got.values(), strict=True), strict=True))


def rms(a: np.ndarray, b: np.ndarray) -> float:
    """Root mean square difference."""
    return float(np.sqrt(np.mean((np.asarray(a) - np.asarray(b)) ** 2)))
