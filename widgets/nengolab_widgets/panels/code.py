"""The code that the network is made of: to be read, run, stopped, edited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypedDict

from nengo.exceptions import ValidationError

from nengolab.live import PanelSpec
from nengolab_widgets.arrangement import Size
from nengolab_widgets.drawing.told import CodeTold
from nengolab_widgets.panel import Identity, Panel, Place
from nengolab_widgets.quiet import Nothing


class Payload(TypedDict):
    """What the panel shows comes as messages: it is too long for a layout."""

    kind: Literal["file", "cell", "here"]


class CodeMessage(TypedDict):
    """The code, and how it stands."""

    type: Literal["code"]
    told: CodeTold


class KeptMessage(TypedDict):
    """Plots and positions, which the page keeps with the cell."""

    type: Literal["kept"]
    layout: dict[str, Any]


Said = CodeMessage | KeptMessage


class Code(Panel):
    """The Python source of a Lab, with what went wrong at its line."""

    name = "code"
    label = "code"
    needs_simulator = False
    # A Lab of a source opens it: there is nothing to choose.
    offered: ClassVar[bool] = False
    usual_size = Size(columns=2)

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        if place.hands is None:
            raise ValidationError(
                "there is no code that this network is made of; a Lab of a file, Lab('model.py'), "
                "shows it, and a cell that begins with %%lab",
                "plots",
            )
        self._hands = place.hands
        super().__init__(obj, place, identity, values)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is nothing: the code is all of the network's."""
        return obj is None

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 95.0

    @property
    def title(self) -> str:
        return self._hands.told()["name"]

    @property
    def what(self) -> str:
        return "code"

    def spec(self) -> PanelSpec:
        return Nothing(id=self.identity.id, rev=self.identity.rev)

    def layout(self) -> Payload:
        return {"kind": self._hands.told()["kind"]}

    def follow(self, obj: Any) -> bool:
        return True

    def greeted(self) -> None:
        self.say()
        self.say_layout()

    def say(self) -> None:
        """Tell pages the code, and how it stands."""
        said: CodeMessage = {"type": "code", "told": self._hands.told()}
        self.place.send(self, {**said})

    def say_layout(self) -> None:
        """Tell pages plots and positions, where these are kept with a cell."""
        if (layout := self._hands.kept_layout()) is not None:
            said: KeptMessage = {"type": "kept", "layout": dict(layout)}
            self.place.send(self, {**said})

    def handle(self, content: dict[str, Any]) -> None:
        if content.get("type") == "ask":
            return self.say()
        self._hands.take(content)
