"""The function of a connection or a Node as code of its own, and put back into its source."""

from __future__ import annotations

import ast
import types
from dataclasses import dataclass
from typing import Any, Literal

import nengo
import numpy as np
from nengo.base import ObjView

from nengolab.building.edits import with_argument
from nengolab.building.forms import Form, call_at, fields_of
from nengolab.building.importing import fresh, names_in
from nengolab.building.indentation import dedented, shifted
from nengolab.building.origins import lines_of
from nengolab.building.running import Made, SourceError
from nengolab.building.setting import in_words_of
from nengolab.building.texts import Edit, Refused, Replacement, Text, text_of


@dataclass(frozen=True)
class FunctionCode:
    """The code of an argument that is a function.

    Attributes
    ----------
    text : str
        A lambda or another expression as the source has it, or a whole ``def`` without its
        indentation; something to begin with where there is none.
    kind : {"expression", "def", "none"}
    line : int
        Of the source, in which it begins; of the call where there is none.
    uses : int
        How often the source uses a ``def``.
    along : tuple of str
        What it is a function of: ``"t"``, ``"x"``, ``"x[0]"``, one element each.
    low, high : float
        The range of each of these that is likely.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 2, radius=1.5)
    ...     c = nengo.Connection(a, a[0], function=lambda x: x[0] * x[1])
    ... ''')
    >>> code = nengolab.building.function_code(made, made.network.connections[0], "function")
    >>> code.text, code.along, code.high
    ('lambda x: x[0] * x[1]', ('x[0]', 'x[1]'), 1.5)
    """

    text: str
    kind: Literal["expression", "def", "none"]
    line: int
    uses: int
    along: tuple[str, ...]
    low: float
    high: float


def function_code(made: Made, obj: Any, name: str, form: Form | None = None) -> FunctionCode | None:
    """The code of an argument that is a function; None where it is, or has to be, none.

    Nothing of the source runs.

    Parameters
    ----------
    made : Made
    obj : nengo.Connection or nengo.Node
    name : str
        Of the argument, as in `fields_of`.
    form : Form, optional
        That of the object, where it was read already.

    Raises
    ------
    Refused
        Where the object was not made by the source.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Node(0.5)
    ... ''')
    >>> code = nengolab.building.function_code(made, made.network.nodes[0], "output")
    >>> code.text, code.kind, code.along
    ('lambda t: 0.5', 'none', ('t',))
    """
    form = fields_of(made, obj) if form is None else form
    field = form[name]
    domain = _domain(form.obj, field.kind)
    if domain is None:
        return None
    along, low, high = domain
    if field.span is None or field.source in (None, "None"):
        return FunctionCode("lambda x: x", "none", form.span.line, 1, along, low, high)
    if isinstance(form.obj, nengo.Node) and not callable(form.obj.output):
        text = f"lambda t: {field.source}"
        return FunctionCode(text, "none", field.span.line, 1, along, low, high)
    text = text_of(made.source)
    found = _definition(text, made, field.source)
    if found is not None:
        uses = sum(n.value == field.source for n in text.nodes(text.cst.Name)) - 1
        code, line = dedented(text, found), text.span(found).line
        return FunctionCode(code, "def", line, uses, along, low, high)
    return FunctionCode(field.source, "expression", field.span.line, 1, along, low, high)


def _domain(obj: Any, kind: str) -> tuple[tuple[str, ...], float, float] | None:
    """What an object's function is a function of, and where that lies; None where it has none."""
    if kind == "function" and isinstance(obj, nengo.Connection):
        pre = obj.pre.obj if isinstance(obj.pre, ObjView) else obj.pre
        taken = obj.function is None or callable(obj.function)
        if not taken or not isinstance(pre, nengo.Ensemble | nengo.Node):
            return None
        radius = float(pre.radius) if isinstance(pre, nengo.Ensemble) else 1.0
        return _elements(obj.pre.size_out), -radius, radius
    if kind == "output" and isinstance(obj, nengo.Node):
        if callable(obj.output) and obj.size_in:
            return _elements(obj.size_in), -1.0, 1.0
        if callable(obj.output) or isinstance(obj.output, np.ndarray):
            return ("t",), 0.0, 1.0
    return None


def _elements(size: int) -> tuple[str, ...]:
    return ("x",) if size == 1 else tuple(f"x[{i}]" for i in range(size))


def _definition(text: Text, made: Made, name: str) -> Any:
    """The ``def`` of a function that the source calls so; None where it has none."""
    fn = made.namespace.get(name)
    if not isinstance(fn, types.FunctionType) or hasattr(fn, "__wrapped__"):
        return None
    for node in text.nodes(text.cst.FunctionDef):
        first = node.decorators[0] if node.decorators else node
        line = text.span(first).line
        if node.name.value == name and line == fn.__code__.co_firstlineno:
            return node
    return None


# -- what is written -------------------------------------------------------------------------------


def name_of_def(code: str) -> str:
    """What a ``def`` is called; "" where the code is an expression.

    Raises
    ------
    SourceError
        Where it is neither, with the line of it.
    """
    try:
        body = ast.parse(code).body
    except SyntaxError as err:
        wanted = _no_expression(code)
        if wanted is None:
            return ""
        if code.lstrip().startswith(("def ", "@")) or _height(code) == 1:
            wanted = err
        raise SourceError("syntax", wanted.msg, min(wanted.lineno or 1, _height(code))) from None
    except ValueError as err:  # a zero byte
        raise SourceError("syntax", str(err), 1) from None
    if len(body) == 1 and isinstance(body[0], ast.FunctionDef):
        return body[0].name
    if len(body) == 1 and isinstance(body[0], ast.Expr):
        return ""
    line = body[1].lineno if len(body) > 1 else 1
    raise SourceError("syntax", "write one function: a lambda, a name or one def", line)


