"""What is nothing but wires: time, resets, copies, slices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from nengo.builder.operator import Copy, Operator, Reset, TimeUpdate
from nengo.builder.probe import SimProbe

from nengolab.compiler.graph import Input, Param, Wire
from nengolab.compiler.signals import elements, sliced

if TYPE_CHECKING:
    from nengolab.compiler.translation import Translation


def _nothing(s: Translation, op: Operator) -> None:
    """Probes only mark what is read; resets to zero are implied."""


def _time(s: Translation, op: TimeUpdate) -> None:
    for signal, name in ((op.time, "time"), (op.step, "step")):
        number = s.add_source(Input(name, 1, False, owner=name))
        s.writers.setdefault(signal.base, []).append((elements(signal), Wire.of_source(number, 1)))


def _reset(s: Translation, op: Reset) -> None:
    if np.any(op.value):
        value = np.broadcast_to(np.asarray(op.value, float), op.dst.shape).ravel()
        name = s.unique(f"{s.built.name_of(op)}.reset")
        param = Param(name, value, s.built.owner(op), "constant")
        wire = Wire.of_source(s.add_source(param), op.dst.size)
        s.writers.setdefault(op.dst.base, []).append((elements(op.dst), wire))


def _copy(s: Translation, op: Copy) -> None:
    src = sliced(elements(op.src), op.src.shape, op.src_slice)
    dst = sliced(elements(op.dst), op.dst.shape, op.dst_slice)
    if src.size != dst.size:
        src = np.broadcast_to(src, dst.shape)
    s.writers.setdefault(op.dst.base, []).append((dst.ravel(), (op.src.base, src.ravel())))


TRANSLATORS = {TimeUpdate: _time, Reset: _reset, Copy: _copy, SimProbe: _nothing}
