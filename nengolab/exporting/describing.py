"""A simulated network as layers and links, with the values that its parameters have now."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.ensemble import Neurons
from nengo.synapses import LinearFilter
from nengo.transforms import Convolution, ConvolutionTranspose, Dense, NoTransform, Sparse

from nengolab.exceptions import ValidationError
from nengolab.exporting.matrices import padding_of, transposed
from nengolab.exporting.parts import (
    INPUT,
    NEURONS,
    OUTPUT,
    SUM,
    Circuit,
    Convolving,
    Filter,
    Layer,
    Link,
    Weights,
)
from nengolab.kernels.synapses import state_space
from nengolab.layers.keras_weights import Ones
from nengolab.layers.tensor_node import TensorNode
from nengolab.neurons import IntegrateAndFire
from nengolab.simulator import Simulator

# Constants of neuron types, by type: a subclass may compute anything.
_CONSTANTS: dict[type, tuple[str, ...]] = {
    nengo.LIF: ("tau_rc", "tau_ref", "amplitude", "min_voltage"),
    nengo.LIFRate: ("tau_rc", "tau_ref", "amplitude"),
    nengo.SpikingRectifiedLinear: ("amplitude",),
    nengo.RectifiedLinear: ("amplitude",),
    nengo.Sigmoid: ("tau_ref",),
    nengo.Tanh: ("tau_ref",),
    IntegrateAndFire: ("amplitude",),
}
# What a simulator may have changed and this takes up.
_TAKEN_UP = {"weights", "encoders", "bias", "gain"}


def simulated(given: Any, dt: float = 0.001) -> tuple[Any, bool]:
    """A simulator, and whether it was made here, of a simulator or a network."""
    if isinstance(given, nengo.Network):
        return Simulator(given, dt=dt, progress_bar=False), True
    if isinstance(given, Simulator):
        return given, False
    raise ValidationError(
        f"must be a nengolab.Simulator or a nengo.Network, got {given!r} ({type(given).__name__})",
        attr="sim",
    )


def describe(sim: Any) -> Circuit:
    """The network of a simulator as a `Circuit`.

    Raises
    ------
    ValidationError
        Naming the object that layers and links cannot say, and why.
    """
    return _Describer(sim).circuit()


def check_edits(sim: Any) -> None:
    """Refuse a simulator in which something was changed that is not read from it.

    Raises
    ------
    ValidationError
        Naming it.
    """
    engine = sim._engine
    for param in engine.graph.params.values():
        if param.role in _TAKEN_UP or param.name not in engine.values:
            continue
        if not np.array_equal(engine.values[param.name], param.value):
            raise ValidationError(
                f"{param.name!r} was changed in the simulator, and is not among what is read "
                "from one (weights, encoders, biases, gains); write it into the network by "
                "sim.freeze_params and make a simulator of that",
                attr="sim",
            )


class _Describer:
    def __init__(self, sim: Any):
        self._sim, self._net, self._model = sim, sim.network, sim.model
        self._layers: dict[str, Layer] = {}
        self._links: list[Link] = []
        self._left_out: dict[str, str] = {}
        self._inputs: dict[nengo.Ensemble, str] = {}

    def circuit(self) -> Circuit:
        check_edits(self._sim)
        for node in self._net.all_nodes:
            self._node(node)
        for ens in self._net.all_ensembles:
            self._ensemble(ens)
        for conn in self._net.all_connections:
            self._connection(conn)
        decoded = {
            c.post_obj: c
            for c in self._model.params
            if isinstance(c, nengo.Connection) and isinstance(c.post_obj, nengo.Probe)
        }
        for probe in self._net.all_probes:
            self._probe(probe, decoded.get(probe))
        name = self._net.label or "network"
        circuit = Circuit(
            name, self._sim.dt, list(self._layers.values()), self._links, self._left_out
        )
        return circuit.ordered()

    def _refuse(self, obj: Any, why: str, instead: str) -> ValidationError:
        return ValidationError(
            f"{self._sim.name_of(obj)!r} cannot be exported: {why}; {instead}", attr="sim"
        )

    # -- layers --------------------------------------------------------------------------------

    def _node(self, node: nengo.Node) -> None:
        name = self._sim.name_of(node)
        if isinstance(node, TensorNode):
            raise self._refuse(
                node,
                "it is a TensorNode, which computes with TensorFlow and has no neurons or weights",
                "convert its Keras layer to native objects (nengolab.Converter's report says how)",
            )
        if node.output is None:
            self._layers[name] = Layer(name, SUM, (node.size_in,))
        elif node.size_in:
            raise self._refuse(
                node,
                "it is a Node that computes a Python function of its input",
                "compute it with an ensemble, or outside of what is exported",
            )
        else:
            value = np.zeros(node.size_out)
            if isinstance(node.output, np.ndarray):
                value = np.array(node.output, float).reshape(-1)
            self._layers[name] = Layer(
                name, INPUT, (node.size_out,), value=value, fixed=isinstance(node, Ones)
            )

    def _ensemble(self, ens: nengo.Ensemble) -> None:
        kind = type(ens.neuron_type)
        if kind not in _CONSTANTS:
            raise self._refuse(
                ens,
                f"neurons of type {kind.__name__} are not among those that can be written",
                "those are " + ", ".join(t.__name__ for t in _CONSTANTS),
            )
        if ens.noise is not None:
            raise self._refuse(ens, "it has noise", "set noise=None")
        built, name = self._sim.data[ens], self._sim.name_of(ens.neurons)
        neurons: dict[str, Any] = {"type": kind.__name__}
        for constant in _CONSTANTS[kind]:
            neurons[constant] = float(getattr(ens.neuron_type, constant))
        voltage = self._model.sig[ens.neurons].get("voltage")
        self._layers[name] = Layer(
            name,
            NEURONS,
            (ens.n_neurons,),
            neurons,
            np.array(built.gain, float),
            np.array(built.bias, float),
            None if voltage is None else np.array(voltage.initial_value, float),
        )

    def _input_of(self, ens: nengo.Ensemble) -> str:
        """The layer of what an ensemble represents, made when something comes in."""
        if ens not in self._inputs:
            name = f"{self._sim.name_of(ens)}.input"
            encoders = np.array(self._sim.data[ens].scaled_encoders, float)
            self._layers[name] = Layer(name, SUM, (ens.dimensions,))
            self._inputs[ens] = name
            weights = Weights("dense", encoders.shape, encoders)
            goal = self._sim.name_of(ens.neurons)
            self._links.append(Link(f"{goal}.encoders", name, goal, weights))
        return self._inputs[ens]

    # -- links ---------------------------------------------------------------------------------

    def _connection(self, conn: nengo.Connection) -> None:
        pre, post = conn.pre_obj, conn.post_obj
        decoded = isinstance(pre, nengo.Ensemble)
        if conn.learning_rule_type is not None:
            raise self._refuse(
                conn,
                "it has a learning rule, so its weights change while it runs",
                "write what was learned into the network (sim.freeze_params) and remove the rule",
            )
        if not isinstance(post, (nengo.Node, nengo.Ensemble, Neurons)):
            raise self._refuse(conn, f"it leads to a {type(post).__name__}", "remove it")
        if conn.function is not None and not decoded:
            raise self._refuse(
                conn, "it computes a Python function of a Node", "decode it from an ensemble"
            )
        whole = bool(decoded and conn.solver.weights and isinstance(post, nengo.Ensemble))
        if isinstance(post, nengo.Ensemble):
            target = self._sim.name_of(post.neurons) if whole else self._input_of(post)
        else:
            target = self._sim.name_of(post)
        weights = self._decoded(conn) if decoded else self._weights(conn)
        size = self._layers[target].size
        self._links.append(
            Link(
                self._sim.name_of(conn),
                self._sim.name_of(pre.neurons if decoded else pre),
                target,
                weights,
                None if decoded else _indices(conn.pre_slice, pre.size_out),
                None if whole else _indices(conn.post_slice, size),
                isinstance(post, Neurons),
                self._filter(conn, conn.synapse),
            )
        )
        self._shape(self._links[-1])

    def _decoded(self, conn: Any) -> Weights:
        values = np.array(self._sim.data[conn].weights, float)
        return Weights("dense", values.shape, values)

    def _weights(self, conn: nengo.Connection) -> Weights:
        transform, shape = conn.transform, (conn.size_out, conn.size_mid)
        if isinstance(transform, NoTransform):
            return Weights("identity", shape)
        weights = self._sim.data[conn].weights
        if isinstance(transform, Sparse):
            rows, columns = np.array(weights.indices, np.int64).T
            how = getattr(conn, "pooling", None)
            pooling = None if how is None else Convolving(*how[1:])
            size = None if how is None else how[0]
            values = np.array(weights.data, float)
            return Weights("sparse", shape, values, rows, columns, pooling, size)
        values = np.array(weights, float)
        if isinstance(transform, Convolution):
            convolving = Convolving(
                tuple(transform.input_shape.shape),
                tuple(transform.output_shape.shape),
                tuple(transform.strides),
                padding_of(transform),
                transform.channels_last,
                getattr(transform, "groups", 1),
            )
            return Weights("convolution", shape, values, convolving=convolving)
        if isinstance(transform, ConvolutionTranspose):
            turned = np.flip(values, tuple(range(transform.dimensions)))
            return Weights("convolution", shape, turned, convolving=transposed(transform))
        if not isinstance(transform, Dense):
            raise self._refuse(
                conn,
                f"its transform is a {type(transform).__name__}",
                "Dense, Sparse, Convolution and ConvolutionTranspose can be written",
            )
        if values.ndim < 2:
            if values.ndim == 0 and values == 1:
                return Weights("identity", shape)
            return Weights("scale", shape, values)
        return Weights("dense", shape, values)

    def _shape(self, link: Link) -> None:
        """Shapes of images, which a convolution tells."""
        convolving = link.weights.convolving
        if convolving is None:
            return
        if link.source_at is None:
            self._reshape(link.source, convolving.input_shape)
        if link.target_at is None:
            self._reshape(link.target, convolving.output_shape)

    def _reshape(self, name: str, shape: tuple[int, ...]) -> None:
        layer = self._layers[name]
        if len(layer.shape) == 1:
            self._layers[name] = replace(layer, shape=tuple(int(n) for n in shape))

    def _filter(self, obj: Any, synapse: Any) -> Filter | None:
        if synapse is None:
            return None
        standard = getattr(type(synapse), "make_step", None) is LinearFilter.make_step
        if not isinstance(synapse, LinearFilter) or not standard:
            raise self._refuse(
                obj,
                f"its synapse is a {type(synapse).__name__}, which is no linear filter of finite "
                "order",
                "use nengo.Lowpass, Alpha or LinearFilter",
            )
        a, b, c, d = state_space(synapse, self._sim.dt)
        if len(a) == 0:  # it does nothing but hold its input for a step
            a, b, c, d = np.zeros((1, 1)), d, np.ones(1), np.zeros(())
        tau = getattr(synapse, "tau", None)
        return Filter(
            type(synapse).__name__,
            None if tau is None else float(tau),
            np.array(a, float),
            np.array(b, float).reshape(-1),
            np.array(c, float).reshape(-1),
            np.array(d, float).reshape(()),
        )

    def _probe(self, probe: nengo.Probe, decoded: nengo.Connection | None) -> None:
        name, obj = self._sim.name_of(probe), probe.obj
        if not isinstance(obj, (nengo.Ensemble, Neurons, nengo.Node)) or probe.attr not in (
            "output",
            "decoded_output",
            "spikes",
            "rates",
        ):
            self._left_out[name] = f"a probe of {probe.attr!r}; outputs and spikes are written"
            return
        at = None
        if decoded is not None:
            weights = self._decoded(decoded)
            obj = obj.neurons
        else:
            if isinstance(probe.target, ObjView):
                at = _indices(probe.slice, obj.size_out)
            size = obj.size_out if at is None else len(at)
            weights = Weights("identity", (size, size))
        self._layers[name] = Layer(name, OUTPUT, (weights.shape[0],))
        source = self._sim.name_of(obj)
        filter_ = self._filter(probe, probe.synapse)
        self._links.append(Link(f"{name}.link", source, name, weights, at, None, False, filter_))
        if at is None and decoded is None:
            self._reshape(name, self._layers[source].shape)


def _indices(given: Any, size: int) -> np.ndarray | None:
    at = np.atleast_1d(np.arange(size)[given])
    return None if np.array_equal(at, np.arange(size)) else at.astype(np.int64)
