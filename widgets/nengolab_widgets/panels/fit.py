"""Training from a panel: set up, watched, steered, compared."""

from __future__ import annotations

import json
import threading
import weakref
from collections.abc import Hashable, Mapping
from typing import Any, Literal, TypedDict

import nengo
import numpy as np
from nengo.exceptions import NengoException

from nengolab.feeding.aliases import Aliases
from nengolab.live import PanelSpec
from nengolab.live.frames import Arrays
from nengolab_widgets.arrangement import Size
from nengolab_widgets.fitting import told
from nengolab_widgets.fitting.desk import FitDesk
from nengolab_widgets.fitting.given import Given
from nengolab_widgets.fitting.looking import NOTHING
from nengolab_widgets.fitting.sweep_told import Sweeps
from nengolab_widgets.fitting.told import Desk, Now, Seen, Series
from nengolab_widgets.inspecting.looked import Looked, text
from nengolab_widgets.panel import Identity, Panel, Place
from nengolab_widgets.plots import notebook_variables

# Seconds between two looks at numbers that change with each batch.
NUMBERS, CURVES = 0.25, 0.5

_desks: weakref.WeakKeyDictionary[Any, FitDesk] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


class Payload(TypedDict):
    """What is trained."""

    subject: str
    own: bool


class Curves(TypedDict):
    """Which curves there are, in the order of their arrays."""

    series: list[Series]


class Shown(TypedDict):
    """What is drawn of the data: targets of the samples."""

    labels: list[str]


class Script(TypedDict):
    """Python that repeats a run, or why there is none."""

    type: Literal["script"]
    run: str
    text: str
    problem: str


class Heard(TypedDict):
    """What was asked for is on its way."""

    type: Literal["heard"]
    what: str


Said = Script | Heard | Now | Desk | Sweeps | Curves | Shown | Seen


class Training(Looked):
    """How the training stands: numbers four times a second, curves twice, the rest as it changes.

    Parameters
    ----------
    desk : FitDesk
    """

    def __init__(self, desk: FitDesk, id: str, rev: int) -> None:
        super().__init__(id, rev)
        self._desk = desk
        self._curves: tuple[Hashable, Arrays] = (None, [])
        self._seen_last: tuple[Hashable, Arrays] = (None, [])
        self._desk_told: tuple[Hashable, np.ndarray] = (None, text("{}"))
        self._swept: tuple[Hashable, np.ndarray] = (None, text("{}"))

    def version(self, sim: Any) -> Hashable:
        if self._desk.looking is not None:
            self._desk.looking.heard_of()
        return self._desk.paced(NUMBERS)

    def state(self, source: Any) -> Hashable:
        return self._desk.version()

    def arrays(self, source: Any) -> Arrays:
        desk = self._desk
        nothing: tuple[str, Any, list[str]] = "", np.zeros((0, 1), np.float32), []
        _, samples, labels = nothing if desk.form is None else desk.samples()
        return [
            ("now", told_as(desk.now())),
            ("desk", self._told()),
            ("sweeps", self._sweeps()),
            ("shown", told_as({"labels": labels})),
            ("samples", samples),
            *self._drawn(),
            *self._seen(),
        ]

    def _seen(self) -> Arrays:
        """What was seen of the network; worked out again where it is something else."""
        looking = self._desk.looking
        stamp = None if looking is None else (looking, looking.version())
        if stamp != self._seen_last[0] or looking is None:
            seen, arrays = (NOTHING, []) if looking is None else looking.told()
            self._seen_last = (stamp, [("seen", told_as(seen)), *arrays])
        return self._seen_last[1]

    def _told(self) -> np.ndarray:
        """Form and runs, which change when somebody does something, or an epoch ends."""
        stamp = self._desk.version()[:3]
        run = self._desk.run
        epochs = 0 if run is None else run.epochs
        stamp = (*stamp, self._desk.kept.stamp(), epochs, self._desk.sweeps.ended)
        if stamp != self._desk_told[0]:
            self._desk_told = (stamp, told_as(self._desk.desk()))
        return self._desk_told[1]

    def _sweeps(self) -> np.ndarray:
        """Form and runs of sweeps, which change when somebody does something, or a run goes on."""
        desk = self._desk
        stamp = (desk.revision, desk.sweeps.revision, desk.kept.stamp())
        if stamp != self._swept[0]:
            self._swept = (stamp, told_as(desk.swept() or {}))
        return self._swept[1]

    def _pace(self, took: float) -> None:
        """What is looked at costs next to nothing, and what is pressed is answered at once."""

    def _drawn(self) -> Arrays:
        """The curves; they are worked out again at most twice a second."""
        stamp = self._desk.curves_version(CURVES)
        if stamp == self._curves[0]:
            return self._curves[1]
        series: list[Series] = []
        arrays: Arrays = []
        for number, record in self._desk.kept.records(self._desk.run):
            for one, x, y in told.curves_of(record, number):
                arrays += [(f"x{len(series)}", x), (f"y{len(series)}", y)]
                series.append(one)
        found = [("curves", told_as({"series": series})), *arrays]
        self._curves = (stamp, found)
        return found


