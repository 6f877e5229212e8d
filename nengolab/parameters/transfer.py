"""Trained, edited and learned values given back to plain Nengo objects.

What comes out runs in ``nengo.Simulator`` without this package and can be pickled: arrays, Nengo's
own transforms and ``nengo.solvers.NoSolver``, no functions of ours.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import nengo
import numpy as np
from nengo.base import NengoObject, ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.neurons import Direct, RatesToSpikesNeuronType
from nengo.solvers import NoSolver
from nengo.transforms import (
    Convolution,
    ConvolutionTranspose,
    Dense,
    NoTransform,
    Sparse,
    SparseMatrix,
)

from nengolab.exceptions import UnknownObject, ValidationError, WrongObject
from nengolab.layers.tensor_node import TensorNode
from nengolab.names import listing
from nengolab.neurons import with_constants
from nengolab.parameters.rules import is_decoded, rules_of

if TYPE_CHECKING:
    from nengolab.compiler.graph import Param

# What a Nengo object of ours expresses; the rest of what can be edited has no place in it.
_EXPRESSED = {"weights", "encoders", "bias", "constants"}


class Transferable(Protocol):
    """What is asked of a simulator: `nengolab.Simulator`, seen from below."""

    _engine: Any
    data: Any
    network: nengo.Network | None
    minibatch_size: int | None

    @property
    def model(self) -> nengo.builder.Model: ...

    def name_of(self, obj: Any) -> str: ...


class Transfer:
    """Writes the current values of a simulator as arguments of Nengo objects.

    Parameters
    ----------
    sim : Transferable
    item : int or None
        Of what is learned online, which item of the batch counts.
    beside : set of str
        Roles of which the caller writes other values himself.
    """

    def __init__(
        self, sim: Transferable, item: int | None = None, beside: frozenset[str] = frozenset()
    ):
        self._sim, self._engine = sim, sim._engine
        self._expressed = _EXPRESSED | beside
        self._item = self._check_item(item)
        # Parameters that were given other values, by owner: ``{name: (role, value)}``.
        self._edited: dict[Any, dict[str, tuple[str, np.ndarray]]] = {}
        self._of_probes: dict[nengo.Probe, Param] = {}
        values = self._engine.values
        for param in self._engine.graph.params.values():
            value = values.get(param.name, param.value)
            if not np.array_equal(value, param.value):
                self._edited.setdefault(param.owner, {})[param.name] = (param.role, value)
            if isinstance(param.owner, nengo.Connection) and param.role == "weights":
                if isinstance(param.owner.post_obj, nengo.Probe):
                    self._of_probes[param.owner.post_obj] = param

    def _check_item(self, item: int | None) -> int | None:
        batch = self._engine.batch
        if item is not None and not (isinstance(item, (int, np.integer)) and 0 <= item < batch):
            raise ValidationError(
                f"got {item!r}; the batch has the items 0 to {batch - 1}", attr="item"
            )
        return 0 if batch == 1 else item

    # -- what to write -------------------------------------------------------------------------

    def arguments(self, obj: Any) -> dict[str, Any]:
        """Keyword arguments of an ensemble, a connection or a probe.

        Raises
        ------
        WrongObject
            For an object of another kind, a ValidationError and TypeError.
        ValidationError
            For one that is not in the network, and where a value was set that Nengo has no argument
            for.
        """
        if isinstance(obj, nengo.Ensemble):
            write = self._ensemble
        elif isinstance(obj, nengo.Connection):
            write = self._connection
        elif isinstance(obj, nengo.Probe):
            write = self._probe
        elif isinstance(obj, TensorNode):
            raise WrongObject(
                f"{self._name(obj)!r} is a TensorNode, and what it holds is its Keras layer's; "
                "freeze_params writes it there",
                attr="objs",
            )
        else:
            raise WrongObject(
                f"{_described(obj, self._name)}; give ensembles, connections or probes of the "
                "simulated network",
                attr="objs",
            )
        self.check([obj])
        self._check_expressed(obj)
        return write(obj)

    def check(self, objs: Iterable[Any]) -> None:
        """Refuse what is not in the network."""
        names = self._engine.built.names
        for obj in objs:
            if not names.has(obj):
                raise UnknownObject(
                    f"{names.get(obj)!r} is not in the simulated network; it holds "
                    f"{listing(names.all())}",
                    attr="objs",
                )

    def _name(self, obj: Any) -> str:
        return self._sim.name_of(obj)

    def _check_expressed(self, obj: Any) -> None:
        direct = isinstance(obj, nengo.Ensemble) and isinstance(obj.neuron_type, Direct)
        for name, (role, _) in self._edited.get(obj, {}).items():
            if role.partition(".")[0] not in self._expressed or direct:
                raise ValidationError(
                    f"{name} has another value than the network was built with, and no argument "
                    "of Nengo's can hold it; set it back to its initial value, or change the "
                    "object from which it is computed",
                    attr="objs",
                )

    def _seed(self, obj: Any) -> int:
        """The seed that Nengo's builder drew, so that the same random numbers come again."""
        return self._sim.model.seeds[obj]

    # -- ensembles -----------------------------------------------------------------------------

    def _ensemble(self, ens: nengo.Ensemble) -> dict[str, Any]:
        kept = ("radius", "noise", "label")
        found = {name: getattr(ens, name) for name in kept} | {"seed": self._seed(ens)}
        built = self._sim.data[ens]
        found |= {
            "neuron_type": self._neuron_type(ens),
            "eval_points": built.eval_points / ens.radius,  # Nengo multiplies with it again
            "n_eval_points": len(built.eval_points),
        }
        if isinstance(ens.neuron_type, Direct):
            return found
        encoders = self._of_item(ens, "encoders", built.encoders)
        return (
            found | self._tuning(ens, built) | {"encoders": encoders, "normalize_encoders": False}
        )

    def _tuning(self, ens: nengo.Ensemble, built: Any) -> dict[str, Any]:
        if built.max_rates is not None:
            # Given with gain and bias, other rates or intercepts would have no effect, and a
            # warning from Nengo.
            defaults = {k: getattr(nengo.Ensemble, k).default for k in ("max_rates", "intercepts")}
            return defaults | {"gain": np.array(built.gain), "bias": np.array(built.bias)}
        first = self._sim.model.params[ens]
        if np.array_equal(first.bias, built.bias) and first.max_rates is not None:
            arrays = {"max_rates": first.max_rates, "intercepts": first.intercepts}
            return arrays | {"gain": None, "bias": None}
        raise ValidationError(
            f"{self._name(ens)!r}: its biases changed, and Nengo takes biases only with neuron "
            f"types that have max_rates_intercepts, which {type(ens.neuron_type).__name__} has not",
            attr="objs",
        )

    def _neuron_type(self, ens: nengo.Ensemble) -> Any:
        """The neuron type with its constants as they are now."""
        own = ens.neuron_type
        edited = {
            role: (name, float(value))
            for name, (role, value) in self._edited.get(ens.neurons, {}).items()
            if role != "bias"
        }
        if not edited:
            return own
        arguments = inspect.signature(type(own)).parameters
        for role, (name, _) in edited.items():
            if role not in arguments or isinstance(own, RatesToSpikesNeuronType):
                raise ValidationError(
                    f"{name} was set, and {type(own).__name__} has no argument {role!r} to hold it",
                    attr="objs",
                )
        return with_constants(
            type(own), own, **{role: value for role, (_, value) in edited.items()}
        )

    def _of_item(self, obj: Any, role: str, value: np.ndarray) -> np.ndarray:
        """One item's copy of what is learned online; anything else as it is."""
        learned = role in self._engine.learned(obj)
        if not learned or self._sim.minibatch_size is None:
            return np.array(value)
        if self._item is None:
            raise ValidationError(
                f"the {role} of {self._name(obj)!r} are learned online, one copy for each of the "
                f"{self._engine.batch} items of the batch; say which with item=...",
                attr="item",
            )
        return np.array(value[self._item])

    # -- connections ---------------------------------------------------------------------------

    def _connection(self, conn: nengo.Connection) -> dict[str, Any]:
        # No synapse: nothing changes it, and who connects says which.
        kept = ("learning_rule_type", "label", "scale_eval_points")
        found = {name: getattr(conn, name) for name in kept} | {"seed": self._seed(conn)}
        weights = self._sim.data[conn].weights
        if isinstance(weights, np.ndarray):
            weights = self._of_item(conn, "weights", weights)
        if is_decoded(conn):
            return found | {"eval_points": None} | self._decoded(conn, weights)
        return found | {
            "eval_points": conn.eval_points,
            "function": conn.function,
            "transform": _transform(conn, weights),
            "solver": conn.solver,
        }

    def _decoded(self, conn: nengo.Connection, weights: np.ndarray) -> dict[str, Any]:
        """Fixed decoders, or fixed full weights, in place of a solver.

        What they decode, and the transform after it, are in the weights. A function is left only
        to say how many values are decoded; it is never called in a simulation.
        """
        if conn.solver.weights and isinstance(conn.post_obj, nengo.Ensemble):
            solver = NoSolver(weights.T.copy(), weights=True)
            # The weights hold the encoders and the transform too; nothing is to be multiplied
            # with them.
            solver.compositional = False
            size, transform = conn.size_mid, conn.transform
        else:
            solver, size = NoSolver(weights.T.copy()), len(weights)
            transform = NoTransform(size)
        same = conn.function is None and conn.size_in == size
        function = None if same else partial(np.resize, new_shape=size)
        return {"function": function, "transform": transform, "solver": solver}

    # -- probes --------------------------------------------------------------------------------

    def _probe(self, probe: nengo.Probe) -> dict[str, Any]:
        kept = ("attr", "sample_every", "synapse", "label", "solver")
        found = {name: getattr(probe, name) for name in kept} | {"seed": self._seed(probe)}
        param = self._of_probes.get(probe)
        if param is not None and is_decoded(param.owner):
            found["solver"] = NoSolver(np.array(self._engine.values.get(param.name, param.value)).T)
        return found


