"""What every kernel is: a pure function on packed arrays.

Like operations of many objects run as one *group*. A group of ``G`` members, each with vectors of
``n`` elements, keeps its vectors in one array: ``(batch, n, G)`` where there are many members
(the processor's vector units run along the last axis), ``(batch, G, n)`` where there are few.
Kernels are written once for both: elementwise formulas broadcast, and the few that contract over
an axis ask the layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Tensor = Any
MEMBERS_LAST_FROM = 8


@dataclass(frozen=True)
class GroupLayout:
    """How a group's arrays are laid out.

    Attributes
    ----------
    members : int
    last : bool
        Whether the member axis is the last one.
    """

    members: int
    last: bool

    @classmethod
    def of(cls, members: int) -> GroupLayout:
        return cls(members, members >= MEMBERS_LAST_FROM)

    def shape(self, size: int) -> tuple[int, int]:
        """Shape of a packed vector, without the batch axis."""
        return (size, self.members) if self.last else (self.members, size)

    def element(self, x: Tensor, i: int) -> Tensor:
        """Element ``i`` of every member's vector, kept as a size-1 axis."""
        return x[:, i : i + 1, :] if self.last else x[:, :, i : i + 1]


@dataclass(frozen=True)
class Spec:
    """What a group of operations has in common, fixed when the Program is lowered.

    Attributes
    ----------
    layout : GroupLayout
    static : tuple
        The operations' ``static``.
    dt : float
        Length of a step (s).
    dtype : str
    variant : str
        Which of its formulas the kernel chose for this group.
    training : bool
        Whether the program is to be differentiated, and layers such as Dropout are active.
    """

    layout: GroupLayout
    static: tuple
    dt: float
    dtype: str
    variant: str
    training: bool = False


class Kernel:
    """Base of all kernels.

    A kernel without state implements ``apply``, one with state ``step``. Both are pure, and take
    packed arrays ``(batch, *layout.shape(n))``; which leading axis is time and which is batch is
    nothing a stateless kernel needs to know.
    """

    name = ""
    stateful = False
    # Whether what it puts out is too large to be kept for every step of a tile: its readers run
    # in the same loop.
    near = False
    # Whether most elements of the port "out" are 0 in most steps.
    spiking = False
    # Whether it chooses its formula by values of parameters, which may change.
    by_value = False

    def variant(self, group: Any) -> str:
        """Choose the formula for a group; what the choice rests on is fixed at compile time."""
        return ""

    def fits(self, variant: str, group: Any) -> bool:
        """Whether a formula that was chosen before is still right for a group as it is now."""
        return self.variant(group) == variant

    def adapt(self, state: dict, old: dict, new: dict) -> dict[str, np.ndarray]:
        """What of one operation's named state changes with its parameters. Pure NumPy.

        Parameters
        ----------
        state : dict of str to ndarray
            ``(batch, ...)`` each.
        old, new : dict of str to ndarray
            Values of all its parameters.
        """
        return {}

    def permutation(self, param: str, ndim: int, spec: Spec) -> tuple[int, ...] | None:
        """Axis order of a packed parameter, from ``(*shape, members)``; None for the standard."""
        return None

    def arrays(self, ops: list[Any], values: Any, spec: Spec) -> dict[str, np.ndarray] | None:
        """Packed arrays of a group whose parameters are no plain stacks; None for the standard.

        Arrays of integers keep their type. ``values(param)`` is a parameter's current value.
        """
        return None

    def apply(self, params: dict, inputs: list, spec: Spec) -> dict[str, Tensor]:
        """Outputs by port, for a kernel without state."""
        raise NotImplementedError

    def step(
        self, params: dict, state: dict, inputs: list, spec: Spec
    ) -> tuple[dict, dict[str, Tensor]]:
        """``(new state, outputs by port)`` for a kernel with state."""
        raise NotImplementedError

    def delayed(self, state: dict, spec: Spec) -> dict[str, Tensor]:
        """Outputs that show what the step before computed."""
        return {}

    def enter(self, state: dict, spec: Spec) -> dict:
        """Named state (as Nengo names it) -> the arrays the loop carries. Pure NumPy."""
        return state

    def leave(self, state: dict, spec: Spec) -> dict:
        """The inverse of ``enter``."""
        return state
