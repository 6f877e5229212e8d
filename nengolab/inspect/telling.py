"""The rows of a story, made of what was read out of the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np
from nengo.ensemble import Neurons

from nengolab.inspect.connections import weights
from nengolab.inspect.equations import constants, membrane
from nengolab.inspect.populations import Population
from nengolab.inspect.quantities import Quantity, Term
from nengolab.inspect.source import Source
from nengolab.inspect.texts import number, printed
from nengolab.parameters.rules import is_decoded

GIVEN = "given by "  # before the names of connections whose output was read
MOST_TERMS = 6  # of a sum that is written out
DIRECTLY = "given directly"
_OTHERS = ("x", "J", "out", "y", "next J")


def leading_to(read: Source, ens: nengo.Ensemble) -> list[nengo.Connection]:
    """Connections that give something to an ensemble or to its neurons."""
    return [c for c in read.network.all_connections if c.post_obj in (ens, ens.neurons)]


def causes_of(
    read: Source, people: Population, ens: nengo.Ensemble, i: int, got: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """What the bias and each connection give to a neuron's current, ``(steps,)``.

    What a synapse puts out in a step arrives in the next; so in the first step that is NaN, but
    where there is one such connection only, whose share is what is left.
    """
    causes = {"bias": np.full(len(got["J"]), people.bias[i])}
    late = []
    for conn in leading_to(read, ens):
        name = read.names.get(conn)
        causes[name] = got[GIVEN + name] @ _into_current(read, people, conn, i)
        if conn.synapse is not None:
            causes[name] = np.concatenate([[np.nan], causes[name][:-1]])
            late.append(name)
    if len(late) == 1 and ens.noise is None:
        others = sum(values[0] for name, values in causes.items() if name != late[0])
        causes[late[0]][0] = got["J"][0, i] - others
    return causes


def _into_current(read: Source, people: Population, conn: nengo.Connection, i: int) -> np.ndarray:
    """What one neuron's current gets of each number that a connection brings."""
    at = np.arange(conn.post_obj.size_in)[conn.post_slice]
    if isinstance(conn.post_obj, Neurons):
        return np.where(at == i, read.gains(conn), 0.0)
    if is_decoded(conn) and conn.solver.weights:  # it brings currents
        return np.eye(people.n_neurons)[i]
    return people.scaled_encoders[i, at]


# -- inside the neuron -------------------------------------------------------------------------


def inside(people: Population, i: int, got: dict[str, np.ndarray], dt: float) -> list[Quantity]:
    """From what the ensemble is given to what the neuron puts out."""
    rows = [
        Quantity(
            "input",
            "x",
            "",
            got["x"],
            "what all connections into the ensemble add up to",
            parts=("x = ", *_listed("input", got["x"].shape[1])),
        )
    ]
    rows += _currents(people, i, got)
    kind = people.neuron_type
    equations = membrane(kind)
    for attr in (a for a in got if a not in _OTHERS and not a.startswith(GIVEN)):
        name, unit = attr.replace("_", " "), "s" if attr == "refractory_time" else ""
        equation = equations.get(attr, f"as {type(kind).__name__} says")
        values = got[attr][:, i : i + 1]
        parts = _membrane_parts(kind, attr, dt)
        rows.append(Quantity(name, attr, unit, values, equation, constants(kind), parts))
    out = got["out"][:, i : i + 1]
    if kind.spiking:
        how = f"1/dt = {1 / dt:g} in the step of a spike; {equations.get('output', 'else 0')}"
        name, symbol = "spikes", "δ"
    else:
        how = equations.get("output", f"as {type(kind).__name__} says")
        name, symbol = "rate", "r"
    parts = (f"{symbol} = ", Term(name))
    return [*rows, Quantity(name, symbol, "1/s", out, how, constants(kind), parts)]


def _currents(people: Population, i: int, got: dict[str, np.ndarray]) -> Iterator[Quantity]:
    """What comes to the neuron itself, where something does, and the whole current."""
    encoder, bias = people.scaled_encoders[i], people.bias[i]
    current = got["J"][:, i : i + 1]
    direct = current - (got["x"] @ encoder + bias)[:, None]
    # Single precision rounds what is added up in another order.
    comes = np.abs(direct).max() > 1e-4 * max(1.0, np.abs(current).max())
    if comes:
        how = "what comes to the neuron itself, not through encoders; and noise"
        parts = ("c = ", Term(DIRECTLY))
        yield Quantity(DIRECTLY, "c", "", direct, how, parts=parts)
    terms = _sum(f"{e:.4g} x{_under(k, encoder)}" for k, e in enumerate(encoder))
    plus = " + c" if comes else ""
    parts = _current_parts(encoder, bias, comes)
    filled = f"J = {terms} {_signed(bias)}{plus}"
    yield Quantity("current", "J", "", current, f"J = e · x + b{plus}", filled, parts)


def _current_parts(encoder: np.ndarray, bias: float, comes: bool) -> tuple[str | Term, ...]:
    parts: list[str | Term] = ["J = "]
    for k, e in enumerate(encoder[:MOST_TERMS]):
        sign = ("− " if e < 0 else "+ ") if k else ("−" if e < 0 else "")
        parts += [f"{sign}{abs(e):.4g} · (", Term("input", k), ") "]
    if len(encoder) > MOST_TERMS:
        parts.append(f"+ {len(encoder) - MOST_TERMS} terms more ")
    parts.append(_signed(bias))
    parts += [" + (", Term(DIRECTLY), ")"] if comes else []
    return (*parts, " = ", Term("current"))


