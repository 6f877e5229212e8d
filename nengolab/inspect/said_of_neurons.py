"""What there is to say of ensembles and neurons."""

from __future__ import annotations

from collections.abc import Iterator

import nengo
import numpy as np

from nengolab.inspect.activities import Activity, of_points
from nengolab.inspect.equations import constants, membrane
from nengolab.inspect.populations import Population, population
from nengolab.inspect.source import Source
from nengolab.inspect.texts import counted, number, seeded, shown, trained

_CURRENT = "J = gain · (e · x) / radius + bias"


def of_ensemble(read: Source, ens: nengo.Ensemble) -> Iterator[str]:
    """An ensemble: what it represents, how its neurons are told of it, what they do."""
    name, kind = read.names.get(ens), type(ens.neuron_type).__name__
    what = _represented(ens)
    if isinstance(ens.neuron_type, nengo.Direct):
        yield (
            f"{name!r} is an ensemble in Direct mode: it has no neurons, and gives on "
            f"exactly what it is given, {what}."
        )
        return
    neurons = counted(ens.n_neurons, f"{kind} neuron")
    many = "they represent" if ens.n_neurons > 1 else "it represents"
    yield f"{name!r} is an ensemble of {neurons}: {many} {what}."
    people = population(read.given, ens, item=read.item)
    yield (
        f"Each is given the current {_CURRENT}, where the encoder e, of length 1, is the direction "
        f"that it prefers; {_spread('gains', people.gain)}, {_spread('biases', people.bias)}."
    )
    yield from _reach(people)
    yield from _mechanism(people)
    if np.isfinite(people.currents(people.eval_points)).all():
        yield from _firing(of_points(people))
    else:
        yield "Encoders or biases of it are NaN or infinite now: it computes nothing."
    yield from _around(read, ens)
    if ens.noise is not None:
        yield f"Noise is added to the currents: {shown(ens.noise)}."
    yield from seeded(read, ens)
    yield from trained(read, ens)


def of_neurons(read: Source, ens: nengo.Ensemble) -> Iterator[str]:
    """All neurons of an ensemble, apart from what they represent."""
    name = read.names.get(ens.neurons)
    if isinstance(ens.neuron_type, nengo.Direct):
        yield f"{name!r} are no neurons: {read.names.get(ens)!r} is in Direct mode."
        return
    people = population(read.given, ens, item=read.item)
    kind = type(people.neuron_type).__name__
    yield f"{name!r} are the {counted(ens.n_neurons, f'{kind} neuron')} of {read.names.get(ens)!r}."
    yield (
        f"What is connected to them directly is multiplied by their gains and added to their "
        f"biases to give the current J; {_spread('gains', people.gain)}, "
        f"{_spread('biases', people.bias)}."
    )
    yield from _mechanism(people)
    yield from _around(read, ens)
    yield from trained(read, ens.neurons)


def of_neuron(read: Source, ens: nengo.Ensemble, i: int) -> Iterator[str]:
    """One neuron: what it prefers, its current, where it begins to fire and how fast it gets."""
    people = population(read.given, ens, item=read.item)
    e, scaled = people.encoders[i], people.scaled_encoders[i]
    kind = type(people.neuron_type).__name__
    neurons = f"{people.n_neurons} {kind} neurons of {people.name!r}"
    yield f"'{people.name}.neurons[{i}]' is one of the {neurons}."
    terms = [f"{number(w)} · x{f'[{k}]' if len(scaled) > 1 else ''}" for k, w in enumerate(scaled)]
    many = "" if len(terms) <= 6 else f" and {len(terms) - 6} terms more"
    said = (" + ".join(terms[:6]) + many).replace("+ -", "− ")
    bias = people.bias[i]
    plus = f"− {number(-bias)}" if bias < 0 else f"+ {number(bias)}"
    prefers = (
        number(e[0]) if len(e) == 1 else f"({', '.join(map(number, e[:6]))}{', …' * (len(e) > 6)})"
    )
    yield (
        f"It prefers the direction {prefers}, its encoder; its current is J = {said} {plus}, "
        f"with a gain of {number(people.gain[i])}."
    )
    intercepts, max_rates = people.intercepts, people.max_rates
    if intercepts is not None and max_rates is not None and np.isfinite(intercepts[i]):
        yield (
            f"Along its encoder it begins to fire at {number(intercepts[i])} radii, and fires at "
            f"{number(max_rates[i])} Hz at the radius."
        )
    if np.isfinite(people.currents(people.eval_points)).all():
        busy = of_points(people)
        yield (
            f"Over the ensemble's {busy.over.removeprefix('its ')} it fires at "
            f"{number(busy.least[i])} to {number(busy.most[i])} Hz, {number(busy.mean[i])} on "
            "average."
        )
    elif not (np.isfinite(scaled).all() and np.isfinite(bias)):
        yield "Its encoder or bias is NaN or infinite now: it computes nothing."
    yield from _mechanism(people)


