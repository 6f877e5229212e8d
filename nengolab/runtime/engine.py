"""The engine behind a Simulator: graph, runner, taps, the swap of one compiled form for another."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import nengo
import numpy as np

from nengolab.compiler.build import build
from nengolab.compiler.simplify import simplify
from nengolab.exceptions import ValidationError
from nengolab.runtime.calls import Host
from nengolab.runtime.loop import Runner


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
    model : nengo.builder.Model, optional
    progress : nengo.utils.progress.Progress, optional
    """

    def __init__(self, network, dt, seed, batch, dtype, force, model=None, progress=None):
        self.built = build(network, dt, model, progress)
        self.network = network if network is not None else self.built.model.toplevel
        self.batch, self.dtype, self.force = batch, dtype, force
        self.dt = self.built.model.dt
        self.graph = simplify(self.built)
        self.probes = list(self.graph.probes)
        self.host = Host(self.graph.calls, batch, self.dt, dtype, self.built.model)
        self.taps: dict[Any, nengo.Probe] = {}
        self.runner = self._make_runner(self.graph, self.probes)
        self._pending: list[Future] = []
        self._requests = 0
        self._worker: ThreadPoolExecutor | None = None
        self.compiles = 0
        self.reset(seed)

    @property
    def title(self) -> str:
        """What to call the network."""
        label = getattr(self.network, "label", None)
        return f"network {label!r}" if label else "unlabeled network"

    def _make_runner(self, graph, probes) -> Runner:
        readings = {p: graph.probes[p] for p in probes}
        return Runner(graph, self.batch, self.dtype, self.force, readings, self.host)

    def reset(self, seed: int) -> None:
        """Time 0, initial state, processes drawn anew."""
        self.n_steps = 0
        self.host.reset(seed)
        self.runner.set_named_state({})

    def tiles(self, n_steps: int, seconds: float | None = None) -> Iterator[tuple[int, dict]]:
        """Advance tile by tile; yields steps done before the tile and ``{probe: data}``."""
        left = n_steps
        while left > 0:
            self._swap()
            limit = {} if seconds is None else {"seconds": seconds}
            before = self.n_steps
            n, outputs = self.runner.tile(before, left, **limit)
            self.n_steps += n
            left -= n
            yield before, outputs

    def advance(self, n_steps: int) -> dict[Any, np.ndarray]:
        """Advance by ``n_steps`` or not at all; ``{probe: (steps, batch, size)}``."""
        self._swap()
        runner, state, before = self.runner, self.runner.state, self.n_steps
        pieces: dict[Any, list[np.ndarray]] = {}
        try:
            for _, outputs in self.tiles(n_steps):
                for probe, data in outputs.items():
                    pieces.setdefault(probe, []).append(data)
        except BaseException:
            self.runner, runner.state, self.n_steps = runner, state, before
            raise
        # A tap that became ready between two tiles saw only part of this call: from the next on.
        return {p: np.concatenate(d) for p, d in pieces.items() if sum(map(len, d)) == n_steps}

    # -- inputs --------------------------------------------------------------------------------

    def set_input(self, node: nengo.Node, value: Any) -> None:
        """Let ``node`` put out ``value`` from the next tile on; None gives its own output back."""
        if not isinstance(node, nengo.Node) or node.size_in > 0 or node not in self.built.model.sig:
            free = [self.built.names.get(n) for n in self.network.all_nodes if n.size_in == 0]
            raise ValidationError(
                f"{self.built.names.get(node)} is no Node without input of this network; those are "
                f"{', '.join(free) or 'none'}",
                attr="node",
            )
        if value is None:
            self.host.overrides.pop(node, None)
            return
        array = np.asarray(value, dtype=float)
        if array.shape not in ((), (node.size_out,)) or not np.all(np.isfinite(array)):
            raise ValidationError(
                f"{self.built.names.get(node)} puts out {node.size_out} finite "
                f"number{'s' * (node.size_out != 1)}, got {value!r}",
                attr="value",
                obj=node,
            )
        self.host.overrides[node] = np.broadcast_to(array, (node.size_out,)).copy()

    # -- taps ----------------------------------------------------------------------------------

    def add_tap(self, tap: Any, obj: Any, attr: str | None) -> None:
        """Compile, in the background, a form of the network in which ``obj`` is read out too."""
        with nengo.Network(add_to_container=False):
            probe = nengo.Probe(obj, attr, synapse=None)
        model = self.built.model
        model.seeds[probe] = model.seeds.get(obj, 0)
        model.seeded[probe] = True
        self.taps[tap] = probe
        tap.size = probe.size_in
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, thread_name_prefix="nengolab-compile")
        self._requests += 1
        future = self._worker.submit(self._compile_taps, tap, probe, self._requests)
        self._pending.append(future)
        future.add_done_callback(self._announce)

    def remove_tap(self, tap: Any) -> None:
        """Stop reading a tap; the compiled form loses it when the next one is made."""
        self.taps.pop(tap, None)

    def _compile_taps(self, tap: Any, probe: nengo.Probe, request: int):
        try:
            with self.built.model.decoder_cache:
                self.built.model.build(probe)
        except Exception as err:  # told to whoever asked for the tap
            self._drop(tap, err)
        if request < self._requests:
            return None  # more are asked for already: one compile serves all
        try:
            graph = simplify(self.built)
            taps = [p for p in list(self.taps.values()) if p in graph.probes]
            runner = self._make_runner(graph, [*self.probes, *taps])
            runner.compile()
            return graph, runner
        except Exception as err:
            for waiting in [t for t in list(self.taps) if not t.ready]:
                self._drop(waiting, err)
            return None

    def _announce(self, done: Future) -> None:
        """Tell the taps that are compiled: the next tile swaps the new form in and delivers."""
        if done.cancelled() or done.result() is None:
            return
        readings = done.result()[1].program.readings
        for tap, probe in list(self.taps.items()):
            tap.ready = tap.ready or probe in readings

    def _drop(self, tap: Any, error: Exception) -> None:
        tap.error = error
        self.taps.pop(tap, None)

    def _swap(self) -> None:
        """Take over what the background thread compiled, with the state as it is now."""
        latest = None
        while self._pending and self._pending[0].done():
            latest = self._pending.pop(0).result() or latest
        if latest is None:
            return
        graph, runner = latest
        runner.set_named_state(self.runner.named_state())
        self.compiles += self.runner.program.traces
        self.graph, self.runner = graph, runner

    def prepare(self) -> None:
        """Put the taps that were asked for in place, and compile what is not compiled."""
        for future in list(self._pending):
            future.result()
        self._swap()
        self.runner.compile()

    def close(self) -> None:
        """Stop the background thread; a compile under way ends by itself."""
        if self._worker is not None:
            self._worker.shutdown(wait=False, cancel_futures=True)
