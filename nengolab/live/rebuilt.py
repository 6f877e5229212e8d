"""What a session carries over when its network is built again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nengo.exceptions import NengoException

from nengolab.runtime.recording import Recording

from .probes import LiveProbe

if TYPE_CHECKING:
    from nengolab.runtime.state import Snapshot

    from .delivery import Delivery
    from .runner import LiveRunner


class Rebuilt:
    """State and probes of a simulator that gave way to a new one.

    Parameters
    ----------
    state : Snapshot or None
        None to start from time 0.
    probes : list of LiveProbe
        What was looked at.
    filters : mapping, optional
        What the filters of the probes remember, by the probes' ids; it goes on with the state.
    carry : callable, optional
        Of the state and the new simulator, gives the one to go on from; by default what fits by
        name and shape goes on.
    """

    def __init__(
        self,
        state: Snapshot | None,
        probes: list[LiveProbe],
        filters: Mapping[str, Any] | None = None,
        carry: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        self._state, self._probes, self._carry = state, probes, carry
        self._filters = filters or {}

    def of(self, probes: list[LiveProbe]) -> Rebuilt:
        """Give the same with other probes."""
        return Rebuilt(self._state, probes, self._filters, self._carry)

    def attach(self, runner: LiveRunner, delivery: Delivery) -> None:
        """Look at the same in the new simulator; what is gone from the network is dropped."""
        for probe in self._probes:
            try:
                runner.add_probe(probe)
            except NengoException:
                delivery.drop_probe(probe.id)

    def go_on(self, runner: LiveRunner, delivery: Delivery, inputs: dict[Any, Any]) -> None:
        """Put the state in, as far as its arrays fit by name and shape, and the inputs."""
        for node, value in inputs.items():
            fresh_start = self._state is None and isinstance(value, Recording)
            runner.set_input(node, value.starting(0) if fresh_start else value)
        if self._state is None:
            delivery.time_restarted(runner.sim.n_steps)
            return
        with warnings.catch_warnings():
            # That Python functions keep what they remember is what is wanted here.
            warnings.simplefilter("ignore")
            carry = self._carry or _by_name
            runner.sim.state = carry(self._state, runner.sim)
        runner.put_filters(self._filters)


def _by_name(state: Snapshot, sim: Any) -> Snapshot:
    """Give a state of what fits by name and shape."""
    fresh = sim.state
    arrays = {
        name: kept
        if (kept := state.arrays.get(name)) is not None and kept.shape == new.shape
        else new
        for name, new in fresh.arrays.items()
    }
    processes = {n: state.processes.get(n, new) for n, new in fresh.processes.items()}
    return replace(fresh, n_steps=state.n_steps, arrays=arrays, processes=processes)
