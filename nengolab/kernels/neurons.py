"""Which kernel runs which neuron type. The equations are in the families' files."""

from __future__ import annotations

from collections.abc import Collection

import nengo

from nengolab import neurons as types
from nengolab.kernels import integrators, random_spikes, rates
from nengolab.kernels.lif import AdaptiveLif, Lif
from nengolab.kernels.neuron_kernel import NeuronKernel

_BY_TYPE: dict[type, NeuronKernel] = {
    nengo.LIF: Lif(),
    nengo.AdaptiveLIF: AdaptiveLif(),
    nengo.LIFRate: rates.LifRate(),
    nengo.AdaptiveLIFRate: rates.AdaptiveLifRate(),
    nengo.RectifiedLinear: rates.RectifiedLinear(),
    nengo.Sigmoid: rates.SigmoidRate(),
    nengo.Tanh: rates.Tanh(),
    nengo.SpikingRectifiedLinear: integrators.SpikingRectifiedLinear(),
    nengo.Izhikevich: integrators.Izhikevich(),
    nengo.RegularSpiking: integrators.RegularSpiking(),
    nengo.StochasticSpiking: random_spikes.StochasticSpiking(),
    nengo.PoissonSpiking: random_spikes.PoissonSpiking(),
    types.SoftLIFRate: rates.SoftLifRate(),
    types.LeakyReLU: rates.LeakyRelu(),
    types.IntegrateAndFire: integrators.IntegrateAndFire(),
    types.SpikingLeakyReLU: integrators.SpikingLeakyRelu(),
}
NEURON_KERNELS = tuple(_BY_TYPE.values())


def neuron_kernel(
    neurons: nengo.neurons.NeuronType, state: Collection[str], random: bool
) -> NeuronKernel | None:
    """The kernel that gives what ``neurons.step`` gives, or None where it may be another.

    A subclass that only adds to how gains, rates or initial states are found has the equations of
    its parent; one that touches what a step uses has equations of its own.

    Parameters
    ----------
    neurons : nengo.neurons.NeuronType
    state : collection of str
        Names of the state that was built for it.
    random : bool
        Whether a random generator was built for it.
    """
    mro = type(neurons).__mro__
    parent = next((cls for cls in mro if cls in _BY_TYPE), None)
    if parent is None or mro[mro.index(parent) :] != parent.__mro__:
        return None
    kernel = _BY_TYPE[parent]
    used = {"step", "negative", "__getattribute__", "__getattr__", *kernel.constant_names}
    below = mro[: mro.index(parent)]
    if any(used & set(vars(cls)) for cls in below) or "step" in vars(neurons):
        return None
    return kernel if set(state) == set(kernel.state_names) and random == kernel.random else None
