"""A run as it is on disk."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from nengolab.exceptions import SimulationError, ValidationError
from nengolab.names import listing
from nengolab.runs import events, script
from nengolab.saving.archive import text_of

FILE = "run.json"
CHECKPOINTS = "epochs"
NETWORK = "network.json"
FORMAT = 1
LONGEST_NAME = 200
# While a process is in charge of a run.
GOING = ("running", "paused")
ENDED = ("finished", "stopped", "failed", "interrupted")


class Record:
    """A run in its folder: what it was told, how far it came, what it measured, its weights.

    `nengolab.runs.open` gives them.

    Parameters
    ----------
    folder : str or Path
        The run's own.

    Attributes
    ----------
    folder : Path

    Raises
    ------
    ValidationError
        Where there is no run, or one that a later version wrote.

    Examples
    --------
    >>> sim.compile("adam", loss="mse")
    >>> x = np.ones((4, 5, 1))
    >>> run = nengolab.runs.start(sim, x, x**2, epochs=2, folder=folder, name="squares")
    >>> run.wait()
    'finished'
    >>> kept = nengolab.runs.Record(folder / "squares")
    >>> kept.tags = ["small"]
    >>> kept, kept.kept, len(kept.history["loss"])
    (<run 'squares': finished, 2 of 2 epochs>, [0, 1, 2], 2)
    >>> kept.restore(sim, 1)  # the weights after the first epoch
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder).absolute()
        self._facts: dict[str, Any] = _read(self.folder)
        self._writing = threading.Lock()

    # -- what it is ----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def facts(self) -> dict[str, Any]:
        """Everything that ``run.json`` holds: settings, environment, fingerprint of the data."""
        return self._facts

    @property
    def state(self) -> str:
        """``running``, ``paused``, ``finished``, ``stopped``, ``failed`` or ``interrupted``.

        The last is said of a run whose process is gone: its kernel died, or the machine went off.
        """
        state = self._facts["state"]
        return "interrupted" if state in GOING and not lives(self._facts["process"]) else state

    @property
    def error(self) -> str | None:
        """What it failed with."""
        return self._facts.get("error")

    @property
    def tags(self) -> list[str]:
        return list(self._facts["tags"])

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        self.write(tags=checked_tags(tags))

    @property
    def note(self) -> str:
        return self._facts["note"]

    @note.setter
    def note(self, note: str) -> None:
        self.write(note=str(note))

    @property
    def code(self) -> str | None:
        """What the notebook or script had run when it was started."""
        path = self.folder / "code.py"
        return path.read_text(encoding="utf-8") if path.is_file() else None

    @property
    def network(self) -> dict[str, Any] | None:
        """Its network, as `nengolab.inspect.describe` tells it; None of runs before there was that.

        Raises
        ------
        ValidationError
            Where the file is none.
        """
        path = self.folder / NETWORK
        if not path.is_file():
            return None
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            whole = {"objects", "python"} <= told.keys()
        except (ValueError, AttributeError):
            whole = False
        if not whole:
            raise ValidationError(f"{str(path)!r} describes no network", attr="network")
        return told

    # -- what it measured ----------------------------------------------------------------------

    @cached_property
    def _metrics(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return events.read(self.folder)

    @property
    def metrics(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Steps and values by name: ``"batch_loss"`` by batch, ``"epoch_val_loss"`` by epoch."""
        if self.state in GOING:
            return events.read(self.folder)
        return self._metrics

    @property
    def history(self) -> dict[str, list[float]]:
        """What each whole epoch ended with, as Keras's ``History`` has it."""
        return {
            name.removeprefix("epoch_"): values.tolist()
            for name, (_, values) in self.metrics.items()
            if name.startswith("epoch_")
        }

    @property
    def epochs(self) -> int:
        """Whole epochs that are done."""
        return self._facts["epochs"]

    @property
    def best_epoch(self) -> int | None:
        """The epoch with the least validation loss, or loss where there is none; 1 is the first."""
        return self._facts["best"]

    # -- its weights ---------------------------------------------------------------------------

    @property
    def kept(self) -> list[int]:
        """Epochs after which a checkpoint was kept; 0 is before the first."""
        found = (self.folder / CHECKPOINTS).glob("*.npz")
        return sorted(int(path.stem) for path in found if path.stem.isdecimal())

    def checkpoint(self, epoch: int | str = "last") -> Path:
        """The file of a checkpoint; `Simulator.load_params` and ``load_checkpoint`` read it.

        Parameters
        ----------
        epoch : int, "last" or "best"
            Epochs that were done.

        Raises
        ------
        ValidationError
            Where it was not kept; the error says what was.
        """
        kept = self.kept
        asked = epoch
        if epoch == "last":
            epoch = max(kept, default=-1)
        elif epoch == "best":
            epoch = -1 if self.best_epoch is None else self.best_epoch
        if epoch not in kept:
            raise ValidationError(
                f"{self.name!r} has no checkpoint {asked!r}; kept were those after {kept} epochs",
                attr="epoch",
            )
        return checkpoint_file(self.folder, epoch)

    def restore(self, sim: Any, epoch: int | str = "best") -> None:
        """Give a simulator the parameters that the run had after an epoch.

        Parameters
        ----------
        sim : nengolab.Simulator
            Of a network with the same parameters.
        epoch : int, "last" or "best"
        """
        sim.load_params(self.checkpoint(epoch))

    def to_script(self) -> str:
        """Python that repeats the run to the same numbers; see `nengolab.runs.script`.

        Raises
        ------
        ValidationError
            Where nothing says what had been run before it.
        """
        return script.written(self.name, self.folder, self._facts, self.code)

    def delete(self, confirm: str) -> None:
        """Delete the folder with all that is in it.

        Parameters
        ----------
        confirm : str
            The run's name once more: it cannot be taken back.
        """
        if confirm != self.name:
            raise ValidationError(
                f"deletes {self.name!r} for good; give that name to confirm it, got {confirm!r}",
                attr="confirm",
            )
        if self.state in GOING:
            raise SimulationError(f"{self.name!r} is {self.state}; stop it first")
        shutil.rmtree(self.folder)

    # -- its file ------------------------------------------------------------------------------

    def write(self, **changes: Any) -> None:
        """Change entries of ``run.json``; the file is replaced whole or not at all.

        The others stay as they are there: another process may have changed them.
        """
        with self._writing:
            self._write(_read(self.folder) | changes | {"updated": time.time()})

    def _write(self, facts: dict[str, Any]) -> None:
        path = self.folder / FILE
        passing = path.with_name(f".{FILE}.{os.getpid()}.part")
        try:
            passing.write_text(text_of(facts), encoding="utf-8")
            os.replace(passing, path)
        finally:
            passing.unlink(missing_ok=True)
        self._facts = facts

    def refresh(self) -> None:
        """Read it again: another process may have changed it."""
        self._facts = _read(self.folder)
        self.__dict__.pop("_metrics", None)

    def __repr__(self) -> str:
        return (
            f"<run {self.name!r}: {self.state}, {self.epochs} of {self._facts['planned']} epochs>"
        )


def checkpoint_file(folder: Path, epoch: int) -> Path:
    """Where the checkpoint after so many epochs is."""
    return folder / CHECKPOINTS / f"{epoch:04d}.npz"


def new(
    folder: Path,
    name: str | None,
    facts: dict[str, Any],
    code: str | None,
    network: dict[str, Any] | None = None,
) -> Path:
    """Make the folder of a new run.

    Parameters
    ----------
    folder : Path
        Of all runs; it is made where it is not there.
    name : str, optional
        Default: date and time. One that is taken gets a number.
    facts : dict
    code : str, optional
    network : dict, optional
        As `nengolab.inspect.describe` tells it.

    Returns
    -------
    Path
        The run's folder.
    """
    name = time.strftime("%Y-%m-%d %H.%M.%S") if name is None else checked_name(name)
    folder.mkdir(parents=True, exist_ok=True)
    number, own = 1, folder / name
    while True:
        try:
            own.mkdir()
            break
        except FileExistsError:
            number += 1
            own = folder / f"{name} {number}"
    (own / CHECKPOINTS).mkdir()
    usual = {"format": FORMAT, "created": time.time(), "tags": [], "note": "", "changes": []}
    facts = {**usual, **facts, "epochs": 0, "best": None, "batches": []}
    (own / FILE).write_text(text_of(facts), encoding="utf-8")
    if code is not None:
        (own / "code.py").write_text(code, encoding="utf-8")
    if network is not None:
        (own / NETWORK).write_text(json.dumps(network, ensure_ascii=False), encoding="utf-8")
    return own


def best_of(losses: list[float]) -> int | None:
    """After which epoch, from 1, the loss was least; NaN never is."""
    known = [(loss, i + 1) for i, loss in enumerate(losses) if not np.isnan(loss)]
    return min(known)[1] if known else None


def this_process() -> dict[str, Any]:
    """Which process is in charge of a run."""
    process = psutil.Process()
    return {"host": socket.gethostname(), "pid": process.pid, "began": process.create_time()}


def lives(process: dict[str, Any]) -> bool:
    """Whether a process lives; of another machine nobody can know, so it is taken to."""
    if process["host"] != socket.gethostname():
        return True
    try:
        return abs(psutil.Process(process["pid"]).create_time() - process["began"]) < 1.0
    except psutil.NoSuchProcess:
        return False


def _read(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValidationError(f"{str(folder)!r} holds no {FILE}", attr="folder") from None
    except ValueError as error:
        raise ValidationError(
            f"{str(folder / FILE)!r} is no JSON: {error}", attr="folder"
        ) from None
    needed = ("state", "process", "epochs", "planned", "best", "batches", "tags", "note")
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise ValidationError(
            f"{str(folder / FILE)!r} is not of format {FORMAT}, which this version writes",
            attr="folder",
        )
    if missing := [key for key in needed if key not in facts]:
        raise ValidationError(f"{str(folder / FILE)!r} lacks {listing(missing)}", attr="folder")
    return facts


def checked_name(name: Any) -> str:
    """A name that can be a folder's everywhere."""
    bad = set('<>:"/\\|?*')
    if not isinstance(name, str) or not name.strip(" .") or bad & set(name) or name[0] == ".":
        raise ValidationError(
            f"must be a text that a folder can be called, without {''.join(sorted(bad))}, "
            f"got {name!r}",
            attr="name",
        )
    if len(name.strip().encode()) > LONGEST_NAME:
        raise ValidationError(
            f"must be a name of at most {LONGEST_NAME} bytes, that a folder can be called; got one "
            f"of {len(name.strip().encode())}: {name[:40]!r} ...",
            attr="name",
        )
    return name.strip()


def remove(folder: Path) -> None:
    """Take the folder of a run that did not begin away."""
    shutil.rmtree(folder, ignore_errors=True)


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Tags in order, each once."""
    if isinstance(tags, str):
        raise ValidationError(f"must be several texts; one is [{tags!r}]", attr="tags")
    return sorted({str(tag) for tag in tags})
