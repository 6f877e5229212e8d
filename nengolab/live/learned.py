"""Spec of what is learned online: a matrix as it is now and then, and how far it has come."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from .frames import Arrays
from .specs import Cadence, LookSpec, new_id

# More rows or columns than this are smaller than what a screen shows of a panel.
MOST_ROWS, MOST_COLUMNS = 128, 256


@dataclass
class Start:
    """The matrix that changes are counted from: the first one that was seen of a run.

    Attributes
    ----------
    step : int
        When it was seen.
    matrix : ndarray or None
    last : int
        The step of the newest look: time that goes back has restarted.
    """

    step: int = -1
    matrix: np.ndarray | None = None
    last: int = -1

    def of(self, matrix: np.ndarray, step: int) -> np.ndarray:
        """Give the matrix to compare with; after a reset it is a new one."""
        if self.matrix is None or step < self.last or self.matrix.shape != matrix.shape:
            self.step, self.matrix = step, matrix.copy()
        self.last = step
        return self.matrix


@dataclass(frozen=True, eq=False)
class Learned(LookSpec):
    """What a connection's rules learn: its weights, or the encoders of what it leads to.

    Looked up while steps are made, four times a second.

    Parameters
    ----------
    conn : nengo.Connection
    of : {"weights", "encoders"}
    rows, columns : tuple of int
        What is shown of the matrix.
    change : bool
        Show the difference from `start`, not the values.
    start : Start
        Shared by the specs of one panel.
    """

    conn: nengo.Connection
    of: Literal["weights", "encoders"]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    change: bool = False
    start: Start = field(default_factory=Start)
    id: str = field(default_factory=new_id)
    rev: int = 0

    cadence: ClassVar[Cadence] = "on_change"

    @property
    def per_cell(self) -> tuple[int, int]:
        """How many rows and columns share a cell."""
        return -(-len(self.rows) // MOST_ROWS), -(-len(self.columns) // MOST_COLUMNS)

    def version(self, sim: Any) -> Hashable:
        return sim.n_steps

    def look(self, sim: Any) -> Arrays:
        """Give ``t``, the matrix as ``cells``, ``change`` as norm, and ``since`` when."""
        matrix = current(sim, self.conn, self.of)
        start = self.start.of(matrix, sim.n_steps)
        shown = matrix - start if self.change else matrix
        cells = reduced(shown[np.ix_(self.rows, self.columns)], *self.per_cell)
        return [
            ("t", np.array([sim.n_steps * sim.dt])),
            ("cells", cells.astype(np.float32)),
            ("change", np.array([np.linalg.norm(matrix - start)])),
            ("since", np.array([self.start.step * sim.dt])),
        ]


def current(sim: Any, conn: nengo.Connection, of: str) -> np.ndarray:
    """Give a matrix that is learned, as it is now; of a batch that of the first item."""
    if of == "weights":
        matrix = sim.data[conn].weights
    else:
        matrix = sim.data[_ensemble_after(conn)].scaled_encoders
    matrix = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix, dtype=float)
    return matrix[0] if matrix.ndim == 3 else np.atleast_2d(matrix)


def learned_of(conn: Any) -> Literal["weights", "encoders"] | None:
    """Tell what the rules of a connection change, None where there are none."""
    given: Any = conn.learning_rule_type if isinstance(conn, nengo.Connection) else None
    if given is None:
        return None
    several = given.values() if hasattr(given, "values") else given
    rules: list[Any] = list(several) if hasattr(several, "__iter__") else [given]
    if all(rule.modifies == "encoders" for rule in rules):
        return "encoders"
    return "weights"


def shape_of(conn: nengo.Connection, of: str) -> tuple[int, int]:
    """Give the shape of the matrix that is learned.

    Raises
    ------
    ValidationError
        Where it is not a matrix.
    """
    if of == "encoders":
        ensemble = _ensemble_after(conn)
        return ensemble.n_neurons, ensemble.dimensions
    decoded = isinstance(conn.pre_obj, nengo.Ensemble)
    columns = conn.pre_obj.n_neurons if decoded else conn.transform.size_in
    full = decoded and conn.solver.weights and isinstance(conn.post_obj, nengo.Ensemble)
    rows = conn.post_obj.n_neurons if full else conn.size_out
    if not isinstance(conn.transform, nengo.Dense | nengo.transforms.NoTransform):
        raise ValidationError(
            f"its transform is a {type(conn.transform).__name__}: weights are shown of dense ones",
            "transform",
            conn,
        )
    return rows, columns


def reduced(matrix: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Give a matrix with one cell for so many rows and columns: the largest, with its sign.

    A mean would cancel weights of both signs, and hide the few that stand out.
    """
    if (rows, columns) == (1, 1):
        return matrix
    matrix = _largest(matrix, columns)
    return _largest(matrix.T, rows).T


def _largest(matrix: np.ndarray, each: int) -> np.ndarray:
    """Of so many neighbours in a row, the one that is farthest from 0."""
    starts: list[int] = list(range(0, len(matrix[0]), each))
    low = np.minimum.reduceat(matrix, starts, axis=1)
    high = np.maximum.reduceat(matrix, starts, axis=1)
    return np.where(-low > high, low, high)


def _ensemble_after(conn: nengo.Connection) -> nengo.Ensemble:
    post = conn.post_obj
    return post.ensemble if isinstance(post, nengo.ensemble.Neurons) else post
