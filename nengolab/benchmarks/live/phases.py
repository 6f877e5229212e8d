"""What is measured of a panel on a `Stage`, one function for each part of the table."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nengolab.benchmarks.live.figures import Delays, Freshness, Idle
from nengolab.benchmarks.live.stage import PAGE, TALL, Stage, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator

#: Seconds that are looked at, after some for the panel to settle in.
SETTLE_S = 2.0
LOOK_S = 5.0
MOVES = 40
#: More of the page, where the network view stands beside the plots.
NETWORK_WIDTH = 640
#: A move whose effect is not seen in this time counts as lost.
LOST_MS = 5000

_LAB = """\
net = network({ensembles})
plots = mixed(net, {count})
lab = Lab(net, plots, inputs=[net.drive], window=2.0, speed=1.0, network={network})
lab"""


def open_plots(stage: Stage, count: int, network: bool = False, ensembles: int = 100) -> None:
    """Show ``count`` plots of a network of ensembles of 50, and run it in real time.

    ``network`` says whether the network itself is shown beside them, coloured by its activity.
    """
    code = _LAB.format(count=count, ensembles=ensembles, network=network)
    beside = NETWORK_WIDTH if network else 0
    stage.open([code], TALL if count > 8 else PAGE["height"], PAGE["width"] + beside)
    stage.run_cell(1)
    stage.wait("lab.session.state in ('ready', 'running')")
    stage.do("lab.session.play()")
    stage.arrange(count)


def freshness(stage: Stage, count: int) -> tuple[Freshness, Idle]:
    """Look at plots while the network runs in real time."""
    import psutil

    time.sleep(SETTLE_S)
    kernel = psutil.Process(stage.kernel_pid())
    pages = [psutil.Process(pid) for pid in stage.renderer_pids()]
    boxes = until(lambda: _if_all(stage.plots(), count), f"{count} plots on the page")
    with idle(kernel, pages) as idle_found, share_of_real_time(stage) as share:
        before = stage.call("counts")
        time.sleep(LOOK_S)
        after = stage.call("counts")
    box = boxes[0]
    size = (round(box["width"]), round(box["height"]))
    return Freshness.of(before, after, size, share[0]), idle_found[0]


def _if_all(boxes: list[Any], count: int) -> list[Any]:
    return boxes if len(boxes) == count else []


@contextmanager
def idle(kernel: Any, pages: list[Any]) -> Iterator[list[Idle]]:
    """Add to the list how idle the machine and these processes were meanwhile."""
    import psutil

    def used(processes: list[Any]) -> float:
        times = [process.cpu_times() for process in processes if process.is_running()]
        return sum(each.user + each.system for each in times)

    def at_rest() -> float:
        times = psutil.cpu_times()
        return times.idle + times.iowait

    own = psutil.Process().children(recursive=True)  # the server, its kernels, the browser
    found: list[Idle] = []
    groups = ([kernel], pages, own)
    at, before = time.perf_counter(), [at_rest(), *map(used, groups)]
    yield found
    seconds = time.perf_counter() - at
    after = [at_rest(), *map(used, groups)]
    rest, of_kernel, of_pages, of_all = (
        (b - a) / seconds for a, b in zip(before, after, strict=True)
    )
    cores = psutil.cpu_count() or 1
    found.append(Idle(1 - of_kernel, rest / cores, of_pages, max(0.0, cores - rest - of_all)))


@contextmanager
def share_of_real_time(stage: Stage) -> Iterator[list[float]]:
    """Add to the list the simulated seconds a second of ``lab`` meanwhile."""
    now = "[lab.session.time, time.time()]"
    found: list[float] = []
    simulated, at = stage.value(now)
    yield found
    then, later = stage.value(now)
    found.append((then - simulated) / (later - at))


# --- the slider --------------------------------------------------------------------------------


def slider(stage: Stage, count: int, moves: int = MOVES) -> Delays:
    """Move the slider to and fro and wait for the plot of its Node to show it.

    The last plot gives its place to one of the Node that the slider drives, so that the moved
    value itself is what is seen, not what a network makes of it.
    """
    stage.do("lab.remove_plot(lab.plots[-1])\nlab.add_plot(net.drive, 'value')")
    until(lambda: len(stage.plots()) == count, f"{count} plots with that of the Node")
    return moves_between(stage, stage.page.get_by_role("slider", name="drive").first, moves)


def moves_between(stage: Stage, slider: Locator, moves: int = MOVES) -> Delays:
    """Click to and fro on a slider while some plot on the page shows its value as a line."""
    time.sleep(SETTLE_S)
    stage.call("begin")
    track = slider.bounding_box()
    assert track is not None, "the slider is hidden"
    places = {
        which: (track["x"] + share * track["width"], track["y"] + track["height"] / 2)
        for which, share in (("low", 0.15), ("high", 0.85))
    }
    _calibrate(stage, places)
    return Delays.of(_moves(stage, places, moves))


def _calibrate(stage: Stage, places: dict[str, tuple[float, float]]) -> None:
    """Take pictures of all plots with either value, until one shows both.

    No value stays as long as the window: a plot may fit its range to what is in it, and must
    have the same range in both pictures as later.
    """
    for attempt in range(3):
        stage.call("aim")
        for which, place in [*places.items(), *places.items()]:
            stage.page.mouse.click(*place)
            time.sleep(1.0 + 0.3 * attempt)
            stage.call("keep", which)
        if stage.call("settle") >= 0:
            return
    raise RuntimeError("no plot shows the moves of the Node that the slider drives")


def _moves(
    stage: Stage, places: dict[str, tuple[float, float]], moves: int
) -> list[dict[str, float] | None]:
    """Move to the other place at times that keep no step with anything."""
    rng = random.Random(0)
    found = []
    for move in range(moves):
        which = ("low", "high")[move % 2]
        stage.call("gone", which, LOST_MS)
        time.sleep(rng.uniform(0.3, 0.7))
        stage.call("arm", which, LOST_MS)
        stage.page.mouse.click(*places[which])
        found.append(stage.call("outcome"))
    return found


# --- speed -------------------------------------------------------------------------------------


def speed_kept(stage: Stage, seconds: float = 2.0, rounds: int = 3) -> tuple[float, float]:
    """Give steps a second at unlimited speed, with the plots and headless, in turn."""
    stage.do(
        "lab.session.pause().result()\n"
        "lab.session.set_speed(None).result()\n"
        "headless = Session(net, speed=None)"
    )
    stage.wait("headless.state == 'ready'")
    stage.do(f"turns = Turns({{'lab': lab.session, 'headless': headless}}, {seconds}, {rounds})")
    time.sleep(rounds * 2 * (seconds + 0.5))
    rates = stage.wait("turns.result()")
    stage.do("headless.close()\nlab.session.set_speed(1.0).result()\nlab.session.play()")
    return rates["lab"], rates["headless"]
