"""Finds the Chromium that benchmarks and tests drive; as a program it installs one if need be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

#: Arguments for a headless browser that also starts as root in a container, and keeps to itself.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def find() -> str | None:
    """Return the path of a Chromium: ``$CHROMIUM``, one on PATH, or Playwright's own."""
    named = os.environ.get("CHROMIUM")
    if named:
        if not Path(named).is_file():
            raise FileNotFoundError(f"CHROMIUM names {named!r}, which does not exist")
        return named
    for name in _NAMES:
        path = shutil.which(name)
        if path:
            return path
    return _playwright_own()


def require() -> str:
    """Return the path of a Chromium, or raise an error that says how to get one."""
    path = find()
    if path is None:
        raise FileNotFoundError(
            "no Chromium found: install one (Debian: apt-get install chromium; elsewhere: "
            "playwright install chromium) or name its executable in the variable CHROMIUM"
        )
    return path


@contextmanager
def launch() -> Iterator[Browser]:
    """Run a headless Chromium."""
    from playwright.sync_api import sync_playwright

    executable = require()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


def install() -> str:
    """Return the path of a Chromium, installing one first when there is none."""
    if find() is None:
        for command in _ways_to_install():
            print("$", " ".join(command), flush=True)
            if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode:
                break
    return require()


def _playwright_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def _ways_to_install() -> list[list[str]]:
    if os.geteuid() == 0 and shutil.which("apt-get"):
        return [
            ["apt-get", "update"],
            ["apt-get", "install", "-y", "--no-install-recommends", "chromium"],
        ]
    return [[sys.executable, "-m", "playwright", "install", "chromium"]]


if __name__ == "__main__":
    try:
        print("Chromium:", install())
    except FileNotFoundError as error:
        sys.exit(str(error))
