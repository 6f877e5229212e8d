"""Whether two pieces of byte code do the same."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

# Where a name is imported in the same file, Python calls what it holds without these.
_NOTHING = {"CACHE", "PRECALL", "PUSH_NULL", "NOP", "EXTENDED_ARG", "RESUME"}
_SAME = {"LOAD_METHOD": "LOAD_ATTR"}
_PARTS = ("co_varnames", "co_freevars", "co_cellvars", "co_argcount", "co_posonlyargcount")


def same_code(a: CodeType, b: CodeType, same_value: Callable[[Any, Any], bool]) -> bool:
    """Whether two pieces of byte code do the same, wherever they were written.

    Parameters
    ----------
    a, b : code
    same_value : callable
        Whether two constants are the same.
    """
    if a is b:
        return True
    if any(getattr(a, part) != getattr(b, part) for part in (*_PARTS, "co_kwonlyargcount")):
        return False
    if len(a.co_consts) != len(b.co_consts) or list(_steps(a)) != list(_steps(b)):
        return False
    return all(
        same_code(x, y, same_value)
        if isinstance(x, CodeType) and isinstance(y, CodeType)
        else type(x) is type(y) and (x is y or same_value(x, y))
        for x, y in zip(a.co_consts, b.co_consts, strict=True)
    )


def _steps(code: CodeType) -> Iterator[tuple[str, Any]]:
    """What is done, jumps by the number of the step that they lead to."""
    steps = list(dis.get_instructions(code))
    places, count = {}, 0
    for step in steps:
        places[step.offset] = count
        count += step.opname not in _NOTHING
    for step in steps:
        if step.opname in _NOTHING:
            continue
        jumps = step.opcode in dis.hasjrel or step.opcode in dis.hasjabs
        value = step.arg if step.opcode in dis.hasconst else step.argval
        value = places.get(step.argval) if jumps else value
        yield _SAME.get(step.opname, step.opname), value
    table = dis._parse_exception_table(code)  # type: ignore[attr-defined]
    for entry in table:
        yield "except", (places.get(entry.start), places.get(entry.target), entry.depth)
