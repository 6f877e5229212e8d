"""Keras variables for the parameters of a network: one layer for each object that owns some."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import keras
import nengo
import numpy as np
from nengo.ensemble import Neurons

from nengolab.compiler.graph import Param
from nengolab.layers.held import numbers
from nengolab.names import Taken

# Roles that have a variable; constants of neurons and synapses are part of the compiled form.
KEPT_ROLES = ("weights", "encoders", "bias", "gain")


class OwnerLayer(keras.layers.Layer):
    """The parameters of one object of the network, so that Keras lists and saves them together.

    Parameters
    ----------
    name : str
    size : int, optional
        Of what it puts out at each step, for ``keras_model.summary()``.
    """

    def __init__(self, name: str, size: int | None = None):
        super().__init__(name=name, trainable=True)
        self.built = True
        if size is not None:
            self.output_shape = (None, None, size)
            # Without such an entry Keras does not look at the output shape.
            self._build_shapes_dict = {"input_shape": None}

    def hold(self, param: Param, role: str, trainable: bool, dtype: str) -> Any:
        """A variable with the parameter's value."""
        value = np.asarray(param.value)
        dtype = dtype if value.dtype.kind == "f" else value.dtype.name
        return self.add_weight(
            name=keras_name(role),
            shape=value.shape,
            dtype=dtype,
            initializer=lambda shape, dtype=None: np.asarray(value, dtype),
            trainable=trainable,
            autocast=False,
            constraint=getattr(param.owner, "constraint", None) if role == "weights" else None,
            # What layers change while they are trained, where there are several replicas.
            aggregation="mean" if value.dtype.kind == "f" else "only_first_replica",
        )

    def call(self, inputs: Any) -> Any:
        return inputs


# What a summary calls the owners: by the type of the object.
_KINDS = {
    kind: type(kind.__name__, (OwnerLayer,), {"__doc__": f"Parameters of {kind.__name__} objects."})
    for kind in (nengo.Ensemble, Neurons, nengo.Connection, nengo.Node, nengo.Probe)
}


def owner_of(obj: Any, name: str) -> OwnerLayer:
    """The layer that holds an object's parameters."""
    kind = next((k for k in _KINDS if isinstance(obj, k)), None)
    if kind is None:
        return OwnerLayer(name)
    size = obj.n_neurons if kind is nengo.Ensemble else obj.size_out
    return _KINDS[kind](name, size)


class Variables:
    """The variables of a model, by the names of their parameters.

    Parameters
    ----------
    params : iterable of Param
        All of the network.
    trainable : callable
        Whether the parameter of a name is trained.
    name_of : callable
        Readable name of an object.
    dtype : str
    """

    def __init__(
        self,
        params: Iterable[Param],
        trainable: Callable[[str], bool],
        name_of: Callable[[Any], str],
        dtype: str,
    ):
        self.owners: list[OwnerLayer] = []
        self.by_name: dict[str, Any] = {}
        self._seen: dict[str, np.ndarray] = {}
        self._regularizers: list[tuple[Callable[[Any], Any], Any]] = []
        by_object: dict[int, OwnerLayer] = {}
        taken = Taken()
        for param in params:
            trained = trainable(param.name)
            if not trained and param.role not in KEPT_ROLES and not has_layer(param):
                continue
            key = id(param.owner) if param.owner is not None else id(param)
            if key not in by_object:
                base = name_of(param.owner) if param.owner is not None else param.name
                by_object[key] = owner_of(param.owner, taken.give(keras_name(base)))
                self.owners.append(by_object[key])
            variable = by_object[key].hold(param, param.role, trained, dtype)
            self.by_name[param.name] = variable
            regularizer = getattr(param.owner, "regularizer", None)
            if trained and param.role == "weights" and regularizer is not None:
                self._regularizers.append((regularizer, variable))

    def is_trained(self, name: str) -> bool:
        """Whether the parameter of a name has a variable that is trained."""
        variable = self.by_name.get(name)
        return variable is not None and bool(variable.trainable)

    def losses(self) -> list[Any]:
        """What the regularizers of connections' weights add to the loss."""
        return [regularizer(variable) for regularizer, variable in self._regularizers]

    def name_of(self, variable: Any) -> str:
        """The name of the parameter that a variable holds."""
        return next(name for name, own in self.by_name.items() if own is variable)

    def changed(self, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
        """Values, by name, that are not what they were when last asked or set."""
        found = {}
        for name in self.by_name if names is None else self.by_name.keys() & set(names):
            value = numbers(self.by_name[name])
            if name not in self._seen or not np.array_equal(value, self._seen[name]):
                found[name] = value
        self._seen |= {name: value.copy() for name, value in found.items()}
        return found

    def put(self, values: dict[str, np.ndarray]) -> None:
        """Assign values, by name; parameters without a variable are left out."""
        for name, value in values.items():
            if name in self.by_name:
                self.by_name[name].assign(value)
                self._seen[name] = numbers(self.by_name[name]).copy()


def has_layer(param: Param) -> bool:
    """Whether the parameter is a variable of a Keras layer inside the network."""
    return getattr(param, "variable", None) is not None


def keras_name(name: str) -> str:
    """A name that Keras and TensorFlow take: no slashes, no spaces."""
    found = re.sub(r"[^A-Za-z0-9_.>-]", "_", name.replace(" -> ", "->").replace("/", "."))
    return found if re.match(r"[A-Za-z0-9.]", found) else f".{found}"
