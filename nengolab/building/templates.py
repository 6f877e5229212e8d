"""Small models to begin with, as source."""

from __future__ import annotations

from dataclasses import dataclass

_NENGO = ("import nengo",)


@dataclass(frozen=True)
class Template:
    """Statements that make a small model in a network's block.

    Attributes
    ----------
    title, text : str
    name : str
        The variable of what it is about.
    source : str
    imports : tuple of str
    """

    title: str
    text: str
    name: str
    source: str
    imports: tuple[str, ...] = _NENGO


_INTEGRATOR = """\
rate = nengo.Node(nengo.processes.Piecewise({0: 0, 0.2: 1, 1: 0, 2: -2, 3: 0}), label="rate")
integrator = nengo.Ensemble(100, dimensions=1, label="integrator")
tau = 0.1
nengo.Connection(rate, integrator, transform=tau, synapse=tau)
nengo.Connection(integrator, integrator, synapse=tau)
integrated = nengo.Probe(integrator, synapse=0.01)"""

_OSCILLATOR = """\
kick = nengo.Node(nengo.processes.Piecewise({0: [1, 0], 0.1: [0, 0]}), label="kick")
oscillator = nengo.Ensemble(200, dimensions=2, label="oscillator")
turn = [[1.1, -1], [1, 1.1]]
nengo.Connection(kick, oscillator)
nengo.Connection(oscillator, oscillator, transform=turn, synapse=0.1)
oscillation = nengo.Probe(oscillator, synapse=0.01)"""

_ATTRACTOR = '''\
attractor = nengo.Ensemble(2000, dimensions=3, radius=60, label="attractor")


def lorenz(x):
    """One time constant (0.1 s) further along Lorenz's equations."""
    dx0 = -10 * x[0] + 10 * x[1]
    dx1 = -x[0] * x[2] - x[1]
    dx2 = x[0] * x[1] - 8 / 3 * (x[2] + 28) - 28
    return [dx0 * 0.1 + x[0], dx1 * 0.1 + x[1], dx2 * 0.1 + x[2]]


nengo.Connection(attractor, attractor, function=lorenz, synapse=0.1)
trajectory = nengo.Probe(attractor, synapse=0.01)'''

_MEMORY = """\
shown = nengo.Node(nengo.processes.Piecewise({0: 0.8, 1: -0.5}), label="shown")
gate = nengo.Node(nengo.processes.Piecewise({0: 0, 0.5: 1}), label="gate")
memory = nengo.networks.InputGatedMemory(100, dimensions=1, label="memory")
nengo.Connection(shown, memory.input)
nengo.Connection(gate, memory.gate)
remembered = nengo.Probe(memory.output, synapse=0.01)"""

_CLASSIFIER = """\
pixels = nengo.Node([0.0] * 784, label="pixels")
hidden = nengolab.Layer(keras.layers.Dense(128))(pixels)
neurons = nengolab.Layer(nengo.LIF(amplitude=0.01))(hidden)
classes = nengolab.Layer(keras.layers.Dense(10))(neurons)
answer = nengo.Probe(classes)
smoothed = nengo.Probe(classes, synapse=0.02)"""

TEMPLATES = (
    Template(
        "Integrator", "Sums what it is given over time, and holds it.", "integrator", _INTEGRATOR
    ),
    Template(
        "Oscillator",
        "Two dimensions that turn around each other, begun by a kick.",
        "oscillator",
        _OSCILLATOR,
    ),
    Template("Attractor", "Lorenz's chaotic attractor, in neurons.", "attractor", _ATTRACTOR),
    Template("Gated memory", "Takes up a value while its gate is closed to it.", "memory", _MEMORY),
    Template(
        "Classifier to train",
        "Pixels of a digit, Keras layers and spiking neurons: train it with examples.",
        "classes",
        _CLASSIFIER,
        ("import nengo", "import nengolab", "import keras"),
    ),
)
