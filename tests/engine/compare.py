"""Running a network on nengo.Simulator and on nengolab, side by side."""

from __future__ import annotations

import nengo
import numpy as np

import nengolab


def both(make, steps: int, dtype: str = "float64", schedule: str = "auto"):
    """``{probe label: (nengo's data, ours)}``; the network is made anew for each."""
    found = []
    for simulator in (nengo.Simulator, nengolab.Simulator):
        net = make()
        if simulator is nengolab.Simulator:
            with net:
                nengolab.configure_settings(dtype=dtype, schedule=schedule)
        with simulator(net, progress_bar=False) as sim:
            sim.run_steps(steps)
            found.append({str(p.label or p): sim.data[p].copy() for p in net.all_probes})
    reference, ours = found
    names = list(reference)
    return dict(zip(names, zip(reference.values(), ours.values(), strict=True), strict=False))


def rms(a: np.ndarray, b: np.ndarray) -> float:
    """Root mean square difference."""
    return float(np.sqrt(np.mean((np.asarray(a) - np.asarray(b)) ** 2)))
