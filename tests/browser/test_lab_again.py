"""Cells that run again, Labs side by side, reloads, busy cells: nothing is left, nothing waits."""

import time

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import NETWORK, Panel, open_panel, until

THREADS = "sum(t.name == 'nengolab session' for t in __import__('threading').enumerate())"


def test_a_cell_that_runs_again_frees_what_it_made(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    panel.press("play")
    panel.wait_time(0.3)
    for _ in range(3):
        lab.run_all()
        until(lambda: lab.page.locator(".nl-lab").count() == 1, "one panel")
        Panel(lab).wait_state("ready")
    until(lambda: lab.value(THREADS) == 1, "one session", 40)
    assert lab.errors == []
    assert not [line for line in lab.console if "Cannot send" in line]


def test_a_second_lab_on_one_network_lives(lab: JupyterLab) -> None:
    cells = [
        NETWORK,
        "lab = Lab(net)\nlab",
        "other = Lab(net)\nother",
        "third = Lab(lab.session)\nthird",
    ]
    lab.open_notebook(lab.server.add_notebook(cells, "two.ipynb"))
    lab.run_all()
    panels = [Panel(lab, index) for index in range(3)]
    for panel in panels:
        panel.wait_state("ready")
        until(lambda p=panel: p.titles(), "a layout")
    panels[0].press("play")
    panels[2].wait_state("running")
    panels[2].drag("drive", -0.25)
    field = panels[0].root.get_by_label("drive, value")
    until(lambda: field.input_value() == "-0.25", "the slider of the other Lab on the session")
    assert panels[1].status["state"] == "ready"


def test_two_pages_on_one_kernel_show_the_same(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    lab.save()
    page = lab.page.context.new_page()
    other_lab = JupyterLab(page, lab.server, "two-pages")
    other_lab.open_notebook("lab.ipynb")
    other = Panel(other_lab)
    until(other.titles, "a layout", 60)
    until(lambda: lab.value("lab.stats['views']") == 2, "two views")
    panel.press("play")
    other.wait_time(0.5)
    other.drag("drive", -0.5)
    field = panel.root.get_by_label("drive, value")
    until(lambda: field.input_value() == "-0.50", "the slider in the first page")
    for each in (panel, other):
        until(lambda p=each: abs(p.recent("ens value") + 0.5) < 0.15, "its plots go on")
    other.add_plot("drive: value")
    until(lambda: "drive value" in panel.titles(), "a plot that the other page opened")
    page.close()
    until(lambda: lab.value("lab.stats['views']") == 1, "one view", 40)
    assert panel.status["state"] == "running"
    assert lab.errors == []
    assert other_lab.errors == []


def test_nothing_of_the_panel_waits_for_a_cell(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    panel.press("play")
    panel.wait_time(0.5)
    lab.page.evaluate(
        "() => void jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({code: 'import time; time.sleep(30); late = True'})"
    )
    until(lambda: panel.status["time"] > 1.5, "it runs on")
    drawn = panel.stats["drawn"]
    until(lambda: panel.stats["drawn"] > drawn + 20, "plots go on while a cell runs")
    panel.press("pause")
    panel.wait_state("paused", timeout=5)
    panel.add_plot("drive: value")
    until(lambda: "drive value" in panel.titles(), "a plot that is added meanwhile", 5)
    busy = lab.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
    )
    assert busy == "busy", "all of that was during the cell"


def test_the_indicator_of_the_kernel_stands_still(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    panel.press("play")
    panel.wait_time(1.0)
    changes = lab.page.evaluate(
        """async () => {
          const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
          let changes = 0;
          const count = () => { changes += 1; };
          kernel.statusChanged.connect(count);
          await new Promise(resolve => setTimeout(resolve, 2000));
          kernel.statusChanged.disconnect(count);
          return changes;
        }"""
    )
    assert changes == 0


def test_a_reload_forgets_the_old_view_and_the_run_goes_on(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    panel.press("play")
    panel.wait_time(0.5)
    lab.save()
    lab.reload()
    panel = Panel(lab)
    panel.wait_state("running")
    until(lambda: lab.value("lab.stats['views']") == 1, "one view")


def test_a_closed_lab_says_so(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    lab.execute("lab.close()")
    until(lambda: panel.words == "closed", "its end is said")
    slider = panel.root.get_by_role("slider", name="drive", exact=True)
    expect(slider).to_be_disabled()
    until(lambda: panel.root.locator("figure").count() == 4, "what it showed stays")


@pytest.mark.own_page
def test_a_page_that_slept_goes_on_where_the_run_is(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    panel.press("play")
    panel.wait_time(0.5)
    devtools = lab.page.context.new_cdp_session(lab.page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    time.sleep(8)  # the kernel stops to send after less
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    panel.wait_time(8.0)
    drawn = panel.stats["drawn"]
    until(lambda: panel.stats["drawn"] > drawn + 10, "plots go on")
    times = panel.plot("ens value")["t"]
    assert times[-1] > panel.status["time"] - 2.0
    recent = times[times > times[-1] - 1.5]
    assert np.diff(recent).max() < 0.1, "the window is whole again"
    expect(panel.root.get_by_role("alert")).to_be_hidden()
    panel.drag("drive", -0.6)
    until(lambda: abs(panel.recent("ens value") + 0.6) < 0.15, "sliders act")
    assert lab.errors == []
