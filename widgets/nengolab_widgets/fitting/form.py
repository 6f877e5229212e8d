"""The form before a run: what a person typed stays, and what is wrong with it is said beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import nengo
import numpy as np
from nengo.exceptions import ValidationError

from nengolab.feeding.offers import Offer, as_fed, input_offers, target_offers
from nengolab.runs.plan import (
    AS_BUILT,
    AS_COMPILED,
    AS_THEY_ARE,
    CLASSES,
    LOSSES,
    OPTIMIZERS,
    Plan,
    Ready,
    ready,
    slots,
    spikes,
    usual,
)

from .told import Choice, Field

WHOLE = ("steps", "check_steps", "epochs", "batch_size")
NUMBERS = ("split", "learning_rate")
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
            name: _shown(value) for name, value in plan.facts().items() if name != "fixed"
        }
        self.fixed: tuple[str, ...] = plan.fixed
        self.errors: dict[str, str] = {}

    # ---- what a person does ------------------------------------------------

    def set(self, name: str, text: str) -> None:
        """Take what was typed or chosen, and what follows of it."""
        self.check_known(name)
        self.typed[name] = text.strip()
        if name in ("loss", "optimizer"):
            self._keep_together(name)
        if name in ("x", "y", "input", "probe"):
            self._choose_anew(name)
        self.check()

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
        return Plan.read(values | {"fixed": self.fixed})

    def ready(self) -> Ready:
        """Check all of it; as `nengolab.runs.plan.ready`."""
        plan = self.plan()
        return ready(plan, self.network, self._variables(), self._most or plan.batch_size)

    def check(self) -> Ready | None:
        """Note what is wrong, field by field; None where something is."""
        self.errors = {}
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

    def _offer(self, field: str, name: str) -> Offer | None:
        return next((o for o in self.offers(field) if o.name == name), None)

    def fields(self) -> list[Field]:
        """Give the fields of the form."""
        inputs, probes = slots(self.network)
        x, y = self._offer("x", self.typed["x"]), self._offer("y", self.typed["y"])
        found = [self._data_field("x", "data", x)]
        if len(inputs) > 1:
            found.append(self._choice("input", "fed to", [_plain(n) for n in inputs], ""))
        if x is None or x.how != "stream":
            found.append(self._data_field("y", "targets", y))
        if len(probes) > 1:
            hint = "whose output is compared with the targets"
            found.append(self._choice("probe", "compared with", [_plain(n) for n in probes], hint))
        found += self._how_long(x, y)
        return found

    def _how_long(self, x: Offer | None, y: Offer | None) -> list[Field]:
        losses = [AS_COMPILED] * self.compiled + list(LOSSES)
        optimizers = [AS_COMPILED] * self.compiled + list(OPTIMIZERS)
        found = [
            self._choice("loss", "loss", [_plain(n) for n in losses], _LOSS_HINTS),
            self._choice("optimizer", "optimizer", [_plain(n) for n in optimizers], _HINTS),
        ]
        if self.typed["optimizer"] != AS_COMPILED:
            hint = "how far each batch moves the weights; can be changed on the way"
            found.append(self._entry("learning_rate", "learning rate", "number", hint))
        found.append(self._entry("epochs", "epochs", "whole", "times that all items are seen"))
        if x is not None and x.how == "stream":
            return found
        found.append(self._entry("batch_size", "batch size", "whole", "items a step learns from"))
        hint = "share of the items, the last ones, that is kept back to check with"
        found.append(self._entry("split", "validation", "number", hint))
        if x is not None and x.steps is None:
            step = "a step is 1 item; more than one only where time matters"
            found.append(self._entry("steps", "steps an item", "whole", step))
            if spikes(self.network):
                hint = "for so long spikes are counted when it is checked; training uses rates"
                found.append(self._entry("check_steps", "steps to check", "whole", hint))
        starts = [_plain(AS_THEY_ARE), _plain(AS_BUILT)]
        found.append(self._choice("weights", "begin with weights", starts, _STARTS))
        found.append(self._entry("name", "name", "text", "of the run; empty: date and time"))
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
        return {**self._field(name, label, "choice", _how(chosen)), "choices": choices}

    def _choice(
        self, name: str, label: str, choices: list[Choice], hint: str | Mapping[str, str]
    ) -> Field:
        words = hint if isinstance(hint, str) else hint.get(self.typed[name], "")
        return {**self._field(name, label, "choice", words), "choices": choices}

    def _entry(self, name: str, label: str, kind: Any, hint: str) -> Field:
        return self._field(name, label, kind, hint)

    def _field(self, name: str, label: str, kind: Any, hint: str) -> Field:
        return {
            "name": name,
            "label": label,
            "kind": kind,
            "value": self.typed[name],
            "choices": [],
            "hint": hint,
            "error": self.errors.get(name, ""),
        }

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


def _plain(name: str) -> Choice:
    return {"name": name, "note": "", "why": ""}


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


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
