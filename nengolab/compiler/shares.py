"""How the cores share the work of a compiled loop.

Items of a batch never meet, and a compiled loop over elementwise operations uses one core. So a
stepped region runs shares of a batch as loops of their own, one for each core, where a step is long
enough to be worth it.
"""

from __future__ import annotations

import math
import os

import numpy as np

from nengolab.compiler.program import LoweredGroup
from nengolab.kernels.tensor import mixes

# Elements that a core updates in about 10 us; below, starting a second loop costs more.
WORTH_A_LOOP = 10_000
# Elements that a core updates in the time that threads take to meet, each step. XLA's code for a
# part takes half as much again for an element as its code for the whole.
MEETING, DEARER = 60_000, 1.5


def items_at_once(groups: list[LoweredGroup], batch: int) -> int:
    """Items of a share; the last share may be smaller.

    Layers and functions of which it is not known that items never meet in them, and random numbers
    that are drawn for a batch, are given all of it, so that cores make no difference.
    """
    if any(_of_a_batch(g) for g in groups):
        return batch
    work = batch * sum(_elements(g) for g in groups)
    shares = max(1, min(os.cpu_count() or 1, batch, work // WORTH_A_LOOP))
    return math.ceil(batch / shares)


def worth_splitting(groups: list[LoweredGroup], batch: int) -> bool:
    """Whether XLA is to cut the operations of a loop, each step, into a part for each core.

    Not where each core has a share of the batch already.
    """
    saved = 1 - DEARER / (os.cpu_count() or 1)  # of the time on one core, where there are enough
    if saved <= 0 or items_at_once(groups, batch) < batch:
        return False
    return batch * max(map(_elements, groups), default=0) >= MEETING / saved


def _of_a_batch(lowered: LoweredGroup) -> bool:
    op = lowered.group.op
    return op.kernel == "tensor" and mixes(op.static[0], lowered.spec.training)


def _elements(lowered: LoweredGroup) -> int:
    """Elements that a group computes in a step for one item."""
    op, members = lowered.group.op, lowered.group.layout.members
    state = sum(int(np.prod(np.shape(s))) for s in op.state.values())
    return members * (state + sum(p.size for p in op.ports.values()))
