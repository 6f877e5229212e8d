"""Python's cyclic garbage collector, kept from looking while very many objects are made."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

#: Seconds until what only cycles hold is collected. That takes half a second where a process holds
#: a network of 30,000 objects, so not while somebody waits for what was just made.
COLLECTED_AFTER, AT_LAST = 5.0, 20.0

#: Seconds after one has waited in which there is more to come, as from a source to its network.
STILL = 1.0

#: So many new objects at once are not looked through at once.
MANY = 20_000

_collecting = threading.Lock()
_counting = threading.Lock()
# How many wait for something, and when the last one had waited.
_waits, _waited = 0, 0.0


@contextmanager
def collection_waits() -> Iterator[None]:
    """Somebody waits for what is made meanwhile: what `collect_soon` asks for comes later."""
    global _waits, _waited
    with _counting:
        _waits += 1
    try:
        yield
    finally:
        with _counting:
            _waits -= 1
            _waited = time.monotonic()


@contextmanager
def collector_paused(at_most: float | None = None, many: int = MANY) -> Iterator[None]:
    """Do not look for garbage meanwhile.

    Building a network makes hundreds of thousands of objects that all stay; the collector would
    walk over them again and again. Measured for 1,000 ensembles: a fifth of the time. With the
    first object after that it would walk over all there are (0.6 s for 500 ensembles): where there
    are many new ones, they count as old, and it looks a few seconds later.

    Parameters
    ----------
    at_most : float, optional
        Seconds after which it looks again all the same: for code of others, which may go on for
        ever and make garbage.
    many : int
        How many new objects count as old. Who builds simulators one after another is not to have
        everything looked through for each of a few objects; where a person waits, for any.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    again = None
    if was_enabled and at_most is not None:
        again = threading.Timer(at_most, gc.enable)
        again.daemon = True
        again.start()
    try:
        with collection_waits():
            yield
    finally:
        if was_enabled:
            if gc.get_count()[0] > many and not gc.get_freeze_count():
                _count_as_old()
                collect_soon()
            gc.enable()
        if again is not None:
            again.cancel()


def _count_as_old() -> None:
    """Let the collector's next looks at young objects leave out all that are here now."""
    gc.freeze()
    gc.unfreeze()  # into the oldest generation


def collect_soon() -> None:
    """Ask for one collection, `COLLECTED_AFTER` seconds from now, for all who ask until then.

    While somebody waits for something, or has just got it, it is put off; `AT_LAST` seconds after
    it was asked for it comes all the same.
    """
    if _collecting.acquire(blocking=False):
        _collect_in(COLLECTED_AFTER, time.monotonic() + AT_LAST)


def _collect_in(seconds: float, at_last: float) -> None:
    def collect() -> None:
        now = time.monotonic()
        if now < at_last and (_waits or now - _waited < STILL):
            _collect_in(STILL, at_last)
        else:
            _collecting.release()
            gc.collect()

    timer = threading.Timer(seconds, collect)
    timer.daemon = True
    timer.start()
