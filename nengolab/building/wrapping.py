"""Long lines of written code, broken at their outermost brackets."""

from __future__ import annotations

import io
import itertools
import textwrap
import tokenize
from dataclasses import dataclass, field

WIDTH = 88
_OPEN, _CLOSE = "([{", ")]}"


@dataclass
class _Bracket:
    """Outermost brackets in a line: where they are, and the commas in them."""

    start: int
    is_call: bool
    commas: list[int] = field(default_factory=list)
    loop: int = 0  # where the loop of a comprehension begins
    end: int = 0


def wrapped(line: str, indent: int) -> str:
    """A line at an indentation, broken where it is too long and can be.

    Parameters
    ----------
    line : str
    indent : int
        Spaces before it.
    """
    space = " " * indent
    if len(space + line) <= WIDTH or "\n" in line:
        return space + line
    found = _bracket(line)
    if found is None:
        return space + line
    head, tail, inner = line[: found.start + 1], line[found.end :], indent + 4
    if found.loop:
        parts = [line[found.start + 1 : found.loop].strip(), line[found.loop : found.end]]
        rows = [wrapped(part, inner) for part in parts]
        return "\n".join([space + head, *rows, space + tail])
    edges = [found.start, *found.commas, found.end]
    parts = [line[a + 1 : b].strip() for a, b in itertools.pairwise(edges)]
    parts = [part for part in parts if part]
    comma = "," if found.is_call or found.commas else ""
    if len(parts) > 6 and all(len(part) < 24 and not set(part) & set(_OPEN) for part in parts):
        pad = " " * inner
        rows = textwrap.wrap(", ".join(parts) + comma, WIDTH - inner, break_on_hyphens=False)
        rows = [pad + row for row in rows]
    else:
        rows = [wrapped(part + "," * (n + 1 < len(parts)), inner) for n, part in enumerate(parts)]
        rows[-1] += comma
    return "\n".join([space + head, *rows, space + tail])


def _bracket(line: str) -> _Bracket | None:
    """The longest outermost brackets that a line can be broken in."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(line).readline))
    except (tokenize.TokenError, SyntaxError):
        return None
    depth, last, in_lambda = 0, None, False
    now: _Bracket | None = None
    before = ""
    for token in tokens:
        column, text = token.start[1], token.string
        after_name = before.isidentifier() or before in (")", "]")
        if token.type == tokenize.OP and text in _OPEN:
            if depth == 0:
                subscript = text == "[" and after_name
                now = None if subscript else _Bracket(column, text == "(" and after_name)
            depth += 1
        elif token.type == tokenize.OP and text in _CLOSE:
            depth -= 1
            if depth == 0 and now is not None and column > now.start + 1:
                now.end = column
                if last is None or now.end - now.start >= last.end - last.start:
                    last = now
        elif depth == 1 and now is not None:
            in_lambda = (in_lambda or text == "lambda") and text != ":"
            if text == "," and not in_lambda:
                now.commas.append(column)
            elif text == "for" and not now.loop:
                now.loop = column
        before = text
    return last
