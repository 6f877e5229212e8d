"""What all neuron models have in common."""

from __future__ import annotations

import nengo

from nengolab.kernels.base import Kernel


class NeuronKernel(Kernel):
    """A neuron model: ``J`` (input current) to ``out`` (spikes or rates, Hz).

    Attributes
    ----------
    constant_names : tuple of str
        The neuron type's constants that the equations use.
    state_names : tuple of str
        The state that Nengo keeps for the type.
    random : bool
        Whether it draws random numbers; it then has the states ``"generator"`` and ``"spikes"``.
    """

    constant_names: tuple[str, ...] = ()
    state_names: tuple[str, ...] = ()
    random = False

    def constants(self, neurons: nengo.neurons.NeuronType) -> dict[str, float]:
        """The constants of a neuron type that the equations use."""
        return {name: getattr(neurons, name) for name in self.constant_names}

    def static(self, neurons: nengo.neurons.NeuronType) -> tuple:
        """What must be equal for two populations to run as one group, beside the kernel."""
        return ()
