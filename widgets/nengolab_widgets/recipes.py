"""The Python that makes a Lab as it is now.

Objects go by the variables that a person has for them, where there are any; else by how they are
reached from the network, which runs everywhere.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator, Mapping
from typing import Any, cast

import nengo
from nengo.base import ObjView
from nengo.connection import LearningRule
from nengo.ensemble import Neurons
from nengo.exceptions import ValidationError

from nengolab.names import Names

from .bench import Bench
from .layouts import chosen_values
from .narrowing import is_tuple
from .panel import Choice
from .references import rules_of, slice_text

LISTS = ("ensembles", "nodes", "networks", "connections", "probes")


def layout_code(
    bench: Bench,
    variables: Mapping[str, Any],
    target: Any,
    options: Mapping[str, Any] | None = None,
) -> str:
    """Write the lines that make a Lab with what is open.

    Parameters
    ----------
    bench : Bench
        What is open.
    variables : mapping
        Names that a person has for things, such as the notebook's.
    target : object
        What the Lab was made of.
    options : mapping, optional
        With which its simulator was built.
    """
    words = Words(bench.network, bench.names, variables)
    panels = [p for p in map(bench.find, bench.ids) if p.offered or words.has(p.obj)]
    lines = ["from nengolab_widgets import Lab", ""]
    if not words.knows_network:
        lines.append("# net is the network.")
    lines += ["lab = Lab(", f"    {words.target(target)},", "    plots=["]
    for panel in panels:
        plot = words.plot(Choice(panel.obj, panel.name, chosen_values(panel)))
        lines.append(f"        {plot},{words.remark(panel.obj)}")
    lines += ["    ],", f"    window={bench.window!r},"]
    view = None if bench.aside is None else chosen_values(bench.aside)
    if view is None or view:
        lines.append(f"    network={view or False!r},")
    given = {name: value for name, value in (options or {}).items() if value is not None}
    lines += [f"    {name}={value!r}," for name, value in given.items()]
    lines.append(")")
    for index, panel in enumerate(panels):
        if panel.size != panel.usual_size:
            columns, height = panel.size.columns, panel.size.height
            lines.append(f"lab.resize_plot(lab.plots[{index}], columns={columns}, height={height})")
    return "\n".join([*lines, "lab", ""])


class Words:
    """How Python calls the objects of a network."""

    def __init__(self, network: nengo.Network, names: Names, variables: Mapping[str, Any]) -> None:
        self._names, self._network = names, network
        # The first name given wins.
        self._variables: dict[int, str] = {}
        for name, value in variables.items():
            if is_public(name):
                self._variables.setdefault(id(value), name)
        self.knows_network = id(network) in self._variables
        self._root = self._variables.get(id(network), "net")
        self._paths = dict(_paths(network, self._root))

    def has(self, obj: Any) -> bool:
        """Whether a person has a variable for it."""
        return id(obj) in self._variables

    def target(self, target: Any) -> str:
        """Give the variable of what the Lab was made of, or the network's."""
        return self._variables.get(id(target), self._root)

    def plot(self, choice: Choice) -> str:
        """Write one of ``plots=[...]``."""
        values = [f"{name!r}: {value!r}" for name, value in choice.values.items()]
        settings = f", {{{', '.join(values)}}}" if values else ""
        return f"({self.obj(choice.obj)}, {choice.kind!r}{settings})"

    def remark(self, obj: Any) -> str:
        """Name what is reached by numbers only."""
        parts: tuple[Any, ...] = obj if is_tuple(obj) else (obj,)
        if not any("s[" in word for word in map(self._base, parts)):
            return ""
        return f"  # {', '.join(self._names.get(part) for part in parts)}".replace("\n", " ")

    def _base(self, obj: Any) -> str:
        return self.obj(obj.obj if isinstance(obj, ObjView) else obj)

    def obj(self, obj: Any) -> str:
        """Write an expression that gives an object.

        Raises
        ------
        ValidationError
            When it is not in the network.
        """
        if obj is None:
            return "None"
        if is_tuple(obj):
            return f"({''.join(f'{self.obj(part)}, ' for part in obj).strip()})"
        if id(obj) in self._variables:
            return self._variables[id(obj)]
        if isinstance(obj, ObjView):
            text = slice_text(obj.slice)
            inside = text if isinstance(obj.slice, slice) else f"[{text}]"
            return f"{self.obj(obj.obj)}[{inside}]"
        if isinstance(obj, Neurons):
            return f"{self.obj(obj.ensemble)}.neurons"
        if isinstance(obj, LearningRule):
            return self.obj(obj.connection) + self._rule(obj)
        if id(obj) not in self._paths:
            raise ValidationError(f"{obj!r} is not in the network", "obj")
        return self._paths[id(obj)]

    def _rule(self, rule: LearningRule) -> str:
        for code, other in rules_of(rule.connection).items():
            if other.learning_rule_type is rule.learning_rule_type:
                return code
        raise ValidationError(f"{rule!r} is no longer a rule of its connection", "obj")


def is_public(name: str) -> bool:
    """Whether it is the name of a variable; IPython's own begin with an underscore."""
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")


def _paths(network: nengo.Network, root: str) -> Iterator[tuple[int, str]]:
    """Give how each object is reached: by attributes where there are, else by numbers."""
    held = cast("dict[str, Any]", vars(network))
    attributes = {id(value): name for name, value in held.items() if is_public(name)}
    yield id(network), root
    for kind in LISTS:
        for index, obj in enumerate(getattr(network, kind)):
            name = attributes.get(id(obj))
            path = f"{root}.{name}" if name else f"{root}.{kind}[{index}]"
            if isinstance(obj, nengo.Network):
                yield from _paths(obj, path)
            else:
                yield id(obj), path
