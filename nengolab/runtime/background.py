"""Forms of a network that are compiled beside a run, and swapped in between two tiles.

A form is asked for where another signal is to be read out (a tap), or where parameters get values
for which what runs would not compute right. One compile serves all that was asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import nengo
import numpy as np
from nengo.base import ObjView

from nengolab.compiler.build import Built
from nengolab.compiler.graph import Graph
from nengolab.exceptions import ValidationError
from nengolab.names import listing
from nengolab.runtime.collector import collector_paused
from nengolab.runtime.loop import TileRunner
from nengolab.runtime.means import probe_of
from nengolab.startup.worker import Worker, uninterrupted

#: Seconds in which more may be asked for, as by a panel that looks at several signals, before what
#: takes the better part of a second begins.
TOGETHER = 0.02

#: Seconds for which the garbage collector leaves a compile alone, and how many objects of a trace
#: it looks at later: where it comes into one it takes as long as the compile (0.3 s).
PAUSED, SOME = 2.0, 1000


class RunsForms(Protocol):
    """What runs the forms: `nengolab.runtime.engine.Engine`, seen from below."""

    built: Built
    probes: list[nengo.Probe]
    runner: TileRunner
    aside: Worker
    n_steps: int

    def simplify(self) -> Graph: ...

    def make_runner(
        self,
        graph: Graph,
        probes: list[nengo.Probe],
        values: Mapping[str, np.ndarray] | None = None,
    ) -> TileRunner: ...

    def take_over(self, graph: Graph, runner: TileRunner) -> None: ...

    def put_values(self, values: Mapping[str, np.ndarray]) -> None: ...


@dataclass(eq=False)
class Waiting:
    """Values of parameters that wait for a form that computes right with them.

    ``there`` says whether the form that runs is what was asked for otherwise: one whose compile had
    begun before need not be.
    """

    values: Mapping[str, np.ndarray]
    there: Callable[[], bool] = lambda: True
    result: Future[int] = field(default_factory=Future)


class Background:
    """Compiles forms of an engine's network on a thread of its own.

    Attributes
    ----------
    taps : dict
        By tap, the probe that reads what it looks at.
    """

    def __init__(self, engine: RunsForms):
        self._engine = engine
        self.taps: dict[Any, nengo.Probe] = {}
        self._waiting: list[Waiting] = []
        self._pending: list[Future] = []
        self._requests = 0
        self._gathering = 0  # how many gather now
        self._gathered: list[Callable[[], None]] = []
        self._completed: TileRunner | None = None  # the last whose other capacity was wanted
        self._worker: ThreadPoolExecutor | None = None

    # -- asking --------------------------------------------------------------------------------

    def add_tap(self, tap: Any, obj: Any, attr: str | None) -> None:
        """Ask for a form in which ``obj`` is read out too."""
        built = self._engine.built
        names, there = built.names, built.model.sig
        if (obj.obj if isinstance(obj, ObjView) else obj) not in there:
            raise ValidationError(
                f"{names.get(obj)} is not in the simulated network; it holds "
                f"{listing(names.get(o) for o in there if o is not None)}",
                attr="obj",
            )
        probe = probe_of(obj, attr)
        model = built.model
        model.seeds[probe] = model.seeds.get(obj, 0)
        model.seeded[probe] = True
        self.taps[tap] = probe
        tap.size = probe.size_in

        def build() -> None:
            try:
                with model.decoder_cache:
                    model.build(probe)
            except Exception as err:  # told to whoever asked for the tap
                self._drop(tap, err)

        self._ask(build)

    def remove_tap(self, tap: Any) -> None:
        """Stop reading a tap; the compiled form loses it when the next one is made."""
        self.taps.pop(tap, None)

    def ask_for_values(
        self, values: Mapping[str, np.ndarray], there: Callable[[], bool] = lambda: True
    ) -> Future[int]:
        """Ask for a form for these values of parameters, and for what ``there`` looks for.

        The Future is done when it computes with them; it holds the step after which.
        """
        waiting = Waiting(dict(values), there)
        self._waiting.append(waiting)
        self._ask(lambda: None)
        return waiting.result

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Begin to compile what is asked for meanwhile at the end, all of it as one."""
        self._gathering += 1
        try:
            yield
        finally:
            self._gathering -= 1
            if self._gathered and not self._gathering:
                gathered, self._gathered = self._gathered, []
                self._ask(lambda: [first() for first in gathered])

    def _ask(self, first: Callable[[], Any]) -> None:
        """Have a form compiled, after what is to be done ``first`` on the thread that compiles."""
        if self._gathering:
            self._gathered.append(first)
            return
        self._requests += 1
        self._submit(self._compile, first, self._requests).add_done_callback(self._announce)

    def _submit(self, act: Callable[..., Any], *args: Any) -> Future:
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, thread_name_prefix="nengolab-compile")
        future = self._worker.submit(act, *args)
        self._pending.append(future)
        return future

    # -- on the thread -------------------------------------------------------------------------

    def _compile(self, first: Callable[[], Any], request: int) -> tuple[Graph, TileRunner] | None:
        first()
        if request == self._requests:
            time.sleep(TOGETHER)
        if request < self._requests:
            return None  # more is asked for already: one compile serves all
        try:
            with collector_paused(PAUSED, many=SOME):
                graph, runner = self._form()
                # What runs now needs one of the two capacities; a plot need not wait for both.
                runner.compile_one(self._engine.runner.runs_short)
        except Exception as err:
            self._fail(err)
            return None
        return graph, runner

    def _form(self) -> tuple[Graph, TileRunner]:
        """What is to be compiled, with all that has been asked for by now."""
        engine = self._engine
        graph = engine.simplify()
        taps = [p for p in list(self.taps.values()) if p in graph.probes]
        values = dict(engine.runner.values)
        for waiting in list(self._waiting):
            values |= waiting.values
        return graph, engine.make_runner(graph, [*engine.probes, *taps], values)

    def _fail(self, error: Exception) -> None:
        for waiting in [tap for tap in list(self.taps) if not tap.ready]:
            self._drop(waiting, error)
        asked, self._waiting = self._waiting, []
        for waiting in asked:
            waiting.result.set_exception(error)

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

    @property
    def is_compiling(self) -> bool:
        """Whether something that was asked for is not there yet."""
        return bool(self._gathered) or not all(future.done() for future in list(self._pending))

    # -- between two tiles ---------------------------------------------------------------------

    @property
    def read_out(self) -> list[nengo.Probe]:
        """Probes, and taps that are in place."""
        return [*self._engine.probes, *(p for t, p in self.taps.items() if t.ready)]

    def swap(self) -> None:
        """Take over what was compiled, with the state as it is now."""
        self._complete(self._engine.runner)
        if not self._pending:
            return
        latest = None
        with uninterrupted():
            while self._pending and self._pending[0].done():
                latest = self._pending.pop(0).result() or latest
            if latest is None:
                return
            if self._is_outdated(latest[1]):
                self._ask(lambda: None)
            else:
                self._engine.take_over(*latest)
                self._settle()

    def _complete(self, runner: TileRunner) -> None:
        """Compile beside the run what its tiles could use."""
        if runner.misses_other and runner is not self._completed:
            self._completed = runner
            self._submit(runner.compile_other)

    def _is_outdated(self, runner: TileRunner) -> bool:
        """Whether it does not compute right with what was set since its compile began."""
        replaced = {name for waiting in self._waiting for name in waiting.values}
        values = self._engine.runner.values
        return not runner.fits({n: v for n, v in values.items() if n not in replaced})

    def _settle(self) -> None:
        """Put in the values that waited for the form that runs now; ask again for the others."""
        asked, self._waiting = self._waiting, []
        for waiting in asked:
            fits = self._engine.runner.fits(waiting.values) and waiting.there()
            if self._waiting or not fits:
                self._waiting.append(waiting)
                continue
            self._engine.put_values(waiting.values)
            waiting.result.set_result(self._engine.n_steps)
        if self._waiting and not self._pending:
            self._ask(lambda: None)

    def finish(self) -> None:
        """Take over what is still being compiled."""
        while self._pending:
            self._engine.aside.wait(self._pending[0])
            self.swap()

    def close(self) -> None:
        """Stop the thread; a compile under way ends by itself."""
        if self._worker is not None:
            self._worker.shutdown(wait=False, cancel_futures=True)