def _represented(ens: nengo.Ensemble) -> str:
    radius = number(float(ens.radius))
    if ens.dimensions == 1:
        return f"a number x, from -{radius} to {radius}"
    return f"a vector x of {ens.dimensions} numbers, of a length up to {radius} (the radius)"


def _spread(what: str, values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    bad = f"{values.size - known.size} of its {what} are NaN or infinite"
    if not known.size:
        return bad
    low, high = number(known.min()), number(known.max())
    said = f"its {what} are {low}" if low == high else f"its {what} are {low} to {high}"
    return said if known.size == values.size else f"{said}, and {bad}"


def _reach(people: Population) -> Iterator[str]:
    """Where along their encoders neurons begin to fire, and how fast they get."""
    if people.intercepts is None or people.max_rates is None:
        return
    fires = np.isfinite(people.intercepts) & np.isfinite(people.max_rates)
    if fires.any():
        places, rates = people.intercepts[fires], people.max_rates[fires]
        yield (
            f"Along their encoders neurons begin to fire at {number(places.min())} to "
            f"{number(places.max())} radii (their intercepts), and fire at {number(rates.min())} "
            f"to {number(rates.max())} Hz at the radius."
        )


def _mechanism(people: Population) -> Iterator[str]:
    """How a current becomes output."""
    kind, said = type(people.neuron_type).__name__, membrane(people.neuron_type)
    numbers = constants(people.neuron_type)
    equations = "; ".join(
        f"{what.replace('_', ' ')}: {text.replace('; ', ', ')}" for what, text in said.items()
    )
    if equations:
        yield f"In a {kind} neuron: {equations}{f' ({numbers})' if numbers else ''}."
    elif numbers:
        yield f"The constants of a {kind} neuron are {numbers}."


def _firing(activity: Activity) -> Iterator[str]:
    mean = number(float(activity.mean.mean()))
    said = f"Over {activity.over} a neuron fires at {mean} {activity.unit} on average"
    ends = [
        f"{counted(len(which), 'neuron')} {what}"
        for which, what in (
            (activity.silent, "never fire" + "s" * (len(activity.silent) == 1)),
            (activity.saturated, "always the same: they tell nothing"),
        )
        if len(which)
    ]
    yield f"{said}; {', '.join(ends)}." if ends else f"{said}, and none is silent or saturated."


def _around(read: Source, ens: nengo.Ensemble) -> Iterator[str]:
    """What leads to it, and what reads it."""

    def is_of(obj: object) -> bool:
        return obj is ens or obj is ens.neurons

    conns = read.network.all_connections
    for said, ends in (
        ("It is given the sum of what {} brings", [c for c in conns if is_of(c.post_obj)]),
        ("It is read by {}", [c for c in conns if is_of(c.pre_obj)]),
    ):
        if ends:
            names = [repr(read.names.get(conn)) for conn in ends[:4]]
            more = f" and {len(ends) - 4} more" if len(ends) > 4 else ""
            text = said.format(", ".join(names) + more)
            yield (text.replace("brings", "bring") if len(ends) > 1 else text) + "."
