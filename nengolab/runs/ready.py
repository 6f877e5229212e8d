"""A plan made ready: checked, counted, and written as the Python that does the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import nengo
import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.feeding.offers import Offer, as_fed, code_of, input_offers, target_offers
from nengolab.runs import choices
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
)


@dataclass(frozen=True)
class Ready:
    """A plan of which everything is there and fits.

    Attributes
    ----------
    plan : Plan
    x, y : object
        As ``fit`` takes them.
    fit, compile : dict
        Other arguments of ``fit``, and those of ``compile``; None leaves it as it is compiled.
    items, checked : int or None
        Items to train and to check with, where that is known.
    code : tuple of str
        The lines of Python that do the same.
    """

    plan: Plan
    x: Any
    y: Any
    fit: dict[str, Any]
    compile: dict[str, Any] | None
    items: int | None
    checked: int | None
    code: tuple[str, ...]

    @property
    def batches(self) -> int | None:
        """Of an epoch."""
        return None if self.items is None else -(-self.items // self.plan.batch_size)

    @property
    def nbytes(self) -> int:
        """Of the data as they are held: what is shown for several steps is held once."""
        parts = [self.x, self.y, *(self.fit.get("validation_data") or ())]
        return sum(map(_held, parts))


def _held(part: Any) -> int:
    values = part.values() if isinstance(part, Mapping) else [part]
    arrays = [v for v in values if isinstance(v, np.ndarray)]
    return sum(a[:, :1].nbytes if 0 in a.strides else a.nbytes for a in arrays)


def ready(plan: Plan, network: nengo.Network, variables: Mapping[str, Any], most: int) -> Ready:
    """Check a plan and make of it what ``compile`` and ``fit`` take.

    Parameters
    ----------
    plan : Plan
    network : nengo.Network
    variables : Mapping of str to object
        Where the data are found by name.
    most : int
        Items that a batch may hold.

    Raises
    ------
    ValidationError
        For the first field that does not fit; ``attr`` is its name.
    """
    _check_numbers(plan, most)
    inputs, probes = slots(network)
    _one_of("input", plan.input, inputs, "an input of the network")
    _one_of("probe", plan.probe, probes, "a probe of the network")
    _check_choices(plan, network, probes)
    x = _offered("x", plan.x, input_offers(variables, inputs[plan.input], plan.input))
    if x.how == "stream":
        return _streaming(plan, variables[plan.x], network)
    xs = {plan.input: x}
    for name, variable in plan.feeds.items():
        if variable:
            offers = input_offers(variables, inputs[name], name)
            xs[name] = _with_steps(f"x of {name}", _offered(f"x of {name}", variable, offers))
    ys = {}
    for name, target in plan.trained.items():
        field = "y" if name == plan.probe else f"y of {name}"
        ys[name] = _offered(field, target.y, target_offers(variables, probes[name], name))
        loss = "loss" if name == plan.probe else f"loss of {name}"
        _check_loss(loss, target.loss, ys[name], probes[name])
        _check_items(field, x, ys[name])
    for name, one in xs.items():
        _check_items(f"x of {name}", x, one)
    data = _Data(plan, variables, xs, ys)
    return _arrays(data, network, *_to_check(data, inputs, probes))


@dataclass(frozen=True)
class _Data:
    """What is fed and compared, by the names of inputs and probes."""

    plan: Plan
    variables: Mapping[str, Any]
    xs: Mapping[str, Offer]
    ys: Mapping[str, Offer]

    @property
    def steps(self) -> int | None:
        """Of an item, where the data say it."""
        found = [offer.steps for offer in (*self.xs.values(), *self.ys.values()) if offer.steps]
        return found[0] if found else None

    def fed(self, part: slice, steps: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """As ``fit`` takes it."""

        def made(offers: Mapping[str, Offer]) -> dict[str, np.ndarray]:
            return {
                name: as_fed(np.asarray(self.variables[offer.name])[part], offer.how, steps)
                for name, offer in offers.items()
            }

        return made(self.xs), made(self.ys)

    def code(self, part: str, steps: int) -> list[str]:
        """The Python of `fed`."""
        return [
            f"{{{', '.join(_entry(name, offer, part, steps) for name, offer in offers.items())}}}"
            for offers in (self.xs, self.ys)
        ]


def _entry(name: str, offer: Offer, part: str, steps: int) -> str:
    return f"{name!r}: {code_of(offer.name + part, offer.how, steps)}"


def _to_check(
    data: _Data, inputs: Mapping[str, int], probes: Mapping[str, int]
) -> tuple[_Data | None, int]:
    """What it is checked with, where that has a name; and how many items it is trained with."""
    plan, x = data.plan, next(iter(data.xs.values()))
    assert x.items is not None
    if not plan.check_x:
        kept = x.items - round(x.items * plan.split)
        if kept == 0 or (plan.split and kept == x.items):
            raise ValidationError(
                f"{plan.split:g} of {x.items} items leaves none to train with, or none to check "
                "with",
                attr="split",
            )
        return None, kept
    if len(data.xs) > 1 or len(data.ys) > 1:
        raise ValidationError(
            "stands for one input and one probe: with several, keep a share back instead",
            attr="check_x",
        )
    offers = input_offers(data.variables, inputs[plan.input], plan.input)
    check_x = _offered("check_x", plan.check_x, offers)
    if check_x.how == "stream":
        raise ValidationError("takes an array, as the data are one", attr="check_x")
    offers = target_offers(data.variables, probes[plan.probe], plan.probe)
    check_y = _offered("check_y", plan.check_y, offers)
    _check_loss("check_y", plan.loss, check_y, probes[plan.probe])
    _check_items("check_y", check_x, check_y)
    own = {plan.input: check_x}, {plan.probe: check_y}
    return _Data(plan, data.variables, *own), x.items


def _arrays(data: _Data, network: nengo.Network, other: _Data | None, kept: int) -> Ready:
    plan, items = data.plan, next(iter(data.xs.values())).items
    assert items is not None
    steps = data.steps or plan.steps
    checks = other or data
    check_steps = checks.steps or plan.check_steps
    part = f"[:{kept}]" if kept < items else ""
    x, y = data.fed(slice(None, kept), steps)
    fit: dict[str, Any] = {"batch_size": plan.batch_size}
    given, options = data.code(part, steps), [f"batch_size={plan.batch_size}"]
    checked = 0
    if other is not None or kept < items:
        first = 0 if other is not None else kept
        fit["validation_data"] = checks.fed(slice(first, None), check_steps)
        checked = len(next(iter(fit["validation_data"][0].values())))
        code = checks.code(f"[{first}:]" if first else "", check_steps)
        options.append("validation_data=(\n        " + ",\n        ".join(code) + ",\n    )")
    compiled, lines = _compiled(plan, network, -(-kept // plan.batch_size))
    _add_options(plan, fit, options, validated=checked > 0)
    lines = (*lines, *_start(plan, given, options))
    return Ready(plan, x, y, fit, compiled, kept, checked, lines)


def _streaming(plan: Plan, source: Any, network: nengo.Network) -> Ready:
    compiled, lines = _compiled(plan, network, None)
    fit: dict[str, Any] = {}
    options: list[str] = []
    _add_options(plan, fit, options, validated=False)
    lines = (*lines, *_start(plan, [plan.x], options))
    return Ready(plan, source, None, fit, compiled, None, None, lines)


def _add_options(plan: Plan, fit: dict[str, Any], options: list[str], validated: bool) -> None:
    """Other arguments of ``fit``, made anew, and their code."""
    if plan.stateful:
        fit["stateful"] = True
        options.append("stateful=True")
    if code := choices.callbacks_code(plan, validated):
        fit["callbacks"] = [_made(one) for one in code]
        options.append("callbacks=[\n        " + ",\n        ".join(code) + ",\n    ]")


def _start(plan: Plan, given: list[str], options: list[str]) -> list[str]:
    called = [f"name={plan.name!r}"] if plan.name else []
    body = [*given, f"epochs={plan.epochs}", *options, *called]
    return ["run = nengolab.runs.start(", "    sim,", *(f"    {line}," for line in body), ")"]


def _compiled(
    plan: Plan, network: nengo.Network, batches: int | None
) -> tuple[dict[str, Any] | None, list[str]]:
    """Arguments of ``compile``, made anew, and the lines that do the same."""
    lines = _reset_code(plan) + choices.settings_code(plan)
    lines += [f"sim.keras_model.named_variables[{n!r}].trainable = False" for n in plan.fixed]
    if plan.loss == AS_COMPILED:
        return None, lines
    rate = choices.learning_rate_code(plan, batches)
    optimizer = OPTIMIZERS[plan.optimizer].format(rate=rate)
    losses = {name: LOSSES[target.loss][0] for name, target in plan.trained.items()}
    metrics = {
        name: LOSSES[target.loss][1]
        for name, target in plan.trained.items()
        if LOSSES[target.loss][1] != "None"
    }
    weights = {name: repr(target.weight) for name, target in plan.trained.items()}
    if plan.rates_of:
        amplitude = choices.amplitude_of(choices.neuron_probes(network)[plan.rates_of])
        losses[plan.rates_of] = choices.regularizer_code(plan, amplitude)
        weights[plan.rates_of] = repr(plan.rate_weight)
    told: dict[str, dict[str, str]] = {"loss": losses}
    if len(losses) > 1:
        told["loss_weights"] = weights
    if metrics:
        told["metrics"] = metrics
    chunks = {n: getattr(plan, n) for n in ("truncate", "checkpoint_every") if getattr(plan, n)}
    lines += [
        "sim.compile(",
        f"    {optimizer},",
        *(f"    {what}={_dict_code(by_name)}," for what, by_name in told.items()),
        *(f"    {name}={value}," for name, value in chunks.items()),
        ")",
    ]
    made = {
        what: {name: _made(code) for name, code in by_name.items()}
        for what, by_name in told.items()
    }
    return {"optimizer": _made(optimizer), **made, **chunks}, lines


def _dict_code(by_name: Mapping[str, str]) -> str:
    entries = [f"{name!r}: {code}" for name, code in by_name.items()]
    if len(entries) == 1:
        return f"{{{entries[0]}}}"
    return "{\n        " + ",\n        ".join(entries) + ",\n    }"


def _reset_code(plan: Plan) -> list[str]:
    if plan.weights == AS_BUILT:
        seed = "" if plan.seed is None else f"seed={plan.seed}, "
        return [f"sim.reset({seed}include_trainable=True)"]
    if plan.seed is None:
        return []
    return [f"sim.reset(seed={plan.seed}, include_trainable=False, include_probes=False)"]


def _made(code: str) -> Any:
    """What an expression of this module gives: one source for what is done and what is shown."""
    import keras

    import nengolab.losses

    return eval(code, {"__builtins__": {}, "keras": keras, "nengolab": nengolab})


def compile_as(sim: Any, plan: Plan, arguments: dict[str, Any] | None) -> None:
    """Have a simulator train what a plan says, with its loss and optimizer."""
    variables = sim.keras_model.named_variables
    for name, parameter in sim.parameters.items():
        if parameter.trainable and name in variables:
            variables[name].trainable = name not in plan.fixed
    if plan.weights == AS_BUILT:
        sim.reset(seed=plan.seed, include_trainable=True)
    elif plan.seed is not None:
        sim.reset(seed=plan.seed, include_trainable=False, include_probes=False)
    choices.set_gradients(sim.network, plan)
    if arguments is not None:
        sim.compile(**arguments)


# ---- checks, each of a field ---------------------------------------------------------------------


def _check_numbers(plan: Plan, most: int) -> None:
    for name in ("steps", "check_steps", "epochs", "batch_size"):
        value = getattr(plan, name)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValidationError(f"takes a whole number from 1 up, got {value!r}", attr=name)
    if plan.batch_size > most:
        raise ValidationError(
            f"the simulator computes {most} at once; for more, make it with "
            f"nengolab.Simulator(net, minibatch_size={plan.batch_size})",
            attr="batch_size",
        )
    if not _is_number(plan.split) or not 0 <= plan.split < 1:
        raise ValidationError(
            f"takes a share from 0 (none) to below 1, got {plan.split!r}", attr="split"
        )
    for name, target in plan.trained.items():
        field = "weight" if name == plan.probe else f"weight of {name}"
        if not _is_number(target.weight) or not 0 < target.weight < float("inf"):
            raise ValidationError(f"takes a number above 0, got {target.weight!r}", attr=field)
    if not _is_number(plan.learning_rate) or not 0 < plan.learning_rate < float("inf"):
        raise ValidationError(
            f"takes a number above 0, such as 0.005, got {plan.learning_rate!r}",
            attr="learning_rate",
        )
    _one_of("weights", plan.weights, [AS_THEY_ARE, AS_BUILT], "what it can begin with")
    _one_of("loss", plan.loss, [*LOSSES, AS_COMPILED], "a loss")
    _one_of("optimizer", plan.optimizer, [*OPTIMIZERS, AS_COMPILED], "an optimizer")
    if (plan.loss == AS_COMPILED) != (plan.optimizer == AS_COMPILED):
        raise ValidationError(
            "loss and optimizer are both as compiled, or both chosen here", attr="optimizer"
        )


def _check_choices(plan: Plan, network: nengo.Network, probes: Mapping[str, int]) -> None:
    compiled = plan.loss == AS_COMPILED
    for name in plan.feeds:
        _one_of(f"x of {name}", name, slots(network)[0], "an input of the network")
    others = [name for name in plan.trained if name != plan.probe]
    for name in others:
        _one_of(f"y of {name}", name, probes, "a probe of the network")
        if compiled:
            raise ValidationError(
                "was decided by sim.compile: choose loss and optimizer here to train it too",
                attr=f"y of {name}",
            )
        _one_of(f"loss of {name}", plan.also[name].loss, LOSSES, "a loss")
    measured = not compiled and LOSSES[plan.loss][1] != "None"
    choices.check(plan, network, measured, compiled)
    if plan.rates_of:
        there = choices.neuron_probes(network)
        _one_of("rates_of", plan.rates_of, there, "a probe of neurons")
        if plan.rates_of in plan.trained:
            raise ValidationError(
                f"{plan.rates_of!r} is compared with targets: probe the neurons once more",
                attr="rates_of",
            )


def _check_items(field: str, x: Offer, other: Offer) -> None:
    if x.items != other.items:
        raise ValidationError(
            f"{x.name!r} has {x.items:,} items, {other.name!r} has {other.items:,}", attr=field
        )


def _with_steps(field: str, offer: Offer) -> Offer:
    if offer.how == "stream":
        raise ValidationError("yields batches: choose it as the data", attr=field)
    return offer


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _one_of(field: str, value: str, known: Any, what: str) -> None:
    if value in known:
        return
    if not known:
        raise ValidationError(f"there is nothing to choose: the network has no {field}", attr=field)
    raise ValidationError(f"{value!r} is not {what}: {', '.join(known)}", attr=field)


def _offered(field: str, name: str, offers: list[Offer]) -> Offer:
    what = "data" if field.startswith(("x", "check_x")) else "targets"
    found = next((o for o in offers if o.name == name), None)
    if found is None:
        fitting = ", ".join(o.name for o in offers if o.fits)
        hint = f"these would fit: {fitting}" if fitting else "no variable of the notebook fits"
        gone = f"there is no variable {name!r} now" if name else f"choose {what}"
        raise ValidationError(f"{gone}; {hint}", attr=field)
    if not found.fits:
        raise ValidationError(f"{name!r}, {found.what}: {found.why}", attr=field)
    return found


def _check_loss(field: str, loss: str, y: Offer, size: int) -> None:
    if loss == CLASSES and y.how != "classes":
        raise ValidationError(
            f"takes a class for each item, a whole number from 0 to {size - 1}; {y.name!r} is "
            f"{y.what}: {VALUES!r} would fit",
            attr=field,
        )
    if loss not in (CLASSES, AS_COMPILED) and y.how == "classes":
        raise ValidationError(
            f"compares {size} numbers an item; {y.name!r} holds the number of a class: "
            f"{CLASSES!r} would fit",
            attr=field,
        )
