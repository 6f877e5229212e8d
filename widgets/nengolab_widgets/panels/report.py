"""What each layer of a Keras model became, as a table that leads to the network's objects."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypedDict

from nengolab.live import PanelSpec
from nengolab_widgets.arrangement import Size
from nengolab_widgets.converted.made import called, is_converter, is_report
from nengolab_widgets.graph import NetworkGraph, describe
from nengolab_widgets.telling import Telling
from nengolab_widgets.variables import notebook_variables


class Line(TypedDict):
    """A layer; ``object`` and ``at`` are its object's name and place in the network view.

    They are "" and -1 where it has none in this network; rates are None where it was not run.
    """

    name: str
    kind: str
    became: str
    why: str
    instead: str
    shape_in: str
    shape_out: str
    neurons: int
    parameters: int
    names: list[str]
    rate: float | None
    max_rate: float | None
    object: str
    at: int


class Payload(TypedDict):
    """The name of the Keras model."""

    model: str


class Reported(TypedDict):
    """The report, or why there is none; ``note`` says what else there is to know."""

    type: Literal["report"]
    summary: str
    lines: list[Line]
    note: str
    problem: str


Said = Reported


class Report(Telling):
    """What each layer of a Keras model became, why it is not native, and what would make it so.

    ``converter.report()`` as a table: shapes, neurons, parameters, and rates where the report has
    them. A row leads to its object in the network view.
    """

    name = "report"
    label = "conversion report"
    # Of something beside the network: nobody can choose it in a menu.
    offered: ClassVar[bool] = False
    usual_size = Size(columns=2)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is a Converter, or its report."""
        return is_converter(obj) or is_report(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 10.0

    @property
    def title(self) -> str:
        return str(self.obj.model.name if is_converter(self.obj) else self.obj.model)

    @property
    def what(self) -> str:
        return "conversion report"

    def layout(self) -> Payload:
        return {"model": self.title}

    def rebuilt(self) -> None:
        self.say()

    def told(self) -> Reported:
        """Give what pages are told."""
        said: Reported = {"type": "report", "summary": "", "lines": [], "note": "", "problem": ""}
        try:
            report = self._report
            graph = describe(self.place.network, self.place.names)
            said["summary"] = report.summary
            said["lines"] = [_line(row, graph) for row in report.rows]
        except Exception as error:  # whatever a layer of somebody's own raises
            said["problem"] = f"The report cannot be made: {error}"
            return said
        if not said["lines"]:
            said["problem"] = (
                f"The report of {self.title!r} has no layers. converter.report() gives one with all"
            )
        elif all(line["at"] < 0 for line in said["lines"]):
            said["note"] = (
                "It is of another network than the one shown here, so its rows lead nowhere. "
                "Lab(converter.net, plots=[(converter, 'report')]) shows both."
            )
        return said

    @property
    def _report(self) -> Any:
        return self.obj.report() if is_converter(self.obj) else self.obj

    def still(self) -> str:
        return self._report._repr_html_()

    def python(self, spec: PanelSpec) -> str:
        return f"print({called(self.place.network, notebook_variables())}.report())\n"


def _line(row: Any, graph: NetworkGraph) -> Line:
    owner = row.obj
    at = -1 if owner is None else graph.index(owner)
    return {
        "name": row.name,
        "kind": row.kind,
        "became": row.became,
        "why": row.why,
        "instead": row.instead,
        "shape_in": ", ".join(_shape(shape) for shape in row.shape_in),
        "shape_out": _shape(row.shape_out),
        "neurons": row.n_neurons,
        "parameters": row.n_parameters,
        "names": list(row.parameters),
        "rate": row.rate,
        "max_rate": row.max_rate,
        "object": graph.names.get(owner) if at >= 0 else "",
        "at": at,
    }


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "1"
