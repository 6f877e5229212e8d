"""The source of a function, as it was written, checked against its byte code."""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from nengolab.building.indentation import shifted
from nengolab.building.same import does_the_same, same
from nengolab.bytecode import inner_codes, named, read_by

Defined = ast.FunctionDef | ast.Lambda
Change = tuple[ast.expr, str]


class Unwritable(Exception):
    """There is no code that makes a value; the message says why, after its name."""


@dataclass(frozen=True)
class Written:
    """A function as it was written.

    Attributes
    ----------
    text : str
        A lambda, or a definition without indentation.
    name : str
        ``"<lambda>"`` for a lambda.
    annotated : bool
        Whether names stand in it that are looked up when it is defined, for types only.
    """

    text: str
    name: str
    annotated: bool

    @property
    def is_lambda(self) -> bool:
        return self.name == "<lambda>"

    def within(self, captured: tuple[str, ...], called: str) -> str:
        """The definition of a function that makes this one, of the values that it captures."""
        head = f"def {called}({', '.join(captured)}):\n"
        if self.is_lambda:
            return f"{head}    return {_in_brackets(self.text)}"
        body = "\n".join(shifted(self.text.split("\n"), "", "    "))
        return f"{head}{body}\n\n    return {self.name}"

    def named(self, name: str) -> str:
        """The definition under a name."""
        if self.is_lambda:
            return f"{name} = {_in_brackets(self.text)}"
        return self.text if name == self.name else self.text.replace(self.name, name, 1)


def _in_brackets(text: str) -> str:
    return f"({text})" if "\n" in text else text


def written(fn: FunctionType, value_of: Any) -> Written:
    """The source of a function.

    Parameters
    ----------
    fn : function
    value_of : callable
        Gives the code of a value, for defaults of arguments.

    Raises
    ------
    Unwritable
        Where its source cannot be found, or is not what runs.
    """
    code = fn.__code__
    try:
        linecache.checkcache(code.co_filename)
        lines, _ = inspect.findsource(code)
        whole = "".join(lines)
        node = _node(whole, code)
        text = ast.get_source_segment(whole, node, padded=True) if node is not None else None
    except (OSError, SyntaxError, IndexError):
        text, node = None, None
    if text is None:
        raise Unwritable("has no source that could be found")
    if isinstance(node, ast.FunctionDef) and node.decorator_list:
        raise Unwritable("is decorated")
    if isinstance(node, ast.FunctionDef):
        space = text[: len(text) - len(text.lstrip())]
        text = "\n".join(shifted(text.split("\n"), space, ""))
    text = text.strip()
    annotated = isinstance(node, ast.FunctionDef) and _annotated(node)
    found = Written(
        text, fn.__name__ if isinstance(node, ast.FunctionDef) else "<lambda>", annotated
    )
    _check(found, code)
    return Written(_with_defaults(text, fn, value_of), found.name, annotated)


@lru_cache(maxsize=64)
def _functions(text: str) -> list[Defined]:
    return [n for n in ast.walk(ast.parse(text)) if isinstance(n, Defined)]


def _node(text: str, code: CodeType) -> Defined | None:
    """The definition that a piece of byte code was made of."""
    spans = {(a, c, b, d) for a, b, c, d in code.co_positions() if None not in (a, b, c, d)}
    found: Defined | None = None
    for node in _functions(text):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if node.name == code.co_name and first == code.co_firstlineno:
                return node
        elif code.co_name == "<lambda>":
            body: Any = node.body
            start, end = (body.lineno, body.col_offset), (body.end_lineno, body.end_col_offset)
            own = [(a, c, b, d) for a, c, b, d in spans if c or d]
            # No step need be all of the body: of a condition, each part is one. Outer ones come
            # first, and hold what is within them.
            if own and all(start <= (a, c) and (b, d) <= end for a, c, b, d in own):
                found = node
    return found


def _annotated(node: ast.FunctionDef) -> bool:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    arguments += [a for a in (node.args.vararg, node.args.kwarg) if a is not None]
    return node.returns is not None or any(a.annotation is not None for a in arguments)


def _check(found: Written, code: CodeType) -> None:
    """Refuse a source that was changed after the function was made of it."""
    # One that calls itself does so by a variable of its module, or of the function that made it.
    free = code.co_freevars
    text = (
        found.within(free, "make")
        if free
        else found.named("make" if found.is_lambda else found.name)
    )
    made = compile(text, "<check>", "exec")
    if not any(does_the_same(other, code) for other in inner_codes(made)):
        raise Unwritable("has a source that was changed since it was made")


def _with_defaults(text: str, fn: FunctionType, value_of: Any) -> str:
    """The text with the values that arguments default to, where these are no literals."""
    is_lambda = text.startswith("lambda")
    body = ast.parse(f"({text}\n)" if is_lambda else text).body[0]
    node: Any = body.value if isinstance(body, ast.Expr) else body
    changes = []
    for default, value in defaults_of(node.args, fn):
        try:
            if same(ast.literal_eval(default), value):
                continue
        except ValueError:
            pass
        changes.append((default, value_of(value)))
    return changed(text, changes, 1 if is_lambda else 0)


def defaults_of(args: ast.arguments, fn: FunctionType) -> Iterator[tuple[ast.expr, Any]]:
    """The expressions that arguments default to, and what they gave."""
    yield from zip(args.defaults, fn.__defaults__ or (), strict=True)
    for argument, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if default is not None:
            yield default, (fn.__kwdefaults__ or {})[argument.arg]


def changed(text: str, changes: Iterable[Change], shift: int = 0) -> str:
    """A text with other words in place of expressions.

    Parameters
    ----------
    text : str
    changes : iterable of (ast.expr, str)
        Expressions of the text, and what stands there instead.
    shift : int
        Letters in front of the text where it was parsed.
    """
    lines = [line.encode() for line in text.splitlines(keepends=True)]
    placed = sorted(changes, key=lambda change: (change[0].lineno, change[0].col_offset))
    for node, new in reversed(placed):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        start = node.col_offset - (shift if first == 0 else 0)
        end = (node.end_col_offset or 0) - (shift if last == 0 else 0)
        lines[first : last + 1] = [lines[first][:start] + new.encode() + lines[last][end:]]
    return b"".join(lines).decode()


def captured(fn: FunctionType) -> dict[str, Any]:
    """What a function captured from the function that made it.

    Raises
    ------
    Unwritable
        Where it changes what it captured, or has not all of it yet.
    """
    code = fn.__code__
    if any(name in code.co_freevars for name in named(code, "STORE_DEREF", "DELETE_DEREF")):
        raise Unwritable("changes variables of the function that made it")
    found = {}
    for name, cell in zip(code.co_freevars, fn.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            raise Unwritable(f"captured {name}, which has no value") from None
        if found[name] is fn or name == "__class__":
            raise Unwritable(f"captured {name}, which is made with it")
    return found


def globals_of(fn: FunctionType) -> dict[str, Any]:
    """What a function reads of the module that it is in.

    Raises
    ------
    Unwritable
        Where it changes variables of its module.
    """
    code = fn.__code__
    if changed := [*named(code, "STORE_GLOBAL", "DELETE_GLOBAL")]:
        raise Unwritable(f"changes the global variable {changed[0]}")
    return {name: fn.__globals__[name] for name in read_by(code) if name in fn.__globals__}


def builtins_of(fn: FunctionType) -> list[str]:
    """What a function reads of Python's own names."""
    names = read_by(fn.__code__)
    return [name for name in names if name not in fn.__globals__ and hasattr(builtins, name)]
