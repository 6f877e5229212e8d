"""Where a step's time goes: every group timed by itself, on the values it has now."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from nengolab.compiler.emit import Emitter
from nengolab.compiler.program import LoweredGroup, kernel_of
from nengolab.compiler.schedule import BATCHED, PYTHON

STEPS = 200
ROUNDS = 5


@dataclass
class Share:
    """The time of one group.

    Attributes
    ----------
    index : int
        Of the group.
    seconds : float
        For one step of the whole batch, run alone. In the network, neighbours are fused, so the
        sum over all groups is more than a step takes.
    """

    index: int
    seconds: float


def profile(runner: Any) -> list[Share]:
    """Time each group of a runner; its state does not change.

    Python functions are not called and not timed.
    """
    emitter = Emitter(runner.program, set(), runner.host)
    env = _values(emitter, runner)
    shares = []
    for region in runner.program.schedule.regions:
        for lowered in emitter.by_region[region.index]:
            if lowered.group.op.call is None:
                # XLA may not be able to compile what lies in a region that calls Python.
                plain = region.mode == PYTHON and lowered.group.op.kernel == "tensor"
                batched = region.mode == BATCHED or plain
                seconds = _time(emitter, runner, lowered, env, batched)
                shares.append(Share(lowered.index, seconds))
    return sorted(shares, key=lambda s: -s.seconds)


def _values(emitter: Emitter, runner: Any) -> dict[Any, Any]:
    """What every group puts out in one step from the present state, computed op by op."""
    program = runner.program
    held = tf.constant(runner.host.held(program.inputs_held))
    params, state = _tensors(runner.params), _tensors(runner.state)
    width = sum(i.size for i in program.inputs_series)
    env: dict[Any, Any] = {"held": held, "series": tf.zeros((program.batch, width), held.dtype)}
    for region in program.schedule.regions:
        for lowered in emitter.by_region[region.index]:
            env.update(emitter.delayed(lowered, state))
    for region in program.schedule.regions:
        for lowered in emitter.by_region[region.index]:
            if lowered.group.op.call is not None:
                shape = (program.batch, 1, lowered.group.op.call.size_out)
                env.setdefault(f"{lowered.index}:out", tf.zeros(shape, held.dtype))
            else:
                _, out = emitter.group_step(lowered, params, state, env)
                env.update(out)
    return env


def _time(emitter, runner, lowered: LoweredGroup, env: dict, batched: bool) -> float:
    prefix = f"{lowered.index}."
    params, state = (
        _tensors({k: v for k, v in arrays.items() if k.startswith(prefix)})
        for arrays in (runner.params, runner.state)
    )
    keys = {"held", *(k for r in lowered.routes for k in r.keys)}
    read = {k: env[k] for k in keys}
    if batched:
        read = {k: tf.repeat(v, STEPS, axis=0) for k, v in read.items()}
        run = tf.function(lambda p, s, x: _rows(emitter, lowered, p, x), autograph=False)
    else:
        run = tf.function(
            lambda p, s, x: _loop(emitter, lowered, p, s, x), autograph=False, jit_compile=True
        )
    function = run.get_concrete_function(params, state, read)
    function(params, state, read)
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        function(params, state, read)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) / STEPS


def _rows(emitter: Emitter, lowered: LoweredGroup, params: dict, read: dict) -> list:
    own = {k.split(".", 1)[1]: v for k, v in params.items()}
    inputs = emitter.inputs(lowered, own, read.__getitem__, read["held"].shape[0])
    return list(kernel_of(lowered).apply(own, inputs, lowered.spec).values())


def _loop(emitter: Emitter, lowered: LoweredGroup, params: dict, state: dict, read: dict) -> list:
    """``STEPS`` steps of one group on constant inputs."""
    names = sorted(state)

    def body(i, carried, _):
        # A factor that is 1, which the compiler cannot know: what is constant it would compute
        # once, before the loop.
        env = {k: v * tf.cast(tf.where(i < 0, 2, 1), v.dtype) for k, v in read.items()}
        new, out = emitter.group_step(lowered, params, dict(zip(names, carried, strict=True)), env)
        return i + 1, [new.get(k, carried[n]) for n, k in enumerate(names)], list(out.values())

    _, first = emitter.group_step(lowered, params, state, read)
    done = tf.while_loop(
        lambda i, *_: i < STEPS,
        body,
        (tf.constant(0), [state[k] for k in names], [tf.zeros_like(v) for v in first.values()]),
    )
    return [*done[1], *done[2]]


def _tensors(arrays: dict) -> dict:
    return {k: tf.constant(v) for k, v in arrays.items()}