def _described(obj: Any, name_of: Callable[[Any], str]) -> str:
    """An object by its name and kind, and whatever else it is."""
    if isinstance(obj, (NengoObject, nengo.Network, LearningRule)):
        return f"{name_of(obj)!r} is a {type(obj).__name__}"
    if inspect.isclass(obj):
        return f"{obj.__name__} is a class"
    return f"{obj!r} is of type {type(obj).__name__}"


def _transform(conn: nengo.Connection, weights: Any) -> Any:
    """A connection's transform with these weights."""
    transform = conn.transform
    if weights is None or isinstance(transform, NoTransform):
        return transform
    if isinstance(transform, (Convolution, ConvolutionTranspose)):
        arguments = inspect.signature(type(transform)).parameters
        now = {name: getattr(transform, name) for name in arguments}
        return type(transform)(**now | {"init": weights})
    if isinstance(transform, Sparse):
        if isinstance(weights, SparseMatrix):
            return Sparse(transform.shape, indices=weights.indices, init=weights.data)
        return Sparse(transform.shape, init=weights)
    return Dense(transform.shape, init=weights)


def _single(obj: Any) -> Any:
    obj = obj.obj if isinstance(obj, ObjView) else obj
    return obj.ensemble if isinstance(obj, Neurons) else obj


