"""An argument that is set in a form: checked, with the imports that it needs, in one edit."""

from __future__ import annotations

from typing import Any

from nengolab.building.checking import KNOWN, check_field
from nengolab.building.edits import checked_value, set_argument
from nengolab.building.forms import fields_of
from nengolab.building.importing import Import, brought, names_in
from nengolab.building.origins import Span
from nengolab.building.running import Made
from nengolab.building.scopes import free_names
from nengolab.building.texts import Edit, Refused, Replacement, Text, text_of


def set_field(
    made: Made, obj: Any, name: str, expression: str, span: Span | None = None, check: bool = True
) -> Edit:
    """Set an argument of the call that made an object, for all that this call makes.

    Parameters
    ----------
    made : Made
    obj : nengo object or network
    name : str
        Of the argument, as in `fields_of`.
    expression : str
        With ``nengo``, ``np``, ``nengolab``, ``keras`` and ``tf`` for modules; it takes on what the
        source calls them, and those that the source has not are imported.
    span : Span, optional
        Of another call, as for `fields_of`.
    check : bool
        Whether the value is worked out first and has to be allowed (`check_field`).

    Returns
    -------
    Edit
        Its ``count`` says how many objects the call makes.

    Raises
    ------
    Refused
        Where the value is not allowed, and where the call cannot be edited so.

    Examples
    --------
    >>> made = nengolab.building.run_source('''import nengo
    ... with nengo.Network() as net:
    ...     cells = [nengo.Ensemble(50, 1) for _ in range(3)]
    ... ''')
    >>> edit = nengolab.building.set_field(made, made.network.ensembles[0], "radius", "np.pi")
    >>> edit.count
    3
    >>> print(edit.after)
    import nengo
    import numpy as np
    with nengo.Network() as net:
        cells = [nengo.Ensemble(50, 1, radius=np.pi) for _ in range(3)]
    <BLANKLINE>
    """
    form = fields_of(made, obj, span)
    field = form[name]
    expression = expression.strip()
    text = text_of(made.source)
    checked_value(text, expression)
    if check:
        check_field(made, obj, name, expression, span)
    value, changes = in_words_of(text, made, expression)
    if field.span is not None:
        changes.append(Replacement(*field.span.offsets(made.source), value))
        return text.edit(changes, form.origin.count)
    if name == form.through:
        raise Refused(f"{name} is not given in line {form.span.line}: edit it there", attr=name)
    edit = set_argument(made.source, form.span, name, value, form.positions, form.origin.count)
    return text.edit([*changes, *edit.replacements], edit.count)


def in_words_of(
    text: Text, made: Made, expression: str, mode: str = "eval"
) -> tuple[str, list[Replacement]]:
    """An expression with what the source calls modules, and the imports that it needs.

    With ``mode="exec"`` it is a statement.
    """
    wanted = [
        Import(KNOWN[name], "", name)
        for name in free_names(expression, mode)
        if name in KNOWN and (name not in made.namespace or name == "nengo")
    ]
    used = names_in(text) | set(made.namespace)
    names, changes = brought(text, made.namespace, wanted, used)
    if not names:
        return expression, changes
    own = text_of(expression)
    cst = own.cst
    found = [
        Replacement(*own.where(node), names[node.value])
        for node in own.nodes(cst.Name)
        if node.value in names
        and not (isinstance(own.parents[node], cst.Attribute) and own.parents[node].attr is node)
        and not (isinstance(own.parents[node], cst.Arg) and own.parents[node].keyword is node)
    ]
    return own.edit(found).after, changes
