"""Sweeps of a panel: set up, started, watched, stopped; those of before looked at again."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nengo.exceptions import NengoException, ValidationError

from nengolab.runs import Plan, start_sweep
from nengolab.runs.sweeping import SweepOfRuns
from nengolab.runs.sweeps import END, SweepRecord, mattered, result_of, sweeps_in

from .form import Form
from .given import name_of
from .starting import Starter
from .sweep_form import CLUSTER, SweepForm
from .sweep_told import Sweeps, SweptRun

MISSING = (
    "Sweeps run on Dask, which is not installed here: pip install 'nengolab[sweep]', then restart "
    "the kernel."
)


class SweepDesk:
    """What panels of one simulator (or network) show and do about sweeps.

    Parameters
    ----------
    starter : Starter
        Of runs: it has the simulator.
    folder : callable
        Gives the folder of runs.
    begin : callable
        Does something that needs the simulator, on a thread of its own.
    changed : callable
        Told when something did.

    Attributes
    ----------
    sweep : SweepOfRuns or None
        The one that was started here last.
    revision : int
        Counts what a page is to hear of.
    """

    def __init__(
        self,
        starter: Starter,
        folder: Callable[[], Path],
        begin: Callable[[Callable[[], Any]], None],
    ) -> None:
        self.form = SweepForm()
        self.sweep: SweepOfRuns | None = None
        self.revision = 0
        self._starter, self._folder, self._begin = starter, folder, begin
        self._shown = ""
        self._records: dict[str, tuple[float, SweepRecord]] = {}
        self._problem: Exception | None = None

    @property
    def ended(self) -> int:
        """Runs of the sweep that have ended: then the table of runs is another."""
        rows = [] if self.sweep is None else self.sweep.rows()
        return sum(row["state"] not in ("waiting", "starting", "running") for row in rows)

    def act(self, form: Form | None, content: Mapping[str, Any]) -> None:
        """Do what a page asks for.

        Raises
        ------
        ValidationError
            For what is not understood, or not possible.
        """
        if form is None:
            raise ValidationError("the data were given in Python: there is no form", "sweep")
        name, value = str(content.get("name", "")), str(content.get("value", ""))
        acts: dict[str, Callable[[], None]] = {
            "vary": lambda: self.form.vary(form, name),
            "leave": lambda: self.form.leave(name),
            "set": lambda: self.form.set(name, value),
            "choose": lambda: self.form.choose(name, value, content.get("on") is True),
            "start": lambda: self._begin(lambda: self.start(form)),
            "stop": lambda: self._stop(name),
            "show": lambda: setattr(self, "_shown", name),
        }
        what = str(content.get("do"))
        if what not in acts:
            raise ValidationError(f"a sweep does not understand {what!r}", "do")
        acts[what]()
        if what not in ("stop", "show", "start"):
            self.form.check(form)
        self.changed()

    def changed(self) -> None:
        """Count a change; on any thread."""
        self.revision += 1

    def check(self, form: Form) -> None:
        """Check it again: the form above is another, or the variables."""
        self.form.check(form)
        self.changed()

    def start(self, form: Form) -> SweepOfRuns:
        """Start it; wait only until it is on its way.

        Raises
        ------
        ValidationError, SimulationError, ImportError
            Where it cannot start.
        """
        if self.sweep is not None and self.sweep.is_going:
            raise ValidationError(f"the sweep {self.sweep.name!r} goes on: stop it first", "sweep")
        if find_spec("distributed") is None:
            raise ValidationError(MISSING, "sweep")
        if not self.form.check(form):
            raise ValidationError(self._why(), "sweep")
        plan = form.plan()
        reference = weakref.ref(self)

        def changed() -> None:
            desk = reference()
            if desk is not None:
                desk._hear()

        self.sweep = start_sweep(
            self._starter.simulator(plan.batch_size),
            plan,
            form.variables(),
            self.form.settings,
            folder=self._folder(),
            name=self.form.typed["called"] or None,
            network=self._network(),
            changed=changed,
            **self.form.where(),
            **self._fit(plan),
        )
        self._shown = self.sweep.name
        self.changed()
        return self.sweep

    def _why(self) -> str:
        """What keeps it from starting."""
        wrong = [f"{name}: {text}" for name, text in self.form.errors.items()]
        nothing = "choose a setting that is to have several values"
        return next(iter(wrong), self.form.problem or nothing)

    def _fit(self, plan: Plan) -> dict[str, Any]:
        """Arguments of ``fit`` that were given in Python, and that the form does not say."""
        said = ("epochs", "batch_size", "validation_split", "validation_data", "stateful")
        return {k: v for k, v in self._starter.given.fit.items() if k not in said}

    def _network(self) -> str:
        """What the network is called, for the script of a run."""
        variables = self._starter.given.variables()
        name = name_of(self._starter.network, variables, "")
        subject = self._starter.subject
        return name or f"{name_of(subject, variables, 'sim')}.network"

    def _hear(self) -> None:
        """Something changed in the sweep: where there is no cluster, it is said at its field."""
        sweep = self.sweep
        problem = None if sweep is None else sweep.problem
        if problem is not None and problem is not self._problem:
            self._problem = problem
            field = "address" if self.form.typed["where"] == CLUSTER else "workers"
            self.form.errors[field] = str(problem)
        self.changed()

    def _stop(self, run: str) -> None:
        if self.sweep is None:
            raise ValidationError("there is no sweep that goes on", "sweep")
        self.sweep.stop(run or None)

    # ---- what a page is told -------------------------------------------------

    def told(self, form: Form) -> Sweeps:
        """Give the form, and the sweep that is shown."""
        can, varied, fields = self.form.told()
        known = sweeps_in(self._folder()) if self._folder().is_dir() else []
        sweep, live = self._which(known), self.sweep
        going = live is not None and live.is_going
        rows = [] if sweep is None else sweep.rows()
        result = result_of(rows)
        names = list(rows[0]["settings"]) if rows else []
        seconds = self._starter.batch_seconds
        return {
            "missing": MISSING if find_spec("distributed") is None else "",
            "can": can,
            "varied": varied,
            "fields": fields,
            "lines": self.form.lines(seconds),
            "measured": seconds is not None,
            "problem": self.form.problem,
            "code": "\n".join(self.code(form)),
            "known": list(reversed(known)),
            "shown": "" if sweep is None else sweep.name,
            "going": going,
            "ready": bool(self.form.settings),
            "said": "" if sweep is None else _said(sweep, rows),
            "settings": [name.replace("_", " ") for name in names],
            "result": result,
            "runs": [_row(row, result) for row in rows],
            "mattered": [(k.replace("_", " "), v) for k, v in mattered(rows, result).items()],
        }

    def code(self, form: Form) -> list[str]:
        """Give the Python that does the same; nothing where no setting is varied."""
        if not self.form.varied:
            return []
        starter = self._starter
        try:
            size = form.plan().batch_size
            name = name_of(starter.subject, starter.given.variables(), "sim")
            sim = [] if name == "sim" else [f"sim = {name}"]
            if starter.subject is starter.network:
                net = name_of(starter.network, starter.given.variables(), "net")
                sim = [f"sim = nengolab.Simulator({net}, minibatch_size={size})"]
            return self.form.code(form, sim, self._network(), str(self._folder()))
        except (ValidationError, KeyError) as error:
            return [f"# not yet: {error}"]

    def _which(self, known: list[str]) -> SweepRecord | None:
        """The sweep that is shown: what was asked for, else the one of here, else the newest."""
        live = self.sweep
        if live is not None and self._shown in ("", live.name) and live.name in known:
            return live
        name = self._shown if self._shown in known else (known[-1] if known else "")
        if not name:
            return None
        path = self._folder() / f"{name}{END}"
        try:
            changed = path.stat().st_mtime
            held = self._records.get(name)
            if held is None or held[0] != changed:
                held = self._records[name] = (changed, SweepRecord(path))
            return held[1]
        except (OSError, NengoException):
            return None


def _said(sweep: SweepRecord, rows: list[dict[str, Any]]) -> str:
    """In a line, how a sweep stands."""
    if isinstance(sweep, SweepOfRuns) and sweep.is_going and not sweep.is_connected:
        where = sweep.facts["address"]
        return f"asking {where} …" if where else "starting processes …"
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    return " · ".join(f"{n} {state}" for state, n in counts.items())


def _row(row: Mapping[str, Any], result: str) -> SweptRun:
    metrics = row["metrics"]
    return {
        "run": row["run"],
        "values": [_plain(value) for value in row["settings"].values()],
        "state": row["state"],
        "epoch": row["epoch"],
        "epochs": row["epochs"],
        "part": row["part"],
        "result": metrics.get(result),
        "loss": metrics.get("loss"),
        "error": row["error"],
        "traceback": row["traceback"],
    }


def _plain(value: Any) -> float | str:
    """A value of a setting: numbers stay numbers."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    return {True: "yes", False: "no", None: "–"}.get(value, str(value))
