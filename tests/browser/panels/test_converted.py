"""A Keras model on its way to hardware: its report, a setting that is picked, a checked export."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel, comes, open_panel, until
from tests.browser.panels.looks import check_looks

pytestmark = pytest.mark.in_turn

MODEL = """\
import nengolab.losses  # loads TensorFlow without its messages
import keras
import nengo
import nengolab
import numpy as np
from nengolab_widgets import Export, Lab
from sklearn.datasets import load_digits

images, digits = load_digits(return_X_y=True)
images = (images / 16).reshape(-1, 8, 8, 1).astype("float32")
keras.utils.set_random_seed(0)
model = keras.Sequential([
    keras.Input((8, 8, 1), name="image"),
    keras.layers.Conv2D(8, 3, activation="relu", name="conv"),
    keras.layers.MaxPooling2D(name="pool"),
    keras.layers.Flatten(name="flat"),
    keras.layers.Dense(32, activation="relu", name="hidden"),
    keras.layers.Dense(10, name="digit"),
], name="digits")
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
_ = model.fit(images[:1500], digits[:1500], epochs=6, verbose=0)
neurons = {"relu": nengo.SpikingRectifiedLinear()}
converter = nengolab.Converter(model, inference_only=True, swap_activations=neurons)
"""
TRIED = """\
test = images[1500:1580], digits[1500:1580]
found = converter.tune(*test, scales=[10, 50, 200], synapses=[0, 0.005], n_steps=40)
report = converter.report(images[:5])
lab = Lab(converter.net, plots=[(report, "report"), (found, "tune"), "export"])
lab
"""
CHOSEN = """\
best = converter.again(max_to_avg_pool=True, **found.tried[2].options)
with best.net:
    nengolab.configure_settings(dtype="float64")
    nengo.Probe(best.layers["hidden"], label="spikes of hidden")
