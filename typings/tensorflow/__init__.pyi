"""TensorFlow has no types; those that pyright carries are of a part, and refuse what it takes."""

from typing import Any

def __getattr__(name: str) -> Any: ...
