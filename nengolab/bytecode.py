"""Whether two pieces of byte code, or two classes, do the same."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

# Where a name is imported in the same file, Python calls what it holds without these.
_NOTHING = {"CACHE", "PRECALL", "PUSH_NULL", "NOP", "EXTENDED_ARG", "RESUME"}
_SAME = {"LOAD_METHOD": "LOAD_ATTR"}
# What Python notes of a class itself.
OF_PYTHON = {
    *("__module__", "__dict__", "__weakref__", "__doc__", "__qualname__", "__abstractmethods__"),
    *("__firstlineno__", "__static_attributes__", "__annotations__", "__hash__", "_abc_impl"),
    *("__annotate_func__", "__annotations_cache__", "__parameters__"),
}
_PLAIN = (bool, int, float, complex, str, bytes)
_PARTS = ("co_varnames", "co_freevars", "co_cellvars", "co_argcount", "co_posonlyargcount")


def same_code(a: CodeType, b: CodeType, same_value: Callable[[Any, Any], bool]) -> bool:
    """Whether two pieces of byte code do the same, wherever they were written.

    Parameters
    ----------
    a, b : code
    same_value : callable
        Whether two constants are the same.
    """
    if a is b:
        return True
    if any(getattr(a, part) != getattr(b, part) for part in (*_PARTS, "co_kwonlyargcount")):
        return False
    if len(a.co_consts) != len(b.co_consts) or list(_steps(a)) != list(_steps(b)):
        return False
    return all(
        same_code(x, y, same_value)
        if isinstance(x, CodeType) and isinstance(y, CodeType)
        else type(x) is type(y) and (x is y or same_value(x, y))
        for x, y in zip(a.co_consts, b.co_consts, strict=True)
    )


def same_class(a: type, b: type, same_value: Callable[[Any, Any], bool]) -> bool:
    """Whether two classes are one, or made of definitions that say the same.

    A definition that runs again, as a cell or a file does, makes another class.

    Parameters
    ----------
    a, b : type
    same_value : callable
        Whether two values are the same that classes, or the functions in them, hold.
    """
    if a is b:
        return True
    if type(a) is not type(b) or a.__qualname__ != b.__qualname__:
        return False
    first, second = ({k: v for k, v in vars(c).items() if k not in OF_PYTHON} for c in (a, b))
    return (
        first.keys() == second.keys()
        and all(_same_member(first[name], second[name], same_value) for name in first)
        and len(a.__bases__) == len(b.__bases__)
        and all(same_class(x, y, same_value) for x, y in zip(a.__bases__, b.__bases__, strict=True))
    )


def _same_member(a: Any, b: Any, same_value: Callable[[Any, Any], bool]) -> bool:
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, staticmethod | classmethod):
        return _same_member(a.__func__, b.__func__, same_value)
    if isinstance(a, property):
        parts = ("fget", "fset", "fdel")
        return all(_same_member(getattr(a, p), getattr(b, p), same_value) for p in parts)
    if not isinstance(a, FunctionType):
        return same_value(a, b)
    given = ((f.__defaults__, f.__kwdefaults__, _captured(f)) for f in (a, b))
    alike = same_code(a.__code__, b.__code__, same_value) and same_constants(a, b)
    return alike and same_value(*given)


def _captured(fn: FunctionType) -> list[Any]:
    """What a method captured, but the class that it is of."""
    cells = zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=True)
    return [cell.cell_contents for name, cell in cells if name != "__class__"]


def same_constants(a: FunctionType, b: FunctionType) -> bool:
    """Whether the numbers and texts are the same that two functions read of their modules."""
    first, second = (
        {name: f.__globals__.get(name) for name in read_by(f.__code__)} for f in (a, b)
    )
    both = first.keys() & second.keys()
    return all(
        repr(first[name]) == repr(second[name])  # NaN is as it was
        for name in both
        if isinstance(first[name], _PLAIN) and isinstance(second[name], _PLAIN)
    )


def read_by(code: CodeType) -> list[str]:
    """The names that byte code reads of its module, or of Python's own."""
    return list(dict.fromkeys(named(code, "LOAD_GLOBAL", "LOAD_NAME")))


def named(code: CodeType, *operations: str) -> Iterator[str]:
    """Names with which operations are done in byte code and what is defined in it."""
    for part in (code, *inner_codes(code)):
        for step in dis.get_instructions(part):
            if step.opname in operations:
                yield step.argval


def inner_codes(code: CodeType) -> Iterator[CodeType]:
    """The byte code of all that is defined in a piece of it."""
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from inner_codes(const)


def _steps(code: CodeType) -> Iterator[tuple[str, Any]]:
    """What is done, jumps by the number of the step that they lead to."""
    steps = list(dis.get_instructions(code))
    places, count = {}, 0
    for step in steps:
        places[step.offset] = count
        count += step.opname not in _NOTHING
    for step in steps:
        if step.opname in _NOTHING:
            continue
        jumps = step.opcode in dis.hasjrel or step.opcode in dis.hasjabs
        value = step.arg if step.opcode in dis.hasconst else step.argval
        value = places.get(step.argval) if jumps else value
        yield _SAME.get(step.opname, step.opname), value
    table = dis._parse_exception_table(code)  # type: ignore[attr-defined]
    for entry in table:
        yield "except", (places.get(entry.start), places.get(entry.target), entry.depth)
