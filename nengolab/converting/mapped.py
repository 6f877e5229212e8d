"""Nengo objects by what they are in the Keras model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nengolab.exceptions import UnknownObject
from nengolab.names import listing


class Mapped(Mapping):
    """Nengo objects by Keras layers, tensors or names."""

    def __init__(self, found: Mapping[Any, Any], what: str):
        self._found = {id(k) if _is_keras(k) else (id(k[0]), k[1]): v for k, v in found.items()}
        self._keys = list(found)
        self._what = what

    def __getitem__(self, key: Any) -> Any:
        found = self._find(key)
        if found is None:
            names = dict.fromkeys(map(called, self._keys))
            raise UnknownObject(
                f"{called(key)!r} is none of the {self._what}; those are {listing(names)}",
                attr=self._what,
            )
        return found

    def _find(self, key: Any) -> Any:
        if isinstance(key, str):
            return next((self[k] for k in self._keys if called(k) == key), None)
        if isinstance(key, tuple) and len(key) == 2:
            return self._found.get((id(key[0]), key[1]))
        found = self._found.get(id(key))
        history = getattr(key, "_keras_history", None)
        if found is None and history is not None:
            return self._found.get(id(history.operation))
        return found

    def __contains__(self, key: Any) -> bool:
        return self._find(key) is not None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _is_keras(key: Any) -> bool:
    return not isinstance(key, tuple)


def called(key: Any) -> Any:
    """Name of a layer, a tensor, or a call of a layer."""
    if isinstance(key, tuple) and len(key) == 2:
        return f"{called(key[0])}.{key[1]}"
    return getattr(key, "name", key)
