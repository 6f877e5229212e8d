"""Whether a value is allowed as an argument, said before the source is edited."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nengo
from nengo.base import NengoObject
from nengo.params import Parameter

from nengolab.building.choices import try_to_draw
from nengolab.building.defaults import nothing_around
from nengolab.building.fields import Field
from nengolab.building.forms import Form, fields_of
from nengolab.building.origins import Span
from nengolab.building.running import Made
from nengolab.building.scopes import free_names, local_names
from nengolab.building.texts import Refused

# What expressions may use without the source importing it yet: the edit brings the import.
KNOWN = {
    "nengo": "nengo",
    "nengolab": "nengolab",
    "np": "numpy",
    "keras": "keras",
    "tf": "tensorflow",
    "nengo_spa": "nengo_spa",
}


@dataclass(frozen=True, eq=False)
class Checked:
    """What an expression is, and that it is allowed.

    Attributes
    ----------
    value : object
        What it gave; None where it could not be worked out.
    imports : tuple of str
        The import statements that the source does not have yet.
    unknown : str
        Why it could not be worked out before the source runs: a variable of a loop or of a
        function. Empty where it was.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Node(0.5)
    ... ''')
    >>> checked = nengolab.building.check_field(made, made.network.nodes[0], "output", "np.cos")
    >>> checked.imports
    ('import numpy as np',)
    """

    value: Any
    imports: tuple[str, ...] = ()
    unknown: str = ""


def check_field(
    made: Made, obj: Any, name: str, expression: str, span: Span | None = None
) -> Checked:
    """Say whether an expression is allowed as an argument, before the source is edited.

    It is worked out with the variables that the source has made, and Nengo makes an object of it
    beside the network: call it when a person asks for it.

    Parameters
    ----------
    made : Made
    obj : nengo object or network
    name : str
        Of the argument.
    expression : str
    span : Span, optional
        Of another call, as for `fields_of`.

    Returns
    -------
    Checked

    Raises
    ------
    Refused
        With the object, the argument, what it got and what would work.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, dimensions=1)
    ... ''')
    >>> try:
    ...     nengolab.building.check_field(made, made.network.ensembles[0], "radius", "-1")
    ... except nengolab.building.Refused as error:
    ...     print(str(error).split(". ")[1])
    What would work: a number of at least 1e-10, such as 1.0
    """
    form = fields_of(made, obj, span)
    field = form[name]
    about = f"{form.title}, {name}"
    value, imports, unknown = evaluated(made, expression, about, works(field))
    if unknown:
        return Checked(None, imports, unknown)
    unknown = _tried(made, form, field, value, expression)
    return Checked(value, imports, unknown)


def evaluated(
    made: Made, expression: str, about: str, hint: str
) -> tuple[Any, tuple[str, ...], str]:
    """What an expression gives, what it needs imported, and why it cannot be worked out yet.

    Raises
    ------
    Refused
        Where it is no expression, or raises an error; the message begins with ``about``.
    """
    try:
        code = compile(ast.parse(expression.strip(), "<field>", "eval"), "<field>", "eval")
    except (SyntaxError, ValueError) as err:
        said = err.msg if isinstance(err, SyntaxError) else str(err)
        raise Refused(
            f"{expression!r} is no expression of Python: {said}. What would work: {hint}",
            attr=about,
        ) from None
    imports, given = _imported(expression, made.namespace)
    free = [
        n
        for n in free_names(expression.strip(), "eval")
        if n not in made.namespace and n not in given
    ]
    free = [n for n in free if not hasattr(builtins, n)]
    if free:
        if free[0] in local_names(made.source):
            return None, imports, f"{free[0]} has its value only while its block runs"
        near = ", ".join(sorted(n for n in made.namespace if not n.startswith("_"))[:12])
        raise Refused(f"there is no variable {free[0]!r} in the source; it has {near}", attr=about)
    try:
        with nothing_around(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return eval(code, {**made.namespace, **given}), imports, ""
    except Exception as err:
        raise Refused(
            f"{expression} raises {type(err).__name__}: {err}. What would work: {hint}",
            attr=about,
        ) from err


def imports_for(code: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """What everybody knows (``np``), for code that a namespace has it not for.

    Raises
    ------
    Refused
        Where it is not installed.
    """
    # A lambda of several lines is an expression in brackets only.
    try:
        names = free_names(code)
    except SyntaxError:
        names = free_names(f"({code}\n)")
    found: dict[str, Any] = {}
    for name in names:
        if name in KNOWN and name not in namespace:
            found |= _imported(name, namespace)[1]
    return found


def check_value(made: Made, form: Form, field: Field, value: Any, called: str) -> None:
    """Say whether a value is allowed as an argument: Nengo makes an object beside the network.

    Raises
    ------
    Refused
        With the object, the argument and what would work.
    """
    _tried(made, form, field, value, called)


def _imported(
    expression: str, namespace: Mapping[str, Any]
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The imports that an expression needs beside a namespace, and what they give."""
    lines, given = [], {}
    for name in free_names(expression.strip(), "eval"):
        if name in KNOWN and name not in namespace:
            module = KNOWN[name]
            try:
                given[name] = importlib.import_module(module)
            except ImportError as err:
                raise Refused(f"{expression} needs {module}: {err}", attr="value") from None
            if any(value is given[name] for value in namespace.values()):
                continue  # the source calls it something else
            lines.append(f"import {module}" if name == module else f"import {module} as {name}")
    return tuple(lines), given


