"""Loading TensorFlow: takes seconds, and says things that nobody in a notebook wants to read."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nengolab.exceptions import ValidationError
from nengolab.startup.worker import Worker

_START_UP = re.compile(
    r"I\d{4} |WARNING: All log messages before absl::InitializeLog|"
    r"To enable the following instructions"
)
_STDERR = 2


def load_tensorflow() -> None:
    """Import TensorFlow without its start-up lines.

    They are informational (which processor, which library) and written past Python, so a notebook
    shows them as an error output. Everything else that is said meanwhile is passed on.

    An interrupt ends the call and not the import, for half a TensorFlow could not be used nor
    imported again; the next call waits for it.
    """
    if not _loaded.is_set():
        worker = Worker()
        try:
            worker.run(_load)
        finally:
            worker.close()


_loaded, _loading = threading.Event(), threading.Lock()


def _load() -> None:
    with _loading:
        if "tensorflow" not in sys.modules:
            # Warnings of the C++ side are shown only where the person asked for them.
            os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
            with _without_start_up_lines():
                import tensorflow as tf

                tf.constant(0)  # the devices are set up with the first tensor
        _loaded.set()


def check_device(device: str | None) -> None:
    """Raise where TensorFlow has no such device; it would take another one without a word.

    Raises
    ------
    ValidationError
        Naming the devices there are.
    """
    import tensorflow as tf

    if device is None:
        return
    there = [d.name for d in tf.config.list_logical_devices()]
    try:
        asked = tf.DeviceSpec.from_string(device if "/" in device else f"/{device}")
        kind, number = asked.device_type, asked.device_index or 0
        known = kind is not None and f"/device:{kind}:{number}" in there
    except (ValueError, TypeError):
        known = False
    if not known:
        raise ValidationError(
            f"there is no device {device!r}; there are {', '.join(there)} (and None, which lets "
            "TensorFlow choose)",
            attr="device",
        )


@contextmanager
def _without_start_up_lines() -> Iterator[None]:
    """Catch what is written to the process's standard error; pass on what is no start-up line."""
    kept = os.dup(_STDERR)
    try:
        with tempfile.TemporaryFile() as caught:
            os.dup2(caught.fileno(), _STDERR)
            try:
                yield
            finally:
                os.dup2(kept, _STDERR)
                caught.seek(0)
                for line in caught.read().splitlines(keepends=True):
                    if not _START_UP.match(line.decode(errors="replace")):
                        os.write(_STDERR, line)
    finally:
        os.close(kept)
