"""Runs of a simulator or network: begun as a form says, gone on with, measured beforehand."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

import nengolab
from nengolab import runs
from nengolab.feeding.offers import input_offers
from nengolab.runs import Record, Run
from nengolab.runs.plan import Plan, slots
from nengolab.runs.ready import Ready, compile_as, ready

from .form import Form
from .given import Given, name_of
from .looking import Looking, pictures_of

# The optimizers that were chosen in a panel: the next one chooses anew.
_chosen_here: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()


class Starter:
    """Begins runs, and sees to it that somebody looks on; its methods wait until they are done.

    Parameters
    ----------
    subject : nengolab.Simulator or nengo.Network
    given : Given

    Attributes
    ----------
    sim : nengolab.Simulator or None
        What is trained; of a network one is made when it is first needed.
    looking : Looking or None
        Who looks on.
    batch_seconds : float or None
        Of a batch, where that was measured.
    """

    def __init__(self, subject: Any, given: Given) -> None:
        self.subject, self.given = subject, given
        is_network = isinstance(subject, nengo.Network)
        self.network: nengo.Network = subject if is_network else subject.network
        self.sim: Any = None if is_network else subject
        self.looking: Looking | None = None
        self.batch_seconds: float | None = None

    @property
    def is_compiled(self) -> bool:
        """Whether somebody else than a panel has compiled the simulator."""
        if self.sim is None:
            return False
        optimizer = getattr(self.sim.keras_model, "optimizer", None)
        return optimizer is not None and _chosen_here.get(self.sim) != id(optimizer)

    def simulator(self, batch_size: int) -> Any:
        """What is trained; of a network a simulator of its own, made for these batches."""
        if not isinstance(self.subject, nengo.Network):
            return self.subject
        if self.sim is None or self.sim.minibatch_size != batch_size or self.sim.closed:
            self.sim = nengolab.Simulator(
                self.network, minibatch_size=batch_size, progress_bar=False
            )
        return self.sim

    def start(self, form: Form | None) -> Run:
        """Begin a run: what the form says, or, without one, what was given in Python."""
        folder = Path(self.given.folder)
        if form is None or self.given.is_whole:
            fit: dict[str, Any] = {"epochs": 1, **self.given.fit}
            return runs.start(
                self._whole(),
                self.given.x,
                self.given.y,
                folder=folder,
                watchers=[self._look_on(None).watching],
                **fit,
            )
        plan = form.ready()
        sim = self.simulator(plan.plan.batch_size)
        _compile(sim, plan.plan, plan.compile)
        return runs.start(
            sim,
            plan.x,
            plan.y,
            folder=folder,
            name=plan.plan.name or None,
            watchers=[self._look_on(plan).watching],
            plan={"choices": plan.plan.facts(), "lines": self.lines(plan)},
            epochs=plan.plan.epochs,
            **self._fit(plan),
        )

    def _fit(self, plan: Ready) -> dict[str, Any]:
        """Other arguments of ``fit``: those of the form, and of Python what it does not say."""
        left_out = ("validation_split", "epochs")
        given = {k: v for k, v in self.given.fit.items() if k not in left_out}
        callbacks = [*(given.get("callbacks") or ()), *plan.fit.get("callbacks", ())]
        return given | plan.fit | ({"callbacks": callbacks} if callbacks else {})

    def go_on(self, record: Record, epochs: int | None) -> Run:
        """Train a run on; one of another process with the data that it names."""
        if isinstance(record, Run):
            return runs.go_on(record, epochs=epochs)
        made = record.facts.get("plan")
        if made is None:
            if self.given.x is None:
                raise ValidationError(
                    f"{record.name!r} was started in Python: nengolab.runs.go_on(run, sim, x, y) "
                    "goes on with it",
                    "run",
                )
            fit = {k: v for k, v in self.given.fit.items() if k != "epochs"}
            sim = self._whole()
            fit["watchers"] = [self._look_on(None).watching]
            return runs.go_on(record, sim, self.given.x, self.given.y, epochs=epochs, **fit)
        plan = Plan.read(made["choices"])
        sim = self.simulator(plan.batch_size)
        found = ready(plan, self.network, self.given.named(), sim.minibatch_size or 1)
        _compile(sim, plan, found.compile)
        return runs.go_on(
            record,
            sim,
            found.x,
            found.y,
            epochs=epochs,
            watchers=[self._look_on(found).watching],
            **self._fit(found),
        )

    def measure(self, form: Form) -> None:
        """See how long a batch takes, on the data, and leave everything as it was."""
        from nengolab.runs.measured import seconds_a_batch  # loads Keras

        plan = form.ready()
        sim = self.simulator(plan.plan.batch_size)
        _compile(sim, plan.plan, plan.compile)
        self.batch_seconds = seconds_a_batch(sim, plan)

    def lines(self, plan: Ready) -> list[str]:
        """The Python that does the same, with a person's own names."""
        variables = self.given.variables()
        if isinstance(self.subject, nengo.Network):
            net = name_of(self.subject, variables, "net")
            size = plan.plan.batch_size
            return [f"sim = nengolab.Simulator({net}, minibatch_size={size})", *plan.code]
        name = name_of(self.subject, variables, "sim")
        return [*([] if name == "sim" else [f"sim = {name}"]), *plan.code]

    def _whole(self) -> Any:
        if self.sim is None:
            self.simulator(int(self.given.fit.get("batch_size") or 32))
        return self.sim

    def _look_on(self, plan: Ready | None) -> Looking:
        """Have somebody look on while a plan is trained; what was seen before is gone."""
        pictures = np.zeros((0, 1), np.float32)
        if plan is not None and plan.items is not None and plan.checked:
            variables = self.given.named()
            size = slots(self.network)[0][plan.plan.input]
            offers = input_offers(variables, size, plan.plan.input)
            named = plan.plan.check_x
            chosen = next(o for o in offers if o.name == (named or plan.plan.x))
            first = 0 if named else plan.items
            pictures = pictures_of(np.asarray(variables[chosen.name]), chosen.how, first)
        self.looking = Looking(plan, pictures, self.network, self.sim.dt)
        return self.looking


def _compile(sim: Any, plan: Plan, arguments: dict[str, Any] | None) -> None:
    compile_as(sim, plan, arguments)
    if arguments is not None:
        _chosen_here[sim] = id(sim.keras_model.optimizer)
