"""Loading TensorFlow: takes seconds, and says things that nobody in a notebook wants to read."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_START_UP = re.compile(
    r"I\d{4} |WARNING: All log messages before absl::InitializeLog|"
    r"To enable the following instructions"
)
_STDERR = 2


def load_tensorflow() -> None:
    """Import TensorFlow without its start-up lines.

    They are informational (which processor, which library) and written past Python, so a notebook
    shows them as an error output. Everything else that is said meanwhile is passed on.
    """
    if "tensorflow" in sys.modules:
        return
    # Warnings of the C++ side are shown only where the person asked for them.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _without_start_up_lines():
        import tensorflow as tf

        tf.constant(0)  # the devices are set up with the first tensor


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
