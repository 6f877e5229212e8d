"""How the error of a twin falls: with the length of a step, with the number of neurons.

Each point is a network that is built and run for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import nengo
import numpy as np

from nengolab.checks import seconds as checked_seconds
from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.inspect.twins import compare


def error_by_dt(
    net: nengo.Network,
    dts: Sequence[float],
    kind: str = "spiking",
    *,
    seconds: float = 1.0,
    probe: str | None = None,
    against: str = "rate",
    synapse: float | nengo.synapses.Synapse | None = None,
    voltage: float | None = None,
) -> np.ndarray:
    """Find how the error of a twin falls with the length of a step.

    Parameters
    ----------
    net : nengo.Network
        Its input is what its Nodes put out by themselves.
    dts : sequence of float
        Lengths of a step (s). The twins are built and run with each.
    kind, against : str
        Twins, as of `compare`.
    seconds : float
        Simulated time of each run.
    probe, synapse, voltage
        As of `Comparison.error` and `compare`.

    Returns
    -------
    ndarray
        One for each dt: the root mean square over dimensions and the second half of the run.

    Raises
    ------
    ValidationError
        As of `compare`; for a dt with which there are less than two steps.

    Examples
    --------
    >>> nengolab.inspect.error_by_dt(net, [0.002, 0.001], seconds=0.1).shape
    (2,)
    """
    duration = checked_seconds(seconds, "seconds", positive=True)
    errors = []
    for dt in dts:
        n_steps = int(np.round(duration / checked_seconds(dt, "dts", positive=True)))
        if n_steps < 2:
            raise ValidationError(f"{duration:g} s are less than two steps of {dt:g} s", attr="dts")
        found = compare(net, n_steps, None, _both(kind, against), dt, voltage)
        errors.append(found.settled_error(kind, probe, against, synapse))
    return np.array(errors)


def error_by_neurons(
    make: Callable[[int], nengo.Network],
    counts: Sequence[int],
    kind: str = "spiking",
    *,
    n_steps: int = 1000,
    data: Any = None,
    probe: str | None = None,
    against: str = "rate",
    synapse: float | nengo.synapses.Synapse | None = None,
    dt: float = 0.001,
    voltage: float | None = None,
) -> np.ndarray:
    """Find how the error of a twin falls with the number of neurons.

    Parameters
    ----------
    make : callable
        Gives the network with so many neurons.
    counts : sequence of int
        What it is called with.
    kind, against : str
        Twins, as of `compare`.
    n_steps, data, dt, voltage
        As of `compare`; Nodes go by their names in ``data``.
    probe, synapse
        As of `Comparison.error`.

    Returns
    -------
    ndarray
        One for each of the counts: as of `error_by_dt`.

    Raises
    ------
    ValidationError
        As of `compare`; where ``make`` gives no network.

    Examples
    --------
    >>> def make(n):
    ...     with nengo.Network(seed=0) as net:
    ...         ens = nengo.Ensemble(n, 1)
    ...         nengo.Probe(ens)
    ...     return net
    >>> nengolab.inspect.error_by_neurons(make, [10, 20], n_steps=50).shape
    (2,)
    """
    errors = []
    for count in counts:
        net = make(whole(count, "counts", 1))
        if not isinstance(net, nengo.Network):
            raise ValidationError(
                f"must give a nengo.Network for a number of neurons; it gave {type(net).__name__}",
                attr="make",
            )
        found = compare(net, n_steps, data, _both(kind, against), dt, voltage)
        errors.append(found.settled_error(kind, probe, against, synapse))
    return np.array(errors)


def _both(kind: str, against: str) -> list[str]:
    return list(dict.fromkeys([against, kind]))
