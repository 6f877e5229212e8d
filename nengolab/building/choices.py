"""Families of values: every synapse, neuron type, distribution, solver, learning rule, ..."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import nengo
import numpy as np
from nengo import (
    connection,
    dists,
    learning_rules,
    neurons,
    node,
    params,
    processes,
    solvers,
    synapses,
    transforms,
)
from nengo.base import NengoObjectParam, Process, ProcessParam
from nengo.params import Parameter
from nengo.probe import AttributeParam
from nengo.utils import least_squares_solvers

from nengolab.building import absent
from nengolab.building.described import summary
from nengolab.building.imports import is_installed, path_of
from nengolab.building.keras_choices import keras_layers

# What the value of a parameter is, by the class of the parameter; the nearest one says it.
_KINDS: dict[type, str] = {
    params.BoolParam: "bool",
    params.IntParam: "int",
    params.NumberParam: "number",
    AttributeParam: "choice",
    params.EnumParam: "choice",
    params.StringParam: "text",
    dists.DistOrArrayParam: "distribution or array",
    dists.DistributionParam: "distribution",
    params.NdarrayParam: "array",
    transforms.SparseInitParam: "array",
    synapses.SynapseParam: "synapse",
    neurons.NeuronTypeParam: "neuron type",
    solvers.SolverParam: "solver",
    learning_rules.LearningRuleTypeParam: "learning rule",
    least_squares_solvers.LeastSquaresSolverParam: "least squares solver",
    ProcessParam: "process",
    node.OutputParam: "output",
    connection.ConnectionTransformParam: "transform",
    connection.ConnectionFunctionParam: "function",
    params.FunctionParam: "function",
    NengoObjectParam: "object",
    processes.PiecewiseDataParam: "dictionary",
    params.DictParam: "dictionary",
    params.ShapeParam: "shape",
    params.TupleParam: "shape",
    transforms.ChannelShapeParam: "shape",
}
# The base of each family, and the method that its members have of their own.
_FAMILIES: dict[str, tuple[type, str]] = {
    "synapse": (synapses.Synapse, "make_step"),
    "neuron type": (neurons.NeuronType, "step"),
    "distribution": (dists.Distribution, "sample"),
    "solver": (solvers.Solver, "__call__"),
    "learning rule": (learning_rules.LearningRuleType, ""),
    "process": (Process, "make_step"),
    "transform": (transforms.Transform, "sample"),
    "least squares solver": (least_squares_solvers.LeastSquaresSolver, "__call__"),
}
_MEMBER_OF = {"distribution or array": ("distribution",), "output": ("process",)}
# What a person is likely to begin with, for arguments that have to be given.
_FIRST = {
    ("Convolution", "input_shape"): "(8, 8, 1)",
    ("ConvolutionTranspose", "input_shape"): "(8, 8, 1)",
    ("LinearFilter", "num"): "[1]",
    ("LinearFilter", "den"): "[0.1, 1]",
    ("Lowpass", "tau"): "0.005",
    ("Alpha", "tau"): "0.005",
    ("Triangle", "t"): "0.01",
    ("PDF", "x"): "[-1, 0, 1]",
    ("PDF", "p"): "[0.25, 0.5, 0.25]",
    ("Uniform", "low"): "-1",
    ("Uniform", "high"): "1",
    ("Gaussian", "mean"): "0",
    ("Gaussian", "std"): "1",
    ("Exponential", "scale"): "0.5",
    ("Choice", "options"): "[-1, 1]",
    ("Samples", "samples"): "[-1, 0, 1]",
    ("SqrtBeta", "n"): "2",
    ("SubvectorLength", "dimensions"): "16",
    ("CosineSimilarity", "dimensions"): "16",
    ("WhiteSignal", "period"): "10",
    ("WhiteSignal", "high"): "5",
    ("PresentInput", "inputs"): "[[-1], [1]]",
    ("PresentInput", "presentation_time"): "0.5",
    ("Piecewise", "data"): "{0: 0, 0.5: 1}",
    ("Dense", "shape"): "(1, 1)",
    ("Sparse", "shape"): "(1, 1)",
    ("Sparse", "indices"): "[[0, 0]]",
    ("NoTransform", "size_in"): "1",
}
_BY_NAME = {"base_type": "nengo.LIFRate()", "n_filters": "4"}
_BY_WORD = (("int", "1"), ("float", "1.0"), ("bool", "False"), ("str", "''"))


@dataclass(frozen=True)
class Choice:
    """One of the values that an argument can have.

    Attributes
    ----------
    code : str
        An expression that makes it, as it stands.
    title : str
    text : str
        What it is, in a line of its docstring.
    kind : type or None
        Its class; `arguments_of_choice` gives its fields.
    refused : str
        Why it is not allowed where it is a choice for one object; empty where it is.

    Examples
    --------
    >>> [choice.code for choice in nengolab.building.choices("synapse")][:2]
    ['nengo.Alpha(0.005)', 'nengo.LinearFilter([1], [0.1, 1])']
    """

    code: str
    title: str
    text: str = ""
    kind: type | None = None
    refused: str = ""


def kind_of(param: Parameter | None, default: Any, words: str, name: str) -> str:
    """What the value of an argument is: by its parameter, its default, its docstring."""
    for cls in type(param).__mro__:
        if cls in _KINDS:
            return _KINDS[cls]
    if "Vocabulary" in type(param).__name__ or "vocab" in name:
        return "vocabulary"
    if "keras" in words.lower():
        return "layer"
    if "synapse" in name:
        return "synapse"
    if words.startswith(("nengo.Node", "Node", "Ensemble")):
        return "object"
    if words.startswith("tuple"):
        return "shape"
    for family, (base, _) in _FAMILIES.items():
        if isinstance(default, base) or base.__name__ in re.split(r"\bor\b", words)[0]:
            return family
    if name == "add_to_container" or isinstance(default, bool) or words.startswith("bool"):
        return "bool"
    if isinstance(default, int) or words.startswith("int"):
        return "int" if not words.startswith("float") else "number"
    if isinstance(default, float) or words.startswith("float"):
        return "number"
    if isinstance(default, str) or words.startswith("str"):
        return "text"
    if "array" in words:
        return "array"
    if words.startswith(("function", "callable")):
        return "function"
    if words.startswith("dict"):
        return "dictionary"
    return "expression"


def choices(kind: str, namespace: Mapping[str, Any] | None = None) -> tuple[Choice, ...]:
    """All of a family that there is: Nengo's, nengolab's, of other packages, of the source.

    Parameters
    ----------
    kind : str
        As a `Field` has it; ``"keras layer"`` as well. Others have none.
    namespace : mapping, optional
        The variables of a source, with classes of its own.

    Returns
    -------
    tuple of Choice
        In the order of the alphabet.

    Examples
    --------
    >>> [choice.title for choice in nengolab.building.choices("learning rule")]
    ['BCM', 'Oja', 'PES', 'RLS', 'Voja']
    """
    if kind == "keras layer":
        return tuple(Choice(*said) for said in keras_layers())
    if kind == "layer":
        return (*choices("neuron type", namespace), *choices("keras layer"))
    found = []
    for family in _MEMBER_OF.get(kind, (kind,)):
        if family in _FAMILIES:
            found += [_choice(cls, path) for cls, path in _members(family, namespace or {})]
    return tuple(sorted(found, key=lambda choice: choice.title))


def said_by(param: Parameter | None, obj: Any, choice: Choice) -> Choice:
    """A choice with the reason why an object cannot have it, from the object's own parameter."""
    if choice.kind in (dists.Choice, dists.Samples) and is_of_vectors(param):
        choice = replace(choice, code=f"nengo.dists.{choice.title}({_directions(obj)})")
    if param is None or not isinstance(param, _CHECKED):
        return choice
    try:
        value = None if choice.kind is None else eval(choice.code, _GIVEN | _named(choice.kind))
        param.coerce(obj, value)
        try_to_draw(param, obj, value)
    except Exception as err:
        return replace(choice, refused=" ".join(str(err).split()))
    return choice


