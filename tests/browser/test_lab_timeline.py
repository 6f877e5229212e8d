"""The timeline that all plots share: zoom, pan, hover, history; settings, exports, typed values."""

import csv
import io
import re

import numpy as np
import pytest

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel, comes, open_panel, until


def middle_of(panel: Panel, index: int) -> tuple[float, float]:
    """Return a point of the page in the middle of a plot."""
    drawing = panel.root.locator(".nl-strip-drawing").nth(index)
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def playhead(panel: Panel) -> dict:
    return panel.root.evaluate("el => el.nengolab.playhead()")


def test_the_timeline_and_what_plots_offer(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    typed_values_go_beyond_the_slider_and_python_moves_it(panel, lab)
    panel.press("play")
    panel.wait_time(2.5)
    settings_act_while_it_runs(panel)
    history_can_be_looked_at_while_it_runs(panel)
    panel.press("pause")
    panel.wait_state("paused")
    what_scrolled_by_looks_as_if_drawn_anew(panel)
    exports_hold_what_is_shown(panel, lab)
    zoom_pan_and_hover_move_all_plots(panel, lab)
    a_kind_of_another_package_is_shown_and_an_unknown_one_says_so(panel, lab)
    assert lab.errors == []


def typed_values_go_beyond_the_slider_and_python_moves_it(panel: Panel, lab: JupyterLab) -> None:
    field = panel.root.get_by_label("wave, dimension 1, value")
    field.fill("2.75")
    field.press("Enter")
    typed = "list(lab.session.inputs.get(wave, []))"
    until(lambda: lab.value(typed) == [0, 2.75], "what was typed")
    lab.execute("lab.session.set_input(drive, 0.123456)")
    drive = panel.root.get_by_label("drive, value")
    until(lambda: drive.input_value() == "0.123456", "the slider of what Python set")
    panel.drag("drive", 0.5)
    until(lambda: lab.value("lab.session.inputs[drive].tolist()") == [0.5], "the slider's value")
    comes(lambda: lab.value("lab.session.inputs[wave].tolist()"), [0, 2.75])
    # What follows has the wave that moves.
    lab.value("lab.session.set_input(wave, None).result(60) is None")


def settings_act_while_it_runs(panel: Panel) -> None:
    panel.press("settings of the plot ens: value, 30 ms filter")
    menu = panel.root.get_by_role("group", name="settings of the plot ens")
    field = menu.get_by_label("filter", exact=True)
    field.fill("0.2")
    field.press("Enter")
    until(lambda: "value, 200 ms filter" in panel.root.inner_text(), "the other filter")
    until(lambda: len(panel.plot("ens value")["t"]) > 50, "data through it")
    low, high = menu.get_by_label("range, from"), menu.get_by_label("range, to")
    low.fill("-3")
    low.press("Enter")
    high.fill("3")
    high.press("Enter")
    until(
        lambda: panel.root.evaluate("el => el.nengolab.layout().panels[0].data.range") == [-3, 3],
        "the range",
    )
    panel.screenshot("settings")


def history_can_be_looked_at_while_it_runs(panel: Panel) -> None:
    panel.wait_time(5.0)
    handle = panel.root.get_by_label("history")
    handle.evaluate("el => { el.value = '300'; el.dispatchEvent(new Event('input')); }")
    held = until(lambda: playhead(panel)["held"], "an older stretch")
    assert held["to"] < 4.5
    panel.drawn()
    picture = panel.pixels(".nl-strip-drawing")
    time = panel.status["time"]
    panel.wait_time(time + 0.5)
    assert panel.status["state"] == "running"
    assert np.array_equal(picture, panel.pixels(".nl-strip-drawing")), "it stands still"
    assert playhead(panel)["held"] == held
    panel.press("live")
    until(lambda: playhead(panel)["held"] is None, "the newest again")
    until(lambda: not np.array_equal(picture, panel.pixels(".nl-strip-drawing")), "it moves")


def what_scrolled_by_looks_as_if_drawn_anew(panel: Panel) -> None:
    last = panel.status["time"]
    until(lambda: playhead(panel)["now"] == pytest.approx(last), "the last frame")
    for index in range(4):
        apart = panel.root.locator(".nl-strip-drawing").nth(index).evaluate(_APART)
        # Antialiasing at seams may differ by a shade; a wrong place would differ by a colour.
        assert apart < 0.01, index


#: The share of a plot's pixels that differ by more than a shade after its size went to and fro.
_APART = """async drawing => {
  const pixels = () =>
    drawing.getContext("2d").getImageData(0, 0, drawing.width, drawing.height).data;
  const resized = () => new Promise(resolve => {
    const width = drawing.width;
    const look = () => drawing.width === width ? requestAnimationFrame(look)
      : requestAnimationFrame(() => requestAnimationFrame(resolve));
    look();
  });
  const scrolled = pixels();
  const root = drawing.closest(".nl-lab");
  root.style.width = "90%";
  await resized();
  root.style.width = "";
  await resized();
  const anew = pixels();
  let apart = scrolled.length === anew.length ? 0 : Infinity;
  for (let i = 0; i < anew.length; i += 4) {
    apart += [0, 1, 2, 3].some(k => Math.abs(scrolled[i + k] - anew[i + k]) > 64);
  }
  return apart / (anew.length / 4);
}"""


def exports_hold_what_is_shown(panel: Panel, lab: JupyterLab) -> None:
    panel.press("settings of the plot ens: value, 200 ms filter")
    menu = panel.root.get_by_role("group", name="settings of the plot ens")
    with lab.page.expect_download() as download:
        menu.get_by_role("button", name="CSV").click()
    rows = list(csv.reader(io.StringIO(download.value.path().read_text())))
    kept = panel.plot("ens value")
    assert rows[0] == ["t", "y0"]
    np.testing.assert_allclose([float(row[0]) for row in rows[1:]], kept["t"])
    with lab.page.expect_download() as download:
        menu.get_by_role("button", name="NPZ").click()
    loaded = np.load(download.value.path())
    np.testing.assert_allclose(loaded["t"], kept["t"])
    np.testing.assert_allclose(loaded["y0"], kept["y0"])
    with lab.page.expect_download() as download:
        menu.get_by_role("button", name="SVG").click()
    svg = download.value.path().read_text()
    assert svg.startswith("<svg")
    assert "time (s)" in svg
    assert svg.count("<path") >= 1
    lab.page.keyboard.press("Escape")


def zoom_pan_and_hover_move_all_plots(panel: Panel, lab: JupyterLab) -> None:
    mouse = lab.page.mouse
    mouse.move(*middle_of(panel, 3))
    readings = panel.root.locator(".nl-readings:visible")
    until(lambda: readings.count() == 4, "every plot says what it shows there")
    cursor = playhead(panel)["hover"]
    plane = panel.plot("plane value")
    expected = plane["y0"][np.abs(plane["t"] - cursor).argmin()]
    text = panel.root.locator("figure").nth(3).locator(".nl-readings").inner_text()
    assert float(re.search(r"dimension 0\s+(-?[\d.]+)", text)[1]) == pytest.approx(
        expected, abs=0.005
    )

    lab.page.keyboard.down("Control")
    mouse.wheel(0, -800)
    lab.page.keyboard.up("Control")
    held = until(lambda: playhead(panel)["held"], "a zoomed view")
    assert held["from"] < cursor < held["to"]
    assert held["to"] - held["from"] < 1.0
    panel.screenshot("zoomed")

    before = held["from"]
    x, y = middle_of(panel, 3)
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 80, y, steps=4)
    mouse.up()
    until(lambda: playhead(panel)["held"]["from"] < before, "dragging shows what was before")

    panel.root.focus()
    lab.page.keyboard.press("End")
    until(lambda: playhead(panel)["held"] is None, "the newest again")
    for theme, label in ((DARK, "dark"), (LIGHT, "light")):
        lab.set_theme(theme)
        lab.page.mouse.move(*middle_of(panel, 0))
        until(lambda: readings.count() == 4, "readings")
        panel.screenshot(label)


