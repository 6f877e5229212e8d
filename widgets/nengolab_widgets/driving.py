"""Nodes are driven as pages say, and the sliders of all pages follow whoever drives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

import nengo

from nengolab.live import Session
from nengolab.names import Names

from .sliders import Inputs, InputSliders


class Driving:
    """The driven Nodes of a Lab, and what it was told to put out.

    Parameters
    ----------
    network, names, chosen
        As for `Inputs`.
    say : callable
        Tells pages what the sliders show now; with True, only where there are several pages.

    Attributes
    ----------
    inputs : Inputs
    heard : int
        Number of the last move that counts.
    """

    def __init__(
        self, network: nengo.Network, names: Names, chosen: Any, say: Callable[[bool], object]
    ) -> None:
        self.inputs, self.heard = Inputs(network, names, chosen), 0
        self._names, self._chosen, self._say = names, chosen, say

    def rebuilt(self, network: nengo.Network, standing: Mapping[Any, Any]) -> None:
        """The network was built anew; some Nodes are driven still."""
        self.inputs = Inputs(network, self._names, self._chosen)
        for node, values in standing.items():
            if (entry := self.inputs.of(node)) is not None:
                entry.take(values)

    def drive(self, session: Session, message: Any) -> None:
        """Let a Node put out what a page says."""
        try:
            entry = self.inputs.find(message["node"])
            values = message.get("values")
            if "dim" in message:
                values = entry.moved(message["dim"], message["value"])
            done = session.set_input(entry.node, values, gesture=message.get("gesture"))
        except Exception:
            self.heard = max(self.heard, message["number"])
            self._say(False)
            raise
        entry.take(values)
        done.add_done_callback(lambda done: self._driven(session, message["number"], entry, done))

    def _driven(
        self, session: Session, number: int, entry: InputSliders, done: Future[Any]
    ) -> None:
        self.heard = max(self.heard, number)
        if not done.cancelled() and done.exception() is not None:
            # What was refused does not stay on the slider.
            entry.take(session.inputs.get(entry.node))
            self._say(False)

    def changed(self, node: Any, values: Any) -> None:
        """Follow what drives a Node, whoever set it."""
        entry = self.inputs.of(node)
        if entry is None:
            return
        before = entry.layout()
        entry.take(values)
        self._say(entry.layout() == before)
