"""Python functions traced into expressions: what they compute, as arrays in double precision."""

from nengolab.compiler.tracing.paths import Trace, Untraceable, trace

__all__ = ["Trace", "Untraceable", "trace"]
