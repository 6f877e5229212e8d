"""All kinds in a narrow notebook, and in forced colours: nothing is cut off, all is seen."""

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import open_panel, until
from tests.browser.panels import test_kinds

NARROW = 600
MORE = """\
import nengo_spa
with net:
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
SHOWN = [
    *test_kinds.SHOWN,
    ("(words, 'pointer')", "words pointer", "y0"),
    ("(decoders, 'weights')", "decoders weights", "change"),
    ("(decoders, 'learning', {'signal': 'activities'})", "decoders learning", "y0"),
    ("pages", "page html", "t"),
    ("(plane, 'raster', {'order': 'direction'})", "plane raster", "t"),
    ("(plane, 'rates')", "plane rates", "y0"),
]

#: Which panels, of those called so, have nothing in a column yet.
MISSING = """(el, wanted) => {
  const sources = el.nengolab.sources();
  const panels = el.nengolab.layout().panels;
  return wanted.filter(([title, column]) => !panels.some(p =>
    `${p.title} ${p.kind}` === title && (sources[p.id]?.[column]?.length ?? 0) > 0));
}"""


def test_all_kinds_in_a_narrow_notebook_and_in_forced_colours(lab: JupyterLab) -> None:
    plots = ",\n    ".join(code for code, *_ in SHOWN)
    cells = [test_kinds.NETWORK, MORE, f"lab = Lab(net, plots=[\n    {plots}])\nlab"]
    panel = open_panel(lab, cells, name="narrow")
    lab.page.set_viewport_size({"width": 760, "height": 6200})
    until(lambda: abs(panel.root.bounding_box()["width"] - NARROW) < 60, "a narrow Lab")
    panel.press("play")
    # All at once, and counted on the page: reading so many columns takes longer than a run.
    wanted = [[title, column] for _, title, column in SHOWN]
    until(lambda: panel.root.evaluate(MISSING, wanted) == [], "data of all", 120)
    panel.wait_time(2.2)
    panel.press("pause")
    panel.wait_state("paused")
    for colours in ("none", "active"):
        lab.page.emulate_media(forced_colors=colours)
        lab.page.wait_for_timeout(700)
        panel.screenshot("forced" if colours == "active" else "narrow")
        root = panel.root.bounding_box()
        for figure in panel.root.locator("figure.nl-plot").all():
            label = figure.get_attribute("aria-label")
            box = figure.bounding_box()
            assert box["x"] >= root["x"], label
            assert box["x"] + box["width"] <= root["x"] + root["width"] + 1, label
            assert figure.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), label
            panel_id = figure.get_attribute("data-panel")
            seen = panel.pixels(f'figure[data-panel="{panel_id}"] .nl-plot-body')
            assert seen.std() > 3, f"{label} in forced colours {colours}"
    assert lab.errors == []
