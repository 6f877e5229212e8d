"""The source of a person's own class, as it was written, and what makes an object of it again.

A class whose source is all that there is of it is written: methods that are what runs, and values
that the source says. An object is made by its class, where that is seen to give it what it has;
else without it, and given its attributes.
"""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from nengolab.building.indentation import shifted
from nengolab.building.same import does_the_same, same
from nengolab.building.sources import Unwritable

_OF_PYTHON = {
    *("__module__", "__dict__", "__weakref__", "__doc__", "__qualname__"),
    *("__firstlineno__", "__static_attributes__", "__annotations__", "__hash__"),
}
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


def written_class(kind: type) -> WrittenClass:
    """The source of a class that has no other than ``object`` below it.

    Raises
    ------
    Unwritable
        Where it cannot be found, or is not all that the class is.
    """
    what = f"is a {kind.__name__}, whose class"
    if kind.__bases__ != (object,) or type(kind) is not type:
        raise Unwritable(f"{what} is made of other classes")
    if special := sorted(_SPECIAL & vars(kind).keys()):
        raise Unwritable(f"{what} says in {special[0]} how its objects are made or read")
    methods = tuple(_methods(kind))
    found = _found(methods[0].__code__) if methods else None
    if found is None:
        raise Unwritable(f"is an object, a {kind.__name__}, which has no source")
    text, node = found
    if node.decorator_list:
        raise Unwritable(f"{what} is decorated")
    _check(kind, node, text, methods, what)
    annotated = any(isinstance(n, ast.arg) and n.annotation for n in ast.walk(node))
    annotated |= any(isinstance(n, ast.FunctionDef) and n.returns for n in ast.walk(node))
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


def _found(code: CodeType) -> tuple[str, ast.ClassDef] | None:
    """The text and the definition of the class that a method stands in."""
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
    return text, around[0]


def _is_of(node: ast.stmt, code: CodeType) -> bool:
    """Whether a method was made of a definition."""
    if not isinstance(node, ast.FunctionDef) or node.name != code.co_name:
        return False
    return code.co_firstlineno == min([node.lineno, *(d.lineno for d in node.decorator_list)])


def _check(
    kind: type, node: ast.ClassDef, text: str, methods: tuple[FunctionType, ...], what: str
) -> None:
    """Refuse a source that says more or less than the class holds."""
    made = compile(text, "<check>", "exec").co_consts[0]
    own = [const for const in made.co_consts if isinstance(const, CodeType)]
    for method in methods:
        defaults = [*(method.__defaults__ or ()), *(method.__kwdefaults__ or {}).values()]
        if method.__code__.co_freevars:
            raise Unwritable(f"{what} reads variables of the function that made it")
        if not all(map(_is_plain, defaults)):
            raise Unwritable(f"{what} has other than plain defaults in {method.__name__}")
        if not any(does_the_same(code, method.__code__) for code in own):
            raise Unwritable(f"{what} has a source that was changed since it was made")
    said: set[str] = set()
    for part in node.body:
        if isinstance(part, ast.FunctionDef):
            said.add(_held_as(part.name, node.name))
            ways = [ast.unparse(d) for d in part.decorator_list]
            if not all(way in _WAYS or way == f"{part.name}.setter" for way in ways):
                raise Unwritable(f"{what} has a decorated method")
            defaults = [*part.args.defaults, *(d for d in part.args.kw_defaults if d is not None)]
            if not all(_is_literal(d) for d in defaults):
                raise Unwritable(f"{what} has other than plain defaults in {part.name}")
        elif isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name):
            name = part.targets[0].id
            said.add(name)
            plain = len(part.targets) == 1 and _is_literal(part.value)
            if not plain or not same(ast.literal_eval(part.value), vars(kind).get(name)):
                raise Unwritable(f"{what} has a {name} that its source does not say")
        elif not (isinstance(part, ast.Pass) or _is_text(part)):
            raise Unwritable(f"{what} has more in it than methods and values")
    if said != vars(kind).keys() - _OF_PYTHON:
        raise Unwritable(f"{what} was changed since it was made")


def _held_as(name: str, kind: str) -> str:
    """What a class holds a method as: one that is hidden goes by the name of its class, too."""
    hidden = name.startswith("__") and not name.endswith("__")
    return f"_{kind.lstrip('_')}{name}" if hidden else name


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, int | float | str)


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
        return {} if not held else None
    if init.args.vararg or init.args.kwarg or init.args.posonlyargs or init.args.kwonlyargs:
        return None
    own, *names = [arg.arg for arg in init.args.args]
    given, done = dict[str, Any](), set[str]()
    for part in init.body:
        if _is_text(part) or isinstance(part, ast.Pass):
            continue
        target = part.targets[0] if isinstance(part, ast.Assign) else None
        if not (isinstance(target, ast.Attribute) and len(part.targets) == 1):
            return None
        if not (isinstance(target.value, ast.Name) and target.value.id == own):
            return None
        if target.attr in done or target.attr not in held:
            return None
        value = held[target.attr]
        done.add(target.attr)
        if isinstance(part.value, ast.Name) and part.value.id in names:
            if not same(given.setdefault(part.value.id, value), value):
                return None
        elif not (_is_literal(part.value) and same(ast.literal_eval(part.value), value)):
            return None
    kept = done == held.keys() and given.keys() == set(names)
    return {name: given[name] for name in names} if kept else None