def get_nengo_params(
    sim: Transferable, objs: Any, as_dict: bool = False, item: int | None = None
) -> Any:
    """See `Simulator.get_nengo_params`."""
    transfer = Transfer(sim, item)
    if not isinstance(objs, (list, tuple)):
        found = [_single(objs)]
    else:
        found = [_single(obj) for obj in objs]
    with sim._engine.settled():
        arguments = [transfer.arguments(obj) for obj in found]
    if not as_dict:
        return arguments if isinstance(objs, (list, tuple)) else arguments[0]
    labels = [obj.label or sim.name_of(obj) for obj in found]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise ValidationError(
            f"several objects are called {', '.join(map(repr, twice))}; give them different "
            "labels, or leave as_dict out",
            attr="objs",
        )
    return dict(zip(labels, arguments, strict=True))


def freeze_params(sim: Transferable, objs: Any, item: int | None = None) -> None:
    """See `Simulator.freeze_params`."""
    transfer = Transfer(sim, item)
    found = list(dict.fromkeys(_expanded(sim, objs)))
    layers = [obj for obj in found if isinstance(obj, TensorNode)]
    # Everything is asked for before anything is written: an error changes nothing.
    with sim._engine.settled():
        written = [(obj, transfer.arguments(obj)) for obj in found if obj not in layers]
        transfer.check(layers)
    for obj, arguments in written:
        write(obj, arguments)
    if layers:
        from nengolab.compiler.operators.tensor import put_back

        values = sim._engine.values
        put_back(sim._engine.graph, lambda p: values.get(p.name, p.value), layers)


def _expanded(sim: Transferable, objs: Any) -> Iterable[Any]:
    """Ensembles, connections and probes: those of networks, and the probes of ensembles."""
    for obj in objs if isinstance(objs, (list, tuple)) else [objs]:
        obj = _single(obj)
        if isinstance(obj, nengo.Network):
            yield from (*obj.all_ensembles, *obj.all_connections, *obj.all_probes)
            yield from (node for node in obj.all_nodes if isinstance(node, TensorNode))
            continue
        yield obj
        if isinstance(obj, nengo.Ensemble) and sim.network is not None:
            # Their decoders were found for the ensemble as it was built.
            yield from (p for p in sim.network.all_probes if p.obj is obj)


def write(obj: Any, arguments: dict[str, Any]) -> None:
    """Give an object these arguments, in an order in which Nengo takes them."""
    if isinstance(obj, nengo.Probe):
        obj.solver, obj.seed = arguments["solver"], arguments["seed"]
        return
    # Each value is checked against those set before it.
    first = [k for k in ("eval_points", "n_eval_points", "function", "transform") if k in arguments]
    rest = [k for k in arguments if k not in first and k != "learning_rule_type"]
    for name in (*first, *rest):
        setattr(obj, name, arguments[name])
    if isinstance(obj, nengo.Connection) and rules_of(obj):
        obj.learning_rule_type = arguments["learning_rule_type"]
