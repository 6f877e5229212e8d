"""Cells that run again, Labs side by side, two pages: nothing is left, each goes on by itself."""

import time

import numpy as np
from playwright.sync_api import expect

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import NETWORK, Panel, open_panel, until

THREADS = "sum(t.name == 'nengolab session' for t in __import__('threading').enumerate())"
CELLS = [
    NETWORK,
    "lab = Lab(net)\nlab",
    "other = Lab(net)\nother",
    "third = Lab(lab.session)\nthird",
]


def test_labs_side_by_side_whose_cells_run_again(lab: JupyterLab) -> None:
    lab.open_notebook(lab.server.add_notebook(CELLS, "two.ipynb"))
    lab.run_all()
    panels = [Panel(lab, index) for index in range(3)]
    for panel in panels:
        panel.wait_state("ready")
        until(lambda p=panel: p.titles(), "a layout")
    a_second_lab_on_one_network_lives(panels)
    the_indicator_of_the_kernel_stands_still(panels[0], lab)
    cells_that_run_again_free_what_they_made(lab)
    a_closed_lab_says_so(Panel(lab), lab)
    assert lab.errors == []


def a_second_lab_on_one_network_lives(panels: list[Panel]) -> None:
    panels[0].press("play")
    panels[2].wait_state("running")
    panels[2].drag("drive", -0.25)
    field = panels[0].root.get_by_label("drive, value")
    until(lambda: field.input_value() == "-0.25", "the slider of the other Lab on the session")
    assert panels[1].status["state"] == "ready"


def the_indicator_of_the_kernel_stands_still(panel: Panel, lab: JupyterLab) -> None:
    # What is not on the screen is not told the time.
    panel.root.scroll_into_view_if_needed()
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


def cells_that_run_again_free_what_they_made(lab: JupyterLab) -> None:
    """While the first Lab runs, and once more while all rest."""
    for _ in range(2):
        lab.run_all()
        until(lambda: lab.page.locator(".nl-lab").count() == 3, "one panel of each cell")
        for index in range(3):
            Panel(lab, index).wait_state("ready")
    until(
        lambda: lab.value(THREADS) == 2, "the sessions of two Labs; the third has the first's", 40
    )
    assert not [line for line in lab.console if "Cannot send" in line]


def a_closed_lab_says_so(panel: Panel, lab: JupyterLab) -> None:
    lab.execute("lab.close()")
    until(lambda: panel.words == "closed", "its end is said")
    slider = panel.root.get_by_role("slider", name="drive", exact=True)
    expect(slider).to_be_disabled()
    until(lambda: panel.root.locator("figure").count() == 4, "what it showed stays")


def test_two_pages_on_one_kernel_show_the_same_also_after_one_slept(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, "lab = Lab(net, plots=[ens])\nlab"])
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
    a_page_that_slept_goes_on_where_the_run_is(other)
    page.close()
    until(lambda: lab.value("lab.stats['views']") == 1, "one view", 40)
    assert panel.status["state"] == "running"
    assert lab.errors == []
    assert other_lab.errors == []


def a_page_that_slept_goes_on_where_the_run_is(panel: Panel) -> None:
    page, begun = panel.lab.page, panel.status["time"]
    devtools = page.context.new_cdp_session(page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    time.sleep(8)  # the kernel stops to send after less
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    panel.wait_time(begun + 7.5)
    drawn = panel.stats["drawn"]
    until(lambda: panel.stats["drawn"] > drawn + 10, "plots go on")
    times = panel.plot("ens value")["t"]
    assert times[-1] > panel.status["time"] - 2.0
    recent = times[times > times[-1] - 1.5]
    assert np.diff(recent).max() < 0.1, "the window is whole again"
    expect(panel.root.get_by_role("alert")).to_be_hidden()
    panel.drag("drive", -0.6)
    until(lambda: abs(panel.recent("ens value") + 0.6) < 0.15, "sliders act")
