"""Copies of objects in the network that they are in, by Nengo's own parameters."""

from __future__ import annotations

import nengo
from nengo.params import iter_params


def between(net, objects):
    """The connections between objects, their neurons, and learning rules of those connections."""
    there, found = set(objects), []
    while True:
        new = [
            c
            for c in net.all_connections
            if c not in there and whose(c.pre_obj) in there and whose(c.post_obj) in there
        ]
        if not new:
            return [c for c in net.all_connections if c in found]
        found += new
        there.update(new)


def whose(end):
    if isinstance(end, nengo.ensemble.Neurons):
        return end.ensemble
    return end.connection if isinstance(end, nengo.connection.LearningRule) else end


def copied(net, chosen, into):
    """Copy objects and the connections between them, by Nengo's own parameters."""
    new = {}

    def end(obj):
        if isinstance(obj, nengo.ensemble.Neurons):
            return new[obj.ensemble].neurons
        rule = isinstance(obj, nengo.connection.LearningRule)
        return new[obj.connection].learning_rule if rule else new[obj]

    found = between(net, chosen)
    with into:
        for obj in chosen:
            given = {getattr(type(obj), name).name: getattr(obj, name) for name in iter_params(obj)}
            new[obj] = nengo.Ensemble(**given)
        for conn in found:
            new[conn] = nengo.Connection(
                end(conn.pre_obj)[conn.pre_slice],
                end(conn.post_obj)[conn.post_slice],
                synapse=conn.synapse,
                function=conn.function,
                solver=conn.solver,
                transform=conn.transform,
                learning_rule_type=conn.learning_rule_type,
            )
