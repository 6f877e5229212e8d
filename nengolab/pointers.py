"""Semantic pointers of vocabularies, of ``nengo.spa`` and of NengoSPA, without importing these."""

from __future__ import annotations

from typing import Any


def is_vocabulary(value: Any) -> bool:
    """Whether it is a vocabulary."""
    home = type(value).__module__
    return type(value).__name__ == "Vocabulary" and home.startswith(("nengo.spa", "nengo_spa"))


def names_in(vocabulary: Any) -> list[str]:
    """The names of a vocabulary's pointers, in order."""
    keys: Any = vocabulary.keys  # a list in `nengo.spa`, a method in NengoSPA
    return list(keys() if callable(keys) else keys)  # type: ignore[call-overload]


def pointers_of(vocabulary: Any) -> list[tuple[str, bytes]]:
    """The pointers of a vocabulary, in order."""
    rows = (row.tobytes() for row in vocabulary.vectors)
    return list(zip(names_in(vocabulary), rows, strict=True))
