"""A source, its parts and where they are; replacements of parts, and how to undo them.

LibCST is an optional part: ``pip install nengolab[building]``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nengolab.building.origins import Span, lines_of
from nengolab.exceptions import ValidationError


class Refused(ValidationError):
    """An edit of a source that cannot be made honestly; the message says why and what would work.

    Examples
    --------
    >>> source = "a, b = pair()"
    >>> try:
    ...     nengolab.building.rename(source, "a", "b")
    ... except nengolab.building.Refused as error:
    ...     print("in use" in str(error))
    True
    """


@dataclass(frozen=True)
class Replacement:
    """Letters ``start`` to ``end`` of a source, and what stands in their place.

    Examples
    --------
    >>> nengolab.building.rename("a = 1", "a", "b").replacements
    (Replacement(start=0, end=1, text='b'),)
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Edit:
    """A change of a source, in the smallest spans that make it.

    Attributes
    ----------
    before, after : str
        The source.
    replacements : tuple of Replacement
        In order, apart from each other; all else stays letter for letter.
    count : int
        Objects that the changed expression makes: more than one where it stands in a loop or
        in a function that is called several times.

    Examples
    --------
    >>> span = nengolab.building.Span(1, 0, 1, 4)
    >>> edit = nengolab.building.set_argument("f(1) # x", span, "a", "2")
    >>> edit.after, edit.undo().after
    ('f(1, a=2) # x', 'f(1) # x')
    """

    before: str
    after: str
    replacements: tuple[Replacement, ...]
    count: int = 1

    def undo(self) -> Edit:
        """The edit that gives back what was there, letter for letter."""
        moved, back = 0, []
        for r in self.replacements:
            start = r.start + moved
            back.append(Replacement(start, start + len(r.text), self.before[r.start : r.end]))
            moved += len(r.text) - (r.end - r.start)
        return Edit(self.after, self.before, tuple(back), self.count)

    @property
    def lines(self) -> list[int]:
        """The lines, from 1, of the source before, in which something changes."""
        return sorted(
            line
            for r in self.replacements
            for line in range(
                self.before.count("\n", 0, r.start) + 1, self.before.count("\n", 0, r.end) + 2
            )
        )


def library() -> Any:
    """LibCST, once it is needed.

    Raises
    ------
    ImportError
        Where it is not installed.
    """
    try:
        import libcst
        import libcst.metadata
    except ImportError as err:
        raise ImportError(
            "editing a source needs LibCST: pip install 'nengolab[building]'"
        ) from err
    return libcst


def _parsed(cst: Any, source: str) -> Any:
    try:
        return cst.parse_module(source)
    except cst.ParserSyntaxError as err:
        raise Refused(f"the source does not parse: {err.message}", attr="source") from err


@functools.lru_cache(maxsize=8)
def text_of(source: str) -> Text:
    """A source that was parsed, once for all that is done with it.

    Raises
    ------
    Refused
        Where it does not parse.
    """
    return Text(source)


class Text:
    """A source that was parsed.

    Parameters
    ----------
    source : str

    Raises
    ------
    Refused
        Where it does not parse.
    """

    def __init__(self, source: str):
        self.source, self.cst = source, library()
        parsed = _parsed(self.cst, source)
        self._wrapper = self.cst.metadata.MetadataWrapper(parsed, unsafe_skip_copy=True)
        self.module = self._wrapper.module
        self._places = self._wrapper.resolve(self.cst.metadata.PositionProvider)
        starts = [0]
        for line in lines_of(source):
            starts.append(starts[-1] + len(line))
        self._starts = starts
        self._of_kinds: dict[tuple[type, ...], list[Any]] = {}

    @cached_property
    def parents(self) -> Any:
        """The node around each node."""
        return self._wrapper.resolve(self.cst.metadata.ParentNodeProvider)

    @cached_property
    def scopes(self) -> Any:
        """The scope that each node is in."""
        return self._wrapper.resolve(self.cst.metadata.ScopeProvider)

    @property
    def newline(self) -> str:
        """How lines end."""
        return self.module.default_newline

    def span(self, node: Any) -> Span:
        """Where a node is."""
        place = self._places[node]
        return Span(place.start.line, place.start.column, place.end.line, place.end.column)

    def where(self, node: Any) -> tuple[int, int]:
        """Where a node begins and ends, in letters."""
        span = self.span(node)
        return (
            self._starts[span.line - 1] + span.column,
            self._starts[span.end_line - 1] + span.end_column,
        )

    def line_of(self, at: int) -> tuple[int, int]:
        """Where the line around a letter begins, and where the next one does."""
        start = max(s for s in self._starts if s <= at)
        return start, next((s for s in self._starts if s > at), len(self.source))

    def nodes(self, *kinds: type) -> Iterator[Any]:
        """All nodes of some kinds, in the order of the source."""
        if kinds not in self._of_kinds:
            found = [node for node in self._places if isinstance(node, kinds)]
            self._of_kinds[kinds] = sorted(found, key=self.where)
        return iter(self._of_kinds[kinds])

    def call(self, span: Span) -> Any:
        """The call at a span.

        Raises
        ------
        Refused
            Where there is none.
        """
        for node in self._places:
            if isinstance(node, self.cst.Call) and self.span(node) == span:
                return node
        raise Refused(
            f"there is no call at line {span.line}, column {span.column}; the source has changed "
            "since it was run: run it again",
            attr="span",
        )

    def expression(self, span: Span) -> Any:
        """The expression at a span, the outermost one; a comprehension is one as well.

        Raises
        ------
        Refused
            Where there is none.
        """
        found = [n for n in self._places if isinstance(n, self.cst.BaseExpression)]
        for node in found:
            if self.span(node) == span:
                return node
        return self.call(span)

    def edit(self, replacements: Iterable[Replacement], count: int = 1) -> Edit:
        """The edit of replacements.

        Raises
        ------
        Refused
            Where what comes out does not parse.
        """
        ordered = sorted(set(replacements), key=lambda r: (r.start, r.end))
        parts, at = [], 0
        for r in ordered:
            parts += [self.source[at : r.start], r.text]
            at = r.end
        after = "".join([*parts, self.source[at:]])
        _parsed(self.cst, after)
        return Edit(self.source, after, tuple(ordered), count)
