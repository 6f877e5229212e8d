"""A network that a Lab shows, and what it takes to show it again as it was left."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nengo


@dataclass(eq=False)
class Exhibit:
    """One of the networks that a Lab has shown: its own, or that of a model that was opened.

    Attributes
    ----------
    network : nengo.Network
    title : str
    target : object
        What the Lab was made of, or the network.
    converter : nengolab.Converter or None
        What made it of a model.
    inputs : dict of Node to object
        How its Nodes were driven when it was left.
    """

    network: nengo.Network
    title: str
    target: Any
    converter: Any = None
    inputs: dict[Any, Any] = field(default_factory=dict[Any, Any])
    _params: bytes | None = None
    _state: Any = None

    def leave(self, sim: Any, inputs: dict[Any, Any]) -> None:
        """Keep what a simulator of it has been changed to, before another takes its place."""
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "left.npz"
            sim.save_params(path)
            self._params = path.read_bytes()
        self._state, self.inputs = sim.state, inputs

    def come_back(self, sim: Any, n_steps: int) -> Any:
        """Give a simulator of it the parameters that it had, and say from which state it goes on.

        Time goes on too: the state is that in which it was left, at a later step.

        Returns
        -------
        Snapshot or None
            None where it has never run.
        """
        if self._params is None:
            return None
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "left.npz"
            path.write_bytes(self._params)
            sim.load_params(path)
        return replace(self._state, n_steps=n_steps)
