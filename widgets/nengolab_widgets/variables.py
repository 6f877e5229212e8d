"""What the notebook calls its objects."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def notebook_variables() -> Mapping[str, Any]:
    """Give the variables of the notebook, none where there is none."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell.user_ns if shell is not None else {}
