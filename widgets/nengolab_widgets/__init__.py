"""The panels of nengolab, for JupyterLab and everything else that shows Jupyter widgets.

`Lab` shows a network with all there is. Each kind of panel can be had by itself, too, under the
name of its class: ``Value(sim, ens)``, ``Raster(sim, ens)``, ...; also those of other packages.
"""

from __future__ import annotations

from typing import Any

from .compare import Compare
from .lab import Lab
from .panels import kinds, own_kinds
from .standalone import Standalone, standalone

_own = {kind.__name__: standalone(kind) for kind in own_kinds().values()}
globals().update(_own)
from .fit import Fit  # noqa: E402  # more than its kind by itself

# Kinds are found, not listed, so a checker cannot know their names.
__all__ = ["Compare", "Fit", "Lab", "Standalone", *(_own.keys() - {"Fit"})]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Find a kind of panel that another package brings."""
    if not name.startswith("_"):
        for kind in kinds().values():
            if kind.__name__ == name:
                return standalone(kind)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