class Fit(Panel):
    """Training: data, loss and optimizer chosen, the run watched and steered, runs compared.

    It goes on in the background, and is kept in a folder; all it does is also `nengolab.runs`.
    """

    name = "fit"
    label = "training"
    needs_simulator = False
    looks = True
    usual_size = Size(columns=2)

    def __init__(
        self, obj: Any, place: Place, identity: Identity, values: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(obj, place, identity, values)
        given = obj if isinstance(obj, Given) else Given(variables=notebook_variables)
        self.desk = desk_of(place.session.subject, given)

    @classmethod
    def suits(cls, obj: Any) -> bool:
        """Whether it is nothing in particular, or data."""
        return obj is None or isinstance(obj, Given)

    @classmethod
    def rank(cls, obj: Any) -> float:
        return 90.0

    @property
    def title(self) -> str:
        return self.place.network.label or "network"

    @property
    def what(self) -> str:
        return "training"

    def spec(self) -> Training:
        return Training(self.desk, self.identity.id, self.identity.rev)

    def layout(self) -> Payload:
        subject = self.desk.subject
        return {"subject": self.title, "own": isinstance(subject, nengo.Network)}

    def handle(self, content: dict[str, Any]) -> None:
        """Do what a person asks for; answered at once, done as soon as it can be."""
        kind = content.get("type")
        if kind == "script":
            return self._script(str(content.get("run")), content)
        if kind == "live":
            self._show_to_live(content)
        else:
            self.desk.act(content)
        if kind == "restore" and self.desk.notice:
            self._give_to_live()
        self.place.send(self, {"type": "heard", "what": str(kind)})

    def _give_to_live(self) -> None:
        """Have the network that runs live compute with the weights that were restored."""
        desk = self.desk
        if not self._is_live():
            return
        self._give_weights(desk.notice)
        desk.tell(desk.notice.replace("The simulator has", "The live network computes with"))

    def _is_live(self) -> bool:
        """Whether the network runs live beside the simulator that is trained."""
        asleep = self.place.session.state in ("asleep", "error")
        return isinstance(self.desk.subject, nengo.Network) and not asleep

    def _give_weights(self, gesture: str) -> None:
        for parameter in self.desk.sim.parameters.values():
            if parameter.trainable:
                value = np.array(parameter.value)
                session = self.place.session
                session.set_parameter(parameter.owner, parameter.role, value, gesture=gesture)

    def _show_to_live(self, content: dict[str, Any]) -> None:
        """Show a sample to the network that runs live, with the weights of this moment."""
        desk = self.desk
        place = content.get("item")
        if not self._is_live():
            desk.tell(
                "No network runs live beside the training. In a Lab of the network press play, "
                "then show it the sample."
            )
        elif desk.looking is not None and isinstance(place, int):
            gesture = f"sample {place}"
            inputs = Aliases(desk.starter.network).inputs
            for name, fed in desk.looking.shown(place).items():
                still = (fed == fed[0]).all()
                self.place.session.set_input(inputs[name], fed[0] if still else fed, gesture)
            self._give_weights(gesture)
            desk.tell("The live network is shown this sample, with the weights of this moment.")

    def _script(self, name: str, content: dict[str, Any]) -> None:
        said: Script = {"type": "script", "run": name, "text": "", "problem": ""}
        try:
            said["text"] = self.desk.record(content).to_script()
        except (NengoException, KeyError, OSError) as error:
            said["problem"] = str(error)
        self.place.send(self, {**said})

    def python(self, spec: PanelSpec) -> str:
        return "\n".join(self.desk.code()) + "\n"


def told_as(what: Any) -> np.ndarray:
    """What a page can read: JSON has no infinity."""
    return text(json.dumps(what, allow_nan=False))


def desk_of(subject: Any, given: Given) -> FitDesk:
    """Give the desk of a simulator or network: panels that are given no other data share one."""
    with _lock:
        desk = _desks.get(subject)
        fresh = given.x is not None or bool(given.fit)
        same = desk is not None and given.folder == desk.given.folder
        if desk is None or not same or (fresh and not desk.is_given(given)):
            desk = FitDesk(subject, given)
            _desks[subject] = desk
        return desk
