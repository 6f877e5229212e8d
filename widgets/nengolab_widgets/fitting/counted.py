"""What a run comes to, before it starts: parameters, steps, bytes, time."""

from __future__ import annotations

from typing import Any

from nengolab.runs.ready import Ready

from .told import Trained


def trained_of(sim: Any, fixed: tuple[str, ...]) -> list[Trained]:
    """Which arrays are trained, and why others are not."""
    return [
        {
            "name": name,
            "owner": p.owner_name,
            "role": p.role,
            "size": int(p.initial.size),
            "shape": " × ".join(map(str, p.shape)) or "one number",
            "trains": p.trainable and name not in fixed,
            "can": p.trainable,
            "why": "held fixed here" if name in fixed else p.why,
        }
        for name, p in sim.parameters.items()
    ]


def summary_of(trained: list[Trained], plan: Ready | None, seconds: float | None) -> list[str]:
    """Say in lines what a run will come to.

    Parameters
    ----------
    trained : list of Trained
        Of the simulator; nothing where there is none yet.
    plan : Ready or None
    seconds : float or None
        Of a batch, where that was measured.
    """
    lines: list[str] = []
    sizes = [one["size"] for one in trained if one["trains"]]
    if trained:
        lines.append(f"{sum(sizes):,} numbers in {len(sizes)} arrays are trained")
    if plan is None or plan.items is None or plan.batches is None:
        return lines
    checked = f", {plan.checked:,} to check with" if plan.checked else ""
    lines.append(f"{plan.items:,} items to train with{checked}")
    total = plan.batches * plan.plan.epochs
    lines.append(f"{plan.batches:,} batches an epoch, {total:,} in all")
    lines.append(f"{_bytes(plan.nbytes)} of data")
    if seconds is not None:
        whole = time_of(seconds * total)
        lines.append(f"a batch takes {1000 * seconds:.3g} ms: about {whole} in all")
    return lines


def _bytes(n: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if n < 1000:
            return f"{n:.3g} {unit}"
        n /= 1000
    return f"{n:.3g} GB"


def time_of(seconds: float) -> str:
    """A time in words."""
    if seconds < 90:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
