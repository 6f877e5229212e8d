"""Weights that are learned: the matrix as an image, and how far it has come over time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

import nengo
from nengo.connection import LearningRule

from nengolab.live import PanelSpec
from nengolab.live.learned import Learned, Start, learned_of, shape_of
from nengolab_widgets.chosen import HINT, read_chosen
from nengolab_widgets.panel import RANGE, Identity, Panel, Place, Setting

SHOWN = ("both", "matrix", "change")
OF = ("values", "change since the start")


class Payload(TypedDict):
    """What the page draws: so many cells, what rows and columns are, and what a cell stands for."""

    rows: int
    columns: int
    row_axis: str
    column_axis: str
    cell: str
    of: str
    show: Literal["both", "matrix", "change"]
    range: tuple[float, float] | None


class LearnedWeights(Panel):
    """What the rules of a connection learn: weights, decoders, or encoders."""

    name = "weights"
    label = "learned weights"
    settings = (
        Setting("show", "show", "both", "choice", choices=SHOWN),
        Setting("of", "matrix of", "values", "choice", choices=OF),
        Setting("rows", "rows", "", "text", hint=HINT),
        Setting("columns", "columns", "", "text", hint=HINT),
        RANGE,
    )

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        self._start = Start()
        super().__init__(obj, place, identity, values)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is a connection that learns, or its rule."""
        return learned_of(_connection(obj)) is not None

    @classmethod
    def rank(cls, obj: Any) -> float:
        return -5.0

    def spec(self) -> Learned:
        conn = _connection(self.obj)
        self._of = learned_of(conn) or "weights"
        n_rows, n_columns = shape_of(conn, self._of)
        self._spec = Learned(
            conn,
            self._of,
            rows=read_chosen(self.values["rows"], n_rows, "rows"),
            columns=read_chosen(self.values["columns"], n_columns, "columns"),
            change=self.values["of"] != "values",
            start=self._start,
            id=self.identity.id,
            rev=self.identity.rev,
        )
        return self._spec

    @property
    def what(self) -> str:
        name = self._called
        return name if self.values["of"] == "values" else f"change of {name}"

    @property
    def _called(self) -> str:
        """What is learned, as a person says it."""
        if self._of == "encoders":
            return "scaled encoders"
        conn = _connection(self.obj)
        decoded = isinstance(conn.pre_obj, nengo.Ensemble) and not conn.solver.weights
        return "decoders" if decoded else "weights"

    def layout(self) -> Payload:
        conn, spec = _connection(self.obj), self._spec
        rows, columns = spec.per_cell
        pre, post = conn.pre_obj, conn.post_obj
        neurons = (nengo.Ensemble, nengo.ensemble.Neurons)
        to_neurons = self._of == "encoders" or not (
            self._called == "decoders" or not isinstance(post, neurons)
        )
        from_neurons = self._of == "weights" and isinstance(pre, neurons)
        return {
            "rows": -(-len(spec.rows) // rows),
            "columns": -(-len(spec.columns) // columns),
            "row_axis": _axis("neuron" if to_neurons else "dimension", len(spec.rows)),
            "column_axis": _axis("neuron" if from_neurons else "dimension", len(spec.columns)),
            "cell": f"cell: largest of {rows} × {columns}" if rows * columns > 1 else "",
            "of": self.what,
            "show": self.values["show"],
            "range": self.values["range"],
        }

    def python(self, spec: PanelSpec) -> str:
        assert isinstance(spec, Learned)
        variable = re.sub(r"\W+", "_", self.title).strip("_")
        if self._of == "weights":
            target, attr = "conn", "weights"
        else:
            target, attr = "conn.learning_rule", "scaled_encoders"
        chosen = f"[{_index(spec.rows)}][:, {_index(spec.columns)}]"
        change = " - history[0]" if spec.change else ""
        return "\n".join(
            [
                "# Before the Simulator is made, in the network:",
                f"conn = ...  # the connection {self.title!r}",
                "with net:",
                f"    {variable} = nengo.Probe({target}, {attr!r}, sample_every=0.05)",
                "# After a run:",
                "import matplotlib.pyplot as plt",
                "import numpy as np",
                f"history = sim.data[{variable}]",
                f"shown = (history[-1]{change}){chosen}",
                "reach = abs(shown).max()",
                "fig, (above, below) = plt.subplots(2, 1)",
                'image = above.imshow(shown, cmap="RdBu_r", vmin=-reach, vmax=reach, '
                'aspect="auto", interpolation="nearest")',
                "fig.colorbar(image)",
                "change = np.linalg.norm(history - history[0], axis=(1, 2))",
                "below.plot(sim.trange(sample_every=0.05), change)",
                'below.set_xlabel("time (s)")',
                'below.set_ylabel("norm of the change")',
                "",
            ]
        )


def _connection(obj: Any) -> Any:
    return obj.connection if isinstance(obj, LearningRule) else obj


def _axis(each: str, count: int) -> str:
    return f"{count} {each}{'s' if count > 1 else ''}"


def _index(chosen: tuple[int, ...]) -> str:
    """Write an index as short as it can be."""
    if len(chosen) > 1 and chosen == tuple(range(chosen[0], chosen[-1] + 1)):
        return f"{chosen[0] or ''}:{chosen[-1] + 1}"
    return repr(list(chosen))
