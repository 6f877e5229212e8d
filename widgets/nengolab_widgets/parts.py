"""Parts of the front end that pages ask for when they need them, and not before."""

from __future__ import annotations

from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
# What there is: BokehJS, which draws what is looked at rather than watched.
PARTS = ("bokeh",)


@cache
def part(name: str) -> bytes:
    """Give a part: an ES module, packed with gzip.

    Raises
    ------
    ImportError
        Where there is no such part, or the front end is not built.
    """
    path = STATIC / f"{name}.js.gz"
    if name not in PARTS or not path.exists():
        raise ImportError(
            f"the front end of nengolab has no part {name!r}: it is not built, or a page of "
            "another version asks. Reload the page; in a clone of the repository run `make build`"
        )
    return path.read_bytes()
