"""The harness itself: what the other browser tests rely on does what it says."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.jupyter import DARK, KERNEL6, LIGHT, JupyterLab


@pytest.mark.parametrize(("kernel", "major"), [("python3", 7), (KERNEL6, 6)])
def test_a_notebook_runs_on_either_ipykernel(lab: JupyterLab, kernel: str, major: int) -> None:
    code = ["import ipykernel", "ipykernel.version_info[0]"]
    name = lab.server.add_notebook(code, f"kernel-{major}.ipynb", kernel=kernel)
    lab.open_notebook(name)
    lab.run_all()

    assert lab.value("ipykernel.version_info[0]") == major
    expect(lab.notebook.locator(".jp-OutputArea-output")).to_have_text(
        re.compile(rf"^\s*{major}\s*$")
    )
    assert lab.save().cells[1].outputs[0].data["text/plain"] == str(major)


def test_errors_themes_reload_and_restart(lab: JupyterLab) -> None:
    lab.open_notebook(lab.server.add_notebook(["x = 5", "1 / 0", "2"], "raises.ipynb"))
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        lab.run_all()
    lab.set_theme(DARK)
    lab.screenshot("dark")
    lab.set_theme(LIGHT)
    lab.save()
    lab.reload()
    lab.wait_idle()
    assert lab.value("x") == 5
    lab.restart_kernel()
    with pytest.raises(AssertionError, match="NameError"):
        lab.value("x")
    lab.shut_down_kernel()
    assert lab.server.kernels() == []
    assert lab.errors == []
