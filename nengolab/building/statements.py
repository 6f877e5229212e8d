"""Edits of whole statements: an object that is added, objects that are deleted."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable, Iterator
from typing import Any

import nengo

from nengolab.building.edits import quote_of, quoted
from nengolab.building.ordering import base
from nengolab.building.running import Made
from nengolab.building.texts import Edit, Refused, Replacement, Text


def add(made: Made, call: str, name: str = "", into: nengo.Network | None = None) -> Edit:
    """Add an object at the end of a network's ``with`` block.

    Parameters
    ----------
    made : Made
        The source, as it was run.
    call : str
        What makes it, with ``nengo.`` before Nengo's names; it takes on what the source calls
        Nengo, and its quotes.
    name : str, optional
        Of the variable that it is assigned to.
    into : nengo.Network, optional
        Default: the outermost one.

    Raises
    ------
    Refused
        Where the name is in use, the call is none, or the network has no block in the source.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1)  # the first
    ... ''')
    >>> print(nengolab.building.add(made, "nengo.Probe(a)", "probe").after)
    import nengo
    with nengo.Network() as net:
        a = nengo.Ensemble(50, 1)  # the first
        probe = nengo.Probe(a)
    <BLANKLINE>
    """
    text = Text(made.source)
    network = made.network if into is None else into
    if name and (
        not name.isidentifier() or any(n.value == name for n in text.nodes(text.cst.Name))
    ):
        raise Refused(f"{name!r} is in use in the source, or no name for a variable", attr="name")
    called = next((k for k, v in made.namespace.items() if v is nengo), "nengo")
    line = _in_manner(call, called, quote_of(made.source))
    try:
        parsed = text.cst.parse_expression(line)
    except Exception:
        parsed = None
    if not isinstance(parsed, text.cst.Call):
        raise Refused(f"{call!r} is no call that makes an object", attr="call")
    line = f"{name} = {line}" if name else line
    changes = [inserted(text, block_of(text, made, network), line)]
    if called not in made.namespace:
        changes.append(_import(text))
    origin = made.origins.get(network)
    return text.edit(changes, 1 if origin is None else origin.count)


def _in_manner(call: str, called: str, quote: str) -> str:
    """A call with what the source calls Nengo, and in its quotes."""
    parts, at = [], 0
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(call).readline))
    except (tokenize.TokenError, SyntaxError):
        return call
    for n, token in enumerate(tokens):
        if token.start[0] != 1:
            continue
        new = None
        after = tokens[n + 1].string if n + 1 < len(tokens) else ""
        before = tokens[n - 1].string if n else ""
        if token.string == "nengo" and after == "." and before != ".":
            new = called
        elif token.type == tokenize.STRING and token.string[0] in "\"'" != quote:
            inner = token.string[1:-1]
            if not token.string.startswith(('"""', "'''")) and "\\" not in inner:
                new = quoted(inner, quote)
        if new is not None:
            parts += [call[at : token.start[1]], new]
            at = token.end[1]
    return "".join([*parts, call[at:]])


def block_of(text: Text, made: Made, network: nengo.Network) -> Any:
    """The last ``with`` of a network."""
    cst = text.cst
    origin, name = made.origins.get(network), made.names.get(network)
    found = None
    for node in text.nodes(cst.With):
        for item in node.items:
            is_made = origin is not None and text.span(item.item) == origin.span
            if is_made or (name and cst.Module([]).code_for_node(item.item).strip() == name):
                found = node
    if found is None:
        raise Refused(
            f"the network {network} has no 'with' block in the source that it could be added to",
            attr="into",
        )
    return found


def inserted(text: Text, block: Any, line: str) -> Replacement:
    """What puts statements at the end of a block, in its indentation and line ends."""
    cst, body = text.cst, block.body
    if isinstance(body, cst.SimpleStatementSuite):
        start, end = text.where(body.body[0])[0], text.where(body.body[-1])[1]
        if "\n" in line:
            number = text.span(block).line
            raise Refused(
                f"the block of line {number} stands in one line: give it lines of its own first",
                attr="into",
            )
        if len(body.body) == 1 and isinstance(body.body[0], cst.Pass):
            return Replacement(start, end, line)
        return Replacement(end, end, f"; {line}")
    first, last = body.body[0], body.body[-1]
    start = text.where(first)[0]
    space = text.source[text.line_of(start)[0] : start]
    line = line.replace("\n", f"{text.newline}{space}").replace(
        f"{text.newline}{space}{text.newline}", text.newline * 2
    )
    if len(body.body) == 1 and _is_pass(cst, first):
        return Replacement(*text.where(first.body[0]), line)
    end = text.line_of(max(text.where(last)[1] - 1, 0))[1]
    if text.source[:end].endswith(("\n", "\r")):
        return Replacement(end, end, f"{space}{line}{text.newline}")
    return Replacement(end, end, f"{text.newline}{space}{line}")


