"""The form of a sweep: which settings have which values, how many runs that makes, where."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields as fields_of
from math import isfinite
from typing import Any

from nengo.exceptions import ValidationError

from nengolab.runs.plan import Plan
from nengolab.runs.ready import Ready
from nengolab.runs.record import checked_name
from nengolab.runs.sweeping import planned
from nengolab.sweep import Range, draw, grid

from .counted import time_of
from .fields import YES, Fields, plain
from .form import WHOLE, Form
from .sweep_told import Varied
from .told import Choice, Field

GRID, RANDOM = "every combination", "drawn at random"
HERE, CLUSTER = "this machine", "a Dask cluster"
LIST, EVEN, FACTORS = "these values", "a range", "a range, by factors"
# No more runs are made at once.
MOST = 500
# Settings that are chosen, and those that are numbers; in this order they are offered.
_CHOSEN = ("optimizer", "schedule", "gradients", "stateful", "weights")
_NUMBERS = (
    *("learning_rate", "epochs", "batch_size", "seed", "decay", "plateau", "patience"),
    *("rate_low", "rate_high", "rate_weight", "smoothing", "steps", "check_steps"),
    *("truncate", "checkpoint_every", "split"),
)
_BEFORE = {"rate_low": "rates ", "rate_high": "rates ", "rate_weight": "rates: "}


class SweepForm:
    """What is chosen for a sweep of what a form says.

    Attributes
    ----------
    varied : list of str
        Settings that have several values, by name.
    typed, errors : dict of str to str
        What stands in the fields, and what is wrong with it.
    problem : str
        Why it cannot start, where no field is to blame.
    """

    def __init__(self) -> None:
        self.varied: list[str] = []
        usual = {"way": GRID, "count": "10", "draws": "0", "where": HERE}
        self.typed = {**usual, "workers": str(os.cpu_count() or 1), "address": "", "called": ""}
        self.errors: dict[str, str] = {}
        self.problem = ""
        self._chosen: dict[str, list[str]] = {}
        self._made: list[Ready] = []
        self._known: dict[str, Field] = {}  # what can be varied, when that was last looked at
        self._fields = Fields(self.typed, self.errors)

    # ---- what a person does ------------------------------------------------

    def vary(self, form: Form, name: str) -> None:
        """Give a setting several values; the likeliest ones at first."""
        known = offered(form)
        if name not in known:
            raise ValidationError(f"{name!r} cannot be varied: {', '.join(known)}", "field")
        if name in self.varied:
            return
        self.varied.append(name)
        now, names = form.typed[name], _choices(known[name])
        self._chosen[name] = names
        usual = _usual(name, now)
        for of, text in usual.items():
            self.typed.setdefault(f"{of} of {name}", text)

    def leave(self, name: str) -> None:
        """Have a setting as the form above says; what was typed is there again next time."""
        self.varied = [one for one in self.varied if one != name]

    def set(self, field: str, text: str) -> None:
        """Take what was typed."""
        if field not in self.typed:
            raise ValidationError(f"there is no field {field!r} of a sweep", "field")
        self.typed[field] = text.strip()

    def choose(self, name: str, choice: str, on: bool) -> None:
        """Have a choice among the values of a setting, or not."""
        others = [one for one in self._chosen.get(name, []) if one != choice]
        self._chosen[name] = [*others, choice] if on else others

    # ---- what it comes to --------------------------------------------------

    def check(self, form: Form) -> list[Ready]:
        """Note what is wrong, field by field; give the runs where nothing is."""
        self.errors.clear()
        self.problem, self._made, self._known = "", [], offered(form)
        if not self.varied:
            return []
        try:
            items = self._items()
            if len(items) > MOST:
                raise ValidationError(f"{len(items):,} runs; {MOST} are the most at once", "count")
            plan = form.plan()
            self._made = planned(plan, items, form.network, form.variables())
            self.where()
        except ValidationError as error:
            self._blame(error)
            self._made = []
        try:
            if self.typed["called"]:
                checked_name(self.typed["called"])
        except ValidationError as error:
            self.errors["called"] = str(error).removeprefix("name: ")
            self._made = []
        return self._made

    def _blame(self, error: ValidationError) -> None:
        """Say what is wrong beside its field, or above all."""
        attr, text = str(error.attr), str(error).removeprefix(f"{error.attr}: ")
        if attr in self.varied:
            attr = f"values of {attr}"
        random = self.typed["way"] == RANDOM
        seen = attr in self.typed and (attr not in ("count", "draws") or random)
        if seen or " of " in attr:
            self.errors[attr] = text
        else:
            self.problem = text if attr in ("count", "settings") else f"{attr}: {text}"

    def _items(self) -> list[dict[str, Any]]:
        found = self.values()
        if self.typed["way"] == GRID:
            return grid(found)
        count, seed = (_whole(self.typed[name], name) for name in ("count", "draws"))
        return draw(found, count, seed)

    def values(self) -> dict[str, Sequence[Any]]:
        """Read the values of each setting.

        Raises
        ------
        ValidationError
        """
        return {name: self._values(name) for name in self.varied}

    def _values(self, name: str) -> Sequence[Any]:
        known = self._known
        if name not in known:
            raise ValidationError(
                "is not among the settings above as they are now: leave it out here", name
            )
        names = _choices(known[name])
        if names:
            chosen = [one for one in names if one in self._chosen[name]]
            if not chosen:
                raise ValidationError("choose one at least", name)
            return [one == YES for one in chosen] if name == "stateful" else chosen
        whole = name in WHOLE or name == "seed"
        if self.typed[f"how of {name}"] == LIST:
            texts = [t for t in self.typed[f"values of {name}"].replace(";", ",").split(",")]
            found = [_number(t.strip(), whole, name) for t in texts if t.strip()]
            if not found:
                example = "1, 2, 3" if whole else "0.1, 0.01"
                raise ValidationError(f"there are no values: such as {example}", name)
            return list(dict.fromkeys(found))
        ends = [
            _number(self.typed[f"{end} of {name}"], whole, f"{end} of {name}")
            for end in ("low", "high")
        ]
        factors = self.typed[f"how of {name}"] == FACTORS
        count = _whole(self.typed[f"number of {name}"], f"number of {name}")
        try:
            return Range(ends[0], ends[1], count, factors)
        except ValidationError as error:
            raise ValidationError(str(error).removeprefix("range: "), f"high of {name}") from None

    def where(self) -> dict[str, Any]:
        """Where it runs, as `nengolab.runs.start_sweep` takes it."""
        if self.typed["where"] == HERE:
            return {"workers": _whole(self.typed["workers"], "workers")}
        if "://" not in self.typed["address"]:
            raise ValidationError(
                "takes the address of a scheduler, such as tcp://10.0.0.1:8786", "address"
            )
        return {"address": self.typed["address"]}

    @property
    def settings(self) -> list[dict[str, Any]]:
        """What is set in each run, once it was checked."""
        return [{name: getattr(one.plan, name) for name in self.varied} for one in self._made]

    def lines(self, batch_seconds: float | None) -> list[str]:
        """What it comes to, before it starts."""
        made = self._made
        if not made:
            return []
        counts = [len(dict.fromkeys(repr(s[name]) for s in self.settings)) for name in self.varied]
        ways = " × ".join(map(str, counts)) if self.typed["way"] == GRID else "drawn"
        found = [f"{len(made)} runs" if len(counts) < 2 else f"{len(made)} runs ({ways})"]
        batches = [None if one.batches is None else one.batches * one.plan.epochs for one in made]
        known = [n for n in batches if n is not None]
        epochs = sum(one.plan.epochs for one in made)
        if len(known) < len(batches):
            return [*found, f"{epochs:,} epochs in all"]
        found.append(f"{epochs:,} epochs, {sum(known):,} batches in all")
        if batch_seconds is not None:
            here = self.typed["where"] == HERE
            workers = min(int(self.typed["workers"]), len(made)) if here else 1
            on = f"on {workers} process{'es' * (workers > 1)}" if here else "for one process"
            total = time_of(batch_seconds * sum(known) / workers)
            told = f"a batch took {1000 * batch_seconds:.3g} ms here"
            found.append(f"{told}: about {total} {on}, and some seconds for each to begin")
        return found

    # ---- what the page shows -----------------------------------------------

    def told(self) -> tuple[list[Choice], list[Varied], list[Field]]:
        """What can be varied, what is, and the other fields."""
        known = self._known
        can = [plain(name, label_of(known[name])) for name in known if name not in self.varied]
        varied = [self._varied(name, known.get(name)) for name in self.varied]
        made, typed = self._fields, self.typed
        hint = {GRID: "all of all settings", RANDOM: "some of them, by a seed"}
        found = [made.choice("way", "combinations", map(plain, (GRID, RANDOM)), hint)]
        if typed["way"] == RANDOM:
            found.append(made.entry("count", "how many", "whole", "runs"))
            found.append(made.entry("draws", "seed of the draw", "whole", "same seed, same runs"))
        found.append(made.choice("where", "run on", map(plain, (HERE, CLUSTER)), ""))
        if typed["where"] == HERE:
            cores = os.cpu_count() or 1
            hint = f"that train at once; this machine has {cores} processor{'s' * (cores > 1)}"
            found.append(made.entry("workers", "processes", "whole", hint))
        else:
            found.append(made.entry("address", "address", "text", "such as tcp://10.0.0.1:8786"))
        found.append(made.entry("called", "name", "text", "of the sweep; empty: date and time"))
        return can, varied, found

    def _varied(self, name: str, field: Field | None) -> Varied:
        names = [] if field is None else _choices(field)
        chosen = self._chosen.get(name, [])
        made, found = self._fields, list[Field]()
        if field is not None and not names:
            hows = map(plain, (LIST, EVEN, FACTORS))
            found.append(made.choice(f"how of {name}", "values", hows, ""))
            if self.typed[f"how of {name}"] == LIST:
                found.append(made.entry(f"values of {name}", "", "text", "with commas between"))
            else:
                found += [
                    made.entry(f"low of {name}", "from", "number", ""),
                    made.entry(f"high of {name}", "to", "number", ""),
                ]
                if self.typed["way"] == GRID:
                    found.append(made.entry(f"number of {name}", "how many", "whole", ""))
        shown = {one["name"] for one in found}
        error = self.errors.get(f"values of {name}", "")
        return {
            "name": name,
            "label": name if field is None else label_of(field),
            "options": [(one, one in chosen) for one in names],
            "fields": found,
            "error": "" if f"values of {name}" in shown else error,
        }

    # ---- as Python ---------------------------------------------------------

    def code(self, form: Form, sim: Sequence[str], network: str, folder: str) -> list[str]:
        """The Python that does the same.

        Parameters
        ----------
        form : Form
        sim : sequence of str
            Lines that make ``sim``, where it is not there.
        network : str
            What the network is called.
        folder : str
        """
        plan, values = form.plan(), self.values()
        told = {name: _code_of(value) for name, value in values.items()}
        body = ", ".join(f"{name!r}: {text}" for name, text in told.items())
        settings = f"{{{body}}}"
        if self.typed["way"] == RANDOM:
            count, seed = (_whole(self.typed[name], name) for name in ("count", "draws"))
            settings = f"draw({settings}, {count}, seed={seed})"
        others = [t.y for t in plan.also.values()]
        data = [plan.x, plan.y, plan.check_x, plan.check_y, *plan.feeds.values(), *others]
        named = ", ".join(f"{name!r}: {name}" for name in dict.fromkeys(data) if name)
        options = {"folder": folder, "network": network, **self.where()}
        options |= {"name": self.typed["called"]} if self.typed["called"] else {}
        helpers = [name for name in ("Range", "draw") if f"{name}(" in settings]
        return [
            "import nengolab",
            "from nengolab.runs import Plan, start_sweep",
            *(["from nengolab.runs.choices import Target"] if plan.also else []),
            *([f"from nengolab.sweep import {', '.join(helpers)}"] if helpers else []),
            "",
            *sim,
            *plan_code(plan),
            "sweep = start_sweep(",
            "    sim,",
            "    plan,",
            f"    {{{named}}},",
            f"    {settings},",
            *(f"    {key}={value!r}," for key, value in options.items()),
            ")",
            "sweep.wait()",
        ]


def plan_code(plan: Plan) -> list[str]:
    """The lines that make a plan: what is not as usual."""
    usual = Plan()
    changed = [
        (f.name, getattr(plan, f.name))
        for f in fields_of(Plan)
        if f.name != "name" and getattr(plan, f.name) != getattr(usual, f.name)
    ]
    return ["plan = Plan(", *(f"    {name}={value!r}," for name, value in changed), ")"]


def offered(form: Form) -> dict[str, Field]:
    """The settings of a form that can be varied, by name, in the order of their kinds."""
    there = {field["name"]: field for field in form.fields()}
    order = ("learning_rate", *_CHOSEN[:1], *_NUMBERS[1:], *_CHOSEN[1:])
    return {name: there[name] for name in order if name in there}


def label_of(field: Field) -> str:
    """What a setting is called."""
    return _BEFORE.get(field["name"], "") + field["label"]


def _choices(field: Field) -> list[str]:
    if field["kind"] != "choice":
        return []
    return [choice["name"] for choice in field["choices"] if not choice["why"]]


def _usual(name: str, now: str) -> dict[str, str]:
    """Values to begin with, around what the form says."""
    found = {"how": LIST, "values": now, "low": now, "high": now, "number": "3"}
    if name == "seed":
        return found | {"values": "0, 1, 2", "low": "0", "high": "9"}
    try:
        value = float(now)
    except ValueError:
        return found
    if not isfinite(value):
        return found
    if name in WHOLE:
        more = f"{value * 2:g}" if value else "1"
        return found | {"values": f"{now}, {more}", "high": more}
    low, high = f"{value / 10:g}", f"{value * 10:g}"
    if name == "learning_rate":
        return found | {"how": FACTORS, "low": low, "high": high, "values": f"{low}, {now}"}
    return found | {"low": low, "high": high}


def _number(text: str, whole: bool, name: str) -> Any:
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        wanted = "whole numbers, such as 20" if whole else "numbers, such as 0.005"
        raise ValidationError(f"takes {wanted}, got {text!r}", name) from None
    if not isfinite(value):
        raise ValidationError(f"takes a finite number, got {text!r}", name)
    return value


def _whole(text: str, name: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < (0 if name == "draws" else 1):
        raise ValidationError(f"takes a whole number, such as 2, got {text!r}", name)
    return value


def _code_of(values: Sequence[Any]) -> str:
    if isinstance(values, Range):
        factors = ", logarithmic=True" if values.logarithmic else ""
        return f"Range({values.low!r}, {values.high!r}, {values.count}{factors})"
    return repr(list(values))
