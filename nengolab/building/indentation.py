"""Statements with another indentation; strings of several lines stay as they are."""

from __future__ import annotations

import io
import tokenize
from typing import Any

from nengolab.building.texts import Text


def dedented(text: Text, statement: Any) -> str:
    """The text of a statement without the indentation that it stands in, with its comment."""
    start, end = text.where(statement)
    line_start, line_end = text.line_of(start)[0], text.line_of(max(end - 1, 0))[1]
    rest = text.source[end:line_end]
    if rest.strip().startswith("#"):
        end += len(rest.rstrip())
    before = text.source[line_start:start]
    space = before[: len(before) - len(before.lstrip())]
    code = text.source[start:end].replace("\r\n", "\n").rstrip("\n")
    return "\n".join(shifted(code.split("\n"), space, ""))


def shifted(lines: list[str], old: str, new: str) -> list[str]:
    """Lines of code with ``new`` in place of ``old`` before them."""
    inside = _in_strings("\n".join(lines))
    found = []
    for n, line in enumerate(lines):
        if n in inside:
            found.append(line)
        else:
            found.append(f"{new}{line.removeprefix(old)}" if line.strip() else "")
    return found


def _in_strings(code: str) -> set[int]:
    """Lines, from 0, that begin inside of a string."""
    found: set[int] = set()
    starts = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            kind = tokenize.tok_name[token.type]
            if kind == "STRING":
                found.update(range(token.start[0], token.end[0]))
            elif kind == "FSTRING_START":
                starts.append(token.start[0])
            elif kind == "FSTRING_END":
                found.update(range(starts.pop(), token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        pass
    return found
