"""What a person chooses before a run, and the likeliest choice; `nengolab.runs.ready` makes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import nengo

from nengolab.feeding.aliases import Aliases
from nengolab.feeding.offers import Offer, input_offers, target_offers
from nengolab.runs.choices import AS_SET, CONSTANT, MONITORS, Target, neuron_probes

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
    "Adam": "keras.optimizers.Adam({rate})",
    "AdamW": "keras.optimizers.AdamW({rate})",
    "RMSprop": "keras.optimizers.RMSprop({rate})",
    "SGD": "keras.optimizers.SGD({rate}, momentum=0.9)",
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
    check_x, check_y : str
        Variables to check with instead, "" for none.
    feeds : Mapping of str to str
        What else is fed: variables by the names of other inputs.
    also : Mapping of str to Target
        What else is trained, by the names of other probes.
    weight : float
        Of the loss, beside those of others.
    loss, optimizer : str
        Of `LOSSES` and `OPTIMIZERS`, or ``"as compiled"``.
    learning_rate : float
    epochs, batch_size : int
    weights : str
        With which it begins: ``"as they are"`` or ``"as built"``.
    fixed : tuple of str
        Parameters that could be trained, and are not.
    seed : int or None
        Of the order of the items and of all that is drawn; None leaves the simulator's.
    schedule, decay, plateau : str, float, int
        How the learning rate goes on (of `nengolab.runs.choices.SCHEDULES`); the factor, and for a
        plateau after how many epochs.
    patience, monitor : int, str
        After how many epochs in which what is watched gets no better it stops; 0 for never.
    gradients, smoothing : str, float
        Of `nengolab.runs.choices.GRADIENTS`; the width of soft rates, as a current.
    truncate, checkpoint_every : int
        As for ``sim.compile``; 0 for not.
    stateful : bool
        Whether each batch goes on from the state in which the one before ended.
    rates_of, rate_low, rate_high, rate_weight : str, float, float, float
        A probe of neurons that are to fire at these rates (Hz), and how much that counts.
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
    check_x: str = ""
    check_y: str = ""
    feeds: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, Target] = field(default_factory=dict)
    weight: float = 1.0
    seed: int | None = None
    schedule: str = CONSTANT
    decay: float = 0.9
    plateau: int = 3
    patience: int = 0
    monitor: str = MONITORS[0]
    gradients: str = AS_SET
    smoothing: float = 0.02
    truncate: int = 0
    checkpoint_every: int = 0
    stateful: bool = False
    rates_of: str = ""
    rate_low: float = 1.0
    rate_high: float = 100.0
    rate_weight: float = 1e-4

    def facts(self) -> dict[str, Any]:
        """As JSON can hold it; ``Plan(**facts)`` is the same again."""
        return asdict(self) | {"fixed": list(self.fixed)}

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> Plan:
        """What `facts` gave."""
        known = {f.name for f in fields(cls)}
        values: dict[str, Any] = {k: v for k, v in facts.items() if k in known}
        values["fixed"] = tuple(values.get("fixed", ()))
        values["feeds"] = dict(values.get("feeds", {}))
        values["also"] = {
            name: target if isinstance(target, Target) else Target(**target)
            for name, target in values.get("also", {}).items()
        }
        return cls(**values)

    @property
    def trained(self) -> dict[str, Target]:
        """What is trained: the targets of all probes that have some, the first one's first."""
        others = {name: target for name, target in self.also.items() if target.y}
        return {self.probe: Target(self.y, self.loss, self.weight), **others}


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
    spiking = neuron_probes(network)  # seldom what targets are of
    node = next(iter(inputs), "")
    probe = next((name for name in probes if name not in spiking), next(iter(probes), ""))
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
