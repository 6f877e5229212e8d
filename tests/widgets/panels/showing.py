"""Running a session from the start under one panel, and what came of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from nengolab_widgets import Lab

from nengolab.live import Session
from tests.widgets.browser import Browser, until

SECONDS = 0.3
DT = 0.001


@dataclass
class Shown:
    """What came of one panel."""

    layout: dict[str, Any]
    frames: list[dict[str, np.ndarray]]

    def __getitem__(self, name: str) -> np.ndarray:
        return np.concatenate([frame[name] for frame in self.frames])

    @property
    def steps(self) -> np.ndarray:
        """Numbers of the steps of its rows, from 1."""
        return np.rint(self["t"] / DT).astype(int)

    @property
    def data(self) -> dict[str, Any]:
        return self.layout["data"]


@contextmanager
def show_panel(session: Session) -> Iterator[Callable[..., Shown]]:
    """Give a function that runs the network from the start under one panel."""
    labs: list[Lab] = []

    def run(obj: Any, kind: str, **settings: Any) -> Shown:
        lab = Lab(session, plots=[(obj, kind, settings)], window=SECONDS, network=False)
        labs.append(lab)
        browser = Browser(lab)
        browser.look()
        [panel] = lab.plots
        for probe in lab._bench.specs[0].probes:
            probe.attached.result(60)
        session.reset().result(60)
        until(lambda: any(f["clear"] and f["n_steps"] == 0 for f in browser.of("frame")), "reset")
        start = len(browser.buffers)
        session.run_for(SECONDS).result(60)
        until(lambda: browser.of("frame")[-1]["state"] == "finished", "the last frame")
        until(lambda: browser.of("frame")[-1]["n_steps"] == round(SECONDS / DT), "all steps")
        layout = browser.of("layout")[0]["panels"][0]
        browser.messages = browser.of("frame")[start:]
        browser.buffers = browser.buffers[start:]
        return Shown(layout, browser.arrays(panel))

    yield run
    for lab in labs:
        lab.close()
