"""Lines that differ in counting numbers only, as one line in a loop."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 3
_COUNT = re.compile(r"(?<![\d.])(0|[1-9]\d{0,8})(?![\d.])")
_BEFORE = {"(", "[", ",", ":", "=", "{"}
_AFTER = {")", "]", ",", ":", "}", ""}


@dataclass(frozen=True)
class _Piece:
    """A part of a line: its text with holes, and the numbers in them."""

    text: str
    numbers: tuple[int, ...]
    in_text: bool  # in a string
    bare: bool  # no operator beside it


@dataclass(frozen=True)
class Folded:
    """Lines as one, for each of several numbers.

    Attributes
    ----------
    text : str
    variable : str
        ``"_"`` where the lines are alike.
    start, count : int
    """

    text: str
    variable: str
    start: int
    count: int

    @property
    def numbers(self) -> str:
        """What the variable goes through."""
        first = f"{self.start}, " if self.start else ""
        return f"range({first}{self.start + self.count})"


def runs(lines: Sequence[str], alone: Sequence[bool]) -> list[tuple[int, int]]:
    """Where lines can be folded: the first and the one after the last of each run, in order.

    Lines that cannot be are runs of one.

    Parameters
    ----------
    lines : sequence of str
    alone : sequence of bool
        Which are not to be folded.
    """
    pieces = [None if single else _pieces(line) for line, single in zip(lines, alone, strict=True)]
    found, at = [], 0
    while at < len(lines):
        end = at + 1
        while end < len(lines) and _goes_on(pieces, at, end):
            end += 1
        end = end if end - at >= LEAST else at + 1
        found.append((at, end))
        at = end
    return found


def folded(lines: Sequence[str], variable: str) -> Folded:
    """Lines of a run as one."""
    pieces = [_pieces(line) or () for line in lines]
    first, second = pieces[0], pieces[1]
    steps = [
        (a, b - a)
        for p, q in zip(first, second, strict=True)
        for a, b in zip(p.numbers, q.numbers, strict=True)
    ]
    moving = [(value, step) for value, step in steps if step]
    start = moving[0][0] if moving and all(s == 1 for _, s in moving) else 0
    text = "".join(_filled(p, q, variable, start) for p, q in zip(first, second, strict=True))
    return Folded(text, variable if moving else "_", start, len(lines))


def _pieces(line: str) -> tuple[_Piece, ...] | None:
    """The parts of a line; None where it cannot be in a loop."""
    found: list[_Piece] = []
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(f"({line})").readline))
    except (tokenize.TokenError, SyntaxError):
        return None
    at = (1, 1)
    rows = f"({line})".split("\n")
    before = "("
    for n, token in enumerate(tokens):
        if token.type in (tokenize.NEWLINE, tokenize.ENDMARKER) or token.start < (1, 1):
            continue
        if token.type == tokenize.NAME and token.string == "lambda":
            return None  # it would see the last value of the loop's variable
        if token.start[0] != 1 or len(rows) > 1:
            return None
        gap = rows[0][at[1] : token.start[1]]
        at = token.end
        after = tokens[n + 1].string if n + 1 < len(tokens) else ""
        plain = token.type == tokenize.STRING and token.string[0] in "\"'"
        if plain and "\\" not in token.string:
            numbers = tuple(int(m) for m in _COUNT.findall(token.string))
            text = _COUNT.sub("\0", token.string)
            found.append(_Piece(gap, (), False, True))
            found.append(_Piece(text, numbers, True, True))
        elif token.type == tokenize.NUMBER and _COUNT.fullmatch(token.string):
            found.append(_Piece(gap, (), False, True))
            bare = before in _BEFORE and after in _AFTER
            found.append(_Piece("\0", (int(token.string),), False, bare))
        else:
            found.append(_Piece(gap + token.string, (), False, True))
        before = token.string
    found[-1] = _Piece(found[-1].text[:-1], (), False, True)  # the bracket around the line
    return tuple(found)


def _goes_on(pieces: Sequence[tuple[_Piece, ...] | None], at: int, end: int) -> bool:
    """Whether the line at ``end`` goes on as those from ``at`` on do."""
    first, last, new = pieces[at], pieces[end - 1], pieces[end]
    if first is None or last is None or new is None or len(first) != len(new):
        return False
    second = pieces[at + 1] if end > at + 1 else new
    assert second is not None
    for p, q, r, s in zip(first, second, last, new, strict=True):
        if p.text != s.text or len(p.numbers) != len(s.numbers):
            return False
        for a, b, c, d in zip(p.numbers, q.numbers, r.numbers, s.numbers, strict=True):
            if d - c != b - a:
                return False
    return True


def _filled(first: _Piece, second: _Piece, variable: str, start: int) -> str:
    if not first.numbers:
        return first.text
    steps = [b - a for a, b in zip(first.numbers, second.numbers, strict=True)]
    written = [
        str(value) if not step else _at(value, step, variable, start)
        for value, step in zip(first.numbers, steps, strict=True)
    ]
    parts = first.text.split("\0")
    if not first.in_text:
        bare = first.bare or not steps[0] or written[0] == variable
        return written[0] if bare else f"({written[0]})"
    if any(steps):
        parts = [part.replace("{", "{{").replace("}", "}}") for part in parts]
        written = [f"{{{w}}}" if step else w for w, step in zip(written, steps, strict=True)]
    text = "".join(a + b for a, b in zip(parts, [*written, ""], strict=True))
    return f"f{text}" if any(steps) else text


def _at(value: int, step: int, variable: str, start: int) -> str:
    """``value + step * (variable - start)``, as a person writes it."""
    offset = value - step * start
    if step < 0:
        far = variable if step == -1 else f"{-step} * {variable}"
        return f"{offset} - {far}"
    far = variable if step == 1 else f"{step} * {variable}"
    return far if not offset else f"{far} {'+' if offset > 0 else '-'} {abs(offset)}"
