"""The spike raster: one row for each neuron."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Literal, TypedDict

import numpy as np
from nengo.ensemble import Neurons
from nengo.exceptions import ValidationError

from nengolab.inspect import population
from nengolab.live import RasterSpec
from nengolab.live.samples import Spikes
from nengolab_widgets.chosen import HINT, read_chosen
from nengolab_widgets.ordering import ORDERS, ordered, read_direction
from nengolab_widgets.panel import Panel, Setting, ensemble_of, is_spiking
from nengolab_widgets.weakly import weakly


class Payload(TypedDict):
    """What the page draws, of an ensemble: rows from the first neuron to one past the last.

    Where they are ``sorted``, which neuron is in which row is told when the page asks.
    """

    ensemble: str
    first: int
    end: int
    sorted: bool


class RowsMessage(TypedDict):
    """The neurons from the lowest row up, in a buffer of 32-bit numbers; ``problem`` if none."""

    type: Literal["rows"]
    problem: str


Said = RowsMessage


class Raster(Panel):
    """A tick for each spike.

    All neurons or some: by number, or those that prefer a direction; in the order of their numbers,
    intercepts, directions, or with those together that are alike.
    """

    name = "raster"
    label = "spike raster"
    settings = (
        Setting("neurons", "neurons", "", "text", hint=HINT),
        Setting("toward", "that prefer", "", "text", hint="a direction, as 1, 0; empty: any"),
        Setting("order", "sorted by", "index", "choice", choices=ORDERS),
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether there are neurons that spike."""
        return is_spiking(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return -1.0 if isinstance(obj, Neurons) else 10.0

    @property
    def _is_sorted(self) -> bool:
        return bool(self.values["neurons"].strip() or self._needs_numbers)

    @property
    def _needs_numbers(self) -> bool:
        """Whether encoders or intercepts say which row a neuron is in."""
        return bool(self.values["toward"].strip()) or self.values["order"] != "index"

    def spec(self) -> RasterSpec:
        ens = ensemble_of(self.obj)
        read_chosen(self.values["neurons"], ens.n_neurons, "neurons")
        read_direction(self.values["toward"], ens.dimensions)
        # In another order neighbours are no neighbours, and share no row.
        kind = Spikes if self._is_sorted else RasterSpec
        return kind(
            self.place.probe(ens.neurons),
            window=self.place.window,
            id=self.identity.id,
            rev=self.identity.rev,
        )

    @property
    def what(self) -> str:
        some = f" of neurons {self.values['neurons'].strip()}" if self.values["neurons"] else ""
        toward = self.values["toward"].strip()
        some += f" that prefer {toward}" if toward else ""
        order = self.values["order"]
        return f"spikes{some}" + ("" if order == "index" else f", by {order}")

    def layout(self) -> Payload:
        ens = ensemble_of(self.obj)
        end = ens.n_neurons
        return {"ensemble": self.title, "first": 0, "end": end, "sorted": self._is_sorted}

    def handle(self, content: dict[str, Any]) -> None:
        if content.get("type") != "rows":
            return super().handle(content)
        ens = ensemble_of(self.obj)
        if not self._needs_numbers:
            return self._tell(self._rows(None))
        # The session's thread reads them: there is no simulator before it has built one.
        found = self.place.session.look_up(lambda sim: population(sim, ens))
        found.add_done_callback(weakly(self._found))

    def _found(self, done: Future[Any]) -> None:
        try:
            self._tell(self._rows(done.result()))
        except Exception as error:
            self._tell(np.zeros(0, int), str(error))

    def _rows(self, numbers: Any) -> np.ndarray:
        ens = ensemble_of(self.obj)
        chosen = np.array(read_chosen(self.values["neurons"], ens.n_neurons, "neurons"))
        if numbers is None:
            return chosen
        toward = read_direction(self.values["toward"], ens.dimensions)
        rows = ordered(numbers, chosen, toward, self.values["order"])
        if not len(rows):
            raise ValidationError(f"no neuron prefers {self.values['toward'].strip()}", "toward")
        return rows

    def _tell(self, rows: np.ndarray, problem: str = "") -> None:
        said: RowsMessage = {"type": "rows", "problem": problem}
        self.place.send(self, {**said}, rows.astype(np.int32).tobytes())
