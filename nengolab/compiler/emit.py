"""Emitting the regions of a Program as TensorFlow functions.

A stepped region is a ``while`` loop compiled by XLA, with a capacity fixed at compile time and a
number of steps given at run time. A batched region is plain TensorFlow over ``(steps x batch)``
rows: its matrix products go to the vendor library. A python region is a compiled loop too, out of
which each level of Python functions is called (`crossing`); where that cannot be, an uncompiled
loop whose body alternates compiled segments with one callback for each level.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from nengolab.compiler.levels import Level, reads, shown
from nengolab.compiler.program import LoweredGroup, Program, kernel_of, own_entries
from nengolab.compiler.schedule import BATCHED, PYTHON, Region
from nengolab.compiler.shares import items_at_once, worth_splitting
from nengolab.compiler.tile import TileArguments
from nengolab.kernels.compiled import compiled
from nengolab.kernels.tensor import UNCOMPILED, TensorKernel

# Of a region: its new state, what it hands on, what it records.
Emitted = tuple[dict, dict, dict]


class Emitter:
    """Builds the function that a Program runs.

    Parameters
    ----------
    program : Program
    carried : set of str
        Keys of arrays that later regions read.
    host : nengolab.runtime.calls.Host
    """

    def __init__(self, program: Program, carried: set[str], host: Any):
        self.program, self.carried, self.host = program, carried, host
        self.by_region = {
            r.index: [program.groups[g.index] for g in r.groups] for r in program.schedule.regions
        }

    def run(self, params: dict, state: dict, inputs: dict, n_steps: Any) -> tuple[dict, dict]:
        """One tile. ``inputs``: held, series, start (steps done before the tile)."""
        state, records = self.regions(params, state, inputs, n_steps)
        # One array, in the order of the keys: reading many scalars costs more than a short tile.
        flags = [self.finite_state(k, state[k]) for k in sorted(state)]
        traced = [
            records.pop(_sound(i))
            for i in sorted(self.program.groups)
            if self.program.groups[i].group.op.traced is not None
        ]
        kept = [tf.stack(flags)] if flags else [tf.zeros(0, tf.bool)]
        finite = tf.concat([*traced, *kept], axis=0)
        return state, {"records": records, "finite": finite}

    def regions(self, params, state, inputs, n_steps) -> tuple[dict, dict]:
        """All regions in order: the new state, and what they record."""
        self.program.traces += 1
        state, series = dict(state), {"series": inputs["series"]}
        records: dict[str, Any] = {}
        for region in self.program.schedule.regions:
            own = {g.index for g in region.groups}
            emit = {BATCHED: self.batched, PYTHON: self.python}.get(region.mode, self.stepped)
            given = TileArguments(
                {k: v for k, v in params.items() if int(k.split(".")[0]) in own},
                {k: v for k, v in state.items() if int(k.split(".")[0]) in own},
                inputs["held"],
                {k: v for k, v in series.items() if k in self.reads(region)},
                inputs["start"],
                n_steps,
                inputs["series"].shape[0],
            )
            new, out, rec = emit(region, given)
            state.update(new)
            series.update(out)
            records.update(rec)
        return state, records

    def finite_state(self, key: str, value: Any) -> Any:
        """Whether a state array holds numbers; what a person's own code keeps may be anything."""
        number, name = key.split(".", 1)
        call = self.program.groups[int(number)].group.op.call
        if not value.dtype.is_floating or (call is not None and name in call.state):
            return tf.constant(True)
        return tf.reduce_all(tf.math.is_finite(value))

    def reads(self, region: Region) -> set[str]:
        """Arrays of earlier regions (or inputs) that a region reads."""
        own = {g.index for g in region.groups}
        keys = {k for g in self.by_region[region.index] for r in g.routes for k in r.keys}
        return {k for k in keys if k == "series" or (":" in k and int(k.split(":")[0]) not in own)}

    def leaves(self, region: Region) -> tuple[list[str], dict[str, np.ndarray | None]]:
        """Arrays that a region hands on whole, and what it records for probes."""
        own = {g.index for g in region.groups}
        mine = lambda key: int(key.split(":")[0]) in own  # noqa: E731
        carried = sorted(k for k in self.carried if mine(k))
        records = {r.key: r.index for r in self.program.records if mine(r.key)}
        return carried, records

    @property
    def parallel(self) -> bool:
        """Whether a batch is cut into shares that run beside each other."""
        batch = self.program.batch
        stepped = [r for r in self.program.schedule.regions if r.mode not in (BATCHED, PYTHON)]
        return any(items_at_once(self.by_region[r.index], batch) < batch for r in stepped)

    @property
    def split(self) -> bool:
        """Whether a step is long enough for operations that are split over cores."""
        loops = [r for r in self.program.schedule.regions if r.mode != BATCHED]
        return any(worth_splitting(self.by_region[r.index], self.program.batch) for r in loops)

    # -- stepped -------------------------------------------------------------------------------

    def stepped(self, region: Region, given: TileArguments) -> Emitted:
        """A compiled loop over the steps, one for each share of the batch."""
        batch = self.program.batch
        share = items_at_once(self.by_region[region.index], batch)
        made: dict[int, Any] = {}  # shares of one size run the same compiled loop
        parts = []
        for first in range(0, batch, share):
            items = slice(first, min(first + share, batch))
            tensors = given.share(items).tensors
            size = items.stop - first
            if size not in made:
                made[size] = compiled(
                    lambda *t: self.loop(region, given.of(t), self.inline)[:3], *tensors
                )
            parts.append(made[size](*tensors))
        return joined(parts)

    def python(self, region: Region, given: TileArguments) -> Emitted:
        """A loop over the steps that calls back; its error is TensorFlow's, as of any callback."""
        if region.index in self.program.uncompiled:
            return self.loop(region, given, self.compiled_segment)[:3]

        def run(*tensors):
            return self.loop(region, given.of(tensors), self.inline, inside=True)

        *parts, done = compiled(run, *given.tensors)(*given.tensors)
        whole = tf.debugging.Assert(done == given.n_steps, ["a Python function failed"])
        with tf.control_dependencies([whole]):
            return tf.nest.map_structure(tf.identity, parts)

    def loop(
        self,
        region: Region,
        given: TileArguments,
        segment: Callable[..., tuple[dict, dict]],
        inside: bool = False,
    ) -> tuple[dict, dict, dict, Any]:
        """``n_steps`` times the body; arrays that leave are kept for ``capacity`` steps.

        Python is called from ``inside`` compiled code or else by TensorFlow. The last of what is
        returned is how many steps were done: more than asked for, where Python failed inside.
        """
        carried, records = self.leaves(region)
        batch, dtype = given.held.shape[0], self.program.dtype
        shapes = {key: (batch, *self.program.shape(key)) for key in carried}
        shapes |= {
            f"rec {key}": (batch, self.program.width(key) if index is None else len(index))
            for key, index in records.items()
            if index is not None or key not in carried
        }
        names = list(shapes)
        arrays = [tf.TensorArray(dtype, given.capacity, element_shape=shapes[n]) for n in names]
        parts = self.segments(region)
        traced = [g for g in self.by_region[region.index] if g.group.op.traced is not None]
        sound = {g.index: tf.ones(g.spec.layout.members, tf.bool) for g in traced}

        def body(i, state, arrays, sound):
            env = {"held": given.held} | {k: v[i] for k, v in given.series.items()}
            state, later = dict(state), i + 1
            step, going = given.start + tf.cast(i, tf.int64), tf.constant(1)
            for lowered in self.by_region[region.index]:
                env.update(self.delayed(lowered, state))
            for k, (is_call, groups) in enumerate(parts):
                if is_call and inside:
                    level = Level(groups, self.program, self.host)
                    new, out, going = level.from_inside(given.params, state, env, step, going)
                    later = tf.where(going == 1, i + 1, given.n_steps + 1)
                elif is_call:
                    new, out = self.call_level(groups, given.params, state, env, step)
                else:
                    before = parts[k - 1][1] if k and parts[k - 1][0] else []
                    after = parts[k + 1][1] if k + 1 < len(parts) and parts[k + 1][0] else []
                    new, out = segment(groups, given.params, state, env, before, after)
                state.update(new)
                env.update(out)
            written = []
            for name, array in zip(names, arrays, strict=True):
                key = name.removeprefix("rec ")
                value = env[key]
                if name.startswith("rec "):
                    value = self.recorded(value, records[key])
                written.append(array.write(i, value))
            sound = {g.index: sound[g.index] & self.finite_traced(g, env) for g in traced}
            return later, state, written, sound

        done, state, arrays, sound = tf.while_loop(
            lambda i, *_: i < given.n_steps,
            body,
            (tf.constant(0), dict(given.state), arrays, sound),
        )
        stacked = {name: array.stack() for name, array in zip(names, arrays, strict=True)}
        out = {k: stacked[k] for k in carried}
        rec = {_sound(index): flags for index, flags in sound.items()}
        for key in records:
            if f"rec {key}" in stacked:
                rec[key] = stacked[f"rec {key}"]
            else:
                rec[key] = tf.reshape(
                    stacked[key], (given.capacity, batch, self.program.width(key))
                )
        return state, out, rec, done

    def finite_traced(self, lowered: LoweredGroup, env: dict, valid: Any = None) -> Any:
        """For each member of a group of traced functions, whether all that it gave is finite."""
        ok = tf.math.is_finite(env[f"{lowered.index}:out"])
        if valid is not None:
            ok |= ~valid[:, None, None]
        return tf.reduce_all(ok, axis=(0, 1) if lowered.spec.layout.last else (0, 2))

    def recorded(self, value: Any, index: np.ndarray | None) -> Any:
        flat = tf.reshape(value, (value.shape[0], -1))
        return flat if index is None else tf.gather(flat, index, axis=1)

    def segments(self, region: Region) -> list[tuple[bool, list[LoweredGroup]]]:
        """The region's groups cut where Python is called, and around what XLA cannot compile.

        Calls that are ready together are one.
        """
        parts: list[tuple[bool, list[LoweredGroup]]] = []
        for lowered in self.by_region[region.index]:
            is_call = lowered.group.op.kernel == "call"
            if (
                parts
                and parts[-1][0] == is_call
                and is_plain(lowered) == is_plain(parts[-1][1][0])
                and not (is_call and reads(lowered, parts[-1][1]))
            ):
                parts[-1][1].append(lowered)
            else:
                parts.append((is_call, [lowered]))
        return parts

    def inline(self, groups, params, state, env, before=(), after=()) -> tuple[dict, dict]:
        """The groups' kernels one after the other.

        ``before`` and ``after`` are the levels of Python functions around them.
        """
        env, new_state = dict(env), {}
        for lowered in groups:
            new, out = self.group_step(lowered, params, state, env)
            new_state.update(new)
            env.update(out)
        return new_state, env

    def compiled_segment(self, groups, params, state, env, before, after) -> tuple[dict, dict]:
        """The same as a function compiled by itself, inside an uncompiled loop.

        It cuts up what the functions before it returned and packs what those after it are given:
        every operation of the uncompiled loop costs microseconds.
        """
        if is_plain(groups[0]):
            return self.inline(groups, params, state, env)
        returned = {f"{g.index}:out" for g in before if g.group.op.ports}
        cut = bool(returned) and not any(g.group.op.state for g in before)
        needed = {"held", *(k for g in (*groups, *after) for r in g.routes for k in r.keys)}
        own = {g.index for g in (*groups, *after)}

        def segment(params, state, env):
            if cut:
                env = env | Level(before, self.program, self.host).cut(env["returned"])
            new, out = self.inline(groups, params, state, env)
            if after:
                out["given"] = Level(after, self.program, self.host).given(params, out)
            return new, {k: v for k, v in out.items() if k not in env}

        mine = lambda d: {k: v for k, v in d.items() if int(k.split(".")[0]) in own}  # noqa: E731
        read = {k: v for k, v in env.items() if k in needed and not (cut and k in returned)}
        if cut:
            read["returned"] = env["returned"]
        arguments = mine(params), mine(state), read
        return compiled(segment, *arguments)(*arguments)

    def group_step(self, lowered: LoweredGroup, params, state, env) -> tuple[dict, dict]:
        """One step of one group."""
        kernel, spec = kernel_of(lowered), lowered.spec
        p = own_entries(params, lowered.index)
        inputs = self.inputs(lowered, p, env.__getitem__, env["held"].shape[0])
        if not kernel.stateful:
            return {}, {f"{lowered.index}:{k}": v for k, v in kernel.apply(p, inputs, spec).items()}
        new, out = kernel.step(p, own_entries(state, lowered.index), inputs, spec)
        ports = lowered.group.op.ports
        return (
            {lowered.state_key(k): v for k, v in new.items()},
            {f"{lowered.index}:{k}{'+' * ports[k].delayed}": v for k, v in out.items()},
        )

    def delayed(self, lowered: LoweredGroup, state: dict) -> dict:
        """What the group's delayed ports show in this step."""
        ports = {p.name for p in lowered.group.op.ports.values() if p.delayed}
        if not ports:
            return {}
        own = own_entries(state, lowered.index)
        values = (
            {"out": own["y"]}
            if lowered.group.op.call
            else (kernel_of(lowered).delayed(own, lowered.spec))
        )
        return {f"{lowered.index}:{k}": v for k, v in values.items() if k in ports}

    def inputs(self, lowered: LoweredGroup, own_params: dict, read, rows: int) -> list:
        """Packed input arrays of a group."""
        return [
            route.build(read, own_params.get(f"in{i}"), rows, self.program.dtype)
            for i, route in enumerate(lowered.routes)
        ]

    # -- Python --------------------------------------------------------------------------------

    def call_level(self, groups, params, state, env, step) -> tuple[dict, dict]:
        """The callback of a level in an uncompiled loop."""
        level = Level(groups, self.program, self.host)
        # What nobody reads of the parts, TensorFlow leaves out.
        return level.from_outside(params, state, env, step, lambda y: compiled(level.cut, y)(y))

    # -- batched -------------------------------------------------------------------------------

    def batched(self, region: Region, given: TileArguments) -> Emitted:
        """All steps of the tile at once."""
        batch, capacity = self.program.batch, given.capacity
        rows = capacity * batch
        env = {k: tf.reshape(v, (rows, *v.shape[2:])) for k, v in given.series.items()}
        env["held"] = tf.tile(given.held, (capacity, 1))
        new: dict[str, Any] = {}
        rec: dict[str, Any] = {}

        def emit_group(lowered: LoweredGroup) -> None:
            own = own_entries(given.params, lowered.index)
            inputs = self.inputs(lowered, own, env.__getitem__, rows)
            if lowered.group.op.call:
                new_state, out = self.call_tile(lowered, inputs, given)
                new.update(new_state)
            elif lowered.group.op.kernel == "tensor":
                out, also = self.tensor_tile(lowered, own, inputs, rec, given)
                rec.update(also)
            else:
                out = kernel_of(lowered).apply(own, inputs, lowered.spec)
            env.update({f"{lowered.index}:{k}": v for k, v in out.items()})
            if lowered.group.op.traced is not None:
                valid = tf.range(rows) < given.n_steps * batch
                rec[_sound(lowered.index)] = self.finite_traced(lowered, env, valid)

        self.emit_batched(region, given.params, env, rows, emit_group)
        carried, records = self.leaves(region)
        series_out = {
            k: tf.reshape(env[k], (capacity, batch, *self.program.shape(k))) for k in carried
        }
        for key, index in records.items():
            flat = tf.reshape(env[key], (capacity, batch, self.program.width(key)))
            rec[key] = flat if index is None else tf.gather(flat, index, axis=2)
        return new, series_out, rec

    def emit_batched(self, region, params, env, rows, emit_group) -> None:
        """Emit the groups of a batched region in order."""
        for lowered in self.by_region[region.index]:
            emit_group(lowered)

    def tensor_tile(
        self, lowered: LoweredGroup, own: dict, inputs: list, before: dict, given: TileArguments
    ) -> tuple[dict, dict]:
        """A TensorNode over a tile; with its output, what it changed and adds to the loss."""
        op, kernel = lowered.group.op, kernel_of(lowered)
        assert isinstance(kernel, TensorKernel)
        shared = {role: before.get(f"update:{p.name}") for role, p in op.params.items()}
        own = own | {role: value for role, value in shared.items() if value is not None}
        out, result = kernel.tile(own, inputs, lowered.spec, given.capacity, given.n_steps)
        also = {f"update:{op.params[r].name}": v for r, v in result.updates.items()}
        if result.losses:
            also[f"loss:{op.name}"] = tf.add_n(result.losses)
        return out, also

    def call_tile(self, lowered, inputs: list, given: TileArguments) -> tuple[dict, dict]:
        """A Python function on no feedback path: one callback for the tile, steps in order."""
        batch, call = self.program.batch, lowered.group.op.call
        state, capacity = given.state, given.capacity
        x = tf.reshape(inputs[0], (capacity, batch, -1))
        keys = [lowered.state_key(name) for name in call.state]
        held = [state[key] for key in keys]
        found = tf.numpy_function(
            lambda start, n, x, *held: self.host.tile(call, int(start), int(n), x, held),
            [given.start, given.n_steps, x, *held],
            [self.program.dtype] + [array.dtype for array in held] * 2,
        )
        y, *results = tf.nest.flatten(found)
        y = tf.reshape(
            tf.ensure_shape(y, (capacity, batch, call.size_out)), (capacity, batch, 1, -1)
        )
        new, seen = results[: len(held)], results[len(held) :]
        new = {k: tf.ensure_shape(v, state[k].shape) for k, v in zip(keys, new, strict=True)}
        seen_ports: dict[str, Any] = {}
        for name, values in zip(call.state, seen, strict=True):
            seen_ports |= shown(lowered, name, values, capacity * batch, self.program.dtype)
        if not lowered.group.op.ports:
            return new, {}
        flat = (capacity * batch, 1, call.size_out)
        if "y" not in lowered.group.op.state:
            out = {key.split(":")[1]: value for key, value in seen_ports.items()}
            return new, {"out": tf.reshape(y, flat)} | out
        key = lowered.state_key("y")
        before = tf.concat([tf.expand_dims(state[key], 0), y[:-1]], axis=0)
        return (
            {key: y[given.n_steps - 1]},
            {"out": tf.reshape(before, flat), "out+": tf.reshape(y, flat)},
        )


def joined(parts: list[Emitted]) -> Emitted:
    """States, series and records of the shares of a batch, put together."""
    if len(parts) == 1:
        return parts[0]
    states, series, records = zip(*parts, strict=True)

    def join(dicts: tuple[dict, ...], axis: int) -> dict:
        return {k: tf.concat([d[k] for d in dicts], axis=axis) for k in dicts[0]}

    sound = {k: tf.reduce_all([r.pop(k) for r in records], axis=0) for k in _sounds(records[0])}
    return join(states, 0), join(series, 1), join(records, 1) | sound


def _sound(index: int) -> str:
    """Under which key a group of traced functions tells whether its values are finite."""
    return f"sound {index}"


def _sounds(records: dict) -> list[str]:
    return [key for key in records if key.startswith("sound ")]


def is_plain(lowered: LoweredGroup) -> bool:
    """Whether a group runs as plain TensorFlow because XLA cannot compile it."""
    op = lowered.group.op
    return op.kernel == "tensor" and lowered.spec.variant == UNCOMPILED
