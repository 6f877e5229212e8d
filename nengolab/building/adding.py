"""An entry of the palette, added to a source in its manner: its names, quotes, imports."""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize
from collections.abc import Iterable, Mapping

import nengo

from nengolab.building.edits import quote_of, quoted
from nengolab.building.origins import lines_of
from nengolab.building.palette import Entry
from nengolab.building.running import Made
from nengolab.building.statements import block_of, inserted
from nengolab.building.texts import Edit, Refused, Replacement, Text


def add_entry(made: Made, entry: Entry, into: nengo.Network | None = None) -> tuple[Edit, str]:
    """Add an entry of the palette at the end of a network's ``with`` block.

    Parameters
    ----------
    made : Made
        The source, as it was run.
    entry : Entry
        With what it needs filled in (`Entry.filled`).
    into : nengo.Network, optional
        Default: the outermost one.

    Returns
    -------
    Edit
    str
        The variable of what it is about, numbered where its name is in use; empty where it has
        none.

    Raises
    ------
    Refused
        Where something that it needs is not filled in, or the network has no block in the source.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     ensemble = nengo.Ensemble(50, 1)
    ... ''')
    >>> entries = {entry.title: entry for entry in nengolab.building.palette()}
    >>> edit, name = nengolab.building.add_entry(made, entries["Ensemble"])
    >>> print(edit.after.splitlines()[-1])
        ensemble2 = nengo.Ensemble(50, dimensions=1, label="ensemble2")
    """
    if entry.needs:
        raise Refused(f"{entry.title} needs its {' and '.join(entry.needs)}", attr="entry")
    text = Text(made.source)
    taken = {node.value for node in text.nodes(text.cst.Name)} | set(made.namespace)
    names = {}
    for name in _assigned(entry.source):
        names[name] = free_name(name, taken)
        taken.add(names[name])
    called = next((k for k, v in made.namespace.items() if v is nengo), "nengo")
    source = _in_manner(entry.source, {**names, "nengo": called}, quote_of(made.source))
    where = inserted(text, block_of(text, made, made.network if into is None else into), source)
    edit = text.edit([where, *importing(made, entry.imports)])
    return edit, names.get(entry.name, "")


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """A name that is not in use: with a number, where it is."""
    used, name, number = set(taken), wanted, 1
    while name in used:
        number += 1
        name = f"{wanted}{number}"
    return name


def importing(made: Made, imports: Iterable[str]) -> list[Replacement]:
    r"""What puts imports that a source does not have yet behind those that it has.

    Examples
    --------
    >>> made = nengolab.building.run_source("import nengo\nwith nengo.Network(): pass")
    >>> nengolab.building.importing(made, ["import nengo", "import numpy as np"])
    [Replacement(start=13, end=13, text='import numpy as np\n')]
    """
    lacking = [line for line in imports if not _bound(line) <= set(made.namespace)]
    if not lacking:
        return []
    tree, lines = ast.parse(made.source), lines_of(made.source)
    line = 0
    for n, node in enumerate(tree.body):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) or (n == 0 and is_text):
            line = node.end_lineno or 0
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            break
    at = sum(len(each) for each in lines[:line])
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    first = "" if line == 0 or lines[line - 1].endswith(("\n", "\r")) else end
    return [Replacement(at, at, first + "".join(f"{each}{end}" for each in lacking))]


def _bound(line: str) -> set[str]:
    """The variables that an import gives a value."""
    [node] = ast.parse(line).body
    assert isinstance(node, ast.Import | ast.ImportFrom)
    return {(alias.asname or alias.name).split(".")[0] for alias in node.names}


def _assigned(source: str) -> list[str]:
    """Variables and functions that statements give a value, in order; not those of functions."""
    found: dict[str, None] = {}

    def look(body: list[ast.stmt]) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                found[node.name] = None
                continue
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    found[part.id] = None

    look(ast.parse(textwrap.dedent(source)).body)
    return list(found)


def _in_manner(source: str, names: Mapping[str, str], quote: str) -> str:
    """Statements with other names for variables, and for labels that are called so; in quotes."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    lines, depth = lines_of(source), 0
    changes: list[tuple[int, int, int, str]] = []
    for n, token in enumerate(tokens):
        depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
        after = tokens[n + 1].string if n + 1 < len(tokens) else ""
        before = tokens[n - 1].string if n else ""
        new = None
        if token.type == tokenize.NAME and token.string in names and before != ".":
            is_keyword = depth > 0 and after == "=" and before in ("(", ",")
            new = None if is_keyword else names[token.string]
        elif token.type == tokenize.STRING and token.string[0] in "\"'":
            inner = token.string[1:-1]
            plain = not token.string.startswith(('"""', "'''")) and "\\" not in inner
            new = quoted(names.get(inner, inner), quote) if plain else None
        if new is not None and new != token.string:
            row = token.start[0] - 1
            changes.append((row, token.start[1], token.end[1], new))
    for row, start, end, new in reversed(changes):
        lines[row] = lines[row][:start] + new + lines[row][end:]
    return "".join(lines)
