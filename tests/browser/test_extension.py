"""The JupyterLab extension: its launcher card, its palette command, and what they open."""

import re

import nbformat
from playwright.sync_api import expect

from tests.browser.jupyter import DARK, LIGHT, JupyterLab
from tests.browser.panel import until

COMMAND = "nengolab:new-lab"


def _card(lab: JupyterLab):
    return lab.page.locator(".jp-LauncherCard").filter(has_text="Nengo Lab")


def _path(lab: JupyterLab) -> str:
    """Where the file is that is shown."""
    return lab.page.evaluate("() => jupyterapp.shell.currentWidget.context.path")


def _opened_notebook(lab: JupyterLab) -> nbformat.NotebookNode:
    """Return the file of the notebook that has just been opened."""
    lab.notebook.locator(".jp-Notebook").wait_for()
    lab.wait_idle()
    notebook = nbformat.read(lab.server.root / _path(lab), as_version=4)
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


def test_card_and_command_make_starter_notebooks(lab: JupyterLab) -> None:
    lab.open()
    card = _card(lab)
    for theme in (LIGHT, DARK):
        lab.set_theme(theme)
        expect(card).to_be_visible()
        icon = card.locator("svg[data-icon='nengolab:icon']")
        expect(icon).to_be_visible()
        box = icon.bounding_box()
        assert box is not None
        assert box["width"] > 30
        lab.screenshot(f"card-{theme}", of=card)

    # By a click.
    card.click()
    _assert_starter(_opened_notebook(lab))
    expect(lab.notebook.locator(".jp-MarkdownOutput h1")).to_be_visible()
    assert lab.value("'nengo' in dir()") is False
    # The next Shift+Enter runs code.
    expect(lab.notebook.locator(".jp-Cell").nth(1)).to_have_class(re.compile("jp-mod-active"))
    first = _path(lab)

    # By keyboard, in the launcher that comes when all is closed.
    lab.close_all()
    card.press("Enter")
    _assert_starter(_opened_notebook(lab))
    second = _path(lab)

    # From the palette; each time it is a new notebook.
    lab.command("apputils:activate-command-palette")
    lab.page.locator(".lm-CommandPalette-input").fill("nengo lab")
    item = lab.page.locator(f".lm-CommandPalette-item[data-command='{COMMAND}']")
    expect(item).to_have_text(re.compile("New Nengo Lab"))
    lab.screenshot("palette")
    item.click()
    until(lambda: _path(lab) not in (first, second), "a third notebook is shown")
    _assert_starter(_opened_notebook(lab))
    third = _path(lab)
    lab.command(COMMAND)
    assert len({first, second, third, _path(lab)}) == 4

    # A drawing to start from: nothing of it runs before a person runs it.
    drawing = lab.page.locator(".jp-LauncherCard").filter(has_text="Nengo Drawing")
    lab.close_all()
    lab.screenshot("drawing-card", of=drawing)
    drawing.click()
    introduction, extension, cell = _opened_notebook(lab).cells
    assert introduction.source.startswith("# ")
    assert extension.source == "%load_ext nengolab"
    assert cell.source.startswith("%%lab\nimport nengo\n")
    assert [one.execution_count for one in (extension, cell)] == [None, None]
    lab.run_all()
    view = lab.notebook.locator(".nl-network")
    view.get_by_text("Add an input and an ensemble").wait_for()
    lab.screenshot("drawing")
    assert lab.errors == []