# -- trying ----------------------------------------------------------------------------------------


def _tried(made: Made, form: Form, field: Field, value: Any, expression: str) -> str:
    """Make the object anew with the value, beside the network; why it could not be."""
    given: dict[str, Any] = {}
    is_direct = inspect.isclass(form.made_by) and isinstance(form.obj, form.made_by)
    from_object = is_direct and isinstance(form.obj, NengoObject)
    for other in form.fields:
        if other.name == field.name or other.source is None:
            continue
        if from_object and hasattr(form.obj, other.name):
            given[other.name] = getattr(form.obj, other.name)
            continue
        try:
            found, _, unknown = evaluated(made, other.source, form.title, "")
        except Refused as err:
            unknown = str(err)
        if unknown:
            return unknown
        given[other.name] = found
    given[field.name] = value
    if form.unclear and not from_object:
        return form.unclear
    try:
        with nothing_around(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with nengo.Network(add_to_container=False):
                found = form.make(given)
            param = getattr(type(found), field.name, None)
            try_to_draw(param if isinstance(param, Parameter) else None, found, value)
    except Exception as err:
        raise Refused(
            f"{expression} is not allowed: {_reason(err)}. What would work: {works(field)}",
            attr=f"{form.title}, {field.name}",
        ) from err
    return ""


def _reason(err: Exception) -> str:
    """Nengo's words without the name of class and argument before them."""
    text = " ".join(str(err).split())
    head = getattr(err, "attr", None)
    if head and f"{head}: " in text[:80]:
        text = text.split(f"{head}: ", 1)[1]
    return text.rstrip(".") or type(err).__name__


def works(field: Field) -> str:
    """What would work for an argument, in a few words with examples."""
    allowed = [choice.code for choice in field.choices if not choice.refused]
    first = [c for c in (field.default, *allowed) if c not in ("", "None")]
    if field.kind == "choice" and allowed:
        return "one of " + ", ".join(allowed)
    if field.kind in ("int", "number"):
        text = ("a whole number" if field.kind == "int" else "a number") + _range(field)
        first = first[:1]
    elif not first and field.choices:
        return "None alone"
    else:
        text = _WORDS.get(field.kind, f"a {field.kind}")
    if first and field.kind not in ("bool", "text"):
        text += ", such as " + " or ".join(dict.fromkeys(first[:2]))
    return f"{text}; None as well" if field.can_be_none else text


_WORDS = {
    "bool": "True or False",
    "text": 'a text in quotes, such as "a"',
    "array": "a list of numbers",
    "distribution or array": "a distribution or a list of numbers",
    "output": "numbers, a function of t (and of x where it has an input) or a process",
    "synapse": "a time constant (s) or a synapse",
    "transform": "a number, a matrix of (size out, size in) or a transform",
    "layer": "a neuron type, a Keras layer or a function of tensors",
    "function": "a function, such as lambda x: x**2",
    "object": "an object of the network",
    "shape": "a tuple of whole numbers",
    "dictionary": "a dictionary",
    "expression": "another value",
    "vocabulary": "a vocabulary, or its dimensions",
}


def _range(field: Field) -> str:
    text = ""
    if field.low is not None:
        text = f" above {field.low}" if field.low_open else f" of at least {field.low}"
    if field.high is not None:
        joined = " and" if text else ""
        text += (
            f"{joined} below {field.high}"
            if field.high_open
            else (f"{joined} of at most {field.high}")
        )
    return text
