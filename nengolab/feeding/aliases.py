"""The names by which Keras knows a network's inputs and probes, and the way back from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import nengo

from nengolab.exceptions import UnknownObject
from nengolab.layers.keras_weights import Ones
from nengolab.names import Names, Taken, listing

# Keras opens a TensorFlow scope of a layer's name, which may hold no other character (and no "/").
_NOT_IN_KERAS = re.compile(r"[^A-Za-z0-9_.-]")

# What stands in the place of data where nothing is fed: no input may be called so.
N_STEPS = "n_steps"


def is_fed(obj: Any) -> bool:
    """Whether data can be fed to a Node.

    It has no input, puts something out, and is neither a layer nor what biases are weights from.
    """
    return (
        isinstance(obj, nengo.Node)
        and obj.size_in == 0
        and obj.size_out > 0
        and getattr(obj, "tensor_func", None) is None
        and not isinstance(obj, Ones)
    )


class Aliases:
    """Names of inputs and probes for Keras, each unique among all of them.

    The alias is the object's label, or its lower-case type where it has none; the second of a name
    gets ``_1``, the third ``_2`` (or the next number that no label has): inputs first, in the order
    of ``network.all_nodes``, then probes, in the order of ``network.all_probes``. Keras allows
    letters, digits and ``_ . -`` in names: any other character of a label becomes ``_``. Nothing is
    lost by it, because every look-up takes the object, its alias, its label, or its full name
    (``"vision/pixels"``), in this order.

    Parameters
    ----------
    network : nengo.Network
    names : Names, optional
        Full names, where they are known already.

    Attributes
    ----------
    inputs : Mapping of str to nengo.Node
        Nodes that can be fed data, by alias and in order: those with no input and no tensor
        function, whose output has a size.
    probes : Mapping of str to nengo.Probe
        All probes, by alias and in order.
    """

    def __init__(self, network: nengo.Network, names: Names | None = None):
        self._names = Names(network) if names is None else names
        self._network = network
        self._of: dict[Any, str] = {}
        nodes = [node for node in network.all_nodes if is_fed(node)]
        taken = Taken()
        taken.use([N_STEPS])
        taken.keep(map(_base, [*nodes, *network.all_probes]))
        self.inputs: Mapping[str, nengo.Node] = self._give(nodes, taken)
        self.probes: Mapping[str, nengo.Probe] = self._give(network.all_probes, taken)

    def _give(self, objs: list, taken: Taken) -> Mapping[str, Any]:
        given = {taken.give(_base(obj)): obj for obj in objs}
        self._of |= {obj: alias for alias, obj in given.items()}
        return MappingProxyType(given)

    def get(self, obj: Any) -> str:
        """Alias of an input Node or a probe.

        Raises
        ------
        UnknownObject
            For anything else; the message lists what there is.
        """
        if _hashable(obj) and obj in self._of:
            return self._of[obj]
        raise UnknownObject(
            f"{self._describe(obj)} is no input Node and no probe of this network; "
            f"{self._there_are()}",
            attr="obj",
        )

    def input(self, key: Any, attr: str = "x", where: str = "") -> str:
        """Alias of the input that ``key`` (a Node or a name) means.

        ``attr`` and ``where`` are for the error: in which argument, and in which item.

        Raises
        ------
        UnknownObject
            Saying why ``key`` cannot be fed, and what can.
        """
        found = self._find(key, self.inputs)
        if found is not None:
            return found
        raise UnknownObject(
            f"{self._describe(key)} {self._why_no_input(key)}{where}; data can be fed "
            f"to {listing(self.inputs)}",
            attr=attr,
        )

    def probe(self, key: Any, attr: str = "y", where: str = "") -> str:
        """Alias of the probe that ``key`` (a Probe or a name) means.

        ``attr`` and ``where`` are for the error: in which argument, and in which item.

        Raises
        ------
        UnknownObject
            Saying why ``key`` is none, and which there are.
        """
        found = self._find(key, self.probes)
        if found is not None:
            return found
        obj = self._object(key)
        if _hashable(obj) and obj in self._of:
            why = "is an input, and only probes have targets"
        elif isinstance(obj, nengo.base.NengoObject):
            why = f"is no probe: its type is {type(obj).__name__}"
        else:
            why = "is no probe of this network"
        raise UnknownObject(
            f"{self._describe(key)} {why}{where}; the probes are {listing(self.probes)}", attr=attr
        )

    # -- looking up ----------------------------------------------------------------------------

    def _find(self, key: Any, among: Mapping[str, Any]) -> str | None:
        if not isinstance(key, str):
            alias = self._of.get(key) if _hashable(key) else None
            return alias if alias in among else None
        if key in among:
            return key
        labelled = [alias for alias, obj in among.items() if obj.label == key]
        if labelled:
            return labelled[0]
        alias = self._of.get(self._names.find(key))
        return alias if alias in among else None

    def _object(self, key: Any) -> Any:
        """What ``key`` means in the network; a name that means nothing stays what it is."""
        if not isinstance(key, str):
            return key
        for among in (self.inputs, self.probes):
            alias = self._find(key, among)
            if alias is not None:
                return among[alias]
        found = self._names.find(key)
        everything = (*self._network.all_nodes, *self._network.all_ensembles)
        labelled = (obj for obj in everything if obj.label == key)
        return found if found is not None else next(labelled, key)

    def _why_no_input(self, key: Any) -> str:
        obj = self._object(key)
        if isinstance(obj, nengo.base.ObjView):
            return "means a part of the Node, which is fed whole"
        if isinstance(obj, nengo.Probe):
            return "is a probe: its data are targets (y), not inputs"
        if isinstance(obj, nengo.Node) and obj in self._network.all_nodes:
            if obj.size_in > 0:
                return f"has an input of size {obj.size_in}, which would be lost were it fed"
            if obj.size_out == 0:
                return "puts nothing out"
            if isinstance(obj, Ones):
                return "is what biases are weights from, so it is not fed"
            return "computes a tensor function, so it is not fed"
        if isinstance(obj, nengo.base.NengoObject) and not isinstance(obj, nengo.Node):
            return f"is no Node: its type is {type(obj).__name__}"
        return "is no Node of this network"

    def _describe(self, key: Any) -> str:
        if isinstance(key, str):
            return repr(key)
        is_nengo = isinstance(key, (nengo.base.NengoObject, nengo.base.ObjView))
        return repr(self._names.get(key)) if is_nengo else f"{key!r} ({type(key).__name__})"

    def _there_are(self) -> str:
        return f"inputs are {listing(self.inputs)}, probes are {listing(self.probes)}"


def _base(obj: Any) -> str:
    kind = type(obj).__name__.lower()
    name = _NOT_IN_KERAS.sub("_", obj.label or kind)
    # A scope may not begin with a sign.
    return name if name[0].isalnum() else kind + name


def _hashable(obj: Any) -> bool:
    try:
        hash(obj)
    except TypeError:
        return False
    return True
