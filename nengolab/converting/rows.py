"""What is known of each converted layer."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import nengo

from nengolab.converting.base import Call, Unsupported
from nengolab.converting.making import Maker, Place


@dataclass
class Row:
    """One call of a Keras layer, and what it became.

    Attributes
    ----------
    name : str
        ``dense.0``: the layer and the number of the call.
    kind : str
        Class of the layer.
    became : str
    why : str
        Why it is no neurons and plain connections; empty where it is.
    instead : str
        What would make it native.
    shape_in : list of tuple of int
    shape_out : tuple of int
        Of an item.
    n_neurons : int
    n_parameters : int
        Count of the numbers in its weights.
    parameters : list of str
        Names of its weights.
    rate : float or None
        Mean firing rate (Hz) where it was run.
    max_rate : float or None
        Of its fastest neuron.
    obj : Node or Ensemble
        What puts out its output; the object before it, where it became nothing.
    """

    name: str
    kind: str
    became: str
    why: str
    instead: str
    shape_in: list[tuple[int, ...]]
    shape_out: tuple[int, ...]
    n_neurons: int = 0
    n_parameters: int = 0
    parameters: list[str] = field(default_factory=list)
    rate: float | None = None
    max_rate: float | None = None
    ensembles: list[Any] = field(default_factory=list, repr=False)
    layer: Any = field(default=None, repr=False)
    obj: Any = field(default=None, repr=False)

    @classmethod
    def of_input(cls, layer: Any, node: Any, shape: tuple[int, ...]) -> Row:
        """The row of an input."""
        return cls(
            layer.name, type(layer).__name__, "a Node", "", "", [], shape, layer=layer, obj=node
        )

    @property
    def native(self) -> bool:
        """Whether it is neurons, plain Nodes and connections only."""
        return not self.why


def row_of(
    call: Call, make: Maker, outputs: list[Place], reason: Unsupported | None, became: str
) -> Row:
    """The row of a call."""
    layer = call.operation
    names = [conn.label for conn in make.weights]
    count = sum(math.prod(conn.variable.shape) for conn in make.weights)
    if make.tensor_nodes:
        held = getattr(layer, "variables", ()) if reason is not None else ()
        count += sum(math.prod(v.shape) for v in held if "seed" not in v.path)
        names += [v.path for v in held if "seed" not in v.path]
    why, instead = ("", "") if reason is None else (reason.why, reason.instead)
    if not why and make.activations:
        why, instead = make.activations[0], "swap_activations"
    return Row(
        call.name,
        type(layer).__name__,
        became or _became(call, make, outputs, reason),
        why,
        instead,
        [place.shape for place in call.inputs],
        outputs[0].shape,
        sum(e.n_neurons for e in make.ensembles),
        count,
        names,
        ensembles=make.ensembles,
        layer=layer,
        obj=_owner(outputs[0].obj),
    )


def _became(call: Call, make: Maker, outputs: list[Place], reason: Unsupported | None) -> str:
    if reason is not None:
        return "a TensorNode that holds it"
    place = outputs[0]
    if any(place.obj is given.obj for given in call.inputs):
        return f"nothing: it is {_label(place.obj)!r}"
    if make.tensor_nodes:
        return "a Node, and a TensorNode of its activation"
    if not make.ensembles:
        return "a Node"
    kind = type(make.ensembles[0].neuron_type).__name__
    n = sum(e.n_neurons for e in make.ensembles)
    return f"{n:,} {kind} neuron{'s' * (n != 1)}"


def _owner(obj: Any) -> Any:
    """The object of the network that a view, or neurons, belong to."""
    obj = obj.obj if isinstance(obj, nengo.base.ObjView) else obj
    return obj.ensemble if isinstance(obj, nengo.ensemble.Neurons) else obj


def _label(obj: Any) -> str:
    obj = _owner(obj)
    return obj.label or type(obj).__name__
