"""What each neuron of an ensemble answers to."""

from __future__ import annotations

import ast
from typing import Any, Literal, TypedDict

import nengo
from nengo.exceptions import ValidationError

from nengolab import TensorNode
from nengolab.inspect import layer_before
from nengolab.live import LookSpec, PanelSpec
from nengolab.names import listing
from nengolab_widgets.arrangement import Size
from nengolab_widgets.inspecting.answers import MOST_CURVES, Direction
from nengolab_widgets.inspecting.behind import Behind, BehindView
from nengolab_widgets.inspecting.tuned import Tuned, View
from nengolab_widgets.narrowing import is_list, is_tuple
from nengolab_widgets.panel import Panel, Setting, ensemble_of, has_neurons
from nengolab_widgets.picking import picks_of

BEHIND = "behind a layer"
SHOWN = ("tuning curves", "response curves", "plane", "sphere", BEHIND)
BESIDE = (
    "encoders",
    "rates and intercepts",
    "evaluation points",
    "decoders",
    "nothing",
)
ALONG = "an axis such as 1, two of them such as 0, 1, or directions such as [1, 1], [1, -1]"
SPHERE = "three axes such as 0, 1, 2, to the right, up, and towards you"


class Payload(TypedDict):
    """What the page draws, and what its axes are called."""

    ensemble: str
    neurons: int
    most: int
    kind: str
    radius: float
    show: Literal["tuning curves", "response curves", "plane", "sphere", "behind a layer"]
    axis: str
    second: str
    third: str
    beside: Literal["encoders", "rates and intercepts", "evaluation points", "decoders", "nothing"]
    beside_axes: tuple[str, str]
    each: Literal["neuron", "point"]
    disk: float


