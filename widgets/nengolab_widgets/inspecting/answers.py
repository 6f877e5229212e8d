"""What neurons answer to, now and as built: what its two kinds have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Hashable
from typing import Any, Generic, Literal, TypeVar

import nengo
import numpy as np

from nengolab.parameters import Parameters

from .looked import Looked, is_network, same

# More curves than this cannot be told apart; of the others there are points.
MOST_CURVES = 200
FINE, COARSE = 101, 51  # points of a curve, of up to 100 neurons and of more
PLANE = 41

Direction = int | tuple[float, ...]
When = Literal["now", "built"]
SomeView = TypeVar("SomeView")
Read = TypeVar("Read")
Kept = TypeVar("Kept")


class Answers(Looked, Generic[SomeView, Read]):
    """What neurons answer to, sent again when that or what is picked has changed.

    Of a `nengolab.Simulator` the arrays that it follows from are compared before anything is
    computed: most stay the very same ones for as long as nothing sets or trains them.

    Parameters
    ----------
    ens : nengo.Ensemble
    view : View or BehindView
    picked : callable
        Gives the numbers of the picked neurons.
    """

    def __init__(
        self,
        ens: nengo.Ensemble,
        view: SomeView,
        picked: Callable[[], tuple[int, ...]],
        id: str,
        rev: int,
    ) -> None:
        super().__init__(id, rev)
        self._ens, self._view, self._picked = ens, view, picked
        self._read: tuple[Any, Read] | None = None
        self._first: tuple[Any, Read] | None = None
        self._even: tuple[Any, np.ndarray] | None = None
        self._held: list[np.ndarray] = []
        self._changes = 0
        self._kept: dict[str, tuple[Hashable, Any]] = {}

    # ---- what a kind says --------------------------------------------------------

    @abstractmethod
    def _find(self, source: Any, when: When) -> Read:
        """Read what the answers follow from."""

    @abstractmethod
    def _rows(self, table: Parameters) -> Parameters:
        """Give the arrays that it follows from; something was read before."""

    @abstractmethod
    def _numbers(self, source: Any) -> Hashable:
        """Tell states of a source without such a table apart."""

    @property
    @abstractmethod
    def _of_one(self) -> bool:
        """Whether it is a picture of one neuron, the last that is picked."""

    # ---- states --------------------------------------------------------------------

    def state(self, source: Any) -> Hashable:
        # Of these alone other curves are drawn.
        matters = self._ens.n_neurons > MOST_CURVES or self._of_one
        return id(source), self._version(source), self._picked() if matters else ()

    def _version(self, source: Any) -> Hashable:
        table = getattr(source, "parameters", None)
        if not isinstance(table, Parameters):
            return self._numbers(source)
        with table.settled():  # read at the moment at which it is compared
            known = self._knows(source)
            self._now(source)
            held = [row.held for row in self._rows(table).values()]
            alike = known and len(held) == len(self._held)
            if not (alike and all(map(same, held, self._held))):
                if known:
                    self._now(source, anew=True)
                self._changes += 1
            self._held = held
        return self._changes

    # ---- what is read ----------------------------------------------------------------

    def _knows(self, source: Any) -> bool:
        return self._read is not None and self._read[0] is source

    def _now(self, source: Any, anew: bool = False) -> Read:
        """Give what was read; of a network once, for without a seed each build is another one."""
        if self._read is None or not self._knows(source) or (anew and not is_network(source)):
            self._read = (source, self._find(source, "now"))
        return self._read[1]

    def _as_built(self, source: Any) -> Read:
        """Give what it was before training, learning and setting."""
        if self._first is None or self._first[0] is not source:
            self._first = (source, self._find(source, "built"))
        return self._first[1]

    def _keep(self, what: str, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Give what was made last for this key, or make it."""
        known = self._kept.get(what)
        if known is None or known[0] != key:
            known = self._kept[what] = (key, make())
        return known[1]

    # ---- which are drawn -----------------------------------------------------------

    def _drawn(self, source: Any, by: np.ndarray) -> np.ndarray:
        """Choose neurons whose curves are drawn: all, or evenly by a number, and the picked.

        Evenly by what that was when a source was seen first: curves move, and none comes or goes.
        """
        if len(by) <= MOST_CURVES:
            return np.arange(len(by))
        if self._even is None or self._even[0] is not source:
            order = np.argsort(by, kind="stable")
            even = order[np.linspace(0, len(by) - 1, MOST_CURVES).astype(int)]
            self._even = (source, even)
        return np.union1d(self._even[1], np.array(self._picked(), int))

    @property
    def _n_points(self) -> int:
        return FINE if self._ens.n_neurons <= 100 else COARSE

    @property
    def _one(self) -> int:
        picked = self._picked()
        return picked[-1] if picked else 0