def _is_pass(cst: Any, statement: Any) -> bool:
    plain = isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1
    return plain and isinstance(statement.body[0], cst.Pass)


def _import(text: Text) -> Replacement:
    """The import of Nengo, behind a docstring and imports from the future."""
    cst: Any = text.cst
    at = 0
    for n, statement in enumerate(text.module.body):
        plain = isinstance(statement, cst.SimpleStatementLine)
        first: Any = statement.body[0] if plain else None
        is_text = isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString)
        future = isinstance(first, cst.ImportFrom) and getattr(first.module, "value", "") == (
            "__future__"
        )
        if not future and not (is_text and n == 0):
            break
        at = text.line_of(text.where(statement)[1] - 1)[1]
    return Replacement(at, at, f"import nengo{text.newline}")


# -- deleting --------------------------------------------------------------------------------------


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
    text = Text(made.source)
    ordered = depending(made, *objects)
    going = set(ordered)
    if made.network in going:
        raise Refused("the outermost network cannot be deleted", attr="objects")
    statements: dict[Any, None] = {}
    for obj in ordered:
        statements[_statement(text, made, obj, going)] = None
    names = {name for statement in statements for name in _assigned(text, statement)}
    left = _uses(text, names, statements)
    for node in left:
        statement = _configuring(text, node)
        if statement is None:
            line = text.span(node).line
            raise Refused(
                f"line {line} uses {node.value}, which would be deleted: change that line first",
                attr="objects",
            )
        statements[statement] = None
    inner = [
        s for s in statements if not any(o is not s and _within(text, s, o) for o in statements)
    ]
    return text.edit(_deleted(text, inner))


def _statement(text: Text, made: Made, obj: Any, going: set[Any]) -> Any:
    """The innermost statement that makes an object and nothing that stays."""
    origin = made.origins.get(obj)
    if origin is None:
        raise Refused(f"{obj} was not made by this source", attr="objects")
    others: set[Any] = set()
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
            return node
        others = others or makes - going
    count = len(others)
    raise Refused(
        f"line {origin.span.line} makes {count} other object{'s' * (count != 1)} as well as {obj}: "
        "edit the line itself",
        attr="objects",
    )


def _assigned(text: Text, statement: Any) -> Iterator[str]:
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


def _inside(text: Text, statement: Any, kind: type) -> Iterator[Any]:
    return (node for node in text.nodes(kind) if _within(text, node, statement))


def _within(text: Text, node: Any, outer: Any) -> bool:
    (start, end), (first, last) = text.where(node), text.where(outer)
    return first <= start and end <= last


def _uses(text: Text, names: set[str], statements: Iterable[Any]) -> list[Any]:
    """Where else variables are used."""
    cst = text.cst
    return [
        node
        for node in text.nodes(cst.Name)
        if node.value in names
        and not (isinstance(text.parents[node], cst.Attribute) and text.parents[node].attr is node)
        and not (isinstance(text.parents[node], cst.Arg) and text.parents[node].keyword is node)
        and not any(_within(text, node, statement) for statement in statements)
    ]


def _configuring(text: Text, node: Any) -> Any:
    """The statement ``net.config[name].x = y`` that a name stands in; None where it is none."""
    cst = text.cst
    subscript = None
    while node is not None and not isinstance(node, cst.BaseSmallStatement):
        if isinstance(node, cst.Subscript) and isinstance(node.value, cst.Attribute):
            subscript = node if node.value.attr.value == "config" else subscript
        node = text.parents.get(node)
    return node if isinstance(node, cst.Assign) and subscript is not None else None


def _deleted(text: Text, statements: list[Any]) -> list[Replacement]:
    """Replacements that take statements out, each with its line where that is its own."""
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
        keep = isinstance(block, cst.Module) or len(lines) < len(block.body)
        for n, line in enumerate(sorted(lines, key=text.where)):
            start, end = text.where(line)
            if not keep and n == 0:
                found.append(Replacement(start, end, "pass"))
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
