"""JupyterLab as the browser tests need it: with ipykernel 6 too, and pictures of what they did."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from nengolab.benchmarks import jupyter
from tests.forking import Forker

if TYPE_CHECKING:
    import nbformat
    from playwright.sync_api import Locator, Page

REPOSITORY = Path(__file__).resolve().parents[2]
SCREENSHOTS = Path(__file__).resolve().parent / "screenshots"

#: Name of the kernelspec that runs on ipykernel 6; "python3" runs on the installed ipykernel.
KERNEL6 = "python3-ipykernel6"

#: Name of the kernelspec that starts as a person's does; "python3" is forked, which takes no time.
COLD = "python3-cold"

#: Where `make` puts ipykernel 6, apart from the environment's own ipykernel.
KERNEL6_PACKAGES = Path(sys.prefix) / "kernel6"

#: No picture in the docs takes more.
MOST_DOCS_BYTES = 150_000

#: What has no part in a notebook; with it a page takes an eighth longer to load.
DISABLED = [
    f"@jupyterlab/{name}-extension"
    for name in (
        *("debugger", "lsp", "extensionmanager", "pluginmanager", "terminal", "hub"),
        *("vega5", "csvviewer", "pdf", "htmlviewer", "imageviewer", "json", "audio", "video"),
    )
]

LIGHT = "JupyterLab Light"
DARK = "JupyterLab Dark"


class Server(jupyter.Server):
    """One JupyterLab that also offers ipykernel 6, and kernels that are forked.

    Parameters
    ----------
    folder : Path
        As for `jupyter.Server`.
    forker : Forker
        Of whom kernels are forks.
    """

    def __init__(self, folder: Path, forker: Forker) -> None:
        super().__init__(
            folder,
            # The kernel "python3" of this server's folder comes before the environment's.
            environment={"JUPYTER_PREFER_ENV_PATH": "no"},
            kernelspecs={
                "python3": forker.kernelspec,
                COLD: _spec("Python 3 (cold)"),
                KERNEL6: _spec("Python 3 (ipykernel 6)", {"PYTHONPATH": str(KERNEL6_PACKAGES)}),
            },
            disabled=DISABLED,
        )

    def add_notebook(
        self, notebook: Path | nbformat.NotebookNode | list[str], name: str, kernel: str = "python3"
    ) -> str:
        """Put a notebook into the server's folder, for "python3", `COLD` or `KERNEL6`."""
        if kernel == KERNEL6 and not KERNEL6_PACKAGES.is_dir():
            raise FileNotFoundError(
                f"ipykernel 6 is not in {KERNEL6_PACKAGES}; `make setup-tests` puts it there"
            )
        return super().add_notebook(notebook, name, kernel)


class JupyterLab(jupyter.JupyterLab):
    """Drives one page, and keeps pictures of it.

    Parameters
    ----------
    page, server
        As for `jupyter.JupyterLab`.
    name
        What screenshots are called.
    loaded
        Whether the page shows JupyterLab already: the first notebook is opened there.
    """

    def __init__(self, page: Page, server: Server, name: str, loaded: bool = False) -> None:
        super().__init__(page, server)
        self.name = name
        self._loaded = loaded

    def open_notebook(self, name: str, timeout: float = 60.0, here: bool = False) -> Locator:
        """Open a notebook, as `jupyter.JupyterLab` does."""
        here, self._loaded = here or self._loaded, False
        return super().open_notebook(name, timeout, here)

    def leave(self) -> None:
        """Listen no longer to a page that others will use."""
        self.page.remove_listener("pageerror", self._note_error)
        self.page.remove_listener("console", self._note)

    def screenshot(self, label: str = "", of: Locator | None = None) -> Path:
        """Save a picture of the page, or of one element, under tests/browser/screenshots."""
        name = re.sub(r"[^\w.-]+", "-", f"{self.name}-{label}" if label else self.name).strip("-")
        path = SCREENSHOTS / f"{name}.png"
        (self.page if of is None else of).screenshot(path=path)
        return path


def keep_for_docs(picture: Path, name: str) -> None:
    """Make the docs' picture of a screenshot, where ``NENGOLAB_DOCS=1`` asks for that."""
    if os.environ.get("NENGOLAB_DOCS") != "1":
        return
    image = Image.open(picture).convert("RGB")
    path = REPOSITORY / "docs" / "images" / f"{name}.png"
    for width in (1100, 900, 700, 500):
        image.thumbnail((width, width))
        # 256 colours are enough for lines and letters, and a third of the bytes; chosen so that
        # the strong ones of few pixels, of curves and signs, stay as they are, and greys grey.
        few = image.quantize(256, Image.Quantize.MAXCOVERAGE, 1, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        if path.stat().st_size <= MOST_DOCS_BYTES:
            return
    raise AssertionError(f"{path} has {path.stat().st_size} bytes")


def _spec(name: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": name,
        "language": "python",
        "metadata": {"debugger": True},
        "env": environment or {},
    }
