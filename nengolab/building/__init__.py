"""Building by drawing: a network as Python, and Python as a network."""

from nengolab.building.code import Code, to_code
from nengolab.building.origins import Origin, Span
from nengolab.building.running import Made, SourceError, Stop, run_source
from nengolab.building.values import Missing

__all__ = ["Code", "Made", "Missing", "Origin", "SourceError", "Span", "Stop", "run_source", "to_code"]
