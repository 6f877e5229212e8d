"""Python's cyclic garbage collector, kept from looking while very many objects are made."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds until what only cycles hold is collected. That takes half a second where a process holds
#: a network of 30,000 objects, so not while somebody waits for what was just made.
COLLECTED_AFTER = 5.0

#: So many new objects at once are not looked through at once.
MANY = 20_000

_collecting = threading.Lock()


@contextmanager
def collector_paused() -> Iterator[None]:
    """Do not look for garbage meanwhile.

    Building a network makes hundreds of thousands of objects that all stay; the collector would
    walk over them again and again. Measured for 1,000 ensembles: a fifth of the time. With the
    first object after that it would walk over all there are (0.6 s for 500 ensembles): where there
    are many new ones, they count as old, and it looks a few seconds later.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if gc.get_count()[0] > MANY and not gc.get_freeze_count():
                _count_as_old()
                collect_soon()
            gc.enable()


def _count_as_old() -> None:
    """Let the collector's next looks at young objects leave out all that are here now."""
    gc.freeze()
    gc.unfreeze()  # into the oldest generation


def collect_soon() -> None:
    """Ask for one collection, `COLLECTED_AFTER` seconds from now, for all who ask until then."""

    def collect() -> None:
        _collecting.release()
        gc.collect()

    if _collecting.acquire(blocking=False):
        timer = threading.Timer(COLLECTED_AFTER, collect)
        timer.daemon = True
        timer.start()
