"""Training of one simulator or network: what is chosen, the run that goes on, all runs kept."""

from __future__ import annotations

import threading
import time
import traceback
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nengo.exceptions import NengoException, SimulationError, ValidationError

import nengolab
from nengolab import runs
from nengolab.runs import Record, Run
from nengolab.runs.ready import Ready
from nengolab.runs.record import GOING
from nengolab.runs.run import going_with

from . import told
from .counted import summary_of, trained_of
from .form import Form
from .given import Given, name_of
from .kept import KeptRuns
from .looking import Looking
from .standing import has_come, standing
from .starting import Starter
from .sweep_told import Sweeps
from .sweeps import SweepDesk
from .told import Desk, Now, Phase, Trained, Trouble


class FitDesk:
    """Everything that panels of one simulator (or network) show and do about its training.

    Its methods may be called on any thread and return at once: what takes long is done on a
    thread of its own. `revision` counts what a page is to hear of.

    Parameters
    ----------
    subject : nengolab.Simulator or nengo.Network
        What is trained. Of a network a simulator is made when a run starts.
    given : Given
    """

    def __init__(self, subject: Any, given: Given) -> None:
        self.subject, self.given = subject, given
        self.starter = Starter(subject, given)
        self.run: Run | None = None
        self.revision = 0
        self.phase: Phase = "set up"
        self.wish = self.notice = ""
        self.troubles: list[Trouble] = []
        self.kept = KeptRuns(lambda: self.folder)
        reference = weakref.ref(self)
        self.sweeps = SweepDesk(
            self.starter, lambda: Path(given.folder), lambda job: _of(reference)._begin_sweep(job)
        )
        self._watchers: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        self._job: threading.Thread | None = None
        self._paced: tuple[float, tuple[Any, ...]] = (0.0, (None,) * 7)
        self._samples: tuple[int, Any] | None = None
        self._form: Form | None = None
        self._summary: list[str] = []
        self._trained: list[Trained] = []
        self._doing(self._open)

    # ---- from any thread ---------------------------------------------------

    def act(self, content: Mapping[str, Any]) -> None:
        """Do what a page asks for.

        Raises
        ------
        ValidationError
            For what is not understood.
        """
        kind = str(content.get("type"))
        acts: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "set": self._set,
            "train": self._train,
            "start": lambda c: self._begin("starting", self._start),
            "measure": lambda c: self._begin("measuring", self._measure),
            "pause": lambda c: self._steer("pausing", lambda run: run.pause(wait=False)),
            "resume": lambda c: self._steer("resuming", lambda run: run.resume()),
            "stop": lambda c: self._steer("stopping", lambda run: run.stop(wait=False)),
            "rate": self._rate,
            "go_on": self._go_on,
            "stop_run": self._stop_one,
            "show": lambda c: self.kept.show(str(c.get("run")), c.get("on") is True),
            "note": lambda c: setattr(self.record(c), "note", str(c.get("text", ""))),
            "tags": lambda c: setattr(self.record(c), "tags", _words(c.get("text"))),
            "delete": self._delete,
            "restore": self._restore,
            "compare": self._compare,
            "sweep": lambda c: self.sweeps.act(self._form, c),
            "again": lambda c: self._look_again(),
        }
        if kind not in acts:
            raise ValidationError(f"a fit panel does not understand {kind!r}", "type")
        self.notice = ""
        try:
            acts[kind](content)
        except (NengoException, OSError, KeyError) as error:
            self._tell(error)
        self._changed()

    def tell(self, notice: str) -> None:
        """Tell a person something."""
        self.notice = notice
        self._changed()

    def opened(self) -> Form:
        """The form, once it is there.

        Raises
        ------
        ValidationError
            Where the data were given in a form that no name stands for.
        """
        if self._job is not None and self.phase == "set up":
            self._job.join()
        if self._form is None:
            raise ValidationError("the data were given in Python: there is no form", "x")
        return self._form

    def started(self) -> Run:
        """Start a run, and wait until it has begun."""
        before = self.run
        self.act({"type": "start"})
        if self._job is not None:
            self._job.join()
        if self.run is None or self.run is before:
            said = self.troubles[0] if self.troubles else {"text": "it did not begin", "advice": ""}
            raise SimulationError(f"{said['text']} {said['advice']}".strip())
        return self.run

    def record(self, content: Mapping[str, Any]) -> Record:
        """Find the run that a message is about."""
        return runs.open(self.folder)[str(content.get("run"))]

    @property
    def folder(self) -> Path:
        return Path(self.given.folder)

    @property
    def sim(self) -> Any:
        """What is trained; None where it is not made yet."""
        return self.starter.sim

    @property
    def looking(self) -> Looking | None:
        """What is seen while it trains."""
        return self.starter.looking

    def _changed(self) -> None:
        with self._lock:
            self.revision += 1

    def _tell(self, error: BaseException, found: str = "", field: str = "") -> None:
        self.troubles = [told.trouble_of(error, found, field)]

    # ---- jobs: what takes long -----------------------------------------------

    def _begin(self, phase: Phase, job: Callable[[], None]) -> None:
        """Do something that needs the simulator to itself, on a thread of its own."""
        with self._lock:
            opening = self.phase == "set up"  # which is soon over: the job waits for it
            if self._job is not None and self._job.is_alive() and not opening:
                raise nengolab.exceptions.SimulatorBusy(f"this panel is {self.phase} already")
            if self.run is not None and self.run.state in GOING:
                raise nengolab.exceptions.SimulatorBusy(f"the run {self.run.name!r} goes on")
            self.phase, self.troubles = phase, []
            self._doing(job)

    def _doing(self, job: Callable[[], None]) -> None:
        reference, before = weakref.ref(self), self._job
        name = job.__name__

        def work() -> None:
            if before is not None:
                before.join()
            desk = reference()
            if desk is not None:
                desk._work(getattr(desk, name, None) or job)

        self._job = threading.Thread(target=work, name="nengolab fit panel", daemon=True)
        self._job.start()

    def _work(self, job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:
            field = ""
            if isinstance(error, ValidationError) and self._form is not None:
                field = str(error.attr) if str(error.attr) in self._form.typed else ""
                if field:
                    self._form.errors[field] = str(error).removeprefix(f"{error.attr}: ")
            known = isinstance(error, NengoException)
            self._tell(error, "" if known else traceback.format_exc(), field)
            self.phase = "ended" if self.run is not None else "set up"
        self._changed()

    def _open(self) -> None:
        """Look at what there is: a run that goes on, data that fit, runs of before."""
        running = going_with(self.sim) if self.sim is not None else None
        if running is not None:
            self._take(running)
        if not self.given.is_whole:
            self._make_form()
        self._look_again()

    def _make_form(self) -> None:
        most = None if self.sim is None else self.sim.minibatch_size or 1
        preset: dict[str, Any] = {
            key: self.given.fit[key] for key in ("epochs", "batch_size") if key in self.given.fit
        }
        if self.given.x is not None:
            variables = self.given.named()
            preset["x"] = name_of(self.given.x, variables, "x")
            preset["y"] = name_of(self.given.y, variables, "y")
        if "validation_data" in self.given.fit or "validation_split" in self.given.fit:
            preset["split"] = float(self.given.fit.get("validation_split", 0.0))
        compiled = self.run is None and self.starter.is_compiled
        self._form = Form(self.starter.network, self.given.named, most, compiled, preset)

    def _look_again(self) -> None:
        """Look at the variables and the runs as they are now."""
        if self._form is not None:
            plan = self._form.check()
            self._count(plan)
            self.sweeps.check(self._form)
        self._changed()

    # ---- the form ------------------------------------------------------------

    def _set(self, content: Mapping[str, Any]) -> None:
        if self._form is None:
            return
        self._form.set(str(content.get("field")), str(content.get("value", "")))
        self.troubles = [t for t in self.troubles if not t["field"]]
        self._look_again()

    def _train(self, content: Mapping[str, Any]) -> None:
        if self._form is None:
            return
        names: list[Any] = content.get("names") or []
        for name in names:
            self._form.train(str(name), content.get("on") is True)
        self._look_again()

    def _count(self, plan: Ready | None) -> None:
        """What the run will come to; while one goes on its simulator is not asked."""
        if self.run is not None and self.run.state in GOING:
            return
        if self.sim is not None and self._form is not None:
            self._trained = trained_of(self.sim, self._form.fixed)
        self._summary = summary_of(self._trained, plan, self.starter.batch_seconds)

    # ---- starting ------------------------------------------------------------

    def _start(self) -> None:
        if self._form is None and not self.given.is_whole:
            raise ValidationError("the panel still looks at what there is", "x")
        self._take(self.starter.start(self._form))

    def _measure(self) -> None:
        """See how long a batch takes, on the data, and leave everything as it was."""
        self.starter.measure(self.opened())
        self.phase = "ended" if self.run is not None else "set up"
        self._look_again()

    def _begin_sweep(self, job: Callable[[], Any]) -> None:
        def start() -> None:
            job()
            self.phase = "ended" if self.run is not None else "set up"

        self._begin("starting", start)

    def _take(self, run: Run) -> None:
        """Watch a run that has begun."""
        self.run, self.wish, self.phase = run, "", "running"
        self.kept.begun(run)
        for hear in list(self._watchers):
            hear()

    # ---- steering ------------------------------------------------------------

    def _steer(self, wish: str, act: Callable[[Run], None]) -> None:
        if self.run is None:
            raise ValidationError("there is no run that goes on", "type")
        self.troubles = []
        act(self.run)
        self.wish = wish

    def _rate(self, content: Mapping[str, Any]) -> None:
        text = str(content.get("value", "")).strip()
        self.troubles = []
        try:
            value = float(text)
        except ValueError:
            raise ValidationError(
                f"takes a number above 0, such as 0.001, got {text!r}", "learning_rate"
            ) from None
        if self.run is None:
            raise ValidationError("there is no run that goes on", "learning_rate")
        self.run.set_learning_rate(value)

    def _go_on(self, content: Mapping[str, Any]) -> None:
        record, more = self.record(content), content.get("epochs")
        epochs = int(more) if isinstance(more, int) and more > 0 else None
        if self.run is not None and self.run.name == record.name and self.run.state not in GOING:
            record = self.run
        self._begin("starting", lambda: self._take(self.starter.go_on(record, epochs)))

    def _stop_one(self, content: Mapping[str, Any]) -> None:
        """Stop a run of this kernel that another panel, or a cell, has started."""
        record = self.record(content)
        if not isinstance(record, runs.Run):
            raise ValidationError(
                f"the run {record.name!r} goes on in another process: stop it there, or where its "
                "sweep is shown",
                "run",
            )
        record.stop(wait=False)

    # ---- runs of before --------------------------------------------------------

    def _delete(self, content: Mapping[str, Any]) -> None:
        record = self.record(content)
        record.delete(str(content.get("confirm", "")))
        self.kept.show(record.name, False)
        if self.run is not None and self.run.name == record.name:
            self.run, self.phase = None, "set up"

    def _restore(self, content: Mapping[str, Any]) -> None:
        epoch = content.get("epoch", "best")
        record = self.record(content)
        sim = self.sim
        if sim is None:
            sim = self.starter.simulator(self._form.plan().batch_size if self._form else 1)
        record.restore(sim, epoch if isinstance(epoch, (int, str)) else "best")
        which = f"epoch {epoch}" if isinstance(epoch, int) else f"the {epoch} epoch"
        self.notice = f"The simulator has the weights of “{record.name}” after {which} now."

    def _compare(self, content: Mapping[str, Any]) -> None:
        a, b = content.get("a"), content.get("b")
        self.kept.compared = None if not a or not b else (str(a), str(b))

    # ---- what a page is told ---------------------------------------------------

    def version(self) -> tuple[Any, ...]:
        """Tell states apart; it costs next to nothing."""
        run, others = self.run, (self.kept.stamp(), self.sweeps.revision)
        if run is None:
            return (self.revision, None, None, None, None, *others)
        now = run.progress
        return (self.revision, run.state, run.problem, now.epoch, now.batch, *others)

    def paced(self, period: float) -> tuple[Any, ...]:
        """As `version`, but batches count only so often."""
        wall = time.monotonic()
        found = self.version()
        with self._lock:
            at, before = self._paced
            urgent = found[:3] != before[:3] or found[-2:] != before[-2:]
            if urgent or wall - at >= period:
                self._paced = (wall, found)
            return self._paced[1]

    def curves_version(self, period: float) -> tuple[Any, ...]:
        """Tell curves apart: with batches only so often, at once where others are shown."""
        run = self.run
        tick = int(time.monotonic() / period) if run is not None and run.state == "running" else 0
        state = "" if run is None else run.state
        return (tuple(self.kept.shown), tick, state, self.revision, self.kept.stamp())

    def samples(self) -> tuple[str, Any, list[str]]:
        """As `Form.samples`, of the form as it is; kept until somebody does something."""
        held = self._samples
        if held is None or held[0] != self.revision:
            assert self._form is not None
            held = self._samples = (self.revision, self._form.samples())
        return held[1]

    def is_given(self, given: Given) -> bool:
        """Whether that is what it was given already."""
        same = given.x is self.given.x and given.y is self.given.y
        return (
            same
            and given.fit.keys() == self.given.fit.keys()
            and all(given.fit[k] is self.given.fit[k] for k in given.fit)
        )

    def code(self) -> list[str]:
        """Give the Python that does what the form says; a sweep's where settings are varied."""
        if self._form is not None and self.sweeps.form.varied:
            return self.sweeps.code(self._form)
        try:
            return ["import nengolab", *self.starter.lines(self.opened().ready())]
        except ValidationError as error:
            return [f"# not yet: {error}"]

    def now(self) -> Now:
        """How the run stands."""
        run = self.run
        if run is not None and has_come(self.wish, run):
            self.wish = ""
        return standing(run, self.phase, self.wish)

    def desk(self) -> Desk:
        """Form, runs, and what went wrong."""
        trouble = list(self.troubles)
        failed = None if self.run is None else told.failure_of(self.run)
        if failed is not None and self.phase not in ("measuring", "starting"):
            trouble.append(failed)
        form, kept = self._form, self.kept
        said = "" if form is None else self.samples()[0]
        return {
            "given": self.given.is_whole,
            "fields": [] if form is None else form.fields(),
            "trained": self._trained,
            "samples": said,
            "summary": self._summary,
            "trouble": trouble,
            "notice": self.notice,
            "runs": kept.rows(),
            "folder": str(self.folder),
            "differences": kept.differences(),
            "compared": list(kept.compared or ()),
        }

    def swept(self) -> Sweeps | None:
        """What a page is told of sweeps; None before there is a form."""
        return None if self._form is None else self.sweeps.told(self._form)

    @property
    def form(self) -> Form | None:
        return self._form


def _of(reference: Callable[[], FitDesk | None]) -> FitDesk:
    """The desk of a reference; what asks for it is a part of the desk."""
    desk = reference()
    assert desk is not None
    return desk


def _words(text: Any) -> list[str]:
    return [word.strip() for word in str(text or "").split(",") if word.strip()]
