"""What comes out of a simulator: probe data with the steps it covers, and built parameters."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import nengo
import numpy as np
from nengo.base import ObjView
from nengo.transforms import SparseMatrix
from scipy.sparse import csr_matrix

from nengolab.exceptions import UnknownObject, ValidationError
from nengolab.names import Names, listing
from nengolab.runtime.history import InMemory, LastSample, SampleBuffer, Sampling
from nengolab.runtime.store import Folder, OnDisk, ProbeStore


class Stretches:
    """Which steps were recorded: stretches without a gap, in the order in which they came.

    Time starts anew at a reset; going back to an earlier state reaches no further than that.
    """

    def __init__(self) -> None:
        self._spans: list[list[int]] = []
        self._first = 0  # the first stretch since time started anew

    def extend(self, done: int, now: int) -> None:
        """Add the steps after ``done`` up to ``now``."""
        if len(self._spans) > self._first and self._spans[-1][1] == done:
            self._spans[-1][1] = now
        else:
            self._spans.append([done, now])

    def cut(self, step: int) -> None:
        """Forget what lies after ``step``."""
        while len(self._spans) > self._first and self._spans[-1][0] >= step:
            self._spans.pop()
        if len(self._spans) > self._first:
            self._spans[-1][1] = min(step, self._spans[-1][1])

    def restart(self) -> None:
        """Time starts anew; what was recorded stays."""
        self._first = len(self._spans)

    def steps(self) -> np.ndarray:
        """The numbers of the steps."""
        return np.concatenate(
            [np.zeros(0, int), *(np.arange(a + 1, b + 1) for a, b in self._spans)]
        )


class Recorded:
    """What the probes of a simulator gave, and when.

    Parameters
    ----------
    shapes : dict of nengo.Probe to tuple of int
        Shape of one sample: ``(batch, size)``; where weights are probed ``(batch, rows, columns)``.
    dt : float
        Length of a step (s).
    dtype : str
    batched : bool
        Whether ``sim.data`` has a batch axis.
    keeps_history : callable
        Whether a probe keeps every sample or the last one only.
    store : ProbeStore, optional
        Where to keep what probes with a history give; None for memory.
    """

    def __init__(
        self,
        shapes: dict[nengo.Probe, tuple[int, ...]],
        dt: float,
        dtype: str,
        batched: bool,
        keeps_history: Callable[[nengo.Probe], bool],
        store: ProbeStore | None = None,
    ):
        self.stretches = Stretches()
        self.folder = None if store is None else Folder(store.path)
        self._shapes = shapes
        self._sampling = {p: Sampling(p.sample_every, dt) for p in shapes}
        self.histories: dict[nengo.Probe, SampleBuffer] = {}
        for i, (probe, shape) in enumerate(shapes.items()):
            kind = (shape, dtype, batched)
            if not keeps_history(probe):
                self.histories[probe] = LastSample(*kind)
            elif self.folder is not None:
                self.histories[probe] = OnDisk(self.folder, f"probe_{i}", *kind)
            else:
                self.histories[probe] = InMemory(*kind)

    # -- on disk -------------------------------------------------------------------------------

    def create(self, overwrite: bool, dt: float, name_of: Callable[[Any], str]) -> None:
        """Make the folder and its arrays, where there is to be one."""
        if self.folder is None:
            return
        self.folder.create({"dt": dt}, overwrite)
        for probe, history in self._on_disk().items():
            attributes = {
                "name": name_of(probe),
                "label": probe.label,
                "target": name_of(probe.target),
                "attr": probe.attr,
                "dt": dt,
                "sample_every": probe.sample_every,
            }
            history.create(len(self.histories), attributes)

    def _on_disk(self) -> dict[nengo.Probe, OnDisk]:
        return {p: h for p, h in self.histories.items() if isinstance(h, OnDisk)}

    def flush(self) -> None:
        """Write to disk what waits to be written."""
        started = time.monotonic()
        self._write(list(self._on_disk().values()), everything=True)
        if self.folder is not None:
            self.folder.flushed(time.monotonic() - started)

    def _write(self, histories: list[OnDisk], everything: bool) -> None:
        waiting = [h for h in histories if h.waiting]
        if waiting and self.folder is not None:
            self.folder.check_owned()
        for history in waiting:
            history.write(everything)

    def _write_what_is_due(self) -> None:
        if self.folder is None:
            return
        if self.folder.due():
            self.flush()
        else:
            self._write([h for h in self._on_disk().values() if h.full], everything=False)

    # -- samples -------------------------------------------------------------------------------

    def pick(self, done: int, outputs: Mapping[Any, np.ndarray]) -> dict[nengo.Probe, np.ndarray]:
        """What ``sample_every`` keeps of a tile, by probe; ``done`` steps came before it."""
        return {
            p: s.pick(done, outputs[p].reshape(len(outputs[p]), *self._shapes[p]))
            for p, s in self._sampling.items()
        }

    def append(self, done: int, now: int, outputs: Mapping[Any, np.ndarray]) -> None:
        """Record the steps after ``done`` up to ``now``."""
        self.stretches.extend(done, now)
        for probe, rows in self.pick(done, outputs).items():
            self.histories[probe].append(rows)
        self._write_what_is_due()

    def cut(self, step: int) -> None:
        """Forget what lies after ``step``: the simulator goes back to it."""
        self.stretches.cut(step)
        self._shorten()

    def clear(self) -> None:
        """Forget everything."""
        self.stretches = Stretches()
        self._shorten()

    def _shorten(self) -> None:
        steps = self.stretches.steps()
        if self.folder is not None:
            self.folder.check_owned()
        for probe, history in self.histories.items():
            history.truncate(int(np.count_nonzero(self._sampling[probe].kept(steps))))

    def read(self, probe: nengo.Probe) -> Any:
        """The data of a probe."""
        history = self.histories[probe]
        if isinstance(history, OnDisk):
            self._write([history], everything=True)
        return history.array()

    # -- pickling ------------------------------------------------------------------------------

    def contents(self) -> dict[str, Any]:
        """Everything recorded, to be put into a recording of the same probes; on disk its size."""
        self.flush()
        return {
            "stretches": self.stretches,
            "path": None if self.folder is None else self.folder.path,
            "on_disk": {p: h.n for p, h in self._on_disk().items()},
            "in_memory": {p: h for p, h in self.histories.items() if not isinstance(h, OnDisk)},
        }

    def put(self, contents: dict[str, Any], writes: bool) -> None:
        """Take up what another recording held; the data on disk stays where it is.

        Parameters
        ----------
        contents : dict
        writes : bool
            Whether the data on disk is this recording's from now on, no longer the other's.
        """
        self.stretches = contents["stretches"]
        self.histories.update(contents["in_memory"])
        if self.folder is not None:
            self.folder.reopen()
            on_disk = self._on_disk()
            for probe, n in contents["on_disk"].items():
                on_disk[probe].reopen(n)
            if writes:
                self.folder.own()


class Values(Protocol):
    """What `SimulationData` asks of an engine."""

    def changed(self, obj: Any) -> dict[str, np.ndarray]:
        """Parameters of an object that have other values than those built, by role."""
        ...

    def learned(self, obj: Any) -> dict[str, np.ndarray]:
        """What is learned online of an object, ``(batch, ...)``, by role."""
        ...


def rates_of(ens: nengo.Ensemble, gain: np.ndarray, bias: np.ndarray) -> tuple[Any, Any]:
    """Maximum rates and intercepts for gains and biases; None where the type does not say."""
    try:
        with np.errstate(all="ignore"):  # a neuron may never fire: its rate is NaN
            return ens.neuron_type.max_rates_intercepts(gain, bias)
    except NotImplementedError:
        return None, None


def with_nonzeros(matrix: Any, nonzeros: np.ndarray) -> Any:
    """A sparse matrix, of Nengo or SciPy, with other values in the places that are not zero.

    Parameters
    ----------
    matrix : nengo.transforms.SparseMatrix or scipy.sparse matrix
    nonzeros : ndarray
        In the order of compressed rows, as the engine keeps them.
    """
    own = isinstance(matrix, SparseMatrix)
    rows = csr_matrix(matrix.allocate() if own else matrix, copy=True)
    rows.data = np.array(nonzeros, dtype=float)
    if not own:
        return rows.asformat(matrix.format)
    at = rows.tocoo()
    return SparseMatrix(np.stack([at.row, at.col], axis=1), at.data, rows.shape)


class SimulationData(Mapping):
    """``sim.data``: probe data, and what was built for ensembles and connections.

    ``sim.data[probe]`` is ``(samples, size)``, or ``(batch, samples, size)`` where the simulator
    was given a ``minibatch_size``. A key is a Nengo object, or its name. With a probe store it is a
    `StoredData`, which reads from disk what it is indexed with; a probe with ``keep_history`` off
    shows one sample.

    What an ensemble or a connection was built with is shown as it is now, after training, loading
    and setting of ``sim.parameters``, and the rates and intercepts of neurons that follow from it.
    Weights and encoders that are learned online have the batch axis that probes have. After
    ``close`` the values are those at the end.

    Parameters
    ----------
    params : dict
        What Nengo's builder made of each object.
    recording : Recorded
    batched : bool
        Whether data has a batch axis.
    names : Names
    values : Values
        Values that are not those built.

    Examples
    --------
    >>> sim.run_steps(10)
    >>> sim.data[probe].shape, sim.data["ensemble"].encoders.shape
    ((10, 1), (20, 1))
    """

    def __init__(
        self,
        params: dict[Any, Any],
        recording: Recorded,
        batched: bool,
        names: Names,
        values: Values,
    ):
        self._params, self._recording, self._batched = params, recording, batched
        self._names, self._values = names, values

    def __getitem__(self, key: Any) -> Any:
        asked = key
        key = self._names.find(key) if isinstance(key, str) else key
        key = key.obj if isinstance(key, ObjView) else key
        key = key.ensemble if isinstance(key, nengo.ensemble.Neurons) else key
        if key in self._recording.histories:
            return self._recording.read(key)
        if key not in self._params:
            probes = listing(map(self._names.get, self._recording.histories))
            raise UnknownObject(
                f"{asked if key is None else self._names.get(key)!r} is not in the simulated "
                f"network; its probes are {probes}, and it "
                f"holds {listing(self._names.get(o) for o in self._params if o is not None)}",
                attr="data",
            )
        return self._current(key, self._params[key])

    def get_params(self, *obj_attrs: tuple[Any, str]) -> list[np.ndarray]:
        """Current values of several arrays: ``get_params((conn, "weights"), (ens, "bias"))``.

        Parameters
        ----------
        *obj_attrs : tuple of (object or str, str)
            An ensemble, its neurons or a connection, and the name of an attribute of what
            ``sim.data`` shows for it.

        Raises
        ------
        UnknownObject
            For an object that is not in the network.
        ValidationError
            For an attribute that there is not.
        """
        return [self._param(pair) for pair in obj_attrs]

    def _param(self, pair: Any) -> np.ndarray:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ValidationError(
                f'takes pairs (object, "attribute"), for example (conn, "weights"); got {pair!r}',
                attr="get_params",
            )
        obj, attr = pair
        shown = self[obj]
        fields = getattr(shown, "_fields", ())
        if attr not in fields:
            name = obj if isinstance(obj, str) else self._names.get(obj)
            there = f"it has {listing(fields)}" if fields else "it has no parameters"
            raise ValidationError(f"{name!r} has no {attr!r}; {there}", attr="get_params")
        return getattr(shown, attr)

    def _current(self, obj: Any, built: Any) -> Any:
        """What was built, with what was trained, set and learned since."""
        if isinstance(obj, nengo.Ensemble):
            changed = self._of_ensemble(obj, built)
        elif isinstance(obj, nengo.Connection):
            changed = self._values.changed(obj) | self._learned(obj)
            changed = {k: v for k, v in changed.items() if k == "weights"}
            if "weights" in changed and not isinstance(built.weights, np.ndarray):
                changed["weights"] = with_nonzeros(built.weights, changed["weights"])
        else:
            return built
        for value in changed.values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        return built._replace(**changed) if changed else built

    def _learned(self, obj: Any) -> dict[str, np.ndarray]:
        learned = self._values.learned(obj)
        return learned if self._batched else {key: array[0] for key, array in learned.items()}

    def _of_ensemble(self, ens: nengo.Ensemble, built: Any) -> dict[str, Any]:
        changed: dict[str, Any] = {}
        # The signal holds the encoders times gain over radius; Direct mode has no gain.
        scaled = (self._values.changed(ens) | self._learned(ens)).get("encoders")
        if scaled is not None:
            scale = np.ones(1) if built.gain is None else (built.gain / ens.radius)[:, None]
            # Where the gain is 0, nothing says what the encoders are.
            encoders = np.broadcast_to(built.encoders, scaled.shape).copy()
            np.divide(scaled, scale, out=encoders, where=scale != 0)
            changed |= {"scaled_encoders": scaled.copy(), "encoders": encoders}
        bias = self._values.changed(ens.neurons).get("bias")
        if bias is not None and built.gain is not None:
            changed["bias"] = bias.copy()
            changed["max_rates"], changed["intercepts"] = rates_of(ens, built.gain, bias)
        return changed

    def __iter__(self) -> Iterator:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)

    def __repr__(self) -> str:
        return repr(dict(self))
