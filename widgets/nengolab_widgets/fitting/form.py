"""The form before a run: what a person typed stays, and what is wrong with it is said beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengolab.feeding.offers import Offer, as_fed, input_offers, target_offers
from nengolab.runs.choices import PLATEAU, SURROGATES, Target, neuron_probes
from nengolab.runs.plan import (
    AS_BUILT,
    AS_COMPILED,
    AS_THEY_ARE,
    CLASSES,
    LOSSES,
    OPTIMIZERS,
    VALUES,
    Plan,
    slots,
    spikes,
    usual,
)
from nengolab.runs.ready import Ready, ready

from . import more
from .fields import YES, Fields, plain, shown
from .told import Choice, Field

WHOLE = (
    "steps",
    "check_steps",
    "epochs",
    "batch_size",
    "plateau",
    "patience",
    "truncate",
    "checkpoint_every",
)
NUMBERS = (
    "split",
    "learning_rate",
    "decay",
    "smoothing",
    "rate_low",
    "rate_high",
    "rate_weight",
    "weight",
)
# More samples are not drawn, nor of more numbers each.
SAMPLES, MOST_NUMBERS = 10, 4096


class Form:
    """What is chosen for a run of a network.

    Parameters
    ----------
    network : nengo.Network
    variables : callable
        Gives the variables that there are, by name.
    most : int or None
        Items of a batch at most; None where the simulator is made for the run.
    compiled : bool
        Whether there is a loss and an optimizer already.
    preset : Mapping
        Fields that are not as usual.
    """

    def __init__(
        self,
        network: nengo.Network,
        variables: Callable[[], Mapping[str, Any]],
        most: int | None,
        compiled: bool,
        preset: Mapping[str, Any],
    ) -> None:
        self.network, self._variables, self._most = network, variables, most
        self.compiled = compiled
        plan = usual(network, variables(), most or 32, compiled)
        plan = replace(plan, **preset)
        # As they stand in the fields; what cannot be read stays there too.
        self.typed: dict[str, str] = {
            name: shown(value)
            for name, value in plan.facts().items()
            if name not in ("fixed", "feeds", "also")
        }
        inputs, probes = slots(network)
        self.typed |= {f"x of {name}": plan.feeds.get(name, "") for name in inputs}
        for name in probes:
            target = plan.also.get(name, Target(loss=VALUES))
            self.typed |= {f"{of} of {name}": shown(v) for of, v in vars(target).items()}
        self.fixed: tuple[str, ...] = plan.fixed
        self.errors: dict[str, str] = {}
        self._made = Fields(self.typed, self.errors)

    # ---- what a person does ------------------------------------------------

    def set(self, name: str, text: str) -> None:
        """Take what was typed or chosen, and what follows of it."""
        self.check_known(name)
        self.typed[name] = text.strip()
        if name in ("loss", "optimizer"):
            self._keep_together(name)
        if name in ("x", "y", "input", "probe"):
            self._choose_anew(name)
        self._follow(name)
        self.check()

    def _follow(self, name: str) -> None:
        """Choose what a choice asks for, as a person would."""
        chosen = self.typed[name]
        if name == "schedule":
            self.typed["decay"] = "0.5" if chosen == PLATEAU else "0.9"
        elif name == "gradients" and chosen in SURROGATES and self.typed["steps"] == "1":
            self.typed["steps"] = self.typed["check_steps"]  # a spike is no answer
        elif name == "check_x" and chosen and not self.typed["check_y"]:
            x = next((o for o in self.offers("x") if o.name == chosen), None)
            found = [o.name for o in self.offers("y") if o.fits and x and o.items == x.items]
            self.typed["check_y"] = found[0] if found else ""
        elif name.startswith("y of ") and chosen:
            probe = name.removeprefix("y of ")
            offer = next((o for o in self._targets(probe) if o.name == chosen), None)
            classes = offer is not None and offer.how == "classes"
            self.typed[f"loss of {probe}"] = CLASSES if classes else VALUES

    def check_known(self, name: str) -> None:
        """Raise a ValidationError where there is no such field."""
        if name not in self.typed:
            known = ", ".join(self.typed)
            raise ValidationError(f"there is no field {name!r}; there are {known}", "field")

    def _keep_together(self, name: str) -> None:
        """Loss and optimizer are both as compiled, or both chosen."""
        other = "optimizer" if name == "loss" else "loss"
        was = self.typed[other] == AS_COMPILED
        if (self.typed[name] == AS_COMPILED) == was:
            return
        first = {"optimizer": "Adam", "loss": self._likely_loss()}
        self.typed[other] = first[other] if was else AS_COMPILED

    def _likely_loss(self) -> str:
        chosen = self._offer("y", self.typed["y"])
        return CLASSES if chosen is not None and chosen.how == "classes" else "mean squared error"

    def _choose_anew(self, name: str) -> None:
        """Where the targets are of another kind now, so is the loss."""
        if name == "x" and (x := self._offer("x", self.typed["x"])) is not None:
            y = self._offer("y", self.typed["y"])
            if x.how != "stream" and (y is None or y.items != x.items):
                fitting = [o for o in self.offers("y") if o.fits and o.items == x.items]
                if fitting:
                    self.typed["y"] = fitting[0].name
        if self.typed["loss"] != AS_COMPILED and self._offer("y", self.typed["y"]) is not None:
            self.typed["loss"] = self._likely_loss()

    def train(self, name: str, on: bool) -> None:
        """Train a parameter, or leave it as it is."""
        others = tuple(n for n in self.fixed if n != name)
        self.fixed = others if on else (*others, name)

    # ---- what it comes to --------------------------------------------------

    def plan(self) -> Plan:
        """Read the fields.

        Raises
        ------
        ValidationError
            For the first that cannot be read; ``attr`` names it.
        """
        values: dict[str, Any] = dict(self.typed)
        for name in (*WHOLE, *NUMBERS):
            values[name] = _number(name, self.typed[name], whole=name in WHOLE)
        seed = self.typed["seed"]
        values["seed"] = _number("seed", seed, whole=True) if seed else None
        values["stateful"] = self.typed["stateful"] == YES
        inputs, probes = slots(self.network)
        values["feeds"] = {
            name: self.typed[f"x of {name}"] for name in inputs if name != self.typed["input"]
        }
        values["also"] = {
            name: Target(
                self.typed[f"y of {name}"],
                self.typed[f"loss of {name}"],
                _number(f"weight of {name}", self.typed[f"weight of {name}"], whole=False),
            )
            for name in probes
            if name != self.typed["probe"] and self.typed[f"y of {name}"]
        }
        return Plan.read(values | {"fixed": self.fixed})

    def variables(self) -> Mapping[str, Any]:
        """Give the variables that there are, by name."""
        return self._variables()

    def ready(self) -> Ready:
        """Check all of it; as `nengolab.runs.plan.ready`."""
        plan = self.plan()
        return ready(plan, self.network, self._variables(), self._most or plan.batch_size)

    def check(self) -> Ready | None:
        """Note what is wrong, field by field; None where something is."""
        self.errors.clear()
        for name in (*WHOLE, *NUMBERS):
            try:
                _number(name, self.typed[name], whole=name in WHOLE)
            except ValidationError as error:
                self.errors[name] = _bare(error)
        if self.errors:
            return None
        try:
            return self.ready()
        except ValidationError as error:
            self.errors[str(error.attr)] = _bare(error)
            return None

    @property
    def is_compiled(self) -> bool:
        """Whether loss and optimizer are those that ``sim.compile`` was told."""
        return self.typed["optimizer"] == AS_COMPILED

    # ---- what the page shows -----------------------------------------------

    def offers(self, field: str) -> list[Offer]:
        """Give the variables for the data, or the targets."""
        inputs, probes = slots(self.network)
        role = "input" if field == "x" else "probe"
        sizes, called = (inputs if field == "x" else probes), self.typed[role]
        if called not in sizes:
            return []
        find = input_offers if field == "x" else target_offers
        return find(self._variables(), sizes[called], called)

    def _targets(self, probe: str) -> list[Offer]:
        return target_offers(self._variables(), slots(self.network)[1][probe], probe)

    def _offer(self, field: str, name: str) -> Offer | None:
        return next((o for o in self.offers(field) if o.name == name), None)

    def fields(self) -> list[Field]:
        """Give the fields of the form."""
        inputs, probes = slots(self.network)
        x, y = self._offer("x", self.typed["x"]), self._offer("y", self.typed["y"])
        found = [self._data_field("x", "data", x)]
        if len(inputs) > 1:
            found.append(self._made.choice("input", "fed to", [plain(n) for n in inputs], ""))
        if x is None or x.how != "stream":
            found.append(self._data_field("y", "targets", y))
        if len(probes) > 1:
            hint = "whose output is compared with the targets"
            found.append(
                self._made.choice("probe", "compared with", [plain(n) for n in probes], hint)
            )
        found += self._how_long(x, y)
        return found + self._more(x)

    def _more(self, x: Offer | None) -> list[Field]:
        """Give what few runs need, in groups that are folded."""
        made, streams = self._made, x is not None and x.how == "stream"
        found = more.learning(made, self.is_compiled, streams or self._is_checked())
        found += more.time(made, self.is_compiled, spikes(self.network))
        if self.is_compiled:
            return found
        found += more.rates(made, list(neuron_probes(self.network)))
        return found if streams else found + self._others()

    def _is_checked(self) -> bool:
        return bool(self.typed["check_x"]) or self.typed["split"] not in ("0", "0.0")

    def _others(self) -> list[Field]:
        """Give the other inputs and probes."""
        inputs, probes = slots(self.network)
        variables, found = self._variables(), list[Field]()
        for name in inputs:
            if name != self.typed["input"]:
                offers = [o for o in input_offers(variables, inputs[name], name) if o.fits]
                found.append(more.other_input(self._made, name, [o.name for o in offers]))
        others = [
            name for name in probes if name not in (self.typed["probe"], self.typed["rates_of"])
        ]
        for name in others:
            fitting = [o.name for o in self._targets(name) if o.fits]
            found += more.other_probe(self._made, name, fitting)
        if any(self.typed[f"y of {name}"] for name in others):
            found.append(more.weight(self._made))
        return found

    def _how_long(self, x: Offer | None, y: Offer | None) -> list[Field]:
        losses = [AS_COMPILED] * self.compiled + list(LOSSES)
        optimizers = [AS_COMPILED] * self.compiled + list(OPTIMIZERS)
        found = [
            self._made.choice("loss", "loss", [plain(n) for n in losses], _LOSS_HINTS),
            self._made.choice("optimizer", "optimizer", [plain(n) for n in optimizers], _HINTS),
        ]
        if self.typed["optimizer"] != AS_COMPILED:
            hint = "how far each batch moves the weights; can be changed on the way"
            found.append(self._made.entry("learning_rate", "learning rate", "number", hint))
        found.append(self._made.entry("epochs", "epochs", "whole", "times that all items are seen"))
        if x is not None and x.how == "stream":
            return found
        found.append(
            self._made.entry("batch_size", "batch size", "whole", "items a step learns from")
        )
        if not self.typed["check_x"]:
            hint = "share of the items, the last ones, that is kept back to check with"
            found.append(self._made.entry("split", "validation", "number", hint))
        if x is not None and x.fits:
            fitting = [o.name for o in self.offers("x") if o.fits and o.how != "stream"]
            targets = [o.name for o in self.offers("y") if o.fits]
            found += more.validation(self._made, fitting, targets)
        if x is not None and x.steps is None:
            step = "a step is 1 item; more than one only where time matters"
            found.append(self._made.entry("steps", "steps an item", "whole", step))
            if spikes(self.network):
                hint = "for so long spikes are counted when it is checked; training uses rates"
                found.append(self._made.entry("check_steps", "steps to check", "whole", hint))
        starts = [plain(AS_THEY_ARE), plain(AS_BUILT)]
        found.append(self._made.choice("weights", "begin with weights", starts, _STARTS))
        found.append(self._made.entry("name", "name", "text", "of the run; empty: date and time"))
        return found

    def _data_field(self, name: str, label: str, chosen: Offer | None) -> Field:
        choices: list[Choice] = [
            {"name": o.name, "note": o.what, "why": o.why} for o in self.offers(name)
        ]
        if chosen is None and self.typed[name]:
            choices.insert(0, {"name": self.typed[name], "note": "", "why": "is not there now"})
        if not self.typed[name]:
            none = (
                "nothing in the notebook fits" if not any(o.fits for o in self.offers(name)) else ""
            )
            choices.insert(0, {"name": "", "note": none or "choose", "why": ""})
        return {**self._made.field(name, label, "choice", _how(chosen)), "choices": choices}

    def samples(self) -> tuple[str, np.ndarray, list[str]]:
        """Give the first items of the data, what they are, and their targets, for the page to draw.

        Returns
        -------
        said : str
            ``"float32, 0 to 1"``.
        samples : array
            ``(items, height, width)`` of images, ``(items, steps)`` of curves; nothing where there
            is nothing to draw.
        targets : list of str
        """
        nothing = np.zeros((0, 1), np.float32)
        x, y = self._offer("x", self.typed["x"]), self._offer("y", self.typed["y"])
        if x is None or x.how in ("", "stream"):
            return "", nothing, []
        variables = self._variables()
        array = np.asarray(variables[x.name])
        low, high = array.min(), array.max()
        said = f"{array.dtype}, {_short(low)} to {_short(high)}"
        labels: list[str] = []
        if y is not None and y.how == "classes":
            labels = [str(int(v)) for v in np.asarray(variables[y.name])[:SAMPLES].ravel()]
        return said, drawable(array[:SAMPLES], x.how), labels


def drawable(array: np.ndarray, how: str) -> np.ndarray:
    """Items as images ``(items, height, width)`` or curves ``(items, steps)``."""
    nothing = np.zeros((0, 1), np.float32)
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if how == "shown" and array.ndim == 3:
        found = array
    else:
        steps = as_fed(array, how, 1)
        if steps.shape[1] > 1 and steps.shape[2] <= 4:
            found = steps[:, :, 0]
        else:
            size = steps.shape[2]
            side = round(size**0.5)
            if side * side != size or side < 3:
                return nothing
            found = steps[:, 0].reshape(len(steps), side, side)
    if found[0].size > MOST_NUMBERS:
        return nothing
    return np.ascontiguousarray(found, np.float32)


_LOSS_HINTS = {
    AS_COMPILED: "what sim.compile was told",
    CLASSES: "of the right class; the mean over an item's steps is the answer",
    "mean squared error": "of the output and the targets, over all steps",
    "mean absolute error": "as the squared one, but far-off values count less",
}
_STARTS = {
    AS_THEY_ARE: "what was trained or loaded before goes on",
    AS_BUILT: "as if nothing had been trained",
}
_HINTS = {
    AS_COMPILED: "what sim.compile was told",
    "Adam": "a step length for each weight: a good first choice",
    "AdamW": "Adam that also draws weights towards 0",
    "RMSprop": "step lengths by recent gradients",
    "SGD": "along the gradient, with momentum 0.9; wants its learning rate tried out",
}


def _how(offer: Offer | None) -> str:
    if offer is None or not offer.fits:
        return ""
    said = {
        "shown": "an item has no steps: it is shown as it is",
        "classes": "the number of the right class",
        "series": "a number a step",
        "stream": "yields data and targets",
        "as it is": "items, steps, size",
    }
    return said[offer.how]


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (float, np.floating)) else str(value)


def _number(name: str, text: str, whole: bool) -> Any:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        wanted = "a whole number, such as 20" if whole else "a number, such as 0.005"
        raise ValidationError(f"takes {wanted}, got {text!r}", name) from None


def _bare(error: ValidationError) -> str:
    """What it says, without the name of the field beside which it is shown."""
    return str(error).removeprefix(f"{error.attr}: ")
