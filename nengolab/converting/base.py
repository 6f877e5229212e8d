"""What a converter of one kind of layer is, and which there are."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nengolab.converting.activations import Activations
from nengolab.converting.making import Maker, Options, Place
from nengolab.exceptions import ValidationError


@dataclass(eq=False)
class Call:
    """One call of a Keras operation.

    Attributes
    ----------
    operation : keras.Operation
    name : str
        The operation's and which of its calls this is: ``dense.0``.
    inputs : list of Place
    arguments : object or None
        Keras's ``SymbolicArguments``: what is given beside tensors. None for a layer that is
        called on its one tensor.
    outputs : list of tuple of int
        Shapes of an item of each output, as Keras has them.
    temporal : bool
        Whether the layer is called on an axis of time, which shapes here leave out.
    """

    operation: Any
    name: str
    inputs: list[Place]
    arguments: Any
    outputs: list[tuple[int, ...]]
    temporal: bool = False


@dataclass(frozen=True)
class Unsupported:
    """Why a call has no native form, and what would have one."""

    why: str
    instead: str


class LayerConverter:
    """How one kind of Keras layer becomes Nengo objects.

    Write a subclass for layers of your own and give it to `Converter.register`. One is made for
    each call of a layer.

    Attributes
    ----------
    layer : keras.Layer
    call : Call
        Where its inputs are, ``call.inputs``, and the shapes of its outputs.
    make : Maker
        Makes Nodes, neurons and connections that are named after the layer.
    options : Options
    each_step : bool
        Of the class: whether it may stand in a temporal model, where it is converted for a single
        step. It is given shapes without the axis of time then.

    Examples
    --------
    >>> class Doubled(keras.layers.Layer):
    ...     def call(self, x):
    ...         return 2 * x
    >>> @nengolab.Converter.register(Doubled)
    ... class ConvertDoubled(nengolab.converting.LayerConverter):
    ...     def convert(self):
    ...         node = self.make.node(self.input.size)
    ...         self.make.connect(self.input, node, transform=2)
    ...         return nengolab.converting.Place(node, self.input.shape)
    >>> model = keras.Sequential([keras.Input((3,)), Doubled()])
    >>> nengolab.Converter(model).verify()
    True
    """

    each_step = False

    def __init__(self, call: Call, make: Maker, options: Options, activations: Activations):
        self.call, self.make, self.options = call, make, options
        self.layer = call.operation
        self._activations = activations

    @property
    def input(self) -> Place:
        """Where its first input is."""
        return self.call.inputs[0]

    def unsupported(self) -> Unsupported | None:
        """Why this call has no native form; None where it has one."""
        return None

    def convert(self) -> Place:
        """Make what computes it, and say where the output is."""
        raise NotImplementedError

    def became(self) -> str:
        """In words what it became, where that is not seen from what was made."""
        return ""

    # -- for converters ------------------------------------------------------------------------

    def activation(self, function: Any = None) -> Any:
        """What an activation of Keras becomes: by default that of the layer."""
        return self._activations.of(
            getattr(self.layer, "activation", None) if function is None else function
        )

    def activated(self, shape: tuple[int, ...]) -> Any:
        """A target for an output of this shape, behind which the layer's activation is."""
        return self.make.target(shape, self.activation())


REGISTRY: dict[Any, type[LayerConverter]] = {}


def converts(*kinds: Any) -> Callable[[type[LayerConverter]], type[LayerConverter]]:
    """Enter a converter for classes of operations; names are of operations of ``keras.ops``."""

    def enter(cls: type[LayerConverter]) -> type[LayerConverter]:
        REGISTRY.update(dict.fromkeys(kinds, cls))
        return cls

    return enter


def converter_of(operation: Any) -> type[LayerConverter] | None:
    """The converter for an operation: of its very class, as a subclass may compute anything."""
    kind = type(operation)
    if kind in REGISTRY:
        return REGISTRY[kind]
    if kind.__module__.startswith("keras.src.ops"):
        return REGISTRY.get(kind.__name__)
    return None


def common_reason(operation: Any) -> Unsupported | None:
    """What no converter can express."""
    if getattr(operation, "activity_regularizer", None) is not None:
        return Unsupported(
            "an activity_regularizer adds to the loss in training what the layer puts out",
            "no activity_regularizer, and nengolab.losses.Regularize on a probe of it",
        )
    if getattr(operation, "lora_enabled", False):
        return Unsupported("LoRA is enabled", "merge it before converting")
    return None


def check_place(place: Any, expected: tuple[int, ...], name: str) -> Place:
    """What a converter gave, checked against the shape that Keras has."""
    if not isinstance(place, Place):
        raise ValidationError(
            f"the converter of {name!r} gave {place!r}; it must return a Place(obj, shape)",
            attr="register",
        )
    if place.shape != tuple(expected) or place.obj.size_out != math.prod(expected):
        raise ValidationError(
            f"the converter of {name!r} gave an output of shape {place.shape} (size "
            f"{place.obj.size_out}), and Keras's has shape {tuple(expected)}",
            attr="register",
        )
    return place
