"""Fields that few runs need: each choice of `nengolab.runs.choices`, explained in a line."""

from __future__ import annotations

from nengolab.runs.choices import (
    AS_SET,
    CONSTANT,
    COSINE,
    EXPONENTIAL,
    GRADIENTS,
    MONITORS,
    PLATEAU,
    RATES,
    SCHEDULES,
    SOFT,
)
from nengolab.runs.plan import LOSSES

from .fields import NO, YES, Fields, plain
from .told import Field

LEARNING, TIME = "Learning rate, stopping, seed", "Gradients and time"
FIRING, OTHERS = "Firing rates", "Other inputs and probes"

_SCHEDULES = {
    CONSTANT: "as it is above; can be changed on the way",
    EXPONENTIAL: "smaller by a factor in each epoch",
    COSINE: "down to 0 along a cosine, by the last epoch",
    PLATEAU: "smaller by a factor where nothing got better for some epochs",
}
_GRADIENTS = {
    AS_SET: "what configure_settings was told; rates where it was told nothing",
    RATES: "spiking neurons are trained by their firing rates: fast, one step an item",
    SOFT: "LIF rates with a smooth threshold, so that silent neurons learn too",
    "atan": "through time, spikes and all: wide tails, a good first surrogate",
    "fast_sigmoid": "through time: narrow, falls with the square of the distance",
    "sigmoid": "through time: the derivative of a steep sigmoid",
    "superspike": "through time: as the fast sigmoid, steeper",
    "triangular": "through time: no gradient far from the threshold",
}
_MONITORS = {
    "loss": "what has to become less",
    "accuracy": "what has to become more",
}


def learning(made: Fields, compiled: bool, checked: bool) -> list[Field]:
    """How the learning rate goes on, when it stops, what is drawn."""
    schedules = [CONSTANT, PLATEAU] if compiled else SCHEDULES
    found = [made.choice("schedule", "schedule", map(plain, schedules), _SCHEDULES, LEARNING)]
    schedule = made.typed["schedule"]
    if schedule in (EXPONENTIAL, PLATEAU):
        hint = "by so much an epoch" if schedule == EXPONENTIAL else "by so much each time"
        found.append(made.entry("decay", "factor", "number", hint, LEARNING))
    if schedule == PLATEAU:
        hint = "epochs without getting better before it steps down"
        found.append(made.entry("plateau", "step down after", "whole", hint, LEARNING))
    hint = "epochs without getting better; 0: never. Best and last weights are kept"
    found.append(made.entry("patience", "stop after", "whole", hint, LEARNING))
    if schedule == PLATEAU or made.typed["patience"] != "0":
        where = "of the items to check with" if checked else "of training: nothing is validated"
        words = {name: f"{hint}, {where}" for name, hint in _MONITORS.items()}
        found.append(made.choice("monitor", "watched", map(plain, MONITORS), words, LEARNING))
    hint = "of the items' order and all that is drawn; empty: the simulator's"
    found.append(made.entry("seed", "seed", "whole", hint, LEARNING))
    return found


def time(made: Fields, compiled: bool, spiking: bool) -> list[Field]:
    """How spikes are differentiated, and over how many steps."""
    found: list[Field] = []
    if not compiled:
        if spiking:
            names = map(plain, GRADIENTS)
            found.append(made.choice("gradients", "gradients", names, _GRADIENTS, TIME))
        if made.typed["gradients"] == SOFT:
            hint = "of the smooth threshold, as a current"
            found.append(made.entry("smoothing", "width", "number", hint, TIME))
        hint = "steps after which gradients end, which saves memory; 0: never"
        found.append(made.entry("truncate", "truncate", "whole", hint, TIME))
        hint = "steps that are run twice to save memory, exactly; 0: none"
        found.append(made.entry("checkpoint_every", "checkpoint every", "whole", hint, TIME))
    hint = "yes: a batch goes on from the state in which the one before ended"
    found.append(made.choice("stateful", "keep the state", map(plain, (NO, YES)), hint, TIME))
    return found


def rates(made: Fields, probes: list[str]) -> list[Field]:
    """Firing rates that are to stay in a range."""
    none = plain("", "none" if probes else "no probe of an ensemble's neurons")
    hint = "a probe of neurons that are to be neither silent nor wild"
    found = [made.choice("rates_of", "keep rates of", [none, *map(plain, probes)], hint, FIRING)]
    if made.typed["rates_of"]:
        found += [
            made.entry("rate_low", "at least (Hz)", "number", "mean over an item", FIRING),
            made.entry("rate_high", "at most (Hz)", "number", "mean over an item", FIRING),
            made.entry("rate_weight", "counts", "number", "times Hz² outside the range", FIRING),
        ]
    return found


def validation(made: Fields, data: list[str], targets: list[str]) -> list[Field]:
    """Items to check with, by name."""
    others = [name for name in data if name != made.typed["x"]]
    if not others and not made.typed["check_x"]:
        return []
    hint = "items of their own to check with, in place of a share"
    none = plain("", "a share of the data")
    found = [made.choice("check_x", "validation data", [none, *map(plain, others)], hint)]
    if made.typed["check_x"]:
        names = [plain("", "choose"), *map(plain, targets)]
        found.append(made.choice("check_y", "validation targets", names, "of these items"))
    return found


def other_input(made: Fields, name: str, fitting: list[str]) -> Field:
    """What else is fed."""
    none = plain("", "puts out what it puts out in a run")
    names = [none, *map(plain, fitting)]
    return made.choice(f"x of {name}", f"feed {name}", names, "as many items as the data", OTHERS)


def other_probe(made: Fields, name: str, fitting: list[str]) -> list[Field]:
    """What else is compared, how, and how much that counts."""
    names = [plain("", "not trained"), *map(plain, fitting)]
    hint = "targets of this probe; its loss is added"
    found = [made.choice(f"y of {name}", f"targets of {name}", names, hint, OTHERS)]
    if made.typed[f"y of {name}"]:
        losses = map(plain, LOSSES)
        found.append(made.choice(f"loss of {name}", f"loss of {name}", losses, "", OTHERS))
        hint = "factor on this loss in the sum"
        found.append(made.entry(f"weight of {name}", f"{name} counts", "number", hint, OTHERS))
    return found


def weight(made: Fields) -> Field:
    """How much the first probe's loss counts beside others."""
    hint = "factor on the loss above in the sum"
    return made.entry("weight", f"{made.typed['probe']} counts", "number", hint, OTHERS)
