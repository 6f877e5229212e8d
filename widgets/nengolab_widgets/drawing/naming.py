"""What the code calls the objects of a drawing, and what its variables hold of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nengolab import building
from nengolab.building.running import OF_NEURONS
from nengolab.layers.tensor_node import TensorNode


def variable_of(made: building.Made, obj: Any) -> str:
    """The variable that holds an object, or its neurons, as that of a layer; "" where none does."""
    return made.names.get(obj, "").removesuffix(OF_NEURONS)


def _is_layer(made: building.Made, obj: Any) -> bool:
    """Whether a variable holds the neurons of an ensemble, not the ensemble."""
    return made.names.get(obj, "").endswith(OF_NEURONS)


def held(made: building.Made, obj: Any) -> Any:
    """What a variable holds of an object: of a layer of neurons, its neurons."""
    return obj.neurons if _is_layer(made, obj) else obj


def entry_for(entry: building.Entry, made: building.Made, objects: Sequence[Any]) -> building.Entry:
    """The entry as it looks at objects.

    At neurons that a variable holds it looks as they are. What layers put out is probed as it is,
    for that is what a loss is taken of, and behind a synapse one step has nothing to learn of.
    """
    gone: list[str] = []
    if any(_is_layer(made, obj) for obj in objects):
        gone.append(".neurons")
    if any(isinstance(obj, TensorNode) for obj in objects):
        gone.append(", synapse=0.01")
    call, source = entry.call, entry.source
    for text in gone:
        call, source = call.replace(f"}}{text}", "}"), source.replace(f"}}{text}", "}")
    return replace(entry, call=call, source=source)


def given_by(entry: building.Entry) -> dict[str, str]:
    """The arguments that an entry of the palette gives besides its ends."""
    call = ast.parse(entry.call.format(pre="pre", post="post"), mode="eval").body
    assert isinstance(call, ast.Call)
    return {arg.arg: ast.unparse(arg.value) for arg in call.keywords if arg.arg}


def new_name(edit: building.Edit, wanted: str) -> str:
    """The variable that an edit brings, of those called so the first; "" where there is none."""
    before, after = (set(re.findall(r"\w+", text)) for text in (edit.before, edit.after))
    found = [name for name in after - before if wanted and name.startswith(wanted)]
    return min(found, key=len, default="")
