"""Copies of objects, as source that can stand by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import nengo

from nengolab.building.as_made import elsewhere, is_same
from nengolab.building.importing import imports_of
from nengolab.building.in_force import Layers
from nengolab.building.indentation import dedented
from nengolab.building.ordering import base
from nengolab.building.running import Made
from nengolab.building.scopes import free_names
from nengolab.building.statements import making, refuse_settings, within
from nengolab.building.texts import Refused, Text, text_of
from nengolab.building.together import offers_all


class Piece(str):
    """Source of objects that were copied, as it stands where they were made.

    `paste` writes as arguments what they took from a config, where another one holds.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1)
    ...     net.config[nengo.Ensemble].radius = 2
    ... ''')
    >>> piece = nengolab.building.copy(made, made.network.ensembles[0])
    >>> print(nengolab.building.paste(made, piece).after.splitlines()[-1])
        a_1 = nengo.Ensemble(50, 1, radius=1.0)
    """

    _made: Made
    _objects: tuple[Any, ...]

    @classmethod
    def of(cls, made: Made, objects: tuple[Any, ...]) -> Piece:
        """The piece of some objects."""
        found = cls(_copied(made, objects))
        found._made, found._objects = made, objects
        return found

    def at(self, places: Sequence[Layers]) -> str:
        """Source that makes the same objects where other configs hold."""
        going = with_connections(self._made, self._objects)
        if is_same(self._made, going, places):
            return str(self)
        return _copied(self._made, self._objects, places)

    def beside(self, text: Text, block: Any) -> int | None:
        """Where the same configs hold: behind what was copied, where that stands in this block.

        None where it does not, or a config may be set in between.
        """
        if self._made.source != text.source:
            return None
        cst, statements = text.cst, _statements(text, self._made, self._objects)[1]
        lines = [
            s if isinstance(s, cst.BaseCompoundStatement) else text.parents[s] for s in statements
        ]
        if any(text.parents[line] is not block.body for line in lines):
            return None
        first = min(text.where(line)[0] for line in lines)
        last = max(text.where(line)[1] for line in lines)
        for node in text.nodes(cst.Attribute):
            if node.attr.value == "config" and first <= text.where(node)[0] < last:
                return None
        return text.line_of(max(last - 1, 0))[1]


@offers_all
def copy(made: Made, *objects: Any) -> Piece:
    r"""The source of objects and of the connections between them, which can stand by itself.

    Parameters
    ----------
    made : Made
    *objects : nengo objects or networks

    Returns
    -------
    Piece
        A `str`: imports, the definitions that they use, and their statements, for a clipboard.
        `paste` also writes what they took from a config, where another one holds.

    Raises
    ------
    Refused
        Where a statement makes others, too.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... size = 50
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(size, 1)
    ...     nengo.Connection(a, a, synapse=0.1)
    ...     b = nengo.Node(0.5)
    ... ''')
    >>> print(nengolab.building.copy(made, made.network.ensembles[0]))
    import nengo
    <BLANKLINE>
    size = 50
    a = nengo.Ensemble(size, 1)
    nengo.Connection(a, a, synapse=0.1)
    <BLANKLINE>
    """
    return Piece.of(made, objects)


def _copied(made: Made, objects: tuple[Any, ...], places: Sequence[Layers] | None = None) -> str:
    """The source of objects; where configs are given, with what they take from others."""
    text = text_of(made.source)
    ordered, statements = _statements(text, made, objects)
    names, definitions = _needed(text, made, statements)
    every = sorted([*definitions, *statements], key=text.where)
    if places is not None:
        there = elsewhere(text, made, ordered, places, every)
        parts = [dedented(there.text, s) for s in there.of(every)]
        more = there.imports
    else:
        parts, more = [dedented(text, s) for s in every], ()
    names |= {name for part in parts for name in free_names(part)}
    lines = dict.fromkeys([o.line() for o in imports_of(text) if o.name in names] + [*more])
    head = [*lines, ""] if lines else []
    return "\n".join([*head, *parts]) + "\n"


def _statements(text: Text, made: Made, objects: tuple[Any, ...]) -> tuple[list[Any], list[Any]]:
    """What is copied, and the statements that make it."""
    going = set(with_connections(made, objects))
    if made.network in going:
        raise Refused("the outermost network cannot be copied; copy its source", attr="objects")
    ordered = [obj for obj in made.origins if obj in going]
    statements = making(text, made, ordered, once=True)
    statements += set_later(text, made, going, statements)
    for statement in statements:
        refuse_settings(text, made, statement)
    return ordered, statements


def with_connections(made: Made, objects: Iterable[Any]) -> list[Any]:
    """Objects, what is in those that are networks, and the connections between all of them."""
    found = set(objects)
    for obj in list(found):
        if isinstance(obj, nengo.Network):
            found |= {*obj.all_objects}
    grows = True
    while grows:
        new = {
            c
            for c in made.network.all_connections
            if c not in found and base(c.pre) in found and base(c.post) in found
        }
        found |= new
        grows = bool(new)
    return [obj for obj in (made.network, *made.network.all_objects) if obj in found]


def set_later(
    text: Text, made: Made, going: set[Any], statements: list[Any], alone: bool = True
) -> list[Any]:
    """The statements that give attributes of objects another value: ``a.encoders = ...``.

    With ``alone``, what does so in a loop, a function or an ``if`` is refused; else it is left out.
    """
    cst, found = text.cst, list[Any]()
    for node in text.nodes(cst.AssignTarget, cst.AugAssign):
        name = node.target
        while isinstance(name, cst.Attribute | cst.Subscript):
            name = name.value
        changed = made.namespace.get(name.value) if isinstance(name, cst.Name) else None
        if name is node.target or not _is_one_of(changed, going):
            continue
        if any(within(text, node, statement) for statement in statements):
            continue
        statement, around = node, list[Any]()
        while not isinstance(statement, cst.SimpleStatementLine):
            statement = text.parents[statement]
        outer = statement
        while (outer := text.parents.get(outer)) is not None:
            around.append(outer)
        if any(isinstance(o, cst.For | cst.While | cst.If | cst.FunctionDef) for o in around):
            if not alone:
                continue
            raise Refused(
                f"line {text.span(statement).line} changes {name.value} in a block of its own: "
                "copy the lines themselves",
                attr="objects",
            )
        found.append(statement)
    return list(dict.fromkeys(found))


def _is_one_of(obj: Any, going: set[Any]) -> bool:
    return isinstance(obj, nengo.base.NengoObject | nengo.Network) and obj in going


def _needed(text: Text, made: Made, statements: list[Any]) -> tuple[set[str], list[Any]]:
    """The names that statements use, and the definitions of those that are no objects."""
    definitions = definitions_of(text)
    names: set[str] = set()
    found: list[Any] = []
    todo = list(statements)
    while todo:
        for name in set(free_names(dedented(text, todo.pop()))) - names:
            names.add(name)
            if isinstance(made.namespace.get(name), nengo.base.NengoObject | nengo.Network):
                continue
            places = [
                d
                for d in definitions.get(name, ())
                if not any(within(text, d, other) for other in statements)
            ]
            if len(places) > 1:
                line = text.span(places[1]).line
                raise Refused(
                    f"{name} is given a value more than once, in line {line} too, so which one is "
                    "meant cannot be told: copy the lines themselves",
                    attr="objects",
                )
            found += [d for d in places if d not in found]
            todo += places
    return names, found


def definitions_of(text: Text) -> dict[str, list[Any]]:
    """The statements of the outermost scope that give each name a value, imports left out."""
    cst = text.cst
    found: dict[str, list[Any]] = {}
    for scope in set(text.scopes.values()):
        if not isinstance(scope, cst.metadata.GlobalScope):
            continue
        for assignment in scope.assignments:
            node = getattr(assignment, "node", None)
            while node is not None and not isinstance(
                node, cst.BaseSmallStatement | cst.BaseCompoundStatement
            ):
                node = text.parents.get(node)
            if node is not None and not isinstance(node, cst.Import | cst.ImportFrom):
                places = found.setdefault(assignment.name, [])
                if node not in places:
                    places.append(node)
    return found
