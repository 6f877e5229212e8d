"""Calls of a source that stand elsewhere, and make there what they made where they were.

What an object took from a config is written as an argument where another one holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import nengo

from nengolab.building.arguments import attribute_of, parameters_of
from nengolab.building.defaults import given_by, parted, set_by
from nengolab.building.edits import with_more
from nengolab.building.fields import parameters, value_code
from nengolab.building.forms import Form, fields_of, titled
from nengolab.building.importing import imports_of, names_in
from nengolab.building.imports import Imports
from nengolab.building.in_force import Layers, config_of
from nengolab.building.origins import Span
from nengolab.building.running import Made
from nengolab.building.same import same
from nengolab.building.sources import Unwritable
from nengolab.building.statements import within
from nengolab.building.texts import Refused, Replacement, Text, text_of
from nengolab.building.vocabularies import is_of_pointers


@dataclass(frozen=True)
class Elsewhere:
    """A source with more arguments.

    Attributes
    ----------
    text : Text
    imports : tuple of str
        Statements that these need.
    """

    text: Text
    imports: tuple[str, ...]
    _before: Text

    def of(self, statements: Iterable[Any]) -> list[Any]:
        """The statements of the source, as they now are."""
        if self.text is self._before:
            return list(statements)
        cst = self.text.cst
        kinds = (cst.BaseSmallStatement, cst.BaseCompoundStatement, cst.SimpleStatementLine)
        now = dict(zip(self._before.nodes(*kinds), self.text.nodes(*kinds), strict=True))
        return [now[statement] for statement in statements]


def at_end(text: Text, made: Made, network: nengo.Network, block: Any) -> list[Layers]:
    """The configs that hold at the end of a block, for each network that is made with it."""
    line = text.span(block).line
    found = [made.configs.at_end.get((net, line), ()) for net in _alike(made, network)]
    return list({id(layers): layers for layers in found}.values())


def at_place(text: Text, made: Made, network: nengo.Network, block: Any, at: int) -> list[Layers]:
    """The configs that hold at a place in a block.

    What the network's own config says there is left out where that is not set before the place,
    and is not like any value where it is set before and after it.
    """
    found = at_end(text, made, network, block)
    places = [text.where(node)[0] for node in _set(text, made, network)]
    if not any(at <= start < text.where(block)[1] for start in places):
        return found
    own = {id(config_of(net)) for net in _alike(made, network)}
    sooner = any(start < at for start in places)
    return [
        tuple(
            (config, dict.fromkeys(values, object()) if id(config) in own else values)
            for config, values in layers
            if sooner or id(config) not in own
        )
        for layers in found
    ]


def _set(text: Text, made: Made, network: nengo.Network) -> Iterator[Any]:
    """Where the config of a network may be set."""
    cst, alike = text.cst, _alike(made, network)
    for node in text.nodes(cst.Attribute):
        if node.attr.value == "config":
            name = node.value.value if isinstance(node.value, cst.Name) else ""
            held = made.namespace.get(name)
            if not isinstance(held, nengo.Network) or held in alike:
                yield node


def _alike(made: Made, network: nengo.Network) -> list[nengo.Network]:
    """The networks that the call of one makes."""
    origin = made.origins.get(network)
    if origin is None:
        return [network]
    found = (net for net in made.origins if isinstance(net, nengo.Network))
    return [net for net in found if made.origins[net].span == origin.span]


def elsewhere(
    text: Text, made: Made, going: Iterable[Any], places: Sequence[Layers], moved: Sequence[Any]
) -> Elsewhere:
    """A source whose calls make the same where other configs hold.

    Parameters
    ----------
    text : Text
    made : Made
    going : iterable of nengo objects and networks
    places : sequence of Layers
        The configs that may hold there.
    moved : sequence of nodes
        The statements that are put there; no other is changed.

    Raises
    ------
    Refused
        Where it cannot be said in the call.
    """
    wanted = _Wanted(made, list(going), places).arguments(text, moved)
    if not wanted:
        return Elsewhere(text, (), text)
    imports, changes = _imports_of(text, made), list[Replacement]()
    for form, given in wanted:
        texts = {name: _code(form, name, value, imports) for name, value in given.items()}
        changes += with_more(text, form.span, texts, form.positions)
    return Elsewhere(text_of(text.edit(changes).after), tuple(imports.lines()), text)


def is_same(made: Made, going: Iterable[Any], places: Sequence[Layers]) -> bool:
    """Whether objects took nothing from a config that they would not take elsewhere."""
    going = list(going)
    wanted = _Wanted(made, going, places)
    return not any(wanted.changed(obj) for obj in going)


class _Wanted:
    """Finds which arguments calls need elsewhere."""

    def __init__(self, made: Made, going: list[Any], places: Sequence[Layers]):
        self._made, self._going, self._places = made, going, places
        staying = {made.network, *made.network.all_networks} - set(going)
        self._outside = [config_of(network) for network in staying]
        self._forms: dict[Span, Form] = {}

    def arguments(self, text: Text, moved: Sequence[Any]) -> list[tuple[Form, dict[str, Any]]]:
        """For each call, the arguments that it needs; of calls that are moved."""
        found: dict[Span, dict[str, Any]] = {}
        for obj in self._going:
            for attribute, value in self.changed(obj):
                form = self._form(obj)
                name = self._argument(form, obj, attribute, value)
                if name is None:
                    continue
                node = text.call(form.span)
                if not any(within(text, node, statement) for statement in moved):
                    raise self._refused(form, attribute, "another value")
                given = found.setdefault(form.span, {})
                if not same(given.setdefault(name, value), value):
                    raise self._refused(form, attribute, "not one value")
        return [(self._forms[span], given) for span, given in found.items()]

    def changed(self, obj: Any) -> list[tuple[str, Any]]:
        """What an object took from a config, and would not take elsewhere."""
        kind, around = type(obj), self._made.configs.around.get(obj, ())
        outer, own = parted(around, self._outside)
        within_own = set(set_by(own, kind))
        found = []
        for attribute in dict.fromkeys(
            name for layers in (outer, *self._places) for name in set_by(layers, kind)
        ):
            value = given_by(outer, kind, attribute)
            there = [given_by(layers, kind, attribute) for layers in self._places]
            if is_of_pointers(value):
                continue  # a network's vocabularies are those of where it is
            if attribute not in within_own and not all(same(value, other) for other in there):
                found.append((attribute, value))
        return found

    def _form(self, obj: Any) -> Form:
        span = self._made.origins[obj].span
        if span not in self._forms:
            self._forms[span] = fields_of(self._made, obj)
        return self._forms[span]

    def _argument(self, form: Form, obj: Any, attribute: str, value: Any) -> str | None:
        """Which argument of a call says it; None where it is given already.

        Raises
        ------
        Refused
            Where none does.
        """
        kind = type(obj)
        direct = isinstance(form.made_by, type) and issubclass(kind, form.made_by)
        if not direct and _is_other(obj, attribute, value):
            return None  # what made it said it
        params = parameters_of(kind)
        for field in form.fields:
            if attribute_of(kind, field.name, params) == attribute:
                if field.source is not None:
                    return None
                if not (direct or _hands_on(form, obj)):
                    break
                return field.name
        raise self._refused(form, attribute, "another value")

    def _refused(self, form: Form, attribute: str, what: str) -> Refused:
        return Refused(
            f"line {form.span.line} makes {titled(self._made, form.obj)}, whose {attribute} is "
            f"what the config says, and that is {what} there: say the {attribute} in that line, or "
            "change the config",
            attr="objects",
        )


def _is_other(obj: Any, attribute: str, value: Any) -> bool:
    """Whether an object surely has another value than a config gave."""
    param = getattr(type(obj), attribute)
    return param.coerce_defaults and not same(getattr(obj, attribute), value)


def _hands_on(form: Form, obj: Any) -> bool:
    """Whether what is called gives all ensembles that it makes what it is given."""
    names = [p.name for p in parameters(form.made_by) if p.kind is p.VAR_KEYWORD]
    return isinstance(obj, nengo.Ensemble) and names == ["ens_kwargs"]


def _imports_of(text: Text, made: Made) -> Imports:
    """The imports of a source, for code that is put into it."""
    imports, there = Imports(), {one.name: one for one in imports_of(text)}
    for name in names_in(text):
        try:
            held = there[name].value() if name in there else made.namespace.get(name, text)
        except (ImportError, AttributeError):
            held = made.namespace.get(name, text)
        imports.give(name, held)
    return imports


def _code(form: Form, name: str, value: Any, imports: Imports) -> str:
    kind = form.made_by if isinstance(form.made_by, type) else type(form.obj)
    params = parameters_of(kind)
    try:
        return value_code(value, params.get(attribute_of(kind, name, params)), imports)
    except Unwritable as why:
        raise Refused(
            f"the {name} that a config gives {form.title} {why}: say it in line {form.span.line}",
            attr="objects",
        ) from None
