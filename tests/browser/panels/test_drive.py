"""Taking over a Node by hand: pad, drawn curve, recording; and giving it back."""

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel, comes, open_panel, until

pytestmark = pytest.mark.in_turn

NETWORK = """\
import nengo
import numpy as np
from nengolab_widgets import Lab

with nengo.Network(label="A network to drive", seed=1) as net:
    place = nengo.Node([0.0, 0.0], label="place")
    force = nengo.Node(lambda t: np.sin(6 * t), label="force")
    plane = nengo.Ensemble(80, 2, label="plane")
    line = nengo.Ensemble(60, 1, label="line")
    nengo.Connection(place, plane)
    nengo.Connection(force, line)
"""
SHOWN = """\
lab = Lab(net, plots=[(place, "drive"), (force, "drive"), (place, "value"), (force, "value")],
          window=1.0)
lab"""
WALK = "t,x,y\n" + "".join(f"{i / 10},{i % 2},{-(i % 2)}\n" for i in range(10))


def last(panel: Panel, title: str) -> list[float]:
    columns = panel.plot(title)
    return [float(columns[name][-1]) for name in columns if name != "t" and len(columns[name])]


def test_pad_curve_recording_and_back(lab: JupyterLab, tmp_path) -> None:
    panel = open_panel(lab, [NETWORK, SHOWN])
    place, force = (panel.root.locator(".nl-drive").nth(i) for i in (0, 1))
    now = place.get_by_role("status")
    expect(now).to_have_text("its own constant")
    panel.press("play")
    panel.wait_time(0.3)

    # The pad: where the pointer is, and by keys.
    pad = place.get_by_role("slider", name="place", exact=True)
    box = pad.bounding_box()
    mouse = lab.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    for share in (0.55, 0.65, 0.75):
        mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 4)
    mouse.up()
    until(lambda: last(panel, "place value") == [0.5, 0.5], "both dimensions moved")
    expect(now).to_have_text("0.5, 0.5 by hand")
    pad.press("ArrowDown")
    until(lambda: np.allclose(last(panel, "place value"), [0.5, 0.45]), "by a key")
    expect(pad).to_have_attribute("aria-valuetext", "[0] 0.5, [1] 0.45")
    place.get_by_role("button", name="Undo").click()
    until(lambda: last(panel, "place value") == [0.5, 0.5], "the key taken back")
    place.get_by_role("button", name="Undo").click()
    until(lambda: now.inner_text() == "its own constant", "and all of the drag")
    place.get_by_role("button", name="give «place» back its own output").wait_for(state="hidden")

    # A curve is drawn, played, kept.
    force.get_by_role("tab", name="draw").click()
    canvas = force.locator(".nl-curve-canvas")
    box = canvas.bounding_box()
    left, width = box["x"] + 44, box["width"] - 54
    high, low = box["y"] + 10, box["y"] + 124
    mouse.move(left + 2, low)
    mouse.down()
    mouse.move(left + width / 2, high, steps=6)
    mouse.move(left + width - 2, low, steps=6)
    mouse.up()
    until(lambda: lab.value("lab._bench.find(lab.plots[1]).values['curve'] is not None"), "kept")
    force.get_by_role("textbox", name="length of the curve (s)").fill("0.5")
    force.get_by_role("textbox", name="length of the curve (s)").press("Tab")
    force.get_by_role("button", name="Play from now").click()
    until(lambda: "«drawn curve»" in force.get_by_role("status").inner_text(), "it plays")
    panel.wait_time(panel.status["time"] + 1.0)
    drawn = panel.plot("force value")["y0"][-700:]
    assert drawn.max() > 0.9
    assert drawn.min() < -0.9
    peaks = np.flatnonzero((drawn[1:-1] > 0.9) & (drawn[1:-1] >= drawn[2:]))
    assert len(peaks) >= 1

    # A recording: what does not fit is said in place, what does is played.
    place.get_by_role("tab", name="recording").click()
    wrong, good = tmp_path / "wrong.csv", tmp_path / "walk.csv"
    wrong.write_text("a,b,c,d\n1,2,3,4\n")
    good.write_text(WALK)
    place.get_by_label("CSV file").set_input_files(wrong)
    place.get_by_role("button", name="Play from now").click()
    said = place.locator(".nl-drive-problem")
    until(lambda: "4 columns (a, b, c, d); the Node has 2" in said.text_content(), "why not")
    panel.screenshot("refused-light")
    place.get_by_label("CSV file").set_input_files(good)
    place.get_by_role("button", name="Play from now").click()
    until(lambda: "«walk.csv»" in now.inner_text(), "it plays")
    until(lambda: said.text_content() == "", "nothing is wrong any more")
    panel.wait_time(panel.status["time"] + 0.5)
    columns = panel.plot("place value")
    x, y = columns["y0"][-300:], columns["y1"][-300:]
    assert set(np.unique(x)) == {0.0, 1.0}
    np.testing.assert_array_equal(x, -y)
    listed = panel.root.locator(".nl-input", has_text="place").inner_text()
    assert "«walk.csv»" in listed, listed
    lab.set_theme(LIGHT)
    panel.screenshot("light", docs="drive-light")
    lab.set_theme(DARK)
    panel.wait_time(panel.status["time"] + 0.3)
    panel.screenshot("dark", docs="drive-dark")

    place.get_by_role("button", name="give «place» back its own output").click()
    until(lambda: last(panel, "place value") == [0.0, 0.0], "its own output")
    comes(lambda: lab.value("[n.label for n in lab.session.inputs]"), ["force"])

    # In the picture of the network its slider stands beside it.
    knob = panel.root.get_by_role("slider", name="force, in the picture")
    knob.fill("-0.7")
    until(lambda: np.allclose(last(panel, "force value"), -0.7), "driven from the picture")
    lab.set_theme(LIGHT)
    panel.screenshot("picture")
    assert lab.errors == []