export = Export(best, folder="network")
export
"""


OTHER = (
    "keras.Sequential([keras.Input((3,), name='in'), keras.layers.Dense(2, name='out')], "
    "name='another').save('other.keras')"
)
OPENED = {"another export", "another report"}
DROP = """(root, data) => {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], "other.keras"));
  const options = { bubbles: true, cancelable: true, dataTransfer: files };
  root.querySelector(".nl-plots").dispatchEvent(new DragEvent("drop", options));
}"""


def test_from_the_report_to_a_checked_export(lab: JupyterLab) -> None:
    panel = open_panel(lab, [MODEL, TRIED, CHOSEN], name="converted")
    lab.page.set_viewport_size({"width": 1500, "height": 2200})
    assert panel.titles() == ["digits report", "digits tune", "digits export"]
    # ---- the report: a row leads to its object, which is marked in both.
    table = panel.root.locator(".nl-report-table")
    expect(table.locator("tbody tr")).to_have_count(7)  # six layers, and why one is held
    expect(table).to_contain_text("native with max_to_avg_pool=True")
    expect(table).to_contain_text("rate (Hz)")
    table.get_by_role("button", name="hidden.0", exact=True).click()
    expect(panel.root.locator(".nl-network-card")).to_contain_text("hidden.0")
    expect(table.locator("tr.nl-report-marked")).to_contain_text("hidden.0")
    # ---- tuning: one setting by its point, another by the keys.
    until(lambda: len(panel.plot("digits tune").get("rate", ())) == 6, "six settings")
    until(lambda: panel.root.locator(".nl-tune .nl-figure canvas").count() >= 2, "figures")
    spikes = panel.plot("digits tune")["spikes"]
    accuracy = panel.plot("digits tune")["accuracy"]
    figure = panel.root.locator(".nl-tune .nl-figure").first
    at = "(el, at) => el.nengolabSpot(Math.log10(at[0]), at[1])"
    spot = figure.evaluate(at, [float(spikes[1]), float(accuracy[1])])
    lab.page.mouse.click(spot["x"], spot["y"])
    comes(lambda: panel.plot("digits tune")["chosen"].tolist(), [1])
    chosen = panel.root.locator(".nl-tune-table input:checked")
    chosen.focus()
    lab.page.keyboard.press("ArrowDown")
    comes(lambda: panel.plot("digits tune")["chosen"].tolist(), [2])
    code = panel.root.locator(".nl-tune-code pre").inner_text().splitlines()[0]
    assert code == "best = converter.again(**found.tried[2].options)"
    # ---- export: nothing before the click, and a refusal by name.
    expect(panel.root.locator(".nl-export-result")).to_have_text("")
    panel.press("Write and check")
    refused = panel.root.locator(".nl-export-result [role=alert]")
    expect(refused).to_contain_text("'pool.0' cannot be exported", timeout=60_000)
    check_looks(panel, lab)
    # ---- by itself, of the network that can be written.
    alone = Panel(lab, 1)
    folder = Path(lab.value("str(__import__('pathlib').Path('network').resolve())"))
    assert not folder.exists()
    bits = alone.root.get_by_label("bits of weights", exact=True)
    bits.fill("some")
    bits.press("Enter")
    wrong = alone.root.locator("[data-field=bits] .nl-export-wrong")
    expect(wrong).to_contain_text("a whole number such as 8")
    expect(alone.root.get_by_role("button", name="Write and check")).to_be_disabled()
    bits.fill("")
    bits.press("Enter")
    expect(wrong).to_have_count(0)
    alone.press("Write and check")
    result = alone.root.locator(".nl-export-result")
    expect(result).to_contain_text("Written and checked", timeout=120_000)
    row = result.locator("tr", has_text="spikes of hidden").inner_text()
    assert re.search(r"[1-9][\d,]* spikes\s+equal", row), row
    assert (folder / "reference.py").is_file()
    for theme, name in ((DARK, "alone-dark"), (LIGHT, "alone-light")):
        lab.set_theme(theme)
        lab.page.wait_for_timeout(700)
        alone.screenshot(name)
    # It is there now, and is not replaced.
    alone.press("Write and check")
    expect(result.locator("[role=alert]")).to_contain_text("is not empty")
    # ---- another model is dropped on the Lab, and opened once that is confirmed.
    lab.value(OTHER)
    data = lab.value("__import__('base64').b64encode(open('other.keras', 'rb').read()).decode()")
    panel.root.evaluate(DROP, data)
    expect(panel.root.get_by_role("alertdialog")).to_contain_text("Open other.keras here?")
    panel.screenshot("dropped")
    panel.press("Open")
    until(lambda: set(panel.titles()) >= OPENED, "the other network", 120)
    expect(panel.root.locator(".nl-report")).to_contain_text("another: 1 of 1 layers native")
    panel.wait_state("ready")
    panel.screenshot("opened")
    # ---- undone, all that was shown is there again.
    panel.press("undo")
    until(lambda: set(panel.titles()) >= {"digits report", "digits tune"}, "what was there", 120)
    panel.wait_state("ready")
    expect(panel.root.locator(".nl-report")).to_contain_text("digits: ")
    # ---- from JupyterLab's own file browser, by its path.
    lab.command("filebrowser:toggle-main")
    drag_in(lab, panel, "other.keras")
    question = panel.root.get_by_role("alertdialog")
    expect(question).to_contain_text("Open other.keras here?")
    panel.press("Leave it")
    expect(question).to_be_hidden()
    lab.command("filebrowser:toggle-main")
    assert lab.errors == []


def drag_in(lab: JupyterLab, panel: Panel, name: str) -> None:
    """Drag a file of JupyterLab's file browser onto a Lab, as a hand does."""
    lab.command("filebrowser:refresh")
    listed = lab.page.locator(".jp-DirListing-item", has_text=name)
    listed.scroll_into_view_if_needed()
    place, goal = listed.bounding_box(), panel.root.locator(".nl-head").bounding_box()
    assert place is not None
    assert goal is not None
    mouse = lab.page.mouse
    mouse.move(place["x"] + 30, place["y"] + place["height"] / 2)
    mouse.down()
    mouse.move(place["x"] + 60, place["y"] + 30, steps=4)
    mouse.move(goal["x"] + 100, goal["y"] + goal["height"] / 2, steps=6)
    mouse.up()
