"""Shorter ways to build what Nengo builds most often: the same signals, the same numbers.

Nengo's builder computes again what it has computed for an equal object: it discretises a synapse
for each connection, and evaluates and factorises the same activities for each connection out of one
ensemble. In a network of many small ensembles that is most of the time it takes to build.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, TypeGuard

import nengo
import numpy as np
import scipy.linalg
from nengo.builder import Builder, Model
from nengo.builder.connection import build_solver, get_eval_points, get_targets
from nengo.builder.processes import SimProcess, build_process
from nengo.builder.signal import Signal
from nengo.solvers import LstsqL2
from nengo.synapses import LinearFilter
from nengo.utils.least_squares_solvers import Cholesky, rmses

from nengolab.kernels.synapses import state_space

# Solving for fewer neurons than this takes less time than Nengo's cache on disk takes to find out
# whether it knows the answer; above, its cache is used.
SOLVED_HERE_BELOW = 500
KEPT_BYTES = 256e6


def applies_to_synapse(synapse: Any) -> TypeGuard[LinearFilter]:
    """Whether ``synapse`` would be built by Nengo's own builder from its discretised system."""
    return (
        isinstance(synapse, LinearFilter)
        and type(synapse).make_state is LinearFilter.make_state
        and _builder(synapse) is build_process
    )


def _builder(obj: Any) -> Any:
    return next((Builder.builders[c] for c in type(obj).__mro__ if c in Builder.builders), None)


def build_filter(
    model: Model,
    synapse: LinearFilter,
    sig_in: Signal,
    sig_out: Signal | None = None,
    mode: str = "set",
) -> Signal:
    """Build a linear filter as Nengo does, with its discretisation looked up."""
    out = sig_out or Signal(shape=sig_in.shape, name=f"{sig_in.name}.{synapse}")
    order = len(state_space(synapse, model.dt)[0])
    state = Signal(np.zeros((order, *out.shape), dtype=out.dtype))
    model.sig[synapse]["_state_X"] = state
    model.add_op(
        SimProcess(
            synapse, sig_in, out, model.time, mode=mode, state={"X": state}, tag=str(synapse)
        )
    )
    return out


class Solved:
    """Decoders by their problem, for networks that are built again: those used last are kept.

    A cell that is executed again, or an edit of one thing of a drawn network, makes a network that
    is the same for the most part.
    """

    def __init__(self, most_bytes: float) -> None:
        self._most, self._bytes = most_bytes, 0
        self._kept: OrderedDict[Hashable, tuple[np.ndarray, np.ndarray]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, problem: Hashable) -> tuple[np.ndarray, np.ndarray] | None:
        """Decoders and their errors, which are not to be written to; None where they are not known.

        ``problem`` is None for one that is never known.
        """
        with self._lock:
            if problem in self._kept:
                self._kept.move_to_end(problem)
            return self._kept.get(problem)

    def keep(self, problem: Hashable, solved: tuple[np.ndarray, np.ndarray]) -> None:
        """Keep a solution, and of what takes too much memory then what was used longest ago."""
        with self._lock:
            if problem is None or problem in self._kept:
                return
            self._kept[problem] = solved
            self._bytes += _kept_bytes(solved)
            while self._bytes > self._most:
                self._bytes -= _kept_bytes(self._kept.popitem(last=False)[1])


def _kept_bytes(solved: tuple[np.ndarray, np.ndarray]) -> int:
    return solved[0].nbytes + solved[1].nbytes + 500  # the key, and what Python adds


SOLVED = Solved(32e6)


def _problem(
    model: Model, solver: LstsqL2, conn: nengo.Connection, points: np.ndarray, targets: np.ndarray
) -> Hashable:
    """What decoders follow from; None where that cannot be told.

    A person's own neuron type may have more to it than its arguments.
    """
    neurons, built = conn.pre_obj.neuron_type, model.params[conn.pre_obj]
    for one in (neurons, getattr(neurons, "base_type", neurons)):
        if type(one).__module__.partition(".")[0] not in ("nengo", "nengolab"):
            return None
    arrays = (points, targets, built.encoders, built.gain, built.bias)
    content = b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)
    layout = tuple((a.shape, a.dtype.str) for a in arrays)
    digest = hashlib.blake2b(content, digest_size=20).digest()
    return type(neurons), neurons, solver, conn.pre_obj.radius, layout, digest


