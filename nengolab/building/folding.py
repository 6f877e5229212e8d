"""Lines that differ in counting numbers only, as one line in a loop, or several that repeat."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass

LEAST = 3  # times that something is done in a loop
_LONGEST = 8  # lines that are repeated
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


def runs(lines: Sequence[str], alone: Sequence[bool], head: int) -> list[tuple[int, int, int]]:
    """Where lines can be folded: the first, the one after the last, and how many are repeated.

    In order; lines that cannot be folded are runs of one. Where there are several ways, the one
    that saves most lines is taken.

    Parameters
    ----------
    lines : sequence of str
    alone : sequence of bool
        Which are not to be folded.
    head : int
        Lines that a loop takes beside those that it repeats: 1, or 2 where lists are made, of
        which one is made in a single line.
    """
    pieces = [None if single else _pieces(line) for line, single in zip(lines, alone, strict=True)]
    found, at = [], 0
    while at < len(lines):
        best, saved = (at, at + 1, 1), 0
        for period in range(1, min(_LONGEST, (len(lines) - at) // LEAST) + 1):
            times = _times(pieces, at, period)
            cost = 1 if period == 1 and head > 1 else head + period
            if times >= LEAST and times * period - cost > saved:
                best, saved = (at, at + times * period, period), times * period - cost
        found.append(best)
        at = best[1]
    return found


def _times(pieces: Sequence[tuple[_Piece, ...] | None], at: int, period: int) -> int:
    """How often lines are repeated from one on."""
    ways = [pieces[at + n :: period] for n in range(period)]
    times = 1
    while times < len(ways[-1]) and all(_goes_on(way, 0, times) for way in ways):
        times += 1
    return times


def repeated(lines: Sequence[str], variable: str) -> str | None:
    """Lines as one for each number from 0 on, proved by putting the numbers in; else None."""
    if all(line == lines[0] for line in lines):
        return lines[0]
    pieces = [_pieces(line) for line in lines]
    if not all(_goes_on(pieces, 0, n) for n in range(1, len(lines))):
        return None
    text = folded(lines, variable, 0).text
    return text if all(becomes(text, variable, n, line) for n, line in enumerate(lines)) else None


def folded(lines: Sequence[str], variable: str, start: int | None = None) -> Folded:
    """Lines of a run as one.

    Parameters
    ----------
    lines : sequence of str
    variable : str
    start : int, optional
        Of the variable. Default: what reads best.
    """
    pieces = [_pieces(line) or () for line in lines]
    first, second = pieces[0], pieces[1]
    steps = [
        (a, b - a)
        for p, q in zip(first, second, strict=True)
        for a, b in zip(p.numbers, q.numbers, strict=True)
    ]
    moving = [(value, step) for value, step in steps if step]
    if start is None:
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


# -- the proof -------------------------------------------------------------------------------------


def becomes(text: str, variable: str, value: int, line: str) -> bool:
    """Whether a line with a number in place of a variable is another one, by Python's own tree."""
    trees = [ast.parse(f"{one} pass" if one.endswith(":") else one) for one in (text, line)]
    for node in ast.walk(trees[0]):
        if isinstance(node, ast.Lambda | ast.GeneratorExp):
            # It would see the last value of the loop's variable.
            if any(isinstance(n, ast.Name) and n.id == variable for n in ast.walk(node)):
                return False
    given = _Given(variable, value).visit(trees[0])
    return ast.dump(given) == ast.dump(trees[1])


class _Given(ast.NodeTransformer):
    """Puts a number in place of a variable, and does what can be done then."""

    def __init__(self, variable: str, value: int):
        self._variable, self._value = variable, value

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Constant(self._value) if node.id == self._variable else node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        sides = [node.left, node.right]
        if all(isinstance(s, ast.Constant) and type(s.value) is int for s in sides):
            if isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
                whole = ast.fix_missing_locations(ast.Expression(node))
                return ast.Constant(eval(compile(whole, "<numbers>", "eval")))
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        parts = [p.value if isinstance(p, ast.FormattedValue) else p for p in node.values]
        values = [str(part.value) for part in parts if isinstance(part, ast.Constant)]
        return ast.Constant("".join(values)) if len(values) == len(parts) else node
