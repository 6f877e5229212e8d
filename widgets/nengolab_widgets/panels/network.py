"""The network itself: what it is made of, to be looked into and chosen from."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import nengo
from nengo.ensemble import Neurons
from nengo.exceptions import ValidationError

from nengolab.live import LiveProbe, PanelSpec
from nengolab.live.activity import Activity
from nengolab.runtime.means import MEAN
from nengolab_widgets.arrangement import LEAST_HEIGHT, MOST_HEIGHT
from nengolab_widgets.colouring import MOST_WATCHED, WatchedMessage, coloured
from nengolab_widgets.drawing.fields import untold
from nengolab_widgets.drawing.told import (
    CardEdit,
    Depending,
    DependingMessage,
    EditedMessage,
    PaletteMessage,
    TriedMessage,
    TriedTold,
)
from nengolab_widgets.graph import ConnectionColumns, NetworkGraph, ObjectColumns, describe
from nengolab_widgets.graph.card import CardFacts, card_of_connection, card_of_object, card_of_probe
from nengolab_widgets.graph.made import made_at
from nengolab_widgets.messages import KindOffer
from nengolab_widgets.narrowing import is_list, is_list_or_tuple, is_mapping
from nengolab_widgets.panel import Choice, Hands, Identity, Panel, Place, Setting
from nengolab_widgets.quiet import Nothing
from nengolab_widgets.variables import notebook_variables

# Of what was put in place by hand: as far as anybody would drag it.
FARTHEST = 1e6
# A page asks again where it has heard nothing for longer than this (s).
ON_ITS_WAY = 1.0
CARDS = {"object": card_of_object, "connection": card_of_connection, "probe": card_of_probe}
# What pages say in which things go by numbers.
NUMBERED = {"card", "plot", "watch", "edit", "try", "depending"}
LATE = "The network was drawn anew in this moment: nothing was done. Do it again."


class Payload(TypedDict):
    """What the view shows: ``version`` tells one description of the network from the next.

    ``opened`` are the subnetworks that are open and ``placed`` what was put in place by hand, both
    by name; ``height`` is in pixels, None for the usual one; ``activity`` says whether that is
    shown as colour. ``drawn`` says whether it can be edited by drawing: "not yet" before its code
    has run, while it runs for the first time ("coming"), or where it does not ("failed"), and not
    before its code is written where it "can be"; ``stale`` says that the code makes another one.
    """

    version: int
    opened: list[str]
    placed: dict[str, tuple[float, float]]
    passthrough: bool
    folded: bool
    activity: bool
    height: float | None
    drawn: Literal["no", "can be", "not yet", "coming", "failed", "yes"]
    stale: bool


class GraphMessage(TypedDict):
    """The network, told when a page asks for it; ``probes`` are the names of its probes.

    What a page says of things by their numbers comes with the ``version`` that they are of.
    """

    type: Literal["graph"]
    version: int
    objects: ObjectColumns
    connections: ConnectionColumns
    probes: list[str]


class CardPart(TypedDict):
    """Something to plot of what a card is about: itself (""), the output or input of a network."""

    part: str
    kinds: list[KindOffer]


class CardMessage(TypedDict):
    """The answer to the question ``ask``; ``edit`` is what can be edited of it in its code."""

    type: Literal["card"]
    ask: str
    facts: CardFacts
    parts: list[CardPart]
    edit: CardEdit | None


Said = (
    GraphMessage
    | CardMessage
    | PaletteMessage
    | EditedMessage
    | TriedMessage
    | DependingMessage
    | WatchedMessage
)


def _names(value: Any) -> tuple[str, ...]:
    if not is_list_or_tuple(value) or not all(isinstance(v, str) for v in value):
        raise ValueError("a list of names of subnetworks")
    return tuple(dict.fromkeys(value))


def _places(value: Any) -> dict[str, tuple[float, float]]:
    good = is_mapping(value) and all(isinstance(name, str) for name in value)
    if not good or not all(map(_is_place, value.values())):
        raise ValueError("names of objects, each with two numbers (x, y)")
    return {name: (float(x), float(y)) for name, (x, y) in value.items()}


def _height(value: Any) -> float:
    if not isinstance(value, int | float) or not LEAST_HEIGHT <= value <= MOST_HEIGHT:
        raise ValueError(f"a number of pixels from {LEAST_HEIGHT} to {MOST_HEIGHT}")
    return float(value)


def _is_place(place: Any) -> bool:
    return (
        is_list_or_tuple(place)
        and len(place) == 2
        and all(isinstance(v, int | float) and not isinstance(v, bool) for v in place)
        and all(math.isfinite(v) and abs(v) <= FARTHEST for v in place)
    )


class Network(Panel):
    """All objects and connections, laid out; each says what it is and what can be plotted of it.

    Subnetworks are opened with a double click. Colour is activity, while the network runs.
    """

    name = "network"
    label = "network"
    needs_simulator = False
    settings = (
        Setting(
            "opened", "open subnetworks", None, "kept", redraws=True, optional=True, check=_names
        ),
        Setting("placed", "put in place", {}, "kept", redraws=True, check=_places),
        Setting("passthrough", "passthrough nodes", True, "flag", redraws=True),
        Setting("activity", "colour by activity", True, "flag"),
        Setting("height", "height", None, "kept", redraws=True, optional=True, check=_height),
        Setting("folded", "folded away", False, "flag", redraws=True),
    )

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        self._graph: NetworkGraph | None = None
        self._version = 1
        self._watched: list[int] | None = None
        self._slept = False
        # Which version pages that came were told, and when.
        self._told = (0, -math.inf)
        super().__init__(obj, place, identity, values)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is a network, or nothing: then it is all of the session's."""
        return obj is None or isinstance(obj, nengo.Network)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 90.0

    @property
    def graph(self) -> NetworkGraph:
        """The network as it is described now."""
        if self._graph is None:
            network = self.place.network if self.obj is None else self.obj
            self._graph = describe(network, self.place.names)
        return self._graph

    @property
    def title(self) -> str:
        return super().title if self.obj is not None else self.place.network.label or "network"

    @property
    def what(self) -> str:
        return "network"

    def rebuilt(self) -> None:
        self._graph, self._watched = None, None
        self._version += 1

    def follow(self, obj: Any) -> bool:
        self.obj = obj
        return True

    @classmethod
    def renamed(cls, values: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
        opened, placed = values.get("opened"), values.get("placed", {})
        return {
            **values,
            "opened": opened and tuple(names.get(name, name) for name in opened),
            "placed": {names.get(name, name): place for name, place in placed.items()},
        }

    def deed(self, values: Mapping[str, Any]) -> str:
        if "placed" in values:
            return "a place in the network view"
        if "opened" in values:
            return "opening or closing a subnetwork"
        if "height" in values:
            return "the height of the network view"
        return "folding the network view" if "folded" in values else ""

    def layout(self) -> Payload:
        return {
            "version": self._version,
            "opened": list(self._opened()),
            "placed": dict(self.values["placed"]),
            "passthrough": self.values["passthrough"],
            "folded": self.values["folded"],
            "activity": self.values["activity"],
            "height": self.values["height"],
            "drawn": self._drawn(),
            "stale": self.place.hands is not None and self.place.hands.is_stale,
        }

    def _drawn(self) -> Literal["no", "can be", "not yet", "coming", "failed", "yes"]:
        if self.obj is not None:
            return "no"
        if self.place.hands is not None:
            return self.place.hands.is_drawn
        return "no" if self.place.continue_in_code is None else "can be"

    def _opened(self) -> tuple[str, ...]:
        if self.values["opened"] is not None:
            return self.values["opened"]
        graph = self.graph
        return tuple(self._name(at) for at in graph.open_at_first())

    def _name(self, at: int) -> str:
        return self.place.names.get(self.graph.object(at))

    # ---- colour ------------------------------------------------------------

    def spec(self) -> PanelSpec:
        self._slept = not self.place.is_awake
        if self.values["activity"] and not self._slept and (watched := self._probes()):
            return Activity(
                tuple(watched),
                window=self.place.window,
                id=self.identity.id,
                rev=self.identity.rev,
            )
        return Nothing(id=self.identity.id, rev=self.identity.rev)

    def _probes(self) -> list[tuple[int, LiveProbe]]:
        """Give what colours the objects that are seen; none where they are too many."""
        graph = self.graph
        if self._watched is None and self.values["folded"]:
            return []
        if self._watched is None:
            names = set(self._opened())
            opened = {at for at in range(1, len(graph)) if names and self._name(at) in names}
            self._watched = graph.visible(opened)
        wanted, _ = coloured(graph, self._watched)
        return [
            (at, self.place.probe(obj, MEAN if isinstance(obj, Neurons) else None))
            for at, obj in wanted
        ]

    # ---- what the page asks --------------------------------------------------

    def handle(self, content: dict[str, Any]) -> None:
        acts = {
            "describe": self._describe,
            "card": self._answer,
            "plot": self._plot,
            "watch": self._watch,
            "palette": self._palette,
            "edit": self._edit,
            "try": self._try,
            "depending": self._depending,
            "continue_in_code": self._continue,
        }
        act = acts.get(str(content.get("type")))
        if act is None:
            return super().handle(content)
        if content["type"] in NUMBERED and content.get("version") != self._version:
            return self._refuse(content, LATE)
        act(content)

    def _refuse(self, content: dict[str, Any], problem: str) -> None:
        """Answer that nothing is done; a page asks by itself again for cards, and for colour."""
        ask = str(content.get("ask"))
        said: Said | None = None
        if content["type"] == "edit":
            late = problem == LATE
            said = {"type": "edited", "ask": ask, "problem": problem, "came": [], "late": late}
        elif content["type"] == "depending":
            said = {
                "type": "depending",
                "ask": ask,
                "names": [],
                "problem": problem,
                "changed": [],
                "instead": [],
            }
        elif content["type"] == "try":
            said = {"type": "tried", "ask": ask, "told": untold(problem)}
        elif content["type"] == "plot":
            raise ValidationError(problem, "version")
        if said is not None:
            self.place.send(self, {**said})

    def greeted(self) -> None:
        self._tell()
        self._told = (self._version, time.monotonic())

    def _describe(self, content: dict[str, Any]) -> None:
        # A page that has just come asks for what is on its way to it already.
        version, when = self._told
        if version != self._version or time.monotonic() - when > ON_ITS_WAY:
            self._tell()

    def _tell(self) -> None:
        graph = self.graph
        said: GraphMessage = {
            "type": "graph",
            "version": self._version,
            "objects": graph.objects,
            "connections": graph.connections,
            "probes": graph.probe_names,
        }
        self.place.send(self, {**said})

    def _answer(self, content: dict[str, Any]) -> None:
        obj, card = self._meant(content), CARDS[content["of"]]
        facts = card(self.graph, content["at"])
        variables = notebook_variables()
        if where := made_at(obj, variables, variables.get("In", ())):
            facts["rows"].append({"label": "made in", "value": where})
        said: CardMessage = {
            "type": "card",
            "ask": str(content.get("ask")),
            "facts": facts,
            "parts": [
                {"part": part, "kinds": kinds}
                for part, obj in self._parts(content).items()
                if (kinds := self.place.offers(obj))
            ],
            "edit": self._edit_of(obj),
        }
        self.place.send(self, {**said})

    # ---- edits of the code -----------------------------------------------------

    @property
    def _hands(self) -> Hands:
        if self.place.hands is None or self.obj is not None:
            raise ValidationError(
                "this network is not made of code that is here: it cannot be edited", "edit"
            )
        return self.place.hands

    def _edit_of(self, obj: Any) -> CardEdit | None:
        if self.place.hands is None or self.obj is not None:
            return None
        return self.place.hands.edits_of(obj)

    def _palette(self, content: dict[str, Any]) -> None:
        said: PaletteMessage = {"type": "palette", "entries": self._hands.palette()}
        self.place.send(self, {**said})

    def _edit(self, content: dict[str, Any]) -> None:
        """Edit the code by drawing; what a page names by numbers are objects here."""
        ask, wanted = str(content.get("ask")), dict(content)
        try:
            for end in ("pre", "post", "into"):
                if content.get(end) is not None:
                    wanted[end] = self._meant({"of": "object", "at": content[end]})
            if "of" in content:
                wanted["object"] = self._meant(content)
            if "objects" in content:
                wanted["objects"] = [self._meant(each) for each in content["objects"]]
        except ValidationError as error:
            return self._refuse(content, str(error))
        place, panel = self.place, self

        def answer(problem: str, came: list[str]) -> None:
            done: EditedMessage = {
                "type": "edited",
                "ask": ask,
                "problem": problem,
                "came": came,
                "late": False,
            }
            place.send(panel, {**done})

        self._hands.edit(wanted, answer)

    def _try(self, content: dict[str, Any]) -> None:
        """Have a function run that a person has written, and say what it gives."""
        ask, place, panel = str(content.get("ask")), self.place, self

        def answer(told: TriedTold) -> None:
            said: TriedMessage = {"type": "tried", "ask": ask, "told": told}
            place.send(panel, {**said})

        self._hands.try_function({**content, "object": self._meant(content)}, answer)

    def _meant(self, content: Any) -> Any:
        """Give what a page names by a number."""
        at, of = content.get("at"), content.get("of")
        find = {
            "object": self.graph.object,
            "connection": self.graph.connection,
            "probe": self.graph.probe,
        }.get(of)
        try:
            if find is not None and type(at) is int:
                return find(at)
        except IndexError:
            pass
        raise ValidationError(
            f"a network panel was asked for {of!r} number {at!r}, which is not there", "at"
        )

    def _continue(self, content: dict[str, Any]) -> None:
        """Write the code of the network, where it was made elsewhere."""
        if self.place.continue_in_code is not None:
            self.place.continue_in_code()

    def _depending(self, content: dict[str, Any]) -> None:
        objects = [self._meant(each) for each in content["objects"]]

        def answer(found: Depending) -> None:
            said: DependingMessage = {
                "type": "depending",
                "ask": str(content.get("ask")),
                "names": found.names,
                "problem": found.problem,
                "changed": found.changed,
                "instead": [self.graph.thing(obj) for obj in found.together],
            }
            self.place.send(self, {**said})

        self._hands.depending(objects, answer)

    def _plot(self, content: dict[str, Any]) -> None:
        """Open a plot: the kind that is named, or with "" the likeliest."""
        parts, part, kind = self._parts(content), str(content.get("part")), content.get("kind")
        names = [k["name"] for k in self.place.offers(parts[part])] if part in parts else []
        if kind == "" and names:
            kind = names[0]
        if kind not in names:
            raise ValidationError(f"there is no plot {kind!r} of {part!r}", "kind")
        self.place.show(Choice(parts[part], str(kind)))

    def _watch(self, content: dict[str, Any]) -> None:
        wanted: Any = content.get("objects")
        good = is_list(wanted) and all(type(at) is int for at in wanted)
        if not good or not all(0 < at < len(self.graph) for at in wanted):
            raise ValidationError(f"objects must be numbers of objects, got {wanted!r}", "objects")
        woken = self._slept and self.place.is_awake
        if woken or set(wanted) != set(self._watched or ()):
            self._watched = wanted[: MOST_WATCHED + 1]
            self.place.respec(self)
        seen, why = coloured(self.graph, self._watched or ())
        objects = list(dict.fromkeys(at for at, _ in seen))
        said: WatchedMessage = {"type": "watched", "objects": objects, "why": why}
        self.place.send(self, {**said})

    def _parts(self, content: dict[str, Any]) -> dict[str, Any]:
        """Give what can be plotted of what is asked about: itself, or ends of a network."""
        obj = self._meant(content)
        if isinstance(obj, nengo.Probe):
            return {}
        if not isinstance(obj, nengo.Network):
            return {"": obj}
        ends = {name: getattr(obj, name, None) for name in ("output", "input")}
        nodes = {name: end for name, end in ends.items() if self.graph.index(end) > 0}
        return {**nodes, "": obj} if content["at"] else nodes
