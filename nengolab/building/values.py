"""Any value as code: numbers, arrays, Nengo's frozen objects, functions, Keras layers."""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
import scipy.sparse
from nengo.base import NengoObject
from nengo.params import FrozenObject, NdarrayParam, Parameter
from nengo.synapses import Lowpass, SynapseParam
from nengo.transforms import ChannelShape, Sparse, SparseMatrix

from nengolab.building.absent import instead_of
from nengolab.building.arguments import NOTHING, Argument, Arguments, arguments, signature, usual
from nengolab.building.arrays import array, number
from nengolab.building.functions import Functions
from nengolab.building.imports import Imports, is_installed, path_of
from nengolab.building.keras_layers import is_keras, layer_call
from nengolab.building.repeating import SIGN
from nengolab.building.same import parts_of, same
from nengolab.building.sources import Unwritable
from nengolab.building.vocabularies import Vocabularies, is_of_pointers

_NUMBERS = (bool, int, float, complex, np.generic)
_CALLABLE = (types.FunctionType, types.BuiltinFunctionType, types.MethodType, np.ufunc)


@dataclass(frozen=True)
class Missing:
    """What could not be written as code.

    Attributes
    ----------
    name : str
        Of its stub in the code; empty where it has none.
    reason : str
    value : object
        What it is.

    Examples
    --------
    >>> with net:
    ...     large = nengo.Node(np.arange(80) ** 2.0, label="large")
    >>> print(nengolab.to_code(net).missing[0].reason)
    the output of 'large' is an array of 80 numbers, more than 64
    """

    name: str
    reason: str
    value: Any = field(repr=False)


