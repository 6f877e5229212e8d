"""What neurons compute, as text.

The equations are those of Nengo's documentation; LIF: Eliasmith & Anderson, Neural Engineering,
2003, chapter 4; Izhikevich: "Simple model of spiking neurons", IEEE Trans. Neural Netw. 14, 2003.
"""

from __future__ import annotations

import inspect
from typing import Any

import nengo

import nengolab.neurons

_LIF = {
    "voltage": "τ_RC dv/dt = J − v; 0 after a spike, while the neuron rests",
    "refractory_time": "τ_ref after a spike, less dt in each step",
}
_FIRES = "a spike where v passes 1"
_ADAPTS = {"adaptation": "τ_n dn/dt = inc_n · output − n; it is taken from J"}
_OF_RATES = {"rate_out": "the rate of the base type, of which spikes are made"}

_EQUATIONS: dict[type, dict[str, str]] = {
    nengo.LIF: {**_LIF, "output": _FIRES},
    nengo.AdaptiveLIF: {**_LIF, **_ADAPTS, "output": _FIRES},
    nengo.LIFRate: {"output": "1 / (τ_ref + τ_RC ln(1 + 1 / (J − 1))) where J > 1, else 0"},
    nengo.AdaptiveLIFRate: {**_ADAPTS, "output": "as LIFRate, of J − n"},
    nengolab.neurons.SoftLIFRate: {
        "output": "as LIFRate, with σ ln(1 + exp((J − 1) / σ)) in place of J − 1"
    },
    nengo.RectifiedLinear: {"output": "amplitude · J where J > 0, else 0"},
    nengo.SpikingRectifiedLinear: {
        "voltage": "J dt is added, 1 taken away for each spike; never below min_voltage",
        "output": "a spike for each whole 1 that v holds",
    },
    nengo.Sigmoid: {"output": "1 / τ_ref / (1 + exp(−J))"},
    nengo.Tanh: {"output": "tanh(J) / τ_ref"},
    nengo.Izhikevich: {
        "voltage": "dv/dt = 0.04 v² + 5 v + 140 − u + J (mV, ms); reset_voltage after a spike",
        "recovery": "du/dt = tau_recovery (coupling · v − u); reset_recovery is added at a spike",
        "output": "a spike where v passes 30 mV",
    },
    nengolab.neurons.LeakyReLU: {
        "output": "amplitude · J where J > 0, else amplitude · negative_slope · J"
    },
    nengolab.neurons.SpikingLeakyReLU: {
        "voltage": "J dt is added, negative_slope · J dt where J < 0; each whole 1 is taken away",
        "output": "a spike for each whole 1 that v holds, a negative one for each -1",
    },
    nengo.RegularSpiking: {
        **_OF_RATES,
        "voltage": "rate · dt is added in each step, 1 taken away for each spike",
        "output": "a spike for each whole 1 that v holds",
    },
    nengo.PoissonSpiking: {
        **_OF_RATES,
        "output": "as many as a Poisson distribution of mean rate · dt gives",
    },
    nengo.StochasticSpiking: {
        **_OF_RATES,
        "output": "the whole part of rate · dt, and one more with the chance of what is left",
    },
}


def membrane(neuron_type: Any) -> dict[str, str]:
    """Equations of a neuron type's own quantities, by name; of its output as ``"output"``."""
    own = _EQUATIONS.get(type(neuron_type), {})
    if not isinstance(neuron_type, nengo.neurons.RatesToSpikesNeuronType):
        return own
    # What the rate follows from, such as adaptation, is the base type's.
    return {**membrane(neuron_type.base_type), **own}


def constants(neuron_type: Any) -> str:
    """The numbers of a neuron type: ``"tau_rc = 0.02, tau_ref = 0.002"``."""
    names = inspect.signature(type(neuron_type)).parameters
    values = {name: getattr(neuron_type, name, None) for name in names if name != "initial_state"}
    return ", ".join(
        f"{name} = {value:g}" if isinstance(value, int | float) else f"{name} = {value}"
        for name, value in values.items()
        if value is not None
    )


def threshold(neuron_type: Any) -> float | None:
    """The current above which a neuron fires, where its type has one."""
    if isinstance(neuron_type, nengo.neurons.RatesToSpikesNeuronType):
        neuron_type = neuron_type.base_type
    if type(neuron_type) in (nengo.LIF, nengo.LIFRate):
        return 1.0
    fires_above_0 = (nengo.RectifiedLinear, nengo.SpikingRectifiedLinear)
    return 0.0 if type(neuron_type) in fires_above_0 else None
