"""When something goes wrong: the panel names it in place, and what can go on goes on."""

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import JupyterLab
from tests.browser.panel import NETWORK, Panel, comes, open_panel, until

#: Nodes that print, raise, or give what is no number, when they are told to.
NODES = """\
trouble = "talks"
with net:
    def environment(t, x):
        step = round(t * 1000)
        if trouble == "talks" and step % 20 == 1:
            print(f"trial {step // 20}: <b>x</b> = {x[0]:.2f}")
        return x
    arm = nengo.Node(environment, size_in=1, label="arm")
    nengo.Connection(ens, arm)

    def fail_late(t):
        if trouble == "raises" and 0.2995 < t < 0.3005:
            raise RuntimeError("the sensor <b>fell off</b>")
        return 0.1
    faulty = nengo.Node(fail_late, label="faulty sensor")
    nengo.Connection(faulty, ens)
    bad = nengo.Node(
        lambda t: float("nan") if trouble == "nan" and t > 0.3 else 0.1, label="bad input")
    nengo.Connection(bad, ens)
lab = Lab(net, plots=[ens, arm])
lab"""

CLOSED = """\
import nengolab
sim = nengolab.Simulator(net, progress_bar=False)
sim.close()
closed = Lab(sim)
closed"""


def test_what_nodes_print_and_do_wrong_is_in_place(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, NODES, CLOSED])
    a_closed_simulator_is_said(Panel(lab, 1), lab)
    panel = what_nodes_print_is_under_the_lab(panel, lab)
    lab.execute("trouble = 'raises'; lab.session.reset()")
    until(lambda: panel.status["n_steps"] == 0, "time zero")
    a_node_that_raises_is_named_and_the_session_survives(panel)
    lab.execute("trouble = 'nan'")
    nan_is_named(panel)
    assert lab.errors == []


def a_closed_simulator_is_said(closed: Panel, lab: JupyterLab) -> None:
    problem = closed.root.get_by_role("alert")
    problem.wait_for()
    expect(problem).to_contain_text("closed")
    comes(lambda: lab.value("closed.session.state"), "error")


def what_nodes_print_is_under_the_lab(panel: Panel, lab: JupyterLab) -> Panel:
    output = panel.root.locator(".nl-printouts")
    assert not output.is_visible()
    panel.root.evaluate("el => el.focus()")
    lab.value("lab.session.run_for(0.2) and None")
    panel.wait_state("finished")
    last = output.locator(".nl-printouts-last")
    until(lambda: "arm: trial 9" in last.inner_text(), "the last line is shown")
    panel.screenshot("folded")
    output.get_by_text("Output").click()
    lines = output.locator(".nl-printouts-lines > div")
    expect(lines).to_have_count(10)
    # What looks like markup stays text.
    until(
        lambda: lines.first.inner_text().startswith("arm: trial 0: <b>x</b> = "),
        "what was printed first",
    )
    panel.screenshot("unfolded")
    # What a cell prints stays with the cell.
    lab.value("print('by hand')")
    expect(lines).to_have_count(10)
    lab.save()
    lab.reload()
    lines.nth(9).wait_for(state="attached", timeout=60_000)
    output.get_by_role("button", name="Clear").click()
    assert not output.is_visible()
    return Panel(lab)


def a_node_that_raises_is_named_and_the_session_survives(panel: Panel) -> None:
    panel.press("play")
    panel.wait_state("error")
    problem = panel.root.get_by_role("alert")
    expect(problem.locator("strong")).to_contain_text("faulty sensor")
    # The message is text: what looks like markup in it stays visible as it is.
    expect(problem).to_contain_text("the sensor <b>fell off</b>")
    until(
        lambda: "stopped by an error in «faulty sensor»" in panel.words,
        "why it stopped",
    )
    trace = problem.locator("pre")
    assert not trace.is_visible()
    problem.get_by_text("Show the traceback").click()
    expect(trace).to_contain_text("fail_late")
    panel.screenshot("error")

    # The state before the failing step is kept.
    comes(lambda: panel.status["time"], pytest.approx(0.3, abs=0.05))
    panel.drag("drive", 0.2)
    panel.press("reset")
    panel.wait_state("ready")
    expect(problem).to_be_hidden()
    panel.press("single step")
    until(lambda: panel.status["n_steps"] == 1, "the session goes on")


