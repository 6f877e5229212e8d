"""Python functions traced into expressions: what they compute, as arrays in double precision."""

from nengolab.compiler.tracing.expressions import Untraceable
from nengolab.compiler.tracing.paths import Trace, trace

__all__ = ["Trace", "Untraceable", "trace"]
