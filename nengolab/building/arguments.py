"""The arguments that an object of Nengo's was made with, read from its own parameters."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nengo.params import Default, Parameter, Unconfigurable, iter_params

from nengolab.building.sources import Unwritable

NOTHING = object()


@dataclass
class Argument:
    """One argument of what makes an object.

    Attributes
    ----------
    name : str
    attribute : str
        Under which the object holds it.
    value : object
    default : object
        `NOTHING` where it has none; ``nengo.params.Default`` where the network's config says it.
    param : nengo.params.Parameter or None
    first : bool
        Whether it is written without its name.
    """

    name: str
    attribute: str
    value: Any
    default: Any
    param: Parameter | None
    first: bool


@dataclass
class Arguments:
    """What makes an object, and what it holds beside.

    Attributes
    ----------
    given : list of Argument
    more : bool
        Whether other names than those are taken, too.
    beside : dict of str to Parameter
        Parameters that no argument sets.
    """

    given: list[Argument] = field(default_factory=list)
    more: bool = False
    beside: dict[str, Parameter] = field(default_factory=dict)


def parameters_of(kind: type) -> dict[str, Parameter]:
    """The parameters of a class by the attribute that holds them."""
    return {name: getattr(kind, name) for name in iter_params(kind)}


def attribute_of(kind: type, name: str, params: Mapping[str, Parameter]) -> str:
    """The attribute of a parameter that is called ``name`` as an argument."""
    if name in params:
        return name
    return next((a for a, p in params.items() if p.name == name), name)


def signature(kind: type) -> list[inspect.Parameter]:
    """The arguments that make an object of a class."""
    return list(inspect.signature(kind.__init__).parameters.values())[1:]


def arguments(obj: Any, kind: type | None = None) -> Arguments:
    """Read the arguments of what makes an object.

    Parameters
    ----------
    obj : object
    kind : type, optional
        As what it is made; its own class where not given.

    Raises
    ------
    Unwritable
        Where one without a default cannot be read from it.
    """
    kind = type(obj) if kind is None else kind
    params = parameters_of(kind)
    found = Arguments(beside=dict(params))
    first = True
    for p in signature(kind):
        if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            found.more = p.kind is p.VAR_KEYWORD
            continue
        attribute = attribute_of(kind, p.name, params)
        required = p.default is p.empty
        found.beside.pop(attribute, None)
        try:
            value = getattr(obj, p.name if hasattr(obj, p.name) else attribute)
        except Exception:
            if required:
                raise Unwritable(
                    f"is a {kind.__name__}, which does not keep its argument {p.name}"
                ) from None
            continue
        default = NOTHING if required else p.default
        first = (first and required) or not found.given
        bare = first and p.kind is not p.KEYWORD_ONLY
        found.given.append(Argument(p.name, attribute, value, default, params.get(attribute), bare))
    return found


def usual(argument: Argument, kind: type, default_of: Any) -> Any:
    """The value that an argument has where it is not given; `NOTHING` where it must be given."""
    if argument.default is Default:
        return default_of(kind, argument.attribute)
    return argument.default


def own_default(param: Parameter) -> Any:
    """A parameter's default; `NOTHING` where it has none."""
    return NOTHING if param.default is Unconfigurable else param.default
