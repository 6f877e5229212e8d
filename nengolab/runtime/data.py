"""What comes out of a simulator: probe histories and built parameters, by Nengo object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import nengo
import numpy as np
from nengo.base import ObjView

from nengolab.exceptions import ValidationError
from nengolab.names import Names, listing


class ProbeHistory:
    """The data of one probe, kept as the pieces in which it came.

    Parameters
    ----------
    probe : nengo.Probe
    dt : float
    shape : tuple of int
        Of one sample: ``(size,)``, or ``(rows, columns)`` where weights are probed.
    """

    def __init__(self, probe: nengo.Probe, dt: float, shape: tuple[int, ...]):
        self.shape = shape
        self.period = 1 if probe.sample_every is None else probe.sample_every / dt
        self._pieces: list[np.ndarray] = []

    def samples(self, done: int, data: np.ndarray) -> np.ndarray:
        """The steps that ``sample_every`` keeps; ``data`` is ``(steps, batch, size)``."""
        data = data.reshape(*data.shape[:2], *self.shape)
        if self.period == 1:
            return data
        steps = np.arange(done + 1, done + 1 + len(data))
        return data[steps % self.period < 1]

    def append(self, done: int, data: np.ndarray) -> None:
        self._pieces.append(self.samples(done, data))

    def clear(self) -> None:
        self._pieces = []

    def array(self) -> np.ndarray | None:
        """Everything so far, ``(samples, batch, size)``, read-only; None before the first run."""
        if not self._pieces:
            return None
        if len(self._pieces) > 1:
            self._pieces = [np.concatenate(self._pieces)]
        view = self._pieces[0].view()
        view.setflags(write=False)
        return view


class SimulationData(Mapping):
    """``sim.data``: probe data, and what was built for ensembles and connections.

    ``sim.data[probe]`` is ``(samples, size)``, or ``(batch, samples, size)`` where the simulator
    was given a ``minibatch_size``. A key is a Nengo object, or its name. Weights and encoders that
    are learned online are shown as they are now, with the batch axis that probes have.

    Parameters
    ----------
    params : dict
        What Nengo's builder made of each object.
    histories : dict of nengo.Probe to ProbeHistory
    batched : bool
        Whether data has a batch axis.
    names : Names
    learned : callable
        ``learned(obj)`` gives what is learned online of an object, by signal name.
    """

    def __init__(
        self,
        params: dict[Any, Any],
        histories: dict[nengo.Probe, ProbeHistory],
        batched: bool,
        names: Names,
        learned: Callable[[Any], dict[str, np.ndarray]],
    ):
        self._params, self._histories, self._batched = params, histories, batched
        self._names, self._learned = names, learned

    def __getitem__(self, key: Any) -> Any:
        asked = key
        key = self._names.find(key) if isinstance(key, str) else key
        key = key.obj if isinstance(key, ObjView) else key
        key = key.ensemble if isinstance(key, nengo.ensemble.Neurons) else key
        if key in self._histories:
            array = self._histories[key].array()
            if array is None:
                array = np.zeros((0, 1, *self._histories[key].shape))
            return np.moveaxis(array, 1, 0) if self._batched else array[:, 0]
        if key not in self._params:
            raise ValidationError(
                f"{asked if key is None else self._names.get(key)!r} is not in the simulated "
                f"network; its probes are {listing(map(self._names.get, self._histories))}, and it "
                f"holds {listing(self._names.get(o) for o in self._params if o is not None)}",
                attr="data",
            )
        return self._current(key, self._params[key])

    def _current(self, obj: Any, built: Any) -> Any:
        """What was built, with what has been learned since."""
        for name, array in self._learned(obj).items():
            array = array if self._batched else array[0]
            changed = {"weights": array}
            if name == "encoders":
                # The signal holds the encoders times gain over radius.
                scale = (built.gain / obj.radius)[:, None]
                changed = {"scaled_encoders": array, "encoders": array / scale}
            for value in changed.values():
                value.setflags(write=False)
            built = built._replace(**changed)
        return built

    def __iter__(self) -> Iterator:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)
