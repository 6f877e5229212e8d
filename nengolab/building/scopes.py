"""Which names code gives a value, and which it takes from around it."""

from __future__ import annotations

import symtable
from typing import Any


def free_names(code: str, mode: str = "exec") -> list[str]:
    """The names that code, or with ``mode="eval"`` an expression, takes from around it."""
    table = symtable.symtable(code, "<code>", mode)
    own = bound_in(table)
    found: dict[str, None] = {}

    def look(block: Any) -> None:
        outermost = block is table
        for symbol in block.get_symbols():
            name = symbol.get_name()
            taken = symbol.is_referenced() and (outermost or symbol.is_global())
            if taken and name not in own and not name.startswith("."):
                found[name] = None
        for child in block.get_children():
            look(child)

    look(table)
    return list(found)


def bound_in(code: Any) -> set[str]:
    """The names that code, or its table, gives a value at its outermost level."""
    table = symtable.symtable(code, "<code>", "exec") if isinstance(code, str) else code
    return {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}


def local_names(source: str) -> set[str]:
    """The names that are given a value in functions and comprehensions of a source."""
    found: set[str] = set()

    def look(block: Any) -> None:
        if block.get_type() == "function":
            found.update(block.get_locals())
        for child in block.get_children():
            look(child)

    look(symtable.symtable(source, "<code>", "exec"))
    return found