def is_of_vectors(param: Any) -> bool:
    """Whether values are drawn for it as rows of ``dimensions`` numbers, not one by one."""
    return isinstance(param, dists.DistOrArrayParam) and len(param.shape) == 2


def try_to_draw(param: Any, obj: Any, value: Any) -> None:
    """Draw a few values as Nengo's builder would: a distribution says only then if it fits."""
    if not isinstance(param, dists.DistOrArrayParam) or not isinstance(value, dists.Distribution):
        return
    d = getattr(obj, str(param.shape[-1]), None) if is_of_vectors(param) else None
    value.sample(1, d, rng=np.random.RandomState(0))


def _directions(obj: Any) -> str:
    """The first axis, both ways, in as many dimensions as an object has."""
    size = getattr(obj, "dimensions", None) or getattr(obj, "size_in", 1)
    return str([[sign] + [0] * (size - 1) for sign in (1, -1)])


# Parameters that say by themselves, without a change of the object, what is allowed.
_CHECKED = (
    learning_rules.LearningRuleTypeParam,
    solvers.SolverParam,
    synapses.SynapseParam,
    neurons.NeuronTypeParam,
    dists.DistOrArrayParam,
)
_GIVEN = {"nengo": nengo}


def _named(kind: type) -> dict[str, Any]:
    top = kind.__module__.partition(".")[0]
    found: dict[str, Any] = {kind.__name__: kind}
    return found | ({top: sys.modules[top]} if top in sys.modules else {})


