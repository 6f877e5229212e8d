"""One neuron's story: from what its ensemble is given to what the next one gets of its spikes.

All numbers are read out of a run of the simulator; what follows from them by one product or one
filter (a neuron's own share of a decoded value) is worked out from those.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.ensemble import Neurons

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.inspect.equations import threshold
from nengolab.inspect.populations import population
from nengolab.inspect.quantities import Story
from nengolab.inspect.running import Readings, check_runs, tapped, went_back
from nengolab.inspect.source import Source
from nengolab.inspect.telling import GIVEN, causes_of, inside, leading_to, onwards


def pipeline(
    sim: Any,
    neuron: Any,
    n_steps: int = 200,
    data: Any = None,
    connection: nengo.Connection | str | None = None,
    prepared: Readings | None = None,
) -> Story:
    """Run on for some steps and tell what one neuron did in them, and why; then go back.

    The simulator is afterwards as it was at the call: state, time and probe data.

    Parameters
    ----------
    sim : nengolab.Simulator
    neuron : ensemble.neurons[i], or (ensemble or name, i)
    n_steps : int
    data : object, optional
        What Nodes put out meanwhile, ``(batch, n_steps, size)`` each, as `Simulator.run_steps`
        takes it. Of a batch the first item is told of.
    connection : nengo.Connection or str, optional
        The one out of the ensemble along which the story goes on. Default: the first one to
        another ensemble, else the first; where there is none, the story ends with the neuron.
    prepared : Readings, optional
        What `prepare_pipeline` gave for the same ensemble and connection; it stays. Default: what
        is read is compiled now.

    Raises
    ------
    UnknownObject, ValidationError
        For what is no neuron of the network, no connection out of its ensemble, or no simulator
        of nengolab; for a current that is NaN or infinite, with what brings it.
    SimulatorClosed
        For a simulator that is closed.

    Examples
    --------
    >>> print(nengolab.inspect.pipeline(sim, ("ensemble", 3), 10).at(4).splitlines()[0])
    ensemble.neurons[3] at t = 0.005 s
    """
    check_runs(sim)
    read = Source(sim, item=0)
    ens, i = _neuron(read, neuron)
    people = population(sim, ens, item=0)
    conn = _way_on(read, ens, connection)
    reading = nullcontext(prepared.seen) if prepared else tapped(sim, _wanted(read, ens, conn))
    with went_back(sim), reading as seen:
        t = (sim.n_steps + 1 + np.arange(whole(n_steps, "n_steps", 1))) * sim.dt
        got = {name: values[0] for name, values in seen(n_steps, data).items()}
    name = f"{people.name}.neurons[{i}]"
    _check_finite(name, i, got, t)
    causes = causes_of(read, people, ens, i, got)
    rows = inside(people, i, got, sim.dt)
    if conn is not None:
        rows += onwards(sim, read, conn, i, got)
    kind = people.neuron_type
    drawn = isinstance(kind, nengo.PoissonSpiking | nengo.StochasticSpiking)
    return Story(name, t, rows, causes, threshold(kind), drawn)


def prepare_pipeline(sim: Any, ens: Any, connection: Any = None) -> Readings:
    """Have what `pipeline` reads compiled beside a run: of all neurons of an ensemble.

    Parameters
    ----------
    sim : nengolab.Simulator
    ens : nengo.Ensemble or str
    connection : nengo.Connection or str, optional
        As of `pipeline`.

    Returns
    -------
    Readings
        Its ``ready`` tells when `pipeline` has to wait no more, its ``close`` ends it.

    Examples
    --------
    >>> prepared = prepare_pipeline(sim, "ensemble")
    >>> sim.prepare()
    >>> prepared.ready
    True
    """
    check_runs(sim)
    read = Source(sim, item=0)
    found, _ = _neuron(read, (ens, 0))
    return Readings(sim, _wanted(read, found, _way_on(read, found, connection)))


# -- what is asked for -------------------------------------------------------------------------


def _neuron(read: Source, given: Any) -> tuple[nengo.Ensemble, int]:
    if isinstance(given, ObjView) and isinstance(given.obj, Neurons):
        at = np.arange(given.obj.size_out)[given.slice].ravel()
        ens, index = given.obj.ensemble, at[0] if len(at) == 1 else None
    elif isinstance(given, tuple) and len(given) == 2:
        ens, index = given
    else:
        ens, index = None, None
    if index is None:
        raise ValidationError(
            "takes one neuron: ensemble.neurons[3], or the ensemble (or its name) and the number, "
            f'("a", 3); got {given!r}',
            attr="neuron",
        )
    found = read.find(ens, nengo.Ensemble, "ensemble")
    index = whole(index, "neuron", 0)
    if index >= found.n_neurons:
        raise ValidationError(
            f"{read.names.get(found)!r} has the neurons 0 to {found.n_neurons - 1}; got {index}",
            attr="neuron",
        )
    return found, index


def _way_on(read: Source, ens: nengo.Ensemble, given: Any) -> nengo.Connection | None:
    everything = [c for c in read.network.all_connections if _reads(c, ens)]
    if given is not None:
        conn = read.find(given, nengo.Connection, "connection")
        if conn not in everything:
            raise ValidationError(
                f"{read.names.get(conn)!r} does not come from {read.names.get(ens)!r}; those that "
                f"do are {[read.names.get(c) for c in everything]}",
                attr="connection",
            )
        return conn
    others = [
        c for c in everything if _has_neurons(c.post_obj) and _ensemble(c.post_obj) is not ens
    ]
    return next(iter(others or everything), None)


def _reads(conn: nengo.Connection, ens: nengo.Ensemble) -> bool:
    return _has_neurons(conn.pre_obj) and _ensemble(conn.pre_obj) is ens


def _has_neurons(obj: Any) -> bool:
    if isinstance(obj, Neurons):
        return True
    return isinstance(obj, nengo.Ensemble) and not isinstance(obj.neuron_type, nengo.Direct)


def _ensemble(obj: Any) -> nengo.Ensemble:
    return obj.ensemble if isinstance(obj, Neurons) else obj


# -- reading it out of a run -------------------------------------------------------------------


def _check_finite(name: str, i: int, got: dict[str, np.ndarray], t: np.ndarray) -> None:
    """Raise where there is no story, since the current is no number."""
    bad = ~np.isfinite(got["J"][:, i])
    if not bad.any():
        return
    step = int(np.argmax(bad))
    brought = [
        repr(key.removeprefix(GIVEN))
        for key, values in got.items()
        if key.startswith(GIVEN) and not np.isfinite(values[: step + 1]).all()
    ]
    why = f"{' and '.join(brought)} brings it" if brought else "its encoder, gain or bias holds it"
    raise ValidationError(
        f"the current of {name} is {got['J'][step, i]:g} from t = {t[step]:g} s on: {why}. Weights "
        "that are NaN are named by weights(sim, connection).figures",
        attr="neuron",
    )


def _wanted(
    read: Source, ens: nengo.Ensemble, conn: nengo.Connection | None
) -> dict[str, tuple[Any, str]]:
    """Signals to be read, by what they are called here."""
    inner = [a for a in ens.neurons.probeable if a not in ("input", "output")]
    found = {"x": (ens, "input"), "J": (ens.neurons, "input"), "out": (ens.neurons, "output")}
    found |= {attr: (ens.neurons, attr) for attr in inner}
    found |= {f"{GIVEN}{read.names.get(c)}": (c, "output") for c in leading_to(read, ens)}
    if conn is not None:
        found["y"] = (conn, "output")
        if _has_neurons(conn.post_obj):
            found["next J"] = (_ensemble(conn.post_obj).neurons, "input")
    return found
