"""``sim.parameters``: every array of a network, what it is, and whether it trains.

``rules`` decides what trains, ``shapes`` says where shapes come from, ``table`` is what a person
holds, ``show`` writes it as text and HTML.
"""

from nengolab.parameters.rules import Trainability
from nengolab.parameters.table import Absent, Parameter, Parameters

__all__ = ["Absent", "Parameter", "Parameters", "Trainability"]