def _members(family: str, namespace: Mapping[str, Any]) -> Iterator[tuple[type, str]]:
    base, method = _FAMILIES[family]
    own = {id(value): name for name, value in namespace.items() if inspect.isclass(value)}
    for cls in _subclasses(base):
        if family == "process" and issubclass(cls, synapses.Synapse):
            continue
        if method and getattr(cls, method) is getattr(base, method):
            continue
        if summary(cls).startswith("Base class") or cls.__module__ == absent.__name__:
            continue
        if id(cls) in own and _is_of_source(cls):
            yield cls, own[id(cls)]
            continue
        found = path_of(cls)
        if found is None or cls.__name__.startswith("_"):
            continue
        module, name = found
        home = sys.modules.get(cls.__module__)
        if (home is not None and is_installed(home)) or module.__name__.startswith("nengolab"):
            if ".tests" not in cls.__module__ and ".testing" not in cls.__module__:
                yield cls, f"{module.__name__}.{name}"


def _is_of_source(cls: type) -> bool:
    return cls.__module__ not in sys.modules or cls.__module__ == "__main__"


def _subclasses(base: type) -> list[type]:
    found: dict[type, None] = {}
    for cls in base.__subclasses__():
        found |= dict.fromkeys([cls, *_subclasses(cls)])
    return list(found)


@functools.lru_cache(maxsize=256)
def _choice(cls: type, path: str) -> Choice:
    return Choice(f"{path}({arguments_first(cls)})", cls.__name__, summary(cls), cls)


def arguments_first(cls: type) -> str:
    """The arguments that a class has to be given, with values to begin with."""
    texts = []
    given = list(inspect.signature(cls.__init__).parameters.values())[1:]
    for n, p in enumerate(given):
        if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            continue
        value = first_value(cls, p)
        if value is not None:
            in_order = len(texts) == n
            texts.append(value if in_order else f"{p.name}={value}")
    return ", ".join(texts)


def first_value(cls: type, p: inspect.Parameter) -> str | None:
    """A value to begin with for an argument; None where it can be left out."""
    if (cls.__name__, p.name) in _FIRST:
        return _FIRST[cls.__name__, p.name]
    if p.default is not p.empty:
        return None
    if p.name in _BY_NAME:
        return _BY_NAME[p.name]
    param = getattr(cls, p.name, None)
    kind = kind_of(param, None, "", p.name) if isinstance(param, Parameter) else ""
    return {"int": "1", "number": "1.0", "bool": "False", "text": "''"}.get(kind, "None")


def takes(cls: type, name: str, default: Any) -> bool:
    """Whether a frozen class takes an argument that it does not name; others are believed."""
    if not issubclass(cls, params.FrozenObject):
        return True
    try:
        given = eval(f"dict_of({arguments_first(cls)})", _GIVEN | {"dict_of": _of_call})
        cls(*given[0], **given[1], **{name: default})
    except Exception:
        return False
    return True


def _of_call(*args: Any, **kwargs: Any) -> tuple[tuple, dict[str, Any]]:
    return args, kwargs
