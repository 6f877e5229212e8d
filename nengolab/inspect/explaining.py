"""What a teacher would say of an object: what it computes, with its numbers."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from nengolab.exceptions import UnknownObject, ValidationError
from nengolab.inspect.said_of_connections import of_connection, of_probe, of_rule
from nengolab.inspect.said_of_neurons import of_ensemble, of_neuron, of_neurons
from nengolab.inspect.source import Source
from nengolab.inspect.texts import counted, number, seeded, shown, trained
from nengolab.layers.tensor_node import TensorNode
from nengolab.names import listing


@dataclass(frozen=True)
class Explanation:
    """What there is to say of an object; as text, and as HTML in a notebook.

    Attributes
    ----------
    name : str
        Of the object.
    sentences : tuple of str

    Examples
    --------
    >>> said = nengolab.inspect.explain(net, ensemble)
    >>> said.sentences[0]
    "'ensemble' is an ensemble of 20 LIF neurons: they represent a number x, from -1 to 1."
    """

    name: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, as a paragraph."""
        return " ".join(self.sentences)

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """The same; names and functions are escaped."""
        return f"<p><strong>{escape(self.name)}</strong></p><p>{escape(self.text)}</p>"


def explain(source: Any, obj: Any, item: int | None = None) -> Explanation:
    """Say what an object computes, with its numbers.

    Parameters
    ----------
    source : nengo.Network, nengo.Simulator or nengolab.Simulator
        Of a network nothing is run. Of a `nengolab.Simulator` it is also said what trains, why,
        and what is not as it was built.
    obj : Nengo object, or its name
        An ensemble, its neurons or one of them (``ensemble.neurons[3]``), a Node, a connection, a
        probe, a learning rule, a network.
    item : int, optional
        Of the batch, where something is learned online. Default: the first.

    Raises
    ------
    UnknownObject
        For what is not in the network.
    ValidationError
        For some neurons of an ensemble: there is something to say of one, or of all.

    Examples
    --------
    >>> print(nengolab.inspect.explain(net, stimulus))
    'stimulus' is a Node: it puts out 0.5 in each step, until it is fed or set to something else.
    """
    read = Source(source, 0 if item is None else item)
    found, neuron = _found(read, obj)
    name = read.names.get(found) + ("" if neuron is None else f"[{neuron}]")
    if isinstance(found, nengo.Ensemble):
        said = of_ensemble(read, found)
    elif isinstance(found, Neurons):
        ens = found.ensemble
        said = of_neurons(read, ens) if neuron is None else of_neuron(read, ens, neuron)
    elif isinstance(found, nengo.Connection):
        said = of_connection(read, found)
    elif isinstance(found, LearningRule):
        said = of_rule(read, found)
    elif isinstance(found, nengo.Probe):
        said = of_probe(read, found)
    elif isinstance(found, nengo.Network):
        said = _of_network(read, found)
    else:
        said = _of_node(read, found)
    return Explanation(name, tuple(said))


def _found(read: Source, asked: Any) -> tuple[Any, int | None]:
    """The object that is meant, and which of its neurons, if it is one neuron."""
    obj, neuron = (_named(read, asked) if isinstance(asked, str) else asked), None
    if isinstance(obj, ObjView):
        at = np.arange(obj.obj.size_out)[obj.slice].ravel()
        obj, neuron = obj.obj, int(at[0]) if len(at) == 1 else None
        if isinstance(obj, Neurons) and neuron is None and len(at) < obj.size_out:
            raise ValidationError(
                f"takes one neuron, such as ensemble.neurons[3], or all of them; got {len(at)} of "
                f"{obj.size_out}",
                attr="obj",
            )
    whole = obj.ensemble if isinstance(obj, Neurons) else obj
    whole = whole.connection if isinstance(whole, LearningRule) else whole
    if whole is None or not read.names.has(whole):
        raise UnknownObject(
            f"{asked!r} is not in the network; it holds {listing(read.names.all())}", attr="obj"
        )
    return obj, neuron if isinstance(obj, Neurons) else None


