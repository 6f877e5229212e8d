"""The benchmark of the panel sees what there is: on a page that is known, and on a Lab."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute

from nengolab.benchmarks.live import phases
from nengolab.benchmarks.live.stage import HERE, Stage
from tests.browser.jupyter import Server

#: A chart that scrolls by copying itself in every frame, and takes a slider's value after a while.
PAGE = """
<body style="margin: 0; background: white">
<input type="range" min="0" max="100" value="50" style="width: 400px"><br>
<canvas width="600" height="184"></canvas><canvas width="600" height="20"></canvas>
<script>
  const DELAY = 150;
  const [chart, ticks] = document.querySelectorAll("canvas");
  const [context, small] = [chart, ticks].map(canvas => canvas.getContext("2d"));
  let value = 50;
  window.pictures = 0;
  document.querySelector("input").addEventListener("input", event => {
    setTimeout(() => { value = event.target.valueAsNumber; }, DELAY);
  });
  const draw = () => {
    window.pictures += 1;
    context.globalCompositeOperation = "copy";
    context.drawImage(chart, -9, 0);
    context.globalCompositeOperation = "source-over";
    context.clearRect(591, 0, 9, 184);
    context.fillStyle = "#0072b2";
    context.fillRect(591, 170 - 1.5 * value, 9, 2);
    small.fillRect(0, 0, 600, 20);
    requestAnimationFrame(draw);
  };
  draw();
  const socket = new WebSocket("ws://127.0.0.1:9/api/kernels/x/channels");
  socket.binaryType = "arraybuffer";
</script>
"""


@pytest.fixture
def watched(page: Page) -> tuple[Page, list[WebSocketRoute]]:
    """A page with the chart, and the other end of its connection."""
    sockets: list[WebSocketRoute] = []
    page.route_web_socket("ws://127.0.0.1:9/**", lambda socket: sockets.append(socket))
    page.add_init_script(path=HERE / "page.js")
    page.route(
        "http://127.0.0.1:9/", lambda route: route.fulfill(body=PAGE, content_type="text/html")
    )
    page.goto("http://127.0.0.1:9/")
    while not sockets:
        page.wait_for_timeout(10)
    return page, sockets


def _message(kind: str, buffer: bytes) -> bytes:
    """Give a message as Jupyter's binary protocol has it."""
    parts = [b"iopub", json.dumps({"msg_type": kind}).encode(), b"{}", b"{}", b"{}", buffer]
    if not buffer:
        parts.pop()
    count = len(parts) + 1
    offsets = [8 * (count + 1)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f"<{count + 1}Q", count, *offsets) + b"".join(parts)


def _call(page: Page, name: str, *arguments):
    code = "([name, args]) => window.nengolabBenchmark[name](...args)"
    return page.evaluate(code, [name, list(arguments)])


def test_data_is_new_only_when_it_came(watched: tuple[Page, list[WebSocketRoute]]) -> None:
    page, (socket,) = watched
    page.wait_for_timeout(100)
    [box] = _call(page, "begin")
    assert (box["width"], box["height"]) == (600, 184)
    for _ in range(10):
        socket.send(_message("comm_msg", b"12345678"))
        socket.send(_message("status", b""))
        socket.send(_message("comm_msg", b""))
        page.wait_for_timeout(60)
    page.wait_for_timeout(300)
    counts = _call(page, "counts")
    assert (counts["messages"], counts["bytes"]) == (10, 80)
    [plot] = counts["plots"]
    assert 8 <= plot["fresh"] <= 10
    assert plot["drawn"] > 2 * plot["fresh"]
    assert plot["drawn"] <= counts["frames"]
    assert counts["own"] is None


def test_pictures_are_counted_without_asking_for_frames(
    watched: tuple[Page, list[WebSocketRoute]],
) -> None:
    page, _ = watched
    page.wait_for_timeout(100)
    _call(page, "rest")
    page.wait_for_timeout(100)
    own = "() => [window.pictures, window.nengolabBenchmark.counts().plots[0].drawn]"
    _call(page, "begin")
    first, none = page.evaluate(own)
    page.wait_for_timeout(500)
    last, drawn = page.evaluate(own)
    assert last - first > 5
    assert abs((drawn - none) - (last - first)) <= 1


def test_a_moved_value_is_seen_when_it_is_drawn(
    watched: tuple[Page, list[WebSocketRoute]],
) -> None:
    page, _ = watched
    _call(page, "begin")
    places = {"low": (60, 8), "high": (340, 8)}
    _call(page, "aim")
    for which, place in places.items():
        page.mouse.click(*place)
        page.wait_for_timeout(1500)
        _call(page, "keep", which)
    assert _call(page, "settle") == 0
    found = []
    for which in ("low", "high", "low", "high"):
        assert _call(page, "gone", which, 3000) is not None
        _call(page, "arm", which, 3000)
        page.mouse.click(*places[which])
        found.append(_call(page, "outcome")["input"])
    assert min(found) >= 150
    assert sorted(found)[1] < 150 + 100  # a frame or two later; more where the machine is busy
    _call(page, "gone", "low", 3000)
    _call(page, "arm", "low", 300)
    assert _call(page, "outcome") is None  # nobody moved


@pytest.fixture
def stage(browser: Browser, jupyter_server: Server) -> Iterator[Stage]:
    jupyter_server.forget()
    stage = Stage(browser, jupyter_server)
    yield stage
    stage.close()


def test_a_lab_is_measured(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phases, "SETTLE_S", 0.5)
    monkeypatch.setattr(phases, "LOOK_S", 1.0)
    phases.open_plots(stage, 1, ensembles=2)
    freshness, idle = phases.freshness(stage, 1)
    [fresh], [drawn] = freshness.fresh, freshness.drawn
    assert 0 < fresh <= drawn <= freshness.frames + 2
    assert abs(freshness.size[0] - 600) <= 2
    assert freshness.messages >= fresh - 2
    assert idle.kernel < 1
    at = time.monotonic()
    delays = phases.slider(stage, 1, moves=4)
    assert 0 < delays.median < 1000 * (time.monotonic() - at)
    assert delays.seen > 0
