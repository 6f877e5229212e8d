"""The statements of a source: which make an object, blocks, lines put in and taken out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import nengo

from nengolab.building.indentation import shifted
from nengolab.building.running import Made
from nengolab.building.texts import Refused, Replacement, Text
from nengolab.building.together import Together


def block_of(text: Text, made: Made, network: nengo.Network) -> Any:
    """The last ``with`` of a network."""
    found = None
    for node in text.nodes(text.cst.With):
        if _is_of(text, made, node, network):
            found = node
    if found is None:
        raise Refused(
            f"the network {network} has no 'with' block in the source that it could be added to",
            attr="into",
        )
    return found


def network_of(text: Text, made: Made, block: Any) -> nengo.Network:
    """The network whose ``with`` it is: the innermost that is known."""
    while block is not None:
        if isinstance(block, text.cst.With):
            for network in (made.network, *made.network.all_networks):
                if _is_of(text, made, block, network):
                    return network
        block = text.parents.get(block)
    return made.network


def _is_of(text: Text, made: Made, block: Any, network: nengo.Network) -> bool:
    """Whether a ``with`` is one of a network."""
    origin, name = made.origins.get(network), made.names.get(network)
    for item in block.items:
        if origin is not None and text.span(item.item) == origin.span:
            return True
        called = text.cst.Module([]).code_for_node(item.item).strip()
        if name and called == name and not _in_function(text, block):
            return True
    return False


def refuse_settings(text: Text, made: Made, statement: Any) -> None:
    """Refuse a statement in a block that sets defaults for it: it is another one elsewhere."""
    cst, node = text.cst, statement
    spans = {s for o, n in made.origins.items() if isinstance(o, nengo.Network) for s in n.calls}
    while (node := text.parents.get(node)) is not None:
        if not isinstance(node, cst.With):
            continue
        for item in node.items:
            called = isinstance(item.item, cst.Call) and text.span(item.item) not in spans
            name = item.item.value if isinstance(item.item, cst.Name) else ""
            if called or isinstance(made.namespace.get(name), nengo.Config):
                raise Refused(
                    f"line {text.span(statement).line} stands in the block of line "
                    f"{text.span(node).line}, which says how it is made: edit the lines themselves",
                    attr="objects",
                )


def _in_function(text: Text, node: Any) -> bool:
    """Whether a node is in a function or a class, where a name may stand for something else."""
    return any(not isinstance(n, text.cst.For | text.cst.While) for n in repeating(text, node))


def repeating(text: Text, node: Any) -> list[Any]:
    """The loops, functions and classes that a node stands in, the innermost first."""
    cst, found = text.cst, []
    while (node := text.parents.get(node)) is not None:
        if isinstance(node, cst.For | cst.While | cst.FunctionDef | cst.ClassDef | cst.Lambda):
            found.append(node)
    return found


def inserted(text: Text, block: Any, lines: list[str], at: int | None = None) -> Replacement:
    """Lines at the end of a block, or behind a line of it, in its indentation.

    Raises
    ------
    Refused
        Where the block stands on one line, and they do not go there.
    """
    cst, body = text.cst, block.body
    if isinstance(body, cst.SimpleStatementSuite):
        if len(lines) > 1:
            raise Refused(
                f"the block in line {text.span(block).line} stands on one line, and this takes "
                "several: give it lines of its own first",
                attr="into",
            )
        start, end = text.where(body.body[0])[0], text.where(body.body[-1])[1]
        if len(body.body) == 1 and isinstance(body.body[0], cst.Pass):
            return Replacement(start, end, lines[0])
        return Replacement(end, end, f"; {lines[0]}")
    first, last = body.body[0], body.body[-1]
    start = text.where(first)[0]
    space = text.source[text.line_of(start)[0] : start]
    moved = text.newline.join(shifted(lines, "", space))
    if len(body.body) == 1 and _is_pass(cst, first):
        return Replacement(*text.where(first.body[0]), moved.removeprefix(space))
    end = text.line_of(max(text.where(last)[1] - 1, 0))[1] if at is None else at
    if text.source[:end].endswith(("\n", "\r")):
        return Replacement(end, end, f"{moved}{text.newline}")
    return Replacement(end, end, f"{text.newline}{moved}")


def _is_pass(cst: Any, statement: Any) -> bool:
    plain = isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1
    return plain and isinstance(statement.body[0], cst.Pass)


# -- what makes an object --------------------------------------------------------------------------


def making(text: Text, made: Made, objects: Iterable[Any], once: bool = False) -> list[Any]:
    """The statements that make objects and no others, in order; none is inside of another.

    With ``once``, none that stands in a loop or a function, where it makes several.

    Raises
    ------
    Together
        Where a statement makes others, too.
    """
    going = set(objects)
    found = dict.fromkeys(_statement(text, made, obj, going, once) for obj in objects)
    return outermost(text, found)


def outermost(text: Text, statements: Iterable[Any]) -> list[Any]:
    """Statements that are inside of no other of them, in the order of the source."""
    every = list(statements)
    own = [s for s in every if not any(o is not s and within(text, s, o) for o in every)]
    return sorted(own, key=text.where)


def _statement(text: Text, made: Made, obj: Any, going: set[Any], once: bool) -> Any:
    """The innermost statement that makes an object and nothing that stays."""
    origin = made.origins.get(obj)
    if origin is None:
        raise Refused(f"{obj} was not made by this source", attr="objects")
    held: set[Any] = set()
    for span in reversed(origin.calls):
        node = text.expression(span)
        while not isinstance(node, text.cst.BaseSmallStatement | text.cst.BaseCompoundStatement):
            node = text.parents[node]
        own = text.span(node)
        first, last = (own.line, own.column), (own.end_line, own.end_column)
        makes = {
            other
            for other, o in made.origins.items()
            if any(
                first <= (s.line, s.column) and (s.end_line, s.end_column) <= last for s in o.calls
            )
        }
        simple = isinstance(node, text.cst.Assign | text.cst.AnnAssign | text.cst.Expr)
        if makes <= going and (simple or isinstance(node, text.cst.With)):
            if not once or not repeating(text, node):
                return node
        elif not held and not makes <= going:
            held = makes
    if not held:
        raise Refused(
            f"line {origin.span.line} stands in a loop or a function: edit the line itself",
            attr="objects",
        )
    raise Together(_of_several(made, obj, held), [one for one in made.origins if one in held])


def _of_several(made: Made, obj: Any, held: set[Any]) -> str:
    """That a statement makes others, too, which are to stay; and what to change."""
    origin = made.origins[obj]
    alike = {other for other in held if made.origins[other].span == origin.span}
    makes = str(origin)
    if held != alike:
        makes = f"line {origin.span.line} makes {len(held)} things"
    elif isinstance(obj, nengo.Connection):
        makes += " connections"
    where = "that line" if origin.loop is None else f"the loop in line {origin.loop}"
    return f"{makes}, which go together: change {where}"


def assigned(text: Text, statement: Any) -> Iterator[str]:
    """Variables that a statement, and what is in it, gives a value."""
    cst = text.cst
    for node in _inside(text, statement, cst.Name):
        parent = text.parents[node]
        if isinstance(parent, cst.AssignTarget | cst.AsName) or (
            isinstance(parent, cst.AnnAssign) and parent.target is node
        ):
            yield node.value
        elif isinstance(parent, cst.Element) and isinstance(
            text.parents.get(text.parents[parent]), cst.AssignTarget
        ):
            yield node.value


def attributes_set(text: Text, statement: Any) -> Iterator[str]:
    """Attributes that a statement gives a value: ``net.input``."""
    for node in text.nodes(text.cst.AssignTarget):
        if within(text, node, statement) and isinstance(node.target, text.cst.Attribute):
            yield text.cst.Module([]).code_for_node(node.target)


def _inside(text: Text, statement: Any, kind: type) -> Iterator[Any]:
    return (node for node in text.nodes(kind) if within(text, node, statement))


def within(text: Text, node: Any, outer: Any) -> bool:
    """Whether a node stands in another one."""
    (start, end), (first, last) = text.where(node), text.where(outer)
    return first <= start and end <= last


# -- taking out ------------------------------------------------------------------------------------


def deleted(text: Text, statements: list[Any], keeps: Any = None) -> list[Replacement]:
    """Replacements that take statements out, each with its line where that is its own.

    A block that would be empty gets a ``pass``, but for the body ``keeps``.
    """
    cst, gone = text.cst, set(statements)
    found = []
    bodies: dict[Any, list[Any]] = {}
    for statement in statements:
        parent = text.parents[statement]
        small = isinstance(statement, cst.BaseSmallStatement)
        if small and len(parent.body) > 1 and not all(s in gone for s in parent.body):
            found.append(_one_of_line(text, parent, statement))
            continue
        line = parent if small and isinstance(parent, cst.SimpleStatementLine) else statement
        block = text.parents[line]
        bodies.setdefault(block, [])
        if line not in bodies[block]:
            bodies[block].append(line)
    for block, lines in bodies.items():
        keep = isinstance(block, cst.Module) or block is keeps or len(lines) < len(block.body)
        for n, line in enumerate(sorted(lines, key=text.where)):
            start, end = text.where(line)
            if not keep and n == 0:
                # With the comment behind it, as where its line goes.
                behind = text.source[end : text.line_of(max(end - 1, 0))[1]].rstrip("\r\n")
                found.append(Replacement(start, end + len(behind), "pass"))
            elif isinstance(block, cst.SimpleStatementSuite):
                found.append(Replacement(start, end, "pass"))
            else:
                found.append(
                    Replacement(text.line_of(start)[0], text.line_of(max(end - 1, 0))[1], "")
                )
    return found


def _one_of_line(text: Text, line: Any, statement: Any) -> Replacement:
    """One of several statements of a line, with the semicolon behind or before it."""
    at = line.body.index(statement)
    start, end = text.where(statement)
    if at + 1 < len(line.body):
        return Replacement(start, text.where(line.body[at + 1])[0], "")
    return Replacement(text.where(line.body[at - 1])[1], end, "")