class Tuning(Panel):
    """Tuning curves of an ensemble: how fast each neuron fires where a value is represented.

    Neurons are picked with a click, or with a box that is drawn; the same ones are marked in all
    panels of the session. What training, learning or setting has changed is drawn beside what was
    built. Neurons behind Keras layers are shown against the input of a layer.
    """

    name = "tuning"
    label = "tuning curves"
    needs_simulator = False
    looks = True
    usual_size = Size(columns=2)
    settings = (
        Setting("show", "show", "tuning curves", "choice", choices=SHOWN),
        Setting("along", "along", "", "text", hint=f"{ALONG}; of a sphere {SPHERE}; empty: chosen"),
        Setting("beside", "beside them", "encoders", "choice", choices=BESIDE),
        Setting("before", "as built, too", True, "flag"),
        Setting("layer", "layer", "", "text", hint="whose input; empty: the nearest before it"),
        Setting("reach", "its input", 1.0, least=1e-6, hint="goes from minus this to this"),
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
        found = next((ens for ens in network.all_ensembles if has_neurons(ens)), None)
        if found is None:
            raise ValidationError("the network has no ensemble with neurons to look at", "obj")
        return found

    @property
    def _ens(self) -> nengo.Ensemble:
        return ensemble_of(self.obj)

    def defaults(self) -> dict[str, Any]:
        size = self._ens.dimensions
        show = "plane" if size == 2 else "sphere" if size == 3 else "tuning curves"
        return {
            "show": BEHIND if self._is_behind() else show,
            "beside": "rates and intercepts" if size == 1 else "encoders",
        }

    def _is_behind(self) -> bool:
        """Whether all that leads to the ensemble leads to its neurons, and comes from a layer."""
        into = [c.post_obj for c in self.place.network.all_connections]
        if any(post is self._ens for post in into) or self._ens.neurons not in into:
            return False
        return layer_before(self.place.network, self._ens) is not None

    def spec(self) -> LookSpec:
        picks, ens = picks_of(self.place.session), self._ens
        view = self._view()
        kind: Any = Behind if isinstance(view, BehindView) else Tuned
        own = {"id": self.identity.id, "rev": self.identity.rev}
        return kind(ens, view, lambda: picks.of(ens), **own)

    def _view(self) -> View | BehindView:
        if self.values["show"] == BEHIND:
            return self._behind()
        show, beside, size = self.values["show"], self.values["beside"], self._ens.dimensions
        needed = {"plane": 2, "sphere": 3}.get(show, 1)
        if size < needed:
            dimensions = "one dimension" if size == 1 else f"{size} dimensions"
            raise ValidationError(
                f"{self.title!r} represents {dimensions}: there is no {show} of it", "show"
            )
        if beside == "encoders" and size < 2:
            raise ValidationError(
                f"encoders of {self.title!r} are 1 or -1: it represents one dimension", "beside"
            )
        most = 3 if show == "sphere" else 2
        given = _directions(self.values["along"], size, self.title, most)
        if show == "plane" and len(given) == 1:
            raise ValidationError(f"a plane takes two directions: {ALONG}", "along")
        if show == "sphere" and given and not _are_axes(given):
            raise ValidationError(f"a sphere takes {SPHERE}", "along")
        along = given or tuple(range(needed))
        axes = (along[0], along[1]) if len(along) > 1 else (0, min(1, size - 1))
        decoded = self._decoded() if beside == "decoders" else None
        return View(show, along, beside, axes, self.values["before"], decoded)

    def _behind(self) -> BehindView:
        layer = self._layer()
        given = _directions(self.values["along"], layer.size_in, self.place.names.get(layer), 2)
        return BehindView(
            layer,
            given or (0,),
            self.values["reach"],
            # What else there is beside curves is of what the ensemble represents.
            self.values["beside"] != "nothing",
            self.values["before"],
        )

    def _layer(self) -> TensorNode:
        """Find the layer whose input the curves are against.

        Raises
        ------
        ValidationError
            Says which there are.
        """
        names, network = self.place.names, self.place.network
        wanted = self.values["layer"].strip()
        layers = [n for n in network.all_nodes if isinstance(n, TensorNode)]
        if wanted:
            found = next((n for n in layers if names.get(n) == wanted), None)
            if found is None:
                there = listing([names.get(n) for n in layers])
                raise ValidationError(
                    f"no TensorNode is called {wanted!r}; there are {there}", "layer"
                )
        else:
            found = layer_before(network, self._ens)
            if found is None:
                raise ValidationError(f"no layer is before {self.title!r}", "show")
        if found.size_in == 0:
            raise ValidationError(f"{names.get(found)!r} has no input to vary", "layer")
        return found

    def _decoded(self) -> nengo.Connection:
        """Find the first connection that decodes the ensemble."""
        for conn in self.place.network.all_connections:
            if conn.pre_obj is self._ens and not conn.solver.weights:
                return conn
        raise ValidationError(f"nothing decodes {self.title!r}: no connection leaves it", "beside")

    @property
    def what(self) -> str:
        shown, view = self.values["show"], self._view()
        if isinstance(view, BehindView):
            return f"rates against the input of {self.place.names.get(view.layer)}"
        return f"rates on a {shown}" if shown in ("plane", "sphere") else shown

    def layout(self) -> Payload:
        view, ens = self._view(), self._ens
        common: dict[str, Any] = {
            "ensemble": self.title,
            "neurons": ens.n_neurons,
            "most": MOST_CURVES,
            "kind": type(ens.neuron_type).__name__,
            "second": "",
            "third": "",
        }
        if isinstance(view, BehindView):
            return Payload(**{**common, **self._layout_behind(view)})
        if view.show != "response curves":
            names = ("axis", "second", "third")
            common |= {n: self._axis(d) for n, d in zip(names, view.along, strict=False)}
            if view.show == "tuning curves":
                common["second"] = ""
        else:
            common["axis"] = "value along each neuron's encoder (radii)"
        return Payload(
            **common,
            radius=float(ens.radius),
            show=view.show,
            beside=view.beside,
            beside_axes=self._beside_axes(view),
            each="point" if view.beside == "evaluation points" else "neuron",
            disk=_disk(view, ens),
        )

    def _layout_behind(self, view: BehindView) -> dict[str, Any]:
        layer = self.place.names.get(view.layer)
        axes = [
            f"input {d} of {layer}"
            if isinstance(d, int)
            else f"input of {layer} along {_written(d)}"
            for d in view.along
        ]
        plane = len(view.along) == 2
        fastest = ("fires fastest at (first axis)", "fires fastest at (second axis)")
        return {
            "axis": axes[0],
            "second": axes[1] if plane else "",
            "radius": view.reach,
            "show": "plane" if plane else BEHIND,
            "beside": "rates and intercepts" if view.points else "nothing",
            "beside_axes": fastest if plane else ("fires fastest at", "highest rate (Hz)"),
            "each": "neuron",
            "disk": 0.0,
        }

    def _axis(self, direction: Direction) -> str:
        if isinstance(direction, int):
            return "represented value" if self._ens.dimensions == 1 else f"dimension {direction}"
        return f"along {_written(direction)}"

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

    def python(self, spec: PanelSpec) -> str:
        view, label = self._view(), self.layout()
        obj = f"{self.title!r}"
        start = ["import matplotlib.pyplot as plt", "from nengolab import inspect"]
        if not isinstance(view, BehindView) and view.show == "sphere":
            return "\n".join([*start, "import numpy as np", *self._sphere_code(view, obj), ""])
        rates = "curves.rates"
        if isinstance(view, BehindView):
            layer = self.place.names.get(view.layer)
            where = f"layer={layer!r}, along={_code(view.along)}, radius={view.reach:g}"
            drawing = [f"curves = inspect.layer_curves(sim, {obj}, {where})"]
            rates = "curves.outputs"
        elif view.show == "response curves":
            drawing = [f"points, rates = inspect.response_curves(sim, {obj})"]
        else:
            drawing = [f"curves = inspect.tuning_curves(sim, {obj}, along={_code(view.along)})"]
        if label["show"] == "plane":
            drawing.append(f"plt.pcolormesh(*curves.axes, {rates}[..., {self._one}].T)")
            drawing.append("plt.colorbar()")
        elif label["show"] == "response curves":
            drawing.append("plt.plot(points, rates)")
        else:
            drawing.append(f"plt.plot(curves.axes[0], {rates})")
        drawing.append(f"plt.xlabel({label['axis']!r})")
        drawing.append(f"plt.ylabel({label['second'] or 'rate (Hz)'!r})")
        return "\n".join([*start, *drawing, ""])

    @property
    def _one(self) -> int:
        """The neuron that a plane or sphere is of: the last that is picked."""
        picked = picks_of(self.place.session).of(self._ens)
        return picked[-1] if picked else 0

    def _sphere_code(self, view: View, obj: str) -> list[str]:
        size, radius = self._ens.dimensions, float(self._ens.radius)
        return [
            f"points = inspect.on_sphere({size}, {view.along}, {radius:g})",
            "outside = np.isnan(points).any(axis=-1)",
            f"curves = inspect.tuning_curves(sim, {obj}, np.nan_to_num(points))",
            f"rates = np.where(outside, np.nan, curves.rates[..., {self._one}])",
            "for side, axes in zip(rates, plt.subplots(1, 2)[1]):  # front, back",
            '    axes.imshow(side.T, origin="lower")',
        ]


def _code(along: tuple[Direction, ...]) -> str:
    """Write directions as `tuning_curves` takes them."""
    written = [str(one) if isinstance(one, int) else str(list(one)) for one in along]
    return written[0] if len(written) == 1 else f"({', '.join(written)})"


def _disk(view: View, ens: nengo.Ensemble) -> float:
    """Give the radius of the disk in which points lie; 0 where there is none."""
    if ens.dimensions == 1 or view.beside not in ("encoders", "evaluation points"):
        return 0.0
    return 1.0 if view.beside == "encoders" else float(ens.radius)


def _written(direction: tuple[float, ...]) -> str:
    """Write a direction for a person, who needs no more than some of its numbers."""
    shown = ", ".join(f"{v:g}" for v in direction[:6])
    return shown if len(direction) <= 6 else f"{shown}, …"


def _are_axes(given: tuple[Direction, ...]) -> bool:
    """Whether they are three different axes."""
    return len(given) == 3 == len(set(given)) and all(isinstance(one, int) for one in given)


def _directions(given: str, size: int, title: str, most: int) -> tuple[Direction, ...]:
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
    found: tuple[Any, ...] = value if is_tuple(value) else (value,)
    if not 1 <= len(found) <= most or any(_direction(one, size) is None for one in found):
        takes = ALONG if most == 2 else SPHERE
        raise ValidationError(
            f"along takes {takes}; {title!r} has the axes 0 to {size - 1}, got {given!r}", "along"
        )
    return tuple(d for one in found if (d := _direction(one, size)) is not None)


def _direction(one: Any, size: int) -> Direction | None:
    if isinstance(one, int) and not isinstance(one, bool):
        return one if 0 <= one < size else None
    if not is_list(one) or len(one) != size:
        return None
    good = all(type(v) in (int, float) for v in one) and any(one)
    return tuple(float(v) for v in one) if good else None
