"""What one call (fit, evaluate, predict) expects of its data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nengolab.feeding.aliases import Aliases
from nengolab.feeding.datachecks import NONE, OWN, VALUES, Slot


@dataclass(frozen=True)
class Expected:
    """What one call expects of its data.

    Attributes
    ----------
    aliases : Aliases
    shapes : Mapping of str to tuple of int
        Shape of one step of each probe, by alias.
    most : int or None
        Items that a batch may hold.
    n_steps : int or None
        As the person said.
    kinds : Mapping of str to str
        What the loss of each probe that has one makes of its targets, by alias; see `target_kind`.
        Without any, targets are values of the probe's shape.
    class_weight : Mapping of int to float or None
    batch : int or None
        Items where no data say how many.
    usual_steps : int or None
        Steps where nothing says how many.
    called : str
        What the argument with the inputs' data is called.
    heard : sequence of str, optional
        Inputs that something depends on which can be noticed. Default: all.
    told : set of str
        What was warned of already, in this call.
    """

    aliases: Aliases
    shapes: Mapping[str, tuple[int, ...]]
    most: int | None = None
    n_steps: int | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    class_weight: Mapping[int, float] | None = None
    batch: int | None = None
    usual_steps: int | None = None
    called: str = "x"
    heard: Sequence[str] | None = None
    told: set[str] = field(default_factory=set)

    def input_slot(self, alias: str) -> Slot:
        """Where the data of an input go."""
        return Slot(alias, self.called, (self.aliases.inputs[alias].size_out,))

    def target_slot(self, alias: str) -> Slot:
        """Where the targets of a probe go."""
        kind = self.kinds.get(alias, VALUES)
        # What a loss without targets is given all the same, it ignores.
        return Slot(alias, "y", self.shapes[alias], OWN if kind == NONE else kind)

    def needs(self) -> list[str]:
        """Probes whose loss needs targets."""
        return [alias for alias, kind in self.kinds.items() if kind != NONE]

    def stand_ins(self, given: Iterable[str]) -> list[str]:
        """Probes whose loss needs no targets, and that are given none: zeros stand there."""
        given = set(given)
        return [a for a, kind in self.kinds.items() if kind == NONE and a not in given]
