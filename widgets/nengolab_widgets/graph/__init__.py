"""What a network is made of, as plain data to be drawn: no simulator, and nothing is built.

`describe` gives columns of numbers and texts, which travel well; `card` says more of one object.
"""

from .connections import ConnectionColumns
from .describe import NetworkGraph, describe
from .objects import KINDS, ObjectColumns

__all__ = ["KINDS", "ConnectionColumns", "NetworkGraph", "ObjectColumns", "describe"]
