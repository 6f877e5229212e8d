"""What a person says of an export: fields of a form, checked before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypedDict

from nengo.exceptions import ValidationError

from nengolab_widgets.narrowing import is_mapping

FORMATS = {
    "npz": "bundle: NPZ",
    "hdf5": "bundle: HDF5",
    "json": "bundle: JSON with CSV",
    "nir": "NIR, exact or refused",
    "nir approximate": "NIR, the nearest, measured",
}
# What a bundle has and NIR has not.
OF_BUNDLES = {"fold": False, "bits": ""}
MOST_STEPS = 100_000


class Option(TypedDict):
    """A choice of a field."""

    value: str
    label: str


class Field(TypedDict):
    """A field of the form; of a flag the value is "yes" or "".

    ``off`` says why it counts for nothing now, ``error`` what is wrong with it.
    """

    name: str
    label: str
    kind: Literal["choice", "flag", "text"]
    value: str
    options: list[Option]
    hint: str
    off: str
    error: str


def is_nir(form: str) -> bool:
    """Whether it is a NIR graph and no bundle."""
    return form.startswith("nir")


def bits_of(value: Any) -> int | dict[str, int] | None:
    """Read bits of weights: None, a number, or a number for each layer.

    Raises
    ------
    ValidationError
        For what says no bits.
    """
    if value is None or is_mapping(value):
        return None if value is None else dict(value)
    text = str(value).strip()
    try:
        if ":" not in text:
            return int(text) if text else None
        pairs = [part.rpartition(":") for part in text.split(",") if part.strip()]
        return {layer.strip(): int(bits) for layer, _, bits in pairs}
    except ValueError:
        raise ValidationError(
            f"must be empty, a whole number such as 8, or one for each layer, such as "
            f"'hidden.neurons: 4, out: 8', got {text!r}",
            attr="bits",
        ) from None


def steps_of(value: Any) -> int:
    """Read the number of steps of the check.

    Raises
    ------
    ValidationError
        For what is no such number.
    """
    try:
        steps = int(str(value))
    except ValueError:
        steps = 0
    if not 1 <= steps <= MOST_STEPS:
        raise ValidationError(
            f"must be a whole number from 1 to {MOST_STEPS:,}, got {value!r}", attr="steps"
        )
    return steps


def folder_of(value: Any) -> Path:
    """Read the folder.

    Raises
    ------
    ValidationError
        Where none is named, it is in no folder, or something is in it.
    """
    from nengolab.exporting.bundle import free_folder  # loads TensorFlow

    if not str(value).strip():
        raise ValidationError("must be the name of a new folder, such as 'network'", attr="folder")
    return free_folder(Path(str(value).strip()).expanduser())


def fields_of(values: Mapping[str, Any]) -> list[Field]:
    """Give the fields of the form, as they are filled in."""
    nir = is_nir(values["format"])
    off = "NIR has weights as they are" if nir else ""
    bits = values["bits"]
    if is_mapping(bits):
        bits = ", ".join(f"{layer}: {n}" for layer, n in bits.items())
    formats: list[Option] = [{"value": v, "label": label} for v, label in FORMATS.items()]
    folds = "a network in whole numbers is folded"
    return [
        _field("format", "format", "choice", values["format"], options=formats),
        _field("folder", "folder", "text", values["folder"], "new or empty; none is replaced"),
        _field(
            "bits",
            "bits of weights",
            "text",
            "" if bits is None else str(bits),
            "empty: floating point; 8; or hidden.neurons: 4, by layer",
            off=off,
            error="" if nir else _problem(bits_of, values["bits"]),
        ),
        _field(
            "steps",
            "steps of the check",
            "text",
            str(values["steps"]),
            "of random numbers, held",
            error=_problem(steps_of, values["steps"]),
        ),
        _field(
            "fold",
            "gains and encoders into the weights",
            "flag",
            "yes" if values["fold"] else "",
            off=off or (folds if str("" if bits is None else bits).strip() else ""),
        ),
    ]


def _field(
    name: str,
    label: str,
    kind: Literal["choice", "flag", "text"],
    value: str,
    hint: str = "",
    options: list[Option] | None = None,
    off: str = "",
    error: str = "",
) -> Field:
    return {
        "name": name,
        "label": label,
        "kind": kind,
        "value": value,
        "options": options or [],
        "hint": hint,
        "off": off,
        "error": error,
    }


def _problem(read: Any, value: Any) -> str:
    try:
        read(value)
    except ValidationError as error:
        return str(error)
    return ""
