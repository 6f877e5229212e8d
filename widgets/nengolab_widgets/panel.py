"""The contract of panels: what every kind of panel says of itself on the Python side.

A kind is a module in `nengolab_widgets.panels` with one subclass of `Panel`, and a folder of the
same name under ``js/src/widgets/panels``. ``docs/panels.md`` shows how to add one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, TypedDict

import nengo
from nengo.exceptions import ValidationError

from nengolab.live import LiveProbe, PanelSpec, Session
from nengolab.names import Names

from .arrangement import Size
from .drawing.told import CardEdit, CodeTold, Depending, PaletteEntry, TriedTold
from .messages import KindOffer, SettingLayout
from .narrowing import is_list_or_tuple, is_tuple


@dataclass(frozen=True)
class Setting:
    """Something of a panel that a person can change while it runs.

    Attributes
    ----------
    name : str
        Attribute in Python, and key in layouts.
    label : str
        What its menu says.
    default : object
        Value where nothing was said; a panel may choose another by its object (`Panel.defaults`).
    kind : {"number", "choice", "flag", "text", "range", "kept"}
        How it is edited. A number may be None where ``optional``; a range is two numbers, or None
        for one that follows the data; what is "kept" the panel's page side changes, and no menu.
    unit : str
    choices : tuple of str
        Of a choice.
    least, most : float
        Bounds of a number.
    optional : bool
        Whether None is a value.
    redraws : bool
        Whether it only changes how the page draws: then data that is there stays.
    hint : str
        What the menu says beside it.
    check : callable, optional
        Of what is kept: gives the value as it is kept, or raises a ValueError that says what it
        must be.
    """

    name: str
    label: str
    default: Any
    kind: Literal["number", "choice", "flag", "text", "range", "kept"] = "number"
    unit: str = ""
    choices: tuple[str, ...] = ()
    least: float = float("-inf")
    most: float = float("inf")
    optional: bool = False
    redraws: bool = False
    hint: str = ""
    check: Callable[[Any], Any] | None = None

    def read(self, value: Any) -> Any:
        """Check a value from a person or a page.

        Raises
        ------
        ValidationError
            Says what would work.
        """
        if value is None and (self.optional or self.kind == "range"):
            return None
        if self.kind == "choice":
            return self._choice(value)
        if self.kind == "flag":
            return self._must(isinstance(value, bool), bool(value), value, "true or false")
        if self.kind == "text":
            return self._must(isinstance(value, str), value, value, "text")
        if self.kind == "range":
            return self._range(value)
        if self.kind == "kept":
            return self._kept(value)
        number = self._number(value)
        between = f"a number from {self.least:g} to {self.most:g}"
        return self._must(self.least <= number <= self.most, number, value, between)

    def _choice(self, value: Any) -> str:
        wanted = "one of " + ", ".join(self.choices)
        return self._must(value in self.choices, value, value, wanted)

    def _range(self, value: Any) -> tuple[float, float]:
        pair: list[Any] = list(value) if is_list_or_tuple(value) else []
        self._must(len(pair) == 2, None, value, "two numbers (low, high)")
        low, high = self._number(pair[0]), self._number(pair[1])
        return self._must(low < high, (low, high), value, "two numbers, the lower first")

    def _kept(self, value: Any) -> Any:
        assert self.check is not None
        try:
            return self.check(value)
        except ValueError as error:
            raise ValidationError(
                f"{self.name} must be {error}, got {value!r}", self.name
            ) from None

    def _number(self, value: Any) -> float:
        good = isinstance(value, int | float) and not isinstance(value, bool)
        self._must(good and abs(value) < float("inf"), None, value, "a finite number")
        return float(value)

    def _must(self, good: bool, result: Any, value: Any, wanted: str) -> Any:
        if not good:
            raise ValidationError(f"{self.name} must be {wanted}, got {value!r}", self.name)
        return result

    def layout(self, value: Any) -> SettingLayout:
        """Describe it for the page's menu, where what is kept does not stand."""
        assert self.kind != "kept"
        return {
            "name": self.name,
            "label": self.label,
            "kind": self.kind,
            "unit": self.unit,
            "choices": list(self.choices),
            "value": list(value) if is_tuple(value) else value,
            "hint": self.hint,
        }


