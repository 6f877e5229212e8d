"""The package ``nir``, which few need."""

from __future__ import annotations

from typing import Any


def nir_library() -> Any:
    """The module ``nir``.

    Raises
    ------
    ImportError
        Where it is not installed; it says how to install it.
    """
    try:
        import nir
    except ImportError as error:
        raise ImportError(
            "NIR graphs need the package nir, which is not installed: pip install nengolab[nir]"
        ) from error
    return nir
