"""The Lab in a real JupyterLab: run, drag, watch, pause, step, reset, reload; its kernel ends.

A notebook, its kernel and its Lab take most of a test's time, so each test is the story of one: its
parts are functions, in the order in which a person could do these things.
"""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import COLD, DARK, KERNEL6, LIGHT, JupyterLab
from tests.browser.panel import Panel, comes, open_panel, until


@pytest.mark.parametrize("kernel", [COLD, KERNEL6])
def test_a_run_until_its_kernel_ends(lab: JupyterLab, kernel: str) -> None:
    panel = open_panel(lab, kernel=kernel)
    play_drag_and_pause(panel)
    all_plots_show_the_same_instants_and_what_the_engine_computed(panel)
    step_and_reset(panel)
    assert lab.errors == []
    a_killed_kernel_is_noticed(panel, lab)


def play_drag_and_pause(panel: Panel) -> None:
    comes(lambda: panel.titles(), ["ens value", "ens raster", "ens rates", "plane value"])
    comes(lambda: panel.words, "ready")
    panel.press("play")
    panel.wait_time(1.0)
    comes(lambda: panel.words, "running")
    until(lambda: abs(panel.recent("ens value") - 0.5) < 0.15, "the value of the node")
    quiet_rate = panel.recent("ens rates")

    panel.drag("drive", 1.0)
    until(lambda: panel.recent("ens value") > 0.8, "the value follows the slider")
    panel.wait_time(panel.status["time"] + 0.5)
    assert panel.recent("ens rates") > quiet_rate
    panel.drag("drive", -0.6)
    until(lambda: abs(panel.recent("ens value") + 0.6) < 0.15, "the value follows the slider back")
    panel.screenshot("running")
    panel.wait_time(2.5)
    panel.press("pause")
    panel.wait_state("paused")


def all_plots_show_the_same_instants_and_what_the_engine_computed(panel: Panel) -> None:
    for title in ("ens value", "ens rates", "plane value"):
        last = pytest.approx(0, abs=1e-6)  # times are sent in single precision
        comes(lambda title=title: panel.status["time"] - panel.plot(title)["t"].max(), last)
    now = panel.status["time"]
    until(lambda: now - panel.plot("ens raster")["t"].max() < 0.05, "the last spikes")

    # So many spikes a second and neuron is the rate.
    raster, rates = panel.plot("ens raster"), panel.plot("ens rates")
    inside = raster["t"] > now - 1.0
    spikes = inside.sum()
    rate = rates["y0"][rates["t"] > now - 1.0].mean()
    # A pixel shows one spike of a neuron, however many there are; so never more than the rate.
    assert 0.5 * rate < spikes / 60 <= 1.05 * rate
    assert set(raster["i"][inside]) <= set(range(60))

    # The node is known exactly: what is plotted of it must be the sine.
    plane = panel.plot("plane value")
    late = plane["t"] > 1.0
    lag = 0.03 + 0.005  # the plot's filter and the connection's
    expected = np.sin(6 * (plane["t"][late] - lag))
    assert np.corrcoef(plane["y0"][late], expected)[0, 1] > 0.98


def step_and_reset(panel: Panel) -> None:
    steps = panel.status["n_steps"]
    panel.press("single step")
    until(lambda: panel.status["n_steps"] == steps + 1, "one step more")
    panel.screenshot("paused")
    panel.press("reset")
    until(lambda: panel.status["n_steps"] == 0, "time zero")
    until(lambda: all(len(panel.plot(t)["t"]) == 0 for t in panel.titles()), "empty plots")


def a_killed_kernel_is_noticed(panel: Panel, lab: JupyterLab) -> None:
    panel.press("play")
    panel.wait_time(0.5)
    lab.page.evaluate(
        "() => void jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({code: 'import os; os._exit(1)'})"
    )
    until(lambda: panel.words == "kernel gone", "the panel says that the kernel is gone")
    expect(panel.root.get_by_role("alert")).to_contain_text("Run the notebook again")
    assert (
        panel.root.get_by_role("button", name="play").count()
        + panel.root.get_by_role("button", name="pause").count()
        == 1
    )
    panel.screenshot("gone")


