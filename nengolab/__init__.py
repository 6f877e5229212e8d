"""nengolab: a lab bench for Nengo networks.

The engine compiles any ``nengo.Network`` with TensorFlow and runs it::

    import nengo, nengolab

    with nengo.Network() as net:
        stimulus = nengo.Node(0.5)
        neurons = nengo.Ensemble(100, 1)
        nengo.Connection(stimulus, neurons)
        probe = nengo.Probe(neurons, synapse=0.02)
    with nengolab.Simulator(net) as sim:
        sim.run(1.0)
    print(sim.data[probe][-1])

TensorFlow is loaded when the first ``Simulator`` is made, not on import.
"""

from importlib import import_module
from typing import Any

from nengolab import dists, exceptions, surrogates
from nengolab._version import __version__
from nengolab.layers.layer import Layer
from nengolab.layers.tensor_node import TensorNode
from nengolab.neurons import LeakyReLU, SoftLIFRate, SpikingLeakyReLU
from nengolab.runtime.recording import Recording
from nengolab.runtime.store import ProbeStore
from nengolab.settings import configure_settings
from nengolab.simulator import Simulator, Tap
from nengolab.sweep import sweep

__all__ = [
    "Layer",
    "LeakyReLU",
    "ProbeStore",
    "Recording",
    "Simulator",
    "SoftLIFRate",
    "SpikingLeakyReLU",
    "Tap",
    "TensorNode",
    "__version__",
    "configure_settings",
    "dists",
    "exceptions",
    "surrogates",
    "sweep",
]

# Loaded when they are first asked for: the first ones are made of Keras classes, so TensorFlow is
# loaded with them.
_LATER = (
    "callbacks",
    "converting",
    "exporting",
    "keras_layers",
    "losses",
    "inspect",
    "runs",
    "building",
)
_IN_LATER = {
    "Converter": "converting",
    "export": "exporting",
    "from_nir": "nir_graphs",
    "read_bundle": "exporting",
    "to_code": "building",
    "to_nir": "nir_graphs",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return import_module(f"nengolab.{name}")
    if name in _IN_LATER:
        return getattr(import_module(f"nengolab.{_IN_LATER[name]}"), name)
    raise AttributeError(f"module 'nengolab' has no attribute {name!r}")


def load_ipython_extension(ipython: Any) -> None:
    """``%load_ext nengolab``: a nengo.Network on a cell's last line shows its view."""
    import_module("nengolab_widgets.notebook").show_networks(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """``%unload_ext nengolab``: networks are shown as without it."""
    import_module("nengolab_widgets.notebook").show_networks_no_more(ipython)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_IN_LATER})
