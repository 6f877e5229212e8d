"""The keywords of a Lab: which there are, and what may be in them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from nengo.exceptions import ValidationError

from .narrowing import is_mapping

KEYWORDS = ("plots", "inputs", "window", "speed", "title", "network", "dt", "seed")


def read_view(network: Any) -> Mapping[str, Any] | None:
    """Give the settings of the network view, None where there is to be none."""
    if isinstance(network, bool):
        return {} if network else None
    if not is_mapping(network):
        raise ValidationError(
            f"network must be True, False or settings of the view, got {network!r}", "network"
        )
    return network


def unknown_keywords(unknown: dict[str, Any]) -> str:
    """Say which there are, and which one may be meant."""
    name = next(iter(unknown))
    close = difflib.get_close_matches(name, KEYWORDS, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"Lab has no keyword {name!r}.{hint} It takes {', '.join(KEYWORDS)}."
