"""Names of variables, made of labels."""

from __future__ import annotations

import keyword
import unicodedata

from nengolab.building.repeating import SIGN


def identifier(label: str | None, kind: str) -> str:
    """A variable's name made of a label, or of what an object is where that gives none."""
    name, kind = _letters(label or ""), _letters(kind)
    kind = kind if kind.isidentifier() else f"a_{kind}"
    if name and not name.isidentifier():  # it begins with a digit
        name = f"{kind}_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name or kind


def _letters(text: str) -> str:
    """What of a text can stand in a name, as Python reads it."""
    text = unicodedata.normalize("NFKC", text)
    kept = "".join(c if f"a{c}".isidentifier() and c != SIGN else " " for c in text)
    return "_".join(kept.split()).strip("_")