class Values:
    """Writes values.

    Parameters
    ----------
    imports : Imports
    most : int
        Numbers of an array that are written out.
    default_of : callable
        Of a class and the name of an attribute, what the config says where the value is written.
    seeds : iterable of int
        Of the networks.
    refer : callable
        What an object of the network is called, where it is there already.
    """

    def __init__(
        self,
        imports: Imports,
        most: int,
        default_of: Callable[[type, str], Any],
        seeds: Iterable[int] = (),
        refer: Callable[[Any], str | None] = lambda obj: None,
    ):
        self._imports, self._most, self._default_of = imports, most, default_of
        self.missing: list[Missing] = []
        self.functions = Functions(imports, self.write, self.leave_out, refer)
        self._stubs: dict[int, str] = {}
        define = self.functions.definitions.append
        self._vocabularies = Vocabularies(imports, self.write, define, seeds)

    def np(self) -> str:
        """What NumPy is called."""
        return self._imports.module(np)

    def name(self, wanted: str, value: Any) -> str:
        """A name in the code for a value."""
        return self._imports.new(wanted, value)

    def leave_out(self, name: str, reason: str, value: Any) -> None:
        """Note that an attribute is not set, and why."""
        self.missing.append(Missing(name, f"{name} {reason}", value))

    def shared(self, value: Any, wanted: str) -> str:
        """The code of a value that is one thing wherever it is used.

        Raises
        ------
        Unwritable
            Where there is none.
        """
        if id(value) not in self._stubs:
            text = self.write(value)
            if not self.functions.is_often(value):
                return text
            name = self._stubs[id(value)] = self.name(wanted, value)
            self.functions.definitions.append(f"{name} = {text}")
        return self._stubs[id(value)]

    # -- with a stub ---------------------------------------------------------------------------

    def argument(self, argument: Argument, about: str) -> str:
        """The code of an argument; a stub where it has none.

        Raises
        ------
        Unwritable
            Where no stub can take its place.
        """
        if id(argument.value) in self._stubs:
            return self._stubs[id(argument.value)]
        try:
            return self.write(argument.value, argument.param)
        except Unwritable as err:
            if instead_of(argument.value) is None:
                raise
            return self._stub(argument, f"the {argument.name} of {about} {err}")

    def _stub(self, argument: Argument, reason: str) -> str:
        kind, given = instead_of(argument.value) or (None, {})
        name = self._imports.new(f"missing_{argument.name}", argument.value)
        called = self._imports.object(kind)
        rest = "".join(f", {key}={self.write(value)}" for key, value in given.items())
        self.functions.definitions.append(f"{name} = {called}({reason!r}{rest})")
        self._stubs[id(argument.value)] = name
        self.missing.append(Missing(name, reason, argument.value))
        return name

    # -- values --------------------------------------------------------------------------------

    def write(self, value: Any, param: Parameter | None = None) -> str:
        """The code of a value, for a parameter where one is given.

        Raises
        ------
        Unwritable
            Where there is none.
        """
        if value is None or value is Ellipsis or isinstance(value, str | bytes):
            return "..." if value is Ellipsis else _text(value)
        if isinstance(value, Enum):
            return f"{self._path(type(value))}.{value.name}"
        if isinstance(value, _NUMBERS):
            return number(value, self.np)
        if isinstance(value, np.ndarray):
            return self._array(value, param)
        if isinstance(value, list | tuple | set | frozenset | dict | slice | range):
            return self._container(value)
        if scipy.sparse.issparse(value):
            return self._sparse(value)
        if isinstance(value, type) or isinstance(value, types.ModuleType):
            return self._path(value)
        if isinstance(value, FrozenObject | ChannelShape):
            return self._frozen(value, param)
        if is_keras(value):
            return layer_call(value, self.write, self._path)
        if is_dataclass(value):
            return self._dataclass(value)
        if isinstance(value, Parameter):
            return self._by_arguments(value)
        if is_of_pointers(value):
            return self._vocabularies.write(value)
        if (text := self._record(value)) is not None:
            return text
        if callable(value) and not isinstance(value, NengoObject):
            return self.functions.write(value)
        raise Unwritable(f"is an object, a {type(value).__name__}, which has no source")

    def _path(self, obj: Any) -> str:
        if isinstance(obj, types.ModuleType):
            return self._imports.module(obj)
        called = self._imports.object(obj)
        if called is None and isinstance(obj, type):
            return self.functions.class_of(obj)
        if called is None:
            raise Unwritable(f"is of the class {obj.__qualname__}, which cannot be imported")
        return called

    def _array(self, value: np.ndarray, param: Parameter | None) -> str:
        numbers: Any = param
        kind = numbers.dtype if isinstance(param, NdarrayParam) else None
        plain = kind is not None and np.dtype(kind) == value.dtype
        text = array(value, self.np, self._most, plain)
        if text is None:
            shape = "x".join(map(str, value.shape))
            raise Unwritable(
                f"is an array of {shape} numbers, more than {self._most}"
                if value.dtype.kind in "fiub"
                else f"is an array of {value.dtype}"
            )
        return text

    def _container(self, value: Any) -> str:
        if isinstance(value, slice):
            return f"slice({self.write(value.start)}, {self.write(value.stop)}, " + (
                f"{self.write(value.step)})"
            )
        if isinstance(value, range):
            return repr(value)
        if isinstance(value, dict):
            if type(value) is not dict:
                raise Unwritable(f"is a {type(value).__name__}, which has no source")
            return f"{{{', '.join(f'{self.write(k)}: {self.write(v)}' for k, v in value.items())}}}"
        parts = [self.write(part) for part in value]
        if type(value) is list:
            return f"[{', '.join(parts)}]"
        if type(value) is tuple:
            return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"
        if hasattr(value, "_fields"):
            return f"{self._path(type(value))}({', '.join(parts)})"
        return f"{type(value).__name__}([{', '.join(sorted(parts))}])"

    def _sparse(self, value: Any) -> str:
        if value.nnz > self._most:
            raise Unwritable(f"is a sparse matrix of {value.nnz} numbers, more than {self._most}")
        made = value.tocoo()
        parts = [self._array(part, None) for part in (made.data, made.row, made.col)]
        shape = tuple(map(int, value.shape))
        called = self._path(type(made))
        text = f"{called}(({parts[0]}, ({parts[1]}, {parts[2]})), shape={shape})"
        return text if value.format == "coo" else f"{text}.asformat({value.format!r})"

    def _dataclass(self, value: Any) -> str:
        given = []
        for f in fields(value):
            held = getattr(value, f.name)
            if f.init and not (same(held, f.default)):
                given.append(f"{f.name}={self.write(held)}")
        return f"{self._path(type(value))}({', '.join(given)})"

    def _record(self, value: Any) -> str | None:
        """The call of a library's class that holds its arguments and nothing else; else None."""
        kind = type(value)
        found = None if isinstance(value, _CALLABLE) else path_of(kind)
        held = getattr(value, "__dict__", {})
        if found is None or not held or not is_installed(found[0]):
            return None
        names = [p.name for p in signature(kind) if p.kind is p.POSITIONAL_OR_KEYWORD]
        if set(names) != set(held) or any(vars(_made(kind, held))[n] is not held[n] for n in names):
            return None
        texts = [f"{name}={self.write(held[name])}" for name in names]
        return f"{self._path(kind)}({', '.join(texts)})"

    # -- Nengo's frozen objects ----------------------------------------------------------------

    def _frozen(self, value: Any, param: Parameter | None) -> str:
        if type(value) is Lowpass and isinstance(param, SynapseParam):
            if same(value, Lowpass(value.tau)):
                return self.write(value.tau)
        return self._by_arguments(value)

    def _by_arguments(self, value: Any) -> str:
        called = self._path(type(value))
        found = _sparse_arguments(value) or arguments(value)
        given = {a.name: a.value for a in found.given}
        given |= self._kept_beside(value, given, found.more)
        texts = []
        for argument in found.given:
            if argument.name not in given:
                continue
            held = given[argument.name]
            if argument.default is not NOTHING and argument.default is not None:
                if same(held, usual(argument, type(value), self._default_of)):
                    continue
            elif held is None and argument.default is None:
                continue
            if isinstance(held, ChannelShape):
                shape: Any = held
                held = shape.shape if shape.channels_last == value.channels_last else held
            text = self._nested(argument, held, value, given)
            in_order = argument.first and len(texts) == found.given.index(argument)
            texts.append(text if in_order else f"{argument.name}={text}")
        known = {a.name for a in found.given}
        texts += [f"{name}={self.write(held)}" for name, held in given.items() if name not in known]
        return f"{called}({', '.join(texts)})"

    def _nested(self, argument: Argument, held: Any, value: Any, given: dict[str, Any]) -> str:
        """An argument inside of a value: as it is, or a stub where the value can be made of one."""
        inside = Argument(argument.name, argument.attribute, held, None, argument.param, False)
        try:
            return self.write(held, argument.param)
        except Unwritable:
            stub = instead_of(held)
            if stub is None:
                raise
            try:
                type(value)(**given | {argument.name: stub[0]("", **stub[1])})
            except Exception:
                pass
            else:
                return self.argument(inside, f"a {type(value).__name__}")
            raise

    def _kept_beside(self, value: Any, given: dict[str, Any], more: bool) -> dict[str, Any]:
        """What a value holds that its arguments do not make, where other names are taken too."""
        extra: dict[str, Any] = {}
        for _ in range(2):
            made = _made(type(value), given | extra)
            wanted, held = parts_of(value), parts_of(made)
            if wanted.keys() == held.keys():
                other = [name for name in wanted if not same(wanted[name], held[name])]
                if not other:
                    return extra
                if not more or extra:
                    break
                extra = {name: wanted[name] for name in other}
        raise Unwritable(f"is a {type(value).__name__}, and its arguments do not make it again")


def _sparse_arguments(value: Any) -> Arguments | None:
    """Those of a sparse transform by Nengo's own matrix, which keeps two of them in one."""
    if not (isinstance(value, Sparse) and isinstance(value.init, SparseMatrix)):
        return None
    held = value.init
    return Arguments(
        [
            Argument("shape", "shape", value.shape, NOTHING, Sparse.shape, True),
            Argument("indices", "indices", held.indices, None, SparseMatrix.indices, False),
            Argument("init", "data", held.data, NOTHING, SparseMatrix.data, False),
        ]
    )


def _made(kind: type, given: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return kind(**given)
        except Exception as err:
            raise Unwritable(f"is a {kind.__name__}, and its arguments do not make one") from err


def _text(value: Any) -> str:
    """A text in double quotes, as Python's own formatters have it."""
    text = repr(value).replace(SIGN, "\\ua66e")
    if isinstance(value, str) and text[0] == "'" and '"' not in text:
        return f'"{text[1:-1]}"'
    return text
