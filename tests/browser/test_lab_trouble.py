"""When something goes wrong: the panel names it in place, and what can go on goes on."""

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import KERNEL6, JupyterLab
from tests.browser.panel import NETWORK, comes, open_panel, until

RAISES = """\
with net:
    def fail_late(t):
        if 0.2995 < t < 0.3005:
            raise RuntimeError("the sensor <b>fell off</b>")
        return 0.1
    faulty = nengo.Node(fail_late, label="faulty sensor")
    nengo.Connection(faulty, ens)
lab = Lab(net, plots=[ens])
lab"""

NOT_A_NUMBER = """\
with net:
    bad = nengo.Node(lambda t: float("nan") if t > 0.3 else 0.1, label="bad input")
    nengo.Connection(bad, ens)
lab = Lab(net, plots=[ens])
lab"""


def test_a_node_that_raises_is_named_and_the_session_survives(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, RAISES])
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
    assert lab.errors == []


def test_nan_is_named(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, NOT_A_NUMBER])
    panel.press("play")
    panel.wait_state("error")
    text = panel.root.get_by_role("alert").inner_text()
    assert "bad input" in text
    assert "nan" in text.lower()
    panel.press("reset")
    panel.wait_state("ready")


def test_a_closed_simulator_is_said_in_the_panel(lab: JupyterLab) -> None:
    cells = [
        NETWORK,
        "import nengolab\nsim = nengolab.Simulator(net, progress_bar=False)\nsim.close()",
        "lab = Lab(sim)\nlab",
    ]
    lab.open_notebook(lab.server.add_notebook(cells, "closed.ipynb"))
    lab.run_all()
    problem = lab.page.locator(".nl-lab").get_by_role("alert")
    problem.wait_for()
    expect(problem).to_contain_text("closed")
    comes(lambda: lab.value("lab.session.state"), "error")


@pytest.mark.parametrize("kernel", ["python3", KERNEL6])
def test_a_killed_kernel_is_noticed(lab: JupyterLab, kernel: str) -> None:
    panel = open_panel(lab, kernel=kernel)
    panel.press("play")
    panel.wait_time(0.5)
    lab.page.evaluate(
        "() => void jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestExecute({code: 'import os; os._exit(1)'})"
    )
    until(lambda: panel.words == "kernel gone", "the panel says that the kernel is gone")
    expect(panel.root.get_by_role("alert")).to_contain_text("Run the notebook again")
    assert (
        panel.root.get_by_role("button", name="play").count()
        + panel.root.get_by_role("button", name="pause").count()
        == 1
    )
    panel.screenshot("gone")


def test_a_restarted_kernel_is_noticed_and_the_cell_works_again(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    lab.restart_kernel()
    until(lambda: panel.words == "kernel gone", "the panel says that the kernel is gone")
    lab.run_all()
    until(lambda: lab.page.locator(".nl-lab").count() == 1, "one panel")
    panel.wait_state("ready")
    comes(lambda: panel.words, "ready")


def test_a_stopped_kernel_process_is_noticed_by_its_silence(lab: JupyterLab) -> None:
    panel = open_panel(lab)
    # A process that stands still looks the same to the front end as one that is busy.
    lab.execute(_STAND_STILL)
    until(lambda: "no answer" in panel.words, "silence is said", 15)
    until(lambda: panel.words == "ready", "and forgotten when the kernel answers again", 30)
    expect(panel.root.get_by_role("alert")).to_be_hidden()


_STAND_STILL = """
import os, signal, subprocess, sys, threading
wake = f"import os, time; time.sleep(12); os.kill({os.getpid()}, {int(signal.SIGCONT)})"
subprocess.Popen([sys.executable, "-c", wake])
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGSTOP)).start()
"""


TALKS = """\
with net:
    def environment(t, x):
        step = round(t * 1000)
        if step % 20 == 1:
            print(f"trial {step // 20}: <b>x</b> = {x[0]:.2f}")
        return x
    arm = nengo.Node(environment, size_in=1, label="arm")
    nengo.Connection(ens, arm)
lab = Lab(net, plots=[ens, arm])
lab"""


def test_what_nodes_print_is_under_the_lab(lab: JupyterLab) -> None:
    panel = open_panel(lab, [NETWORK, TALKS])
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
    lab.page.locator(".nl-printouts-lines > div").nth(9).wait_for(state="attached", timeout=60_000)
    output.get_by_role("button", name="Clear").click()
    assert not output.is_visible()
