"""Leaving a build that nobody wants any more: it asks, between two objects, whether to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from nengolab.exceptions import BuildStopped

_is_left: ContextVar[Callable[[], bool] | None] = ContextVar("is_left", default=None)


@contextmanager
def left_where(is_left: Callable[[], bool]) -> Iterator[None]:
    """Let `heed` raise within this block as soon as ``is_left`` says so."""
    token = _is_left.set(is_left)
    try:
        yield
    finally:
        _is_left.reset(token)


def heed() -> None:
    """Raise where what is going on was left.

    Raises
    ------
    BuildStopped
    """
    is_left = _is_left.get()
    if is_left is not None and is_left():
        raise BuildStopped("the build was stopped")
