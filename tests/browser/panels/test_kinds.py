"""All kinds of panel: what the page keeps of them, light and dark, narrow and in forced colours."""

import numpy as np
import pytest
from PIL import Image

from tests.browser.jupyter import LIGHT, JupyterLab
from tests.browser.panel import Panel, open_panel, until
from tests.browser.panels.looks import check_looks, figures_in

pytestmark = pytest.mark.in_turn

NARROW = 600
NETWORK = """\
import nengo
import nengo_spa
import numpy as np
from nengolab_widgets import Lab

def picture(t):
    y, x = np.mgrid[-1:1:12j, -1:1:12j]
    return np.exp(-8 * ((x - 0.6 * np.cos(3 * t)) ** 2 + (y - 0.6 * np.sin(3 * t)) ** 2)).ravel()

with nengo.Network(label="kinds", seed=1) as net:
    wave = nengo.Node(lambda t: [0.8 * np.sin(6 * t), 0.8 * np.cos(6 * t)], label="wave")
    plane = nengo.Ensemble(150, 2, label="plane")
    adaptive = nengo.Ensemble(40, 1, neuron_type=nengo.AdaptiveLIF(), label="adaptive")
    pixels = nengo.Node(picture, label="pixels")
    many = nengo.networks.EnsembleArray(30, 16, label="many")
    nengo.Connection(wave, plane)
    nengo.Connection(wave[0], adaptive)
    nengo.Connection(pixels[:16], many.input)
    decoders = nengo.Connection(
        plane, adaptive, function=lambda x: 0, learning_rule_type=nengo.PES(1e-4), label="decoders")
    def page(t):
        page._nengo_html_ = f"<h2>{t:.1f} s</h2><p>A page of its own.</p>"
    pages = nengo.Node(page, label="page")
    nengo.Connection(wave[0], decoders.learning_rule)
    vocab = nengo_spa.Vocabulary(32, pointer_gen=np.random.RandomState(1))
    vocab.populate("DOG; CAT; FISH; BIRD; SMALL; LARGE")
    words = nengo_spa.Transcode("DOG + 0.6*SMALL", output_vocab=vocab, label="words")
"""

#: What is opened, its title and kind, and a column that must have come.
SHOWN = [
    ("(plane, 'xy', {'trail': 1.0})", "plane xy", "x"),
    ("((wave, adaptive), 'xy')", "wave, adaptive xy", "y"),
    ("(plane, 'spikegrid')", "plane spikegrid", "i"),
    ("(plane, 'rates', {'per': 'image'})", "plane rates", "y0"),
    ("(adaptive, 'signal')", "adaptive signal", "y0"),
    ("(adaptive.neurons, 'signal', {'signal': 'adaptation', 'show': 'image', 'neurons': ''})",
     "adaptive signal", "y0"),
    ("(pixels, 'image')", "pixels image", "y0"),
    ("(many.output, 'value')", "many/output value", "y15"),
    ("(plane, 'text')", "plane text", "y0"),
    ("(plane, 'histogram')", "plane histogram", "share0"),
    ("(wave, 'spectrum', {'highest': 20.0})", "wave spectrum", "power0"),
    ("(plane, 'intervals')", "plane intervals", "count"),
    ("(words, 'pointer')", "words pointer", "y0"),
    ("(decoders, 'weights')", "decoders weights", "change"),
    ("(decoders, 'learning', {'signal': 'activities'})", "decoders learning", "y0"),
    ("pages", "page html", "t"),
    ("(plane, 'raster', {'order': 'direction'})", "plane raster", "t"),
    ("(plane, 'rates')", "plane rates", "y0"),
]  # fmt: skip

#: Which panels, of those called so, have nothing in a column yet.
MISSING = """(el, wanted) => {
  const sources = el.nengolab.sources();
  const panels = el.nengolab.layout().panels;
  return wanted.filter(([title, column]) => !panels.some(p =>
    `${p.title} ${p.kind}` === title && (sources[p.id]?.[column]?.length ?? 0) > 0));
}"""


def test_all_kinds(lab: JupyterLab) -> None:
    plots = ",\n    ".join(code for code, *_ in SHOWN)
    panel = open_panel(lab, [NETWORK, f"lab = Lab(net, plots=[\n    {plots}])\nlab"], name="kinds")
    # What is off the screen is not drawn, and so not computed.
    lab.page.set_viewport_size({"width": 1700, "height": 3600})
    panel.press("play")
    # All at once, and counted on the page: reading so many columns takes longer than a run.
    wanted = [[title, column] for _, title, column in SHOWN]
    until(lambda: panel.root.evaluate(MISSING, wanted) == [], "data of all", 120)
    panel.wait_time(2.5)
    panel.press("pause")
    panel.wait_state("paused")
    assert lab.errors == []
    assert panel.root.locator(".nl-plot-failed:visible").count() == 0
    they_show_what_they_should(panel)
    check_looks(panel, lab, docs="kinds")
    nothing_is_cut_off_in_a_narrow_notebook_and_in_forced_colours(panel, lab)
    assert lab.errors == []


def they_show_what_they_should(panel: Panel) -> None:
    now = panel.status["time"]
    until(lambda: panel.plot("plane xy")["t"][-1] == pytest.approx(now), "the last frame")

    # A circle of radius 0.8; and equal axes show it as wide as high.
    path = panel.plot("plane xy")
    late = path["t"] > 1.0
    assert np.hypot(path["x"][late], path["y"][late]) == pytest.approx(0.8, abs=0.2)

    counts = panel.plot("plane intervals")["count"]
    assert counts.sum() > 100
    shares = panel.plot("plane histogram")["share0"]
    assert shares.sum() == pytest.approx(1.0)
    spectrum = panel.plot("wave spectrum")
    peak = spectrum["frequency"][1 + spectrum["power0"][1:].argmax()]
    assert peak == pytest.approx(6 / (2 * np.pi), abs=1.0)

    values = panel.plot("wave, adaptive xy")
    np.testing.assert_allclose(values["x"], 0.8 * np.sin(6 * values["t"]), atol=0.25)


def nothing_is_cut_off_in_a_narrow_notebook_and_in_forced_colours(
    panel: Panel, lab: JupyterLab
) -> None:
    lab.set_theme(LIGHT)
    lab.page.set_viewport_size({"width": 760, "height": 6200})
    until(lambda: abs(panel.root.bounding_box()["width"] - NARROW) < 60, "a narrow Lab")
    for colours in ("none", "active"):
        lab.page.emulate_media(forced_colors=colours)
        lab.page.wait_for_timeout(700)
        assert panel.root.evaluate(OUTSIDE) == []
        name = "forced" if colours == "active" else "narrow"
        picture = Image.open(lab.screenshot(name, of=panel.root))
        for figure, seen in figures_in(panel, picture):
            assert seen.std() > 3, f"{figure['label']} in forced colours {colours}"


#: Which figures reach beyond the panel, or are wider inside than outside.
OUTSIDE = """root => {
  const all = root.getBoundingClientRect();
  return [...root.querySelectorAll("figure.nl-plot")].filter(figure => {
    const box = figure.getBoundingClientRect();
    return box.left < all.left || box.right > all.right + 1
      || figure.scrollWidth > figure.clientWidth + 1;
  }).map(figure => figure.getAttribute("aria-label"));
}"""
