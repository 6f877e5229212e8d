"""Whether XLA cuts the elementwise operations of a loop into a part for each core.

It does so where it counts more than some 0.1 ms of work for a part, and it counts ten cycles for
each byte: 1,000 LIF neurons are enough. Each step of the loop then waits for another thread, which
takes longer than what those neurons take. So small loops are compiled without that pass of XLA's.

XLA takes its options from the environment once for a process and offers no others to a caller;
its library has the functions that read them anew. They are changed while such a loop is compiled,
and are the person's own again afterwards.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from nengolab.startup.library import exported

_FLAGS = "XLA_FLAGS"
_WITHOUT = "--xla_disable_hlo_passes=cpu-parallel-task-assigner"
_RESET = "_ZN3xla15ResetFlagValuesEv"
_PARSE = "_ZN3xla28ParseDebugOptionFlagsFromEnvEb"

_lock = threading.Lock()
_compiling, _whole = 0, False


@contextmanager
def splitting(allowed: bool) -> Iterator[None]:
    """Let XLA split the operations of what is compiled meanwhile, or not.

    Where something else is being compiled the other way at this moment, that way holds: options
    that XLA is reading are not changed under its eyes. It is a matter of speed alone.
    """
    global _compiling
    with _lock:
        if not _compiling:
            _set(not allowed)
        _compiling += 1
    try:
        yield
    finally:
        with _lock:
            _compiling -= 1
            if not _compiling:
                _set(False)


def _set(whole: bool) -> None:
    global _whole
    if whole == _whole or (xla := _options()) is None:
        return
    reset, parse, own = xla
    if not whole:
        reset()
    now = os.environ.get(_FLAGS)
    os.environ[_FLAGS] = _WITHOUT if whole else own  # what is read is added to what holds
    try:
        parse(True)
    finally:
        del os.environ[_FLAGS]
        if now is not None:
            os.environ[_FLAGS] = now
    _whole = whole


@cache
def _options() -> tuple[Any, Any, str] | None:
    """What sets XLA's options to what is built in, what reads more, and the person's own.

    Those are read once, as XLA does: an option that XLA does not know ends the process.
    """
    try:
        reset, parse = exported(_RESET), exported(_PARSE, ctypes.c_bool)
    except (NotImplementedError, AttributeError, OSError):
        return None  # all is split as XLA sees fit
    parse(False)  # the person's own, unless XLA has read them already
    return reset, parse, os.environ.get(_FLAGS, "")
