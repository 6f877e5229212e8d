"""A plugin for the notebooks' tests: their kernels are forked, as those of the browser's are.

``pytest -p tests.notebooks --nbval-lax notebooks``
"""

import json
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.forking import Forker


def pytest_configure(config):
    """Let the kernelspec "python3" be one of forks until the end."""
    if getattr(config.option, "numprocesses", None):
        return  # workers have one each
    stack = ExitStack()
    config.add_cleanup(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    forker = stack.enter_context(Forker(folder))
    spec = folder / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps(forker.kernelspec))
    # It comes before the environment's.
    os.environ |= {"JUPYTER_PATH": str(folder), "JUPYTER_PREFER_ENV_PATH": "no"}
