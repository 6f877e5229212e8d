"""What Nengo's own docstrings say of classes and their arguments."""

from __future__ import annotations

import functools
import inspect
import re
from dataclasses import dataclass
from typing import Any

_HEAD = re.compile(r"^(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::\s*(.*))?$")
_SENTENCE = re.compile(r"(.+?(?<!i\.e)(?<!e\.g)(?<!\bvs)[.:])(?:\s|$)", re.DOTALL)


@dataclass(frozen=True)
class Described:
    """What a docstring says of an argument.

    Attributes
    ----------
    kind : str
        Of its value, in the docstring's words.
    text : str
        All of it, in one line.
    """

    kind: str
    text: str

    @property
    def first(self) -> str:
        """The first sentence."""
        return first_sentence(self.text)


NOTHING_SAID = Described("", "")


def first_sentence(text: str) -> str:
    """The first sentence of a text."""
    found = _SENTENCE.match(text)
    return (found.group(1) if found else text).rstrip(":").strip()


def summary(obj: Any) -> str:
    """The first sentence of the docstring of a class or function; empty where it has none."""
    own = obj.__dict__.get("__doc__") if inspect.isclass(obj) else getattr(obj, "__doc__", None)
    text = inspect.cleandoc(own or "")
    return first_sentence(plain(text.split("\n\n")[0]))


@functools.lru_cache(maxsize=512)
def arguments_described(obj: Any) -> dict[str, Described]:
    """What is said of each argument of a class (its bases asked, too) or a function."""
    found: dict[str, Described] = {}
    for cls in reversed(obj.__mro__) if inspect.isclass(obj) else (obj,):
        docs = [cls.__dict__.get("__doc__") if inspect.isclass(cls) else cls.__doc__]
        if inspect.isclass(cls) and "__init__" in cls.__dict__:
            docs.append(cls.__dict__["__init__"].__doc__)
        for doc in docs:
            text = inspect.cleandoc(doc or "")
            found |= _section(text, "Attributes") | _section(text, "Parameters")
    return found


def plain(text: str) -> str:
    """A text without the marks of reStructuredText, in one line."""
    text = re.sub(r":\w+(?::\w+)?:`~?(?:[\w.]*\.)?([^`<]*?)(?:\s*<[^`>]*>)?`", r"\1", text)
    text = re.sub(r"`~[\w.]*?\.?(\w+)`", r"\1", text)
    text = re.sub(r"`{1,2}([^`]*)`{1,2}_?", r"\1", text)
    text = re.sub(r"(?<!\w)\*{1,2}(\w[^*]*)\*{1,2}(?!\w)", r"\1", text)
    return " ".join(text.split())


def _section(text: str, title: str) -> dict[str, Described]:
    """The entries of one section of a numpydoc docstring, which has its marks removed."""
    parts = re.split(rf"(?m)^{title}\n-{{3,}}\n", text)
    if len(parts) < 2:
        return {}
    body = re.split(r"(?m)^\S.*\n-{3,}$", parts[1])[0]
    found: dict[str, Described] = {}
    names: list[str] = []
    kind, rows = "", []

    def keep() -> None:
        for name in names:
            found[name.strip("*")] = Described(plain(kind), plain(_paragraph(rows)))

    for row in body.split("\n"):
        head = _HEAD.match(row)
        if head and not row.startswith((" ", "\t")):
            keep()
            names = [name.strip() for name in head.group(1).split(",")]
            kind, rows = head.group(2) or "", []
        else:
            rows.append(row)
    keep()
    return found


def _paragraph(rows: list[str]) -> str:
    """The first paragraph that is one."""
    text = inspect.cleandoc("\n".join(rows)).strip()
    return text.split("\n\n")[0]
