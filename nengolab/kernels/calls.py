"""Python functions called back: no kernel of arrays, but the compiler treats them as operations."""

from __future__ import annotations

from nengolab.kernels.base import Kernel


class CallKernel(Kernel):
    """A Node's or a connection's Python function; the emitter calls it back."""

    name = "call"
    stateful = True
