"""Attributes of networks that a piece of source gives a value: ``net.input = ...``."""

from __future__ import annotations

from typing import Any

import nengo

from nengolab.building.edits import label_of
from nengolab.building.importing import fresh
from nengolab.building.running import Made
from nengolab.building.texts import Replacement, Text, text_of


def with_own_attributes(piece: Text, made: Made, own: set[str]) -> Text:
    """A piece whose objects take no attribute that a network of the source has already.

    Parameters
    ----------
    piece : Text
    made : Made
    own : set of str
        Variables that the piece gives a value itself.
    """
    cst = piece.cst
    there: dict[tuple[str, str], str] = {}
    used: dict[str, set[str]] = {}
    found: list[Replacement] = []
    for target in piece.nodes(cst.AssignTarget):
        name, attribute = _named(cst, target.target)
        held: Any = made.namespace.get(name)
        if name in own or not isinstance(held, nengo.Network) or (name, attribute) in there:
            continue
        names = used.setdefault(name, set(dir(held)))
        if attribute in names:
            new = there[name, attribute] = fresh(attribute, names)
            names.add(new)
            found += label_of(piece, target.target, attribute, new)
    for node in piece.nodes(cst.Attribute):
        if new := there.get(_named(cst, node), ""):
            found.append(Replacement(*piece.where(node.attr), new))
    return text_of(piece.edit(found).after) if found else piece


def _named(cst: Any, node: Any) -> tuple[str, str]:
    """The variable and the attribute of ``net.input``; empty for anything else."""
    if isinstance(node, cst.Attribute) and isinstance(node.value, cst.Name):
        return node.value.value, node.attr.value
    return "", ""
