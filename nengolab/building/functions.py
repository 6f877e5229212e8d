"""Functions as code: by import, by their source, or by a function that makes them."""

from __future__ import annotations

import abc
import builtins
import functools
import inspect
import keyword
import types
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, Protocol

import nengo
import numpy as np
from nengo.base import NengoObject
from nengo.params import FrozenObject, iter_params

from nengolab.building.classes import WrittenClass, given_to, written_class
from nengolab.building.imports import Imports, is_installed, path_of
from nengolab.building.same import parts_of
from nengolab.building.sources import (
    Unwritable,
    Written,
    builtins_of,
    captured,
    globals_of,
    written,
)
from nengolab.bytecode import read_by

# Classes that give objects nothing to hold.
_BARE = (abc.ABC, Generic, Protocol)
_MUTABLE = (list, dict, set, np.ndarray)
_PLAIN = (str, bytes, int, float, complex, types.ModuleType, NengoObject, nengo.Network, *_MUTABLE)


class Functions:
    """Writes functions, and what they need, above what uses them.

    Parameters
    ----------
    imports : Imports
    value_of : callable
        Gives the code of a value.
    left_out : callable
        Is told of an attribute of a function that cannot be written, why, and its value.
    refer : callable
        Gives what an object of the network is called where a function is used; None where it is
        not there yet.

    Attributes
    ----------
    definitions : list of str
        In order; each by itself.
    annotated : bool
        Whether types are written in them.
    """

    def __init__(
        self,
        imports: Imports,
        value_of: Callable[[Any], str],
        left_out: Callable[[str, str, Any], None],
        refer: Callable[[Any], str | None],
    ):
        self._imports, self._value_of, self._left_out = imports, value_of, left_out
        self._refer, self._refers = refer, False
        self.definitions: list[str] = []
        self.annotated = False
        self._known: dict[
            int, tuple[Any, str]
        ] = {}  # with the object, so that its id stays its own
        self._makers: dict[tuple[str, tuple[str, ...]], str] = {}
        self._often: set[int] = set()
        self._being_made: set[int] = set()

    def often(self, fn: Any) -> None:
        """Note that a function is used in several places, so it gets a name."""
        self._often.add(id(fn))

    def is_often(self, fn: Any) -> bool:
        """Whether it was noted so."""
        return id(fn) in self._often

    def write(self, fn: Any) -> str:
        """The code of a function.

        Raises
        ------
        Unwritable
            Where there is none.
        """
        if id(fn) in self._known:
            return self._known[id(fn)][1]
        if isinstance(fn, functools.partial):
            return self._partial(fn)
        if self._is_imported(fn):
            return str(self._imports.object(fn))
        if isinstance(fn, types.MethodType) and isinstance(fn.__self__, type):
            called = self._imports.object(fn.__self__)
            if called is not None and getattr(fn.__self__, fn.__name__, None) == fn:
                return f"{called}.{fn.__name__}"
        if isinstance(fn, types.MethodType) and not isinstance(fn.__self__, type):
            return self._method(fn)
        if not isinstance(fn, types.FunctionType):
            return self._object(fn)
        try:
            return self._source(fn)
        except Unwritable:
            called = self._imports.object(fn)
            if called is None:
                raise
            return called

    def _method(self, fn: types.MethodType) -> str:
        """A method of a person's own object."""
        owner = fn.__self__
        if inspect.getattr_static(type(owner), fn.__name__, None) is not fn.__func__:
            raise Unwritable(_why_not(fn))
        try:
            return f"{self._object(owner)}.{fn.__name__}"
        except Unwritable as err:
            why = str(err)
            own = why.startswith(f"is an object, a {type(owner).__name__},")
            what = why.removeprefix("is ") if own else f"an object that {why}"
            raise Unwritable(f"is a method of {what}") from None

    def _object(self, obj: Any) -> str:
        """The variable that holds a person's own object, with its class above it."""
        if id(obj) in self._known:
            return self._known[id(obj)][1]
        kind = type(obj)
        home = path_of(kind)
        if not hasattr(obj, "__dict__") or (home is not None and is_installed(home[0])):
            raise Unwritable(_why_not(obj))
        for base in kind.__mro__[1:-1]:
            home = path_of(base)
            if base not in _BARE and home is not None and is_installed(home[0]):
                raise Unwritable(f"is a {kind.__name__}, and more than that: a {base.__name__}")
        with self._making(obj, f"is a {kind.__name__}, which holds itself"):
            return self._made(obj, written_class(kind, self._held))

    @contextmanager
    def _making(self, obj: Any, itself: str) -> Iterator[None]:
        """Refuse what needs itself to be written."""
        if id(obj) in self._being_made:
            raise Unwritable(itself)
        self._being_made.add(id(obj))
        try:
            yield
        finally:
            self._being_made.discard(id(obj))

    def class_of(self, kind: type, wanted: str | None = None) -> str:
        """The name of a person's own class, written above; ``wanted`` where it has none yet.

        Raises
        ------
        Unwritable
            Where its source is not all that there is of it.
        """
        if id(kind) in self._known:
            return self._known[id(kind)][1]
        with self._making(kind, f"is of the class {kind.__name__}, which reads itself"):
            return self._class(kind, written_class(kind, self._held), wanted)

    def _made(self, obj: Any, found: WrittenClass) -> str:
        given = given_to(obj, found)
        held = vars(obj) if given is None else given
        if not all(map(_is_plain_name, held)):
            raise Unwritable(f"is a {found.name}, which has attributes that are no names")
        texts = {name: self._captured(name, value) for name, value in held.items()}
        if self._refers:
            raise Unwritable(f"is a {found.name}, which is given an object of the network")
        kind = self._class(type(obj), found)
        wanted = found.name.lower()
        called = self._imports.new(f"{wanted}_1" if wanted == found.name else wanted, obj)
        if given is None:
            lines = [f"{called} = {kind}.__new__({kind})"]
            lines += [f"{called}.{name} = {text}" for name, text in texts.items()]
        else:
            arguments = ", ".join(f"{name}={text}" for name, text in texts.items())
            lines = [f"{called} = {kind}({arguments})"]
        self.keep(obj, called, "\n".join(lines))
        return called

    def _class(self, kind: type, found: WrittenClass, wanted: str | None = None) -> str:
        """The name of a class that is written; ``wanted`` where something reads it by that."""
        if id(kind) in self._known:
            return self._known[id(kind)][1]
        read = {name: value for fn in found.methods for name, value in globals_of(fn).items()}
        if read.get(found.name, kind) is not kind:
            raise Unwritable(f"is a {found.name}, whose class calls something else so, too")
        if read.pop(found.name, None) is not None:
            wanted = found.name
        for name, value in read.items():
            self._bind(name, value)
        for fn in found.methods:
            for name in builtins_of(fn):
                self._keep_own(name)
        self.annotated |= found.annotated
        try:
            if wanted is not None:
                self._imports.give(wanted, kind)
        except ValueError as err:
            raise Unwritable(f"is a {found.name}, whose class is read, and {err}") from None
        called = wanted or self._imports.new(found.name, kind)
        if called != found.name and found.hides:
            raise Unwritable(f"is a {found.name}, whose class hides names, and that one is taken")
        self.keep(kind, called, found.named(called))
        return called

    def keep(self, fn: Any, called: str, definition: str) -> None:
        """Write a function as something else that is called so."""
        self._known[id(fn)] = (fn, called)
        self.definitions.append(definition)

    def _is_imported(self, fn: Any) -> bool:
        """Whether a library has it under a name, so that nobody wants to see its source."""
        if isinstance(fn, types.MethodType):
            return False
        found = path_of(fn)
        if found is None:
            return False
        plain = isinstance(fn, types.FunctionType) and not isinstance(fn, np.ufunc)
        return not plain or is_installed(found[0])

    def _partial(self, fn: functools.partial) -> str:
        given = [self.write(fn.func), *map(self._value_of, fn.args)]
        given += [f"{name}={self._value_of(value)}" for name, value in fn.keywords.items()]
        return f"{self._imports.module(functools)}.partial({', '.join(given)})"

    def _source(self, fn: types.FunctionType) -> str:
        before, self._refers = self._refers, False
        try:
            return self._from_source(fn)
        finally:
            self._refers = self._refers or before

    def _given(self, value: Any) -> str:
        """The code of a value that a function is given where it is used: of objects, too."""
        called = self._refer(value) if isinstance(value, NengoObject) else None
        self._refers = self._refers or called is not None
        return self._value_of(value) if called is None else called

    def _from_source(self, fn: types.FunctionType) -> str:
        found = written(fn, self._given)
        held, read = captured(fn), globals_of(fn)
        named = None
        if not found.is_lambda and not held:
            named = self._name(found, fn, read)
            self._known[id(fn)] = (fn, named)  # it may call itself
        try:
            for name, value in read.items():
                if value is not fn:
                    self._bind(name, value)
            for name in builtins_of(fn):
                self._keep_own(name)
            values = [self._captured(name, value) for name, value in held.items()]
        except Unwritable:
            self._known.pop(id(fn), None)
            raise
        if self._refers and (named is not None or self._is_named(fn)):
            self._known.pop(id(fn), None)
            raise Unwritable("is defined above the network, and is given an object of it")
        self.annotated |= found.annotated
        if held:
            called = f"{self._maker(found, tuple(held))}({', '.join(values)})"
            return self._called(fn, "function", called) if self._is_named(fn) else called
        if found.is_lambda:
            if self._is_named(fn):
                return self._called(fn, "function", found.text)
            return found.text
        assert named is not None
        lines = self._attributes(fn, named)
        self.definitions.append(
            "\n".join([found.named(named), *(["", ""] if lines else []), *lines])
        )
        return named

    def _is_named(self, fn: Any) -> bool:
        return id(fn) in self._often or bool(_set_of(fn))

    def _attributes(self, fn: Any, called: str) -> list[str]:
        """The lines that give a function its attributes."""
        lines = []
        for name, value in _set_of(fn).items():
            try:
                text = self._value_of(value)
                set_by_name = f"setattr({called}, {name!r}, {text})"
                plain = f"{called}.{name} = {text}"
                lines.append(plain if _is_plain_name(name) else set_by_name)
            except Unwritable as err:
                self._left_out(f"{called}.{name}", str(err), value)
        return lines

    def _name(self, found: Written, fn: Any, read: dict[str, Any]) -> str:
        wanted = found.name
        if wanted in read and read[wanted] is not fn:
            raise Unwritable(f"calls something else {wanted} as well")
        if wanted not in read:
            return self._imports.new(wanted, fn)
        try:
            self._imports.give(wanted, fn)
        except ValueError:
            raise Unwritable(f"calls itself {wanted}, as something else is called too") from None
        return wanted

    def _called(self, fn: Any, wanted: str, expression: str) -> str:
        named = self._imports.new(wanted, fn)
        text = f"({expression})" if "\n" in expression else expression
        self.keep(fn, named, "\n".join([f"{named} = {text}", *self._attributes(fn, named)]))
        return named

    def _maker(self, found: Written, names: tuple[str, ...]) -> str:
        key = (found.text, names)
        if key not in self._makers:
            stem = "make_function" if found.is_lambda else f"make_{found.name}"
            called = self._makers[key] = self._imports.new(stem, found)
            self.definitions.append(found.within(names, called))
        return self._makers[key]

    def _held(self, value: Any) -> str:
        """The code of a value that a class holds."""
        return self._captured("held", value)

    def _captured(self, name: str, value: Any) -> str:
        if not isinstance(value, _MUTABLE):
            return self._given(value)
        if id(value) not in self._known:  # what several functions may change is one thing
            named = self._imports.new(name, value)
            self.keep(value, named, f"{named} = {self._value_of(value)}")
        return self._known[id(value)][1]

    def _bind(self, name: str, value: Any) -> None:
        """Let a name of a function's module mean the same in the module that is written."""
        try:
            if self._is_bound(name, value):
                return
            text = self._known[id(value)][1] if id(value) in self._known else self._value_of(value)
            if text == name:
                return
            self._imports.give(name, value)
        except ValueError as err:
            raise Unwritable(f"reads {name}, and {err}") from None
        self.definitions.append(f"{name} = {text}")
        if isinstance(value, (*_MUTABLE, types.FunctionType)):
            self._known[id(value)] = (value, name)

    def _keep_own(self, name: str) -> None:
        """Let a name stay one of Python's own."""
        try:
            self._imports.give(name, getattr(builtins, name))
        except ValueError as err:
            raise Unwritable(f"reads {name}, and {err}") from None

    def _is_bound(self, name: str, value: Any) -> bool:
        """Whether an import, or nothing, is all that a name needs."""
        if self._imports.holds(name, value):
            return True
        if isinstance(value, types.ModuleType):
            self._imports.module(value, name)
            return True
        if isinstance(value, type) or self._is_imported(value):
            if self._imports.object(value, name) is not None:
                return True
            if isinstance(value, type):
                return self.class_of(value, name) == name
            raise Unwritable(f"reads {name}, a class that cannot be imported")
        return False


