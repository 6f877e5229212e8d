"""The source of a person's own class, as it was written, and what makes an object of it again.

A class whose source is all that there is of it is written: methods that are what runs, and values
that the source says, or that can be written themselves. What it is made of is written above it, or
imported. An object is made by its class, where that is seen to give it what it has; else without
it, and given its attributes.
"""

from __future__ import annotations

import abc
import ast
import inspect
import linecache
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from nengolab.building.indentation import shifted
from nengolab.building.same import does_the_same, same
from nengolab.building.sources import Change, Unwritable, changed, defaults_of
from nengolab.bytecode import OF_PYTHON

_WAYS = {"staticmethod": staticmethod, "classmethod": classmethod, "property": property}
# Objects of such classes are more than their attributes.
_SPECIAL = {
    *("__new__", "__slots__", "__getattr__", "__getattribute__", "__setattr__", "__del__"),
    *("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__init_subclass__"),
}


@dataclass(frozen=True)
class WrittenClass:
    """A class as it was written.

    Attributes
    ----------
    text : str
        Without indentation.
    name : str
    methods : tuple of function
    annotated : bool
        Whether types stand in it.
    """

    text: str
    name: str
    methods: tuple[FunctionType, ...]
    annotated: bool

    @property
    def hides(self) -> bool:
        """Whether there are names in it that Python reads with that of the class."""
        start = f"_{self.name.lstrip('_')}__"
        return any(name.startswith(start) for m in self.methods for name in m.__code__.co_names)

    def named(self, name: str) -> str:
        """The definition under a name."""
        return self.text if name == self.name else self.text.replace(self.name, name, 1)


def written_class(kind: type, code_of: Callable[[Any], str]) -> WrittenClass:
    """The source of a class.

    Parameters
    ----------
    kind : type
    code_of : callable
        Gives the code of a value: of a class that this one is made of, and of what the source does
        not say in plain letters.

    Raises
    ------
    Unwritable
        Where it cannot be found, or is not all that the class is.
    """
    what = f"is a {kind.__name__}, whose class"
    if special := sorted(_SPECIAL & vars(kind).keys()):
        raise Unwritable(f"{what} says in {special[0]} how its objects are made or read")
    methods = tuple(_methods(kind))
    found = _found(methods[0].__code__) if methods else None
    if found is None:
        raise Unwritable(f"is an object, a {kind.__name__}, which has no source")
    text, node, is_decorated = found
    if is_decorated:
        raise Unwritable(f"{what} is decorated")
    changes = [*_bases(kind, node, code_of, what), *_held(kind, node, text, code_of, what)]
    text = changed(text, [change for change in changes if change is not None])
    annotated = any(isinstance(n, ast.arg) and n.annotation for n in ast.walk(node))
    annotated |= any(isinstance(n, ast.FunctionDef) and n.returns for n in ast.walk(node))
    annotated |= any(isinstance(n, ast.AnnAssign) for n in ast.walk(node))
    return WrittenClass(text, node.name, methods, bool(annotated))


def _methods(kind: type) -> Iterator[FunctionType]:
    for value in vars(kind).values():
        if isinstance(value, staticmethod | classmethod):
            value = value.__func__
        if isinstance(value, property):
            yield from (f for f in (value.fget, value.fset) if isinstance(f, FunctionType))
        elif isinstance(value, FunctionType):
            yield value


@lru_cache(maxsize=64)
def _classes(text: str) -> list[ast.ClassDef]:
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]


def _found(code: CodeType) -> tuple[str, ast.ClassDef, bool] | None:
    """The text, without decorators, of the class that a method stands in; if it has some."""
    try:
        linecache.checkcache(code.co_filename)
        whole = "".join(inspect.findsource(code)[0])
        around = [n for n in _classes(whole) if any(_is_of(m, code) for m in n.body)]
    except (OSError, SyntaxError):
        return None
    if len(around) != 1:
        return None
    text = ast.get_source_segment(whole, around[0], padded=True) or ""
    space = text[: len(text) - len(text.lstrip())]
    text = "\n".join(shifted(text.split("\n"), space, "")).strip()
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.ClassDef)
    return text, node, bool(around[0].decorator_list)


def _is_of(node: ast.stmt, code: CodeType) -> bool:
    """Whether a method was made of a definition."""
    if not isinstance(node, ast.FunctionDef) or node.name != code.co_name:
        return False
    return code.co_firstlineno == min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _bases(
    kind: type, node: ast.ClassDef, code_of: Callable[[Any], str], what: str
) -> Iterator[Change]:
    """The classes that it is made of, as they are called where it is written."""
    given = [] if kind.__bases__ == (object,) and not node.bases else list(kind.__bases__)
    if node.keywords or len(given) != len(node.bases):
        raise Unwritable(f"{what} is made in another way than by other classes")
    for expression, base in zip(node.bases, given, strict=True):
        named = ast.unparse(expression)
        if named.rpartition(".")[2] != base.__name__:
            raise Unwritable(f"{what} is made of {named}, which is not the class {base.__name__}")
        try:
            yield expression, code_of(base)
        except Unwritable as err:
            raise Unwritable(f"{what} is made of {base.__name__}, which {err}") from None


