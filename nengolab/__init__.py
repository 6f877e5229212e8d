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

from nengolab import exceptions, surrogates
from nengolab.neurons import LeakyReLU, SoftLIFRate, SpikingLeakyReLU
from nengolab.runtime.store import ProbeStore
from nengolab.settings import configure_settings
from nengolab.simulator import Simulator, Tap

__version__ = "0.1.0"
__all__ = [
    "LeakyReLU",
    "ProbeStore",
    "Simulator",
    "SoftLIFRate",
    "SpikingLeakyReLU",
    "Tap",
    "__version__",
    "configure_settings",
    "exceptions",
    "surrogates",
]