def _membrane_parts(kind: Any, attr: str, dt: float) -> tuple[str | Term, ...]:
    """A step of a neuron's own quantity with its numbers, where the formula is a short one."""
    name = attr.replace("_", " ")
    old, new = Term(name, before=1), Term(name)
    if type(kind) in (nengo.LIF, nengo.AdaptiveLIF) and attr == "voltage":
        less: tuple[str | Term, ...] = ()
        if type(kind) is nengo.AdaptiveLIF:
            less = (" − ", Term("adaptation", before=1))
        drive = ("(", Term("current"), *less, " − ", old, ")")
        return ("v = ", old, " + ", *drive, f" · (1 − exp(−Δ/{kind.tau_rc:g})) → ", new)
    if type(kind) in (nengo.LIF, nengo.AdaptiveLIF) and attr == "refractory_time":
        # Nengo takes dt off first, and lets what is less than dt of it be over within the step.
        left = (f" s; Δ = 2 · {dt:g} − (", old, f"), from 0 to {dt:g}")
        return ("R = ", old, f" − {dt:g} → ", new, *left)
    return (f"{attr} = ", old, " → ", new)


# -- onwards -----------------------------------------------------------------------------------


def onwards(
    sim: Any, read: Source, conn: nengo.Connection, i: int, got: dict[str, np.ndarray]
) -> list[Quantity]:
    """From what the neuron puts out to what arrives of it."""
    out, name = got["out"][:, i : i + 1], read.names.get(conn)
    synapse = conn.synapse
    # From rest: the neuron's own share of what the synapse holds at the start is not known.
    trace = out if synapse is None else synapse.filt(out, dt=sim.dt, y0=0)
    how = "h, from rest" if synapse is not None else "nothing: there is no synapse"
    spikes = "spikes" if read.neuron_type(_ensemble(conn.pre_obj)).spiking else "rate"
    rows = [
        Quantity(
            "filtered",
            "h∗δ",
            "1/s",
            trace,
            f"the output through {how}",
            str(synapse),
            _filter_parts(synapse, spikes, sim.dt),
        ),
        Quantity(
            "decoded",
            "y",
            "",
            got["y"],
            f"what {name} gives, of all its neurons",
            parts=("y = ", *_listed("decoded", got["y"].shape[1])),
        ),
    ]
    return rows if "next J" not in got else rows + _next(sim, read, conn, i, trace, got["next J"])


def _filter_parts(synapse: Any, spikes: str, dt: float) -> tuple[str | Term, ...]:
    """A step of the synapse with its numbers; of a Lowpass, held for a step as Nengo does."""
    if isinstance(synapse, nengo.Lowpass) and synapse.tau > 0.03 * dt:
        kept = np.exp(-dt / synapse.tau)
        old = Term("filtered", before=1)
        return (
            f"{kept:.4g} · ",
            old,
            f" + {1 - kept:.4g} · ",
            Term(spikes),
            " = ",
            Term("filtered"),
        )
    return ("h∗δ = ", Term("filtered"))


def _next(
    sim: Any,
    read: Source,
    conn: nengo.Connection,
    i: int,
    trace: np.ndarray,
    currents: np.ndarray,
) -> list[Quantity]:
    """What it gives to the neuron after it on which it has the most effect."""
    column = weights(sim, conn, item=0).block(columns=slice(i, i + 1))[:, 0]
    j = int(np.argmax(np.abs(column)))
    target = f"{read.names.get(_ensemble(conn.post_obj))}.neurons[{j}]"
    name = "share of the next current"
    share = Quantity(
        name,
        "w (h∗δ)",
        "",
        column[j] * trace,
        "its weight times its filtered output, one step later",
        f"w = {column[j]:.4g} to {target}, on which it has the most effect",
        (f"{printed(column[j])} · ", Term("filtered"), " = ", Term(name)),
    )
    whole_of_it = Quantity(
        "next current",
        "J'",
        "",
        currents[:, j : j + 1],
        f"all that {target} is given, and its bias",
        parts=("J' = ", Term("next current"), ", of which ", Term(name, before=1), " from it"),
    )
    return [share, whole_of_it]


def _ensemble(obj: Any) -> nengo.Ensemble:
    return obj.ensemble if isinstance(obj, Neurons) else obj


def _listed(name: str, size: int) -> Iterator[str | Term]:
    """All numbers of a quantity, or the first ones."""
    if size == 1:
        yield Term(name)
        return
    for k in range(min(size, MOST_TERMS)):
        yield ", " if k else "("
        yield Term(name, k)
    yield ", …)" if size > MOST_TERMS else ")"


def _under(k: int, encoder: np.ndarray) -> str:
    return "" if len(encoder) == 1 else f"[{k}]"


def _sum(terms: Iterator[str]) -> str:
    return " + ".join(terms).replace("+ -", "− ")


def _signed(value: float) -> str:
    return f"− {number(-value)}" if value < 0 else f"+ {number(value)}"
