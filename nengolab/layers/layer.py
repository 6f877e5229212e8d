"""``Layer``: a function, a Keras layer or a neuron type put behind an object, as in Keras."""

from __future__ import annotations

import inspect
import keyword
import math
import re
from typing import Any

import nengo
import numpy as np
from nengo.base import NengoObject, ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.exceptions import NetworkContextError
from nengo.neurons import NeuronType
from nengo.params import Default

from nengolab.exceptions import ValidationError
from nengolab.layers.tensor_function import is_keras_layer
from nengolab.layers.tensor_node import TensorNode


class LayerConnection(nengo.Connection):
    """The connection that ``Layer`` makes to its input: its weights are not trained."""

    is_fixed = True
    why_fixed = "made by Layer, which leaves it fixed; a Connection of your own is trained"


def is_layer_connection(conn: Any) -> bool:
    """Whether a connection is one that ``Layer`` made, in copies of a network too."""
    return isinstance(conn, LayerConnection)


class Layer:
    """Make an object that computes something, and connect its input to it.

    Parameters
    ----------
    layer : NeuronType, keras.Layer or callable
        What is computed of the input: by neurons of a type (one for each element of the input),
        by a Keras layer, or by a function of a tensor ``(batch, *shape_in)``; see ``TensorNode``.

    Examples
    --------
    >>> with nengo.Network():
    ...     pixels = nengo.Node(np.zeros(784))
    ...     x = nengolab.Layer(keras.layers.Conv2D(32, 3))(pixels, shape_in=(28, 28, 1))
    ...     x = nengolab.Layer(nengo.LIF(amplitude=0.01))(x)
    ...     x = nengolab.Layer(keras.layers.Dense(10))(x)

    Notes
    -----
    With a neuron type this is a plain ``nengo.Ensemble`` and a plain ``nengo.Connection`` to its
    neurons: printing the Layer shows their code. The connection's weights are not trained; to
    train weights, put a layer that has some (``Dense``) before the neurons, or make the connection
    yourself.
    """

    def __init__(self, layer: Any):
        if inspect.isclass(layer) and issubclass(layer, NeuronType):
            layer = layer()
        if not isinstance(layer, NeuronType) and not callable(layer):
            raise ValidationError(
                "Layer takes a neuron type, a Keras layer or a function on tensors, got "
                f"{layer!r} ({type(layer).__name__})",
                attr="layer",
            )
        if inspect.isclass(layer):
            raise ValidationError(
                f"Layer was given the class {layer.__name__}; give it an instance, "
                f"{layer.__name__}(...)",
                attr="layer",
            )
        self.layer = layer
        self._made: tuple | None = None

    def __call__(
        self,
        input: Any,
        transform: Any = Default,
        shape_in: tuple[int, ...] | int | None = None,
        synapse: Any = None,
        return_conn: bool = False,
        **layer_args: Any,
    ) -> Any:
        """Make the object, inside a ``with network:`` block.

        Parameters
        ----------
        input : nengo.Node, nengo.Ensemble, nengo.ensemble.Neurons, TensorNode or a view of one
            What is connected to it.
        transform : nengo.transforms.Transform or array_like, optional
            Of the connection. Default: as everywhere in Nengo, one to one.
        shape_in : tuple of int or int, optional
            Shape of an item of what a function or Keras layer is given; its size is that of the
            connection. Default: a vector.
        synapse : nengo.synapses.Synapse or float, optional
            Of the connection. Default: none.
        return_conn : bool
            Whether to return the connection as well.
        **layer_args
            Further arguments of ``nengo.Ensemble`` (``gain``, ``bias``, ``label``, ...) or of
            ``TensorNode`` (``shape_out``, ``pass_time``, ``label``).

        Returns
        -------
        nengo.ensemble.Neurons or TensorNode
            With ``return_conn``: that, and the connection.

        Raises
        ------
        NetworkContextError
            Outside a ``with network:`` block.
        ValidationError
            Where the input is nothing to connect from, or sizes do not fit.
        """
        if len(nengo.Network.context) == 0:
            raise NetworkContextError(
                f"{self._title} was called outside of a network; call it inside a "
                "'with network:' block"
            )
        size = self._size(input, transform, shape_in)
        shape = (size,) if shape_in is None else shape_in
        if isinstance(self.layer, NeuronType):
            obj = self._neurons(size, shape_in, layer_args)
        else:
            self._check_shape(size, shape)
            obj = self._node(shape, layer_args)
        given = {} if transform is Default else {"transform": transform}
        conn = LayerConnection(input, obj, synapse=synapse, **given)
        if transform is Default and not isinstance(conn.transform, nengo.transforms.NoTransform):
            transform = conn.transform  # the network's config has one
        self._made = (input, transform, synapse, obj, layer_args)
        return (obj, conn) if return_conn else obj

    @property
    def _title(self) -> str:
        layer = self.layer
        return f"Layer({getattr(layer, '__name__', None) or layer})"

    def _size(self, input: Any, transform: Any, shape_in: Any) -> int:
        """Elements of what the connection will carry."""
        if isinstance(input, (Layer, type(None))) or not isinstance(
            input, (NengoObject, Neurons, ObjView)
        ):
            hint = "; call the other Layer first" if isinstance(input, Layer) else ""
            raise ValidationError(
                f"{self._title} can be connected to a Node, an Ensemble, its neurons or a view of "
                f"one of these, got {input!r} ({type(input).__name__}){hint}",
                attr="input",
            )
        whole = input.obj if isinstance(input, ObjView) else input
        if isinstance(whole, (nengo.Connection, nengo.Probe, LearningRule)):
            raise ValidationError(
                f"{self._title} cannot be connected to the {type(whole).__name__} {whole}; its "
                "input is a Node, an Ensemble or its neurons",
                attr="input",
            )
        size = input.size_out
        if size == 0:
            raise ValidationError(f"{self._title}: its input {input} has no output", attr="input")
        if transform is Default:
            transform = nengo.Config.default(nengo.Connection, "transform")
        if isinstance(transform, nengo.dists.Distribution):
            # Weights to be drawn have the shape that they are asked for.
            return _count(shape_in) if shape_in is not None else size
        if transform is None or isinstance(transform, nengo.transforms.NoTransform):
            return size
        if isinstance(transform, nengo.transforms.Transform):
            return transform.size_out
        array = np.asarray(transform)
        return array.shape[0] if array.ndim == 2 else size

    def _check_shape(self, size: int, shape: Any) -> None:
        total = _count(shape)
        if total != size:
            raise ValidationError(
                f"{self._title}: shape_in={shape} has {total} elements, and the connection from "
                f"its input gives {size}",
                attr="shape_in",
            )

    def _neurons(self, size: int, shape_in: Any, layer_args: dict[str, Any]) -> Neurons:
        if shape_in is not None:
            self._check_shape(size, shape_in)
        fixed = {"n_neurons", "dimensions", "neuron_type"} & set(layer_args)
        if fixed:
            raise ValidationError(
                f"{self._title} chooses {', '.join(sorted(fixed))} by itself (one neuron for each "
                "of the input's elements); for anything else make the nengo.Ensemble yourself",
                attr="layer_args",
            )
        return nengo.Ensemble(size, 1, neuron_type=self.layer, **layer_args).neurons

    def _node(self, shape: Any, layer_args: dict[str, Any]) -> TensorNode:
        if "tensor_func" in layer_args:
            raise ValidationError(
                f"{self._title} is what it computes; it takes no tensor_func", attr="layer_args"
            )
        arguments: dict[str, Any] = {"pass_time": False} | layer_args
        return TensorNode(self.layer, shape, **arguments)

    # -- shown ---------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return self._title

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """In a notebook, what `print` shows."""
        printer.text(str(self))

    def __str__(self) -> str:
        """The plain Nengo code that does the same."""
        if self._made is None:
            about, code = "makes, of an input x inside a network", self._code("x", Default)
        else:
            about, code = "made", self._code(*self._made)
        return f"{self._title} {about}:\n" + "\n".join(f"    {row}" for row in code)

    def _code(
        self,
        input: Any,
        transform: Any,
        synapse: Any = None,
        obj: Any = None,
        args: dict[str, Any] | None = None,
    ) -> list[str]:
        args = args or {}
        pre = _expression(input)
        size = "x.size_out" if obj is None else obj.size_in
        more = "".join(f", {k}={v!r}" for k, v in args.items())
        name = "neurons" if isinstance(self.layer, NeuronType) else "node"
        if isinstance(self.layer, NeuronType):
            made = f"nengo.Ensemble({size}, 1, neuron_type={self.layer!r}{more})"
            rows = [f"ensemble = {made}", "neurons = ensemble.neurons"]
        else:
            shape = "(x.size_out,)" if obj is None else obj.shape_in
            what = getattr(self.layer, "__name__", None) or "layer"
            if not is_keras_layer(self.layer):
                more = ", pass_time=False" * ("pass_time" not in args) + more
            rows = [f"node = nengolab.TensorNode({what}, shape_in={shape}{more})"]
        given = "" if transform is Default else f", transform={transform!r}"
        weights = "one to one, no weights" if transform is Default else "weights not trained"
        rows.append(f"nengo.Connection({pre}, {name}, synapse={synapse!r}{given})  # {weights}")
        return rows


def _count(shape: Any) -> int:
    """Elements of an array of this shape."""
    sizes = (shape,) if np.ndim(shape) == 0 else tuple(shape)
    if not all(isinstance(n, (int, np.integer)) and n > 0 for n in sizes):
        raise ValidationError(
            "must be whole numbers from 1 up, the shape of one item without the batch axis, got "
            f"{shape!r}",
            attr="shape_in",
        )
    return math.prod(int(n) for n in sizes)


def _expression(obj: Any) -> str:
    """How to write an object in code: its label, made a name, where it has one."""
    if isinstance(obj, str):
        return obj
    if isinstance(obj, ObjView):
        return f"{_expression(obj.obj)}[{_slice(obj.slice)}]"
    if isinstance(obj, Neurons):
        return f"{_expression(obj.ensemble)}.neurons"
    label = re.sub(r"\W+", "_", getattr(obj, "label", None) or "")
    name = label if label.isidentifier() and not keyword.iskeyword(label) else ""
    return name or type(obj).__name__.lower()


def _slice(at: Any) -> str:
    if not isinstance(at, slice):
        return repr(at)
    parts = ["" if v is None else str(v) for v in (at.start, at.stop)]
    step = "" if at.step is None else f":{at.step}"
    return ":".join(parts) + step
