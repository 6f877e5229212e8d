"""Deleting objects: with them goes all that cannot be without them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nengo

from nengolab.building.ordering import base
from nengolab.building.running import Made
from nengolab.building.statements import (
    assigned,
    attributes_set,
    deleted,
    making,
    outermost,
    within,
)
from nengolab.building.texts import Edit, Refused, Text, text_of
from nengolab.building.together import offers_all


def depending(made: Made, *objects: Any) -> list[Any]:
    """Objects, and all that cannot be without them: the list to show before they are deleted.

    Parameters
    ----------
    made : Made
    *objects : nengo objects or networks

    Returns
    -------
    list
        In the order of the network.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a, b = nengo.Node(0.5), nengo.Ensemble(50, 1)
    ...     nengo.Connection(a, b)
    ... ''')
    >>> [type(obj).__name__ for obj in nengolab.building.depending(made, made.network.nodes[0])]
    ['Node', 'Connection']
    """
    found = set(objects)
    for obj in objects:
        if isinstance(obj, nengo.Network):
            found |= {*obj.all_objects}
    network = made.network
    joined = [(c, (base(c.pre), base(c.post))) for c in network.all_connections]
    joined += [(p, (base(p.target),)) for p in network.all_probes]
    grows = True
    while grows:
        new = {obj for obj, ends in joined if obj not in found and found.intersection(ends)}
        found |= new
        grows = bool(new)
    return [obj for obj in (network, *network.all_objects) if obj in found]


@offers_all
def delete(made: Made, *objects: Any) -> Edit:
    """Delete the statements that make objects and all that depends on them (`depending`).

    Raises
    ------
    Refused
        Where a statement makes others, too, and where something else in the source uses them.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1)
    ...     nengo.Probe(a)
    ... ''')
    >>> print(nengolab.building.delete(made, made.network.ensembles[0]).after)
    import nengo
    with nengo.Network() as net:
        pass
    <BLANKLINE>
    """
    text = text_of(made.source)
    ordered = depending(made, *objects)
    going = set(ordered)
    if made.network in going:
        raise Refused("the outermost network cannot be deleted", attr="objects")
    statements = dict.fromkeys(making(text, made, ordered))
    names = {name for statement in statements for name in assigned(text, statement)}
    held = {name for statement in statements for name in attributes_set(text, statement)}
    for node in (*_uses(text, names, statements), *_attribute_uses(text, held, statements)):
        statement = _configuring(text, node)
        if statement is None:
            line = text.span(node).line
            raise Refused(
                f"line {line} uses {_called(text, node)}, which would be deleted: change that line "
                "first",
                attr="objects",
            )
        statements[statement] = None
    return text.edit(deleted(text, outermost(text, statements)))


def _uses(text: Text, names: set[str], statements: Iterable[Any]) -> list[Any]:
    """Where else variables are used."""
    cst = text.cst
    return [
        node
        for node in text.nodes(cst.Name)
        if node.value in names
        and not (isinstance(text.parents[node], cst.Attribute) and text.parents[node].attr is node)
        and not (isinstance(text.parents[node], cst.Arg) and text.parents[node].keyword is node)
        and not any(within(text, node, statement) for statement in statements)
    ]


def _attribute_uses(text: Text, names: set[str], statements: Iterable[Any]) -> list[Any]:
    """Where else attributes are used, such as ``net.input``."""
    return [
        node
        for node in text.nodes(text.cst.Attribute)
        if names
        and _called(text, node) in names
        and not any(within(text, node, statement) for statement in statements)
    ]


def _called(text: Text, node: Any) -> str:
    """A name, or the path of an attribute, as it is written."""
    return text.cst.Module([]).code_for_node(node).strip()


def _configuring(text: Text, node: Any) -> Any:
    """The statement ``net.config[name].x = y`` that a name stands in; None where it is none."""
    cst = text.cst
    subscript = None
    while node is not None and not isinstance(node, cst.BaseSmallStatement):
        if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Attribute):
            subscript = node if node.value.attr.value == "config" else subscript
        node = text.parents.get(node)
    return node if isinstance(node, cst.Assign) and subscript is not None else None