def names_read(fn: Any) -> set[str]:
    """The names that a function, and all that it is made of, reads of a module."""
    found: set[str] = set()
    todo, seen = [fn], set[int]()
    while todo:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, functools.partial):
            todo += [one.func, *one.args, *one.keywords.values()]
        elif isinstance(one, types.MethodType):
            todo += [one.__func__, one.__self__]
        elif isinstance(one, types.FunctionType) and not is_installed_function(one):
            names = set(read_by(one.__code__))
            found |= names
            todo += [one.__globals__[name] for name in names if name in one.__globals__]
            todo += [*(one.__defaults__ or ()), *(one.__kwdefaults__ or {}).values()]
            todo += [cell.cell_contents for cell in one.__closure__ or () if _is_filled(cell)]
        elif isinstance(one, type) or not isinstance(one, _PLAIN):
            kind = one if isinstance(one, type) else type(one)
            if (home := path_of(kind)) is None or not is_installed(home[0]):
                todo += [f for f in vars(kind).values() if isinstance(f, types.FunctionType)]
                todo += [base for base in kind.__bases__ if base is not object]
                todo += [] if one is kind else list(getattr(one, "__dict__", {}).values())
    return found


def own_classes(network: nengo.Network) -> list[type]:
    """A person's own classes of processes, neurons and all else that objects are given."""
    found: dict[type, None] = {}
    todo = [getattr(obj, name) for obj in network.all_objects for name in iter_params(type(obj))]
    seen = set[int]()
    while todo:
        one = todo.pop()
        if isinstance(one, FrozenObject) and id(one) not in seen:
            seen.add(id(one))
            todo += parts_of(one).values()
            home = path_of(type(one))
            if home is None or not is_installed(home[0]):
                found[type(one)] = None
    return list(found)


def is_installed_function(fn: types.FunctionType) -> bool:
    """Whether a function is a library's, which is imported."""
    found = path_of(fn)
    return found is not None and is_installed(found[0])


def _is_plain_name(name: str) -> bool:
    """Whether an attribute can be written behind a dot."""
    plain = name.isidentifier() and not keyword.iskeyword(name)
    return plain and unicodedata.normalize("NFKC", name) == name


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _set_of(fn: Any) -> dict[str, Any]:
    """The attributes that somebody gave a function; not what Python's own tools note in it."""
    return {name: held for name, held in vars(fn).items() if not name.startswith("__")}


def _why_not(fn: Any) -> str:
    if isinstance(fn, types.MethodType):
        return f"is a method of an object, a {type(fn.__self__).__name__}, which has no source"
    return f"is an object, a {type(fn).__name__}, which has no source"
