"""Edits of a source that leave all else as it is: arguments of a call, names, statements."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nengolab.building.origins import Span
from nengolab.building.texts import Edit, Refused, Replacement, Text, text_of


def set_argument(
    source: str,
    span: Span,
    name: str,
    value: str,
    positions: Sequence[str] = (),
    count: int = 1,
) -> Edit:
    """Set an argument of a call, or add it.

    Parameters
    ----------
    source : str
    span : Span
        Of the call, as an `Origin` has it.
    name, value : str
        Of the argument, and the expression that it is to be.
    positions : sequence of str, optional
        Names of the arguments that may be given by their place.
    count : int, optional
        Objects that the call makes; it is passed on.

    Raises
    ------
    Refused
        Where there is no such call, the value is no expression, or the argument cannot be told
        from others (``*args``).

    Examples
    --------
    >>> source = "a = nengo.Ensemble(50, 1)  # two"
    >>> made = nengolab.building.Span(1, 4, 1, 25)
    >>> nengolab.building.set_argument(source, made, "radius", "2").after
    'a = nengo.Ensemble(50, 1, radius=2)  # two'
    """
    text = text_of(source)
    checked_value(text, value)
    return with_argument(text, span, name, value, positions, count)


def with_argument(
    text: Text, span: Span, name: str, value: str, positions: Sequence[str] = (), count: int = 1
) -> Edit:
    """Set an argument as `set_argument` does; the value may have several lines, in brackets."""
    source, call = text.source, text.call(span)
    given = _argument(text, call, name, positions)
    if given is not None:
        start, end = text.where(given.value)
        brackets = text.cst.Module([]).code_for_node(given.value)
        if brackets.startswith("(") and not source[start:end].startswith("("):
            start, end = _with_brackets(source, start, end)
        return text.edit([Replacement(start, end, value)], count)
    return text.edit(_added(text, call, f"{name}={value}"), count)


def with_more(
    text: Text, span: Span, given: Mapping[str, str], positions: Sequence[str] = ()
) -> list[Replacement]:
    """Add arguments that a call does not give yet.

    Raises
    ------
    Refused
        Where it may give one of them (``**kwargs``).
    """
    call = text.call(span)
    if any(_argument(text, call, name, positions) is not None for name in given):
        raise Refused(f"line {span.line} gives one of {', '.join(given)} already", attr="name")
    return _added(text, call, ", ".join(f"{name}={value}" for name, value in given.items()))


def remove_argument(
    source: str, span: Span, name: str, positions: Sequence[str] = (), count: int = 1
) -> Edit:
    """Take an argument out of a call, so that its default holds.

    Parameters
    ----------
    source, span, name, positions, count
        As for `set_argument`.

    Raises
    ------
    Refused
        Where the call has it not, or others behind it have their meaning from their place.

    Examples
    --------
    >>> source = "a = nengo.Ensemble(50, 1, radius=2, seed=3)"
    >>> made = nengolab.building.Span(1, 4, 1, 43)
    >>> nengolab.building.remove_argument(source, made, "radius").after
    'a = nengo.Ensemble(50, 1, seed=3)'
    """
    text = text_of(source)
    call = text.call(span)
    given = _argument(text, call, name, positions)
    if given is None:
        raise Refused(f"the call in line {span.line} has no argument {name}", attr="name")
    at = call.args.index(given)
    if given.keyword is None and any(a.keyword is None for a in call.args[at + 1 :]):
        raise Refused(
            f"{name} in line {span.line} is given by its place, and others stand behind it; give "
            "them by name first",
            attr="name",
        )
    return text.edit([_without(text, call, at)], count)


def checked_value(text: Text, value: str) -> None:
    """Refuse a value that is not one expression in one line."""
    try:
        text.cst.parse_expression(value)
    except Exception:
        raise Refused(f"{value!r} is no expression of Python", attr="value") from None
    if "\n" in value or "#" in re.sub(r"\"[^\"]*\"|'[^']*'", "", value):
        raise Refused(f"{value!r} has more than one line or a comment in it", attr="value")


def _argument(text: Text, call: Any, name: str, positions: Sequence[str]) -> Any:
    """The argument of a name; None where the call does not give it."""
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value == name:
            return arg
    if name in positions:
        at = list(positions).index(name)
        before = call.args[: at + 1]
        if any(arg.star for arg in before):
            raise Refused(
                f"the call in line {text.span(call).line} is given a list of arguments (*), so "
                f"{name} cannot be told from others: edit the line itself",
                attr="name",
            )
        if len(before) == at + 1 and before[at].keyword is None:
            return before[at]
    if any(arg.star == "**" for arg in call.args):
        raise Refused(
            f"the call in line {text.span(call).line} is given a dictionary of arguments (**), "
            f"which may hold {name}: edit the line itself",
            attr="name",
        )
    return None


def _with_brackets(source: str, start: int, end: int) -> tuple[int, int]:
    """A span with the brackets directly around it."""
    before, after = source[:start].rstrip(), source[end:]
    close = len(after) - len(after.lstrip())
    return len(before) - 1, end + close + 1


def _end_of(text: Text, arg: Any) -> int:
    """Where an argument ends, brackets around its value too."""
    return text.where(arg)[1]


def _comma(text: Text, call: Any, at: int) -> int:
    """Where the comma behind an argument is."""
    return text.where(call.args[at].comma)[0]


def _has_comma(text: Text, arg: Any) -> bool:
    return isinstance(arg.comma, text.cst.Comma)


def _own_line(text: Text, start: int) -> str | None:
    """The space before a part that is the first of its line; None where it is not."""
    line = text.source[text.line_of(start)[0] : start]
    return None if line.strip() else line


def _added(text: Text, call: Any, argument: str) -> list[Replacement]:
    source = text.source
    _start, end = text.where(call)
    if not call.args:
        at = _opening(text, call) + 1
        return [Replacement(at, at, argument)]
    last = call.args[-1]
    if len(call.args) == 1 and isinstance(last.value, text.cst.GeneratorExp):
        if not last.value.lpar:
            raise Refused(
                f"the call in line {text.span(call).line} takes a bare generator: put it in "
                "brackets first",
                attr="name",
            )
    first, close = text.where(last)
    space = _own_line(text, first)
    closing = end - 1
    trailing = _has_comma(text, last)
    after = _comma(text, call, len(call.args) - 1) + 1 if trailing else close
    line_end = text.line_of(after)[1]
    if space is None or line_end > closing:  # beside the last one
        separator = " " if trailing else ", "
        return [Replacement(after, after, f"{separator}{argument}{',' * trailing}")]
    at = line_end - (2 if source[:line_end].endswith("\r\n") else 1)
    new = Replacement(at, at, f"{text.newline}{space}{argument}{',' * trailing}")
    return [new] if trailing else [*_merged(Replacement(close, close, ","), new)]


def _merged(first: Replacement, second: Replacement) -> list[Replacement]:
    if first.end == second.start:
        return [Replacement(first.start, second.end, first.text + second.text)]
    return [first, second]


def _opening(text: Text, call: Any) -> int:
    """Where the bracket of a call opens."""
    end = text.where(call.func)[1]
    return text.source.index("(", end)


def _without(text: Text, call: Any, at: int) -> Replacement:
    arg = call.args[at]
    start, close = text.where(arg)
    trailing = _has_comma(text, arg)
    after = _comma(text, call, at) + 1 if trailing else close
    line_start, line_end = text.line_of(start)[0], text.line_of(after)[1]
    rest = text.source[after:line_end].strip()
    if _own_line(text, start) is not None and (not rest or rest.startswith("#")):
        return Replacement(line_start, line_end, "")
    if at:
        return Replacement(_comma(text, call, at - 1), close, "")
    if len(call.args) > 1:
        return Replacement(start, text.where(call.args[1])[0], "")
    return Replacement(start, after, "")


# -- names -----------------------------------------------------------------------------------------


def rename(source: str, old: str, new: str, label: str | None = None) -> Edit:
    r"""Give a variable another name, wherever it is used; where its label is its name, that too.

    Parameters
    ----------
    source : str
    old, new : str
    label : str, optional
        The label that is to follow where it is ``old``. Default: ``new``.

    Raises
    ------
    Refused
        For a name that is none, is in use, or is one of Python's own, such as ``print``; for a
        variable that is imported, or not there.

    Examples
    --------
    >>> source = "a = nengo.Node(label='a')\nnengo.Probe(a)"
    >>> print(nengolab.building.rename(source, "a", "stimulus").after)
    stimulus = nengo.Node(label='stimulus')
    nengo.Probe(stimulus)
    """
    text = text_of(source)
    if keyword.iskeyword(new):
        raise Refused(f"{new!r} is a word of Python's own: take another name", attr="new")
    if not new.isidentifier():
        raise Refused(
            f"{new!r} is no name for a variable: that is letters, digits and _, no digit first",
            attr="new",
        )
    if hasattr(builtins, new):
        raise Refused(
            f"{new!r} is a name of Python's own, which the code could not use any more: take "
            f"another one, such as {new}_1",
            attr="new",
        )
    names = [node for node in text.nodes(text.cst.Name) if is_bare(text, node)]
    if any(node.value == new for node in names):
        raise Refused(f"{new!r} is in use in the source", attr="new")
    uses = [node for node in names if node.value == old and _is_variable(text, node)]
    if not uses:
        raise Refused(f"there is no variable {old!r} in the source", attr="old")
    if any(_is_imported(text, node) for node in uses):
        raise Refused(f"{old!r} is imported: rename it in its import", attr="old")
    found = [Replacement(*text.where(node), new) for node in uses]
    for node in uses:
        found += label_of(text, node, old, new if label is None else label)
    return text.edit(found)


def renamed(text: Text, names: Mapping[str, str]) -> Text:
    """A source with other names for variables of its outermost level, and their labels.

    Imports keep theirs.
    """
    cst = text.cst
    found: list[Replacement] = []
    for node in text.nodes(cst.Name):
        if node.value not in names or not _is_variable(text, node):
            continue
        if _is_imported(text, node):
            continue
        new = names[node.value]
        found.append(Replacement(*text.where(node), new))
        found += label_of(text, node, node.value, new)
    return text_of(text.edit(found).after)


def is_bare(text: Text, node: Any) -> bool:
    """Whether a name stands by itself: not behind a dot, not that of an argument given."""
    cst, parent = text.cst, text.parents[node]
    if isinstance(parent, cst.Attribute) and parent.attr is node:
        return False
    return not (isinstance(parent, cst.Arg) and parent.keyword is node)


def _is_variable(text: Text, node: Any) -> bool:
    """Whether a name is a variable of the module, not an argument or of a function."""
    if not is_bare(text, node):
        return False
    scope = text.scopes.get(node)
    if scope is None:
        return False
    there = scope[node.value]
    return any(isinstance(a.scope, text.cst.metadata.GlobalScope) for a in there)


def _is_imported(text: Text, node: Any) -> bool:
    """Whether a name stands in an import."""
    while isinstance(node, text.cst.Name | text.cst.Attribute | text.cst.AsName):
        node = text.parents[node]
    return isinstance(node, text.cst.ImportAlias)


def label_of(text: Text, node: Any, old: str, new: str) -> list[Replacement]:
    """The label of what is assigned to a name, where it is that name."""
    call = _value(text, node)
    if not isinstance(call, text.cst.Call):
        return []
    for arg in call.args:
        if arg.keyword is not None and arg.keyword.value == "label":
            value = arg.value
            if isinstance(value, text.cst.SimpleString) and value.evaluated_value == old:
                start, end = text.where(value)
                return [Replacement(start, end, quoted(new, value.quote))]
    return []


def _value(text: Text, node: Any) -> Any:
    """What a name is given, where it is: ``name = value``, ``with value as name``."""
    cst, target = text.cst, text.parents[node]
    around = text.parents.get(target)
    if isinstance(target, cst.AssignTarget) and isinstance(around, cst.Assign):
        return around.value
    if isinstance(target, cst.AsName) and isinstance(around, cst.WithItem):
        return around.item
    if isinstance(target, cst.AnnAssign) and target.target is node:
        return target.value
    return None


def quoted(text: str, quote: str) -> str:
    """A text as a string in quotes of this kind."""
    inner = repr(text)[1:-1]
    inner = inner.replace("\\'", "'").replace('\\"', '"')
    return f"{quote}{inner.replace(quote, chr(92) + quote)}{quote}"


def quote_of(source: str) -> str:
    """The quotes that a source uses for most of its strings."""
    text = text_of(source)
    found = [node.quote for node in text.nodes(text.cst.SimpleString)]
    return "'" if found.count("'") > found.count('"') else '"'