class DecoderSolver:
    """Solves for decoders, and remembers what connections out of one ensemble have in common.

    The least-squares problem is Nengo's ``LstsqL2`` by its Cholesky decomposition:
    ``(A^T A + m (reg max A)^2 I) D = A^T Y`` for activities ``A`` at ``m`` evaluation points.
    """

    def __init__(self) -> None:
        self._systems: OrderedDict[Any, tuple] = OrderedDict()
        self._decoded: dict[Any, tuple] = {}
        self._bytes = 0

    def forget(self) -> None:
        """Drop what was kept for further connections of the same build."""
        self._systems.clear()
        self._decoded.clear()
        self._bytes = 0

    def applies_to(self, solver: Any, conn: nengo.Connection) -> bool:
        """Whether the problem is one that is solved here."""
        return (
            type(solver) is LstsqL2
            and type(solver.solver) is Cholesky
            and solver.solver.transpose is None
            and conn.pre_obj.n_neurons < SOLVED_HERE_BELOW
            and _builder(solver) is build_solver
        )

    def solve(
        self, model: Model, solver: LstsqL2, conn: nengo.Connection, rng: Any
    ) -> tuple[np.ndarray, np.ndarray, dict] | None:
        """``(eval_points, decoders, info)``, or None where Nengo should solve it itself."""
        standard = conn.eval_points is None
        points = get_eval_points(model, conn, rng)
        if len(points) < conn.pre_obj.n_neurons:
            return None
        # The identity at the ensemble's own points is what most connections decode.
        same = (conn.pre_obj, solver, str(conn.pre_slice))
        if standard and conn.function is None and same in self._decoded:
            decoders, info = self._decoded[same]
            return points, decoders.copy(), dict(info)
        started = time.time()
        targets = get_targets(conn, points)
        problem = _problem(model, solver, conn, points, targets)
        solved = SOLVED.get(problem)
        if solved is None:
            system = self._system(model, solver, conn, points, standard)
            if system is None:
                return None
            activities, factor = system
            found = scipy.linalg.cho_solve(factor, activities.T @ targets, check_finite=False)
            solved = found.T, rmses(activities, found, targets)
            SOLVED.keep(problem, solved)
        decoders, errors = solved[0].copy(), solved[1].copy()
        info = {"rmses": errors, "time": time.time() - started}
        if standard and conn.function is None:
            self._decoded[same] = decoders, info
        return points, decoders, info

    def _system(self, model, solver, conn, points, standard) -> tuple | None:
        """Activities and the factorised matrix; None where no neuron is active anywhere."""
        key = (conn.pre_obj, solver)
        if standard and key in self._systems:
            self._systems.move_to_end(key)
            return self._systems[key]
        built = model.params[conn.pre_obj]
        x = np.dot(points, built.encoders.T / conn.pre_obj.radius)
        activities = conn.pre_obj.neuron_type.rates(x, built.gain, built.bias)
        if not activities.any():
            return None
        gram = activities.T @ activities
        sigma = solver.reg * activities.max()
        np.fill_diagonal(gram, gram.diagonal() + len(points) * sigma**2)
        system = activities, scipy.linalg.cho_factor(gram, overwrite_a=True, check_finite=False)
        if standard:
            self._keep(key, system)
        return system

    def _keep(self, key: Any, system: tuple) -> None:
        self._systems[key] = system
        self._bytes += _size(system)
        while self._bytes > KEPT_BYTES:
            self._bytes -= _size(self._systems.popitem(last=False)[1])


def _size(system: tuple) -> int:
    return system[0].nbytes + system[1][0].nbytes
