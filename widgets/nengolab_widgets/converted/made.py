"""Telling what `nengolab.converting` makes from anything else, without loading TensorFlow."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any


def _is(obj: Any, name: str) -> bool:
    # Where the module was never loaded, nothing of it was made.
    module = sys.modules.get("nengolab.converting")
    kind = getattr(module, name, None)
    return isinstance(kind, type) and isinstance(obj, kind)


def is_converter(obj: Any) -> bool:
    """Whether it is a `nengolab.Converter`."""
    return _is(obj, "Converter")


def is_report(obj: Any) -> bool:
    """Whether it is what `Converter.report` gives."""
    return _is(obj, "ConversionReport")


def is_tuned(obj: Any) -> bool:
    """Whether it is what `Converter.tune` gives."""
    return _is(obj, "Tuned")


def called(network: Any, variables: Mapping[str, Any]) -> str:
    """What a person calls the converter of a network: the one there is, or "converter"."""
    converters = {
        name: value
        for name, value in variables.items()
        if is_converter(value) and not name.startswith("_")
    }
    own = [name for name, value in converters.items() if value.net is network]
    return (own or [*converters] if len(converters) == 1 else own or ["converter"])[0]
