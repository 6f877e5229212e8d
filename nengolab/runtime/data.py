"""What comes out of a simulator: probe histories and built parameters, by Nengo object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import nengo
import numpy as np
from nengo.base import ObjView

from nengolab.exceptions import UnknownObject


class ProbeHistory:
    """The data of one probe, kept as the pieces in which it came.

    Parameters
    ----------
    probe : nengo.Probe
    dt : float
    shape : tuple of int
        Of what is probed: weights are matrices.
    """

    def __init__(self, probe: nengo.Probe, dt: float, shape: tuple[int, ...]):
        self.period = 1 if probe.sample_every is None else probe.sample_every / dt
        self.shape = shape
        self._pieces: list[np.ndarray] = []

    def samples(self, done: int, data: np.ndarray) -> np.ndarray:
        """The steps that ``sample_every`` keeps; ``data`` is ``(steps, batch, size)``."""
        if self.period == 1:
            return data
        steps = np.arange(done + 1, done + 1 + len(data))
        return data[steps % self.period < 1]

    def append(self, done: int, data: np.ndarray) -> None:
        self._pieces.append(self.samples(done, data))

    def clear(self) -> None:
        self._pieces = []

    def array(self) -> np.ndarray:
        """Everything so far, ``(samples, batch, *shape)``, read-only."""
        if not self._pieces:
            return np.zeros((0, 1, *self.shape))
        if len(self._pieces) > 1:
            self._pieces = [np.concatenate(self._pieces)]
        whole = self._pieces[0]
        view = whole.reshape((*whole.shape[:2], *self.shape))
        view.setflags(write=False)
        return view


class SimulationData(Mapping):
    """``sim.data``: probe data, and what was built for ensembles and connections.

    ``sim.data[probe]`` is ``(samples, size)``, or ``(batch, samples, size)`` where the simulator
    was given a ``minibatch_size``.
    """

    def __init__(self, params: dict[Any, Any], histories: dict[nengo.Probe, ProbeHistory], batched):
        self._params, self._histories, self._batched = params, histories, batched

    def __getitem__(self, key: Any) -> Any:
        key = key.obj if isinstance(key, ObjView) else key
        key = key.ensemble if isinstance(key, nengo.ensemble.Neurons) else key
        if key in self._histories:
            array = self._histories[key].array()
            return np.moveaxis(array, 1, 0) if self._batched else array[:, 0]
        if key not in self._params:
            raise UnknownObject(
                f"{key} is not in the simulated network; it holds "
                f"{len(self._histories)} probes and {len(self._params)} objects",
                attr="data",
            )
        return self._params[key]

    def __iter__(self) -> Iterator:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def __repr__(self) -> str:
        return repr(dict(self))