def nan_is_named(panel: Panel) -> None:
    panel.press("play")
    panel.wait_state("error")
    text = panel.root.get_by_role("alert").inner_text()
    assert "bad input" in text
    assert "nan" in text.lower()
    panel.press("reset")
    panel.wait_state("ready")


# A cell that ends as soon as there is a file of this name.
BUSY = """\
import pathlib, time
while not pathlib.Path("go-on").exists():
    time.sleep(0.05)
"""


def test_a_kernel_that_is_busy_silent_or_started_again(lab: JupyterLab) -> None:
    cells = [NETWORK, "lab = Lab(net)\nlab", "lab.session.play()\nanswer = 6 * 7"]
    lab.open_notebook(lab.server.add_notebook(cells, "others.ipynb"))
    lab.run_all()
    panel = Panel(lab)
    panel.wait_state("running")
    assert lab.value("answer") == 42, "the cell has ended at once, and others run"
    nothing_of_the_panel_waits_for_a_cell(panel, lab)
    a_stopped_kernel_process_is_noticed_by_its_silence(panel, lab)
    a_restarted_kernel_is_noticed_and_the_cell_works_again(panel, lab)


def nothing_of_the_panel_waits_for_a_cell(panel: Panel, lab: JupyterLab) -> None:
    go_on = lab.server.root / "go-on"
    go_on.unlink(missing_ok=True)
    lab.page.evaluate(
        "code => void jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({code})",
        BUSY,
    )
    comes(lambda: kernel_status(lab), "busy")
    before, drawn = panel.status["time"], panel.stats["drawn"]
    # The kernel is busy for longer than the browser may stay without news.
    lab.page.wait_for_timeout(8000)
    until(lambda: panel.status["time"] > before + 4, "it runs on")
    until(lambda: panel.stats["drawn"] > drawn + 20, "plots go on while a cell runs")
    assert panel.status["state"] == "running"
    expect(panel.root.locator(".nl-problem")).to_be_hidden()
    panel.press("pause")
    panel.wait_state("paused")
    panel.add_plot("drive: value")
    until(lambda: "drive value" in panel.titles(), "a plot that is added meanwhile")
    assert kernel_status(lab) == "busy", "all of that was during the cell"
    go_on.touch()
    lab.wait_idle()


def kernel_status(lab: JupyterLab) -> str:
    return lab.page.evaluate(
        "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status"
    )


def a_stopped_kernel_process_is_noticed_by_its_silence(panel: Panel, lab: JupyterLab) -> None:
    # A process that stands still looks the same to the front end as one that is busy.
    lab.execute(_STAND_STILL)
    until(lambda: "no answer" in panel.words, "silence is said", 15)
    until(lambda: panel.words == "paused", "and forgotten when the kernel answers again", 30)
    expect(panel.root.get_by_role("alert")).to_be_hidden()


_STAND_STILL = """
import os, signal, subprocess, sys, threading
wake = f"import os, time; time.sleep(12); os.kill({os.getpid()}, {int(signal.SIGCONT)})"
subprocess.Popen([sys.executable, "-c", wake])
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGSTOP)).start()
"""


def a_restarted_kernel_is_noticed_and_the_cell_works_again(panel: Panel, lab: JupyterLab) -> None:
    lab.restart_kernel()
    until(lambda: panel.words == "kernel gone", "the panel says that the kernel is gone")
    lab.run_all()
    until(lambda: lab.page.locator(".nl-lab").count() == 1, "one panel")
    # Its third cell plays.
    panel.wait_state("running")
    comes(lambda: panel.words, "running")
