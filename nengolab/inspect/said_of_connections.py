"""What there is to say of connections, probes and learning rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nengo
import numpy as np
from nengo.builder.connection import get_targets
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.transforms import Convolution, ConvolutionTranspose, NoTransform, Sparse

from nengolab.inspect.populations import population
from nengolab.inspect.source import Source
from nengolab.inspect.texts import counted, number, seeded, shown, trained
from nengolab.parameters.rules import is_decoded, rules_of
from nengolab.parameters.show import figures

# a, b: activities (Hz) before and after, through the rule's synapses; κ: learning rate; W: weights.
# Sources: Nengo's documentation of its rules, and the papers that it names.
_RULES: dict[type, tuple[str, str]] = {
    nengo.PES: (
        "it lessens an error E that a connection brings to it",
        "ΔW = −κ dt/n · E · a (n neurons; what comes in is the error: decoded minus wanted)",
    ),
    nengo.RLS: (
        "it lessens an error E by recursive least squares",
        "ΔW = −E · (P a) / (1 + a · P a), P is learned as the inverse correlation of activities",
    ),
    nengo.BCM: (
        "it strengthens weights to neurons that fire above a threshold θ that follows them, and "
        "weakens the others",
        "ΔW = κ dt · b (b − θ) · a",
    ),
    nengo.Oja: (
        "it strengthens weights between neurons that fire together, with forgetting that keeps "
        "them bounded",
        "ΔW = κ dt · (b · a − β b² W)",
    ),
    nengo.Voja: (
        "it turns encoders of neurons that fire towards the input x",
        "Δe = κ dt · s · b · (gain/radius · x − e), s is the learning signal + 1",
    ),
}


def of_connection(read: Source, conn: nengo.Connection) -> Iterator[str]:
    """A connection: what it reads, computes and gives on, and how."""
    name, decoded = read.names.get(conn), is_decoded(conn)
    pre, post = _end(read, conn, True), _end(read, conn, False)
    if isinstance(conn.function, np.ndarray):
        yield f"{name!r} is a connection: it brings what a table gives for {pre} to {post}."
    elif conn.function is not None:
        what = counted(conn.size_mid, "number")
        yield (
            f"{name!r} is a connection: it brings f(x), {what}, to {post}, where x is {pre} and f "
            f"is {shown(conn.function)}."
        )
    else:
        yield f"{name!r} is a connection: it brings {pre} to {post}."
    transform = _transform(conn)
    if transform:
        yield transform
    if decoded:
        yield from _decoders(read, conn)
    yield from _arrival(conn)
    yield _synapse(conn.synapse)
    yield from _weights(read, conn)
    for rule in rules_of(conn):
        yield from _learning(read, rule)
    if decoded or isinstance(conn.transform, nengo.transforms.Transform):
        drawn = isinstance(getattr(conn.transform, "init", None), nengo.dists.Distribution)
        if drawn or (decoded and conn.eval_points is not None):
            yield from seeded(read, conn)
    yield from trained(read, conn)


def of_probe(read: Source, probe: nengo.Probe) -> Iterator[str]:
    """A probe: what it records, through what, how often."""
    name, target = read.names.get(probe), read.names.get(probe.target)
    every = "each step" if probe.sample_every is None else f"every {number(probe.sample_every)} s"
    sizes = counted(probe.size_in, "number")
    what = probe.attr.replace("_", " ")
    yield f"{name!r} is a probe: it records {what} of {target!r}, {sizes}, {every}."
    decodes = isinstance(probe.obj, nengo.Ensemble) and probe.attr == "decoded_output"
    if decodes and not isinstance(probe.obj.neuron_type, nengo.Direct):
        yield f"It decodes with decoders of its own, solved by {shown(probe.solver)}."
    yield _synapse(probe.synapse)


def of_rule(read: Source, rule: LearningRule) -> Iterator[str]:
    """A learning rule: what it changes, by which formula, how fast."""
    kind, name = rule.learning_rule_type, read.names.get(rule)
    conn = read.names.get(rule.connection)
    yield (
        f"{name!r} is the learning rule {type(kind).__name__} of {conn!r}: it changes "
        f"{kind.modifies} while the network runs."
    )
    yield from _learning(read, kind)
    teachers = [c for c in read.network.all_connections if _is_rule(c.post_obj, rule)]
    if kind.size_in not in (0, None):
        names = ", ".join(repr(read.names.get(c)) for c in teachers)
        yield (
            f"Its signal is what {names} brings."
            if teachers
            else (
                "Nothing is connected to it: with a signal of 0 it changes nothing."
                if isinstance(kind, nengo.PES | nengo.RLS)
                else "Nothing is connected to it: its signal is 0."
            )
        )
    yield from trained(read, rule.connection)


def _is_rule(obj: Any, rule: LearningRule) -> bool:
    return isinstance(obj, LearningRule) and (
        obj.connection is rule.connection and obj.learning_rule_type is rule.learning_rule_type
    )


# -- what it reads and gives -------------------------------------------------------------------


def _end(read: Source, conn: nengo.Connection, pre: bool) -> str:
    """What it reads, or what it gives to."""
    obj, part = (conn.pre_obj, conn.pre_slice) if pre else (conn.post_obj, conn.post_slice)
    if isinstance(obj, Neurons):
        said = f"the neurons of {read.names.get(obj.ensemble)!r}"
    elif isinstance(obj, LearningRule):
        said = f"the learning rule {read.names.get(obj)!r}"
    else:
        said = repr(read.names.get(obj))
    some = "" if part == slice(None) else f"part {shown(part)} of "
    if not pre:
        return f"{some}{said}"
    return f"{some}the {'output' if isinstance(obj, Neurons) else 'value'} of {said}"


def _transform(conn: nengo.Connection) -> str:
    transform = conn.transform
    if isinstance(transform, NoTransform):
        return "" if is_decoded(conn) else "It has no weights: it passes each value on."
    if isinstance(transform, Convolution | ConvolutionTranspose):
        way = "" if isinstance(transform, Convolution) else "the transpose of "
        return (
            f"On the way it is convolved ({way}{transform.n_filters} filters of size "
            f"{transform.kernel_size}, strides {transform.strides}, padding "
            f"{transform.padding!r}): {transform.input_shape.shape} in, "
            f"{transform.output_shape.shape} out."
        )
    if isinstance(transform, Sparse):
        size = f"{transform.size_out} x {transform.size_in}"
        return f"On the way it is multiplied by a sparse matrix {size}."
    init = getattr(transform, "init", None)
    if isinstance(init, np.ndarray) and init.size == 1:
        return "" if init.item() == 1 else f"On the way it is multiplied by {number(init.item())}."
    return (
        f"On the way it is multiplied by a matrix {conn.size_out} x {conn.size_mid}"
        f"{f' drawn from {shown(init)}' if isinstance(init, nengo.dists.Distribution) else ''}."
    )


def _arrival(conn: nengo.Connection) -> Iterator[str]:
    post = conn.post_obj
    if isinstance(post, Neurons):
        yield "There it is multiplied by each neuron's gain and added to its current."
    elif isinstance(post, nengo.Ensemble) and not isinstance(post.neuron_type, nengo.Direct):
        if not (is_decoded(conn) and conn.solver.weights):
            yield (
                "There the encoders make currents of it, so that the whole weights from neuron to "
                "neuron are encoders times decoders."
                if is_decoded(conn)
                else "There the encoders make currents of it."
            )


def _synapse(synapse: Any) -> str:
    if synapse is None:
        return "There is no synapse: it arrives as it is, unfiltered."
    if isinstance(synapse, nengo.Lowpass):
        ms = number(synapse.tau * 1000)
        return (
            f"Its synapse is a Lowpass, h(t) = exp(−t/τ)/τ with τ = {ms} ms: it smooths spikes, "
            f"and what arrives is {ms} ms late on average."
        )
    if isinstance(synapse, nengo.Alpha):
        ms, late = number(synapse.tau * 1000), number(synapse.tau * 2000)
        return (
            f"Its synapse is an Alpha, h(t) = t exp(−t/τ)/τ² with τ = {ms} ms: it smooths spikes, "
            f"and what arrives is {late} ms late on average."
        )
    if isinstance(synapse, nengo.synapses.Triangle):
        return f"Its synapse is a Triangle over {number(synapse.t * 1000)} ms."
    return f"Its synapse is {shown(synapse)}."


# -- decoders and weights ----------------------------------------------------------------------


def _decoders(read: Source, conn: nengo.Connection) -> Iterator[str]:
    """How its decoders were solved for, and how far from the function they are."""
    built = read.connection(conn)
    points = f"{counted(len(built.eval_points), 'evaluation point')}"
    yield (
        f"It is decoded from the {counted(conn.pre_obj.n_neurons, 'neuron')}: decoders, solved by "
        f"{shown(conn.solver)} at {points}, weigh what each puts out."
    )
    found = decoding_error(read, conn)
    if found is not None:
        error, size = found
        if np.isfinite(error):
            yield (
                f"At these points what is decoded of the rates is off by {number(error)} (root "
                f"mean square), of values of {number(size)}; with spikes there is noise beside it."
            )
    elif "rmses" in (built.solver_info or {}):
        rms = float(np.sqrt(np.mean(np.square(built.solver_info["rmses"]))))
        yield f"The solver's error at these points was {number(rms)} (root mean square)."


def decoding_error(read: Source, conn: nengo.Connection) -> tuple[float, float] | None:
    """RMS error of what is decoded of the rates at the evaluation points, and RMS of the values.

    Of decoders, encoders and biases as they are now. None where decoders and what stands behind
    them are not told apart: a transform that was drawn, full weights.
    """
    transform = conn.transform
    fixed = isinstance(transform, NoTransform) or isinstance(
        getattr(transform, "init", None), np.ndarray
    )
    if not fixed or conn.solver.weights:
        return None
    built = read.connection(conn)
    people = population(read.given, conn.pre_obj, item=read.item)
    wanted = np.asarray(get_targets(conn, built.eval_points), float)
    if not isinstance(transform, NoTransform):
        if not isinstance(transform, nengo.Dense):
            return None
        init = np.asarray(transform.init, float)
        wanted = wanted * init if init.ndim < 2 else wanted @ init.T
    with np.errstate(invalid="ignore"):  # of infinite decoders it is NaN, which is not told
        decoded = people.rates(built.eval_points) @ np.asarray(built.weights).T
    return float(np.sqrt(np.mean((decoded - wanted) ** 2))), float(np.sqrt(np.mean(wanted**2)))


def _weights(read: Source, conn: nengo.Connection) -> Iterator[str]:
    held = read.connection(conn).weights
    if held is None or (isinstance(conn.transform, NoTransform) and not is_decoded(conn)):
        return
    held = held.allocate() if hasattr(held, "allocate") else held
    values = np.asarray(getattr(held, "data", held) if hasattr(held, "nnz") else held)
    if values.size > 1:
        what = "decoder" if is_decoded(conn) else "weight"
        if is_decoded(conn) and conn.solver.weights:
            what = "weight"
        times = " (times the matrix)" if what == "decoder" and _transform(conn) else ""
        bad = values.size - np.count_nonzero(np.isfinite(values))
        said = f"{bad} of them are NaN or infinite" if bad else figures(values)
        yield f"Its {values.size:,} {what}s{times}: {said}."


def _learning(read: Source, kind: Any) -> Iterator[str]:
    does, formula = _RULES.get(type(kind), ("", ""))
    rate = number(kind.learning_rate)
    if not does:
        yield f"It learns by {shown(kind)}, with the learning rate {rate}."
        return
    name = type(kind).__name__
    yield f"It learns by {name}: {does}; {formula}, with the learning rate κ = {rate}."
