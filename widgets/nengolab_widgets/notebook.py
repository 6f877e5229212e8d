"""Networks in cells: on a cell's last line one shows its view, and ``%%lab`` makes a Lab of all."""

from __future__ import annotations

import weakref
from typing import Any

import nengo

from .lab import Lab
from .narrowing import is_mapping
from .panels.network import Network
from .replaced import current_cell, metadata_of_cell
from .sourced import CellSource
from .standalone import standalone

# The Labs of cells that begin with %%lab, by the cells' ids.
_labs: weakref.WeakValueDictionary[str, Lab] = weakref.WeakValueDictionary()


def show_networks(ipython: Any) -> None:
    """Have a notebook show networks as their view; no simulator is made for that."""
    ipython.display_formatter.mimebundle_formatter.for_type(nengo.Network, _bundle)
    ipython.register_magic_function(lab_of_cell, "cell", "lab")


def show_networks_no_more(ipython: Any) -> None:
    """Have a notebook show networks as it did before."""
    ipython.display_formatter.mimebundle_formatter.pop(nengo.Network, None)
    ipython.magics_manager.magics["cell"].pop("lab", None)


def _bundle(network: nengo.Network, **_options: Any) -> Any:
    return standalone(Network)(network).bundle()


def _layout() -> Any:
    """The plots and positions that the notebook keeps with the cell; None where it has none."""
    kept: Any = metadata_of_cell().get("nengolab")
    layout: Any = kept.get("layout") if is_mapping(kept) else None
    return layout if is_mapping(layout) else None


def lab_of_cell(line: str, cell: str) -> Lab:
    """``%%lab``: run the rest of the cell in a namespace of its own, and draw its network.

    Run again, the drawing takes up what is unchanged, and goes on. Edits of the drawing are edits
    of the cell, where the notebook lets them.
    """
    if line.strip():
        from IPython.core.error import UsageError

        raise UsageError(f"%%lab takes no arguments, got {line.strip()!r}")
    own = current_cell()
    lab = None if own is None else _labs.get(own)
    if lab is None or lab.is_closed:
        lab = Lab(CellSource(cell, own or "", _layout()))
        if own is not None:
            _labs[own] = lab
    lab.run_cell(cell)
    return lab
