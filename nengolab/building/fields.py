"""The arguments of classes and functions, as fields of a form, from Nengo's own parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nengo
from nengo.params import Default, Parameter, Unconfigurable

from nengolab.building.arguments import attribute_of, parameters_of
from nengolab.building.choices import Choice, kind_of, takes
from nengolab.building.described import NOTHING_SAID, arguments_described
from nengolab.building.imports import Imports
from nengolab.building.origins import Span
from nengolab.building.sources import Unwritable
from nengolab.building.values import Values

_TIME = re.compile(r"in seconds|time constant|\(s\)", re.IGNORECASE)
_RATE = re.compile(r"\bhz\b|frequency|firing rate", re.IGNORECASE)
# What says it in other words.
_UNITS = {
    "max_rates": "Hz",
    "sample_every": "s",
    "presentation_time": "s",
    "period": "s",
    "t": "s",
    "default_dt": "s",
    "dt": "s",
    "reset_voltage": "mV",
}
_UNITLESS = ("number", "int", "distribution or array", "synapse")
_MOST = 64  # numbers of an array that a value is written with


@dataclass(frozen=True)
class Field:
    """One argument of a call, for a form.

    Attributes
    ----------
    name : str
    kind : str
        Of its value: ``"int"``, ``"number"``, ``"bool"``, ``"text"``, ``"choice"``, ``"array"``,
        ``"distribution"``, ``"distribution or array"``, ``"function"``, ``"output"`` (of a Node),
        ``"synapse"``, ``"neuron type"``, ``"solver"``, ``"learning rule"``, ``"process"``,
        ``"transform"``, ``"object"``, ``"shape"``, ``"dictionary"``, ``"vocabulary"`` or
        ``"expression"``, which is anything.
    text : str
        What it is, in a line of Nengo's own words.
    source : str or None
        Its expression in the source; None where it is not given.
    span : Span or None
        Of that.
    default : str
        Code of what it is where it is not given; empty where it has to be, and where it has none.
    now : str
        Code of what the object has; empty where that cannot be told.
    required : bool
    can_be_none : bool
    low, high : float or None
        Of a number.
    low_open, high_open : bool
        Whether the bound is not in the range.
    unit : str
        ``"s"``, ``"Hz"``, ``"mV"`` or empty.
    choices : tuple of Choice
        What it can be, where these are few or a family: every synapse, every solver, ...
    configured : bool
        Whether its default is one that a network's ``config`` sets.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, dimensions=1, radius=2 / 3)
    ... ''')
    >>> field = nengolab.building.fields_of(made, made.network.ensembles[0])["radius"]
    >>> field.kind, field.source, field.default, field.low, field.text
    ('number', '2 / 3', '1.0', 1e-10, 'The representational radius of the ensemble.')
    """

    name: str
    kind: str
    text: str = ""
    source: str | None = None
    span: Span | None = None
    default: str = ""
    now: str = ""
    required: bool = False
    can_be_none: bool = False
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    configured: bool = False


def parameters(maker: Any) -> list[inspect.Parameter]:
    """Arguments of a class or a function."""
    function = maker.__init__ if inspect.isclass(maker) else maker
    found = list(inspect.signature(function).parameters.values())
    method = inspect.isclass(maker) or getattr(maker, "__name__", "") == "__call__"
    return found[1:] if method and not inspect.ismethod(function) else found


def positional(maker: Any) -> Iterator[inspect.Parameter]:
    """Those of them that may be given by their place."""
    for p in parameters(maker):
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            yield p


def arguments_of(maker: Any) -> Iterator[tuple[inspect.Parameter, Any]]:
    """Arguments of a class or function, each with the class or function that has it.

    Those that are passed on (``**kwargs``) are looked up where Nengo passes them.
    """
    for p in parameters(maker):
        if p.kind is p.VAR_POSITIONAL:
            continue
        if p.kind is not p.VAR_KEYWORD:
            yield p, maker
        elif p.name == "ens_kwargs":
            for q in parameters(nengo.Ensemble):
                if q.name not in ("n_neurons", "dimensions"):
                    yield q, nengo.Ensemble
        elif inspect.isclass(maker):
            yield from _passed_on(maker)


def _passed_on(kind: type) -> Iterator[tuple[inspect.Parameter, Any]]:
    """What the bases of a class take, where they say it and it can be given by name."""
    own = {p.name for p in parameters(kind)}
    for base in kind.__mro__[1:]:
        if base is object or "__init__" not in base.__dict__:
            continue
        for p in parameters(base):
            optional = p.default is not p.empty
            if optional and p.name not in own and p.kind is not p.VAR_KEYWORD:
                own.add(p.name)
                if takes(kind, p.name, p.default):
                    yield p, base
        if all(p.kind is not p.VAR_KEYWORD for p in parameters(base)):
            return


def field_of(p: inspect.Parameter, maker: Any, param: Parameter | None, default: Any) -> Field:
    """The field of an argument, without what an object has of it."""
    said = arguments_described(maker).get(p.name, NOTHING_SAID)
    required = default is p.empty
    if default is Unconfigurable:
        required, default = p.default is p.empty, None
    kind = kind_of(param, None if required else default, said.kind, p.name)
    low, high = getattr(param, "low", None), getattr(param, "high", None)
    optional = bool(param.optional) if param is not None else default is None and not required
    return Field(
        name=p.name,
        kind=kind,
        text=said.first,
        default="" if required else code_of(default, param),
        required=required,
        can_be_none=optional,
        low=low if kind in ("int", "number") else None,
        high=high if kind in ("int", "number") else None,
        low_open=bool(getattr(param, "low_open", False)),
        high_open=bool(getattr(param, "high_open", False)),
        unit=_unit(p.name, kind, said.text),
        choices=tuple(Choice(repr(v), str(v)) for v in getattr(param, "values", ())),
    )


def _unit(name: str, kind: str, text: str) -> str:
    if kind not in _UNITLESS:
        return ""
    if name in _UNITS or kind == "synapse":
        return _UNITS.get(name, "s")
    if name.startswith("tau") or _TIME.search(text):
        return "s"
    return "Hz" if _RATE.search(text) and kind != "int" else ""


def code_of(value: Any, param: Parameter | None = None) -> str:
    """A value as code; empty where it has none."""
    try:
        return value_code(value, param, Imports())
    except Unwritable:
        return ""


def value_code(value: Any, param: Parameter | None, imports: Imports) -> str:
    """A value as code, with what it needs in imports.

    Raises
    ------
    Unwritable
        Where it has none, or lines of its own.
    """
    values = Values(imports, _MOST, lambda kind, name: getattr(kind, name).default)
    text = values.write(value, param)
    if values.functions.definitions:
        raise Unwritable("takes lines of its own")
    return text


def arguments_of_choice(choice: Choice) -> tuple[Field, ...]:
    """The fields of what a choice makes: ``tau`` of a synapse, ``low`` and ``high`` of a range.

    Examples
    --------
    >>> alpha = nengolab.building.choices("synapse")[0]
    >>> [(f.name, f.kind, f.unit) for f in nengolab.building.arguments_of_choice(alpha)][:1]
    [('tau', 'number', 's')]
    """
    if choice.kind is None:
        return ()
    found = []
    for p, kind in arguments_of(choice.kind):
        param = getattr(kind, attribute_of(kind, p.name, parameters_of(kind)), None)
        param = param if isinstance(param, Parameter) else None
        default = param.default if p.default is Default and param is not None else p.default
        found.append(field_of(p, kind, param, default))
    return tuple(found)
