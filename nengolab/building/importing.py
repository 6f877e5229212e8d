"""Imports of a source: what it calls modules, and those that an addition needs."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nengolab.building.edits import is_bare
from nengolab.building.texts import Edit, Refused, Replacement, Text, text_of


@dataclass(frozen=True)
class Import:
    """One name that an import statement gives.

    Attributes
    ----------
    module : str
        That is imported, or from which.
    attribute : str
        What of it; empty for the module itself.
    name : str
        How it is called.
    """

    module: str
    attribute: str
    name: str

    def line(self, name: str = "") -> str:
        """The statement, under another name where one is given."""
        name = name or self.name
        if self.attribute:
            end = "" if name == self.attribute else f" as {name}"
            return f"from {self.module} import {self.attribute}{end}"
        own = self.module.partition(".")[0] == name
        return f"import {self.module}" if own else f"import {self.module} as {name}"

    def value(self) -> Any:
        """What is imported.

        Raises
        ------
        ImportError
        """
        module = importlib.import_module(self.module)
        if self.attribute:
            return getattr(module, self.attribute)
        if self.name == self.module.partition(".")[0]:
            return importlib.import_module(self.name)
        return module


def imports_in(line: str) -> list[Import]:
    """The names that an import statement gives.

    Raises
    ------
    Refused
        Where it is none.
    """
    try:
        (statement,) = ast.parse(line).body
    except (SyntaxError, ValueError):
        statement = None
    if isinstance(statement, ast.Import):
        return [Import(a.name, "", a.asname or a.name.partition(".")[0]) for a in statement.names]
    if isinstance(statement, ast.ImportFrom) and statement.module and not statement.level:
        return [Import(statement.module, a.name, a.asname or a.name) for a in statement.names]
    raise Refused(
        f"{line!r} is no import that could be added; write it as 'import numpy as np'", attr="line"
    )


def add_import(source: str, line: str) -> Edit:
    """Add an import where the others are; nothing changes where it is there.

    Parameters
    ----------
    source, line : str

    Raises
    ------
    Refused
        Where it is no import, or the source uses its name for something else.

    Examples
    --------
    >>> source = '"A model."' + chr(10) + "import nengo" + chr(10)
    >>> edit = nengolab.building.add_import(source, "import numpy as np")
    >>> edit.after.splitlines()
    ['"A model."', 'import nengo', 'import numpy as np']
    >>> nengolab.building.add_import(edit.after, "import numpy as np").replacements
    ()
    """
    text = text_of(source)
    there, names = set(imports_of(text)), names_in(text)
    wanted = [one for one in imports_in(line) if one not in there]
    for one in wanted:
        if one.name in names and one.name in bound_names(text):
            raise Refused(f"the source uses {one.name!r} for something else", attr="line")
    return text.edit(inserted(text, [one.line() for one in wanted]))


def imports_of(text: Text) -> Iterator[Import]:
    """The imports of a source that stand at its outermost level."""
    cst: Any = text.cst
    for statement in text.module.body:
        if isinstance(statement, cst.SimpleStatementLine):
            for small in statement.body:
                if isinstance(small, cst.Import | cst.ImportFrom) and not _is_star(text, small):
                    try:
                        yield from imports_in(cst.Module([]).code_for_node(small).strip(" ;"))
                    except Refused:
                        continue  # a relative one


def _is_star(text: Text, small: Any) -> bool:
    return isinstance(getattr(small, "names", None), text.cst.ImportStar)


def names_in(text: Text) -> set[str]:
    """All names that stand in a source by themselves, of variables and arguments."""
    return {node.value for node in text.nodes(text.cst.Name) if is_bare(text, node)}


def bound_names(text: Text) -> set[str]:
    """Names that a source gives a value itself, at its outermost level."""
    found = set()
    for scope in set(text.scopes.values()):
        if isinstance(scope, text.cst.metadata.GlobalScope):
            found |= {assignment.name for assignment in scope.assignments}
    return found


def brought(
    text: Text, namespace: Mapping[str, Any], wanted: Iterable[Import], used: set[str]
) -> tuple[dict[str, str], list[Replacement]]:
    """How imports are called in a source, and the replacements that bring those it has not.

    Parameters
    ----------
    text : Text
        The source.
    namespace : mapping
        Its variables when it had run.
    wanted : iterable of Import
    used : set of str
        Names that cannot be given to an import; those given are added.

    Returns
    -------
    dict of str to str
        From the name of an import to that in the source, where they differ.
    list of Replacement
    """
    there = list(imports_of(text))
    renamed, lines = {}, []
    for one in dict.fromkeys(wanted):
        called = _called(one, there, namespace, bound_names(text))
        if called is None:
            called = fresh(one.name, used)
            used.add(called)
            lines.append(one.line(called))
            there.append(Import(one.module, one.attribute, called))
        if called != one.name:
            renamed[one.name] = called
    return renamed, inserted(text, lines)


def _called(
    one: Import, there: list[Import], namespace: Mapping[str, Any], own: set[str]
) -> str | None:
    """What a source calls what is to be imported; None where it does not have it."""
    same = [i for i in there if (i.module, i.attribute) == (one.module, one.attribute)]
    for found in sorted(same, key=lambda i: i.name != one.name):
        whole = "." not in one.module or one.attribute
        if whole or (found.name == found.module.partition(".")[0]) == (
            one.name == one.module.partition(".")[0]
        ):
            return found.name
    # From elsewhere: another cell of a notebook, or an import inside of a block.
    imported = {i.name for i in there}
    try:
        value = one.value()
    except (ImportError, AttributeError):
        return None
    for name, held in namespace.items():
        if held is value and not name.startswith("_") and (name not in own or name in imported):
            return name
    return None


def fresh(name: str, used: set[str]) -> str:
    """A name like this one that is free: ``a``, ``a_1``, ``a_2``."""
    stem = re.sub(r"_\d+$", "", name)
    new, n = name, 0
    while new in used:
        n += 1
        new = f"{stem}_{n}"
    return new


def inserted(text: Text, lines: list[str]) -> list[Replacement]:
    """Import statements behind the last of those at the top of a source."""
    if not lines:
        return []
    cst: Any = text.cst
    at, after_import = _top(text), False
    for n, statement in enumerate(text.module.body):
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        kinds = [type(small) for small in statement.body]
        is_import = all(issubclass(kind, cst.Import | cst.ImportFrom) for kind in kinds)
        first: Any = statement.body[0]
        is_text = isinstance(first, cst.Expr) and isinstance(
            first.value, cst.SimpleString | cst.ConcatenatedString
        )
        if not is_import and not (is_text and n == 0):
            break
        at, after_import = text.line_of(text.where(statement)[1] - 1)[1], is_import
    new = "".join(f"{line}{text.newline}" for line in lines)
    if at and not text.source[:at].endswith(("\n", "\r")):
        new = f"{text.newline}{new}".removesuffix(text.newline)
    rest = text.source[at:].split("\n")[0].strip()
    return [Replacement(at, at, new if after_import or not rest else new + text.newline)]


def _top(text: Text) -> int:
    """Where a source begins, behind what has to be its first lines."""
    at = 0
    while re.match(r"#!|#.*coding[:=]", text.source[at : text.line_of(at)[1]]):
        at = text.line_of(at)[1]
        if at >= len(text.source):
            break
    return at
