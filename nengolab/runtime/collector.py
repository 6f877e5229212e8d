"""Python's cyclic garbage collector, paused while very many objects are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Do not look for garbage meanwhile.

    Building a network makes hundreds of thousands of objects that all stay; the collector would
    walk over them again and again. Measured for 1,000 ensembles: a fifth of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
