"""Which arrays training changes, and why; which objects have no array at all.

By default training changes connection weights and decoders, encoders, and biases. What a person
set is found by `nengolab.settings.TrainableSettings`.
"""

from __future__ import annotations

from typing import Any

import nengo
import numpy as np
from nengo.builder import Model
from nengo.ensemble import Neurons
from nengo.neurons import Direct

from nengolab.compiler.graph import Param
from nengolab.layers.keras_weights import Ones
from nengolab.layers.layer import is_layer_connection
from nengolab.names import Names
from nengolab.settings import TrainableSettings, get_setting


def rules_of(conn: nengo.Connection) -> list[Any]:
    """The types of the learning rules on a connection."""
    rules = conn.learning_rule_type
    if rules is None:
        return []
    if isinstance(rules, dict):
        return list(rules.values())
    return list(rules) if isinstance(rules, (list, tuple)) else [rules]


class Trainability:
    """Decides of each array of a network whether training changes it.

    Parameters
    ----------
    network : nengo.Network or None
        The outermost one.
    names : Names
    """

    def __init__(self, network: nengo.Network | None, names: Names):
        self._network, self._names = network, names
        self._settings = TrainableSettings(network, names.get)
        self._inference_only = get_setting(network, "inference_only")

    def of(self, param: Param) -> tuple[bool, str]:
        """Whether training changes ``param``, and why or why not."""
        why = self._never(param)
        if why:
            return False, why
        if self._inference_only:
            return False, "configure_settings(inference_only=True)"
        owner = param.owner
        objs = (owner, owner.ensemble) if isinstance(owner, Neurons) else (owner,)
        value, where = self._settings.of(*objs)
        if value is not None and (param.trainable is None or not value):
            return value, f"set by {where}"
        if param.trainable:
            return True, "trainable in its Keras layer"
        return True, f"{_kind(param)} are trained by default"

    def of_learned(self, owner: Any, role: str) -> str:
        """Why what is learned online is not trained."""
        rules = [
            f"{type(rule).__name__} of {self._names.get(conn)!r}"
            for conn in (self._network.all_connections if self._network is not None else ())
            for rule in rules_of(conn)
            if (owner is conn and rule.modifies != "encoders")
            or (owner is conn.post_obj and rule.modifies == "encoders")
        ]
        by = " and ".join(rules) or "an operator that adds to it"
        return f"changed online by {by}, in one copy for each item of the batch"

    def _never(self, param: Param) -> str:
        """Why nothing can make ``param`` trainable, or ''."""
        owner, role = param.owner, param.role
        if param.trainable is False:
            return "not trainable in its Keras layer"
        if param.idle:
            return "multiplies nothing: no connection leads to it"
        if role == "gain":
            return "gains are never trained"
        if role.startswith("synapse."):
            return f"constant of {_synapse(owner)}"
        if role == "constants":
            return "follows the variables that the Python function reads"
        if isinstance(owner, nengo.Connection):
            if role != "weights":
                return "constant of the learning rule"
            if is_layer_connection(owner):
                return owner.why_fixed
            return "connection to a probe" if isinstance(owner.post_obj, nengo.Probe) else ""
        if isinstance(owner, Neurons) and role != "bias":
            return f"constant of the neuron type {type(owner.ensemble.neuron_type).__name__}"
        if isinstance(owner, nengo.Ensemble) and isinstance(owner.neuron_type, Direct):
            return "Direct mode has no neurons: its encoders are the identity"
        trainable = isinstance(owner, Neurons) or (
            isinstance(owner, nengo.Ensemble) and role == "encoders"
        )
        return "" if trainable or param.trainable else "constant of the network"


def _kind(param: Param) -> str:
    if param.role == "bias":
        return "biases"
    if isinstance(param.owner, nengo.Connection):
        conn = param.owner
        return "decoders" if is_decoded(conn) else "connection weights"
    return param.role


def _synapse(owner: Any) -> str:
    if isinstance(owner, nengo.Probe):
        return f"the probe's synapse, {owner.synapse}"
    if isinstance(owner, nengo.Connection) and not rules_of(owner):
        return f"the synapse {owner.synapse}"
    return "a synapse"


def is_decoded(conn: nengo.Connection) -> bool:
    """Whether a connection's weights hold decoders."""
    pre = conn.pre_obj
    return isinstance(pre, nengo.Ensemble) and not isinstance(pre.neuron_type, Direct)


def without_array(network: nengo.Network | None, model: Model) -> list[tuple[Any, str, str]]:
    """Objects where a person might look for an array that is not there: ``(object, role, why)``."""
    if network is None:
        return []
    constant = "an input, not a parameter: feed it other values"
    direct = "Direct mode has no neurons, and so no biases"
    return [
        *((node, "output", constant) for node in network.all_nodes if _is_constant(node)),
        *((e, "bias", direct) for e in network.all_ensembles if isinstance(e.neuron_type, Direct)),
        *(
            (conn, "weights", _identity(conn))
            for conn in network.all_connections
            if model.sig[conn].get("weights") is None
        ),
    ]


def _is_constant(node: nengo.Node) -> bool:
    if isinstance(node, Ones):
        return False
    return node.size_in == 0 and isinstance(node.output, np.ndarray)


def _identity(conn: nengo.Connection) -> str:
    return (
        "passes on what comes in: the transform is NoTransform, a fixed "
        "identity; give the connection a transform to have weights"
    )
