"""All kernels by name. The compiler knows only this table."""

from __future__ import annotations

from nengolab.kernels.base import Kernel
from nengolab.kernels.calls import CallKernel
from nengolab.kernels.convolution import Convolve
from nengolab.kernels.learning import LEARNING_KERNELS
from nengolab.kernels.neurons import NEURON_KERNELS
from nengolab.kernels.rates import AdaptiveSoftLifRate
from nengolab.kernels.sparse import SparseDot
from nengolab.kernels.spike_gradient import SURROGATE_KERNELS
from nengolab.kernels.synapses import FiniteResponse, FirstOrderFilter, LinearFilterKernel
from nengolab.kernels.tensor import TensorKernel
from nengolab.kernels.traced import TracedKernel
from nengolab.kernels.transforms import Dot, Scale

KERNELS: dict[str, Kernel] = {
    kernel.name: kernel
    for kernel in (
        CallKernel(),
        Convolve(),
        TracedKernel(),
        TensorKernel(),
        Dot(),
        Scale(),
        SparseDot(),
        FirstOrderFilter(),
        LinearFilterKernel(),
        FiniteResponse(),
        *NEURON_KERNELS,
        AdaptiveSoftLifRate(),
        *SURROGATE_KERNELS,
        *LEARNING_KERNELS,
    )
}
