"""What holds of how every kind of panel looks."""

import numpy as np
from PIL import Image

from tests.browser.jupyter import DARK, LIGHT, JupyterLab, keep_for_docs
from tests.browser.panel import Panel

#: Of each figure its name, its body as parts of the panel, and what is cut off.
_FIGURES = """root => {
  const all = root.getBoundingClientRect();
  return [...root.querySelectorAll("figure.nl-plot")].map(figure => {
    const box = figure.querySelector(".nl-plot-body").getBoundingClientRect();
    const what = figure.querySelector(".nl-plot-what");
    return {
      label: figure.getAttribute("aria-label"),
      height: box.height,
      left: (box.left - all.left) / all.width,
      right: (box.right - all.left) / all.width,
      top: (box.top - all.top) / all.height,
      bottom: (box.bottom - all.top) / all.height,
      cut: what.scrollHeight > what.clientHeight + 1 || what.scrollWidth > what.clientWidth,
    };
  });
}"""


def check_looks(panel: Panel, lab: JupyterLab, docs: str = "") -> None:
    """Take pictures in light and dark; each panel shows something, and no heading is cut off.

    ``docs`` is what the docs call the light one, if they show it.
    """
    for theme, name in ((LIGHT, "light"), (DARK, "dark")):
        lab.set_theme(theme)
        lab.page.wait_for_timeout(700)
        picture = lab.screenshot(name, of=panel.root)
        if docs and name == "light":
            keep_for_docs(picture, docs)
        for figure, seen in figures_in(panel, Image.open(picture)):
            label = figure["label"]
            assert figure["height"] > 100, label
            assert not figure["cut"], f"cut: {label}"
            # Something is drawn, and not one colour only.
            assert seen.std() > 3, label


def figures_in(panel: Panel, picture: Image.Image) -> list[tuple[dict, np.ndarray]]:
    """Give each figure with the grey values of its body in a picture of the whole panel."""
    whole = np.asarray(picture.convert("L"), dtype=float)
    height, width = whole.shape
    found = []
    for figure in panel.root.evaluate(_FIGURES):
        rows = slice(round(figure["top"] * height), round(figure["bottom"] * height))
        columns = slice(round(figure["left"] * width), round(figure["right"] * width))
        found.append((figure, whole[rows, columns]))
    assert found
    return found
