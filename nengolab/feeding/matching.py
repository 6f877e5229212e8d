"""First pass over data: what is for whom. Values are looked at for their form only."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nengolab.exceptions import ValidationError
from nengolab.feeding.aliases import N_STEPS
from nengolab.feeding.datachecks import Slot
from nengolab.feeding.expected import Expected
from nengolab.feeding.weights import check_class_weight
from nengolab.names import listing


@dataclass(eq=False)
class Given:
    """Data of one call, or one item of what yields them, on their way through three passes.

    `match` makes it, ``check`` turns its values into arrays that fit, ``weigh_and_fill`` makes
    of it what Keras takes.

    Attributes
    ----------
    expected : Expected
    where : str
        For errors: in which of many items. Empty for arrays that hold them all.
    x, y : list of (Slot, object)
        Inputs that are fed, and targets, each with where it goes.
    weight : dict or None
        Sample weights of each probe with targets, by alias; None for one whose items all weigh 1.
    told : object
        The number of steps, where ``x`` names it.
    n_steps, items : int or None
        Steps and items; known once they are checked.
    """

    expected: Expected
    where: str
    x: list[tuple[Slot, Any]]
    y: list[tuple[Slot, Any]]
    weight: dict[str, Any] | None
    told: Any = None  # a number, or an array of one for each item
    n_steps: int | None = None
    items: int | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """Aliases of the inputs that are fed."""
        return tuple(slot.alias for slot, _ in self.x)

    @property
    def targets(self) -> tuple[str, ...]:
        """Aliases of the probes that are given targets."""
        return tuple(slot.alias for slot, _ in self.y)


def match(expected: Expected, x: Any, y: Any, sample_weight: Any, where: str = "") -> Given:
    """Find out what is for whom.

    Raises
    ------
    UnknownObject
        For a Node, probe or name that is not in the network.
    ValidationError
        For targets that are missing, and weights of what has no targets.
    """
    told = None
    if isinstance(x, Mapping) and N_STEPS in x:
        told, x = x[N_STEPS], {k: v for k, v in x.items() if k is not N_STEPS and k != N_STEPS}
    inputs, probes = list(expected.aliases.inputs), list(expected.aliases.probes)
    needing = expected.needs()
    first = [a for a in probes if a in needing] or probes
    heard = inputs if expected.heard is None else list(expected.heard)
    xs = _keyed(x, expected.aliases.input, inputs, heard or inputs, expected.called, where)
    if xs and not isinstance(x, Mapping):
        _warn_of_order(expected, heard, xs, alone=not is_list_of_arrays(x))
    ys = _keyed(y, expected.aliases.probe, probes, first, "y", where)
    _check_missing(needing, ys, where)
    given = Given(
        expected,
        where,
        [(expected.input_slot(alias), value) for alias, value in xs.items()],
        [(expected.target_slot(alias), value) for alias, value in ys.items()],
        None,
        told,
    )
    if sample_weight is not None:
        if expected.class_weight is not None:
            raise ValidationError(
                f"cannot be given where the data yield sample weights{where}", attr="class_weight"
            )
        given.weight = _weights(expected, sample_weight, list(ys), where)
    if expected.class_weight is not None:
        check_class_weight(expected.class_weight, [slot for slot, _ in given.y], where)
    return given


def _warn_of_order(
    expected: Expected, heard: Collection[str], fed: Collection[str], alone: bool
) -> None:
    """Say which inputs are fed, once, where nothing but their order says it."""
    rest = [a for a in expected.aliases.inputs if a not in fed]
    lost = [a for a in fed if a not in heard]
    unsure = alone and len(heard) > 1
    if "order" in expected.told or not (unsure or (lost and (alone or rest))):
        return
    expected.told.add("order")
    told = f"{expected.called} is fed to {listing(fed)}"
    if lost:
        told += f"; {listing(lost)} reaches no probe, so that it has no effect"
    if rest:
        told += (
            f"; {listing(rest)}, to which nothing is fed, put out what they compute. A dict by "
            f"Node or name says what is meant: {expected.called}={{{rest[0]!r}: ...}}"
        )
    warnings.warn(told, stacklevel=2)


def _keyed(
    given: Any,
    find: Callable[..., str],
    order: list[str],
    first: list[str],
    var: str,
    where: str,
) -> dict[str, Any]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return _by_key(given, find, var, where)
    among = "probes" if var == "y" else "inputs (Nodes without input)"
    if is_list_of_arrays(given):
        if len(given) > len(order):
            raise ValidationError(
                f"a list{where} holds one array for each of the {len(order)} {among}, "
                f"{listing(order)}; got {len(given)}. If these are the items of one of them, "
                f"np.stack({var}) makes an array",
                attr=var,
            )
        return {a: v for a, v in zip(order, given, strict=False) if v is not None}
    if not order:
        raise ValidationError(f"the network has no {among}, got data{where}", attr=var)
    return {first[0]: given}


def _by_key(given: Mapping, find: Callable[..., str], var: str, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in given.items():
        alias = find(key, attr=var, where=where)
        if alias in found:
            raise ValidationError(f"{alias!r} is given twice{where}, by different keys", attr=var)
        if value is not None:
            found[alias] = value
    return found


def is_list_of_arrays(given: Any) -> bool:
    """Whether a list or tuple holds arrays, rather than the rows and numbers of one array."""
    if not isinstance(given, (list, tuple)) or not given:
        return isinstance(given, (list, tuple))
    return all(v is None or getattr(v, "shape", ()) or _depth(v) >= 3 for v in given)


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, Sequence) and not isinstance(value, str) and value:
        depth, value = depth + 1, value[0]
    return depth + getattr(value, "ndim", 0)


def _check_missing(needing: list[str], ys: Mapping[str, Any], where: str) -> None:
    missing = [alias for alias in needing if alias not in ys]
    if missing:
        given = f"given are those of {listing(ys)}" if ys else "none are given"
        raise ValidationError(
            f"targets are needed{where} for {listing(missing)}, which has a loss; {given}",
            attr="y",
        )


def _weights(expected: Expected, given: Any, order: list[str], where: str) -> dict[str, Any]:
    """Which weights are whose; an array is for all that have targets."""
    if isinstance(given, Mapping):
        given = _by_key(given, expected.aliases.probe, "sample_weight", where)
    elif not order:
        raise ValidationError(f"weights{where} without targets (y)", attr="sample_weight")
    elif not is_list_of_arrays(given):
        given = dict.fromkeys(order, given)
    elif len(given) != len(order):
        raise ValidationError(
            f"a list{where} holds one array for each of the probes with targets, "
            f"{listing(order)}; got {len(given)}",
            attr="sample_weight",
        )
    else:
        given = dict(zip(order, given, strict=True))
    extra = [alias for alias in given if alias not in order]
    if extra:
        raise ValidationError(
            f"{listing(extra)} has weights and no targets (y){where}; targets are given for "
            f"{listing(order)}",
            attr="sample_weight",
        )
    return {alias: given.get(alias) for alias in order}
