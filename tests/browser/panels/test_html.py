"""Pages that Nodes write, in the browser: shown, and neither run nor loaded what must not be."""

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from tests.browser.jupyter import LIGHT, JupyterLab
from tests.browser.panel import comes, open_panel, until
from tests.browser.panels.looks import check_looks
from tests.browser.test_lab_saved import picture_in

pytestmark = pytest.mark.in_turn

NETWORK = """\
import nengo
import numpy as np
from nengolab_widgets import Lab

def dial(t, x):
    angle = 90 * x[0]
    dial._nengo_html_ = f'''
    <svg width="100%" height="100%" viewBox="-60 -60 120 70">
      <path d="M -50 0 A 50 50 0 0 1 50 0" fill="none" stroke="#0072b2" stroke-width="4"/>
      <line y2="-45" stroke="#d55e00" stroke-width="3" transform="rotate({angle:.1f})"/>
      <text y="8" text-anchor="middle" font-size="9">{x[0]:.2f}</text>
    </svg>'''

def bad(t):
    bad._nengo_html_ = '''
    <h2 id="title">A page that means ill</h2>
    <script>top.evil = 1; parent.document.title = "evil"; fetch("https://evil.invalid/fetch")</script>
    <img src="https://evil.invalid/image.png" onerror="top.evil = 2">
    <div style="background: url(https://evil.invalid/background.png)">styled</div>
    <style>@import "https://evil.invalid/style.css"; h2 { color: rgb(200, 0, 0) }</style>
    <style>p { color: rgb(0, 0, 200);
      background-image: image-set("https://evil.invalid/set.png" 1x) }</style>
    <p>What may be shown is shown.</p>
    <meta http-equiv="refresh" content="0;url=https://evil.invalid/refresh">
    <link rel="stylesheet" href="https://evil.invalid/link.css">
    <iframe src="https://evil.invalid/frame"></iframe>
    <svg width="20" height="20" onload="top.evil = 3"><script>top.evil = 4</script>
      <image href="https://evil.invalid/svg.png" width="9" height="9"/></svg>
    <a href="https://evil.invalid/link">a link</a>'''

with nengo.Network(label="pages", seed=1) as net:
    wave = nengo.Node(lambda t: np.sin(4 * t), label="wave")
    dials = nengo.Node(dial, size_in=1, label="dial")
    ill = nengo.Node(bad, label="ill")
    nengo.Connection(wave, dials, synapse=None)
"""
PLOTS = """\
lab = Lab(net, plots=[dials, ill, (dials, "html", {"ground": "theme", "height": 120}), wave])
lab
"""


def test_pages_are_shown_and_nothing_in_them_runs_or_loads(lab: JupyterLab) -> None:
    asked: list[str] = []

    def note(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    lab.page.route("https://evil.invalid/**", note)
    panel = open_panel(lab, [NETWORK, PLOTS], name="pages")
    panel.press("play")
    until(lambda: len(panel.plot("dial html")["t"]) > 10, "pages", 120)
    start = len(panel.plot("dial html")["t"]), panel.status["time"]
    panel.wait_time(start[1] + 2)
    pages, seconds = len(panel.plot("dial html")["t"]) - start[0], panel.status["time"] - start[1]
    panel.press("pause")
    panel.wait_state("paused")
    assert 5 * seconds < pages < 25 * seconds
    until(lambda: abs(panel.plot("dial html")["t"][-1] - panel.status["time"]) < 0.002, "the end")

    frames = panel.root.locator("iframe.nl-html-frame")
    until(lambda: frames.count() == 3, "one frame each")
    assert {frame.get_attribute("sandbox") for frame in frames.all()} == {""}
    ill = panel.root.locator("figure", has_text="ill").frame_locator("iframe")
    expect(ill.locator("h2")).to_have_text("A page that means ill")
    comes(lambda: ill.locator("p").evaluate("e => getComputedStyle(e).color"), "rgb(0, 0, 200)")
    assert ill.locator("script, iframe, a, link, meta[http-equiv=refresh]").count() == 0
    dial = panel.root.locator("figure", has_text="dial").first.frame_locator("iframe")
    assert abs(float(dial.locator("text").text_content()) - np.sin(4 * panel.status["time"])) < 0.02

    # What the sanitiser would miss, the frame itself stops.
    panel.root.locator("figure", has_text="ill").locator("iframe").evaluate(
        """frame => { const open = frame.cloneNode();
          open.srcdoc = frame.srcdoc.replace("</body>", `<script>top.evil = 5</script>
            <img src="https://evil.invalid/through.png" onerror="top.evil = 6"></body>`);
          open.dataset.through = ""; frame.after(open); }"""
    )
    lab.page.wait_for_timeout(700)
    through = panel.root.frame_locator("iframe[data-through]")
    assert through.locator("img[src]").count() == 1, "it is really there"
    assert lab.page.evaluate("window.evil") is None
    assert "evil" not in lab.page.title()
    assert asked == []
    panel.root.locator("iframe[data-through]").evaluate("frame => frame.remove()")
    check_looks(panel, lab)
    pages_are_in_the_saved_picture(lab)
    assert asked == []
    lab.page.unroute("https://evil.invalid/**")


def pages_are_in_the_saved_picture(lab: JupyterLab) -> None:
    lab.set_theme(LIGHT)
    lab.page.wait_for_timeout(700)
    colors = picture_in(lab.save(), "RGB")
    # The dial's blue arc and its red hand.
    for color in ([0, 114, 178], [213, 94, 0]):
        near = np.abs(colors - color).max(axis=-1) < 24
        assert near.sum() > 100, color
