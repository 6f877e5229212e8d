"""Which panels and which inputs a Lab starts with, and what its menu offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import nengo
from nengo.exceptions import ValidationError

from nengolab.layers.keras_weights import Ones
from nengolab.live.learned import learned_of
from nengolab.names import Names

from .messages import Offer
from .narrowing import is_list, is_tuple
from .panel import Choice, Panel
from .panels import kinds
from .vocabularies import note_modules, pointed

# What fits on a screen in two columns.
MAX_DEFAULT = 4


def kinds_of(obj: Any) -> list[type[Panel]]:
    """Give the kinds of panel that an object can be seen in, the likeliest first."""
    suitable = [kind for kind in kinds().values() if kind.suits(obj)]
    return sorted(suitable, key=lambda kind: (kind.rank(obj), kind.label))


def offered_of(obj: Any) -> list[type[Panel]]:
    """Give those that menus offer."""
    return [kind for kind in kinds_of(obj) if kind.offered]


def default_choices(network: nengo.Network) -> list[Choice]:
    """Choose value, raster and rates of the first ensemble, and values of the next ones.

    Of a network of semantic pointers it is those.
    """
    if modules := pointing(network):
        return [Choice(module, "pointer") for module in modules][:MAX_DEFAULT]
    ensembles = network.all_ensembles
    if not ensembles:
        # Ones are biases of a converted model: they never change.
        nodes = [n for n in network.all_nodes if n.size_out > 0 and not isinstance(n, Ones)]
        return [Choice(node, "value") for node in nodes][:MAX_DEFAULT]
    usual = ("value", "raster", "rates")
    first = [kind.name for kind in kinds_of(ensembles[0]) if kind.name in usual]
    choices = [Choice(ensembles[0], name) for name in first]
    choices += [Choice(ensemble, "value") for ensemble in ensembles[1:]]
    return choices[:MAX_DEFAULT]


def pointing(network: nengo.Network) -> list[nengo.Network]:
    """Find the subnetworks that put out semantic pointers; of those with one output the outer."""
    found: dict[Any, nengo.Network] = {}
    for sub in network.all_networks:
        if (pair := pointed(sub)) is not None:
            found.setdefault(pair[0], sub)
    return list(found.values())


def read_choices(plots: Any, names: Names) -> list[Choice]:
    """Understand what a person wrote in ``plots=[...]``.

    Each is an object; or the name of a kind that needs none; or a tuple of an object, or of a
    tuple of objects, with the name of a kind, and perhaps with a dict of settings.

    Raises
    ------
    ValidationError
        Names what cannot be plotted, and what would work.
    """
    several = isinstance(plots, Iterable) and not isinstance(plots, str | nengo.base.NengoObject)
    if _is_choice(plots) or not several:
        return [read_choice(plots, names)]
    return [read_choice(plot, names) for plot in cast("Iterable[Any]", plots)]


def _is_choice(plot: Any) -> bool:
    if not is_tuple(plot) or len(plot) not in (2, 3) or not isinstance(plot[1], str):
        return False
    return len(plot) == 2 or isinstance(plot[2], Mapping)


def read_choice(plot: Any, names: Names) -> Choice:
    """Understand one of them."""
    if isinstance(plot, Choice):
        return plot
    obj: Any
    name: str | None
    values: Mapping[str, Any]
    if isinstance(plot, str):
        obj, name, values = None, plot, {}
    elif _is_choice(plot):
        obj, name, *rest = plot
        values = rest[0] if rest else {}
    else:
        obj, name, values = plot, None, {}
    if is_list(obj):
        obj = tuple(obj)
    suitable = kinds_of(obj)
    if name is not None and name not in kinds():
        raise ValidationError(
            f"there is no kind of panel {name!r}; there are {', '.join(kinds())}", "plots"
        )
    if not suitable:
        raise ValidationError(
            f"{obj!r} cannot be plotted; give ensembles, their neurons, nodes, connections or "
            'probes, or pairs such as (ensemble, "raster")',
            "plots",
        )
    if name is None:
        return Choice(obj, (offered_of(obj) or suitable)[0].name)
    if name not in {kind.name for kind in suitable}:
        possible = ", ".join(repr(kind.name) for kind in suitable)
        what = f"{names.get(obj)!r} has" if obj is not None else "Without an object there is"
        raise ValidationError(f"{what} no plot {name!r}; it can be shown as {possible}", "plots")
    return Choice(obj, name, values)


class Menu:
    """What "+ add a plot" offers.

    Parameters
    ----------
    network : nengo.Network
        What puts out semantic pointers, ensembles, nodes, connections that learn, then what needs
        no object.
    """

    def __init__(self, network: nengo.Network, names: Names) -> None:
        note_modules(network)
        objects = [
            *pointing(network),
            *network.all_ensembles,
            *filter(offered_of, network.all_nodes),
            *filter(learned_of, network.all_connections),
        ]
        self._objects: dict[str, Any] = {f"object-{i}": obj for i, obj in enumerate(objects)}
        if offered_of(None):
            self._objects["network"] = None
        self.network, self._names = network, names

    def __len__(self) -> int:
        return len(self._objects)

    def layout(self) -> list[Offer]:
        """Give the entries for the browser, grouped by subnetwork."""
        return [
            {
                "object": key,
                "label": self._label(obj),
                "group": "" if obj is None else self._names.get(obj).rpartition("/")[0],
                "kinds": [{"name": kind.name, "label": kind.label} for kind in offered_of(obj)],
            }
            for key, obj in self._objects.items()
        ]

    def _label(self, obj: Any) -> str:
        return (self.network.label or "network") if obj is None else self._names.get(obj)

    def find(self, key: str) -> Any:
        """Find the object behind an entry.

        Raises
        ------
        ValidationError
            When there is none.
        """
        if key not in self._objects:
            raise ValidationError(f"there is no object {key!r} in the menu", "object")
        return self._objects[key]
