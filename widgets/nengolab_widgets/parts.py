"""The front end: what each widget brings, and parts that pages ask for when they need them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
# What there is: BokehJS, which draws what is looked at rather than watched, and the code's editor.
PARTS = ("bokeh", "editor")


@cache
def front_end(name: str) -> str:
    """Give a file of the front end.

    As text: of a file anywidget watches, for each widget, and so keeps every widget for ever.

    Raises
    ------
    ImportError
        Where it is not built.
    """
    path = STATIC / name
    if not path.exists():
        raise ImportError(
            f"the front end of nengolab is not built: {name} is missing from nengolab_widgets. "
            "In a clone of the repository run `make build`, or install a wheel"
        )
    return path.read_text(encoding="utf-8")


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
