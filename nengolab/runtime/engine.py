"""The engine behind a Simulator: graph, runner, taps, the swap of one compiled form for another."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import nengo
import numpy as np
from nengo.builder import Model

from nengolab.compiler.build import Built, build
from nengolab.compiler.graph import Call, Graph, Op, Param
from nengolab.compiler.simplify import simplify
from nengolab.compiler.tracing import Untraceable, trace
from nengolab.compiler.tracing.expressions import split
from nengolab.exceptions import SimulatorClosed, ValidationError
from nengolab.layers.tensor_node import TensorNode
from nengolab.names import listing
from nengolab.runtime import state
from nengolab.runtime.background import Background
from nengolab.runtime.calls import Host
from nengolab.runtime.effects import Cover, Effects, Key
from nengolab.runtime.follower import Follower
from nengolab.runtime.loop import Tile, TileRunner, check_finite
from nengolab.runtime.recording import Recording
from nengolab.runtime.snapshot import Snapshot
from nengolab.startup.leaving import heed
from nengolab.startup.worker import Worker, uninterrupted

RECOMPILES = 2  # for one function, before it is called back instead


class Engine:
    """Runs a network in tiles.

    Parameters
    ----------
    network : nengo.Network or None
    dt : float
    seed : int
        Of the processes.
    batch : int
    dtype : {"float32", "float64"}
    force : {"auto", "stepped", "batched"}
    functions : {"auto", "traced", "callback"}
    model : nengo.builder.Model, optional
    progress : nengo.utils.progress.Progress, optional
    device : str, optional
        TensorFlow device.
    built : Built, optional
        The network built before; then ``model`` is not looked at.
    probes : list of nengo.Probe, optional
        Which of the model's probes to read; the others were taps once. Default: all.
    """

    def __init__(
        self,
        network: nengo.Network | None,
        dt: float,
        seed: int,
        batch: int,
        dtype: str,
        force: str,
        functions: str,
        model: Model | None = None,
        progress: Any = None,
        device: str | None = None,
        built: Built | None = None,
        probes: list[nengo.Probe] | None = None,
    ):
        self.built = build(network, dt, model, progress) if built is None else built
        self.network = network if network is not None else self.built.model.toplevel
        self.batch, self.dtype, self.force = batch, dtype, force
        self.dt = self.built.model.dt
        self.functions: str = functions
        self.demoted: frozenset[Any] = frozenset()
        self._recompiled: Counter = Counter()
        heed()
        self.graph = self.simplify()
        heed()
        self.probes = list(self.graph.probes if probes is None else probes)
        self.host = Host(self.graph.calls, batch, self.dt, dtype, self.built.model)
        self.device, self.closed = device, False
        self.aside = Worker()
        # Replaced by who shows progress.
        self.compiling: Callable[[], AbstractContextManager[Any]] = nullcontext
        self.follower: Follower | None = None  # who trains
        # A panel may look at values while another thread trains: nobody goes on with half of them.
        self._following = threading.RLock()
        self._settled = threading.local()  # by thread: others go on to follow
        self.background = Background(self)
        self.effects = Effects()
        self._each_step: frozenset[nengo.Node] = frozenset()  # constants that were fed once
        self.runner = self.make_runner(self.graph, self.probes, {})
        self.compiles = 0
        self.reset(seed)

    @property
    def title(self) -> str:
        """What to call the network."""
        label = getattr(self.network, "label", None)
        return f"network {label!r}" if label else "unlabeled network"

    def simplify(self) -> Graph:
        return simplify(self.built, self.functions, self.demoted)

    def graph_fed(self, nodes: frozenset[nengo.Node]) -> Graph:
        """The graph in which data can be fed to ``nodes``, some of ``graph.stepped_nodes``."""
        return simplify(self.built, self.functions, self.demoted, nodes) if nodes else self.graph

    def make_runner(
        self,
        graph: Graph,
        probes: list[nengo.Probe],
        values: Mapping[str, np.ndarray] | None = None,
    ) -> TileRunner:
        """A form of the network that reads these probes out.

        Its formulas are chosen by these values of parameters; default: as they are now.
        """
        readings = {p: graph.probes[p] for p in probes}
        return TileRunner(
            graph,
            self.batch,
            self.dtype,
            self.force,
            readings,
            self.host,
            self.device,
            self.aside,
            lambda: self.compiling(),
            self._each_step,
            self.runner.values if values is None else values,
            self.effects,
        )

    def reset(self, seed: int, parameters: bool = True, processes: bool = True) -> None:
        """Time 0 and initial state; parameters as built and processes drawn anew where asked.

        What was learned online counts among the parameters.
        """
        self.n_steps = 0
        for node, value in self.host.overrides.items():
            if isinstance(value, Recording):
                self.host.overrides[node] = value.starting(0)
        kept = {} if parameters else self._learned_state()
        if processes:
            self.host.reset(seed)
        else:
            self.host.time_restarted()
        if parameters:
            self.effects.clear()
            self.runner.repack(self.graph.params)
            self.runner.set_values({})
            if self.follower is not None:
                self.follower.push({n: p.value for n, p in self.graph.params.items()})
        self.runner.set_named_state(kept)
        if self.follower is not None:
            self.follower.restarted()

    def _learned_state(self) -> dict[str, np.ndarray]:
        """State that learning rules made: what is learned, and by RLS what is known of the input.

        Traces of what neurons did of late are none of it.
        """
        learning = [op for op in self.graph.ops if op.kernel in ("learn", "accumulate", "rls")]
        wanted = {f"{op.name}.{key}" for op in learning for key in op.state}
        return {name: a for name, a in self.runner.named_state().items() if name in wanted}

    def follow(self, names: Iterable[str] | None = None) -> None:
        """Take over values of parameters that training changed since they were last looked at.

        Parameters
        ----------
        names : iterable of str, optional
            Look at these first, and at the others where one of these changed.
        """
        if self.follower is not None and not getattr(self._settled, "now", False):
            with self._following:
                changed = self.follower.pull(names)
                if changed and names is not None:
                    changed |= self.follower.pull()
                if changed:
                    self.runner.set_values(changed, keep=True)

    def value(self, param: Param) -> np.ndarray:
        """Current value of a parameter."""
        self.follow([param.name])
        return np.asarray(self.runner.values.get(param.name, param.value))

    @property
    def values(self) -> dict[str, np.ndarray]:
        """Current values of parameters, by name, of those that had others when they were built."""
        self.follow()
        return self.runner.values

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Training is asked for its values once, here, for many questions."""
        self.follow()
        before, self._settled.now = getattr(self._settled, "now", False), True
        try:
            yield
        finally:
            self._settled.now = before

    def set_values(self, values: dict[str, np.ndarray]) -> None:
        """Compute, and train on, with these values of parameters, by name."""
        self.follow()
        if not self.runner.fits(values):
            self.background.finish()
            runner = self.make_runner(
                self.graph, self.background.read_out, {**self.runner.values, **values}
            )
            self.take_over(self.graph, runner)
        self.runner.set_values(values, keep=True)
        if self.follower is not None:
            self.follower.push(values)

    def change(self, values: Mapping[str, np.ndarray]) -> Future[int]:
        """Compute with these values of parameters as soon as what is compiled can do that.

        That is at once, or, where another form is needed, when it has been compiled in the
        background: the Future holds the step after which it was. What is state of what changes is
        adapted (`Kernel.adapt`).
        """
        self.follow()
        if not self.runner.fits(values):
            return self.background.ask_for_values(values)
        self.put_values(values)
        done: Future[int] = Future()
        done.set_result(self.n_steps)
        return done

    def put_values(self, values: Mapping[str, np.ndarray]) -> None:
        """Compute with these values from here, with the state adapted to them."""
        adapted = state.adapted(self, values)
        self.runner.set_values(dict(values), keep=True)
        if adapted:
            self.runner.set_named_state(self.runner.named_state() | adapted)
        if self.follower is not None:
            self.follower.push(dict(values))

    def lay(self, key: Key, covers: Mapping[str, Cover]) -> None:
        """Lay covers over parameters, for whatever ``key`` stands for; none take them off."""
        self.runner.repack(self.effects.lay(key, covers))

    @property
    def carried(self) -> Mapping[str, Any]:
        """The state as the program carries it: other arrays wherever it has changed."""
        if self.follower is not None:
            self.follower.leave_state()
        return self.runner.state

    def snapshot(self, arrays: bool = True) -> Snapshot:
        """The state as a value; without its arrays where nobody wants them."""
        if self.follower is not None:
            self.follower.leave_state()
        return state.take(self, arrays)

    def restore(self, snapshot: Snapshot) -> list[str]:
        """Put a state back; names what stays as it is. See `nengolab.runtime.state.put`."""
        left = state.put(self, snapshot)
        if self.follower is not None:
            self.follower.restarted()
        return left

    def tiles(self, n_steps: int) -> Iterator[Tile]:
        """Compute ``n_steps`` tile by tile; the next tile starts from the last one committed."""
        last = self.n_steps + n_steps
        self.follow()
        while self.n_steps < last:
            if self.closed:
                raise SimulatorClosed(f"closed at step {self.n_steps}, while it was running")
            self.background.swap()
            self._follow_captures()
            tile = self.runner.tile(self.n_steps, last - self.n_steps)
            check_finite(tile, self.built.names, self.dt)
            yield tile

    def commit(self, tile: Tile) -> None:
        """Let a tile count."""
        if tile.state is not None:
            self.runner.state, self.n_steps = tile.state, tile.done + tile.n_steps
            self.host.keep_drawn(self.n_steps)

    def advance(self, n_steps: int) -> dict[Any, np.ndarray]:
        """Advance by ``n_steps`` or not at all; ``{probe: (steps, batch, size)}``."""
        self.background.swap()
        runner, held, before = self.runner, self.runner.state, self.n_steps
        pieces: dict[Any, list[np.ndarray]] = {}
        try:
            for tile in self.tiles(n_steps):
                for probe, data in tile.outputs.items():
                    pieces.setdefault(probe, []).append(data)
                self.runner.state, self.n_steps = tile.state, tile.done + tile.n_steps
        except BaseException:
            with uninterrupted():
                self.runner, runner.state, self.n_steps = runner, held, before
            raise
        self.host.keep_drawn(self.n_steps)
        # A tap that became ready between two tiles saw only part of this call: from the next on.
        return {p: np.concatenate(d) for p, d in pieces.items() if sum(map(len, d)) == n_steps}

    # -- what traced functions read ------------------------------------------------------------

    def _follow_captures(self) -> None:
        """Before a tile: trace anew the functions that read a variable which has changed.

        Where the numbers alone differ, they are put in place; else the network is compiled anew,
        and, where that goes on, with the function called back.
        """
        stale = [c for c in self.runner.graph.calls if c.trace is not None and not c.trace.holds]
        for call in stale:
            if not self._retrace(call):
                self._recompile(call)
                return self._follow_captures()

    def _retrace(self, call: Call) -> bool:
        """Whether a new trace could be put in the old one's place."""
        size_in = call.size_in if call.takes_x else None
        try:
            new = trace(call.fn, call.takes_t, size_in, call.size_out)
        except Untraceable:
            return False
        if call.takes_x and call.trace is not None and new.code != call.trace.code:
            return False
        call.trace = new
        for op in self.runner.graph.ops:
            if op.traced is call and op.params:
                self.runner.set_values(
                    {op.params["constants"].name: split(new.constants)}, keep=True
                )
        return True

    def _recompile(self, call: Call) -> None:
        """Compile anew, after this function's trace has become another one."""
        self.background.finish()
        self._recompiled[call.op] += 1
        if self._recompiled[call.op] > RECOMPILES:
            self.demoted |= {call.op}
        graph = self.simplify()
        self.take_over(graph, self.make_runner(graph, self.background.read_out))

    # -- inputs --------------------------------------------------------------------------------

    def set_input(self, node: nengo.Node, value: Any) -> None:
        """Let ``node`` put out ``value`` from the next tile on; None gives its own output back."""
        names = self.built.names
        asked, node = node, names.find(node) if isinstance(node, str) else node
        free = [
            n
            for n in self.built.model.sig
            if isinstance(n, nengo.Node) and n.size_in == 0 and not isinstance(n, TensorNode)
        ]
        if node not in free:
            raise ValidationError(
                f"{asked if node is None else names.get(node)} is no Node without input of this "
                f"network; those are {listing(map(names.get, free))}",
                attr="node",
            )
        if value is None:
            self.host.overrides.pop(node, None)
            return
        if isinstance(value, Recording):
            return self._play(node, value)
        try:
            array = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            array = np.array(np.nan)
        if array.shape not in ((), (node.size_out,)) or not np.all(np.isfinite(array)):
            raise ValidationError(
                f"{names.get(node)} puts out {node.size_out} finite "
                f"number{'s' * (node.size_out != 1)}, got {value!r}",
                attr="value",
                obj=node,
            )
        self.host.overrides[node] = np.broadcast_to(array, (node.size_out,)).copy()

    def _play(self, node: nengo.Node, recording: Recording) -> None:
        if recording.size != node.size_out:
            raise ValidationError(
                f"{self.built.names.get(node)} puts out {node.size_out} numbers, the samples of "
                f"{recording.name!r} have {recording.size}",
                attr="value",
                obj=node,
            )
        self._give_each_step(frozenset([node]))
        started = recording if recording.start is not None else recording.starting(self.n_steps)
        self.host.overrides[node] = started

    def ready_to_play(self, node: nengo.Node) -> Future[int]:
        """Have a form in which a Node is no constant; compiled in the background.

        The Future is done when it runs; it holds the step after which.
        """
        if self._plays(node):
            done: Future[int] = Future()
            done.set_result(self.n_steps)
            return done
        self._each_step |= {node}
        return self.background.ask_for_values({}, lambda: self._plays(node))

    def _plays(self, node: nengo.Node) -> bool:
        return not any(i.owner is node for i in self.runner.program.inputs_held)

    @contextmanager
    def fed(self, data: dict[nengo.Node, np.ndarray]) -> Iterator[None]:
        """Let Nodes put out ``data`` ``(steps, batch, size)`` in the steps from now on.

        Their own functions and processes rest meanwhile.
        """
        self._give_each_step(frozenset(data))
        self.host.given = {node: (self.n_steps, rows) for node, rows in data.items()}
        try:
            yield
        finally:
            self.host.given = {}

    def _give_each_step(self, nodes: frozenset[nengo.Node]) -> None:
        """A form of the network in which these Nodes are no constants; it stays."""
        if not any(i.owner in nodes for i in self.runner.program.inputs_held):
            return
        self.background.finish()  # what is compiled in the background was asked for before
        self._each_step |= nodes
        self.take_over(self.graph, self.make_runner(self.graph, self.background.read_out))

    # -- learning ------------------------------------------------------------------------------

    def learned(self, obj: Any) -> dict[str, np.ndarray]:
        """What is learned online of a connection or an ensemble, as it is now.

        Returns
        -------
        dict
            ``{"weights": (batch, rows, columns)}``, ``{"encoders": ...}`` (scaled), or nothing.
        """
        return {
            key: self.learned_value(op, key)
            for op in self.graph.learned
            if op.owner is obj
            for key in op.state.keys() & {"weights", "encoders"}
        }

    def changed(self, obj: Any) -> dict[str, np.ndarray]:
        """Parameters of an object that have other values than those built, by role."""
        found = self.graph.params_of.get(obj, {})
        self.follow(p.name for p in found.values())
        values = self.runner.values
        return {role: values[p.name] for role, p in found.items() if p.name in values}

    def learned_value(self, op: Op, key: str) -> np.ndarray:
        """What is learned online, as it is now: ``(batch, ...)``, a copy."""
        found = next(
            lowered
            for lowered in self.runner.program.groups.values()
            if lowered.group.op.kernel == op.kernel
            and any(o.name == op.name for o in lowered.group.ops)
        )
        return self.runner.named_state(found.index)[f"{op.name}.{key}"].copy()

    # -- what is compiled beside a run ---------------------------------------------------------

    def add_tap(self, tap: Any, obj: Any, attr: str | None) -> None:
        """Compile, in the background, a form of the network in which ``obj`` is read out too."""
        self.background.add_tap(tap, obj, attr)

    def remove_tap(self, tap: Any) -> None:
        """Stop reading a tap; the compiled form loses it when the next one is made."""
        self.background.remove_tap(tap)

    @property
    def taps(self) -> dict[Any, nengo.Probe]:
        """By tap, the probe that reads what it looks at."""
        return self.background.taps

    def take_over(self, graph: Graph, runner: TileRunner) -> None:
        """Run another form of the network from here, with state and parameters as they are."""
        runner.set_named_state(self.runner.named_state())
        known = set(graph.params)
        runner.set_values({n: v for n, v in self.runner.values.items() if n in known})
        # It was packed when its compile began: what was laid or taken off since counts too.
        runner.repack(self.effects.touched & known)
        self.compiles += self.runner.program.traces
        self.graph, self.runner = graph, runner

    def prepare(self, whole: bool = True) -> None:
        """Put the taps that were asked for in place, and compile what is not compiled.

        Else than ``whole`` tiles of few steps may run in what is meant for longer ones, until what
        is theirs has been compiled beside.
        """
        self.background.finish()
        if whole:
            self.runner.compile()
        else:
            self.runner.compile_one(short=False)

    def close(self) -> None:
        """Stop the background threads; a compile under way ends by itself."""
        self.closed = True
        self.aside.close()
        self.background.close()
        self.runner.release()
