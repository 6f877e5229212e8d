"""Of how many steps a tile has room."""

from __future__ import annotations

import numpy as np

from nengolab.compiler.program import Program
from nengolab.compiler.schedule import BATCHED

# A tile keeps what it records in memory until it leaves; and in time batches its arrays should
# stay in cache. Short calls (a step, a slow live view) get a capacity of their own where a long one
# would cost them: room for so many bytes is made in some 0.2 ms, where a tile takes 0.5 and more.
TILE_STEPS = 512
SHORT_STEPS = 16
LEAST_STEPS = 2
TILE_BYTES = 64e6
CHEAP_BYTES = 2e6
# In time batches a tile is computed whole, however few of its steps are asked for; and more rows
# (steps x batch) do not make a matrix product faster.
TILE_ROWS = 1024


def bytes_a_step(program: Program) -> int:
    """What a tile holds of each step."""
    width = sum(
        r.index.size if r.index is not None else program.width(r.key) for r in program.records
    )
    width += sum(i.size for i in program.inputs_series)
    width += sum(program.width(key) for key in program.carried)
    calls = [g.group.op.call for g in program.groups.values() if g.group.op.call]
    width += sum(call.size_out for call in calls)
    return max(1, width) * program.batch * np.dtype(program.dtype).itemsize


def tile_capacity(program: Program) -> int:
    """Steps of a tile, so that what it holds stays within bounds."""
    step = bytes_a_step(program)
    most = TILE_STEPS
    if any(r.mode == BATCHED for r in program.schedule.regions):
        most = min(most, TILE_ROWS // program.batch)
    # Short tiles are slow, and arrays of megabytes a step need not be in cache: a compromise.
    least = int(np.clip(4 * TILE_BYTES // step, LEAST_STEPS, SHORT_STEPS * 2))
    return int(np.clip(TILE_BYTES // step, least, max(most, least)))


def short_capacity(program: Program, capacity: int) -> int:
    """The capacity of tiles of few steps: the same, where they pay little for room for more."""
    batched = any(r.mode == BATCHED for r in program.schedule.regions)
    cheap = not batched and capacity * bytes_a_step(program) <= CHEAP_BYTES
    return capacity if cheap else min(SHORT_STEPS, capacity)
