"""A folded network in whole numbers: weights of few bits, the rest in fixed point.

*Weights* ``W`` of a link are ``scale * q`` with whole ``q`` of the bits that were chosen, its sign
among them. Everything else has 16 bits behind the point: currents, voltages (a threshold is
``2**16``), biases, what filters hold. Spikes are counts. What a link adds is
``(q @ x * multiplier) >> shift``, the multiplier having 16 bits; leaks, filters and ``dt`` are
factors with 24 bits behind the point. Shifts round down. Only ``reference.fixed`` and
`integers` compute with it, and they agree in each bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nengolab.checks import whole
from nengolab.exceptions import ValidationError
from nengolab.exporting.parts import NEURONS, OUTPUT, SUM, Circuit, Layer, Link, Weights
from nengolab.names import listing

POINT, FACTOR = 16, 24
USUAL_BITS = 8
_MULTIPLIER_BITS = 16


@dataclass(frozen=True)
class Quantised:
    """What quantisation did to the weights of a link.

    Attributes
    ----------
    link, target : str
    bits : int
    scale : float
        What one step of a whole number stands for.
    error : float
        Largest error of a weight.
    relative : float
        Root of the mean square error, relative to that of the weights.
    """

    link: str
    target: str
    bits: int
    scale: float
    error: float
    relative: float


def quantised(circuit: Circuit, bits: Any) -> tuple[Circuit, list[Quantised]]:
    """A folded circuit in whole numbers, and the error of its weights.

    Parameters
    ----------
    circuit : Circuit
    bits : int or mapping
        Bits of a weight, for all, or by the name of the layer that it leads to (8 for others).

    Raises
    ------
    ValidationError
        For layers that are not there, and for what has no whole numbers, by its name.
    """
    by_layer = _bits(circuit, bits)
    errors, links = [], []
    for link in circuit.links:
        found, error = _link(circuit, link, by_layer[link.target])
        links.append(found)
        errors.append(error)
    layers = [_layer(layer, circuit.dt) for layer in circuit.layers]
    return replace(circuit, layers=layers, links=links, fixed_point=True), errors


def _bits(circuit: Circuit, bits: Any) -> dict[str, int]:
    names = [layer.name for layer in circuit.layers if layer.kind in (SUM, NEURONS, OUTPUT)]
    if not isinstance(bits, Mapping):
        return dict.fromkeys(names, _checked(bits))
    unknown = [name for name in bits if name not in names]
    if unknown:
        raise ValidationError(
            f"has {listing(unknown)}; the layers that weights lead to are {listing(names)}",
            attr="bits",
        )
    return {name: _checked(bits.get(name, USUAL_BITS)) for name in names}


def _checked(bits: Any) -> int:
    found = whole(bits, "bits", 2)
    if found > 16:
        raise ValidationError(f"must be at most 16, got {found}", attr="bits")
    return found


def _link(circuit: Circuit, link: Link, bits: int) -> tuple[Link, Quantised]:
    values = link.weights.array
    if values.ndim == 0:
        scale, q = abs(float(values)), np.array(np.sign(values), np.int64)
    else:
        most = 2 ** (bits - 1) - 1
        scale = float(np.abs(values).max(initial=0)) / most
        q = np.round(values / scale if scale else values).astype(np.int64)
    source = circuit.layer(link.source)
    unit = 1.0
    if source.neurons is not None:  # a spike is counted as 1
        unit = source.neurons["amplitude"] / circuit.dt * 2**POINT
    multiplier, shift = _as_factor(scale * unit)
    fixed: dict[str, Any] = {
        "multiplier": multiplier,
        "shift": shift,
        "bits": bits,
        "scale": scale,
    }
    if link.filter is not None:
        fixed["rate"] = _rate(link)
    kind = "scale" if link.weights.kind == "identity" else link.weights.kind
    weights: Weights = replace(link.weights, kind=kind, values=q)
    off = values - scale * q
    size = math.sqrt(float(np.mean(np.square(values)))) if values.size else 0.0
    relative = math.sqrt(float(np.mean(np.square(off)))) / size if size else 0.0
    error = Quantised(
        link.name, link.target, bits, scale, float(np.abs(off).max(initial=0)), relative
    )
    return replace(link, weights=weights, gain=False, fixed=fixed), error


def _as_factor(value: float) -> tuple[int, int]:
    """A multiplier of 16 bits and a shift that together are about ``value``."""
    if value == 0:
        return 0, 0
    shift = _MULTIPLIER_BITS - 1 - math.floor(math.log2(value))
    if shift < 0:
        return round(value), 0
    shift = min(shift, 62)
    return round(math.ldexp(value, shift)), shift


def _rate(link: Link) -> int:
    filter_ = link.filter
    assert filter_ is not None
    if filter_.kind != "Lowpass":
        raise ValidationError(
            f"{link.name!r} has a synapse of the type {filter_.kind}; whole numbers are "
            "for Lowpass",
            attr="bits",
        )
    kept = float(filter_.A[0, 0]) if len(filter_.B) else 0.0
    return round((1 - kept) * 2**FACTOR)


def _layer(layer: Layer, dt: float) -> Layer:
    def fixed(x: np.ndarray | None) -> np.ndarray | None:
        return None if x is None else np.round(x * 2**POINT).astype(np.int64)

    neurons = layer.neurons
    if neurons is not None:
        kind, own = neurons["type"], {"type": neurons["type"]}
        if kind == "LIF":
            own["rate"] = round(-math.expm1(-dt / neurons["tau_rc"]) * 2**FACTOR)
            own["wait"] = math.floor(round(neurons["tau_ref"] / dt, 6))
            # What lies above the threshold stands for the rest of the step, in which a neuron with
            # a refractory time has waited already; without one Nengo's starts from 0.
            own["keep"] = int(own["wait"] > 0)
            low = neurons["min_voltage"]
            own["min_voltage"] = None if math.isinf(low) else round(low * 2**POINT)
        elif kind in ("SpikingRectifiedLinear", "IntegrateAndFire"):
            own["rate"] = round(dt * 2**FACTOR)
        else:
            raise ValidationError(
                f"{layer.name!r} has neurons of type {kind}, whose rates are no whole numbers; "
                "give it spiking ones (LIF, SpikingRectifiedLinear)",
                attr="bits",
            )
        neurons = own
    return replace(
        layer,
        neurons=neurons,
        gain=None,
        bias=fixed(layer.bias),
        voltage=fixed(layer.voltage),
        value=fixed(layer.value),
    )
