"""Connections that are drawn: from one object to another, wherever they are."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons

from nengolab.building.checking import evaluated, works
from nengolab.building.choices import Choice
from nengolab.building.defaults import nothing_around
from nengolab.building.fields import Field, arguments_of_choice, parameters
from nengolab.building.forms import titled
from nengolab.building.importing import fresh, names_in
from nengolab.building.ordering import base
from nengolab.building.pieces import pasted
from nengolab.building.running import OF_NEURONS, Made
from nengolab.building.statements import block_of
from nengolab.building.texts import Edit, Refused, Replacement, text_of

_KEY = re.compile(r"\[(.*)\]", re.DOTALL)


def connect(
    made: Made,
    pre: Any,
    post: Any,
    pre_slice: str = "",
    post_slice: str = "",
    arguments: Mapping[str, str] | None = None,
    name: str = "",
) -> Edit:
    """Connect two objects, in the smallest network that holds both of them.

    An object that has no variable yet is given one.

    Parameters
    ----------
    made : Made
    pre, post : nengo object or str
        Objects of the network, their ``neurons``, a ``learning_rule`` or a view; or what the
        source calls one: ``"array.output"``.
    pre_slice, post_slice : str, optional
        Which elements of each: ``"0"``, ``"1:3"``, ``"[0, 2]"``.
    arguments : mapping of str to str, optional
        Further arguments, each an expression.
    name : str, optional
        Of a variable for it.

    Raises
    ------
    Refused
        Where Nengo would not make it (other sizes, what cannot be connected), and where it
        cannot be said in the source.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 2)
    ...     with nengo.Network() as inner:
    ...         b = nengo.Ensemble(50, 1)
    ... ''')
    >>> a, b = made.network.all_ensembles
    >>> edit = nengolab.building.connect(made, a, b, pre_slice="0", arguments={"synapse": "0.1"})
    >>> edit.after.splitlines()[-1]
    '    nengo.Connection(a[0], b, synapse=0.1)'
    >>> try:
    ...     nengolab.building.connect(made, a, b)
    ... except nengolab.building.Refused as error:
    ...     print(str(error).split(". ")[-1])
    What would work: a slice of 'a' (2 dimensions) that fits 'b' (1), or a transform of shape (1, 2)
    """
    ends = [_End(made, pre, pre_slice, "pre"), _End(made, post, post_slice, "post")]
    given = dict(arguments or {})
    _check(made, ends, given)
    network = _around(made, [end.base for end in ends])
    renames = _Naming(made)
    texts = [end.text(renames) for end in ends]
    rest = [f"{key}={value}" for key, value in given.items()]
    call = f"nengo.Connection({', '.join([*texts, *rest])})"
    if name and (not name.isidentifier() or name in names_in(text_of(made.source))):
        raise Refused(f"{name!r} is in use in the source, or no name for a variable", attr="name")
    code = f"{name} = {call}" if name else call
    return _put(made, network, code, [end.base for end in ends], renames)


class _End:
    """One end of a connection."""

    def __init__(self, made: Made, obj: Any, key: str, attr: str):
        self._made, self._attr = made, attr
        if isinstance(obj, str):
            obj = evaluated(made, obj, attr, "what the source calls an object")[0]
        self.obj = obj
        self.base = base(obj)
        if self.base not in made.origins:
            raise Refused(f"{obj} was not made by this source", attr=attr)
        self.key = key.strip()
        found = _KEY.fullmatch(self.key)
        if found and not self.key.startswith("[["):
            self.key = found.group(1) if "," not in found.group(1) else self.key

    @property
    def view(self) -> Any:
        """What Nengo is given."""
        if not self.key:
            return self.obj
        try:
            return eval(f"obj[{self.key}]", {"obj": self.obj})
        except Exception as err:
            size = getattr(self.obj, "size_out" if self._attr == "pre" else "size_in", 0)
            raise Refused(
                f"[{self.key}] is no slice of {titled(self._made, self.base)}, which has {size} "
                f"dimensions ({type(err).__name__}: {err}); try 0 or 0:{size}",
                attr=f"{self._attr}_slice",
            ) from None

    def text(self, naming: _Naming) -> str:
        """How the source says it."""
        obj, key = self.obj, self.key
        if isinstance(obj, ObjView):
            key = key and f"[{key}]"
            return f"{_of(obj.obj, naming)}[{_slice(obj.slice)}]{key}"
        return _of(obj, naming) + (f"[{key}]" if key else "")


def _of(obj: Any, naming: _Naming) -> str:
    if isinstance(obj, Neurons):
        name = naming.name(obj.ensemble)
        held = name.endswith(OF_NEURONS)
        return name.removesuffix(OF_NEURONS) if held else f"{name}.neurons"
    if isinstance(obj, LearningRule):
        return f"{naming.name(obj.connection)}.learning_rule"
    return naming.name(obj)


def _slice(key: Any) -> str:
    if not isinstance(key, slice):
        return str(list(key) if hasattr(key, "__iter__") else key)
    start, stop, step = ("" if v is None else str(v) for v in (key.start, key.stop, key.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


class _Naming:
    """What the source calls objects; those without a variable are given one."""

    def __init__(self, made: Made):
        self._made, self._text = made, text_of(made.source)
        self._used = names_in(self._text) | set(made.namespace)
        self.replacements: list[Replacement] = []
        self.given: dict[Any, str] = {}

    @property
    def new(self) -> frozenset[str]:
        """The variables that are given."""
        return frozenset(name.removesuffix(OF_NEURONS) for name in self.given.values())

    def name(self, obj: Any) -> str:
        """What an object is called.

        Raises
        ------
        Refused
            Where it has no variable, and cannot be given one.
        """
        known = self._made.names.get(obj) or self.given.get(obj)
        if known:
            return known
        origin, cst = self._made.origins[obj], self._text.cst
        call = self._text.expression(origin.span)
        statement = self._text.parents[call]
        alone = len(origin.calls) == 1 and origin.count == 1 and origin.loop is None
        if not (isinstance(statement, cst.Expr) and alone and origin.function is None):
            raise Refused(
                f"{titled(self._made, obj)}, made in line {origin.span.line}, has no variable in "
                "the source by which it could be connected: give it one there",
                attr="name",
            )
        wanted = re.sub(r"\W+", "_", obj.label or "").strip("_").lower()
        wanted = wanted if wanted.isidentifier() else type(obj).__name__.lower()
        new = fresh(wanted, self._used)
        self._used.add(new)
        is_layer = isinstance(obj, nengo.Ensemble) and isinstance(call.func, cst.Call)
        self.given[obj] = f"{new}{OF_NEURONS}" if is_layer else new
        start = self._text.where(statement)[0]
        self.replacements.append(Replacement(start, start, f"{new} = "))
        return self.given[obj]


def _check(made: Made, ends: list[_End], arguments: Mapping[str, str]) -> None:
    """Have Nengo make the connection beside the network."""
    names = [p.name for p in parameters(nengo.Connection)]
    given = {}
    for key, expression in arguments.items():
        if key not in names:
            raise Refused(
                f"a Connection has no argument {key!r}; it has {', '.join(names)}", attr=key
            )
        about = f"the new Connection, {key}"
        value, _, unknown = evaluated(made, expression, about, "an expression of Python")
        if unknown:
            raise Refused(f"{expression}: {unknown}", attr=about)
        given[key] = value
    views = [end.view for end in ends]
    failed = _tried(views, given)
    if failed is not None:
        wrong = next((k for k in given if not _tried(views, _without(given, k))), None)
        field = next((f for f in _fields() if f.name == wrong), None)
        hint = works(field) if field is not None else _of_sizes(made, ends, views)
        raise Refused(
            f"{' '.join(str(failed).split())}. What would work: {hint}", attr="the new Connection"
        ) from failed


def _tried(views: list[Any], given: dict[str, Any]) -> Exception | None:
    """What Nengo says against a connection; None where it makes it."""
    try:
        with nothing_around(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nengo.Connection(*views, **given, add_to_container=False)
    except Exception as err:
        return err
    return None


def _without(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


def _fields() -> tuple[Field, ...]:
    return arguments_of_choice(Choice("nengo.Connection(...)", "Connection", "", nengo.Connection))


def _of_sizes(made: Made, ends: list[_End], views: list[Any]) -> str:
    sizes = [getattr(views[0], "size_out", 0), getattr(views[1], "size_in", 0)]
    said = [titled(made, end.base).split(" ", 1)[1] for end in ends]
    if not all(sizes):
        return "from what has an output to what has an input"
    return (
        f"a slice of {said[0]} ({sizes[0]} dimensions) that fits {said[1]} ({sizes[1]}), or a "
        f"transform of shape ({sizes[1]}, {sizes[0]})"
    )


def _around(made: Made, objects: list[Any]) -> nengo.Network:
    """The smallest network that holds objects and has a block in the source."""
    paths = [_path(made.network, obj) for obj in objects]
    common = [a for a, b in zip(*paths, strict=False) if a is b]
    text = text_of(made.source)
    for network in reversed(common):
        try:
            block_of(text, made, network)
        except Refused:
            continue
        return network
    return made.network


def _path(network: nengo.Network, obj: Any) -> list[nengo.Network]:
    if any(obj is held for objs in network.objects.values() for held in objs):
        return [network]
    for inner in network.networks:
        if found := _path(inner, obj):
            return [network, *found]
    return []


def _put(
    made: Made, network: nengo.Network, code: str, objects: list[Any], naming: _Naming
) -> Edit:
    """The code at the end of the network's block; in a new one where they are made after that."""
    text = text_of(made.source)
    block = block_of(text, made, network)
    latest = max(text.where(text.expression(made.origins[obj].calls[0]))[1] for obj in objects)
    if latest <= text.where(block)[1]:
        changes, count = pasted(text, made, code, network, True, naming.new)
        return text.edit([*changes, *naming.replacements], count)
    called = made.names.get(network, "")
    if not called.isidentifier():
        raise Refused(
            f"the block of {titled(made, network)} ends before what is to be connected is made, "
            "and it has no variable for another one",
            attr="into",
        )
    end = len(made.source)
    line = "" if made.source.endswith(("\n", "\r")) else text.newline
    nengo_name = next((k for k, v in made.namespace.items() if v is nengo), "nengo")
    code = re.sub(r"\bnengo\.Connection", f"{nengo_name}.Connection", code, count=1)
    new = f"{line}with {called}:{text.newline}    {code}{text.newline}"
    return text.edit([Replacement(end, end, new), *naming.replacements])