def _named(read: Source, name: str) -> Any:
    """An object of this name; those of neurons and rules follow from what they are of."""
    found = read.names.find(name)
    if found is not None:
        return found
    objects = read.names.objects()
    parts = [o.neurons for o in objects if isinstance(o, nengo.Ensemble)]
    for conn in objects:
        if isinstance(conn, nengo.Connection) and conn.learning_rule is not None:
            rules = conn.learning_rule
            rules = rules.values() if isinstance(rules, dict) else rules
            parts += rules if not isinstance(rules, LearningRule) else [rules]
    return next((part for part in parts if read.names.get(part) == name), None)


# -- Nodes and networks ------------------------------------------------------------------------


def _of_node(read: Source, node: nengo.Node) -> Iterator[str]:
    name, output = read.names.get(node), node.output
    if isinstance(node, TensorNode):
        yield f"{name!r} is a TensorNode: {_tensors(node)}."
        yield from trained(read, node)
        return
    given = f"the {'number' if node.size_in == 1 else f'{node.size_in} numbers'} that it is given"
    puts_out = counted(node.size_out, "number")
    if output is None:
        said = f"it passes on {given}, the sum of all that leads to it"
    elif isinstance(output, np.ndarray):
        values = number(output.item()) if output.size == 1 else shown(output)
        said = f"it puts out {values} in each step, until it is fed or set to something else"
    elif isinstance(output, nengo.Process):
        seed, where = read.seed(node)
        seed, where = (seed, where) if output.seed is None else (output.seed, "its own")
        drawn = "" if seed is None else f", random by the seed {seed} ({where})"
        said = f"it puts out {puts_out} of {shown(output)}{drawn}"
    else:
        also = f" and {given}" if node.size_in else ""
        gives = f"puts out {puts_out} that it returns" if node.size_out else "puts out nothing"
        said = f"in each step it calls {_function(output)} with the time{also}, and {gives}"
    yield f"{name!r} is a Node: {said}."


def _tensors(node: TensorNode) -> str:
    layer = node.output.layer
    what = f"the function {_function(node.tensor_func)}"
    if layer is not None:
        count = sum(int(np.prod(v.shape)) for v in node.output.variables().values())
        what = f"the Keras layer {type(layer).__name__} ({counted(count, 'number')})"
    if node.shape_in is None:
        return f"it computes {what} of the time, of shape {node.shape_out}"
    time = " and of the time" * node.pass_time
    return (
        f"it computes {what} of what it is given, as a tensor of shape {node.shape_in}{time}, "
        f"and puts out a tensor of shape {node.shape_out}"
    )


def _function(function: Any) -> str:
    if isinstance(function, types.FunctionType):
        return shown(function)
    return getattr(function, "__name__", None) or shown(function)


def _of_network(read: Source, network: nengo.Network) -> Iterator[str]:
    kinds = {
        "ensemble": network.all_ensembles,
        "Node": network.all_nodes,
        "connection": network.all_connections,
        "probe": network.all_probes,
    }
    held = ", ".join(counted(len(objs), kind) for kind, objs in kinds.items() if objs)
    outermost = network is read.network
    where = "" if outermost else ", inside another"
    name = read.names.get(network)
    yield f"{name!r} is a network{where}: {held or 'nothing is in it'}."
    if network.all_ensembles:
        neurons = sum(e.n_neurons for e in network.all_ensembles)
        types_ = sorted({type(e.neuron_type).__name__ for e in network.all_ensembles})
        yield f"Its {counted(neurons, 'neuron')} are {' and '.join(types_)}."
    yield from seeded(read, network)
    if read.parameters is not None:
        table = read.parameters if outermost else read.parameters.of(network)
        yield (
            f"Of its {counted(table.size, 'number')}, training changes {table.trainable.size:,} "
            f"(in {counted(len(table.trainable), 'array')})."
        )
