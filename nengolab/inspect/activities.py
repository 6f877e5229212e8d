"""How much neurons do, and which of them tell nothing: of a run, or of values represented."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import nengo
import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.inspect.points import numbers
from nengolab.inspect.populations import Population, population, rates_at
from nengolab.inspect.running import check_runs, tapped, went_back
from nengolab.inspect.source import Source

ALIKE = 0.01  # of its highest rate, within which a neuron always fires as fast


@dataclass(frozen=True, eq=False)
class Activity:
    """How much the neurons of an ensemble do.

    Attributes
    ----------
    name : str
    over : str
        What it was counted over: ``"its 750 evaluation points"``, ``"a run of 1000 steps"``.
    mean, least, most : ndarray
        ``(neurons,)``, in Hz, whatever the amplitude: of a run how often each fired on average,
        and the lowest and highest rate that its currents call for; of points, rates there.
    silent : ndarray of int
        Neurons that never fire: in a run those that put out nothing at all.
    saturated : ndarray of int
        Neurons that always fire, and as fast to a hundredth: they tell nothing.

    Examples
    --------
    >>> busy = nengolab.inspect.activity(net, ensemble)
    >>> busy.over, busy.silent.tolist()
    ('its 750 evaluation points', [])
    """

    name: str
    over: str
    mean: np.ndarray = field(repr=False)
    least: np.ndarray = field(repr=False)
    most: np.ndarray = field(repr=False)
    silent: np.ndarray
    saturated: np.ndarray

    unit: ClassVar[str] = "Hz"


def activity(
    source: Any,
    ens: nengo.Ensemble | str,
    n_steps: int | None = None,
    data: Any = None,
    points: Any = None,
) -> Activity:
    """Find how much each neuron does, which are silent and which saturated.

    Parameters
    ----------
    source : nengo.Network, nengo.Simulator or nengolab.Simulator
    ens : nengo.Ensemble or str
    n_steps : int, optional
        In a run of so many steps from where the simulator is, a `nengolab.Simulator`, which is
        afterwards as it was. Default: at values that are represented, with no run.
    data : object, optional
        What Nodes put out in the run, as `Simulator.run_steps` takes it. All items of a batch
        count.
    points : array_like, optional
        ``(points, dimensions)``: these values. Default: the evaluation points of the ensemble.

    Raises
    ------
    UnknownObject, ValidationError
        For what is no ensemble with neurons of the network; for points and a run at once.

    Examples
    --------
    >>> ran = nengolab.inspect.activity(sim, ensemble, n_steps=100)
    >>> ran.over, ran.mean.shape
    ('a run of 100 steps (0.1 s)', (20,))
    """
    if n_steps is None and data is not None:
        raise ValidationError("data is for a run: say for how many steps (n_steps)", attr="data")
    if n_steps is not None and points is not None:
        raise ValidationError("takes points, or n_steps of a run", attr="points")
    people = population(source, ens, item=0)
    if n_steps is None:
        return of_points(people, points)
    return _of_run(source, people, whole(n_steps, "n_steps", 1), ens, data)


def of_points(people: Population, points: Any = None) -> Activity:
    """What neurons do where these values, or the evaluation points, are represented."""
    where = people.eval_points if points is None else numbers(points, "points")
    if where.ndim != 2 or where.shape[1] != people.dimensions or not len(where):
        raise ValidationError(
            f"{people.name!r} represents {people.dimensions} dimensions: points have the shape "
            f"(points, {people.dimensions}); got {where.shape}",
            attr="points",
        )
    rates = people.rates(where)
    what = "point" if points is not None else "evaluation point"
    over = f"{'its ' if points is None else ''}{len(where):,} {what}{'s' * (len(where) != 1)}"
    return _made(people, over, rates, rates)


def _of_run(sim: Any, people: Population, n_steps: int, ens: Any, data: Any) -> Activity:
    check_runs(sim)
    found = Source(sim, 0).find(ens, nengo.Ensemble, "ensemble")
    wanted = {"current": (found.neurons, "input"), "output": (found.neurons, "output")}
    with went_back(sim), tapped(sim, wanted) as seen:
        got = {name: v.reshape(-1, people.n_neurons) for name, v in seen(n_steps, data).items()}
    rates = rates_at(people.neuron_type, got["current"])
    over = f"a run of {n_steps:,} step{'s' * (n_steps != 1)} ({n_steps * sim.dt:g} s)"
    return _made(people, over, got["output"], rates)


def _made(people: Population, over: str, output: np.ndarray, rates: np.ndarray) -> Activity:
    if not (np.isfinite(output).all() and np.isfinite(rates).all()):
        raise ValidationError(
            f"neurons of {people.name!r} are given, or put out, NaN or infinity: its encoders, "
            "gains or biases hold it (see population), or what leads to it",
            attr="ens",
        )
    amplitude = getattr(people.neuron_type, "amplitude", 1.0) or 1.0
    output, rates = output / amplitude, rates / amplitude
    least, most = rates.min(axis=0), rates.max(axis=0)
    return Activity(
        people.name,
        over,
        output.mean(axis=0),
        least,
        most,
        np.flatnonzero((output <= 0).all(axis=0)),
        np.flatnonzero((least > 0) & (most - least <= ALIKE * most)),
    )