class Place(Protocol):
    """What a panel gets from the widget that holds it."""

    session: Session
    names: Names
    network: nengo.Network
    # The code that the network is made of, where it is edited here.
    hands: Hands | None
    # Writes that code, where the network was made elsewhere and could be written.
    continue_in_code: Callable[[], Any] | None

    @property
    def window(self) -> float:
        """Seconds that panels over time show."""
        ...

    def probe(self, obj: Any, attr: str | None = None, synapse: Any = None) -> LiveProbe:
        """Give a probe of something, the same one for panels that look at the same."""
        ...

    def send(self, panel: Panel, content: dict[str, Any], buffer: bytes | None = None) -> None:
        """Say something to the page side of a panel, with arrays in a buffer."""

    def changed(self, panel: Panel, anew: bool = True) -> None:
        """Take up what has changed; ``anew`` where its `Panel.spec` has."""

    def respec(self, panel: Panel) -> None:
        """Take up another `Panel.spec` of which the page side need not be made anew."""

    def show(self, choice: Choice) -> str:
        """Open another panel, or find the one that shows it already, and give its id."""
        ...

    def offers(self, obj: Any) -> list[KindOffer]:
        """Give the kinds of panel that an object can be seen in, the likeliest first."""
        ...

    @property
    def is_awake(self) -> bool:
        """Whether there is a simulator, or will be without anybody asking for it."""
        ...


class Hands(Protocol):
    """What edits the code that a network is made of: as text, and by drawing."""

    def told(self) -> CodeTold:
        """Give the code, and how it stands."""
        ...

    def kept_layout(self) -> Mapping[str, Any] | None:
        """Give the plots and positions that a page keeps with its cell."""
        ...

    def take(self, content: dict[str, Any]) -> None:
        """Do what a page wants done with the code."""

    def edit(self, content: dict[str, Any], answer: Callable[[str, list[str]], None]) -> None:
        """Edit by drawing; ``answer`` gets why it was not done, or "", and what came."""

    def try_function(self, content: dict[str, Any], answer: Callable[[TriedTold], None]) -> None:
        """Have a function run that a person wants to see; ``answer`` gets what it gave."""

    def edits_of(self, obj: Any) -> CardEdit | None:
        """Give what of an object can be edited."""
        ...

    def palette(self) -> list[PaletteEntry]:
        """Give what can be added."""
        ...

    def depending(self, objects: list[Any], answer: Callable[[Depending], None]) -> None:
        """Give what goes with objects that are deleted."""
        ...

    @property
    def is_drawn(self) -> Literal["not yet", "coming", "failed", "yes"]:
        """Whether the code has made a network."""
        ...

    @property
    def is_stale(self) -> bool:
        """Whether what is drawn is not what the code would make."""
        ...


class OverTime(TypedDict):
    """What all specs of data over time take: the seconds that they show, and `Identity`."""

    window: float
    id: str
    rev: int


@dataclass
class Identity:
    """What frames and pages call a panel."""

    id: str
    rev: int = 0


