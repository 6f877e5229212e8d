"""One neuron's story: from what its ensemble is given to what the next one gets of its spikes.

All numbers are read out of a run of the simulator; what follows from them by one product or one
filter (a neuron's own share of a decoded value) is worked out from those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.ensemble import Neurons

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.inspect.connections import weights
from nengolab.inspect.equations import constants, membrane
from nengolab.inspect.populations import Population, population
from nengolab.inspect.running import check_runs, tapped, went_back
from nengolab.inspect.source import Source


@dataclass(frozen=True, eq=False)
class Quantity:
    """One row of a story.

    Attributes
    ----------
    name, symbol, unit : str
    values : ndarray
        ``(steps, size)``.
    equation : str
        How it comes from the rows before it, in symbols.
    filled : str
        The same with the numbers of this neuron; empty where there are none.

    Examples
    --------
    >>> current = nengolab.inspect.pipeline(sim, ensemble.neurons[3], 10)["current"]
    >>> current.values.shape, current.equation
    ((10, 1), 'J = e · x + b')
    """

    name: str
    symbol: str
    unit: str
    values: np.ndarray
    equation: str
    filled: str = ""


@dataclass(frozen=True, eq=False)
class Story:
    """What one neuron did in each step of a run, and why.

    Attributes
    ----------
    neuron : str
        For example ``"a.neurons[3]"``.
    t : ndarray
        ``(steps,)``: time (s) at the end of each step.
    quantities : list of Quantity
        In the order in which they are computed.

    Examples
    --------
    >>> story = nengolab.inspect.pipeline(sim, ensemble.neurons[3], 20)
    >>> [q.name for q in story.quantities]
    ['input', 'current', 'voltage', 'refractory time', 'spikes']
    """

    neuron: str
    t: np.ndarray
    quantities: list[Quantity]

    def __getitem__(self, name: str) -> Quantity:
        for quantity in self.quantities:
            if quantity.name == name:
                return quantity
        raise KeyError(f"{name!r}; the story has {[q.name for q in self.quantities]}")

    def at(self, step: int) -> str:
        """Say what happened in one step, a line a quantity; steps are counted from 0."""
        lines = [f"{self.neuron} at t = {self.t[step]:g} s"]
        for q in self.quantities:
            value = " ".join(f"{v:.4g}" for v in q.values[step])
            said = f"  {q.name}: {q.symbol} = {value} {q.unit}".rstrip()
            lines.append(f"{said}   ({q.equation})")
        return "\n".join(lines)


def pipeline(
    sim: Any,
    neuron: Any,
    n_steps: int = 200,
    data: Any = None,
    connection: nengo.Connection | str | None = None,
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

    Raises
    ------
    UnknownObject, ValidationError
        For what is no neuron of the network, no connection out of its ensemble, or no simulator
        of nengolab.

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
    wanted = _wanted(ens, conn)
    with went_back(sim), tapped(sim, wanted) as seen:
        t = (sim.n_steps + 1 + np.arange(whole(n_steps, "n_steps", 1))) * sim.dt
        got = {name: values[0] for name, values in seen(n_steps, data).items()}
    rows = _inside(people, i, got, sim.dt)
    if conn is not None:
        rows += _onwards(sim, read, conn, i, got)
    return Story(f"{people.name}.neurons[{i}]", t, rows)


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


def _wanted(ens: nengo.Ensemble, conn: nengo.Connection | None) -> dict[str, tuple[Any, str]]:
    """Signals to be read, by what they are called here."""
    inner = [a for a in ens.neurons.probeable if a not in ("input", "output")]
    found = {"x": (ens, "input"), "J": (ens.neurons, "input"), "out": (ens.neurons, "output")}
    found |= {attr: (ens.neurons, attr) for attr in inner}
    if conn is not None:
        found["y"] = (conn, "output")
        if _has_neurons(conn.post_obj):
            found["next J"] = (_ensemble(conn.post_obj).neurons, "input")
    return found


# -- telling it --------------------------------------------------------------------------------


def _inside(people: Population, i: int, got: dict[str, np.ndarray], dt: float) -> list[Quantity]:
    """From what the ensemble is given to what the neuron puts out."""
    encoder = people.scaled_encoders[i]
    terms = _sum(f"{e:.4g} x{_under(k, encoder)}" for k, e in enumerate(encoder))
    rows = [
        Quantity("input", "x", "", got["x"], "what all connections into the ensemble add up to"),
        Quantity(
            "current",
            "J",
            "",
            got["J"][:, i : i + 1],
            "J = e · x + b",
            f"J = {terms} {_signed(people.bias[i])}",
        ),
    ]
    equations, kind = membrane(people.neuron_type), people.neuron_type
    for attr in (a for a in got if a not in ("x", "J", "out", "y", "next J")):
        equation = equations.get(attr, f"as {type(kind).__name__} says")
        values, unit = got[attr][:, i : i + 1], "s" if attr == "refractory_time" else ""
        rows.append(Quantity(attr.replace("_", " "), attr, unit, values, equation, constants(kind)))
    out = got["out"][:, i : i + 1]
    if kind.spiking:
        how = f"1/dt = {1 / dt:g} in the step of a spike; {equations.get('output', 'else 0')}"
        rows.append(Quantity("spikes", "δ", "1/s", out, how, constants(kind)))
    else:
        how = equations.get("output", f"as {type(kind).__name__} says")
        rows.append(Quantity("rate", "r", "1/s", out, how, constants(kind)))
    return rows


def _onwards(
    sim: Any, read: Source, conn: nengo.Connection, i: int, got: dict[str, np.ndarray]
) -> list[Quantity]:
    """From what the neuron puts out to what arrives of it."""
    out, name = got["out"][:, i : i + 1], read.names.get(conn)
    synapse = conn.synapse
    # From rest: the neuron's own share of what the synapse holds at the start is not known.
    trace = out if synapse is None else synapse.filt(out, dt=sim.dt, y0=0)
    how = "h, from rest" if synapse is not None else "nothing: there is no synapse"
    rows = [
        Quantity("filtered", "h∗δ", "1/s", trace, f"the output through {how}", str(synapse)),
        Quantity("decoded", "y", "", got["y"], f"what {name} gives, of all its neurons"),
    ]
    if "next J" not in got:
        return rows
    column = weights(sim, conn, item=0).block(columns=slice(i, i + 1))[:, 0]
    j = int(np.argmax(np.abs(column)))
    target = f"{read.names.get(_ensemble(conn.post_obj))}.neurons[{j}]"
    share = Quantity(
        "share of the next current",
        "w (h∗δ)",
        "",
        column[j] * trace,
        "its weight times its filtered output, one step later",
        f"w = {column[j]:.4g} to {target}, on which it has the most effect",
    )
    whole_of_it = Quantity(
        "next current",
        "J'",
        "",
        got["next J"][:, j : j + 1],
        f"all that {target} is given, and its bias",
    )
    return [*rows, share, whole_of_it]


def _under(k: int, encoder: np.ndarray) -> str:
    return "" if len(encoder) == 1 else f"[{k}]"


def _sum(terms: Iterator[str]) -> str:
    return " + ".join(terms).replace("+ -", "− ")


def _signed(number: float) -> str:
    return f"− {-number:.4g}" if number < 0 else f"+ {number:.4g}"
