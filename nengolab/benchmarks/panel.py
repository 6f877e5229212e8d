"""Training with panels open on a page, beside the same fit without."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import keras
import numpy as np

import nengolab
from nengolab.benchmarks.digits import BATCH, NEURONS, network, pictures
from nengolab.benchmarks.live.in_kernel_looks import Trained
from nengolab.benchmarks.turns import Compared

# Of a round the first epoch does not count: its first batch and its validation are compiled.
EPOCHS, ROUNDS, BATCHES = 4, 9, 12
GOALS = {"open": 0.95, "closed": 0.99}
# Within so many ms a click is to be answered; so often the run is paused and resumed.
CLICK_MS, CLICKS = 200.0, 6
# So many pictures a second of tuning curves, while so many epochs are trained.
PICTURES, TUNED_EPOCHS = 10.0, 6


class Clock(keras.callbacks.Callback):
    """Notes when the first epoch was done, validated and all, and when the last was."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = self.ended = (0.0, 0.0)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == 0:
            self.begun = _now()

    def on_train_end(self, logs: Any = None) -> None:
        self.ended = _now()

    @property
    def seconds(self) -> tuple[float, float]:
        """On the wall, and of all cores."""
        (a, b), (c, d) = self.begun, self.ended
        return c - a, d - b


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


class Page:
    """A page that takes all frames at once; nothing is drawn."""

    def __init__(self, panel: Any) -> None:
        self._panel, self._hub, self.frames = panel, panel.hub, 0
        self._hub.send = self._take
        self.say(type="hello", view="page", visible=True, width=600)

    def say(self, **message: Any) -> None:
        """Send what a page would."""
        self._hub._receive(self._hub, message, [])

    def _take(self, content: dict[str, Any], buffers: Any = None) -> None:
        if content["type"] != "frame":
            return
        self.frames += 1
        self.say(type="report", view="page", seq=content["seq"], held=0.0, merged=1.0)
        self.hear(nengolab.live.Frame(content, buffers[0]))

    def hear(self, frame: nengolab.live.Frame) -> None:
        """Look at what came."""

    def leave(self) -> None:
        """Close the page; the panel stays."""
        self.say(type="bye", view="page")


