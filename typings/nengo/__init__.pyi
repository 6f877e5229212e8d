"""Nengo has no types, and what pyright infers of its descriptors is not what they give."""

from typing import Any

def __getattr__(name: str) -> Any: ...
