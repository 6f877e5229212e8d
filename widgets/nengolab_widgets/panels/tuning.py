"""What each neuron of an ensemble answers to."""

from __future__ import annotations

import ast
from typing import Any, Literal, TypedDict

import nengo
from nengo.exceptions import ValidationError

from nengolab_widgets.arrangement import Size
from nengolab_widgets.inspecting.tuned import MOST_CURVES, Direction, Tuned, View
from nengolab_widgets.panel import Panel, Setting, ensemble_of, has_neurons
from nengolab_widgets.picking import picks_of

SHOWN = ("tuning curves", "response curves", "plane")
BESIDE = (
    "encoders",
    "rates and intercepts",
    "evaluation points",
    "decoders",
    "nothing",
)
ALONG = "an axis such as 1, two of them such as 0, 1, or directions such as [1, 1], [1, -1]"


class Payload(TypedDict):
    """What the page draws, and what its axes are called."""

    ensemble: str
    neurons: int
    most: int
    kind: str
    radius: float
    show: Literal["tuning curves", "response curves", "plane"]
    axis: str
    second: str
    beside: Literal["encoders", "rates and intercepts", "evaluation points", "decoders", "nothing"]
    beside_axes: tuple[str, str]
    each: Literal["neuron", "point"]
    disk: float


