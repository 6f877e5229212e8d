"""Building by drawing: a network as Python, and Python as a network."""

from nengolab.building.checking import Checked, check_field
from nengolab.building.choices import Choice, choices
from nengolab.building.code import Code, to_code
from nengolab.building.copying import Piece, copy
from nengolab.building.curves import Curve, curve
from nengolab.building.deleting import delete, depending
from nengolab.building.drawn import drawn_anew
from nengolab.building.edits import remove_argument, rename, set_argument
from nengolab.building.fields import Field, arguments_of_choice
from nengolab.building.forms import Form, fields_of
from nengolab.building.function_code import FunctionCode, function_code, set_function
from nengolab.building.importing import add_import
from nengolab.building.joining import connect
from nengolab.building.moving import group, move
from nengolab.building.origins import Origin, Span
from nengolab.building.palette import Entry, palette
from nengolab.building.parts import parts_of, set_part
from nengolab.building.pieces import add, paste, pasted_names, place
from nengolab.building.rerun import carried, unchanged
from nengolab.building.running import Made, SourceError, Stop, run_source
from nengolab.building.setting import set_field
from nengolab.building.texts import Edit, Refused, Replacement
from nengolab.building.together import Together
from nengolab.building.trying import Tried, try_function
from nengolab.building.values import Missing

__all__ = [
    "Checked",
    "Choice",
    "Code",
    "Curve",
    "Edit",
    "Entry",
    "Field",
    "Form",
    "FunctionCode",
    "Made",
    "Missing",
    "Origin",
    "Piece",
    "Refused",
    "Replacement",
    "SourceError",
    "Span",
    "Stop",
    "Together",
    "Tried",
    "add",
    "add_import",
    "arguments_of_choice",
    "carried",
    "check_field",
    "choices",
    "connect",
    "copy",
    "curve",
    "delete",
    "depending",
    "drawn_anew",
    "fields_of",
    "function_code",
    "group",
    "move",
    "palette",
    "parts_of",
    "paste",
    "pasted_names",
    "place",
    "remove_argument",
    "rename",
    "run_source",
    "set_argument",
    "set_field",
    "set_function",
    "set_part",
    "to_code",
    "try_function",
    "unchanged",
]
