"""One run of a sweep, in the process that trains it."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nengo

from nengolab.runs.launch import start
from nengolab.runs.plan import Plan
from nengolab.runs.ready import compile_as, ready
from nengolab.runs.record import FILE, Record
from nengolab.runs.run import Run
from nengolab.runs.sweeps import END, standing_of

# What goes on in this process: of each sweep, by number; None before it has begun to train.
_here: dict[str, dict[int, Run | None]] = {}
_to_end: set[tuple[str, int]] = set()


@dataclass(frozen=True)
class Training:
    """What every run of a sweep is made of; called with a number, it trains that one.

    Attributes
    ----------
    token : str
        Of the sweep: what tells it from all others.
    folder, name : str
        Where the person's runs are, and what the sweep is called.
    network : nengo.Network
    weights : bytes
        With which each run begins: a file of ``Simulator.save_params``.
    seed, dt : int, float
        Of the simulators.
    variables : Mapping
        The data, by name.
    plans, settings, runs : tuple
        Of each run: all of it, what is set in the sweep, its name.
    called : str
        What the network is called in ``code``.
    code : str or None
        What had been run before.
    fit : Mapping
        Other arguments of ``fit``.
    """

    token: str
    folder: str
    name: str
    network: nengo.Network = field(repr=False)
    weights: bytes = field(repr=False)
    seed: int
    dt: float
    variables: Mapping[str, Any] = field(repr=False)
    plans: tuple[Plan, ...] = field(repr=False)
    settings: tuple[Mapping[str, Any], ...] = field(repr=False)
    runs: tuple[str, ...] = field(repr=False)
    called: str
    code: str | None = field(repr=False)
    fit: Mapping[str, Any] = field(repr=False)

    def __call__(self, number: int) -> dict[str, Any]:
        """Train a run to its end.

        Returns
        -------
        dict
            How it stands, and its ``files`` where its folder is not the person's.
        """
        own = _here.setdefault(self.token, {})
        own[number] = None
        try:
            with self._place() as (folder, is_away):
                self._clear(folder, number)
                self._train(folder, number)
                path = folder / self.runs[number]
                files = _packed(path) if is_away else None
                return {**standing_of(Record(path)), "files": files}
        finally:
            own.pop(number, None)

    @contextmanager
    def _place(self) -> Iterator[tuple[Path, bool]]:
        """The folder of the runs; one of its own where this machine does not have that one."""
        folder = Path(self.folder)
        try:
            is_there = self.token in (folder / f"{self.name}{END}").read_text(encoding="utf-8")
        except OSError:
            is_there = False
        if is_there:
            yield folder, False
            return
        with tempfile.TemporaryDirectory() as passing:
            yield Path(passing), True

    def _clear(self, folder: Path, number: int) -> None:
        """Take away what a process left that died with this run: it is begun again."""
        path = folder / self.runs[number]
        if (path / FILE).is_file() and Record(path).state == "interrupted":
            shutil.rmtree(path)

    def _train(self, folder: Path, number: int) -> None:
        from nengolab.simulator import Simulator

        plan = self.plans[number]
        size = plan.batch_size
        arguments: dict[str, Any] = {"minibatch_size": size, "seed": self.seed, "dt": self.dt}
        with Simulator(self.network, progress_bar=False, **arguments) as sim:
            with tempfile.TemporaryDirectory() as passing:
                path = Path(passing) / "begin.npz"
                path.write_bytes(self.weights)
                sim.load_params(path)
            made = ready(plan, self.network, self.variables, size)
            compile_as(sim, plan, made.compile)
            fit = {**self.fit, **made.fit}
            if callbacks := [*self.fit.get("callbacks", ()), *made.fit.get("callbacks", ())]:
                fit["callbacks"] = callbacks
            run = start(
                sim,
                made.x,
                made.y,
                epochs=plan.epochs,
                folder=folder,
                name=self.runs[number],
                plan={"choices": plan.facts(), "lines": self._lines(made.code, size)},
                sweep={"name": self.name, "settings": dict(self.settings[number])},
                code=self.code,
                **fit,
            )
            _here[self.token][number] = run
            if (self.token, number) in _to_end:
                run.stop(wait=False)
            try:
                run.wait()
            except Exception:
                # It is written down with the run, which is what comes back.
                if run.state != "failed":
                    raise

    def _lines(self, code: tuple[str, ...], size: int) -> list[str]:
        told = f"minibatch_size={size}, seed={self.seed}, dt={self.dt!r}"
        return [f"sim = nengolab.Simulator({self.called}, {told})", *code]


def look(token: str) -> dict[int, dict[str, Any]]:
    """How far the runs of a sweep are that go on in this process."""
    found: dict[int, dict[str, Any]] = {}
    for number, run in list(_here.get(token, {}).items()):
        if run is None:
            continue
        at = run.progress
        part = at.batch / at.batches if at.batches else 0.0
        now = standing_of(run)
        found[number] = {
            **now,
            "state": "running" if run.state == "running" else run.state,
            "epoch": at.epoch,
            "part": min(1.0, (at.epoch - 1 + part) / at.epochs),
            "metrics": now["metrics"] | {k: v for k, v in at.logs.items() if v == v},
        }
    return found


def end(token: str, number: int) -> None:
    """End a run of a sweep, if it goes on in this process, or as soon as it does."""
    own = _here.get(token, {})
    if number in own:
        _to_end.add((token, number))
        run = own[number]
        if run is not None:
            run.stop(wait=False)


def _packed(folder: Path) -> bytes:
    """All files of a folder, in one."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return packed.getvalue()


def unpack(files: bytes, folder: Path) -> None:
    """Put a run that was trained elsewhere among the others."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(files)) as archive:
        archive.extractall(folder)  # which leaves no name lead out of it
