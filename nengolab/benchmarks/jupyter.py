"""A real JupyterLab, for what is measured and tested in one: the server, and a driver for its page.

`Server` is one JupyterLab with folders of its own, so that nobody's settings, workspaces or
notebooks are read or changed. `JupyterLab` drives one browser page on it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Error, Locator, Page

_OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}
_PAGE = {"buildCheck": False, "buildAvailable": False}


class Server:
    """One JupyterLab on a free port of the loopback address.

    Parameters
    ----------
    folder
        An empty folder; what the server writes stays inside.
    python
        The Python whose JupyterLab it is; the one that runs this unless given.
    environment
        Variables that differ from those of this process.
    kernelspecs
        Kernels beside the installed ones, by name.
    disabled
        Extensions of JupyterLab that its pages start without.
    """

    def __init__(
        self,
        folder: Path,
        python: str = sys.executable,
        environment: dict[str, str] | None = None,
        kernelspecs: dict[str, dict[str, Any]] | None = None,
        disabled: Sequence[str] = (),
    ) -> None:
        self._python = python
        self._kernelspecs = kernelspecs or {}
        self._disabled = disabled
        self.root = folder / "root"
        self.log = folder / "server.log"
        self._data = folder / "data"
        self._config = folder / "config"
        self._settings = folder / "settings"
        self._environment = {
            **os.environ,
            **(environment or {}),
            "JUPYTER_CONFIG_DIR": str(self._config),
            "JUPYTER_DATA_DIR": str(self._data),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self._settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "IPYTHONDIR": str(folder / "ipython"),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._token = secrets.token_hex(16)
        self.url = ""

    def start(self, timeout: float = 60.0) -> None:
        """Start the server and wait until it answers."""
        self.root.mkdir(parents=True)
        self._write(self._config / "labconfig/default_setting_overrides.json", _OVERRIDES)
        # Else each page has the server ask Node whether JupyterLab itself should be built anew.
        page = {**_PAGE, "disabledExtensions": dict.fromkeys(self._disabled, True)}
        self._write(self._config / "labconfig/page_config.json", page)
        for name, spec in self._kernelspecs.items():
            self._write(self._data / f"kernels/{name}/kernel.json", spec)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [
            *(self._python, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"),
            *("--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.root}"),
            *(f"--IdentityProvider.token={self._token}", "--LabApp.expose_app_in_browser=True"),
            "--JupyterNotebookApp.expose_app_in_browser=True",
        ]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._wait_until_it_answers(timeout)

    def stop(self) -> None:
        """Stop the server and its kernels."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def request(self, method: str, path: str) -> Any:
        """Ask the server's REST interface; return the decoded answer, None when empty."""
        request = urllib.request.Request(
            f"{self.url}/{path}", method=method, headers={"Authorization": f"token {self._token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def address(self, path: str) -> str:
        """Return the address of a page; it has the browser logged in and no workspace left over."""
        return f"{self.url}/{path}?reset&token={self._token}"

    def kernels(self) -> list[dict[str, Any]]:
        """Return the kernels that run now."""
        return self.request("GET", "api/kernels")

    def forget(self) -> None:
        """End all sessions and kernels and drop the settings that were made."""
        for session in self.request("GET", "api/sessions"):
            self._delete(f"api/sessions/{session['id']}")
        for kernel in self.kernels():
            self._delete(f"api/kernels/{kernel['id']}")
        shutil.rmtree(self._settings, ignore_errors=True)

    def add_notebook(
        self, notebook: Path | nbformat.NotebookNode | list[str], name: str, kernel: str = "python3"
    ) -> str:
        """Put a notebook into the server's folder.

        Parameters
        ----------
        notebook
            A notebook, the path of one, or the sources of its code cells.
        name
            Its file name there; one that exists is replaced.
        kernel
            The kernel that it asks for: "python3" is the installed one.

        Returns
        -------
        str
            The name, for `JupyterLab.open_notebook`.
        """
        if isinstance(notebook, Path):
            content = nbformat.read(notebook, as_version=4)
        elif isinstance(notebook, list):
            cells = [nbformat.v4.new_code_cell(source) for source in notebook]
            content = nbformat.v4.new_notebook(cells=cells)
        else:
            content = notebook
        content.metadata["kernelspec"] = {
            "name": kernel,
            "display_name": kernel,
            "language": "python",
        }
        nbformat.write(content, self.root / name)
        return name

    def set_settings(self, plugin: str, settings: dict[str, Any]) -> None:
        """Set a person's settings of a JupyterLab plugin; pages opened later have them.

        Parameters
        ----------
        plugin
            Its id, such as "@jupyterlab/apputils-extension:kernels-settings".
        """
        package, schema = plugin.split(":")
        self._write(self._settings / package / f"{schema}.jupyterlab-settings", settings)

    def _delete(self, path: str) -> None:
        try:
            self.request("DELETE", path)
        except urllib.error.HTTPError as error:
            if error.code not in (404, 410):  # gone already: a session takes its kernel along
                raise

    def _wait_until_it_answers(self, timeout: float) -> None:
        assert self._process is not None
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended at once:\n{self.log.read_text()}")
            try:
                self.request("GET", "api/status")
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        self.stop()
        raise TimeoutError(f"JupyterLab did not answer in {timeout} s:\n{self.log.read_text()}")

    @staticmethod
    def _write(path: Path, value: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))


class JupyterLab:
    """Drives one browser page that shows JupyterLab.

    Parameters
    ----------
    page
        A Playwright page.
    server
        The server to open.

    Attributes
    ----------
    errors : list of str
        Uncaught exceptions of the page.
    console : list of str
        What the page wrote to the browser's console, warnings and errors only.
    """

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.errors: list[str] = []
        self.console: list[str] = []
        page.on("pageerror", self._note_error)
        page.on("console", self._note)

    # --- opening -------------------------------------------------------------------------------

    def open(self) -> None:
        """Open JupyterLab with an empty workspace: the launcher is shown."""
        self.page.goto(self.server.address("lab"))
        self._wait_until_restored()
        # The launcher takes the focus when it comes, and with it closes a palette opened before.
        self.page.locator(".jp-Launcher:focus-within").wait_for()

    def open_notebook(self, name: str, timeout: float = 60.0, here: bool = False) -> Locator:
        """Open a notebook of the server's folder, alone, and wait until its kernel is idle.

        Parameters
        ----------
        name
            Its file name.
        timeout
            Seconds for its kernel.
        here
            In the JupyterLab that the page shows, rather than in one that is loaded anew.

        Returns
        -------
        Locator
            The notebook's panel.
        """
        if here:
            self.close_all()
            self.command("docmanager:open", {"path": name})
        else:
            self.page.goto(self.server.address(f"lab/tree/{name}"))
            self._wait_until_restored()
        self.page.locator(".jp-NotebookPanel .jp-Notebook").wait_for()
        self.command("filebrowser:hide-main")
        self.wait_idle(timeout)
        return self.notebook

    def close_all(self) -> None:
        """Close whatever JupyterLab shows, and end its kernels; what was not saved is dropped."""
        self.page.evaluate(_CLOSE)

    def reload(self) -> None:
        """Reload the page, as a person does with F5; the kernel goes on."""
        self.page.reload()
        self._wait_until_restored()
        self.page.locator(".jp-NotebookPanel .jp-Notebook").wait_for()

    # --- notebook ------------------------------------------------------------------------------

    @property
    def notebook(self) -> Locator:
        """The panel of the notebook that is shown."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden)")

    def cell(self, index: int) -> Locator:
        """Return a cell of the notebook, counted from 0."""
        return self.notebook.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')

    def run_all(self, timeout: float = 240.0) -> None:
        """Run all cells and wait until the last one is done.

        Raises
        ------
        AssertionError
            A cell raised; the message holds what it printed.
        """
        self.command("notebook:run-all-cells", wait=False)
        self.wait_executed(timeout)
        self.wait_idle(timeout)
        failed = self.errors_in_cells()
        assert not failed, "cells raised:\n" + "\n".join(failed)

    def wait_executed(self, timeout: float = 240.0) -> None:
        """Wait until every code cell that holds code has an execution count, or one raised."""
        self.page.wait_for_function(_ALLEXECUTED, timeout=timeout * 1000)

    def wait_idle(self, timeout: float = 240.0) -> None:
        """Wait until the kernel of the notebook is idle."""
        self.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status"
            " === 'idle'",
            timeout=timeout * 1000,
        )

    def errors_in_cells(self) -> list[str]:
        """Return the tracebacks that the notebook's outputs hold."""
        return self.page.evaluate(_TRACEBACKS)

    def execute(self, code: str) -> dict[str, Any]:
        """Run code in the notebook's kernel behind its back; return the reply's content.

        The code does not appear in the notebook. It is answered after what runs now.
        """
        return self.page.evaluate(EXECUTE, code)

    def value(self, expression: str) -> Any:
        """Evaluate an expression in the notebook's kernel; it must give something for JSON."""
        code = f"__import__('json').dumps({expression})"
        reply = self.page.evaluate(_EVALUATE, code)
        if reply["status"] != "ok":
            raise AssertionError(f"{expression}: {reply['ename']}: {reply['evalue']}")
        return json.loads(_unquote(reply["data"]["text/plain"]))

    def restart_kernel(self, timeout: float = 60.0) -> None:
        """Restart the notebook's kernel; outputs stay."""
        self.page.evaluate(
            "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        )
        self.wait_idle(timeout)

    def shut_down_kernel(self) -> None:
        """End the notebook's kernel, and leave the notebook open without one."""
        self.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def save(self) -> nbformat.NotebookNode:
        """Save the notebook and return what is in its file."""
        self.command("docmanager:save")
        path = self.page.evaluate("() => jupyterapp.shell.currentWidget.context.path")
        return nbformat.read(self.server.root / path, as_version=4)

    # --- JupyterLab ----------------------------------------------------------------------------

    def command(self, name: str, args: dict[str, Any] | None = None, wait: bool = True) -> None:
        """Execute a JupyterLab command, and wait until it is done unless told otherwise."""
        self.page.evaluate(
            "async ([name, args, wait]) => {"
            "  const done = jupyterapp.commands.execute(name, args);"
            "  if (wait) { await done; }"
            "}",
            [name, args or {}, wait],
        )

    def set_theme(self, theme: str) -> None:
        """Switch to a theme, such as "JupyterLab Dark", and wait until it is in force."""
        self.command("apputils:change-theme", {"theme": theme})
        self.page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")
        self._wait_for_splash()

    def _wait_until_restored(self) -> None:
        self.page.locator("#main.jp-LabShell, .jp-LabShell").first.wait_for(timeout=60_000)
        self.page.evaluate("async () => { await jupyterapp.restored; }")
        self._wait_for_splash()

    def _wait_for_splash(self) -> None:
        """Wait until the splash screen of a start or a change of theme has faded."""
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=60_000)

    def _note_error(self, error: Error) -> None:
        self.errors.append(str(error))

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("warning", "error"):
            self.console.append(f"{message.type}: {message.text}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _unquote(text: str) -> str:
    """Undo the `repr` that a kernel shows of a string."""
    import ast

    return ast.literal_eval(text)


_CLOSE = """async () => {
  const soon = ms => new Promise(resolve => setTimeout(resolve, ms));
  for (const widget of [...jupyterapp.shell.widgets('main')]) {
    await Promise.race([widget.sessionContext?.shutdown(), soon(5000)]);
    if (widget.context) { widget.context.model.dirty = false; }  // else it asks
    await widget.close();
    widget.dispose();
  }
  await soon(100);  // what waited for them hears of it
}"""

_ALLEXECUTED = """() => {
  const cells = jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code' && cell.model.sharedModel.source.trim());
  const raised = cell => cell.model.outputs.toJSON().some(out => out.output_type === 'error');
  return cells.some(raised) || cells.every(cell =>
    cell.model.executionCount !== null && cell.model.executionState !== 'running');
}"""

_TRACEBACKS = """() => jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code')
  .flatMap(cell => cell.model.outputs.toJSON())
  .filter(out => out.output_type === 'error')
  .map(out => out.traceback.join('\\n').replace(/\\u001b\\[[0-9;]*m/g, ''))"""

#: A function of the page that runs code in the notebook's kernel.
EXECUTE = """async code => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({ code, store_history: false });
  return (await future.done).content;
}"""

_EVALUATE = """async code => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const future = kernel.requestExecute({
    code: '', store_history: false, silent: true, user_expressions: { it: code }
  });
  const reply = (await future.done).content;
  return reply.status === 'ok' ? reply.user_expressions.it : reply;
}"""
