"""Training with its panel open on a page, beside the same fit without."""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from importlib import import_module
from typing import Any

import keras

import nengolab
from nengolab.benchmarks.digits import BATCH, NEURONS, network, pictures
from nengolab.benchmarks.turns import Compared

# Epochs of a round: what is seen at the end of one is seen with the next.
EPOCHS, ROUNDS, BATCHES = 2, 5, 12
GOAL = 0.95


class Clock(keras.callbacks.Callback):
    """Notes when the first batch ended, and when all was over."""

    def __init__(self) -> None:
        super().__init__()
        self.first = self.last = 0.0

    def on_train_begin(self, logs: Any = None) -> None:
        self.first = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.first = self.first or time.perf_counter()

    def on_train_end(self, logs: Any = None) -> None:
        self.last = time.perf_counter()

    @property
    def seconds(self) -> float:
        return self.last - self.first


class Page:
    """A page that takes all frames at once; nothing is drawn."""

    def __init__(self, panel: Any) -> None:
        self._panel, self._hub, self.frames = panel, panel.hub, 0
        self._numbers = itertools.count()
        self._hub.send = self._take
        self.say(type="hello", view="page", visible=True, width=600)

    def say(self, **message: Any) -> None:
        """Send what a page would."""
        self._hub._receive(self._hub, message, [])

    def _take(self, content: dict[str, Any], buffers: Any = None) -> None:
        if content["type"] == "frame":
            self.frames += 1
            self.say(type="report", view="page", seq=content["seq"], held=0.0, merged=1.0)

    def leave(self) -> None:
        """Close the page; the panel stays."""
        self.say(type="bye", view="page")


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

        def alone() -> float:
            data: dict[str, Any] = {"validation_data": ({"pictures": x[kept:]}, {"out": y[kept:]})}
            given = {"pictures": x[:kept]}, {"out": y[:kept]}
            sim.fit(*given, epochs=EPOCHS, batch_size=BATCH, verbose=0, callbacks=[clock], **data)
            return clock.seconds

        def watched() -> float:
            before = desk.run
            desk.act({"type": "start"})
            _until(lambda: desk.run is not before or desk.troubles)
            if desk.troubles:
                raise RuntimeError(desk.troubles[0]["text"])
            desk.run.wait()
            return clock.seconds

        def opened() -> float:
            page = Page(fit)
            try:
                return watched()
            finally:
                frames.append(page.frames)
                page.leave()

        frames: list[int] = []
        sides = (alone, opened, watched)
        for side in sides:
            side()
        rounds = [[side() for side in sides] for _ in range(ROUNDS)]
        fit.close()
    items = EPOCHS * kept - BATCH
    base, *others = (items / statistics.median(times) for times in zip(*rounds, strict=True))
    rows = []
    for name, rate, goal in zip(("open", "closed"), others, (GOAL, 0.99), strict=True):
        rows.append(Compared(f"digits_panel {name}", "images/s", goal, (base, rate)))
    if min(frames) < 2:
        rows[0].problem = f"wrong: only {min(frames)} frames came"
    return rows


def _until(condition: Any) -> None:
    end = time.monotonic() + 120
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the panel of training did not go on")
        time.sleep(0.01)