def test_keys_sizes_plots_themes_and_a_reload(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    keys_act_while_the_focus_is_inside_and_only_then(panel, lab)
    the_transport_bar_is_seen_where_the_lab_is_higher_than_the_window(panel, lab)
    plots_are_added_and_removed_while_it_runs(panel)
    nothing_is_cut_off_where_it_is_narrow(panel, lab)
    panel = a_reload_shows_the_window_again(panel, lab)
    themes_are_followed_live(panel, lab)
    assert lab.errors == []


def keys_act_while_the_focus_is_inside_and_only_then(panel: Panel, lab: JupyterLab) -> None:
    panel.root.focus()
    lab.page.keyboard.press("Space")
    panel.wait_state("running")
    lab.page.keyboard.press("Space")
    panel.wait_state("paused")
    steps = panel.status["n_steps"]
    lab.page.keyboard.press("ArrowRight")
    until(lambda: panel.status["n_steps"] == steps + 1, "one step more")
    lab.page.keyboard.press("?")
    expect(panel.root.get_by_text("play and pause")).to_be_visible()
    panel.screenshot("keys")
    lab.page.keyboard.press("r")
    until(lambda: panel.status["n_steps"] == 0, "time zero")
    cells = lab.notebook.locator(".jp-Cell").count()

    lab.cell(0).locator(".jp-InputPrompt").click()
    lab.page.keyboard.press("ArrowRight")
    lab.page.wait_for_timeout(500)
    assert panel.status["n_steps"] == 0
    assert lab.notebook.locator(".jp-Cell").count() == cells
    panel.root.focus()
    lab.page.keyboard.press("?")
    expect(panel.root.get_by_text("play and pause")).to_be_hidden()


def the_transport_bar_is_seen_where_the_lab_is_higher_than_the_window(
    panel: Panel, lab: JupyterLab
) -> None:
    size = lab.page.viewport_size
    lab.page.set_viewport_size({"width": 1300, "height": 700})
    bar, notebook = panel.root.locator(".nl-transport"), lab.page.locator(".jp-WindowedPanel-outer")

    def lower_edges() -> list[float]:
        boxes = [place.bounding_box() for place in (panel.root, bar, notebook)]
        return [box["y"] + box["height"] for box in boxes]

    def goes_on_below() -> bool:
        whole, _, edge = lower_edges()
        return whole > edge + 50

    until(goes_on_below, "the Lab goes on below")
    _, seen, edge = lower_edges()
    assert seen <= edge + 1
    panel.screenshot("bar")
    lab.page.set_viewport_size(size)


def plots_are_added_and_removed_while_it_runs(panel: Panel) -> None:
    panel.press("play")
    panel.wait_time(0.5)
    panel.add_plot("plane: spike raster")
    until(lambda: "plane raster" in panel.titles(), "the new plot")
    until(lambda: len(panel.plot("plane raster")["t"]) > 0, "its spikes")
    panel.add_plot("drive: value")
    until(lambda: "drive value" in panel.titles(), "a node's plot")
    until(lambda: panel.recent("drive value") == pytest.approx(0.5), "the node's value")
    panel.screenshot("added")
    assert panel.status["time"] > 0.5, "no reset"
    for name in ("ens: spikes", "ens: mean firing rate of 60 neurons, 50 ms window"):
        panel.press(f"remove the plot {name}")
    until(lambda: not {"ens raster", "ens rates"} & set(panel.titles()), "they are gone")
    expect(panel.root.locator(".nl-plots figure")).to_have_count(4)
    time = panel.status["time"]
    panel.wait_time(time + 0.3)
    assert panel.status["state"] == "running"


def nothing_is_cut_off_where_it_is_narrow(panel: Panel, lab: JupyterLab) -> None:
    size = lab.page.viewport_size
    extra = size["width"] - panel.root.bounding_box()["width"]
    for width in (600, 900, 1900, 3840):
        lab.page.set_viewport_size({"width": round(width + extra), "height": 1600})
        until(lambda w=width: abs(panel.root.bounding_box()["width"] - w) < 3, f"{width} pixels")
        drawn = panel.stats["drawn"]
        until(lambda d=drawn: panel.stats["drawn"] > d + 3, "it is drawn so")
        assert panel.root.evaluate(_OUTSIDE) == []
        if width == 600:  # a picture of the widest takes a second
            panel.screenshot("narrow")
    lab.page.set_viewport_size(size)


def a_reload_shows_the_window_again(panel: Panel, lab: JupyterLab) -> Panel:
    panel.drag("drive", -0.4)
    panel.wait_time(2.5)
    lab.save()
    lab.reload()
    panel = Panel(lab)
    panel.wait_state("running")
    times = until(lambda: panel.plot("ens value")["t"].tolist(), "a snapshot")
    assert times[-1] - times[0] > 1.5, "the whole window, not only what came after the reload"
    slider = panel.root.get_by_role("slider", name="drive", exact=True)
    comes(lambda: float(slider.input_value()), pytest.approx(-0.4))
    drawn = panel.stats["drawn"]
    until(lambda: panel.stats["drawn"] > drawn + 5, "frames go on")
    until(lambda: lab.value("lab.stats['views']") == 1, "the old view is forgotten")
    pictures = lab.page.locator(".jp-OutputArea img:visible")
    until(lambda: pictures.count() == 0, "the picture that was saved is hidden")
    return panel


def themes_are_followed_live(panel: Panel, lab: JupyterLab) -> None:
    for theme, dark in ((DARK, True), (LIGHT, False), ("JupyterLab Dark High Contrast", True)):
        lab.set_theme(theme)

        def looks_right(dark: bool = dark) -> bool:
            # Bar, heading and canvas: most pixels are surface.
            middle = [np.median(panel.pixels(s)) for s in (".nl-plot-body", ".nl-head")]
            return all((grey < 100) == dark for grey in middle)

        until(looks_right, f"the colours of {theme}")
        panel.screenshot(theme)
        # While it runs, and then where no new frame has it drawn again.
        if panel.status["state"] == "running":
            panel.press("pause")
            panel.wait_state("paused")


#: What reaches past the right edge of the panel, or is wider inside than outside.
_OUTSIDE = """el => {
  const right = el.getBoundingClientRect().right;
  return [...el.querySelectorAll('*')]
    .filter(child => child.getBoundingClientRect().right > right + 1
      || (child.scrollWidth > child.clientWidth + 1 && child.clientWidth > 0
          && !child.matches('select, input, span')))
    .map(child => child.className || child.tagName);
}"""
