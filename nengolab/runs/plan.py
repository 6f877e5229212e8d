"""What a person chooses before a run: checked, explained, counted, and written as Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import nengo
import numpy as np

from nengolab.exceptions import ValidationError
from nengolab.feeding.aliases import Aliases
from nengolab.feeding.offers import Offer, as_fed, code_of, input_offers, target_offers

AS_COMPILED = "as compiled"
CLASSES, VALUES = "cross-entropy", "mean squared error"

# By name: the expression of the loss, and of its metrics.
_SPARSE = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
_HOT = "keras.losses.CategoricalCrossentropy(from_logits=True)"
_ACCURACY = "[keras.metrics.MeanMetricWrapper(nengolab.losses.accuracy_of_mean, name='accuracy')]"
LOSSES = {
    CLASSES: (f"nengolab.losses.OfMean({_SPARSE})", _ACCURACY),
    "cross-entropy, a value for each class": (f"nengolab.losses.OfMean({_HOT})", _ACCURACY),
    VALUES: ("keras.losses.MeanSquaredError()", "None"),
    "mean absolute error": ("keras.losses.MeanAbsoluteError()", "None"),
}
OPTIMIZERS = {
    "Adam": "keras.optimizers.Adam({rate!r})",
    "AdamW": "keras.optimizers.AdamW({rate!r})",
    "RMSprop": "keras.optimizers.RMSprop({rate!r})",
    "SGD": "keras.optimizers.SGD({rate!r}, momentum=0.9)",
}
# The weights that a run begins with.
AS_THEY_ARE, AS_BUILT = "as they are", "as built"
# Steps for which an item is shown to a spiking network to see what it has learned.
SPIKING_STEPS = 30


@dataclass(frozen=True)
class Plan:
    """What is to be trained on what, and how.

    Attributes
    ----------
    x, y : str
        Names of variables: the data, and the targets, "" where the data yield them.
    input, probe : str
        What is fed, and whose output is compared with the targets, by the names that Keras has.
    steps : int
        For how many an item without steps is shown in training.
    check_steps : int
        And when it is checked, where the network runs with spikes.
    split : float
        The share of the items, the last ones, that is kept back to check with.
    loss, optimizer : str
        Of `LOSSES` and `OPTIMIZERS`, or ``"as compiled"``.
    learning_rate : float
    epochs, batch_size : int
    weights : str
        With which it begins: ``"as they are"`` or ``"as built"``.
    fixed : tuple of str
        Parameters that could be trained, and are not.
    name : str
        Of the run, "" for date and time.

    Examples
    --------
    >>> from nengolab.runs.plan import usual
    >>> x = np.random.RandomState(0).uniform(-1, 1, (8, 5, 1))
    >>> plan = usual(sim.network, {"x": x, "y": x**2}, batch_size=4)
    >>> plan.x, plan.y, plan.loss
    ('x', 'y', 'mean squared error')
    """

    x: str = ""
    y: str = ""
    input: str = ""
    probe: str = ""
    steps: int = 1
    check_steps: int = 1
    split: float = 0.1
    loss: str = VALUES
    optimizer: str = "Adam"
    learning_rate: float = 0.005
    epochs: int = 20
    batch_size: int = 32
    weights: str = AS_THEY_ARE
    fixed: tuple[str, ...] = ()
    name: str = ""

    def facts(self) -> dict[str, Any]:
        """As JSON can hold it; ``Plan(**facts)`` is the same again."""
        return asdict(self) | {"fixed": list(self.fixed)}

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Plan:
        """What `facts` gave."""
        known = {f.name for f in fields(cls)}
        values: dict[str, Any] = {k: v for k, v in facts.items() if k in known}
        values["fixed"] = tuple(values.get("fixed", ()))
        return cls(**values)


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


def slots(network: nengo.Network) -> tuple[dict[str, int], dict[str, int]]:
    """Sizes of the inputs that can be fed, and of the probes, by the names that Keras has."""
    aliases = Aliases(network)
    inputs = {alias: node.size_out for alias, node in aliases.inputs.items()}
    return inputs, {alias: probe.size_in for alias, probe in aliases.probes.items()}


def spikes(network: nengo.Network) -> bool:
    """Whether a network has neurons that spike: then a single step says little."""
    return any(ens.neuron_type.spiking for ens in network.all_ensembles)


def usual(
    network: nengo.Network,
    variables: Mapping[str, Any],
    batch_size: int = 32,
    compiled: bool = False,
) -> Plan:
    """The likeliest plan: what fits first, the loss that its targets ask for.

    Parameters
    ----------
    network : nengo.Network
    variables : Mapping of str to object
    batch_size : int
    compiled : bool
        Whether the simulator was compiled, so that it can be left as it is.
    """
    inputs, probes = slots(network)
    node, probe = next(iter(inputs), ""), next(iter(probes), "")
    plan = Plan(input=node, probe=probe, batch_size=batch_size)
    if compiled:
        plan = _with(plan, loss=AS_COMPILED, optimizer=AS_COMPILED)
    if not node or not probe:
        return plan
    xs = [o for o in input_offers(variables, inputs[node], node) if o.fits]
    ys = [o for o in target_offers(variables, probes[probe], probe) if o.fits]
    pair = _likeliest(xs, ys)
    if pair is None:
        return plan
    x, y = pair
    found: dict[str, Any] = {"x": x.name, "y": "" if y is None else y.name}
    if spikes(network):
        found["check_steps"] = SPIKING_STEPS
    if y is not None and not compiled:
        found["loss"] = CLASSES if y.how == "classes" else VALUES
    return _with(plan, **found)


def _with(plan: Plan, **changes: Any) -> Plan:
    return Plan.read(plan.facts() | changes)


def _likeliest(xs: list[Offer], ys: list[Offer]) -> tuple[Offer, Offer | None] | None:
    """A pair of as many items: what is called after training first, then the largest."""
    pairs: list[tuple[Offer, Offer | None]] = [
        (x, y) for x in xs for y in ys if x.items == y.items and x.name != y.name
    ]
    pairs += [(x, None) for x in xs if x.how == "stream"]
    if not pairs:
        return None

    def rank(pair: tuple[Offer, Offer | None]) -> tuple[int, bool, int]:
        called = sum("train" in o.name.lower() for o in pair if o is not None)
        classes = pair[1] is not None and pair[1].how == "classes"
        return (-called, not classes, -(pair[0].items or 0))

    return min(pairs, key=rank)


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
    x = _offered("x", plan.x, input_offers(variables, inputs[plan.input], plan.input))
    if x.how == "stream":
        return _streaming(plan, variables[plan.x])
    y = _offered("y", plan.y, target_offers(variables, probes[plan.probe], plan.probe))
    if x.items != y.items:
        raise ValidationError(
            f"{x.name!r} has {x.items:,} items, {y.name!r} has {y.items:,}", attr="y"
        )
    _check_loss(plan, y, probes[plan.probe])
    return _arrays(plan, variables, x, y)


def _arrays(plan: Plan, variables: Mapping[str, Any], x: Offer, y: Offer) -> Ready:
    assert x.items is not None
    kept = x.items - round(x.items * plan.split)
    if kept == 0 or (plan.split and kept == x.items):
        raise ValidationError(
            f"{plan.split:g} of {x.items} items leaves none to train with, or none to check with",
            attr="split",
        )
    steps = x.steps or y.steps or plan.steps
    check = x.steps or y.steps or plan.check_steps
    parts = {True: (slice(None, kept), steps), False: (slice(kept, None), check)}

    def fed(offer: Offer, training: bool) -> np.ndarray:
        part, n = parts[training]
        return as_fed(np.asarray(variables[offer.name])[part], offer.how, n)

    def code(offer: Offer, training: bool) -> str:
        part = f"{offer.name}[:{kept}]" if training else f"{offer.name}[{kept}:]"
        name = offer.name if not plan.split else part
        return code_of(name, offer.how, parts[training][1])

    def both(make: Callable[[Offer, bool], Any], training: bool) -> tuple[Any, Any]:
        return {plan.input: make(x, training)}, {plan.probe: make(y, training)}

    fit: dict[str, Any] = {"batch_size": plan.batch_size}
    given = [f"{{{plan.input!r}: {code(x, True)}}}", f"{{{plan.probe!r}: {code(y, True)}}}"]
    options = [f"batch_size={plan.batch_size}"]
    if plan.split:
        fit["validation_data"] = both(fed, False)
        check_code = [f"{{{plan.input!r}: {code(x, False)}}}"]
        check_code.append(f"{{{plan.probe!r}: {code(y, False)}}}")
        options.append("validation_data=(\n        " + ",\n        ".join(check_code) + ",\n    )")
    compiled, lines = _compiled(plan)
    train_x, train_y = both(fed, True)
    checked = x.items - kept
    return Ready(
        plan,
        train_x,
        train_y,
        fit,
        compiled,
        kept,
        checked,
        (*lines, *_start(plan, given, options)),
    )


def _streaming(plan: Plan, source: Any) -> Ready:
    compiled, lines = _compiled(plan)
    return Ready(
        plan, source, None, {}, compiled, None, None, (*lines, *_start(plan, [plan.x], []))
    )


def _start(plan: Plan, given: list[str], options: list[str]) -> list[str]:
    called = [f"name={plan.name!r}"] if plan.name else []
    body = [*given, f"epochs={plan.epochs}", *options, *called]
    return ["run = nengolab.runs.start(", "    sim,", *(f"    {line}," for line in body), ")"]


def _compiled(plan: Plan) -> tuple[dict[str, Any] | None, list[str]]:
    """Arguments of ``compile``, made anew, and the lines that do the same."""
    start = ["sim.reset(include_trainable=True)"] if plan.weights == AS_BUILT else []
    fixed = start + [
        f"sim.keras_model.named_variables[{n!r}].trainable = False" for n in plan.fixed
    ]
    if plan.loss == AS_COMPILED:
        return None, fixed
    loss, metrics = LOSSES[plan.loss]
    optimizer = OPTIMIZERS[plan.optimizer].format(rate=plan.learning_rate)
    lines = ["sim.compile(", f"    {optimizer},", f"    loss={{{plan.probe!r}: {loss}}},"]
    if metrics != "None":
        lines.append(f"    metrics={{{plan.probe!r}: {metrics}}},")
    made = {what: _made(code) for what, code in (("loss", loss), ("metrics", metrics))}
    arguments = {
        "optimizer": _made(optimizer),
        "loss": {plan.probe: made["loss"]},
        "metrics": None if made["metrics"] is None else {plan.probe: made["metrics"]},
    }
    return arguments, [*fixed, *lines, ")"]


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
        sim.reset(include_trainable=True)
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


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _one_of(field: str, value: str, known: Any, what: str) -> None:
    if value in known:
        return
    if not known:
        raise ValidationError(f"there is nothing to choose: the network has no {field}", attr=field)
    raise ValidationError(f"{value!r} is not {what}: {', '.join(known)}", attr=field)


def _offered(field: str, name: str, offers: list[Offer]) -> Offer:
    what = "data" if field == "x" else "targets"
    found = next((o for o in offers if o.name == name), None)
    if found is None:
        fitting = ", ".join(o.name for o in offers if o.fits)
        hint = f"these would fit: {fitting}" if fitting else "no variable of the notebook fits"
        gone = f"there is no variable {name!r} now" if name else f"choose {what}"
        raise ValidationError(f"{gone}; {hint}", attr=field)
    if not found.fits:
        raise ValidationError(f"{name!r}, {found.what}: {found.why}", attr=field)
    return found


def _check_loss(plan: Plan, y: Offer, size: int) -> None:
    sparse = plan.loss == CLASSES
    if sparse and y.how != "classes":
        raise ValidationError(
            f"takes a class for each item, a whole number from 0 to {size - 1}; {y.name!r} is "
            f"{y.what}: {VALUES!r} would fit",
            attr="loss",
        )
    if plan.loss not in (CLASSES, AS_COMPILED) and y.how == "classes":
        raise ValidationError(
            f"compares {size} numbers an item; {y.name!r} holds the number of a class: "
            f"{CLASSES!r} would fit",
            attr="loss",
        )