class FitPage(Page):
    """One that shows the panel of training, whose buttons can be pressed."""

    def __init__(self, panel: Any) -> None:
        self._news = threading.Condition()
        self.stands = ("", "")  # phase and wish, as they were told last
        super().__init__(panel)

    def click(self, kind: str, becomes: str) -> float:
        """Press a button, and wait until the run stands so: seconds until the first news of it."""
        before, began = self.stands, time.perf_counter()
        self.say(type="to_panel", panel=self._panel._panel, content={"type": kind})
        self.wait_for(lambda: self.stands != before)
        waited = time.perf_counter() - began
        self.wait_for(lambda: self.stands == (becomes, ""))
        return waited

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait for what frames tell."""
        with self._news:
            if not self._news.wait_for(condition, 60):
                raise TimeoutError(f"the panel of training does not go on, it is {self.stands}")

    def hear(self, frame: nengolab.live.Frame) -> None:
        if frame.has(self._panel._panel):
            now = json.loads(bytes(frame.arrays(self._panel._panel)["now"]))
            with self._news:
                self.stands = now["phase"], now["wish"]
                self._news.notify_all()


def tuning_panel() -> list[Compared]:
    """Batches a second while the tuning curves of 1,000 neurons follow; over ``sim.fit`` alone.

    What it costs the kernel: a page that draws takes what it takes of the cores, too (see
    ``--inspect trained``).
    """
    watched, alone = Trained(), Trained()
    page = Page(import_module("nengolab_widgets").Tuning(watched.sim, "ens"))
    _until(lambda: page.frames > 0)
    for one in (watched, alone):
        one.fit(TUNED_EPOCHS)
    pictures, rates = [], []
    for first in range(ROUNDS):
        found = {}
        for one in (watched, alone) if first % 2 else (alone, watched):
            before, began = page.frames, time.perf_counter()
            found[one] = one.fit(TUNED_EPOCHS)
            if one is watched:
                pictures.append((page.frames - before) / (time.perf_counter() - began))
        rates.append((found[alone], found[watched]))
    page.leave()
    (base, _), _ = np.median(rates, axis=0)
    wall, processor = np.median([np.divide(b, a) for a, b in rates], axis=0)
    kept = Compared("tuning_panel speed", "batches/s", 0.97, (base, base * wall))
    kept.processor = processor
    return [
        kept,
        Compared("tuning_panel pictures", "a second", 1.0, (PICTURES, float(np.median(pictures)))),
    ]


def digits_panel() -> list[Compared]:
    """Images a second with the panel open, everything in it on, and closed; over ``sim.fit``."""
    x, y = pictures(BATCHES * BATCH * 10 // 8)
    x, y = x.reshape(len(x), 1, -1), y[:, None, None]
    kept = BATCHES * BATCH
    clock = Clock()
    loss = {"out": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}
    with (
        tempfile.TemporaryDirectory() as folder,
        nengolab.Simulator(
            network(NEURONS["lif"]), minibatch_size=BATCH, progress_bar=False
        ) as sim,
    ):
        sim.compile(keras.optimizers.RMSprop(1e-3), loss=loss)
        split = (len(x) - kept) / len(x)
        fit = import_module("nengolab_widgets").Fit(
            sim, x, y, folder=folder, batch_size=BATCH, epochs=EPOCHS, callbacks=[clock]
        )
        desk = fit._desk
        _until(lambda: desk.form is not None)
        for field, value in (("split", split), ("check_steps", 1)):
            desk.act({"type": "set", "field": field, "value": repr(value)})

        def alone() -> tuple[float, float]:
            data: dict[str, Any] = {"validation_data": ({"pictures": x[kept:]}, {"out": y[kept:]})}
            given = {"pictures": x[:kept]}, {"out": y[:kept]}
            sim.fit(*given, epochs=EPOCHS, batch_size=BATCH, verbose=0, callbacks=[clock], **data)
            return clock.seconds

        def watched() -> tuple[float, float]:
            before = desk.run
            desk.act({"type": "start"})
            _until(lambda: desk.run is not before or desk.troubles)
            if desk.troubles:
                raise RuntimeError(desk.troubles[0]["text"])
            desk.run.wait()
            return clock.seconds

        def opened() -> tuple[float, float]:
            page = FitPage(fit)
            try:
                return watched()
            finally:
                frames.append(page.frames)
                page.leave()

        def clicked() -> list[float]:
            """Pause and resume a run again and again, with the page open."""
            before, page = desk.run, FitPage(fit)
            desk.act({"type": "set", "field": "epochs", "value": repr(CLICKS * EPOCHS)})
            desk.act({"type": "start"})
            _until(lambda: desk.run is not before and desk.run.progress.epoch > 1)
            page.wait_for(lambda: page.stands == ("running", ""))
            waits = []
            for _ in range(CLICKS):
                waits.append(page.click("pause", "paused"))
                waits.append(page.click("resume", "running"))
                time.sleep(0.2)  # into the middle of a batch
            desk.run.stop()
            page.leave()
            return waits

        frames: list[int] = []
        sides = (alone, opened, watched)
        for side in sides:
            side()
        rounds = np.array([_round(sides, first) for first in range(ROUNDS)])
        waits = sorted(clicked())
        fit.close()
    items = (EPOCHS - 1) * kept
    base = items / np.median(rounds[:, 0, 0])
    # A machine that is slower for a while is so for all sides of a round.
    kept_speed = np.median(rounds[:, :1] / rounds[:, 1:], axis=0)
    rows = []
    for (name, goal), (wall, processor) in zip(GOALS.items(), kept_speed, strict=True):
        row = Compared(f"digits_panel {name}", "images/s", goal, (base, base * wall))
        row.processor = processor
        rows.append(row)
    if min(frames) < 2:
        rows[0].problem = f"wrong: only {min(frames)} frames came"
    # Nineteen of twenty clicks are answered as fast, or faster.
    slow = waits[int(0.95 * len(waits))]
    rows.append(Compared("digits_panel click", "a second", 1.0, (1000 / CLICK_MS, 1 / slow)))
    return rows


def _round(
    sides: Sequence[Callable[[], tuple[float, float]]], first: int
) -> list[tuple[float, float]]:
    """Seconds of each side, on the wall and of all cores; each round begins with another one."""
    turns = [(first + i) % len(sides) for i in range(len(sides))]
    found = {turn: sides[turn]() for turn in turns}
    return [found[i] for i in range(len(sides))]


def _until(condition: Any) -> None:
    end = time.monotonic() + 120
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the panel of training did not go on")
        time.sleep(0.01)
