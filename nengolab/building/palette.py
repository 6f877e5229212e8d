"""All that can be drawn: what the palette shows, and the source that each entry adds."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import nengo
import nengo.networks
import nengo.spa

from nengolab.building.described import arguments_described, summary
from nengolab.building.templates import TEMPLATES

GROUPS = (
    "Inputs",
    "Neurons",
    "Connections",
    "Probes",
    "Networks",
    "Templates",
    "Layers",
    "nengo.spa",
    "nengo_spa",
)
_NENGO = ("import nengo",)
_LAYERS = ("import nengo", "import nengolab", "import keras")
# Values to begin with, by the argument that has to be given.
_FIRST = {
    "n_neurons": "50",
    "n_ensembles": "3",
    "dimensions": "2",
    "action_count": "2",
    "n_inputs": "2",
    "vocab": "16",
    "input_vocab": "16",
    "output_vocab": "16",
    "threshold": "0.3",
    "input_vectors": "[[1, 0], [0, 1]]",
    "mapping": '"by-key"',
}
# And of those that can be left out in Python, but not for the network to be built.
_ALSO = {
    ("nengo_spa", "vocab"): "16",
    ("nengo_spa", "input_vocab"): "16",
    ("nengo_spa", "output_vocab"): "16",
    ("nengo_spa", "mapping"): '["A", "B"]',
    ("nengo.spa", "dimensions"): "16",
}
# Statements before it, and the value that they make.
_BEFORE = {
    ("nengo.spa", "AssociativeMemory", "input_vocab"): (
        'vocabulary = nengo.spa.Vocabulary(16)\nvocabulary.parse("A + B")\n',
        "vocabulary",
    ),
}
_SHORT = {
    "EnsembleArray": "array",
    "InputGatedMemory": "memory",
    "AssociativeMemory": "memory",
    "Input": "spa_input",
    "Network": "spa_network",
}


@dataclass(frozen=True)
class Entry:
    """One entry of the palette.

    Attributes
    ----------
    key : str
        No two alike.
    group : str
        One of `GROUPS`.
    title : str
    text : str
        What it is, in a line.
    name : str
        What to call its variable; empty for what needs none.
    call : str
        The expression that makes it; empty where it takes several statements.
    source : str
        The statements to add in a network's block, valid as they stand once its ``needs`` are
        filled in (`filled`).
    imports : tuple of str
        The import statements that it needs.
    needs : tuple of str
        What it is added to, in braces in its source: ``("pre", "post")`` of a connection.

    Examples
    --------
    >>> entry = next(e for e in nengolab.building.palette() if e.title == "Connection")
    >>> entry.source, entry.filled(pre="a", post="b[0]").source
    ('nengo.Connection({pre}, {post})', 'nengo.Connection(a, b[0])')
    """

    key: str
    group: str
    title: str
    text: str
    name: str
    call: str
    source: str
    imports: tuple[str, ...] = _NENGO
    needs: tuple[str, ...] = ()

    def filled(self, **given: str) -> Entry:
        """The entry with what it needs in its place.

        Parameters
        ----------
        **given : str
            An expression for each of ``needs``.
        """
        call, source = self.call, self.source
        for need, text in given.items():
            call = call.replace(f"{{{need}}}", text)
            source = source.replace(f"{{{need}}}", text)
        left = tuple(need for need in self.needs if need not in given)
        return Entry(
            self.key, self.group, self.title, self.text, self.name, call, source, self.imports, left
        )


def palette() -> list[Entry]:
    """All that can be drawn, group by group.

    Networks and modules are found in Nengo itself, so those that are added to it are here, too;
    ``nengo_spa`` where it is installed.

    Returns
    -------
    list of Entry

    Examples
    --------
    >>> entries = nengolab.building.palette()
    >>> [e.title for e in entries if e.group == "Inputs"][:2]
    ['Constant', 'Function of time']
    >>> next(e.source for e in entries if e.title == "Product")
    'product = nengo.networks.Product(50, dimensions=2, label="product")'
    """
    found = [*_BASIC, *_of_module(nengo.networks, "Networks")]
    found += [*TEMPLATE_ENTRIES, *_LAYER_ENTRIES]
    found += _of_module(nengo.spa, "nengo.spa")
    if importlib.util.find_spec("nengo_spa") is not None:
        found += _of_module(importlib.import_module("nengo_spa"), "nengo_spa")
    return sorted(found, key=lambda entry: GROUPS.index(entry.group))


def _one(
    group: str,
    title: str,
    text: str,
    name: str,
    call: str,
    needs: tuple[str, ...] = (),
    imports: tuple[str, ...] = _NENGO,
) -> Entry:
    source = f"{name} = {call}" if name else call
    return Entry(f"{group}: {title}", group, title, text, name, call, source, imports, needs)


_NP = (*_NENGO, "import numpy as np")
_BASIC = [
    _one(
        "Inputs",
        "Constant",
        "A Node that puts out the same values all the time; a slider moves them.",
        "stimulus",
        'nengo.Node(0.5, label="stimulus")',
    ),
    _one(
        "Inputs",
        "Function of time",
        "A Node that puts out a function of the time (s).",
        "wave",
        'nengo.Node(lambda t: np.sin(2 * np.pi * t), label="wave")',
        imports=_NP,
    ),
    _one(
        "Inputs",
        "Function of input",
        "A Node that computes something of the time (s) and of what it is given, without neurons.",
        "squares",
        'nengo.Node(lambda t, x: x**2, size_in=1, label="squares")',
    ),
    _one(
        "Inputs",
        "Relay",
        "A Node that passes on what it is given.",
        "relay",
        'nengo.Node(size_in=1, label="relay")',
    ),
    _one(
        "Inputs",
        "Random signal",
        "A smooth signal that is drawn at random, up to a frequency (Hz).",
        "signal",
        'nengo.Node(nengo.processes.WhiteSignal(10, high=5), label="signal")',
    ),
    _one(
        "Inputs",
        "Steps in time",
        "Values that change at given times (s).",
        "steps",
        'nengo.Node(nengo.processes.Piecewise({0: 0, 0.5: 1, 1: -1}), label="steps")',
    ),
    _one(
        "Inputs",
        "Series of inputs",
        "Inputs that are shown one after the other, each for as long (s).",
        "inputs",
        'nengo.Node(nengo.processes.PresentInput([[-1], [1]], 0.5), label="inputs")',
    ),
    _one(
        "Neurons",
        "Ensemble",
        "Neurons that represent a vector together.",
        "ensemble",
        'nengo.Ensemble(50, dimensions=1, label="ensemble")',
    ),
    _one(
        "Connections",
        "Connection",
        "From one object to another, with a function, a transform and a synapse.",
        "",
        "nengo.Connection({pre}, {post})",
        ("pre", "post"),
    ),
    _one(
        "Connections",
        "Connection to train",
        "Between any sizes: weights that are drawn at random, for training to change.",
        "",
        "nengo.Connection({pre}, {post}, transform=nengolab.dists.Glorot(), synapse=None)",
        ("pre", "post"),
        (*_NENGO, "import nengolab"),
    ),
    _one(
        "Connections",
        "Connection that learns",
        "It changes its decoders with an error, which is connected to its learning rule.",
        "learned",
        "nengo.Connection({pre}, {post}, learning_rule_type=nengo.PES())",
        ("pre", "post"),
    ),
    _one(
        "Probes",
        "Probe",
        "Records what an object puts out, through a synapse (s).",
        "probe",
        "nengo.Probe({target}, synapse=0.01)",
        ("target",),
    ),
    _one(
        "Probes",
        "Probe of spikes",
        "Records the spikes of an ensemble's neurons.",
        "spikes",
        "nengo.Probe({target}.neurons)",
        ("target",),
    ),
    Entry(
        "Networks: Subnetwork",
        "Networks",
        "Subnetwork",
        "A network in the network, to put objects into.",
        "subnetwork",
        "",
        'with nengo.Network(label="subnetwork") as subnetwork:\n    pass',
    ),
]


def _layer(title: str, text: str, name: str, call: str, rest: str = "") -> Entry:
    made = f"nengolab.Layer({call})({{input}}{rest})"
    return _one("Layers", title, text, name, made, ("input",), _LAYERS)


_LAYER_ENTRIES = [
    _layer(
        "Dense layer",
        "A weight from each input to each unit, by Keras.",
        "dense",
        "keras.layers.Dense(10)",
    ),
    _layer(
        "Convolutional layer",
        "Filters that move over an image; its shape is said.",
        "convolved",
        "keras.layers.Conv2D(8, 3)",
        ", shape_in=(28, 28, 1)",
    ),
    _layer(
        "Dropout layer",
        "Leaves out some of its inputs at random while it trains.",
        "dropout",
        "keras.layers.Dropout(0.1)",
    ),
    _layer(
        "Layer of neurons",
        "A neuron for each element of the input.",
        "neurons",
        "nengo.LIF(amplitude=0.01)",
    ),
    _layer(
        "Layer of a function",
        "A function of tensors (batch, size).",
        "scaled",
        "lambda x: 2 * x",
    ),
    _one(
        "Layers",
        "TensorNode",
        "A Node that computes with tensors, of the time (s) and of what it is given.",
        "tensors",
        "nengolab.TensorNode(lambda t, x: x * x, shape_in=(1,))",
        imports=_LAYERS,
    ),
    _one(
        "Layers",
        "TensorNode of a Keras layer",
        "A Keras layer as a Node, to be connected by hand.",
        "tensors",
        "nengolab.TensorNode(keras.layers.Dense(10), shape_in=(1,))",
        imports=_LAYERS,
    ),
]
TEMPLATE_ENTRIES = [
    Entry(f"Templates: {t.title}", "Templates", t.title, t.text, t.name, "", t.source, t.imports)
    for t in TEMPLATES
]


# -- networks, found in modules --------------------------------------------------------------------


def _of_module(module: ModuleType, group: str) -> Iterator[Entry]:
    """Every network that a module has."""
    for title in sorted(dir(module)):
        cls = getattr(module, title)
        if not (inspect.isclass(cls) and issubclass(cls, nengo.Network)) or cls is nengo.Network:
            continue
        called = f"{module.__name__}.{title}"
        imports = (f"import {module.__name__.replace('nengo.networks', 'nengo')}",)
        arguments, needs = _arguments(cls, module.__name__)
        name = _SHORT.get(title, _snake(title))
        parts = [*arguments, f'label="{name}"']
        call = f"{called}({', '.join(parts)})"
        said = summary(cls) or f"A {title} of {module.__name__}."
        before = _before(cls, module.__name__)
        if before:
            source = f"{before}{name} = {call}"
            yield Entry(f"{group}: {title}", group, title, said, name, "", source, imports, needs)
        elif _is_bare(cls):
            source = f"with {call} as {name}:\n    pass"
            yield Entry(f"{group}: {title}", group, title, said, name, "", source, imports)
        else:
            yield _one(group, title, said, name, call, needs, imports)


def _before(cls: type, module: str) -> str:
    """What has to stand before the call."""
    names = inspect.signature(cls).parameters
    return "".join(
        _BEFORE[module, cls.__name__, n][0] for n in names if (module, cls.__name__, n) in _BEFORE
    )


def _is_bare(cls: type) -> bool:
    """Whether a network is an empty one, to put objects into."""
    needed = [p for p in inspect.signature(cls).parameters.values() if p.default is p.empty]
    return cls.__name__ in ("SPA", "Network") and not needed


def _arguments(cls: type, module: str) -> tuple[list[str], tuple[str, ...]]:
    """The arguments of a network that have to be given, and those of them that are not known."""
    texts: list[str] = []
    needs = []
    given = [p for p in inspect.signature(cls).parameters.values()]
    said = arguments_described(cls)
    for n, p in enumerate(given):
        if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            continue
        value = _BEFORE.get((module, cls.__name__, p.name), ("", None))[1]
        if module == "nengo.spa":
            value = _ALSO.get((module, p.name), value)
        if p.default is p.empty and value is None:
            value = _FIRST.get(p.name) or _by_word(said[p.name].kind if p.name in said else "")
            if value is None:
                needs.append(p.name)
                value = f"{{{p.name}}}"
        elif value is None:
            value = _ALSO.get((module, p.name))
        if value is not None:
            first = n == 0 and not texts
            texts.append(value if first else f"{p.name}={value}")
    return texts, tuple(needs)


def _by_word(words: str) -> str | None:
    for word, value in (("int", "1"), ("float", "1.0"), ("bool", "False")):
        if words.startswith(word):
            return value
    return None


def _snake(title: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", title).lower()


def entry_of(key: str) -> Any:
    """The entry with a key; None where there is none."""
    return next((entry for entry in palette() if entry.key == key), None)