class Panel(ABC):
    """One kind of panel; an instance is one that is open.

    Parameters
    ----------
    obj : object
        What to look at: a Nengo object, a tuple of them, or None for kinds that `suits` None.
    place : Place
        Where it stands.
    identity : Identity
        Its id and revision, for `spec`.
    values : dict
        Settings that a person gave.

    Attributes
    ----------
    name : str
        What a person writes in ``plots=[(obj, name)]``; also the module's and the folder's name.
    label : str
        What menus say.
    settings : tuple of Setting
        What can be changed while it runs; values are in ``self.values``.
    needs_simulator : bool
        Whether there is nothing to show of a network that is not built.
    offered : bool
        Whether menus offer it; else it is there for those who name it, and of something beside the
        network, which no layout file can name.
    looks : bool
        Whether it only looks at a simulator, nengo's too, which then stays the caller's.
    wants : str
        What a person hears who names something else to a widget; "" where that is usual.
    usual_size : Size
        How large it is at first.
    esm, css : str or Path, optional
        The page side of a kind from outside this package: an ES module, as text or file, whose
        default export is what ``panel.ts`` calls a `PanelKind`.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    settings: tuple[Setting, ...] = ()
    needs_simulator: ClassVar[bool] = True
    offered: ClassVar[bool] = True
    looks: ClassVar[bool] = False
    wants: ClassVar[str] = ""
    usual_size: ClassVar[Size] = Size()
    esm: ClassVar[str | Path | None] = None
    css: ClassVar[str | Path] = ""

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        self.obj, self.place, self.identity = obj, place, identity
        self.size = self.usual_size
        self.values = self.usual()
        self.take(values or {})

    # ---- what a kind says ------------------------------------------------

    @classmethod
    @abstractmethod
    def suits(cls, obj: Any) -> bool:
        """Whether something can be looked at so."""

    @classmethod
    def first(cls, network: nengo.Network) -> Any:
        """Choose what to look at where a person has named nothing."""
        return None

    @classmethod
    def rank(cls, obj: Any) -> float:
        """Where it stands among the kinds that suit: the lowest is the likeliest."""
        return 50.0

    def defaults(self) -> dict[str, Any]:
        """Choose values of settings by the object."""
        return {}

    def usual(self) -> dict[str, Any]:
        """Give the values of all settings where a person has said nothing."""
        return {**{s.name: s.default for s in self.settings}, **self.defaults()}

    @abstractmethod
    def spec(self) -> PanelSpec:
        """Say what the session is to send; ``id`` and ``rev`` are those of ``self.identity``."""

    @property
    def title(self) -> str:
        """Name of what is shown."""
        return title_of(self.obj, self.place.names)

    @property
    @abstractmethod
    def what(self) -> str:
        """What is shown of it, with the unit or the filter: "value, 30 ms filter"."""

    @abstractmethod
    def layout(self) -> Mapping[str, Any]:
        """Give what the page side needs to draw: its payload, JSON-able."""

    def python(self, spec: PanelSpec) -> str:
        """Give the lines that draw the same from ``sim.data``, for a person to copy."""
        drawing = self.drawing(spec)
        lines = [
            "# Before the Simulator is made, in the network:",
            "with net:",
            *(f"    probe{i} = {probe.code}" for i, probe in enumerate(spec.probes)),
            "# After a run:",
            "import matplotlib.pyplot as plt",
            *(["import numpy as np"] if any("np." in line for line in drawing) else []),
            *drawing,
            "",
        ]
        return "\n".join(lines) if spec.probes else ""

    def drawing(self, spec: PanelSpec) -> list[str]:
        """Give the lines that draw ``sim.data[probe0]`` and so on: here as lines over time."""
        lines: list[str] = []
        for i, probe in enumerate(spec.probes):
            if probe.kind == "spikes":
                lines.append(f"t, neuron = sim.data[probe{i}].nonzero()")
                lines.append(f'plt.plot(sim.trange()[t], neuron, "|k")  # {probe.label}')
            else:
                lines.append(f"plt.plot({times_of(probe)}, sim.data[probe{i}])  # {probe.label}")
        return [*lines, 'plt.xlabel("time (s)")']

    def still(self) -> str:
        """Give what is shown of it as HTML where no widget is: on a page that shows the file only.

        Called once, when it is shown; "" where there is nothing.
        """
        return ""

    def handle(self, content: dict[str, Any]) -> None:
        """Take what the page side says; what is not understood is refused by name."""
        raise ValidationError(
            f"a {self.name} panel does not understand {content.get('type')!r}", "type"
        )

    def deed(self, values: Mapping[str, Any]) -> str:
        """Name a change of settings, for undo; "" for the usual words."""
        return ""

    def greeted(self) -> None:
        """A page has come that knows the layout and nothing else: say what it would ask for."""
        return

    def rebuilt(self) -> None:
        """The network is built again, as it is now."""
        return

    def follow(self, obj: Any) -> bool:
        """Look at what takes the place of the object in another network, or at that network.

        False where a panel is to be made anew for that.
        """
        return False

    @classmethod
    def renamed(cls, values: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
        """Settings of such a panel where objects have other names now: old and new ones."""
        return values

    def closed(self) -> None:
        """Let go of what the panel holds beside its probes; called once, when it is removed."""
        return

    # ---- what all kinds share --------------------------------------------

    def take(self, values: Mapping[str, Any]) -> bool:
        """Change settings, all or none; True where the spec is another one now.

        Raises
        ------
        ValidationError
            For a setting that does not exist, or a value that does not fit.
        """
        known = {setting.name: setting for setting in self.settings}
        for name in values:
            if name not in known:
                raise ValidationError(
                    f"a {self.name} panel has no setting {name!r}; "
                    f"it has {', '.join(known) or 'none'}",
                    name,
                )
        new = {name: known[name].read(value) for name, value in values.items()}
        changed = [name for name, value in new.items() if value != self.values[name]]
        self.values.update(new)
        return any(not known[name].redraws for name in changed)

    def differing(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Give those of some settings that are others here."""
        return {name: value for name, value in values.items() if self.values.get(name) != value}


