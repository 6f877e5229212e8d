"""Where in a notebook an object was made: the cell and the line that gave it to its variable."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import nengo


def made_at(obj: Any, variables: Mapping[str, Any], cells: Sequence[str]) -> str:
    """Say which line of which cell made an object, "" where that cannot be told.

    It can of what a variable holds, or an attribute of a network in one: the last call that was
    assigned to it. Nothing is noted while networks are built, so nothing is slower for it.

    Parameters
    ----------
    obj : object
    variables : mapping
        The notebook's.
    cells : sequence of str
        What was executed, as IPython's ``In``: the number of a cell is its place.
    """
    targets = set(_targets(obj, variables))
    if not targets:
        return ""
    for number in range(len(cells) - 1, 0, -1):
        try:
            tree = ast.parse(cells[number])
        except SyntaxError:
            continue  # a cell of another language, or one that failed
        lines = [line for target, line in _calls(tree) if target in targets]
        if lines:
            return f"line {max(lines)} of cell [{number}]"
    return ""


def _targets(obj: Any, variables: Mapping[str, Any]) -> Iterator[str]:
    """Give how Python may call an object: variables, and attributes of networks in variables."""
    for name, value in list(variables.items()):
        if name.startswith("_"):
            continue
        if value is obj:
            yield name
        elif isinstance(value, nengo.Network):
            attributes = cast("dict[str, Any]", vars(value))
            yield from (f"{name}.{key}" for key, held in attributes.items() if held is obj)


def _calls(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Give what calls are assigned to, and the line of each."""
    for node in ast.walk(tree):
        pairs: list[tuple[ast.expr | None, ast.expr | None]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.With):
            pairs = [(item.optional_vars, item.context_expr) for item in node.items]
        for target, value in pairs:
            if isinstance(value, ast.Call) and isinstance(target, ast.Name | ast.Attribute):
                yield ast.unparse(target), value.lineno
