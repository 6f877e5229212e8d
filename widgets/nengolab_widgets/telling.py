"""Panels that show nothing of the session's data: they tell their pages what they know."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from nengolab.live import PanelSpec
from nengolab_widgets.panel import Panel
from nengolab_widgets.quiet import Nothing


class Telling(Panel):
    """A panel that tells a page that comes, or asks, what it knows."""

    needs_simulator = False

    @abstractmethod
    def told(self) -> Mapping[str, object]:
        """Give what pages are told."""

    def say(self) -> None:
        """Tell pages what there is to know by now."""
        self.place.send(self, {**self.told()})

    def spec(self) -> PanelSpec:
        return Nothing(id=self.identity.id, rev=self.identity.rev)

    def greeted(self) -> None:
        self.say()

    def handle(self, content: dict[str, Any]) -> None:
        """Tell a page that asks."""
        if content.get("type") == "ask":
            return self.say()
        super().handle(content)
