"""What neurons and layers put out against the input of a layer before them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.ensemble import Neurons

from nengolab.exceptions import ValidationError
from nengolab.inspect.connections import weights
from nengolab.inspect.points import Direction, chosen
from nengolab.inspect.populations import population, rates_at
from nengolab.inspect.source import Source, When
from nengolab.layers.tensor_node import TensorNode
from nengolab.names import listing


@dataclass(frozen=True, eq=False)
class LayerCurves:
    """What an object puts out for inputs of a layer before it, or of itself.

    Attributes
    ----------
    name, layer : str
        Names of what puts out and of what is given the input.
    axes : tuple of ndarray
        Coordinates along each direction: one array for a line, two for a plane, none for points
        that were given.
    directions : ndarray
        ``(axes, dimensions)``, of length 1.
    points : ndarray
        ``(..., dimensions)``: inputs of the layer, each as a vector.
    outputs : ndarray
        ``(..., size)``: rates of neurons, what a layer puts out as a vector.
    unit : str
        ``"Hz"`` of neurons, times their amplitude.
    through : tuple
        What of the network the outputs follow from: objects and connections on the way.

    Examples
    --------
    >>> with nengo.Network(seed=0) as net:
    ...     pixels = nengo.Node(np.zeros(4))
    ...     hidden = nengolab.Layer(keras.layers.Dense(8))(pixels, shape_in=(4,))
    ...     neurons = nengolab.Layer(nengo.LIFRate())(hidden)
    >>> curves = nengolab.inspect.layer_curves(net, neurons)
    >>> curves.layer, curves.outputs.shape, curves.unit
    ('dense', (101, 8), 'Hz')
    """

    name: str
    layer: str
    axes: tuple[np.ndarray, ...]
    directions: np.ndarray
    points: np.ndarray
    outputs: np.ndarray
    unit: str
    through: tuple[Any, ...] = ()

    @property
    def silent(self) -> np.ndarray:
        """Elements that put out 0 or less at all points."""
        return np.flatnonzero((self._flat <= 0).all(axis=0))

    @property
    def saturated(self) -> np.ndarray:
        """Elements that put out the same, to a hundredth, and more than 0, at all points."""
        most, least = self._flat.max(axis=0), self._flat.min(axis=0)
        return np.flatnonzero((least > 0) & (most - least <= 0.01 * most))

    @property
    def _flat(self) -> np.ndarray:
        return self.outputs.reshape(-1, self.outputs.shape[-1])


def layer_curves(
    source: Any,
    obj: Any,
    points: Any = None,
    *,
    layer: TensorNode | str | None = None,
    along: Direction | tuple[Direction, Direction] | None = None,
    at: Any = None,
    radius: float = 1.0,
    n_points: int | None = None,
    when: When = "now",
) -> LayerCurves:
    """Compute what neurons behind Keras layers put out for inputs of a layer.

    Neurons as their rates, for an input that stays; synapses then give on what they are given.

    Parameters
    ----------
    source : nengo.Network, nengo.Simulator or nengolab.Simulator
        Nothing is run.
    obj : nengo.Ensemble, its neurons, TensorNode, or the name of one
    points : array_like, optional
        ``(..., dimensions)``: inputs, each as a vector.
    layer : TensorNode or str, optional
        Whose input the points are. Default: ``obj`` itself, if it is a TensorNode, else the nearest
        before it.
    along : int, vector, or tuple of two of them, optional
        Elements of the input (of its vector), or directions, as of `tuning_curves`.
    at : array_like, optional
        ``(dimensions,)``: a point of the line or plane. Default: 0.
    radius : float
        How far the line or plane goes to both sides.
    n_points : int, optional
    when : {"now", "built"}
        After training and setting, or before.

    Raises
    ------
    UnknownObject
        For what is not in the network.
    ValidationError
        Where no layer is before it, or something on the way is not determined by its input: a
        Node that is a function of time, a loop.

    Examples
    --------
    >>> with nengo.Network() as net:
    ...     node = nengolab.TensorNode(lambda t, x: tf.nn.relu(x), shape_in=(2,), label="relu")
    >>> nengolab.inspect.layer_curves(net, node, [[-1, 2]]).outputs
    array([[0., 2.]])
    """
    read = Source(source, 0)
    target = _whole(read, obj)
    start = _start(read, target) if layer is None else read.find(layer, TensorNode, "TensorNode")
    if start.size_in == 0:
        raise ValidationError(f"{read.names.get(start)!r} has no input to vary", attr="layer")
    place = chosen(
        _Inputs(read.names.get(start), start.size_in), points, along, at, n_points, radius
    )
    walk = _Walk(read, start, place[2].reshape(-1, start.size_in), when)
    outputs = walk.output(target)
    if start not in walk.visited:
        raise ValidationError(
            f"{read.names.get(start)!r} is not before {read.names.get(target)!r}: what it is "
            "given changes nothing there",
            attr="layer",
        )
    unit = "" if isinstance(target, nengo.Node) else "Hz"
    name = read.names.get(target)
    shaped = outputs.reshape(*place[2].shape[:-1], outputs.shape[-1])
    return LayerCurves(name, read.names.get(start), *place, shaped, unit, tuple(walk.parts))


def layer_before(network: nengo.Network, obj: Any) -> TensorNode | None:
    """Find the nearest TensorNode before an object, or it itself; None where there is none.

    Parameters
    ----------
    network : nengo.Network
    obj : nengo.Ensemble or nengo.Node

    Examples
    --------
    >>> with nengo.Network() as net:
    ...     double = nengolab.TensorNode(lambda t, x: 2 * x, shape_in=(1,), shape_out=(1,))
    ...     behind = nengo.Ensemble(10, 1)
    ...     conn = nengo.Connection(double, behind)
    >>> nengolab.inspect.layer_before(net, behind) is double
    True
    """
    seen, front = {obj}, [obj]
    while front:
        for one in front:
            if isinstance(one, TensorNode):
                return one
        before = [_owner(c.pre_obj) for one in front for c in _into(network, one)]
        front = [one for one in dict.fromkeys(before) if one not in seen]
        seen |= set(front)
    return None


@dataclass(frozen=True)
class _Inputs:
    """The inputs of a layer, as a space."""

    name: str
    dimensions: int


def _whole(read: Source, obj: Any) -> Any:
    if isinstance(obj, str) and obj.endswith(".neurons"):
        obj = obj.removesuffix(".neurons")
    found = read.find(obj, nengo.base.NengoObject, "object")
    if not isinstance(found, nengo.Ensemble | nengo.Node):
        raise ValidationError(
            f"takes an ensemble, its neurons or a TensorNode; {read.names.get(found)!r} is a "
            f"{type(found).__name__}",
            attr="obj",
        )
    return found


def _into(network: nengo.Network, obj: Any) -> list[nengo.Connection]:
    return [c for c in network.all_connections if _owner(c.post_obj) is obj]


def _owner(obj: Any) -> Any:
    obj = obj.obj if isinstance(obj, ObjView) else obj
    return obj.ensemble if isinstance(obj, Neurons) else obj


def _start(read: Source, obj: Any) -> TensorNode:
    found = layer_before(read.network, obj)
    if found is not None:
        return found
    layers = [read.names.get(n) for n in read.network.all_nodes if isinstance(n, TensorNode)]
    raise ValidationError(
        f"no layer is before {read.names.get(obj)!r}; the network's TensorNodes are "
        f"{listing(layers)}. tuning_curves gives what ensembles do by what they represent",
        attr="obj",
    )


class _Walk:
    """From the input of a layer to what an object puts out, ``(points, size)``."""

    def __init__(self, read: Source, start: TensorNode, points: np.ndarray, when: When):
        self.read, self.start, self.points = read, start, points
        self.when: When = when
        self._done: dict[Any, np.ndarray | None] = {}  # None: being worked out

    @property
    def visited(self) -> set[Any]:
        """All on the way."""
        return set(self._done)

    @property
    def parts(self) -> list[Any]:
        """All on the way, with the connections between, and layers whose numbers they share."""
        net, visited = self.read.network, self.visited
        between = [
            c for c in net.all_connections if {_owner(c.pre_obj), _owner(c.post_obj)} <= visited
        ]
        functions = {o.tensor_func for o in visited if isinstance(o, TensorNode)}
        nodes = [n for n in net.all_nodes if isinstance(n, TensorNode) and n not in visited]
        sharing = [n for n in nodes if n.tensor_func in functions]
        return [*visited, *between, *sharing]

    def output(self, obj: Any) -> np.ndarray:
        """What an object puts out."""
        if obj in self._done:
            done = self._done[obj]
            if done is None:
                raise self._not(obj, "is in a loop: what it puts out depends on the time")
            return done
        self._done[obj] = None
        self._done[obj] = found = self._output(obj)
        return found

    def _output(self, obj: Any) -> np.ndarray:
        if isinstance(obj, TensorNode):
            given = self.points if obj is self.start else self._given(obj, obj.size_in)
            return _computed(self.read, obj, given, self.when)
        if isinstance(obj, nengo.Ensemble):
            people = population(self.read.given, obj, self.when, 0)
            currents = self._given(obj, obj.n_neurons) + people.bias
            return rates_at(people.neuron_type, currents)
        if obj.output is None:
            return self._given(obj, obj.size_in)
        if isinstance(obj.output, np.ndarray):
            return np.tile(obj.output, (len(self.points), 1))
        raise self._not(obj, "is a Node that runs Python or a process, and comes between")

    def _given(self, obj: Any, size: int) -> np.ndarray:
        """The sum of what leads to an object: currents of neurons, without their bias."""
        total = np.zeros((len(self.points), size))
        for conn in _into(self.read.network, obj):
            matrix = weights(self.read.given, conn, self.when, item=0).matrix
            total += matrix.times(self.output(_owner(conn.pre_obj)).T).T
        return total

    def _not(self, obj: Any, why: str) -> ValidationError:
        start = self.read.names.get(self.start)
        return ValidationError(
            f"{self.read.names.get(obj)!r} {why}: what is behind it does not follow from the input "
            f"of {start!r} alone",
            attr="obj",
        )


def _computed(read: Source, node: TensorNode, given: np.ndarray, when: When) -> np.ndarray:
    """What a TensorNode computes of inputs ``(points, size)``, at time 0."""
    import keras
    import tensorflow as tf

    function = node.output
    keras_layer = function.layer
    dtype = "float64" if keras_layer is None else keras_layer.compute_dtype
    x = tf.constant(given.reshape(-1, *(node.shape_in or ())), dtype)
    arguments = function.arguments(tf.zeros((), dtype), x)
    if keras_layer is None:
        y = function.func(*arguments)
    else:
        with keras.StatelessScope(state_mapping=_values(read, node, when)):
            y = keras_layer(*arguments, training=False)
    return np.asarray(y, float).reshape(len(given), -1)


def _values(read: Source, node: TensorNode, when: When) -> list[tuple[Any, np.ndarray]]:
    """The layer's variables and their values in a simulator."""
    if read.parameters is None:
        return []
    # A layer of several TensorNodes has its parameters once.
    sharing = [
        n
        for n in read.network.all_nodes
        if isinstance(n, TensorNode) and n.tensor_func is node.tensor_func
    ]
    variables = node.output.variables()
    return [
        (variables[p.role], np.asarray(p.initial if when == "built" else p.value))
        for p in read.parameters.of(*sharing).values()
        if p.role in variables
    ]
