"""Which neuron type an activation of Keras is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import nengo
from nengo.neurons import NeuronType

from nengolab.exceptions import ValidationError
from nengolab.neurons import LeakyReLU


@dataclass(frozen=True)
class Neural:
    """What an activation becomes.

    Attributes
    ----------
    linear : bool
        Nothing.
    neuron_type : NeuronType or None
        Neurons with a gain of 1. None: a TensorNode of ``layer``.
    clipped : float or None
        The largest value, for neurons whose line is cut off there.
    layer : keras.Layer or None
    why, instead : str
        Why it is no neuron type, and what would be.
    """

    linear: bool = False
    neuron_type: NeuronType | None = None
    clipped: float | None = None
    layer: Any = None
    why: str = ""
    instead: str = ""


LINEAR = Neural(linear=True)
RELU = Neural(neuron_type=nengo.RectifiedLinear())
# Of time constants of 1 s: rates are then the functions themselves.
_SIGMOID = Neural(neuron_type=nengo.Sigmoid(tau_ref=1.0))
_TANH = Neural(neuron_type=nengo.Tanh(tau_ref=1.0))
_INSTEAD = "swap_activations={...: a neuron type}, for example nengo.RectifiedLinear()"


def _known() -> list[tuple[Any, Neural]]:
    of = keras.activations
    return [
        (of.linear, LINEAR),
        (of.relu, RELU),
        (of.relu6, replace(RELU, clipped=6.0)),
        (of.sigmoid, _SIGMOID),
        (of.tanh, _TANH),
        (of.leaky_relu, Neural(neuron_type=LeakyReLU(0.2))),
    ]


class Activations:
    """Finds what activations become.

    Parameters
    ----------
    swap : mapping
        By activation (a function of Keras, its name, or a layer's class) or neuron type, the neuron
        type to take.

    Raises
    ------
    ValidationError
        For what is neither.
    """

    def __init__(self, swap: Mapping[Any, Any]):
        self._functions: list[tuple[Any, NeuronType]] = []
        self._types: list[tuple[NeuronType, NeuronType]] = []
        self.unused: dict[int, Any] = {}
        for key, value in swap.items():
            new = value() if isinstance(value, type) and issubclass(value, NeuronType) else value
            if not isinstance(new, NeuronType):
                raise ValidationError(
                    f"{_named(key)} is to be replaced by {value!r}, which is no neuron type; "
                    "give one, for example nengo.LIF(amplitude=0.01)",
                    attr="swap_activations",
                )
            self.unused[id(new)] = key
            if isinstance(key, NeuronType):
                self._types.append((key, new))
            else:
                self._functions.append((_activation(key), new))

    def of(self, activation: Any) -> Neural:
        """What a function of Keras, or a layer that is one, becomes."""
        new = next((new for old, new in self._functions if _is(activation, old)), None)
        if new is not None:
            self.unused.pop(id(new), None)
            return Neural(neuron_type=new)
        found = self._native(activation)
        if found.neuron_type is None:
            return found
        new = next((new for old, new in self._types if old == found.neuron_type), None)
        if new is None:
            return found
        self.unused.pop(id(new), None)
        return replace(found, neuron_type=new)

    @staticmethod
    def _native(activation: Any) -> Neural:
        if activation is None:
            return LINEAR
        if isinstance(activation, keras.layers.Layer):
            return _of_layer(activation)
        for function, neural in _known():
            if activation is function:
                return neural
        name = getattr(activation, "__name__", repr(activation))
        return Neural(
            layer=keras.layers.Activation(activation),
            why=f"no neuron type computes {name}",
            instead=_INSTEAD,
        )


def _of_layer(layer: Any) -> Neural:
    kind = type(layer)
    if kind is keras.layers.Activation:
        found = Activations._native(layer.activation)
        return replace(found, layer=layer) if found.layer is not None else found
    if kind is keras.layers.LeakyReLU:
        return Neural(neuron_type=LeakyReLU(float(layer.negative_slope)))
    if kind is keras.layers.ReLU:
        return _of_relu(layer)
    return Neural(layer=layer, why=f"no neuron type computes {kind.__name__}", instead=_INSTEAD)


def _of_relu(layer: Any) -> Neural:
    slope, threshold = float(layer.negative_slope), float(layer.threshold)
    most = layer.max_value
    if threshold:
        return Neural(
            layer=layer,
            why=f"ReLU with threshold={threshold:g} jumps there, and no neuron type does",
            instead="threshold=0",
        )
    if most is None:
        return Neural(neuron_type=LeakyReLU(slope)) if slope else RELU
    if slope:
        return Neural(
            layer=layer,
            why="ReLU with both negative_slope and max_value is no sum of rectified lines that "
            "start at 0",
            instead="negative_slope=0, or no max_value",
        )
    return replace(RELU, clipped=float(most))


def _activation(key: Any) -> Any:
    """An activation by its name or itself."""
    if not isinstance(key, str):
        return key
    try:
        return keras.activations.get(key)
    except ValueError as err:
        raise ValidationError(
            f"Keras knows no activation {key!r}", attr="swap_activations"
        ) from err


def _is(activation: Any, old: Any) -> bool:
    if activation is old:
        return True
    if isinstance(old, type) and isinstance(activation, old):
        return True
    own = type(activation) is keras.layers.Activation and activation.activation is old
    relu = old is keras.activations.relu and isinstance(activation, keras.layers.ReLU)
    return own or (relu and _of_relu(activation) == RELU)


def _named(key: Any) -> str:
    return getattr(key, "__name__", None) or repr(key)
