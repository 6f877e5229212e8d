"""Parts of the stories of a drawing: what is done too early, too late, or where nobody listens."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.panel import until

if TYPE_CHECKING:
    from tests.browser.test_draw import Drawing


def nothing_is_done_with_what_was_selected_before(drawing: Drawing) -> None:
    """Of what is selected the name is there; nothing can be pressed before the kernel answers."""
    lab, card = drawing.panel.lab, drawing.card
    about = card.locator(".nl-network-about")
    drawing.click("stimulus")
    card.get_by_role("button", name="plot value", exact=True).wait_for()
    lab.execute(
        "import threading\n"
        "held, go = threading.Event(), threading.Event()\n"
        "def hold():\n"
        "    with lab._lock:\n"
        "        held.set()\n"
        "        go.wait(60)\n"
        "threading.Thread(target=hold, daemon=True).start()\n"
        "assert held.wait(60)"
    )
    drawing.click("ensemble")
    expect(card.locator("h4")).to_have_text("ensemble")
    card.get_by_text("asking the kernel").wait_for()
    expect(about).to_have_attribute("inert", "")
    expect(card.get_by_role("button", name="plot value", exact=True)).to_have_count(0)
    lab.execute("go.set()")
    card.locator("[data-argument=n_neurons]").wait_for()
    expect(about).not_to_have_attribute("inert", "")


def its_kernel_is_gone(drawing: Drawing) -> None:
    """It is said where a hand would press something, and there is nothing to press."""
    panel = drawing.panel
    gone = "The kernel is gone: run the notebook again from the top to go on."
    panel.lab.restart_kernel()
    code = panel.root.locator("[data-kind=code]")
    expect(code.get_by_role("alert").filter(has_text=gone)).to_be_visible()
    expect(drawing.root.get_by_role("status").filter(has_text=gone).first).to_be_visible()
    for name, within in (
        ("Run", code),
        ("Save", code),
        ("+ add", drawing.root),
        ("+ add a plot", panel.root),
    ):
        expect(within.get_by_role("button", name=name, exact=True)).to_be_disabled()
    expect(code.get_by_role("button", name="Copy")).to_be_enabled()
    panel.screenshot("gone")


def an_edit_comes_after_what_was_typed(drawing: Drawing) -> None:
    """Just before it: the edit waits for the code to be run, and there is nothing to choose."""
    lab, panel = drawing.panel.lab, drawing.panel
    state = panel.root.locator(".nl-source-state")
    drawing.root.get_by_role("button", name="+ add").click()
    drawing.root.get_by_label("search what can be added").fill("ensemble")
    drawing.root.locator(".nl-palette-item").first.wait_for()
    lab.page.evaluate(
        """() => {
          const cell = jupyterapp.shell.currentWidget.content.model.cells.get(1).sharedModel;
          window.typedBefore = cell.getSource();
          cell.setSource(`${window.typedBefore}\n    # typed`);
          document.querySelector(".nl-palette-item").click();
        }"""
    )
    drawing.root.get_by_text("the code was changed since it ran: run it first").wait_for()
    expect(panel.root.locator(".nl-source-other")).to_be_hidden()
    expect(state).to_have_text("changed, not run yet")
    # Taken back, it is what is drawn.
    lab.page.evaluate(
        """() => jupyterapp.shell.currentWidget.content.model.cells.get(1)
          .sharedModel.setSource(window.typedBefore)"""
    )
    expect(state).to_have_text("this is what is drawn")
    drawing.close_palette()


def of_what_a_line_makes_all_is_deleted_or_the_line_is_edited(drawing: Drawing) -> None:
    """One of two cannot be deleted: both are offered, and the line."""
    lab, panel, keyboard = drawing.panel.lab, drawing.panel, drawing.panel.lab.page.keyboard
    lab.page.evaluate(
        """() => {
          const cell = jupyterapp.shell.currentWidget.content.model.cells.get(1).sharedModel;
          const pair = "    pair = [nengo.Ensemble(10, 1) for _ in range(2)]";
          cell.setSource(`${cell.getSource().trimEnd()}\n${pair}\n`);
        }"""
    )
    panel.root.locator("[data-kind=code]").get_by_role("button", name="Run").click()
    drawing.wait_drawn("drive", "ens", "pair[0]", "pair[1]")
    panel.wait_state("ready")
    drawing.root.locator('[role=treeitem][aria-label^="pair[0], "]').focus()
    keyboard.press("Delete")
    said = drawing.root.locator(".nl-edit-said")
    said.get_by_role("button", name="delete all 2 …").click()
    question = drawing.card.get_by_role("alertdialog")
    expect(question).to_contain_text("Delete pair[0], pair[1]?")
    question.get_by_role("button", name="Keep").click()
    drawing.root.locator('[role=treeitem][aria-label^="pair[0], "]').focus()
    keyboard.press("Delete")
    panel.screenshot("together")
    said.get_by_role("button", name=re.compile("^line [0-9]+$")).first.click()
    line = """() => getSelection().anchorNode?.parentElement?.closest(".cm-line")
      ?.textContent ?? ''"""
    until(lambda: "pair = [" in lab.page.evaluate(line), "the caret is in the line")
    drawing.root.locator("[role=treeitem]").first.focus()
    keyboard.press("Control+z")
    drawing.wait_drawn("drive", "ens")
    panel.wait_state("ready")
