"""What converters make Nengo objects with."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nengo
import numpy as np
from nengo.ensemble import Neurons

from nengolab.converting.activations import Neural
from nengolab.layers.keras_weights import (
    Arrangement,
    Constrained,
    ConverterConnection,
    KerasConnection,
    Ones,
    Regularized,
)
from nengolab.layers.tensor_node import TensorNode
from nengolab.neurons import with_constants


@dataclass(frozen=True)
class Place:
    """Where a tensor of a Keras model is in the network.

    Attributes
    ----------
    obj : nengo.Node, nengo.ensemble.Neurons or TensorNode
        What puts it out, as a vector.
    shape : tuple of int
        Of an item.
    synapse : nengo.synapses.Synapse, float or None
        What stands between it and whatever it is connected to.

    Examples
    --------
    >>> from nengolab.converting import Place
    >>> with nengo.Network():
    ...     Place(nengo.Node(np.zeros(6)), (2, 3)).size
    6
    """

    obj: Any
    shape: tuple[int, ...]
    synapse: Any = None

    @property
    def size(self) -> int:
        """How many numbers an item has."""
        return math.prod(self.shape)


@dataclass
class Options:
    """What a person asked for; see `Converter`."""

    allow_fallback: bool = True
    inference_only: bool = False
    max_to_avg_pool: bool = False
    split_shared_weights: bool = False
    swap_activations: Mapping[Any, Any] = field(default_factory=dict)
    scale_firing_rates: Any = None
    synapse: Any = None
    temporal_model: bool = False
    freeze_batchnorm: bool = False


@dataclass
class Target:
    """What is connected to, and where the output will be.

    Attributes
    ----------
    post : nengo.Node or Neurons
    place : Place
    """

    post: Any
    place: Place


class Maker:
    """Makes the objects of one call, in the network whose ``with`` block is open.

    Parameters
    ----------
    net : nengo.Network
    name : str
        Of the call: ``dense.0``.
    layer : object
        The Keras operation.
    scale : float
        Factor on the input of neurons.
    synapse : object
        Of their output.

    Attributes
    ----------
    ensembles : list of nengo.Ensemble
        Those that were made.
    tensor_nodes : list of TensorNode
    weights : list of KerasConnection
    activations : list of str
        Why activations became TensorNodes.
    """

    def __init__(self, net: nengo.Network, name: str, layer: Any, scale: float, synapse: Any):
        self.net, self.name, self.layer = net, name, layer
        self.scale, self.synapse = scale, synapse
        self.ensembles: list[nengo.Ensemble] = []
        self.tensor_nodes: list[TensorNode] = []
        self.weights: list[KerasConnection] = []
        self.activations: list[str] = []

    # -- objects -------------------------------------------------------------------------------

    def node(self, size: int, part: str = "") -> nengo.Node:
        """A Node that passes on what comes in."""
        return nengo.Node(size_in=size, label=self._label(part))

    def _label(self, part: str) -> str:
        return f"{self.name}.{part}" if part else self.name

    def tensor_node(self, layer: Any, shape: tuple[int, ...], part: str = "") -> TensorNode:
        """A TensorNode of a Keras layer."""
        node = TensorNode(layer, shape_in=shape or (1,), pass_time=False, label=self._label(part))
        self.tensor_nodes.append(node)
        return node

    def target(self, shape: tuple[int, ...], neural: Neural) -> Target:
        """Something to connect to, behind which there is an activation."""
        size = math.prod(shape)
        if neural.linear:
            node = self.node(size)
            return Target(node, Place(node, shape))
        if neural.neuron_type is not None:
            return self._neurons(neural, shape)
        before = self.node(size, "linear")
        after = self.tensor_node(neural.layer, shape)
        ConverterConnection(before, after, synapse=None)
        self.activations.append(neural.why)
        return Target(before, Place(after, shape))

    def _neurons(self, neural: Neural, shape: tuple[int, ...]) -> Target:
        size = math.prod(shape)
        # In front of the gain, where weights and biases meet.
        post = self.node(size, "linear")
        if neural.clipped is None:
            own = self._ensemble(neural.neuron_type, size)
            ConverterConnection(post, own, synapse=None)
            return Target(post, Place(own, shape, self.synapse))
        # min(f(x), m) = f(x) - f(x - m) of a rectified line f.
        node = self.node(size)
        own = self._ensemble(neural.neuron_type, size, "neurons")
        over = self._ensemble(neural.neuron_type, size, "over", -neural.clipped)
        for neurons, sign in ((own, 1), (over, -1)):
            ConverterConnection(post, neurons, synapse=None)
            ConverterConnection(neurons, node, transform=sign, synapse=self.synapse)
        return Target(post, Place(node, shape))

    def _ensemble(self, neuron_type: Any, size: int, part: str = "", bias: float = 0.0) -> Neurons:
        """Neurons with one gain, which is a factor on whatever is connected to them."""
        scale = self.scale
        if scale != 1 and not hasattr(neuron_type, "amplitude"):
            warnings.warn(
                f"scale_firing_rates leaves {self.name!r} as it is: {type(neuron_type).__name__} "
                "neurons have no amplitude to divide",
                stacklevel=2,
            )
            scale = 1.0
        if scale != 1:
            amplitude = neuron_type.amplitude / scale
            neuron_type = with_constants(type(neuron_type), neuron_type, amplitude=amplitude)
        ensemble = nengo.Ensemble(
            size,
            1,
            neuron_type=neuron_type,
            gain=np.full(size, scale),
            bias=np.full(size, bias * scale),
            encoders=np.ones((size, 1)),
            label=self._label(part),
        )
        self.ensembles.append(ensemble)
        return ensemble.neurons

    # -- connections ---------------------------------------------------------------------------

    def connect(self, place: Place, post: Any, transform: Any = None) -> ConverterConnection:
        """A connection that is not trained."""
        given = {} if transform is None else {"transform": transform}
        return ConverterConnection(place.obj, post, synapse=place.synapse, **given)

    def filtered(self, pre: Any, post: Any, synapse: Any) -> None:
        """A connection with a synapse of its own."""
        ConverterConnection(pre, post, synapse=synapse)

    def weighted(
        self,
        pre: Any,
        post: Any,
        transform: Any,
        variable: Any,
        arrangement: Arrangement,
        part: str,
        synapse: Any = None,
    ) -> KerasConnection:
        """A connection with the weights of a Keras variable.

        ``transform`` is a function of their values as Nengo has them.
        """
        values = np.asarray(arrangement.to_nengo(np.asarray(variable.value)))
        conn = KerasConnection(
            pre, post, transform=transform(values), synapse=synapse, label=self._label(part)
        )
        conn.variable, conn.arrangement = variable, arrangement
        if variable.regularizer is not None:
            conn.regularizer = Regularized(variable.regularizer, arrangement)
        if variable.constraint is not None:
            conn.constraint = Constrained(variable.constraint, arrangement)
        if not variable.trainable:
            self.net.config[conn].trainable = False
        self.weights.append(conn)
        return conn

    def bias(
        self, variable: Any, post: Any, shape: tuple[int, ...], channels_last: bool = True
    ) -> None:
        """Biases, one for each channel of ``shape``, shared by all places.

        Where there is one place they are a column of weights from a single one.
        """
        n = int(variable.shape[0])
        places = shape[:-1] if channels_last else shape[1:]
        count = math.prod(places)
        ones = Ones(count, self._label("ones"))
        if count == 1:
            arrangement = Arrangement.of((n,), to=(n, 1))
            self.weighted(ones, post, _dense, variable, arrangement, "bias")
            return
        lone = (count, 1) if channels_last else (1, count)

        def transform(values: np.ndarray) -> Any:
            return nengo.transforms.Convolution(
                n, lone, (1,), (1,), channels_last=channels_last, init=values
            )

        arrangement = Arrangement.of((n,), to=(1, 1, n))
        self.weighted(ones, post, transform, variable, arrangement, "bias")

    def added(self, values: np.ndarray, post: Any, part: str) -> None:
        """Constants that are not trained, one for each element."""
        values = np.ravel(values)
        if np.any(values):
            ones = Ones(values.size, self._label(part))
            ConverterConnection(ones, post, transform=values, synapse=None)

    def selected(
        self, place: Place, indices: np.ndarray, post: Any = None, part: str = ""
    ) -> Place:
        """What stands at these indices of the flat input; -1 is 0."""
        flat = np.ravel(indices)
        there = np.flatnonzero(flat >= 0)
        post = self.node(flat.size, part) if post is None else post
        pre, at = flat[there].tolist(), there.tolist()
        if pre == list(range(place.size)):
            source = place.obj
        else:
            source = place.obj[pre]
        goal = post if len(at) == flat.size else post[at]
        if at:
            ConverterConnection(source, goal, synapse=place.synapse)
        return Place(post, tuple(np.shape(indices)))


def _dense(values: np.ndarray) -> Any:
    return nengo.transforms.Dense(values.shape, init=values)
