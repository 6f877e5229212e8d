"""What holds of how every kind of panel looks."""

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import Panel


def check_looks(panel: Panel, lab: JupyterLab, docs: str = "") -> None:
    """Take pictures in light and dark; each panel shows something, and no heading is cut off.

    ``docs`` is what the docs call the light one, if they show it.
    """
    for theme, name in ((LIGHT, "light"), (DARK, "dark")):
        lab.set_theme(theme)
        lab.page.wait_for_timeout(700)
        panel.screenshot(name, docs=docs if name == "light" else "")
        for figure in panel.root.locator("figure.nl-plot").all():
            body = figure.locator(".nl-plot-body")
            label = figure.get_attribute("aria-label")
            panel_id = figure.get_attribute("data-panel")
            seen = panel.pixels(f'figure[data-panel="{panel_id}"] .nl-plot-body')
            assert body.bounding_box()["height"] > 100, label
            what = figure.locator(".nl-plot-what")
            assert what.evaluate("e => e.scrollHeight <= e.clientHeight + 1"), f"cut: {label}"
            assert what.evaluate("e => e.scrollWidth <= e.clientWidth"), f"cut: {label}"
            # Something is drawn, and not one colour only.
            assert seen.std() > 3, label