def ensemble_of(obj: Any) -> Any:
    """Give the ensemble that an ensemble or its neurons stand for, or None."""
    # Any, since panels that `suits` ensembles need not ask again whether there is one.
    if isinstance(obj, nengo.ensemble.Neurons):
        return obj.ensemble
    return obj if isinstance(obj, nengo.Ensemble) else None


def has_neurons(obj: Any) -> bool:
    """Whether there are neurons to look at; ensembles in Direct mode have none."""
    ensemble = ensemble_of(obj)
    return ensemble is not None and not isinstance(ensemble.neuron_type, nengo.Direct)


def is_spiking(obj: Any) -> bool:
    """Whether the neurons of an ensemble spike."""
    return has_neurons(obj) and bool(ensemble_of(obj).neuron_type.spiking)


def times_of(probe: LiveProbe) -> str:
    """Give the Python expression of the times of a probe's data."""
    every = "" if probe.sample_every is None else f"sample_every={probe.sample_every}"
    return f"sim.trange({every})"


def title_of(obj: Any, names: Names) -> str:
    """Name an object for a panel's heading: neurons go by the name of their ensemble."""
    if obj is None:
        return ""
    if is_tuple(obj):
        return ", ".join(title_of(part, names) for part in obj)
    ensemble = ensemble_of(obj)
    return names.get(obj if ensemble is None else ensemble)


# What is shared by the settings of several kinds.
RANGE = Setting(
    "range", "range", None, "range", redraws=True, hint="empty: follows the data", optional=True
)


@dataclass(frozen=True)
class Choice:
    """What a person asked to see."""

    obj: Any
    kind: str
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])


def same_objects(a: Any, b: Any) -> bool:
    """Whether two panels' objects are the same to look at: each view is an object of its own."""
    if is_tuple(a) or is_tuple(b):
        both = is_tuple(a) and is_tuple(b) and len(a) == len(b)
        return both and all(map(same_objects, a, b))
    if isinstance(a, nengo.base.ObjView) and isinstance(b, nengo.base.ObjView):
        return a.obj is b.obj and a.slice == b.slice
    if isinstance(a, nengo.ensemble.Neurons) and isinstance(b, nengo.ensemble.Neurons):
        return a.ensemble is b.ensemble
    return a is b
