"""What an engine asks of whoever trains the network that it runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import numpy as np


class Follower(Protocol):
    """Holds values of parameters and a state of its own beside an engine's, and keeps in step.

    The Keras model of a network (`nengolab.training.keras_model.NetworkModel`) is one.
    """

    def pull(self, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
        """Values that changed since they were last asked for, by name; of all, or of ``names``."""
        ...

    def push(self, values: dict[str, np.ndarray]) -> None:
        """Take over values of parameters, by name."""

    def restarted(self) -> None:
        """The engine's state is another one: go on from that."""

    def leave_state(self) -> None:
        """Let the engine have the state at which training is, where that counts."""