def _held(
    kind: type, node: ast.ClassDef, text: str, code_of: Callable[[Any], str], what: str
) -> Iterator[Change | None]:
    """What stands in it; refused where its source says more or less than the class holds."""
    made = compile(text, "<check>", "exec").co_consts
    codes = [*next(const for const in made if isinstance(const, CodeType)).co_consts]
    said: set[str] = set()
    for part in node.body:
        if isinstance(part, ast.FunctionDef):
            name = _held_as(part.name, node.name)
            said.add(name)
            yield from _method(part, vars(kind).get(name), codes, code_of, what)
        elif (assigned := _assigned(part)) is not None:
            name, expression = assigned
            said.add(name)
            if name in vars(kind):
                yield _value(expression, vars(kind)[name], name, code_of, what)
        elif not (isinstance(part, ast.Pass | ast.AnnAssign) or _is_text(part)):
            raise Unwritable(f"{what} has more in it than methods and values")
    if said != vars(kind).keys() - OF_PYTHON:
        raise Unwritable(f"{what} was changed since it was made")


def _assigned(part: ast.stmt) -> tuple[str, ast.expr] | None:
    """The name and the expression of a value that a class holds."""
    if isinstance(part, ast.AnnAssign) and part.value is not None:
        targets, value = [part.target], part.value
    elif isinstance(part, ast.Assign):
        targets, value = part.targets, part.value
    else:
        return None
    (target, *more) = targets
    return (target.id, value) if isinstance(target, ast.Name) and not more else None


def _value(
    expression: ast.expr, value: Any, name: str, code_of: Callable[[Any], str], what: str
) -> Change | None:
    """What is written in place of an expression; None where it says what is held."""
    if _is_literal(expression):
        if same(ast.literal_eval(expression), value):
            return None
        raise Unwritable(f"{what} has a {name} that its source does not say")
    try:
        return expression, code_of(value)
    except Unwritable as err:
        raise Unwritable(f"{what} has a {name} that {err}") from None


def _method(
    part: ast.FunctionDef,
    held: Any,
    codes: list[Any],
    code_of: Callable[[Any], str],
    what: str,
) -> Iterator[Change | None]:
    """What is written in place of the defaults of a method; refused where it is not what runs."""
    setter = f"{part.name}.setter"
    ways = [ast.unparse(d) for d in part.decorator_list]
    for decorator, way in zip(part.decorator_list, ways, strict=True):
        is_abstract = getattr(held, "__isabstractmethod__", False)
        if is_abstract and way.rpartition(".")[2] == "abstractmethod":
            yield decorator, code_of(abc.abstractmethod)
        elif way not in _WAYS and way != setter:
            raise Unwritable(f"{what} has a decorated method")
    fn = (held.fset if setter in ways else held.fget) if isinstance(held, property) else held
    fn = getattr(fn, "__func__", fn)
    if not isinstance(fn, FunctionType):
        raise Unwritable(f"{what} was changed since it was made")
    if set(fn.__code__.co_freevars) - {"__class__"}:
        raise Unwritable(f"{what} reads variables of the function that made it")
    if not any(isinstance(c, CodeType) and does_the_same(c, fn.__code__) for c in codes):
        raise Unwritable(f"{what} has a source that was changed since it was made")
    for default, value in defaults_of(part.args, fn):
        yield _value(default, value, f"default in {part.name}", code_of, what)


def _held_as(name: str, kind: str) -> str:
    """What a class holds a method as: one that is hidden goes by the name of its class, too."""
    hidden = name.startswith("__") and not name.endswith("__")
    return f"_{kind.lstrip('_')}{name}" if hidden else name


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def given_to(obj: Any, found: WrittenClass) -> dict[str, Any] | None:
    """The arguments with which its class makes an object as it is; None where that is not seen.

    It is where ``__init__`` does nothing but keep its arguments, and values that the source says.
    """
    held = vars(obj)
    (node,) = [n for n in ast.parse(found.text).body if isinstance(n, ast.ClassDef)]
    init: Any = next((n for n in node.body if getattr(n, "name", "") == "__init__"), None)
    if init is None:
        return {} if not held and not node.bases else None
    if init.args.vararg or init.args.kwarg or init.args.posonlyargs or init.args.kwonlyargs:
        return None
    own, *names = [arg.arg for arg in init.args.args]
    given, done = dict[str, Any](), set[str]()
    for target, made in _assignments(init.body):
        if not (isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)):
            return None
        if target.value.id != own or target.attr in done or target.attr not in held:
            return None
        value = held[target.attr]
        done.add(target.attr)
        if isinstance(made, ast.Name) and made.id in names:
            if not same(given.setdefault(made.id, value), value):
                return None
        elif not (made is not None and _is_literal(made)):
            return None
        elif not same(ast.literal_eval(made), value):
            return None
    kept = done == held.keys() and given.keys() == set(names)
    return {name: given[name] for name in names} if kept else None


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[ast.expr | None, ast.expr | None]]:
    """What is assigned, and what to; one of nothing where something else is done."""
    for part in body:
        if isinstance(part, ast.Assign) and len(part.targets) == 1:
            (target,), value = part.targets, part.value
            if not (isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)):
                yield target, value
            elif len(target.elts) == len(value.elts):
                yield from zip(target.elts, value.elts, strict=True)
            else:
                yield None, None
        elif not (_is_text(part) or isinstance(part, ast.Pass)):
            yield None, None
