"""Connections of a network as columns: from where to where, of which sign, with what on them."""

from __future__ import annotations

from typing import Any, TypedDict

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from nengolab_widgets.narrowing import is_array

from .objects import Objects

# What `marks` adds up.
LEARNS, FUNCTION, SYNAPSE, TRANSFORM, TO_RULE, FROM_NEURONS, TO_NEURONS = (1 << i for i in range(7))


class ConnectionColumns(TypedDict):
    """An entry for each connection.

    ``pre`` and ``post`` count into the objects; one that leads to a learning rule has the object
    that the rule's connection leads to as ``post``, and that connection in ``onto`` (else -1).
    ``home`` is the network that it is made in, ``sign`` 1 where it can only excite, -1 where it can
    only inhibit, 0 else; ``size`` how many numbers it carries; ``marks`` the sum of learns 1,
    function 2, synapse 4, transform 8, to a rule 16, from neurons 32, to neurons 64.
    """

    pre: list[int]
    post: list[int]
    home: list[int]
    onto: list[int]
    sign: list[int]
    size: list[int]
    marks: list[int]


class Connections:
    """The connections of a network in the order of `ConnectionColumns`."""

    def __init__(self, network: nengo.Network, objects: Objects) -> None:
        self.all: list[nengo.Connection] = []
        self._index: dict[int, int] = {}
        self.columns: ConnectionColumns = {
            "pre": [],
            "post": [],
            "home": [],
            "onto": [],
            "sign": [],
            "size": [],
            "marks": [],
        }
        self._objects = objects
        for sub in dict.fromkeys((network, *network.all_networks)):
            home = objects.index(sub)
            for conn in sub.connections:
                self._add(conn, home)
        self._find_rules()

    def index(self, conn: Any) -> int:
        """Give where a connection stands, -1 for what is not there."""
        return self._index.get(id(conn), -1)

    def _add(self, conn: nengo.Connection, home: int) -> None:
        # Each of Nengo's parameters is read once: that is what takes long here.
        pre, post = conn.pre, conn.post
        size = post.size_in
        pre = pre.obj if isinstance(pre, ObjView) else pre
        post = post.obj if isinstance(post, ObjView) else post
        learns = conn.learning_rule_type is not None
        marks = 0
        if isinstance(post, LearningRule):
            marks |= TO_RULE
            post = post.connection.post_obj
        from_at, to_at = self._objects.index(pre), self._objects.index(post)
        if from_at < 0 or to_at < 0:
            # It leads out of the network that is shown.
            return
        columns = self.columns
        marks |= LEARNS if learns else 0
        transform = conn.transform
        marks |= FUNCTION if _has_function(conn, pre) else 0
        marks |= SYNAPSE if conn.synapse is not None else 0
        marks |= TRANSFORM if not is_plain(transform) else 0
        marks |= FROM_NEURONS if isinstance(pre, Neurons) else 0
        marks |= TO_NEURONS if isinstance(post, Neurons) else 0
        self._index[id(conn)] = len(self.all)
        self.all.append(conn)
        columns["pre"].append(from_at)
        columns["post"].append(to_at)
        columns["home"].append(home)
        columns["onto"].append(-1)
        columns["sign"].append(sign_of(pre, post, transform, learns))
        columns["size"].append(size)
        columns["marks"].append(marks)

    def _find_rules(self) -> None:
        columns = self.columns
        for at, conn in enumerate(self.all):
            if columns["marks"][at] & TO_RULE:
                columns["onto"][at] = self.index(conn.post_obj.connection)


def is_plain(transform: Any) -> bool:
    """Whether a transform changes nothing that a person need know of: none, or a factor of 1."""
    if transform is None or isinstance(transform, nengo.transforms.NoTransform):
        return True
    init = getattr(transform, "init", None)
    return is_array(init) and init.ndim == 0 and float(init) == 1.0


def sign_of(pre: Any, post: Any, transform: Any, learns: bool) -> int:
    """Tell what a connection does to neurons: 1 excites, -1 inhibits, 0 may do either.

    It can be told where weights of one sign reach neurons, or leave them, and stay as they are:
    what a decoded value does to another depends on the value.
    """
    to_neurons, from_neurons = isinstance(post, Neurons), isinstance(pre, Neurons)
    if not (to_neurons or from_neurons) or learns:
        return 0
    if isinstance(transform, nengo.transforms.NoTransform) or transform is None:
        return 1 if from_neurons and to_neurons else 0
    if from_neurons and not to_neurons:
        # Into a decoded space, where negative numbers are as good as positive ones.
        return 0
    low, high = _bounds(transform)
    if low >= 0 and high > 0:
        return 1
    return -1 if high <= 0 and low < 0 else 0


def _bounds(transform: Any) -> tuple[float, float]:
    """Give bounds of a transform's weights; where they are not known, any."""
    init: Any = getattr(transform, "init", None)
    if isinstance(init, nengo.dists.Uniform):
        return float(init.low), float(init.high)
    # Of a sparse one, its entries.
    init = getattr(init, "data", init) if not is_array(init) else init
    if is_array(init) and init.size and np.issubdtype(init.dtype, np.number):
        return float(init.min()), float(init.max())
    return -np.inf, np.inf


def _has_function(conn: nengo.Connection, pre: Any) -> bool:
    return isinstance(pre, nengo.Ensemble | nengo.Node) and conn.function is not None