def _no_expression(code: str) -> SyntaxError | None:
    """Why code is no expression, in brackets as those of a call; None where it is one."""
    try:
        ast.parse(f"(\n{code}\n)", mode="eval")
    except SyntaxError as err:
        err.lineno = max(1, (err.lineno or 2) - 1)
        return err
    return None


def _height(code: str) -> int:
    return code.count("\n") + 1


def set_function(made: Made, obj: Any, name: str, code: str) -> Edit:
    """Write another function into the source, for all that the call makes.

    A lambda is changed in place; of a ``def`` its lines are, where it stands. A ``def`` in place
    of an expression comes above the statement. Nothing runs: `try_function` says whether it works.

    Parameters
    ----------
    made : Made
    obj : nengo.Connection or nengo.Node
    name : str
        Of the argument.
    code : str
        A lambda, another expression, or one ``def``.

    Raises
    ------
    Refused
        Where a ``def`` would have another name than the one that is used, or the call cannot be
        edited.
    SourceError
        Where it does not parse.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     def square(x):
    ...         return x**2  # of each
    ...     a = nengo.Ensemble(50, 1)
    ...     c = nengo.Connection(a, a, function=square)
    ... ''')
    >>> conn = made.network.connections[0]
    >>> code = nengolab.building.function_code(made, conn, "function").text
    >>> edit = nengolab.building.set_function(made, conn, "function", code.replace("2", "3"))
    >>> print(edit.after.splitlines()[3])
            return x**3  # of each
    """
    form = fields_of(made, obj)
    field, code = form[name], _trimmed(code)
    text, called = text_of(made.source), name_of_def(code)
    here = _definition(text, made, field.source or "")
    if called and here is not None:
        if called != field.source:
            raise Refused(
                f"the function is called {field.source} where it is used, not {called}: rename it "
                "in the code",
                attr=form.title,
            )
        code, changes = in_words_of(text, made, code, "exec")
        changes.append(_instead(text, here, code))
        return text.edit(changes, form.origin.count)
    if called:
        return _above(text, made, form, name, code, called)
    if not _is_argument(code):
        code = f"({code}\n)"
    code, changes = in_words_of(text, made, code)
    return text.edit([*changes, *_given(made, form, name, code)], form.origin.count)


def _trimmed(code: str) -> str:
    lines = lines_of(code.replace("\r\n", "\n").strip("\n").rstrip())
    space = min((len(n) - len(n.lstrip()) for n in lines if n.strip()), default=0)
    return "".join(line[space:] if line.strip() else line.lstrip(" ") for line in lines)


def _is_argument(code: str) -> bool:
    """Whether an expression stands by itself, and is one argument of a call as it is."""
    try:
        ast.parse(code, mode="eval")
        call: Any = ast.parse(f"f({code})", mode="eval").body
    except SyntaxError:
        return False
    return isinstance(call, ast.Call) and len(call.args) == 1 and not call.keywords


def _given(made: Made, form: Form, name: str, value: str) -> list[Replacement]:
    """The argument of the call: what it gives, or one more."""
    span = form[name].span
    if span is not None:
        return [Replacement(*span.offsets(made.source), value)]
    edit = with_argument(text_of(made.source), form.span, name, value, form.positions)
    return list(edit.replacements)


def _instead(text: Text, node: Any, code: str) -> Replacement:
    """Lines in place of a definition, in its indentation; decorators stay."""
    start, end = text.where(node)
    space = text.source[text.line_of(start)[0] : start]
    behind = text.source[end : text.line_of(max(end - 1, 0))[1]]
    if behind.strip().startswith("#"):
        end += len(behind.rstrip())
    moved = text.newline.join(shifted(code.split("\n"), "", space))
    tail = text.newline if text.source[start:end].endswith("\n") else ""
    return Replacement(start, end, moved.removeprefix(space) + tail)


def _above(text: Text, made: Made, form: Form, name: str, code: str, called: str) -> Edit:
    """A new definition above the statement of a call, which uses it."""
    cst = text.cst
    used = names_in(text) | set(made.namespace)
    if called in used:
        raise Refused(
            f"{called} is in use in the code: call the function {fresh(called, used)}",
            attr=form.title,
        )
    call_at(made.source, form.span)
    node = text.call(form.span)
    while not isinstance(node, cst.SimpleStatementLine | cst.BaseCompoundStatement):
        node = text.parents[node]
    start = text.where(node)[0]
    line = text.line_of(start)[0]
    space = text.source[line:start]
    if space.strip():
        raise Refused(
            f"line {text.span(node).line} has several statements: write the function in the code",
            attr=form.title,
        )
    above = line
    while above and text.source[text.line_of(above - 1)[0] : above].strip().startswith("#"):
        above = text.line_of(above - 1)[0]
    code, changes = in_words_of(text, made, code, "exec")
    lines = shifted(code.split("\n"), "", space)
    new = "".join(f"{line}{text.newline}" for line in lines)
    changes += [Replacement(above, above, new), *_given(made, form, name, called)]
    return text.edit(changes, form.origin.count)