FOREIGN = '''\
import nengolab_widgets.panels as panels
from importlib.metadata import EntryPoint
from nengolab_widgets.panel import Panel
from nengolab.live import LinesSpec

class Needle(Panel):
    """The newest value, as a word."""
    name, label = "needle", "needle"
    esm = """
    export default { name: "needle", make() { let el, kit, last = NaN; return {
      mount(body, context) { kit = context.kit; el = kit.make("p", "needle"); body.append(el);
        el.addEventListener("click", () => context.send({ type: "poke" })); },
      receive(arrays) { const y = arrays.get("y"); if (y.length) last = y[y.length - 1]; },
      hear(content) { el.dataset.heard = content.answer; },
      draw() { kit.setText(el, `points at ${last.toFixed(1)}`); },
      clear() {}, retheme() {} }; } };
    """
    @classmethod
    def suits(cls, obj): return hasattr(obj, "n_neurons")
    @property
    def what(self): return "newest value"
    def spec(self):
        self.probe = self.place.probe(self.obj, None, 0.03)
        return LinesSpec(self.probe, self.place.window, id=self.identity.id, rev=self.identity.rev)
    def layout(self): return {}
    def handle(self, content): self.place.send(self, {"answer": "ouch"})

entry = EntryPoint("needle", "needle:Needle", "nengolab.panels")
EntryPoint.load = lambda self, load=EntryPoint.load: Needle if self.name == "needle" else load(self)
panels.entry_points = lambda group: [entry]
panels.kinds.cache_clear()
lab.add_plot(ens, "needle")'''


def a_kind_of_another_package_is_shown_and_an_unknown_one_says_so(
    panel: Panel, lab: JupyterLab
) -> None:
    reply = lab.execute(FOREIGN)
    assert reply["status"] == "ok", reply
    panel.press("play")
    until(lambda: "points at 0.5" in panel.root.inner_text(), "what the foreign panel draws")
    needle = panel.root.locator(".needle")
    needle.click()
    until(lambda: needle.get_attribute("data-heard") == "ouch", "its Python side's answer")
    panel.screenshot("foreign")
    lab.execute("Needle.esm = None; lab._panels_changed()")
    lab.execute("lab.add_plot(plane, 'needle')")
    # This page has loaded the kind's text before; one that has not says so.
    lab.execute("lab._bench.find(lab.plots[-1]).__class__.name = 'gauge'; lab._panels_changed()")
    until(lambda: "made by a newer nengolab" in panel.root.inner_text(), "what is not known")