class Tuning(Panel):
    """Tuning curves of an ensemble: how fast each neuron fires where a value is represented.

    Neurons are picked with a click, or with a box that is drawn; the same ones are marked in all
    panels of the session. What training, learning or setting has changed is drawn beside what was
    built.
    """

    name = "tuning"
    label = "tuning curves"
    needs_simulator = False
    looks = True
    usual_size = Size(columns=2)
    settings = (
        Setting("show", "show", "tuning curves", "choice", choices=SHOWN),
        Setting("along", "along", "", "text", hint=f"{ALONG}; empty: chosen by itself"),
        Setting("beside", "beside them", "encoders", "choice", choices=BESIDE),
        Setting("before", "as built, too", True, "flag"),
    )

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether there are neurons."""
        return has_neurons(obj)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 22.0

    @classmethod
    def first(cls, network: nengo.Network) -> Any:
        """Choose the first ensemble with neurons.

        Raises
        ------
        ValidationError
            Where there is none.
        """
        found = next(filter(has_neurons, network.all_ensembles), None)
        if found is None:
            raise ValidationError("the network has no ensemble with neurons to look at", "obj")
        return found

    @property
    def _ens(self) -> nengo.Ensemble:
        return ensemble_of(self.obj)

    def defaults(self) -> dict[str, Any]:
        size = self._ens.dimensions
        return {
            "show": "plane" if size == 2 else "tuning curves",
            "beside": "rates and intercepts" if size == 1 else "encoders",
        }

    def spec(self) -> Tuned:
        picks, ens = picks_of(self.place.session), self._ens
        return Tuned(
            ens, self._view(), lambda: picks.of(ens), id=self.identity.id, rev=self.identity.rev
        )

    def _view(self) -> View:
        show, beside, size = self.values["show"], self.values["beside"], self._ens.dimensions
        if show == "plane" and size < 2:
            raise ValidationError(
                f"{self.title!r} represents one dimension: there is no plane of it", "show"
            )
        if beside == "encoders" and size < 2:
            raise ValidationError(
                f"encoders of {self.title!r} are 1 or -1: it represents one dimension", "beside"
            )
        given = _directions(self.values["along"], size, self.title)
        if show == "plane" and len(given) == 1:
            raise ValidationError(f"a plane takes two directions: {ALONG}", "along")
        along = given or ((0, 1) if show == "plane" else (0,))
        axes = (along[0], along[1]) if len(along) == 2 else (0, min(1, size - 1))
        decoded = self._decoded() if beside == "decoders" else None
        return View(show, along, beside, axes, self.values["before"], decoded)

    def _decoded(self) -> nengo.Connection:
        """Find the first connection that decodes the ensemble."""
        for conn in self.place.network.all_connections:
            if conn.pre_obj is self._ens and not conn.solver.weights:
                return conn
        raise ValidationError(f"nothing decodes {self.title!r}: no connection leaves it", "beside")

    @property
    def what(self) -> str:
        shown = self.values["show"]
        return "rates on a plane" if shown == "plane" else shown

    def layout(self) -> Payload:
        view, ens = self._view(), self._ens
        plane = view.show == "plane"
        return {
            "ensemble": self.title,
            "neurons": ens.n_neurons,
            "most": MOST_CURVES,
            "kind": type(ens.neuron_type).__name__,
            "radius": float(ens.radius),
            "show": view.show,
            "axis": self._axis(view.along[0])
            if view.show != "response curves"
            else "value along each neuron's encoder (radii)",
            "second": self._axis(view.along[1]) if plane else "",
            "beside": view.beside,
            "beside_axes": self._beside_axes(view),
            "each": "point" if view.beside == "evaluation points" else "neuron",
            "disk": _disk(view, ens),
        }

    def _axis(self, direction: Direction) -> str:
        if isinstance(direction, int):
            return "represented value" if self._ens.dimensions == 1 else f"dimension {direction}"
        return f"along {', '.join(f'{v:g}' for v in direction)}"

    def _beside_axes(self, view: View) -> tuple[str, str]:
        pair = (self._axis(view.axes[0]), self._axis(view.axes[1]))
        if view.beside == "rates and intercepts":
            return "intercept (radii)", "highest rate (Hz)"
        if view.beside == "decoders":
            assert view.decoded is not None
            name = self.place.names.get(view.decoded)
            if view.decoded.size_mid > 1:
                return f"decoder of {name}, [0]", "[1]"
            return "intercept (radii)", f"decoder of {name}"
        if view.beside == "evaluation points" and self._ens.dimensions == 1:
            return "evaluation point", "share of points below it"
        return pair

    def python(self, spec: Tuned) -> str:
        view = self._view()
        obj = f"{self.title!r}"
        lines = ["import matplotlib.pyplot as plt", "from nengolab import inspect"]
        if view.show == "response curves":
            lines += [
                f"points, rates = inspect.response_curves(sim, {obj})",
                "plt.plot(points, rates)",
            ]
        else:
            lines.append(f"curves = inspect.tuning_curves(sim, {obj}, along={_code(view.along)})")
            if view.show == "plane":
                lines += ["plt.pcolormesh(*curves.axes, curves.rates[..., 0].T)", "plt.colorbar()"]
            else:
                lines.append("plt.plot(curves.axes[0], curves.rates)")
        label = self.layout()
        lines.append(f"plt.xlabel({label['axis']!r})")
        lines.append(f"plt.ylabel({label['second'] or 'rate (Hz)'!r})")
        return "\n".join([*lines, ""])


def _code(along: tuple[Direction, ...]) -> str:
    """Write directions as `tuning_curves` takes them."""
    written = [str(one) if isinstance(one, int) else str(list(one)) for one in along]
    return written[0] if len(written) == 1 else f"({', '.join(written)})"


def _disk(view: View, ens: nengo.Ensemble) -> float:
    """Give the radius of the disk in which points lie; 0 where there is none."""
    if ens.dimensions == 1 or view.beside not in ("encoders", "evaluation points"):
        return 0.0
    return 1.0 if view.beside == "encoders" else float(ens.radius)


def _directions(given: str, size: int, title: str) -> tuple[Direction, ...]:
    """Read what a person wrote for ``along``.

    Raises
    ------
    ValidationError
        Says what would work.
    """
    if not given.strip():
        return ()
    try:
        value = ast.literal_eval(given.strip().rstrip(","))
    except (ValueError, SyntaxError):
        value = None
    found = value if isinstance(value, tuple) else (value,)
    if not 1 <= len(found) <= 2 or any(_direction(one, size) is None for one in found):
        raise ValidationError(
            f"along takes {ALONG}; {title!r} has the axes 0 to {size - 1}, got {given!r}", "along"
        )
    return tuple(d for one in found if (d := _direction(one, size)) is not None)


def _direction(one: Any, size: int) -> Direction | None:
    if isinstance(one, int) and not isinstance(one, bool):
        return one if 0 <= one < size else None
    if not isinstance(one, list) or len(one) != size:
        return None
    good = all(type(v) in (int, float) for v in one) and any(one)
    return tuple(float(v) for v in one) if good else None
