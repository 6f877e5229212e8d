"""The neurons that a person has picked: one selection for all panels of a network.

Pages show what is picked at once and tell the kernel, which tells all other pages.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengolab.live import Session
from nengolab.names import Names

from .panel import ensemble_of

# Hears who has picked: the page and its number, or "" and 0.
Heard = Callable[[str, int], Any]

_lock = threading.RLock()
_picks: weakref.WeakKeyDictionary[nengo.Network, Picks] = weakref.WeakKeyDictionary()


def picks_of(session: Session) -> Picks:
    """Give what is picked in a session, the same for all widgets of all sessions of its network."""
    with _lock:
        return _picks.setdefault(session.network, Picks())


class Picks:
    """Neurons, by ensemble."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._neurons: dict[nengo.Ensemble, tuple[int, ...]] = {}
        self._watchers: list[Heard] = []

    def __len__(self) -> int:
        return len(self._neurons)

    def of(self, ensemble: Any) -> tuple[int, ...]:
        """Give the numbers of the neurons that are picked of an ensemble."""
        return self._neurons.get(ensemble_of(ensemble), ())

    def by_name(self, names: Names) -> dict[str, list[int]]:
        """Give all that are picked, by the names of ensembles that are in the network."""
        with self._lock:
            return {names.get(e): list(n) for e, n in self._neurons.items() if names.has(e)}

    def set(self, ensemble: Any, neurons: Iterable[int], page: str = "", number: int = 0) -> None:
        """Pick neurons of an ensemble instead of those of before; none is no neuron.

        Raises
        ------
        ValidationError
            For what is no ensemble, or no number of a neuron of it.
        """
        found = ensemble_of(ensemble)
        if found is None:
            raise ValidationError(f"neurons are picked of ensembles, got {ensemble!r}", "ensemble")
        numbers = _numbers(neurons, found.n_neurons)
        with self._lock:
            self._neurons.pop(found, None)
            if numbers:
                self._neurons[found] = numbers
            watchers = list(self._watchers)
        for heard in watchers:
            heard(page, number)

    def watch(self, heard: Heard) -> Callable[[], None]:
        """Have something called after each pick; returns what ends that."""
        with self._lock:
            self._watchers.append(heard)
        return lambda: self._forget(heard)

    def _forget(self, heard: Heard) -> None:
        with self._lock:
            self._watchers = [other for other in self._watchers if other is not heard]


def _numbers(neurons: Iterable[int], count: int) -> tuple[int, ...]:
    given = np.unique(np.asarray(list(neurons)))
    if not len(given):
        return ()
    if given.dtype.kind not in "iu" or given[0] < 0 or given[-1] >= count:
        raise ValidationError(
            f"neurons are picked by their numbers, 0 to {count - 1}; got {list(neurons)!r}",
            "neurons",
        )
    return tuple(given.tolist())
