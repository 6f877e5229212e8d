"""The JupyterLab extension: its launcher card, its palette command, and what they open."""

import re

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import DARK, LIGHT, JupyterLab

COMMAND = "nengolab:new-lab"


def _card(lab: JupyterLab):
    return lab.page.locator(".jp-LauncherCard").filter(has_text="Nengo Lab")


def _opened_notebook(lab: JupyterLab) -> nbformat.NotebookNode:
    """Return the file of the notebook that has just been opened."""
    lab.notebook.locator(".jp-Notebook").wait_for()
    lab.wait_idle()
    path = lab.page.evaluate("() => jupyterapp.shell.currentWidget.context.path")
    notebook = nbformat.read(lab.server.root / path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def _assert_starter(notebook: nbformat.NotebookNode) -> None:
    markdown, imports, network, bench = notebook.cells
    assert markdown.cell_type == "markdown"
    assert markdown.source.startswith("# ")
    assert "from nengolab_widgets import Lab" in imports.source
    assert "nengo.Ensemble(100" in network.source
    assert bench.source == "Lab(net)"
    for cell in (imports, network, bench):
        assert cell.execution_count is None, "code ran without the person asking"
        assert cell.outputs == []
    assert notebook.metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_launcher_shows_a_card_with_our_icon(lab: JupyterLab, theme: str) -> None:
    lab.open()
    lab.set_theme(theme)
    card = _card(lab)
    expect(card).to_be_visible()
    icon = card.locator("svg[data-icon='nengolab:icon']")
    expect(icon).to_be_visible()
    box = icon.bounding_box()
    assert box is not None
    assert box["width"] > 30
    lab.screenshot("card", of=card)


def test_the_card_opens_a_starter_notebook(lab: JupyterLab) -> None:
    lab.open()
    _card(lab).click()
    notebook = _opened_notebook(lab)

    _assert_starter(notebook)
    expect(lab.notebook.locator(".jp-MarkdownOutput h1")).to_be_visible()
    assert lab.value("'nengo' in dir()") is False
    assert lab.errors == []


def test_the_card_answers_the_keyboard(lab: JupyterLab) -> None:
    lab.open()
    _card(lab).press("Enter")
    _assert_starter(_opened_notebook(lab))


def test_the_palette_has_the_command(lab: JupyterLab) -> None:
    lab.open()
    lab.command("apputils:activate-command-palette")
    lab.page.locator(".lm-CommandPalette-input").fill("nengo lab")
    item = lab.page.locator(f".lm-CommandPalette-item[data-command='{COMMAND}']")
    expect(item).to_have_text(re.compile("New Nengo Lab"))
    lab.screenshot("palette")
    item.click()
    _assert_starter(_opened_notebook(lab))


def test_every_opening_makes_a_new_notebook(lab: JupyterLab) -> None:
    lab.open()
    lab.command(COMMAND)
    first = lab.page.evaluate("() => jupyterapp.shell.currentWidget.context.path")
    lab.command(COMMAND)
    second = lab.page.evaluate("() => jupyterapp.shell.currentWidget.context.path")
    assert first != second
