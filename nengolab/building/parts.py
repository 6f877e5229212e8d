"""Arguments of what an argument is: ``tau_rc`` of ``neuron_type=nengo.LIF(tau_rc=0.03)``."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

from nengolab.building.checking import check_field
from nengolab.building.choices import Choice, choices
from nengolab.building.edits import checked_value, remove_argument, set_argument
from nengolab.building.fields import Field, arguments_of_choice, positional
from nengolab.building.forms import call_at, fields_of, given_in, named_in
from nengolab.building.origins import Span, lines_of, span_of
from nengolab.building.running import Made
from nengolab.building.setting import in_words_of
from nengolab.building.texts import Edit, Refused, text_of


def parts_of(made: Made, field: Field) -> tuple[Field, ...]:
    """Every argument of the call that the source gives as an argument.

    Nothing of the source runs.

    Parameters
    ----------
    made : Made
    field : Field
        Of a form of this source.

    Returns
    -------
    tuple of Field
        None where it is not given, or as something else than a call of one of its ``choices``.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1, neuron_type=nengo.LIF(tau_rc=0.03))
    ... ''')
    >>> form = nengolab.building.fields_of(made, made.network.ensembles[0])
    >>> parts = nengolab.building.parts_of(made, form["neuron_type"])
    >>> [(part.name, part.source, part.default) for part in parts][:2]
    [('tau_rc', '0.03', '0.02'), ('tau_ref', None, '0.002')]
    """
    maker = _maker(made, field)
    if maker is None or field.span is None:
        return ()
    given, unclear = given_in(call_at(made.source, field.span), maker)
    if unclear:
        return ()
    found = []
    for part in arguments_of_choice(Choice("", "", kind=maker)):
        if (value := given.get(part.name)) is not None:
            at = span_of(value, lines_of(made.source))
            part = replace(part, source=at.of(made.source), span=at)
        if not part.choices:
            part = replace(part, choices=choices(part.kind, made.namespace))
        found.append(part)
    return tuple(found)


def _maker(made: Made, field: Field) -> Any:
    """The class that is called, one of the field's choices; None where it is none of them."""
    if field.span is None or not field.choices:
        return None
    try:
        found = named_in(made.namespace, call_at(made.source, field.span).func)
    except (Refused, KeyError, AttributeError):
        return None
    known = inspect.isclass(found) and any(choice.kind is found for choice in field.choices)
    return found if known else None


def set_part(made: Made, obj: Any, name: str, part: str, expression: str | None) -> Edit:
    """Set an argument of the call that an argument is given as.

    Parameters
    ----------
    made : Made
    obj : nengo object or network
    name : str
        Of the argument, as in `fields_of`.
    part : str
        Of that one's argument, as in `parts_of`.
    expression : str or None
        As for `set_field`; None takes it out, so that its default holds.

    Returns
    -------
    Edit

    Raises
    ------
    Refused
        Where what is made so is not allowed, and where the call cannot be edited so.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     a = nengo.Ensemble(50, 1, neuron_type=nengo.LIF(tau_rc=0.03))
    ... ''')
    >>> a = made.network.ensembles[0]
    >>> edit = nengolab.building.set_part(made, a, "neuron_type", "tau_rc", "0.05")
    >>> edit.after.splitlines()[2]
    '    a = nengo.Ensemble(50, 1, neuron_type=nengo.LIF(tau_rc=0.05))'
    """
    form = fields_of(made, obj)
    field = form[name]
    maker, text, count = _maker(made, field), text_of(made.source), form.origin.count
    known = [one.name for one in parts_of(made, field)]
    if maker is None or field.span is None or field.source is None or part not in known:
        raise Refused(
            f"line {form.span.line} gives {field.source or 'nothing'}, which has no argument "
            f"{part!r} that could be set here{'; it has ' + ', '.join(known) if known else ''}",
            attr=f"{form.title}, {name}",
        )
    positions = tuple(p.name for p in positional(maker))
    if expression is None:
        alone = remove_argument(field.source, _all_of(field.source), part, positions)
        check_field(made, obj, name, alone.after)
        return remove_argument(made.source, field.span, part, positions, count)
    expression = expression.strip()
    checked_value(text, expression)
    alone = set_argument(field.source, _all_of(field.source), part, expression, positions)
    check_field(made, obj, name, alone.after)
    value, changes = in_words_of(text, made, expression)
    edit = set_argument(made.source, field.span, part, value, positions, count)
    return text.edit([*changes, *edit.replacements], count)


def _all_of(source: str) -> Span:
    lines = lines_of(source)
    return Span(1, 0, len(lines), len(lines[-1]))
