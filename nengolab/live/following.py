"""What of one network is what in the network that takes its place, by name."""

from __future__ import annotations

from typing import Any, cast

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from nengolab.names import Names, renamed


class Follower:
    """Finds objects of a network in the one that takes its place: by name, of the same type.

    What has only another name is found, too (see `nengolab.names.renamed`).

    Parameters
    ----------
    before : Names
        Of the network that goes; read at once.
    after : nengo.Network

    Attributes
    ----------
    after : Names
        Of the network that comes.
    renamed : dict
        Names of the network that goes, and what is called so no longer is called now.
    """

    def __init__(self, before: Names, after: nengo.Network) -> None:
        self._names = {obj: before.get(obj) for obj in before.objects()}
        self.after = Names(after)
        self._found = {self.after.get(obj): obj for obj in self.after.objects()}
        self.renamed = {
            self._names[old]: self.after.get(new)
            for old, new in renamed(before, self.after).items()
        }

    def __call__(self, obj: Any) -> Any:
        """Give what takes the place of an object, a view of one, neurons or a rule; or None."""
        if isinstance(obj, tuple):
            parts = [self(part) for part in cast("tuple[Any, ...]", obj)]
            return None if any(part is None for part in parts) else tuple(parts)
        if isinstance(obj, ObjView):
            whole = self(obj.obj)
            if whole is None or _sizes(whole) != _sizes(obj.obj):
                return None
            return whole[obj.slice]
        if isinstance(obj, Neurons):
            ensemble = self(obj.ensemble)
            return None if ensemble is None else ensemble.neurons
        if isinstance(obj, LearningRule):
            conn = self(obj.connection)
            rule = None if conn is None else conn.learning_rule
            return rule if isinstance(rule, LearningRule) else None
        name = self._names.get(obj, "")
        found = self._found.get(self.renamed.get(name, name))
        return found if type(found) is type(obj) else None


def _sizes(obj: Any) -> tuple[Any, Any]:
    return getattr(obj, "size_in", None), getattr(obj, "size_out", None)
