"""Types of neurons that all functions are tried with."""

from __future__ import annotations

import nengo

import nengolab

TYPES: dict[str, nengo.neurons.NeuronType] = {
    type(kind).__name__: kind
    for kind in (
        nengo.LIF(tau_rc=0.03),
        nengo.LIFRate(amplitude=0.5),
        nengo.AdaptiveLIF(tau_n=0.1),
        nengo.AdaptiveLIFRate(tau_n=0.1),
        nengo.RectifiedLinear(),
        nengo.SpikingRectifiedLinear(),
        nengo.Sigmoid(),
        nengo.Tanh(),
        nengo.Izhikevich(),
        nengo.RegularSpiking(nengo.Sigmoid()),
        nengo.PoissonSpiking(nengo.LIFRate()),
        nengo.StochasticSpiking(nengo.AdaptiveLIFRate()),
        nengolab.SoftLIFRate(sigma=0.3),
        nengolab.LeakyReLU(),
        nengolab.SpikingLeakyReLU(),
    )
}
AT_RANDOM = ("PoissonSpiking", "StochasticSpiking")  # other numbers than Nengo draws
