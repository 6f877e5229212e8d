"""Building by drawing: a network as Python, and Python as a network."""

from nengolab.building.code import Code, to_code
from nengolab.building.values import Missing

__all__ = ["Code", "Missing", "to_code"]
