"""The form of a call of a source: what it gives, and all else that it could."""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import nengo
from nengo.params import ConnectionDefault, Default, Parameter

from nengolab.building.arguments import attribute_of, parameters_of
from nengolab.building.choices import Choice, choices, said_by
from nengolab.building.defaults import configured
from nengolab.building.described import summary
from nengolab.building.fields import Field, arguments_of, code_of, field_of, positional
from nengolab.building.origins import Origin, Span, lines_of, span_of
from nengolab.building.running import Made
from nengolab.building.texts import Refused
from nengolab.names import Names


@dataclass(frozen=True, eq=False)
class Form:
    """The fields of one call of a source.

    Attributes
    ----------
    title : str
        ``"Ensemble 'a'"``.
    text : str
        What the call makes, in a line of its docstring.
    obj : object
        What the call made: the array, for an ensemble that an ``EnsembleArray`` made.
    origin : Origin
        ``str(origin)`` says it: "line 12 makes these 10".
    span : Span
        Of the call.
    call : str
        What is called, as the source has it.
    made_by : callable
        That, itself.
    fields : tuple of Field
    positions : tuple of str
        Arguments that may be given by their place, for `set_argument`.
    unclear : str
        Why it is not known what is given: a call with ``*`` or ``**``. Empty where it is.
    through : str
        The argument that is given first, and not in this call: ``Layer(layer)(input)``. Empty for
        other calls.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     cells = [nengo.Ensemble(50, 1) for _ in range(3)]
    ... ''')
    >>> form = nengolab.building.fields_of(made, made.network.ensembles[1])
    >>> form.title, str(form.origin), form["n_neurons"].source
    ("Ensemble 'cells[1]'", 'line 3 makes these 3', '50')
    """

    title: str
    text: str
    obj: Any
    origin: Origin
    span: Span
    call: str
    made_by: Any
    fields: tuple[Field, ...]
    positions: tuple[str, ...]
    unclear: str = ""
    through: str = ""

    def make(self, given: dict[str, Any]) -> Any:
        """Call what the source calls, with these arguments."""
        if not self.through:
            return self.made_by(**given)
        rest = {name: value for name, value in given.items() if name != self.through}
        return self.made_by(given[self.through])(**rest)

    def __getitem__(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        known = ", ".join(field.name for field in self.fields)
        raise Refused(f"{self.title} has no argument {name!r}; it has {known}", attr="name")


def fields_of(made: Made, obj: Any, span: Span | None = None) -> Form:
    """Every argument of the call that made an object, as a typed field.

    Nothing of the source runs.

    Parameters
    ----------
    made : Made
    obj : nengo object or network
    span : Span, optional
        Of another call that led to it (``made.origins[obj].calls``).

    Returns
    -------
    Form

    Raises
    ------
    Refused
        Where the object was not made by the source, or what was called cannot be told.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1)
    ...     b = nengo.Connection(a, a, synapse=0.1)
    ... ''')
    >>> form = nengolab.building.fields_of(made, made.network.connections[0])
    >>> [(f.name, f.source) for f in form.fields if f.source]
    [('pre', 'a'), ('post', 'a'), ('synapse', '0.1')]
    >>> [choice.title for choice in form["synapse"].choices if not choice.refused][:2]
    ['None', 'Alpha']
    """
    origin = made.origins.get(obj)
    if origin is None:
        raise Refused(f"{obj} was not made by this source", attr="obj")
    span = origin.span if span is None else span
    call = call_at(made.source, span)
    maker = _maker(made, obj, call)
    owner = _owner(made, obj, span, maker)
    given, unclear = given_in(call, _called(maker, call))
    through = ""
    if isinstance(call.func, ast.Call):
        first, _ = given_in(call.func, maker)
        through = next(iter(first), "")
        given = first | given
    fields = []
    for field in _Writer(made, owner, maker, bool(through)).fields():
        value = given.pop(field.name, None)
        if value is not None:
            at = span_of(value, lines_of(made.source))
            field = replace(field, source=at.of(made.source), span=at)
        fields.append(field)
    for name, value in given.items():
        at = span_of(value, lines_of(made.source))
        fields.append(Field(name, "expression", source=at.of(made.source), span=at))
    return Form(
        title=titled(made, owner),
        text=summary(maker),
        obj=owner,
        origin=origin,
        span=span,
        call=ast.unparse(call.func),
        made_by=maker,
        fields=tuple(fields),
        positions=tuple(p.name for p in positional(_called(maker, call))),
        unclear=unclear,
        through=through,
    )


def titled(made: Made, obj: Any) -> str:
    """How an object is called for a person: its kind, and its name in the source or in Nengo."""
    name = made.names.get(obj) or Names(made.network).get(obj)
    return f"{type(obj).__name__} {name!r}"


# -- the call --------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=8)
def _calls(source: str) -> dict[Span, ast.Call]:
    lines = lines_of(source)
    return {
        span_of(node, lines): node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
    }


def call_at(source: str, span: Span) -> ast.Call:
    """The call at a span of a source.

    Raises
    ------
    Refused
        Where there is none.
    """
    found = _calls(source).get(span)
    if found is None:
        raise Refused(
            f"there is no call at line {span.line}, column {span.column}; the source has changed "
            "since it was run: run it again",
            attr="span",
        )
    return found


def _maker(made: Made, obj: Any, call: ast.Call) -> Any:
    """What is called."""
    func = call.func.func if isinstance(call.func, ast.Call) else call.func  # Layer(...)(x)
    try:
        found = named_in(made.namespace, func)
    except (KeyError, AttributeError):
        found = None
    if callable(found):
        return found
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    for cls in type(obj).__mro__:
        if cls.__name__ == name:
            return cls
    raise Refused(
        f"line {call.lineno} calls {ast.unparse(call.func)}, and what that is cannot be told "
        "without running it: edit the line itself",
        attr="obj",
    )


def _called(maker: Any, call: ast.Call) -> Any:
    """What takes the arguments of the call itself."""
    return maker.__call__ if isinstance(call.func, ast.Call) else maker


def named_in(namespace: dict[str, Any], node: ast.expr) -> Any:
    """What a name of a source stands for; a KeyError or AttributeError where that is nothing."""
    if isinstance(node, ast.Name):
        return namespace[node.id]
    if isinstance(node, ast.Attribute):
        return getattr(named_in(namespace, node.value), node.attr)
    raise KeyError(ast.dump(node))


def _owner(made: Made, obj: Any, span: Span, maker: Any) -> Any:
    """The object that the call itself makes."""
    if inspect.isclass(maker) and not isinstance(obj, maker):
        for other, origin in made.origins.items():
            if origin.span == span and isinstance(other, maker):
                if obj is other or obj in getattr(other, "all_objects", ()):
                    return other
    return obj


def given_in(call: ast.Call, maker: Any) -> tuple[dict[str, ast.expr], str]:
    """The expressions that a call gives, by their names; why others may be given, too."""
    found: dict[str, ast.expr] = {}
    unclear = ""
    names = [p.name for p in positional(maker)]
    for n, arg in enumerate(call.args):
        if isinstance(arg, ast.Starred):
            unclear = f"line {call.lineno} gives a list of arguments (*)"
            break
        if n < len(names):
            found[names[n]] = arg
    for keyword in call.keywords:
        if keyword.arg is None:
            unclear = f"line {call.lineno} gives a dictionary of arguments (**)"
        else:
            found[keyword.arg] = keyword.value
    return found, unclear


# -- the fields ------------------------------------------------------------------------------------


class _Writer:
    """Writes the fields of one call."""

    def __init__(self, made: Made, obj: Any, maker: Any, through: bool):
        self._made, self._obj = made, obj
        self._makers = (maker, maker.__call__) if through else (maker,)
        self._path = _path(made.network, obj)
        self._is_direct = inspect.isclass(maker) and isinstance(obj, maker)

    def fields(self) -> Iterator[Field]:
        """All fields, in the order of the arguments."""
        done = set()
        for maker in self._makers:
            for p, kind in arguments_of(maker):
                if p.name not in done:
                    done.add(p.name)
                    yield self._field(p, kind)

    def _field(self, p: inspect.Parameter, kind: Any) -> Field:
        params = parameters_of(kind) if inspect.isclass(kind) else {}
        attribute = attribute_of(kind, p.name, params) if params else p.name
        param = params.get(attribute)
        default, configured = self._default(p, kind, attribute, param)
        field = field_of(p, kind, param, default)
        now = ""
        if self._is_direct and param is not None and isinstance(self._obj, kind):
            now = self._now(p.name, attribute, param)
        found = replace(field, now=now, configured=configured)
        if field.kind == "choice" and p.name == "attr":
            names = self._obj.obj.probeable
            return replace(found, choices=tuple(Choice(repr(n), str(n)) for n in names))
        return replace(found, choices=self._choices(field.kind, param))

    def _default(
        self, p: inspect.Parameter, kind: Any, attribute: str, param: Parameter | None
    ) -> tuple[Any, bool]:
        """What an argument is where it is not given, and whether a config says so."""
        if p.default is p.empty:
            return p.empty, False
        if p.default is not Default or param is None:
            return p.default, False
        if not issubclass(kind, nengo.base.NengoObject):
            return param.default, False
        for network in reversed(self._path):
            values = configured(network)
            for cls in kind.__mro__:
                if attribute in values.get(cls, {}):
                    return values[cls][attribute], True
        if param.default is ConnectionDefault:
            return nengo.Connection.solver.default, False
        return param.default, False

    def _now(self, name: str, attribute: str, param: Parameter | None) -> str:
        for key in (name, attribute):
            try:
                value = getattr(self._obj, key)
            except Exception:
                continue
            return self._named(value) or code_of(value, param)
        return ""

    def _named(self, value: Any) -> str:
        """An object of the network by its name."""
        names = self._made.names
        if isinstance(value, nengo.base.ObjView):
            return f"{names[value.obj]}[...]" if value.obj in names else ""
        if isinstance(value, nengo.ensemble.Neurons):
            return f"{names[value.ensemble]}.neurons" if value.ensemble in names else ""
        try:
            return names.get(value, "")
        except TypeError:
            return ""

    def _choices(self, kind: str, param: Parameter | None) -> tuple[Choice, ...]:
        found = choices(kind, self._made.namespace)
        if not found:
            return ()
        none = (Choice("None", "None"),) if param is not None and param.optional else ()
        if self._is_direct and isinstance(self._obj, nengo.base.NengoObject):
            return tuple(said_by(param, self._obj, choice) for choice in (*none, *found))
        return (*none, *found)


def _path(network: nengo.Network, obj: Any) -> list[nengo.Network]:
    """The networks around an object, the outermost first; empty where it is in none of them."""
    if obj is network or any(obj is held for objs in network.objects.values() for held in objs):
        return [network]
    for inner in network.networks:
        if found := _path(inner, obj):
            return [network, *found] if obj is not inner else [network]
    return []
