"""Building by drawing: a network as Python, and Python as a network."""

from nengolab.building.code import Code, to_code
from nengolab.building.edits import remove_argument, rename, set_argument
from nengolab.building.origins import Origin, Span
from nengolab.building.rerun import carried, unchanged
from nengolab.building.running import Made, SourceError, Stop, run_source
from nengolab.building.statements import add, delete, depending
from nengolab.building.texts import Edit, Refused, Replacement
from nengolab.building.values import Missing

__all__ = [
    "Code",
    "Edit",
    "Made",
    "Missing",
    "Origin",
    "Refused",
    "Replacement",
    "SourceError",
    "Span",
    "Stop",
    "add",
    "carried",
    "delete",
    "depending",
    "remove_argument",
    "rename",
    "run_source",
    "set_argument",
    "to_code",
    "unchanged",
]
