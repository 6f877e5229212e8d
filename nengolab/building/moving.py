"""Objects that are moved into a subnetwork, or out of one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import nengo

from nengolab.building.arguments import parameters_of
from nengolab.building.as_made import at_place, elsewhere
from nengolab.building.copying import set_later, with_connections
from nengolab.building.edits import quote_of
from nengolab.building.forms import named_in
from nengolab.building.importing import brought, imports_in, names_in
from nengolab.building.indentation import dedented, shifted
from nengolab.building.running import Made
from nengolab.building.scopes import bound_in, free_names
from nengolab.building.statements import (
    attributes_set,
    block_of,
    deleted,
    making,
    network_of,
    refuse_settings,
    repeating,
    within,
)
from nengolab.building.texts import Edit, Refused, Replacement, Text, text_of
from nengolab.building.together import offers_all


@offers_all
def move(made: Made, *objects: Any, into: nengo.Network) -> Edit:
    """Move the statements of objects, and of the connections between them, to a network's block.

    Parameters
    ----------
    made : Made
    *objects : nengo objects or networks
    into : nengo.Network
        A subnetwork, or the one around where they are to go out.

    Raises
    ------
    Refused
        Where a statement makes others, too, stands in a loop or a function, or something between
        its old place and any new one needs it, with that line.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1)  # the first
    ...     with nengo.Network() as inner:
    ...         b = nengo.Ensemble(50, 1)
    ... ''')
    >>> net, inner = made.network, made.network.networks[0]
    >>> print(nengolab.building.move(made, net.ensembles[0], into=inner).after)
    import nengo
    with nengo.Network() as net:
        with nengo.Network() as inner:
            b = nengo.Ensemble(50, 1)
            a = nengo.Ensemble(50, 1)  # the first
    <BLANKLINE>
    >>> print(nengolab.building.move(made, inner.ensembles[0], into=net).after)
    import nengo
    with nengo.Network() as net:
        a = nengo.Ensemble(50, 1)  # the first
        with nengo.Network() as inner:
            pass
        b = nengo.Ensemble(50, 1)
    <BLANKLINE>
    """
    move_of = _Move(made, objects)
    block = block_of(move_of.text, made, into)
    if any(within(move_of.text, block, s) for s in move_of.statements):
        raise Refused("a network cannot be moved into itself", attr="into")
    for statement in move_of.statements:
        if repeating(move_of.text, statement) != repeating(move_of.text, block):
            line = move_of.text.span(statement).line
            raise Refused(
                f"line {line} stands in another loop or function than the network's block: edit "
                "the lines themselves",
                attr="into",
            )
    at = move_of.place(block)
    lines, changes = move_of.lines_in(into, block, at)
    edit = move_of.edit(block, at, lines)
    return move_of.text.edit([*changes, *edit.replacements])


@offers_all
def group(made: Made, *objects: Any, name: str = "subnetwork", label: str | None = None) -> Edit:
    """Put a new subnetwork around objects and the connections between them.

    Parameters
    ----------
    made : Made
    *objects : nengo objects or networks
        In one network.
    name : str
        Of the subnetwork's variable.
    label : str, optional
        Default: ``name``.

    Raises
    ------
    Refused
        As for `move`; and where the name is in use.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1)
    ...     nengo.Connection(a, a)
    ...     nengo.Probe(a)
    ... ''')
    >>> print(nengolab.building.group(made, made.network.ensembles[0], name="column").after)
    import nengo
    with nengo.Network() as net:
        with nengo.Network(label="column") as column:
            a = nengo.Ensemble(50, 1)
            nengo.Connection(a, a)
        nengo.Probe(a)
    <BLANKLINE>
    """
    move_of = _Move(made, objects)
    text = move_of.text
    used = names_in(text) | set(made.namespace)
    if not name.isidentifier() or name in used:
        raise Refused(f"{name!r} is in use in the source, or no name for a variable", attr="name")
    blocks = {move_of.block_around(s) for s in move_of.statements}
    if len(blocks) > 1:
        raise Refused("they stand in different networks: move them into one first", attr="objects")
    block = blocks.pop()
    names, changes = brought(text, made.namespace, imports_in("import nengo"), used)
    quote = quote_of(made.source)
    said = f"{quote}{name if label is None else label}{quote}"
    head = f"with {names.get('nengo', 'nengo')}.Network(label={said}) as {name}:"
    at = move_of.place(block)
    own, more = move_of.lines_in(network_of(text, made, block), block, at)
    edit = move_of.edit(block, at, [head, *shifted(own, "", "    ")])
    return text.edit([*changes, *more, *edit.replacements])


class _Move:
    """Statements that are to stand elsewhere."""

    def __init__(self, made: Made, objects: Any):
        self.made, self.text = made, text_of(made.source)
        self._going = going = with_connections(made, objects)
        if made.network in going:
            raise Refused("the outermost network cannot be moved", attr="objects")
        if not going:
            raise Refused("there is nothing to move", attr="objects")
        self.statements = making(self.text, made, going)
        homes = {self.block_around(s) for s in self.statements}
        later = set_later(self.text, made, set(going), self.statements, alone=False)
        self.statements += [s for s in later if self._home(s) in homes]
        self.statements.sort(key=self.text.where)
        for statement in self.statements:
            self.block_around(statement)
        self._own = {s: self._names(s) for s in self.statements}

    def _names(self, statement: Any) -> tuple[set[str], set[str]]:
        """What a statement gives a value, and what it uses."""
        code = dedented(self.text, statement)
        return bound_in(code) | set(attributes_set(self.text, statement)), set(free_names(code))

    def lines_in(
        self, network: nengo.Network, block: Any, at: int
    ) -> tuple[list[str], list[Replacement]]:
        """The statements without their indentation, and the imports that they need.

        With what they took from a config that does not hold there.
        """
        text = self.text
        if all(self._home(s) is block and not self._set_between(s, at) for s in self.statements):
            return [n for s in self.statements for n in dedented(text, s).split("\n")], []
        places = at_place(text, self.made, network, block, at)
        there = elsewhere(text, self.made, self._going, places, self.statements)
        wanted = [one for line in there.imports for one in imports_in(line)]
        used = names_in(text) | set(self.made.namespace)
        _, changes = brought(text, self.made.namespace, wanted, used)
        statements = there.of(self.statements)
        return [line for s in statements for line in dedented(there.text, s).split("\n")], changes

    def _set_between(self, statement: Any, at: int) -> bool:
        """Whether a config may be set between a statement and a place."""
        first, last = self.text.where(statement)
        nodes = (n for n in self.text.nodes(self.text.cst.Attribute) if n.attr.value == "config")
        starts = [self.text.where(node)[0] for node in nodes]
        return any(at <= start < first or last <= start < at for start in starts)

    def block_around(self, statement: Any) -> Any:
        """The ``with`` block that a statement stands in.

        Raises
        ------
        Refused
            Where it stands in something else.
        """
        cst, node = self.text.cst, self._home(statement)
        if not isinstance(node, cst.With):
            what = "no 'with' block" if isinstance(node, cst.Module) else "a loop or a function"
            line = self.text.span(statement).line
            raise Refused(f"line {line} stands in {what}: edit the line itself", attr="objects")
        refuse_settings(self.text, self.made, statement)
        return node

    def _home(self, statement: Any) -> Any:
        """The compound statement, or the module, that a statement stands in."""
        cst, node = self.text.cst, self.text.parents[statement]
        while not isinstance(node, cst.BaseCompoundStatement | cst.Module):
            node = self.text.parents[node]
        return node

    def place(self, block: Any) -> int:
        """Where in a block they can go, so that all that they use is there, and they where used.

        Raises
        ------
        Refused
            Where there is no such place; with the line that is in the way.
        """
        if isinstance(block.body, self.text.cst.SimpleStatementSuite):
            raise Refused(
                f"the block in line {self.text.span(block).line} stands on one line: give it lines "
                "of its own first",
                attr="into",
            )
        reason = ""
        for at in self._gaps(block):
            found = self._in_the_way(at)
            if not found:
                return at
            reason = reason or found
        raise Refused(reason, attr="objects")

    def _gaps(self, block: Any) -> Iterator[int]:
        """Places between the statements of a block, the likeliest first."""
        text, body = self.text, block.body.body
        starts = [text.line_of(text.where(s)[0])[0] for s in body]
        ends = [text.line_of(max(text.where(s)[1] - 1, 0))[1] for s in body]
        inside = [n for n, s in enumerate(body) if any(within(text, m, s) for m in self.statements)]
        found = []
        if inside:
            found = [ends[inside[-1]], starts[inside[0]], ends[inside[0]]]
        return iter(dict.fromkeys([*found, ends[-1], *reversed(ends), starts[0]]))

    def _in_the_way(self, at: int) -> str:
        """Which line does not allow a place; empty where none does."""
        text, cst = self.text, self.text.cst
        for node in text.nodes(cst.Name, cst.Attribute):
            start, _end = text.where(node)
            if any(within(text, node, s) for s in self.statements):
                continue
            name = cst.Module([]).code_for_node(node).strip()
            for statement in self.statements:
                first, last = text.where(statement)
                given, taken = self._own[statement]
                crossed = at <= start < first or last <= start < at
                if crossed and self._changes(node, taken):
                    return (
                        f"line {text.span(node).line} changes {name}, which line "
                        f"{text.span(statement).line} needs: move or change that line first"
                    )
                later = last <= start < at and name in given
                sooner = at <= start < first and name in taken and self._gives(node)
                if later or sooner:
                    return (
                        f"line {text.span(node).line} {'uses' if later else 'makes'} {name}, "
                        f"which line {text.span(statement).line} "
                        f"{'makes' if later else 'uses'}: move or change that line first"
                    )
        return ""

    def _changes(self, node: Any, taken: set[str]) -> bool:
        """Whether something that is used, or a config, is given another value where a name stands.

        An attribute of a network is a name of its own; what a config says of a class, those that
        are moved are given where they come.
        """
        cst, parents = self.text.cst, self.text.parents
        if not isinstance(node, cst.Name) or isinstance(parents[node], cst.AssignTarget):
            return False
        path, inner, outer = list[Any](), node, parents[node]
        while isinstance(outer, cst.Attribute | cst.Subscript) and outer.value is inner:
            path.append(outer)
            inner, outer = outer, parents[outer]
        if not path or not isinstance(outer, cst.AssignTarget | cst.AugAssign):
            return False
        if not isinstance(self.made.namespace.get(node.value), nengo.Network):
            return node.value in taken
        is_config = any(isinstance(n, cst.Attribute) and n.attr.value == "config" for n in path)
        return is_config and not self._is_default(path)

    def _is_default(self, path: list[Any]) -> bool:
        """Whether it is what a config says of a class that Nengo configures: its default."""
        if len(path) != 3 or not isinstance(path[1], self.text.cst.Subscript):
            return False
        code = self.text.cst.Module([]).code_for_node
        key = ast.parse(code(path[1].slice[0]).strip(), mode="eval").body
        try:
            kind = named_in(self.made.namespace, key)
        except (KeyError, AttributeError):
            return False
        attribute = path[2].attr.value if isinstance(path[2], self.text.cst.Attribute) else ""
        return isinstance(kind, type) and attribute in parameters_of(kind)

    def _gives(self, node: Any) -> bool:
        """Whether a name is given a value where it stands."""
        cst, parent = self.text.cst, self.text.parents[node]
        if isinstance(parent, cst.FunctionDef | cst.ClassDef):
            return parent.name is node
        while isinstance(parent, cst.Tuple | cst.List | cst.Element | cst.StarredElement):
            parent = self.text.parents[parent]
        kinds = (cst.AssignTarget, cst.AsName, cst.AnnAssign, cst.For, cst.AugAssign)
        return isinstance(parent, (*kinds, cst.ImportAlias))

    def edit(self, block: Any, at: int, lines: list[str]) -> Edit:
        """Take them out where they stand, and put lines at a place of a block."""
        text = self.text
        first = block.body.body[0]
        start = text.where(first)[0]
        space = text.source[text.line_of(start)[0] : start]
        new = "".join(f"{line}{text.newline}" for line in shifted(lines, "", space))
        if at and not text.source[:at].endswith(("\n", "\r")):
            new = f"{text.newline}{new}".removesuffix(text.newline)
        gone = deleted(text, self.statements, keeps=block.body)
        if all(_is_pass(text, s) for s in block.body.body):
            gone += [Replacement(*text.line_of(text.where(s)[0]), "") for s in block.body.body]
        return text.edit([*_apart(gone, at), Replacement(at, at, new)])


def _apart(gone: list[Replacement], at: int) -> list[Replacement]:
    """Replacements, those cut in two in which a place lies."""
    found = []
    for r in gone:
        if r.start < at < r.end:
            found += [Replacement(r.start, at, r.text), Replacement(at, r.end, "")]
        else:
            found.append(r)
    return found


def _is_pass(text: Text, statement: Any) -> bool:
    cst = text.cst
    plain = isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1
    return plain and isinstance(statement.body[0], cst.Pass)
