"""Networks as outputs of cells: a nengo.Network on a cell's last line shows what it is made of."""

from __future__ import annotations

from typing import Any

import nengo

from .panels.network import Network
from .standalone import standalone


def show_networks(ipython: Any) -> None:
    """Have a notebook show networks as their view; no simulator is made for that."""
    ipython.display_formatter.mimebundle_formatter.for_type(nengo.Network, _bundle)


def show_networks_no_more(ipython: Any) -> None:
    """Have a notebook show networks as it did before."""
    ipython.display_formatter.mimebundle_formatter.pop(nengo.Network, None)


def _bundle(network: nengo.Network, **_options: Any) -> Any:
    return standalone(Network)(network)._repr_mimebundle_()
