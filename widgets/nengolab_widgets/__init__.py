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
# More than their kinds by themselves.
from .converting import Export, Report, Tune  # noqa: E402
from .fit import Fit  # noqa: E402

# Kinds are found, not listed, so a checker cannot know their names.
_more = {"Export", "Fit", "Report", "Tune"}
__all__ = [
    "Compare",
    "Export",
    "Fit",
    "Lab",
    "Report",
    "Standalone",
    "Tune",
    *(_own.keys() - _more),
]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Find a kind of panel that another package brings."""
    if not name.startswith("_"):
        for kind in kinds().values():
            if kind.__name__ == name:
                return standalone(kind)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
