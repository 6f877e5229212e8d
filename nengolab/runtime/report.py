"""``sim.report()``: how the engine runs a network, in words and figures."""

from __future__ import annotations

from typing import Any

from nengolab.compiler.schedule import BATCHED, PYTHON, Region

_WAYS = {
    "stepped": "stepped: one compiled loop over the steps",
    "batched": "in time batches: all steps of a tile at once",
    "python": "stepped: one compiled loop over the steps, which calls Python each step",
}


def report(engine: Any, profile: bool = False) -> str:
    """Describe an engine.

    Parameters
    ----------
    engine : nengolab.runtime.engine.Engine
    profile : bool
        Also time every group by itself, which compiles each once more.
    """
    runner, program = engine.runner, engine.runner.program
    lines = [
        f"{engine.title}, dt = {engine.dt:g} s",
        f"{len(engine.built.model.operators)} Nengo operators -> {len(engine.graph.ops)} operations"
        f" -> {len(program.groups)} groups in {_count(len(program.schedule.regions), 'region')};"
        f" batch {engine.batch}, {engine.dtype}, tiles of up to {runner.capacity} steps",
    ]
    for region in program.schedule.regions:
        lines += _region(program, region)
    lines += ["", "Python functions:"] + (_calls(engine) or ["  none"])
    if nodes := _tensor_nodes(program):
        lines += ["", "TensorNodes:", *nodes]
    timing = runner.timing
    lines += [
        "",
        f"compiles: {engine.compiles + program.traces} "
        f"({timing.compile_s:.2f} s), lowering {timing.lower_s:.2f} s",
    ]
    if timing.steps:
        lines.append(
            f"steps: {timing.steps} in {timing.run_s:.3f} s "
            f"({timing.steps / timing.run_s:,.0f} a second, without compiling)"
        )
    lines += _memory(runner)
    if profile:
        lines += _profile(runner)
    return "\n".join(lines)


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'s' * (n != 1)}"


def _memory(runner: Any) -> list[str]:
    params, state = (
        sum(v.nbytes for v in arrays.values()) / 1e6 for arrays in (runner.params, runner.state)
    )
    return [f"memory: {params:,.3f} MB of parameters, {state:,.3f} MB of state"]


def _profile(runner: Any) -> list[str]:
    """Groups by the time they take."""
    from nengolab.runtime.profile import profile

    shares = profile(runner)
    total = sum(s.seconds for s in shares) or 1.0
    lines = ["", "where a step's time goes (every group run alone; in the network they overlap):"]
    for share in shares:
        group = runner.program.groups[share.index].group
        lines.append(
            f"  {100 * share.seconds / total:3.0f} %  {1e6 * share.seconds:9.1f} us  "
            f"{group.op.kernel} x {len(group.ops)}: {_shown(group.op)}"
        )
    return lines


def _region(program: Any, region: Region) -> list[str]:
    way = _WAYS[region.mode]
    if region.index in program.uncompiled:
        way = (
            "stepped in an uncompiled loop, because it calls Python each step and "
            f"{program.uncompiled[region.index]}"
        )
    lines = ["", f"region {region.index}, {way}"]
    for group in region.groups:
        lowered, op = program.groups[group.index], group.op
        sizes = " + ".join(str(w.size) for w in op.inputs) or "none"
        outs = next((str(p.size) for p in op.ports.values()), "none")
        variant = f" ({lowered.spec.variant})" if lowered.spec.variant else ""
        names = ", ".join(_shown(o) for o in group.ops[:3])
        more = f" and {len(group.ops) - 3} more" if len(group.ops) > 3 else ""
        lines.append(f"  {op.kernel}{variant} x {len(group.ops)}, {sizes} -> {outs}: {names}{more}")
    return lines


def _shown(op: Any) -> str:
    """The name of what an operation computes with, or of its owner."""
    return op.params["weights"].name if "weights" in op.params else op.name


def _calls(engine: Any) -> list[str]:
    modes = {
        op.call.name: region.mode
        for region in engine.runner.program.schedule.regions
        for group in region.groups
        for op in group.ops
        if op.call is not None
    }
    lines = []
    for call in engine.graph.calls:
        mode = modes.get(call.name)
        if call.trace is not None:
            lines.append(f"  {call.name}: {_traced(engine, call)}")
            continue
        way = {
            None: "evaluated ahead of each tile",
            BATCHED: "called back once a tile (no feedback path)",
            PYTHON: "called back each step",
        }[mode]
        why = f"; not traced: {call.untraced}" if call.untraced else ""
        lines.append(f"  {call.name}: {way}; {call.verdict.level}: {call.verdict.why}{why}")
    return lines


def _tensor_nodes(program: Any) -> list[str]:
    """For each TensorNode its way, and why it goes that way."""
    from nengolab.kernels.tensor import folds

    lines = []
    for region in program.schedule.regions:
        for group in region.groups:
            if group.op.kernel == "tensor":
                spec, function = program.groups[group.index].spec, group.op.static[0]
                way = {
                    "stepped": "compiled into the loop over the steps",
                    "python": "called each step, uncompiled where XLA does not take it",
                    "batched": f"{spec.variant} ({folds(function, spec.training)[1]})",
                }[region.mode]
                lines.append(f"  {group.op.name}: {function.__name__}; {way}")
    return lines


def _traced(engine: Any, call: Any) -> str:
    how = f"{call.verdict.level}: {call.verdict.why}"
    if call.takes_x:
        return f"traced into TensorFlow ({len(call.trace.code)} operations); {how}"
    return f"evaluated ahead of each tile, for all its steps at once (traced); {how}"
