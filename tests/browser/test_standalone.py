"""Two panels by themselves and a Lab on one session: one run, one timeline; undo by key."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel, comes, until

NETWORK = """\
import nengo
import numpy as np
import ipywidgets
from nengolab_widgets import Lab, Raster, Value

with nengo.Network(label="One run, three widgets", seed=1) as net:
    wave = nengo.Node(lambda t: [np.sin(6 * t), np.cos(6 * t)], label="wave")
    ens = nengo.Ensemble(60, 2, label="ens")
    nengo.Connection(wave, ens)
lab = Lab(net, plots=[ens, (ens, "rates"), wave])
lab
"""
PANELS = """\
value, raster = Value(lab, ens), Raster(net, ens, transport=True)
ipywidgets.HBox([value, raster])
"""


@pytest.fixture
def panels(lab: JupyterLab) -> tuple[Panel, Panel, Panel]:
    """The Lab, and beside each other a value, and a raster with buttons."""
    notebook = lab.server.add_notebook([NETWORK, PANELS], "standalone.ipynb")
    lab.open_notebook(notebook)
    lab.run_all()
    whole = Panel(lab, 0)
    whole.wait_state("ready")
    value, raster = Panel(lab, 1), Panel(lab, 2)
    for panel in (value, raster):
        panel.wait_state("ready")
    return whole, value, raster


def names(panel: Panel) -> list[str]:
    """The plots from left to right, by the names that a screen reader says."""
    figures = panel.root.locator("figure.nl-plot")
    # At once: one that is removed meanwhile would be waited for.
    return figures.evaluate_all("all => all.map(e => e.getAttribute('aria-label'))")


def width(locator: Locator) -> float:
    """Pixels from left to right."""
    return locator.bounding_box()["width"]


def test_panels_of_one_session_move_together_and_undo_by_key(
    panels: tuple[Panel, Panel, Panel], lab: JupyterLab
) -> None:
    whole, value, raster = panels
    comes(lambda: value.titles(), ["ens value"])
    comes(lambda: raster.titles(), ["ens raster"])
    expect(value.root.get_by_role("button", name="play")).to_have_count(0)
    expect(value.root.get_by_role("button", name="remove")).to_have_count(0)
    # Beside each other, and with the same share of the row.
    boxes = [panel.root.bounding_box() for panel in (value, raster)]
    assert abs(boxes[0]["y"] - boxes[1]["y"]) < 2
    assert abs(boxes[0]["width"] - boxes[1]["width"]) < 2
    assert boxes[0]["width"] > 400

    # One run: started in one, seen in all.
    raster.press("play")
    for panel in panels:
        panel.wait_time(2.5)
    for panel, title, column in (
        (whole, "wave value", "y0"),
        (value, "ens value", "y1"),
        (raster, "ens raster", "i"),
    ):
        until(lambda p=panel, t=title, c=column: len(p.plot(t).get(c, ())) > 20, f"data of {title}")
    # The key acts in the one without buttons, too.
    value.root.focus()
    lab.page.keyboard.press("Space")
    for panel in panels:
        panel.wait_state("paused")
    assert len({panel.status["n_steps"] for panel in panels}) == 1

    # One timeline: what is held or pointed at in one is so in all.
    drawing = value.root.locator(".nl-strip-drawing")
    drawing.hover()
    seen = [p.root.evaluate("el => el.nengolab.playhead().hover") for p in panels]
    assert seen[0] is not None
    assert seen[0] == seen[1] == seen[2]
    lab.page.keyboard.down("Control")
    lab.page.mouse.wheel(0, -400)
    lab.page.keyboard.up("Control")
    held = [p.root.evaluate("el => el.nengolab.playhead().held") for p in panels]
    assert held[0] is not None
    assert held[0] == held[1] == held[2]
    drawing.dblclick()
    until(
        lambda: all(p.root.evaluate("el => el.nengolab.playhead().held") is None for p in panels),
        "all follow again",
    )
    lab.page.mouse.move(5, 5)

    # Plots are moved, made larger, removed; and each is taken back by the key.
    first = names(whole)
    assert len(first) == 3
    figure = whole.root.locator("figure.nl-plot").first
    narrow = width(figure)
    figure.locator(".nl-grip").focus()
    lab.page.keyboard.press("ArrowRight")
    until(lambda: names(whole) == [first[1], first[0], first[2]], "the first is second")
    moved = whole.root.locator("figure.nl-plot").nth(1)
    until(
        lambda: moved.locator(".nl-grip").evaluate("e => e === document.activeElement"),
        "focus stays",
    )
    moved.locator(".nl-corner").focus()
    lab.page.keyboard.press("ArrowRight")
    lab.page.keyboard.press("ArrowDown")
    until(lambda: width(moved) > 1.8 * narrow, "it is two columns wide")
    until(lambda: moved.locator(".nl-strip").bounding_box()["height"] > 200, "and higher")
    whole.screenshot("larger")
    whole.root.get_by_role("button", name=f"remove the plot {first[2]}").click()
    until(lambda: len(names(whole)) == 2, "it is gone")
    assert (
        whole.root.get_by_role("button", name="undo")
        .get_attribute("title")
        .startswith("undo removing wave: value")
    )
    steps = whole.status["n_steps"]
    whole.root.focus()
    for _ in range(4):
        lab.page.keyboard.press("Control+z")
    until(lambda: names(whole) == first, "all is as it was")
    until(lambda: width(whole.root.locator("figure.nl-plot").first) < 1.1 * narrow, "the size")
    expect(whole.root.get_by_role("button", name="undo")).to_be_disabled()
    lab.page.keyboard.press("Control+Shift+z")
    until(lambda: names(whole) == [first[1], first[0], first[2]], "moved again")
    whole.press("undo")
    until(lambda: names(whole) == first, "and back")
    assert whole.status["n_steps"] == steps

    # A drag does the same: the first plot is dropped behind the second.
    second = whole.root.locator("figure.nl-plot").nth(1).bounding_box()
    figure = whole.root.locator("figure.nl-plot").first
    figure.hover()
    figure.locator(".nl-grip").hover()
    lab.page.mouse.down()
    lab.page.mouse.move(second["x"] + 0.8 * second["width"], second["y"] + 60, steps=4)
    expect(whole.root.locator(".nl-drop-behind")).to_have_count(1)
    lab.page.mouse.up()
    until(lambda: names(whole) == [first[1], first[0], first[2]], "dropped behind the second")
    whole.press("undo")
    until(lambda: names(whole) == first, "and back")
    corner = whole.root.locator("figure.nl-plot").first.locator(".nl-corner")
    whole.root.locator("figure.nl-plot").first.hover()
    corner.hover()
    lab.page.mouse.down()
    lab.page.mouse.move(
        second["x"] + 0.9 * second["width"], second["y"] + second["height"] + 60, steps=4
    )
    lab.page.mouse.up()
    until(lambda: width(whole.root.locator("figure.nl-plot").first) > 1.8 * narrow, "wider")
    whole.press("undo")

    # A setting of one that stands alone, undone in the other: they have one history.
    value.root.get_by_role("button", name="settings of").click()
    field = value.root.get_by_label("filter", exact=True)
    field.fill("0.1")
    field.press("Control+z")
    assert "30 ms" in names(value)[0], "in a text field the key is the field's"
    field.fill("0.1")
    field.press("Enter")
    until(lambda: "100 ms" in names(value)[0], "another filter")
    lab.page.keyboard.press("Escape")
    raster.root.focus()
    lab.page.keyboard.press("Control+z")
    until(lambda: "30 ms" in names(value)[0], "the filter of before")

    for theme, name in ((LIGHT, "light"), (DARK, "dark")):
        lab.set_theme(theme)
        lab.page.wait_for_timeout(700)
        lab.screenshot(name)
        for panel in (value, raster):
            assert panel.pixels(".nl-plot-body").std() > 3

    # One that is closed says so, and the others go on.
    lab.execute("raster.close()")
    until(lambda: "closed" in raster.root.locator(".nl-notice").inner_text(), "it says so")
    value.root.focus()
    lab.page.keyboard.press("ArrowRight")
    until(lambda: value.status["n_steps"] == steps + 1, "a step")
    until(lambda: whole.status["n_steps"] == steps + 1, "in the Lab, too")
    assert raster.status["n_steps"] == steps
    expect(raster.root.get_by_role("button", name="play")).to_be_disabled()

    # A page that is loaded again has panels, data and what can be undone.
    whole.root.locator("figure.nl-plot").first.locator(".nl-grip").focus()
    lab.page.keyboard.press("ArrowRight")
    until(lambda: names(whole) != first, "moved")
    lab.save()
    lab.reload()
    whole, value = Panel(lab, 0), Panel(lab, 1)
    until(lambda: value.status["n_steps"] == steps + 1, "the panel is back")
    until(lambda: len(names(whole)) == 3, "the Lab is back")
    until(lambda: len(whole.plot("ens value").get("y0", ())) > 20, "its data")
    whole.press("undo")
    until(lambda: names(whole) == first, "undone after a reload")
    assert lab.errors == []
