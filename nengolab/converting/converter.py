"""``Converter``: a Keras model as a Nengo network."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import nengo
import numpy as np

from nengolab.converting.mapped import Mapped, called
from nengolab.exceptions import ValidationError
from nengolab.names import listing
from nengolab.settings import DTYPES, configure_settings
from nengolab.startup.tensorflow import load_tensorflow

load_tensorflow()  # before Keras does, so that its start-up lines are not shown

from nengolab.converting import kinds, report, tuning, verifying  # noqa: E402, F401
from nengolab.converting.activations import Activations  # noqa: E402
from nengolab.converting.base import (  # noqa: E402
    Call,
    Unsupported,
    check_place,
    common_reason,
    converter_of,
    converts,
)
from nengolab.converting.fallback import fall_back, refuse_in_time  # noqa: E402
from nengolab.converting.making import Maker, Options, Place  # noqa: E402
from nengolab.converting.rows import Row, row_of  # noqa: E402
from nengolab.converting.walking import (  # noqa: E402
    all_operations,
    calls_of,
    graph_of,
    is_model,
    item_shape,
    refuse_masks,
)


class Converter:
    """Make a Nengo network of a Keras model.

    Parameters
    ----------
    model : keras.Model
        A functional or Sequential model, with others inside or not.
    allow_fallback : bool
        Whether a layer without a native form becomes a TensorNode that holds it (and shares its
        variables with the model: what is trained in the network is trained in the layer). False:
        it is an error.
    inference_only : bool
        Whether the network is never to be trained: Dropout is left out, batch normalization
        computes with its moving statistics.
    max_to_avg_pool : bool
        Whether max pooling becomes average pooling, which is native and computes something else.
    split_shared_weights : bool
        Whether a layer with weights that is called several times may have weights of its own for
        each call: equal at first, trained apart.
    swap_activations : dict, optional
        Neuron types in place of others: keys are activations (functions of Keras, their names,
        classes of layers) or the neuron types that they would become.
    scale_firing_rates : float or dict, optional
        Factor on the input of neurons, and divisor of their output: spiking neurons fire faster,
        and put out the same on average where their rate is a line. A dict says it by layer, or by a
        layer's name.
    synapse : float, nengo.synapses.Synapse or dict, optional
        Filter on the output of neurons. A dict says it by layer, or by a layer's name.
    temporal_model : bool
        Whether the first axis of each input after the batch is time: it becomes the time of the
        simulation.
    freeze_batchnorm : bool
        Whether batch normalization computes with its moving statistics in training too.

    Attributes
    ----------
    net : nengo.Network
    model : keras.Model
    inputs : mapping
        Nodes, by input tensor, input layer or its name; in the order of the model's inputs.
    outputs : mapping
        Probes, by output tensor, the layer that makes it, or its name.
    layers : mapping
        What puts out a layer's output, by layer, ``(layer, number of the call)`` or its name.
    tuned : Tuned or None
        What `tune` has tried, also where it was stopped half way.

    Raises
    ------
    ValidationError
        For what is no Keras model or has no graph, an input of unknown shape, a mask, shared
        weights, and, where ``allow_fallback=False``, a layer without a native form. A
        ValidationError is a ValueError.

    Examples
    --------
    >>> model = keras.Sequential([
    ...     keras.Input((28, 28, 1)),
    ...     keras.layers.Conv2D(4, 3, activation="relu", name="conv"),
    ...     keras.layers.Flatten(),
    ...     keras.layers.Dense(10),
    ... ])
    >>> converter = nengolab.Converter(model)
    >>> converter.verify()
    True
    >>> converter.layers["conv"].ensemble.label
    'conv.0'
    """

    def __init__(
        self,
        model: Any,
        allow_fallback: bool = True,
        inference_only: bool = False,
        max_to_avg_pool: bool = False,
        split_shared_weights: bool = False,
        swap_activations: Mapping[Any, Any] | None = None,
        scale_firing_rates: Any = None,
        synapse: Any = None,
        temporal_model: bool = False,
        freeze_batchnorm: bool = False,
    ):
        graph = graph_of(model)
        refuse_masks(graph)
        self.model = model
        self.options = Options(
            allow_fallback,
            inference_only,
            max_to_avg_pool,
            split_shared_weights,
            swap_activations or {},
            scale_firing_rates,
            synapse,
            temporal_model,
            freeze_batchnorm,
        )
        self._activations = Activations(self.options.swap_activations)
        self._known = {layer.name: layer for layer in all_operations(graph)}
        for attr in ("scale_firing_rates", "synapse"):
            self._check_keys(getattr(self.options, attr), attr)
        self.net = nengo.Network(label=model.name, seed=0)
        self.rows: list[Row] = []
        self.tuned: tuning.Tuned | None = None
        self._called: dict[int, int] = {}
        places: dict[int, Place] = {}
        with self.net:
            self._configure()
            inputs = self._inputs(graph, places)
            self._objects: dict[Any, Any] = {}
            self._walk(graph, places)
            outputs = self._probes(graph, places)
        self.inputs = Mapped(inputs, "inputs")
        self.outputs = Mapped(outputs, "outputs")
        self.layers = Mapped(self._objects, "layers")
        if self._activations.unused:
            unused = ", ".join(map(repr, self._activations.unused.values()))
            warnings.warn(
                f"swap_activations has {unused}, and no layer has such an activation", stacklevel=2
            )

    @classmethod
    def register(cls, kind: type) -> Any:
        """Decorate a `LayerConverter` to enter it for layers of the class ``kind``.

        See `nengolab.converting.LayerConverter`, which has an example.
        """
        return converts(kind)

    # -- options -------------------------------------------------------------------------------

    def _configure(self) -> None:
        dtype = self.model.compute_dtype
        dtype = dtype if dtype in DTYPES else "float32"
        configure_settings(
            trainable=None, dtype=dtype, inference_only=bool(self.options.inference_only)
        )
        self.net.config[nengo.Ensemble].trainable = False  # biases are weights from ones
        self.net.config[nengo.Connection].synapse = None

    def _check_keys(self, given: Any, attr: str) -> None:
        for key in given if isinstance(given, Mapping) else ():
            if key not in self._known and not any(key is one for one in self._known.values()):
                raise ValidationError(
                    f"has {called(key)!r}, which is no layer of {self.model.name!r}; those "
                    f"are {listing(self._known)}",
                    attr=attr,
                )

    @staticmethod
    def _for(given: Any, layer: Any, default: Any) -> Any:
        """What was given for a layer: one thing for all, or by layer or its name."""
        if isinstance(given, Mapping):
            found = (v for k, v in given.items() if k is layer or k == layer.name)
            given = next(found, None)
        return default if given is None else given

    def _scale(self, layer: Any) -> float:
        scale = self._for(self.options.scale_firing_rates, layer, 1.0)
        fine = isinstance(scale, (int, float, np.integer, np.floating))
        if not fine or isinstance(scale, bool) or not 0 < scale < math.inf:
            raise ValidationError(
                f"must be a number above 0, or a dict of them by layer, got {scale!r}",
                attr="scale_firing_rates",
            )
        return float(scale)

    # -- the graph -----------------------------------------------------------------------------

    def _inputs(self, graph: Any, places: dict[int, Place]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for tensor in graph.inputs:
            shape = item_shape(tensor, self.options.temporal_model)
            layer = tensor._keras_history.operation
            node = nengo.Node(np.zeros(math.prod(shape)), label=layer.name)
            places[id(tensor)] = Place(node, shape)
            found |= {layer: node, tensor: node}
            self.rows.append(Row.of_input(layer, node, shape))
        return found

    def _probes(self, graph: Any, places: dict[int, Place]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for tensor in graph.outputs:
            place, layer = places[id(tensor)], tensor._keras_history.operation
            probe = found.get(tensor)
            if probe is None:
                probe = nengo.Probe(place.obj, synapse=place.synapse, label=f"{layer.name}.output")
            found[tensor] = probe
            found.setdefault(layer, probe)
        return found

    def _walk(self, graph: Any, places: dict[int, Place]) -> None:
        """Convert the calls of a graph; ``places`` has its inputs, and gets all else."""
        for node in calls_of(graph):
            operation = node.operation
            inputs = [places[id(tensor)] for tensor in node.arguments.keras_tensors]
            if is_model(operation):
                outputs = self._inside(operation, inputs)
            else:
                outputs = self._converted(node, inputs)
            for tensor, place in zip(node.outputs, outputs, strict=True):
                places[id(tensor)] = place

    def _inside(self, model: Any, inputs: list[Place]) -> list[Place]:
        """Convert a model that is called as a layer."""
        graph = graph_of(model)
        places = dict(zip(map(id, graph.inputs), inputs, strict=True))
        number = self._number(model)
        self._walk(graph, places)
        outputs = [places[id(tensor)] for tensor in graph.outputs]
        self._note(model, number, outputs)
        return outputs

    def _number(self, operation: Any) -> int:
        number = self._called.get(id(operation), 0)
        self._called[id(operation)] = number + 1
        return number

    def _note(self, operation: Any, number: int, outputs: list[Place]) -> None:
        self._objects[operation, number] = outputs[0].obj
        self._objects.setdefault(operation, outputs[0].obj)

    def _converted(self, node: Any, inputs: list[Place]) -> list[Place]:
        layer, number = node.operation, self._number(node.operation)
        temporal = bool(self.options.temporal_model)
        shapes = [item_shape(tensor, temporal) for tensor in node.outputs]
        name = f"{layer.name}.{number}"
        call = Call(layer, name, inputs, node.arguments, shapes, temporal)
        synapse = self._for(self.options.synapse, layer, None)
        make = Maker(self.net, name, layer, self._scale(layer), synapse)
        kind = converter_of(layer)
        reason = common_reason(layer)
        converter = None
        if reason is None and kind is None:
            reason = Unsupported(
                f"there is no converter for {type(layer).__name__}",
                "a converter of your own, by nengolab.Converter.register",
            )
        elif reason is None and kind is not None:
            converter = kind(call, make, self.options, self._activations)
            reason = self._reason(converter, temporal)
        if converter is not None and reason is None:
            outputs = [check_place(converter.convert(), shapes[0], name)]
        else:
            assert reason is not None
            self._may_fall_back(call, reason)
            outputs = fall_back(call, make)
        became = converter.became() if converter is not None and reason is None else ""
        self._check_shared(layer, number, make)
        self._check_activations(call, make)
        self._note(layer, number, outputs)
        self.rows.append(row_of(call, make, outputs, reason, became))
        return outputs

    @staticmethod
    def _reason(converter: Any, temporal: bool) -> Unsupported | None:
        if temporal and not converter.each_step:
            return Unsupported(
                f"{type(converter.layer).__name__} works along the axis of time",
                "keras.layers.TimeDistributed around it",
            )
        return converter.unsupported()

    def _may_fall_back(self, call: Call, reason: Unsupported) -> None:
        if call.temporal:
            refuse_in_time(call, reason)
        if not self.options.allow_fallback:
            raise ValidationError(
                f"{type(call.operation).__name__} {call.operation.name!r} has no native form: "
                f"{reason.why}. It would with {reason.instead}; with allow_fallback=True it "
                "becomes a TensorNode",
                attr="allow_fallback",
            )

    def _check_activations(self, call: Call, make: Maker) -> None:
        if make.activations and not self.options.allow_fallback:
            raise ValidationError(
                f"the activation of {type(call.operation).__name__} {call.operation.name!r} has no "
                f"native form: {make.activations[0]}. swap_activations gives it a neuron type; "
                "with allow_fallback=True it becomes a TensorNode",
                attr="allow_fallback",
            )

    def _check_shared(self, layer: Any, number: int, make: Maker) -> None:
        """Refuse a second copy of weights; TensorNodes of one layer do share them."""
        options = self.options
        split = options.split_shared_weights or options.inference_only
        if number == 0 or split or not any(conn.variable.trainable for conn in make.weights):
            return
        raise ValidationError(
            f"{type(layer).__name__} {layer.name!r} is called more than once, and connections do "
            "not share weights. split_shared_weights=True gives each call weights of its own, "
            "equal at first and trained apart; inference_only=True does the same where nothing is "
            "to be trained; as a TensorNode that holds it (nengolab.TensorNode(layer, ...)) it "
            "can be shared",
            attr="split_shared_weights",
        )

    # -- what a person asks --------------------------------------------------------------------

    def verify(
        self, training: bool = False, inputs: Any = None, atol: float = 1e-8, rtol: float = 1e-5
    ) -> bool:
        """Compare the network's outputs with the model's.

        Parameters
        ----------
        training : bool
            Whether to train both for a few batches first and compare the weights as well. The
            model has its own weights again afterwards.
        inputs : array or list of array, optional
            Items for each input, as the model takes them. Default: random numbers, 3 items.
        atol, rtol : float
            Tolerance: ``|difference| <= atol + rtol |value of Keras|``, where the value is the
            largest of the output: a sum of many numbers is as exact as the largest of them.

        Returns
        -------
        bool
            True.

        Raises
        ------
        ValidationError
            Where they differ: in which output or weights, and by how much.

        Notes
        -----
        Neurons that spike put out something else than the function that they stand for; a network
        with such does not verify.

        Examples
        --------
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> nengolab.Converter(model).verify(training=True)
        True
        """
        return verifying.verify(self, training, inputs, atol, rtol)

    def report(self, data: Any = None, n_steps: int = 50) -> report.ConversionReport:
        """For each layer what it became, and why.

        Parameters
        ----------
        data : array or list of array, optional
            Items for each input, as the model takes them, at most a few: they are shown for
            ``n_steps`` and the report has firing rates.
        n_steps : int

        Returns
        -------
        ConversionReport
            ``print`` shows it, as a notebook does; ``to_pandas()`` makes a table.

        Examples
        --------
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "relu")])
        >>> report = nengolab.Converter(model).report()
        >>> [row.became for row in report.rows]
        ['a Node', '2 RectifiedLinear neurons']
        """
        return report.report(self, data, n_steps)

    def tune(
        self,
        data: Any,
        labels: Any,
        scales: Any = (10, 50, 200),
        synapses: Any = (0.0, 0.005),
        n_steps: int = 60,
        balance: bool = True,
        percentile: float = 99.9,
        dt: float = 0.001,
    ) -> tuning.Tuned:
        """Try firing rates and synapses: accuracy, latency, spikes.

        Parameters
        ----------
        data : array
            Items of the one input, as the model takes them.
        labels : array of int, ``(items,)``
            Which output is right.
        scales : sequence of float
            Firing rates (Hz): the rate at which a layer's most active neurons are to fire, with
            ``balance``; else factors as in ``scale_firing_rates``.
        synapses : sequence of float
            Time constants (s); 0 is none.
        n_steps : int
            For how long each item is shown.
        balance : bool
            Whether each layer gets a scale of its own, from the activities of the Keras model on
            the data, so that its ``percentile`` comes to the rate that is tried.
        percentile : float
        dt : float
            Step (s).

        Returns
        -------
        Tuned
            ``.tried`` has each setting, ``.best`` the one to take, ``.picture()`` shows them. Where
            it was stopped half way, ``converter.tuned`` has those that were tried.

        Examples
        --------
        >>> model = keras.Sequential(
        ...     [keras.Input((3,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(2)]
        ... )
        >>> converter = nengolab.Converter(
        ...     model, swap_activations={"relu": nengo.SpikingRectifiedLinear()}
        ... )
        >>> found = converter.tune(np.eye(3), [0, 1, 0], scales=[100], synapses=[0], n_steps=20)
        >>> found.tried[0].rate
        100
        """
        return tuning.tune(self, data, labels, scales, synapses, n_steps, balance, percentile, dt)

    def to_keras(self, sim: Any, path: Any = None) -> Any:
        """Write the weights that a simulator has now into the Keras model.

        Parameters
        ----------
        sim : nengolab.Simulator
            Of ``converter.net``, open or closed.
        path : str or Path, optional
            A ``.keras`` file to save the model in.

        Returns
        -------
        keras.Model
            ``converter.model``.

        Raises
        ------
        ValidationError
            For a simulator of another network, and where calls of one layer, which have weights of
            their own here, have come to differ.

        Examples
        --------
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="out")])
        >>> converter = nengolab.Converter(model)
        >>> with nengolab.Simulator(converter.net) as sim:
        ...     sim.parameters["out.0.bias.weights"].value = 1
        ...     converter.to_keras(sim).get_layer("out").bias.numpy()
        array([1., 1.], dtype=float32)
        """
        return verifying.to_keras(self, sim, path)

    def again(self, **changes: Any) -> Converter:
        """The same model converted with other options.

        Examples
        --------
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "relu")])
        >>> converter = nengolab.Converter(model).again(scale_firing_rates=100)
        >>> converter.options.scale_firing_rates
        100
        """
        return type(self)(self.model, **vars(self.options) | changes)
